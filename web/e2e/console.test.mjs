// The console from end to end in a real browser, against any site:
// CORDON_URL=https://127.0.0.1:8443 npm run e2e
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, open } from './browser.mjs';
import { accessible, noSidewaysScroll, roomForFingers, watch } from './checks.mjs';
import { site } from './site.mjs';

let browser;
let here;
let device; // one with a story to tell
let finding;

before(async () => {
  [browser, here] = await Promise.all([launch(), site()]);
  const page = await open(browser);
  await page.goto(here.url);
  ({ device, finding } = await page.evaluate(async () => {
    const read = async (path) => (await (await fetch(`/api/v1${path}`)).json()).items;
    const devices = await read('/devices?limit=1000&fields=full');
    const rank = (d) => d.claims.length + d.services.length + (d.kind === 'unknown' ? 0 : 10);
    return { device: devices.sort((a, b) => rank(b) - rank(a))[0], finding: (await read('/findings?limit=1'))[0] };
  }));
  await page.context().close();
  assert.ok(device, 'the site has no device to look at');
});

after(async () => {
  await browser?.close();
  here?.stop();
});

/** Opens a page of the console, runs the body, and holds that nothing went wrong on the way. */
async function visit(path, options, body) {
  const page = await open(browser, options);
  try {
    const troubles = await watch(page, here.url);
    await page.goto(here.url + path);
    await page.waitForSelector('#main h1');
    await body(page);
    assert.deepEqual(troubles, []);
  } finally {
    await page.context().close();
  }
}

const heading = (page) => page.locator('#main h1').innerText();
const devicesReady = (page) => page.waitForSelector('[role="grid"] [role="row"] a');

function paths() {
  return {
    overview: '/',
    devices: '/devices',
    'no match': '/devices?q=no+such+device+anywhere',
    device: `/devices/${device.id}`,
    map: '/map',
    'map of one device': `/map?focus=${device.id}`,
    'map as a table': '/map?view=table',
    findings: '/findings',
    ...(finding ? { finding: `/findings/${finding.id}` } : {}),
    settings: '/settings',
    nowhere: '/no/such/page',
    'no such device': '/devices/dev-none',
  };
}

/** Waits until what the page shows has come. */
async function settled(page) {
  await page.waitForSelector('#main h1');
  await page.waitForFunction(() => !document.querySelector('#main .skeleton'));
  await page.waitForTimeout(250);
}

describe('overview', () => {
  it('answers first, in plain words', () =>
    visit('/', {}, async (page) => {
      await page.waitForFunction(() => /Cordon watches/.test(document.querySelector('#main h1')?.textContent ?? ''));
      const n = await page.evaluate(async () => (await (await fetch('/api/v1/site')).json()).counts.devices);
      assert.match(await heading(page), new RegExp(`Cordon watches ${n.toLocaleString('en')} devices?\\.`));
      await settled(page);
      assert.ok((await page.locator('.tasks > li').count()) <= 3);
    }));

  it('tells what is new since the last visit', () =>
    visit('/', {}, async (page) => {
      await settled(page);
      assert.equal(await page.locator('#news').innerText(), 'Found last');
      await page.locator('#news').waitFor();
      await page.reload();
      await settled(page);
      assert.equal(await page.locator('#news').innerText(), 'New since you were last here');
    }));
});

