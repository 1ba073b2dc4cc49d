// Numbers: arrays out of bytes, the decoders that a browser can run, and lines between codes.

const floats = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const length = (z) => Math.hypot(...z);
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

const noise = (n, dim) => Array.from({ length: n }, () => Array.from({ length: dim }, normal));
const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);

const ACTIVATIONS = {
  relu: () => (x) => (x > 0 ? x : 0),
  tanh: () => Math.tanh,
  sigmoid: () => sigmoid,
  silu: () => (x) => x * sigmoid(x),
  softplus: () => (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  leaky: ({ slope }) => (x) => (x > 0 ? x : slope * x),
};

/** W x + b, summed over inputs, four at a time; those that are 0, half of them behind a ReLU, cost nothing. */
function linear(nOut, nIn, w, b) {
  const columns = new Float32Array(nOut * nIn), out = new Float64Array(nOut), on = new Int32Array(nIn);
  for (let j = 0; j < nIn; j++) for (let i = 0; i < nOut; i++) columns[j * nOut + i] = w[i * nIn + j];
  return (x) => {
    let count = 0, k = 0;
    for (let j = 0; j < nIn; j++) if (x[j] !== 0) on[count++] = j;
    out.set(b);
    for (; k + 3 < count; k += 4) {
      const [p, q, r, s] = on.subarray(k, k + 4), [at, bt, ct, dt] = [p * nOut, q * nOut, r * nOut, s * nOut];
      for (let i = 0; i < nOut; i++) {
        out[i] += columns[at + i] * x[p] + columns[bt + i] * x[q] + columns[ct + i] * x[r] + columns[dt + i] * x[s];
      }
    }
    for (; k < count; k++) for (let i = 0, at = on[k] * nOut; i < nOut; i++) out[i] += columns[at + i] * x[on[k]];
    return out;
  };
}

/** The layers, torch's weights row by row, as z -> pixels. */
function mlp(spec, values) {
  let at = 0;
  const take = (n) => values.subarray(at, (at += n));
  const steps = spec.steps.map((step) => {
    if (step.linear) return linear(...step.linear, take(step.linear[0] * step.linear[1]), take(step.linear[0]));
    const f = ACTIVATIONS[step.act](step);
    return (x) => {
      for (let i = 0; i < x.length; i++) x[i] = f(x[i]);
      return x;
    };
  });
  return (z) => steps.reduce((x, step) => step(x), z);
}

/** n × n pictures over the plane, as z -> the four around it, mixed. */
function interpolation(spec, grid, pixels, limit, axes) {
  const n = spec.n, out = new Float64Array(pixels);
  const cell = (x) => {
    const at = clamp(((x / limit + 1) * (n - 1)) / 2, 0, n - 1 - 1e-9);
    return [Math.floor(at), at % 1];
  };
  return (z) => {
    const [c, u] = cell(z[axes[0]]), [r, v] = cell(-z[axes[1]]);
    const a = (r * n + c) * pixels, b = a + pixels, d = a + n * pixels, e = d + pixels;
    for (let i = 0; i < pixels; i++) {
      out[i] = ((1 - v) * ((1 - u) * grid[a + i] + u * grid[b + i]) + v * ((1 - u) * grid[d + i] + u * grid[e + i])) / 255;
    }
    return out;
  };
}

/** The place t of the way from a to b: straight, or with direction and length each at an even pace. */
function between(a, b, t, spherical) {
  const line = a.map((x, i) => (1 - t) * x + t * b[i]), [la, lb] = [length(a), length(b)];
  if (!spherical || !(la > 1e-6) || !(lb > 1e-6)) return line; // 0 has no direction
  const [u, v] = [a.map((x) => x / la), b.map((x) => x / lb)], cosine = clamp(dot(u, v), -1, 1);
  const omega = Math.acos(cosine), far = (1 - t) * la + t * lb;
  let side = v.map((x, i) => x - cosine * u[i]); // at a right angle to u, towards v
  if (!(length(side) > 1e-6)) {
    if (cosine > 0) return line;
    const k = u.reduce((best, x, i) => (Math.abs(x) < Math.abs(u[best]) ? i : best), 0); // opposite: any way round
    side = u.map((x, i) => (i === k ? 1 : 0) - u[k] * x);
  }
  const size = length(side);
  return u.map((x, i) => far * (Math.cos(t * omega) * x + (Math.sin(t * omega) * side[i]) / size));
}

/** Grey levels 0 to 1 (or 0 to 255 as bytes) into a canvas at a tile's place. */
function paint(canvas, pixels, width, height, x = 0, y = 0) {
  const image = new ImageData(width, height), scale = pixels instanceof Uint8Array ? 1 : 255;
  for (let i = 0; i < width * height; i++) {
    const level = pixels[i] * scale; // clipped and rounded by the array
    image.data[4 * i] = image.data[4 * i + 1] = image.data[4 * i + 2] = level;
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, x, y);
}
