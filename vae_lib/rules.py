"""Rules for what is no tensor: numbers, sizes, flags, functions, paths. Each names the argument in one sentence.

A rule returns what stands for the value from then on, if that is another: Python's own number for NumPy's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from numbers import Integral, Real
from pathlib import Path

import torch
from torch import nn

from vae_lib.errors import InputError

MOST_COUNTED, MOST_SEED = 2**31 - 1, 2**64 - 1
LEAST, MOST = 1e-18, 1e18  # of a number's size: float32 holds its square, and what it is multiplied by


def require_as(fits: bool, name: str, what: str, value: object) -> None:
    """Raise `InputError`, "`name` must be `what`, not `value`", unless `fits`; nothing is written before that."""
    if not fits:
        try:
            text = repr(value)
        except ValueError:  # a whole number of thousands of digits
            text = f"such a large {type(value).__name__}"
        first = text.partition("\n")[0][:60]
        raise InputError(f"{name} must be {what}, not {text if first == text else first + '…'}.")


def plain(value: object) -> object:
    """Python's own number for NumPy's, a fraction, or a tensor or an array without axes; anything else as it is.

    A tensor that requires a gradient stays one, since a number would pass none on.
    """
    if type(value) in (int, float):
        return value
    held = getattr(value, "is_meta", False) or getattr(value, "requires_grad", False)
    value = value.item() if getattr(value, "ndim", None) == 0 and not held else value
    if isinstance(value, bool) or not isinstance(value, Real) or not abs(value) <= MOST:
        return value
    return int(value) if isinstance(value, Integral) else float(value)


def is_number(value: object, kind: type = Real) -> bool:
    """Whether it behaves like a real number: Python's and NumPy's do, truth values do not."""
    number = plain(value)
    return isinstance(number, kind) and not isinstance(number, bool)


def require_count(value: int, name: str, least: int = 1, most: int = MOST_COUNTED) -> int:
    """`value` is a whole number of `least` to `most`."""
    whole, number = is_number(value, Integral), plain(value)
    bound = f"of {least} to {most}" if whole and number > most else f"of at least {least}"
    require_as(whole and least <= number <= most, name, f"a whole number {bound}", value)
    return int(number)


def _require_real(value: float, name: str, what: str, least: float, bounds: str) -> float:
    """`value` is a number of `least` to `MOST`; the sentence has the bounds where one of them is the reason."""
    real, number = is_number(value), plain(value)
    bound = f" {bounds}" if real and abs(number) < float("inf") and (least < 0 or number > 0) else ""
    require_as(real and least <= number <= MOST, name, what + bound, value)
    return number


# finite numbers, above 0, at least 0, or any
require_positive = partial(_require_real, what="a positive number", least=LEAST, bounds=f"of {LEAST:g} to {MOST:g}")
require_at_least_zero = partial(_require_real, what="a number of at least 0", least=0, bounds=f"and at most {MOST:g}")
require_number = partial(_require_real, what="a finite number", least=-MOST, bounds=f"of at most {MOST:g} in size")


def require_share(value: float, name: str) -> float:
    """`value` lies in [0, 1]."""
    number = plain(value)
    require_as(is_number(value) and 0 <= number <= 1, name, "a number in [0, 1]", value)
    return number


def require_sizes(sizes: object, name: str, least: int = 0) -> tuple[int, ...]:
    """`sizes` is a list or tuple of whole numbers above 0, at least `least` of them."""
    many = f"at least {least} " if least else ""
    listed = isinstance(sizes, (list, tuple)) and len(sizes) >= least
    require_as(listed, name, f"a list or tuple of {many}whole numbers", sizes)
    return tuple(require_count(size, f"each of {name}") for size in sizes)


def require_image_shape(value: object, name: str) -> tuple[int, int]:
    """`value` is a pair of whole numbers above 0: rows and columns."""
    valid = isinstance(value, (tuple, list)) and len(value) == 2
    valid = valid and all(is_number(n, Integral) and 0 < n <= MOST_COUNTED for n in value)
    require_as(valid, name, "(rows, columns)", value)
    return tuple(map(plain, value))


def require_flag(value: bool, name: str) -> bool:
    """`value` is True or False, NumPy's or torch's too."""
    require_as(isinstance(plain(value), bool), name, "True or False", value)
    return plain(value)


def _require_that(value: object, name: str, what: str, fits: Callable[[object], bool]) -> None:
    require_as(fits(value), name, what, value)


def as_path(value: str | os.PathLike, name: str) -> Path:
    """The path, with `~` for the reader's home; `name` names it in the message."""
    known = isinstance(value, (str, os.PathLike)) and str(value) != "" and "\0" not in str(value)
    require_as(known, name, "a path", value)
    try:
        return Path(value).expanduser()
    except (RuntimeError, TypeError):  # there is no such user; a path of bytes
        require_as(False, name, "a path", value)


_GENERATOR = "a torch.Generator, such as torch.Generator().manual_seed(0)"
# of what is no tensor
RULES: dict[str, Callable] = {
    "count": require_count,
    "seed": partial(require_count, least=0, most=MOST_SEED),
    "positive": require_positive,
    "nonnegative": require_at_least_zero,
    "number": require_number,
    "share": require_share,
    "sizes": require_sizes,
    "image": require_image_shape,
    "flag": require_flag,
    "text": partial(_require_that, what="a text", fits=lambda value: isinstance(value, str)),
    "function": partial(_require_that, what="a function", fits=lambda f: callable(f) and not isinstance(f, type)),
    "module": partial(_require_that, what="a torch module", fits=lambda value: isinstance(value, nn.Module)),
    "generator": partial(_require_that, what=_GENERATOR, fits=lambda value: isinstance(value, torch.Generator | None)),
}
