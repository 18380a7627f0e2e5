// Every page in both languages, both themes and three widths, as pictures to be looked at, and what a program can see of them:
// a page wider than its window, text that is cut without a way to read it, a key without a word.
//   node matrix.mjs BASE_URL USER PASSWORD OUT_DIR [only=PAGE] [languages=vi,en] [themes=dark,light] [widths=1366,1920,390]
import { mkdirSync } from 'node:fs';
import { signIn } from './browser.mjs';

const [base, user, password, out, ...more] = process.argv.slice(2);
const option = (name, or) => (more.find((m) => m.startsWith(`${name}=`))?.slice(name.length + 1) ?? or).split(',').filter(Boolean);
const only = option('only', '');
const heights = { 1366: 768, 1920: 1080, 390: 844 };
mkdirSync(out, { recursive: true });
const { browser, page, faults } = await signIn(base, user, password);
const first = (path, by) => page.evaluate(async ([p, key]) => {
  const { items } = await (await fetch(p)).json();
  return (key ? items.sort((a, b) => b[key] - a[key]) : items)[0]?.id;
}, [path, by]);
const incident = await first('/api/incidents?state=all', 'alerts');
const device = await first('/api/devices', 'deviations');
const pages = [
  ['overview', 'overview', '.four'],
  ['inbox', 'inbox?state=all', '.list [role=row], .list tbody tr'],
  ['inbox-open', 'inbox?state=all', '.list [role=row], .list tbody tr', ['o']],
  ['inbox-none', 'inbox?q=sid%3A1', '.list .empty'],
  ['incidents', 'incidents?state=all', 'a.item'],
  ['incident', `incident/${incident}`, '.head h1'],
  ['hunt', 'hunt?last=30d', '.list table'],
  ['hunt-open', 'hunt?last=30d&q=type%3Aalert', '.list tbody tr', ['o']],
  ['hunt-groupby', 'hunt?last=30d&q=type%3Aalert%20%7C%20groupby%20signature%2C%20src', '.list table'],
  ['hunt-fault', 'hunt?last=30d&q=type%3A(', '.fault'],
  ['detections', 'detections?last=30d', '.meter'],
  ['devices', 'devices', '.list table'],
  ['device', `device/${encodeURIComponent(device)}`, '.head h1'],
  ['sensors', 'sensors', '.tiles'],
  ['reports', 'reports', '.forms'],
  ['admin-accounts', 'admin/accounts', '.admin > .panel'],
  ['admin-push', 'admin/push', '.admin > .panel'],
  ['admin-storage', 'admin/storage', '.admin > .panel, .admin > .tiles'],
  ['admin-sets', 'admin/sets', '.admin > .panel'],
  ['admin-audit', 'admin/audit', '.admin > .panel'],
  ['admin-doors', 'admin/doors', '.facts'],
  ['keys', 'overview', '.four', ['?']],
  ['palette', 'overview', '.four', ['Control+k']],
];

function look() {
  const seen = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) {
    const worst = [...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.over, .list, .scroll, .lanes, [role=region]')).pop();
    seen.push(`wider than the window by ${wide}: ${worst?.tagName}.${worst?.className}`);
  }
  for (const e of document.querySelectorAll('main *, nav *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || e.closest('.unseen, .hidden, svg, title, option')) continue;
    const s = getComputedStyle(e);
    if (s.overflow !== 'visible' && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 3) && e.clientWidth > 2 && !e.closest('[title]') && !/auto|scroll/.test(s.overflow + s.overflowX + s.overflowY))
      seen.push(`cut: ${e.textContent.trim().slice(0, 50)}`);
    const text = e.textContent.trim();
    if (/^[a-z]+_[a-z_]+$/.test(text) && !e.closest('.mono, code, pre, dl, table, .chip, datalist')) seen.push(`a key: ${text}`);
  }
  return [...new Set(seen)];
}

let n = 0;
for (const width of option('widths', '1366,1920,390').map(Number)) {
  await page.setViewportSize({ width, height: heights[width] ?? 800 });
  for (const language of option('languages', 'vi,en')) {
    for (const theme of option('themes', 'dark,light')) {
      await page.evaluate(([l, t]) => {
        localStorage.setItem('language', l);
        localStorage.setItem('theme', t);
      }, [language, theme]);
      for (const [name, hash, ready, keys = []] of pages) {
        if (only.length && !only.includes(name)) continue;
        await page.goto('about:blank');
        await page.goto(`${base}/#/${hash}`);
        await page.waitForSelector(ready, { timeout: 15000 }).catch(() => faults.push(`${name}: ${ready} is not there`));
        await page.waitForTimeout(500);
        for (const key of keys) await page.keyboard.press(key);
        if (keys.length) await page.waitForTimeout(400);
        for (const text of await page.evaluate(look)) faults.push(`${name} ${language} ${theme} ${width}: ${text}`);
        await page.screenshot({ path: `${out}/${name}-${language}-${theme}-${width}.png`, fullPage: !keys.includes('?') && !keys.includes('Control+k') });
        n++;
      }
    }
  }
}
if (!only.length || only.includes('sign-in')) {
  const door = await browser.newContext();
  const at = await door.newPage();
  for (const width of option('widths', '1366,1920,390').map(Number)) {
    for (const language of option('languages', 'vi,en')) {
      for (const theme of option('themes', 'dark,light')) {
        await at.setViewportSize({ width, height: heights[width] ?? 800 });
        await at.goto(base);
        await at.evaluate(([l, t]) => {
          localStorage.setItem('language', l);
          localStorage.setItem('theme', t);
        }, [language, theme]);
        await at.reload();
        await at.waitForSelector('input[name=user]');
        for (const text of await at.evaluate(look)) faults.push(`sign-in ${language} ${theme} ${width}: ${text}`);
        await at.screenshot({ path: `${out}/sign-in-${language}-${theme}-${width}.png` });
        n++;
      }
    }
  }
}
await browser.close();
for (const f of new Set(faults)) console.log(`fault: ${f}`);
console.log(`${n} pictures, ${new Set(faults).size} faults`);
process.exit(faults.length ? 1 : 0);
