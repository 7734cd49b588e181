/** A take as a waveform, with the part that is used marked. */

import { colour } from "./theme.js";

/** @typedef {{seconds: number, start_seconds: number, end_seconds: number, low: number[], high: number[]}} Peaks */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Peaks} peaks
 */
export function drawWaveform(canvas, peaks) {
  const width = (canvas.width = peaks.low.length);
  const height = (canvas.height = 64);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const loudest = Math.max(0.05, ...peaks.high, ...peaks.low.map((low) => -low));
  const x = (/** @type {number} */ seconds) => (seconds / peaks.seconds) * width;
  const y = (/** @type {number} */ sample) => height / 2 - (sample / loudest) * (height / 2 - 2);
  const [start, end] = [x(peaks.start_seconds), x(peaks.end_seconds)];
  context.fillStyle = colour("marked");
  context.fillRect(start, 0, end - start, height);
  peaks.low.forEach((low, i) => {
    context.fillStyle = colour(i >= start && i <= end ? "accent" : "faint");
    const top = y(peaks.high[i]);
    context.fillRect(i, top, 1, Math.max(1, y(low) - top));
  });
  context.fillStyle = colour("accent");
  context.fillRect(start, 0, 1, height);
  context.fillRect(end - 1, 0, 1, height);
}
