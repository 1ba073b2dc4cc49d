"""A walk along the doors: every argument of a right call, damaged in every way that its kind allows.

A table has calls that are right, by the names of their arguments. What is damaged must be refused by one `InputError`
of one sentence that names the argument; what a door takes all the same stands in its list of what is free.
"""

from __future__ import annotations

import importlib
import inspect
import math
import os
import pkgutil
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from vae_lib import InputError

DAMAGES = {
    "a list": lambda x: x.tolist(),
    "whole numbers": lambda x: x.long(),
    "truth values": lambda x: x > 0,
    "NaN": lambda x: x.index_fill(-1, torch.tensor([0]), math.nan),
    "infinite": lambda x: x.index_fill(-1, torch.tensor([0]), math.inf),
    "empty": lambda x: x[:0],
    "one number": lambda x: x.sum(),
    "an array": lambda x: x.numpy(),
    "a tuple": lambda x: tuple(x),
    "a word": lambda x: "x",
    "no values": lambda x: x.to("meta"),
    "sparse": lambda x: x.to_sparse(),
    "one column more": lambda x: torch.cat([x, x[..., :1]], -1),
}
MORE = {
    "None": lambda x: None,
    "one axis more": lambda x: x.expand(2, *x.shape),
    "one row more": lambda x: torch.cat([x, x[:1]]),
    "float64": lambda x: x.double(),
}
OF_WHOLE = {
    "floating": lambda x: x.float(),
    "below 0": lambda x: x - 100,
    "huge": lambda x: x + 100,
}
OF_TRUTH = {"whole numbers": lambda x: x.long(), "floating": lambda x: x.float()}
NOT_OF_WHOLE = {"whole numbers", "NaN", "infinite", "float64"}
NOT_OF_TRUTH = {"truth values", "NaN", "infinite", "float64"}


def returns_a_word(*given):
    return "x"


def returns_nothing(*given):
    return None


VALUES = {
    int: [-1, 1.5, "3", None, True, math.nan, math.inf, [3], 0],
    float: [-1.0, math.nan, math.inf, "1", None, True, [1.0]],
    bool: ["no", 2, None, []],
    str: ["toaster", "", 3, None, ["x"]],
    tuple: [3, None, "x", (), (0,), (-1, 2), (1.5, 2.5), ("a", "b")],
    list: [3, None, "x", [], [0], [-1, 2], [1.5, 2.5], ["a", "b"]],
    dict: [3, None, "x", [], {}, {"x": "y"}],
    torch.Generator: ["x", 3, torch.manual_seed, np.random.default_rng(0), np.random],
    Callable: [None, 3, "x", returns_a_word, returns_nothing],
    nn.Module: [None, 3, "x", nn.Identity(), nn.Linear],
    os.PathLike: [3, None, ""],
    object: [None, 3, "x", []],
}


class Table(NamedTuple):
    """Calls, by name: a function and what it is given. `free` has for an argument, written "name.argument", the inputs
    that are right as well; the end of it holds for all that end so. `said` is what a sentence calls an argument."""

    calls: dict[str, tuple[Callable, dict]]
    free: dict[str, set[str]]
    said: dict[str, str]

    def of(self, name: str, key: str) -> set[str]:
        """What this argument takes besides."""
        return set().union(*(self.free.get(end, ()) for end in _ends(name, key)))

    def word(self, name: str, key: str) -> str:
        """What a sentence calls it, as a pattern."""
        return next((self.said[end] for end in _ends(name, key) if end in self.said), key)

    def arguments(self) -> list[tuple[str, str]]:
        """All of them, as (name, argument)."""
        return [(name, key) for name, (_, given) in self.calls.items() for key in given]


def _ends(name: str, key: str) -> list[str]:
    """ "module.Class.method.argument", "Class.method.argument", and so on."""
    parts = f"{name}.{key}".split(".")
    return [".".join(parts[i:]) for i in range(len(parts))]


def with_generator(calls: dict[str, tuple[Callable, dict]]) -> dict[str, tuple[Callable, dict]]:
    """The same calls with a generator, wherever a function takes one."""
    return {
        name: (function, given | {"generator": seeded()} if "generator" in parameters(function) else given)
        for name, (function, given) in calls.items()
    }


def parameters(function: Callable) -> dict[str, inspect.Parameter]:
    return inspect.signature(function).parameters


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def kind_of(value: object) -> type:
    """Under which key of VALUES it is damaged."""
    kinds = (bool, int, float, str, list, dict, torch.Generator, nn.Module, os.PathLike)
    if type(value) is tuple:
        return tuple
    return next((kind for kind in kinds if isinstance(value, kind)), Callable if callable(value) else object)


def damaged(function: Callable, given: dict, key: str) -> Iterator[tuple[str, object]]:
    """Everything wrong that may stand in the place of `given[key]`, each with its name."""
    value, right = given[key], _right(function, given, key)
    for what, wrong in _wrong(value):
        if what not in right:
            yield what, wrong


