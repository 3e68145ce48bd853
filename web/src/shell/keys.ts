// Keys that work everywhere: Ctrl or Cmd K for the palette, and g followed by
// a letter for the pages. Single letters do nothing while somebody types.
import { go, to } from '$/state/router.svelte';
import { palette } from './palette.svelte';

const places: Record<string, string> = { o: to.overview, m: to.map, d: to.devices(), f: to.findings() };
const together = 1200; // milliseconds between g and the letter

export function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function keys(): () => void {
  let g = 0;
  const onKey = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      if (palette.open) palette.hide();
      else palette.show();
      return;
    }
    if (palette.open || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const place = places[event.key];
    if (event.key === 'g') g = event.timeStamp;
    else if (place && event.timeStamp - g < together) {
      g = 0;
      event.preventDefault();
      go(place);
    } else if (event.key === '/') {
      const search = document.querySelector<HTMLInputElement>('#main input[type="search"]');
      event.preventDefault();
      if (search) search.focus();
      else palette.show();
    }
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}
