/** Scores of labels over time: a row each, darker is higher. */

import { h } from "./element.js";
import { colour } from "./theme.js";
import { t } from "./words.js";

/** @typedef {{start: number, end: number, scores: Record<string, number>}} Moment */

/**
 * @param {string[]} labels
 * @param {Moment[]} moments
 * @param {number} from in seconds
 * @param {number} to
 * @returns {HTMLElement}
 */
export function timeline(labels, moments, from, to) {
  return h(
    "div",
    { class: "timeline" },
    labels.map((label) => {
      const best = moments.reduce((top, m) => ((m.scores[label] ?? 0) > (top.scores[label] ?? 0) ? m : top), moments[0] ?? { start: 0, end: 0, scores: {} });
      const words = t("classify.row", { label, score: (best.scores[label] ?? 0).toFixed(2), time: best.start.toFixed(1) });
      const canvas = h("canvas", { role: "img", "aria-label": words, title: words });
      drawRow(canvas, label, moments, from, to);
      return h("div", { class: "trow" }, h("span", { class: "name" }, label), canvas);
    }),
  );
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} label
 * @param {Moment[]} moments
 * @param {number} from
 * @param {number} to
 */
export function drawRow(canvas, label, moments, from, to) {
  const width = (canvas.width = 600);
  const height = (canvas.height = 28);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = colour("accent");
  const starts = moments.map((moment) => moment.start);
  moments.forEach((moment, i) => {
    const until = starts[i + 1] ?? moment.end; // windows overlap: each is drawn up to the next
    const [x, end] = [moment.start, until].map((s) => ((s - from) / (to - from)) * width);
    const tall = (moment.scores[label] ?? 0) * height;
    context.fillRect(x, height - tall, Math.max(1, end - x), tall);
  });
}
