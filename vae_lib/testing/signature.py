"""What a function takes and gives, as a test cell writes it: "gaussian_kl(mu: B D, logvar: B D) -> B".

An argument is `name: axes`, or one of the words function, number (a tensor of one will do), float, whole, object.
"..." stands for any axes in front; scalar for none. Behind the axes may stand int or bool (its kind), fixed (real
numbers that nobody differentiates by, as a mask), sym (a symmetric matrix), detached (an answer that carries no
graph), estimate (one that may carry a graph or none), float32 (an answer of that kind, where no real number is handed
in). An answer may have a name too; several are divided by commas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

_PLAIN = ("function", "number", "float", "whole", "object")
_MARKS = ("int", "bool", "fixed", "sym", "detached", "estimate", "float32")
_FORM = re.compile(r"\s*(\w+)\((.*)\)\s*->\s*(.+)", re.DOTALL)


@dataclass(frozen=True)
class Slot:
    """An argument, or a value of the answer; `kind` is tensor, or one of the plain words."""

    name: str
    kind: str
    axes: tuple[str, ...] = ()
    marks: frozenset[str] = frozenset()

    @property
    def floating(self) -> bool:
        """Whether gradients are to pass: a tensor of real numbers."""
        return self.kind == "tensor" and not self.marks & {"int", "bool", "fixed"}

    def labels(self, ndim: int) -> tuple[str, ...]:
        """The name of each axis of a tensor of this many; an axis in front that has no name is "…"."""
        named = tuple(axis for axis in self.axes if axis != "...")
        return ("…",) * max(0, ndim - len(named)) + named[max(0, len(named) - ndim) :]


@dataclass(frozen=True)
class Signature:
    """A function's name, its arguments and its answer's values."""

    name: str
    takes: tuple[Slot, ...]
    gives: tuple[Slot, ...]

    def sizes(self, arguments: Mapping[str, object]) -> dict[str, int]:
        """What each letter is in this call."""
        found: dict[str, int] = {}
        for slot in self.takes:
            value = arguments.get(slot.name)
            if slot.kind == "tensor" and isinstance(value, Tensor):
                for axis, size in zip(slot.labels(value.ndim), value.shape, strict=True):
                    if axis != "…" and not axis.isdigit():
                        found.setdefault(axis, size)
        return found


@cache
def parse(text: str) -> Signature:
    """The signature that a test cell wrote; ValueError if it is none."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not of the form name(argument: axes, …) -> axes.")
    takes = [_slot(part, named=True) for part in match[2].split(",") if part.strip()]
    return Signature(match[1], tuple(takes), tuple(_slot(part, named=False) for part in match[3].split(",")))


def _slot(text: str, named: bool) -> Slot:
    name, colon, rest = text.rpartition(":")
    if named and not colon:
        raise ValueError(f"What is {text.strip()!r}? Write name: axes, or name: number, function, whole, object.")
    words = rest.split()
    marks = frozenset(word for word in words if word in _MARKS)
    axes = tuple(word for word in words if word not in _MARKS)
    if axes and axes[0] in _PLAIN:
        return Slot(name.strip(), axes[0], (), marks)
    return Slot(name.strip(), "tensor", tuple(axis for axis in axes if axis != "scalar"), marks)


def kind_of_numbers(slot: Slot, dtype: torch.dtype) -> torch.dtype:
    """The dtype in which an argument is handed in when real numbers are `dtype`."""
    return torch.int64 if "int" in slot.marks else torch.bool if "bool" in slot.marks else dtype
