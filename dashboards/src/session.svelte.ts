// Who is signed in, what the analyzer told since, and short messages to the reader.
import { api, ApiError, live, type Live, type Me } from './api';
import { t } from './words.svelte';

interface Note {
  id: number;
  text: string;
  kind: 'good' | 'bad';
  undo?: () => void;
}

export const session = $state<{ me: Me | null; asked: boolean; connected: boolean; news: number; last: Live | null; notes: Note[] }>({
  me: null,
  asked: false,
  connected: false,
  news: 0,
  last: null,
  notes: [],
});

let close: (() => void) | null = null;
let serial = 0;

export function say(text: string, kind: Note['kind'] = 'good', undo?: () => void) {
  const id = ++serial;
  const once = undo && (() => {
    session.notes = session.notes.filter((n) => n.id !== id);
    undo();
  });
  session.notes = [...session.notes.slice(-3), { id, text, kind, undo: once }];
  setTimeout(() => (session.notes = session.notes.filter((n) => n.id !== id)), 10_000);
}

export function fail(e: unknown) {
  if (e instanceof ApiError && e.status === 401) {
    leave();
    return;
  }
  say(e instanceof ApiError && e.status === 409 ? t('changed_by_other') : e instanceof Error ? e.message : String(e), 'bad');
}

export function enter(me: Me) {
  session.me = me;
  close?.();
  close = live(
    (e) => {
      session.last = e;
      session.news++;
    },
    (up) => (session.connected = up),
  );
}

export function leave() {
  close?.();
  close = null;
  session.me = null;
  session.connected = false;
}

export async function resume() {
  try {
    enter(await api.me());
  } catch {
    leave();
  }
  session.asked = true;
}
