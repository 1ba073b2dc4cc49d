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

from vae_lib.captions import play as play
from vae_lib.captions import show as show
from vae_lib.checks import InputError, require, require_count
from vae_lib.labels import apart, densest

# Okabe and Ito's colours (2008), which colour-blind people tell apart; a line style goes with each.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
CLASS_COLORS = ("#000000", ORANGE, SKY, GREEN, "#D0C020", BLUE, RED, PURPLE, "#999999", "#7B4B94")
MOST_OUTSIDE = 4.0  # of [0, 1]: what a linear model reconstructs stays within, bytes do not
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
    magnitude. `image_shape` may be left out for square pictures.
    """
    tiles = _tiles(images, image_shape)
    require_count(n_columns, "plot_images: n_columns")
    _require_grey(tiles, signed)
    n_columns = min(n_columns, len(tiles))
    n_rows = math.ceil(len(tiles) / n_columns)
    sheet, height, width = _sheet(tiles, n_columns)
    ax = ax or _new_axes((0.68 * n_columns + 0.9 * bool(rows), 0.68 * n_rows * height / width + 0.35))
    limit = np.nanmax(np.abs(sheet)) or 1.0
    scale = {"cmap": "RdBu", "vmin": -limit, "vmax": limit} if signed else {"cmap": "gray", "vmin": 0, "vmax": 1}
    ax.imshow(sheet, interpolation="nearest", **scale)
    ax.set_xticks([width * i + (width - 2) / 2 for i in range(len(columns))], columns)
    ax.set_yticks([height * i + (height - 2) / 2 for i in range(len(rows))], rows)
    _bare(ax)
    ax.xaxis.tick_top() if len(columns) else None
    return ax


def _require_grey(tiles: np.ndarray, signed: bool) -> None:
    """A reconstruction may leave [0, 1] a little, and is clipped; bytes from 0 to 255 would all be white."""
    low, high = float(np.nanmin(tiles)), float(np.nanmax(tiles))
    advice = "scale them, or draw them with signed=True"
    near = signed or (low >= -MOST_OUTSIDE and high <= 1 + MOST_OUTSIDE)
    require(near, f"plot_images: pictures are drawn from 0 to 1, these run from {low:.4g} to {high:.4g}; {advice}.")


def plot_history(history: tuple, ax: Axes | None = None) -> Axes:
    """`fit`'s History: the two terms of the loss on training data stacked, the loss on test data as a line.

    For an autoencoder, whose KL is 0, two lines: the squared error on training and on test data.
    """
    require(len(history.loss) > 0, "plot_history: the history has no epoch; train for one at least.")
    ax = ax or _new_axes((6, 3.5))
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


def plot_latent_scatter(
    z: Tensor | np.ndarray, labels: Tensor | np.ndarray, *, prior: bool = False, ax: Axes | None = None
) -> Axes:
    """Codes (N, 2), coloured by class (N,) whole numbers 0 to 9, each class named where most of it lies, or by a line.

    `prior` draws the circles of radius 1, 2 and 3 around 0, standard deviations of N(0, I).
    """
    z, labels = _array(z), _array(labels)
    _require_shape(z.ndim == 2 and z.shape[1] == 2 and z.size > 0, "plot_latent_scatter: z", "(N, 2)", z)
    _require_shape(labels.shape == z.shape[:1], "plot_latent_scatter: labels", f"({len(z)},)", labels)
    classes = sorted({int(label) for label in labels})
    require(classes[0] >= 0 and classes[-1] <= 9, "plot_latent_scatter: labels must be whole numbers from 0 to 9.")
    ax = ax or _new_axes((5.5, 5))
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
    tiles = _tiles(pictures, image_shape)
    n = math.isqrt(len(tiles))
    require(n * n == len(tiles), f"plot_latent_grid: the number of pictures must be a square, not {len(tiles)}.")
    ax = ax or _new_axes((5.5, 5))
    sheet, *_ = _sheet(tiles.repeat(4, axis=1).repeat(4, axis=2), n)
    extent = [0.0, 1.0] * 2 if limit is None else [float(c) + s * _edge(limit, n) for c in center for s in (-1, 1)]
    ax.imshow(sheet, cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="antialiased")
    units = "quantile of " if limit is None else ""
    ax.set(xlabel=f"{units}$z_1$", ylabel=f"{units}$z_2$")
    return ax


def plot_kl_per_dim(kl: Tensor | np.ndarray, threshold: float = 0.01, ax: Axes | None = None) -> Axes:
    """KL (D,) of each latent dimension in nats, the largest first; those under `threshold` are named unused."""
    kl = _array(kl)
    _require_shape(kl.ndim == 1 and kl.size > 0, "plot_kl_per_dim: kl", "(D,)", kl)
    order = np.argsort(-kl)
    colors = [BLUE if kl[d] >= threshold else "0.75" for d in order]
    ax = ax or _new_axes((6, 3))
    bars = ax.bar(range(len(kl)), kl[order], color=colors)
    for bar, d in zip(bars, order, strict=True):
        bar.set_hatch("" if kl[d] >= threshold else "///")
    ax.set_xticks(range(len(kl)), [str(d + 1) for d in order])
    ax.set(xlabel="latent dimension", ylabel="KL (nats)")
    return ax


def plot_spectrum(variances: Tensor | np.ndarray, marks: Sequence[int] = (), ax: Axes | None = None) -> Axes:
    """Share of the variance in %, summed, against the number of components kept; `marks` are read off."""
    variances = _array(variances)
    _require_shape(variances.ndim == 1 and variances.size > 0, "plot_spectrum: variances", "(P,)", variances)
    held = 100 * np.cumsum(variances) / np.sum(variances)
    ax = ax or _new_axes((6, 3.5))
    ax.plot(range(1, len(held) + 1), held)
    for k in marks:
        require(1 <= k <= len(held), f"plot_spectrum: marks must lie between 1 and {len(held)}, not {k}.")
        ax.plot([0, k, k], [held[k - 1], held[k - 1], 0], color="0.6", linewidth=0.8, linestyle="-")
        ax.text(k + len(held) / 90, held[k - 1] - 7, f"{k}: {held[k - 1]:.0f} %")
    ax.set(xlim=(0, len(held)), ylim=(0, 103), xlabel="components kept", ylabel="variance held (%)")
    return ax


def _array(values: Tensor | np.ndarray | Sequence) -> np.ndarray:
    return values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)


def _require_shape(fits: bool, what: str, shape: str, array: np.ndarray) -> None:
    require(fits, f"{what} must have shape {shape}, not {array.shape}.")


def _tiles(images: Tensor | np.ndarray, image_shape: tuple[int, int] | None) -> np.ndarray:
    """(N, P) -> (N, H, W)."""
    flat = _array(images)
    _require_shape(flat.ndim == 2 and flat.size > 0, "The pictures", "(N, P)", flat)
    side = math.isqrt(flat.shape[1])
    shape = tuple(image_shape or (side, side))
    advice = "give image_shape=(rows, columns)"
    if math.prod(shape) != flat.shape[1]:
        raise InputError(f"{flat.shape[1]} pixels are not {'×'.join(map(str, shape))}; {advice}.")
    return flat.reshape(-1, *shape).astype(float)


def _sheet(tiles: np.ndarray, n_columns: int) -> tuple[np.ndarray, int, int]:
    """One array with a white gap after each picture, and the height and width of a picture with its gap."""
    gap = max(1, tiles.shape[2] // 14)  # pixels
    padded = np.pad(tiles, ((0, -len(tiles) % n_columns), (0, gap), (0, gap)), constant_values=np.nan)
    padded[len(tiles) :] = np.nan
    _, height, width = padded.shape
    rows = padded.reshape(-1, n_columns, height, width).swapaxes(1, 2).reshape(-1, n_columns * width)
    return rows[:-gap, :-gap], height, width


def _edge(limit: float, n: int) -> float:
    """Half the width of a plane whose outer pictures have their middle at `limit`."""
    return limit * n / max(n - 1, 1)


def _new_axes(size: tuple[float, float]) -> Axes:
    return plt.subplots(figsize=size, layout="constrained")[1]


def _bare(ax: Axes) -> None:
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
