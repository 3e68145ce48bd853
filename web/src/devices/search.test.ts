import { describe, expect, it } from 'vitest';
import type { DeviceSummary, KindInfo } from '$/api/types';
import { Kinds } from '$/words/kinds';
import { missing, plain, visible, withGroups } from './held';
import { maker, matches, natural, search, sort, type Order } from './search';

const kinds = new Kinds([
  { kind: 'infusion-pump', title: 'Infusion pump', group: 'Life support and monitoring', function: '', criticality: 'life-sustaining' },
  { kind: 'printer', title: 'Printer', group: 'Office', function: '', criticality: 'non-clinical' },
] as KindInfo[]);
const device = (id: string, more: Partial<DeviceSummary> = {}): DeviceSummary =>
  ({ id, name: id, kind: 'printer', ips: [], macs: [], hostnames: [], vendor: '', model: '', os: '', software: '', confidence: 0, first_seen: '', last_seen: '', care: { location: '', function: '' }, ...more }) as DeviceSummary;
const by = (key: Order['key'], falling = false): Order => ({ key, falling });
const ids = (list: DeviceSummary[]) => list.map((d) => d.id);

const a = device('bed 10', { ips: ['10.0.0.10'], vendor: 'Brother', last_seen: '2026-01-02' });
const b = device('bed 9', { ips: ['10.0.0.9'], kind: 'infusion-pump', last_seen: '2026-01-03' });
const c = device('Archive', { vendor: 'Acme', care: { location: 'Ward 2', function: '' } as DeviceSummary['care'] });

describe('search', () => {
  it('asks for every word, anywhere', () => {
    expect(ids(search([a, b, c], 'bed pump', kinds))).toEqual(['bed 9']);
    expect(ids(search([a, b, c], '10.0.0.10', kinds))).toEqual(['bed 10']);
    expect(ids(search([a, b, c], 'WARD 2', kinds))).toEqual(['Archive']);
  });

  it('puts names that begin so first', () => {
    const other = device('x', { vendor: 'Archive Corp' });
    expect(ids(search([other, c], 'arch', kinds))).toEqual(['Archive', 'x']);
  });

  it('puts the words together before the words apart', () => {
    const near = device('near', { care: { location: 'Ward 2, bed 1', function: '' } as DeviceSummary['care'] });
    const apart = device('apart', { care: { location: 'Ward 1, bed 2', function: '' } as DeviceSummary['care'] });
    expect(ids(search([apart, near], 'ward 2', kinds))).toEqual(['near', 'apart']);
  });

  it('filters by kind, group and words together', () => {
    expect(matches(b, { words: 'bed', kind: 'infusion-pump', group: '' }, kinds)).toBe(true);
    expect(matches(b, { words: 'bed', kind: '', group: 'Office' }, kinds)).toBe(false);
  });
});

describe('sort', () => {
  it('orders numbers in names as people do', () => {
    expect(ids(sort([a, b, c], by('name'), kinds))).toEqual(['Archive', 'bed 9', 'bed 10']);
    expect(ids(sort([a, b, c], by('address'), kinds))).toEqual(['bed 9', 'bed 10', 'Archive']);
    expect(natural('Bed 9') < natural('bed 10')).toBe(true);
  });

  it('keeps what is not known last, rising and falling', () => {
    expect(ids(sort([a, b, c], by('maker'), kinds))).toEqual(['Archive', 'bed 10', 'bed 9']);
    expect(ids(sort([a, b, c], by('maker', true), kinds))).toEqual(['bed 10', 'Archive', 'bed 9']);
  });

  it('orders kinds as people care about them', () => {
    expect(ids(sort([a, b, c], by('kind'), kinds))[0]).toBe('bed 9');
  });
});

describe('the held list', () => {
  it('names each group once, with its count', () => {
    expect(withGroups(sort([a, b, c], by('kind'), kinds), kinds).map((e) => (e.type === 'group' ? `${e.name} ${e.count}` : e.id))).toEqual(['Life support and monitoring 1', 'bed 9', 'Office 2', 'Archive', 'bed 10']);
    expect(plain([a]).length).toBe(1);
  });

  it('counts what is new', () => {
    expect(missing(new Set(['bed 9']), [a, b])).toBe(1);
  });

  it('draws only what is in sight', () => {
    expect(visible(0, 400, 40, 10_000, 6)).toEqual({ from: 0, to: 16 });
    expect(visible(4000, 400, 40, 10_000, 6)).toEqual({ from: 94, to: 116 });
    expect(visible(400_000, 400, 40, 10_000, 6)).toEqual({ from: 9994, to: 10_000 });
    expect(visible(4040, 400, 40, 10_000, 6)).toEqual({ from: 94, to: 117 });
    expect(visible(5000, 400, 40, 3, 6)).toEqual({ from: 3, to: 3 });
  });
});

it('does not say the vendor twice', () => {
  expect(maker(device('x', { vendor: 'Philips', model: 'Philips MX450' }))).toBe('Philips MX450');
  expect(maker(device('x', { vendor: 'Philips', model: 'MX450' }))).toBe('Philips MX450');
});
