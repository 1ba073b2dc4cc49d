"""Where a wrong answer is right: one half of a matrix, its diagonal, the ends of an axis, up to a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from vae_lib.testing.relations import Pair, axis_name
from vae_lib.testing.shown import number

COARSE = 1e-5  # float32's cases are off by more
ROUGH = 0.01  # relatively: right to a few digits
Places = Callable[[Pair], "Tensor | None"]  # which entries; None where the answer has no such entries


def partly(pairs: list[Pair]) -> str | None:
    """What is true of the answer in all cases: "right in the first of steps alone". None where no pattern is."""
    if not all(pair.given.shape == pair.wanted.shape for pair in pairs):
        return None
    agree = [torch.isclose(p.given, p.wanted, rtol=p.rtol, atol=p.rtol * 1e-2, equal_nan=True) for p in pairs]
    for text, places in patterns(pairs):
        found = [places(pair) for pair in pairs]
        told = [a for f, a in zip(found, agree, strict=True) if f is not None and not a.all()]
        if told and all(_lies(f, a) for f, a in zip(found, agree, strict=True)):
            return f"This is right {text}."
    return None


def cut(pairs: list[Pair]) -> str | None:
    """Where the answer is right up to a number, and that number from there on: "it ends at 0.00141". None elsewhere."""
    if not all(p.given.shape == p.wanted.shape and torch.isfinite(p.given).all() for p in pairs):
        return None
    fine = [p for p in pairs if p.rtol < COARSE]
    off = [~torch.isclose(p.given, p.wanted, rtol=p.rtol, atol=max(p.atol, p.rtol * 1e-2)) for p in fine]
    wrong = sum(int(o.sum()) for o in off)
    if wrong == sum(p.given.numel() for p in fine) or not _one_end_for_several(fine, off):
        return None
    end = torch.cat([p.given[o] for p, o in zip(fine, off, strict=True)]).mean()
    if all(p.near(p.given, p.wanted.clamp(min=end)) for p in pairs):
        return f"It is right down to {number(float(end), 3)}, and never smaller: something is cut off there (a clamp?)."
    if all(p.near(p.given, p.wanted.clamp(max=end)) for p in pairs):
        return f"It is right up to {number(float(end), 3)}, and never larger: something is cut off there (a clamp?)."
    return None


def _one_end_for_several(pairs: list[Pair], off: list[Tensor]) -> bool:
    """Several entries of one answer are off, or answers to several tensors; an option (β) may have been cut instead."""
    asked = {
        tuple((name, *value.flatten().tolist()) for name, value in pair.inputs.items() if value.ndim)
        for pair, places in zip(pairs, off, strict=True)
        if places.any()
    }
    return len(asked) > 1 or any(places.sum() > 1 for places in off)


def _lies(places: Tensor | None, agree: Tensor) -> bool:
    """Whether the right entries lie so; where there is no room for the pattern, all must be right."""
    return bool(agree.all()) if places is None else torch.equal(places, agree)


def patterns(pairs: list[Pair]) -> Iterator[tuple[str, Places]]:
    """Each way in which the right entries may lie, in words."""
    yield "on the diagonal, and wrong beside it", lambda p: _square(p, torch.eye)
    yield "beside the diagonal, and wrong on it", lambda p: _square(p, lambda n: 1 - torch.eye(n))
    yield "on and above the diagonal, and wrong below it", lambda p: _square(p, lambda n: torch.ones(n, n).triu())
    yield "on and below the diagonal, and wrong above it", lambda p: _square(p, lambda n: torch.ones(n, n).tril())
    for name in dict.fromkeys(name for pair in pairs for name in pair.axes):
        axis = axis_name(name)
        yield f"in the first of {axis} alone", lambda p, name=name: _along(p, name, lambda n: [0])
        yield f"in the last of {axis} alone", lambda p, name=name: _along(p, name, lambda n: [n - 1])
        yield f"in the first and the last of {axis} alone", lambda p, name=name: _along(p, name, lambda n: [0, n - 1])
        yield f"in all of {axis} but the first", lambda p, name=name: _along(p, name, lambda n: range(1, n))
        yield f"in all of {axis} but the last", lambda p, name=name: _along(p, name, lambda n: range(n - 1))


def _square(pair: Pair, pattern: Callable[[int], Tensor]) -> Tensor | None:
    shape = pair.wanted.shape
    if len(shape) < 2 or shape[-1] != shape[-2] or shape[-1] < 2:
        return None
    return pattern(shape[-1]).bool().expand(shape)


def _along(pair: Pair, name: str, chosen: Callable[[int], list[int]]) -> Tensor | None:
    if name not in pair.axes or pair.wanted.ndim != len(pair.axes):
        return None
    axis = pair.axes.index(name)
    count = pair.wanted.shape[axis]
    if count < 3:  # of two, the first alone is all but the last
        return None
    marked = torch.zeros(pair.wanted.shape, dtype=torch.bool)
    marked.movedim(axis, 0)[list(chosen(count))] = True
    return marked
