/** What happens when a sound is heard: its hooks, which can be added, changed, tried and removed. */

import { ask, path } from "./api.js";
import { button, fill, h } from "./element.js";
import { HookForm } from "./hookform.js";
import { notify, quiet, showProblem } from "./notice.js";
import { saidWords } from "./problems.js";
import { confirmed } from "./question.js";
import { t } from "./words.js";

export class Hooks {
  /**
   * @param {string} sound its name
   * @param {() => any} changed
   */
  constructor(sound, changed) {
    this.sound = sound;
    this.changed = changed;
    this.told = "";
    this.list = h("ul", { class: "plain hooks" });
    this.edit = h("div", {});
    this.element = h("div", {}, this.list, this.edit);
    this.offer();
  }

  /** @param {any[]} hooks what `/sounds` tells */
  show(hooks) {
    const told = JSON.stringify(hooks);
    if (told === this.told) return;
    this.told = told;
    fill(this.list, hooks.length ? hooks.map((hook) => this.row(hook)) : h("li", { class: "hint" }, t("hook.none")));
  }

  /** @param {any} hook */
  row(hook) {
    const what = hook.name || hook.action;
    const named = (/** @type {string} */ key) => ({ class: "quiet", "aria-label": `${t(key)}: ${what}` });
    const answer = h("span", { class: "facts", role: "status" });
    const other = hook.sounds.filter((/** @type {string} */ name) => name !== this.sound);
    const counts = [t("hook.called", { n: hook.called }), hook.failed + hook.timed_out > 0 && t("hook.failed", { n: hook.failed + hook.timed_out })];
    return h(
      "li",
      { class: hook.enabled ? "hook" : "hook off" },
      h("p", {}, h("bdi", {}, hook.name ? `${hook.name}: ${hook.action}` : hook.action), chips(hook, other)),
      h("p", { class: "facts" }, counts.filter(Boolean).join(" · "), hook.problem && h("span", { class: "warning" }, ` ${hook.problem}`)),
      hook.editable && hook.id
        ? h(
            "div",
            { class: "actions" },
            button(t("hook.try"), () => this.attempt(hook, answer), named("hook.try")),
            button(t("hook.edit"), () => this.form(hook), named("hook.edit")),
            button(t(hook.enabled ? "hook.off" : "hook.on"), () => this.change(hook, { enabled: !hook.enabled }), named(hook.enabled ? "hook.off" : "hook.on")),
            button(t("delete"), () => this.remove(hook, what), named("delete")),
            answer,
          )
        : h("p", { class: "hint" }, t("hook.fixed")),
    );
  }

  /** The button that opens the form. */
  offer() {
    fill(this.edit, h("div", { class: "actions" }, button(t("hook.add"), () => this.form(null), { "aria-label": `${t("hook.add")}: ${this.sound}` })));
  }

  /** @param {any | null} hook the one to change; none to add one */
  async form(hook) {
    const found = await ask("GET", "hooks").catch(showProblem);
    if (!found) return;
    if (!found.kept) return notify(t("hook.unkept"));
    const fields = new HookForm({ commands: found.commands, hook: hook ?? undefined });
    const form = h("form", { class: "panel" }, fields.element, h("div", { class: "actions" }, h("button", { class: "main" }, t("save")), button(t("cancel"), () => this.offer())));
    form.addEventListener("submit", async (/** @type {Event} */ event) => {
      event.preventDefault();
      const done = hook ? await this.change(hook, fields.value) : await this.add(fields.value);
      if (done) this.offer();
    });
    fill(this.edit, form);
    fields.kind.focus();
  }

  /** @param {any} value */
  add(value) {
    return this.say("POST", "hooks", newHook(value, this.sound));
  }

  /**
   * @param {any} hook
   * @param {any} value
   */
  change(hook, value) {
    return this.say("PATCH", path("hooks", hook.id), value);
  }

  /**
   * @param {any} hook
   * @param {string} what
   */
  async remove(hook, what) {
    if (await confirmed(t("hook.delete.sure", { name: what }), t("delete"))) await this.say("DELETE", path("hooks", hook.id));
  }

  /**
   * @param {any} hook
   * @param {HTMLElement} answer
   */
  async attempt(hook, answer) {
    answer.textContent = t("hook.trying");
    try {
      const { ok, detail } = await ask("POST", `${path("hooks", hook.id)}/try`, { json: { sound: this.sound } });
      answer.textContent = ok ? t("hook.worked") : t("hook.broke", { why: saidWords(detail) });
    } catch (error) {
      answer.textContent = "";
      showProblem(error);
    }
  }

  /**
   * @param {string} method
   * @param {string} where
   * @param {any} [json]
   */
  async say(method, where, json) {
    quiet();
    try {
      await ask(method, where, json === undefined ? {} : { json });
      await this.changed();
      return true;
    } catch (error) {
      showProblem(error);
      return false;
    }
  }
}

/**
 * What to send for a new hook.
 * @param {any} value of the form
 * @param {string} sound
 */
export function newHook(value, sound) {
  const said = Object.entries(value).filter(([, given]) => given !== null);
  return { ...Object.fromEntries(said), sounds: [sound] };
}

/**
 * @param {any} hook
 * @param {string[]} other sounds that it is for
 */
function chips(hook, other) {
  return [
    ...other.map((name) => h("span", { class: "chip" }, name === "*" ? t("hook.any") : h("bdi", {}, name))),
    !hook.enabled && h("span", { class: "chip near" }, t("hook.is_off")),
    hook.min_score > 0 && h("span", { class: "chip" }, t("hook.from", { score: hook.min_score })),
    ...hook.quiet_hours.map((/** @type {string} */ span) => h("span", { class: "chip" }, t("hook.not", { span }))),
  ];
}
