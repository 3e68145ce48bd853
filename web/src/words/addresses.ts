// What an address says without asking anybody.
import type { Peer } from '$/api/types';

/** Multicast and broadcast: nobody in particular is meant. */
export function isGroupAddress(ip: string): boolean {
  if (ip.includes(':')) return /^ff/i.test(ip);
  const first = Number(ip.split('.', 1)[0]);
  return (first >= 224 && first <= 239) || ip === '255.255.255.255' || /\.255$/.test(ip);
}

/** Addresses that never leave a site: RFC 1918, 6598, 3927, 4193, 4291 §2.5.6. */
export function isPrivate(ip: string): boolean {
  if (ip.includes(':')) return /^(f[cd]|fe[89ab]|::1?$)/i.test(ip);
  const [a = 0, b = 0] = ip.split('.').map(Number);
  return a === 10 || a === 127 || a === 0 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168) || (a === 169 && b === 254) || (a === 100 && b >= 64 && b <= 127);
}

/** A peer that is no device of the site and has a public address. */
export function isOutside(p: Peer): boolean {
  return !p.device && p.ip !== '' && !isGroupAddress(p.ip) && !isPrivate(p.ip);
}
