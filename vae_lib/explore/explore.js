// The browser side of vae_lib.explore: one module for the widget (anywidget) and for a page without a kernel.
// z is a code of D numbers; the plane shows two of them, `axes`; a picture is height × width grey levels.

const CIVIDIS = [[0, 32, 77], [65, 77, 107], [124, 123, 120], [187, 175, 113], [255, 234, 70]];
const TITLES = {
  codes: "codes by class", prior: "prior: 1, 2, 3σ", manifold: "decoded pictures", density: "density of q(z)",
  errors: "reconstruction error", path: "path A to B", draws: "draws around z", sliders: "sliders",
};
const REST = 120; // ms without a move, after which Python hears of z and the kernel's exact picture is asked for
const IN_FLIGHT = 3; // one request at a time waits for the network each time; more would only queue
const LOST = 10000; // ms after which an answer is no longer waited for
const SLIDERS = 20; // at most
const TILES = 15; // decoded pictures along a side of the plane
const DRAWS = 4; // perturbed draws along a side
const STRIP = 9; // pictures from A to B

// ---------------------------------------------------------------- numbers

const floats = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const length = (z) => Math.hypot(...z);
const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

const ACTIVATIONS = {
  relu: () => (x) => (x > 0 ? x : 0),
  tanh: () => Math.tanh,
  sigmoid: () => sigmoid,
  silu: () => (x) => x * sigmoid(x),
  softplus: () => (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  leaky: ({ slope }) => (x) => (x > 0 ? x : slope * x),
};

/** W x + b, summed over inputs, four at a time; those that are 0, half of them behind a ReLU, cost nothing. */
function linear(nOut, nIn, w, b) {
  const columns = new Float32Array(nOut * nIn), out = new Float64Array(nOut), on = new Int32Array(nIn);
  for (let j = 0; j < nIn; j++) for (let i = 0; i < nOut; i++) columns[j * nOut + i] = w[i * nIn + j];
  return (x) => {
    let count = 0, k = 0;
    for (let j = 0; j < nIn; j++) if (x[j] !== 0) on[count++] = j;
    out.set(b);
    for (; k + 3 < count; k += 4) {
      const [p, q, r, s] = on.subarray(k, k + 4), [at, bt, ct, dt] = [p * nOut, q * nOut, r * nOut, s * nOut];
      for (let i = 0; i < nOut; i++) {
        out[i] += columns[at + i] * x[p] + columns[bt + i] * x[q] + columns[ct + i] * x[r] + columns[dt + i] * x[s];
      }
    }
    for (; k < count; k++) for (let i = 0, at = on[k] * nOut; i < nOut; i++) out[i] += columns[at + i] * x[on[k]];
    return out;
  };
}

/** The layers, torch's weights row by row, as z -> pixels. */
function mlp(spec, values) {
  let at = 0;
  const take = (n) => values.subarray(at, (at += n));
  const steps = spec.steps.map((step) => {
    if (step.linear) return linear(...step.linear, take(step.linear[0] * step.linear[1]), take(step.linear[0]));
    const f = ACTIVATIONS[step.act](step);
    return (x) => {
      for (let i = 0; i < x.length; i++) x[i] = f(x[i]);
      return x;
    };
  });
  return (z) => steps.reduce((x, step) => step(x), z);
}

/** n × n pictures over the plane, as z -> the four around it, mixed. */
function interpolation(spec, grid, pixels, limit, axes) {
  const n = spec.n, out = new Float64Array(pixels);
  const cell = (x) => {
    const at = clamp(((x / limit + 1) * (n - 1)) / 2, 0, n - 1 - 1e-9);
    return [Math.floor(at), at % 1];
  };
  return (z) => {
    const [c, u] = cell(z[axes[0]]), [r, v] = cell(-z[axes[1]]);
    const a = (r * n + c) * pixels, b = a + pixels, d = a + n * pixels, e = d + pixels;
    for (let i = 0; i < pixels; i++) {
      out[i] = ((1 - v) * ((1 - u) * grid[a + i] + u * grid[b + i]) + v * ((1 - u) * grid[d + i] + u * grid[e + i])) / 255;
    }
    return out;
  };
}

function between(a, b, t, spherical) {
  const line = a.map((x, i) => (1 - t) * x + t * b[i]);
  if (!spherical) return line;
  const cosine = a.reduce((sum, x, i) => sum + x * b[i], 0) / (length(a) * length(b));
  const omega = Math.acos(clamp(cosine, -1, 1)), s = Math.sin(omega);
  if (!(s > 1e-4)) return line; // no angle, or none that a sine can be divided by
  return a.map((x, i) => (Math.sin((1 - t) * omega) * x + Math.sin(t * omega) * b[i]) / s);
}

// ---------------------------------------------------------------- the kernel

/** Decoding by Python. Of moves the latest wins, with a few requests in flight; `many` decodes a sheet of codes. */
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
    this.model.send({ type: "decode", id, tag: this.tag }, undefined, [z.buffer]);
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
      draw(levels, content.message);
    }
    this.pump();
  }

  stop() {
    this.model.off("msg:custom", this.receive);
  }
}

