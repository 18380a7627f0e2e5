// Words in the reader's language. Every sentence a person reads stands in strings/.
import type { Group, Text2 } from './api';
import en from './strings/en.json';
import vi from './strings/vi.json';

type Key = keyof typeof en;
const books: Record<'vi' | 'en', Record<Key, string>> = { vi, en };

export type Zone = 'Asia/Ho_Chi_Minh' | 'UTC';

export const words = $state<{ language: 'vi' | 'en'; zone: Zone }>({
  language: localStorage.getItem('language') === 'en' ? 'en' : 'vi',
  zone: localStorage.getItem('zone') === 'UTC' ? 'UTC' : 'Asia/Ho_Chi_Minh',
});

export function setLanguage(language: 'vi' | 'en') {
  words.language = language;
  localStorage.setItem('language', language);
  document.documentElement.lang = language;
}

// t('open_n', {n: 3}): the sentence with its numbers and names put in.
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = (books[words.language][key] ?? key).replace(/\{(\w+):([^|}]*)\|([^}]*)\}/g, (_, name: string, one: string, many: string) => (String(values[name]) === '1' ? one : many));
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

// A word whose key comes from the analyzer; the key itself when there is no such word.
export function word(key: string): string {
  return key in en ? t(key as Key) : key;
}

// An address as people write it: of version 6 without the zeros that say nothing (RFC 5952).
export function address(ip: string): string {
  if (!/^[0-9a-f:]+$/i.test(ip) || ip.split(':').length !== 8) return ip;
  const parts = ip.toLowerCase().split(':').map((p) => p.replace(/^0+(?=.)/, ''));
  const text = parts.join(':');
  const run = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map((m) => m[0]).sort((a, b) => b.length - a.length)[0];
  return run ? `${text.slice(0, text.indexOf(run))}::${text.slice(text.indexOf(run) + run.length).replace(/^:/, '')}` : text;
}

export function both(text: Text2 | undefined): string {
  return text ? text[words.language] || text.en : '';
}

export function setZone(zone: Zone) {
  words.zone = zone;
  localStorage.setItem('zone', zone);
}

export function zoneName(): string {
  return words.zone === 'UTC' ? 'UTC' : t('zone_vn');
}

// Việt Nam has had no summer time since 1975: a fixed offset.
const offset = () => (words.zone === 'UTC' ? 0 : 7 * 3_600_000);

// Not by the browser's formatters: to make one costs more than a row of a table.
const iso = (d: Date) => new Date(d.getTime() + offset()).toISOString();
const formats = new Map<string, Intl.NumberFormat>();
function written(n: number, least = 0, most = 3): string {
  const key = `${words.language} ${least} ${most}`;
  let f = formats.get(key);
  if (!f) formats.set(key, (f = new Intl.NumberFormat(words.language === 'vi' ? 'vi-VN' : 'en-GB', { minimumFractionDigits: least, maximumFractionDigits: most })));
  return f.format(n);
}

// A time as a field of the kind datetime-local holds it, in the reader's zone; and back.
export function toField(time: string): string {
  const ms = new Date(time).getTime();
  return Number.isNaN(ms) ? '' : new Date(ms + offset()).toISOString().slice(0, 19);
}

export function fromField(field: string): string {
  const ms = new Date(`${field}Z`).getTime();
  return field && !Number.isNaN(ms) ? new Date(ms - offset()).toISOString() : '';
}

export function clock(time: string): string {
  const d = new Date(time);
  if (Number.isNaN(d.getTime())) return '—';
  return iso(d).slice(11, 19);
}

export function stamp(time: string | undefined): string {
  const d = time ? new Date(time) : new Date(Number.NaN);
  if (Number.isNaN(d.getTime())) return '—';
  const at = iso(d);
  return `${at.slice(8, 10)}/${at.slice(5, 7)}/${at.slice(0, 4)} ${at.slice(11, 19)}`;
}

export function span(from: string, to: string): string {
  let s = Math.max(0, Math.round((new Date(to).getTime() - new Date(from).getTime()) / 1000));
  const d = Math.floor(s / 86400);
  s -= d * 86400;
  const h = Math.floor(s / 3600);
  const m = Math.floor((s % 3600) / 60);
  if (d && !h) return t('days_n', { n: d });
  if (d) return t('span_dh', { d, h });
  if (h) return t('span_hm', { h, m });
  if (m >= 10) return t('unit_m', { n: m });
  if (m) return t('span_ms', { m, s: s % 60 });
  return t('span_s', { s });
}

// "15m", "1h", "30d" as people say it.
export function short(name: string): string {
  const [, n = '', unit = ''] = /^(\d+)([mhd])$/.exec(name) ?? [];
  return unit ? t(`unit_${unit as 'm' | 'h' | 'd'}`, { n }) : name;
}

// A number with at most one place behind the point, as the language writes it.
export function decimal(n: number): string {
  return written(n, 1, 1);
}

// A delay or a difference of clocks: milliseconds while they mean something.
export function millis(ms: number | undefined): string {
  if (ms === undefined) return '—';
  return Math.abs(ms) < 10_000 ? `${count(Math.round(ms))} ms` : span(new Date(0).toISOString(), new Date(Math.abs(ms)).toISOString());
}

// A size as people read it.
export function bytes(n: number): string {
  const steps = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  for (; n >= 1000 && i < steps.length - 1; i++) n /= 1000;
  return `${written(n, 0, n < 10 && i ? 1 : 0)} ${steps[i]}`;
}

// A long span: whole days, or what is below one.
export function days(seconds: number): string {
  return seconds >= 172_800 ? t('days_n', { n: count(Math.floor(seconds / 86400)) }) : span(new Date(0).toISOString(), new Date(seconds * 1000).toISOString());
}

// A time without the year when it is this year's: for lists, where the whole of it stands in the title.
export function when(time: string | undefined): string {
  const whole = stamp(time);
  const year = new Date(Date.now() + offset()).getUTCFullYear();
  return whole.replace(`/${year} `, ' ');
}

export function count(n: number | undefined): string {
  return written(n ?? 0);
}

// A rule's message without the name of its set: as the analyzer titles incidents (analyzer/record/title.c).
export function plain(signature: string): string {
  const [, kind = '', rest = ''] = /^TRAMGAC (DC|IOT|OT|MQTT|SSH|DNS|TELNET|CAMERA|BOTNET|SCAN|EXPLOIT) (.+)$/s.exec(signature) ?? [];
  if (!rest) return signature;
  if (/^(DC|IOT|OT)$/.test(kind)) return rest.charAt(0).toUpperCase() + rest.slice(1);
  return `${kind.length <= 4 && kind !== 'SCAN' ? kind : kind.charAt(0) + kind.slice(1).toLowerCase()}: ${rest}`;
}

// What a group of alerts is about, in the reader's language: a detector's sentence, a rule's title.
export function seen_as(g: Group): string {
  return both(g.reason) || (words.language === 'vi' && g.signature_vi) || plain(g.signature);
}

// A word that has its own key, or as it came.
const named = (key: string, plain: string): string => (key in en ? t(key as Key) : plain);
// How an entry of a history came about.
export const entry = (kind: string): string => named(`entry_${kind}`, kind);
// What the audit trail says was done.
export const deed = (action: string): string => named(`did_${action}`, action);

// For comparing: without case and diacritics, đ as d.
export function fold(text: string): string {
  return text.toLowerCase().replace(/đ/g, 'd').normalize('NFD').replace(/\p{M}/gu, '').trim();
}
