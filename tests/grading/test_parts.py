"""A class graded in parts: what a run has nothing of stays."""

from __future__ import annotations

import pytest
from nbgrader.api import Gradebook

from grading.earlier import refresh
from grading.judge.result import GRADED, MISSING
from tests.grading.intake.notebooks import zipped
from tests.grading.term import WRONG

HW = "hw1/pca"


@pytest.fixture
def late(term):
    """A class of three; ann and bob are graded, dan comes late, in a folder of his own."""
    term.assign(HW)
    term.class_list("ann", "bob", "dan")
    for student in ("ann", "bob"):
        term.hand_in(student, HW)
    term.hand_in("dan", HW, WRONG, into="late")
    term.grade()
    return term


def automatic(term, student, lab=HW):
    assignment, notebook = lab.split("/")
    with Gradebook(f"sqlite:///{term.folder / 'gradebook.db'}") as book:
        return book.find_grade(f"test_{assignment}_{notebook}", notebook, assignment, student).auto_score


def test_a_part_of_the_class_leaves_the_rest_as_it_was(late):
    late.grade("late")
    assert late.scores() == {("ann", HW): ("2", GRADED), ("bob", HW): ("2", GRADED), ("dan", HW): ("0", GRADED)}
    assert "  hw1/pca: 2 are not in late; what they had is kept: ann, bob" in late.said
    assert automatic(late, "ann") == 2.0
    assert (late.folder / "autograded" / "ann" / "hw1" / "pca.ipynb").is_file()
    late.grade()
    assert late.scores()["dan", HW] == ("0", GRADED)
    assert "  hw1/pca: 1 is not in submitted; what it had is kept: dan" in late.said


def test_without_a_class_list_the_rest_stays_too(late):
    (late.folder / "students.csv").unlink()
    late.grade("late")
    assert late.scores().keys() == {("ann", HW), ("bob", HW), ("dan", HW)}


def test_one_who_is_missing_is_so_until_something_comes(late):
    assert late.scores()["dan", HW] == ("", MISSING)
    late.hand_in("dan", HW)
    late.grade()
    assert late.scores()["dan", HW] == ("2", GRADED)


def test_a_name_that_the_class_list_tells_takes_the_place_of_the_platforms(term):
    term.assign(HW)
    (term.folder / "class.zip").write_bytes(zipped({"doejane_1001_5001_pca.ipynb": term.work(HW)}))
    term.grade("class.zip")
    (term.folder / "students.csv").write_text("id,lms_user_id\njd,1001\n")
    term.grade("class.zip")
    assert term.scores() == {("jd", HW): ("2", GRADED)}
    assert "  doejane_1001 is jd by now" in term.said
    assert [entry.student for entry in refresh(term.folder, term.folder)] == ["jd"]
