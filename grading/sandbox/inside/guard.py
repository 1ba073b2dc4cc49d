"""What plain tests rely on, noted before a student's first cell is run, and put back before each line of a test.

Functions, classes and their methods are put back, and numbers such as pi; what a library keeps for itself in its
modules is left alone. Python lets code do much that is not seen here: see SECURITY.md.
"""

import builtins
import importlib
import sys
import types
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

ROOTS = {
    *("builtins", "math", "cmath", "operator", "functools", "itertools", "collections", "contextlib", "io", "re"),
    *("random", "inspect", "types", "numbers", "fractions", "decimal", "statistics", "copy", "unittest", "doctest"),
    *("os", "pathlib", "posixpath", "_pytest", "pytest", "numpy", "abc", "warnings", "traceback", "json"),
}
TORCH = {  # of 2,000 modules those that a test may call
    *("torch", "torch._C", "torch._tensor", "torch.functional", "torch.linalg", "torch.nn.functional"),
    *("torch.testing", "torch.testing._comparison", "torch._VF", "torch.overrides"),
}
OWN = ("vae_lib.testing", "vae_lib.checks")  # the rest of the library refuses or not, as an exercise asks for
CONSTANTS = (str, int, tuple, frozenset)  # of a module that a test or the set-up imports
IMMUTABLE = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE
mro_of = type.__dict__["__mro__"].__get__  # a metaclass can say anything of itself


class Kept:
    """One module as it was."""

    def __init__(self, module: types.ModuleType, text: bool = False):
        self.module, self.names = module, set(vars(module))
        self.entries = {name: value for name, value in vars(module).items() if callable(value) or fixed(value)}
        self.entries |= {n: v for n, v in vars(module).items() if text and type(v) in CONSTANTS and n[:1] != "_"}
        self.classes = [
            (v, members_of(v)) for v in self.entries.values() if is_class(v) and not v.__flags__ & IMMUTABLE
        ]
        found = [*self.entries.values(), *(member for _, members in self.classes for member in members.values())]
        self.functions = [Body(function) for value in found for function in functions(value)]

    def restore(self, allowed: dict[tuple[int, str], Any]) -> None:
        now, here = vars(self.module), id(self.module)
        for name, value in self.entries.items():
            value = allowed.get((here, name), value)
            if now.get(name) is not value:
                now[name] = value
        for name in [name for name in now if name not in self.names and hasattr(builtins, name)]:
            del now[name]  # it would stand before the builtin
        for kind, members in self.classes:
            restore_class(kind, members, allowed)
        for body in self.functions:
            body.restore()


class Body:
    """What a Python function does, apart from its name."""

    def __init__(self, function: types.FunctionType):
        self.function, self.code = function, function.__code__
        self.defaults, self.named = function.__defaults__, function.__kwdefaults__
        cells = [(cell, contents(cell)) for cell in function.__closure__ or ()]
        self.cells = [(cell, value) for cell, value in cells if callable(value)]

    def restore(self) -> None:
        function = self.function
        if function.__code__ is not self.code:
            function.__code__ = self.code
        if function.__defaults__ is not self.defaults:
            function.__defaults__ = self.defaults
        if function.__kwdefaults__ is not self.named:
            function.__kwdefaults__ = self.named
        for cell, value in self.cells:
            if contents(cell) is not value:
                cell.cell_contents = value


class Guard:
    """`restore()` puts everything back, `restore(names)` the modules of these names; but for what the test that is run
    has itself put into the place of something (`allowed`)."""

    def __init__(self, wanted: Iterable[str]):
        wanted = [name for name in wanted if name]
        for name in wanted:
            with suppress(Exception):
                importlib.import_module(name)
        roots = ROOTS | {name.partition(".")[0] for name in wanted} - {"vae_lib", "grading", "torch", "__main__"}
        found = {name: module for name, module in sys.modules.items() if type(module) is types.ModuleType}
        chosen = [n for n in found if n.partition(".")[0] in roots or n in TORCH or n.startswith(OWN)]
        self.kept = {name: Kept(found[name], name in wanted) for name in chosen}
        self.builtins = dict(vars(builtins))
        self.known = {id(kind) for kind in all_types()}
        self.classes = {id(kind): (kind, members) for one in self.kept.values() for kind, members in one.classes}
        self.allowed: dict[tuple[int, str], Any] = {}
        self.paths = [(values, list(values)) for values in (sys.meta_path, sys.path_hooks)]

    def restore(self, names: Iterable[str] | None = None) -> None:
        for name in self.kept if names is None else names:
            if name in self.kept:
                self.kept[name].restore(self.allowed)
                if sys.modules.get(name) is not self.kept[name].module:
                    sys.modules[name] = self.kept[name].module
        if names is None:
            sys.settrace(None)
            sys.setprofile(None)
            for values, before in self.paths:
                values[:] = before

    def settle(self, kind: type) -> None:
        """Put back what a class, and those that it comes from, do."""
        for one in mro_of(kind):
            if id(one) in self.classes:
                restore_class(*self.classes[id(one)], self.allowed)


def restore_class(kind: type, members: dict[str, Any], allowed: dict[tuple[int, str], Any] | None = None) -> None:
    now = vars(kind)
    for name, member in members.items():
        member = (allowed or {}).get((id(kind), name), member)
        if now.get(name) is not member:
            with suppress(TypeError, AttributeError):
                type.__setattr__(kind, name, member)
    if len(now) > len(members):
        for name in [name for name, member in now.items() if name not in members and is_code(member)]:
            if name[:2] == "__":  # it stands before what was inherited; `__new__` and the like come with the class
                with suppress(TypeError, AttributeError):
                    type.__delattr__(kind, name)


def functions(value: Any) -> Iterator[types.FunctionType]:
    """The Python functions that something is made of, by its true type: it may answer anything when asked."""
    while type(value) in (staticmethod, classmethod):
        value = value.__func__
    while type(value) is types.FunctionType:
        yield value
        value = vars(value).get("__wrapped__")
    if type(value) is property:
        yield from (part for part in (value.fget, value.fset) if type(part) is types.FunctionType)


def members_of(kind: type) -> dict[str, Any]:
    return {name: member for name, member in vars(kind).items() if is_code(member)}


def is_class(value: Any) -> bool:
    return issubclass(type(value), type)


def fixed(value: Any) -> bool:
    return type(value) in (float, complex, types.ModuleType)


def is_code(member: Any) -> bool:
    return callable(member) or type(member) in (property, classmethod, staticmethod)


def contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # empty
        return None


def all_types() -> Iterator[type]:
    """Every class that there is."""
    waiting, seen = [object], set()
    while waiting:
        kind = waiting.pop()
        if id(kind) not in seen:
            seen.add(id(kind))
            waiting += type.__subclasses__(kind)
            yield kind
