"""Plain tests: a test that stand-ins cannot carry is run here, in the notebook's own variables.

It comes as code that the judge has compiled, so that no text of it is here, and it calls two functions under names made
for the occasion: one puts back what a student has patched (guard), one looks at what a test is about to compare.
"""

import marshal
import random
import sys
import traceback
import types
import weakref
from contextlib import suppress
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch

from grading.sandbox.inside.contents import SCALARS, attributes, own_names, parts
from grading.sandbox.inside.errors import lacking, limit_met
from grading.sandbox.inside.given import GivenClasses
from grading.sandbox.inside.guard import Guard, mro_of
from grading.sandbox.inside.patching import patched
from grading.sandbox.inside.scope import Scope, copies
from vae_lib.testing.shares import Earned

HARMLESS = {  # what a class may say of itself without answering for what a test asks
    *("__module__", "__dict__", "__weakref__", "__doc__", "__qualname__", "__annotations__", "__slots__", "__new__"),
    *("__init__", "__repr__", "__str__", "__iter__", "__next__", "__call__", "__enter__", "__exit__", "__hash__"),
    *("__len__", "__getitem__", "__setitem__", "__del__", "__init_subclass__", "__match_args__", "__orig_bases__"),
    *("__parameters__", "__firstlineno__", "__static_attributes__", "__abstractmethods__", "__set_name__"),
    *("__getnewargs__", "__replace__"),  # of a namedtuple, which equals what a tuple does
}
DEEPEST = 20


class Unjudged(BaseException):
    """An answer of a kind that says itself what it equals: right or not, no test can tell."""


