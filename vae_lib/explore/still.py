"""An explorer at rest: its plane with the layers that are on, beside the decoded picture."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae_lib.explore.codes import Codes
from vae_lib.explore.decoding import PictureDecoder
from vae_lib.figures import plot_images, plot_latent_grid, plot_latent_scatter

TILES = 15  # decoded pictures a row, as in the browser
CELLS = 96  # of the density, a row
ALONG, ROWS = 9, 10  # decoded pictures along a dimension, as in the browser; dimensions at most


class View(NamedTuple):
    """What is drawn: z (D,) and the path's ends (2, D) on the plane `axes`, which runs from −limit to limit.

    `order` has the dimensions of the traversals, each {"index", "note"}.
    """

    decoder: PictureDecoder
    known: Codes
    z: np.ndarray
    ends: np.ndarray
    layers: tuple[str, ...]
    sigma: float
    axes: tuple[int, int]
    limit: float
    title: str
    order: list[dict]


class Sheet(NamedTuple):
    """A row of pictures (N, P), each with its name."""

    pictures: np.ndarray
    names: list[str]
    title: str


def draw(*views: View, below: Sheet | None = None) -> Figure:
    """A row for each: the plane with its layers and z, beside the decoded picture; its traversals below them, and at
    the end a row of pictures `below`.
    """
    heights = [h for view in views for h in (4.2, _height(view)) if h] + ([1.3] if below else [])
    figure = plt.figure(figsize=(8, sum(heights)), layout="constrained")
    grid = figure.add_gridspec(len(heights), 2, width_ratios=(3, 2), height_ratios=heights)
    row = 0
    for view in views:
        _draw_plane(view, figure.add_subplot(grid[row, 0]))
        right, row = figure.add_subplot(grid[row, 1]), row + 1
        right.imshow(view.decoder(view.z[None])[0].reshape(view.decoder.image_shape), cmap="gray", vmin=0, vmax=1)
        right.set(title="decoded picture", xticks=[], yticks=[], anchor="S")  # room for the title above
        if "traversals" in view.layers:
            _draw_traversals(view, figure.add_subplot(grid[row, :]))
            row += 1
    if below:
        ax = figure.add_subplot(grid[row, :])
        plot_images(
            below.pictures, views[0].decoder.image_shape, n_columns=len(below.names), columns=below.names, ax=ax
        )
        ax.set_title(below.title)
    return figure


def words(view: View) -> list[str]:
    """What `draw` draws on the plane beside z, the layers in their order."""
    known = view.known
    said = {
        "codes": f"{len(known.values)} codes" if len(known.values) else "",
        "prior": "the prior's circles of 1, 2 and 3 standard deviations",
        "manifold": f"{TILES} by {TILES} decoded pictures",
        "density": "the density of the codes" if len(known.values) else "",
        "errors": "the reconstruction error of each code" if known.errors.size else "",
        "path": "a path from A to B",
        "draws": f"a circle of radius {view.sigma:g} around z",
    }
    return [text for layer, text in said.items() if text and layer in view.layers]


def density(codes: np.ndarray, scales: np.ndarray | None, limit: float, n: int = CELLS) -> np.ndarray:
    """Σᵢ N(z; codesᵢ, diag(scalesᵢ²)) / N on n × n cells of the square [−limit, limit]², the top row first. (n, n).

    `codes` and `scales` are (N, 2). Without `scales` each code gets Scott's width, N^(−1/6) standard deviations of
    all; no width is less than half a cell.
    """
    if scales is None:
        scales = np.broadcast_to(codes.std(axis=0) * len(codes) ** (-1 / 6), codes.shape)
    scales = np.maximum(scales, limit / n)
    z = ((2 * np.arange(n) + 1) / n - 1)[:, None, None] * limit  # cells, codes, axes
    along = np.exp(-0.5 * ((z - codes) / scales) ** 2) / (scales * np.sqrt(2 * np.pi))
    return along[::-1, :, 1] @ along[:, :, 0].T / len(codes)


def _draw_plane(view: View, ax: Axes) -> None:
    (i, j), limit, on = view.axes, view.limit, set(view.layers)
    if "manifold" in on:
        _draw_manifold(view, ax)
    ink = "white" if "manifold" in on else "black"
    _draw_known(view, ax, on)
    for radius in (1, 2, 3) if "prior" in on else ():
        ax.add_patch(plt.Circle((0, 0), radius, fill=False, color=ink, alpha=0.6, lw=0.8, ls=(0, (4, 3)), zorder=3))
    if "path" in on:
        ends = view.ends[:, [i, j]]
        ax.plot(*ends.T, "o-", color=ink, mfc="white", zorder=4)
        for name, end in zip("AB", ends, strict=True):
            ax.annotate(name, end, xytext=(6, 4), textcoords="offset points", color=ink)
    if "draws" in on:
        ax.add_patch(plt.Circle((view.z[i], view.z[j]), view.sigma, fill=False, color=ink, ls=":"))
    ax.plot(view.z[i], view.z[j], "o", ms=12, mfc="none", color=ink, mew=2, zorder=5)
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", title=view.title)
    ax.set(xlabel=f"$z_{{{i + 1}}}$", ylabel=f"$z_{{{j + 1}}}$")


def _height(view: View) -> float:
    """Of the traversals, in inches: what is left of the width beside their names is for the pictures."""
    rows, (height, width) = view.order[:ROWS], view.decoder.image_shape
    names = max(len(one["note"]) for one in rows) * 0.07 + 0.7
    return (8 - names) / ALONG * len(rows) * height / width if "traversals" in view.layers else 0


def _draw_traversals(view: View, ax: Axes) -> None:
    """A row for each dimension: pictures along it, the others as z has them."""
    at = (2 * np.arange(ALONG) + 1) / ALONG - 1
    codes = np.tile(view.z, (len(view.order[:ROWS]), ALONG, 1))
    for row, one in zip(codes, view.order, strict=False):
        row[:, one["index"]] = at * view.limit
    names = [f"$z_{{{one['index'] + 1}}}$ {one['note']}" for one in view.order[:ROWS]]
    pictures = view.decoder(codes.reshape(-1, codes.shape[2]))
    plot_images(pictures, view.decoder.image_shape, n_columns=ALONG, rows=names, ax=ax).set_anchor("E")


def _draw_manifold(view: View, ax: Axes) -> None:
    """Pictures decoded over the plane that goes through z."""
    (i, j), middle = view.axes, view.limit * (1 - 1 / TILES)
    at = np.linspace(-middle, middle, TILES)
    codes = np.tile(view.z, (TILES * TILES, 1))
    codes[:, i], codes[:, j] = np.tile(at, TILES), np.repeat(at[::-1], TILES)
    plot_latent_grid(view.decoder(codes), view.decoder.image_shape, limit=middle, ax=ax)


def _draw_known(view: View, ax: Axes, on: set[str]) -> None:
    """The codes of the data, by class or by error, and their density."""
    known, (i, j), limit = view.known, view.axes, view.limit
    points = known.values[:, [i, j]]
    if "density" in on and points.size:
        scales = np.exp(0.5 * known.logvars[:, [i, j]]) if known.logvars.size else None
        level = np.sqrt(density(points, scales, limit))
        ax.imshow(level, cmap="Blues", alpha=0.85 * level / (level.max() or 1), extent=[-limit, limit] * 2)
    if "errors" in on and known.errors.size:
        low, high = np.quantile(known.errors, (0.05, 0.95))
        dots = ax.scatter(*points.T, s=5, c=known.errors, cmap="cividis", vmin=low, vmax=high)
        ax.figure.colorbar(dots, ax=ax, label="squared error", shrink=0.7)
    elif "codes" in on and known.labels.size:
        plot_latent_scatter(points, known.labels, ax=ax)
    elif "codes" in on:
        ax.scatter(*points.T, s=4, alpha=0.6)
