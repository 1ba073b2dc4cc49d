"""Whether gradients pass: the slope that autograd finds, against differences of the same function.

A function whose values are right tells its own slope: [f(a + h v) − f(a − h v)] / 2h along a direction v, in float64.
Where autograd says otherwise, something is cut out of the graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from vae_lib.testing.calls import call, run
from vae_lib.testing.case import Case
from vae_lib.testing.compare import Mismatch
from vae_lib.testing.shown import both, finite, number
from vae_lib.testing.signature import Signature, Slot

STEP = 1e-5


class Slope(NamedTuple):
    """Along one direction of one argument: what autograd says, and what the values say."""

    name: str
    found: float
    wanted: float

    @property
    def right(self) -> bool:
        return abs(self.found - self.wanted) <= 1e-6 + 1e-4 * abs(self.wanted)


def check_slopes(function: Callable, signature: Signature, cases: tuple[Case, ...]) -> None:
    """Mismatch where a gradient is cut, or is not that of the values."""
    if any("detached" in slot.marks for slot in signature.gives):
        return _detached(function, signature, cases)
    slots = [slot for slot in signature.takes if slot.floating]
    if not slots or not any(slot.floating and "estimate" not in slot.marks for slot in signature.gives):
        return None
    ordinary = [case for case in cases if not case.where and not case.build]
    if not all(right_together(function, signature, case, slots) for case in ordinary):
        found = [slope for case in ordinary for slope in one_by_one(function, signature, case, slots)]
        wrong = [slope for slope in found if not slope.right]
        if wrong:
            raise _mismatch(found, wrong)
    for case in cases:
        if case.slopes:
            _known(function, signature, case)
    return None


def right_together(function: Callable, signature: Signature, case: Case, slots: list[Slot]) -> bool:
    """Whether the slope is right along one direction of all arguments at once: three calls where nothing is wrong."""
    ways = _gradients(function, signature, case, slots)
    found = sum(float((gradient * way).sum()) for gradient, way in ways.values())
    wanted = difference(function, signature, case, {name: way for name, (_, way) in ways.items()})
    return Slope("", found, wanted).right


def one_by_one(function: Callable, signature: Signature, case: Case, slots: list[Slot]) -> list[Slope]:
    """The slope for each argument, where one of them is wrong."""
    ways = _gradients(function, signature, case, slots)
    slopes = [
        Slope(name, float((gradient * way).sum()), difference(function, signature, case, {name: way}))
        for name, (gradient, way) in ways.items()
    ]
    return [slope for slope in slopes if math.isfinite(slope.wanted)]


def _gradients(
    function: Callable, signature: Signature, case: Case, slots: list[Slot]
) -> dict[str, tuple[Tensor, Tensor]]:
    """What autograd finds for each argument, and the direction in which it is looked at."""
    given = call(function, signature, case, torch.float64, slopes=True)
    slots = [slot for slot in slots if slot.name in given.arguments]
    values = [given.arguments[slot.name] for slot in slots]
    found = gradients(total(case.seen(given.result, given.arguments), signature), values)
    ways = [direction(value, "sym" in slot.marks, n) for n, (slot, value) in enumerate(zip(slots, values, strict=True))]
    return {slot.name: (g, way) for slot, g, way in zip(slots, found, ways, strict=True)}


def gradients(whole: Tensor, values: list[Tensor]) -> list[Tensor]:
    """The slopes of a number; zeros where no graph leads."""
    if not whole.requires_grad:
        return [torch.zeros_like(value) for value in values]
    found = torch.autograd.grad(whole, values, allow_unused=True)
    return [torch.zeros_like(v) if g is None else g for g, v in zip(found, values, strict=True)]


def total(result: object, signature: Signature) -> Tensor:
    """Σ w y over the tensors y of the answer; the weights keep two slips from cancelling."""
    parts = result if len(signature.gives) > 1 else (result,)
    slots = zip(parts, signature.gives, strict=True)
    tensors = [torch.as_tensor(p) for p, slot in slots if slot.floating]  # a plain number has no graph
    return sum((t.double() * weights(t)).sum() for t in tensors) + torch.zeros((), dtype=torch.float64)


def weights(tensor: Tensor) -> Tensor:
    return 1 + 0.3 * torch.arange(1.0, tensor.numel() + 1, dtype=torch.float64).cos().reshape(tensor.shape)


def direction(value: Tensor, symmetric: bool, place: int) -> Tensor:
    """A way to step; another one for each argument, or a function of x − y would stay as it is."""
    way = 0.8 + 0.4 * (torch.arange(1.0, value.numel() + 1, dtype=value.dtype) * 2.3 + place).sin().reshape(value.shape)
    return (way + way.mT) / 2 if symmetric else way


def difference(function: Callable, signature: Signature, case: Case, ways: dict[str, Tensor]) -> float:
    """The slope along these directions, from two values beside the case; NaN where there is none."""
    sides = []
    for sign in (1, -1):
        arguments, count = case.arguments(signature, torch.float64)
        arguments |= {name: arguments[name] + sign * STEP * way for name, way in ways.items()}
        try:
            result = run(function, signature, arguments, count, slopes=False)
            sides.append(float(total(case.seen(result, arguments), signature).detach()))
        except Mismatch:  # a step outside what may be handed in, as pixels below 0
            return math.nan
    return (sides[0] - sides[1]) / (2 * STEP)


def _mismatch(slopes: list[Slope], wrong: list[Slope]) -> Mismatch:
    names = list(dict.fromkeys(slope.name for slope in wrong))
    if not all(math.isfinite(slope.found) for slope in wrong):
        text = (
            f"The gradient for {_listed(names)} is NaN or infinite: a step on the way has no slope, as √ has none at 0."
        )
        raise Mismatch(text, "slopes", [text])
    cut = [n for n in names if all(s.found == 0 for s in slopes if s.name == n)]
    if cut and len(cut) == len({s.name for s in slopes if s.wanted}):
        text = "The answer is cut off from its arguments, so nothing can be learned: no gradient reaches any of them."
    elif cut:
        text = f"No gradient reaches {_listed(cut)}, though the answer depends on {'it' if len(cut) == 1 else 'them'}."
    else:
        text = f"The gradient for {_listed(names)} is not the slope of the values: part of the way there is cut."
    first = wrong[0]
    ratio = first.found / first.wanted if first.wanted else math.nan
    detail = f"`{first.name}`: autograd says {number(first.found)}, the values {number(first.wanted)}"
    share = "" if not first.found or not math.isfinite(ratio) else f" ({ratio:.3g} of it)"
    reasons = "Graphs are cut by .detach(), .data, .item(), no_grad, NumPy and tensor(…)."
    return Mismatch(f"{text}\nAlong a line through {detail}{share}. {reasons}", "slopes", [text])


def _listed(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _known(function: Callable, signature: Signature, case: Case) -> None:
    """Slopes of the plain sum that are known, at extremes too, in both kinds of numbers."""
    for dtype, rtol in ((torch.float32, 1e-4), (torch.float64, 1e-6)):
        given = call(function, signature, case, dtype, slopes=True)
        parts = given.result if isinstance(given.result, (tuple, list)) else (given.result,)
        whole = plain_sum(parts)
        for name, wanted in case.slopes.items():
            value = given.arguments[name]
            found = (
                torch.autograd.grad(whole, value, allow_unused=True, retain_graph=True)[0]
                if whole is not None
                else None
            )
            found = torch.zeros_like(value) if found is None else found
            if found.shape != wanted.shape or not torch.allclose(found.double(), wanted, rtol=rtol, atol=1e-6):
                raise Mismatch(_known_text(case, name, found, wanted), "slopes", [_known_cause(case, name, found)])


def plain_sum(parts: tuple | list) -> Tensor | None:
    sums = [p.sum() for p in parts if isinstance(p, Tensor) and p.requires_grad]
    return sum(sums) if sums else None


def _known_cause(case: Case, name: str, found: Tensor) -> str:
    place = f" at {case.where}" if case.where else ""
    if not finite(found):
        return f"The gradient for `{name}` is NaN or infinite{place}."
    if not found.any():
        return f"No gradient reaches `{name}`{place}."
    return f"The gradient for `{name}` is wrong{place}: part of the way there is cut."


def _known_text(case: Case, name: str, found: Tensor, wanted: Tensor) -> str:
    return f"{_known_cause(case, name, found)}\n{both(found, wanted)}"


def _detached(function: Callable, signature: Signature, cases: tuple[Case, ...]) -> None:
    """An answer that is to carry no graph carries none."""
    result = call(function, signature, cases[0], torch.float32).result
    parts = result if isinstance(result, (tuple, list)) else (result,)
    if any(isinstance(part, Tensor) and part.requires_grad for part in parts):
        text = "The answer still carries a graph; it should be detached."
        raise Mismatch(text, "slopes", [text])
