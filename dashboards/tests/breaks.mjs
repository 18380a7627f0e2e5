// What goes wrong around a reader: a slow way, two at the same incident, a session that ends in the middle, a stream that is cut, an
// analyzer that is gone for a while.
//   node breaks.mjs BASE_URL USER1 USER2 PASSWORD CONTROL_URL OUT_DIR
// CONTROL_URL answers GET /stop, /start (the analyzer), /expire (ends all sessions of USER1). Prints one line of JSON.
import { mkdirSync } from 'node:fs';
import { signIn } from './browser.mjs';

const [base, one, two, password, control, out] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
// The ways of the two pages to the analyzer. Held is a route whose answer waits until it is let go.
const freely = (route) => route.continue();
const holding = (what, into) => (route) => (what(route.request()) ? into.push(route) : route.continue());
const acts = (request) => request.url().endsWith('/api/groups/actions');
const [way, his] = [{ to: freely }, { to: freely }];
const letGo = async (side, routes) => {
  side.to = freely;
  for (const r of routes) await r.continue();
};
const first = await signIn(base, one, password, { viewport: { width: 1366, height: 768 } }, way);
const { page } = first;
const faults = first.faults;
const told = {};
const check = (ok, text) => ok || faults.push(text);
const until = (who, what, ask, arg) => who.waitForFunction(ask, arg).catch(() => { throw new Error(`never: ${what}`); });
const tell = async (what) => check((await fetch(`${control}/${what}`)).ok, `control: ${what}`);
const notes = (who, text) => until(who, `a note with ${text}`, (t) => [...document.querySelectorAll('.note')].some((n) => n.textContent.includes(t)), text);
const came = async (what, ask) => {
  for (const end = Date.now() + 300_000; !ask();) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((go) => setTimeout(go, 50));
  }
};
const json = (who, path) => who.evaluate(async (p) => (await (await fetch(p)).json()), path);
await page.evaluate(() => localStorage.setItem('language', 'en'));
await page.reload();

// A slow way: three quick keys act on three rows, and each can be taken back by itself.
await page.goto(`${base}/#/inbox`);
await page.waitForSelector('tr.group');
const groups = () => page.$eval('.list table', (e) => Number(e.getAttribute('aria-rowcount')) - 1);
const before = await groups();
let held = [];
way.to = holding(acts, held);
for (let i = 0; i < 3; i++) await page.keyboard.press('e');
await until(page, 'three rows leave at once', (n) => Number(document.querySelector('.list table').getAttribute('aria-rowcount')) - 1 === n, before - 3);
await came('three requests', () => held.length === 3);
const ids = held.flatMap((r) => r.request().postDataJSON().ids);
check(new Set(ids).size === 3, `three keys acted on ${ids}`);
await letGo(way, held);
await until(page, 'three notes', () => document.querySelectorAll('.note.good').length === 3);
check((await json(page, '/api/groups?state=archived&limit=1')).total === 3, 'not three groups are archived');
await page.evaluate(() => document.querySelector('.note button').click()); // the first of the three
await until(page, 'one row is back', (n) => Number(document.querySelector('.list table').getAttribute('aria-rowcount')) - 1 === n, before - 2);
check((await json(page, '/api/groups?state=archived&limit=1')).total === 2, 'taking one back took back others');
// An action that the network swallows: the row comes back, and it is said.
way.to = (route) => (acts(route.request()) ? route.abort() : route.continue());
await page.keyboard.press('e');
await notes(page, 'Not done');
await until(page, 'the row is back', (n) => Number(document.querySelector('.list table').getAttribute('aria-rowcount')) - 1 === n, before - 2);
way.to = freely;
told.slow = true;