// ---------------------------------------------------------------- small parts of the page

/** Grey levels 0 to 1 (or 0 to 255 as bytes) into a canvas at a tile's place. */
function paint(canvas, pixels, width, height, x = 0, y = 0) {
  const image = new ImageData(width, height), scale = pixels instanceof Uint8Array ? 1 : 255;
  for (let i = 0; i < width * height; i++) {
    const level = pixels[i] * scale; // clipped and rounded by the array
    image.data[4 * i] = image.data[4 * i + 1] = image.data[4 * i + 2] = level;
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, x, y);
}

function cividis(t) {
  const at = clamp(t, 0, 1) * (CIVIDIS.length - 1 - 1e-9), k = Math.floor(at);
  return `rgb(${CIVIDIS[k].map((c, i) => Math.round(c + (at - k) * (CIVIDIS[k + 1][i] - c))).join(" ")})`;
}

function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(Math.floor(q * sorted.length), sorted.length - 1)];
}

// ---------------------------------------------------------------- what is known of the codes

class Codes {
  constructor(model, dim) {
    this.dim = dim;
    this.values = floats(model.get("_codes"));
    this.labels = bytes(model.get("_labels"));
    this.errors = floats(model.get("_errors"));
    this.scales = floats(model.get("_scales")); // σ of q(z|x), as many as values, or none
    this.count = this.values.length / dim;
  }

  at(i) {
    return Array.from(this.values.subarray(i * this.dim, (i + 1) * this.dim));
  }

  nearest(z) {
    let best = -1, least = Infinity;
    for (let i = 0, k = 0; i < this.count; i++) {
      let sum = 0;
      for (let d = 0; d < this.dim; d++) sum += (this.values[k++] - z[d]) ** 2;
      if (sum < least) [best, least] = [i, sum];
    }
    return { index: best, distance: Math.sqrt(least) };
  }

  /** The mean of q(z|x) over the digits on n × n points; of bare codes, a Gaussian of Scott's width about each. */
  density(axes, limit, n) {
    const factors = axes.map((axis) => this.along(axis, limit, n)), out = new Float64Array(n * n);
    for (let i = 0; i < this.count; i++) {
      for (let r = 0; r < n; r++) {
        const vertical = factors[1][i * n + (n - 1 - r)];
        if (vertical < 1e-9) continue;
        for (let c = 0; c < n; c++) out[r * n + c] += vertical * factors[0][i * n + c];
      }
    }
    return out;
  }

  along(axis, limit, n) {
    const out = new Float64Array(this.count * n), width = this.scott(axis), least = limit / n; // half a cell
    for (let i = 0; i < this.count; i++) {
      const at = i * this.dim + axis, s = Math.max(this.scales.length ? this.scales[at] : width, least);
      for (let c = 0; c < n; c++) {
        const x = ((((2 * c + 1) / n - 1) * limit) - this.values[at]) / s;
        out[i * n + c] = Math.exp(-0.5 * x * x) / s;
      }
    }
    return out;
  }

  scott(axis) {
    let sum = 0, square = 0;
    for (let i = 0; i < this.count; i++) {
      const x = this.values[i * this.dim + axis];
      sum += x;
      square += x * x;
    }
    const mean = sum / this.count;
    return Math.sqrt(Math.max(square / this.count - mean * mean, 1e-12)) * this.count ** (-1 / 6);
  }
}

// ---------------------------------------------------------------- the explorer

