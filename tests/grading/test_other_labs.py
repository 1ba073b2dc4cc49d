"""`--lab` chooses what is graded; what a notebook is, all labs of the course tell."""

from __future__ import annotations

import pytest

from grading.judge.result import GRADED, MISSING, UNREADABLE
from tests.grading.intake.notebooks import zipped


@pytest.fixture
def two(term):
    for lab in ("hw1/pca", "hw2/vae"):
        term.assign(lab)
    return term


def test_a_student_of_another_lab_alone_is_missing(two):
    two.hand_in("ann", "hw1/pca")
    two.hand_in("bob", "hw2/vae")
    assert two.grade(labs=("hw2/vae",)) == {("ann", "hw2/vae"): (MISSING, None), ("bob", "hw2/vae"): (GRADED, 2.0)}
    assert two.scores()["ann", "hw2/vae"] == ("", MISSING)


def test_another_labs_notebook_lying_loose_is_not_taken_for_this_one(two):
    two.class_list("ann", "bob")
    for student, lab in (("ann", "hw1/pca"), ("bob", "hw2/vae")):
        path = two.folder / "submitted" / student / "work.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(two.work(lab))
    assert two.grade(labs=("hw2/vae",)) == {("ann", "hw2/vae"): (MISSING, None), ("bob", "hw2/vae"): (GRADED, 2.0)}


def test_a_notebook_uploaded_for_another_lab_is_named(two):
    path = two.folder / "class.zip"
    path.write_bytes(zipped({"doejane_1001_5001_pca.ipynb": two.work("hw1/pca")}))
    found = two.grade("class.zip", labs=("hw2/vae",))
    assert found == {("doejane_1001", "hw2/vae"): (UNREADABLE, None)}
    assert any("This is the notebook of hw1/pca, handed in as hw2/vae" in line for line in two.said)


def test_a_lab_that_is_not_released_yet_does_not_stop_another(two):
    two.hand_in("bob", "hw2/vae")
    (two.folder / "release" / "hw1" / "pca.ipynb").unlink()
    assert two.grade(labs=("hw2/vae",)) == {("bob", "hw2/vae"): (GRADED, 2.0)}


def test_a_platforms_folder_with_the_labs_folder_in_it_is_no_student(two):
    path = two.folder / "submitted" / "Jane Doe_4711_assignsubmission_file" / "hw2" / "vae.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(two.work("hw2/vae"))
    two.hand_in("ann", "hw1/pca")
    assert {student for student, _ in two.grade(labs=("hw2/vae",))} == {"ann"}
