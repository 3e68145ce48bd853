// Light, dark or the system's choice; public/theme.js applies it before the
// first paint.
export type Theme = 'system' | 'light' | 'dark';

const key = 'cordon.theme';

function stored(): Theme {
  try {
    const t = localStorage.getItem(key);
    return t === 'light' || t === 'dark' ? t : 'system';
  } catch {
    return 'system';
  }
}

let chosen = $state<Theme>(stored());
const night = typeof matchMedia === 'undefined' ? undefined : matchMedia('(prefers-color-scheme: dark)');
let systemDark = $state(night?.matches ?? false);
night?.addEventListener('change', (e) => (systemDark = e.matches));

export const theme = {
  get chosen(): Theme {
    return chosen;
  },
  get dark(): boolean {
    return chosen === 'dark' || (chosen === 'system' && systemDark);
  },
  choose(t: Theme): void {
    chosen = t;
    if (t === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = t;
    try {
      if (t === 'system') localStorage.removeItem(key);
      else localStorage.setItem(key, t);
    } catch {
      // Storage is refused: the choice lasts as long as the page.
    }
  },
};
