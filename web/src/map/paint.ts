// The colours of the page as the map's canvas understands them, and the look
// of nodes and lines. The canvas knows neither CSS variables nor OKLCH.
import type { StylesheetJson } from 'cytoscape';
import { groupIcon, kindIcon, paths, type IconName } from '$/icons/paths';
import { text } from '$/text/en';
import { elsewhereGroup, noPlace, outsideGroup, type MapNode } from './graph';
import { card } from './layout';

const names = ['ground', 'surface', 'sunken', 'hover', 'line', 'line-strong', 'control', 'ink', 'ink-2', 'ink-3', 'accent', 'accent-fill', 'on-accent', 'accent-soft', 'accent-line'] as const;
export type Paint = Record<(typeof names)[number], string>;

/** Reads the tokens as they are at this moment, as rgb(). */
export function readPaint(host: HTMLElement): Paint {
  const probe = document.createElement('i');
  probe.hidden = true;
  host.append(probe);
  const dot = document.createElement('canvas');
  dot.width = dot.height = 1;
  const context = dot.getContext('2d', { willReadFrequently: true });
  const out = {} as Paint;
  for (const name of names) {
    probe.style.color = `var(--${name})`;
    if (context) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = getComputedStyle(probe).color;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
      out[name] = `rgb(${r},${g},${b})`;
    } else out[name] = 'rgb(128,128,128)';
  }
  probe.remove();
  return out;
}

export function title(node: MapNode): string {
  switch (node.name) {
    case outsideGroup:
      return text.map.outside;
    case elsewhereGroup:
      return text.map.elsewhere;
    case noPlace:
      return text.map.noPlace;
    default:
      return node.name;
  }
}

export function nodeIcon(node: MapNode): IconName {
  if (node.name === outsideGroup || (node.type === 'address' && node.group === outsideGroup)) return 'globe';
  if (node.type === 'address' || node.name === elsewhereGroup) return 'link';
  if (node.type === 'group') return groupIcon(node.name) === 'folder' ? 'building' : groupIcon(node.name);
  return kindIcon(node.kind);
}

function picture(icon: IconName, colour: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80" viewBox="0 0 20 20"><path d="${paths[icon]}" fill="none" stroke="${colour}" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
  return `data:image/svg+xml;utf8,${encodeURIComponent(svg)}`;
}

/** What differs from node to node. */
export function look(node: MapNode, paint: Paint): Record<string, unknown> {
  const vital = node.criticality === 'life-sustaining';
  const clinical = node.criticality === 'care-critical';
  const unknown = node.type === 'address' || node.kind === 'unknown' || node.name.startsWith('\u0000');
  const single = node.type === 'device' || node.type === 'bundle' || node.type === 'address';
  const fill = single && vital ? paint['accent-fill'] : single && clinical ? paint['accent-soft'] : paint.surface;
  const stroke = single && vital ? paint['on-accent'] : clinical || vital ? paint.accent : paint['ink-2'];
  const many = node.type === 'bundle' && node.members > 1;
  return {
    label: node.type === 'group' ? `${title(node)}\n${node.name === outsideGroup || node.name === elsewhereGroup ? text.map.outsideCount(node.members) : text.map.devicesIn(node.members)}` : many ? `${node.name} × ${node.members}` : node.name,
    fill, dashed: unknown ? 'dashed' : 'solid', edge: unknown ? paint['line-strong'] : single && (vital || clinical) ? fill : paint['line-strong'],
    icon: picture(nodeIcon(node), stroke),
  };
}

