// One clock for every "3 min ago" on the screen, so that they change together.
let current = $state(Date.now());

if (typeof document !== 'undefined') {
  setInterval(() => {
    if (!document.hidden) current = Date.now();
  }, 5_000);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) current = Date.now();
  });
}

export const clock = {
  get now(): number {
    return current;
  },
};
