// The browser side of `flow_explorer`: points on their way through the layers of a flow, and the density at each.

const REST = 120; // ms without a move, after which Python and a screen reader hear of it
const STEP = 0.05; // of a layer
const PACE = 1; // layers a second, while it plays
const MAGMA = [[0, 0, 4], [28, 16, 68], [79, 18, 123], [129, 37, 129], [181, 54, 122], [229, 80, 100], [251, 135, 97], [254, 194, 135], [252, 253, 191]];

function magma(level) {
  const at = (level / 255) * (MAGMA.length - 1 - 1e-9), k = Math.floor(at);
  return MAGMA[k].map((c, i) => c + (at - k) * (MAGMA[k + 1][i] - c));
}

class Winding {
  constructor(model, el) {
    const spec = model.get("_spec"), colors = bytes(model.get("_colors"));
    Object.assign(this, { model, spec, el, stops: [], layers: spec.notes.length, depth: model.get("depth"), image: -1 });
    this.points = floats(model.get("_points"));
    this.densities = bytes(model.get("_densities"));
    this.colors = Array.from({ length: colors.length / 3 }, (_, i) => `rgb(${colors.subarray(3 * i, 3 * i + 3).join(" ")})`);
    this.build();
    const hear = () => this.model.get("depth") === this.depth || this.move(this.model.get("depth"), { quiet: true });
    model.on("change:depth", hear);
    this.stops.push(() => model.off("change:depth", hear));
    this.follow();
    this.refresh();
  }

  build() {
    const plane = (label, title) => {
      const canvas = h("canvas", { role: "img", "aria-label": label });
      return [canvas, h("figure", {}, h("div", { class: "vx-square" }, canvas), h("figcaption", {}, title))];
    };
    const [cloud, left] = plane("points of the base", "points, coloured by their angle at the base");
    const [ground, right] = plane("density", "");
    Object.assign(this, { cloud, ground, caption: right.lastChild });
    this.slider = slider("layers undone", { min: 0, max: this.layers, step: STEP, value: this.depth }, (x) => (this.halt(), this.move(x)));
    const by = (title, name, go) => h("button", { type: "button", "aria-label": name, onclick: () => (this.halt(), this.move(clamp(go(), 0, this.layers))) }, title);
    this.play = h("button", { type: "button", onclick: () => (this.playing ? this.halt() : this.start()) }, "▶ play");
    this.text = h("div", { class: "vx-text" });
    this.status = h("div", { class: "vx-hidden", role: "status", "aria-live": "polite" });
    this.root = h("div", { class: "vx vx-winding", ...OWN_KEYS },
      h("div", { class: "vx-two" }, left, right),
      h("div", { class: "vx-row" }, h("label", {}, "base", this.slider.input, "data", this.slider.output)),
      h("div", { class: "vx-row" }, this.play, by("◀ layer", "a layer back to the base", () => Math.ceil(this.depth - 1)), by("layer ▶", "a layer on to the data", () => Math.floor(this.depth + 1))),
      this.text, h("div", { class: "vx-note" }, "Between two layers the points go in straight lines, and the density is that of the nearer one."), this.status);
    this.el.append(this.root);
  }

  /** The theme and the size. */
  follow() {
    const redraw = () => ((this.image = -1), this.refresh()), dark = matchMedia("(prefers-color-scheme: dark)");
    const size = new ResizeObserver(redraw), theme = new MutationObserver(redraw);
    size.observe(this.cloud);
    const seen = { attributes: true, attributeFilter: ["class", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind", "style"] };
    for (const node of [document.documentElement, document.body]) theme.observe(node, seen);
    dark.addEventListener("change", redraw);
    this.stops.push(() => size.disconnect(), () => theme.disconnect(), () => dark.removeEventListener("change", redraw));
  }

  move(depth, { quiet = false } = {}) {
    this.depth = depth;
    this.slider.set(depth);
    this.refresh();
    if (quiet) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), REST);
  }

  rest() {
    this.status.textContent = this.text.textContent;
    this.model.set("depth", this.depth);
    this.model.save_changes();
  }

