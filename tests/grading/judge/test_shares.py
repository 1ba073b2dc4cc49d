"""Points within an exercise: parts of a test have shares of their own, named to the student, and plain to nbgrader."""

from __future__ import annotations

import pytest
from IPython.core.formatters import PlainTextFormatter
from nbformat.v4 import new_code_cell, new_output
from nbgrader.utils import determine_grade

from grading.check import faults
from grading.course.lab import read_release
from grading.intake.handin import Handin
from grading.judge.run import grade
from grading.report.pages import templates
from tests import tiny_course
from tests.handins import answered
from tests.tiny_course import LAB, checking, code, mark, solution
from vae_lib.testing import Shares

SOLVED = "def double(x):\n    ### BEGIN SOLUTION\n    return x + x\n    ### END SOLUTION"
TEST = """parts = Shares()
with parts(1, "whole numbers"):
    assert double(2) == 4
with parts(0.5, "text"):
    assert double("ab") == "abab"
### BEGIN HIDDEN TESTS
with parts(0.5, "very large numbers"):
    assert double(8675309) == 17350618
### END HIDDEN TESTS
parts.earned()
"""
ANSWERS = {
    "return 2 * x": (2.0, ["Right."]),
    "return x + x if x < 10 else x": (
        1.0,
        [
            "1 of 2 points",
            "1 of 1: whole numbers",
            "0 of 0.5: text. TypeError: '<' not supported",
            "0 of 0.5: very large numbers. a hidden test does not pass",
        ],
    ),
    "return 2 * abs(int(x))": (1.5, ["1 of 1: whole numbers", "0 of 0.5: text. ValueError", "0.5 of 0.5: very large"]),
    "return x + 2": (
        1.0,
        [
            "1 of 1: whole numbers",
            "0 of 0.5: text. TypeError: can only concatenate",
            "0 of 0.5: very large numbers. a h",
        ],
    ),
    "return x": (0.0, ["0 of 1: whole numbers. This does not hold: `double(2) == 4`. Here `double(2)` is 2."]),
    "import os; os._exit(0)": (None, ["was stopped"]),
}


@pytest.fixture
def release(tmp_path):
    cells = [code("from vae_lib.testing import Shares"), solution(SOLVED), checking(TEST, points=2)]
    course = tiny_course.of(tmp_path, *cells)
    return read_release(LAB, course)._replace(digest=str(course))


@pytest.mark.sandbox
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("way", ["stand-in", "plain"])
def test_each_part_earns_its_own_share(sandbox, release, answer, way):
    release = release.run_plainly(("test_double",) if way == "plain" else ())
    source = f"def double(x):\n    {answer}"
    result = grade(answered(Handin("anna", LAB, release.parts), "double", source), release, sandbox)
    (one,) = result.exercises
    points, words = ANSWERS[answer]
    assert one.points == points, one.message
    assert "8675309" not in str(result)
    for said in words:
        assert said in one.message
    assert templates().from_string("{{ m }}").render(m=one.message)


@pytest.mark.sandbox
def test_the_author_is_told_which_part_fails(sandbox, tmp_path):
    wrong = TEST.replace('"abab"', '"aba"')
    cells = [code("from vae_lib.testing import Shares"), solution(SOLVED), checking(wrong, points=2)]
    course = tiny_course.of(tmp_path, *cells)

    def engine(jobs):
        for task, release in jobs:
            yield task.ticket, grade(task.handin, release, sandbox, task.full, task.candid)

    found = faults(read_release(LAB, course), engine, True, course)
    assert found["test_double"].startswith("the lab's own solution earns 1.5 of 2 points: ")
    assert '`assert double("ab") == "aba"`' in found["test_double"]


def test_stock_nbgrader_takes_it_for_partial_credit():
    """As IPython shows the cell's last value, and as nbgrader reads it there."""
    parts = Shares()
    with parts(1, "whole numbers"):
        assert 2 + 2 == 4
    with parts(1, "negative numbers"):
        assert 2 - 2 == 4
    with parts(0.5, "stubs"):
        raise NotImplementedError
    shown = PlainTextFormatter()(parts.earned())
    output = new_output("execute_result", {"text/plain": shown}, execution_count=1)
    cell = new_code_cell("parts.earned()", metadata=mark("test_double", points=2.5, locked=True), outputs=[output])
    assert determine_grade(cell) == (1.0, 2.5)


def test_each_part_is_told_when_it_is_tried(capsys):
    parts = Shares()
    with parts(1, "one"):
        pass
    with parts(2, "two"):
        raise ValueError("no")
    assert capsys.readouterr().out == "✓ 1 of 1: one\n✗ 0 of 2: two (no)\n"
