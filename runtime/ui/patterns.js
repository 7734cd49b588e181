/** The patterns of a sound: so many in a row. */

import { ask, path } from "./api.js";
import { button, fill, h } from "./element.js";
import { showProblem } from "./notice.js";
import { t } from "./words.js";

const MOST_BEATS = 4;

export class Patterns {
  /**
   * @param {string} sound its name
   * @param {() => any} changed
   */
  constructor(sound, changed) {
    this.where = `sounds/${path(sound)}/patterns`;
    this.changed = changed;
    this.list = h("ul", { class: "plain" });
    const beats = h(
      "select",
      { "aria-label": `${t("enroll.pattern.label")}: ${sound}` },
      Array.from({ length: MOST_BEATS - 1 }, (_, i) => h("option", { value: i + 2 }, t("enroll.pattern.n", { n: i + 2 }))),
    );
    const add = () => this.ask("POST", this.where, { json: { beats: Number(beats.value) } });
    this.element = h("div", {}, this.list, h("div", { class: "actions" }, beats, button(t("sounds.pattern.add"), add)));
  }

  async refresh() {
    const found = await ask("GET", this.where).catch(() => null);
    if (!found) return;
    const rows = found.map((/** @type {any} */ { name, beats }) =>
      h(
        "li",
        {},
        `${name}: ${t("enroll.pattern.n", { n: beats })} `,
        button(t("delete"), () => this.ask("DELETE", `${this.where}/${path(name)}`), { class: "quiet", "aria-label": `${t("delete")}: ${name}` }),
      ),
    );
    fill(this.list, rows.length ? rows : h("li", { class: "hint" }, t("sounds.pattern.any")));
  }

  /**
   * @param {string} method
   * @param {string} where
   * @param {any} [sent]
   */
  async ask(method, where, sent) {
    try {
      await ask(method, where, sent);
      await this.refresh();
      await this.changed();
    } catch (error) {
      showProblem(error);
    }
  }
}
