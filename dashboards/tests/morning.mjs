// An analyst's morning by the keyboard alone, in a real browser against a running analyzer that was filled before.
//   node morning.mjs BASE_URL USER PASSWORD OUT_DIR PLAN.json
// PLAN: {"noise": [title, …], "merge": bool, "form": N}. Prints one line of JSON: keys, seconds, what was done.
import { mkdirSync, readFileSync } from 'node:fs';
import { hearConsole, open } from './browser.mjs';

const [base, user, password, out, planFile] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(planFile, 'utf8'));
mkdirSync(out, { recursive: true });
const { browser, page, faults } = await open(base, { viewport: { width: 1440, height: 900 }, acceptDownloads: true });

let keys = 0;
const press = async (...names) => {
  for (const name of names) {
    await page.keyboard.press(name);
    keys++;
  }
};
const type = async (text) => {
  await page.keyboard.type(text);
  keys += [...text].length;
};
const until = (what, ask, arg) => page.waitForFunction(ask, arg).catch(() => { throw new Error(`it was waited for too long: ${what}`); });
const total = () => page.$eval('h1 + .dim', (e) => Number(e.textContent.replace(/\D/g, '')));
const note = (text) => until(`a note with ${text}`, (t) => [...document.querySelectorAll('.note')].some((n) => n.textContent.includes(t)), text);

const started = Date.now();
await page.focus('input[name=user]');
await type(user);
await press('Tab');
await type(password);
await press('Enter');
await page.waitForSelector('nav');
hearConsole(page, faults);

// The inbox: what is noise leaves by rule, exactly as many as the page says.
await press('g', 'i');
await page.waitForSelector('tr.group'); // the overview has rows too
const waiting = await total();
let archived = 0;
const select = async () => {
  await press('*', '1');
  await page.waitForSelector('.chip[role=status]');
  return page.$eval('.chip[role=status]', (e) => Number(e.textContent.replace(/\D/g, '')));
};
await press('o');
await page.waitForSelector('tr.events dl');
await page.screenshot({ path: `${out}/morning-inbox.png` });
await press('o');
// From the top: noise leaves with all of its rule; of the rest, some need attention and the others leave.
let left = waiting;
let seen = 0;
let undone = false;
const leave = (n) => until('the rows leave', (rest) => Number(document.querySelector('h1 + .dim').textContent.replace(/\D/g, '')) <= rest, (left -= n));
while (await page.$('tr.group')) {
  const title = await page.$eval('tr.at .c-sig', (e) => e.textContent);
  if (plan.noise.some((noise) => title.includes(noise))) {
    let n = await select();
    await press('e');
    await leave(n);
    archived += n;
    if (!undone) { // one taken back, and done again
      undone = true;
      await press('u');
      await until('they are back', (all) => Number(document.querySelector('h1 + .dim').textContent.replace(/\D/g, '')) === all, (left += n));
      n = await select();
      await press('e');
      await leave(n);
    }
  } else {
    await press(seen % 5 === 0 ? 's' : 'e');
    seen++;
    await leave(1);
  }
  if (seen > 300) throw new Error('the inbox does not get empty');
}

// The incident: opened, assigned, another one merged into it, a comment, told to the operations centre.
await press('g', 'n');
await page.waitForSelector('a.item');
await press('o');
await page.waitForSelector('.head h1');
const incident = decodeURIComponent(page.url().split('/').pop());
await press('a');
await until('it is assigned', (u) => document.querySelector('.head').textContent.includes(u), user);
let merged = false;
if (plan.merge) {
  await press('m');
  await page.waitForSelector('[role=dialog] select');
  await press('Enter');
  await page.waitForFunction(() => !document.querySelector('[role=dialog]'));
  await note(incident);
  merged = true;
}
await press('c');
await type('Đã cô lập camera, chờ hiện trường');
await press('Enter');
await until('the comment is there', () => document.body.textContent.includes('Đã cô lập camera'));
await press('s');
await until('it is escalated', () => /Đã chuyển|IOC/.test(document.querySelector('.head .chip').textContent));
await page.screenshot({ path: `${out}/morning-incident.png` });

// The report in Vietnamese.
await press('p');
await page.waitForSelector('[role=menu]');
const waits = page.waitForEvent('download');
await press(String(plan.form ?? 1));
const file = await waits;
await file.saveAs(`${out}/report.pdf`);
const seconds = (Date.now() - started) / 1000;
await browser.close();
console.log(JSON.stringify({ keys, seconds, waiting, archived, one_by_one: seen, incident, merged, report: file.suggestedFilename(), faults }));
process.exit(faults.length ? 1 : 0);
