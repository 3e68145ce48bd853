// The map as nodes and lines: devices gathered into groups, conversations
// gathered into one line between what is on show. Pure functions over what is
// known; drawing is elsewhere.
import type { Conversation, DeviceSummary, Peer } from '$/api/types';
import { isGroupAddress, isOutside } from '$/words/addresses';
import type { Kinds } from '$/words/kinds';

export type Grouping = 'kind' | 'place';
export type NodeType = 'group' | 'device' | 'address' | 'bundle';

/** Names of the groups that hold no devices; no kind or place is called so. */
export const outsideGroup = '\u0000outside';
export const elsewhereGroup = '\u0000elsewhere';
export const noPlace = '\u0000no-place';

export interface MapNode {
  id: string;
  type: NodeType;
  name: string; // of the group, the device or the address
  group: string; // the name of the group that it is or is in
  kind: string;
  criticality: string;
  members: number; // devices or addresses; 1 for a single one
  open: boolean; // a group whose members are shown in it
  within: number; // conversations between members that are not shown
}

export interface MapEdge {
  id: string;
  a: string; // node ids, a < b
  b: string;
  bytes: number;
  last: string;
  protocols: Map<string, number>; // bytes by protocol
  conversations: Conversation[];
}

export interface MapGraph {
  nodes: Map<string, MapNode>;
  edges: Map<string, MapEdge>;
}

export interface MapInput {
  devices: Iterable<DeviceSummary>;
  conversations: Iterable<Conversation>;
  kinds: Kinds;
  grouping: Grouping;
  open: ReadonlySet<string>; // group names
  protocol: string; // only this one, or all if empty
}

export const groupId = (name: string) => `g:${name}`;
export const deviceNode = (id: string) => `d:${id}`;
export const addressNode = (ip: string) => `x:${ip}`;

export function groupOf(d: DeviceSummary, grouping: Grouping, kinds: Kinds): string {
  if (grouping === 'kind') return kinds.group(d.kind);
  // "Ward 3, bed 4" lies in "Ward 3".
  return d.care.location.split(',', 1)[0]!.trim() || noPlace;
}

/** The whole site by groups, those in open with their members. */
export function groupGraph(input: MapInput): MapGraph {
  const nodes = new Map<string, MapNode>();
  const place = new Map<string, string>(); // device id to the id of the node that stands for it
  for (const d of ordered(input.devices, input.kinds)) {
    const name = groupOf(d, input.grouping, input.kinds);
    const group = ensureGroup(nodes, name, input.open.has(name));
    group.members++;
    group.kind ||= d.kind;
    if (rank(d.care.criticality) > rank(group.criticality)) group.criticality = d.care.criticality;
    if (group.open) nodes.set(deviceNode(d.id), single(d, name));
    place.set(d.id, group.open ? deviceNode(d.id) : group.id);
  }
  const edges = new Map<string, MapEdge>();
  const addresses = new Set<string>();
  for (const c of input.conversations) {
    if (input.protocol && c.protocol !== input.protocol) continue;
    const a = stand(c.client, place, nodes, input.open, addresses);
    const b = stand(c.server, place, nodes, input.open, addresses);
    if (!a || !b) continue;
    if (a === b) {
      const node = nodes.get(a);
      if (node) node.within++;
      continue;
    }
    join(edges, a, b, c);
  }
  return { nodes, edges };
}

