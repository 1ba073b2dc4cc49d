"""What a wrong answer makes of its arguments, found by calling it again with others.

"It is right when `logvar` is handed in halved" is true by construction, and tells a reader where to look: log σ was
taken for log σ². So is "it does not depend on `eps`".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import torch
from torch import Tensor

from vae_lib.testing.signature import Signature, Slot

Answer = Callable[[dict], "list[Tensor] | None"]  # of changed arguments; None where the call fails
Trial = tuple[dict, Answer, list[Tensor], list[Tensor], float]  # arguments, answer, given, wanted, tolerance

READINGS: dict[str, Callable] = {
    "halved": lambda a: a / 2,
    "doubled": lambda a: a * 2,
    "with the other sign": lambda a: -a,
    "squared": lambda a: a**2,
    "as its square root": lambda a: a**0.5,
    "as its logarithm": lambda a: torch.as_tensor(a).log(),
    "as the exponential of its half": lambda a: torch.as_tensor(a / 2).exp(),
    "as the logarithm of its square": lambda a: 2 * torch.as_tensor(a).log(),
    "as its exponential": lambda a: torch.as_tensor(a).exp(),
    "as its logit": lambda a: torch.as_tensor(a).logit(),
    "as its sigmoid": lambda a: torch.as_tensor(a).sigmoid(),
    "as one minus it": lambda a: 1 - a,
    "as one divided by it": lambda a: 1 / a,
    "plus 1": lambda a: a + 1,
    "minus 1": lambda a: a - 1,
}

COARSER: dict[str, Callable] = {
    "only the rounded values make a difference": torch.round,
    "what lies outside of 0 to 1 makes no difference": lambda a: a.clamp(0, 1),
    "what lies beyond ±1 makes no difference": lambda a: a.clamp(-1, 1),
    "what lies below 0 makes no difference": lambda a: a.clamp(min=0),
}


def readings(signature: Signature, trials: list[Trial], viewed: bool = False) -> list[str]:
    """What is true of the function in all cases, in a sentence; nothing if it takes every argument as it is. What is
    `viewed` may hide what an argument does to the answer."""
    for found in _found(signature, trials, viewed):
        return [found]
    return []


def _found(signature: Signature, trials: list[Trial], viewed: bool) -> Iterator[str]:
    lengths = {axis for slot in signature.takes for axis in slot.axes}  # a number that is an axis's length says nothing
    kinds = ("number", "whole")
    slots = [s for s in signature.takes if s.name not in lengths and (s.floating or s.kind in kinds)]
    if all("int" in slot.marks for slot in signature.gives):  # of whole numbers too much is right by chance
        slots = [slot for slot in slots if not slot.floating]
    for one, two in combinations(slots, 2):
        if _right(trials, lambda a, one=one, two=two: _swapped(a, one.name, two.name)):
            yield f"It is right when `{one.name}` and `{two.name}` change places: they are taken one for the other."
    for words, change in READINGS.items():
        for slot in slots:
            if _right(trials, lambda a, slot=slot, change=change: _changed(a, slot.name, change)):
                yield f"It is right when `{slot.name}` is handed in {words}."
    for slot in slots:
        if not (viewed and slot.floating):
            yield from _ignored(slot, trials)
        if slot.floating and _right(trials, lambda a, slot=slot: _turned(a, slot)):
            yield f"It is right when `{slot.name}` is handed in transposed."


def _right(trials: list[Trial], change: Callable[[dict], dict | None]) -> bool:
    """Whether the function gives the right answer in every case on changed arguments."""
    for arguments, answer, _, wanted, rtol in trials:
        changed = change(arguments)
        found = None if changed is None else answer(changed)
        if found is None or not _same(found, wanted, rtol):
            return False
    return True


def _same(found: list[Tensor], wanted: list[Tensor], rtol: float) -> bool:
    return len(found) == len(wanted) and all(
        a.shape == b.shape and torch.allclose(a, b, rtol=rtol, atol=1e-2 * rtol, equal_nan=True)
        for a, b in zip(found, wanted, strict=True)
    )


def _swapped(arguments: dict, one: str, two: str) -> dict | None:
    if one not in arguments or two not in arguments:
        return None
    first, second = arguments[one], arguments[two]
    if isinstance(first, Tensor) and isinstance(second, Tensor) and first.shape != second.shape:
        try:
            first, second = torch.broadcast_tensors(first, second)
        except RuntimeError:
            return None
    return arguments | {one: second, two: first}


def _changed(arguments: dict, name: str, change: Callable) -> dict | None:
    """The arguments with one of them changed; None where it cannot be, or stays what it is."""
    value = arguments.get(name)
    if value is None or isinstance(value, bool):
        return None
    try:
        new = change(value)
    except (ArithmeticError, RuntimeError, TypeError):
        return None
    if not isinstance(value, Tensor):
        new = new.item() if isinstance(new, Tensor) else new
        return arguments | {name: new} if isinstance(new, float | int) else None
    if new.ndim >= 2 and not torch.isfinite(new).all() and torch.isfinite(value).all():
        return None  # LAPACK may take the process down with it: torch.linalg.eigvals does
    return arguments | {name: new}


def _turned(arguments: dict, slot: Slot) -> dict | None:
    value = arguments.get(slot.name)
    return arguments | {slot.name: value.mT} if isinstance(value, Tensor) and value.ndim >= 2 else None


def _ignored(slot: Slot, trials: list[Trial]) -> Iterator[str]:
    """An argument, or all but a part of it, that makes no difference."""
    if all(slot.name not in arguments for arguments, *_ in trials):
        return
    if _unmoved(slot, trials, lambda value: ...):
        yield f"The answer does not depend on `{slot.name}`."
        return
    named = [axis for axis in slot.axes if axis != "..."]
    for place, name in enumerate(named):
        behind = (slice(None),) * (len(named) - place - 1)
        if _unmoved(slot, trials, lambda _, behind=behind: (..., slice(1, None), *behind)):
            yield f"Of `{slot.name}` only the first along {name} makes a difference."
        elif _unmoved(slot, trials, lambda _, behind=behind: (..., slice(None, -1), *behind)):
            yield f"Of `{slot.name}` only the last along {name} makes a difference."
    for words, change in COARSER.items():
        if slot.floating and _unchanged(slot, trials, change):
            yield f"Of `{slot.name}` {words}."


def _unchanged(slot: Slot, trials: list[Trial], change: Callable) -> bool:
    """Whether the answer stays the same, in every case and at other values too, when a part of what an argument says
    is taken from it."""
    values = [arguments.get(slot.name) for arguments, *_ in trials]
    if not all(isinstance(value, Tensor) for value in values) or all(_same([v], [change(v)], 0.02) for v in values):
        return False
    for value, (arguments, answer, *_, rtol) in zip(values, trials, strict=True):
        straight = (value, 0.7 * value + 0.21, 2.3 * value + 0.4, 0.3 - 1.9 * value)
        for moved in (*straight, 0.13 * value, -1.7 * value.abs() - 0.6):  # all near 0, all below it
            found, coarse = (answer(arguments | {slot.name: v}) for v in (moved, change(moved)))
            if found and (coarse is None or not _same(found, coarse, rtol)):  # none where it may not be handed in
                return False
    return True


def _unmoved(slot: Slot, trials: list[Trial], part: Callable) -> bool:
    """Whether the answer stays the same, in every case that has this part, when it is changed."""
    tried = 0
    for arguments, answer, given, _, rtol in trials:
        if slot.name not in arguments:
            continue
        for moved in _moves(arguments[slot.name], part):
            found = answer(arguments | {slot.name: moved})
            if found is None or not _same(found, given, rtol):
                return False
            tried += 1
    return tried > 0


def _moves(value: Tensor | float, part: Callable) -> list[Tensor | float]:
    """Other values for a part of an argument, far enough that rounding does not hide them; none if it is empty."""
    if not isinstance(value, Tensor):
        return [value + 1, value / 2 + 0.3]
    place, moves = part(value), []
    for move in (lambda a: 0.7 * a + 0.21, lambda a: 1 - a, lambda a: a * a):  # the last bends: a correlation stays
        moved = value.clone()
        moved[place] = move(moved[place])
        moves.append(moved)
    return moves if value[place].numel() else []
