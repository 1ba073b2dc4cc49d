"""What a test may do: each row of the table is carried in the way that grading/README.md states, and not fooled."""

from __future__ import annotations

import re

import pytest

from grading.check import faults, ways
from grading.course.folder import ROOT
from grading.course.lab import read_release
from grading.judge.run import grade
from tests import tiny_course
from tests.grading.judge.may_do import ROWS
from tests.grading.judge.row import NOT, PLAIN, STANDIN
from tests.handins import answered, points
from tests.tiny_course import LAB, checking, code, solution

# whose cheat gives an object that says itself what it equals: a person looks at it, and nothing is earned
OWN_CLASS = {
    "make objects of a student's class",
    "go through a generator",
    "compare sets",
    "compare other numbers",
    "fit an estimator of scikit-learn",
    "hand over objects of its own",
    "ask whether a class comes from the set-up's",
    "compare objects of the set-up's dataclass",
}
pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


@pytest.fixture
def engine(sandbox):
    def run(jobs):
        for task, release in jobs:
            yield task.ticket, grade(task.handin, release, sandbox, task.full, task.candid)

    return run


def course_of(row, folder):
    test = f"{row.visible}\n### BEGIN HIDDEN TESTS\n{row.hidden}\n### END HIDDEN TESTS"
    solved = f"### BEGIN SOLUTION\n{row.solution}\n### END SOLUTION"
    cells = [code(row.set_up or "pass"), solution(solved, "work"), checking(test, "test_work", 2)]
    return tiny_course.of(folder, *cells)


@pytest.mark.parametrize("what", ROWS)
def test_a_test_may(what, tmp_path, engine, sandbox):
    row = ROWS[what]
    course = course_of(row, tmp_path)
    release = read_release(LAB, course)
    plain, found = ways(release, engine, True, course)
    if row.way == NOT:
        assert "test_work" in found
        return
    assert (plain, found) == ([] if row.way == STANDIN else ["test_work"], {})
    release = release.run_plainly(tuple(plain))
    blank = answered_by(release, "raise NotImplementedError")
    for answer in (row.wrong, row.cheat):
        result = grade(answered_by(release, answer), release, sandbox)
        waits = answer == row.cheat and what in OWN_CLASS
        assert points(result) == {"work": None if waits else 0.0}, (answer, result)
        assert ("your teacher reads it" in result.exercises[0].message) is waits
        assert result.exercises[0].plain is (row.way == PLAIN)
        assert row.hidden not in str(result)
    assert grade(blank, release, sandbox).exercises[0].message == "not answered yet"


def answered_by(release, source):
    from grading.intake.handin import Handin

    return answered(Handin("anna", LAB, release.parts), "work", source)


def test_the_table_is_the_readmes():
    text = (ROOT / "grading/README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+?) \| (stand-in|plain|not) \|", text, re.MULTILINE)
    assert dict(rows) == {what: row.way for what, row in ROWS.items()}
    assert {way for _, way in rows} == {STANDIN, PLAIN, NOT}


def test_an_unsound_test_is_told_of_either_way(tmp_path, engine):
    row = ROWS["make objects of a student's class"]
    course = course_of(row._replace(hidden="assert stack.pop() == 7"), tmp_path)
    plain, found = ways(read_release(LAB, course), engine, True, course)
    assert plain == []
    assert "hidden half, line 6, `assert stack.pop() == 7`" in found["test_work"]
    assert "Here `stack.pop()` is 1." in found["test_work"]
    assert faults(read_release(LAB, course), engine, True, course)
