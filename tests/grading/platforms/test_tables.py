"""Scores for other systems: right columns, right rows, and no number for what is not graded to the end."""

from __future__ import annotations

import csv
import io

import pytest

from grading.course.folder import GradingError
from grading.judge.result import GRADED, NEEDS_MANUAL
from grading.platforms.marks import Marks
from grading.platforms.tables import column_of, filled, platform_table
from grading.record.ledger import Entry
from tests.tiny_course import LAB

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,tiny (4711),Other (12)
    Points Possible,,,,,3.00,10
"Doe, Jane",1234,u1,jane@x.org,A,,5
"Al ""Big"" B.",55,u2,al,A,2,6
"Student, Test",99,,x,A,,
"""
MOODLE = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade
Participant 1,Jane Doe,jane@x.org,Submitted,,3
Participant 2,Al Big,al@x.org,Submitted,,3
"""


class Someone:
    def __init__(self, id, first_name=None, last_name=None, email=None, lms_user_id=None):
        self.id, self.first_name, self.last_name = id, first_name, last_name
        self.email, self.lms_user_id = email, lms_user_id


def marks(state=GRADED, score=2.5):
    jane = Someone("jane", "Jane", "Doe", "jane@x.org", "1234")
    al = Someone("al", "Al", "Big", "al@x.org", "55")
    return [Marks(p, {LAB: Entry(p.id, LAB, state, 3.0, score)}) for p in (jane, al)]


def rows(text):
    return list(csv.reader(io.StringIO(text)))


@pytest.fixture
def template(tmp_path):
    def write(text):
        path = tmp_path / "template.csv"
        path.write_text(text, encoding="utf-8-sig")
        return path

    return write


def test_canvas_keeps_its_template(template):
    text, unmet = filled(template(CANVAS), marks(), [LAB])
    before, after = rows(CANVAS), rows(text)
    assert [row[5] for row in after] == ["tiny (4711)", "3.00", "2.5", "2.5", ""]
    assert [row[:5] + row[6:] for row in after] == [row[:5] + row[6:] for row in before]
    assert unmet == []


def test_moodles_worksheet_is_filled(template):
    text, _ = filled(template(MOODLE), marks(), [LAB])
    assert [row[4] for row in rows(text)] == ["Grade", "2.5", "2.5"]


def test_a_student_whom_the_template_lacks_is_named(template):
    other = CANVAS.replace("1234,u1,jane@x.org", "1,2,3").replace("Doe", "Roe")
    assert filled(template(other), marks(), [LAB])[1] == ["jane"]
    assert filled(template(other), marks(NEEDS_MANUAL), [LAB])[1] == []  # there was nothing to export


@pytest.mark.parametrize("state", [NEEDS_MANUAL, "partial", "crashed", "missing"])
def test_a_number_is_sent_only_when_all_is_graded(template, state):
    assert [row[5] for row in rows(filled(template(CANVAS), marks(state), [LAB])[0])[2:4]] == ["", "2"]
    assert all(row[-1] == "" for row in rows(platform_table(marks(state), [LAB], "moodle"))[1:])


def test_a_zero_is_a_number(template):
    assert rows(filled(template(CANVAS), marks(score=0.0), [LAB])[0])[2][5] == "0"


def test_without_a_template(template):
    canvas = rows(platform_table(marks(), [LAB], "canvas"))
    assert canvas[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", LAB]
    assert canvas[1] == ["Doe, Jane", "1234", "jane", "jane", "", "2.5"]
    assert rows(platform_table(marks(), [LAB], "moodle"))[2] == ["al", "al@x.org", "2.5"]


@pytest.mark.parametrize(("text", "said"), [("", "is empty"), ("Student,ID\nx,1\n", "no column for tiny")])
def test_a_template_that_does_not_fit_is_refused(template, text, said):
    with pytest.raises(GradingError, match=said):
        filled(template(text), marks(), [LAB])


def test_columns_are_known_by_the_platforms_names():
    header = ["tiny2 (1)", "Assignment:tiny (Real)", "Tiny"]
    assert column_of(header, LAB) == 1
    assert column_of(header, "other") is None
