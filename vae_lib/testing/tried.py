"""One case tried: the call, what kind of thing came back, and whether the same comes back again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vae_lib.testing import shown
from vae_lib.testing.calls import Call, call
from vae_lib.testing.case import Case
from vae_lib.testing.compare import Mismatch, kind_problem, plain_tensor
from vae_lib.testing.signature import Signature, Slot

ASKED = 3  # times: two draws of a few zeros and ones are alike once in a hundred
DTYPES = (torch.float32, torch.float64)
SINGLE = 1e-4  # how far float32 may be off, relatively


@dataclass
class Tried:
    """A case in one kind of numbers: what was asked and what came back."""

    case: Case
    dtype: torch.dtype
    call: Call
    values: list[Tensor] = field(default_factory=list)

    @property
    def rtol(self) -> float:
        return SINGLE if self.dtype == torch.float32 else self.case.rtol

    @property
    def atol(self) -> float:
        return self.case.atol[DTYPES.index(self.dtype)]


def kinds(signature: Signature, case: Case) -> tuple[torch.dtype, ...]:
    """float32 and float64, where there is anything to hand in that can be either."""
    return DTYPES if case.build or any(slot.floating for slot in signature.takes) else DTYPES[:1]


def attempt(function: Callable, signature: Signature, case: Case, dtype: torch.dtype) -> Tried:
    """Call it, and look at what kind of thing came back."""
    tried = Tried(case, dtype, call(function, signature, case, dtype))
    tried.values = values(tried, signature)
    return tried


def check_noise(tried: Tried, function: Callable, signature: Signature) -> None:
    """Mismatch where a wrong answer is another one when it is asked for again."""
    for _ in range(ASKED):
        again = attempt(function, signature, tried.case, tried.dtype)
        pairs = zip(tried.values, again.values, strict=True)
        if not all(a.shape == b.shape and torch.allclose(a, b, rtol=SINGLE, equal_nan=True) for a, b in pairs):
            text = "It gives another answer each time: it draws noise of its own. Use what is handed in."
            raise Mismatch(text, "noise", [text])


def values(tried: Tried, signature: Signature) -> list[Tensor]:
    """The values of the answer as float64 tensors; Mismatch where they are not of the right kind."""
    if tried.case.shape is not None:
        _look(tried)
    result = tried.case.seen(tried.call.result, tried.call.arguments)
    slots, wanted = signature.gives, tried.case.gives
    if len(slots) == 1:
        return [value(result, wanted[0], slots[0], tried)]
    if not isinstance(result, (tuple, list)) or len(result) != len(slots):
        raise Mismatch(*_several(result, slots))
    return [value(part, w, s, tried) for part, w, s in zip(result, wanted, slots, strict=True)]


def _look(tried: Tried) -> None:
    """Mismatch where an answer is not what the case's view can look at."""
    given, wanted = tried.call.result, torch.empty(tried.case.shape)
    problem = kind_problem(given, wanted)
    if problem is not None:
        raise Mismatch(problem, "type", [problem])
    given = plain_tensor(given)
    if given.shape != wanted.shape:
        text = f"The shape is {shown.shape(given)}, it should be {shown.shape(wanted)}."
        raise Mismatch(text, "shape", [text])
    if given.dtype != tried.dtype:
        raise Mismatch(*_kind(given.dtype, tried.dtype))


def _several(result: object, slots: tuple[Slot, ...]) -> tuple[str, str, list[str]]:
    text = f"The answer should be {len(slots)} values{_names(slots)}, it is "
    if result is None:
        text = "The function returned None; is a `return` missing?"
    elif isinstance(result, (tuple, list)):
        text += f"a {type(result).__name__} of {len(result)}."
    elif isinstance(result, Tensor):
        text += f"one tensor of shape {shown.shape(result)}."
    else:
        text += f"a {type(result).__name__}."
    return text, "type", [text]


def _names(slots: tuple[Slot, ...]) -> str:
    return f" ({', '.join(slot.name for slot in slots)})" if all(slot.name for slot in slots) else ""


def value(part: object, wanted: Tensor, slot: Slot, tried: Tried) -> Tensor:
    """One value of the answer; Mismatch where it is no number, or of the wrong kind of numbers."""
    if slot.kind == "float" and type(part) is bool:  # a comparison's answer is the number 0 or 1
        part = float(part)
    problem = kind_problem(part, wanted)
    if slot.kind == "float" and part is not None and problem:
        problem = f"The answer is a {type(part).__name__}, it should be a number of Python's, a float."
    if slot.kind == "whole" and type(part) is not int:
        problem = f"The answer is a {type(part).__name__}, it should be a whole number of Python's, an int."
    if slot.kind == "float" and isinstance(part, Tensor) and not problem:
        problem = (
            f"The answer is a {type(part).__name__}, it should be a number of Python's, a float: `.item()` makes one."
        )
    head = f"`{slot.name}`: " if slot.name and problem else ""
    if problem:
        raise Mismatch(head + problem, "type", [problem])
    if not isinstance(part, Tensor):
        return torch.tensor(float(part), dtype=torch.float64)
    given = plain_tensor(part)
    if "float32" in slot.marks and given.dtype != torch.float32:
        text = f"The answer is {str(given.dtype).removeprefix('torch.')}, it should be float32."
        raise Mismatch(text, "dtype", [text])
    if "int" in slot.marks and given.is_floating_point():
        text = f"The answer is {str(given.dtype).removeprefix('torch.')}, it should be made of whole numbers, int64."
        raise Mismatch(text, "dtype", [text])
    if slot.floating and given.dtype != tried.dtype and keeps_kind(tried):
        raise Mismatch(*_kind(given.dtype, tried.dtype))
    return given.double()


def keeps_kind(tried: Tried) -> bool:
    """Whether the answer is to be of the arguments' kind: where they are real numbers, and were not built."""
    arguments = tried.call.arguments.values()
    return not tried.case.build and any(isinstance(a, Tensor) and a.is_floating_point() for a in arguments)


def _kind(given: torch.dtype, wanted: torch.dtype) -> tuple[str, str, list[str]]:
    here, there = (str(dtype).removeprefix("torch.") for dtype in (given, wanted))
    if not given.is_floating_point:
        text = f"The answer is {here}, it should be floating point: are these positions, as argmin gives, not values?"
    else:
        text = f"The answer is {here} where the arguments are {there}: something inside does not keep their kind."
    return text, "dtype", [text]


def right(tried: Tried, place: int, rtol: float | None = None) -> bool:
    """Whether a value of the answer is what it should be, to the case's own tolerance or to `rtol`."""
    given, wanted = tried.values[place], tried.case.gives[place].double()
    return given.shape == wanted.shape and close(given, wanted, rtol or tried.rtol, tried.atol)


def close(given: Tensor, wanted: Tensor, rtol: float, atol: float = 0.0) -> bool:
    """Each entry within rtol of its own size, or of a hundredth of that, or within atol; infinite only where it
    should be."""
    return bool(torch.allclose(given, wanted, rtol=rtol, atol=max(atol, rtol * 1e-2)))
