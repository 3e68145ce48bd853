import { describe, expect, it } from 'vitest';
import { ago, bytes, compact, instant, percent, plural, span } from './format';

describe('format', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [12_345, '12.3 kB'],
    [999_499, '999 kB'],
    [999_600, '1.00 MB'],
    [5.6e15, '5.60 PB'],
  ])('bytes(%d) = %s', (n, want) => expect(bytes(n)).toBe(want));

  it.each([
    [0, '0'],
    [9999, '9,999'],
    [10_000, '10.0 k'],
    [999_400, '999 k'],
    [999_500, '1.0 M'],
    [2.5e9, '2.5 G'],
  ])('compact(%d) = %s', (n, want) => expect(compact(n)).toBe(want));

  it('counts one and many', () => {
    expect(plural(1, 'device')).toBe('1 device');
    expect(plural(0, 'device')).toBe('0 devices');
    expect(plural(2500, 'entry', 'entries')).toBe('2,500 entries');
  });

  it.each([
    [0, '0%'],
    [0.004, 'under 1%'],
    [0.5, '50%'],
    [0.996, 'over 99%'],
    [1, '100%'],
  ])('percent(%d) = %s', (n, want) => expect(percent(n)).toBe(want));

  it.each([
    [-5, 'just now'],
    [59, 'just now'],
    [60, '1 min ago'],
    [3600, '1 h ago'],
    [86_400, 'yesterday'],
    [3 * 86_400, '3 days ago'],
  ])('ago %d s = %s', (s, want) => expect(ago(1e12 - s * 1000, 1e12)).toBe(want));

  it.each([
    [10, 'under 1 s'],
    [42_000, '42 s'],
    [180_000, '3 min'],
    [5_400_000, '1 h 30 min'],
    [3 * 86_400_000, '3 days'],
  ])('span(%d) = %s', (ms, want) => expect(span(ms)).toBe(want));

  it("takes Go's zero time for none", () => {
    expect(instant('0001-01-01T00:00:00Z')).toBeUndefined();
    expect(instant('')).toBeUndefined();
    expect(instant('soon')).toBeUndefined();
    expect(instant('2026-01-02T03:04:05Z')).toBe(1767323045000);
  });
});