def _right(function: Callable, given: dict, key: str) -> set[str]:
    """Damages that are none, since nothing else says what the size, or the dtype, is."""
    value, owner = given[key], getattr(function, "__self__", None)
    others = [x for k, x in given.items() if k != key and isinstance(x, Tensor)]
    modelled = any(_has_weights(x) for x in (owner, *given.values()))
    sizes = {size for x in others for size in x.shape}
    right = {"None"} if optional(function, key) else set()
    if isinstance(value, Tensor):
        sizes |= set(value.shape) if value.ndim > 1 and value.shape[-1] == value.shape[-2] else set()
        right |= set() if value.ndim and value.shape[0] in sizes else {"one row more"}
        fixed = (value.ndim and value.shape[-1] in sizes) or (value.ndim > 1 and modelled)
        right |= set() if fixed else {"one column more"}
        right |= set() if modelled or any(x.is_floating_point() for x in others) else {"float64"}
        right |= set() if value.ndim else {"one number"}
    return right


def _has_weights(value: object) -> bool:
    return isinstance(value, nn.Module) and any(True for _ in value.parameters())


def _wrong(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from ((repr(wrong), wrong) for wrong in (None, 3, "x", []))
        yield "a tuple", tuple(value)
        for field, part in value._asdict().items():
            if not isinstance(part, Tensor):
                continue
            yield from ((f"{field}: {what}", value._replace(**{field: x})) for what, x in _tensors(part))
    elif isinstance(value, Tensor):
        yield from _tensors(value)
    else:
        wrong = VALUES[kind_of(value)]
        yield from ((repr(x) if not callable(x) else getattr(x, "__name__", repr(x)), x) for x in wrong)


def _tensors(value: Tensor) -> Iterator[tuple[str, object]]:
    ways = DAMAGES | MORE
    if value.dtype == torch.bool:
        ways = {k: f for k, f in (ways | OF_TRUTH).items() if k not in NOT_OF_TRUTH}
    elif not value.is_floating_point():
        ways = {k: f for k, f in (ways | OF_WHOLE).items() if k not in NOT_OF_WHOLE}
    for what, way in ways.items():
        try:
            yield what, way(value)
        except (RuntimeError, IndexError, TypeError):  # a number has no columns
            continue


def optional(function: Callable, key: str) -> bool:
    """Whether None is right because it is the default."""
    given = parameters(function).get(key)
    return given is not None and given.default is None


def faults(table: Table, name: str, key: str) -> list[str]:
    """What this argument takes and ought not to, or refuses in another way than by a sentence that names it."""
    function, given = table.calls[name]
    free, word = table.of(name, key), table.word(name, key)
    found, used = [], set()
    own = free - table.free.get(key, set())  # what holds for all calls need not hold for this one
    for what, value in damaged(function, given, key):
        said = _answer(function, given | {key: value}, word)
        if what in free:
            used.add(what)
        elif said:
            found.append(f"{what}: {said}")
    return found + [f"{what}: free, and there is no such input" for what in own - used]


def _answer(function: Callable, given: dict, word: str) -> str:
    """ "" where it is refused as it ought to be; else what happened."""
    try:
        function(**given)
    except InputError as error:
        return _sentence_fault(str(error), word)
    except Exception as error:
        return f"{type(error).__name__} {error}".splitlines()[0][:150]
    return "passed"


def _sentence_fault(text: str, word: str) -> str:
    one = "\n" not in text and len(text) < 260 and text.endswith(".") and not re.search(r"\.\s+[A-Z]", text)
    named = re.search(rf"\b({word}|the model)\b", text)
    return "" if one and named else f"said {text!r}"


def inputs(table: Table) -> tuple[int, int]:
    """How many inputs are refused, and how many are free."""
    refused = free = 0
    for name, key in table.arguments():
        function, given = table.calls[name]
        names = {what for what, _ in damaged(function, given, key)}
        free += len(table.of(name, key) & names)
        refused += len(names - table.of(name, key))
    return refused, free


def public_names(module_name: str) -> set[str]:
    """A module's doors: functions, classes with a constructor, and methods, as `name` or `Class.name`."""
    module = importlib.import_module(module_name)
    listed = getattr(module, "__all__", [n for n in vars(module) if not n.startswith("_")])
    found = set()
    for name in listed:
        value = getattr(module, name)
        if getattr(value, "__module__", "") != module_name and not module_name.endswith("explore"):
            continue
        if inspect.isfunction(value) or hasattr(value, "__wrapped__"):
            found.add(name)
        elif inspect.isclass(value):
            found |= {name} | {f"{name}.{n}" for n, v in vars(value).items() if _is_door(n, v)}
    return found


def _is_door(name: str, value: object) -> bool:
    return not name.startswith("_") and inspect.isfunction(value)


def modules(package: str) -> list[str]:
    """The modules in a package."""
    found = pkgutil.iter_modules(importlib.import_module(package).__path__)
    return [f"{package}.{module.name}" for module in found]


def main() -> None:
    """Say how large the tables are: ``python -m tests.vae_lib.doors``."""
    for name in ("beyond.test_doors", "explore.test_doors", "test_doors"):
        table = importlib.import_module(f"tests.vae_lib.{name}").TABLE
        refused, free = inputs(table)
        print(f"{name}: {len(table.calls)} doors, {len(table.arguments())} arguments, {refused} refused, {free} free")


if __name__ == "__main__":
    main()
