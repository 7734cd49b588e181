/** The view in which a sound is enrolled. */

import { ask, path, recording } from "./api.js";
import { expectationWords, slider } from "./budget.js";
import { button, fill, h } from "./element.js";
import { HookForm } from "./hookform.js";
import { newHook } from "./hooks.js";
import { notify, quiet, showProblem } from "./notice.js";
import { problemWords } from "./problems.js";
import { confirmed } from "./question.js";
import { record } from "./recorder.js";
import { percent } from "./scorebar.js";
import { takeCard } from "./takecard.js";
import { Trial } from "./trial.js";
import { t } from "./words.js";

const KEY = "wakesound.draft";
const TAKE_SECONDS = 3;
const GOOD_TAKES = 3;
const MOST_BEATS = 4;

/** @typedef {{id: string, name: string, budget_per_hour: number, takes: any[], expectation: any}} Draft */

/** @param {HTMLElement} root */
export function show(root) {
  const place = h("div", { class: "steps" });
  root.append(place);
  let leave = () => {};
  const open = (/** @type {Draft | null} */ draft) => {
    leave();
    if (draft) sessionStorage.setItem(KEY, draft.id);
    else sessionStorage.removeItem(KEY);
    leave = draft ? showDraft(place, draft, () => open(null)) : showName(place, open);
  };
  const known = sessionStorage.getItem(KEY);
  if (!known) open(null);
  else {
    ask("GET", path("drafts", known), { query: { expectation: "false" } }).then(open, (error) => {
      open(null);
      if (error.status === 404) notify(t("enroll.gone"));
      else showProblem(error);
    });
  }
  return () => leave();
}

/**
 * @param {HTMLElement} place
 * @param {(draft: Draft) => void} open
 */
function showName(place, open) {
  const name = h("input", { id: "name", required: true, maxlength: 60, autocomplete: "off", placeholder: t("enroll.name.hint") });
  const redo = h("input", { type: "checkbox", id: "redo" });
  const form = h(
    "form",
    { class: "panel" },
    h("label", { for: "name" }, t("enroll.name")),
    name,
    h("label", { class: "choice" }, redo, t("enroll.redo")),
    h("div", { class: "actions" }, h("button", { class: "main" }, t("enroll.begin"))),
  );
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    quiet();
    const wanted = { name: name.value, replace: redo.checked };
    await ask("POST", "drafts", { json: wanted }).then(open, showProblem);
  });
  fill(place, form);
  return () => {};
}

/**
 * @param {HTMLElement} place
 * @param {Draft} draft
 * @param {() => void} close
 */
