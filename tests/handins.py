"""Hand-ins for tests of the grader: solved and released labs, with cells of one's own in the place of theirs."""

from __future__ import annotations

import importlib
import inspect
import json

from grading.course.lab import Exercise, Part, Release, parts_of, read_release
from grading.intake.handin import Handin
from grading.judge.result import Result
from grading.sandbox.limits import Limits
from tests.lab_bank import ROOT

LAB = "lab5_vae"
QUICK = Limits(cell_seconds=3, exercise_seconds=3, grace_seconds=1)


def solved(lab: str = LAB) -> Handin:
    return _from("solutions", lab)


def released(lab: str = LAB) -> Handin:
    return Handin("anna", lab, read_release(lab).parts)


def _from(folder: str, lab: str) -> Handin:
    cells = json.loads((ROOT / folder / lab / f"{lab}.ipynb").read_text(encoding="utf-8"))["cells"]
    return Handin("anna", lab, parts_of(cells))


def answered(handin: Handin, exercise: str, source: str) -> Handin:
    """The hand-in with another cell for one exercise."""
    parts = (p._replace(source=source) if (p.role, p.grade_id) == ("solution", exercise) else p for p in handin.parts)
    return handin._replace(parts=tuple(parts))


def preceded(handin: Handin, source: str) -> Handin:
    """The hand-in with a cell of the student's own before all others."""
    return handin._replace(parts=(Part("", "code", source), *handin.parts))


def forged(cell: str, answer: str) -> Handin:
    """The released lab with a cell before all others, and this answer in the place of every function."""
    handin = preceded(released(), cell)
    solutions = {
        e.name: f"def {e.name}(*arguments, **options):\n    return {answer}" for e in read_release(LAB).exercises
    }
    parts = (
        p._replace(source=solutions[p.grade_id]) if p.grade_id in solutions and p.role == "solution" else p
        for p in handin.parts
    )
    return handin._replace(parts=tuple(parts))


def points(result: Result) -> dict[str, float | None]:
    return {exercise.name: exercise.points for exercise in result.exercises}


def tiny(visible: str, hidden: str = "", name: str = "f", set_up: str = "") -> Release:
    """A lab of one exercise, for 2 points, with this set-up and these halves of its test."""
    parts = (
        Part("", "code", "import torch\nfrom torch import tensor\nfrom vae_lib.testing import expect\n" + set_up),
        Part(name, "solution", f"def {name}(*arguments):\n    raise NotImplementedError"),
        Part(f"test_{name}", "test", visible),
    )
    both = f"{visible}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS\n"
    exercise = Exercise(name, f"test_{name}", f"Exercise 0.1 · {name}", 2.0, visible, both, (name,))
    return Release("tiny", parts, (exercise,), {}, "")


def hand_in(release: Release, source: str) -> Handin:
    """The tiny lab with this answer."""
    return answered(Handin("anna", release.lab, release.parts), release.exercises[0].name, source)


NO_MARKS = "def wrong(*names, **options):\n    return lambda function: function\n\n\nright = oracle = wrong"


def as_source(lab: str) -> str:
    """An answer bank as a notebook's cell: the whole module, what it imports from beside it in the import's place."""
    module = inspect.getsource(importlib.import_module(f"tests.answers.{lab}"))
    return "\n".join(_without_the_tests(line) for line in module.splitlines())


def _without_the_tests(line: str) -> str:
    """A line of a bank where there is no `tests` to import from."""
    if line.startswith("from tests.lab_bank import"):
        return NO_MARKS
    if line.startswith("from tests.answers."):
        source = inspect.getsource(importlib.import_module(line.split()[1]))
        return source.replace("from __future__ import annotations", "")
    return line
