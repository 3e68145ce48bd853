// The "now" that ages are measured against. Live traffic is as old as the wall
// clock says; a recording has a time of its own, that of its newest packet.
import { clock } from './clock.svelte';
import { site } from './site.svelte';
import { instant } from '$/words/format';

const recorded = $derived.by(() => {
  const sources = site.now?.sensor.sources ?? [];
  return sources.length > 0 && sources.every((s) => s.kind === 'replay');
});

const newest = $derived.by(() => {
  const times = (site.now?.sensor.sources ?? []).map((s) => instant(s.last_packet) ?? 0);
  return Math.max(0, ...times);
});

export const reference = {
  get recorded(): boolean {
    return recorded;
  },
  get now(): number {
    return recorded && newest > 0 ? newest : clock.now;
  },
};
