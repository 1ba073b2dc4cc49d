"""What is hidden of a test is what nbgrader hides, indented or between delimiters of the course's own."""

from __future__ import annotations

import pytest

from grading.course.lab import read_release
from grading.course.pristine import handed_out
from grading.judge.run import grade
from tests import tiny_course
from tests.handins import answered, points
from tests.tiny_course import LAB, SOLUTION, checking, solution

INDENTED = (
    "for k in (1, 2):\n    assert double(k) == 2 * k\n    ### BEGIN HIDDEN TESTS\n"
    "    assert double(k + 8675309) == 2 * k + 17350618\n    ### END HIDDEN TESTS"
)
OWN = "assert double(2) == 4\n# VERBOTEN\nassert double(8675309) == 17350618\n# ERLAUBT"
TRAILING = (
    "assert double(2) == 4\n# --- BEGIN HIDDEN TESTS ---\nassert double(8675309) == 17350618\n#END HIDDEN TESTS, really"
)
CONFIG = "c = get_config()\nc.ClearHiddenTests.begin_test_delimeter = 'VERBOTEN'\n"
CONFIG += "c.ClearHiddenTests.end_test_delimeter = 'ERLAUBT'\n"
KINDS = {"indented": (INDENTED, ""), "the course's own": (OWN, CONFIG), "with more in the line": (TRAILING, "")}


def release_of(kind, folder):
    test, config = KINDS[kind]
    course = tiny_course.of(folder, solution(SOLUTION), checking(test))
    (course / "nbgrader_config.py").write_text(config)
    return read_release(LAB, course)


@pytest.mark.parametrize("kind", KINDS)
def test_the_visible_half_is_what_nbgrader_hands_out(tmp_path, kind):
    (exercise,) = release_of(kind, tmp_path).exercises
    assert exercise.visible == KINDS[kind][0].splitlines(keepends=True)[0] + (
        "    assert double(k) == 2 * k\n" if kind == "indented" else ""
    )
    assert "8675309" in exercise.hidden
    if kind != "the course's own":
        assert "8675309" not in handed_out(checking(KINDS[kind][0]))["source"]


@pytest.mark.sandbox
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_told_of_it(tmp_path, sandbox, kind):
    from grading.intake.handin import Handin

    release = release_of(kind, tmp_path)
    handin = Handin("anna", LAB, release.parts)
    wrong = answered(handin, "double", "def double(x):\n    return 2 * x if x < 100 else 0")
    result = grade(wrong, release, sandbox)
    assert points(result) == {"double": 0.0}
    assert "8675309" not in str(result)
    assert "17350618" not in str(result)
    assert "a hidden test does not" in result.exercises[0].message
    right = answered(handin, "double", "def double(x):\n    return 2 * x")
    assert points(grade(right, release, sandbox)) == {"double": 2.0}
