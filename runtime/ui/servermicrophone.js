/** The server's own microphone: whether it listens, started, stopped and muted. */

import { ask } from "./api.js";
import { button, fill, h } from "./element.js";
import { showProblem } from "./notice.js";
import { t } from "./words.js";

const LOOK_MS = 4000;
const MUTE_SECONDS = 30;

export class ServerMicrophone {
  constructor() {
    this.element = h("div", { class: "server" });
    this.told = "";
    /** The name of the source whose level is shown. */
    this.first = "";
    this.timer = setInterval(() => this.refresh(), LOOK_MS);
  }

  close() {
    clearInterval(this.timer);
  }

  async refresh() {
    const found = await ask("GET", "listening").catch(() => null);
    if (found) this.show(found);
  }

  /** @param {any} change */
  async change(change) {
    try {
      this.show(await ask("POST", "listening", { json: change }));
    } catch (error) {
      showProblem(error);
    }
  }

  /** @param {any} found what `/listening` tells */
  show(found) {
    this.first = found.sources[0]?.name ?? "";
    const told = JSON.stringify([found.listening, found.configured, found.problem, found.muted_seconds, found.sources.map((/** @type {any} */ s) => [s.name, s.state, s.error])]);
    if (told === this.told) return;
    this.told = told;
    if (!found.configured.length) {
      fill(this.element, h("span", { class: "hint" }, t("listen.server.none")));
      return;
    }
    const names = found.configured.join(", ");
    const muted = found.muted_seconds > 0;
    const wrong = found.problem || found.sources.map((/** @type {any} */ source) => source.error).filter(Boolean).join("; ");
    fill(
      this.element,
      h("span", { class: "chip" }, found.listening ? t("listen.server", { names }) : t("listen.server.off")),
      muted && h("span", { class: "chip near" }, t("listen.muted", { n: Math.ceil(found.muted_seconds) })),
      button(t(found.listening ? "listen.server.stop" : "listen.server.start"), () => this.change({ listening: !found.listening })),
      found.listening &&
        button(t(muted ? "listen.unmute" : "listen.mute"), () => this.change({ mute_seconds: muted ? 0 : MUTE_SECONDS })),
      wrong && h("span", { class: "warning", role: "alert" }, wrong),
    );
  }
}
