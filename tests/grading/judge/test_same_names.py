"""Tests that would be called the same, as `f` and `test_f`, are two: each is run, earns its own points and is told."""

from __future__ import annotations

import pytest

from grading.check import faults
from grading.commands.validate import labels_of
from grading.course.lab import called, notebook_cells, read_release
from grading.intake.handin import Handin
from grading.judge.run import grade
from grading.report.titles import title
from tests import tiny_course
from tests.handins import answered, points
from tests.tiny_course import LAB, checking, code, solution, text


def course_of(folder, first="f", second="test_f"):
    solved = "def {0}(x):\n    ### BEGIN SOLUTION\n    return {1} * x\n    ### END SOLUTION"
    cells = [
        code("import math"),
        text("## One"),
        solution(solved.format("f", 3), "work_f"),
        checking("assert f(2) == 6", first),
        text("## Two"),
        solution(solved.format("g", 2), "work_g"),
        checking("assert g(2) == 4", second),
    ]
    return tiny_course.of(folder, *cells)


@pytest.mark.sandbox
@pytest.mark.parametrize("names", [("f", "test_f"), ("test_f", "f"), ("test_f", "test_test_f")])
@pytest.mark.parametrize("way", ["stand-in", "plain"])
def test_each_is_run(tmp_path, sandbox, names, way):
    course = course_of(tmp_path, *names)
    release = read_release(LAB, course).run_plainly(names if way == "plain" else ())
    half = answered(Handin("anna", LAB, release.parts), "work_f", "def f(x):\n    return 3 * x")
    half = answered(half, "work_g", "def g(x):\n    return x")
    result = grade(half, release, sandbox)
    assert [(one.grade_id, one.points) for one in result.exercises] == [(names[0], 2.0), (names[1], 0.0)]
    assert len(points(result)) == 2
    whole = grade(answered(half, "work_g", "def g(x):\n    return 2 * x"), release, sandbox)
    assert list(points(whole).values()) == [2.0, 2.0]


@pytest.mark.sandbox
def test_the_self_check_runs_both(tmp_path, sandbox):
    course = course_of(tmp_path)
    release = read_release(LAB, course)
    wrong = release.exercises[1]._replace(visible="assert g(2) == 5", hidden="assert g(2) == 5")
    release = release._replace(exercises=(release.exercises[0], wrong))

    def engine(jobs):
        for task, release in jobs:
            yield task.ticket, grade(task.handin, release, sandbox, task.full, task.candid)

    assert list(faults(release, engine, True, course)) == ["test_f"]


def test_names_titles_and_labels_are_each_its_own(tmp_path):
    for names in (("f", "test_f"), ("test_f", "f")):
        course = course_of(tmp_path / names[0], *names)
        found = read_release(LAB, course).exercises
        assert [one.name for one in found] == [one.grade_id for one in found] == list(names)
        assert [title(LAB, one.name, course).words for one in found] == [one.title for one in found] == ["One", "Two"]
        assert len(set(labels_of(notebook_cells("labs", LAB, course)).values())) == 2


def test_a_test_is_called_as_its_function_unless_something_with_points_is():
    assert called("test_f", {"test_f"}) == "f"
    assert called("test_f", {"test_f", "f"}) == "test_f"  # a question, or a test
    assert called("f", {"f", "test_f"}) == "f"
    assert called("test_test_f", {"test_test_f", "test_f"}) == "test_test_f"
