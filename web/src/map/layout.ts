// Where things stand on the map. Nothing is thrown about by forces: the same
// site always looks the same, so that people learn where to look. Groups stand
// in three lanes, patients at the left, systems in the middle, all else at the
// right; members stand in a grid inside their group.
import { natural } from '$/devices/search';
import { callsOut, deviceNode, elsewhereGroup, outsideGroup, type MapGraph, type MapNode } from './graph';

export interface Spot {
  x: number;
  y: number;
}

export const card = { width: 216, height: 68 };
export const cell = { width: 92, height: 84 };
const pad = { side: 18, top: 44, bottom: 14 };
const gap = { lane: 150, row: 34, rowMost: 120 };
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

/**
 * The boxes of all groups, in the order given; aspect is the width of the
 * canvas by its height, which the rows are spread to fill.
 */
export function boxes(groups: MapNode[], members: Map<string, number>, aspect: number): Map<string, Box> {
  const inLanes = groups.some((g) => g.name in laneOf && g.name !== outsideGroup && g.name !== elsewhereGroup);
  const all = groups.map((g) => size(g, members, inLanes ? (laneOf[g.name] ?? 2) : 0));
  if (inLanes || all.length < 4) lanes(all, aspect);
  else ring(all, aspect);
  return new Map(all.map((b) => [b.name, b]));
}

function lanes(all: Box[], aspect: number): void {
  const used = [0, 1, 2].map((lane) => all.filter((b) => b.lane === lane)).filter((l) => l.length > 0);
  const widths = used.map((l) => Math.max(...l.map((b) => b.width)));
  const wanted = (widths.reduce((w, n) => w + n, 0) + (used.length - 1) * gap.lane) / aspect;
  let x = 0;
  used.forEach((here, i) => {
    const filled = here.reduce((h, b) => h + b.height, 0);
    const row = here.length > 1 ? Math.min(gap.rowMost, Math.max(gap.row, (wanted - filled) / (here.length - 1))) : 0;
    let y = -(filled + row * (here.length - 1)) / 2;
    for (const b of here) {
      b.x = x + widths[i]! / 2;
      b.y = y + b.height / 2;
      y += b.height + row;
    }
    x += widths[i]! + gap.lane;
  });
}

/** Groups that have no order of their own stand around, so that lines cross the middle. */
function ring(all: Box[], aspect: number): void {
  const extent = (b: Box) => Math.max(b.width, b.height * aspect) + gap.row;
  const total = all.reduce((n, b) => n + extent(b), 0);
  for (let radius = total / 12; ; radius *= 1.06) {
    let turned = 0;
    for (const b of all) {
      const angle = ((turned + extent(b) / 2) / total) * 2 * Math.PI - Math.PI / 2;
      turned += extent(b);
      b.x = Math.cos(angle) * radius * aspect;
      b.y = Math.sin(angle) * radius;
      b.lane = -1;
    }
    if (radius > total || !all.some((a, i) => all.some((b, j) => i < j && overlap(a, b)))) return;
  }
}

function overlap(a: Box, b: Box): boolean {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 + gap.row / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2 + gap.row / 2;
}

function size(g: MapNode, members: Map<string, number>, lane: number): Box {
  if (!g.open) return { name: g.name, lane, x: 0, y: 0, ...card, columns: 0 };
  const n = Math.max(1, members.get(g.name) ?? 0);
  const columns = Math.max(2, Math.ceil(Math.sqrt(n * 1.5)));
  return { name: g.name, lane, x: 0, y: 0, columns, width: columns * cell.width + 2 * pad.side, height: Math.ceil(n / columns) * cell.height + pad.top + pad.bottom };
}

/** The groups in the order given, and those that are no groups of devices last. */
export function inOrder(nodes: Iterable<MapNode>, groupOrder: string[]): MapNode[] {
  const order = (name: string) => groupOrder.indexOf(name) + 1 || (name.startsWith('\u0000') ? 1e6 : 1e5);
  const groups = [...nodes].filter((n) => n.type === 'group');
  return groups.sort((a, b) => order(a.name) - order(b.name) || (natural(a.name) < natural(b.name) ? -1 : 1));
}

/** A spot for every node of the whole site. */
export function place(graph: MapGraph, groupOrder: string[], aspect = 4 / 3): { spots: Map<string, Spot>; boxes: Map<string, Box> } {
  const nodes = [...graph.nodes.values()];
  const groups = inOrder(nodes, groupOrder);
  const members = new Map<string, number>();
  for (const n of nodes) if (n.type !== 'group') members.set(n.group, (members.get(n.group) ?? 0) + 1);
  const all = boxes(groups, members, aspect);
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

