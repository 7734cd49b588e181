/** Plays recordings of the server, one at a time. */

import { request } from "./api.js";
import { button } from "./element.js";
import { showProblem } from "./notice.js";
import { t } from "./words.js";

/** @type {HTMLAudioElement | null} */
let playing = null;

/**
 * @param {Blob} audio
 * @returns {Promise<void>} when it plays
 */
export async function play(audio) {
  playing?.pause();
  const url = URL.createObjectURL(audio);
  playing = new Audio(url);
  playing.addEventListener("ended", () => URL.revokeObjectURL(url), { once: true });
  await playing.play();
}

/**
 * @param {string} where path of a recording
 * @param {string} what for screen readers: what it plays
 */
export function playButton(where, what) {
  return button(
    t("play"),
    () =>
      request("GET", where)
        .then((answer) => answer.blob())
        .then(play)
        .catch(showProblem),
    { "aria-label": `${t("play")}: ${what}`, class: "quiet" },
  );
}
