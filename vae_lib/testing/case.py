"""A case of a check: the arguments, what they give, and the same arguments afresh for each call."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from vae_lib.testing.signature import Signature, Slot, kind_of_numbers

Numbers = float | int | Sequence | Tensor


class Case:
    """`Case(argument, …, gives=…)`: lists become tensors, in float32 and in float64.

    gives: numbers, or a tuple of them; right to 9 digits where float64 is tried.
    where: words for what is special here ("logits of ±1000"); such a case has no slopes but those that are given.
    slopes: {argument: slope of the sum of the answer}, where they are known; elsewhere the student's own function
    tells its slope by differences.
    parts: {"the KL": numbers}: terms of the sum that `gives` is (a tuple, if that is one), so that one left out can be
    named.
    view: what is compared, from the answer and the arguments; the answer itself if None. With `shape`, the answer is
    a tensor of that shape, which is looked at first, and slopes are taken through the view.
    build: the arguments from a dtype, where lists are not enough (networks, optimizers).
    rtol: how far float64 may be off, where 9 digits are too many; atol: how far any kind may be off, where rounding
    is larger than the answer; a pair where that is less in float64 than in float32.
    """

    def __init__(
        self,
        *positional: Any,
        gives: Numbers | tuple,
        where: str = "",
        slopes: Mapping[str, Numbers] | None = None,
        parts: Mapping[str, Numbers | tuple] | None = None,
        view: Callable | None = None,
        shape: tuple[int, ...] | None = None,
        build: Callable[[torch.dtype], tuple] | None = None,
        rtol: float = 1e-9,
        atol: float | tuple[float, float] = 0.0,
        **named: Any,
    ):
        self.positional, self.named, self.build, self.view, self.shape = positional, named, build, view, shape
        self.gives = tuple(map(exact, gives)) if isinstance(gives, tuple) else (exact(gives),)
        self.where, self.rtol, self.atol = where, rtol, atol if isinstance(atol, tuple) else (atol, atol)
        self.slopes = {name: exact(slope) for name, slope in (slopes or {}).items()}
        self.parts = {name: tuple(map(exact, p if isinstance(p, tuple) else (p,))) for name, p in (parts or {}).items()}

    def seen(self, result: Any, arguments: Mapping[str, Any]) -> Any:
        """What is compared of an answer."""
        return self.view(result, *arguments.values()) if self.view else result

    def arguments(self, signature: Signature, dtype: torch.dtype) -> tuple[dict[str, Any], int]:
        """Fresh arguments by name, and how many of them are handed in by position."""
        positional = self.build(dtype) if self.build else self.positional
        slots = {slot.name: slot for slot in signature.takes}
        given = dict(zip(slots, positional, strict=False)) | self.named
        if self.build:
            return given, len(positional)
        return {name: fresh(value, slots[name], dtype) for name, value in given.items()}, len(positional)


def exact(value: Numbers) -> Tensor:
    """Numbers as a float64 tensor; whole numbers stay whole."""
    if isinstance(value, Tensor):
        return value.detach().double() if value.is_floating_point() else value
    tensor = torch.as_tensor(value, dtype=torch.float64)
    return torch.as_tensor(value) if isinstance(value, int) else tensor


def fresh(value: Any, slot: Slot, dtype: torch.dtype) -> Any:
    """A copy of an argument that nothing else holds, its real numbers in `dtype`."""
    if isinstance(value, nn.Module):
        return copy.deepcopy(value).to(dtype)
    if isinstance(value, list) and slot.kind == "object":
        return list(value)
    if slot.kind != "tensor":
        return value
    kind = kind_of_numbers(slot, dtype)
    return value.detach().clone().to(kind) if isinstance(value, Tensor) else torch.tensor(value, dtype=kind)
