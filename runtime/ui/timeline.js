/** Scores of labels over time: a row each, taller is higher. */

import { h } from "./element.js";
import { colour } from "./theme.js";
import { t } from "./words.js";

const WIDTH = 600;
const HEIGHT = 28;
const MARK_HEIGHT = 4;

/** @typedef {{start: number, end: number, scores: Record<string, number>}} Moment */
/** @typedef {{label: string, start: number, end: number}} Span a stretch that is marked */

/** Rows that are drawn again and again. */
export class Timeline {
  /** @param {string[]} labels */
  constructor(labels) {
    this.rows = labels.map((label) => {
      const canvas = h("canvas", { role: "img", "aria-label": label, width: WIDTH, height: HEIGHT });
      return { label, canvas };
    });
    this.element = h(
      "div",
      { class: "timeline" },
      this.rows.map(({ label, canvas }) => h("div", { class: "trow" }, h("span", { class: "name" }, h("bdi", {}, label)), canvas)),
    );
  }

  /**
   * @param {Moment[]} moments
   * @param {number} from in seconds
   * @param {number} to
   * @param {Span[]} [spans]
   */
  draw(moments, from, to, spans = []) {
    const colours = { score: colour("accent"), mark: colour("danger") };
    for (const { label, canvas } of this.rows) {
      const best = moments.reduce((top, m) => ((m.scores[label] ?? 0) > (top.scores[label] ?? 0) ? m : top), moments[0] ?? { start: from, end: from, scores: {} });
      const score = (best.scores[label] ?? 0).toFixed(2);
      const words = t("classify.row", { label, score, time: (best.start - Math.min(from, 0)).toFixed(1) });
      canvas.setAttribute("aria-label", words);
      canvas.title = words;
      drawRow(canvas, label, moments, from, to, colours);
      for (const span of spans) if (span.label === label) drawMark(canvas, span, from, to, colours.mark);
    }
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} label
 * @param {Moment[]} moments
 * @param {number} from
 * @param {number} to
 * @param {{score: string}} colours
 */
function drawRow(canvas, label, moments, from, to, colours) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.clearRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = colours.score;
  moments.forEach((moment, i) => {
    const until = moments[i + 1]?.start ?? moment.end; // windows overlap: each is drawn up to the next
    const [x, end] = [moment.start, until].map((s) => ((s - from) / (to - from)) * WIDTH);
    const tall = (moment.scores[label] ?? 0) * HEIGHT;
    context.fillRect(x, HEIGHT - tall, Math.max(1, end - x), tall);
  });
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Span} span
 * @param {number} from
 * @param {number} to
 * @param {string} fill
 */
function drawMark(canvas, span, from, to, fill) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const [x, end] = [span.start, span.end].map((s) => ((s - from) / (to - from)) * WIDTH);
  context.fillStyle = fill;
  context.fillRect(x, 0, Math.max(2, end - x), MARK_HEIGHT);
}
