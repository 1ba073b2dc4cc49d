"""A constant between a wrong answer and the right one, with its likely name: ½, D, B − 1, log 2π, log K."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

Side = tuple[Tensor, Tensor, dict[str, int], float]  # given, wanted, the sizes' letters, the tolerance

FACTORS = {
    0.0: "0 throughout",
    -1.0: "the right one with the other sign",
    2.0: "twice the right one",
    0.5: "half the right one",
    -2.0: "twice the right one, with the other sign",
    -0.5: "half the right one, with the other sign",
    4.0: "four times the right one",
    0.25: "a quarter of the right one",
    1 / math.log(2): "the right one in bits (logarithms of base 2)",
    1 / math.log(10): "the right one with logarithms of base 10",
    math.sqrt(2): "√2 times the right one",
    math.sqrt(0.5): "the right one divided by √2",
    math.pi: "π times the right one",
    2 * math.pi: "2π times the right one",
}
CURVES: dict[str, Callable[[Tensor], Tensor]] = {
    "the exponential of the right one": torch.exp,
    "e to the power of minus the right one": lambda y: torch.exp(-y),
    "the logarithm of the right one": torch.log,
    "minus the logarithm of the right one": lambda y: -torch.log(y),
    "the square of the right one": torch.square,
    "the square root of the right one": torch.sqrt,
    "one divided by the right one": torch.reciprocal,
    "the right one without its sign": torch.abs,
    "one minus the right one": lambda y: 1 - y,
    "the right one rounded": torch.round,
    "the right one, cut off at 0": lambda y: y.clamp(min=0),
    "the right one at half its logit": lambda y: (y.logit() / 2).sigmoid(),
    "the right one at twice its logit": lambda y: (2 * y.logit()).sigmoid(),
}


def scaled(sides: list[Side], kept: tuple[str, ...]) -> str | None:
    """What is between the two in every case, in words; `kept` are the axes that the answer has."""
    return _factor(sides, kept) or _offset(sides) or _curve(sides)


def near(given: Tensor, wanted: Tensor, rtol: float) -> bool:
    return torch.allclose(given, wanted, rtol=rtol, atol=rtol * 1e-2, equal_nan=True)


def _factor(sides: list[Side], kept: tuple[str, ...]) -> str | None:
    if all(not wanted.any() or not torch.isfinite(wanted).all() for _, wanted, _, _ in sides):
        return None
    for value, text in FACTORS.items():
        if all(near(given, value * wanted, rtol) for given, wanted, _, rtol in sides):
            return text
    for name in _letters(sides):
        for text, factor in _size_factors(name, kept):
            if all(near(given, factor(sizes[name]) * wanted, rtol) for given, wanted, sizes, rtol in sides):
                return text
    return None


def _letters(sides: list[Side]) -> list[str]:
    """The letters that every case has, and that are not 1 in all of them."""
    shared = [name for name in sides[0][2] if all(name in sizes for _, _, sizes, _ in sides)]
    return [name for name in shared if any(sizes[name] > 1 for _, _, sizes, _ in sides)]


def _size_factors(name: str, kept: tuple[str, ...]) -> Iterator[tuple[str, Callable[[int], float]]]:
    why = "" if name in kept else f", as when a mean over {name} is taken, not a sum"
    other = f", as when a sum over {name} is taken, not a mean"
    for sign, head in ((1, ""), (-1, "minus ")):
        yield f"{head}the right one divided by {name}{why}", lambda n, s=sign: s / n
        yield f"{head}the right one times {name}{other}", lambda n, s=sign: s * n
        yield f"{head}twice the right one, divided by {name}{why}", lambda n, s=sign: 2 * s / n
        yield f"{head}half the right one, divided by {name}{why}", lambda n, s=sign: s / 2 / n
    yield f"the right one divided by {name} − 1 in the place of {name}", lambda n: n / max(n - 1, 1)
    yield f"the right one divided by {name} in the place of {name} − 1", lambda n: (n - 1) / n
    yield f"the right one divided by {name} twice", lambda n: 1 / n**2
    yield f"the right one divided by √{name}", lambda n: n**-0.5
    yield f"√{name} times the right one", lambda n: n**0.5


def _offset(sides: list[Side]) -> str | None:
    finite = [side for side in sides if torch.isfinite(side[1]).all() and torch.isfinite(side[0]).all()]
    if len(finite) < len(sides):
        return None
    gaps = [given - wanted for given, wanted, _, _ in sides]
    if all(gap.abs().max() <= rtol for gap, (_, _, _, rtol) in zip(gaps, sides, strict=True)):
        return None
    for text, offset in _offsets(sides):
        if all(near(given, wanted + offset(sizes), rtol) for given, wanted, sizes, rtol in sides):
            return text
    return None


def _offsets(sides: list[Side]) -> Iterator[tuple[str, Callable[[dict[str, int]], float]]]:
    constants = {"1": 1.0, "log 2π": math.log(2 * math.pi), "log 2": math.log(2), "log π": math.log(math.pi)}
    for sign, word in ((1, "plus"), (-1, "minus")):
        for name, value in constants.items():
            for share, half in ((1.0, ""), (0.5, "½ ")):
                text = f"{half}{name}" if name != "1" or not half else "½"
                yield f"the right one {word} {text}", lambda _, v=sign * share * value: v
                for letter in _letters(sides):
                    times = f"{half}{letter}{'' if name == '1' else ' ' + name}"
                    less = f"{half}({letter} − 1){'' if name == '1' else ' ' + name}"
                    yield f"the right one {word} {times}", lambda n, v=sign * share * value, a=letter: v * n[a]
                    yield f"the right one {word} {less}", lambda n, v=sign * share * value, a=letter: v * (n[a] - 1)
        for letter in _letters(sides):
            yield f"the right one {word} log {letter}", lambda n, s=sign, a=letter: s * math.log(n[a])


def _curve(sides: list[Side]) -> str | None:
    if not any(torch.isfinite(given).any() for given, *_ in sides):
        return None  # NaN is many a curve of what it has no value at
    for text, curve in CURVES.items():
        if all(near(given, curve(wanted), rtol) for given, wanted, _, rtol in sides):
            return text
    return None
