"""A course in nbgrader's layout through a term, graded at once: an answer is right where it holds the word."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from grading.grade import Options, grade_class
from grading.judge.result import GRADED, NEEDS_MANUAL, ExerciseResult, Result
from tests import tiny_course
from tests.tiny_course import checking, solution

RIGHT, WRONG = "def {name}():\n    return 'right'", "def {name}():\n    return 'no'"


def judge(jobs):
    """In the place of the sandbox and the judge: no code is run."""
    for task, release in jobs:
        sources = {part.grade_id: part.source for part in task.handin.parts}
        results = tuple(
            ExerciseResult(e.name, e.grade_id, e.points * ("right" in sources.get(e.name, "")), e.points, GRADED)
            for e in release.exercises
        )
        state = NEEDS_MANUAL if release.answers else GRADED
        yield task.ticket, Result(task.handin.student, task.handin.lab, state, results)


class Term:
    """The course, what it said last, and ways to change it."""

    def __init__(self, folder: Path):
        self.folder, self.said = folder, []
        tiny_course.write(folder / "nbgrader_config.py", None)
        (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'term'\n")

    def assign(self, lab: str, points: float = 2, question: float = 0) -> None:
        """Write ASSIGNMENT/NOTEBOOK and release it; its exercise is called as the two are."""
        name = lab.replace("/", "_")
        body = f"def {name}():\n    ### BEGIN SOLUTION\n    return 'right'\n    ### END SOLUTION"
        cells = [
            tiny_course.text(f"# {lab}"),
            solution(body, name),
            checking(f"assert {name}() == 'right'", f"test_{name}", points),
        ]
        if question:
            cells.append(tiny_course.text("So.", tiny_course.mark(f"why_{name}", solution=True, points=question)))
        notebook = tiny_course.source_notebook() | {"cells": cells}
        bare = [one | {"source": tiny_course.without_secrets("".join(one["source"]))} for one in cells]
        if question:
            bare[-1]["source"] = "YOUR ANSWER HERE"
        tiny_course.write(self.folder / "source" / f"{lab}.ipynb", notebook)
        tiny_course.write(self.folder / "release" / f"{lab}.ipynb", notebook | {"cells": bare})

    def work(self, lab: str, answer: str = RIGHT) -> str:
        """The lab's notebook with its exercise answered, and its question where it has one."""
        notebook = json.loads((self.folder / "release" / f"{lab}.ipynb").read_text())
        name = lab.replace("/", "_")
        for cell in notebook["cells"]:
            called = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if called == name:
                cell["source"] = answer.format(name=name)
            if called == f"why_{name}":
                cell["source"] = "Because."
        return json.dumps(notebook)

    def hand_in(self, student: str, lab: str, answer: str = RIGHT, into: str = "submitted", work: str = "") -> None:
        path = self.folder / into / student / f"{lab}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(work or self.work(lab, answer))

    def class_list(self, *names: str) -> None:
        (self.folder / "students.csv").write_text("\n".join(["id", *names]) + "\n")

    def grade(self, submitted: str = "submitted", **options) -> dict:
        """(state, score) by student and lab."""
        self.said = []
        given = Options(self.folder / submitted, self.folder, jobs=1, **options)
        entries = grade_class(given, self.said.append, self.folder)
        return {(e.student, e.lab): (e.state, e.score) for e in entries}

    def scores(self) -> dict:
        """(score, state) by student and lab, as scores.csv has them."""
        with (self.folder / "scores.csv").open(newline="", encoding="utf-8") as file:
            return {(row["student"], row["lab"]): (row["score"], row["state"]) for row in csv.DictReader(file)}


@pytest.fixture
def term(tmp_path, monkeypatch):
    """An empty course; nothing of it is run."""
    monkeypatch.setattr("grading.grade.engine", lambda workers, scheduler: judge)
    return Term(tmp_path)
