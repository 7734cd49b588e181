/** The view that watches for sounds by words: the microphone, classified piece by piece. */

import { ask, recording } from "./api.js";
import { button, fill, h } from "./element.js";
import { LabelField } from "./labels.js";
import { Microphone } from "./microphone.js";
import { notify, problemWords, quiet } from "./notice.js";
import { percent } from "./scorebar.js";
import { timeline } from "./timeline.js";
import { wavFile } from "./wav.js";
import { t, timeWords } from "./words.js";

const PIECE_SECONDS = 2;
const SHOWN_SECONDS = 120;
const MOST_ALERTS = 50;

/** @param {HTMLElement} root */
export function show(root) {
  const field = new LabelField();
  const threshold = h("input", { type: "range", id: "alert", min: 0.05, max: 0.95, step: 0.05, value: 0.5 });
  const figure = h("output", { for: "alert" });
  const press = h("div", { class: "actions" });
  const rows = h("div", {});
  const alerts = h("ul", { class: "alerts", role: "log", "aria-label": t("monitor.alerts") });
  const quietly = h("p", { class: "hint" }, t("monitor.quiet"));
  /** @type {Microphone | null} */
  let microphone = null;
  /** @type {import("./timeline.js").Moment[]} */
  let moments = [];
  /** @type {Set<string>} */
  let loud = new Set();
  let waiting = false;
  let heard = 0;

  const stop = () => {
    microphone?.close();
    microphone = null;
    offer();
  };
  const hear = async (/** @type {File} */ audio, /** @type {number} */ start) => {
    if (waiting) return; // the server is slow: this piece is left out
    waiting = true;
    try {
      const scores = await ask("POST", "classify", { form: recording(audio, { labels: field.value }) });
      take({ start, end: start + PIECE_SECONDS, scores });
    } catch (error) {
      if (/** @type {any} */ (error).status) stop();
      notify(problemWords(error));
    } finally {
      waiting = false;
    }
  };
  const take = (/** @type {import("./timeline.js").Moment} */ moment) => {
    moments = [...moments, moment].filter((other) => other.start > moment.end - SHOWN_SECONDS);
    fill(rows, timeline(Object.keys(moment.scores), moments, moment.end - SHOWN_SECONDS, moment.end));
    const now = Object.entries(moment.scores).filter(([, score]) => score >= Number(threshold.value));
    for (const [label, score] of now) if (!loud.has(label)) alert(label, score);
    loud = new Set(now.map(([label]) => label));
  };
  const alert = (/** @type {string} */ label, /** @type {number} */ score) => {
    quietly.hidden = true;
    alerts.prepend(h("li", {}, h("time", {}, timeWords(new Date())), " ", h("strong", {}, t("monitor.alert", { label, score: score.toFixed(2) }))));
    while (alerts.children.length > MOST_ALERTS) alerts.lastElementChild?.remove();
  };
  const start = async () => {
    quiet();
    try {
      microphone = await Microphone.open();
    } catch (error) {
      return notify(problemWords(error));
    }
    listen(microphone, (audio) => hear(audio, (heard += PIECE_SECONDS)));
    microphone.addEventListener("lost", () => {
      notify(t("mic.lost"));
      stop();
    });
    offer();
  };
  const offer = () => {
    const on = microphone !== null;
    fill(press, button(t(on ? "monitor.stop" : "monitor.start"), on ? stop : start, { class: on ? "danger" : "main" }));
  };
  const showThreshold = () => (figure.textContent = ` ${percent(threshold.value)} %`);
  threshold.addEventListener("input", showThreshold);
  showThreshold();
  offer();
  root.append(
    h(
      "section",
      { class: "panel" },
      h("p", { class: "hint" }, t("monitor.intro")),
      field.element,
      h("label", { for: "alert" }, t("monitor.threshold"), figure),
      threshold,
      press,
    ),
    h("section", { class: "panel" }, h("h2", {}, t("monitor.timeline")), rows),
    h("section", { class: "panel" }, h("h2", {}, t("monitor.alerts")), quietly, alerts),
  );
  return stop;
}

/**
 * Cut the microphone's sound into pieces.
 * @param {Microphone} microphone
 * @param {(audio: File) => void} piece
 */
function listen(microphone, piece) {
  /** @type {Int16Array[]} */
  let chunks = [];
  let samples = 0;
  microphone.addEventListener("chunk", (event) => {
    const chunk = /** @type {CustomEvent<Int16Array>} */ (event).detail;
    chunks.push(chunk);
    samples += chunk.length;
    if (samples < PIECE_SECONDS * microphone.rate) return;
    piece(wavFile(chunks, microphone.rate));
    chunks = [];
    samples = 0;
  });
}
