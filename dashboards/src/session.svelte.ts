// Who is signed in, whether the analyzer answers, what it told since, and short messages to the reader.
import { api, ApiError, door, live, type Live, type Me } from './api';
import { both, t } from './words.svelte';

interface Note {
  id: number;
  text: string;
  kind: 'good' | 'bad';
  undo?: () => void;
}

export const session = $state<{ me: Me | null; asked: boolean; expired: boolean; connected: boolean; silent: string; news: number; last: Live | null; notes: Note[] }>({
  me: null,
  asked: false, // whether somebody is signed in
  expired: false, // somebody was: the page stays, the password is asked for
  connected: false, // to the stream of news
  silent: '', // since when the analyzer does not answer
  news: 0,
  last: null,
  notes: [],
});

let close: (() => void) | null = null;
let serial = 0;
let entered = 0;
let waiting: ((same: boolean) => void)[] = []; // actions that found the session ended

export function say(text: string, kind: Note['kind'] = 'good', undo?: () => void) {
  const id = ++serial;
  const once = undo && (() => {
    session.notes = session.notes.filter((n) => n.id !== id);
    undo();
  });
  session.notes = [...session.notes.filter((n) => n.undo || n.text !== text).slice(-3), { id, text, kind, undo: once }];
  setTimeout(() => (session.notes = session.notes.filter((n) => n.id !== id)), 10_000);
}

// What went wrong, to the reader. That nobody answers, and that the session ended, shows by itself.
export function fail(e: unknown) {
  if (!(e instanceof ApiError)) return say(e instanceof Error ? e.message : String(e), 'bad');
  if (e.status === 0) return e.asked ? undefined : say(t('not_done'), 'bad');
  if (e.status === 401) {
    if (e.began > entered) session.expired = session.me !== null;
    return;
  }
  say(e.status === 409 && !e.said ? t('changed_by_other') : both(e.said) || t('refused', { status: e.status }), 'bad');
}

// For a page about one thing: what to say in its place when there is no such thing; any other fault is told as always.
export function absent(e: unknown): string {
  if (e instanceof ApiError && e.status === 404) return both(e.said) || t('page_not_found');
  fail(e);
  return '';
}

function told(e: Live) {
  session.last = e;
  session.news++;
}

export function enter(me: Me) {
  const same = session.me?.user === me.user;
  if (session.me && !same) return location.reload(); // what stands here is somebody else's
  session.me = me;
  session.expired = false;
  entered = Date.now();
  close?.();
  close = live(told, (up) => {
    session.connected = up;
    if (!up) void look();
  });
  if (same) told({ kind: 'reload' });
  for (const go of waiting.splice(0)) go(same);
}

export function leave() {
  close?.();
  close = null;
  session.me = null;
  session.expired = false;
  session.connected = false;
  for (const go of waiting.splice(0)) go(false);
}

// Is the analyzer there? Asked when the stream was cut, and while there is no answer; what it says counts in door.heard and fail.
let looking = false;
async function look() {
  if (looking || !session.me || session.expired) return;
  looking = true;
  try {
    await api.me();
  } catch (e) {
    fail(e);
  }
  looking = false;
}

door.heard = (there) => {
  if (there === (session.silent === '')) return;
  session.silent = there ? '' : new Date().toISOString();
  if (there) told({ kind: 'reload' });
};

door.expired = () => {
  session.expired = session.me !== null;
  return session.expired ? new Promise((go) => waiting.push(go)) : Promise.resolve(false);
};

export async function resume() {
  try {
    enter(await api.me());
  } catch (e) {
    if (e instanceof ApiError && e.status !== 401) return void setTimeout(() => void resume(), 2000);
  }
  session.asked = true;
}

setInterval(() => {
  if (session.silent) void look();
}, 3000);
