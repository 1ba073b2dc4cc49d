"""What intake leaves out is said, in one line each, and what it refuses comes to its author: nothing is lost."""

from __future__ import annotations

import json

import pytest

from grading.commands import demo
from grading.course.folder import ROOT
from grading.intake.handin import MOST_NOTEBOOKS, Arrival, Intake, Refusal
from grading.intake.notebook import read_notebook
from grading.intake.sources import sources
from grading.platforms.authors import author
from tests.grading.intake.notebooks import LAB, RELEASED, SOLVED, zipped

OTHER = "lab1_pca"
LABS = {
    LAB: RELEASED,
    OTHER: read_notebook((ROOT / "labs" / OTHER / f"{OTHER}.ipynb").read_bytes()),
}
WORK = demo.solved(SOLVED)
BLANK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


@pytest.fixture
def submitted(tmp_path):
    (tmp_path / "submitted").mkdir()
    return tmp_path / "submitted"


def lay(submitted, files):
    for name, content in files.items():
        path = submitted / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def search(place, labs=tuple(LABS)):
    """Each hand-in by student and lab, as intake took it, and all that was said."""
    said = []
    found = sources(place, list(labs), LABS, {}, author, said.append)
    intake = Intake(LABS)
    return {(one.student, one.lab): intake.take(one) for one in found}, said


# zips of single students


ZIPS = {
    "empty": (zipped({}), "The zip is empty: hand in"),
    "of folders alone": (zipped({"lab/": b"", "__MACOSX/._x": b""}), "The zip is empty: hand in"),
    "of a zip": (zipped({"inner.zip": zipped({f"{LAB}.ipynb": WORK})}), "a zip within a zip"),
}


@pytest.mark.parametrize("what", ZIPS)
def test_a_students_zip_without_a_notebook_is_refused_to_its_author(tmp_path, submitted, what):
    content, reason = ZIPS[what]
    name = f"doejane_1234_9_{LAB}.zip"
    path = tmp_path / f"{LAB}.zip"
    path.write_bytes(zipped({name: content, f"smithal_55_8_{LAB}.ipynb": WORK}))
    lay(submitted, {name: content, f"ann/{LAB}/work.zip": content})
    for found in (search(path)[0]["doejane_1234", LAB], *search(submitted)[0].values()):
        assert isinstance(found, Refusal)
        assert reason in found.reason
    assert set(search(submitted)[0]) == {("doejane_1234", LAB), ("ann", LAB)}


def test_a_students_zip_among_unpacked_files_is_the_students(submitted):
    lay(submitted, {f"doejane_LATE_1234_9_{LAB}.zip": zipped({"work.ipynb": WORK, "x.pdf": b"%PDF"})})
    found = search(submitted)[0]["doejane_1234", LAB]
    assert (found.origin, found.late) == (f"doejane_LATE_1234_9_{LAB}.zip", True)
    assert found.handin.repairs == ("Not graded, since a notebook alone is: x.pdf.",)


def test_a_class_zip_that_is_empty_is_said(submitted):
    lay(submitted, {"class.zip": zipped({}), f"ann/{LAB}/{LAB}.ipynb": WORK})
    assert search(submitted)[1] == ["class.zip holds no file."]


def test_why_a_file_of_no_lab_cannot_be_read_is_said(tmp_path):
    path = tmp_path / "class.zip"
    path.write_bytes(zipped({"doejane_1234_9_work.ipynb": b""}))
    reason = "The file is empty: save the notebook and hand in again."
    said = f"doejane_1234_9_work.ipynb belongs to no lab that is graded; it was left out. {reason}"
    assert search(path) == ({}, [said])


# beside students' folders


def test_files_in_no_students_folder_are_said(submitted):
    lay(submitted, {"bob.ipynb": WORK, f"ann/{LAB}/{LAB}.ipynb": WORK, "students.csv": b"id\nann\n", ".hidden": b""})
    found, said = search(submitted)
    assert set(found) == {("ann", LAB)}
    assert said == ["bob.ipynb lies in no student's folder; left out."]
    lay(submitted, {"eve.pdf": b"%PDF"})
    assert search(submitted)[1] == ["bob.ipynb, eve.pdf lie in no student's folder; left out."]


def test_links_are_said(tmp_path, submitted):
    lay(submitted, {f"ann/{LAB}/{LAB}.ipynb": WORK})
    lay(tmp_path, {f"else/{LAB}/{LAB}.ipynb": WORK, "doejane_1234_9_x.zip": zipped({f"{LAB}.ipynb": WORK})})
    (submitted / "bob").symlink_to(tmp_path / "else")
    (submitted / "ann" / OTHER).symlink_to(tmp_path / "else" / LAB)
    (submitted / "doejane_1234_9_x.zip").symlink_to(tmp_path / "doejane_1234_9_x.zip")
    found, said = search(submitted)
    assert set(found) == {("ann", LAB)}
    names = (f"ann/{OTHER}", "bob", "doejane_1234_9_x.zip")
    assert said == [f"{name} is a link, which is not followed; left out." for name in names]


