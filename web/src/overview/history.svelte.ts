// The packet rate over the last minutes, kept while the console is open.
import { site } from '$/state/site.svelte';

const most = 120;
let rates = $state.raw<number[]>([]);
let last = 0;

/** Follows the site; call it once from a component. */
export function followRates(): void {
  $effect(() => {
    const now = site.now;
    if (!now || site.heard - last < 900) return;
    last = site.heard;
    const rate = now.sensor.sources.reduce((n, s) => n + s.packets_per_second, 0);
    rates = [...rates.slice(-(most - 1)), rate];
  });
}

export const history = {
  get rates(): number[] {
    return rates;
  },
};
