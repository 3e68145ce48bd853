// Where things stand on the map. Nothing is thrown about by forces: the same
// site always looks the same, so that people learn where to look. Groups stand
// in three lanes, patients at the left, systems in the middle, all else at the
// right; members stand in a grid inside their group.
import { callsOut, deviceNode, elsewhereGroup, outsideGroup, type MapGraph, type MapNode } from './graph';

export interface Spot {
  x: number;
  y: number;
}

export const card = { width: 216, height: 68 };
export const cell = { width: 92, height: 84 };
const pad = { side: 18, top: 44, bottom: 14 };
const gap = { lane: 190, row: 34 };
const laneOf: Record<string, number> = {
  'Life support and monitoring': 0, Imaging: 0, 'Laboratory and medication': 0, 'Wearables and calls': 0,
  'Clinical systems': 1, Infrastructure: 1,
  Building: 2, Office: 2, 'Not identified yet': 2, [outsideGroup]: 2, [elsewhereGroup]: 2,
};

export interface Box {
  name: string;
  lane: number;
  x: number; // centre
  y: number;
  width: number;
  height: number;
  columns: number;
}

/** The boxes of all groups, in the order given. */
export function boxes(groups: MapNode[], members: Map<string, number>): Map<string, Box> {
  const out = new Map<string, Box>();
  const known = groups.some((g) => g.name in laneOf && g.name !== outsideGroup && g.name !== elsewhereGroup);
  const inside = groups.filter((g) => g.name !== outsideGroup && g.name !== elsewhereGroup);
  inside.forEach((g, i) => out.set(g.name, size(g, members, known ? (laneOf[g.name] ?? 2) : i % 2)));
  for (const g of groups) if (!out.has(g.name)) out.set(g.name, size(g, members, 2));

  let x = 0;
  for (const lane of [0, 1, 2]) {
    const here = [...out.values()].filter((b) => b.lane === lane);
    if (here.length === 0) continue;
    const width = Math.max(...here.map((b) => b.width));
    const height = here.reduce((h, b) => h + b.height + gap.row, -gap.row);
    let y = -height / 2;
    for (const b of here) {
      b.x = x + width / 2;
      b.y = y + b.height / 2;
      y += b.height + gap.row;
    }
    x += width + gap.lane;
  }
  return out;
}

function size(g: MapNode, members: Map<string, number>, lane: number): Box {
  if (!g.open) return { name: g.name, lane, x: 0, y: 0, ...card, columns: 0 };
  const n = Math.max(1, members.get(g.name) ?? 0);
  const columns = Math.max(2, Math.ceil(Math.sqrt(n * 1.5)));
  return { name: g.name, lane, x: 0, y: 0, columns, width: columns * cell.width + 2 * pad.side, height: Math.ceil(n / columns) * cell.height + pad.top + pad.bottom };
}

/** A spot for every node of the whole site. */
export function place(graph: MapGraph, groupOrder: string[]): { spots: Map<string, Spot>; boxes: Map<string, Box> } {
  const nodes = [...graph.nodes.values()];
  const order = (name: string) => (groupOrder.indexOf(name) + 1 || (name.startsWith('\u0000') ? 1e6 : 1e5));
  const groups = nodes.filter((n) => n.type === 'group').sort((a, b) => order(a.name) - order(b.name) || (a.name < b.name ? -1 : 1));
  const members = new Map<string, number>();
  for (const n of nodes) if (n.type !== 'group') members.set(n.group, (members.get(n.group) ?? 0) + 1);
  const all = boxes(groups, members);
  const spots = new Map<string, Spot>();
  const used = new Map<string, number>();
  for (const n of nodes) {
    const box = all.get(n.group);
    if (!box) continue;
    if (n.type === 'group') {
      spots.set(n.id, { x: box.x, y: box.y });
      continue;
    }
    const i = used.get(n.group) ?? 0;
    used.set(n.group, i + 1);
    spots.set(n.id, {
      x: box.x - box.width / 2 + pad.side + (i % box.columns) * cell.width + cell.width / 2,
      y: box.y - box.height / 2 + pad.top + Math.floor(i / box.columns) * cell.height + cell.height / 2 - 10,
    });
  }
  return { spots, boxes: all };
}

/** A device in the middle, those that call it at the left, those it calls at the right. */
export function placeFocus(graph: MapGraph, id: string): Map<string, Spot> {
  const centre = deviceNode(id);
  const spots = new Map<string, Spot>([[centre, { x: 0, y: 0 }]]);
  const sides: [MapNode[], MapNode[]] = [[], []];
  for (const edge of graph.edges.values()) {
    const other = graph.nodes.get(edge.a === centre ? edge.b : edge.a);
    if (other) sides[callsOut(edge, id) ? 1 : 0].push(other);
  }
  const row = 92;
  const perColumn = 8;
  sides.forEach((side, i) => {
    const sign = i === 0 ? -1 : 1;
    const columns = Math.ceil(side.length / perColumn);
    const rows = Math.ceil(side.length / Math.max(1, columns));
    side.forEach((node, n) => {
      const column = n % Math.max(1, columns);
      const r = Math.floor(n / Math.max(1, columns));
      // A shallow arc, and each second column half a row lower, keep lines apart.
      const y = (r - (rows - 1) / 2) * row + (column % 2 ? row / 2 : 0);
      spots.set(node.id, { x: sign * (300 + column * 190 - Math.abs(y) * 0.12), y });
    });
  });
  return spots;
}

