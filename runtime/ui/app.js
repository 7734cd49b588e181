/** The page's frame: navigation, language, theme, the connection, and one view at a time. */

import { ask } from "./api.js";
import * as classify from "./classify.js";
import { h } from "./element.js";
import * as enroll from "./enroll.js";
import { Feed } from "./feed.js";
import * as listen from "./listen.js";
import * as monitor from "./monitor.js";
import { notices, notify, quiet } from "./notice.js";
import * as sounds from "./sounds.js";
import { Stream } from "./stream.js";
import { applyTheme, switchTheme } from "./theme.js";
import { language, switchLanguage, t } from "./words.js";

/**
 * What the views share.
 * @typedef {{feed: Feed, ear: Stream}} Shared
 * @typedef {{show: (root: HTMLElement, shared: Shared) => () => void}} View a view shows itself
 *   and returns what ends it
 */

/** @type {Record<string, View>} */
const VIEWS = { listen, enroll, sounds, classify, monitor };
const shared = { feed: new Feed(), ear: new Stream({ query: { name: "browser" } }) };
const main = h("main", { id: "content", tabindex: -1 });
const state = h("div", { class: "state", role: "status" });
let leave = () => {};

/** @returns {string} the name of the view in the address */
function wanted() {
  const name = location.hash.slice(2).split("/")[0];
  return name in VIEWS ? name : "listen";
}

function draw() {
  document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
  applyTheme();
  const skip = h("a", { class: "skip", href: "#content" }, t("app.skip"));
  skip.addEventListener("click", (/** @type {Event} */ event) => {
    event.preventDefault();
    main.focus();
  });
  document.body.replaceChildren(skip, header(), state, notices(), main);
  openView();
}

function header() {
  const links = Object.keys(VIEWS).map((name) =>
    h("a", { href: `#/${name}`, "data-view": name }, t(`${name}.title`)),
  );
  const words = h("button", { type: "button", class: "quiet", "aria-label": t("app.language.label") }, t("app.language"));
  words.addEventListener("click", () => {
    switchLanguage();
    draw();
  });
  const theme = h("button", { type: "button", class: "quiet", "aria-label": t("app.theme") }, "◐");
  theme.addEventListener("click", () => {
    switchTheme();
    openView();
  });
  return h(
    "header",
    {},
    h("a", { class: "brand", href: "#/listen", title: t("app.tagline") }, h("img", { src: "ui/icon.svg", alt: "", width: 28, height: 28 }), "Wakesound"),
    h("nav", { "aria-label": t("app.views") }, links),
    h("div", { class: "choices" }, words, theme),
  );
}

function openView() {
  leave();
  quiet();
  const name = wanted();
  document.title = `${t(`${name}.title`)} · Wakesound`;
  for (const link of document.querySelectorAll("nav a")) {
    const here = /** @type {HTMLElement} */ (link).dataset.view === name;
    if (here) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "center" });
    } else link.removeAttribute("aria-current");
  }
  const root = h("div", { class: `view ${name}` }, h("h1", {}, t(`${name}.title`)));
  main.replaceChildren(root);
  leave = VIEWS[name].show(root, shared);
}

/** Say when the server is loading, and go on once it is there. */
async function watchHealth() {
  const health = await ask("GET", "health").catch(() => null);
  if (!health || health.status === "ok") {
    state.textContent = "";
    return;
  }
  state.textContent = t(`app.${health.status}`);
  setTimeout(async () => {
    await watchHealth();
    if (!state.textContent) openView();
  }, 1000);
}

shared.feed.addEventListener("lost", () => (state.textContent = t("app.lost")));
shared.feed.addEventListener("back", () => watchHealth());
shared.ear.addEventListener("failed", (event) => notify(/** @type {CustomEvent} */ (event).detail));
addEventListener("hashchange", openView);
draw();
watchHealth();
