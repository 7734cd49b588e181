/** Trying out a sound that is being enrolled: its live score against the threshold. */

import { ask } from "./api.js";
import { button, fill, h } from "./element.js";
import { ScoreBar } from "./scorebar.js";
import { Stream } from "./stream.js";
import { t } from "./words.js";

const TICK_MS = 100;
const SILENT_MS = 400;

export class Trial {
  /** @param {string} draft id */
  constructor(draft) {
    this.stream = new Stream({ query: { draft, name: "trial" } });
    this.wakes = 0;
    this.scored = 0;
    this.timer = 0;
    this.offset = 0;
    this.bar = new ScoreBar(t("enroll.try"), 1);
    this.said = h("p", { role: "status", class: "lead" });
    this.press = h("div", { class: "actions" });
    this.element = h(
      "section",
      { class: "panel try" },
      h("h2", {}, t("enroll.try")),
      h("p", { class: "hint" }, t("enroll.try.hint")),
      this.press,
      this.bar.element,
      this.said,
    );
    this.stream.addEventListener("scores", (event) => {
      const { scores } = /** @type {CustomEvent} */ (event).detail;
      this.scored = performance.now();
      this.bar.show(Math.max(0, .../** @type {number[]} */ (Object.values(scores))));
    });
    this.stream.addEventListener("wake", () => {
      this.wakes += 1;
      this.said.textContent = t("enroll.try.woke", { n: this.wakes });
      this.said.classList.add("good");
    });
    this.stream.addEventListener("failed", (event) => {
      this.said.textContent = /** @type {CustomEvent} */ (event).detail;
    });
    this.stream.addEventListener("state", () => this.offer());
    this.offer();
    ask("GET", "listening").then(({ threshold_offset }) => {
      this.offset = threshold_offset;
      this.bar.setThreshold(this.bar.threshold + threshold_offset);
    }, () => null);
  }

  /**
   * The takes or the budget have changed.
   * @param {number} threshold
   */
  changed(threshold) {
    this.bar.setThreshold(threshold + this.offset);
    if (this.stream.state !== "stopped") this.stream.socket?.close(); // it comes back with the new
  }

  start() {
    this.wakes = 0;
    this.said.classList.remove("good");
    this.said.textContent = t("enroll.try.listening");
    this.timer = setInterval(() => {
      if (performance.now() - this.scored > SILENT_MS) this.bar.sink();
    }, TICK_MS);
    return this.stream.start();
  }

  stop() {
    clearInterval(this.timer);
    this.stream.stop();
  }

  offer() {
    const off = this.stream.state === "stopped";
    const press = () => (off ? this.start() : this.stop());
    fill(this.press, button(t(off ? "enroll.try.start" : "enroll.try.stop"), press));
  }
}