class Explorer {
  constructor(model, el) {
    const spec = model.get("_spec");
    Object.assign(this, { model, el, spec, dim: spec.dim, limit: spec.limit, axes: spec.axes.slice() });
    [this.height, this.width] = spec.image_shape;
    this.codes = new Codes(model, this.dim);
    this.on = new Set(model.get("layers"));
    this.z = model.get("z").slice();
    this.a = model.get("a").slice();
    this.b = model.get("b").slice();
    this.t = 0;
    this.stops = [];
    this.live = typeof model.send === "function";
    this.kernel = this.live ? new Kernel(model) : null;
    this.connect();
    this.build();
    this.listen();
    this.follow();
    this.redraw();
    this.refresh();
  }

  /** `decode` is what the browser can do by itself, or null. */
  connect() {
    const { kind } = this.spec, data = this.model.get("_data"), pixels = this.width * this.height;
    this.exact = kind === "mlp";
    this.decode = null;
    if (kind === "mlp") this.decode = mlp(this.spec, floats(data));
    if (kind === "atlas") this.decode = interpolation(this.spec, bytes(data), pixels, this.limit, this.axes);
  }

  // ------------------------------------------------ building

  build() {
    this.canvas = h("canvas", { class: "vx-ground", "aria-hidden": "true" });
    this.overlay = h("svg:svg", { "aria-hidden": "true" });
    this.plane = h("div", {
      class: "vx-plane", role: "slider", tabindex: 0, "aria-label": "latent plane", "aria-roledescription": "two-dimensional slider",
      "aria-valuemin": -this.limit, "aria-valuemax": this.limit, "data-lm-suppress-shortcuts": "true",
    }, this.canvas, this.overlay);
    this.picture = h("canvas", { class: "vx-picture", role: "img", "aria-label": "decoded picture", width: this.width, height: this.height });
    this.note = h("div", { class: "vx-note" });
    this.text = h("div", { class: "vx-text" });
    this.status = h("div", { class: "vx-hidden", role: "status", "aria-live": "polite" });
    this.legend = h("div", { class: "vx-legend" });
    this.parts = { sliders: this.buildSliders(), draws: this.buildDraws(), path: this.buildPath() };
    const title = this.spec.title ? [h("div", { class: "vx-title" }, this.spec.title)] : [];
    this.root = h("div", { class: "vx", "data-kind": this.spec.kind },
      ...title,
      h("div", { class: "vx-main" },
        h("div", { class: "vx-left" }, this.plane, this.legend),
        h("div", { class: "vx-right" }, this.picture, this.note, this.parts.draws)),
      this.text, this.buildLayers(), this.parts.sliders, this.parts.path, this.status);
    this.el.append(this.root);
    this.buildOverlay();
  }

  has(layer) {
    if (layer === "codes" || layer === "density") return this.codes.count > 0;
    if (layer === "errors") return this.codes.errors.length > 0;
    return true;
  }

  buildLayers() {
    this.boxes = {};
    const shown = Object.keys(TITLES).filter((layer) => this.has(layer));
    const labels = shown.map((layer) => {
      const title = layer === "density" && !this.codes.scales.length ? "density of the codes" : TITLES[layer];
      const [box, label] = toggle(title, this.on.has(layer), (on) => this.switchLayer(layer, on));
      this.boxes[layer] = box;
      return label;
    });
    return h("fieldset", { class: "vx-layers" }, h("legend", {}, "show"), ...labels);
  }

  buildSliders() {
    const range = { min: -this.limit, max: this.limit, step: 0.01 };
    const free = this.spec.order.filter(({ index }) => !this.spec.slice || this.axes.includes(index));
    const rows = free.slice(0, SLIDERS).map(({ index, note, dead }) => {
      const part = slider(`z ${index + 1}${dead ? ", unused" : ""}`, { ...range, value: this.z[index] }, (x) => {
        this.move(this.z.map((old, d) => (d === index ? x : old)));
      });
      part.index = index;
      const name = h("span", {}, `z${sub(index + 1)}`, h("small", {}, note ? ` ${note}` : ""));
      return [part, h("label", { class: dead ? "vx-dead" : false }, name, part.input, part.output)];
    });
    this.sliders = rows.map(([part]) => part);
    const reset = h("button", { type: "button", onclick: () => this.move(this.z.map(() => 0)) }, "z = 0");
    const choices = this.dim > 2 && !this.spec.slice ? [this.buildAxes()] : [];
    return h("div", { class: "vx-sliders" }, ...rows.map(([, label]) => label), h("div", { class: "vx-row" }, reset, ...choices));
  }

