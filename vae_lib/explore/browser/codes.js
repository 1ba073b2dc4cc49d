// What is known of the codes: values, labels, errors, σ; which is nearest, and how dense they lie.

class Codes {
  constructor(model, dim) {
    this.dim = dim;
    this.values = floats(model.get("_codes"));
    this.labels = bytes(model.get("_labels"));
    this.errors = floats(model.get("_errors"));
    this.scales = floats(model.get("_scales")); // σ of q(z|x), as many as values, or none
    this.hidden = new Set(); // classes that are not shown
    this.count = this.values.length / dim;
  }

  at(i) {
    return Array.from(this.values.subarray(i * this.dim, (i + 1) * this.dim));
  }

  shows(i) {
    return !this.hidden.size || !this.hidden.has(this.labels[i]);
  }

  /** Of the codes that are shown. */
  nearest(z) {
    let best = -1, least = Infinity;
    for (let i = 0, k = 0; i < this.count; i++) {
      let sum = this.shows(i) ? 0 : Infinity;
      for (let d = 0; d < this.dim; d++) sum += (this.values[k++] - z[d]) ** 2;
      if (sum < least) [best, least] = [i, sum];
    }
    return { index: best, distance: Math.sqrt(least) };
  }

  /** The mean of q(z|x) over the digits on n × n points; of bare codes, a Gaussian of Scott's width about each. */
  density(axes, limit, n) {
    const factors = axes.map((axis) => this.along(axis, limit, n)), out = new Float64Array(n * n);
    for (let i = 0; i < this.count; i++) {
      if (!this.shows(i)) continue;
      for (let r = 0; r < n; r++) {
        const vertical = factors[1][i * n + (n - 1 - r)];
        if (vertical < 1e-9) continue;
        for (let c = 0; c < n; c++) out[r * n + c] += vertical * factors[0][i * n + c];
      }
    }
    return out;
  }

  along(axis, limit, n) {
    const out = new Float64Array(this.count * n), width = this.scott(axis), least = limit / n; // half a cell
    for (let i = 0; i < this.count; i++) {
      const at = i * this.dim + axis, s = Math.max(this.scales.length ? this.scales[at] : width, least);
      for (let c = 0; c < n; c++) {
        const x = ((((2 * c + 1) / n - 1) * limit) - this.values[at]) / s;
        out[i * n + c] = Math.exp(-0.5 * x * x) / s;
      }
    }
    return out;
  }

  scott(axis) {
    let sum = 0, square = 0;
    for (let i = 0; i < this.count; i++) {
      const x = this.values[i * this.dim + axis];
      sum += x;
      square += x * x;
    }
    const mean = sum / this.count;
    return Math.sqrt(Math.max(square / this.count - mean * mean, 1e-12)) * this.count ** (-1 / 6);
  }
}
