// What every page must hold: nothing inline, nothing from elsewhere, no error
// in the console, no breach of WCAG 2.2 AA that a program can find.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Notes what goes wrong on a page; ask for it at the end. */
export async function watch(page, url) {
  const troubles = [];
  const origin = new URL(url).origin;
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && troubles.push(`console: ${m.text()}`));
  page.on('pageerror', (e) => troubles.push(`error: ${e.message}`));
  page.on('request', (r) => /^https?:/.test(r.url()) && new URL(r.url()).origin !== origin && troubles.push(`request to elsewhere: ${r.url()}`));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`));
  });
  return troubles;
}

export async function accessible(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const result = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
    return result.violations.map((v) => `${v.id}: ${v.help}\n    ${v.nodes.slice(0, 4).map((n) => `${n.target.join(' ')} ${n.any[0]?.message ?? ''}`).join('\n    ')}`);
  });
  assert.deepEqual(found, [], found.join('\n'));
}

export async function noSidewaysScroll(page) {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    const out = [];
    if (document.documentElement.scrollWidth > room) out.push(`the page is ${document.documentElement.scrollWidth} wide in ${room}`);
    const main = document.getElementById('main');
    if (main && main.scrollWidth > main.clientWidth) out.push(`its content is ${main.scrollWidth} wide in ${main.clientWidth}`);
    return out;
  });
  assert.deepEqual(wide, []);
}

/** Controls that a finger must hit; links inside of sentences are exempt. */
export async function roomForFingers(page) {
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('button, select, input, nav a, a.button')]
      .filter((e) => e.checkVisibility() && !e.closest('.hidden-visually') && !e.classList.contains('skip'))
      .map((e) => ({ e, r: e.getBoundingClientRect() }))
      .filter(({ e, r }) => r.width > 0 && (r.height < 43.5 || (e.tagName !== 'A' && r.width < 43.5)))
      .map(({ e, r }) => `${e.tagName} "${(e.getAttribute('aria-label') ?? e.textContent).trim().slice(0, 40)}" is ${Math.round(r.width)} × ${Math.round(r.height)}`),
  );
  assert.deepEqual(small, []);
}
