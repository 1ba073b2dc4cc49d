"""Scores for other systems: right columns, right rows, and no number for what is not graded to the end."""

from __future__ import annotations

import csv
import io

import pytest

from grading.course.folder import GradingError
from grading.judge.result import GRADED, NEEDS_MANUAL, ExerciseResult
from grading.platforms.marks import Marks
from grading.platforms.tables import Asked, columns_of, filled, platform_table
from grading.record.ledger import Answer, Entry
from grading.record.schema import Student
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


CANVAS_FORM, MOODLE_FORM = Asked("canvas"), Asked("moodle")
JANE = Student(id="jane", first_name="Jane", last_name="Doe", email="jane@x.org", lms_user_id="1234")
AL = Student(id="al", first_name="Al", last_name="Big", email="al@x.org", lms_user_id="55")


def of(person, score=2.5, state=GRADED, origin=""):
    return Marks(person, {LAB: Entry(person.id, LAB, state, 3.0, score, origin=origin)})


def marks(state=GRADED, score=2.5):
    return [of(person, score, state) for person in (JANE, AL)]


def numbers(text, column=-1, sign=","):
    """What stands in a column, behind the header."""
    return [row[column] for row in csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=sign)][1:]


def rows(text):
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.fixture
def template(tmp_path):
    def write(text, encoding="utf-8-sig"):
        path = tmp_path / "template.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_canvas_keeps_its_template(template):
    text, said = filled(template(CANVAS), marks(), [LAB], CANVAS_FORM)
    before, after = rows(CANVAS), rows(text)
    assert [row[5] for row in after] == ["tiny (4711)", "3.00", "2.5", "2.5", ""]
    assert [row[:5] + row[6:] for row in after] == [row[:5] + row[6:] for row in before]
    assert said == ['tiny (4711) had other scores, which were replaced: Al "Big" B..']


def test_moodles_worksheet_is_filled(template):
    text, said = filled(template(MOODLE), marks(), [LAB], MOODLE_FORM)
    assert [row[4] for row in rows(text)] == ["Grade", "2.5", "2.5"]
    assert said == []


def test_canvas_needs_no_class_list(template):
    """The number stands in the name of the file that was handed in, and in the template's column ID."""
    someone = Student(id="doejane_1234")
    table = template(CANVAS.replace("u1,jane@x.org", "u9,other@x.org"))
    text, said = filled(table, [of(someone, origin="doejane_1234_9001_tiny.ipynb")], [LAB], CANVAS_FORM)
    assert numbers(text, 5) == ["3.00", "2.5", "2", ""]
    assert said == ['1 of 2 rows of template.csv got no score: Al "Big" B..']


def test_blind_marking_is_told_by_moodles_number(template):
    table = template("Identifier,Status,Grade,Maximum Grade\nParticipant 800000,x,-,3\nParticipant 800001,x,,3\n")
    paths = [f"Participant_{number}_assignsubmission_file_/tiny.ipynb" for number in (800001, 800000)]
    class_marks = [of(Student(id=path), score, origin=path) for path, score in zip(paths, (1.0, 2.0), strict=True)]
    text, said = filled(table, class_marks, [LAB], MOODLE_FORM)
    assert numbers(text, 2) == ["2", "1"]
    assert said == []


NAMESAKES = CANVAS.replace("55,u2,al", "56,u3,x").replace('"Al ""Big"" B."', '"Doe, Jane"')


def test_of_two_with_one_name_the_number_decides(template):
    text, said = filled(template(NAMESAKES), [of(JANE)], [LAB], CANVAS_FORM)
    assert numbers(text, 5) == ["3.00", "2.5", "2", ""]
    assert said == ["1 of 2 rows of template.csv got no score: Doe, Jane."]


def test_of_two_with_one_name_and_no_number_none_gets_a_score(template):
    someone = Student(id="j", first_name="Jane", last_name="Doe")
    text, said = filled(template(NAMESAKES), [of(someone)], [LAB], CANVAS_FORM)
    assert numbers(text, 5) == ["3.00", "", "2", ""]
    assert said.count("Doe, Jane: more than one has this name; no score was written.") == 2
    assert "j is not in template.csv: this score was not exported." in said
    pair = [of(someone), of(Student(id="k", first_name="Jane", last_name="Doe"))]
    text, said = filled(template(CANVAS.replace("1234,u1,jane@x.org", ",,")), pair, [LAB], CANVAS_FORM)
    assert numbers(text, 5)[1] == ""
    assert "Doe, Jane: more than one has this name; no score was written." in said


def test_a_name_alone_is_a_guess_that_is_said(template):
    text, said = filled(template(CANVAS), [of(Student(id="j", first_name="Jane", last_name="Doe"))], [LAB], CANVAS_FORM)
    assert numbers(text, 5)[1] == "2.5"
    assert "Taken by name alone, since no number told: Doe, Jane." in said


def test_a_row_with_another_number_is_another_person(template):
    other = CANVAS.replace("1234,u1,jane@x.org", "1,2,3")
    text, said = filled(template(other), [of(JANE)], [LAB], CANVAS_FORM)
    assert numbers(text, 5)[1] == ""
    assert "jane is not in template.csv: this score was not exported." in said
    assert "is not in" not in str(
        filled(template(other), marks(NEEDS_MANUAL), [LAB], CANVAS_FORM)[1]
    )  # nothing was lost


def test_a_row_with_numbers_of_two_is_refused(template):
    text, said = filled(template(CANVAS.replace("u1", "al")), marks(), [LAB], CANVAS_FORM)
    assert numbers(text, 5)[1] == ""
    assert "Doe, Jane: its numbers are those of jane and al; no score was written." in said


