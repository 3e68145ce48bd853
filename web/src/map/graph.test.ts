import { describe, expect, it } from 'vitest';
import type { Conversation, DeviceSummary, KindInfo } from '$/api/types';
import { Kinds } from '$/words/kinds';
import { deviceNode, focusGraph, groupGraph, groupId, outsideGroup, type MapInput } from './graph';
import { place, placeFocus } from './layout';

const kinds = new Kinds([
  { kind: 'infusion-pump', title: 'Infusion pump', group: 'Life support and monitoring', function: 'Infusion', criticality: 'life-sustaining' },
  { kind: 'ehr-server', title: 'Health record server', group: 'Clinical systems', function: 'Patient records', criticality: 'care-critical' },
] as KindInfo[]);

const device = (id: string, kind: string, location = ''): DeviceSummary =>
  ({ id, name: id, kind, ips: [], macs: [], hostnames: [], vendor: '', model: '', os: '', software: '', confidence: 1, random_mac: false, first_seen: id, last_seen: id, care: { function: '', criticality: kinds.info(kind)?.criticality ?? 'non-clinical', location, in_use: 'unknown', overridden: [] } }) as DeviceSummary;
const talk = (client: string, server: string, bytes = 10, protocol = 'hl7'): Conversation =>
  ({ id: `${client}-${server}-${protocol}`, client: side(client), server: side(server), transport: 'tcp', port: 1, protocol, flows: 1, packets_out: 1, packets_in: 1, bytes_out: bytes, bytes_in: 0, first_seen: '1', last_seen: '1' }) as Conversation;
const side = (s: string) => (s.includes('.') ? { ip: s, name: '' } : { device: s, ip: '10.0.0.1', name: s });

const devices = [device('p1', 'infusion-pump', 'Ward 1, bed 2'), device('p2', 'infusion-pump', 'Ward 1, bed 3'), device('e', 'ehr-server')];
const conversations = [talk('p1', 'e', 100), talk('p2', 'e', 50, 'tls'), talk('p1', 'p2'), talk('e', '34.1.1.1'), talk('p1', '224.0.0.251')];
const input = (more: Partial<MapInput> = {}): MapInput => ({ devices, conversations, kinds, grouping: 'kind', open: new Set(), protocol: '', ...more });
const life = groupId('Life support and monitoring');
const clinical = groupId('Clinical systems');

describe('groupGraph', () => {
  it('gathers conversations into one line between two closed groups', () => {
    const g = groupGraph(input());
    const edge = g.edges.get(`${clinical}|${life}`);
    expect(edge?.bytes).toBe(150);
    expect([...edge!.protocols]).toEqual([['hl7', 100], ['tls', 50]]);
    expect(g.nodes.get(life)).toMatchObject({ members: 2, within: 1, criticality: 'life-sustaining' });
  });

  it('shows the members of an open group and keeps the others closed', () => {
    const g = groupGraph(input({ open: new Set(['Life support and monitoring']) }));
    expect(g.edges.has(`${deviceNode('p1')}|${clinical}`)).toBe(true);
    expect(g.edges.has(`${deviceNode('p1')}|${deviceNode('p2')}`)).toBe(true);
  });

  it('keeps addresses outside apart and leaves group addresses out', () => {
    const g = groupGraph(input());
    expect(g.nodes.get(groupId(outsideGroup))?.members).toBe(1);
    expect([...g.nodes.values()].some((n) => n.name.startsWith('224.'))).toBe(false);
  });

  it('groups by the first part of a place', () => {
    const g = groupGraph(input({ grouping: 'place' }));
    expect(g.nodes.get(groupId('Ward 1'))?.members).toBe(2);
  });

  it('shows one protocol alone', () => {
    expect(groupGraph(input({ protocol: 'tls' })).edges.size).toBe(1);
  });
});

describe('focusGraph', () => {
  it('shows the partners of one device', () => {
    const g = focusGraph('e', input());
    expect([...g.nodes.keys()].sort()).toEqual(['d:e', 'd:p1', 'd:p2', 'x:34.1.1.1']);
  });

  it('bundles partners of a kind when there are too many', () => {
    const g = focusGraph('e', input(), 2);
    expect(g.nodes.get('b:infusion-pump')).toMatchObject({ type: 'bundle', members: 2 });
  });

  it('is empty for a device that is not there', () => {
    expect(focusGraph('gone', input()).nodes.size).toBe(0);
  });
});

describe('layout', () => {
  it('gives every node a spot and no two cards the same place', () => {
    const g = groupGraph(input({ open: new Set(['Life support and monitoring']) }));
    const { spots, boxes } = place(g, kinds.groups.map((x) => x.name));
    expect([...g.nodes.keys()].every((id) => spots.has(id))).toBe(true);
    const list = [...boxes.values()];
    for (const a of list) {
      for (const b of list) {
        if (a === b) continue;
        const apart = Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2;
        expect(apart, `${a.name} and ${b.name}`).toBe(true);
      }
    }
  });

  it('puts callers at the left and the called at the right', () => {
    const spots = placeFocus(focusGraph('e', input()), 'e');
    expect(spots.get('d:p1')!.x).toBeLessThan(0);
    expect(spots.get('x:34.1.1.1')!.x).toBeGreaterThan(0);
  });
});
