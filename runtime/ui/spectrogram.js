/** Spectrograms on canvases: time to the right, pitch upwards, brighter is louder. */

const QUIET_DB = -85;
const LOUD_DB = -20;
/** From quiet to loud; on dark in both themes, as a photograph would be. */
const STOPS = [
  [12, 10, 30],
  [56, 20, 94],
  [124, 36, 108],
  [196, 62, 78],
  [244, 126, 44],
  [252, 220, 130],
];

/**
 * @param {number} db
 * @returns {number[]} red, green, blue
 */
function shade(db) {
  const share = Math.max(0, Math.min(1, (db - QUIET_DB) / (LOUD_DB - QUIET_DB)));
  const at = share * (STOPS.length - 1);
  const low = Math.min(STOPS.length - 2, Math.floor(at));
  return STOPS[low].map((value, i) => value + (at - low) * (STOPS[low + 1][i] - value));
}

/** Each level is worked out once. */
const SHADES = Array.from({ length: 256 }, (_, i) => shade(QUIET_DB + ((LOUD_DB - QUIET_DB) * i) / 255));

/**
 * @param {ImageData} image
 * @param {number} x
 * @param {number[]} bands levels in dBFS, lowest first
 */
function paint(image, x, bands) {
  bands.forEach((db, band) => {
    const share = Math.max(0, Math.min(1, (db - QUIET_DB) / (LOUD_DB - QUIET_DB)));
    const at = 4 * ((bands.length - 1 - band) * image.width + x);
    image.data.set([...SHADES[Math.round(share * 255)], 255], at);
  });
}

/**
 * Draw a whole one.
 * @param {HTMLCanvasElement} canvas
 * @param {number[][]} columns one after the other, levels in dBFS, lowest band first
 */
export function drawSpectrogram(canvas, columns) {
  if (!columns.length) return;
  canvas.width = columns.length;
  canvas.height = columns[0].length;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(canvas.width, canvas.height);
  columns.forEach((bands, x) => paint(image, x, bands));
  context.putImageData(image, 0, 0);
}

/** One that moves: the newest on the right. */
export class Waterfall {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} columns
   */
  constructor(canvas, columns) {
    this.canvas = canvas;
    canvas.width = columns;
    canvas.height = 1;
    this.context = /** @type {CanvasRenderingContext2D} */ (
      canvas.getContext("2d", { willReadFrequently: true })
    );
  }

  /** @param {number[]} bands */
  push(bands) {
    const { canvas, context } = this;
    if (canvas.height !== bands.length) canvas.height = bands.length;
    context.drawImage(canvas, -1, 0);
    const column = context.createImageData(1, bands.length);
    paint(column, 0, bands);
    context.putImageData(column, canvas.width - 1, 0);
  }
}
