/** What the user should know now: a line at the top of the page, read aloud at once. */

import { h } from "./element.js";
import { problemWords } from "./problems.js";
import { t } from "./words.js";

const box = h("div", { class: "notices", role: "alert" });

/** @returns {HTMLElement} the place for notices */
export function notices() {
  return box;
}

/**
 * Say something; it stays until it is closed or something else is said.
 * @param {string} text
 * @param {"error" | "good"} [kind]
 */
export function notify(text, kind = "error") {
  const close = h("button", { type: "button", class: "quiet", "aria-label": t("close") }, "×");
  const line = h("div", { class: `notice ${kind}` }, h("span", {}, text), close);
  close.addEventListener("click", () => line.remove());
  box.replaceChildren(line);
}

/** Take back what was said. */
export function quiet() {
  box.replaceChildren();
}

/** @param {any} error of a request, or any other */
export function showProblem(error) {
  notify(problemWords(error));
}
