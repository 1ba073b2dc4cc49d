"""Marks go into nbgrader's gradebook whole or not at all, and what people gave by hand stays."""

from __future__ import annotations

import csv
import io
import shutil
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from nbgrader import api
from nbgrader.api import Gradebook

from grading.course.folder import GradingError
from grading.course.lab import read_release
from grading.intake.names import Student
from grading.judge.result import CRASHED, GRADED, MISSING, NEEDS_MANUAL, UNREADABLE, ExerciseResult
from grading.platforms.marks import Marks
from grading.platforms.nbgrader import NBGRADER, nbgrader_table
from grading.record.gradebook import Record
from grading.record.ledger import Answer, Entry, Ledger, absent, lost, refused
from tests import tiny_course
from tests.tiny_course import LAB

pytestmark = pytest.mark.slow  # importing nbgrader and releasing with it take seconds
ANN = Student("ann", "Ann", "Lee", "ann@x.org")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    from grading.course.release import release

    folder = tiny_course.make(tmp_path_factory.mktemp("course"))
    release([LAB], folder)
    return folder


@pytest.fixture(scope="module")
def blank(course, tmp_path_factory):
    """A gradebook that knows the lab and nobody else."""
    path = tmp_path_factory.mktemp("blank") / "gradebook.db"
    with Record(f"sqlite:///{path}", [LAB], course):
        return path


@pytest.fixture
def url(blank, tmp_path):
    return f"sqlite:///{shutil.copy(blank, tmp_path / 'gradebook.db')}"


@pytest.fixture
def record(course, url):
    with Record(url, [LAB], course) as made:
        yield made


def entry(points=2.0, state=NEEDS_MANUAL, answer="Because.", student="ann"):
    one = ExerciseResult("double", "test_double", points, 2.0, GRADED if points is not None else CRASHED, "said")
    why = Answer("question_why", answer, 1.0, answered=bool(answer))
    return Entry(student, LAB, state, 3.0, points, exercises=(one,), answers=(why,))


def grades(url):
    with Gradebook(url) as book:
        found = book.find_submission(LAB, "ann")
        return {g.name: (g.auto_score, g.manual_score, g.needs_manual_grade) for n in found.notebooks for g in n.grades}


def mark(url, name, points):
    """As Formgrader does it."""
    with Gradebook(url) as book:
        grade = book.find_grade(name, LAB, LAB, "ann")
        grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()


def due_by(url, when):
    """As `nbgrader db assignment add` sets it."""
    with Gradebook(url) as book:
        book.update_or_create_assignment(LAB, duedate=when)


def test_marks_are_nbgraders(record, url):
    written = record.write(entry(), ANN, None, None)
    assert (written.score, written.state) == (2.0, NEEDS_MANUAL)
    assert grades(url) == {"test_double": (2.0, None, False), "question_why": (None, None, True)}
    with Gradebook(url) as book:
        assert book.find_submission(LAB, "ann").score == 2.0
        assert book.find_student("ann").last_name == "Lee"


def test_what_could_not_be_graded_has_no_mark(record, url):
    written = record.write(entry(None, CRASHED), ANN, None, None)
    assert (written.score, written.state) == (None, CRASHED)
    assert grades(url)["test_double"] == (None, None, True)


def test_an_old_mark_does_not_outlive_a_hand_in_that_fails(record, course, url):
    record.write(entry(2.0), ANN, None, None)
    release = read_release(LAB, course)
    for failed in (refused("ann", release, "Not a notebook."), lost("ann", release), absent("ann", release)):
        written = record.write(failed, ANN, None, None)
        assert written.score is None
        assert grades(url)["test_double"] == (None, None, True)
    assert {refused("ann", release, "").state, absent("ann", release).state} == {UNREADABLE, MISSING}


def test_a_student_who_handed_nothing_in_is_known_but_has_no_submission(record, course, url):
    record.write(absent("ann", read_release(LAB, course)), ANN, None, None)
    with Gradebook(url) as book:
        assert book.find_student("ann").submissions == []


def test_no_answer_is_no_work_for_a_person(record, url):
    written = record.write(entry(answer=""), ANN, None, None)
    assert (written.state, written.score) == (GRADED, 2.0)
    assert grades(url)["question_why"] == (0.0, None, False)
    with Gradebook(url) as book:
        assert book.find_comment("question_why", LAB, LAB, "ann").auto_comment == "No response."


def test_a_mark_given_by_hand_survives_a_regrade(record, url):
    first = record.write(entry(), ANN, None, None)
    mark(url, "question_why", 0.5)
    again = record.write(entry(0.0), ANN, None, first)
    assert (again.state, again.score) == (GRADED, 0.5)
    assert again.answers[0].points == 0.5
    assert grades(url)["question_why"] == (None, 0.5, False)


