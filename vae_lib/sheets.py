"""Pictures laid out side by side, as one array."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from vae_lib.arrays import as_array
from vae_lib.checks import MOST_OUTSIDE, InputError, require, require_image_shape


def require_grey(function: str, tiles: np.ndarray, signed: bool = False) -> None:
    """A reconstruction may leave [0, 1] a little, and is clipped; bytes from 0 to 255 would all be white."""
    low, high = float(np.nanmin(tiles)), float(np.nanmax(tiles))
    advice = "scale them, or draw them with plot_images(…, signed=True)"
    near = signed or (low >= -MOST_OUTSIDE and high <= 1 + MOST_OUTSIDE)
    require(near, f"{function}: pictures are drawn from 0 to 1, these run from {low:.4g} to {high:.4g}; {advice}.")


def require_shape(fits: bool, what: str, shape: str, array: np.ndarray) -> None:
    """`fits`, in a sentence that names `what`, the `shape` that it must have, and its own."""
    require(fits, f"{what} must have shape {shape}, not {array.shape}.")


def tiles_of(function: str, images: Tensor | np.ndarray, image_shape: tuple[int, int] | None) -> np.ndarray:
    """(N, P) -> (N, H, W); a picture that is NaN as a whole is a gap."""
    if image_shape is not None:
        require_image_shape(image_shape, f"{function}: image_shape")
    flat = as_array(images, f"{function}: the pictures", gaps=True, flags=True)
    require_shape(flat.ndim == 2 and flat.size > 0, "The pictures", "(N, P)", flat)
    side = math.isqrt(flat.shape[1])
    shape = tuple(image_shape or (side, side))
    advice = "give image_shape=(rows, columns)"
    if math.prod(shape) != flat.shape[1]:
        raise InputError(f"{flat.shape[1]} pixels are not {'×'.join(map(str, shape))}; {advice}.")
    return flat.reshape(-1, *shape).astype(float)


def sheet_of(tiles: np.ndarray, n_columns: int) -> tuple[np.ndarray, int, int]:
    """One array with a white gap after each picture, and the height and width of a picture with its gap."""
    gap = max(1, tiles.shape[2] // 14)  # pixels
    padded = np.pad(tiles, ((0, -len(tiles) % n_columns), (0, gap), (0, gap)), constant_values=np.nan)
    padded[len(tiles) :] = np.nan
    _, height, width = padded.shape
    rows = padded.reshape(-1, n_columns, height, width).swapaxes(1, 2).reshape(-1, n_columns * width)
    return rows[:-gap, :-gap], height, width


def edge(limit: float, n: int) -> float:
    """Half the width of a plane whose outer pictures have their middle at `limit`."""
    return limit * n / max(n - 1, 1)
