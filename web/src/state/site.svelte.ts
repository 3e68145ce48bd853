// What the console knows of the site: loaded once, then kept current by the
// stream of events. Big collections are plain maps with a version that counts
// up, so that ten thousand devices cost one signal and not ten thousand.
import { pages, request, ApiError } from '$/api/client';
import type { Conversation, Device, DeviceSummary, Finding, KindList, Override, Site } from '$/api/types';
import { Kinds } from '$/words/kinds';

const pageSize = 1000; // the most that the server gives at once

/** How a collection stands. */
export type Load = 'idle' | 'loading' | 'ready' | 'failed';

/** Items by id, with a version for those who look on. */
export class Collection<T extends { id: string }> {
  readonly byId = new Map<string, T>();
  #version = $state(0);
  load = $state<Load>('idle');
  error = $state.raw<ApiError | undefined>(undefined);
  #pending = false;

  /** order must be one that live changes do not reshuffle between two pages. */
  constructor(
    private readonly path: string,
    private readonly order: { sort: string; order: string },
  ) {}

  /** Reading it makes an effect or derived value follow every change. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return void this.#version, this.byId.size;
  }

  all(): T[] {
    return void this.#version, [...this.byId.values()];
  }

  get(id: string): T | undefined {
    return void this.#version, this.byId.get(id);
  }

  put(item: T): void {
    this.byId.set(item.id, item);
    this.touch();
  }

  remove(id: string): void {
    if (this.byId.delete(id)) this.touch();
  }

  /** Changes are told a few times a second at most, however many arrive. */
  private touch(): void {
    if (this.#pending) return;
    this.#pending = true;
    setTimeout(() => {
      this.#pending = false;
      this.#version++;
    }, 200);
  }

  /** Loads everything once; further calls wait for nothing and do nothing. */
  want(): void {
    if (this.load === 'idle') void this.reload();
  }

  /** Loads everything anew and forgets what the server no longer has. */
  async reload(): Promise<void> {
    if (this.load === 'loading') return;
    const first = this.load !== 'ready';
    if (first) this.load = 'loading';
    const seen = new Set<string>();
    try {
      await pages<T>(this.path, { ...this.order, limit: pageSize }, (items) => {
        for (const item of items) {
          this.byId.set(item.id, item);
          seen.add(item.id);
        }
        this.#version++;
      });
      for (const id of this.byId.keys()) if (!seen.has(id)) this.byId.delete(id);
      this.error = undefined;
      this.load = 'ready';
      this.#version++;
    } catch (cause) {
      this.error = cause instanceof ApiError ? cause : new ApiError(0, String(cause));
      this.load = first ? 'failed' : 'ready';
    }
  }
}

export const devices = new Collection<DeviceSummary>('/devices', { sort: 'name', order: 'asc' });
export const findings = new Collection<Finding>('/findings', { sort: 'severity', order: 'asc' });
export const conversations = new Collection<Conversation>('/conversations', { sort: 'first_seen', order: 'asc' });

let current = $state.raw<Site | undefined>(undefined);
let kindTable = $state.raw(new Kinds([]));
let failure = $state.raw<ApiError | undefined>(undefined);
let heard = $state(0); // when the server last said anything, wall clock

export const site = {
  get now(): Site | undefined {
    return current;
  },
  get kinds(): Kinds {
    return kindTable;
  },
  get error(): ApiError | undefined {
    return failure;
  },
  get heard(): number {
    return heard;
  },
  take(s: Site): void {
    current = s;
    failure = undefined;
    heard = Date.now();
  },
  hear(): void {
    heard = Date.now();
  },
};

/** Loads what every page needs. */
export async function loadSite(): Promise<void> {
  try {
    const [s, k] = await Promise.all([request<Site>('/site'), request<KindList>('/kinds')]);
    site.take(s);
    kindTable = new Kinds(k.items);
  } catch (cause) {
    failure = cause instanceof ApiError ? cause : new ApiError(0, String(cause));
  }
}

/** Loads again all that has been loaded: the stream had a gap. */
export async function resync(): Promise<void> {
  await loadSite();
  await Promise.all([devices, findings, conversations].filter((c) => c.load === 'ready' || c.load === 'failed').map((c) => c.reload()));
}

/** Says what a device is; null takes back what a person said. */
export async function override(id: string, change: Override): Promise<Device> {
  const device = await request<Device>(`/devices/${encodeURIComponent(id)}`, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(change),
  });
  devices.put(device);
  return device;
}
