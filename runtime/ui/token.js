/** The token that the server asks for; kept until the tab is closed. */

import { h } from "./element.js";
import { t } from "./words.js";

const KEY = "wakesound.token";
/** @type {Promise<void> | null} */
let asking = null;

/** @returns {string} */
export function token() {
  return sessionStorage.getItem(KEY) ?? "";
}

/**
 * Ask the user for the token; all who ask meanwhile wait for the one answer.
 * @param {boolean} wrong whether the one there was is wrong
 * @returns {Promise<void>}
 */
export function askToken(wrong) {
  asking ??= show(wrong).finally(() => (asking = null));
  return asking;
}

/** @param {boolean} wrong */
function show(wrong) {
  return new Promise((resolve) => {
    const input = h("input", { type: "password", id: "token", autocomplete: "off", required: true });
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { id: "token-title" }, t("token.title")),
      h("p", {}, wrong ? t("token.wrong") : t("token.why")),
      h("label", { for: "token" }, t("token.label")),
      input,
      h("div", { class: "actions" }, h("button", { class: "main" }, t("token.use"))),
    );
    const dialog = h("dialog", { "aria-labelledby": "token-title" }, form);
    dialog.addEventListener("cancel", (/** @type {Event} */ event) => event.preventDefault());
    form.addEventListener("submit", () => {
      sessionStorage.setItem(KEY, input.value.trim());
      dialog.remove();
      resolve(undefined);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
