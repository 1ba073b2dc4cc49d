// The hand on the plane: pointer and keys, as moves of z and of the path's ends.

class Hand {
  constructor(view) {
    Object.assign(this, { view, grip: null });
    const at = (name, f) => view.plane.addEventListener(name, f);
    at("pointerdown", (event) => this.press(event));
    at("pointerrawupdate", (event) => this.grip && this.ahead(event));
    at("pointermove", (event) => this.grip && this.drag(event));
    at("pointerup", (event) => this.release(event));
    at("pointercancel", () => (this.grip = null));
    at("keydown", (event) => this.key(event));
  }

  press(event) {
    const { view } = this;
    if (event.button > 0) return;
    event.preventDefault();
    view.plane.focus({ preventScroll: true });
    view.plane.setPointerCapture(event.pointerId);
    const box = view.plane.getBoundingClientRect();
    this.grip = { box, end: event.target.closest?.("[data-end]")?.dataset.end, x: event.clientX, y: event.clientY };
    halt(view);
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
    const { view } = this;
    const { box, end, x, y } = this.grip, place = `${event.clientX} ${event.clientY}`;
    if (this.grip.place === place) return;
    this.grip.place = place;
    this.grip.moved ||= Math.hypot(event.clientX - x, event.clientY - y) > 3;
    const right = ((event.clientX - box.left) / box.width) * 2 - 1, up = 1 - ((event.clientY - box.top) / box.height) * 2;
    const z = (end ? view[end] : view.z).slice();
    z[view.axes[0]] = clamp(right, -1, 1) * view.limit;
    z[view.axes[1]] = clamp(up, -1, 1) * view.limit;
    if (end) view.setEnd(end, z);
    else view.move(z);
  }

  release(event) {
    const { view } = this;
    const grip = this.grip;
    this.grip = null;
    if (!grip) return;
    if (!grip.moved && !grip.end && view.on.has("codes")) this.jump(grip.box.width);
    view.rest();
  }

  /** A click within 8 pixels of a code goes to the code, in all dimensions. */
  jump(size) {
    const { view } = this;
    let best = -1, least = ((8 / size) * 2 * view.limit) ** 2;
    for (let i = 0; i < view.codes.count; i++) {
      const [x, y] = view.axes.map((axis) => view.codes.values[i * view.dim + axis] - view.z[axis]);
      if (view.codes.shows(i) && x * x + y * y < least) [best, least] = [i, x * x + y * y];
    }
    if (best >= 0) view.move(view.codes.at(best));
  }

  key(event) {
    const { view } = this;
    const step = (event.shiftKey ? 0.5 : 0.05) * (view.limit / view.spec.unit);
    const [x, y] = view.axes, by = { ArrowLeft: [x, -step], ArrowRight: [x, step], ArrowUp: [y, step], ArrowDown: [y, -step] }[event.key];
    if ((!by && event.key !== "Home") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would move to another cell
    halt(view);
    view.move(by ? view.z.map((old, d) => (d === by[0] ? clamp(old + by[1], -view.limit, view.limit) : old)) : view.z.map(() => 0));
  }
}
