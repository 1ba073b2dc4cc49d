"""Whether a lab can be graded: its own solution must earn everything, and the lab as handed out nothing."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path

from grading.course.folder import ROOT
from grading.course.lab import Exercise, Part, Release, digest, notebook_cells
from grading.intake.answers import parts as parts_with_answers
from grading.intake.handin import Handin
from grading.intake.notebook import read_notebook
from grading.intake.repair import repair
from grading.judge.result import ExerciseResult, Fault, Result
from grading.sandbox.inside.lacks import NOT_CARRIED

SOLVED, BLANK = "the lab's own solution", "the lab as handed out"
UNRUN = ("answer", "task")
WAY_OUT = "  (A test that is right in nbgrader itself needs what this grader lacks: grading/README.md lists what a "
WAY_OUT += "test may do. Write it so, or have its points given by hand.)"
PASSED = " (In Jupyter itself it earns them all.)"
STRIPPED = "the lab's own solution, when its cells have lost their ids and nbgrader's marks,"


def own_handins(release: Release, root: Path = ROOT) -> tuple[Handin, ...]:
    """The lab solved, and blank, on the way that every hand-in goes; the former once more without ids and marks,
    where that makes a difference."""
    source, released = (notebook_cells(folder, release.lab, root) for folder in ("solutions", "labs"))
    cells, solved = _through_intake(source, released)
    _, stripped = _through_intake(list(map(_bare, cells)), released)
    found = [(SOLVED, solved), (BLANK, _through_intake(released, released)[1])]
    found += [(STRIPPED, stripped)] if _in_short(stripped) != _in_short(solved) else []
    return tuple(Handin(who, release.lab, parts, digest=digest(parts)) for who, parts in found)


def _through_intake(cells: list[dict], released: list[dict]) -> tuple[list[dict], tuple[Part, ...]]:
    notebook, lab = (read_notebook(json.dumps({"cells": one}).encode()) for one in (cells, released))
    mended = repair(notebook, lab)[0]["cells"]
    return mended, parts_with_answers(mended, lab)[0]


def _bare(cell: dict) -> dict:
    return {key: value for key, value in cell.items() if key != "id"} | {"metadata": {}}


def _in_short(parts: tuple[Part, ...]) -> list[tuple]:
    """What is run of a hand-in, and where it is tested."""
    return [(part.role, part.grade_id, part.source, part.explore) for part in parts if part.role not in UNRUN]


def unsound(release: Release, solved: Result | None, blank: Result | None, *stripped: Result | None) -> dict[str, str]:
    """The tests that are not sound, by name, with the reason. The key "" stands for the lab as a whole."""
    if None in (solved, blank, *stripped):
        return {"": "the grader itself failed; its error stands above."}
    rows = zip(release.exercises, solved.exercises, blank.exercises, strict=True)
    found = {exercise.grade_id: _reason(exercise, *results, solved) for exercise, *results in rows}
    tests = [exercise.grade_id for exercise in release.exercises]
    cells = {fault.name: _told(fault) for fault in solved.faults if fault.name not in tests}
    found = cells | {grade_id: reason for grade_id, reason in found.items() if reason}
    return found or dict(lost for one in stripped for lost in _lost(release, one))


def _lost(release: Release, stripped: Result) -> Iterator[tuple[str, str]]:
    """The tests that a right answer does not pass where its cells are known by what they hold alone."""
    for exercise, result in zip(release.exercises, stripped.exercises, strict=True):
        if result.points != exercise.points:
            earned = f"earns {result.points or 0:g} of {exercise.points:g} points: {result.message}"
            yield exercise.grade_id, f"{STRIPPED} {earned}"


def _reason(exercise: Exercise, solved: ExerciseResult, blank: ExerciseResult, result: Result) -> str:
    if solved.points != exercise.points:
        faults = [fault for fault in result.faults if fault.name == exercise.grade_id]
        told = _told(faults[-1]) if faults else solved.message
        earned = (
            "cannot be graded" if solved.points is None else f"earns {solved.points:g} of {exercise.points:g} points"
        )
        return f"{SOLVED} {earned}: {told}"
    if blank.points:
        return f"{BLANK}, with nothing in it, earns {blank.points:g} of {exercise.points:g} points"
    return ""


def _told(fault: Fault) -> str:
    place = ", ".join(filter(None, (fault.where, fault.line and f"`{fault.line}`")))
    return f"{place}: {fault.reason}" if place else fault.reason


def unearned(found: dict[str, str]) -> list[str]:
    """The tests that the lab's own solution was run against without every point, or that need what is not here."""
    rows = [(name, reason) for name, reason in found.items() if name]
    return [name for name, reason in rows if reason.startswith(f"{SOLVED} earns") or NOT_CARRIED in reason]


def complaint(lab: str, found: dict[str, str], passed: Collection[str] = ()) -> str:
    """One message about a lab that cannot be graded, a line for each test. Those in `passed` Jupyter itself gives
    every point, so that it is not the lab that is wrong."""
    lines = [f"  {name or lab}: {reason}{PASSED * (name in passed)}" for name, reason in found.items()]
    source = f"source/{lab}" if "/" in lab else f"solutions/{lab}"
    head = f"{lab} cannot be graded as it is, so nobody is; the mistake is in {source}, not in any hand-in:"
    ours = (f"{SOLVED} cannot be graded", STRIPPED)
    if all(name in passed or reason.startswith(ours) for name, reason in found.items()):
        head = f"{lab} has what this grader cannot carry, so nobody is graded; neither {source} nor a hand-in is wrong:"
    return "\n".join([head, *lines, WAY_OUT])
