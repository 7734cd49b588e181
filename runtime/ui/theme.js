/** Light or dark: as the system says, unless the user chose. */

const KEY = "wakesound.theme";

/** @returns {"light" | "dark"} */
export function theme() {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Show the page in the theme. */
export function applyTheme() {
  document.documentElement.dataset.theme = theme();
}

/** Choose the other one. */
export function switchTheme() {
  localStorage.setItem(KEY, theme() === "dark" ? "light" : "dark");
  applyTheme();
}

/**
 * A colour of the theme, for canvases.
 * @param {string} name without the dashes
 */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
