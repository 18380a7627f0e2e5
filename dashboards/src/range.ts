// A span of time as the address holds it: `last` seconds back from the newest event, or from and to.
import type { Place } from './place.svelte';
import { short, stamp, t } from './words.svelte';

export interface Range {
  last: string;
  from: string;
  to: string;
}

export const lasts: [string, number][] = [
  ['15m', 900],
  ['1h', 3600],
  ['4h', 14400],
  ['24h', 86400],
  ['7d', 604800],
  ['30d', 2592000],
];

export function rangeOf(place: Place): Range {
  const q = place.query;
  const from = q.get('from') ?? '';
  const to = q.get('to') ?? '';
  return { last: from || to ? '' : (q.get('last') ?? '24h'), from, to };
}

export function seconds(last: string): number {
  const known = lasts.find(([name]) => name === last);
  const m = /^(\d{1,6})([smhd])$/.exec(last);
  return known?.[1] ?? (m ? Number(m[1]) * { s: 1, m: 60, h: 3600, d: 86400 }[m[2] as 's' | 'm' | 'h' | 'd'] : 86400);
}

// What the analyzer is asked for.
export function asked(r: Range): Record<string, string> {
  return r.last ? { last: String(seconds(r.last)) } : { from: r.from, to: r.to };
}

export function told(r: Range): string {
  return r.last ? t('last_span', { span: short(r.last) }) : `${stamp(r.from)} – ${r.to ? stamp(r.to) : t('now')}`;
}

export function around(time: string, ms: number): { from: string; to: string; last: string } {
  const at = new Date(time).getTime();
  return { from: new Date(at - ms).toISOString(), to: new Date(at + ms).toISOString(), last: '' };
}

// The same length earlier (-1) or later (+1).
export function shifted(from: string, to: string, by: number): Range {
  const a = new Date(from).getTime();
  const b = new Date(to).getTime();
  const step = (b - a) * by;
  return { last: '', from: new Date(a + step).toISOString(), to: new Date(b + step).toISOString() };
}
