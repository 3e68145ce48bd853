// Chromium for the tests and the pictures: Debian's, or the one that
// CORDON_CHROMIUM names.
import { chromium } from 'playwright-core';

export function launch() {
  return chromium.launch({
    executablePath: process.env.CORDON_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** A page of its own context; a site's certificate is its own, so it is not checked. */
export async function open(browser, { width = 1366, height = 768, dark = false, ...rest } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    ignoreHTTPSErrors: true,
    locale: 'en-GB',
    ...rest,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  return page;
}
