import { expect, it } from 'vitest';
import type { Evidence } from '$/api/types';
import { evidenceSentence } from './evidence';

const evidence = (source: string, field: string, value: string): Evidence => ({ source, field, value, says: 'kind', claim: 'x', weight: 0.5, rule: 'r', first: '2026-01-01T00:00:00Z' });

it.each([
  ['oui', 'organization', 'Philips', 'Its network card is registered to Philips.'],
  ['role', 'serves', 'dicom', 'It offers DICOM.'],
  ['role', 'serves-port', 'tcp/445', 'It answers on TCP port 445.'],
  ['dicom', 'implementation-version', 'OFFIS_DCMTK_367', 'Over DICOM, it gives “OFFIS_DCMTK_367” as its implementation version.'],
  ['new-protocol', 'odd-field', 'v', 'Over new-protocol, it gives “v” as its odd field.'],
  ['person', 'location', 'Ward 3', 'Somebody said so.'],
])('%s %s', (source, field, value, want) => {
  expect(evidenceSentence(evidence(source, field, value))).toBe(want);
});
