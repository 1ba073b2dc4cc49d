"""While a student's answer is tried, the library's own is not to be had: whoever calls it meets one sentence.

The function objects themselves refuse, so that it does not matter how one was reached: by import, as an attribute,
under another name, or kept from an earlier cell. Other functions of the library that use one meet the same.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType, ModuleType

from vae_lib.testing.compare import Mismatch

KNOWN: dict[int, ModuleType] = {}


class OwnWork(Mismatch):
    """The answer is the library's."""


def refuse(exercise: str, name: str) -> None:
    """Raise the sentence."""
    which = "the library's" if name == exercise else f"the library's {name}, which gives it away,"
    text = f"{exercise} is what this exercise asks you to write; {which} is not to be had while it is tested."
    raise OwnWork(text, "own work", [text])


@contextmanager
def refused(exercise: str, others: Iterable[str] = (), look: bool = True) -> Iterator[None]:
    """While it lasts, whatever `vae_lib` calls `exercise`, or by one of the other names, refuses to run.

    `look` goes through the loaded modules first, which takes longer than many a function that is tried.
    """
    names, kept = (exercise, *others), []

    def shut(module: ModuleType) -> None:
        for name in names:
            for function in functions(vars(module).get(name)):
                kept.append((function, function.__code__))
                function.__code__ = refusing(exercise, name, function.__code__.co_freevars)

    def loaded(loader: SourceFileLoader, module: ModuleType) -> None:
        before(loader, module)  # imported or reloaded just now: it has them anew
        if module.__name__.partition(".")[0] == "vae_lib":
            shut(module)

    before = SourceFileLoader.exec_module
    SourceFileLoader.exec_module = loaded
    try:
        if look:
            note()
        for module in list(KNOWN.values()):
            shut(module)
        yield
    finally:
        SourceFileLoader.exec_module = before
        for function, code in reversed(kept):
            function.__code__ = code


def guarded(function: Callable, exercise: str, others: Iterable[str] = ()) -> Callable:
    """The function, called with the library's answer out of reach. One that runs elsewhere is guarded there."""
    if getattr(function, "runs_elsewhere", False):
        return function

    @functools.wraps(function)
    def call(*arguments: object, **options: object) -> object:
        with refused(exercise, others):
            return function(*arguments, **options)

    return call


def watch() -> None:
    """From now on, note each module of the library when it is loaded, so that nobody need look for it."""
    before = SourceFileLoader.exec_module

    def noted(loader: SourceFileLoader, module: ModuleType) -> None:
        before(loader, module)
        if module.__name__.partition(".")[0] == "vae_lib":
            KNOWN[id(module)] = module

    SourceFileLoader.exec_module = noted


def note() -> None:
    """Remember the library's modules, so that one that is taken out of `sys.modules` is still known."""
    for name in [name for name in tuple(sys.modules) if name[:7] == "vae_lib"]:
        if isinstance(sys.modules[name], ModuleType):
            KNOWN[id(sys.modules[name])] = sys.modules[name]


def functions(thing: object) -> Iterator[FunctionType]:
    """The library's Python functions in a thing: itself and what it wraps, a class's methods."""
    if isinstance(thing, type) and thing.__module__.partition(".")[0] == "vae_lib":
        members = [getattr(m, "__func__", None) or getattr(m, "fget", None) or m for m in vars(thing).values()]
        for member in members:
            yield from functions(member) if not isinstance(member, type) else ()
    while isinstance(thing, FunctionType):
        if str(thing.__module__).partition(".")[0] == "vae_lib":
            yield thing
        thing = getattr(thing, "__wrapped__", None)


@functools.lru_cache(maxsize=256)
def refusing(exercise: str, name: str, free: tuple[str, ...]) -> CodeType:
    """Code that raises the sentence, for a function that closes over these names."""
    call = f"__import__({__name__!r}, fromlist=['refuse']).refuse({exercise!r}, {name!r})"
    made = compile(f"def {name}(*arguments, **options):\n    {call}", __file__, "exec")
    (code,) = (part for part in made.co_consts if isinstance(part, CodeType))
    return code.replace(co_freevars=free)


note()
