// The browser side of `attribute_explorer`: a code, and directions that are added to it by sliders.

const REST = 120; // ms without a move, after which Python and a screen reader hear of it

class Attributes {
  constructor(model, el) {
    const spec = model.get("_spec");
    Object.assign(this, { model, spec, el, stops: [], decode: mlp(spec, floats(model.get("_data"))) });
    [this.height, this.width] = spec.image_shape;
    for (const name of ["codes", "directions"]) this[name] = floats(model.get(`_${name}`));
    this.pictures = bytes(model.get("_pictures"));
    this.read();
    this.build();
    for (const name of ["choice", "kind", "amounts"]) {
      const hear = () => this.saving || this.told() || (this.read(), this.refresh());
      model.on(`change:${name}`, hear);
      this.stops.push(() => model.off(`change:${name}`, hear));
    }
    this.refresh();
  }

  read() {
    Object.assign(this, { choice: this.model.get("choice"), kind: this.model.get("kind"), amounts: this.model.get("amounts").slice() });
  }

  told() {
    return this.choice === this.model.get("choice") && this.kind === this.model.get("kind") && same(this.amounts, this.model.get("amounts"));
  }

  build() {
    const { names, attributes, kinds, limit, noun } = this.spec, { width, height } = this, range = { min: -limit, max: limit, step: 0.05, value: 0 };
    const shown = (title) => {
      const canvas = h("canvas", { class: "vx-picture", role: "img", "aria-label": `${title} picture`, width, height });
      return [canvas, h("figure", {}, canvas, h("figcaption", {}, title === "true" ? "true picture" : title))];
    };
    this.canvases = {};
    const figures = [...(this.pictures.length ? ["true"] : []), "decoded", "moved"].map((title) => {
      const [canvas, node] = shown(title);
      this.canvases[title] = canvas;
      return node;
    });
    this.sliders = attributes.map((name, k) => slider(name, range, (x) => this.move({ amounts: this.amounts.with(k, x) })));
    const rows = this.sliders.map(({ input, output }, k) => h("label", {}, h("span", {}, attributes[k]), input, output));
    this.select = h("select", { "aria-label": "kind", onchange: () => this.move({ kind: Number(this.select.value) }) },
      ...kinds.map((name, k) => h("option", { value: k }, name)));
    const reset = h("button", { type: "button", onclick: () => this.move({ amounts: this.amounts.map(() => 0) }) }, "all 0");
    const hint = "choose, or press its key";
    this.choices = new Choices(noun, names, { width, height, chosen: this.choice, hint }, (choice) => this.move({ choice }));
    this.text = h("div", { class: "vx-text" });
    this.status = h("div", { class: "vx-hidden", role: "status", "aria-live": "polite" });
    const row = h("div", { class: "vx-row" }, ...(kinds.length > 1 ? [this.select] : []), reset);
    this.root = h("div", { class: "vx vx-attributes", ...OWN_KEYS },
      h("div", { class: "vx-three" }, ...figures), h("div", { class: "vx-pair" }, ...rows), row, this.text, this.choices.node, this.status);
    this.root.addEventListener("keydown", (event) => this.choices.key(event));
    this.el.append(this.root);
  }

  /** The code of a name in the kind that is chosen, with the directions added in their amounts. */
  code(choice, amounts) {
    const { dim, names } = this.spec, at = (this.kind * names.length + choice) * dim;
    return Array.from({ length: dim }, (_, d) => amounts.reduce((sum, x, k) => sum + x * this.directions[k * dim + d], this.codes[at + d]));
  }

  move(values) {
    Object.assign(this, values);
    this.refresh();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), REST);
  }

  rest() {
    this.status.textContent = this.text.textContent;
    this.saving = true; // each of the three is heard of before the next is set
    for (const name of ["choice", "kind", "amounts"]) this.model.set(name, this[name]);
    this.saving = false;
    this.model.save_changes();
  }

  refresh() {
    const { names, attributes, kinds } = this.spec, { width, height, choice, kind } = this, size = width * height;
    const still = attributes.map(() => 0), put = (name, pixels) => paint(this.canvases[name], pixels, width, height);
    if (this.pictures.length) put("true", this.pictures.subarray((kind * names.length + choice) * size).subarray(0, size));
    put("decoded", this.decode(this.code(choice, still)));
    put("moved", this.decode(this.code(choice, this.amounts)));
    names.forEach((_, k) => this.choices.draw(k, this.decode(this.code(k, this.amounts))));
    this.choices.set(choice);
    this.select.value = kind;
    this.sliders.forEach((part, k) => part.set(this.amounts[k]));
    const added = attributes.map((name, k) => [name, this.amounts[k]]).filter(([, x]) => x).map(([name, x]) => `${fixed(x)} ${name}`);
    this.text.textContent = `${names[choice]} in ${kinds[kind]}: ${added.length ? `z + ${added.join(" + ")}`.replaceAll("+ −", "− ") : "z, not moved"}`;
  }

  remove() {
    clearTimeout(this.timer);
    this.stops.forEach((stop) => stop());
    this.root.remove();
  }
}

function render({ model, el }) {
  const view = new Attributes(model, el);
  return () => view.remove();
}

export default { render, pageModel };
