// A list that comes in pages, newest first: its first page, the next ones as the reader nears the end, and what came since,
// which is counted and shown only when asked for: no row moves under the cursor.
import { untrack } from 'svelte';
import type { Live, Page } from './api';
import { covered, follow, letters } from './keys';
import { fail, session } from './session.svelte';

const soon = 1000;

interface Kind<T> {
  of: () => string; // what is listed: when this is another, the list begins anew
  ask: (of: string, before?: string) => Promise<Page<T>>;
  news: Live['kind']; // what tells that something may have changed
  mark: (row: T) => string; // another mark: the row has changed
  time: (row: T) => string; // the list's order
}

// To be called while a component begins.
export class List<T extends { id: string }> {
  rows = $state.raw<T[] | null>(null);
  at = $state(0); // the row of the keyboard
  total = $state(0);
  next = $state<string | undefined>();
  broken = $state(false); // the next page did not come: asked for again by hand
  fresh = $state.raw<{ page: Page<T>; n: number } | null>(null);
  #kind: Kind<T>;
  #asked = 0; // a late answer to an earlier question is not shown

  constructor(kind: Kind<T>) {
    this.#kind = kind;
    $effect(() => {
      void kind.of();
      untrack(() => {
        this.rows = null; // a key pressed now must not act on what was asked for before
        this.at = 0;
        void this.load();
      });
    });
    $effect(() => {
      void session.news;
      if (session.last?.kind !== kind.news && session.last?.kind !== 'reload') return;
      const timer = setTimeout(() => void this.#look(), soon);
      return () => clearTimeout(timer);
    });
  }

  #take(page: Page<T>) {
    this.rows = page.items;
    this.total = page.total;
    this.next = page.next;
    this.broken = false;
    this.fresh = null;
    this.at = Math.min(this.at, Math.max(0, page.items.length - 1));
  }

  load = async () => {
    const mine = ++this.#asked;
    this.next = undefined;
    try {
      const page = await this.#kind.ask(this.#kind.of());
      if (mine === this.#asked) this.#take(page);
    } catch (e) {
      fail(e);
    }
  };

  more = async () => {
    const mine = this.#asked;
    const before = this.next;
    this.next = undefined;
    this.broken = false;
    try {
      const page = await this.#kind.ask(this.#kind.of(), before);
      if (mine !== this.#asked) return;
      const known = new Set(this.rows?.map((x) => x.id));
      this.rows = [...(this.rows ?? []), ...page.items.filter((x) => !known.has(x.id))];
      this.next = page.next;
    } catch (e) {
      if (mine !== this.#asked) return;
      this.next = before;
      this.broken = true;
      fail(e);
    }
  };

  // How many rows of a new first page are new or changed, and how many of ours are no longer in it though their time is its time.
  async #look() {
    if (!this.rows || document.hidden) return;
    const mine = this.#asked;
    try {
      const page = await this.#kind.ask(this.#kind.of());
      if (mine !== this.#asked) return;
      const { mark, time } = this.#kind;
      const last = page.items[page.items.length - 1];
      const oldest = page.next && last ? time(last) : '';
      const known = new Map(this.rows.map((x) => [x.id, mark(x)]));
      const there = new Set(page.items.map((x) => x.id));
      const gone = this.rows.filter((x) => time(x) > oldest && !there.has(x.id));
      const n = page.items.filter((x) => known.get(x.id) !== mark(x)).length + gone.length;
      if (n && !this.rows.length) this.#take(page);
      else this.fresh = n ? { page, n } : null;
    } catch {
      // the next event asks again
    }
  }

  showFresh = () => {
    if (!this.fresh) return;
    this.#asked++;
    this.#take(this.fresh.page);
  };

  // A row as it is now: what its reader changed is no news.
  put(row: T) {
    this.rows = this.rows?.map((x) => (x.id === row.id ? row : x)) ?? null;
  }

  // The letters that all lists know, and those of this one.
  keys(e: KeyboardEvent, row: string, own: Record<string, (x: T) => void>) {
    if (!letters(e) || covered() || !this.rows?.length) return;
    const x = this.rows[this.at];
    const end = this.rows.length - 1;
    if (e.key === 'j' || e.key === 'ArrowDown') this.at = Math.min(end, this.at + 1);
    else if (e.key === 'k' || e.key === 'ArrowUp') this.at = Math.max(0, this.at - 1);
    else if (e.key === 'H' || e.key === 'Home') this.at = 0;
    else if (e.key === 'G' || e.key === 'End') this.at = end;
    else if (e.key === 'r') void this.load();
    else if (own[e.key] && x) own[e.key]?.(x);
    else return;
    e.preventDefault();
    follow(row);
  }
}
