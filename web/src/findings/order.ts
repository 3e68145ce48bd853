// Findings in the order in which people should read them, and their evidence
// as words.
import type { Finding, Severity } from '$/api/types';
import { bytes, count } from '$/words/format';
import { protocols, protocolTitle } from '$/text/protocols';

export const severities: Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

/** Gravest first, the latest of equals first. */
export function gravestFirst(list: Finding[]): Finding[] {
  return [...list].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || (a.last < b.last ? 1 : a.last > b.last ? -1 : a.id < b.id ? -1 : 1));
}

export interface Fact {
  name: string;
  value: string;
  list?: string[];
}

/** The numbers and names that convinced the rule, readable. */
export function facts(evidence: Record<string, unknown>): Fact[] {
  return Object.entries(evidence).map(([key, value]) => {
    const name = (key.charAt(0).toUpperCase() + key.slice(1)).replaceAll('_', ' ');
    if (Array.isArray(value)) {
      const list = value.map((v) => word(key, v));
      return { name, value: list.join(', '), list };
    }
    return { name, value: word(key, value) };
  });
}

function word(key: string, value: unknown): string {
  switch (typeof value) {
    case 'number':
      if (/port|vlan|number|id$/.test(key)) return String(value);
      if (/bytes$/.test(key)) return bytes(value);
      return Number.isInteger(value) ? count(value) : String(Math.round(value * 100) / 100);
    case 'boolean':
      return value ? 'yes' : 'no';
    case 'string':
      return /protocol/.test(key) && value in protocols ? protocolTitle(value) : value;
    default:
      return value === null || value === undefined ? '–' : JSON.stringify(value);
  }
}
