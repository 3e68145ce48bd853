// Builds a clinic of any size: devices with their evidence, who talks to whom,
// findings and timelines, in the JSON form of the API.
import { kinds } from './kinds.mjs';
import { random } from './random.mjs';
import { places, templates } from './templates.mjs';

const info = new Map(kinds.map((k) => [k.kind, k]));
const minute = 60_000;
const hour = 60 * minute;

export function clinic({ size, seed = 7, now = Date.now(), findings = true }) {
  const r = random(seed);
  const devices = new Map();
  const conversations = new Map();
  for (const t of spread(size)) {
    const d = device(t, devices.size, r, now);
    devices.set(d.id, d);
  }
  talk([...devices.values()], conversations, r, now);
  const found = new Map();
  if (findings) for (const f of findingsOf([...devices.values()], r, now)) found.set(f.id, f);
  return { devices, conversations, findings: found, now };
}

/** One of each first, then by share, so that small clinics are varied. */
function spread(size) {
  const out = [];
  const essential = [templates.at(-1), ...templates.slice(0, -1)]; // the unknown one must not fall off the end
  const total = essential.reduce((n, t) => n + t.share, 0);
  for (const t of essential) {
    const n = size < essential.length ? 0 : Math.max(1, Math.round((t.share / total) * size));
    for (let i = 0; i < n; i++) out.push(t);
  }
  for (let i = 0; out.length < size; i++) out.push(essential[i % essential.length]);
  return out.slice(0, size);
}

export function device(t, index, r, now) {
  const k = info.get(t.kind);
  const mac = t.mac && !t.randomMac ? `${t.mac}:${r.hex(2)}:${r.hex(2)}:${r.hex(2)}` : `${r.pick(['2a', '5e', '92', 'ce'])}:${r.hex(2)}:${r.hex(2)}:${r.hex(2)}:${r.hex(2)}:${r.hex(2)}`;
  const ip = `10.${20 + (index >> 16)}.${(index >> 8) & 255}.${(index & 255) || 254}`;
  const host = t.name ? `${t.name}-${String((index % 997) + 1).padStart(2, '0')}` : '';
  const first = now - r.int(2, 240) * hour - r.int(0, 59) * minute;
  const evidence = t.evidence.map((e) => ({ ...e, rule: `${e.source}.${e.field}`, first: iso(first + r.int(0, 5000)) })).sort((a, b) => b.weight - a.weight);
  const claims = claimsOf(t, evidence);
  const known = claims.find((c) => c.attribute === 'kind');
  const inUse = k.criticality === 'life-sustaining' ? r.pick(['yes', 'yes', 'unknown', 'no']) : 'unknown';
  const overridden = r.chance(0.06) && t.kind !== 'unknown' ? ['location'] : [];
  return {
    id: `dev-${r.base32(8)}`,
    name: host || (t.vendor ? `${t.vendor} ${t.model}` : ip),
    macs: [mac],
    ips: r.chance(0.25) ? [ip, `fe80::${r.hex(4)}:${r.hex(4)}:${r.hex(4)}`] : [ip],
    hostnames: host ? [`${host}.clinic.example`] : [],
    ...(r.chance(0.6) ? { vlan: r.pick([10, 20, 30]) } : {}),
    random_mac: !t.mac,
    vendor: t.vendor, kind: t.kind, model: t.model, os: t.os, software: t.software,
    confidence: known?.confidence ?? claims[0]?.confidence ?? 0,
    claims, evidence,
    care: {
      function: k.function, criticality: k.criticality, location: r.pick(places[t.places]), in_use: inUse,
      ...(inUse === 'yes' ? { in_use_since: iso(now - r.int(3, 600) * minute) } : {}), overridden,
    },
    services: t.services.map(([role, transport, port, protocol]) => ({ role, transport, port, protocol, first_seen: iso(first + 1000), last_seen: iso(now - r.int(0, 50) * minute) })),
    first_seen: iso(first),
    last_seen: iso(now - (r.chance(0.85) ? r.int(0, 240) * 1000 : r.int(1, 30) * hour)),
  };
}

