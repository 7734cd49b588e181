/** The microphone's sound to the server, and what the server hears back. */

import { address } from "./api.js";
import { Microphone } from "./microphone.js";
import { problemWords } from "./problems.js";
import { token } from "./token.js";
import { t } from "./words.js";

const MOST_WAITING_BYTES = 1_000_000;
const AGAIN_MS = 1500;

/**
 * Fires each message of the server by its `event` (detail: the message), `state` (detail: the
 * state) and `failed` (detail: why, in words; it has stopped then).
 */
export class Stream extends EventTarget {
  /**
   * @param {object} what
   * @param {string} [what.path] of the WebSocket
   * @param {Record<string, string | number>} [what.query] of its address: `name`, `draft`
   * @param {() => any} [what.hello] the first message, anew at each connection
   * @param {() => boolean} [what.silent] whether it sends no audio
   */
  constructor({ path = "ws", query = {}, hello, silent = () => false }) {
    super();
    this.path = path;
    this.query = query;
    this.hello = hello;
    this.silent = silent;
    /** @type {"stopped" | "connecting" | "listening"} */
    this.state = "stopped";
    /** @type {Microphone | null} */
    this.microphone = null;
    /** @type {WebSocket | null} */
    this.socket = null;
  }

  async start() {
    if (this.state !== "stopped") return;
    this.become("connecting");
    if (!this.silent()) {
      try {
        const microphone = await Microphone.open();
        if (this.stopped()) return microphone.close(); // while the browser asked the user
        this.microphone = microphone;
      } catch (error) {
        return this.stopped() ? undefined : this.fail(/** @type {Error} */ (error).message);
      }
      this.microphone.addEventListener("lost", () => this.fail(t("mic.lost")));
      this.microphone.addEventListener("chunk", (event) => {
        const socket = this.socket;
        if (this.state === "listening" && socket?.readyState === WebSocket.OPEN && socket.bufferedAmount < MOST_WAITING_BYTES) {
          socket.send(/** @type {CustomEvent} */ (event).detail);
        }
      });
    }
    this.connect();
  }

  stop() {
    this.microphone?.close();
    this.microphone = null;
    this.socket?.close();
    this.socket = null;
    if (!this.stopped()) this.become("stopped");
  }

  stopped() {
    return this.state === "stopped";
  }

  connect() {
    if (this.stopped()) return;
    const rate = this.microphone ? { rate: this.microphone.rate } : {};
    const url = address(this.path, { ...rate, scores: 1, ...this.query });
    url.protocol = url.protocol.replace("http", "ws");
    const known = token();
    const socket = known ? new WebSocket(url, ["wakesound.bearer", known]) : new WebSocket(url);
    this.socket = socket;
    let refused = "";
    socket.onopen = () => this.hello && socket.send(JSON.stringify(this.hello()));
    socket.onmessage = (message) => {
      const told = JSON.parse(message.data);
      if (told.event === "ready") this.become("listening");
      if (told.event === "error" && told.error !== "loading") {
        refused = problemWords({ code: told.error, message: told.detail });
      }
      this.dispatchEvent(new CustomEvent(told.event, { detail: told }));
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      if (refused) return this.fail(refused);
      this.become("connecting");
      setTimeout(() => this.connect(), AGAIN_MS);
    };
  }

  /** @param {any} message for a connection that is there */
  tell(message) {
    const open = this.state === "listening" && this.socket?.readyState === WebSocket.OPEN;
    if (open) this.socket?.send(JSON.stringify(message));
  }

  /** @param {string} why */
  fail(why) {
    this.stop();
    this.dispatchEvent(new CustomEvent("failed", { detail: why }));
  }

  /** @param {"stopped" | "connecting" | "listening"} state */
  become(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
