import { expect, it } from 'vitest';
import { isGroupAddress, isOutside, isPrivate } from './addresses';

it.each([
  ['10.1.2.3', true, false],
  ['172.16.0.1', true, false],
  ['172.32.0.1', false, false],
  ['192.168.1.1', true, false],
  ['169.254.9.9', true, false],
  ['100.64.0.1', true, false],
  ['8.8.8.8', false, false],
  ['224.0.0.251', false, true],
  ['255.255.255.255', false, true],
  ['192.168.1.255', true, true],
  ['fe80::1', true, false],
  ['fd00::1', true, false],
  ['ff02::fb', false, true],
  ['2001:4860:4860::8888', false, false],
])('%s is private: %s, a group: %s', (ip, inside, group) => {
  expect(isPrivate(ip)).toBe(inside);
  expect(isGroupAddress(ip)).toBe(group);
});

it('takes only public addresses without a device for outside', () => {
  expect(isOutside({ ip: '8.8.8.8', name: '' })).toBe(true);
  expect(isOutside({ ip: '8.8.8.8', name: '', device: 'dev-a' })).toBe(false);
  expect(isOutside({ ip: '10.0.0.1', name: '' })).toBe(false);
  expect(isOutside({ ip: '', name: '' })).toBe(false);
});