// Two at the same incident: the second one is told, sees what the first did, and keeps what he had typed.
const second = await signIn(base, two, password, { viewport: { width: 1366, height: 768 } }, his);
await second.page.evaluate(() => localStorage.setItem('language', 'en'));
await second.page.reload();
const incident = (await json(page, '/api/incidents?state=open')).items[0].id;
for (const p of [page, second.page]) {
  await p.goto(`${base}/#/incident/${incident}`);
  await p.waitForSelector('.head h1');
}
held = [];
his.to = holding((request) => request.method() === 'GET' && request.url().includes('/api/incidents/'), held); // his page hears nothing
await page.keyboard.press('4');
await notes(page, 'Saved');
await second.page.fill('input[maxlength="4000"]', 'My own words');
await second.page.keyboard.press('Enter');
await notes(second.page, 'Somebody else');
await letGo(his, held);
await until(second.page, 'the second sees the first one\'s change', () => document.querySelector('.head .sev')?.textContent.includes('Low'));
check((await second.page.inputValue('input[maxlength="4000"]')) === 'My own words', 'what was typed is lost');
await second.page.focus('input[maxlength="4000"]');
await second.page.keyboard.press('Enter');
await until(page, 'the first sees the words of the second', () => document.body.textContent.includes('My own words'));
await second.browser.close();
faults.push(...second.faults);
told.two = true;

// The session ends in the middle: the page stays, the same person signs in, what was to be done is done once.
await page.fill('input[maxlength="4000"]', 'Said before the session ended');
held = [];
way.to = holding((request) => request.method() === 'GET', held); // not by itself does the page find out
await tell('expire');
await page.keyboard.press('Enter');
await page.waitForSelector('[role=dialog] input[name=password]');
await letGo(way, held);
await page.screenshot({ path: `${out}/session-ended.png` });
check(await page.evaluate(() => document.activeElement?.getAttribute('name') === 'password'), 'the password is not asked for at once');
await page.keyboard.type(password);
await page.keyboard.press('Enter');
await until(page, 'the comment is there', () => [...document.querySelectorAll('.audit')].some((a) => a.textContent.includes('Said before the session ended')));
const said = (await json(page, `/api/incidents/${incident}`)).audit.filter((a) => a.text.en.includes('Said before')).length;
check(said === 1, `the comment stands ${said} times`);
check(!(await page.$('[role=dialog]')), 'the dialog stays');
told.session = true;
await first.browser.close();

// The stream is cut: the page says so, and catches up when it is back. Nothing stands in this page's way to the analyzer: its parts come from
// the browser's cache.
const third = await signIn(base, one, password, { viewport: { width: 1366, height: 768 } });
const last = third.page;
await last.evaluate(() => localStorage.setItem('language', 'en'));
await last.goto(`${base}/#/incident/${incident}`);
await last.waitForSelector('.head h1');
const live = (up) => until(last, `live: ${up}`, (want) => document.querySelector('.live i')?.classList.contains('up') === want, up);
await last.goto(`${base}/#/devices`); // a page that would not ask by itself
await last.reload(); // what was said before is gone
await last.waitForSelector('.list table');
await live(true);
await tell('stop');
await live(false);
await last.waitForSelector('.silent[role=alert]');
await last.goto(`${base}/#/incident/${incident}`);
await until(last, 'nothing is known', () => !document.querySelector('.head'));
await last.screenshot({ path: `${out}/no-answer.png` });
const told_so = await last.$$eval('.note.bad', (all) => all.map((n) => n.textContent).join('; '));
check(!told_so, `silence is told by notes: ${told_so}`);
await tell('start');
await until(last, 'the page catches up', () => document.querySelector('.head h1') && !document.querySelector('.silent'));
await live(true);
told.gone = true;
await last.keyboard.press('3');
await notes(last, 'Saved');
await until(last, 'it works again', () => document.querySelector('.head .sev')?.textContent.includes('Medium'));

// A page whose program was never fetched: it comes when the analyzer is back.
await tell('stop');
await last.waitForSelector('.silent[role=alert]');
await last.goto(`${base}/#/hunt`);
await last.waitForSelector('main .empty button');
await tell('start');
await last.waitForSelector('main input[type=search]');
told.fetched = true;

await third.browser.close();
faults.push(...third.faults);
console.log(JSON.stringify({ ...told, faults }));
process.exit(faults.length ? 1 : 0);
