"""Plain tests: a test that stand-ins cannot carry is run here, in the notebook's own variables.

It comes as code that the judge has compiled, so that no text of it is here, and it calls two functions under names made
for the occasion: one puts back what a student has patched (guard), one looks at what a test is about to compare.
"""

import builtins
import marshal
import random
import sys
import traceback
import types
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import torch

from grading.sandbox.inside.guard import Guard, mro_of
from vae_lib.testing.shares import Earned

HARMLESS = {  # what a class may say of itself without answering for what a test asks
    *("__module__", "__dict__", "__weakref__", "__doc__", "__qualname__", "__annotations__", "__slots__", "__new__"),
    *("__init__", "__repr__", "__str__", "__iter__", "__next__", "__call__", "__enter__", "__exit__", "__hash__"),
    *("__len__", "__getitem__", "__setitem__", "__del__", "__init_subclass__", "__match_args__", "__orig_bases__"),
    *("__parameters__", "__firstlineno__", "__static_attributes__", "__abstractmethods__", "__set_name__"),
}
BOXES = (list, tuple, set, frozenset, dict, deque)
SCALARS = {int, float, bool, str, bytes, complex, type(None)}
DEEPEST = 20


class PlainTests:
    """The plain tests of one notebook; `variables` are its own."""

    def __init__(self, variables: dict[str, Any]):
        self.variables = variables
        self.guard: Guard | None = None
        self.own: set[str] = set()
        self.kept: dict[str, dict[str, Any]] = {}  # by exercise: what the visible half of its test has bound

    def begin(self, header: dict) -> None:
        """Before the first cell: note what is to be put back. `own` are the classes that the lab itself defines."""
        self.guard, self.own = Guard(header["modules"]), set(header["own"])
        np.random.seed(0)  # noqa: NPY002  (a notebook may use it)
        random.seed(0)

    def run(self, header: dict, blobs: list[bytes]) -> dict:
        """How this half of a test ended: the points of its last line if that is a number, or its error, or neither.

        Of a hidden half nothing is told but whether it passed, and points, which are rounded.
        """
        key, mute, exercise, names = header["key"], header["mute"], header["exercise"], header["names"]
        hidden = header["hidden"]
        prelude, test, last = map(marshal.loads, blobs)
        header.clear()
        blobs.clear()
        try:
            value = self.play(exercise, hidden, prelude, (test, last), names)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            return {"key": key, "passed": False} | ({} if mute else {"said": self.told(error)})
        points = number(value)
        if mute:
            return {"key": key, "passed": True, "points": None if points is None else round(points, 3)}
        return {"key": key, "passed": True, "points": points, "shares": self.shares(value)}

    def shares(self, value: Any) -> list[list]:
        """The parts of a test that has named them: name, points, and the error of one that failed."""
        found = value.shares if type(value) is Earned else ()
        return [[share.name, share.points, share.error and self.told(share.error)] for share in found]

    def play(self, exercise: str, hidden: bool, prelude: types.CodeType, test: tuple, names: dict) -> Any:
        variables = self.variables
        self.guard.restore()
        before = dict(variables)
        variables["__builtins__"] = builtins
        for name in names["builtins"]:  # a student's own of that name would stand before it
            variables.pop(name, None)
        exec(prelude, variables)  # the lab's own imports and helpers, as they were handed out
        trusted = {name: value for name, value in variables.items() if before.get(name) is not value}
        variables.update(self.kept.get(exercise, {}) if hidden else {})
        modules = sorted({"builtins", *names["modules"]})
        start = dict(variables)
        variables |= {names["restore"]: lambda: self.guard.restore(modules), names["honest"]: self.honest}
        try:
            exec(test[0], variables)
            return eval(test[1], variables)
        finally:
            if not hidden:
                self.kept[exercise] = {n: v for n, v in variables.items() if start.get(n) is not v and n[:1] != "_"}
            self.guard.restore(["builtins"])  # what follows uses them
            self.put_back(before, trusted, names)

    def put_back(self, before: dict, trusted: dict, names: dict) -> None:
        """A student's own names in the place of the lab's, where the test has left these alone."""
        for name in (names["restore"], names["honest"]):
            self.variables.pop(name, None)
        for name in {*trusted, *names["builtins"]}:
            if self.variables.get(name) is trusted.get(name) and name in before:
                self.variables[name] = before[name]

    def honest(self, value: Any, depth: int = 0) -> Any:
        """The value, unless it is, or holds, an object that would itself decide what a test finds of it."""
        kind = type(value)
        if kind in SCALARS:
            return value
        if id(kind) not in self.guard.known:
            self.look_at(kind)
        if kind is torch.Tensor and any(map(callable, vars(value).values())):
            raise AssertionError("The answer is a tensor with methods of its own.")
        if depth < DEEPEST:
            for item in parts(value, mro_of(kind)):
                self.honest(item, depth + 1)
        return value

    def look_at(self, kind: type) -> None:
        for one in (*mro_of(kind), *mro_of(type(kind))):
            if id(one) in self.guard.known or one.__name__ in self.own or from_a_library(one):
                continue
            special = [n for n in type.__dict__["__dict__"].__get__(one) if n[:2] == n[-2:] == "__"]
            if odd := sorted(set(special) - HARMLESS):
                name = str(one.__name__)[:60]
                raise AssertionError(
                    f"The answer is an object of the class {name}, which itself says what it equals ({odd[0]}): "
                    "return plain numbers, text or containers."
                )

    def told(self, error: BaseException) -> dict:
        """The error with the line of the test, and the student's line, where it arose."""
        place, line = 0, ""
        for frame in traceback.extract_tb(error.__traceback__):
            place = frame.lineno if frame.filename in ("<visible test>", "<hidden test>") else place
            line = (frame.line or "") if frame.filename.startswith("<cell ") else line
        sides = error.args[0] if isinstance(error, AssertionError) and error.args else None
        compared = [[text, shown(value)] for text, value in sides] if is_sides(sides) else None
        base = next((t.__name__ for t in mro_of(type(error)) if t.__module__ == "builtins"), "")
        kind, message = type(error).__name__[:60], "" if compared is not None else str(error)[:2000]
        words = {"type": kind, "message": message, "line": line[:200], "base": base}
        return words | {"place": place, "compared": compared, "bare": not error.args}