def test_a_changed_answer_is_to_be_read_again_and_keeps_its_mark_till_then(record, url):
    first = record.write(entry(), ANN, None, None)
    mark(url, "question_why", 0.5)
    again = record.write(entry(answer="Because of this."), ANN, None, first)
    assert again.state == NEEDS_MANUAL
    assert grades(url)["question_why"] == (None, 0.5, True)


def test_a_person_may_overrule_the_grader(record, url):
    first = record.write(entry(0.0), ANN, None, None)
    mark(url, "test_double", 1.5)
    assert record.reread(first).score == 1.5
    crashed = record.write(entry(None, CRASHED), ANN, None, first)
    assert crashed.exercises[0].points == 1.5
    assert grades(url)["test_double"] == (None, 1.5, False)


def test_a_gradebook_in_use_keeps_what_it_had(course, record, url):
    record.write(entry(2.0), ANN, None, None)
    other = sqlite3.connect(url.removeprefix("sqlite:///"))
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(GradingError, match=r"database is locked.*nothing of this hand-in was kept"):
            record.write(entry(0.0), ANN, None, None)
    finally:
        other.rollback()
        other.close()
    assert grades(url)["test_double"][0] == 2.0
    assert record.write(entry(1.0), ANN, None, None).score == 1.0  # and goes on afterwards


