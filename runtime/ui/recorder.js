/** Records a few seconds from the browser's microphone. */

import { Problem } from "./api.js";
import { Microphone } from "./microphone.js";
import { t } from "./words.js";
import { wavFile } from "./wav.js";

/**
 * @param {number} seconds
 * @param {(done: number, level: number) => void} progress share that is done, peak 0..1
 * @param {AbortSignal} [stop] ends it early; what there is is kept
 * @returns {Promise<File>}
 */
export async function record(seconds, progress, stop) {
  const microphone = await Microphone.open();
  /** @type {Int16Array[]} */
  const chunks = [];
  const wanted = seconds * microphone.rate;
  let samples = 0;
  try {
    await new Promise((resolve, reject) => {
      stop?.addEventListener("abort", resolve);
      microphone.addEventListener("lost", () => reject(new Problem(0, "lost", t("mic.lost"))));
      microphone.addEventListener("chunk", (event) => {
        const chunk = /** @type {CustomEvent<Int16Array>} */ (event).detail;
        chunks.push(chunk);
        samples += chunk.length;
        progress(Math.min(1, samples / wanted), peak(chunk));
        if (samples >= wanted) resolve(undefined);
      });
    });
  } finally {
    microphone.close();
  }
  return wavFile(chunks, microphone.rate);
}

/**
 * @param {Int16Array} chunk
 * @returns {number} 0..1
 */
export function peak(chunk) {
  let most = 0;
  for (const sample of chunk) most = Math.max(most, Math.abs(sample));
  return most / 32767;
}
