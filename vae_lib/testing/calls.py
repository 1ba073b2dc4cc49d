"""One call of a student's function: on fresh arguments, which are looked at again after it."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vae_lib.errors import own_frames
from vae_lib.testing.case import Case
from vae_lib.testing.compare import Mismatch
from vae_lib.testing.errors import sentence
from vae_lib.testing.signature import Signature

_LACKS = re.compile(r"not implemented for|not supported|Could not run")  # a NotImplementedError of torch's, no stub's


class Call(NamedTuple):
    """What was handed in, and what came back."""

    arguments: dict[str, Any]
    result: Any


def call(function: Callable, signature: Signature, case: Case, dtype: torch.dtype, slopes: bool = False) -> Call:
    """Call the function on the case's arguments, with gradients if `slopes`; Mismatch where it does not come back
    well, or where it changes an argument."""
    arguments, count = case.arguments(signature, dtype)
    return Call(arguments, run(function, signature, arguments, count, slopes))


def run(function: Callable, signature: Signature, arguments: dict[str, Any], count: int, slopes: bool) -> Any:
    """What comes back for these arguments, the first `count` of them by position."""
    tensors = {n: v for n, v in arguments.items() if isinstance(v, Tensor)}
    if slopes:
        for slot in signature.takes:
            if slot.floating and slot.name in tensors:
                tensors[slot.name].requires_grad_()
    before = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    flags = {name: tensor.requires_grad for name, tensor in tensors.items()}
    lists = {name: list(value) for name, value in arguments.items() if isinstance(value, list)}
    names = list(arguments)
    try:
        positional = [arguments[name] for name in names[:count]]
        result = function(*positional, **{name: arguments[name] for name in names[count:]})
    except Exception as error:
        raise told(error, signature, arguments) from None
    for name, tensor in tensors.items():
        changed = what_changed(name, tensor, before[name], flags[name])
        if changed:
            raise Mismatch(changed, "arguments", [changed])
    for name, items in lists.items():
        if len(items) != len(arguments[name]) or any(a is not b for a, b in zip(items, arguments[name], strict=True)):
            text = f"`{name}` itself is changed: an item of the list is taken out, added or exchanged. Work on a copy."
            raise Mismatch(text, "arguments", [text])
    return result


def what_changed(name: str, now: Tensor, before: Tensor, flag: bool) -> str | None:
    """What became of an argument that should be left alone, in a sentence; None if nothing did."""
    if now.shape != before.shape or not torch.equal(now.detach().nan_to_num(), before.nan_to_num()):
        return (
            f"`{name}` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`, `add_`, …) is at work on it."
        )
    if now.requires_grad != flag:
        return f"`{name}.requires_grad` is changed: leave the arguments as they are, and work on a copy."
    if now.grad is not None:
        return (
            f"`{name}.grad` is filled: `.backward()` leaves gradients in the arguments; `torch.autograd.grad` does not."
        )
    return None


def told(error: Exception, signature: Signature, arguments: dict) -> Exception:
    """An error as the student should meet it: PyTorch's as a sentence with the shapes; a stub's, or one of the
    machinery's, as it is."""
    kind = getattr(error, "kind", type(error).__name__)
    module = type(error).__module__
    foreign = hasattr(error, "line") or module == "builtins" or module.startswith(("torch", "numpy", "vae_lib"))
    stub = kind == "NotImplementedError" and not _LACKS.search(str(error))
    if stub or kind == "KeyboardInterrupt" or not foreign or isinstance(error, Mismatch):
        return error
    message = str(error).removeprefix(f"{kind}: ").split("\n")[0]
    if kind == "OwnWork":  # met where the student's function runs in another process
        return Mismatch(message, "own work", [message])
    what = sentence(kind, message, signature, arguments, error.__traceback__)
    place = _line(error)
    end = f"\nin the line   {place}" if place else ""
    return Mismatch(f"{what}{end}\nThe error: {kind}: {message}", "error", [what])


def _line(error: Exception) -> str:
    """The student's own line where the error arose."""
    if hasattr(error, "line"):
        return str(error.line)
    frames = own_frames(traceback.extract_tb(error.__traceback__))
    return (frames[-1].line or "") if frames else ""