def test_an_exchange_of_another_course_is_said(submitted):
    lay(submitted, {f"ann+hw7+2026-03-01 12:00:00.000001 UTC/{LAB}.ipynb": WORK, f"bob/{LAB}/{LAB}.ipynb": WORK})
    assert search(submitted)[1] == ["hw7 is no lab of this course; what was handed in for it was left out."]


# loose in a student's folder


def test_what_is_no_labs_in_a_students_folder_is_said(submitted):
    lay(submitted, {"cy/work.ipynb": b"{", "cy/own.ipynb": BLANK, "cy/report.pdf": b"%PDF", "cy/a/b/x.ipynb": WORK})
    found, said = search(submitted)
    assert found == {}
    reason = "The file is not a notebook (not JSON): open it in Jupyter, save, and hand in again."
    assert said == [
        f"cy/work.ipynb belongs to no lab; left out. {reason}",
        "cy: own.ipynb, report.pdf belong to no lab; left out.",
        "cy: nobody looked into a/b: a hand-in lies in STUDENT/LAB.",
    ]


def test_of_the_only_chosen_lab_a_pdf_alone_is_a_hand_in_that_is_refused(submitted):
    lay(submitted, {"cy/report.pdf": b"%PDF"})
    found, said = search(submitted, [LAB])
    assert "There is no notebook in the hand-in, only report.pdf" in found["cy", LAB].reason
    assert said == []
    lay(submitted, {f"cy/{OTHER}/{OTHER}.ipynb": BLANK})
    assert search(submitted, [LAB]) == ({}, ["cy: report.pdf belongs to no lab; left out."])


def test_a_notebook_beside_the_labs_folder_is_looked_at_too(submitted):
    lay(submitted, {f"ann/{LAB}/{LAB}.ipynb": b"", f"ann/{LAB}-new.ipynb": WORK})
    found, said = search(submitted)
    assert isinstance(found["ann", LAB], Arrival)
    assert said == [f"ann has handed in {LAB} in 2 places; the newest notebook is graded."]


def test_another_labs_work_is_not_told_of_where_a_lab_is_chosen(submitted):
    lay(submitted, {f"ann/{LAB}.ipynb": WORK, f"bob/{OTHER}/{OTHER}.ipynb": WORK})
    assert search(submitted, [OTHER])[1] == []


def test_a_folder_that_may_not_be_opened_is_said(submitted, monkeypatch):
    lay(submitted, {f"ann/{LAB}/{LAB}.ipynb": WORK, f"eve/{LAB}/{LAB}.ipynb": WORK})
    monkeypatch.setattr("grading.intake.strays.closed", lambda path: path == submitted / "eve")
    assert search(submitted)[1] == ["eve may not be opened; left out."]


# many notebooks


def test_the_last_of_many_notebooks_is_looked_at(submitted):
    lay(submitted, {f"ann/{LAB}/{number:02}.ipynb": BLANK for number in range(25)} | {f"ann/{LAB}/zz.ipynb": WORK})
    said = search(submitted)[0]["ann", LAB].handin.repairs
    assert said == (
        "There were 26 notebooks: zz.ipynb was graded, not 00.ipynb, 01.ipynb, 02.ipynb, 03.ipynb, 04.ipynb "
        "and 20 more.",
    )
    lay(submitted, {f"bob/{number:02}.ipynb": BLANK for number in range(25)} | {"bob/zz.ipynb": WORK})
    assert isinstance(search(submitted)[0]["bob", LAB], Arrival)


def test_far_too_many_notebooks_are_refused_aloud(submitted):
    lay(submitted, {f"ann/{LAB}/{number}.ipynb": BLANK for number in range(MOST_NOTEBOOKS)})
    lay(submitted, {f"ann/{LAB}/zz.ipynb": WORK})
    assert search(submitted)[0]["ann", LAB].reason.startswith("There are more than 200 notebooks")


def test_what_could_not_be_read_beside_the_graded_one_is_said(submitted):
    lay(submitted, {f"ann/{LAB}/a.ipynb": b"", f"ann/{LAB}/b.ipynb": b"", f"ann/{LAB}/c.ipynb": WORK})
    reason = "The file is empty: save the notebook and hand in again."
    assert search(submitted)[0]["ann", LAB].handin.repairs == (f"Not graded: a.ipynb, b.ipynb. {reason}",)
