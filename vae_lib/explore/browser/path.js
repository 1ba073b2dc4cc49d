// The path from A to B: its strip of pictures, a slider along it, and the play button.

const STRIP = 9; // pictures from A to B
const SECONDS = 4; // from A to B while it plays

function buildPath(view) {
  const end = (name) => h("button", { type: "button", onclick: () => view.setEnd(name, view.z) }, `${name.toUpperCase()} here`);
  view.strip = h("canvas", { class: "vx-strip", role: "img", "aria-label": "decoded pictures from A to B", width: STRIP * (view.width + 1) - 1, height: view.height });
  view.scrub = slider("position on the path", { min: 0, max: 1, step: 0.005, value: 0 }, (t) => (halt(view), along(view, t)));
  view.play = h("button", { type: "button", onclick: () => (view.playing ? halt(view) : start(view)) }, "▶ play");
  const [box, spherical] = toggle("spherical", false, () => {
    const was = between(view.a, view.b, view.t, !box.checked); // z goes along if it was on the path
    if (same(was, view.z)) along(view, view.t);
    view.refreshParts();
  });
  view.spherical = box;
  return h("div", { class: "vx-path" }, view.strip,
    h("div", { class: "vx-row" }, view.play, h("label", {}, "A", view.scrub.input, "B"), spherical, end("a"), end("b")));
}

function along(view, t) {
  view.t = t;
  view.move(between(view.a, view.b, t, view.spherical.checked));
}

function start(view) {
  const began = performance.now() - view.t * SECONDS * 1000;
  view.playing = true;
  view.play.textContent = "❚❚ pause";
  const frame = (now) => {
    if (!view.playing) return;
    const turn = ((now - began) / (SECONDS * 1000)) % 2, t = turn > 1 ? 2 - turn : turn; // there and back
    view.scrub.set(t);
    along(view, t);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

function halt(view) {
  view.playing = false;
  view.play.textContent = "▶ play";
}
