// The classes of the codes: a button for each shows or hides it, and each has its number where its codes lie.

const BADGE = 9; // radius of a number on the plane, in pixels

function classColor(view, label) {
  const color = view.spec.colors[(label ?? 5) % view.spec.colors.length];
  return color === "#000000" ? view.ink : color; // black cannot be seen on a dark page
}

function buildClasses(view) {
  const labels = [...new Set(view.codes.labels)].sort((a, b) => a - b);
  const button = (label) => {
    const node = h("button", { type: "button", "aria-pressed": "true", "aria-label": `class ${label}`, onclick: () => press() }, h("i"), String(label));
    node.firstChild.style.background = view.spec.colors[label] === "#000000" ? "currentColor" : view.spec.colors[label];
    const press = () => {
      const hidden = view.codes.hidden;
      hidden.has(label) ? hidden.delete(label) : hidden.add(label);
      node.setAttribute("aria-pressed", String(!hidden.has(label)));
      view.densityKey = null;
      view.redraw();
      view.refresh();
    };
    return node;
  };
  return h("div", { class: "vx-classes", role: "group", "aria-label": "classes shown" }, ...(labels.length > 1 ? labels.map(button) : []));
}

/** Each class's number near the middle of its codes, clear of the others: colour alone would not do. */
function drawNames(view, pen) {
  const groups = new Map();
  view.codes.labels.forEach((label, i) => groups.set(label, [...(groups.get(label) ?? []), i]));
  const seen = [...groups].filter(([label]) => !view.codes.hidden.has(label));
  const places = apart(seen.map(([, members]) => {
    const middle = Array(view.dim).fill(0);
    for (const axis of view.axes) middle[axis] = quantile(members.map((i) => view.codes.values[i * view.dim + axis]), 0.5);
    return view.pixel(middle);
  }), view.size);
  const paper = getComputedStyle(view.plane).backgroundColor;
  pen.font = "bold 12px sans-serif";
  pen.textAlign = "center";
  pen.lineWidth = 2;
  seen.forEach(([label], k) => {
    const [x, y] = places[k];
    pen.beginPath();
    pen.arc(x, y, BADGE, 0, 7);
    pen.fillStyle = paper;
    pen.fill();
    pen.strokeStyle = classColor(view, label);
    pen.stroke();
    pen.fillStyle = getComputedStyle(view.root).color;
    pen.fillText(label, x, y + 4.5);
  });
}

/** The same places, those that are too close pushed away from each other. */
function apart(places, size, gap = 2 * BADGE + 4) {
  const out = places.map(([x, y]) => [x, y]);
  for (let round = 0; round < 60; round++) {
    let moved = false;
    out.forEach((p, i) => out.slice(0, i).forEach((q) => {
      const dx = p[0] - q[0] || 0.1 * (i + 1), dy = p[1] - q[1], far = Math.hypot(dx, dy), push = (gap - far) / 2;
      if (push < 0.05) return;
      moved = true;
      p[0] += (dx / far) * push;
      p[1] += (dy / far) * push;
      q[0] -= (dx / far) * push;
      q[1] -= (dy / far) * push;
    }));
    if (!moved) break;
  }
  return out.map((p) => p.map((x) => clamp(x, BADGE + 1, size - BADGE - 1)));
}
