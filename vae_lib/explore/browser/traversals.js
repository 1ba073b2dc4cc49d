// Traversals: for each dimension a row of pictures along it, the others as z has them, above its slider.

const ALONG = 9; // pictures in a row
const SLOW = 25; // ms for all rows; what takes longer is drawn when the hand rests

/** The middle of the k-th picture, where the slider below it points. */
const middle = (view, k) => ((2 * k + 1) / ALONG - 1) * view.limit;

function buildTraversals(view) {
  const range = { min: -view.limit, max: view.limit, step: 0.01 };
  view.rows = view.spec.order.slice(0, SLIDERS).map(({ index, note, dead }) => {
    const go = (x) => view.move(view.z.map((old, d) => (d === index ? x : old)));
    const part = Object.assign(slider(`along z ${index + 1}${dead ? ", unused" : ""}`, { ...range, value: view.z[index] }, go), { index });
    const click = ({ offsetX }) => go(middle(view, clamp(Math.floor((offsetX / strip.clientWidth) * ALONG), 0, ALONG - 1)));
    const strip = h("canvas", {
      class: "vx-strip", role: "img", "aria-label": `decoded pictures along z ${index + 1}`, onclick: click,
      width: ALONG * (view.width + 1) - 1, height: view.height,
    });
    const name = h("span", { class: dead ? "vx-dead" : false }, `z${sub(index + 1)}`, h("small", {}, note ? ` ${note}` : ""));
    return { index, part, strip, node: h("div", { class: "vx-along" }, name, part.output, strip, part.input) };
  });
  view.sliders.push(...view.rows.map(({ part }) => part));
  return h("div", { class: "vx-traversals" }, ...view.rows.map(({ node }) => node));
}

function drawTraversals(view) {
  const began = performance.now();
  for (const { index, strip } of view.rows) {
    const codes = Array.from({ length: ALONG }, (_, k) => view.z.map((old, d) => (d === index ? middle(view, k) : old)));
    view.fill(`along ${index}`, strip, codes, ALONG);
  }
  view.heavy = performance.now() - began > SLOW;
}

