/** The alerts of a watch: when each began, how high it got, and when it was over. */

import { h } from "./element.js";
import { t, timeWords } from "./words.js";

const MOST = 50;

/** @typedef {{id: string, label: string, state: string, score: number, source: string, time: string, start: number, end: number}} Alert */

export class AlertList {
  constructor() {
    this.list = h("ul", { class: "alerts", role: "log", "aria-label": t("monitor.alerts") });
    this.none = h("p", { class: "hint" }, t("monitor.quiet"));
    this.element = h("div", {}, this.none, this.list);
    /** @type {Map<string, {item: HTMLElement, facts: HTMLElement, began: string}>} */
    this.open = new Map();
  }

  /** @param {Alert} alert */
  put(alert) {
    const known = this.open.get(alert.id);
    const score = alert.score.toFixed(2);
    if (known) {
      known.facts.textContent = t("monitor.over", { score, time: timeWords(alert.time), seconds: (alert.end - alert.start).toFixed(0) });
      known.item.classList.remove("on");
      this.open.delete(alert.id);
      return;
    }
    this.none.hidden = true;
    const facts = h("span", { class: "facts" }, t("monitor.since", { score, source: alert.source }));
    const item = h("li", { class: "on" }, h("time", { datetime: alert.time }, timeWords(alert.time)), h("strong", {}, h("bdi", {}, alert.label)), " ", facts);
    this.list.prepend(item);
    this.open.set(alert.id, { item, facts, began: alert.time });
    while (this.list.children.length > MOST) this.list.lastElementChild?.remove();
  }

  /** The watch has ended: nothing more is known of what is on. */
  end() {
    for (const { item, facts } of this.open.values()) {
      item.classList.remove("on");
      facts.textContent = t("monitor.stopped");
    }
    this.open.clear();
  }
}
