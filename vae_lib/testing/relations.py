"""How a wrong answer relates to the right one: twice it, its mean over D, its rows reversed.

A relation is said only if it holds in every case and in both kinds of numbers, so it is true by construction: it names
what came out, not what the student may have meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, permutations
from typing import NamedTuple

import torch
from torch import Tensor

from vae_lib.testing.scale import scaled


class Pair(NamedTuple):
    """One value of the answer in one case: what came, what should have, and what is around it (all float64)."""

    given: Tensor
    wanted: Tensor
    axes: tuple[str, ...]
    sizes: dict[str, int]
    inputs: dict[str, Tensor]
    parts: dict[str, Tensor]
    rtol: float
    atol: float = 0.0

    def near(self, given: Tensor, wanted: Tensor) -> bool:
        """Whether two tensors agree in shape and values, NaN with NaN."""
        if given.shape != wanted.shape:
            return False
        return torch.allclose(given, wanted, rtol=self.rtol, atol=max(self.atol, self.rtol * 1e-2), equal_nan=True)


Change = Callable[[Pair], "tuple[Tensor, Tensor] | None"]


def relation(pairs: list[Pair]) -> str | None:
    """What is true of the answer in all cases, in a sentence; None if all we know is that it is wrong."""
    return _an_argument(pairs) or _parts(pairs) or _changes(pairs)


def _changes(pairs: list[Pair]) -> str | None:
    """Another shape or order of the right answer; by a factor or an offset, if nothing fits as it is."""
    ways = [(text, [change(pair) for pair in pairs]) for text, change in changes(pairs[0])]
    ways = [(text, sides) for text, sides in ways if all(side is not None and _alike(side) for side in sides)]
    for text, sides in ways[1:] if ways and not ways[0][0] else ways:
        if all(pair.near(*side) for pair, side in zip(pairs, sides, strict=True)):
            return f"{'These are' if text.startswith('the right numbers') else 'This is'} {text}."
    for text, sides in ways:
        scale = scaled([(*side, pair.sizes, pair.rtol) for pair, side in zip(pairs, sides, strict=True)], pairs[0].axes)
        if scale:
            return f"This is {scale}{', and ' + text if text else ''}."
    return None


def _alike(side: tuple[Tensor, Tensor]) -> bool:
    return side[0].shape == side[1].shape


def changes(pair: Pair) -> Iterator[tuple[str, Change]]:
    """Each way in which the right answer may be rearranged, and the two sides to compare."""
    yield "", lambda p: (p.given, p.wanted)
    yield "the right numbers in another shape", _reshaped
    if pair.given.ndim > pair.wanted.ndim:
        for name in [*pair.sizes, "…"]:
            yield f"not yet summed over {name}", _reduced_given(name, Tensor.sum)
            yield f"not yet averaged over {name}", _reduced_given(name, Tensor.mean)
    labels = list(dict.fromkeys([*pair.axes, "…"]))
    for count in range(1, len(labels) + 1):
        for names in combinations(labels, count):
            listed = " and ".join(axis_name(name) for name in names)
            yield f"summed over {listed} as well", _reduced_wanted(names, Tensor.sum)
            yield f"averaged over {listed} as well", _reduced_wanted(names, Tensor.mean)
    for name in labels:
        yield f"the first of {axis_name(name)} in the place of all", _picked(name, 0)
        yield f"the last of {axis_name(name)} in the place of all", _picked(name, -1)
        yield f"the right one in reverse along {axis_name(name)}", _flipped(name)
        yield f"the right one with {axis_name(name)} shifted by one", _rolled(name)
    yield "the right one transposed", _transposed
    yield "the right one with its axes in another order", _permuted
    yield "the right numbers in another order", _sorted
    yield "right in the total: the sum runs over the wrong axis, or over one too many", _whole(Tensor.sum)
    yield "right in the total: a sum over several axes is missing", _whole(Tensor.sum, missing=True)
    yield "right on average: the mean runs over the wrong axis, or over one too many", _whole(Tensor.mean)


def axis_name(name: str) -> str:
    return "the axes in front" if name == "…" else name


def _place(pair: Pair, name: str) -> int | None:
    return pair.axes.index(name) if name in pair.axes and pair.wanted.ndim == len(pair.axes) else None


def _reshaped(pair: Pair) -> tuple[Tensor, Tensor] | None:
    same = pair.given.numel() == pair.wanted.numel()
    return (pair.given.reshape(pair.wanted.shape), pair.wanted) if same else None


def _reduced_given(name: str, reduce: Callable) -> Change:
    def change(pair: Pair) -> tuple[Tensor, Tensor] | None:
        for axis in range(pair.given.ndim):
            size_fits = name == "…" or pair.given.shape[axis] == pair.sizes.get(name)
            rest = pair.given.shape[:axis] + pair.given.shape[axis + 1 :]
            if size_fits and rest == pair.wanted.shape:
                return reduce(pair.given, axis), pair.wanted
        return None

    return change


def _reduced_wanted(names: tuple[str, ...], reduce: Callable) -> Change:
    """Over the axes that are there; a case without them is as it should be."""

    def change(pair: Pair) -> tuple[Tensor, Tensor] | None:
        axes = [axis for axis, name in enumerate(pair.axes) if name in names]
        return pair.given, reduce(pair.wanted, axes) if axes else pair.wanted

    return change


def _picked(name: str, place: int) -> Change:
    def change(pair: Pair) -> tuple[Tensor, Tensor] | None:
        axis = _place(pair, name)
        if axis is None:
            return pair.given, pair.wanted
        one = pair.wanted.select(axis, place)
        if pair.given.shape == one.shape:
            return pair.given, one
        return pair.given, one.unsqueeze(axis).expand_as(pair.wanted)

    return change


def _flipped(name: str) -> Change:
    def change(pair: Pair) -> tuple[Tensor, Tensor] | None:
        axis = _place(pair, name)
        return pair.given, pair.wanted if axis is None else pair.wanted.flip(axis)

    return change


def _rolled(name: str) -> Change:
    def change(pair: Pair) -> tuple[Tensor, Tensor] | None:
        axis = _place(pair, name)
        if axis is None:
            return pair.given, pair.wanted
        rolls = [pair.wanted.roll(step, axis) for step in (1, -1)]
        return pair.given, next((roll for roll in rolls if pair.near(pair.given, roll)), rolls[0])

    return change


def _transposed(pair: Pair) -> tuple[Tensor, Tensor] | None:
    return (pair.given, pair.wanted.mT) if pair.wanted.ndim >= 2 else None


def _permuted(pair: Pair) -> tuple[Tensor, Tensor] | None:
    if pair.wanted.ndim < 3:
        return None
    orders = [pair.wanted.permute(order) for order in permutations(range(pair.wanted.ndim))]
    return next(((pair.given, turned) for turned in orders if pair.near(pair.given, turned)), None)


def _whole(reduce: Callable, missing: bool = False) -> Change:
    """Both sides in one number, where their shapes differ; not for an answer that no axis was summed out of, nor for
    one whose entries cancel. `missing`: of those that have axes too many, else of the others."""

    def change(pair: Pair) -> tuple[Tensor, Tensor] | None:
        if set(pair.sizes) <= set(pair.axes) or (pair.given.ndim > pair.wanted.ndim) != missing:
            return None
        if pair.given.shape == pair.wanted.shape:
            return pair.given, pair.wanted
        cancels = pair.wanted.sum().abs() <= 1e-6 * pair.wanted.abs().sum()
        return None if cancels else (reduce(pair.given), reduce(pair.wanted))

    return change


def _sorted(pair: Pair) -> tuple[Tensor, Tensor] | None:
    if pair.given.shape != pair.wanted.shape or not pair.wanted.ndim:
        return None
    return pair.given.flatten().sort().values, pair.wanted.flatten().sort().values


def _an_argument(pairs: list[Pair]) -> str | None:
    for name in pairs[0].inputs:
        if all(name in pair.inputs and pair.near(pair.given, pair.inputs[name]) for pair in pairs):
            return f"This is `{name}`, as it was handed in."
    return None


# what is taken from the right answer, in multiples of a term
TIMES = {
    1.0: "{} left out",
    2.0: "{} with the wrong sign",
    -1.0: "{} once too often",
    0.5: "half of {} left out",
}


def _parts(pairs: list[Pair]) -> str | None:
    """One term or two of the sum alone, left out, doubled or of the wrong sign."""
    names = [name for name in pairs[0].parts if all(name in pair.parts for pair in pairs)]
    for name in names:
        there = any(pair.parts[name].any() for pair in pairs)
        if there and all(pair.near(pair.given, pair.parts[name].expand_as(pair.wanted)) for pair in pairs):
            return f"This is {name} alone."
    for some in [(name,) for name in names] + (list(combinations(names, 2)) if len(names) > 2 else []):
        for times, text in TIMES.items():
            if all(_without(pair, some, times) for pair in pairs):
                return f"This is the right one, {text.format(' and '.join(some))}."
    return None


def _without(pair: Pair, names: tuple[str, ...], times: float) -> bool:
    terms = sum(pair.parts[name] for name in names)
    if pair.given.shape != pair.wanted.shape:
        return False
    return pair.near(pair.given, pair.wanted - times * terms)
