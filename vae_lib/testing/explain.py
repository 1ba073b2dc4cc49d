"""The message on a wrong value: what is wrong, how it relates to the right one, both numbers, the arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Any

import torch
from torch import Tensor

from vae_lib.testing import shown
from vae_lib.testing.calls import Call, run
from vae_lib.testing.case import Case, exact
from vae_lib.testing.compare import Mismatch
from vae_lib.testing.partly import ROUGH, cut, partly
from vae_lib.testing.readings import readings
from vae_lib.testing.relations import Pair, relation
from vae_lib.testing.signature import Signature, Slot
from vae_lib.testing.tried import Tried, attempt, kinds, right, values
from vae_lib.testing.varying import varying

NOT_EVERYWHERE = " (This holds for ordinary numbers, not for every extreme.)"
RELATED = 1e-6  # how well a relation must hold in float64
Hints = Mapping[str, Callable | Sequence]  # what a slip gives: a function of the arguments, or numbers, case by case


def explained(
    tried: Tried, place: int, signature: Signature, function: Callable, cases: tuple[Case, ...], hints: Hints
) -> Mismatch:
    """The error to raise for a value that is wrong."""
    by_case = [{case: _slip(slip, n) for n, case in enumerate(cases)} for slip in hints.values()]
    slips = dict(zip(hints, by_case, strict=True))
    causes = _causes(everything(function, signature, cases), signature, function, slips) or _extreme(tried, place)
    given, wanted, slot = tried.values[place], tried.case.gives[place], signature.gives[place]
    name = f" of `{slot.name}`" if slot.name and len(signature.gives) > 1 else ""
    kind, head = _head(given, wanted, name, f", at {tried.case.where}" if tried.case.where else "")
    numbers = shown.both(given, wanted) + ("" if tried.dtype == torch.float32 else "\n(in float64)")
    asked = shown.arguments(tried.call.arguments)
    asked = "\nfor " + asked.replace("\n", "\n    ") if asked else ""
    told = causes if causes and kind == "value" else [head, *causes]
    return Mismatch(f"{' '.join(told)}\n{numbers}{asked}", kind, causes)


def _head(given: Tensor, wanted: Tensor, name: str, place: str) -> tuple[str, str]:
    """What kind of fault it is, and its sentence."""
    if given.shape != wanted.shape:
        return "shape", f"The shape{name} is {shown.shape(given)}, it should be {shown.shape(wanted)}{place}."
    strange = given[~torch.isfinite(given) & torch.isfinite(wanted)]
    if not strange.numel():
        return "value", f"The value{name} is wrong{place}."
    what = "NaN" if strange.isnan().all() else "infinite" if strange.isinf().all() else "NaN or infinite"
    return "finite", f"{strange.numel()} of {given.numel()} values{name} are {what}{place}."


def everything(function: Callable, signature: Signature, cases: tuple[Case, ...]) -> list[Tried]:
    """All cases that can be called, in both kinds of numbers; none if one is left, of which too much is true."""
    found = []
    for case in cases:
        try:
            found += [attempt(function, signature, case, dtype) for dtype in kinds(signature, case)]
        except Mismatch:
            continue
    ordinary = {id(tried.case) for tried in found if not tried.case.where}
    return found if len(ordinary) > 1 or len({id(tried.case) for tried in found}) == len(cases) else []


def _causes(
    all_tried: list[Tried], signature: Signature, function: Callable, slips: dict[str, dict[Case, Callable | None]]
) -> list[str]:
    """What is true of the answer in every case: a hand-written hint, or else a relation."""
    if not all_tried:
        return []
    if _nearly(all_tried):
        return _hinted(all_tried, slips) or _single(all_tried)
    return (
        _hinted(all_tried, slips)
        or _order(all_tried, signature)
        or _related(all_tried, signature)
        or _read(all_tried, signature, function)
        or _related(all_tried, signature, cut)
        or _ordinary(all_tried, signature, function)
        or _related(all_tried, signature, partly)
        or _roughly(all_tried)
        or _hinted_where_ordinary(all_tried, slips)
    )


def _ordinary(all_tried: list[Tried], signature: Signature, function: Callable) -> list[str]:
    """Where ordinary numbers are wrong: a number in between that has no name, or what is true of them alone."""
    some = [tried for tried in all_tried if not tried.case.where]
    tensors = all(slot.kind == "tensor" for slot in signature.gives)  # of a few whole numbers too much is true
    if not tensors or all(right(tried, place) for tried in some for place in range(len(tried.values))):
        return []
    found = _related(all_tried, signature, varying)
    if found or len(some) == len(all_tried) or len({id(tried.case) for tried in some}) == 1:
        return found
    if _nearly(some):  # as in `_causes`
        found = _single(some)
    else:
        found = _related(some, signature) or _read(some, signature, function) or _related(some, signature, varying)
    return [text + NOT_EVERYWHERE for text in found]


def _hinted_where_ordinary(all_tried: list[Tried], slips: dict[str, dict[Case, Callable | None]]) -> list[str]:
    """The hints that explain every case but extremes: there a slip multiplies what is rounded."""
    some = [tried for tried in all_tried if not tried.case.where]
    return [text + NOT_EVERYWHERE for text in _hinted(some, slips)] if some and not _nearly(some) else []


def _slip(slip: Callable | Sequence, place: int) -> Callable | None:
    """What a slip gives in the case at this place; a list that ends before says nothing of it."""
    if callable(slip):
        return slip
    return (lambda: slip[place]) if place < len(slip) else None


def _hinted(all_tried: list[Tried], slips: dict[str, dict[Case, Callable | None]]) -> list[str]:
    """The hand-written hints that explain every case."""
    found = [words for words, slip in slips.items() if _explains(slip, all_tried)]
    return [f"This is what comes out when {', or when '.join(found)}."] if found else []


def _explains(slip: dict[Case, Callable | None], all_tried: list[Tried]) -> bool:
    """Whether a slip gives every answer of which it says anything, and where it says nothing of some, a wrong one."""
    known = [tried for tried in all_tried if slip[tried.case]]
    told = len(known) == len(all_tried) or not _nearly(known)
    return told and all(_fits(tried, slip[tried.case]) for tried in known)


def _fits(tried: Tried, slip: Callable) -> bool:
    """Whether a slip gives what the student's function gave. It is called with the arguments that it names, and with
    `right`; None in its answer is what it should be."""
    known = inspect.signature(slip).parameters
    wanted = tried.case.gives
    given = tried.call.arguments | {"right": wanted if len(wanted) > 1 else wanted[0]}
    expected = slip(**{name: value for name, value in given.items() if name in known})
    expected = expected if isinstance(expected, tuple) else (expected,)
    expected = [w if e is None else exact(e) for e, w in zip(expected, wanted, strict=False)]
    rtol = max(tried.rtol, RELATED)
    return len(expected) == len(tried.values) and all(
        e.shape == v.shape
        and torch.allclose(v, e.double(), rtol=rtol, atol=max(rtol * 1e-2, tried.atol), equal_nan=True)
        for e, v in zip(expected, tried.values, strict=True)
    )


def _nearly(all_tried: list[Tried]) -> bool:
    """Right to float32's digits: then every relation that leaves the answer nearly as it is would fit."""
    return all(_to_single(tried, place) for tried in all_tried for place in range(len(tried.values)))