describe('device list', () => {
  it('searches, and says how many are left', () =>
    visit('/devices', {}, async (page) => {
      await devicesReady(page);
      await page.locator('input[type="search"]').fill(device.name);
      await page.waitForFunction(() => / of /.test(document.querySelector('#main h1')?.textContent ?? ''));
      const names = await page.locator('[role="grid"] .c-name a').allInnerTexts();
      assert.ok(names.includes(device.name), names.join());
      assert.match(page.url(), /[?&]q=/);
    }));

  it('filters by kind', () =>
    visit('/devices', {}, async (page) => {
      await devicesReady(page);
      await page.locator('select').first().selectOption(`kind:${device.kind}`);
      await page.waitForURL(/kind=/);
      await page.waitForTimeout(100);
      const kinds = new Set(await page.locator('[role="grid"] .row .c-kind').allInnerTexts());
      assert.equal(kinds.size, 1);
    }));

  it('sorts by a column, and back', () =>
    visit('/devices', {}, async (page) => {
      await devicesReady(page);
      const title = page.getByRole('columnheader', { name: 'Name' });
      await title.getByRole('button').click();
      await page.waitForSelector('[role="columnheader"][aria-sort="ascending"]');
      const natural = (s) => s.toLowerCase().replace(/\d+/g, (n) => n.padStart(10, '0'));
      const rising = await page.locator('[role="grid"] .c-name a').allInnerTexts();
      assert.deepEqual(rising, [...rising].sort((a, b) => (natural(a) < natural(b) ? -1 : natural(a) > natural(b) ? 1 : 0)));
      await title.getByRole('button').click();
      assert.equal(await title.getAttribute('aria-sort'), 'descending');
      assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'BUTTON', 'the keyboard stays where it was');
    }));

  it('is worked by keyboard alone', () =>
    visit('/devices', {}, async (page) => {
      await devicesReady(page);
      await page.getByRole('grid').focus();
      const marked = () => page.evaluate(() => document.activeElement?.getAttribute('aria-activedescendant'));
      const first = await marked();
      assert.ok(first, 'a row is marked as soon as the list has the keyboard');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('End');
      const last = await marked();
      assert.notEqual(last, first);
      await page.locator(`[id="${last}"]`).waitFor();
      await page.keyboard.press('Home');
      assert.equal(await marked(), first);
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/devices\/dev-/);
    }));

  it('leads back to the same place', () =>
    visit('/devices', { height: 420 }, async (page) => {
      await devicesReady(page);
      const grid = page.getByRole('grid');
      await grid.evaluate((e) => (e.scrollTop = 300));
      await page.waitForTimeout(150);
      const top = await grid.evaluate((e) => e.scrollTop);
      // A row in the middle, by its coordinates: a locator might scroll first.
      const spot = await grid.evaluate((e) => {
        const { top, bottom } = e.getBoundingClientRect();
        const row = [...e.querySelectorAll('.row')].map((r) => r.getBoundingClientRect()).find((r) => r.top > top + 80 && r.bottom < bottom);
        return { x: row.left + row.width / 2, y: row.top + row.height / 2 };
      });
      await page.mouse.click(spot.x, spot.y);
      await page.waitForURL(/\/devices\/dev-/);
      await page.goBack();
      await page.waitForFunction((t) => document.querySelector('[role="grid"]')?.scrollTop === t, top);
    }));
});

describe('device page', () => {
  it('says what it is and why', () =>
    visit(`/devices/${device.id}`, {}, async (page) => {
      await page.waitForSelector('.why');
      assert.equal((await heading(page)).trim(), device.name);
      await settled(page);
      if (device.evidence.length > 0) assert.ok((await page.locator('.why .sentence').count()) > 0);
      assert.equal(await page.title(), `${device.name} · Cordon`);
    }));

  it('takes what a person says, and takes it back', () =>
    visit(`/devices/${device.id}`, {}, async (page) => {
      await page.waitForSelector('.why');
      const row = page.locator('.field-row', { has: page.getByText('Place', { exact: true }) });
      const before = await row.locator('.value > span').innerText();
      await row.getByRole('button', { name: 'Change place' }).click();
      await page.keyboard.type('Test bench 7');
      await page.keyboard.press('Enter');
      await row.getByText('Saved.').waitFor();
      assert.equal(await row.locator('.value > span').innerText(), 'Test bench 7');
      await row.getByRole('button', { name: 'Undo' }).click();
      await page.waitForFunction((text) => [...document.querySelectorAll('.field-row')].some((r) => r.textContent?.includes('Place') && r.querySelector('.value > span')?.textContent === text), before);
    }));

  it('lets Escape leave a field as it was', () =>
    visit(`/devices/${device.id}`, {}, async (page) => {
      await page.waitForSelector('.why');
      await page.getByRole('button', { name: 'Change function' }).click();
      await page.keyboard.type('something else');
      await page.keyboard.press('Escape');
      assert.equal(await page.locator('form').count(), 0);
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Change function');
    }));
});

