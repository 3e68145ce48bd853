// One device with all that belongs to it, kept current: the list's stream says
// that it changed, and what only the single device has is then asked for.
import { ApiError, pages, request } from '$/api/client';
import type { Conversation, Device, TimelineEntry } from '$/api/types';
import { devices } from '$/state/site.svelte';

const settle = 1500; // milliseconds between two questions about a lively device
const entries = 200; // of the timeline

export class Subject {
  device = $state.raw<Device | undefined>(undefined);
  conversations = $state.raw<Conversation[] | undefined>(undefined);
  timeline = $state.raw<TimelineEntry[] | undefined>(undefined);
  error = $state.raw<ApiError | undefined>(undefined);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort = new AbortController();

  constructor(readonly id: string) {}

  get path(): string {
    return `/devices/${encodeURIComponent(this.id)}`;
  }

  async load(): Promise<void> {
    const signal = this.#abort.signal;
    try {
      // A device that was merged into another answers as that other.
      this.device = await request<Device>(this.path, { signal });
      const talks: Conversation[] = [];
      const [, story] = await Promise.all([
        pages<Conversation>(`${this.path}/conversations`, { limit: 1000, sort: 'first_seen', order: 'asc' }, (items) => void talks.push(...items), signal),
        request<{ items: TimelineEntry[] }>(`${this.path}/timeline?limit=${entries}`, { signal }),
      ]);
      this.conversations = talks;
      this.timeline = story.items;
      this.error = undefined;
    } catch (cause) {
      if (signal.aborted) return;
      this.error = cause instanceof ApiError ? cause : new ApiError(0, String(cause));
    }
  }

  /** Follows live changes; call it once from a component. */
  follow(): void {
    let before: unknown = devices.get(this.id);
    $effect(() => {
      const now = devices.get(this.device?.id ?? this.id);
      if (now === before) return;
      before = now;
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        if (!document.hidden) void this.load();
      }, settle);
    });
    $effect(() => () => {
      clearTimeout(this.#timer);
      this.#abort.abort();
    });
  }
}
