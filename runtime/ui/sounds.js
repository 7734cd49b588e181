/** The view of all enrolled sounds. */

import { ask, request } from "./api.js";
import { button, fill, h, on } from "./element.js";
import { notify, quiet, showProblem } from "./notice.js";
import { SoundCard } from "./sound.js";
import { t } from "./words.js";

/**
 * @param {HTMLElement} root
 * @param {import("./app.js").Shared} shared
 */
export function show(root, { feed }) {
  const list = h("ul", { class: "cards sounds" });
  const problems = h("div", {});
  /** @type {Map<string, SoundCard>} */
  const cards = new Map();

  const refresh = async () => {
    const found = await ask("GET", "sounds").catch((error) => error.status && showProblem(error));
    if (!found) return;
    const names = found.sounds.map((/** @type {any} */ sound) => sound.name);
    for (const name of [...cards.keys()].filter((known) => !names.includes(known))) cards.delete(name);
    for (const sound of found.sounds) {
      const known = cards.get(sound.name);
      if (known) known.update(sound);
      else cards.set(sound.name, new SoundCard(sound, refresh));
    }
    const wanted = names.map((/** @type {string} */ name) => /** @type {SoundCard} */ (cards.get(name)).element);
    if (wanted.some((/** @type {Element} */ card, /** @type {number} */ i) => list.children[i] !== card) || list.children.length !== wanted.length) {
      fill(list, wanted);
    }
    if (!wanted.length) fill(list, h("li", { class: "hint" }, t("sounds.none"), " ", h("a", { href: "#/enroll" }, t("listen.enroll"))));
    const wrong = Object.entries(found.problems);
    fill(problems, wrong.length > 0 && h("h2", {}, t("sounds.problems")), wrong.map(([where, why]) => h("p", { class: "warning" }, `${where}: ${why}`)));
  };

  root.append(importForm(refresh), list, problems);
  const ends = [on(feed, "sounds", refresh), on(feed, "back", refresh)];
  refresh();
  return () => ends.forEach((end) => end());
}

/** @param {() => any} refresh */
function importForm(refresh) {
  const replace = h("input", { type: "checkbox" });
  const file = h("input", { type: "file", id: "import", class: "unseen", accept: ".zip,application/zip" });
  file.addEventListener("change", async () => {
    if (!file.files[0]) return;
    quiet();
    const form = new FormData();
    form.append("file", file.files[0]);
    form.append("replace", String(replace.checked));
    file.value = "";
    try {
      const added = await (await request("POST", "import", { form })).json();
      notify(t("sounds.imported", { names: added.map((/** @type {any} */ sound) => sound.name).join(", ") }), "good");
      await refresh();
    } catch (error) {
      showProblem(error);
    }
  });
  return h(
    "div",
    { class: "actions" },
    h("a", { class: "button main", href: "#/enroll" }, t("enroll.title")),
    file,
    h("label", { for: "import", class: "button" }, t("sounds.import")),
    h("label", { class: "choice" }, replace, t("sounds.import.replace")),
  );
}
