/** A question before something is lost. */

import { button, h } from "./element.js";
import { t } from "./words.js";

/**
 * Ask before something is lost.
 * @param {string} question
 * @param {string} yes what the button says
 * @returns {Promise<boolean>}
 */
export function confirmed(question, yes) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { "aria-label": question });
    const end = (/** @type {boolean} */ answer) => () => {
      dialog.remove();
      resolve(answer);
    };
    dialog.addEventListener("cancel", end(false));
    dialog.append(
      h("p", {}, question),
      h(
        "div",
        { class: "actions" },
        button(t("cancel"), end(false)),
        button(yes, end(true), { class: "danger" }),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
