/** The server's HTTP API. Addresses are relative, so that the page works behind a proxy's path. */

import { askToken, token } from "./token.js";
import { t } from "./words.js";

/** An answer that is an error. */
export class Problem extends Error {
  /**
   * @param {number} status 0 when there was no answer
   * @param {string} code
   * @param {string} detail
   * @param {{code: string, message: string}[]} [findings]
   */
  constructor(status, code, detail, findings = []) {
    super(detail);
    this.status = status;
    this.code = code;
    this.findings = findings;
  }
}

/**
 * Where something is.
 * @param {string} path
 * @param {Record<string, string | number>} [query]
 * @returns {URL}
 */
export function address(path, query = {}) {
  const url = new URL(path.replace(/^\//, ""), document.baseURI);
  url.hash = "";
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url;
}

/**
 * A path made of names, each of which may hold anything.
 * @param {...string} names
 */
export function path(...names) {
  return names.map(encodeURIComponent).join("/");
}

/**
 * @param {string} method
 * @param {string} where
 * @param {{json?: any, form?: FormData, query?: Record<string, string | number>}} [sent]
 * @returns {Promise<Response>} one that is no error
 */
export async function request(method, where, sent = {}) {
  for (let tries = 0; ; tries++) {
    /** @type {Record<string, string>} */
    const headers = {};
    const known = token();
    if (known) headers.Authorization = `Bearer ${known}`;
    if (sent.json !== undefined) headers["Content-Type"] = "application/json";
    const body = sent.json === undefined ? sent.form : JSON.stringify(sent.json);
    const answer = await fetch(address(where, sent.query), { method, headers, body }).catch(() => {
      throw new Problem(0, "offline", t("offline"));
    });
    if (answer.ok) return answer;
    const told = await answer.json().catch(() => ({}));
    if (answer.status === 401) {
      if (token() === known) await askToken(tries > 0 || Boolean(known));
    } else {
      const detail = told.detail ?? `${answer.status} ${answer.statusText}`;
      throw new Problem(answer.status, told.error ?? "failed", detail, told.findings ?? []);
    }
  }
}

/**
 * @param {string} method
 * @param {string} where
 * @param {any} [sent] see `request`
 * @returns {Promise<any>}
 */
export async function ask(method, where, sent) {
  const answer = await request(method, where, sent);
  return answer.status === 204 ? null : answer.json();
}

/**
 * A form with a recording.
 * @param {Blob} audio
 * @param {Record<string, string>} [fields]
 */
export function recording(audio, fields = {}) {
  const form = new FormData();
  form.append("audio", audio, /** @type {any} */ (audio).name ?? "recording.wav");
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}
