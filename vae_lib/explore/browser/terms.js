// The browser side of `term_explorer`: one latent dimension, q = N(μ, σ²) against the prior N(0, 1), and KL(q ‖ p).

const REST = 120; // ms without a move, after which Python and a screen reader hear of it
const REACH = 5; // z runs from −REACH to REACH
const LOW = -0.8; // of the bars' scale, in nats; σ goes no further than 2
const ENDS = [2, 4, 8]; // its other end is the first that holds all bars
const WIDTH = 420, HEIGHT = 250, LEFT = 34, FOOT = 26;

const density = (z, mu, sigma) => Math.exp(-0.5 * ((z - mu) / sigma) ** 2) / (sigma * Math.sqrt(2 * Math.PI));

/** The four terms of ½ (μ² + σ² − log σ² − 1), in nats. */
const terms = (mu, sigma) => ({ mean: 0.5 * mu ** 2, variance: 0.5 * sigma ** 2, logvar: -Math.log(sigma), constant: -0.5 });

const NAMES = { mean: "½ μ²", variance: "½ σ²", logvar: "−½ log σ²", constant: "−½", kl: "KL (sum)" };

class Terms {
  constructor(model, el) {
    Object.assign(this, { model, mu: model.get("mu"), sigma: model.get("sigma"), stops: [] });
    this.build(model.get("_spec"));
    el.append(this.root);
    for (const name of ["mu", "sigma"]) {
      const hear = () => model.get(name) === this[name] || this.move({ [name]: model.get(name) }, { quiet: true });
      model.on(`change:${name}`, hear);
      this.stops.push(() => model.off(`change:${name}`, hear));
    }
    this.refresh();
  }

  build({ limit, sigmas }) {
    const part = (name, symbol, range) => {
      const one = slider(name, { ...range, step: 0.01, value: this[name] }, (x) => this.move({ [name]: x }));
      return [one, h("label", {}, symbol, one.input, one.output)];
    };
    const [mu, muLabel] = part("mu", "μ", { min: -limit, max: limit });
    const [sigma, sigmaLabel] = part("sigma", "σ", { min: sigmas[0], max: sigmas[1] });
    this.sliders = { mu, sigma };
    this.text = h("div", { class: "vx-text" });
    this.status = h("div", { class: "vx-hidden", role: "status", "aria-live": "polite" });
    const reset = h("button", { type: "button", onclick: () => this.move({ mu: 0, sigma: 1 }) }, "q = prior");
    this.root = h("div", { class: "vx vx-terms", ...OWN_KEYS },
      h("div", { class: "vx-main" }, this.buildCurves(), this.buildBars()),
      h("div", { class: "vx-pair" }, muLabel, sigmaLabel), h("div", { class: "vx-row" }, reset), this.text, this.status);
  }

  buildCurves() {
    const path = (name) => h("svg:path", { class: name });
    this.curves = { area: path("vx-area"), prior: path("vx-prior"), q: path("vx-q") };
    this.ticks = h("svg:g", { class: "vx-ticks" });
    this.svg = h("svg:svg", { class: "vx-curves", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "densities of q and of the prior" },
      this.ticks, this.curves.area, this.curves.prior, this.curves.q);
    const key = (name, text) => h("span", {}, h("i", { class: `vx-key ${name}` }), text);
    return h("div", {}, h("div", { class: "vx-legend" }, key("vx-key-q", "q = N(μ, σ²)"), key("vx-key-prior", "prior N(0, 1)")), this.svg);
  }

  buildBars() {
    this.bars = {};
    const rows = Object.entries(NAMES).map(([name, title]) => {
      const bar = h("i", { class: `vx-term vx-term-${name}` }), value = h("span", { class: "vx-nats" });
      this.bars[name] = { bar, value };
      return h("div", { class: `vx-part${name === "kl" ? " vx-sum" : ""}` }, h("span", {}, title), h("span", { class: "vx-track" }, bar), value);
    });
    this.chart = h("div", { class: "vx-bars", role: "img" }, ...rows);
    this.zero = h("span", {}, "0");
    this.end = h("span", {});
    this.scale = h("div", { class: "vx-part vx-scale" }, h("span"), h("span", { class: "vx-track" }, this.zero, this.end), h("span"));
    this.chart.append(this.scale);
    return h("div", {}, h("div", { class: "vx-legend" }, "KL(q ‖ p) and its terms, in nats"), this.chart);
  }

