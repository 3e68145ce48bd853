// Whether the command palette is open, and who had the keyboard before.
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
    if (refocus) before?.focus();
    before = null;
  },
};
