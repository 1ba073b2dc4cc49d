// What the modules of vae_lib.explore share; it is put before each of them.

const SVG = "http://www.w3.org/2000/svg";

const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
const fixed = (x, digits = 2) => (Math.abs(x) < 0.5 * 10 ** -digits ? 0 : x).toFixed(digits).replace("-", "−");
const sub = (k) => String(k).replace(/\d/g, (d) => "₀₁₂₃₄₅₆₇₈₉"[d]);

function h(tag, attributes = {}, ...children) {
  const node = tag.startsWith("svg:") ? document.createElementNS(SVG, tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** Escape, and what goes with Ctrl, Alt or ⌘, stays the notebook's: to leave, to save. */
const isOwn = (event) => !(event.key === "Escape" || event.ctrlKey || event.metaKey || event.altKey);

/** On a widget's root: the keys are its controls', not JupyterLab's, which hears them after the controls. */
const OWN_KEYS = { onkeydown: (event) => isOwn(event) && event.stopPropagation() };

/** Notebook 7 hears them before, and passes over a target that has this mark. One on the root would not do: the
 * target's own selectors would still match, and no key at all would be left to the notebook. */
function mark(event) {
  if (event.target.closest?.(".vx")) event.target.toggleAttribute("data-lm-suppress-shortcuts", isOwn(event));
}

// once, though each explorer brings its own copy of this
globalThis.vxMarks ??= (globalThis.addEventListener("keydown", mark, true), true);

function toggle(title, on, change) {
  const box = h("input", { type: "checkbox", onchange: () => change(box.checked) });
  box.checked = on;
  return [box, h("label", {}, box, title)];
}

/** With `log` the slider's way is the logarithm of its value. */
function slider(name, { min, max, step, value, log = false }, change) {
  const [to, from] = log ? [(x) => Math.log10(Math.max(x, min)), (x) => 10 ** x] : [(x) => x, (x) => x];
  const say = (x) => (output.textContent = fixed(x)) && log && input.setAttribute("aria-valuetext", fixed(x));
  const read = () => from(Number(input.value));
  const input = h("input", { type: "range", "aria-label": name, min: to(min), max: to(max), step, oninput: () => (say(read()), change(read())) });
  const output = h("output");
  const set = (x) => ((input.value = to(x)), say(x));
  set(value);
  return { input, output, set };
}

/** float16 as float32, which is exact. */
function widened(view) {
  const out = new Float32Array(view.byteLength / 2);
  for (let i = 0; i < out.length; i++) {
    const bits = view.getUint16(2 * i, true), exponent = (bits >> 10) & 31, fraction = bits & 1023;
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : fraction * 2 ** -24;
    out[i] = bits & 0x8000 ? -size : size;
  }
  return new DataView(out.buffer);
}

/** What anywidget hands over, made of a page's own data: values that can be set, and nobody at the other end. */
function pageModel(state) {
  const heard = {}, view = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const read = (value) => ("half" in Object(value) ? widened(view(value.half)) : "base64" in Object(value) ? view(value.base64) : value);
  const values = Object.fromEntries(Object.entries(state).map(([name, value]) => [name, read(value)]));
  return {
    get: (name) => values[name],
    set: (name, value) => {
      values[name] = value;
      (heard[`change:${name}`] ?? []).forEach((f) => f());
    },
    save_changes: () => {},
    on: (name, f) => (heard[name] ??= []).push(f),
    off: (name, f) => (heard[name] = (heard[name] ?? []).filter((g) => g !== f)),
  };
}

