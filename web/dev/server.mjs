// The console with prepared data and no Cordon behind it, for development and
// for the states that a real site seldom shows.
//
//   node dev/server.mjs [--port 5180] [--scenario clinic] [--quiet] [--vite]
//
// Scenarios: clinic (60 devices), map (500), many (10,000), one, empty, error,
// loading, replay. POST /dev/line?up=false cuts the line, true mends it;
// POST /dev/scenario?name=… changes the scenario. With --quiet nothing happens
// by itself; with --vite the sources are served and reload as they change.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Fixtures } from './api.mjs';

const { values: flags } = parseArgs({
  options: {
    port: { type: 'string', default: '5180' },
    scenario: { type: 'string', default: 'clinic' },
    quiet: { type: 'boolean', default: false },
    vite: { type: 'boolean', default: false },
  },
});

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' };

const fixtures = new Fixtures(flags.scenario, !flags.quiet);
const vite = flags.vite ? await (await import('vite')).createServer({ root, server: { middlewareMode: true }, appType: 'spa' }) : undefined;

const server = createServer((req, res) => {
  const url = new URL(req.url ?? '/', 'http://localhost');
  if (url.pathname.startsWith('/dev/') && req.method === 'POST') return control(url, res);
  if (url.pathname.startsWith('/api/') || url.pathname === '/healthz') return fixtures.answer(req, res, url);
  if (vite) return vite.middlewares(req, res);
  serveFile(url.pathname, res);
});

function control(url, res) {
  if (url.pathname === '/dev/line') fixtures.line(url.searchParams.get('up') !== 'false');
  else if (url.pathname === '/dev/scenario') fixtures.choose(url.searchParams.get('name') ?? 'clinic');
  else if (url.pathname === '/dev/arrive') fixtures.arrive(Number(url.searchParams.get('n') ?? 1));
  res.writeHead(204).end();
}

function serveFile(path, res) {
  let file = join(dist, normalize(path));
  const hashed = path.startsWith('/assets/');
  if (!file.startsWith(dist) || !existsSync(file) || !statSync(file).isFile()) {
    if (hashed) return void res.writeHead(404).end();
    file = join(dist, 'index.html');
  }
  res.writeHead(200, {
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Content-Security-Policy': policy,
    'Cache-Control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  createReadStream(file).pipe(res);
}

server.listen(Number(flags.port), '127.0.0.1', () => {
  const address = server.address();
  console.log(`http://127.0.0.1:${address.port}`);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
