// Drives the pages in a real browser against a running analyzer.
//   node pages.mjs BASE_URL USER PASSWORD OUT_DIR [EXPECTATIONS.json]
// Signs in, walks every page in both languages and themes, takes pictures, and fails on: an error in the console,
// a broken rule of accessibility (serious or critical), a script that came from data, or an unmet expectation.
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { enter, hearConsole, open } from './browser.mjs';

const [base, user, password, out, expectFile] = process.argv.slice(2);
const expect = expectFile ? JSON.parse(readFileSync(expectFile, 'utf8')) : {};
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(out, { recursive: true });

const { browser, page, faults } = await open(base, { viewport: { width: 1440, height: 900 }, bypassCSP: false });
const check = (ok, text) => {
  if (!ok) faults.push(text);
};
page.on('dialog', async (d) => {
  faults.push(`a script from data ran: ${d.message()}`);
  await d.dismiss();
});

async function audit(name) {
  // The checker needs eval-free injection that the page's own policy forbids: evaluate goes past it.
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  for (const v of result.violations)
    if (['serious', 'critical'].includes(v.impact)) faults.push(`${name}: ${v.id}: ${v.help} (${v.nodes.length}×: ${v.nodes[0].target.join(' ')})`);
}

const until = (otherwise, ask, arg) => page.waitForFunction(ask, arg).catch(() => faults.push(otherwise));

async function shoot(name) {
  await page.screenshot({ path: `${out}/${name}.png`, fullPage: false });
}

// Wrong password first.
await page.fill('input[name=user]', user);
await page.fill('input[name=password]', 'certainly-wrong-1');
await page.click('button.main');
await page.waitForSelector('[role=alert]');
await shoot('sign-in-refused');
await enter(page, user, password);
hearConsole(page, faults);

async function visit(hash, ready, name) {
  await page.goto(`${base}/#/${hash}`);
  await page.waitForSelector(ready);
  await page.waitForTimeout(250);
  await shoot(name);
  await audit(name);
}

