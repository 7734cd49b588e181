/** The browser's microphone: 16-bit mono PCM in pieces of 0.1 s. */

import { Problem } from "./api.js";
import { t } from "./words.js";

const SILENT_MS = 4000;

/** Fires `chunk` (detail: Int16Array) and, once, `lost`. */
export class Microphone extends EventTarget {
  /**
   * @param {MediaStream} media
   * @param {AudioContext} context
   */
  constructor(media, context) {
    super();
    this.media = media;
    this.context = context;
    this.rate = context.sampleRate;
    this.closed = false;
    this.heard = performance.now();
    const lose = () => this.lose();
    for (const track of media.getAudioTracks()) track.addEventListener("ended", lose);
    this.watch = setInterval(() => {
      if (context.state === "suspended") context.resume();
      if (performance.now() - this.heard > SILENT_MS) lose();
    }, 1000);
  }

  /** @returns {Promise<Microphone>} */
  static async open() {
    if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) {
      throw new Problem(0, "insecure", t("mic.insecure"));
    }
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const media = await navigator.mediaDevices
      .getUserMedia({ audio: { channelCount: 1, ...plain } })
      .catch((error) => {
        const refused = error.name === "NotAllowedError";
        throw new Problem(0, "no_microphone", t(refused ? "mic.refused" : "mic.none"));
      });
    const context = new AudioContext();
    await context.audioWorklet.addModule(new URL("worklet.js", import.meta.url));
    const microphone = new Microphone(media, context);
    const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 1 });
    capture.port.onmessage = (message) => {
      microphone.heard = performance.now();
      microphone.dispatchEvent(new CustomEvent("chunk", { detail: message.data }));
    };
    context.createMediaStreamSource(media).connect(capture);
    capture.connect(context.destination); // silent, but what leads nowhere is not run everywhere
    await context.resume();
    return microphone;
  }

  lose() {
    if (this.closed) return;
    this.close();
    this.dispatchEvent(new Event("lost"));
  }

  /** Let go of it; closing twice is harmless. */
  close() {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.watch);
    for (const track of this.media.getTracks()) track.stop();
    this.context.close();
  }
}
