"""Grade everything in submitted/ with nbgrader's own autograder.

One hand-in at a time: nbgrader stops a whole batch at one broken notebook. A hand-in that could
not be graded has no score, never 0 and never the one it had before.
"""

import csv
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from sqlalchemy.exc import SAWarning

from grading.course import ROOT, configuration, lab_names, nbgrader
from grading.release import reason, register

COLUMNS = ("student", "lab", "state", "score", "max_score", "reason")


class Score(NamedTuple):
    """One line of the table; state is graded, needs-manual or failed."""

    student: str
    lab: str
    state: str
    score: float | None = None
    max_score: float | None = None
    reason: str = ""


def grade(root: Path = ROOT) -> Iterator[Score]:
    """Grade submitted/STUDENT/LAB/LAB.ipynb and write feedback, one score after the other."""
    handed_in = sorted(path for path in (root / "submitted").glob("*/*") if path.is_dir())
    known = lab_names(root)
    register([name for name in known if any(path.name == name for path in handed_in)], root)
    api = nbgrader(configuration(root))
    for path in handed_in:
        student, lab = path.parent.name, path.name
        if lab not in known:
            yield Score(student, lab, "failed", reason="there is no lab of this name")
        elif not (path / f"{lab}.ipynb").is_file():
            yield Score(student, lab, "failed", reason=f"there is no {lab}.ipynb in it")
        else:
            yield grade_one(api, student, lab)


def grade_one(api: NbGraderAPI, student: str, lab: str) -> Score:
    with api.gradebook as gradebook:
        forget(gradebook, student, lab)
    with warnings.catch_warnings():
        # nbgrader's own, at each first hand-in; the scores are right
        warnings.filterwarnings("ignore", "Object of type <Submitted", SAWarning)
        result = api.autograde(lab, student)
    if not result["success"]:
        return Score(student, lab, "failed", reason=reason(result))
    api.generate_feedback(lab, student)
    with api.gradebook as gradebook:
        return recorded(gradebook, student, lab)


def forget(gradebook: Gradebook, student: str, lab: str) -> None:
    """Take the old mark out, so that a hand-in that fails now does not keep it."""
    try:
        submission = gradebook.find_submission(lab, student)
    except MissingEntry:
        return
    for notebook in submission.notebooks:
        for mark in notebook.grades:
            mark.auto_score, mark.needs_manual_grade = None, True
    gradebook.db.commit()


def recorded(gradebook: Gradebook, student: str, lab: str) -> Score:
    entry = gradebook.find_submission(lab, student)
    state = "needs-manual" if entry.needs_manual_grade else "graded"
    return Score(student, lab, state, entry.score, entry.max_score)


def export(scores: list[Score], root: Path = ROOT) -> Path:
    """Write grading_out/scores.csv; a hand-in without a score has an empty field there."""
    path = root / "grading_out" / "scores.csv"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(scores)
    return path


def table(scores: list[Score]) -> str:
    """The scores in columns for the terminal."""
    rows = [COLUMNS] + [tuple("" if field is None else str(field) for field in score) for score in scores]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(f.ljust(w) for f, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
