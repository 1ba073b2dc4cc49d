// The kernel, where only Python can decode.

const IN_FLIGHT = 3; // one request at a time waits for the network each time; more would only queue
const LATE = 3000; // ms after which the page says that no answer has come
const LOST = 10000; // ms after which an answer is no longer waited for

/** Decoding by Python. Of moves the latest wins, with a few requests in flight; `many` decodes a sheet of codes. What
 * `show` is to draw gets the grey levels, or null and why the decoder failed; null alone where nobody answers. */
class Kernel {
  constructor(model) {
    Object.assign(this, { model, tag: Math.random().toString(36).slice(2), next: 0, latest: -1, wanted: null });
    this.flying = new Map();
    this.sheets = new Map();
    this.receive = (content, buffers) => this.answer(content, buffers);
    model.on("msg:custom", this.receive);
  }

  show(z, draw) {
    this.wanted = { z: Float32Array.from(z), draw };
    this.pump();
  }

  pump() {
    while (this.wanted && this.flying.size < IN_FLIGHT) {
      const { z, draw } = this.wanted, id = this.next++;
      this.wanted = null;
      this.flying.set(id, draw);
      setTimeout(() => this.flying.has(id) && id > this.latest && draw(null), LATE);
      setTimeout(() => this.flying.delete(id) && this.pump(), LOST);
      this.send(id, z);
    }
  }

  many(codes) {
    const id = this.next++, z = Float32Array.from(codes.flatMap((code) => [...code]));
    return new Promise((resolve) => {
      this.sheets.set(id, resolve);
      this.send(id, z);
    });
  }

  send(id, z) {
    try {
      this.model.send({ type: "decode", id, tag: this.tag }, undefined, [z.buffer]);
    } catch (error) { // the kernel that made this explorer is gone
      this.flying.get(id)?.(null);
      this.flying.delete(id);
      this.sheets.get(id)?.(null);
      this.sheets.delete(id);
    }
  }

  answer(content, buffers) {
    if (content.tag !== this.tag) return; // another view's
    const { id } = content, draw = this.flying.get(id), sheet = this.sheets.get(id);
    this.flying.delete(id);
    this.sheets.delete(id);
    const levels = content.type === "decoded" ? bytes(buffers[0]) : null;
    if (sheet) sheet(levels);
    if (draw && id > this.latest) {
      this.latest = id;
      levels ? draw(levels) : draw(null, `the decoder failed: ${content.message}`);
    }
    this.pump();
  }

  stop() {
    this.model.off("msg:custom", this.receive);
  }
}
