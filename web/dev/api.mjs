// The API of a site over prepared data, close enough to the real one that the
// console cannot tell.
import { clinic, device, iso, timeline } from './clinic.mjs';
import { kinds } from './kinds.mjs';
import { random } from './random.mjs';
import { templates } from './templates.mjs';

const sizes = { clinic: 60, map: 500, many: 10_000, one: 1, empty: 0, error: 60, loading: 60, replay: 60 };

export class Fixtures {
  constructor(scenario, lively) {
    this.lively = lively;
    this.streams = new Set();
    this.up = true;
    this.choose(scenario);
    if (lively) setInterval(() => this.tick(), 1000).unref();
  }

  choose(scenario) {
    this.scenario = scenario;
    // A replay plays something recorded long ago.
    const now = scenario === 'replay' ? Date.parse('2024-03-05T10:00:00Z') : Date.now();
    this.world = clinic({ size: sizes[scenario] ?? 60, now, findings: scenario !== 'one' && scenario !== 'empty' });
    this.overrides = new Map();
    this.packets = 1_284_300;
    this.started = Date.now() - 3 * 3600_000;
    this.r = random(99);
    this.send('resync', { reason: 'the scenario changed' });
  }

  /** Cuts the line to the server, or mends it. */
  line(up) {
    this.up = up;
    if (!up) {
      this.cut = true;
      for (const res of this.streams) res.destroy();
      this.streams.clear();
    }
  }

  /** Lets n devices be found. */
  arrive(n) {
    for (let i = 0; i < n; i++) {
      const d = device(this.r.pick(templates.filter((t) => t.name)), this.world.devices.size, this.r, Date.now());
      d.first_seen = d.last_seen = iso(Date.now());
      this.world.devices.set(d.id, d);
      this.send('device', summary(d));
    }
    this.send('site', this.site());
  }

  tick() {
    this.packets += this.r.int(180, 420);
    this.send('site', this.site());
    const all = [...this.world.conversations.values()];
    for (let i = 0; i < Math.min(6, all.length); i++) {
      const c = this.r.pick(all);
      c.bytes_out += this.r.int(100, 90_000);
      c.packets_out += this.r.int(1, 90);
      c.last_seen = iso(Date.now());
      this.send('conversation', c);
      const d = this.world.devices.get(c.client.device);
      if (d) {
        d.last_seen = c.last_seen;
        this.send('device', summary(d));
      }
    }
  }

