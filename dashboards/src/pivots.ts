// From any value to the next question: filter by it, look at it alone, open its host, hunt around it.
import type { Choice } from './menu.svelte';
import { go, place } from './place.svelte';
import { around, rangeOf } from './range';
import { fail, say } from './session.svelte';
import { t } from './words.svelte';

export interface Value {
  field: string; // of the search language
  value: string | number;
  label?: string;
  time?: string; // of the event it stands in
  device?: string;
}

const addresses = /^(ip|src|dst|src_ip|dest_ip)$/;

// A term of the search language that finds exactly this value.
export function term(field: string, value: string | number): string {
  const text = String(value);
  if (/^[\w.:\-/@+]{1,200}$/.test(text) && !text.startsWith('-')) return `${field}:${text}`;
  return `${field}:"${text.replace(/[\\"]/g, (c) => `\\${c}`)}"`;
}

// Puts a term before the pipes of a query.
export function withTerm(query: string, add: string): string {
  const [head = '', ...pipes] = split(query);
  const words = head.trim();
  if (words.split(/\s+/).includes(add)) return query;
  return [`${words} ${add}`.trim(), ...pipes.map((p) => p.trim())].join(' | ');
}

// The query without its pipes.
export function head(query: string): string {
  return (split(query)[0] ?? '').trim();
}

function split(query: string): string[] {
  const parts = [''];
  let quoted = false;
  for (const c of query) {
    if (c === '"') quoted = !quoted;
    if (c === '|' && !quoted) parts.push('');
    else parts[parts.length - 1] += c;
  }
  return parts;
}

export function copy(text: string) {
  navigator.clipboard.writeText(text).then(() => say(t('copied')), fail);
}

// Pages that speak the search language keep their own state of it; from all others one goes hunting.
function ask(q: string, more: Record<string, string> = {}) {
  const here = Object.fromEntries(place.now.query);
  const r = rangeOf(place.now);
  if (place.now.view === 'inbox' && !('from' in more)) go('inbox', '', { ...here, q });
  else go('hunt', '', place.now.view === 'hunt' ? { ...here, q, ...more } : { q, ...r, ...more });
}

export function pivots(v: Value): Choice[] {
  const mine = term(v.field, v.value);
  const now = place.now.view === 'hunt' || place.now.view === 'inbox' ? (place.now.query.get('q') ?? '') : '';
  const isAddress = addresses.test(v.field);
  const wide = isAddress ? term('ip', v.value) : mine;
  const list: Choice[] = [
    { label: t('pivot_in'), hint: mine.slice(0, 40), run: () => ask(withTerm(now, mine)) },
    { label: t('pivot_out'), hint: `-${mine}`.slice(0, 40), run: () => ask(withTerm(now, `-${mine}`)) },
    { label: t('pivot_only'), run: () => ask(mine) },
    { label: t('pivot_hunt'), run: () => go('hunt', '', { q: wide, last: '24h' }) },
  ];
  if (v.time) {
    list.push({ label: t('pivot_hour'), run: () => go('hunt', '', { q: wide, ...around(v.time as string, 3_600_000) }) });
    list.push({ label: t('pivot_five'), run: () => go('hunt', '', { q: wide, ...around(v.time as string, 300_000) }) });
  }
  if (isAddress || v.device)
    list.push({ label: t('pivot_host'), run: () => (v.device ? go('device', v.device) : go('devices', '', { q: String(v.value) })) });
  list.push({ label: t('pivot_group'), run: () => go('hunt', '', { q: `${wide} | groupby ${isAddress ? 'signature' : 'src, dst'}`, last: '24h' }) });
  list.push({ label: t('make_exception'), run: () => go('detections', '', { new: mine }) });
  list.push({ label: t('copy'), run: () => copy(String(v.value)) });
  return list;
}