  buildAxes() {
    const choose = (k) => {
      const select = h("select", { "aria-label": k ? "upward axis" : "axis to the right", onchange: () => this.turn(k, Number(select.value)) },
        ...this.spec.order.map(({ index }) => h("option", { value: index }, `z${sub(index + 1)}`)));
      select.value = this.axes[k];
      return select;
    };
    this.selects = [choose(0), choose(1)];
    return h("span", {}, "plane: ", this.selects[0], " × ", this.selects[1]);
  }

  buildDraws() {
    const n = DRAWS, tile = (size) => n * (size + 1) - 1;
    this.sheet = h("canvas", { class: "vx-picture", role: "img", "aria-label": `${n * n} decoded draws around z`, width: tile(this.width), height: tile(this.height) });
    this.eps = this.noise();
    const part = slider("sigma", { min: 0, max: 2, step: 0.05, value: this.model.get("sigma") }, (x) => {
      this.save({ sigma: x });
      this.refreshParts();
    });
    this.sigma = part;
    const again = h("button", { type: "button", onclick: () => ((this.eps = this.noise()), this.refreshParts()) }, "draw again");
    return h("div", { class: "vx-draws" }, this.sheet, h("label", {}, "σ", part.input, part.output), again);
  }

  noise() {
    return Array.from({ length: DRAWS * DRAWS }, () => Array.from({ length: this.dim }, normal));
  }

  buildPath() {
    this.strip = h("canvas", { class: "vx-strip", role: "img", "aria-label": "decoded pictures from A to B", width: STRIP * (this.width + 1) - 1, height: this.height });
    this.scrub = slider("position on the path", { min: 0, max: 1, step: 0.005, value: 0 }, (t) => (this.halt(), this.along(t)));
    this.play = h("button", { type: "button", onclick: () => (this.playing ? this.halt() : this.start()) }, "▶ play");
    const [box, spherical] = toggle("spherical", false, () => this.refreshParts());
    this.spherical = box;
    const end = (name) => h("button", { type: "button", onclick: () => this.setEnd(name, this.z) }, `${name.toUpperCase()} here`);
    return h("div", { class: "vx-path" }, this.strip,
      h("div", { class: "vx-row" }, this.play, h("label", {}, "A", this.scrub.input, "B"), spherical, end("a"), end("b")));
  }

  buildOverlay() {
    const circle = (name, r) => h("svg:circle", { class: name, r });
    const end = (name) => h("svg:g", { class: "vx-end", "data-end": name }, circle("", 9), h("svg:text", { dy: "0.35em" }, name.toUpperCase()));
    this.line = h("svg:polyline", { class: "vx-line" });
    this.ring = circle("vx-ring", 0);
    this.ends = { a: end("a"), b: end("b") };
    this.marks = h("svg:g", {}, this.line, this.ends.a, this.ends.b);
    this.cursor = h("svg:g", { class: "vx-cursor" }, circle("vx-halo", 7), circle("vx-dot", 7));
    this.overlay.append(this.ring, this.marks, this.cursor);
  }

  // ------------------------------------------------ events

  listen() {
    const plane = this.plane, at = (name, f) => plane.addEventListener(name, f);
    at("pointerdown", (event) => this.press(event));
    at("pointerrawupdate", (event) => this.grip && this.ahead(event));
    at("pointermove", (event) => this.grip && this.drag(event));
    at("pointerup", (event) => this.release(event));
    at("pointercancel", () => (this.grip = null));
    at("keydown", (event) => this.key(event));
    const hear = (name, f) => {
      this.model.on(`change:${name}`, f);
      this.stops.push(() => this.model.off(`change:${name}`, f));
    };
    hear("z", () => this.grip || this.same(this.model.get("z"), this.z) || this.move(this.model.get("z"), { quiet: true }));
    hear("layers", () => this.setLayers(this.model.get("layers")));
    hear("sigma", () => (this.sigma.set(this.model.get("sigma")), this.refreshParts()));
    for (const name of ["a", "b"]) hear(name, () => ((this[name] = this.model.get(name).slice()), this.refreshParts()));
    hear("_data", () => {
      this.spec = this.model.get("_spec");
      this.connect();
      this.tilesKey = this.stripKey = null;
      this.redraw();
      this.refresh();
    });
  }

