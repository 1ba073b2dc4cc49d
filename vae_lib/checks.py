"""Checks at the door: what a public function was given, against what it needs.

Shapes are written as in the docstrings: ``checked(mu="B D", eps="... B D")`` says that ``mu`` has two axes, that
``eps`` ends in the same two and may have more in front. A letter stands for one size in the whole call.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor, nn

from vae_lib.axes import axes_of, bind_sizes, check_tensor
from vae_lib.errors import InputError, TooLarge, require
from vae_lib.rules import RULES, require_as

MOST_OUTSIDE = 4.0  # of [0, 1]: what a linear model reconstructs stays within, bytes do not
SIZES = {"count", "sizes", "image"}  # rules of what decides how much memory is taken
_NO_MEMORY = re.compile("can't allocate memory|out of memory|calculation overflowed|multiplication overflow")
_TWO_PLACES = re.compile(r"Expected a '(\w+)' device type for generator but found '(\w+)'")
Spec = str | tuple[str, ...] | Callable
_trusted: ContextVar[bool] = ContextVar("trusted", default=False)


@contextmanager
def trusted() -> Iterator[None]:
    """Switch the checks off for a loop over data that has been checked before it.

    A finiteness check reads every value and, on a GPU, waits for it: too dear for every step of a training run.
    """
    token = _trusted.set(True)
    try:
        yield
    finally:
        _trusted.reset(token)


def checking() -> bool:
    """Whether the checks are on."""
    return not _trusted.get()


def checked(**shapes: Spec) -> Callable:
    """Decorator: the named arguments are finite floating tensors of these shapes, and none is empty.

    `shapes` maps a parameter's name to its axes, e.g. ``x="B P"`` or ``logits="... B P"``. What the values are may
    stand before them (`axes.KINDS`), as in ``y="whole B"``. An axis called like a size of the model, as `n_pixels` is,
    has that size, and the tensor is then of the model's dtype and on its device. What is no tensor has a rule of
    `RULES`, as in ``n="count"`` or ``steps="count 2"``, a tuple of the words that it may be, or a function of the value
    and its label that raises. None is
    taken where it is the default, and `generator` is a torch.Generator.
    Of a class it decorates the constructor. What stands for a value is passed on, such as Python's number for NumPy's.
    Raises `InputError` in one sentence that names the function, the argument, what it was and what it must be; also
    where torch can do no more: for want of memory, with a dtype, or with a generator of another device.
    """

    def decorate(function: Callable) -> Callable:
        if isinstance(function, type):
            function.__init__ = decorate(function.__init__)
            return function
        signature, label = inspect.signature(function), function.__qualname__.removesuffix(".__init__")
        defaults = {k: p.default for k, p in signature.parameters.items() if p.default is not p.empty}
        takes = ", ".join(name for name in signature.parameters if name != "self")
        sizes = [k for k, spec in shapes.items() if isinstance(spec, str) and spec.split(" ")[0] in SIZES]

        def check(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError as error:
                raise InputError(f"{label}: {error}; it takes ({takes}).") from None
            given = bound.arguments
            left = {k for k, value in defaults.items() if k not in given or given[k] is value is None}
            made = check_shapes(label, {k: spec for k, spec in shapes.items() if k not in left}, given)
            RULES["generator"](given.get("generator"), f"{label}: generator")
            given.update(made)
            return (bound.args, bound.kwargs) if made else (args, kwargs)

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            try:
                if checking():
                    args, kwargs = check(args, kwargs)
                return function(*args, **kwargs)
            except (RuntimeError, MemoryError, TooLarge) as error:
                said = _in_a_sentence(error, label, sizes, dict(zip(signature.parameters, args, strict=False)) | kwargs)
                if not said:
                    raise
                raise said from error

        return wrapper

    return decorate


def _in_a_sentence(error: Exception, label: str, sizes: list[str], given: dict[str, object]) -> InputError | None:
    """What stopped torch, where it is a matter of what was given; None where another says it better."""
    text, tensors = str(error), {k: x for k, x in given.items() if isinstance(x, Tensor)}
    if isinstance(error, (MemoryError, TooLarge)) or _NO_MEMORY.search(text):
        less = f"take a smaller {' or '.join(sizes)}" if sizes else f"take fewer of {' and '.join(tensors)}"
        said = TooLarge(f"{label} needs more memory than there is; {less}.")
        return said if sizes or not isinstance(error, TooLarge) else None
    few = [k for k, x in tensors.items() if x.is_floating_point() and x.dtype.itemsize < 4]
    if few and "not implemented for" in text:
        what = f"{' and '.join(few)} must be float32 or float64, not {tensors[few[0]].dtype}"
        return InputError(f"{label}: {what}; call .float() on it.")
    places = _TWO_PLACES.search(text)
    return places and InputError(f"{label}: generator is of {places[2]}; make one with torch.Generator({places[1]!r}).")


def check_shapes(function: str, shapes: dict[str, Spec], arguments: dict[str, object]) -> dict[str, object]:
    """What `checked` does, for names and values given by hand; `function` is the name in the message. Returns what
    stands for a value from then on, where that is another."""
    model = arguments.get("self")
    sizes: dict[str, tuple[int, str]] = {}
    kinds: dict[tuple[torch.dtype, torch.device], str] = {}
    made: dict[str, object] = {}
    for name, spec in shapes.items():
        value, label = arguments.get(name), f"{function}: {name}"
        if isinstance(spec, tuple):
            require_as(isinstance(value, str) and value in spec, label, f"one of {', '.join(spec)}", value)
            continue
        rule, *least = (spec.split() or [""]) if isinstance(spec, str) else [spec]
        if callable(rule) or rule in RULES:
            stands = RULES.get(rule, rule)(value, label, *map(int, least))
            if stands is not None and stands is not value:
                made[name] = stands
            continue
        axes = axes_of(spec)
        check_tensor(label, value, axes.kind)
        for axis in axes.own:
            if isinstance(size := getattr(model, axis, None), int):
                sizes[axis] = size, "the model"
        bind_sizes(label, value.shape, axes, name, sizes)
        if axes.own and isinstance(model, nn.Module):
            require_same_place(label, value, model)
        if axes.kind == "unit":
            require_unit_interval(value, label)
        if axes.kind == "binary":
            require_within(value, 0, 1, label)
        if axes.kind != "any" and value.is_floating_point():
            kinds.setdefault((value.dtype, value.device), name)
    if len(kinds) > 1:
        raise InputError(f"{function}: {_unlike(kinds)}.")
    if not sizes and isinstance(model, nn.Module) and "_modules" in vars(model):  # which a constructor's has not yet
        require_values(function, model)
    return made


def _unlike(kinds: dict[tuple[torch.dtype, torch.device], str]) -> str:
    """In which way the tensors differ, and what to do."""
    dtypes, devices = ({kind[i]: name for kind, name in reversed(kinds.items())} for i in (0, 1))
    if len(dtypes) > 1:
        given = " and ".join(f"{name} is {dtype}" for dtype, name in reversed(dtypes.items()))
        return f"{given}; give all of them the same dtype"
    given = " and ".join(f"{name} lies on {device}" for device, name in reversed(devices.items()))
    return f"{given}; move all of them to one with .to(device)"


def require_values(function: str, model: nn.Module) -> None:
    """The model's parameters have values, which those on the device meta have not."""
    empty = next((p.is_meta for p in model.parameters()), False)
    require(
        not empty, f"{function}: the model lies on the device meta, where it has no values; make it anew on another."
    )