def _to_single(tried: Tried, place: int) -> bool:
    """Right, or off by what float32 rounds away of the largest entries: sums of them may be smaller."""
    given, wanted = tried.values[place], tried.case.gives[place].double()
    if right(tried, place, max(tried.rtol, RELATED)):
        return True
    return given.shape == wanted.shape and bool((given - wanted).abs().max() <= 2e-7 * wanted.abs().max())


def _single(all_tried: list[Tried]) -> list[str]:
    """Of an answer that is right to float32's digits: what it is where no more is special, since there a constant
    that helps at extremes does not show."""
    if all(right(tried, place) for tried in all_tried for place in range(len(tried.values)) if not tried.case.where):
        return []
    return [
        "It is right to float32's digits only: is a number inside float32 where the arguments are float64, "
        "or is a small constant added?"
    ]


def _roughly(all_tried: list[Tried]) -> list[str]:
    """Of an answer that is right to a few digits."""
    tensors = [(v, w.double()) for t in all_tried for v, w in zip(t.values, t.case.gives, strict=True)]
    if not all(v.shape == w.shape and torch.allclose(v, w, rtol=ROUGH, atol=1e-9) for v, w in tensors):
        return []
    return ["It is right to a few digits only: is something rounded or approximated, or a small constant added?"]


