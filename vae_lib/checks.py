"""Checks at the door: what a public function was given, against what it needs.

Shapes are written as in the docstrings: ``checked(mu="B D", eps="... B D")`` says that ``mu`` has two axes, that
``eps`` ends in the same two and may have more in front. A letter stands for one size in the whole call.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor, nn

from vae_lib.axes import axes_of, bind_sizes, check_tensor
from vae_lib.errors import InputError, require
from vae_lib.rules import (
    RULES,
    as_path,
    is_number,
    require_at_least_zero,
    require_count,
    require_flag,
    require_function,
    require_generator,
    require_image_shape,
    require_module,
    require_number,
    require_positive,
    require_share,
    require_sizes,
    require_words,
)

__all__ = [
    "InputError",
    "as_path",
    "check_shapes",
    "checked",
    "checking",
    "is_number",
    "require",
    "require_at_least_zero",
    "require_count",
    "require_flag",
    "require_function",
    "require_generator",
    "require_image_shape",
    "require_module",
    "require_near_unit_interval",
    "require_number",
    "require_pair",
    "require_positive",
    "require_returned",
    "require_same_place",
    "require_share",
    "require_sizes",
    "require_unit_interval",
    "require_within",
    "require_words",
    "trusted",
]

MOST_OUTSIDE = 4.0  # of [0, 1]: what a linear model reconstructs stays within, bytes do not
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


def checked(**shapes: str | Callable) -> Callable:
    """Decorator: the named arguments are finite floating tensors of these shapes, and none is empty.

    `shapes` maps a parameter's name to its axes, e.g. ``x="B P"`` or ``logits="... B P"``. What the values are may
    stand before them (`axes.KINDS`), as in ``y="whole B"``. An axis called like a size of the model, as `n_pixels` is,
    has that size, and the tensor is then of the model's dtype and on its device. What is no tensor has a rule of
    `RULES`, as in ``n="count"`` or ``steps="count 2"``, or a function of the value and its label that raises. None is
    taken where it is the default, and `generator` is a torch.Generator.
    Raises `InputError` in one sentence that names the function, the argument, what it was and what it must be.
    """

    def decorate(function: Callable) -> Callable:
        signature, label = inspect.signature(function), function.__qualname__.removesuffix(".__init__")
        defaults = {k: p.default for k, p in signature.parameters.items() if p.default is not p.empty}

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            if checking():
                try:
                    arguments = signature.bind(*args, **kwargs).arguments
                except TypeError as error:
                    takes = ", ".join(signature.parameters)
                    raise InputError(f"{label}: {error}; it takes ({takes}).") from None
                left = {k for k, value in defaults.items() if k not in arguments or arguments[k] is value is None}
                check_shapes(label, {k: spec for k, spec in shapes.items() if k not in left}, arguments)
                require_generator(arguments.get("generator"), f"{label}: generator")
            return function(*args, **kwargs)

        return wrapper

    return decorate


def check_shapes(function: str, shapes: dict[str, str | Callable], arguments: dict[str, object]) -> None:
    """What `checked` does, for names and values given by hand; `function` is the name in the message."""
    model = arguments.get("self")
    sizes: dict[str, tuple[int, str]] = {}
    dtypes: dict[torch.dtype, str] = {}
    for name, spec in shapes.items():
        value, label = arguments.get(name), f"{function}: {name}"
        rule, *least = (spec.split() or [""]) if isinstance(spec, str) else [spec]
        if callable(rule) or rule in RULES:
            RULES.get(rule, rule)(value, label, *map(int, least))
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
            dtypes.setdefault(value.dtype, name)
    if len(dtypes) > 1:
        given = " and ".join(f"{name} is {dtype}" for dtype, name in dtypes.items())
        raise InputError(f"{function}: {given}; give all of them the same dtype.")


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
    how = f"call .to({weight.dtype}) on it"
    alike = x.dtype == weight.dtype or not x.is_floating_point()
    require(alike, f"{label} is {x.dtype}, the model is {weight.dtype}; {how}.")
    where = f"{label} lies on {x.device}, the model on {weight.device}"
    require(x.device == weight.device, f"{where}; move one of them with .to(device).")