def require_returned(value: object, shape: tuple[int | None, ...], label: str) -> None:
    """What a function returned, called `label` in the message, is a tensor of this shape, None being any size."""
    given = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
    fits = len(given) == len(shape) and all(n in (None, m) for n, m in zip(shape, given, strict=True))
    need = f"({', '.join('…' if n is None else str(n) for n in shape)}{',' if len(shape) == 1 else ''})"
    require(fits, f"{label} must return a tensor of shape {need}, not {given}.")


def require_pair(value: object, what: str, label: str) -> None:
    """What a function returned, called `label` in the message, are two tensors, `what`."""
    fits = isinstance(value, (tuple, list)) and len(value) == 2 and all(isinstance(x, Tensor) for x in value)
    require(fits, f"{label} must return two tensors, {what}, not {type(value).__name__}.")


def require_within(x: Tensor, least: int, most: int, label: str) -> None:
    """Every one of the whole numbers `x` lies in `least` to `most`."""
    if checking():
        low, high = int(x.min()), int(x.max())
        require(least <= low and high <= most, f"{label} must lie in {least} to {most}, not {low} to {high}.")


def require_unit_interval(x: Tensor, label: str) -> None:
    """Every value of `x` lies in [0, 1]."""
    if checking():
        low, high = _ends(x)
        require(low >= 0 and high <= 1, f"{label} must lie in [0, 1], it runs from {_shown(low)} to {_shown(high)}.")


def require_near_unit_interval(x: Tensor, label: str) -> None:
    """No value of `x` is farther than `MOST_OUTSIDE` from [0, 1]: noise may leave it a little, bytes do not."""
    if checking():
        low, high = _ends(x)
        near = low >= -MOST_OUTSIDE and high <= 1 + MOST_OUTSIDE
        require(near, f"{label} must be pixels in [0, 1], it runs from {low:.4g} to {high:.4g}; scale them.")


def _ends(x: Tensor) -> tuple[float, float]:
    """The least and the largest value, in one pass; of NumPy's arrays, as explorers have them, in two."""
    least, most = x.detach().aminmax() if isinstance(x, Tensor) else (x.min(), x.max())
    return least.item(), most.item()


def _shown(value: float) -> str:
    """Four digits, or as many as it takes to stay outside [0, 1] where the value does."""
    short = f"{value:.4g}"
    return short if (0 <= float(short) <= 1) == (0 <= value <= 1) else f"{value:.9g}"


def require_same_place(label: str, x: Tensor, model: nn.Module) -> None:
    """`x` has the dtype of the model's parameters and lies on their device; `label` names it in the message."""
    weight = next(model.parameters(), None)
    if _trusted.get() or weight is None or torch.is_autocast_enabled(x.device.type):
        return
    require_values(label, model)
    if x.dtype != weight.dtype and x.is_floating_point():
        how = f"call .to({weight.dtype}) on it"
        raise InputError(f"{label} is {x.dtype}, the model is {weight.dtype}; {how}.")
    if x.device != weight.device:
        where = f"{label} lies on {x.device}, the model on {weight.device}"
        raise InputError(f"{where}; move one of them with .to(device).")
