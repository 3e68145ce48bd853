// A small router over the history API. A route is the path's segments and the
// query; screens write their filters into the query, so that every view has an
// address that can be sent to a colleague.
import { tick } from 'svelte';

export interface Route {
  path: string;
  segments: string[];
  query: URLSearchParams;
}

function read(): Route {
  const path = location.pathname.replace(/\/+$/, '') || '/';
  return {
    path,
    segments: path.split('/').filter(Boolean).map(decode),
    query: new URLSearchParams(location.search),
  };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // a lone % in an address typed by hand
  }
}

let current = $state.raw<Route>(typeof location === 'undefined' ? { path: '/', segments: [], query: new URLSearchParams() } : read());

export const router = {
  get route(): Route {
    return current;
  },
};

/** Goes to a page and hands the keyboard to its heading. */
export function go(to: string): void {
  if (to === location.pathname + location.search) return;
  history.pushState(null, '', to);
  const before = current.path;
  current = read();
  if (current.path !== before) void focusHeading();
}

/** Rewrites the query of this page without leaving a step in the history. */
export function setQuery(change: Record<string, string | undefined>): void {
  const q = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined || value === '') q.delete(key);
    else q.set(key, value);
  }
  const s = q.toString();
  history.replaceState(history.state, '', location.pathname + (s ? `?${s}` : ''));
  current = read();
}

const patience = 3_000; // milliseconds that a page may take to come

/** Waits for the page's heading; whoever has moved on by then is left alone. */
async function focusHeading(): Promise<void> {
  await tick();
  document.getElementById('main')?.scrollTo(0, 0);
  const before = document.activeElement;
  const started = performance.now();
  const look = () => {
    const now = document.activeElement;
    if (now !== before && now !== document.body) return;
    const heading = document.querySelector<HTMLElement>('#main h1');
    if (heading) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    } else if (performance.now() - started < patience) requestAnimationFrame(look);
  };
  look();
}

/** Follows links of our own without loading the page anew. */
export function listen(): () => void {
  const onPop = () => (current = read());
  const onClick = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = (event.target as Element | null)?.closest?.('a');
    if (!anchor || anchor.target || anchor.origin !== location.origin || anchor.hasAttribute('download')) return;
    if (anchor.pathname.startsWith('/api') || anchor.pathname === '/openapi.json' || anchor.getAttribute('href')?.startsWith('#')) return;
    event.preventDefault();
    go(anchor.pathname + anchor.search);
  };
  addEventListener('popstate', onPop);
  document.addEventListener('click', onClick);
  return () => {
    removeEventListener('popstate', onPop);
    document.removeEventListener('click', onClick);
  };
}

export const to = {
  overview: '/',
  map: '/map',
  devices: (query: Record<string, string> = {}) => {
    const s = new URLSearchParams(query).toString();
    return s ? `/devices?${s}` : '/devices';
  },
  device: (id: string) => `/devices/${encodeURIComponent(id)}`,
  mapOf: (id: string) => `/map?focus=${encodeURIComponent(id)}`,
  findings: (query: Record<string, string> = {}) => {
    const s = new URLSearchParams(query).toString();
    return s ? `/findings?${s}` : '/findings';
  },
  finding: (id: string) => `/findings/${encodeURIComponent(id)}`,
  settings: '/settings',
};
