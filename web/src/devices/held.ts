// The order of a list that somebody is reading. Live changes rewrite what
// stands in a row, but rows only come, go or move when the reader asks for it
// or has the hands off the list.
import type { DeviceSummary } from '$/api/types';
import type { Kinds } from '$/words/kinds';

export type Entry = { type: 'device'; id: string } | { type: 'group'; id: string; name: string; count: number };

/** Puts the name of each group before its devices. */
export function withGroups(list: DeviceSummary[], kinds: Kinds): Entry[] {
  const out: Entry[] = [];
  let head: Extract<Entry, { type: 'group' }> | undefined;
  for (const d of list) {
    const name = kinds.group(d.kind);
    if (head?.name !== name) {
      head = { type: 'group', id: `group-${name}`, name, count: 0 };
      out.push(head);
    }
    head.count++;
    out.push({ type: 'device', id: d.id });
  }
  return out;
}

export function plain(list: DeviceSummary[]): Entry[] {
  return list.map((d) => ({ type: 'device', id: d.id }));
}

/** How many devices of the new list the held one does not show. */
export function missing(held: Set<string>, list: DeviceSummary[]): number {
  let n = 0;
  for (const d of list) if (!held.has(d.id)) n++;
  return n;
}

/** The rows that a window of the list shows, with some to spare on both sides. */
export function visible(scrolled: number, height: number, row: number, total: number, spare: number): { from: number; to: number } {
  const from = Math.max(0, Math.floor(scrolled / row) - spare) & ~1; // even, so that slow scrolling redraws half as often
  const to = Math.min(total, Math.ceil((scrolled + height) / row) + spare);
  return { from: Math.min(from, to), to };
}
