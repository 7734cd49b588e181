/** A label that is watched for: its score as a bar, and its threshold, which can be moved. */

import { h } from "./element.js";
import { ScoreBar } from "./scorebar.js";
import { t } from "./words.js";

const WAIT_MS = 200;

export class WatchRow {
  /**
   * @param {{label: string, text: string, threshold: number}} watched
   * @param {(threshold: number) => any} moved called when the hand rests
   */
  constructor({ label, text, threshold }, moved) {
    this.bar = new ScoreBar(label, threshold, text === label ? "" : text);
    const input = h("input", {
      type: "range",
      min: 0.01,
      max: 1,
      step: 0.01,
      value: threshold,
      "aria-label": t("monitor.threshold.of", { label }),
    });
    let timer = 0;
    input.addEventListener("input", () => {
      this.bar.setThreshold(Number(input.value));
      clearTimeout(timer);
      timer = setTimeout(() => moved(Number(input.value)), WAIT_MS);
    });
    this.chip = h("span", { class: "chip alert", hidden: true }, t("monitor.now"));
    this.bar.element.querySelector(".name").append(this.chip);
    this.element = h("div", { class: "watched", "data-label": label }, this.bar.element, input);
  }

  /** @param {boolean} on whether there is an alert */
  alert(on) {
    this.chip.hidden = !on;
  }
}
