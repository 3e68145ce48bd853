// The stream of live changes, and how the line to the server stands. A broken
// stream is resumed by the browser, and the server sends what was missed, or
// "resync". One that the server refused is opened anew by us, ever more slowly,
// and then all that is on screen is loaded again, so that nothing stays stale.
import type { Conversation, DeviceRemoved, DeviceSummary, Finding, Resync, Site } from '$/api/types';
import { conversations, devices, findings, resync, site } from './site.svelte';

export type Line = 'connecting' | 'live' | 'reconnecting' | 'offline';

const shortest = 1_000; // milliseconds
const longest = 20_000;
const offlineAfter = 8_000; // a line that is away longer is called so

let line = $state<Line>('connecting');
let source: EventSource | undefined;
let retry = shortest;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let brokenSince = 0;
let opened = false;

export const live = {
  get line(): Line {
    return line;
  },
  /** Opens the stream; the answer closes it. */
  start(): () => void {
    connect();
    const online = () => line !== 'live' && connect();
    addEventListener('online', online);
    return () => {
      removeEventListener('online', online);
      clearTimeout(retryTimer);
      source?.close();
      source = undefined;
    };
  },
  /** Tries again at once, because a person asked for it. */
  retry(): void {
    retry = shortest;
    connect();
  },
};

function connect(): void {
  clearTimeout(retryTimer);
  source?.close();
  const s = new EventSource('/api/v1/events');
  source = s;
  let before = false; // this very stream was open before, and resumes
  s.onopen = () => {
    const gap = opened && !before;
    opened = before = true;
    retry = shortest;
    brokenSince = 0;
    line = 'live';
    site.hear();
    if (gap || site.error) void resync();
  };
  s.onerror = () => {
    if (source !== s) return;
    brokenSince ||= Date.now();
    line = Date.now() - brokenSince > offlineAfter ? 'offline' : 'reconnecting';
    if (s.readyState !== EventSource.CLOSED) return; // the browser tries again
    retryTimer = setTimeout(connect, retry);
    retry = Math.min(retry * 2, longest);
  };
  on<DeviceSummary>(s, 'device', (d) => devices.put(d));
  on<DeviceRemoved>(s, 'device-removed', ({ id, merged_into }) => {
    if (merged_into) merged.set(id, merged_into);
    devices.remove(id);
  });
  on<Finding>(s, 'finding', (f) => findings.put(f));
  on<Conversation>(s, 'conversation', (c) => conversations.put(c));
  on<Site>(s, 'site', (v) => site.take(v));
  on<Resync>(s, 'resync', () => void resync());
}

/** Devices that turned out to be the same as another: an old link leads on. */
export const merged = new Map<string, string>();

function on<T>(s: EventSource, name: string, take: (value: T) => void): void {
  s.addEventListener(name, (event) => {
    site.hear();
    let value: T;
    try {
      value = JSON.parse((event as MessageEvent<string>).data) as T;
    } catch {
      void resync(); // a torn message: what it said is fetched instead
      return;
    }
    take(value);
  });
}
