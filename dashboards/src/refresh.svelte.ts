// When a page asks again: a moment after news, and now and then, since time itself changes what pages say.
import { untrack } from 'svelte';
import { session } from './session.svelte';

const soon = 700;
const now_and_then = 20_000;

// To be called while a component begins. `load` runs at once, and at once again when what `of` gives is another. Neither what it reads
// nor what it sets brings it about: a page would ask without end. A hidden page asks only for news.
export function refresh(load: () => unknown, of: () => unknown = () => 0) {
  let shown: unknown;
  $effect(() => {
    void session.news;
    const what = of();
    const timer = setTimeout(() => void load(), shown === what ? soon : 0);
    shown = what;
    return () => clearTimeout(timer);
  });
  $effect(() => {
    const tick = setInterval(() => {
      if (!document.hidden) void untrack(load);
    }, now_and_then);
    return () => clearInterval(tick);
  });
}
