"""A set-up cell that was edited, and stops too early, costs nobody points: the lab's own is run behind it."""

from __future__ import annotations

import json

import pytest

from grading.course.lab import notebook_cells, read_release
from grading.intake.answers import parts
from grading.intake.handin import Handin
from grading.intake.notebook import read_notebook
from grading.intake.repair import repair
from grading.judge.run import grade
from tests import tiny_course
from tests.handins import points
from tests.tiny_course import LAB, checking, code, solution

SET_UP = "import statistics\nTWO = 2"
SOLVED = "def double(x):\n    ### BEGIN SOLUTION\n    return TWO * statistics.mean([x])\n    ### END SOLUTION"
TEST = "assert double(3) == 6\n### BEGIN HIDDEN TESTS\nassert double(4) == 8\n### END HIDDEN TESTS"
RIGHT = "def double(x):\n    return TWO * statistics.mean([x])"
WRONG = "def double(x):\n    return TWO + statistics.mean([x])"
EDITS = {
    "Colab's drive on top": (
        "from google.colab import drive\ndrive.mount('/drive')\n" + SET_UP,
        "No module named 'google",
    ),
    "its end": ("import os; os._exit(3)\n" + SET_UP, "exit status 3"),
    "no Python": ("this is no Python\n" + SET_UP, "SyntaxError"),
    "without an end": ("while True: pass\n" + SET_UP, "the time was up"),
}


@pytest.fixture
def course(tmp_path):
    cells = [code(SET_UP) | {"id": "setup"}, solution(SOLVED) | {"id": "double"}, checking(TEST) | {"id": "test"}]
    return tiny_course.of(tmp_path, *cells)


def handed_in(course, *cells):
    """The hand-in with these cells, (id, source), in the place of the set-up, and an answer."""
    released = read_notebook(json.dumps({"cells": notebook_cells("labs", LAB, course)}).encode())
    own = [one for one in notebook_cells("labs", LAB, course) if one["id"] != "setup"]
    before = [code(source) | {"id": name} for name, source in cells[:-1]]
    own[0]["source"] = cells[-1]
    mended, _ = repair(read_notebook(json.dumps({"cells": before + own}).encode()), released)
    return Handin("ann", LAB, parts(mended["cells"], released)[0])


@pytest.mark.sandbox
@pytest.mark.parametrize("what", EDITS)
@pytest.mark.parametrize("way", [(), ("test_double",)])
def test_the_labs_own_is_run_behind_it(sandbox, course, what, way):
    source, reason = EDITS[what]
    release = read_release(LAB, course).run_plainly(way)
    result = grade(handed_in(course, ("setup", source), RIGHT), release, sandbox)
    assert points(result) == {"double": 2.0}
    assert reason in result.outputs[0]
    (one,) = grade(handed_in(course, ("setup", source), WRONG), release, sandbox).exercises
    assert one.points == 0.0
    assert "The set-up cell, which was edited, stopped: " in one.message
    assert reason in one.message or "took too long" in one.message


@pytest.mark.sandbox
def test_one_that_runs_is_the_students(sandbox, course):
    """Also where it changes what the lab has: it is run once, and the lab's own is not."""
    edited = handed_in(course, ("setup", "TWO = 3\nimport statistics\nprint('mine')"), RIGHT)
    result = grade(edited, read_release(LAB, course), sandbox)
    assert result.exercises[0].points == 0.0
    assert "set-up" not in result.exercises[0].message
    assert result.outputs[0] == "mine\n"


@pytest.mark.sandbox
def test_a_set_up_that_ends_every_child_is_run_no_more(sandbox, course):
    """What a student has changed before it may see to that."""
    patched = "import os, statistics\nimport builtins\nbuiltins.__import__ = lambda *a, **k: os._exit(4)"
    result = grade(handed_in(course, ("setup", patched + "\n1 / 0"), RIGHT), read_release(LAB, course), sandbox)
    assert result.seconds < 60
    assert result.exercises[0].points == 0.0 or result.exercises[0].points is None


def test_the_text_of_what_was_edited_comes_with_it(course):
    def originals(*cells):
        return [part.original for part in handed_in(course, *cells, RIGHT).parts]

    assert originals(("setup", "import os\n" + SET_UP)) == [SET_UP, "", ""]
    assert originals(("setup", SET_UP)) == ["", "", ""]
    assert originals(("mine", "import os"), ("setup", SET_UP)) == ["", "", "", ""]
    assert originals(("setup", "import os"), ("copy", SET_UP)) == ["", "", "", ""]  # it is there
    assert originals(("other", "import os\n" + SET_UP)) == ["", "", "", ""]  # gone, so it was put back
