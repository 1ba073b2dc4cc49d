"""What a few words, such as ``"unit ... B n_pixels"``, ask of a tensor: what its values are, and its axes.

No message is written before it is needed: these lines are run for every tensor of every call.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import torch
from torch import Tensor

from vae_lib.errors import InputError, require

# what the values of a tensor are, and what makes them so
KINDS = {
    "real": ("floating point", ".float()"),
    "unit": ("floating point", ".float()"),
    "scores": ("floating point", ".float()"),  # NaN and infinite ones too
    "whole": ("whole numbers", ".long()"),
    "binary": ("whole numbers", ".long()"),  # 0 and 1
    "truth": ("True or False", ".bool()"),
    "any": ("numbers", ".float()"),  # of any dtype, such as a one-hot table beside codes
}
FLOATING = {kind for kind, (what, _) in KINDS.items() if what == "floating point"}


class Axes(NamedTuple):
    """What a word such as ``"unit ... B n_pixels"`` asks of a tensor."""

    kind: str  # of `KINDS`
    names: tuple[str, ...]  # letters, sizes of the model, numbers
    more: bool  # whether others may stand in front
    own: tuple[str, ...]  # those of the names that a model may have, such as n_pixels

    def __str__(self) -> str:
        names = ("...", *self.names) if self.more else self.names
        return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


@functools.cache
def axes_of(spec: str) -> Axes:
    """The words, read: a kind of `KINDS` or none, "..." or none, then a name for each axis."""
    words = spec.split()
    kind = words.pop(0) if words and words[0] in KINDS else "real"
    more = bool(words) and words[0] == "..."
    names = tuple(words[more:])
    return Axes(kind, names, more, tuple(name for name in names if len(name) > 1 and not name.isdigit()))


def check_tensor(label: str, value: object, kind: str) -> None:
    """The value is a tensor of this kind, an ordinary one, finite and not empty."""
    if not isinstance(value, Tensor):
        raise InputError(f"{label} must be a torch tensor, not {type(value).__name__}.")
    floating = value.is_floating_point()
    if not (floating if kind in FLOATING else _fits(value, kind)):
        what, convert = KINDS[kind]
        raise InputError(f"{label} must be {what}, not {value.dtype}; call {convert} on it.")
    if value.layout != torch.strided or value.is_meta or value.is_nested:
        raise InputError(f"{label} must be an ordinary tensor, not a sparse, nested or meta one.")
    if value.numel() == 0:
        raise InputError(f"{label} is empty, its shape is {tuple(value.shape)}.")
    if floating and kind != "scores" and not math.isfinite(value.detach().sum().item()):  # the quick way to know
        bad = int((~torch.isfinite(value.detach())).sum())  # none where the sum alone is beyond the floats
        require(bad == 0, f"{label} has {bad} of {value.numel()} values that are NaN or infinite.")


def _fits(value: Tensor, kind: str) -> bool:
    """Of what need not be floating."""
    if kind == "truth":
        return value.dtype == torch.bool
    return not value.is_complex() and (kind == "any" or (value.dtype != torch.bool and not value.is_floating_point()))


def bind_sizes(label: str, shape: torch.Size, axes: Axes, name: str, sizes: dict[str, tuple[int, str]]) -> None:
    """The shape has these axes, and each letter one size in the whole call: `sizes` knows those so far, and whose."""
    before = len(shape) - len(axes.names)
    if before < 0 or (before and not axes.more):
        raise InputError(f"{label} must have shape {axes}, not {tuple(shape)}.")
    for letter, size in zip(axes.names, shape[before:], strict=True):
        known, first = (int(letter), "") if letter.isdigit() else sizes.setdefault(letter, (size, name))
        if known != size:
            other = ": the two must be equal" if first == name else f": {first} has {letter} = {known}" if first else ""
            raise InputError(f"{label} must have shape {axes}, not {tuple(shape)}{other}.")
