// What somebody should do first: at most three things, the gravest first. They
// are read off what is known; nothing here is stored or dismissed.
import type { Conversation, DeviceSummary, Finding } from '$/api/types';
import type { IconName } from '$/icons/paths';
import { to } from '$/state/router.svelte';
import { text } from '$/text/en';
import { protocols, protocolTitle } from '$/text/protocols';
import { bytes } from '$/words/format';
import { isGroupAddress, isOutside } from '$/words/addresses';

export interface Task {
  id: string;
  icon: IconName;
  title: string;
  why: string;
  gain: string;
  cost: string;
  act: string;
  href: string;
}

const most = 3;
const named = 2; // how many devices a sentence names

export function isPatientSide(d: DeviceSummary): boolean {
  return d.care.criticality === 'life-sustaining' || d.care.criticality === 'care-critical' && d.care.function !== '';
}

export function tasks(devices: DeviceSummary[], conversations: Conversation[], findings: Finding[]): Task[] {
  const byId = new Map(devices.map((d) => [d.id, d]));
  return [grave(findings), outside(byId, conversations), clear(byId, conversations, findings), unidentified(devices, conversations)]
    .filter((t) => t !== undefined)
    .slice(0, most);
}

function grave(findings: Finding[]): Task | undefined {
  for (const severity of ['critical', 'high'] as const) {
    const of = findings.filter((f) => f.severity === severity).sort((a, b) => (a.last < b.last ? 1 : -1));
    const first = of[0];
    if (!first) continue;
    const t = text.tasks;
    return {
      id: 'grave', icon: 'findings', title: t.findings(of.length, text.severity[severity]!.toLowerCase()), why: t.findingsWhy(first.title),
      gain: t.findingsGain, cost: t.findingsCost, act: t.findingsAct(of.length), href: of.length === 1 ? to.finding(first.id) : to.findings({ severity }),
    };
  }
  return undefined;
}

function outside(byId: Map<string, DeviceSummary>, conversations: Conversation[]): Task | undefined {
  const who = new Map<string, string>();
  for (const c of conversations) {
    for (const [me, other] of [[c.client, c.server], [c.server, c.client]] as const) {
      const d = byId.get(me.device ?? '');
      if (d && isPatientSide(d) && isOutside(other)) who.set(d.id, d.name);
    }
  }
  if (who.size === 0) return undefined;
  const t = text.tasks;
  const [names, more] = few([...who.values()]);
  return {
    id: 'outside', icon: 'globe', title: t.outside(who.size), why: t.outsideWhy(names, more), gain: t.outsideGain(who.size), cost: t.outsideCost,
    act: t.outsideAct, href: who.size === 1 ? to.device([...who.keys()][0]!) : '/map?view=table&group=outside',
  };
}

function clear(byId: Map<string, DeviceSummary>, conversations: Conversation[], findings: Finding[]): Task | undefined {
  const who = new Map<string, string>();
  const over = new Set<string>();
  for (const c of conversations) {
    if (protocols[c.protocol]?.clear !== 'passwords' || isGroupAddress(c.server.ip)) continue;
    const d = byId.get(c.server.device ?? '');
    if (!d) continue;
    who.set(d.id, d.name);
    over.add(c.protocol);
  }
  const seen = findings.filter((f) => f.rule === 'credential-in-clear');
  for (const f of seen) {
    const d = byId.get(f.dst_device ?? '');
    if (!d) continue;
    who.set(d.id, d.name);
    over.add(String(f.evidence.protocol));
  }
  if (who.size === 0) return undefined;
  const t = text.tasks;
  const [names, more] = few([...who.values()]);
  const titles = [...over].map(protocolTitle);
  return {
    id: 'clear', icon: 'key', title: t.clear(who.size, titles), why: t.clearWhy(names, more), gain: t.clearGain(who.size), cost: t.clearCost,
    act: t.clearAct, href: who.size === 1 ? to.device([...who.keys()][0]!) : seen.length > 0 ? to.findings({}) : `/map?view=table&protocol=${[...over].length === 1 ? [...over][0]! : ''}`,
  };
}

function unidentified(devices: DeviceSummary[], conversations: Conversation[]): Task | undefined {
  const unknown = new Map(devices.filter((d) => d.kind === 'unknown').map((d) => [d.id, { name: d.name, volume: 0 }]));
  if (unknown.size === 0) return undefined;
  for (const c of conversations) {
    for (const side of [c.client, c.server]) {
      const u = unknown.get(side.device ?? '');
      if (u) u.volume += c.bytes_out + c.bytes_in;
    }
  }
  const loudest = [...unknown.values()].sort((a, b) => b.volume - a.volume)[0]!;
  const t = text.tasks;
  return {
    id: 'unidentified', icon: 'unknown', title: t.unidentified(unknown.size), why: loudest.volume > 0 ? t.unidentifiedWhy(loudest.name, bytes(loudest.volume), unknown.size) : t.unidentifiedQuiet,
    gain: t.unidentifiedGain, cost: t.unidentifiedCost, act: t.unidentifiedAct(unknown.size), href: unknown.size === 1 ? to.device([...unknown.keys()][0]!) : to.devices({ kind: 'unknown' }),
  };
}

function few(names: string[]): [string[], number] {
  return names.length <= named + 1 ? [names, 0] : [names.slice(0, named), names.length - named];
}
