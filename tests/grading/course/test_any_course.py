"""Any course: nbgrader's own quickstart, several notebooks an assignment, files beside them, tasks, code by hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbgrader as nbgrader_package
import pytest
from nbconvert import HTMLExporter
from nbgrader.api import Gradebook

from grading.commands.marking import Exporter
from grading.course.folder import GradingError, lab_names
from grading.course.lab import grader, read_release, role, text
from grading.grade import Options, grade_class
from tests import tiny_course
from tests.tiny_course import checking, code, mark, solution

pytestmark = pytest.mark.sandbox

NOTEBOOKS = ("problem1", "problem2", "problem3")
AUTOTESTS = Path(nbgrader_package.__file__).parent / "docs" / "source" / "user_guide" / "autotests.yml"
HALF = {  # what a half hand-in has in the place of the solutions
    "squares": "def squares(n):\n    return [i ** 2 for i in range(1, n + 1)]",  # no error for n < 1
    "sum_of_squares": "def sum_of_squares(n):\n    return n * (n + 1) * (2 * n + 1) // 6",  # without squares
    "part-a": "It computes something.",
    "thrice": "def thrice(x):\n    return 6",  # right where all can see it
}
WANTED = {
    "right": {"correct_squares": 1.0, "squares_invalid_input": 1.0, "correct_sum_of_squares": 0.5},
    "half": {"correct_squares": 1.0, "squares_invalid_input": 0.0, "correct_sum_of_squares": 0.5},
    "blank": {"correct_squares": 0.0, "squares_invalid_input": 0.0, "correct_sum_of_squares": 0.0},
}


def nbgrader(course: Path, *words: str) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    command = [sys.executable, "-W", "ignore", "-m", "nbgrader", *words]
    done = subprocess.run(command, cwd=course, env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def answered(course: Path, notebook: str, answers: dict[str, str] | None) -> dict:
    """The released notebook with these answers; None: with the author's own."""
    released, source = (
        json.loads((course / f / "ps1" / f"{notebook}.ipynb").read_text()) for f in ("release", "source")
    )
    own = {grader(c)["grade_id"]: text(c) for c in source["cells"] if role(c) in ("solution", "answer")}
    given = own if answers is None else answers
    for cell in released["cells"]:
        name = grader(cell).get("grade_id")
        if role(cell) in ("solution", "answer") and name in given:
            cell["source"] = given[name]
    return released


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course that `nbgrader quickstart` makes, released, with three hand-ins that stock nbgrader has graded."""
    folder = tmp_path_factory.mktemp("any")
    nbgrader(folder, "quickstart", "course101")
    course = folder / "course101"
    shutil.copy(AUTOTESTS, course)
    tiny_course.write(course / "source" / "ps1" / "problem3.ipynb", autotested())
    nbgrader(course, "generate_assignment", "ps1")
    for student, answers in (("right", None), ("half", HALF), ("blank", {})):
        for notebook in NOTEBOOKS:
            place = course / "submitted" / student / "ps1" / f"{notebook}.ipynb"
            tiny_course.write(place, answered(course, notebook, answers))
    nbgrader(course, "autograde", "ps1")
    return course


def autotested() -> dict:
    """A notebook whose test nbgrader writes: what `thrice` gives is asked for, openly and by a hash."""
    answer = solution("def thrice(x):\n    ### BEGIN SOLUTION\n    return 3 * x\n    ### END SOLUTION", "thrice")
    test = checking("### AUTOTEST thrice(2)\n### HASHED AUTOTEST thrice(5)", "test_thrice", 2)
    cells = [{**cell, "metadata": {"nbgrader": cell["metadata"]["nbgrader"]}} for cell in (answer, test)]
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": python}, "nbformat": 4, "nbformat_minor": 4}


def marks(gradebook: Path) -> dict:
    """What each cell of each hand-in has: its automatic score, and whether a person is to look at it."""
    with Gradebook(f"sqlite:///{gradebook}") as book:
        return {
            (one.student.id, notebook.name, grade.name): (grade.auto_score, grade.needs_manual_grade, grade.max_score)
            for one in book.assignment_submissions("ps1")
            for notebook in one.notebooks
            for grade in notebook.grades
        }


@pytest.mark.slow
def test_nbgraders_quickstart_course_is_graded_as_nbgrader_grades_it(course, tmp_path):
    lines = []
    entries = grade_class(Options(course / "submitted", tmp_path, jobs=1), lines.append, course)
    stock, ours = marks(course / "gradebook.db"), marks(tmp_path / "gradebook.db")
    assert ours == stock
    for student, points in WANTED.items():
        for name, score in points.items():
            assert ours[student, "problem1", name][0] == score
    assert (
        "  ps1/problem1: run plainly, inside the sandbox (see grading/SECURITY.md): sum_of_squares_uses_squares"
        in lines
    )
    assert {(e.student, e.lab, e.score) for e in entries if e.student == "right"} == {
        ("right", "ps1/problem1", 3.0),
        ("right", "ps1/problem2", None),
        ("right", "ps1/problem3", 2.0),
    }
    assert (tmp_path / "feedback" / "half" / "ps1" / "problem1.html").is_file()
    shown = json.loads((tmp_path / "autograded" / "right" / "ps1" / "problem1.ipynb").read_text())
    assert any(role(cell) == "answer" and cell["cell_type"] == "code" for cell in shown["cells"])
    assert [ours[student, "problem3", "test_thrice"][0] for student in WANTED] == [2.0, 0.0, 0.0]
    lines.clear()
    assert len(grade_class(Options(course / "submitted", tmp_path, jobs=1), lines.append, course)) == 9
    assert sum(line.endswith("(as before)") for line in lines) == 9
    assert marks(tmp_path / "gradebook.db") == stock


@pytest.mark.slow
def test_a_reader_sees_the_model_answer_of_the_notebook_in_hand(course):
    for notebook in ("problem1", "problem2"):
        handed_in = course / "submitted" / "half" / "ps1" / f"{notebook}.ipynb"
        page, _ = Exporter(HTMLExporter(), course).from_filename(str(handed_in), {"assignment_id": "ps1"})
        source = json.loads((course / "source" / "ps1" / f"{notebook}.ipynb").read_text())
        answers = [text(cell) for cell in source["cells"] if role(cell) == "answer"]
        assert page.count("Model answer and rubric") == len(answers) > 0


TASK = {"grade_id": "experiment", "grade": False, "locked": True, "points": 3, "schema_version": 3, "solution": False}
PICTURE = "import matplotlib.pyplot as plt\nplt.plot([0, 1])\nprint('drawn')\nplt.show()"


@pytest.fixture
def small(tmp_path):
    """A course in nbgrader's layout: a file read by set-up, solution and test, code by hand, and a task."""
    cells = [
        code("from pathlib import Path\nnumbers = [int(n) for n in Path('data/numbers.txt').read_text().split()]"),
        solution(
            "def total():\n    ### BEGIN SOLUTION\n"
            "    return sum(map(int, Path('data/numbers.txt').read_text().split()))\n    ### END SOLUTION"
        ),
        checking(
            "assert total() == sum(numbers)\n"
            "assert total() == sum(map(int, Path('data/numbers.txt').read_text().split()))",
            points=1,
        ),
        code(f"### BEGIN SOLUTION\n{PICTURE}\n### END SOLUTION", mark("plot", solution=True, points=2)),
        tiny_course.text("Try something.", {"nbgrader": TASK | {"task": True}}),
    ]
    made = tiny_course.of(tmp_path / "made", *cells)
    for ours, theirs in (("solutions", "source"), ("labs", "release")):
        (tmp_path / theirs / "hw").mkdir(parents=True)
        shutil.copy(made / ours / "tiny" / "tiny.ipynb", tmp_path / theirs / "hw" / "one.ipynb")
        (tmp_path / theirs / "hw" / "data").mkdir()
        (tmp_path / theirs / "hw" / "data" / "numbers.txt").write_text("3\n4\n")
    return tmp_path