def _order(all_tried: list[Tried], signature: Signature) -> list[str]:
    """The right values in another order."""
    count = len(signature.gives)
    for order in list(permutations(range(count)))[1:]:
        if all(_ordered(tried, order) for tried in all_tried):
            names = [signature.gives[i].name or f"value {i + 1}" for i in order]
            return [f"The values are right, but in another order: {', '.join(names)}."]
    return []


def _ordered(tried: Tried, order: tuple[int, ...]) -> bool:
    moved = Tried(tried.case, tried.dtype, tried.call, [tried.values[order.index(i)] for i in range(len(order))])
    return all(right(moved, place, max(tried.rtol, RELATED)) for place in range(len(order)))


def _related(all_tried: list[Tried], signature: Signature, related: Callable = relation) -> list[str]:
    """The relation of each value that is wrong anywhere, of those that have one."""
    found: dict[str, list[str]] = {}
    for place, slot in enumerate(signature.gives):
        if not all(right(tried, place) for tried in all_tried):
            text = related([_pair(tried, place, slot, signature) for tried in all_tried])
            if text:
                found.setdefault(text, []).append(slot.name)
    return [f"`{'`, `'.join(names)}`: {text}" if names[0] else text for text, names in found.items()]


def _pair(tried: Tried, place: int, slot: Slot, signature: Signature) -> Pair:
    wanted, arguments = tried.case.gives[place].double(), tried.call.arguments
    inputs = {name: a.detach().double() for name, a in arguments.items() if isinstance(a, Tensor)}
    parts = {name: part[place].double() for name, part in tried.case.parts.items() if place < len(part)}
    sizes = signature.sizes(arguments)
    labels, rtol = slot.labels(wanted.ndim), max(tried.rtol, RELATED)
    return Pair(tried.values[place], wanted, labels, sizes, inputs, parts, rtol, tried.atol)


def _read(all_tried: list[Tried], signature: Signature, function: Callable) -> list[str]:
    viewed = any(tried.case.view and not tried.case.build for tried in all_tried)
    return readings(signature, [_trial(tried, signature, function) for tried in all_tried], viewed)


def _trial(tried: Tried, signature: Signature, function: Callable) -> tuple:
    """The arguments, the function of others, what it gave and should have given."""
    count = len(tried.call.arguments) if tried.case.build else len(tried.case.positional)

    def answer(arguments: dict[str, Any]) -> list[Tensor] | None:
        copies = {n: _copied(a) for n, a in arguments.items()}
        if tried.case.build:  # what was built has been used
            built, _ = tried.case.arguments(signature, tried.dtype)
            copies = {n: copies[n] if isinstance(a, Tensor) else a for n, a in built.items()}
        try:
            result = run(function, signature, copies, count, slopes=False)
            return values(Tried(tried.case, tried.dtype, Call(copies, result)), signature)
        except (Mismatch, RuntimeError):  # a view may fail on what such arguments give, as on NaN
            return None

    wanted = [w.double() for w in tried.case.gives]
    return dict(tried.call.arguments), answer, tried.values, wanted, max(tried.rtol, RELATED)


def _copied(argument: Any) -> Any:
    if isinstance(argument, list):
        return list(argument)
    return argument.detach().clone() if isinstance(argument, Tensor) else argument


def _extreme(tried: Tried, place: int) -> list[str]:
    """Right at ordinary numbers, wrong where the text names an extreme: all that can be said."""
    same_shape = tried.values[place].shape == tried.case.gives[place].shape
    where = tried.case.where.rstrip(",")
    return [f"Ordinary numbers come out right, but not {where}."] if where and same_shape else []