  move(values, { quiet = false } = {}) {
    Object.assign(this, values);
    for (const [name, part] of Object.entries(this.sliders)) part.set(this[name]);
    this.refresh();
    if (quiet) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), REST);
  }

  rest() {
    this.status.textContent = this.text.textContent;
    this.model.set("mu", this.mu);
    this.model.set("sigma", this.sigma);
    this.model.save_changes();
  }

  refresh() {
    const parts = terms(this.mu, this.sigma), { mean, variance, logvar, constant } = parts;
    const kl = mean + variance + logvar + constant, all = { ...parts, kl };
    const end = ENDS.find((x) => x >= Math.max(...Object.values(all))), share = (x) => (100 * (x - LOW)) / (end - LOW);
    this.chart.style.setProperty("--vx-zero", `${share(0)}%`);
    this.end.textContent = end;
    for (const [name, value] of Object.entries(all)) {
      const { bar, value: text } = this.bars[name], [from, to] = [Math.min(0, value), Math.max(0, value)].map(share);
      bar.style.left = `${from}%`;
      bar.style.width = `${to - from}%`;
      text.textContent = fixed(value, 3);
    }
    this.text.textContent =
      `μ = ${fixed(this.mu)}, σ = ${fixed(this.sigma)}, logvar = ${fixed(2 * Math.log(this.sigma))}: KL = ${fixed(kl, 3)} nats, ` +
      `${fixed(mean, 3)} for the mean and ${fixed(variance + logvar + constant, 3)} for the width`;
    this.chart.setAttribute("aria-label", Object.entries(all).map(([name, x]) => `${NAMES[name]} = ${fixed(x, 3)}`).join(", "));
    this.draw();
  }

  draw() {
    const top = Math.max(0.55, 1.1 * density(0, 0, this.sigma));
    const x = (z) => LEFT + ((z / REACH + 1) / 2) * (WIDTH - LEFT - 6), y = (p) => HEIGHT - FOOT - (p / top) * (HEIGHT - FOOT - 8);
    const line = (mu, sigma) => {
      const near = Array.from({ length: 81 }, (_, k) => mu + (k / 10 - 4) * sigma); // fine where a narrow peak is
      const all = [...near, ...Array.from({ length: 101 }, (_, k) => (k / 50 - 1) * REACH)].filter((z) => Math.abs(z) <= REACH);
      return all.sort((a, b) => a - b).map((z) => `${x(z).toFixed(1)} ${y(density(z, mu, sigma)).toFixed(1)}`).join("L");
    };
    const q = line(this.mu, this.sigma);
    this.curves.q.setAttribute("d", `M${q}`);
    this.curves.area.setAttribute("d", `M${x(-REACH)} ${y(0)}L${q}L${x(REACH)} ${y(0)}Z`);
    this.curves.prior.setAttribute("d", `M${line(0, 1)}`);
    this.drawTicks(top, x, y);
  }

  drawTicks(top, x, y) {
    const step = [0.1, 0.2, 0.5, 1, 2, 5].find((s) => top / s <= 5.5), text = (content, at) => h("svg:text", at, content);
    const across = [-4, -2, 0, 2, 4].map((z) => text(fixed(z, 0), { x: x(z), y: HEIGHT - 9, "text-anchor": "middle" }));
    const up = Array.from({ length: Math.floor(top / step) + 1 }, (_, k) => text(fixed(k * step, step < 1 ? 1 : 0), { x: LEFT - 6, y: y(k * step) + 4, "text-anchor": "end" }));
    const axis = h("svg:path", { class: "vx-axis", d: `M${LEFT} 4V${y(0)}H${WIDTH - 6}` });
    this.ticks.replaceChildren(axis, ...across, ...up, text("z", { x: WIDTH - 8, y: HEIGHT - 9, "text-anchor": "end", "font-style": "italic" }));
  }

  remove() {
    clearTimeout(this.timer);
    this.stops.forEach((stop) => stop());
    this.root.remove();
  }
}

function render({ model, el }) {
  const view = new Terms(model, el);
  return () => view.remove();
}

export default { render, pageModel };