def test_a_failure_in_the_middle_leaves_nothing_half_written(record, url, monkeypatch):
    first = record.write(entry(2.0), ANN, None, None)
    monkeypatch.setattr(Record, "_penalty", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        record.write(entry(0.0), Student("ann", "Other"), None, None)
    monkeypatch.undo()
    record.session.rollback()
    assert grades(url)["test_double"][0] == 2.0
    assert record.reread(first).score == 2.0


@pytest.fixture
def zero_when_late(course):
    """The course with nbgrader's own penalty switched on: a late hand-in is worth nothing."""
    config = course / "nbgrader_config.py"
    plain = config.read_text()
    config.write_text(plain + "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    yield
    config.write_text(plain)


def test_late_penalties_are_those_of_nbgraders_plugin(zero_when_late, record, url):
    due = datetime(2026, 3, 1)
    due_by(url, due)
    late = record.write(entry(), ANN, due + timedelta(hours=2), None)
    assert (late.score, late.penalty) == (0.0, 2.0)
    early = record.write(entry(), ANN, due - timedelta(hours=2), None)
    assert (early.score, early.penalty) == (2.0, 0.0)


def test_a_penalty_follows_the_due_date_and_marks_given_by_hand_since(zero_when_late, record, url):
    due = datetime(2026, 3, 1)
    first = record.write(entry(), ANN, due + timedelta(hours=2), None)
    assert (first.score, first.penalty) == (2.0, 0.0)
    due_by(url, due)
    mark(url, "question_why", 1.0)
    late = record.reread(first)
    assert (late.score, late.penalty) == (0.0, 3.0)
    record.handed_in(first, due - timedelta(hours=2))
    early = record.reread(first)
    assert (early.score, early.penalty) == (3.0, 0.0)


@pytest.fixture
def revised(tmp_path):
    """A function that releases the lab with another notebook in place of its source; the course's folder."""
    from grading.course.release import release

    folder = tmp_path / "revised"
    folder.mkdir()
    tiny_course.make(folder)

    def revise(change=lambda cells: None):
        notebook = tiny_course.source_notebook()
        change(notebook["cells"])
        tiny_course.write(folder / "solutions" / LAB / f"{LAB}.ipynb", notebook)
        release([LAB], folder)
        return folder

    return revise


def worth_five(cells):
    tiny_course.cell({"cells": cells}, "test_double")["metadata"]["nbgrader"]["points"] = 5


def another_question(cells):
    cells.append(tiny_course.text("More.", tiny_course.mark("question_how", solution=True, points=1)))


def test_points_changed_after_grading_reach_the_gradebook_and_marks_by_hand_stay(revised, url):
    with Record(url, [LAB], revised()) as record:
        record.write(entry(), ANN, None, None)
    mark(url, "question_why", 1.0)
    with Record(url, [LAB], revised(worth_five)) as record:
        assert record.write(entry(5.0), ANN, None, entry()).score == 6.0
    with Gradebook(url) as book:
        assert (book.find_submission(LAB, "ann").score, book.find_submission(LAB, "ann").max_score) == (6.0, 6.0)


def test_exercises_added_before_the_first_hand_in_are_taken_over(revised, url):
    with Record(url, [LAB], revised(another_question)) as record:
        record.write(entry(), ANN, None, None)
    assert grades(url).keys() == {"test_double", "question_why", "question_how"}


def test_exercises_added_after_it_wait_in_every_hand_in(revised, url):
    with Record(url, [LAB], revised()) as record:
        record.write(entry(), ANN, None, None)
        record.write(entry(student="bob"), Student("bob"), None, None)
    mark(url, "question_why", 0.5)
    with Record(url, [LAB], revised(another_question)) as record:
        assert record.reread(entry()).score == 2.5
    expected = {"test_double": (2.0, None, False), "question_why": (None, 0.5, False)}
    assert grades(url) == expected | {"question_how": (None, None, True)}
    with Gradebook(url) as book:
        assert book.find_submission(LAB, "bob").max_score == 4.0
        assert book.find_comment("question_how", LAB, LAB, "bob").manual_comment is None


def without_the_question(cells):
    cells[:] = [one for one in cells if one["metadata"].get("nbgrader", {}).get("grade_id") != "question_why"]


def test_exercises_that_are_gone_take_nothing_of_a_persons_along(revised, url):
    with Record(url, [LAB], revised()) as record:
        record.write(entry(), ANN, None, None)
    with Record(url, [LAB], revised(without_the_question)):
        assert grades(url) == {"test_double": (2.0, None, False)}
    with Gradebook(url) as book:
        assert book.find_submission(LAB, "ann").max_score == 2.0
        assert book.db.query(api.Grade).count() == 1
        assert book.db.query(api.Comment).count() == 1  # the one on `double`


@pytest.mark.parametrize("what", ["a mark", "a comment", "points on top"])
def test_exercises_that_are_gone_are_refused_where_a_person_has_marked_them(revised, url, what):
    with Record(url, [LAB], revised()) as record:
        record.write(entry(), ANN, None, None)
    with Gradebook(url) as book:
        if what == "a comment":
            book.find_comment("question_why", LAB, LAB, "ann").manual_comment = "Good."
        else:
            grade = book.find_grade("question_why", LAB, LAB, "ann")
            setattr(grade, "manual_score" if what == "a mark" else "extra_credit", 1.0)
        book.db.commit()
    before = grades(url)
    with pytest.raises(GradingError, match=r"without question_why.* 1 marks or comments .*--out NAME"):
        Record(url, [LAB], revised(without_the_question))
    assert grades(url) == before


def test_a_comment_on_code_is_read(record, url):
    first = record.write(entry(), ANN, None, None)
    with Gradebook(url) as book:
        book.find_comment("double", LAB, LAB, "ann").manual_comment = "Neat."
        book.db.commit()
    assert record.reread(first).comments == (("double", "Neat."),)
    assert record.write(entry(0.0), ANN, None, first).comments == (("double", "Neat."),)


def test_an_answer_with_another_picture_is_to_be_read_again(record, url):
    first = record.write(entry(), ANN, None, None)
    mark(url, "question_why", 0.5)
    drawn = replace(entry(), answers=(replace(entry().answers[0], pictures=("data:image/png;base64,AA==",)),))
    assert record.write(drawn, ANN, None, first).state == NEEDS_MANUAL


def test_two_students_do_not_disturb_each_other(record):
    record.write(entry(2.0), ANN, None, None)
    record.write(entry(0.0, student="bob"), Student("bob"), None, None)
    assert record.reread(entry(2.0)).score == 2.0


def test_the_ledger_returns_what_it_was_given(tmp_path):
    ledger = Ledger(tmp_path)
    names = ["ann", "Ann", "a/b", "=cmd", "Åsa \udcff", "x" * 300, ".."]
    for name in names:
        ledger.write(entry(student=name))
    assert len(list((tmp_path / LAB).glob("*.json"))) == len(names)
    assert all(ledger.read(name, LAB) == entry(student=name) for name in names)
    assert sorted(e.student for e in ledger.entries(LAB)) == sorted(names)


def test_a_damaged_ledger_file_is_graded_again(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.write(entry())
    ledger.path("ann", LAB).write_text('{"student": "ann", "exerc')
    assert ledger.read("ann", LAB) is None
    assert list(ledger.entries(LAB)) == []
    ledger.write(replace(entry(), score=1.0))
    assert ledger.read("ann", LAB).score == 1.0


def test_nbgraders_table_is_quoted_and_leaves_empty_what_was_not_graded(course, url):
    with Record(url, [LAB], course) as record:
        record.write(entry(), Student("ann", "Ann", "Lee, Jr."), None, None)
        crashed = record.write(entry(None, "crashed", student="=bob"), Student("=bob"), None, None)
        people = record.students()
        class_ = [Marks(people["ann"], {LAB: entry()}), Marks(people["=bob"], {LAB: crashed})]
        found = list(csv.reader(io.StringIO(nbgrader_table(class_, record))))
    assert tuple(found[0]) == NBGRADER
    assert {len(row) for row in found} == {len(NBGRADER)}
    assert [row[4] for row in found[1:]] == ["Lee, Jr.", ""]
    assert [row[9] for row in found[1:]] == ["2", ""]
    assert found[2][3] == "'=bob"
