// Whether the command palette is open, and who had the keyboard before.
import { tick } from 'svelte';

let open = $state(false);
let before: HTMLElement | null = null;

export const palette = {
  get open(): boolean {
    return open;
  },
  show(): void {
    if (open) return;
    before = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    open = true;
  },
  hide(refocus = true): void {
    open = false;
    const back = before;
    before = null;
    if (refocus) void tick().then(() => back?.focus()); // not before the dialog is gone
  },
};