function showDraft(place, draft, close) {
  const where = path("drafts", draft.id);
  const trial = new Trial(draft.id);
  const takes = h("ul", { class: "cards takes" });
  const refused = h("div", { class: "refused", role: "alert" });
  const enough = h("p", { class: "hint", role: "status" });
  const expectation = h("output", { class: "expectation", for: "budget" });
  const progress = h("div", { class: "fill" });
  const meter = h("div", { class: "bar recording", role: "progressbar", "aria-label": t("enroll.recording"), hidden: true }, progress);
  const rest = h("div", { class: "steps" });

  let drawn = 0;
  let over = false;
  /** The takes at once, what to expect of them when it is known. */
  const refresh = async (fit = true) => {
    const turn = (drawn += 1);
    try {
      const taken = await ask("GET", where, { query: { expectation: "false" } });
      if (turn !== drawn || over) return;
      draw(taken);
      if (!fit) return;
      expectation.textContent = t("enroll.expect.wait");
      const now = await ask("GET", where);
      if (turn === drawn && !over) expect(now);
    } catch (error) {
      if (over) return; // enrolled or left meanwhile
      if (/** @type {any} */ (error).status === 404) close();
      showProblem(error);
    }
  };
  const expect = (/** @type {Draft} */ now) => {
    expectation.textContent = expectationWords(now.expectation);
    trial.changed(now.expectation?.threshold ?? 1);
  };
  const draw = (/** @type {Draft} */ now) => {
    const cards = now.takes.map((take, i) => {
      const remove = () => ask("DELETE", `${where}/takes/${path(take.id)}`).then(refresh, showProblem);
      const again = async () => (await capture()) && (await remove());
      return takeCard(take, `${where}/takes/${path(take.id)}`, t("enroll.take", { n: i + 1 }), { remove, again });
    });
    fill(takes, cards);
    const missing = GOOD_TAKES - now.takes.length;
    enough.textContent = missing > 0 ? t("enroll.few", { n: missing }) : t("enroll.enough");
    rest.hidden = !now.takes.length;
  };
  /**
   * @param {Blob} audio
   * @param {boolean} [last] whether no other follows, so that it is time to see what to expect
   */
  const send = async (audio, last = true) => {
    try {
      await ask("POST", `${where}/takes`, { form: recording(audio) });
      refresh(last);
      return true;
    } catch (error) {
      refused.append(h("p", {}, t("enroll.refused", { why: problemWords(error) })));
      return false;
    }
  };
  const capture = async () => {
    trial.stop();
    refused.textContent = "";
    meter.hidden = false;
    try {
      return await send(await record(TAKE_SECONDS, (done) => (progress.style.width = `${percent(done)}%`)));
    } catch (error) {
      refused.textContent = problemWords(error);
      return false;
    } finally {
      meter.hidden = true;
    }
  };
  const files = h("input", { type: "file", class: "unseen", id: "takes-file", accept: "audio/*,video/*,.m4a,.3gp,.amr,.caf,.wma,.mka,.rf64,.bwf,.w64,.wv", multiple: true });
  files.addEventListener("change", async () => {
    refused.textContent = "";
    const chosen = [...files.files];
    files.value = "";
    for (const [i, file] of chosen.entries()) {
      const last = i === chosen.length - 1;
      if (!(await send(file, last)) && last) refresh(); // those before it count
    }
  });
  const giveUp = async () => {
    if (!(await confirmed(t("enroll.drop.sure", { name: draft.name }), t("enroll.drop")))) return;
    await ask("DELETE", where).catch(() => null);
    close();
  };

  const budget = slider(draft.budget_per_hour, (budget_per_hour) =>
    ask("PATCH", where, { json: { budget_per_hour } }).then(expect, showProblem),
  );
  const beats = h(
    "select",
    { id: "beats" },
    Array.from({ length: MOST_BEATS }, (_, i) => h("option", { value: i + 1 }, i ? t("enroll.pattern.n", { n: i + 1 }) : t("enroll.pattern.1"))),
  );
  const end = h("div", {});
  const hook = h("div", {});
  /** @type {HookForm | null} */
  let fields = null;
  ask("GET", "hooks").then(({ kept, commands }) => {
    if (kept) fill(hook, (fields = new HookForm({ commands, optional: true })).element);
  }, () => null);
  const finish = async (/** @type {boolean} */ force) => {
    if (fields && !fields.address.reportValidity()) return;
    trial.stop();
    try {
      const done = await ask("POST", `${where}/finish`, { json: { force } });
      const { name } = done.sound;
      const count = Number(beats.value);
      const wanted = fields?.value;
      close();
      fill(place, doneCard(done));
      if (count > 1) await ask("POST", `sounds/${path(name)}/patterns`, { json: { beats: count } }).catch(showProblem);
      if (wanted) await ask("POST", "hooks", { json: newHook(wanted, name) }).catch((error) => notify(t("enroll.unhooked", { why: problemWords(error) })));
    } catch (error) {
      const { code } = /** @type {any} */ (error);
      if (code === "sound_exists") return fill(end, taken());
      const anyway = !force && code === "take_rejected";
      fill(
        end,
        h("p", { class: "warning", role: "alert" }, problemWords(error)),
        anyway && button(t("enroll.force"), () => finish(true), { class: "danger" }),
      );
    }
  };
  /** Somebody else has enrolled a sound of that name meanwhile: nothing is lost. */
  const taken = () => {
    const other = h("input", { id: "other-name", maxlength: 60, autocomplete: "off", value: `${draft.name} 2` });
    const go = async (/** @type {any} */ json) => {
      try {
        draft.name = (await ask("PATCH", where, { json })).name;
        title.textContent = t("enroll.of", { name: draft.name });
        fill(end);
        await finish(false);
      } catch (error) {
        showProblem(error);
      }
    };
    return h(
      "div",
      { role: "alert" },
      h("p", { class: "warning" }, t("enroll.taken", { name: draft.name })),
      h("label", { for: other.id }, t("enroll.name")),
      other,
      h("div", { class: "actions" }, button(t("enroll.rename"), () => go({ name: other.value }), { class: "main" }), button(t("enroll.replace", { name: draft.name }), () => go({ replace: true }), { class: "danger" })),
    );
  };
  const title = h("p", { class: "lead" }, t("enroll.of", { name: draft.name }));
  fill(
    rest,
    trial.element,
    h("section", { class: "panel" }, h("h2", {}, t("enroll.budget")), budget, expectation),
    h(
      "section",
      { class: "panel" },
      h("h2", {}, t("enroll.pattern")),
      h("label", { for: "beats" }, t("enroll.pattern.label")),
      beats,
      hook,
      h("div", { class: "actions" }, button(t("enroll.finish"), () => finish(false), { class: "main" })),
      end,
    ),
  );
  fill(
    place,
    h(
      "section",
      { class: "panel" },
      h("div", { class: "row" }, title, button(t("enroll.drop"), giveUp, { class: "quiet" })),
      h("h2", {}, t("enroll.takes")),
      h("p", { class: "hint" }, t("enroll.takes.hint")),
      h(
        "div",
        { class: "actions" },
        button(t("enroll.record"), capture, { class: "main" }),
        files,
        h("label", { for: "takes-file", class: "button" }, t("enroll.upload")),
      ),
      meter,
      refused,
      enough,
      takes,
    ),
    rest,
  );
  draw(draft);
  if (draft.takes.length) refresh();
  return () => {
    over = true;
    trial.stop();
  };
}

/** @param {any} done */
function doneCard(done) {
  return h(
    "section",
    { class: "panel", role: "status" },
    h("p", { class: "lead good" }, t("enroll.done", { name: done.sound.name })),
    h("p", {}, expectationWords(done.expectation)),
    done.refitted.length > 0 && h("p", { class: "hint" }, t("enroll.refitted", { names: done.refitted.map((/** @type {any} */ other) => other.name).join(", ") })),
    h("div", { class: "actions" }, h("a", { class: "button main", href: "#/listen" }, t("listen.title")), h("a", { class: "button", href: "#/sounds" }, t("sounds.title"))),
  );
}
