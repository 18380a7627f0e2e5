// How fast the inbox is with as many groups as a bad night leaves: seconds by the keyboard, rows in the document.
//   node long.mjs BASE_URL USER PASSWORD
// Prints one line of JSON; fails when a row is shown twice, a number is wrong, or the keyboard loses its row.
import { signIn } from './browser.mjs';

const [base, user, password] = process.argv.slice(2);
const { browser, page, faults } = await signIn(base, user, password, { viewport: { width: 1366, height: 768 } });
const timed = async (what) => {
  const from = Date.now();
  await what();
  return (Date.now() - from) / 1000;
};
const inSight = (what) => page.waitForFunction(() => {
  const r = document.querySelector('tr.at')?.getBoundingClientRect();
  return r ? r.top >= 0 && r.bottom <= innerHeight + 1 : false;
}).catch(() => faults.push(`${what} is not in sight`));
const told = { load: await timed(async () => { await page.goto(`${base}/#/inbox`); await page.waitForSelector('tr.group'); }) };
told.total = await page.$eval('table', (e) => Number(e.getAttribute('aria-rowcount')) - 1);
told.end = await timed(async () => { await page.keyboard.press('G'); await page.waitForSelector(`tr.at[aria-rowindex="${told.total + 1}"]`); });
await inSight('the last row');
told.in_document = await page.$$eval('tr.group', (r) => r.length);
told.k_100 = await timed(async () => { for (let i = 0; i < 100; i++) await page.keyboard.press('k'); await page.waitForSelector(`tr.at[aria-rowindex="${told.total - 99}"]`); });
await inSight('the row of the keyboard');
told.home = await timed(async () => { await page.keyboard.press('Home'); await page.waitForSelector('tr.at[aria-rowindex="2"]'); });
told.middle = await timed(async () => { await page.evaluate(() => scrollTo(0, document.body.scrollHeight / 2)); await page.waitForFunction((n) => [...document.querySelectorAll('tr.group')].some((r) => Math.abs(Number(r.getAttribute('aria-rowindex')) - n / 2) < 40), told.total); });
const indices = await page.$$eval('tr.group', (r) => r.map((x) => Number(x.getAttribute('aria-rowindex'))));
if (indices.some((n, i) => i && n !== indices[i - 1] + 1)) faults.push('rows are not numbered one after another');
await page.keyboard.press('Home');
told.choose_1000 = await timed(async () => { await page.keyboard.press('*'); await page.keyboard.press('a'); await page.waitForSelector('.chip[role=status]'); });
told.archive_1000 = await timed(async () => { await page.keyboard.press('e'); await page.waitForSelector('.note'); await page.waitForFunction((n) => Number(document.querySelector('table').getAttribute('aria-rowcount')) - 1 === n - 1000, told.total); });
told.undo = await timed(async () => { await page.keyboard.press('u'); await page.waitForFunction((n) => Number(document.querySelector('table').getAttribute('aria-rowcount')) - 1 === n, told.total); });
// Lists that come in pages: what the page says it has, and the different rows that a reader sees who scrolls to its end.
async function toTheEnd(hash, row) {
  await page.goto(`${base}/#/${hash}`);
  await page.waitForSelector(row);
  const said = await page.$eval('h1 + .dim', (e) => Number(e.textContent.replace(/\D/g, '')));
  const seen = () => page.$$eval(row, (all) => new Set(all.map((a) => a.getAttribute('href'))).size);
  for (let last = 0; last < said; last = await seen()) {
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.waitForFunction(([r, n]) => new Set([...document.querySelectorAll(r)].map((a) => a.getAttribute('href'))).size > n, [row, last]);
  }
  return [said, await seen()];
}
told.devices = await toTheEnd('devices', 'tbody a[href*="device"]');
told.incidents = await toTheEnd('incidents', 'a.item');
await browser.close();
console.log(JSON.stringify({ ...told, faults }));
process.exit(faults.length ? 1 : 0);
