// The explorer of a decoder that is told a label: the hand has the style, z, and a key or a button the label.

class Conditional extends Explorer {
  connect() {
    const { classes } = this.spec, whole = mlp(this.spec, floats(this.model.get("_data")));
    this.label ??= this.model.get("label");
    this.exact = true;
    this.under = (z, label) => whole([...z, ...Array.from({ length: classes }, (_, k) => Number(k === label))]);
    this.decode = (z) => this.under(z, this.label);
  }

  build() {
    super.build();
    const names = Array.from({ length: this.spec.classes }, (_, k) => String(k)), { width, height, label } = this;
    const hint = `choose, or press 0 to ${names.length - 1}`;
    this.labels = new Choices("label", names, { width, height, chosen: label, hint }, (k) => this.tell(k));
    this.root.querySelector(".vx-right").append(this.labels.node);
    this.root.addEventListener("keydown", (event) => this.labels.key(event));
  }

  listen() {
    super.listen();
    const hear = () => this.model.get("label") === this.label || this.tell(this.model.get("label"), { quiet: true });
    this.model.on("change:label", hear);
    this.stops.push(() => this.model.off("change:label", hear));
  }

  /** Another label, the same z: what was decoded under the old one is drawn anew. */
  tell(label, { quiet = false } = {}) {
    this.label = label;
    this.labels.set(label);
    this.tilesKey = this.stripKey = null;
    this.redraw();
    this.move(this.z, { quiet });
    if (!quiet) this.save({ label });
  }

  refresh() {
    super.refresh();
    for (let label = 0; label < this.spec.classes; label++) this.labels.draw(label, this.under(this.z, label));
  }

  say() {
    super.say();
    this.text.textContent = `label ${this.label}, ${this.text.textContent}`;
    this.plane.setAttribute("aria-valuetext", this.text.textContent);
  }
}
