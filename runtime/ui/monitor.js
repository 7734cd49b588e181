/** The view that watches for sounds by words, with this browser's microphone or the server's. */

import { AlertList } from "./alertlist.js";
import { ask } from "./api.js";
import { button, fill, h } from "./element.js";
import { LabelField } from "./labels.js";
import { LevelView } from "./level.js";
import { notify, quiet } from "./notice.js";
import { Stream } from "./stream.js";
import { Timeline } from "./timeline.js";
import { WatchRow } from "./watchrow.js";
import { t } from "./words.js";

const SHOWN_SECONDS = 120;
const KEY = "wakesound.thresholds";
const BUDGET = 5; // who watches the page forgives more than who is woken at night

/** @param {HTMLElement} root */
export function show(root) {
  const field = new LabelField();
  const settings = new Settings();
  const press = h("div", { class: "actions" });
  const rows = h("div", { class: "scores" });
  const past = h("div", {});
  const level = new LevelView();
  const alerts = new AlertList();
  const watch = new Watch(alerts);
  const stream = new Stream({
    path: "monitor",
    query: { name: "browser" },
    hello: () => ({ labels: field.value, thresholds: kept(), levels: true, ...settings.values }),
    silent: () => settings.server,
  });
  const offer = () => {
    const on = stream.state !== "stopped";
    settings.lock(on);
    field.input.readOnly = on;
    const act = () => {
      quiet();
      if (on) stream.stop();
      else if (field.input.reportValidity()) stream.start();
    };
    const label = { stopped: "monitor.start", connecting: "listen.connecting", listening: "monitor.stop" }[stream.state];
    fill(press, button(t(label), act, { class: on ? "danger" : "main" }));
  };
  const begin = (/** @type {any} */ { detail }) => {
    watch.begin(detail.labels.map((/** @type {any} */ watched) => watched.label));
    watch.rows = new Map(
      detail.labels.map((/** @type {any} */ watched) => {
        const moved = (/** @type {number} */ threshold) => {
          keep(watched.label, threshold);
          stream.tell({ thresholds: { [watched.label]: threshold } });
        };
        return [watched.label, new WatchRow(watched, moved)];
      }),
    );
    fill(rows, [...watch.rows.values()].map((row) => row.element));
    fill(past, watch.timeline.element, h("div", { class: "ends", "aria-hidden": "true" }, h("span", {}, t("monitor.ago")), h("span", {}, t("monitor.present"))));
  };
  stream.addEventListener("ready", begin);
  stream.addEventListener("look", (event) => watch.look(/** @type {CustomEvent} */ (event).detail));
  stream.addEventListener("alert", (event) => watch.alert(/** @type {CustomEvent} */ (event).detail));
  stream.addEventListener("level", (event) => level.push(/** @type {CustomEvent} */ (event).detail));
  stream.addEventListener("failed", (event) => notify(/** @type {CustomEvent} */ (event).detail));
  stream.addEventListener("state", () => {
    if (stream.state !== "listening") watch.end();
    offer();
  });
  offer();
  fill(rows, h("p", { class: "hint" }, t("monitor.before")));
  root.append(
    h("section", { class: "panel" }, h("p", { class: "hint" }, t("monitor.intro")), field.element, settings.element, press),
    h("section", { class: "panel", "aria-labelledby": "watched" }, h("h2", { id: "watched" }, t("monitor.labels")), rows, level.element),
    h("section", { class: "panel" }, h("h2", {}, t("monitor.timeline")), past),
    h("section", { class: "panel" }, h("h2", {}, t("monitor.alerts")), alerts.element),
  );
  return () => stream.stop();
}

/** What was heard since the watch began. */
class Watch {
  /** @param {AlertList} alerts */
  constructor(alerts) {
    this.alerts = alerts;
    /** @type {Map<string, WatchRow>} */
    this.rows = new Map();
    this.begin([]);
  }

  /** @param {string[]} labels */
  begin(labels) {
    this.timeline = new Timeline(labels);
    /** @type {import("./timeline.js").Moment[]} */
    this.moments = [];
    /** @type {(import("./timeline.js").Span & {id: string, on: boolean})[]} */
    this.spans = [];
    this.source = "";
  }

  /** @param {any} look */
  look(look) {
    this.source ||= look.source;
    if (look.source !== this.source) return;
    for (const [label, row] of this.rows) row.bar.show(look.scores[label] ?? 0);
    this.moments = [...this.moments, look].filter((other) => other.start > look.end - SHOWN_SECONDS);
    for (const span of this.spans) if (span.on) span.end = look.end;
    this.draw();
  }

  /** @param {import("./alertlist.js").Alert} alert */
  alert(alert) {
    this.alerts.put(alert);
    const on = alert.state === "start";
    this.rows.get(alert.label)?.alert(on);
    this.spans = this.spans.filter((span) => span.id !== alert.id);
    if (alert.source === this.source) this.spans.push({ id: alert.id, label: alert.label, start: alert.start, end: alert.end, on });
    this.draw();
  }

  draw() {
    const now = this.moments.at(-1)?.end ?? 0;
    this.timeline.draw(this.moments, now - SHOWN_SECONDS, now, this.spans);
  }

  end() {
    this.alerts.end();
    for (const row of this.rows.values()) {
      row.alert(false);
      row.bar.show(0);
    }
    for (const span of this.spans) span.on = false;
  }
}

/** Whose microphone, and what makes an alert. */
class Settings {
  constructor() {
    const number = (/** @type {string} */ id, /** @type {number} */ value) =>
      h("input", { id, type: "number", min: 0, max: 600, step: 0.5, value, required: true });
    this.shortest = number("shortest", 1);
    this.hold = number("hold", 3);
    this.budget = h("input", { id: "budget", type: "number", min: 0.1, max: 100, step: 0.1, value: BUDGET, required: true });
    this.against = h("input", { id: "against", maxlength: 5000, autocomplete: "off", placeholder: t("monitor.against.hint") });
    this.where = h("select", { id: "where" }, h("option", { value: "client" }, t("monitor.client")), h("option", { value: "server" }, t("monitor.server")));
    const field = (/** @type {any} */ input, /** @type {string} */ key) => h("div", {}, h("label", { for: input.id }, t(key)), input);
    this.set = h(
      "fieldset",
      {},
      h("legend", { class: "unseen" }, t("monitor.more")),
      h("div", { class: "fields" }, field(this.where, "monitor.where"), field(this.shortest, "monitor.shortest"), field(this.hold, "monitor.hold"), field(this.budget, "monitor.budget")),
      field(this.against, "monitor.against"),
    );
    this.element = h("details", {}, h("summary", {}, t("monitor.more")), this.set);
    ask("GET", "listening").then((found) => {
      if (found.listening) this.element.open = true;
      else this.where.options[1].disabled = true;
    }, () => null);
  }

  get server() {
    return this.where.value === "server";
  }

  get values() {
    return {
      source: this.where.value,
      min_seconds: Number(this.shortest.value),
      hold_seconds: Number(this.hold.value),
      budget: Number(this.budget.value),
      against: this.against.value,
    };
  }

  /** @param {boolean} on */
  lock(on) {
    this.set.disabled = on;
  }
}

/** @returns {Record<string, number>} thresholds that were chosen, by label */
function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}

/**
 * @param {string} label
 * @param {number} threshold
 */
function keep(label, threshold) {
  const { [label]: _, ...others } = kept();
  const newest = Object.entries({ ...others, [label]: threshold }).slice(-200);
  localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(newest)));
}
