// Where the tests look: the site that CORDON_URL names, else prepared data.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const server = fileURLToPath(new URL('../dev/server.mjs', import.meta.url));

/** Starts the server with prepared data; nothing happens in it by itself. */
export async function fixtures(scenario) {
  if (!existsSync(new URL('../dist/index.html', import.meta.url))) throw new Error('There is no build to test: run "npm run build" first.');
  const child = spawn(process.execPath, [server, '--port', '0', '--quiet', '--scenario', scenario], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const url = line.trim();
  return {
    url,
    tell: (path) => fetch(`${url}/dev/${path}`, { method: 'POST' }),
    stop: () => child.kill(),
  };
}

export async function site() {
  const url = process.env.CORDON_URL;
  return url ? { url: url.replace(/\/$/, ''), stop: () => undefined } : fixtures('clinic');
}
