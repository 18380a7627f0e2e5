// Chromium with a person signed in: the page, its context, and the faults that the page itself reports.
import { chromium } from 'playwright-core';

export async function signIn(base, user, password, view = {}) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'] });
  const context = await browser.newContext(view);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (e) => faults.push(`page error: ${e.message}`));
  await page.goto(base);
  await page.fill('input[name=user]', user);
  await page.fill('input[name=password]', password);
  await page.click('button.main');
  await page.waitForSelector('nav');
  return { browser, context, page, faults };
}
