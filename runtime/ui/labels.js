/** A field for labels, with advice on them. */

import { ask } from "./api.js";
import { button, fill, h } from "./element.js";
import { language, t } from "./words.js";

const KEY = "wakesound.labels";
const WAIT_MS = 600;

export class LabelField {
  constructor() {
    const value = localStorage.getItem(`${KEY}.${language()}`) ?? t("classify.example");
    this.input = h("input", { id: "labels", required: true, value, autocomplete: "off", "aria-describedby": "hints" });
    this.hints = h("div", { id: "hints", class: "hints", role: "status" });
    this.element = h("div", {}, h("label", { for: "labels" }, t("classify.labels")), this.input, this.hints);
    this.timer = 0;
    this.input.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.check(), WAIT_MS);
    });
    this.check();
  }

  /** @returns {string} */
  get value() {
    return this.input.value.trim();
  }

  async check() {
    const asked = this.value;
    localStorage.setItem(`${KEY}.${language()}`, asked);
    if (!asked) return fill(this.hints);
    try {
      const advice = await ask("POST", "labels/check", { json: { labels: asked } });
      if (asked === this.value) this.show(advice);
    } catch (error) {
      const { status, code, message } = /** @type {any} */ (error);
      fill(this.hints, status ? h("p", { class: "warning" }, code === "not_installed" ? t("classify.words") : message) : null);
    }
  }

  /** @param {{remarks: any[], better: string[]}} advice */
  show({ remarks, better }) {
    const items = remarks.map((remark) => {
      const words = language() === "en" ? remark.text : t(`remark.${remark.kind}`);
      const about = remark.labels.length ? `${remark.labels.join(", ")}: ` : "";
      return h("li", {}, language() === "en" ? words : about + words);
    });
    const together = better.join(", ");
    const take = () => {
      this.input.value = together;
      return this.check();
    };
    fill(
      this.hints,
      items.length ? h("ul", {}, items) : h("p", { class: "good" }, `✓ ${t("classify.hints.none")}`),
      together && together !== this.value.replace(/\s*[,，、]\s*/g, ", ") && items.length > 0 && button(t("classify.better", { labels: together }), take, { class: "quiet" }),
    );
  }
}
