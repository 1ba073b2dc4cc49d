"""Figures in one style: arrays in, Axes out. The caller sets the title, which states what is found.

Every `plot_…` takes `ax=None` and draws into a new figure where none is given; none of them calls `show` or `play`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from torch import Tensor

from vae_lib.arrays import as_array
from vae_lib.captions import play as play
from vae_lib.captions import show as show
from vae_lib.checks import (
    checked,
    require,
    require_count,
    require_positive,
)
from vae_lib.labels import apart, densest
from vae_lib.sheets import edge, require_grey, require_shape, sheet_of, tiles_of

# Okabe and Ito's colours (2008), which colour-blind people tell apart; a line style goes with each.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
CLASS_COLORS = ("#000000", ORANGE, SKY, GREEN, "#D0C020", BLUE, RED, PURPLE, "#999999", "#7B4B94")
_LINES = cycler(color=[BLUE, RED, GREEN, ORANGE, PURPLE, SKY]) + cycler(linestyle=["-", "--", "-.", ":", "-", "--"])


def set_style() -> None:
    """The course's style for all figures that follow: 6 × 3.5 inches, 100 dpi, titles at the left."""
    plt.rcParams.update(
        {
            "figure.figsize": (6, 3.5),
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            "savefig.dpi": 100,
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "figure.titlesize": 11,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": _LINES,
            "lines.linewidth": 1.8,
            "legend.frameon": False,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
            "animation.html": "jshtml",
        }
    )