def parts(value: Any, mro: tuple[type, ...]) -> Iterator[Any]:
    """What a container holds, one of each kind of plain things."""
    if dict in mro:
        yield from of_each_kind(dict.keys(value))
        yield from of_each_kind(dict.values(value))
    elif any(box in mro for box in BOXES):
        yield from of_each_kind(next(box for box in BOXES if box in mro).__iter__(value))
    elif type(value) is np.ndarray and value.dtype.hasobject:
        yield from of_each_kind(value.ravel().tolist())


def of_each_kind(items: Any) -> Iterator[Any]:
    items = list(items)
    if not set(map(type, items)) <= SCALARS:
        yield from items


def from_a_library(kind: type) -> bool:
    """Whether the class is its module's own, and the module no notebook."""
    module = sys.modules.get(str(kind.__module__))
    return bool(getattr(module, "__file__", None)) and getattr(module, kind.__name__, None) is kind


def is_sides(value: Any) -> bool:
    return type(value) is tuple and all(type(one) is tuple and len(one) == 2 for one in value)


def shown(value: Any) -> str:
    with suppress(Exception):
        return repr(value)[:500]
    return f"a {type(value).__name__}"


def number(value: Any) -> float | None:
    """The value of a test's last line as points, where it is a number."""
    if type(value) is torch.Tensor and value.numel() == 1 and value.dtype != torch.bool:
        return float(value)
    if type(value) in (int, float, Earned) or (isinstance(value, np.number) and type(value).__module__ == "numpy"):
        return float(value)
    return None
