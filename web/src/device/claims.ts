// What is believed of a device, each with the reasons for and against.
import type { Claim, Device, Evidence } from '$/api/types';

export interface Belief {
  claim: Claim;
  reasons: Evidence[];
  against: Evidence[];
}

const attributes = ['kind', 'vendor', 'model', 'os', 'software', 'name'];

export function beliefs(d: Device): Belief[] {
  const order = (c: Claim) => (attributes.indexOf(c.attribute) + 1 || attributes.length + 1);
  return d.claims
    .filter((c) => c.value !== '' && c.value !== 'unknown')
    .map((claim) => {
      const about = d.evidence.filter((e) => e.says === claim.attribute).sort((a, b) => b.weight - a.weight);
      const same = (e: Evidence) => e.claim.toLowerCase() === claim.value.toLowerCase();
      return { claim, reasons: about.filter(same), against: about.filter((e) => !same(e)) };
    })
    .sort((a, b) => order(a.claim) - order(b.claim));
}

/** Details that speak for an attribute about which nothing is believed. */
export function loose(d: Device): Evidence[] {
  const believed = new Set(beliefs(d).map((b) => b.claim.attribute as string));
  return d.evidence.filter((e) => !believed.has(e.says)).sort((a, b) => b.weight - a.weight);
}
