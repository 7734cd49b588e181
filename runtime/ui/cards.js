/** The list of what was heard: wakes at once, near misses as soon as they are written down. */

import { ask } from "./api.js";
import { Card } from "./card.js";
import { h } from "./element.js";
import { showProblem } from "./notice.js";
import { t } from "./words.js";

const MOST = 40;

/** @typedef {import("./card.js").Heard} Heard */

export class Cards {
  /**
   * @param {(heard: Heard) => number[][]} seen what was seen live of it
   * @param {string} [sound] only of this one
   */
  constructor(seen, sound = "") {
    this.seen = seen;
    this.sound = sound;
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    this.kind = "";
    this.list = h("ul", { class: "cards", "aria-live": "polite", "aria-relevant": "additions" });
    this.empty = h("p", { class: "hint" }, t("listen.nothing"));
    this.element = h("div", {}, this.empty, this.list);
  }

  /** Read what the server remembers. */
  async refresh() {
    /** @type {Record<string, any>} */
    const query = { limit: MOST };
    if (this.sound) query.sound = this.sound;
    if (this.kind) query.kind = this.kind;
    try {
      /** @type {Heard[]} */
      const found = await ask("GET", "history", { query });
      for (const heard of found.reverse()) this.put(heard);
    } catch (error) {
      if (/** @type {any} */ (error).code === "no_history") this.empty.textContent = t("problem.no_history");
      else if (/** @type {any} */ (error).status) showProblem(error);
    }
  }

  /**
   * Add one, or what more is known of it.
   * @param {Heard} heard
   */
  put(heard) {
    const known = this.cards.get(heard.id);
    if (known) {
      const { kind, pattern } = known.heard;
      known.update({ ...heard, kind, pattern: heard.pattern ?? pattern });
      return;
    }
    const card = new Card(heard, () => this.seen(heard));
    this.cards.set(heard.id, card);
    const after = [...this.list.children].find((other) => this.at(other) <= Date.parse(heard.time));
    this.list.insertBefore(card.element, after ?? null);
    this.trim();
    this.filter(this.kind);
  }

  /** @param {string} kind `wake`, `near` or all */
  filter(kind) {
    this.kind = kind;
    let shown = 0;
    for (const { element, heard } of this.cards.values()) {
      element.hidden = Boolean(kind) && heard.kind !== kind;
      shown += element.hidden ? 0 : 1;
    }
    this.empty.hidden = shown > 0;
  }

  /** @param {Element} element */
  at(element) {
    const card = this.cards.get(/** @type {HTMLElement} */ (element).dataset.id ?? "");
    return card ? Date.parse(card.heard.time) : 0;
  }

  trim() {
    while (this.list.children.length > MOST) {
      const last = /** @type {HTMLElement} */ (this.list.lastElementChild);
      this.cards.delete(last.dataset.id ?? "");
      last.remove();
    }
  }
}
