// The explorer: the plane of codes beside the decoded picture. z is a code of D numbers; the plane shows two of them,
// `axes`; a picture is height × width grey levels. Its other parts come before it: see page.py.

const TITLES = {
  codes: "codes by class", prior: "prior: 1, 2, 3σ", manifold: "decoded pictures", density: "density of q(z)",
  errors: "reconstruction error", path: "path A to B", draws: "draws around z", sliders: "sliders",
  traversals: "traversals",
};
const REST = 120; // ms without a move, after which Python hears of z and the kernel's exact picture is asked for
const ALONE = "The kernel does not answer, and only it can decode: run the cell again.";
const UNANSWERED = "the kernel, which has the exact picture, does not answer: run the cell again";
const SLIDERS = 20; // at most
const DRAWS = 4; // perturbed draws along a side

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
      "aria-valuemin": -this.limit, "aria-valuemax": this.limit,
    }, this.canvas, this.overlay);
    this.picture = h("canvas", { class: "vx-picture", role: "img", "aria-label": "decoded picture", width: this.width, height: this.height });
    this.note = h("div", { class: "vx-note" });
    this.text = h("div", { class: "vx-text" });
    this.status = h("div", { class: "vx-hidden", role: "status", "aria-live": "polite" });
    this.legend = h("div", { class: "vx-legend" });
    this.classes = buildClasses(this);
    this.parts = { sliders: this.buildSliders(), draws: this.buildDraws(), path: buildPath(this), traversals: buildTraversals(this) };
    const title = this.spec.title ? [h("div", { class: "vx-title" }, this.spec.title)] : [];
    this.root = h("div", { class: "vx", "data-kind": this.spec.kind, ...OWN_KEYS },
      ...title,
      h("div", { class: "vx-main" },
        h("div", { class: "vx-left" }, this.plane, this.classes, this.legend),
        h("div", { class: "vx-right" }, this.picture, ...this.buildInset(), this.note),
        this.parts.draws),
      this.text, this.buildLayers(), this.parts.sliders, this.parts.traversals, this.parts.path, this.status);
    this.el.append(this.root);
    this.buildOverlay();
  }

  /** The picture of the group's other explorer, for where the two do not fit side by side. */
  buildInset() {
    if (!this.spec.group) return [];
    this.other = h("canvas", { class: "vx-picture", role: "img", "aria-label": "picture of the other model", width: this.width, height: this.height });
    this.otherName = h("figcaption");
    this.inset = h("figure", { class: "vx-inset", hidden: true }, this.other, this.otherName);
    return [this.inset];
  }

  has(layer) {
    if (layer === "codes" || layer === "density") return this.codes.count > 0;
    if (layer === "errors") return this.codes.errors.length > 0;
    if (layer === "traversals") return !this.spec.slice;
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
    return h("div", { class: "vx-sliders", style: `--vx-columns: ${Math.min(rows.length, 3)}` }, ...rows.map(([, label]) => label), h("div", { class: "vx-row" }, reset, ...choices));
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
    this.eps = noise(DRAWS * DRAWS, this.dim);
    const part = slider("sigma", { min: 0.02, max: 2, step: 0.01, value: this.model.get("sigma"), log: true }, (x) => {
      this.save({ sigma: x });
      this.refreshParts();
    });
    this.sigma = part;
    const again = h("button", { type: "button", onclick: () => ((this.eps = noise(DRAWS * DRAWS, this.dim)), this.refreshParts()) }, "draw again");
    return h("div", { class: "vx-draws" }, this.sheet, h("label", {}, "σ", part.input, part.output), again);
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
    this.hand = new Hand(this);
    const hear = (name, f) => {
      this.model.on(`change:${name}`, f);
      this.stops.push(() => this.model.off(`change:${name}`, f));
    };
    hear("z", () => this.hand.grip || same(this.model.get("z"), this.z) || this.move(this.model.get("z"), { quiet: true }));
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
    const drawn = ({ detail }) => {
      if (detail.from === this || !detail.group || detail.group !== this.spec.group) return;
      paint(this.other, detail.pixels, this.width, this.height);
      this.otherName.textContent = detail.title;
      if (!this.inset.hidden) return;
      this.inset.hidden = false; // the first time; the other may not have been there when this one drew
      this.refresh();
    };
    window.addEventListener("vae-explore", linked);
    window.addEventListener("vae-drawn", drawn);
    this.stops.push(() => size.disconnect(), () => theme.disconnect(), () => dark.removeEventListener("change", redraw),
      () => window.removeEventListener("vae-explore", linked), () => window.removeEventListener("vae-drawn", drawn));
  }

  // ------------------------------------------------ state

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
    if (!same(this.model.get("z"), this.z)) this.save({ z: this.z.slice() });
    this.status.textContent = this.text.textContent;
    if (!this.exact || this.heavy) this.refreshParts();
    if (this.dim > 2 && this.on.has("manifold")) this.redraw();
    if (this.spec.kind === "atlas") this.ask();
  }

  ask() {
    if (!this.live) return;
    const asked = this.z.slice();
    this.kernel.show(this.z, (levels, failure) => {
      if (this.decode && !same(asked, this.z)) return; // another z is shown by now, interpolated
      if (levels) this.draw(levels);
      this.note.textContent = levels ? "" : this.decode ? `interpolated; ${failure ?? UNANSWERED}` : failure ?? ALONE;
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
    if (layer === "path" && !on) halt(this);
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

  // ------------------------------------------------ drawing what moves

  pixel(z) {
    return [(z[this.axes[0]] / this.limit + 1) / 2, (1 - z[this.axes[1]] / this.limit) / 2].map((x) => x * this.size);
  }

  refresh() {
    if (this.decode) {
      this.draw(this.decode(this.z));
      this.note.textContent = this.exact ? "" : "interpolated";
    } else if (this.live) this.ask();
    this.near = this.codes.count ? this.codes.nearest(this.z) : { index: -1 };
    this.say();
    this.place();
    for (const part of this.sliders) part.set(this.z[part.index]);
    if ((this.on.has("draws") || this.on.has("traversals")) && this.exact) this.later();
  }

  draw(pixels) {
    paint(this.picture, pixels, this.width, this.height);
    const { group, title } = this.spec;
    if (group) window.dispatchEvent(new CustomEvent("vae-drawn", { detail: { group, title, pixels, from: this } }));
  }

  /** At most once a frame. */
  later() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.refreshParts(true);
    });
  }

  say() {
    const all = this.dim <= 4 ? this.z.map((_, d) => d) : this.axes;
    const numbers = all.map((d) => fixed(this.z[d])).join(", ");
    const name = this.dim <= 4 ? "z" : `(${all.map((d) => `z${sub(d + 1)}`).join(", ")})`;
    const { index, distance } = this.near, class_ = this.codes.labels[index];
    const label = this.codes.labels.length ? ` ${[8, 11, 18].includes(class_) ? "an" : "a"} ${class_},` : "";
    const part = all.length < this.dim ? `length ${fixed(length(all.map((d) => this.z[d])))} in the plane, ${fixed(length(this.z))} in all ${this.dim}` : `length ${fixed(length(this.z))}`;
    const near = index < 0 ? "" : ` · nearest encoded picture:${label} ${fixed(distance)} away`;
    this.text.textContent = `${name} = (${numbers}), ${part}${near}`;
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

  refreshParts(moving = false) {
    for (const [name, part] of Object.entries(this.parts)) part.hidden = !this.on.has(name);
    this.place();
    if (this.on.has("draws")) {
      const sigma = this.model.get("sigma"), codes = this.eps.map((e) => this.z.map((x, d) => x + sigma * e[d]));
      this.fill("draws", this.sheet, codes, DRAWS);
    }
    if (this.on.has("traversals") && this.has("traversals") && !(moving && this.heavy)) drawTraversals(this);
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
    if (this.on.has("manifold")) drawManifold(this, pen);
    if (this.on.has("density") && this.has("density")) drawDensity(this, pen);
    drawAxes(this, pen);
    const errors = this.on.has("errors") && this.has("errors");
    if (errors) drawCodes(this, pen, errorColors(this), true); // the scale's ends are dark and light
    else if (this.on.has("codes") && this.has("codes")) drawCodes(this, pen, (i) => classColor(this, this.codes.labels[i]));
    this.legend.hidden = !errors;
    this.classes.hidden = !this.codes.labels.length || !(errors || this.on.has("codes"));
    if (this.on.has("prior")) drawPrior(this, pen);
    if (this.on.has("codes") && this.codes.labels.length) drawNames(this, pen);
    this.place();
    this.refreshParts();
  }

  remove() {
    halt(this);
    clearTimeout(this.timer);
    this.kernel?.stop();
    this.stops.forEach((stop) => stop());
    this.root.remove();
  }
}
