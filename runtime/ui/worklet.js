/** Runs beside the page: hands on the microphone's samples as 16-bit PCM, 0.1 s at a time. */

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.chunk = new Int16Array(Math.round(sampleRate / 10));
    this.used = 0;
  }

  /** @param {Float32Array[][]} inputs */
  process([channels]) {
    const samples = channels?.[0] ?? [];
    for (let i = 0; i < samples.length; i++) {
      const limited = Math.max(-1, Math.min(1, samples[i]));
      this.chunk[this.used++] = Math.round(limited * 32767);
      if (this.used === this.chunk.length) {
        this.port.postMessage(this.chunk, [this.chunk.buffer]);
        this.chunk = new Int16Array(Math.round(sampleRate / 10));
        this.used = 0;
      }
    }
    return true;
  }
}

registerProcessor("capture", Capture);
