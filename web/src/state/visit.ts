// Which devices were there when this browser last looked, so that the overview
// can say what is new. Only a hash of each id is kept, in this browser.
const key = 'cordon.seen';
const most = 20_000;

/** 32 bits of FNV-1a in base 36: small, and good enough to tell ids apart. */
export function fingerprint(id: string): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) {
    h ^= id.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  return (h >>> 0).toString(36);
}

interface Visit {
  at: number;
  seen: Set<string>;
}

/** The last visit, or undefined on the first. */
export function lastVisit(): Visit | undefined {
  try {
    const raw = localStorage.getItem(key);
    if (!raw) return undefined;
    const { at, seen } = JSON.parse(raw) as { at: number; seen: string };
    return { at, seen: new Set(seen.split(' ')) };
  } catch {
    return undefined;
  }
}

/** Remembers what is there now as seen. */
export function remember(ids: Iterable<string>, at: number): void {
  const seen: string[] = [];
  for (const id of ids) {
    if (seen.length >= most) break;
    seen.push(fingerprint(id));
  }
  try {
    localStorage.setItem(key, JSON.stringify({ at, seen: seen.join(' ') }));
  } catch {
    // Storage is refused or full: every visit is a first one.
  }
}

/** Makes the next visit a first one. */
export function forget(): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // There is nothing to forget where nothing can be stored.
  }
}
