"""Marks by hand on tests: they stay, and are looked at again where they no longer fit."""

from __future__ import annotations

from nbgrader.api import Gradebook

from grading.judge.result import GRADED, NEEDS_MANUAL
from tests.grading.term import RIGHT, WRONG

HW = "hw1/pca"


def by_hand(term, cell, points, student="ann"):
    with Gradebook(f"sqlite:///{term.folder / 'gradebook.db'}") as book:
        grade = book.find_grade(cell, "pca", "hw1", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()


def waits(term, cell="test_hw1_pca"):
    with Gradebook(f"sqlite:///{term.folder / 'gradebook.db'}") as book:
        return book.find_grade(cell, "pca", "hw1", "ann").needs_manual_grade


def test_a_mark_by_hand_on_a_test_waits_where_the_code_has_changed(term):
    term.assign(HW, points=4)
    term.hand_in("ann", HW, WRONG)
    term.grade()
    by_hand(term, "test_hw1_pca", 1.0)
    assert term.grade() == {("ann", HW): (GRADED, 1.0)}
    assert not waits(term)
    term.hand_in("ann", HW, RIGHT)
    assert term.grade()[("ann", HW)] == (NEEDS_MANUAL, None)
    assert waits(term)
    told = "    hw1_pca: marked by hand, and answer or test has changed since: it waits for a reader"
    assert told in term.said
    term.grade(force=True)  # nobody has looked meanwhile
    assert waits(term)
    assert term.scores()[("ann", HW)] == ("", NEEDS_MANUAL)
    by_hand(term, "test_hw1_pca", 3.0)
    assert term.grade()[("ann", HW)] == (GRADED, 3.0)
    by_hand(term, "test_hw1_pca", None)
    assert term.grade()[("ann", HW)] == (GRADED, 4.0)


def test_a_mark_by_hand_stays_where_nothing_has_changed(term):
    term.assign(HW, points=4)
    term.hand_in("ann", HW, WRONG)
    term.grade()
    by_hand(term, "test_hw1_pca", 1.0)
    assert term.grade(force=True) == {("ann", HW): (GRADED, 1.0)}
    assert not waits(term)


def test_a_maximum_below_a_mark_is_said(term):
    term.assign(HW, points=4, question=5)
    term.hand_in("ann", HW, WRONG)
    term.grade()
    by_hand(term, "why_hw1_pca", 4.0)
    by_hand(term, "test_hw1_pca", 1.5)
    assert term.grade() == {("ann", HW): (GRADED, 5.5)}
    term.assign(HW, points=2, question=3)
    assert term.grade() == {("ann", HW): (GRADED, 5.5)}
    assert "    why_hw1_pca: 4 points by hand, and 3 are the most now: look again" in term.said
    assert not any(line.startswith("    hw1_pca") for line in term.said)


def test_a_changed_answer_in_words_waits_until_it_is_read_and_a_line_says_so(term):
    term.assign(HW, question=5)
    term.hand_in("ann", HW)
    term.grade()
    by_hand(term, "why_hw1_pca", 4.0)
    term.hand_in("ann", HW, work=term.work(HW).replace("Because.", "Since."))
    for again in (False, True):
        assert term.grade(force=again) == {("ann", HW): (NEEDS_MANUAL, 2.0)}
        told = "    why_hw1_pca: marked by hand, and answer or test has changed since: it waits for a reader"
        assert (told in term.said) is not again


def test_an_answer_that_was_blank_before_was_not_marked_by_hand(term):
    term.assign(HW, question=5)
    term.hand_in("ann", HW, work=term.work(HW).replace("Because.", "YOUR ANSWER HERE"))
    assert term.grade() == {("ann", HW): (GRADED, 2.0)}
    term.hand_in("ann", HW)
    assert term.grade() == {("ann", HW): (NEEDS_MANUAL, 2.0)}
    assert not any("marked by hand" in line for line in term.said)
