import { expect, it } from 'vitest';
import type { Device, Evidence } from '$/api/types';
import { beliefs, loose } from './claims';

const e = (says: Evidence['says'], claim: string, weight: number): Evidence => ({ source: 'http', field: 'server', value: claim, says, claim, weight, rule: 'r', first: '2026-01-01T00:00:00Z' });
const device = {
  claims: [
    { attribute: 'vendor', value: 'Philips', confidence: 0.9 },
    { attribute: 'kind', value: 'patient-monitor', confidence: 0.8 },
    { attribute: 'model', value: '', confidence: 0 },
  ],
  evidence: [e('vendor', 'philips', 0.4), e('vendor', 'Philips', 0.8), e('vendor', 'Dell', 0.3), e('kind', 'patient-monitor', 0.7), e('model', 'MX450', 0.2)],
} as unknown as Device;

it('gives each belief its reasons, weightiest first, and what speaks against it', () => {
  const [kind, vendor, ...rest] = beliefs(device);
  expect(rest).toEqual([]);
  expect(kind!.claim.value).toBe('patient-monitor');
  expect(vendor!.reasons.map((r) => r.weight)).toEqual([0.8, 0.4]);
  expect(vendor!.against.map((r) => r.claim)).toEqual(['Dell']);
});

it('keeps details that lead to no belief', () => {
  expect(loose(device).map((r) => r.claim)).toEqual(['MX450']);
});
