/** A score as a bar with its threshold. */

import { h } from "./element.js";
import { t } from "./words.js";

const FALL = 0.06;

/** A bar that moves: it jumps up and sinks slowly. */
export class ScoreBar {
  /**
   * @param {string} name
   * @param {number} threshold 0..1
   * @param {string} [note] beside the name
   */
  constructor(name, threshold, note = "") {
    this.shown = 0;
    this.threshold = threshold;
    this.fill = h("div", { class: "fill" });
    this.mark = h("div", { class: "threshold" });
    this.figure = h("span", { class: "figure" });
    this.bar = h(
      "div",
      {
        class: "bar",
        role: "meter",
        "aria-label": t("score.of", { name }),
        "aria-valuemin": 0,
        "aria-valuemax": 1,
        "aria-valuenow": 0,
      },
      this.fill,
      this.mark,
    );
    this.element = h(
      "div",
      { class: "score" },
      h("span", { class: "name" }, name, note && h("span", { class: "chip" }, note)),
      this.bar,
      this.figure,
    );
    this.setThreshold(threshold);
  }

  /** @param {number} threshold */
  setThreshold(threshold) {
    this.threshold = threshold;
    this.mark.style.left = `${percent(threshold)}%`;
    this.mark.title = `${t("threshold")} ${threshold.toFixed(2)}`;
    this.show(this.shown);
  }

  /** @param {number} score */
  show(score) {
    this.shown = Math.max(0, score);
    this.fill.style.width = `${percent(this.shown)}%`;
    this.bar.classList.toggle("over", this.shown >= this.threshold);
    this.bar.setAttribute("aria-valuenow", this.shown.toFixed(2));
    this.figure.textContent = `${this.shown.toFixed(2)} / ${this.threshold.toFixed(2)}`;
  }

  /** Nothing was there for a moment. */
  sink() {
    if (this.shown > 0) this.show(this.shown - FALL);
  }
}

/** @param {number} share */
export function percent(share) {
  return Math.round(1000 * Math.max(0, Math.min(1, share))) / 10;
}
