"""A run with nothing to do reads no notebook and writes no page; whatever changed since is found all the same."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from nbgrader.api import Gradebook

from grading.earlier import refresh
from grading.intake.handin import Intake
from grading.judge.result import GRADED, NEEDS_MANUAL
from tests.grading.term import WRONG

HW = "hw1/pca"
WHY = "why_hw1_pca"


@pytest.fixture
def class_(term):
    term.assign(HW, question=1)
    for student in ("ann", "bob"):
        term.hand_in(student, HW)
    term.grade()
    return term


@pytest.fixture
def reads(monkeypatch):
    """Whose hand-ins intake reads."""
    found, take = [], Intake.take
    monkeypatch.setattr(Intake, "take", lambda self, source: found.append(source.student) or take(self, source))
    return found


def page(term, student="ann"):
    return term.folder / "feedback" / student / "hw1" / "pca.html"


def mark(term, student="ann", points=1.0):
    with Gradebook(f"sqlite:///{term.folder / 'gradebook.db'}") as book:
        grade = book.find_grade(WHY, "pca", "hw1", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()


def test_a_run_with_nothing_to_do_reads_and_writes_nothing_of_a_hand_in(class_, reads):
    written = [page(class_, student).stat().st_mtime_ns for student in ("ann", "bob")]
    found = class_.grade()
    assert reads == []
    assert [page(class_, student).stat().st_mtime_ns for student in ("ann", "bob")] == written
    assert found == {(student, HW): (NEEDS_MANUAL, 2.0) for student in ("ann", "bob")}
    assert sum("(as before)" in line for line in class_.said) == 2
    assert class_.scores()["ann", HW] == ("2", NEEDS_MANUAL)


def test_a_mark_by_hand_is_taken_over(class_, reads):
    mark(class_)
    assert class_.grade()["ann", HW] == (GRADED, 3.0)
    assert reads == ["ann"]
    assert "3 of 3 points" in page(class_).read_text(encoding="utf-8")


def test_a_mark_that_was_made_while_the_run_was_on_its_way_is_taken_over_by_the_next(class_):
    class_.grade(force=True)

    class Marking(list):
        def append(self, line):
            if "ann" in line:
                mark(class_)

    class_.said = Marking()
    from grading.grade import Options, grade_class

    options = Options(class_.folder / "submitted", class_.folder, jobs=1, force=True)
    grade_class(options, class_.said.append, class_.folder)
    assert class_.grade()["ann", HW] == (GRADED, 3.0)


def test_feedback_in_between_hides_nothing(class_):
    mark(class_)
    refresh(class_.folder, class_.folder)
    mark(class_, points=0.5)
    assert class_.grade()["ann", HW] == (GRADED, 2.5)


def test_another_answer_is_graded_and_the_old_one_again(class_, reads):
    class_.hand_in("ann", HW, WRONG)
    assert class_.grade()["ann", HW] == (NEEDS_MANUAL, 0.0)
    class_.hand_in("ann", HW)
    assert class_.grade()["ann", HW] == (NEEDS_MANUAL, 2.0)
    assert reads == ["ann", "ann"]


def test_a_file_beside_the_notebook_is_found(class_):
    (page(class_).parents[3] / "submitted" / "ann" / "hw1" / "report.pdf").write_bytes(b"%PDF")
    class_.grade()
    assert "report.pdf" in page(class_).read_text(encoding="utf-8")


def test_a_page_that_is_gone_is_written_again(class_):
    page(class_).unlink()
    class_.grade()
    assert page(class_).is_file()


def test_a_lab_that_has_changed_is_graded_anew(class_, reads):
    class_.assign(HW, points=4, question=1)
    assert class_.grade()["ann", HW] == (NEEDS_MANUAL, 4.0)
    assert reads == ["ann", "bob"]


def test_the_time_of_handing_in_is_taken_over(class_):
    note = class_.folder / "submitted" / "ann" / "hw1" / "timestamp.txt"
    for hour in (12, 13):
        note.write_text(f"2026-03-02 {hour}:00:00 UTC")
        class_.grade()
        with Gradebook(f"sqlite:///{class_.folder / 'gradebook.db'}") as book:
            assert book.find_submission("hw1", "ann").timestamp == datetime(2026, 3, 2, hour)


def test_who_is_late_is_always_looked_at_since_penalties_go_by_settings(class_, reads):
    (class_.folder / "submitted" / "ann" / "hw1" / "timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
    with Gradebook(f"sqlite:///{class_.folder / 'gradebook.db'}") as book:
        book.update_or_create_assignment("hw1", duedate=datetime(2026, 3, 1))
    class_.grade()
    settings = class_.folder / "nbgrader_config.py"
    settings.write_text(settings.read_text() + "c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    assert class_.grade()["ann", HW] == (NEEDS_MANUAL, 0.0)
    assert reads == ["ann", "bob", "ann"]


@pytest.mark.parametrize("content", ["", "[]", json.dumps({"hw1/pca/ann": 3})])
def test_without_its_memory_all_is_looked_at(class_, reads, content):
    (class_.folder / "ledger" / "seen.json").write_text(content)
    class_.grade()
    assert "ann" in reads


def test_a_name_of_half_characters_stops_nothing(class_):
    (class_.folder / "submitted" / "ann" / "hw1" / "x\udce4.pdf").write_bytes(b"%PDF")
    class_.grade()
    assert class_.grade()["ann", HW] == (NEEDS_MANUAL, 2.0)
