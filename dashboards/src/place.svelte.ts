// Where the reader is: the hash of the address, so that a link opens the same page.
export interface Place {
  view: string;
  id: string;
  query: URLSearchParams;
}

function read(): Place {
  const [path = '', q = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [view = '', ...rest] = path.split('/');
  return { view: view || 'overview', id: decodeURIComponent(rest.join('/')), query: new URLSearchParams(q) };
}

export const place = $state<{ now: Place }>({ now: read() });
addEventListener('hashchange', () => (place.now = read()));

export function link(view: string, id = '', query: Record<string, string> = {}): string {
  const q = new URLSearchParams(Object.entries(query).filter(([, v]) => v)).toString();
  return `#/${view}${id ? `/${encodeURIComponent(id)}` : ''}${q ? `?${q}` : ''}`;
}

export function go(view: string, id = '', query: Record<string, string> = {}) {
  location.hash = link(view, id, query);
}
