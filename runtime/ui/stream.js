/** The microphone's sound to the server, and what the server hears back. */

import { address } from "./api.js";
import { Microphone } from "./microphone.js";
import { token } from "./token.js";
import { t } from "./words.js";

const MOST_WAITING_BYTES = 1_000_000;
const AGAIN_MS = 1500;

/**
 * Fires `ready`, `level`, `scores`, `wake` (detail: the server's message), `state` (detail: the
 * state) and `failed` (detail: why, in words; it has stopped then).
 */
export class Stream extends EventTarget {
  /** @param {Record<string, string | number>} query of the address: `name`, `draft` */
  constructor(query) {
    super();
    this.query = query;
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
    try {
      this.microphone = await Microphone.open();
    } catch (error) {
      return this.fail(/** @type {Error} */ (error).message);
    }
    this.microphone.addEventListener("lost", () => this.fail(t("mic.lost")));
    this.microphone.addEventListener("chunk", (event) => {
      const socket = this.socket;
      if (this.state === "listening" && socket && socket.bufferedAmount < MOST_WAITING_BYTES) {
        socket.send(/** @type {CustomEvent} */ (event).detail);
      }
    });
    this.connect();
  }

  stop() {
    this.microphone?.close();
    this.microphone = null;
    this.socket?.close();
    this.socket = null;
    if (this.state !== "stopped") this.become("stopped");
  }

  connect() {
    if (!this.microphone) return;
    const url = address("ws", { rate: this.microphone.rate, scores: 1, ...this.query });
    url.protocol = url.protocol.replace("http", "ws");
    const known = token();
    const socket = known ? new WebSocket(url, ["wakesound.bearer", known]) : new WebSocket(url);
    this.socket = socket;
    let refused = "";
    socket.onmessage = (message) => {
      const told = JSON.parse(message.data);
      if (told.event === "ready") this.become("listening");
      if (told.event === "error" && told.error !== "loading") refused = told.detail;
      this.dispatchEvent(new CustomEvent(told.event, { detail: told }));
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      if (refused) return this.fail(refused);
      this.become("connecting");
      setTimeout(() => this.connect(), AGAIN_MS);
    };
  }

  /** @param {string} why */
  fail(why) {
    this.stop();
    this.become("stopped");
    this.dispatchEvent(new CustomEvent("failed", { detail: why }));
  }

  /** @param {"stopped" | "connecting" | "listening"} state */
  become(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