function claimsOf(t, evidence) {
  const claims = [];
  for (const attribute of ['vendor', 'kind', 'model', 'os', 'software']) {
    const value = t[attribute];
    if (!value || value === 'unknown') continue;
    const backing = evidence.filter((e) => e.says === attribute && e.claim === value);
    const confidence = backing.length ? 1 - backing.reduce((p, e) => p * (1 - e.weight), 1) : 0.35;
    claims.push({ attribute, value, confidence: Math.round(confidence * 100) / 100 });
  }
  return claims;
}

// Who talks to whom: [client kinds, server kind, transport, port, protocol, bytes a conversation].
const habits = [
  [['infusion-pump'], 'pump-gateway', 'tcp', 4432, 'tls', 4e5],
  [['patient-monitor'], 'central-station', 'udp', 24105, 'ieee11073', 9e7],
  [['ventilator', 'central-station', 'pump-gateway', 'lab-system', 'medication-cabinet'], 'interface-engine', 'tcp', 6661, 'hl7', 2e6],
  [['interface-engine'], 'ehr-server', 'tcp', 6661, 'hl7', 3e7],
  [['lab-analyzer'], 'lab-system', 'tcp', 6661, 'hl7', 8e5],
  [['imaging-modality', 'imaging-workstation'], 'pacs', 'tcp', 104, 'dicom', 3e9],
  [['wearable'], 'message-broker', 'tcp', 1883, 'mqtt', 6e5],
  [['message-broker'], 'interface-engine', 'tcp', 6661, 'hl7', 1e6],
  [['workstation', 'tablet', 'imaging-workstation'], 'ehr-server', 'tcp', 443, 'tls', 5e7],
  [['workstation', 'imaging-workstation'], 'directory-server', 'tcp', 88, 'kerberos', 3e5],
  [['workstation', 'imaging-workstation'], 'directory-server', 'tcp', 389, 'ldap', 6e5],
  [['workstation', 'lab-system'], 'file-server', 'tcp', 445, 'smb2', 8e8],
  [['workstation'], 'printer', 'tcp', 631, 'http', 4e6],
  [['workstation', 'server', 'imaging-modality', 'ehr-server', 'tablet', 'camera'], 'directory-server', 'udp', 53, 'dns', 2e5],
  [['infusion-pump', 'patient-monitor', 'ventilator', 'wearable', 'unknown', 'voip-phone', 'printer', 'tablet'], 'router', 'udp', 67, 'dhcp', 3e3],
  [['building-controller'], 'building-controller', 'udp', 47808, 'bacnet', 4e6],
  [['nurse-call', 'voip-phone'], 'voip-phone', 'udp', 5060, 'sip', 2e5],
  [['access-point', 'network-gear', 'ups'], 'file-server', 'udp', 514, 'syslog', 3e5],
];

const outside = [
  ['34.117.59.81', 'updates.vendor.example', ['imaging-modality', 'workstation', 'tablet', 'access-point']],
  ['140.82.121.4', 'cloud.example', ['unknown', 'camera', 'wearable']],
  ['91.189.91.83', 'ntp.example', ['router', 'nurse-call']],
];

function talk(all, into, r, now) {
  const by = new Map();
  for (const d of all) {
    if (!by.has(d.kind)) by.set(d.kind, []);
    by.get(d.kind).push(d);
  }
  for (const [clients, server, transport, port, protocol, size] of habits) {
    const servers = by.get(server);
    if (!servers) continue;
    for (const kind of clients) {
      for (const client of by.get(kind) ?? []) {
        const to = r.pick(servers);
        if (to !== client && r.chance(0.93)) add(into, conversation(client, peer(to), transport, port, protocol, size, r, now));
      }
    }
  }
  for (const [ip, name, clients] of outside) {
    for (const kind of clients) {
      for (const client of by.get(kind) ?? []) {
        if (r.chance(0.5)) add(into, conversation(client, { ip, name }, 'tcp', 443, 'tls', 8e6, r, now));
      }
    }
  }
  for (const analyser of (by.get('lab-analyzer') ?? []).slice(0, 3)) {
    const pc = by.get('workstation')?.[0];
    if (pc) add(into, conversation(pc, peer(analyser), 'tcp', 23, 'telnet', 8e4, r, now));
  }
}

function add(map, c) {
  map.set(c.id, c);
}

