/** One enrolled sound: what is known of it, and everything that can be changed. */

import { ask, path, request } from "./api.js";
import { Cards } from "./cards.js";
import { button, fill, h } from "./element.js";
import { Hooks } from "./hooks.js";
import { notify, showProblem } from "./notice.js";
import { Patterns } from "./patterns.js";
import { confirmed } from "./question.js";
import { takeCard } from "./takecard.js";
import { t, timeWords } from "./words.js";

export class SoundCard {
  /**
   * @param {any} sound what `/sounds` tells
   * @param {() => any} changed called when the list has to be read again
   */
  constructor(sound, changed) {
    this.sound = sound;
    this.changed = changed;
    this.told = "";
    this.where = `sounds/${path(sound.name)}`;
    this.facts = h("p", { class: "facts" });
    this.text = h("p", { class: "facts words" });
    this.hooks = new Hooks(sound.name, changed);
    this.threshold = h("input", { type: "number", min: -1, max: 1, step: 0.001, id: `threshold-${sound.name}` });
    this.name = h("input", { id: `name-${sound.name}`, maxlength: 60, value: sound.name, autocomplete: "off" });
    this.takes = h("ul", { class: "cards takes" });
    this.patterns = new Patterns(sound.name, changed);
    this.history = new Cards(() => [], sound.name);
    this.details = h("details", {}, h("summary", { "aria-label": t("sounds.details", { name: sound.name }) }, `${t("sounds.takes")} · ${t("sounds.patterns")} · ${t("sounds.hooks")} · ${t("sounds.history")}`));
    this.details.addEventListener("toggle", () => this.details.open && this.open());
    this.element = h("li", { class: "card sound", "data-sound": sound.name });
    this.build();
    this.update(sound);
  }

  build() {
    const { sound } = this;
    const form = h(
      "form",
      { class: "fields" },
      h("div", {}, h("label", { for: this.name.id }, t("sounds.rename")), this.name),
      h("div", {}, h("label", { for: this.threshold.id }, t("sounds.threshold")), this.threshold),
      h("button", {}, t("save")),
    );
    form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.save();
    });
    this.details.append(
      h("h4", {}, t("sounds.takes")),
      this.takes,
      h("h4", {}, t("sounds.patterns")),
      this.patterns.element,
      h("h4", {}, t("sounds.hooks")),
      this.hooks.element,
      h("h4", {}, t("sounds.history")),
      this.history.element,
    );
    fill(
      this.element,
      h(
        "div",
        { class: "body" },
        h("h2", {}, h("bdi", {}, sound.name)),
        this.facts,
        this.text,
        form,
        h(
          "div",
          { class: "actions" },
          button(t("sounds.export"), () => this.export(), { "aria-label": `${t("sounds.export")}: ${sound.name}` }),
          button(t("delete"), () => this.remove(), { class: "danger", "aria-label": `${t("delete")}: ${sound.name}` }),
        ),
        this.details,
      ),
    );
  }

  /** @param {any} sound */
  update(sound) {
    this.sound = sound;
    const { takes, rejected, created } = sound;
    const patterns = sound.events.filter((/** @type {string} */ event) => event !== sound.name);
    fill(this.facts, t("sounds.facts", { takes, rejected, date: timeWords(created) }), patterns.map((/** @type {string} */ name) => h("span", { class: "chip" }, name)));
    this.showWords();
    if (document.activeElement !== this.threshold) this.threshold.value = sound.threshold.toFixed(3);
    this.hooks.show(sound.hooks);
    if (this.details.open) this.open();
  }

  /** The words that stand for it, and what they were understood as, if there are any. */
  showWords() {
    const { text, understood } = this.sound;
    this.text.hidden = !text;
    const shown = h("bdi", {}, text === understood ? text : `${text} → ${understood}`);
    fill(this.text, text ? [t("sounds.words"), " ", shown] : []);
  }

  /** Read what is only shown on demand. */
  async open() {
    this.history.refresh();
    this.patterns.refresh();
    const found = await ask("GET", `${this.where}/takes`).catch((error) => error.status !== 404 && showProblem(error));
    const told = JSON.stringify(found);
    if (!found || told === this.told) return;
    this.told = told;
    const cards = found.map((/** @type {any} */ take, /** @type {number} */ i) => {
      const where = `${this.where}/takes/${path(take.file)}`;
      const remove = () => ask("DELETE", where).then(this.changed, showProblem);
      return takeCard(take, where, t("enroll.take", { n: i + 1 }), { remove });
    });
    fill(this.takes, cards);
  }

  async save() {
    /** @type {Record<string, string | number>} what differs from what was shown */
    const change = {};
    if (this.name.value !== this.sound.name) change.name = this.name.value;
    if (this.threshold.value !== this.sound.threshold.toFixed(3)) change.threshold = Number(this.threshold.value);
    try {
      if (Object.keys(change).length) await ask("PATCH", this.where, { json: change });
      notify(t("sounds.saved"), "good");
      await this.changed();
    } catch (error) {
      showProblem(error);
    }
  }

  async export() {
    try {
      const answer = await request("GET", `${this.where}/export`);
      const url = URL.createObjectURL(await answer.blob());
      h("a", { href: url, download: `${this.sound.name}.zip` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    } catch (error) {
      showProblem(error);
    }
  }

  async remove() {
    if (!(await confirmed(t("sounds.delete.sure", { name: this.sound.name }), t("delete")))) return;
    await ask("DELETE", this.where).then(this.changed, showProblem);
  }
}
