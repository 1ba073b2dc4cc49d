// Pictures to choose from: a radio button below each; a key, anywhere in the explorer, chooses the one of its name.

class Choices {
  constructor(title, names, { width, height, chosen, hint }, choose) {
    Object.assign(this, { names, width, height, choose });
    const group = `vx-${Math.random().toString(36).slice(2)}`;
    this.all = names.map((name, k) => {
      const input = h("input", { type: "radio", name: group, value: k, "aria-label": `${title} ${name}`, onchange: () => this.pick(k) });
      const canvas = h("canvas", { class: "vx-picture", "aria-hidden": "true", width, height });
      return { input, canvas, node: h("label", {}, canvas, h("span", {}, input, name)) };
    });
    const pictures = h("div", { class: "vx-tiles" }, ...this.all.map(({ node }) => node));
    this.node = h("fieldset", { class: "vx-choices" }, h("legend", {}, `${title}: ${hint}`), pictures);
    this.set(chosen);
  }

  set(chosen) {
    this.all.forEach(({ input }, k) => (input.checked = k === chosen));
  }

  pick(k) {
    this.set(k);
    this.choose(k);
  }

  draw(k, pixels) {
    paint(this.all[k].canvas, pixels, this.width, this.height);
  }

  key(event) {
    const k = this.names.indexOf(event.key);
    if (k < 0 || event.target.tagName === "SELECT" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.pick(k);
  }
}