const peer = (d) => ({ device: d.id, ip: d.ips[0], name: d.name });

function conversation(client, server, transport, port, protocol, size, r, now) {
  const total = size * (0.2 + r.next() * 1.6);
  const out = total * (protocol === 'dicom' || protocol === 'ieee11073' ? 0.9 : 0.2 + r.next() * 0.4);
  return {
    id: `con-${r.base32(8)}`, client: peer(client), server, transport, port, protocol,
    flows: r.int(1, 400), packets_out: Math.ceil(out / 700), packets_in: Math.ceil((total - out) / 900),
    bytes_out: Math.round(out), bytes_in: Math.round(total - out),
    first_seen: client.first_seen, last_seen: iso(now - (r.chance(0.8) ? r.int(0, 200) * 1000 : r.int(1, 20) * hour)),
  };
}

function findingsOf(all, r, now) {
  const of = (kind) => all.filter((d) => d.kind === kind);
  const [pc] = of('workstation');
  const analysers = of('lab-analyzer');
  const [unknown] = of('unknown');
  const out = [];
  if (unknown) {
    out.push(finding('scan-horizontal', 'high', 0.9, 'T0846', `${unknown.ips[0]} looks for devices that answer on TCP port 104`, unknown, undefined,
      { targets: 41, answered: 2, port: 104, transport: 'tcp', seconds: 12.4, example: [...of('imaging-modality'), ...of('pacs')].map((d) => d.ips[0]).slice(0, 4) }, 41, 19 * minute, r, now));
  }
  for (const a of analysers.slice(0, 2)) {
    if (pc) out.push(finding('credential-in-clear', 'medium', 0.95, 'T1040', `${pc.ips[0]} signs in to ${a.ips[0]} over Telnet, readable by anyone on the way`, pc, a, { protocol: 'telnet', account: 'service', times: 3 }, 3, 3 * hour, r, now));
  }
  if (analysers[0]) out.push(finding('outdated-protocol', 'low', 0.8, 'T0866', `${analysers[0].ips[0]} still answers to SMB 1`, analysers[0], undefined, { protocol: 'smb1', dialect: 'NT LM 0.12' }, 12, 26 * hour, r, now));
  return out;
}

function finding(rule, severity, confidence, technique, title, src, dst, evidence, count, age, r, now) {
  return {
    id: `fnd-${r.base32(8)}`, rule, severity, confidence, technique, title, src: src.ips[0], ...(dst ? { dst: dst.ips[0], dst_device: dst.id } : {}), src_device: src.id,
    evidence, packets: Array.from({ length: Math.min(count, 3) }, (_, i) => ({ file: 'eth1', number: 10_400 + i * 17 })), count,
    first: iso(now - age - 5 * minute), last: iso(now - age),
  };
}

export function timeline(d, world) {
  const first = Date.parse(d.first_seen);
  const out = [{ device: d.id, time: d.first_seen, event: 'first-seen', text: `Seen for the first time, with the address ${d.ips[0]}` }];
  d.services.forEach((s, i) => out.push({ device: d.id, time: iso(first + (i + 1) * 1400), event: 'new-service', text: `${s.role === 'server' ? 'Offers' : 'Uses'} ${s.protocol} on ${s.transport} port ${s.port}` }));
  d.claims.forEach((c, i) => out.push({ device: d.id, time: iso(first + 2200 + i * 900), event: 'identified', text: `Believed to be of ${c.attribute} ${c.value}` }));
  for (const c of world.conversations.values()) {
    if (c.client.device === d.id) out.push({ device: d.id, time: iso(Date.parse(c.first_seen) + 5000), event: 'new-conversation', text: `Talks to ${c.server.name} over ${c.protocol}`, conversation: c.id });
  }
  for (const f of world.findings.values()) {
    if (f.src_device === d.id || f.dst_device === d.id) out.push({ device: d.id, time: f.first, event: 'finding', text: f.title, finding: f.id });
  }
  if (d.care.overridden.length) out.push({ device: d.id, time: iso(world.now - 2 * hour), event: 'override', text: `Somebody set the location to ${d.care.location}` });
  return out.sort((a, b) => b.time.localeCompare(a.time));
}

export const iso = (t) => new Date(t).toISOString();