describe('map', () => {
  it('draws groups, opens one, and centres on a device', () =>
    visit('/map', {}, async (page) => {
      await page.waitForSelector('.canvas canvas');
      await page.waitForTimeout(400);
      const painted = await page.evaluate(() => [...document.querySelectorAll('.canvas canvas')].some((c) => c.width && c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0)));
      assert.ok(painted, 'the canvas is blank');
      const toggle = page.locator('aside button[aria-expanded]').first();
      const was = await toggle.getAttribute('aria-expanded');
      await toggle.click();
      await page.waitForURL(/open=/);
      assert.notEqual(await toggle.getAttribute('aria-expanded'), was);
      await page.goto(`${here.url}/map?focus=${device.id}`);
      await page.waitForFunction((name) => document.querySelector('#main h1')?.textContent?.startsWith(name), device.name);
    }));

  it('is the same as a table', () =>
    visit('/map', {}, async (page) => {
      await page.getByRole('button', { name: 'Table' }).click();
      await page.waitForSelector('table tbody tr');
      assert.ok((await page.locator('table').count()) === 2);
    }));
});

describe('shell', () => {
  it('finds a device from the palette', () =>
    visit('/', {}, async (page) => {
      await settled(page);
      await page.keyboard.press('Control+k');
      await page.waitForSelector('dialog[open]');
      await page.keyboard.type(device.name);
      await page.getByRole('option', { name: device.name }).first().waitFor();
      await page.waitForTimeout(100);
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/devices\//);
      assert.equal(await page.locator('dialog').count(), 0);
    }));

  it('gives the keyboard back when the palette closes', () =>
    visit('/', {}, async (page) => {
      await settled(page);
      const search = page.locator('nav .search');
      await search.click();
      await page.waitForSelector('dialog[open]');
      await page.keyboard.press('Escape');
      await page.waitForSelector('dialog', { state: 'detached' });
      await page.waitForFunction(() => document.activeElement?.classList.contains('search'));
    }));

  it('skips to the content, and goes to pages by letters', () =>
    visit('/', {}, async (page) => {
      await settled(page);
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the content');
      await page.keyboard.press('Enter');
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
      await page.keyboard.press('g');
      await page.keyboard.press('d');
      await page.waitForURL(/\/devices$/);
      await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
    }));

  it('keeps the theme that was chosen', () =>
    visit('/settings', {}, async (page) => {
      await page.getByRole('button', { name: 'Dark' }).click();
      await page.reload();
      await page.waitForSelector('#main h1');
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    }));

  it('says that it is live, and who can reach it', () =>
    visit('/', {}, async (page) => {
      await page.waitForSelector('.line.live');
      assert.ok(await page.getByText('Listening on this machine only until sign-in exists.').isVisible());
    }));
});

describe('every page', () => {
  for (const dark of [false, true]) {
    it(`meets WCAG 2.2 AA as far as axe can tell, ${dark ? 'dark' : 'light'}`, async (t) => {
      for (const [name, path] of Object.entries(paths())) {
        await t.test(name, async () => {
          const page = await open(browser, { dark });
          await page.goto(here.url + path);
          await settled(page);
          await accessible(page);
          await page.context().close();
        });
      }
      await t.test('palette', async () => {
        const page = await open(browser, { dark });
        await page.goto(here.url);
        await settled(page);
        await page.keyboard.press('Control+k');
        await page.waitForSelector('dialog[open]');
        await page.keyboard.type(device.name.slice(0, 2));
        await page.waitForTimeout(200);
        await accessible(page);
        await page.context().close();
      });
    });
  }

  it('fits a phone', async (t) => {
    for (const [name, path] of Object.entries(paths())) {
      await t.test(name, () =>
        visit(path, { width: 390, height: 844, hasTouch: true, isMobile: true }, async (page) => {
          await settled(page);
          await noSidewaysScroll(page);
          await roomForFingers(page);
        }).catch((error) => {
          // A device that is not there answers 404, which the browser notes.
          if (name !== 'no such device' || !/404/.test(error.message)) throw error;
        }),
      );
    }
  });

  it('loses nothing when text is twice as large', async (t) => {
    for (const [name, path] of Object.entries(paths())) {
      await t.test(name, async () => {
        const page = await open(browser);
        await page.goto(here.url + path);
        await settled(page);
        await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
        await page.waitForTimeout(100);
        await noSidewaysScroll(page);
        assert.ok(await page.locator('#main h1').first().evaluate((e) => e.classList.contains('hidden-visually') || e.scrollWidth <= e.clientWidth + 1));
        await page.context().close();
      });
    }
  });
});