const times = {};
for (const [language, theme] of [['vi', 'dark'], ['en', 'light']]) {
  await page.evaluate(([l, t]) => {
    localStorage.setItem('language', l);
    localStorage.setItem('theme', t);
  }, [language, theme]);
  await page.reload();
  await page.waitForSelector('nav');
  const tag = `${language}-${theme}`;
  const t0 = Date.now();
  await visit('overview', '.four', `overview-${tag}`);
  times[`overview-${tag}`] = Date.now() - t0;
  await visit('inbox?state=all', '.list table', `inbox-${tag}`);
  await visit('incidents?state=all', '.page', `incidents-${tag}`);
  const link = await page.$('a.item');
  if (link) {
    await visit((await link.getAttribute('href')).replace(/^#\//, ''), '.head h1', `incident-${tag}`);
    await page.screenshot({ path: `${out}/incident-${tag}-full.png`, fullPage: true });
    await page.click('details:has(table) > summary:has(h2)'); // all events of the incident: asked for now
    await page.waitForSelector('tr.event');
    await page.click('tr.event button'); // and one of them whole
    await page.waitForSelector('tr.event + tr td');
    await shoot(`incident-events-${tag}`);
    await audit(`incident-events-${tag}`);
  }
  await visit('devices', '.list table', `devices-${tag}`);
  const device = expect.device ? await page.$(`a[href*="${encodeURIComponent(expect.device)}"]`) : await page.$('td a');
  if (device) await visit((await device.getAttribute('href')).replace(/^#\//, ''), '.head h1', `device-${tag}`);
  await visit('hunt?last=30d', '.list table', `hunt-${tag}`);
  await visit('hunt?q=type%3Aalert%20%7C%20groupby%20signature%2C%20src&last=30d', '.list table', `hunt-groupby-${tag}`);
  await visit('detections?last=30d', '.meter', `detections-${tag}`);
  await visit('reports', '.forms', `reports-${tag}`);
  await visit('sensors', '.page', `sensors-${tag}`);
  await visit('admin/doors', '.facts', `admin-doors-${tag}`);
  const tabs = await page.$$eval('.tabs a', (all) => all.map((a) => a.getAttribute('href').replace(/^#\//, '')));
  for (const tab of tabs) if (tab !== 'admin/doors') await visit(tab, '.admin > .panel, .admin > .tiles', `${tab.replace('/', '-')}-${tag}`);
  if (expect.tabs !== undefined) check(tabs.length === expect.tabs, `parts of the page Admin: ${tabs.length}, expected ${expect.tabs}`);
}

// What the analyzer must show.
await page.goto(`${base}/#/incidents?state=all`);
await page.waitForSelector('.page');
if (expect.incidents) await page.waitForFunction((n) => document.querySelectorAll('a.item').length >= n, expect.incidents);
const incidents = await page.$$eval('a.item', (all) => all.map((a) => a.textContent ?? ''));
if (expect.incidents !== undefined) check(incidents.length === expect.incidents, `incidents on the page: ${incidents.length}, expected ${expect.incidents}`);
if (expect.stages && incidents.length) {
  await page.click('a.item');
  await page.waitForSelector('.lanes');
  const text = await page.textContent('.lanes');
  for (const stage of expect.stages) check(text?.includes(stage), `the incident page does not show stage ${stage}`);
  check((await page.$$('details.correlation, details.rule, details.deviation')).length > 0, 'the why-tree is empty');
}

// The keyboard alone: archive one group and take it back.
if (expect.keyboard) {
  await page.goto(`${base}/#/inbox`);
  await page.waitForSelector('tbody tr');
  const rows = () => page.$eval('.list table', (e) => Number(e.getAttribute('aria-rowcount'))); // only some of them are in the document
  const before = await rows();
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.keyboard.press('e');
  await page.waitForSelector('.note');
  await until('archiving by keyboard did not take the row away', (n) => Number(document.querySelector('.list table').getAttribute('aria-rowcount')) === n, before - 1);
  await page.keyboard.press('u');
  await until('undo did not bring the row back', (n) => Number(document.querySelector('.list table').getAttribute('aria-rowcount')) === n, before);
}

// A field and a value are completed from what there is; a drag over the bars chooses a span of time.
if (expect.complete) {
  await page.goto(`${base}/#/hunt?last=30d`);
  await page.waitForSelector('.list table');
  await page.click('main input[type=search]');
  const offered = (word) => until(`${word} is not offered first`, (w) => document.querySelector('#query-offers [role=option]')?.textContent.includes(w), word);
  await page.keyboard.type('tls.sn');
  await offered('tls.sni');
  await page.keyboard.press('Tab');
  check((await page.inputValue('main input[type=search]')) === 'tls.sni:', 'a field is not completed');
  await page.fill('main input[type=search]', '');
  await page.keyboard.type(expect.complete[0]);
  await offered(expect.complete[1].split(':')[1]);
  await page.keyboard.press('Tab');
  const line = (await page.inputValue('main input[type=search]')).trim();
  check(line === expect.complete[1], `a value is not completed: ${line}`);
  await page.keyboard.press('Enter');
  await until('the search is not in the address', (word) => decodeURIComponent(location.hash).includes(word), expect.complete[1].split(':')[0]);
  let chosen = false;
  for (let i = 0; i < 60 && !chosen; i++) { // the answer may exchange the bars under the hand
    const bars = await (await page.waitForSelector('svg[role=img]')).boundingBox();
    if (!bars) continue;
    await page.mouse.move(bars.x + bars.width * 0.3, bars.y + 20);
    await page.mouse.down();
    await page.mouse.move(bars.x + bars.width * 0.9, bars.y + 20, { steps: 4 });
    await page.mouse.up();
    chosen = await page.waitForFunction(() => location.hash.includes('from='), null, { timeout: 5000 }).then(() => true, () => false);
  }
  check(chosen, 'a drag over the bars chooses no span of time');
}

writeFileSync(`${out}/result.json`, JSON.stringify({ incidents, times, faults }, null, 1));
await browser.close();
for (const f of new Set(faults)) console.log(`fault: ${f}`);
console.log(`${incidents.length} incidents on the page, ${new Set(faults).size} faults`);
process.exit(faults.length ? 1 : 0);
