"""What is wrong with one assignment of a course stops no other."""

from __future__ import annotations

import pytest

from grading.course.folder import GradingError
from grading.judge.result import GRADED

HW = "hw1/pca"


def test_sound_assignments_are_graded_and_all_unsound_ones_are_told(term):
    for lab in ("hw1/a", "hw2/b", "hw3/c"):
        term.assign(lab)
        term.hand_in("ann", lab)
    for lab in ("hw1/a", "hw2/b"):  # solutions that earn nothing
        path = term.folder / "source" / f"{lab}.ipynb"
        path.write_text(path.read_text().replace("return 'right'", "return 'no'"))
    with pytest.raises(GradingError) as caught:
        term.grade()
    assert [(entry.lab, entry.state) for entry in caught.value.entries] == [("hw3/c", GRADED)]
    for lab in ("hw1/a", "hw2/b"):
        assert lab in str(caught.value)
        assert any(f"{lab} cannot be graded as it is" in line for line in term.said)
    assert term.scores() == {("ann", "hw3/c"): ("2", GRADED)}


def test_an_assignment_that_is_not_released_stops_no_other(term):
    for lab in ("hw1/a", "hw2/b", "hw3/c"):
        term.assign(lab)
    for lab in ("hw1/a", "hw2/b"):
        term.hand_in("ann", lab)
    for lab in ("hw2/b", "hw3/c"):  # hw3 is for later: nobody has handed it in
        (term.folder / "release" / f"{lab}.ipynb").unlink()
    with pytest.raises(GradingError, match="Nobody was graded by hw2/b: ") as caught:
        term.grade()
    assert "release/hw2/b.ipynb is missing: run nbgrader generate_assignment hw2." in term.said
    assert "hw3" not in str(caught.value)
    assert term.scores() == {("ann", "hw1/a"): ("2", GRADED)}


def test_a_source_that_is_newer_than_its_release_is_said(term):
    term.assign(HW)
    term.hand_in("ann", HW)
    path = term.folder / "source" / f"{HW}.ipynb"
    path.write_text(path.read_text().replace('"points": 2', '"points": 1'))
    term.grade()
    told = "  source/hw1/pca.ipynb has changed since it was released (test_hw1_pca): run "
    assert f"{told}nbgrader generate_assignment hw1" in term.said