  /** The theme, the size, and the other explorers of the group. */
  follow() {
    const redraw = () => this.redraw(), dark = matchMedia("(prefers-color-scheme: dark)");
    const size = new ResizeObserver(redraw), theme = new MutationObserver(redraw);
    size.observe(this.plane);
    const seen = { attributes: true, attributeFilter: ["class", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind", "style"] };
    for (const node of [document.documentElement, document.body]) theme.observe(node, seen);
    dark.addEventListener("change", redraw);
    const linked = ({ detail }) => {
      const other = detail.from !== this && detail.group && detail.group === this.spec.group;
      if (other && detail.index < this.codes.count) this.move(this.codes.at(detail.index), { linked: true });
    };
    window.addEventListener("vae-explore", linked);
    this.stops.push(() => size.disconnect(), () => theme.disconnect(), () => dark.removeEventListener("change", redraw),
      () => window.removeEventListener("vae-explore", linked));
  }

  press(event) {
    if (event.button > 0) return;
    event.preventDefault();
    this.plane.focus({ preventScroll: true });
    this.plane.setPointerCapture(event.pointerId);
    const box = this.plane.getBoundingClientRect();
    this.grip = { box, end: event.target.closest?.("[data-end]")?.dataset.end, x: event.clientX, y: event.clientY };
    this.halt();
    this.drag(event);
  }

  /** A browser tells of moves at its next frame; where it tells at once too, the picture is ready then. Once a frame. */
  ahead(event) {
    if (this.grip.ahead) return;
    const grip = this.grip;
    grip.ahead = true;
    requestAnimationFrame(() => (grip.ahead = false));
    this.drag(event);
  }

  drag(event) {
    const { box, end, x, y } = this.grip, place = `${event.clientX} ${event.clientY}`;
    if (this.grip.place === place) return;
    this.grip.place = place;
    this.grip.moved ||= Math.hypot(event.clientX - x, event.clientY - y) > 3;
    const right = ((event.clientX - box.left) / box.width) * 2 - 1, up = 1 - ((event.clientY - box.top) / box.height) * 2;
    const z = (end ? this[end] : this.z).slice();
    z[this.axes[0]] = clamp(right, -1, 1) * this.limit;
    z[this.axes[1]] = clamp(up, -1, 1) * this.limit;
    if (end) this.setEnd(end, z);
    else this.move(z);
  }

  release(event) {
    const grip = this.grip;
    this.grip = null;
    if (!grip) return;
    if (!grip.moved && !grip.end && this.on.has("codes")) this.jump(grip.box.width);
    this.rest();
  }

  /** A click within 8 pixels of a code goes to the code, in all dimensions. */
  jump(size) {
    let best = -1, least = ((8 / size) * 2 * this.limit) ** 2;
    for (let i = 0; i < this.codes.count; i++) {
      const [x, y] = this.axes.map((axis) => this.codes.values[i * this.dim + axis] - this.z[axis]);
      if (x * x + y * y < least) [best, least] = [i, x * x + y * y];
    }
    if (best >= 0) this.move(this.codes.at(best));
  }

  key(event) {
    const step = (event.shiftKey ? 0.5 : 0.05) * (this.limit / this.spec.unit);
    const [x, y] = this.axes, by = { ArrowLeft: [x, -step], ArrowRight: [x, step], ArrowUp: [y, step], ArrowDown: [y, -step] }[event.key];
    if ((!by && event.key !== "Home") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would move to another cell
    this.halt();
    this.move(by ? this.z.map((old, d) => (d === by[0] ? clamp(old + by[1], -this.limit, this.limit) : old)) : this.z.map(() => 0));
  }

  // ------------------------------------------------ state

  same(a, b) {
    return a.length === b.length && a.every((x, i) => x === b[i]);
  }

  save(values) {
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    this.model.save_changes();
  }

  move(z, { quiet = false, linked = false } = {}) {
    const { slice } = this.spec; // a page without a kernel may know one plane only
    this.z = slice ? slice.map((x, d) => (this.axes.includes(d) ? z[d] : x)) : z.slice();
    this.refresh();
    if (quiet) return;
    if (!linked && this.spec.group && this.near.index >= 0) {
      const detail = { group: this.spec.group, index: this.near.index, from: this };
      window.dispatchEvent(new CustomEvent("vae-explore", { detail }));
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), REST);
  }

  /** The hand is still: Python hears of z, a screen reader too, and the kernel is asked for the exact picture. */
  rest() {
    clearTimeout(this.timer);
    if (!this.same(this.model.get("z"), this.z)) this.save({ z: this.z.slice() });
    this.status.textContent = this.text.textContent;
    if (!this.exact) this.refreshParts();
    if (this.dim > 2 && this.on.has("manifold")) this.redraw();
    if (this.spec.kind === "atlas") this.ask();
  }

  ask() {
    if (!this.live) return;
    const asked = this.z.slice();
    this.kernel.show(this.z, (levels, message) => {
      if (levels && this.spec.kind === "atlas" && !this.same(asked, this.z)) return;
      if (levels) paint(this.picture, levels, this.width, this.height);
      this.note.textContent = levels ? "" : `the decoder failed: ${message}`;
    });
  }

  setLayers(layers) {
    this.on = new Set(layers);
    for (const [layer, box] of Object.entries(this.boxes)) box.checked = this.on.has(layer);
    this.redraw();
    this.refreshParts();
  }

  switchLayer(layer, on) {
    on ? this.on.add(layer) : this.on.delete(layer);
    this.save({ layers: Object.keys(TITLES).filter((name) => this.on.has(name)) });
    if (layer === "path" && !on) this.halt();
    this.redraw();
    this.refreshParts();
  }

  setEnd(name, z) {
    this[name] = z.slice();
    this.save({ [name]: this[name].slice() });
    this.refreshParts();
  }

  turn(k, axis) {
    const other = this.axes[1 - k];
    if (axis === other) this.axes[1 - k] = this.axes[k]; // the two change places
    this.axes[k] = axis;
    this.selects.forEach((select, i) => (select.value = this.axes[i]));
    this.redraw();
    this.refresh();
  }

  along(t) {
    this.t = t;
    this.move(between(this.a, this.b, t, this.spherical.checked));
  }

  start() {
    const seconds = 4, began = performance.now() - this.t * seconds * 1000;
    this.playing = true;
    this.play.textContent = "❚❚ pause";
    const frame = (now) => {
      if (!this.playing) return;
      const turn = ((now - began) / (seconds * 1000)) % 2, t = turn > 1 ? 2 - turn : turn; // there and back
      this.scrub.set(t);
      this.along(t);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  halt() {
    this.playing = false;
    this.play.textContent = "▶ play";
  }

  // ------------------------------------------------ drawing what moves

  pixel(z) {
    return [(z[this.axes[0]] / this.limit + 1) / 2, (1 - z[this.axes[1]] / this.limit) / 2].map((x) => x * this.size);
  }

  refresh() {
    if (this.decode) {
      paint(this.picture, this.decode(this.z), this.width, this.height);
      this.note.textContent = this.exact ? "" : "interpolated";
    } else if (this.live) this.ask();
    this.near = this.codes.count ? this.codes.nearest(this.z) : { index: -1 };
    this.say();
    this.place();
    for (const part of this.sliders) part.set(this.z[part.index]);
    if (this.on.has("draws") && this.exact) this.later();
  }

  /** At most once a frame. */
  later() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.refreshParts();
    });
  }

  say() {
    const all = this.dim <= 4 ? this.z.map((_, d) => d) : this.axes;
    const numbers = all.map((d) => fixed(this.z[d])).join(", ");
    const name = this.dim <= 4 ? "z" : `(${all.map((d) => `z${sub(d + 1)}`).join(", ")})`;
    const { index, distance } = this.near, label = this.codes.labels.length ? ` a ${this.codes.labels[index]},` : "";
    const near = index < 0 ? "" : ` · nearest encoded digit:${label} ${fixed(distance)} away`;
    this.text.textContent = `${name} = (${numbers}), length ${fixed(length(this.z))}${near}`;
    this.plane.setAttribute("aria-valuenow", this.z[this.axes[0]].toFixed(3));
    this.plane.setAttribute("aria-valuetext", this.text.textContent);
  }

  place() {
    const set = (node, [x, y]) => node.setAttribute("transform", `translate(${x} ${y})`);
    set(this.cursor, this.pixel(this.z));
    set(this.ring, this.pixel(this.z));
    this.ring.setAttribute("r", this.on.has("draws") ? (this.model.get("sigma") / this.limit / 2) * this.size : 0);
    this.marks.style.display = this.on.has("path") ? "" : "none";
    if (!this.on.has("path")) return;
    set(this.ends.a, this.pixel(this.a));
    set(this.ends.b, this.pixel(this.b));
    const points = Array.from({ length: 33 }, (_, k) => this.pixel(between(this.a, this.b, k / 32, this.spherical.checked)));
    this.line.setAttribute("points", points.map((p) => p.map((x) => x.toFixed(1)).join(",")).join(" "));
  }

  refreshParts() {
    for (const [name, part] of Object.entries(this.parts)) part.hidden = !this.on.has(name);
    this.place();
    if (this.on.has("draws")) {
      const sigma = this.model.get("sigma"), codes = this.eps.map((e) => this.z.map((x, d) => x + sigma * e[d]));
      this.fill("draws", this.sheet, codes, DRAWS);
    }
    if (this.on.has("path")) {
      const codes = Array.from({ length: STRIP }, (_, k) => between(this.a, this.b, k / (STRIP - 1), this.spherical.checked));
      const key = JSON.stringify([codes, this.axes]);
      if (key !== this.stripKey) this.fill("path", this.strip, codes, STRIP);
      this.stripKey = key;
    }
  }

  /** A sheet of decoded pictures, `columns` in a row, one pixel between them. */
  async fill(name, canvas, codes, columns) {
    const put = (pixels, k) => paint(canvas, pixels, this.width, this.height, (k % columns) * (this.width + 1), Math.floor(k / columns) * (this.height + 1));
    if (this.decode) codes.forEach((z, k) => put(this.decode(z), k));
    else if (this.live) {
      const mine = (this.asked ??= {})[name] = {}, size = this.width * this.height, all = await this.kernel.many(codes);
      if (all && this.asked[name] === mine) codes.forEach((_, k) => put(all.subarray(k * size, (k + 1) * size), k));
    }
  }

  // ------------------------------------------------ drawing what stays

  redraw() {
    const size = this.plane.clientWidth, scale = window.devicePixelRatio || 1;
    this.size = size;
    if (!size) return; // not on the page yet, or hidden: the ResizeObserver comes back
    this.overlay.setAttribute("viewBox", `0 0 ${size} ${size}`);
    this.canvas.width = this.canvas.height = Math.round(size * scale);
    const pen = this.canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    this.ink = this.on.has("manifold") ? "#fff" : getComputedStyle(this.root).color; // the pictures are dark
    if (this.on.has("manifold")) this.drawManifold(pen);
    if (this.on.has("density") && this.has("density")) this.drawDensity(pen);
    this.drawAxes(pen);
    const errors = this.on.has("errors") && this.has("errors");
    if (errors) this.drawCodes(pen, this.errorColors(), true); // the scale's ends are dark and light
    else if (this.on.has("codes") && this.has("codes")) this.drawCodes(pen, (i) => this.color(this.codes.labels[i]));
    this.legend.hidden = !errors;
    if (this.on.has("prior")) this.drawPrior(pen);
    if (this.on.has("codes") && this.codes.labels.length) this.drawNames(pen);
    this.place();
    this.refreshParts();
  }

  color(label) {
    const color = this.spec.colors[(label ?? 5) % this.spec.colors.length];
    return color === "#000000" ? this.ink : color; // black cannot be seen on a dark page
  }

  drawAxes(pen) {
    const { size, limit } = this, step = [0.5, 1, 2, 5, 10, 20, 50, 100, 1000].find((s) => limit / s <= 4.5) ?? limit / 2;
    pen.fillStyle = pen.strokeStyle = this.ink;
    pen.font = "11px sans-serif";
    pen.lineWidth = 1;
    pen.globalAlpha = 0.75;
    for (let k = -Math.floor(limit / step); k <= limit / step; k++) {
      const x = ((k * step) / limit + 1) * (size / 2);
      pen.textAlign = "center";
      if (x > 26 && x < size - 22) pen.fillText(fixed(k * step, step < 1 ? 1 : 0), x, size - 4);
      pen.textAlign = "left";
      if (x > 22 && x < size - 22) pen.fillText(fixed(k * step, step < 1 ? 1 : 0), 4, size - x + 4);
    }
    pen.globalAlpha = 1;
    pen.font = "italic 13px sans-serif";
    pen.textAlign = "right";
    pen.fillText(`z${sub(this.axes[0] + 1)}`, size - 5, size - 5);
    pen.textAlign = "left";
    pen.fillText(`z${sub(this.axes[1] + 1)}`, 5, 14);
  }

  drawPrior(pen) {
    pen.strokeStyle = this.ink;
    pen.globalAlpha = 0.7;
    pen.setLineDash([4, 3]);
    for (const radius of [1, 2, 3]) {
      pen.beginPath();
      pen.arc(this.size / 2, this.size / 2, (radius / this.limit / 2) * this.size, 0, 7);
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  drawCodes(pen, color, outlined = false) {
    const radius = clamp(40 / Math.sqrt(this.codes.count), 1.2, 3) + (outlined ? 1 : 0);
    pen.strokeStyle = this.ink;
    pen.lineWidth = 0.5;
    pen.globalAlpha = this.on.has("manifold") ? 0.9 : 0.6;
    for (let i = 0; i < this.codes.count; i++) {
      const [x, y] = this.axes.map((axis) => this.codes.values[i * this.dim + axis] / this.limit);
      pen.fillStyle = color(i);
      pen.beginPath();
      pen.arc(((x + 1) / 2) * this.size, ((1 - y) / 2) * this.size, radius, 0, 7);
      pen.fill();
      if (outlined) pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  /** Each class's number where the middle of its codes lies: colour alone would not do. */
  drawNames(pen) {
    const groups = new Map();
    this.codes.labels.forEach((label, i) => groups.set(label, [...(groups.get(label) ?? []), i]));
    const paper = getComputedStyle(this.plane).backgroundColor;
    pen.font = "bold 12px sans-serif";
    pen.textAlign = "center";
    pen.lineWidth = 2;
    for (const [label, members] of groups) {
      const middle = Array(this.dim).fill(0);
      for (const axis of this.axes) middle[axis] = quantile(members.map((i) => this.codes.values[i * this.dim + axis]), 0.5);
      const [x, y] = this.pixel(middle);
      pen.beginPath();
      pen.arc(x, y, 9, 0, 7);
      pen.fillStyle = paper;
      pen.fill();
      pen.strokeStyle = this.color(label);
      pen.stroke();
      pen.fillStyle = getComputedStyle(this.root).color;
      pen.fillText(label, x, y + 4.5);
    }
  }

  errorColors() {
    const low = quantile(this.codes.errors, 0.05), high = quantile(this.codes.errors, 0.95);
    const bar = h("span", { class: "vx-bar", style: `background: linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map(cividis)})` });
    this.legend.replaceChildren(`squared error ≤ ${fixed(low, 1)} `, bar, ` ≥ ${fixed(high, 1)}`);
    return (i) => cividis((this.codes.errors[i] - low) / (high - low || 1));
  }

  drawDensity(pen) {
    const n = 96, key = String(this.axes);
    if (this.densityKey !== key) [this.densityKey, this.densityImage] = [key, this.codes.density(this.axes, this.limit, n)];
    const top = this.densityImage.reduce((a, b) => Math.max(a, b), 0), image = new ImageData(n, n);
    this.densityImage.forEach((value, k) => image.data.set([0, 114, 178, 215 * Math.sqrt(value / top)], 4 * k));
    const sheet = h("canvas", { width: n, height: n });
    sheet.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = true;
    pen.drawImage(sheet, 0, 0, this.size, this.size);
  }

  drawManifold(pen) {
    const key = JSON.stringify([this.axes, this.dim > 2 ? this.z.filter((_, d) => !this.axes.includes(d)) : 0]);
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, this.size, this.size);
    if (this.tiles) pen.drawImage(this.tiles, 0, 0, this.size, this.size);
    if (this.tilesKey === key) return;
    this.tiles = this.dim > 2 ? null : this.tiles;
    const sheet = h("canvas", { width: TILES * (this.width + 1), height: TILES * (this.height + 1) }), codes = [];
    for (let r = 0; r < TILES; r++) {
      for (let c = 0; c < TILES; c++) {
        const z = this.z.slice(), at = (k) => ((2 * k + 1) / TILES - 1) * this.limit;
        [z[this.axes[0]], z[this.axes[1]]] = [at(c), -at(r)];
        codes.push(z);
      }
    }
    this.tilesKey = key;
    this.fill("tiles", sheet, codes, TILES).then(() => {
      if (this.tilesKey !== key) return;
      this.tiles = sheet;
      this.redraw();
    });
  }

  remove() {
    this.halt();
    clearTimeout(this.timer);
    this.kernel?.stop();
    this.stops.forEach((stop) => stop());
    this.root.remove();
  }
}

// ---------------------------------------------------------------- entry

function render({ model, el }) {
  const explorer = new Explorer(model, el);
  return () => explorer.remove();
}

export default { render, pageModel };
