"""Rules for what is no tensor: numbers, sizes, flags, functions, paths. Each names the argument in one sentence."""

from __future__ import annotations

import os
from collections.abc import Callable
from numbers import Integral, Real
from pathlib import Path

import torch
from torch import nn

from vae_lib.errors import require


def require_count(value: int, name: str, least: int = 1) -> None:
    """`value` is a whole number of at least `least`."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)  # NumPy's whole numbers are numbers
    require(whole and value >= least, f"{name} must be a whole number of at least {least}, not {value!r}.")


def is_number(value: object) -> bool:
    """Whether it behaves like a real number: Python's and NumPy's do, truth values do not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def require_positive(value: float, name: str) -> None:
    """`value` is a finite number above 0."""
    require(is_number(value) and 0 < value < float("inf"), f"{name} must be a positive number, not {value!r}.")


def require_at_least_zero(value: float, name: str) -> None:
    """`value` is a finite number, 0 or above."""
    require(is_number(value) and 0 <= value < float("inf"), f"{name} must be a number of at least 0, not {value!r}.")


def require_sizes(sizes: object, name: str, least: int = 0) -> None:
    """`sizes` is a list or tuple of whole numbers above 0, at least `least` of them."""
    listed = isinstance(sizes, (list, tuple)) and len(sizes) >= least
    many = f"at least {least} " if least else ""
    require(listed, f"{name} must be a list or tuple of {many}whole numbers, not {sizes!r}.")
    for size in sizes:
        require_count(size, f"each of {name}")


def require_image_shape(value: object, name: str) -> None:
    """`value` is a pair of whole numbers above 0: rows and columns."""
    valid = isinstance(value, (tuple, list)) and len(value) == 2
    valid = valid and all(isinstance(n, Integral) and not isinstance(n, bool) and n > 0 for n in value)
    require(valid, f"{name} must be (rows, columns), not {value!r}.")


def require_number(value: float, name: str) -> None:
    """`value` is a finite number."""
    require(is_number(value) and abs(value) < float("inf"), f"{name} must be a finite number, not {value!r}.")


def require_share(value: float, name: str) -> None:
    """`value` lies in [0, 1]."""
    require(is_number(value) and 0 <= value <= 1, f"{name} must lie in [0, 1], not {value!r}.")


def require_flag(value: bool, name: str) -> None:
    """`value` is True or False, NumPy's or torch's too."""
    plain = value.item() if getattr(value, "ndim", None) == 0 else value
    require(isinstance(plain, bool), f"{name} must be True or False, not {value!r}.")


def require_function(value: object, name: str) -> None:
    """`value` can be called."""
    known = callable(value) and not isinstance(value, type)
    require(known, f"{name} must be a function, not {type(value).__name__}.")


def require_module(value: object, name: str) -> None:
    """`value` is a torch module."""
    require(isinstance(value, nn.Module), f"{name} must be a torch module, not {type(value).__name__}.")


def require_words(value: object, name: str, least: int = 0) -> None:
    """`value` is a list or tuple of texts, at least `least` of them."""
    listed = isinstance(value, (list, tuple)) and len(value) >= least and all(isinstance(word, str) for word in value)
    require(listed, f"{name} must be a list of words, not {value!r}.")


def require_generator(value: object, label: str) -> None:
    """`value` is a torch.Generator, or None for torch's own."""
    known = value is None or isinstance(value, torch.Generator)
    require(known, f"{label} must be a torch.Generator, such as torch.Generator().manual_seed(0), not {value!r}.")


def as_path(value: str | os.PathLike, label: str) -> Path:
    """The path, with `~` for the reader's home; `label` names it in the message."""
    require(isinstance(value, (str, os.PathLike)) and str(value) != "", f"{label} must be a path, not {value!r}.")
    return Path(value).expanduser()


# of what is no tensor
RULES: dict[str, Callable] = {
    "count": require_count,
    "positive": require_positive,
    "nonnegative": require_at_least_zero,
    "number": require_number,
    "share": require_share,
    "sizes": require_sizes,
    "image": require_image_shape,
    "flag": require_flag,
    "function": require_function,
    "module": require_module,
}
