"""`expect`: compare one answer with a reference number, and name the mistake if it is known."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from vae_lib.errors import Brief

Number = int | float
Reference = Number | Sequence | Tensor | tuple

_PLAIN_NUMBERS = (int, float)
_NUMPY_NUMBERS = (np.float64, np.float32, np.int64, np.int32)


class Mismatch(Brief, AssertionError):
    """The answer is not the reference; the message begins with what is wrong.

    `kind` says what sort of fault it is, `causes` what is known of where it comes from.
    """

    def __init__(self, message: str, kind: str = "", causes: Sequence[str] = ()):
        super().__init__(message)
        self.kind, self.causes = kind, tuple(causes)

    def _render_traceback_(self) -> list[str]:
        """In a notebook nothing stands before the message."""
        return str(self).splitlines()


class NotAnswered(Brief, NotImplementedError):
    """A stub was checked: nothing is written yet."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def expect(
    actual: object,
    reference: Reference,
    rtol: float = 1e-4,
    hints: Mapping[str, Reference] | None = None,
    atol: float = 1e-6,
) -> None:
    """Pass if `actual` is a plain tensor or number of the reference's shape and close to it.

    Close means |actual − reference| ≤ atol + rtol |reference|, in each entry. A tuple is compared part by part.
    A Python int as reference wants a whole number. Infinite only where the reference is; never NaN.
    `hints` maps a mistake in words to what it returns; there, NaN stands for NaN. Raises `Mismatch` with one
    message; returns None.
    """
    problem = _problem(actual, reference, rtol, atol)
    if problem is None:
        return
    named = [hint for hint, value in (hints or {}).items() if _problem(actual, value, rtol, atol, hint=True) is None]
    text = f"{problem} This is what comes out when {', or when '.join(named)}." if named else problem
    raise Mismatch(text, causes=[", or when ".join(named)] if named else [])


def _problem(actual: object, reference: Reference, rtol: float, atol: float, hint: bool = False) -> str | None:
    """What is wrong with `actual`, in one sentence, or None. A hint may be NaN, and of whole numbers."""
    if type(reference) is tuple:
        return _tuple_problem(actual, reference, rtol, atol, hint)
    wanted = torch.as_tensor(reference).detach()
    problem = kind_problem(actual, wanted)
    if problem is not None:
        return problem
    given = plain_tensor(actual)
    if given.shape != wanted.shape:
        return f"The shape is {_shape(given)}, it should be {_shape(wanted)}; the value is {_show(given)}."
    if not (hint or isinstance(reference, int) or type(actual) is int or given.is_floating_point()):
        return f"The answer is {given.dtype}, it should be floating point."
    return _value_problem(given, wanted, rtol, atol, hint)


def kind_problem(actual: object, wanted: Tensor) -> str | None:
    """Why the answer is no plain number or tensor of real numbers, or None if it is one."""
    if type(actual) not in (Tensor, torch.nn.Parameter, *_PLAIN_NUMBERS, *_NUMPY_NUMBERS):
        return _type_problem(actual, wanted)
    given = plain_tensor(actual)
    if given.layout != torch.strided or given.is_quantized or given.is_nested or given.is_meta:
        return "The answer is not an ordinary tensor of numbers (it is sparse, quantized or empty of data)."
    if given.dtype == torch.bool or given.is_complex():
        return f"The answer is {given.dtype}, it should be made of real numbers."
    return None


def plain_tensor(actual: Tensor | Number) -> Tensor:
    """The answer's numbers, whatever it has been made to say of itself."""
    if isinstance(actual, Tensor):
        return Tensor.detach(actual)  # the class's: `actual.detach` could be set to return anything
    if type(actual) is int and abs(actual) >= 2**63:  # more than a tensor holds
        return torch.tensor(math.inf if actual > 0 else -math.inf)
    return torch.as_tensor(actual)


def _tuple_problem(actual: object, reference: tuple, rtol: float, atol: float, hint: bool) -> str | None:
    if actual is None:
        return _type_problem(actual, torch.zeros(()))
    if not isinstance(actual, (tuple, list)) or len(actual) != len(reference):
        count = f" of {len(actual)}" if isinstance(actual, (tuple, list)) else ""
        return f"The answer should be a tuple of {len(reference)} values, it is a {type(actual).__name__}{count}."
    for position, (part, wanted) in enumerate(zip(actual, reference, strict=True), start=1):
        problem = _problem(part, wanted, rtol, atol, hint)
        if problem is not None:
            return f"Value {position} of {len(reference)}: {problem}"
    return None


def _type_problem(actual: object, wanted: Tensor) -> str:
    if actual is None:
        return "The function returned None; is a `return` missing?"
    if type(actual).__module__ == "torch.return_types":
        return "The answer holds values and their positions, as torch.min(…, dim) gives them; take its `.values`."
    what = "number or a torch tensor of one number" if wanted.ndim == 0 else f"torch tensor of shape {_shape(wanted)}"
    return f"The answer is a {type(actual).__name__}, it should be a {what}."


def _value_problem(given: Tensor, wanted: Tensor, rtol: float, atol: float, hint: bool) -> str | None:
    values, targets = given.double().flatten().tolist(), wanted.double().flatten().tolist()
    wrong = [i for i, (a, b) in enumerate(zip(values, targets, strict=True)) if not _close(a, b, rtol, atol, hint)]
    if not wrong:
        return None
    strange = [i for i in wrong if not math.isfinite(values[i]) and math.isfinite(targets[i])]
    if strange:
        return f"{len(strange)} of {len(values)} values are NaN or infinite: {_show(given)}, expected {_show(wanted)}."
    if len(values) <= 8:
        return f"Got {_show(given)}, expected {_show(wanted)}."
    worst = max(wrong, key=lambda i: abs(values[i] - targets[i]))
    place = ", ".join(str(int(i)) for i in np.unravel_index(worst, tuple(wanted.shape)))
    pair = f"it is {values[worst]:.6g}, expected {targets[worst]:.6g}"
    return f"{len(wrong)} of {len(values)} values are off; at [{place}] {pair}."


def _close(value: float, target: float, rtol: float, atol: float, hint: bool) -> bool:
    if math.isnan(value):
        return hint and math.isnan(target)
    if math.isinf(value) or math.isinf(target):
        return value == target
    return abs(value - target) <= atol + rtol * abs(target)


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape)) if tensor.ndim else "() (a single number)"


def _show(tensor: Tensor) -> str:
    """A few numbers, written as a list."""
    corner = itertools.product(*(range(min(size, 8)) for size in tensor.shape))
    values = [f"{tensor[place].double().item():.5g}" for place in itertools.islice(corner, 8)]
    text = ", ".join(values) + (", …" if tensor.numel() > 8 else "")
    return text if tensor.ndim == 0 else f"[{text}]"
