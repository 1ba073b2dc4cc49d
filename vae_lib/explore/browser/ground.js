// What stays on the plane while z moves: decoded pictures, density, codes, the prior's circles, axes.

const CIVIDIS = [[0, 32, 77], [65, 77, 107], [124, 123, 120], [187, 175, 113], [255, 234, 70]];
const TILES = 15; // decoded pictures along a side of the plane

function cividis(t) {
  const at = clamp(t, 0, 1) * (CIVIDIS.length - 1 - 1e-9), k = Math.floor(at);
  return `rgb(${CIVIDIS[k].map((c, i) => Math.round(c + (at - k) * (CIVIDIS[k + 1][i] - c))).join(" ")})`;
}

function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(Math.floor(q * sorted.length), sorted.length - 1)];
}

function drawAxes(view, pen) {
  const { size, limit } = view, step = [0.5, 1, 2, 5, 10, 20, 50, 100, 1000].find((s) => limit / s <= 4.5) ?? limit / 2;
  pen.fillStyle = pen.strokeStyle = view.ink;
  pen.font = "11px sans-serif";
  pen.lineWidth = 1;
  pen.globalAlpha = view.on.has("manifold") ? 1 : 0.75;
  const write = (text, x, y) => {
    if (view.on.has("manifold")) { // on pictures: light with a dark edge
      pen.lineWidth = 3;
      pen.strokeStyle = "#000";
      pen.strokeText(text, x, y);
    }
    pen.fillText(text, x, y);
  };
  for (let k = -Math.floor(limit / step); k <= limit / step; k++) {
    const x = ((k * step) / limit + 1) * (size / 2);
    pen.textAlign = "center";
    if (x > 26 && x < size - 22) write(fixed(k * step, step < 1 ? 1 : 0), x, size - 4);
    pen.textAlign = "left";
    if (x > 22 && x < size - 22) write(fixed(k * step, step < 1 ? 1 : 0), 4, size - x + 4);
  }
  pen.globalAlpha = 1;
  pen.font = "italic 13px sans-serif";
  pen.textAlign = "right";
  write(`z${sub(view.axes[0] + 1)}`, size - 5, size - 5);
  pen.textAlign = "left";
  write(`z${sub(view.axes[1] + 1)}`, 5, 14);
}

function drawPrior(view, pen) {
  pen.strokeStyle = view.ink;
  pen.globalAlpha = 0.7;
  pen.setLineDash([4, 3]);
  for (const radius of [1, 2, 3]) {
    pen.beginPath();
    pen.arc(view.size / 2, view.size / 2, (radius / view.limit / 2) * view.size, 0, 7);
    pen.stroke();
  }
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

function drawCodes(view, pen, color, outlined = false) {
  const radius = clamp(40 / Math.sqrt(view.codes.count), 1.2, 3) + (outlined ? 1 : 0);
  pen.strokeStyle = view.ink;
  pen.lineWidth = 0.5;
  pen.globalAlpha = view.on.has("manifold") ? 0.9 : 0.6;
  for (let i = 0; i < view.codes.count; i++) {
    if (!view.codes.shows(i)) continue;
    const [x, y] = view.axes.map((axis) => view.codes.values[i * view.dim + axis] / view.limit);
    pen.fillStyle = color(i);
    pen.beginPath();
    pen.arc(((x + 1) / 2) * view.size, ((1 - y) / 2) * view.size, radius, 0, 7);
    pen.fill();
    if (outlined) pen.stroke();
  }
  pen.globalAlpha = 1;
}

function errorColors(view) {
  const low = quantile(view.codes.errors, 0.05), high = quantile(view.codes.errors, 0.95);
  const bar = h("span", { class: "vx-bar", style: `background: linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map(cividis)})` });
  view.legend.replaceChildren(`squared error ≤ ${fixed(low, 1)} `, bar, ` ≥ ${fixed(high, 1)}`);
  return (i) => cividis((view.codes.errors[i] - low) / (high - low || 1));
}

function drawDensity(view, pen) {
  const n = 96, key = String(view.axes);
  if (view.densityKey !== key) [view.densityKey, view.densityImage] = [key, view.codes.density(view.axes, view.limit, n)];
  const top = view.densityImage.reduce((a, b) => Math.max(a, b), 0), image = new ImageData(n, n);
  view.densityImage.forEach((value, k) => image.data.set([0, 114, 178, 215 * Math.sqrt(value / top)], 4 * k));
  const sheet = h("canvas", { width: n, height: n });
  sheet.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = true;
  pen.drawImage(sheet, 0, 0, view.size, view.size);
}

function drawManifold(view, pen) {
  const key = JSON.stringify([view.axes, view.dim > 2 ? view.z.filter((_, d) => !view.axes.includes(d)) : 0]);
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, view.size, view.size);
  if (view.tiles) pen.drawImage(view.tiles, 0, 0, view.size, view.size);
  if (view.tilesKey === key) return;
  view.tiles = view.dim > 2 ? null : view.tiles;
  const sheet = h("canvas", { width: TILES * (view.width + 1), height: TILES * (view.height + 1) }), codes = [];
  for (let r = 0; r < TILES; r++) {
    for (let c = 0; c < TILES; c++) {
      const z = view.z.slice(), at = (k) => ((2 * k + 1) / TILES - 1) * view.limit;
      [z[view.axes[0]], z[view.axes[1]]] = [at(c), -at(r)];
      codes.push(z);
    }
  }
  view.tilesKey = key;
  view.fill("tiles", sheet, codes, TILES).then(() => {
    if (view.tilesKey !== key) return;
    view.tiles = sheet;
    view.redraw();
  });
}
