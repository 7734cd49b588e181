/** What shall happen when a sound is heard: the fields of one hook. */

import { h } from "./element.js";
import { t } from "./words.js";

/** Forms of messages, and how their addresses begin. */
const KINDS = ["web", "ntfy", "wecom", "feishu", "mqtt"];
const COMMAND = "command";
const MESSENGERS = ["ntfy", "wecom", "feishu"];
let count = 0;

export class HookForm {
  /**
   * @param {{commands: boolean, hook?: any, optional?: boolean}} what `hook` is the one to change;
   *   with `optional` there may be none
   */
  constructor({ commands, hook, optional = false }) {
    this.hook = hook;
    const id = (/** @type {string} */ name) => `hook-${name}-${count}`;
    count += 1;
    const kinds = [...(optional ? [""] : []), ...KINDS, ...(commands ? [COMMAND] : [])];
    this.kind = h("select", { id: id("kind") }, kinds.map((kind) => h("option", { value: kind, selected: kind === (optional ? "" : kindOf(hook)) }, t(`hook.kind.${kind || "none"}`))));
    this.address = h("input", { id: id("address"), maxlength: 2000, autocomplete: "off", spellcheck: "false", inputmode: "url", required: !hook });
    this.message = h("input", { id: id("message"), maxlength: 500, autocomplete: "off", value: hook?.message ?? "", placeholder: t("hook.message.hint") });
    this.score = h("input", { id: id("score"), type: "number", min: 0, max: 1, step: 0.05, value: hook && hook.min_score > 0 ? hook.min_score : "" });
    this.quiet = h("input", { id: id("quiet"), maxlength: 200, autocomplete: "off", value: hook?.quiet_hours.join(", ") ?? "", placeholder: "22:00-07:00" });
    const field = (/** @type {any} */ input, /** @type {string} */ key) => h("div", {}, h("label", { for: input.id }, t(key)), input);
    this.where = field(this.address, "hook.address");
    this.text = field(this.message, "hook.message");
    this.more = h("details", {}, h("summary", {}, t("hook.more")), h("div", { class: "fields" }, field(this.score, "hook.score"), field(this.quiet, "hook.quiet")));
    this.element = h("div", { class: "hookform" }, field(this.kind, "hook.kind"), this.where, this.text, this.more);
    this.kind.addEventListener("change", () => this.show());
    this.show();
  }

  /** Only what the kind has a use for. */
  show() {
    const kind = this.kind.value;
    for (const part of [this.where, this.more]) part.hidden = !kind;
    this.address.required = Boolean(kind) && !this.hook;
    this.text.hidden = !MESSENGERS.includes(kind);
    this.address.placeholder = this.hook && kind === kindOf(this.hook) ? t("hook.address.same", { action: this.hook.action }) : t(`hook.address.${kind || "web"}`);
  }

  /** @returns {any | null} what to send: all of it for a new hook, changes for one that is there */
  get value() {
    const kind = this.kind.value;
    if (!kind) return null;
    const template = MESSENGERS.includes(kind) ? kind : null;
    const quiet = this.quiet.value.split(/[,，、;；]/).map((/** @type {string} */ span) => span.trim()).filter(Boolean);
    /** @type {Record<string, any>} */
    const said = {
      template,
      message: template && this.message.value ? this.message.value : null,
      min_score: this.score.value === "" ? null : Number(this.score.value),
      quiet_hours: quiet.length ? quiet : null,
    };
    if (this.address.value.trim()) said.do = this.address.value.trim();
    return said;
  }
}

/** @param {any} hook */
function kindOf(hook) {
  if (!hook) return "web";
  if (MESSENGERS.includes(hook.template)) return hook.template;
  if (hook.kind.startsWith("mqtt")) return "mqtt";
  return hook.kind.startsWith("http") ? "web" : COMMAND;
}
