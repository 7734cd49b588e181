/** One take: its waveform, what is to be said of it, and what can be done with it. */

import { ask } from "./api.js";
import { button, h } from "./element.js";
import { findingList } from "./findings.js";
import { playButton } from "./player.js";
import { drawWaveform } from "./waveform.js";
import { t } from "./words.js";

/**
 * @typedef {object} Take
 * @property {number} start_seconds
 * @property {number} end_seconds
 * @property {number} level_db
 * @property {number | null} [likeness]
 * @property {import("./findings.js").Finding[]} [findings]
 */

/**
 * @param {Take} take
 * @param {string} where its path
 * @param {string} name
 * @param {{remove?: () => any, again?: () => any}} acts
 * @returns {HTMLElement}
 */
export function takeCard(take, where, name, acts) {
  const canvas = h("canvas", {
    class: "wave",
    role: "img",
    "aria-label": t("enroll.wave", { name, start: take.start_seconds.toFixed(1), end: take.end_seconds.toFixed(1) }),
  });
  ask("GET", `${where}/peaks`, { query: { points: 300 } })
    .then((peaks) => drawWaveform(canvas, peaks))
    .catch(() => null);
  const facts = [
    `${(take.end_seconds - take.start_seconds).toFixed(2)} s`,
    `${Math.round(take.level_db)} dB`,
    take.likeness != null && t("enroll.scores", { n: take.likeness.toFixed(2) }),
  ];
  return h(
    "li",
    { class: "card take" },
    canvas,
    h(
      "div",
      { class: "body" },
      h("h3", {}, name, h("span", { class: "facts" }, facts.filter(Boolean).join(" · "))),
      take.findings && findingList(take.findings),
      h(
        "div",
        { class: "actions" },
        playButton(`${where}/audio`, name),
        acts.again && button(t("enroll.again"), acts.again, { class: "quiet", "aria-label": `${t("enroll.again")}: ${name}` }),
        acts.remove && button(t("delete"), acts.remove, { class: "quiet", "aria-label": `${t("delete")}: ${name}` }),
      ),
    ),
  );
}