def test_files_tasks_and_code_by_hand(small, tmp_path):
    assert lab_names(small) == ["hw/one"]
    release = read_release("hw/one", small)
    assert release.answers == {"plot": 2.0, "experiment": 3.0}
    assert release.files == (("data/numbers.txt", b"3\n4\n"),)
    notebook = json.loads((small / "release" / "hw" / "one.ipynb").read_text())
    notebook["cells"][1]["source"] = (
        "def total():\n    return sum(int(n) for n in Path('data/numbers.txt').read_text().split())"
    )
    notebook["cells"][3]["source"] = PICTURE
    tiny_course.write(small / "submitted" / "anna" / "hw" / "one.ipynb", notebook)
    before = Path.cwd()
    out = small / "out"
    (entry,) = grade_class(Options(small / "submitted", out, jobs=1), lambda line: None, small)
    assert Path.cwd() == before
    assert (entry.state, entry.score, entry.max_score) == ("needs-manual", 1.0, 6.0)
    assert {a.grade_id: (a.answered, a.points) for a in entry.answers} == {
        "plot": (True, None),
        "experiment": (True, None),
    }
    shown = json.loads((out / "autograded" / "anna" / "hw" / "one.ipynb").read_text())
    plot = tiny_course.cell(shown, "plot")
    kinds = [one["output_type"] for one in plot["outputs"]]
    assert kinds == ["stream", "display_data"]
    assert plot["outputs"][0]["text"] == "drawn\n"
    assert plot["outputs"][1]["data"]["image/png"].startswith("iVBOR")
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        grades = {g.name: g for g in book.find_submission_notebook("one", "hw", "anna").grades}
        assert {name: g.needs_manual_grade for name, g in grades.items()} == {
            "test_double": False,
            "plot": True,
            "experiment": True,
        }


def test_a_course_that_is_not_released_is_told_how(small):
    shutil.rmtree(small / "release")
    tiny_course.write(small / "submitted" / "anna" / "hw" / "one.ipynb", {})
    with pytest.raises(GradingError, match=r"release/hw/one.ipynb is missing: run nbgrader generate_assignment hw\."):
        grade_class(Options(small / "submitted", small / "out", jobs=1), lambda line: None, small)
