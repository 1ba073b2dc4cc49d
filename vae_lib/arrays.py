"""What figures and explorers are given, as NumPy arrays: a tensor, an array or a list of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor, from_numpy, strided

from vae_lib.checks import InputError, require, require_unit_interval

Values = Tensor | np.ndarray | Sequence


def as_array(
    value: Values, label: str, shape: tuple[int | None, ...] | None = None, *, gaps: bool = False, flags: bool = False
) -> np.ndarray:
    """The numbers, float32, of this shape if one is given, None standing for any number; finite, and one at least.

    With `gaps` a row may be NaN as a whole: it stands for nothing. With `flags` True and False are 1 and 0.
    Raises InputError in one sentence that begins with `label`.
    """
    known = isinstance(value, (Tensor, np.ndarray, list, tuple))
    require(known, f"{label} must be a tensor or an array, not {type(value).__name__}.")
    plain = not isinstance(value, Tensor) or (value.layout == strided and not (value.is_meta or value.is_nested))
    require(plain, f"{label} must be an ordinary tensor, not a sparse, nested or meta one.")
    try:
        x = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError):
        raise InputError(f"{label} must be numbers in equal rows, such as a tensor.") from None
    require(
        x.dtype.kind in ("fiub" if flags else "fiu") or x.size == 0,
        f"{label} must be numbers in equal rows, such as a tensor.",
    )
    if shape is not None:
        need = ", ".join("N" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "")
        fits = x.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, x.shape, strict=True))
        require(fits and x.size > 0, f"{label} must have shape ({need}), not {x.shape}.")
    finite = np.isfinite(x)
    if gaps and x.ndim:
        finite |= np.isnan(x).all(-1, keepdims=True) & finite.any()
    require(bool(finite.all()), f"{label} must be finite, it has values that are NaN or infinite.")
    return x.astype(np.float32, order="C")


def read_images(images: Values, door: str, n_pixels: int | None = None) -> Tensor:
    """Pictures (N, P) of (N, P) or (N, rows, columns), float32 in [0, 1]. Raises InputError unless they are."""
    known = isinstance(images, (Tensor, np.ndarray))
    require(known, f"{door}: images must be a tensor or an array (N, P), not {type(images).__name__}.")
    x = as_array(images, f"{door}: images")
    flat = x.reshape(len(x), -1) if x.ndim > 1 and x.size else x
    x = as_array(flat, f"{door}: images", (None, n_pixels or flat.shape[-1] if flat.ndim > 1 else None))
    require_unit_interval(x, f"{door}: images")
    return from_numpy(x)
