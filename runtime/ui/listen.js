/** The view that watches it listen. */

import { ask } from "./api.js";
import { Cards } from "./cards.js";
import { button, fill, h, on } from "./element.js";
import { LevelView } from "./level.js";
import { quiet, showProblem } from "./notice.js";
import { ScoreBar } from "./scorebar.js";
import { ServerMicrophone } from "./servermicrophone.js";
import { t } from "./words.js";

const TICK_MS = 100;
const SILENT_MS = 400;

/**
 * @param {HTMLElement} root
 * @param {import("./app.js").Shared} shared
 */
export function show(root, { feed, ear }) {
  const level = new LevelView();
  /** @type {Map<string, ScoreBar>} */
  const bars = new Map();
  let scored = 0;
  const cards = new Cards((heard) => level.columns(heard.source, heard.start - 0.4, heard.end + 0.8));
  const server = new ServerMicrophone();
  const scores = h("div", { class: "scores" });
  const own = h("div", { class: "own" });
  fill(
    root,
    ...root.children,
    h("section", { class: "panel", "aria-label": t("level") }, h("div", { class: "row" }, own, server.element), level.element),
    h("section", { class: "panel", "aria-labelledby": "scores" }, h("h2", { id: "scores" }, t("listen.scores")), scores),
    h(
      "section",
      { "aria-labelledby": "heard" },
      h("div", { class: "row" }, h("h2", { id: "heard" }, t("listen.heard")), filters(cards)),
      cards.element,
    ),
  );

  const showOwn = () => {
    const label = { stopped: "listen.browser", connecting: "listen.connecting", listening: "listen.stop" }[ear.state];
    const press = () => {
      quiet();
      if (ear.state === "stopped") ear.start();
      else ear.stop();
    };
    fill(own, button(t(label), press, { class: ear.state === "stopped" ? "main" : "danger" }));
  };

  const showSounds = async () => {
    const found = await ask("GET", "sounds").catch((error) => error.status && showProblem(error));
    const offset = (await ask("GET", "listening").catch(() => null))?.threshold_offset ?? 0;
    if (!found) return;
    for (const [name, bar] of bars) {
      if (!found.sounds.some((/** @type {any} */ sound) => sound.name === name)) {
        bar.element.remove();
        bars.delete(name);
      }
    }
    for (const sound of found.sounds) {
      const patterns = sound.events.filter((/** @type {string} */ event) => event !== sound.name);
      const known = bars.get(sound.name);
      if (known) known.setThreshold(sound.threshold + offset);
      else bars.set(sound.name, new ScoreBar(sound.name, sound.threshold + offset, patterns.join(", ")));
    }
    fill(scores, [...bars.values()].map((bar) => bar.element));
    if (!bars.size) fill(scores, h("p", { class: "hint" }, t("listen.no_sounds"), " ", h("a", { href: "#/enroll" }, t("listen.enroll"))));
  };

  const listeners = {
    onLevel: (/** @type {any} */ { detail }) => {
      if (detail.source === watched()) level.push(detail);
    },
    onScores: (/** @type {any} */ { detail }) => {
      if (detail.source !== watched()) return;
      scored = performance.now();
      for (const [name, score] of Object.entries(detail.scores)) bars.get(name)?.show(/** @type {number} */ (score));
    },
    onWake: (/** @type {any} */ { detail }) => cards.put({ ...detail, kind: "wake" }),
    onHistory: () => cards.refresh(),
    onBack: () => {
      showSounds();
      cards.refresh();
      server.refresh();
    },
  };
  /** Whose level and scores are shown: the browser's own as long as it listens. */
  const watched = () => (ear.state === "listening" ? "ws:browser" : server.first);

  const ends = [
    on(feed, "level", listeners.onLevel),
    on(feed, "scores", listeners.onScores),
    on(ear, "level", listeners.onLevel),
    on(ear, "scores", listeners.onScores),
    on(ear, "state", showOwn),
    on(feed, "wake", listeners.onWake),
    on(feed, "history", listeners.onHistory),
    on(feed, "sounds", showSounds),
    on(feed, "back", listeners.onBack),
  ];
  const tick = setInterval(() => {
    if (performance.now() - scored > SILENT_MS) for (const bar of bars.values()) bar.sink();
  }, TICK_MS);
  showOwn();
  listeners.onBack();
  return () => {
    clearInterval(tick);
    server.close();
    for (const end of ends) end();
  };
}

/** @param {Cards} cards */
function filters(cards) {
  const choice = (/** @type {string} */ value, /** @type {string} */ key) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "radio", name: "kind", value, checked: value === "", on: { change: () => { cards.filter(value); cards.refresh(); } } }),
      t(key),
    );
  return h(
    "fieldset",
    { class: "filter" },
    h("legend", { class: "unseen" }, t("listen.filter")),
    choice("", "listen.all"),
    choice("wake", "listen.wakes"),
    choice("near", "listen.nears"),
  );
}