export function stylesheet(paint: Paint, font: string): StylesheetJson {
  const label = { 'font-family': font, color: paint.ink, 'text-wrap': 'wrap' as const };
  return [
    {
      selector: 'node',
      style: { ...label, 'border-width': 1, 'background-fit': 'none', 'background-width': 20, 'background-height': 20, label: 'data(label)', 'overlay-opacity': 0, 'z-index': 2, 'z-index-compare': 'manual' },
    },
    { selector: 'node[fill]', style: { 'background-color': 'data(fill)', 'border-color': 'data(edge)', 'border-style': 'data(dashed)' as 'solid', 'background-image': 'data(icon)' } },
    {
      selector: 'node[type = "group"]',
      style: { shape: 'round-rectangle', 'corner-radius': '12', width: card.width, height: card.height, 'background-position-x': '16px', 'background-position-y': '50%', 'font-size': 14, 'font-weight': 500, 'text-valign': 'center', 'text-halign': 'right', 'text-margin-x': 50 - card.width, 'text-max-width': '156px', 'line-height': 1.35, 'text-justification': 'left' },
    },
    {
      selector: 'node[type = "group"][?open]',
      style: { 'background-image': 'none', 'background-color': paint.sunken, 'background-opacity': 0.72, 'border-color': paint.line, width: 'data(width)', height: 'data(height)', label: '', 'z-index': 0 },
    },
    {
      selector: 'node[type = "title"]',
      style: { shape: 'rectangle', width: 4, height: 4, 'background-opacity': 0, 'border-width': 0, 'text-halign': 'right', 'text-valign': 'center', 'text-max-width': '900px', 'font-size': 'data(size)' as unknown as number, 'font-weight': 600, 'text-background-color': paint.sunken, 'text-background-opacity': 0.85, 'text-background-padding': '3px', 'text-background-shape': 'roundrectangle', 'text-events': 'yes', 'z-index': 4 },
    },
    {
      selector: 'node[type = "device"], node[type = "address"], node[type = "bundle"]',
      style: { shape: 'round-rectangle', 'corner-radius': '10', width: 36, height: 36, 'background-position-x': '50%', 'background-position-y': '50%', 'font-size': 10.5, color: paint['ink-2'], 'text-valign': 'bottom', 'text-halign': 'center', 'text-margin-y': 5, 'text-max-width': '88px', 'text-wrap': 'ellipsis', 'min-zoomed-font-size': 7, 'z-index': 3 },
    },
    { selector: 'node[type = "bundle"], node[?beside]', style: { 'font-size': 12, 'text-max-width': '170px', color: paint.ink, 'text-background-color': paint.ground, 'text-background-opacity': 0.85, 'text-background-padding': '2px' } },
    { selector: 'node[?centre]', style: { width: 72, height: 72, 'corner-radius': '20', 'background-width': 34, 'background-height': 34, 'font-size': 15, 'font-weight': 600, color: paint.ink, 'text-max-width': '220px', 'text-margin-y': 8, 'text-background-color': paint.ground, 'text-background-opacity': 0.9, 'text-background-padding': '3px' } },
    {
      selector: 'edge',
      style: { 'curve-style': 'unbundled-bezier', 'control-point-distances': 'data(bend)' as unknown as number, 'control-point-weights': 0.5, 'line-color': paint.control, 'line-opacity': 0.62, width: 'data(width)', 'line-cap': 'round', 'overlay-opacity': 0, 'z-index': 1, 'z-index-compare': 'manual', 'font-family': font, 'font-size': 11, color: paint['ink-2'] },
    },
    { selector: 'edge[?faint]', style: { 'line-opacity': 0.36 } },
    { selector: 'edge[?straight]', style: { 'curve-style': 'haystack', 'haystack-radius': 0, 'line-opacity': 0.3 } },
    { selector: 'edge[?outside]', style: { 'line-style': 'dashed' } },
    { selector: 'edge[?beside], edge.near, edge:selected', style: { label: 'data(protocols)', 'text-background-color': paint.ground, 'text-background-opacity': 0.92, 'text-background-padding': '3px', 'text-background-shape': 'roundrectangle', 'text-wrap': 'ellipsis', 'text-max-width': '150px', 'min-zoomed-font-size': 6 } },
    { selector: '.far', style: { opacity: 0.22 } },
    { selector: 'edge.near', style: { 'line-color': paint.accent, 'line-opacity': 0.85, 'z-index': 4 } },
    { selector: 'edge:selected', style: { 'line-color': paint.accent, 'line-opacity': 1, 'z-index': 5 } },
    { selector: 'node:selected', style: { 'border-color': paint.accent, 'border-width': 2.5, 'border-style': 'solid' } },
  ];
}
