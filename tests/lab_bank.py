"""The labs as the tests see them: cells by role, and what an answer earns, without a kernel.

An answer bank, `tests/answers/<lab>.py`, is plain Python: functions marked `wrong`, `right` or `oracle` for one
exercise. Each is put in
the place of the solution, and the lab's own test cells are run on it.
"""

from __future__ import annotations

import importlib
import io
import re
import tokenize
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType
from typing import NamedTuple
from unittest.mock import patch

import nbformat

ROOT = Path(__file__).parent.parent
LABS = sorted(p.name for p in (ROOT / "solutions").iterdir() if p.is_dir() and not p.name.startswith("."))

_HIDDEN = re.compile(r"^### BEGIN HIDDEN TESTS$.*?^### END HIDDEN TESTS$\n?", re.MULTILINE | re.DOTALL)


class Outcome(NamedTuple):
    """What one exercise earned, and where it failed the message and the causes that it names."""

    points: float
    max_points: float
    message: str
    causes: tuple[str, ...] = ()


_HEADING = re.compile(r"^### (Exercise|Question) (\d+)\.(\w+) · .+ \((\d+) points?\)$", re.MULTILINE)


def title_line(lab: str) -> str:
    """The line under a lab's title."""
    first = nbformat.read(ROOT / "solutions" / lab / f"{lab}.ipynb", as_version=4).cells[0].source
    return first.splitlines()[2]


class Heading(NamedTuple):
    """What an exercise's or a question's heading says."""

    kind: str
    chapter: int
    number: str
    points: float


def headings(lab: str) -> list[Heading]:
    cells = nbformat.read(ROOT / "solutions" / lab / f"{lab}.ipynb", as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return [Heading(kind, int(n), number, float(points)) for kind, n, number, points in _HEADING.findall(text)]


@dataclass(frozen=True)
class Exercise:
    """One function of a lab: the cell that defines it and the cell that tests it."""

    name: str
    solution: str
    test: str
    points: float

    @property
    def visible_test(self) -> str:
        return _HIDDEN.sub("", self.test)


@dataclass(frozen=True)
class Lab:
    """A lab's cells by role; `setup` cells come first, `exercises` in the notebook's order."""

    name: str
    setup: tuple[str, ...]
    exercises: dict[str, Exercise]
    manual: dict[str, float]
    namespace: dict = field(repr=False, compare=False)


class Answer(NamedTuple):
    """One entry of a bank: `function` answers `exercise`; `kind` is wrong, right or oracle.

    `true` are words that may be said of a wrong answer, since they are true of it.
    """

    exercise: str
    kind: str
    function: Callable
    true: tuple[str, ...] = ()


def wrong(exercise: str, *true: str) -> Callable:
    """Mark a usual mistake. `true`: each cause that the visible test names must contain one of these; none if it is
    not to name any."""
    return _mark(exercise, "wrong", true)


def right(exercise: str) -> Callable:
    """Mark a correct answer written otherwise than the solution."""
    return _mark(exercise, "right")


def oracle(exercise: str) -> Callable:
    """Mark a second route to the reference numbers: an outside library, quadrature, a closed form; no code shared
    with the solution."""
    return _mark(exercise, "oracle")


def _mark(exercise: str, kind: str, true: tuple[str, ...] = ()) -> Callable:
    def decorate(function: Callable) -> Callable:
        function.answer = Answer(exercise, kind, function, true)
        return function

    return decorate


def what_is_missing(lab: str) -> list[str]:
    """The files that a lab is made of and that are not there."""
    files = [f"solutions/{lab}/{lab}.ipynb", f"tests/answers/{lab}.py"]
    return [file for file in files if not (ROOT / file).is_file()]


@cache
def bank(lab: str) -> tuple[Answer, ...]:
    """All answers of a lab's bank, in the order they are written; none where the lab is not complete."""
    if what_is_missing(lab):
        return ()
    module = importlib.import_module(f"tests.answers.{lab}")
    return tuple(value.answer for value in vars(module).values() if hasattr(value, "answer"))


@cache
def load(name: str) -> Lab:
    """Read a lab's source and run its setup and its solutions once."""
    cells = nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4).cells
    setup, solutions, exercises, manual = [], {}, {}, {}
    for cell in cells:
        grader = cell.metadata.get("nbgrader", {})
        if grader.get("grade") and grader.get("solution"):
            manual[grader["grade_id"]] = grader["points"]
        elif grader.get("grade"):
            exercise = grader["grade_id"].removeprefix("test_")
            exercises[exercise] = Exercise(exercise, solutions[exercise], cell.source, grader["points"])
        elif grader.get("solution"):
            solutions[grader["grade_id"]] = cell.source
        elif cell.cell_type == "code" and "explore" not in cell.metadata.get("tags", []):
            setup.append(cell.source)
    namespace = {"__name__": name}
    for source in (*setup, *solutions.values()):
        exec(_compile(source), namespace)
    return Lab(name, tuple(setup), exercises, manual, namespace)


def grade(lab: Lab, exercise: Exercise, answers: dict[str, Callable], visible: bool = False) -> Outcome:
    """What `exercise` earns when `answers` stand in the place of the lab's solutions."""
    # solutions look names up in their own globals, so they are defined again in the namespace where the answer stands
    namespace = dict(lab.namespace)
    for other in lab.exercises.values():
        exec(_compile(other.solution), namespace)
    namespace.update(answers)
    try:
        # a bank makes wrong answers out of the library's right ones, which a check refuses elsewhere
        with patch("vae_lib.testing.lab.guarded", lambda function, *_: function):
            exec(_compile(exercise.visible_test if visible else exercise.test), namespace)
    except Exception as error:
        return Outcome(0, exercise.points, f"{type(error).__name__}: {error}", getattr(error, "causes", ()))
    return Outcome(exercise.points, exercise.points, "")


def touched_by(lab: Lab, name: str) -> list[Exercise]:
    """The exercises whose test can reach `name`: it is named in the test, or in a solution that the test reaches."""
    return [e for e in lab.exercises.values() if name in _reach(lab, e.test)]


def _reach(lab: Lab, source: str) -> set[str]:
    seen: set[str] = set()
    fresh = _names(source)
    while fresh:
        seen |= fresh
        sources = [lab.exercises[n].solution for n in fresh if n in lab.exercises]
        fresh = set().union(*map(_names, sources)) - seen
    return seen


@cache
def _names(source: str) -> frozenset[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return frozenset(t.string for t in tokens if t.type == tokenize.NAME)


@cache
def _compile(source: str) -> CodeType:
    return compile(source, "<cell>", "exec")