/** One device in the middle of those it talks to; many of a kind stand as one. */
export function focusGraph(id: string, input: MapInput, most = 26): MapGraph {
  const nodes = new Map<string, MapNode>();
  const edges = new Map<string, MapEdge>();
  const byId = new Map<string, DeviceSummary>();
  for (const d of input.devices) byId.set(d.id, d);
  const me = byId.get(id);
  if (!me) return { nodes, edges };
  nodes.set(deviceNode(id), single(me, ''));

  const talks = [...input.conversations].filter((c) => (c.client.device === id) !== (c.server.device === id) && (!input.protocol || c.protocol === input.protocol));
  const other = (c: Conversation) => (c.client.device === id ? c.server : c.client);
  const partners = new Set(talks.map((c) => other(c).device ?? other(c).ip));
  const bundled = partners.size > most;
  const inBundle = new Map<string, Set<string>>();
  for (const c of talks) {
    const p = other(c);
    if (!p.device && (isGroupAddress(p.ip) || p.ip === '')) continue;
    const d = byId.get(p.device ?? '');
    let node: MapNode;
    if (d && bundled) {
      node = { id: `b:${d.kind}`, type: 'bundle', name: input.kinds.title(d.kind), group: input.kinds.group(d.kind), kind: d.kind, criticality: d.care.criticality, members: 0, open: false, within: 0 };
      const members = inBundle.get(node.id) ?? new Set();
      inBundle.set(node.id, members.add(d.id));
      node.members = members.size;
      if (members.size === 1) node.name = d.name;
    } else if (d) node = single(d, input.kinds.group(d.kind));
    else node = address(p);
    nodes.set(node.id, node);
    join(edges, deviceNode(id), node.id, c);
  }
  return { nodes, edges };
}

/** Whether most of what a line stands for was opened by the device in the middle. */
export function callsOut(edge: MapEdge, id: string): boolean {
  let out = 0;
  for (const c of edge.conversations) out += c.client.device === id ? 1 : -1;
  return out >= 0;
}

function stand(p: Peer, place: Map<string, string>, nodes: Map<string, MapNode>, open: ReadonlySet<string>, addresses: Set<string>): string | undefined {
  if (p.device) return place.get(p.device);
  if (p.ip === '' || isGroupAddress(p.ip)) return undefined;
  const name = isOutside(p) ? outsideGroup : elsewhereGroup;
  const group = ensureGroup(nodes, name, open.has(name));
  if (!addresses.has(p.ip)) {
    addresses.add(p.ip);
    group.members++;
  }
  if (!group.open) return group.id;
  const node = address(p);
  if (!nodes.has(node.id)) nodes.set(node.id, node);
  return node.id;
}

function ensureGroup(nodes: Map<string, MapNode>, name: string, open: boolean): MapNode {
  const id = groupId(name);
  let node = nodes.get(id);
  if (!node) {
    node = { id, type: 'group', name, group: name, kind: '', criticality: 'non-clinical', members: 0, open, within: 0 };
    nodes.set(id, node);
  }
  return node;
}

function single(d: DeviceSummary, group: string): MapNode {
  return { id: deviceNode(d.id), type: 'device', name: d.name, group, kind: d.kind, criticality: d.care.criticality, members: 1, open: false, within: 0 };
}

function address(p: Peer): MapNode {
  return { id: addressNode(p.ip), type: 'address', name: p.name || p.ip, group: isOutside(p) ? outsideGroup : elsewhereGroup, kind: '', criticality: 'non-clinical', members: 1, open: false, within: 0 };
}

function join(edges: Map<string, MapEdge>, x: string, y: string, c: Conversation): void {
  const [a, b] = x < y ? [x, y] : [y, x];
  const id = `${a}|${b}`;
  let edge = edges.get(id);
  if (!edge) {
    edge = { id, a, b, bytes: 0, last: '', protocols: new Map(), conversations: [] };
    edges.set(id, edge);
  }
  const bytes = c.bytes_out + c.bytes_in;
  edge.bytes += bytes;
  if (c.last_seen > edge.last) edge.last = c.last_seen;
  edge.protocols.set(c.protocol, (edge.protocols.get(c.protocol) ?? 0) + bytes);
  edge.conversations.push(c);
}

function rank(criticality: string): number {
  return ['non-clinical', 'care-supporting', 'care-critical', 'life-sustaining'].indexOf(criticality);
}

/** By kind, and by when they were found, so that new ones come at the end. */
function ordered(devices: Iterable<DeviceSummary>, kinds: Kinds): DeviceSummary[] {
  return [...devices].sort((a, b) => kinds.rank(a.kind) - kinds.rank(b.kind) || (a.first_seen < b.first_seen ? -1 : a.first_seen > b.first_seen ? 1 : a.id < b.id ? -1 : 1));
}
