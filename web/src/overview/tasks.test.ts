import { describe, expect, it } from 'vitest';
import type { Conversation, DeviceSummary, Finding } from '$/api/types';
import { tasks } from './tasks';

const device = (id: string, kind: string, criticality = 'non-clinical', fn = ''): DeviceSummary => ({ id, name: id, kind, care: { criticality, function: fn } }) as DeviceSummary;
const talk = (client: string, server: string, protocol = 'tls'): Conversation => ({ id: client + server, client: side(client), server: side(server), protocol, bytes_out: 10, bytes_in: 5 }) as Conversation;
const side = (s: string) => (s.includes('.') ? { ip: s, name: s } : { device: s, ip: '10.0.0.1', name: s });
const finding = (id: string, severity: string): Finding => ({ id, severity, title: `title of ${id}`, last: '1' }) as Finding;

describe('tasks', () => {
  it('are none where nothing is wrong', () => {
    expect(tasks([device('pc', 'workstation')], [talk('pc', '8.8.8.8')], [finding('f', 'low')])).toEqual([]);
  });

  it('name three things at most, the gravest first', () => {
    const devices = [device('pump', 'infusion-pump', 'life-sustaining', 'Infusion'), device('lab', 'lab-analyzer', 'care-critical', 'Laboratory'), device('x', 'unknown')];
    const talks = [talk('pump', '34.1.1.1'), talk('x', 'lab', 'telnet')];
    expect(tasks(devices, talks, [finding('f', 'high'), finding('g', 'critical')]).map((t) => t.id)).toEqual(['grave', 'outside', 'clear']);
    expect(tasks(devices, talks, []).map((t) => t.id)).toEqual(['outside', 'clear', 'unidentified']);
  });

  it('count sign-ins that were seen in the clear', () => {
    const seen = { ...finding('f', 'medium'), rule: 'credential-in-clear', dst_device: 'ups', evidence: { protocol: 'snmp' } } as Finding;
    expect(tasks([device('ups', 'ups')], [], [seen]).map((t) => [t.id, t.href])).toEqual([['clear', '/devices/ups']]);
  });

  it('lead straight to the thing where there is one', () => {
    expect(tasks([], [], [finding('f', 'high')])[0]!.href).toBe('/findings/f');
    expect(tasks([device('x', 'unknown')], [], [])[0]!.href).toBe('/devices/x');
    expect(tasks([device('x', 'unknown'), device('y', 'unknown')], [talk('y', 'x')], [])[0]!.href).toBe('/devices?kind=unknown');
  });

  it('let infrastructure talk to the outside', () => {
    expect(tasks([device('r', 'router', 'care-critical')], [talk('r', '8.8.8.8')], [])).toEqual([]);
  });
});
