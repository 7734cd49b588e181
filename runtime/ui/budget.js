/** How many false wakes may be: a slider whose steps are factors. */

import { h } from "./element.js";
import { t } from "./words.js";

const LEAST = 0.02;
const MOST = 10;
const STEPS = 40;
const WAIT_MS = 250;

/**
 * @param {number} perHour
 * @param {(perHour: number) => any} chosen called when the hand rests
 * @returns {HTMLElement}
 */
export function slider(perHour, chosen) {
  const step = Math.round((STEPS * Math.log(perHour / LEAST)) / Math.log(MOST / LEAST));
  const input = h("input", { type: "range", id: "budget", min: 0, max: STEPS, value: step });
  let timer = 0;
  const words = () => {
    const day = 24 * value(Number(input.value));
    input.setAttribute("aria-valuetext", t("enroll.expect", { n: count(day) }));
  };
  input.addEventListener("input", () => {
    words();
    clearTimeout(timer);
    timer = setTimeout(() => chosen(value(Number(input.value))), WAIT_MS);
  });
  words();
  return h(
    "div",
    {},
    h("label", { for: "budget" }, t("enroll.budget.label")),
    input,
    h("div", { class: "ends", "aria-hidden": "true" }, h("span", {}, t("enroll.budget.few")), h("span", {}, t("enroll.budget.many"))),
  );
}

/** @param {number} step */
function value(step) {
  return Number((LEAST * (MOST / LEAST) ** (step / STEPS)).toPrecision(3));
}

/** @param {number} perDay */
function count(perDay) {
  return perDay >= 10 ? Math.round(perDay) : Number(perDay.toPrecision(1));
}

/**
 * What to expect, in words.
 * @param {{false_wakes_per_day: number | null, miss_rate: number | null} | null} expectation
 */
export function expectationWords(expectation) {
  if (!expectation) return "";
  const { false_wakes_per_day: day, miss_rate: misses } = expectation;
  const wakes =
    day === null ? t("enroll.expect.unknown") : day < 0.1 ? t("enroll.expect.none") : t("enroll.expect", { n: count(day) });
  return misses === null ? wakes : `${wakes} · ${t("enroll.expect.miss", { n: Math.round(100 * misses) })}`;
}