  start() {
    let last = performance.now(), way = this.depth < this.layers ? 1 : -1;
    this.playing = true;
    this.play.textContent = "❚❚ pause";
    const frame = (now) => {
      if (!this.playing) return;
      const depth = this.depth + way * PACE * Math.max(now - last, 0) / 1000;
      last = now;
      if (depth <= 0 || depth >= this.layers) way = -way; // there and back
      this.move(clamp(depth, 0, this.layers));
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  halt() {
    this.playing = false;
    this.play.textContent = "▶ play";
  }

  refresh() {
    const k = Math.min(Math.floor(this.depth), this.layers - 1), share = this.depth - k, near = Math.round(this.depth);
    const on = share > 1e-9 && share < 1 - 1e-9, at = on ? `${fixed(this.depth)} of ${this.layers}` : `${near} of ${this.layers}`;
    const layer = on ? `, in the ${this.spec.notes[k]}` : near ? `, the last of them the ${this.spec.notes[near - 1]}` : "";
    this.text.textContent = `${at} layers undone${layer}`;
    this.caption.textContent = `density with ${near} layers undone, at most ${fixed(this.spec.tops[near])}`;
    this.cloud.setAttribute("aria-label", `${this.colors.length} points of the base with ${at} layers undone`);
    this.ground.setAttribute("aria-label", this.caption.textContent);
    this.slider.input.setAttribute("aria-valuetext", this.text.textContent);
    this.drawCloud(k, share);
    if (near !== this.image) this.drawDensity((this.image = near));
  }

  /** A canvas as sharp as the screen: its pen, and the length of its side. */
  pen(canvas) {
    const size = canvas.clientWidth, scale = window.devicePixelRatio || 1;
    canvas.width = canvas.height = Math.round(size * scale);
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    return [pen, size];
  }

  drawCloud(k, share) {
    const [pen, size] = this.pen(this.cloud), n = this.colors.length, { limit } = this.spec;
    const radius = clamp(50 / Math.sqrt(n), 1.4, 5), here = 2 * n * k, there = here + 2 * n;
    for (let i = 0; i < n; i++) {
      const [x, y] = [2 * i, 2 * i + 1].map((j) => (1 - share) * this.points[here + j] + share * this.points[there + j]);
      pen.fillStyle = this.colors[i];
      pen.beginPath();
      pen.arc(((x / limit + 1) / 2) * size, ((1 - y / limit) / 2) * size, radius, 0, 7);
      pen.fill();
    }
    this.drawTicks(pen, size, getComputedStyle(this.root).color);
  }

  drawDensity(k) {
    const [pen, size] = this.pen(this.ground), { cells } = this.spec, image = new ImageData(cells, cells);
    for (let i = 0; i < cells * cells; i++) image.data.set([...magma(this.densities[k * cells * cells + i]), 255], 4 * i);
    const sheet = h("canvas", { width: cells, height: cells });
    sheet.getContext("2d").putImageData(image, 0, 0);
    pen.drawImage(sheet, 0, 0, size, size);
    this.drawTicks(pen, size, "#fff");
  }

  drawTicks(pen, size, ink) {
    const { limit } = this.spec, step = [0.5, 1, 2, 5, 10, 20, 50].find((s) => limit / s <= 3) ?? limit / 2;
    pen.fillStyle = ink;
    pen.font = "11px sans-serif";
    for (let x = -Math.ceil(limit / step - 1) * step; x < limit - 1e-9; x += step) {
      const at = ((x / limit + 1) / 2) * size;
      pen.textAlign = "center";
      pen.fillText(fixed(x, step < 1 ? 1 : 0), at, size - 4);
      pen.textAlign = "left";
      if (at < size - 20) pen.fillText(fixed(x, step < 1 ? 1 : 0), 4, size - at + 4);
    }
    pen.font = "italic 13px sans-serif";
    pen.fillText("x₂", 5, 14);
    pen.textAlign = "right";
    pen.fillText("x₁", size - 5, size - 5);
  }

  remove() {
    this.halt();
    clearTimeout(this.timer);
    this.stops.forEach((stop) => stop());
    this.root.remove();
  }
}

function render({ model, el }) {
  const view = new Winding(model, el);
  return () => view.remove();
}

export default { render, pageModel };
