/** What is wrong with a take, in words. */

import { h } from "./element.js";
import { language, t } from "./words.js";

/** @typedef {{code: string, message: string, refused?: boolean}} Finding */

/**
 * @param {Finding} finding
 * @returns {string}
 */
export function findingWords(finding) {
  if (language() === "en") return sentence(finding.message);
  const key = `finding.${finding.code}`;
  const known = t(key);
  return known === key ? finding.message : known;
}

/**
 * @param {Finding[]} findings
 * @returns {HTMLElement} a list, or that all is well
 */
export function findingList(findings) {
  if (!findings.length) return h("p", { class: "good" }, `✓ ${t("finding.none")}`);
  return h(
    "ul",
    { class: "findings" },
    findings.map((finding) => h("li", {}, `⚠ ${findingWords(finding)}`)),
  );
}

/** @param {string} text */
function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
