"""Numbers as a reader sees them: matrices as rows, and as many digits as it takes to see a difference."""

from __future__ import annotations

import math

import torch
from torch import Tensor

MOST_ROWS, MOST_COLUMNS = 6, 8


def shape(tensor: Tensor) -> str:
    """A shape in words, () explained."""
    return str(tuple(tensor.shape)) if tensor.ndim else "() (a single number)"


def show(tensor: Tensor, digits: int = 5, indent: int = 0) -> str:
    """The numbers, a matrix row by row under each other; what does not fit is left out with an …"""
    tensor = tensor.detach()
    if tensor.ndim == 0:
        return number(tensor.item(), digits)
    most = MOST_COLUMNS if tensor.ndim == 1 else MOST_ROWS
    parts = [show(part, digits, indent + 1) for part in tensor[:most]]
    if tensor.shape[0] > most:
        parts.append("…")
    gap = ", " if tensor.ndim == 1 else ",\n" + " " * (indent + 1)
    return "[" + gap.join(parts) + "]"


def number(value: float | int | bool, digits: int = 5) -> str:
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


def both(given: Tensor, wanted: Tensor) -> str:
    """What came and what should have, under each other, with enough digits to tell them apart."""
    given, wanted = crop(given.double(), wanted.double())
    digits = next((d for d in range(5, 17) if _apart(given, wanted, d)), 17)
    return f"got       {show(given, digits, 10)}\nexpected  {show(wanted, digits, 10)}"


def crop(given: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """The part of two large tensors of one shape that holds their largest difference."""
    if given.shape != wanted.shape:
        return given, wanted
    while given.ndim > 2 or (given.ndim == 2 and given.shape[0] > MOST_ROWS):
        gaps = (given - wanted).abs().nan_to_num(nan=math.inf).flatten(1).amax(1)
        row = int(gaps.argmax())
        given, wanted = given[row], wanted[row]
    return given, wanted


def _apart(given: Tensor, wanted: Tensor, digits: int) -> bool:
    if given.shape != wanted.shape:
        return True
    pairs = zip(given.flatten().tolist(), wanted.flatten().tolist(), strict=True)
    differ = [(a, b) for a, b in pairs if a != b and not (math.isnan(a) and math.isnan(b))]
    far = max(differ, key=lambda pair: _distance(*pair), default=None)
    return far is None or number(far[0], digits) != number(far[1], digits)


def _distance(a: float, b: float) -> float:
    gap = abs(a - b)
    return math.inf if math.isnan(gap) else gap


def arguments(values: dict[str, object]) -> str:
    """The arguments of a call, each on a line of its own; functions and networks by their kind."""
    lines = []
    for name, value in values.items():
        if isinstance(value, Tensor):
            small = value.numel() <= 24 and value.ndim <= 3
            lines.append(f"{name} = {show(value, 5, len(name) + 3) if small else f'a tensor of {shape(value)}'}")
        elif isinstance(value, bool | int | float | str):
            lines.append(f"{name} = {number(value)}")
        elif isinstance(value, list) and len(value) <= 12 and all(isinstance(part, int | float) for part in value):
            lines.append(f"{name} = {value}")
    return "\n".join(lines)


def finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())
