/** The view that holds a recording against words. */

import { ask, recording } from "./api.js";
import { button, fill, h } from "./element.js";
import { LabelField } from "./labels.js";
import { notify, quiet, showProblem } from "./notice.js";
import { play } from "./player.js";
import { record } from "./recorder.js";
import { percent } from "./scorebar.js";
import { drawSpectrogram } from "./spectrogram.js";
import { Timeline } from "./timeline.js";
import { t } from "./words.js";

const RECORD_SECONDS = 5;

/** @param {HTMLElement} root */
export function show(root) {
  const field = new LabelField();
  /** @type {File | null} */
  let audio = null;
  const chosen = h("span", { class: "chosen", role: "status" });
  const result = h("div", { class: "result", "aria-live": "polite" });
  const closed = h("input", { type: "checkbox" });
  const progress = h("div", { class: "fill" });
  const meter = h("div", { class: "bar recording", role: "progressbar", "aria-label": t("enroll.recording"), hidden: true }, progress);
  const choose = (/** @type {File} */ file) => {
    audio = file;
    fill(chosen, file.name, " ", button(t("play"), () => play(file).catch(showProblem), { class: "quiet" }));
  };
  const files = h("input", { type: "file", id: "audio", class: "unseen", accept: "audio/*,video/*,.flac,.mp3,.wav,.ogg,.opus,.aiff,.m4a,.aac,.3gp,.amr,.caf,.wma,.webm,.mka,.rf64,.bwf,.w64,.wv" });
  files.addEventListener("change", () => files.files[0] && choose(files.files[0]));
  const capture = async () => {
    meter.hidden = false;
    await record(RECORD_SECONDS, (done) => (progress.style.width = `${percent(done)}%`)).then(choose, showProblem);
    meter.hidden = true;
  };
  const classify = async () => {
    quiet();
    if (!audio) return notify(t("classify.no_audio"));
    const fields = { labels: field.value, closed: String(closed.checked) };
    try {
      const [heard, picture] = await Promise.all([
        ask("POST", "classify/timeline", { form: recording(audio, fields) }),
        ask("POST", "spectrogram", { form: recording(audio), query: { points: 400 } }),
      ]);
      fill(result, ...scores(heard), ...overTime(heard, picture));
    } catch (error) {
      fill(result);
      showProblem(error);
    }
  };
  const form = h(
    "form",
    { class: "panel" },
    h("p", { class: "hint" }, t("classify.intro")),
    h(
      "div",
      { class: "actions" },
      files,
      h("label", { for: "audio", class: "button" }, t("classify.file")),
      button(t("classify.record"), capture),
      chosen,
    ),
    meter,
    field.element,
    h("label", { class: "choice" }, closed, t("classify.closed")),
    h("div", { class: "actions" }, h("button", { class: "main" }, t("classify.go"))),
  );
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    classify();
  });
  root.append(form, result);
  return () => {};
}

/** @param {any} heard */
function scores(heard) {
  const rows = Object.entries(heard.scores).sort((a, b) => b[1] - a[1]);
  const bars = rows.map(([label, score]) => bar(label, score, reading(heard.understood[label], label)));
  if (heard.none != null) bars.push(bar(t("classify.none"), heard.none, heard.background ? t("classify.nearest", { label: heard.background }) : ""));
  const warnings = heard.warnings.map((/** @type {string} */ text) => h("p", { class: "hint" }, text));
  return [h("section", { class: "panel" }, h("h2", {}, t("classify.result")), h("div", { class: "scores" }, bars), ...warnings)];
}

/**
 * @param {{text: string, how: string} | undefined} understood
 * @param {string} label
 */
function reading(understood, label) {
  if (!understood || understood.how === "written" || understood.text === label) return "";
  return t("classify.read", { text: understood.text });
}

/**
 * @param {string} label
 * @param {number} score
 * @param {string} note
 */
function bar(label, score, note) {
  const filled = h("div", { class: "fill" });
  filled.style.width = `${percent(score)}%`;
  return h(
    "div",
    { class: "score", "data-label": label },
    h("span", { class: "name" }, label, note && h("span", { class: "hint" }, ` ${note}`)),
    h("div", { class: "bar share", "aria-hidden": "true" }, filled),
    h("span", { class: "figure" }, score.toFixed(2)),
  );
}

/**
 * @param {any} heard
 * @param {{columns: number[][]}} picture
 */
function overTime(heard, picture) {
  const canvas = h("canvas", { class: "waterfall", role: "img", "aria-label": t("spectrogram", { name: t("classify.timeline") }) });
  drawSpectrogram(canvas, picture.columns);
  const rows = new Timeline(Object.keys(heard.scores));
  rows.draw(heard.windows, 0, heard.seconds);
  return [
    h(
      "section",
      { class: "panel" },
      h("h2", {}, t("classify.timeline")),
      h("div", { class: "timeline" }, h("div", { class: "trow tall" }, h("span", { class: "name figure" }, `${heard.seconds.toFixed(1)} s`), canvas)),
      rows.element,
    ),
  ];
}
