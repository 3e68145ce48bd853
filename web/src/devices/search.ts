// Searching, filtering and ordering devices in the browser: all of them are
// here, so that ten thousand answer within one frame.
import type { DeviceSummary } from '$/api/types';
import type { Kinds } from '$/words/kinds';

export type SortKey = 'kind' | 'name' | 'maker' | 'place' | 'address' | 'confidence' | 'seen' | 'first';
export interface Order {
  key: SortKey;
  falling: boolean;
}

export const sortKeys: SortKey[] = ['kind', 'name', 'maker', 'place', 'address', 'confidence', 'seen', 'first'];
/** The way that a person most likely wants first. */
export const fallsFirst = new Set<SortKey>(['confidence', 'seen', 'first']);

const haystacks = new WeakMap<DeviceSummary, string>();

function haystack(d: DeviceSummary, kinds: Kinds): string {
  let h = haystacks.get(d);
  if (h === undefined) {
    h = [d.name, ...d.hostnames, ...d.ips, ...d.macs, d.vendor, d.model, d.os, d.software, d.care.location, d.care.function, kinds.title(d.kind), d.id].join('\n').toLowerCase();
    haystacks.set(d, h);
  }
  return h;
}

/** Devices in which every word occurs somewhere; names that begin so come first, then those with the words together. */
export function search<T extends DeviceSummary>(all: Iterable<T>, words: string, kinds: Kinds): T[] {
  const phrase = words.toLowerCase().split(/\s+/).filter(Boolean).join(' ');
  const needles = phrase.split(' ');
  const ranks: [T[], T[], T[]] = [[], [], []];
  for (const d of all) {
    const h = haystack(d, kinds);
    if (!needles.every((n) => h.includes(n))) continue;
    ranks[phrase && d.name.toLowerCase().startsWith(phrase) ? 0 : h.includes(phrase) ? 1 : 2].push(d);
  }
  return ranks.flat();
}

export interface Filter {
  words: string;
  kind: string;
  group: string;
}

export function matches(d: DeviceSummary, f: Filter, kinds: Kinds): boolean {
  if (f.kind && d.kind !== f.kind) return false;
  if (f.group && kinds.group(d.kind) !== f.group) return false;
  if (!f.words) return true;
  const h = haystack(d, kinds);
  return f.words.toLowerCase().split(/\s+/).every((n) => h.includes(n));
}

/** Orders in place; equal ones by name, then id, so that the order is stable. */
export function sort(list: DeviceSummary[], order: Order, kinds: Kinds): DeviceSummary[] {
  const by = comparer(order.key, kinds, order.falling ? -1 : 1);
  const name = words((d) => d.name, 1);
  return list.sort((a, b) => by(a, b) || name(a, b) || (a.id < b.id ? -1 : 1));
}

type Compare = (a: DeviceSummary, b: DeviceSummary) => number;

function comparer(key: SortKey, kinds: Kinds, sign: number): Compare {
  switch (key) {
    case 'kind':
      return (a, b) => sign * (kinds.rank(a.kind) - kinds.rank(b.kind));
    case 'name':
      return words((d) => d.name, sign);
    case 'maker':
      return words(maker, sign);
    case 'place':
      return words((d) => d.care.location, sign);
    case 'address':
      return words((d) => d.ips[0] ?? '', sign);
    case 'confidence':
      return (a, b) => sign * (a.confidence - b.confidence);
    case 'seen':
      return words((d) => d.last_seen, sign);
    case 'first':
      return words((d) => d.first_seen, sign);
  }
}

/** Compares texts as people order them; what is not known comes last either way. */
function words(of: (d: DeviceSummary) => string, sign: number): Compare {
  return (a, b) => {
    const x = natural(of(a));
    const y = natural(of(b));
    if (x === y) return 0;
    if (!x || !y) return x ? -1 : 1;
    return x < y ? -sign : sign;
  };
}

const naturals = new Map<string, string>();

/** A key by which "bed 9" comes before "bed 10"; kept, for it is asked for often. */
export function natural(s: string): string {
  let key = naturals.get(s);
  if (key === undefined) {
    key = s.normalize('NFKD').toLowerCase().replace(/\d+/g, (n) => n.padStart(10, '0'));
    if (naturals.size > 100_000) naturals.clear();
    naturals.set(s, key);
  }
  return key;
}

export function maker(d: DeviceSummary): string {
  if (d.model && d.vendor && d.model.toLowerCase().startsWith(d.vendor.toLowerCase())) return d.model;
  return [d.vendor, d.model].filter(Boolean).join(' ');
}
