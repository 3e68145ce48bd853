// Runs before the first paint, so that a theme that was chosen never flashes.
(function () {
  try {
    var theme = localStorage.getItem('cordon.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch (e) {
    // Storage is refused: the system's theme is used.
  }
})();
