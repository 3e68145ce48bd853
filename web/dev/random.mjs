// A small seeded generator (mulberry32), so that prepared data is the same on
// every machine and every day.
export function random(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    int: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick: (list) => list[Math.floor(next() * list.length)],
    chance: (p) => next() < p,
    hex: (digits) => Array.from({ length: digits }, () => '0123456789abcdef'[Math.floor(next() * 16)]).join(''),
    base32: (digits) => Array.from({ length: digits }, () => 'abcdefghijklmnopqrstuvwxyz234567'[Math.floor(next() * 32)]).join(''),
  };
}
