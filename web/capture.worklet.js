// Runs on the audio thread: hands each block of the microphone's first channel to the page.

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(2048);
    this.filled = 0;
  }

  process([input]) {
    const samples = input[0];
    if (!samples) return true;
    for (let at = 0; at < samples.length; at++) {
      this.block[this.filled++] = samples[at];
      if (this.filled === this.block.length) this.flush();
    }
    return true;
  }

  flush() {
    const full = this.block;
    this.block = new Float32Array(full.length);
    this.filled = 0;
    this.port.postMessage(full, [full.buffer]);
  }
}

registerProcessor("capture", Capture);
