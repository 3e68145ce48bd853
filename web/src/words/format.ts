// Numbers, sizes and times as people read them. Local time everywhere; the
// exact time goes into a title.
const locale = typeof navigator === 'undefined' ? 'en' : navigator.language;
const integer = new Intl.NumberFormat('en');
const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
const dayYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long' });

export function count(n: number): string {
  return integer.format(n);
}

/** "1 device", "3 devices". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${integer.format(n)} ${n === 1 ? one : many}`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes in decimal units with three significant digits at most. */
export function bytes(n: number): string {
  let unit = 0;
  while (n >= 999.5 && unit < units.length - 1) {
    n /= 1000;
    unit++;
  }
  const digits = unit === 0 || n >= 99.5 ? 0 : n >= 9.95 ? 1 : 2;
  return `${n.toFixed(digits)} ${units[unit]}`;
}

/** A big number in few characters: 1,234 · 12.3 k · 4.56 M. */
export function compact(n: number): string {
  if (n < 10_000) return integer.format(Math.round(n));
  const [value, unit] = n < 999_500 ? [n / 1e3, 'k'] : n < 999_500_000 ? [n / 1e6, 'M'] : [n / 1e9, 'G'];
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${unit}`;
}

export function percent(share: number): string {
  const p = share * 100;
  return p > 0 && p < 1 ? 'under 1%' : p < 100 && p > 99 ? 'over 99%' : `${Math.round(p)}%`;
}

/** How long ago, in words; "just now" below a minute so that text does not flicker. */
export function ago(then: number, now: number): string {
  const s = Math.max(0, (now - then) / 1000);
  if (s < 60) return 'just now';
  const m = Math.floor(s / 60);
  if (m < 60) return `${m} min ago`;
  const h = Math.floor(m / 60);
  if (h < 24) return `${h} h ago`;
  const d = Math.floor(h / 24);
  if (d < 14) return d === 1 ? 'yesterday' : `${d} days ago`;
  return date(then, now);
}

/** A length of time in the largest unit that says enough. */
export function span(ms: number): string {
  const s = Math.round(ms / 1000);
  if (s < 1) return 'under 1 s';
  if (s < 60) return `${s} s`;
  const m = Math.round(s / 60);
  if (m < 60) return `${m} min`;
  const h = Math.floor(m / 60);
  if (h < 48) return m % 60 ? `${h} h ${m % 60} min` : `${h} h`;
  return plural(Math.round(h / 24), 'day');
}

export function date(t: number, now: number): string {
  const same = new Date(t).getFullYear() === new Date(now).getFullYear();
  return (same ? day : dayYear).format(t);
}

export function time(t: number): string {
  return clock.format(t);
}

/** "14:03" today, "3 Nov, 14:03" before. */
export function moment(t: number, now: number): string {
  const sameDay = new Date(t).toDateString() === new Date(now).toDateString();
  return sameDay ? clock.format(t) : `${date(t, now)}, ${clock.format(t)}`;
}

export function exact(t: number): string {
  return full.format(t);
}

/** Go's zero time and absent times are no time. */
export function instant(value: string | undefined | null): number | undefined {
  if (!value || value.startsWith('0001-')) return undefined;
  const t = Date.parse(value);
  return Number.isNaN(t) ? undefined : t;
}
