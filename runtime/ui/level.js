/** The level of what is heard, and its moving spectrogram. */

import { h } from "./element.js";
import { percent } from "./scorebar.js";
import { Waterfall } from "./spectrogram.js";
import { t } from "./words.js";

const QUIET_DB = -80;
const COLUMNS = 150;
/** Columns that are remembered for thumbnails: ten seconds. */
const KEPT = 100;

/** @typedef {{time: number, source: string, level_db: number, clipped: boolean, bands: number[]}} Level */

export class LevelView {
  constructor() {
    this.fill = h("div", { class: "fill" });
    this.figure = h("span", { class: "figure" }, "–");
    this.bar = h(
      "div",
      { class: "bar level", role: "meter", "aria-label": t("level"), "aria-valuemin": -100, "aria-valuemax": 0, "aria-valuenow": -100 },
      this.fill,
    );
    const canvas = h("canvas", { class: "waterfall", role: "img", "aria-label": t("spectrogram.live") });
    this.waterfall = new Waterfall(canvas, COLUMNS);
    this.element = h(
      "div",
      { class: "levels" },
      canvas,
      h("div", { class: "score" }, h("span", { class: "name" }, t("level")), this.bar, this.figure),
    );
    /** @type {Level[]} */
    this.kept = [];
  }

  /** @param {Level} level */
  push(level) {
    const db = Math.max(-100, level.level_db);
    this.fill.style.width = `${percent(1 - db / QUIET_DB)}%`;
    this.bar.classList.toggle("clipped", level.clipped);
    this.bar.setAttribute("aria-valuenow", String(Math.round(db)));
    this.figure.textContent = level.clipped ? t("clipped") : `${Math.round(db)} dB`;
    this.waterfall.push(level.bands);
    this.kept.push(level);
    if (this.kept.length > KEPT) this.kept.shift();
  }

  /**
   * What was seen of a stretch of a stream.
   * @param {string} source
   * @param {number} start in seconds
   * @param {number} end
   * @returns {number[][]}
   */
  columns(source, start, end) {
    return this.kept
      .filter((level) => level.source === source && level.time >= start && level.time <= end)
      .map((level) => level.bands);
  }
}
