// Conversations of one device, gathered by whom it talks to.
import type { Conversation, Peer } from '$/api/types';
import { isGroupAddress, isOutside } from '$/words/addresses';

export interface PeerTalk {
  key: string;
  peer: Peer;
  outside: boolean;
  group: boolean; // a multicast or broadcast address
  opens: boolean; // our device opened at least one of the conversations
  services: Map<string, Conversation[]>; // by protocol, or port where it is not known
  sent: number; // bytes
  received: number;
  last: string;
  conversations: Conversation[];
}

export function byPeer(id: string, conversations: Iterable<Conversation>): PeerTalk[] {
  const out = new Map<string, PeerTalk>();
  for (const c of conversations) {
    const mine = c.client.device === id;
    if (!mine && c.server.device !== id) continue;
    const peer = mine ? c.server : c.client;
    const key = peer.device || peer.ip;
    let t = out.get(key);
    if (!t) {
      t = { key, peer, outside: isOutside(peer), group: !peer.device && isGroupAddress(peer.ip), opens: false, services: new Map(), sent: 0, received: 0, last: '', conversations: [] };
      out.set(key, t);
    }
    const service = c.protocol === 'unknown' ? `${c.transport}/${c.port}` : c.protocol;
    t.services.set(service, [...(t.services.get(service) ?? []), c]);
    t.opens ||= mine;
    t.sent += mine ? c.bytes_out : c.bytes_in;
    t.received += mine ? c.bytes_in : c.bytes_out;
    if (c.last_seen > t.last) t.last = c.last_seen;
    t.conversations.push(c);
  }
  return [...out.values()].sort((a, b) => Number(b.outside) - Number(a.outside) || b.sent + b.received - (a.sent + a.received) || (a.key < b.key ? -1 : 1));
}