def test_one_student_in_two_rows_is_refused(template):
    text, said = filled(template(CANVAS.replace("55,u2,al", "1234,u1,x")), [of(JANE)], [LAB], CANVAS_FORM)
    assert numbers(text, 5) == ["3.00", "", "2", ""]
    assert "jane has 2 rows; no score was written." in said


@pytest.mark.parametrize("state", [NEEDS_MANUAL, "partial", "crashed", "missing"])
def test_a_number_is_sent_only_when_all_is_graded(template, state):
    assert numbers(filled(template(CANVAS), marks(state), [LAB], CANVAS_FORM)[0], 5)[1:3] == ["", "2"]
    assert all(row[-1] == "" for row in rows(platform_table(marks(state), [LAB], "moodle"))[1:])


def test_a_zero_is_a_number(template):
    assert numbers(filled(template(CANVAS), marks(score=0.0), [LAB], CANVAS_FORM)[0], 5)[1] == "0"


def test_without_a_template():
    canvas = rows(platform_table(marks(), [LAB], "canvas"))
    assert canvas[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", LAB]
    assert canvas[1] == ["Doe, Jane", "1234", "jane", "jane", "", "2.5"]
    assert rows(platform_table(marks(), [LAB], "moodle"))[2] == ["al", "al@x.org", "2.5"]
    unlisted = of(Student(id="doejane_1234"), origin="doejane_1234_9001_tiny.ipynb")
    assert rows(platform_table([unlisted], [LAB], "canvas"))[1][1] == "1234"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("Student,ID\nx,1\n", "no column for tiny: name it with --column. It has: Student; ID"),
        ("Student,ID,tiny (1),tiny (2)\nx,1,,\n", r"two columns for tiny, 'tiny \(1\)' and 'tiny \(2\)'"),
    ],
)
def test_a_template_that_does_not_fit_is_refused(template, text, said):
    with pytest.raises(GradingError, match=said):
        filled(template(text), marks(), [LAB], CANVAS_FORM)


def test_columns_are_known_by_the_platforms_names():
    header = ["tiny2 (1)", "Assignment:tiny (Real)", "Tiny", "Week 5: VAE (graded) (77)", "Grade"]
    assert columns_of(header, [LAB, "other"], CANVAS_FORM, "t") == {LAB: 1}
    assert columns_of(header, [LAB], Asked("canvas", "Week 5: VAE (graded)"), "t") == {LAB: 3}
    assert columns_of(header, [LAB], Asked("moodle", "Week 5: VAE (graded) (77)"), "t") == {LAB: 3}
    with pytest.raises(GradingError, match="--column is for one lab"):
        columns_of(header, [LAB, "other"], Asked("canvas", "Tiny"), "t")
    with pytest.raises(GradingError, match="no column for Lab 9"):
        columns_of(header, [LAB], Asked("moodle", "Lab 9"), "t")


def test_a_lab_without_a_column_is_said(template):
    said = filled(template(CANVAS), marks(), [LAB, "lab9"], CANVAS_FORM)[1]
    assert "template.csv has no column for lab9; its scores were left out." in said


@pytest.mark.parametrize(
    ("form", "text"), [("canvas", CANVAS.replace("3.00", "100")), ("moodle", MOODLE.replace(",3", ",100"))]
)
def test_points_are_rescaled_only_when_asked(template, form, text):
    column = {"canvas": 5, "moodle": 4}[form]
    plain, said = filled(template(text), marks(), [LAB], Asked(form))
    assert numbers(plain, column)[-3:-1][-1] == "2.5" if form == "canvas" else numbers(plain, column) == ["2.5", "2.5"]
    assert any("is out of 100 there, tiny out of 3: scores are written as they are" in line for line in said)
    scaled, said = filled(template(text), marks(), [LAB], Asked(form, rescale=True))
    assert "83.33" in numbers(scaled, column)
    assert "2.5" not in numbers(scaled, column)
    assert any("scores were rescaled" in line for line in said)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_any_spreadsheets_table_is_read_and_written_as_it_came(template, encoding, sign):
    text = "Student|ID|Section|tiny (4711)\nÅsa|1234|Ü|\n".replace("|", sign)
    filled_in, _ = filled(template(text, encoding), [of(JANE)], [LAB], CANVAS_FORM)
    assert filled_in.removeprefix("\ufeff") == text.replace("Ü" + sign, f"Ü{sign}2.5")
    assert filled_in.startswith("\ufeff") == (encoding in ("utf-8-sig", "utf-16"))


def test_a_comma_stays_the_sign_of_decimals(template):
    text = "Student;ID;tiny;Other\nx;1234;;7,5\n"
    assert numbers(filled(template(text), [of(JANE)], [LAB], CANVAS_FORM)[0], 2, ";") == ["2,5"]


def test_comments_go_where_moodle_has_a_column_for_them(template):
    wrong = ExerciseResult("double", "test_double", 0.0, 2.0, GRADED, "got 3\nneeded 4")
    answer = Answer("question_why", "Because.", 1.0, answered=True, points=1.0, comment="=Well said")
    one = of(JANE)
    one.entries[LAB] = Entry("jane", LAB, GRADED, 3.0, 1.0, exercises=(wrong,), answers=(answer,))
    text = MOODLE.replace("Maximum Grade", "Maximum Grade,Feedback comments").replace(",3\n", ",3,\n")
    table, said = filled(template(text), [one], [LAB], MOODLE_FORM)
    assert numbers(table) == ["double: 0 of 2. got 3\nquestion_why: =Well said", ""]
    table, said = filled(template(text.replace(",3,\n", ",3,mine\n", 1)), [one], [LAB], MOODLE_FORM)
    assert numbers(table)[0] == "mine"
    assert "Feedback comments were there already and were left: Jane Doe." in said