class PlainTests:
    """The plain tests of one notebook; `variables` are its own."""

    def __init__(self, variables: dict[str, Any]):
        self.variables = variables
        self.guard: Guard | None = None
        self.own: set[str] = set()
        self.kept: dict[str, dict[str, Any]] = {}  # by exercise: what its hidden half begins with
        self.made: dict[int, Any] = {}
        self.kinds: dict[str, list[type]] = {}
        self.loose: dict[int, type] = {}
        self.mocks = False
        self.given = GivenClasses()
        self.here: dict[str, type] = {}

    def begin(self, header: dict, blobs: list[bytes]) -> list[str]:
        """Before the first cell: note what is to be put back. `own` are the classes that the lab itself defines. The
        names of those that notebook and tests share."""
        self.kinds = loose_kinds()
        self.guard, self.own = Guard(header["modules"]), set(header["own"])
        self.given.make(marshal.loads(blobs[0]), header["classes"], self.variables)
        np.random.seed(0)  # noqa: NPY002  (a notebook may use it)
        random.seed(0)
        return list(self.given.by_name)

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
            limit = "class" if isinstance(error, Unjudged) else lacking(error)[0]
            failed = {"key": key, "passed": False, "limit": limit}
            return failed | ({} if mute else {"said": self.told(error)})
        points = number(value)
        if mute:
            rounded = None if points is None else round(points, 3)
            return {"key": key, "passed": True, "points": rounded, "held": held(value)}
        return {"key": key, "passed": True, "points": points, "shares": self.shares(value)}

    def shares(self, value: Any) -> list[list]:
        """The parts of a test that has named them: name, points, and the error of one that failed."""
        found = value.shares if type(value) is Earned else ()
        return [[share.name, share.points, share.error and self.told(share.error)] for share in found]

    def play(self, exercise: str, hidden: bool, prelude: types.CodeType, test: tuple, names: dict) -> Any:
        """Both halves begin with the lab's own imports, helpers and numbers, as they were handed out. The hidden half
        finds what the test needs as it was when the visible half had been run."""
        live, needs = self.variables, set(names["needs"])
        self.guard.allowed.clear()
        self.guard.restore()
        self.given.restore(whole=True)
        told = [kinds for word, kinds in self.kinds.items() if word not in names["loose"]]
        self.loose = {id(kind): kind for kinds in told for kind in kinds}
        self.mocks = "mock" in names["loose"]
        scope = Scope(live, needs, set(names["shared"]))
        self.here = {name: self.given.by_name[name].kind for name in names["classes"]}
        scope.update(self.here)
        exec(prelude, scope)
        scope.own = False
        before = {name: live[name] for name in needs if name in live}
        for name, value in self.kept.get(exercise, {}).items() if hidden else ():
            scope[name] = value
        start = dict(scope)
        dict.update(scope, {names["restore"]: lambda: self.restore(names["modules"])})
        dict.update(scope, {names["honest"]: self.honest, names["made"]: self.made_here})
        dict.update(scope, {names["settled"]: self.settled})
        dict.update(scope, {names["patched"]: lambda value: patched(value, self.guard, self.made_here)})
        try:
            exec(test[0], scope)
            return eval(test[1], scope)
        finally:
            self.guard.allowed.clear()
            self.guard.restore(["builtins"])  # what follows uses them
            if hidden:
                live.update(before)
            else:
                self.keep(exercise, needs, {n: v for n, v in scope.items() if start.get(n) is not v and n[:1] != "_"})

    def restore(self, modules: list[str]) -> None:
        self.guard.restore(modules)
        self.given.restore()

    def keep(self, exercise: str, needs: set[str], bound: dict[str, Any]) -> None:
        """What the visible half of a test has bound is the notebook's, too, as it is in Jupyter."""
        needed = {name: self.variables[name] for name in needs if name in self.variables}
        self.kept[exercise] = copies(needed | bound)
        self.variables.update(bound)

    def settled(self, value: Any) -> Any:
        """What a test is about to look at, with its class as it was."""
        self.given.restore()
        self.guard.settle(type(value))
        return value

    def made_here(self, value: Any) -> Any:
        """What a test makes of a kind that is loose in what it equals, it may compare with."""
        self.made[id(value)] = value
        return value

    def honest(self, value: Any, depth: int = 0, met: frozenset[int] | set[int] = frozenset()) -> Any:
        """The value, unless it is, or holds, an object that would itself decide what a test finds of it."""
        kind = type(value)
        if kind in SCALARS or id(value) in self.made:
            return value
        if depth == 0:
            self.settled(value)
        if any(id(one) in self.loose for one in mro_of(kind)) and kind.__name__ not in self.own:
            raise Unjudged(kind.__name__)
        if id(kind) not in self.guard.known and self.here.get(kind.__name__, kind) is not kind:
            raise Unjudged(kind.__name__)  # the lab's class, written anew, is another
        if id(kind) not in self.guard.known and not (self.mocks and mock.NonCallableMock in mro_of(kind)):
            self.look_at(kind)
        if type not in mro_of(kind) and "__bases__" in own_names(value):
            raise Unjudged(kind.__name__)  # it poses as a class
        if kind is torch.Tensor and any(map(callable, vars(value).values())):
            raise AssertionError("The answer is a tensor with methods of its own.")
        if depth < DEEPEST:
            given = () if self.given.ids.isdisjoint(map(id, mro_of(kind))) or id(value) in met else attributes(value)
            met = met or set()  # objects may know each other in a circle
            met |= {id(value)}
            for item in (*parts(value, mro_of(kind)), *given):
                self.honest(item, depth + 1, met)
        return value

    def look_at(self, kind: type) -> None:
        for one in (*mro_of(kind), *mro_of(type(kind))):
            if id(one) in self.guard.known or one.__name__ in self.own or from_a_library(one):
                continue
            special = [n for n in type.__dict__["__dict__"].__get__(one) if n[:2] == n[-2:] == "__"]
            if set(special) - HARMLESS:
                raise Unjudged(one.__name__)

    def told(self, error: BaseException) -> dict:
        """The error with the line of the test, and the student's line, where it arose."""
        place, line = 0, ""
        for frame in traceback.extract_tb(error.__traceback__):
            place = frame.lineno if frame.filename in ("<visible test>", "<hidden test>") else place
            line = (frame.line or "") if frame.filename.startswith("<cell ") else line
        sides = error.args[0] if isinstance(error, AssertionError) and error.args else None
        compared = [[text, shown(value)] for text, value in sides] if is_sides(sides) else None
        base = next((t.__name__ for t in mro_of(type(error)) if t.__module__ == "builtins"), "")
        kind, message = type(error).__name__[:60], limit_met(error) or str(error)
        message = "" if compared is not None else message[:2000]
        words = {"type": kind, "message": message, "line": line[:200], "base": base}
        return words | {"place": place, "compared": compared, "bare": not error.args}


def loose_kinds() -> dict[str, list[type]]:
    """Classes of libraries whose objects equal whatever they are told to, by the word for them in a test."""
    approx = mro_of(type(pytest.approx(1.0)))[1]
    proxies = [weakref.ProxyType, weakref.CallableProxyType]
    return {"approx": [approx], "mock": [type(mock.ANY), type(mock.call)], "ma": [np.ma.MaskedArray], "proxy": proxies}


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


def held(value: Any) -> list[bool]:
    """Which parts of a test held, and nothing else of them."""
    return [share.error is None for share in value.shares] if type(value) is Earned else []


def number(value: Any) -> float | None:
    """The value of a test's last line as points, where it is a number."""
    if type(value) is torch.Tensor and value.numel() == 1 and value.dtype != torch.bool:
        return float(value)
    if type(value) in (int, float, Earned) or (isinstance(value, np.number) and type(value).__module__ == "numpy"):
        return float(value)
    return None
