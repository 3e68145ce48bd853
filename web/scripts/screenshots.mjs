// Takes the pictures that the documentation shows, from a running site.
//
//   npm run screenshots -- --url https://127.0.0.1:8443 --out ../docs/images
//   … --all           every page in every size, for looking at
//   … --only map      pages whose name contains it
//   … --size 390x844  one size;  --theme dark  one theme
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { launch, open } from '../e2e/browser.mjs';

const { values: flags } = parseArgs({
  options: {
    url: { type: 'string', default: 'https://127.0.0.1:8443' },
    out: { type: 'string', default: 'docs/images' },
    only: { type: 'string', default: '' },
    size: { type: 'string' },
    theme: { type: 'string' },
    all: { type: 'boolean', default: false },
  },
});

// npm runs scripts in web/, people name folders from where they stand.
const out = resolve(process.env.INIT_CWD ?? '.', flags.out);
mkdirSync(out, { recursive: true });

const sizes = flags.size ? [flags.size.split('x').map(Number)] : flags.all ? [[390, 844], [1366, 768], [2560, 1440]] : [[1366, 768]];
const themes = flags.theme ? [flags.theme] : ['light', 'dark'];

const browser = await launch();
try {
  const shots = await plan();
  for (const [width, height] of sizes) {
    for (const theme of themes) {
      for (const shot of shots.filter((s) => s.name.includes(flags.only))) {
        const page = await open(browser, { width, height, dark: theme === 'dark', hasTouch: width < 500, isMobile: width < 500 });
        await page.goto(flags.url + shot.path);
        await shot.ready(page);
        const file = join(out, `${shot.name}-${flags.all || flags.size ? `${width}-` : ''}${theme}.png`);
        await page.screenshot({ path: file });
        console.log(file);
        await page.context().close();
      }
    }
  }
  for (const [width, height] of flags.all || flags.size ? [] : [[390, 844]]) {
    for (const shot of shots.filter((s) => s.phone && s.name.includes(flags.only))) {
      const page = await open(browser, { width, height, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
      await page.goto(flags.url + shot.path);
      await shot.ready(page);
      const file = join(out, `${shot.name}-phone.png`);
      await page.screenshot({ path: file });
      console.log(file);
      await page.context().close();
    }
  }
} finally {
  await browser.close();
}

/** The pages worth a picture, with the most telling device and finding. */
async function plan() {
  const page = await open(browser);
  await page.goto(flags.url);
  const { device, finding } = await page.evaluate(async () => {
    const items = async (path) => (await (await fetch(path)).json()).items;
    const rich = (d) => d.claims.length + d.evidence.length + (d.care.criticality === 'life-sustaining' ? 20 : 0) + (d.services.length > 1 ? 3 : 0);
    const devices = await items('/api/v1/devices?limit=1000&fields=full');
    const findings = await items('/api/v1/findings?limit=10&sort=severity&order=asc');
    return { device: devices.sort((a, b) => rich(b) - rich(a))[0]?.id, finding: findings[0]?.id };
  });
  await page.context().close();
  const settled = (selector) => async (p) => {
    await p.waitForSelector(selector);
    await p.waitForTimeout(700); // a first drawing, a few events
  };
  return [
    { name: 'overview', path: '/', ready: settled('.below .rows, .below, .notice'), phone: true },
    { name: 'devices', path: '/devices', ready: settled('[role="grid"], .notice'), phone: true },
    ...(device ? [{ name: 'device', path: `/devices/${device}`, ready: settled('.why, .notice'), phone: true }] : []),
    { name: 'map', path: '/map', ready: settled('.canvas canvas, .notice'), phone: true },
    ...(device ? [{ name: 'map-device', path: `/map?focus=${device}`, ready: settled('.canvas canvas, .notice') }] : []),
    { name: 'map-table', path: '/map?view=table', ready: settled('table, .notice') },
    { name: 'findings', path: '/findings', ready: settled('h1') },
    ...(finding ? [{ name: 'finding', path: `/findings/${finding}`, ready: settled('h1') }] : []),
    { name: 'settings', path: '/settings', ready: settled('h1') },
    { name: 'palette', path: '/devices', ready: async (p) => { await settled('h1')(p); await p.keyboard.press('Control+k'); await p.waitForSelector('dialog[open]'); await p.keyboard.type('pu'); await p.waitForTimeout(400); } },
  ];
}
