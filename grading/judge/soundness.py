"""Whether a lab can be graded: its own solution must earn everything, and the lab as handed out nothing."""

from pathlib import Path

from grading.course.folder import ROOT
from grading.course.lab import Exercise, Release, digest, notebook_cells, parts_of
from grading.intake.handin import Handin
from grading.judge.result import ExerciseResult, Fault, Result

SOLVED, BLANK = "the lab's own solution", "the lab as handed out"


def own_handins(release: Release, root: Path = ROOT) -> tuple[Handin, Handin]:
    """The lab solved, and blank, as two hand-ins."""
    solved = parts_of(notebook_cells("solutions", release.lab, root))
    return tuple(Handin(who, release.lab, parts, digest=digest(parts)) for who, parts in _both(solved, release))


def _both(solved: tuple, release: Release) -> tuple:
    return (SOLVED, solved), (BLANK, release.parts)


def unsound(release: Release, solved: Result | None, blank: Result | None) -> dict[str, str]:
    """The tests that are not sound, by name, with the reason. The key "" stands for the lab as a whole."""
    if solved is None or blank is None:
        return {"": "the grader itself failed; its error stands above."}
    rows = zip(release.exercises, solved.exercises, blank.exercises, strict=True)
    found = {exercise.grade_id: _reason(exercise, *results, solved) for exercise, *results in rows}
    tests = [exercise.grade_id for exercise in release.exercises]
    cells = {fault.name: _told(fault) for fault in solved.faults if fault.name not in tests}
    return cells | {grade_id: reason for grade_id, reason in found.items() if reason}


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


def complaint(lab: str, found: dict[str, str]) -> str:
    """One message about a lab that cannot be graded, a line for each test."""
    lines = [f"  {name or lab}: {reason}" for name, reason in found.items()]
    source = f"source/{lab}" if "/" in lab else f"solutions/{lab}"
    head = f"{lab} cannot be graded as it is, so nobody is; the mistake is in {source}, not in any hand-in:"
    return "\n".join([head, *lines])
