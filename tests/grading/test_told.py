"""What an instructor meets who makes a mistake: one sentence, with the way out."""

from __future__ import annotations

import json
import sys

import pytest

from grading.__main__ import main
from grading.course.folder import GradingError

HW = "hw1/pca"


@pytest.fixture
def course(term):
    term.assign(HW)
    term.hand_in("ann", HW)
    return term


def told(course, monkeypatch, capsys, *more):
    """What `python -m grading grade` says, and its exit status."""
    monkeypatch.setattr(sys, "argv", ["grading", "grade", "--course", str(course), "--jobs", "1", *more])
    status = main()
    return status, capsys.readouterr().err.strip()


def test_a_course_that_is_not_there(tmp_path, monkeypatch, capsys):
    status, said = told(tmp_path / "nowhere", monkeypatch, capsys)
    assert (status, said) == (1, f"There is no course {tmp_path / 'nowhere'}: --course takes a folder with source/.")
    status, said = told(tmp_path, monkeypatch, capsys)
    assert (status, said) == (1, f"There is no course {tmp_path}: --course takes a folder with source/.")


def damage(term, change):
    path = term.folder / "source" / f"{HW}.ipynb"
    notebook = json.loads(path.read_text())
    change(notebook["cells"])
    path.write_text(json.dumps(notebook))


def no_points(cells):
    del cells[2]["metadata"]["nbgrader"]["points"]


def empty_points(cells):
    cells[2]["metadata"]["nbgrader"]["points"] = ""


def no_name(cells):
    del cells[2]["metadata"]["nbgrader"]["grade_id"]


def no_cell(cells):
    cells[2] = {"cell_type": "code"}


MARK = "Cell 3 of source/hw1/pca.ipynb"
FAULTS = {
    no_points: f"{MARK} is marked to be graded and has no number of points: set it in Create Assignment.",
    empty_points: f"{MARK} is marked to be graded and has no number of points: set it in Create Assignment.",
    no_name: f"{MARK} is marked for nbgrader and has no ID (grade_id): set it in Create Assignment.",
    no_cell: "source/hw1/pca.ipynb is not a notebook.",
}


@pytest.mark.parametrize("change", FAULTS)
def test_a_mark_that_is_not_whole(course, change):
    damage(course, change)
    with pytest.raises(GradingError) as caught:
        course.grade()
    assert str(caught.value) == FAULTS[change]


def test_an_error_in_the_courses_settings(course, monkeypatch, capsys):
    (course.folder / "nbgrader_config.py").write_text("c = get_config()\nraise ValueError('x')\n")
    status, said = told(course.folder, monkeypatch, capsys)
    path = course.folder / "nbgrader_config.py"
    assert (status, said) == (1, f"{path} cannot be read (ValueError: x): mend it, and grade again.")


def test_a_file_where_a_folder_should_be(course, monkeypatch, capsys):
    (course.folder / "feedback").write_text("x")
    status, said = told(course.folder, monkeypatch, capsys)
    way_out = "(Not a directory): move what is in the way, or name another folder with --out."
    assert (status, said) == (1, f"{course.folder / 'feedback' / 'ann' / 'hw1'} {way_out}")
    status, said = told(course.folder, monkeypatch, capsys, "--out", str(course.folder / "feedback"))
    assert (status, said) == (1, f"{course.folder / 'feedback' / 'ledger'} {way_out}")
