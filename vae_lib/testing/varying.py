"""A factor or a constant between a wrong answer and the right one that has no name, but is the same along an axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import torch
from torch import Tensor

from vae_lib.testing.relations import Pair, axis_name
from vae_lib.testing.shown import number

ENOUGH = 3  # entries, beyond those that fix the numbers, that must agree


def varying(pairs: list[Pair]) -> str | None:
    """What is true of the answer in all cases: "the right one times 0.667 (0.75 in another case)"."""
    if not all(p.given.shape == p.wanted.shape and torch.isfinite(p.given).all() for p in pairs):
        return None
    axes = tuple(dict.fromkeys(name for pair in pairs for name in pair.axes))
    for names in _choices(axes):
        for word, between in (("plus", _constant), ("times", _factor)):
            found = [_along(pair, names, between) for pair in pairs]
            if _telling(pairs, found):
                exact = [f for pair, f in zip(pairs, found, strict=True) if f is not None and pair.rtol < 1e-5]
                return _said(word, names, axes, exact or [f for f in found if f is not None])
    return None


def _telling(pairs: list[Pair], found: list[Tensor | None]) -> bool:
    """Whether the numbers fit every case, with entries to spare: as many numbers as entries fit anything."""
    spare = [0 if f is None else p.given.numel() - f.numel() for p, f in zip(pairs, found, strict=True)]
    wrong = [(f, s) for p, f, s in zip(pairs, found, spare, strict=True) if not p.near(p.given, p.wanted)]
    long = any(f is not None and s >= 2 * f.numel() for f, s in wrong)  # a and −a fit by chance
    return long and all(s > 0 for _, s in wrong) and sum(spare) >= ENOUGH


def _choices(axes: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """All axes, then fewer: along these the number is to be the same."""
    for count in range(len(axes), 0, -1):
        yield from combinations(axes, count)


def _along(pair: Pair, names: tuple[str, ...], between: Callable) -> Tensor | None:
    """The numbers, if they are the same along the axes; None if they are not."""
    places = [place for place, name in enumerate(pair.axes) if name in names]
    numbers, rebuilt = between(pair, places)
    return numbers if pair.near(pair.given, rebuilt) else None


def _constant(pair: Pair, places: list[int]) -> tuple[Tensor, Tensor]:
    gap = (pair.given - pair.wanted).mean(places, keepdim=True) if places else pair.given - pair.wanted
    return gap, pair.wanted + gap


def _factor(pair: Pair, places: list[int]) -> tuple[Tensor, Tensor]:
    """By least squares, so that zeros of the right answer do no harm."""
    products, squares = pair.given * pair.wanted, pair.wanted.square()
    if places:
        products, squares = products.sum(places, keepdim=True), squares.sum(places, keepdim=True)
    ratio = products / squares.where(squares > 0, torch.ones_like(squares))
    return ratio, pair.wanted * ratio if pair.given.any() else torch.full_like(pair.wanted, torch.nan)


def _said(word: str, names: tuple[str, ...], axes: tuple[str, ...], found: list[Tensor]) -> str:
    rest = [axis_name(name) for name in axes if name not in names]
    if rest:
        return f"This is the right one {word} a number of its own for each of {' and '.join(rest)}."
    values = list(dict.fromkeys(_digits(float(f)) for f in found))
    other = f" ({values[1]} in another case)" if len(values) > 1 else ""
    if word == "plus" and values[0][0] == "-" and not other:
        return f"This is the right one minus {values[0][1:]}."
    return f"This is the right one {word} {values[0]}{other}."


def _digits(value: float) -> str:
    """Three digits, or as many as it takes to tell a number from 1: "times 1" would say nothing."""
    return next((text for text in (number(value, n) for n in range(3, 9)) if text not in ("1", "-1")), number(value, 3))
