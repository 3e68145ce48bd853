import { expect, it } from 'vitest';
import type { Finding } from '$/api/types';
import { facts, gravestFirst } from './order';

const finding = (id: string, severity: Finding['severity'], last: string) => ({ id, severity, last }) as Finding;

it('puts the gravest first and the latest of equals first', () => {
  const list = [finding('a', 'low', '3'), finding('b', 'high', '1'), finding('c', 'high', '2'), finding('d', 'critical', '0')];
  expect(gravestFirst(list).map((f) => f.id)).toEqual(['d', 'c', 'b', 'a']);
});

it('reads evidence as words', () => {
  expect(facts({ targets: 1200, port: 8080, sent_bytes: 1500, protocol: 'dicom', answered: true, hosts: ['10.0.0.1', '10.0.0.2'], ratio: 0.12345 })).toEqual([
    { name: 'Targets', value: '1,200' },
    { name: 'Port', value: '8080' },
    { name: 'Sent bytes', value: '1.50 kB' },
    { name: 'Protocol', value: 'DICOM' },
    { name: 'Answered', value: 'yes' },
    { name: 'Hosts', value: '10.0.0.1, 10.0.0.2', list: ['10.0.0.1', '10.0.0.2'] },
    { name: 'Ratio', value: '0.12' },
  ]);
});
