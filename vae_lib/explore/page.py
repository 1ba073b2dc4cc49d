"""An explorer without a kernel: as a page of its own, and as a figure where no widget can run."""

from __future__ import annotations

import base64
import html
import io
import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae_lib.explore.decoding import atlas

if TYPE_CHECKING:
    from vae_lib.explore.explorer import LatentExplorer

TRAITS = ("z", "a", "b", "layers", "sigma", "_spec", "_data", "_codes", "_labels", "_scales", "_errors")
EXPORT = "export default { render, pageModel };"
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root {{ color-scheme: light dark; }}
body {{ margin: 12px; font: 14px/1.4 system-ui, sans-serif; }}
.page {{ display: flex; flex-wrap: wrap; gap: 16px; }} .page > div {{ flex: 1 1 340px; min-width: 0; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #181818; color: #ddd; }} }}
{css}</style></head><body>
<noscript>The explorer needs JavaScript.</noscript>
<div class="page"></div>
<script type="module">
{module}
for (const state of {states}) {{
  const el = document.querySelector(".page").appendChild(document.createElement("div"));
  render({{ model: pageModel(state), el }});
}}
</script></body></html>
"""


def is_grading() -> bool:
    """nbgrader is executing the notebook."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


def to_html(explorers: Sequence[LatentExplorer], title: str = "Latent explorer") -> str:
    """One page with these explorers side by side; scripts, style, weights and codes are inside it."""
    states = json.dumps([_state(explorer) for explorer in explorers]).replace("<", "\\u003c")
    module = explorers[0]._esm.replace(EXPORT, "")
    return PAGE.format(title=html.escape(title), css=explorers[0]._css, module=module, states=states)


def draw(*explorers: LatentExplorer) -> Figure:
    """A row for each: the plane with codes, the prior's circles and z, beside the decoded picture."""
    n = len(explorers)
    figure, axes = plt.subplots(n, 2, figsize=(8, 4.2 * n), layout="constrained", width_ratios=(3, 2), squeeze=False)
    for explorer, (left, right) in zip(explorers, axes, strict=True):
        _draw_plane(explorer, left)
        right.imshow(explorer.picture(), cmap="gray", vmin=0, vmax=1)
        right.set(title="decoded picture", xticks=[], yticks=[])
    return figure


def describe(explorer: LatentExplorer) -> str:
    """The figure in a sentence."""
    i, j = explorer._spec["axes"]
    count, z = len(explorer.known.values), explorer.z
    codes = f"{count} codes and " if count else ""
    name = explorer._spec["title"] or "Latent explorer"
    return (
        f"{name} at rest: {codes}the prior's circles of 1, 2 and 3 standard deviations in the plane of "
        f"z{i + 1} and z{j + 1}, and the picture decoded at ({z[i]:.2f}, {z[j]:.2f})."
    )


def bundle(explorers: Sequence[LatentExplorer], widget: tuple[dict, dict] | dict | None) -> tuple[dict, dict]:
    """The widget's representation, if it has one, with the figure and a sentence for each explorer beside it."""
    data, metadata = widget if isinstance(widget, tuple) else (widget or {}, {})
    file, alt = io.BytesIO(), " ".join(map(describe, explorers))
    figure = draw(*explorers)
    figure.savefig(file, format="png", dpi=80)
    plt.close(figure)
    still = {"image/png": base64.b64encode(file.getvalue()).decode(), "text/plain": alt}
    return {**data, **still}, {**metadata, "image/png": {"alt": alt}}


def _state(explorer: LatentExplorer) -> dict:
    """The traits as JSON. What only a kernel could decode goes as an atlas of the plane through z."""
    state = {name: getattr(explorer, name) for name in TRAITS}
    spec = state["_spec"]
    if spec["kind"] == "kernel":
        way = atlas(explorer.decoder, spec["limit"], np.array(explorer.z), tuple(spec["axes"]))
        state |= {"_spec": spec | way.spec | {"kind": way.kind, "slice": explorer.z}, "_data": way.data}
    return {name: _text(value) for name, value in state.items()}


def _text(value: object) -> object:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _draw_plane(explorer: LatentExplorer, ax: Axes) -> None:
    """As `plot_latent_scatter`, and also for codes without labels or no codes at all."""
    from vae_lib.figures import plot_latent_scatter

    known, (i, j), limit = explorer.known, explorer._spec["axes"], explorer._spec["limit"]
    points = known.values[:, [i, j]]
    if known.labels.size:
        plot_latent_scatter(points, known.labels, ax=ax)
    else:
        ax.scatter(*points.T, s=4, alpha=0.6)
    for radius in (1, 2, 3):
        ax.add_patch(plt.Circle((0, 0), radius, fill=False, color="0.4", linewidth=0.8, linestyle=(0, (4, 3))))
    ax.plot(explorer.z[i], explorer.z[j], "o", markersize=12, markerfacecolor="none", color="k", markeredgewidth=2)
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    ax.set(title=explorer._spec["title"], xlabel=f"$z_{{{i + 1}}}$", ylabel=f"$z_{{{j + 1}}}$")
