// What each page costs: bytes over the wire, requests, first paint, until its content stands, and how far anything moved meanwhile.
//   node paint.mjs BASE_URL USER PASSWORD [REPEATS]
// Each page is loaded anew with an empty cache, signed in; medians are printed.
import { signIn } from './browser.mjs';

const [base, user, password, repeats = '3'] = process.argv.slice(2);
const pages = [
  ['overview', '.four'],
  ['inbox?state=all', '.list table'],
  ['incidents?state=all', 'a.item'],
  ['hunt?last=30d', '.list table'],
  ['detections?last=30d', '.meter'],
  ['devices', '.list table'],
  ['sensors', '.tiles'],
  ['reports', '.forms'],
  ['admin/doors', '.facts'],
];
const { browser, context, page: door } = await signIn(base, user, password, { viewport: { width: 1366, height: 768 } });
const incident = await door.evaluate(async () => (await (await fetch('/api/incidents?state=all')).json()).items[0]?.id);
if (incident) pages.push([`incident/${incident}`, '.head h1']);
const device = await door.evaluate(async () => (await (await fetch('/api/devices')).json()).items.sort((a, b) => b.deviations - a.deviations)[0]?.id);
if (device) pages.push([`device/${encodeURIComponent(device)}`, '.head h1']);
await door.close();

async function once(hash, ready) {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  let bytes = 0;
  let requests = 0;
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  cdp.on('Network.loadingFinished', (e) => { bytes += e.encodedDataLength; requests++; });
  await page.addInitScript(() => {
    globalThis.moved = 0;
    new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) globalThis.moved += e.value; }).observe({ type: 'layout-shift', buffered: true });
  });
  const t0 = Date.now();
  await page.goto(`${base}/#/${hash}`);
  await page.waitForSelector(ready, { timeout: 30_000 });
  const full = Date.now() - t0;
  await page.waitForTimeout(1200);
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN);
  const moved = await page.evaluate(() => globalThis.moved);
  await page.close();
  return { bytes, requests, paint, full, moved };
}
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
console.log('page'.padEnd(24), 'kB'.padStart(7), 'requests'.padStart(9), 'first paint ms'.padStart(15), 'content ms'.padStart(11), 'shift'.padStart(7));
for (const [hash, ready] of pages) {
  const runs = [];
  for (let i = 0; i < Number(repeats); i++) runs.push(await once(hash, ready));
  const m = (key) => median(runs.map((r) => r[key]));
  console.log(hash.split(/[?/%]/)[0].padEnd(24), (m('bytes') / 1000).toFixed(0).padStart(7), String(m('requests')).padStart(9), m('paint').toFixed(0).padStart(15), String(m('full')).padStart(11), m('moved').toFixed(3).padStart(7));
}
await browser.close();
