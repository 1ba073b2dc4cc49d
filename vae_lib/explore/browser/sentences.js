// The browser side of `sentence_explorer`: the way from one sentence's code to another's, and what is written on it.

const REST = 120; // ms without a move, after which Python and a screen reader hear of it

class Sentences {
  constructor(model, el) {
    Object.assign(this, { model, el, spec: model.get("_spec"), stops: [] });
    this.read();
    this.build();
    for (const name of ["a", "b", "t"]) {
      const hear = () => this.saving || this.model.get(name) === this[name] || (this.read(), this.refresh());
      model.on(`change:${name}`, hear);
      this.stops.push(() => model.off(`change:${name}`, hear));
    }
    this.refresh();
  }

  read() {
    for (const name of ["a", "b", "t"]) this[name] = this.model.get(name);
  }

  build() {
    const { given, steps } = this.spec, last = steps - 1;
    const choose = (name) => {
      const select = h("select", { "aria-label": `sentence ${name.toUpperCase()}`, onchange: () => this.move({ [name]: Number(select.value) }) },
        ...given.map((text, k) => h("option", { value: k }, text)));
      return select;
    };
    this.selects = { a: choose("a"), b: choose("b") };
    this.slider = slider("place between A and B", { min: 0, max: 1, step: 1 / last, value: this.t }, (t) => this.move({ t }));
    const by = (title, name, way) => h("button", { type: "button", "aria-label": name, onclick: () => this.move({ t: this.other(way) / last }) }, title);
    this.sentence = h("p", { class: "vx-sentence" });
    this.remark = h("div", { class: "vx-note" });
    this.list = h("ol", { class: "vx-runs" });
    this.status = h("div", { class: "vx-hidden", role: "status", "aria-live": "polite" });
    const end = (name) => h("label", {}, name.toUpperCase(), this.selects[name]);
    this.root = h("div", { class: "vx vx-sentences", ...OWN_KEYS },
      h("div", { class: "vx-ends" }, end("a"), end("b")),
      h("div", { class: "vx-row" }, h("label", {}, "A", this.slider.input, "B", this.slider.output)),
      h("div", { class: "vx-row" }, by("◀", "the sentence before", -1), by("▶", "the next sentence", 1),
        h("span", { class: "vx-note" }, h("u", {}, "word at A"), ", ", h("u", { class: "vx-dotted" }, "word at B"), ", ", h("u", { class: "vx-double" }, "at both"))),
      this.sentence, this.remark, h("div", { class: "vx-note" }, "All that is written on the way:"), this.list, this.status);
    this.el.append(this.root);
  }

  /** The numbers of what is written at each step. */
  path() {
    const { paths, ends, steps } = this.spec, { a, b } = this;
    if (a === b) return Array(steps).fill(ends[a]);
    const found = paths[`${Math.min(a, b)} ${Math.max(a, b)}`];
    return a < b ? found : found.toReversed();
  }

  step() {
    return Math.floor(this.t * (this.spec.steps - 1) + 0.5);
  }

  /** The nearest step, that way, at which another sentence is written; the last if there is none. */
  other(way) {
    const path = this.path(), here = this.step();
    let k = here;
    while (path[k + way] !== undefined && path[k] === path[here]) k += way;
    return k;
  }

  move(values) {
    Object.assign(this, values);
    this.refresh();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), REST);
  }

  rest() {
    this.status.textContent = `${this.sentence.textContent}. ${this.remark.textContent}`;
    this.saving = true; // each of the three is heard of before the next is set
    for (const name of ["a", "b", "t"]) this.model.set(name, this[name]);
    this.saving = false;
    this.model.save_changes();
  }

  refresh() {
    const path = this.path(), { written, notes, steps } = this.spec, here = path[this.step()];
    const [first, last] = [path[0], path[steps - 1]].map((k) => new Set(written[k].split(" ")));
    const word = (text) => {
      const name = first.has(text) ? (last.has(text) ? "vx-double" : "vx-single") : last.has(text) ? "vx-dotted" : "";
      return name ? h("u", { class: name }, text) : h("span", {}, text);
    };
    this.sentence.replaceChildren(...written[here].split(" ").flatMap((text, k) => (k ? [" ", word(text)] : [word(text)])));
    this.remark.textContent = notes[here];
    for (const name of ["a", "b"]) this.selects[name].value = this[name];
    this.slider.set(this.t);
    this.slider.input.setAttribute("aria-valuetext", written[here]);
    this.drawList(path);
  }

  /** The sentences one after the other, each with the steps at which it is written; a click goes to the first of them. */
  drawList(path) {
    const { written, steps } = this.spec, starts = path.flatMap((k, i) => (k === path[i - 1] ? [] : [i]));
    const now = starts.filter((i) => i <= this.step()).at(-1);
    const place = (i) => fixed(i / (steps - 1));
    const focused = [...this.list.children].findIndex((node) => node.contains(document.activeElement));
    const rows = starts.map((i, k) => {
      const end = (starts[k + 1] ?? steps) - 1, range = end > i ? `${place(i)} – ${place(end)}` : place(i);
      const button = h("button", { type: "button", "aria-current": i === now ? "step" : false, onclick: () => this.move({ t: i / (steps - 1) }) },
        h("small", {}, range), written[path[i]]);
      return h("li", {}, button);
    });
    this.list.replaceChildren(...rows);
    if (focused >= 0) rows[focused]?.firstChild.focus();
  }

  remove() {
    clearTimeout(this.timer);
    this.stops.forEach((stop) => stop());
    this.root.remove();
  }
}

function render({ model, el }) {
  const view = new Sentences(model, el);
  return () => view.remove();
}

export default { render, pageModel };
