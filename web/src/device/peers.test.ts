import { describe, expect, it } from 'vitest';
import type { Conversation, Peer } from '$/api/types';
import { byPeer } from './peers';

function conversation(client: Peer, server: Peer, out: number, back: number, more: Partial<Conversation> = {}): Conversation {
  return {
    id: `${client.ip}-${server.ip}-${more.protocol ?? 'tls'}`, client, server, transport: 'tcp', port: 443, protocol: 'tls', flows: 1, packets_out: 1, packets_in: 1,
    bytes_out: out, bytes_in: back, first_seen: '2026-01-01T00:00:00Z', last_seen: '2026-01-01T00:00:01Z', ...more,
  };
}
const me: Peer = { device: 'dev-me', ip: '10.0.0.1', name: 'me' };
const gateway: Peer = { device: 'dev-gw', ip: '10.0.0.2', name: 'gateway' };
const cloud: Peer = { ip: '34.117.59.81', name: 'cloud.example' };

describe('byPeer', () => {
  it('sums both directions from the side of the device', () => {
    const [talk] = byPeer('dev-me', [conversation(me, gateway, 10, 100), conversation(gateway, me, 1, 2, { protocol: 'http' })]);
    expect(talk).toMatchObject({ key: 'dev-gw', sent: 12, received: 101, opens: true, outside: false });
    expect([...talk!.services.keys()]).toEqual(['tls', 'http']);
  });

  it('puts what is outside first, then the largest', () => {
    const talks = byPeer('dev-me', [conversation(me, gateway, 1e6, 1e6), conversation(me, cloud, 1, 1)]);
    expect(talks.map((t) => t.key)).toEqual(['34.117.59.81', 'dev-gw']);
  });

  it('names a service that nobody recognised by its port', () => {
    const [talk] = byPeer('dev-me', [conversation(me, gateway, 1, 1, { protocol: 'unknown', port: 9100 })]);
    expect([...talk!.services.keys()]).toEqual(['tcp/9100']);
  });

  it('leaves out what does not concern the device', () => {
    expect(byPeer('dev-me', [conversation(gateway, cloud, 1, 1)])).toEqual([]);
  });
});
