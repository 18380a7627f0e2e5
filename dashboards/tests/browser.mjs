// Chromium for the tests: a page, its context, and the faults that the page itself reports; the same with a person signed in.
import { chromium } from 'playwright-core';

const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// What a page is waited for; only what will never come needs so long. A starved machine is slow, not wrong.
const patience = 300_000;

// What stands for a person's time, a note and the `g` before the letter of a page, stands as long: a starved test may come late to it.
const stand = ([times, longer]) => {
  const real = globalThis.setTimeout;
  globalThis.setTimeout = (what, ms, ...more) => real(what, times.includes(ms) ? longer : ms, ...more);
};

// With `way`, what the page asks of the analyzer goes through way.to(route), from its first request on: a route that is set while a page
// stands does not hold for a request that is made at once.
export async function open(base, view = {}, way = null) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args, timeout: patience });
  const context = await browser.newContext(view);
  context.setDefaultTimeout(patience);
  await context.addInitScript(stand, [[1500, 10_000], patience]);
  const page = await context.newPage();
  if (way) await page.route('**/api/**', (route) => way.to(route));
  const faults = [];
  page.on('pageerror', (e) => faults.push(`page error: ${e.message}`));
  await page.goto(base, { waitUntil: 'load' });
  await page.waitForSelector('input[name=user]');
  return { browser, context, page, faults };
}

export async function enter(page, user, password) {
  await page.fill('input[name=user]', user);
  await page.fill('input[name=password]', password);
  await page.click('button.main');
  await page.waitForSelector('nav');
}

export async function signIn(base, user, password, view = {}, way = null) {
  const opened = await open(base, view, way);
  await enter(opened.page, user, password);
  return opened;
}

// From now on (before the sign-in an answer 401 is no fault) what the page says as an error is one.
export function hearConsole(page, faults) {
  page.on('console', (m) => {
    if (m.type() === 'error') faults.push(`console: ${m.text()}`);
  });
}