  send(event, data) {
    for (const res of this.streams) res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  answer(req, res, url) {
    if (!this.up) return void res.destroy();
    if (url.pathname === '/healthz') return void res.writeHead(200).end('ok');
    if (url.pathname === '/api/v1/events') return this.stream(req, res);
    const path = url.pathname.replace('/api/v1', '').split('/').filter(Boolean).map(decodeURIComponent);
    if (this.scenario === 'error' && path[0] !== 'site' && path[0] !== 'kinds') return problem(res, 500, 'Cordon could not list devices. Its log says why; try again, and report it if it stays.');
    if (this.scenario === 'loading' && path[0] !== 'kinds') return; // never answers
    if (req.method === 'PATCH' && path[0] === 'devices') return void this.patch(req, res, path[1]);
    const body = this.read(path, url.searchParams);
    if (body === undefined) return problem(res, 404, `There is nothing under ${url.pathname}.`);
    json(res, 200, body);
  }

  read([noun, id, part], q) {
    const w = this.world;
    switch (noun) {
      case 'site':
        return this.site();
      case 'kinds':
        return { items: kinds };
      case 'devices': {
        if (!id) return page([...w.devices.values()].sort((a, b) => a.name.localeCompare(b.name)).map(q.get('fields') === 'full' ? (d) => d : summary), q);
        const d = w.devices.get(id);
        if (!d) return undefined;
        if (part === 'conversations') return page(talksWith(w, id), q);
        if (part === 'timeline') return page(timeline(d, w), q);
        return d;
      }
      case 'conversations':
        return page(q.get('device') ? talksWith(w, q.get('device')) : [...w.conversations.values()], q);
      case 'findings':
        return page([...w.findings.values()].filter((f) => !q.get('device') || f.src_device === q.get('device') || f.dst_device === q.get('device')), q);
      default:
        return undefined;
    }
  }

  site() {
    const w = this.world;
    const replay = this.scenario === 'replay';
    const count = (list, key) => list.reduce((n, x) => ((n[x[key]] = (n[x[key]] ?? 0) + 1), n), {});
    const empty = this.scenario === 'empty';
    return {
      name: 'St. Anna clinic', version: '0.1.0', started: iso(this.started), listening: 'This machine only, until people can sign in',
      counts: {
        devices: w.devices.size, devices_by_kind: count([...w.devices.values()], 'kind'), conversations: w.conversations.size,
        findings: w.findings.size, findings_by_severity: count([...w.findings.values()], 'severity'),
      },
      sensor: {
        sources: [
          {
            name: replay ? 'recordings/ward-3.pcapng' : 'eth1', kind: replay ? 'replay' : 'live', state: 'running', packets: empty ? 0 : this.packets, bytes: empty ? 0 : this.packets * 612,
            kernel_drops: 0, malformed: 3, shed: 0, flows_live: empty ? 0 : 812, packets_per_second: empty ? 0 : 180 + (this.packets % 240),
            ...(empty ? {} : { last_packet: iso(replay ? w.now : Date.now()) }), ...(replay ? { progress: 0.62 } : {}),
          },
        ],
      },
      store: { engine: 'sqlite', schema_version: 1, healthy: true, message: '' },
      data_age_seconds: 0.4,
    };
  }

  async patch(req, res, id) {
    const d = this.world.devices.get(id);
    if (!d) return problem(res, 404, 'There is no device with that id: look it up under /api/v1/devices.');
    let raw = '';
    for await (const chunk of req) raw += chunk;
    const change = JSON.parse(raw);
    if (!this.overrides.has(id)) this.overrides.set(id, structuredClone(d));
    const original = this.overrides.get(id);
    for (const [key, value] of Object.entries(change)) {
      const care = key in d.care;
      if (key === 'name' && value !== null && !value.trim()) return problem(res, 422, 'body.name: must not be blank: send null to take the name back');
      const target = care ? d.care : d;
      target[key] = value ?? (care ? original.care[key] : original[key]);
      d.care.overridden = d.care.overridden.filter((k) => k !== key);
      if (value !== null) d.care.overridden.push(key);
      if (['kind', 'vendor', 'model'].includes(key) && value !== null) {
        d.claims = [{ attribute: key, value, confidence: 1 }, ...d.claims.filter((c) => c.attribute !== key)];
        d.evidence = [{ source: 'person', field: 'said', value, says: key, claim: value, weight: 1, rule: 'person', first: iso(Date.now()) }, ...d.evidence];
      }
    }
    this.send('device', summary(d));
    json(res, 200, d);
  }

  stream(req, res) {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    res.write('retry: 1000\n\n');
    this.streams.add(res);
    if (this.cut) this.send('resync', { reason: 'the line was cut' });
    req.on('close', () => this.streams.delete(res));
  }
}

function summary(d) {
  const { claims, evidence, services, ...rest } = d;
  return rest;
}

function talksWith(w, id) {
  return [...w.conversations.values()].filter((c) => c.client.device === id || c.server.device === id);
}

function page(items, q) {
  const limit = Number(q.get('limit') ?? 100);
  const from = Number(q.get('cursor') ?? 0);
  const next = from + limit < items.length ? String(from + limit) : undefined;
  return { items: items.slice(from, from + limit), ...(next ? { next } : {}) };
}

function json(res, status, body) {
  res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  res.end(JSON.stringify(body));
}

function problem(res, status, detail) {
  res.writeHead(status, { 'Content-Type': 'application/problem+json' });
  res.end(JSON.stringify({ title: 'Error', status, detail }));
}