@checked(n_columns="count", signed="flag")
def plot_images(
    images: Tensor | np.ndarray,
    image_shape: tuple[int, int] | None = None,
    *,
    n_columns: int = 10,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    signed: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Pictures (N, P) side by side, `n_columns` in a row, on one scale: 0 black to 1 white.

    `rows` and `columns` name them. `signed` draws red below 0, white at 0 and blue above, up to the largest
    magnitude. A picture that is NaN as a whole is left white. `image_shape` may be left out for square pictures.
    """
    tiles = tiles_of("plot_images", images, image_shape)
    require_grey("plot_images", tiles, signed)
    for name, words in {"rows": rows, "columns": columns}.items():
        listed = hasattr(words, "__len__") and not isinstance(words, str)
        require(listed, f"plot_images: {name} must be a list of names, not {words!r}.")
    n_columns = min(n_columns, len(tiles))
    n_rows = math.ceil(len(tiles) / n_columns)
    sheet, height, width = sheet_of(tiles, n_columns)
    size = (0.68 * n_columns + 0.9 * bool(len(rows)), 0.68 * n_rows * height / width + 0.35)
    ax = _axes("plot_images", ax, size)
    limit = np.nanmax(np.abs(sheet)) or 1.0
    scale = {"cmap": "RdBu", "vmin": -limit, "vmax": limit} if signed else {"cmap": "gray", "vmin": 0, "vmax": 1}
    ax.imshow(sheet, interpolation="nearest", **scale)
    ax.set_xticks([width * i + (width - 2) / 2 for i in range(len(columns))], columns)
    ax.set_yticks([height * i + (height - 2) / 2 for i in range(len(rows))], rows)
    _bare(ax)
    ax.xaxis.tick_top() if len(columns) else None
    return ax


def plot_history(history: tuple, ax: Axes | None = None) -> Axes:
    """`fit`'s History: the two terms of the loss on training data stacked, the loss on test data as a line.

    For an autoencoder, whose KL is 0, two lines: the squared error on training and on test data.
    """
    known = all(
        isinstance(getattr(history, name, None), list) for name in ("loss", "reconstruction", "kl", "test_loss")
    )
    require(known, f"plot_history: history must be what fit returns, not {type(history).__name__}.")
    require(len(history.loss) > 0, "plot_history: the history has no epoch; train for one at least.")
    ax = _axes("plot_history", ax, (6, 3.5))
    epochs = range(1, len(history.loss) + 1)
    if any(history.kl):
        parts = {"reconstruction": history.reconstruction, "KL to the prior": history.kl}
        ax.stackplot(epochs, *parts.values(), labels=parts, colors=[SKY, ORANGE])
        ax.set_ylabel("nats per picture")
    else:
        ax.plot(epochs, history.loss, label="training")
        ax.set_ylabel("squared error per picture")
    if history.test_loss:
        ax.plot(epochs, history.test_loss, color="k", linestyle="-", label="test")
    ax.set(xlabel="epochs", ylim=(0, None))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.margins(x=0)
    ax.legend(loc="upper right")
    return ax


@checked(prior="flag")
def plot_latent_scatter(
    z: Tensor | np.ndarray, labels: Tensor | np.ndarray, *, prior: bool = False, ax: Axes | None = None
) -> Axes:
    """Codes (N, 2), coloured by class (N,) whole numbers 0 to 9, each class named where most of it lies, or by a line.

    `prior` draws the circles of radius 1, 2 and 3 around 0, standard deviations of N(0, I).
    """
    z, labels = as_array(z, "plot_latent_scatter: z"), as_array(labels, "plot_latent_scatter: labels")
    require_shape(z.ndim == 2 and z.shape[1] == 2 and z.size > 0, "plot_latent_scatter: z", "(N, 2)", z)
    require_shape(labels.shape == z.shape[:1], "plot_latent_scatter: labels", f"({len(z)},)", labels)
    classes = sorted({int(label) for label in labels})
    whole = bool((labels == labels.round()).all()) and classes[0] >= 0 and classes[-1] <= 9
    require(whole, "plot_latent_scatter: labels must be whole numbers from 0 to 9.")
    ax = _axes("plot_latent_scatter", ax, (5.5, 5))
    for radius in (1, 2, 3) if prior else ():
        ax.add_patch(
            plt.Circle((0, 0), radius, fill=False, color="0.4", linewidth=0.8, linestyle=(0, (4, 3)), zorder=3)
        )
    colors = [CLASS_COLORS[int(label)] for label in labels]
    ax.scatter(*z.T, s=min(max(6000 / len(z), 3), 16), c=colors, alpha=0.6, linewidths=0)
    middles = np.array([densest(z[labels == label]) for label in classes])
    places = apart(middles, 0.07 * np.ptp(z, axis=0).max())
    for label, middle, place in zip(classes, middles, places, strict=True):
        box = {"boxstyle": "circle,pad=0.15", "fc": "white", "ec": CLASS_COLORS[label]}
        line = {"arrowstyle": "-", "color": CLASS_COLORS[label], "shrinkA": 0, "shrinkB": 0}
        ax.annotate(str(label), middle, place, ha="center", va="center", bbox=box, arrowprops=line, zorder=4)
    ax.set(xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
    return ax


def plot_latent_grid(
    pictures: Tensor | np.ndarray,
    image_shape: tuple[int, int] | None = None,
    *,
    limit: float | None = None,
    center: tuple[float, float] = (0.0, 0.0),
    ax: Axes | None = None,
) -> Axes:
    """n·n decoded pictures (n·n, P) as `latent_grid` and `quantile_grid` order them, in one square.

    With `limit` the axes are z₁ and z₂, from −limit to limit around `center` at the middles of the outer pictures;
    without it they are the prior's quantiles, from 0 to 1.
    """
    tiles = tiles_of("plot_latent_grid", pictures, image_shape)
    require_grey("plot_latent_grid", tiles)
    n = math.isqrt(len(tiles))
    require(n * n == len(tiles), f"plot_latent_grid: the number of pictures must be a square, not {len(tiles)}.")
    if limit is not None:
        require_positive(limit, "plot_latent_grid: limit")
    middle = as_array(center, "plot_latent_grid: center", (2,))
    ax = _axes("plot_latent_grid", ax, (5.5, 5))
    sheet, *_ = sheet_of(tiles.repeat(4, axis=1).repeat(4, axis=2), n)
    extent = [0.0, 1.0] * 2 if limit is None else [float(c) + s * edge(limit, n) for c in middle for s in (-1, 1)]
    ax.imshow(sheet, cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="antialiased")
    units = "quantile of " if limit is None else ""
    ax.set(xlabel=f"{units}$z_1$", ylabel=f"{units}$z_2$")
    return ax


@checked(threshold="nonnegative")
def plot_kl_per_dim(kl: Tensor | np.ndarray, threshold: float = 0.01, ax: Axes | None = None) -> Axes:
    """KL (D,) of each latent dimension in nats, the largest first; those under `threshold` are named unused."""
    kl = as_array(kl, "plot_kl_per_dim: kl")
    require_shape(kl.ndim == 1 and kl.size > 0, "plot_kl_per_dim: kl", "(D,)", kl)
    order = np.argsort(-kl)
    colors = [BLUE if kl[d] >= threshold else "0.75" for d in order]
    ax = _axes("plot_kl_per_dim", ax, (6, 3))
    bars = ax.bar(range(len(kl)), kl[order], color=colors)
    for bar, d in zip(bars, order, strict=True):
        bar.set_hatch("" if kl[d] >= threshold else "///")
    ax.set_xticks(range(len(kl)), [str(d + 1) for d in order])
    ax.set(xlabel="latent dimension", ylabel="KL (nats)")
    return ax


def plot_spectrum(variances: Tensor | np.ndarray, marks: Sequence[int] = (), ax: Axes | None = None) -> Axes:
    """Share of the variance in %, summed, against the number of components kept; `marks` are read off."""
    variances = as_array(variances, "plot_spectrum: variances")
    require_shape(variances.ndim == 1 and variances.size > 0, "plot_spectrum: variances", "(P,)", variances)
    some = bool((variances >= 0).all() and variances.any())
    require(some, "plot_spectrum: variances must be at least 0, and not all 0.")
    require(isinstance(marks, (list, tuple, range)), f"plot_spectrum: marks must be a list of numbers, not {marks!r}.")
    for k in marks:
        require_count(k, "plot_spectrum: each of marks")
    held = 100 * np.cumsum(variances) / np.sum(variances)
    ax = _axes("plot_spectrum", ax, (6, 3.5))
    ax.plot(range(1, len(held) + 1), held)
    for k in marks:
        require(1 <= k <= len(held), f"plot_spectrum: marks must lie between 1 and {len(held)}, not {k}.")
        ax.plot([0, k, k], [held[k - 1], held[k - 1], 0], color="0.6", linewidth=0.8, linestyle="-")
        ax.text(k + len(held) / 90, held[k - 1] - 7, f"{k}: {held[k - 1]:.0f} %")
    ax.set(xlim=(0, len(held)), ylim=(0, 103), xlabel="components kept", ylabel="variance held (%)")
    return ax


def _axes(function: str, ax: object, size: tuple[float, float]) -> Axes:
    """The axes to draw into, new ones of this size where none are given."""
    require(ax is None or isinstance(ax, Axes), f"{function}: ax must be matplotlib's Axes, not {type(ax).__name__}.")
    return plt.subplots(figsize=size, layout="constrained")[1] if ax is None else ax


def _bare(ax: Axes) -> None:
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
