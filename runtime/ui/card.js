/** A wake or a near miss as a card: what it was, and what the user says of it. */

import { Problem, ask, path } from "./api.js";
import { button, fill, h } from "./element.js";
import { problemWords } from "./problems.js";
import { playButton } from "./player.js";
import { percent } from "./scorebar.js";
import { drawSpectrogram } from "./spectrogram.js";
import { t, timeWords } from "./words.js";

const TRIES = 12;
const AGAIN_MS = 500;
/** A wake is told before its sound has ended. */
const REST_MS = 1000;

/**
 * @typedef {object} Heard what `/history` or a `wake` event tells
 * @property {string} id
 * @property {"wake" | "near"} kind
 * @property {string} time
 * @property {string} sound
 * @property {string | null} [pattern]
 * @property {number} score
 * @property {number} threshold
 * @property {string} [why]
 * @property {string} source
 * @property {number} start
 * @property {number} end
 * @property {boolean} [audio] undefined as long as it is not written down
 * @property {"false" | "right" | null} [said]
 */

export class Card {
  /**
   * @param {Heard} heard
   * @param {() => number[][]} columns of a spectrogram, as far as they were seen live
   */
  constructor(heard, columns) {
    this.drawn = false;
    this.thumbnail = h("canvas", { class: "thumbnail", hidden: true, role: "img", "aria-label": t("spectrogram", { name: heard.sound }) });
    this.actions = h("div", { class: "actions" });
    this.answer = h("p", { class: "answer", role: "status" });
    this.facts = h("p", { class: "facts" });
    this.element = h("li", { class: `card ${heard.kind}`, "data-id": heard.id });
    this.update(heard);
    if (columns().length < 2) return;
    this.draw(columns());
    setTimeout(() => this.draw(columns()), REST_MS);
  }

  /** @param {Heard} heard the same, with more that is known */
  update(heard) {
    this.heard = { ...this.heard, ...heard };
    const { kind, sound, pattern, time, score, threshold, why, source } = this.heard;
    const bar = h("div", { class: "bar" + (score >= threshold ? " over" : ""), "aria-hidden": "true" });
    const filled = h("div", { class: "fill" });
    const mark = h("div", { class: "threshold" });
    filled.style.width = `${percent(score)}%`;
    mark.style.left = `${percent(threshold)}%`;
    bar.append(filled, mark);
    fill(this.facts, [`${score.toFixed(2)} / ${threshold.toFixed(2)}`, source, kind === "near" ? why : ""].filter(Boolean).join(" · "));
    fill(
      this.element,
      this.thumbnail,
      h(
        "div",
        { class: "body" },
        h(
          "h3",
          {},
          pattern || sound,
          h("span", { class: `chip ${kind}` }, t(`card.${kind}`)),
          h("time", { datetime: time }, timeWords(time)),
        ),
        bar,
        this.facts,
        this.actions,
        this.answer,
      ),
    );
    this.offer();
    if (this.heard.audio) this.drawKept();
  }

  /** Offer what can be done. */
  offer() {
    const { id, kind, sound, audio, said } = this.heard;
    const where = path("history", id);
    const say = (/** @type {string} */ verdict, /** @type {string} */ label, /** @type {string} */ look) =>
      button(label, () => this.say(verdict), { class: look, "aria-label": `${label} ${sound}` });
    fill(
      this.actions,
      audio && playButton(`${where}/audio`, sound),
      !said && kind === "wake" && say("false", t("card.false"), "warn"),
      !said && kind === "wake" && audio && say("right", t("card.right"), ""),
      !said && kind === "near" && audio && say("right", t("card.that"), ""),
      said && h("span", { class: "chip" }, t(`card.said.${said}`)),
      said && button(t("undo"), () => this.takeBack(), { class: "quiet" }),
      audio === false && kind === "near" && !said && h("span", { class: "hint" }, t("card.no_audio")),
    );
  }

  /** @param {string} verdict */
  async say(verdict) {
    this.answer.textContent = t("card.writing");
    try {
      const fitted = await this.patiently("POST", { json: { verdict } });
      const key = verdict === "false" ? "card.fitted" : "card.fitted.right";
      this.answer.textContent = t(key, words(fitted));
      this.heard.said = /** @type {any} */ (verdict);
      this.offer();
    } catch (error) {
      this.answer.textContent = problemWords(error);
    }
  }

  async takeBack() {
    try {
      const fitted = await this.patiently("DELETE");
      this.answer.textContent = t("card.undone", words(fitted));
      this.heard.said = null;
      this.offer();
    } catch (error) {
      this.answer.textContent = problemWords(error);
    }
  }

  /**
   * An event is written down some seconds after it is told.
   * @param {string} method
   * @param {any} [sent]
   */
  async patiently(method, sent) {
    for (let tries = 1; ; tries++) {
      try {
        return await ask(method, `${path("history", this.heard.id)}/feedback`, sent);
      } catch (error) {
        const early = error instanceof Problem && error.code === "event_not_found";
        if (!early || tries === TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }

  async drawKept() {
    if (this.drawn) return;
    this.drawn = true;
    const where = `${path("history", this.heard.id)}/spectrogram`;
    const found = await ask("GET", where, { query: { points: 80 } }).catch(() => null);
    if (found) this.draw(found.columns);
  }

  /** @param {number[][]} columns */
  draw(columns) {
    this.drawn = true;
    this.thumbnail.hidden = false;
    drawSpectrogram(this.thumbnail, columns);
  }
}

/** @param {any} fitted */
function words(fitted) {
  return {
    ...fitted,
    before: fitted.threshold_before.toFixed(3),
    after: fitted.threshold.toFixed(3),
  };
}
