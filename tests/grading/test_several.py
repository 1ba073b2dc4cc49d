"""An assignment of several notebooks: one may be missing, and platforms get it as a whole."""

from __future__ import annotations

import csv
import zipfile

import pytest

from grading.commands.export import export
from grading.earlier import refresh
from grading.judge.result import GRADED, MISSING, UNREADABLE
from grading.platforms.returning import return_zip
from tests.grading.intake.notebooks import zipped


@pytest.fixture
def pair(term):
    """An assignment of two notebooks."""
    term.assign("hw1/one", points=1)
    term.assign("hw1/two", points=2)
    return term


def test_one_of_two_notebooks_is_missing_by_name(pair):
    pair.hand_in("ann", "hw1/one")
    assert pair.grade() == {("ann", "hw1/one"): (GRADED, 1.0), ("ann", "hw1/two"): (MISSING, None)}
    assert "  ann  hw1/two  missing  no score: two.ipynb was not handed in." in pair.said


def test_one_of_two_notebooks_is_missing_whatever_the_other_is_called(pair):
    pair.hand_in("ann", "hw1/two", work=pair.work("hw1/one"))
    pair.hand_in("ann", "hw1/one")
    (pair.folder / "submitted/ann/hw1/one.ipynb").unlink()
    found = pair.grade(labs=("hw1/two",))
    assert found == {("ann", "hw1/two"): (MISSING, None)}


CANVAS = {"doejane_1001_5001_one.ipynb": "hw1/one", "doejane_1001_5002_two.ipynb": "hw1/two"}
LEEKIM = "leekim_1002_5003_one.ipynb"


@pytest.fixture
def canvas(pair):
    """Jane's two notebooks, Kim's one, and Bo's two in a zip."""
    files = {name: pair.work(lab) for name, lab in CANVAS.items()} | {LEEKIM: pair.work("hw1/one")}
    files["roebo_1003_5004_hw1.zip"] = zipped({f"{n}.ipynb": pair.work(f"hw1/{n}") for n in ("one", "two")})
    (pair.folder / "class.zip").write_bytes(zipped(files))
    pair.grade("class.zip")
    return pair


def test_one_of_two_notebooks_in_a_platforms_zip(canvas):
    assert canvas.scores()["leekim_1002", "hw1/two"] == ("", MISSING)
    assert any("leekim_1002  hw1/two  missing  no score: two.ipynb was not handed in." in line for line in canvas.said)


TEMPLATE = "Student,ID,Section,hw1 (4711)\n    Points Possible,,,3\nJane,1001,A,\nKim,1002,A,\nBo,1003,A,\n"


@pytest.mark.parametrize("labs", [["hw1"], []])
def test_canvas_gets_the_sum_of_an_assignments_notebooks(canvas, labs, capsys):
    template, table = canvas.folder / "gradebook.csv", canvas.folder / "back.csv"
    template.write_text(TEMPLATE)
    export("canvas", table, template, labs, canvas.folder, None, False, canvas.folder)
    assert [line.rpartition(",")[2] for line in table.read_text().splitlines()[2:]] == ["3", "", "3"]
    assert "1 of 3 hand-ins are not graded to the end" in capsys.readouterr().out
    export("canvas", table, template, ["hw1/one"], canvas.folder, "hw1 (4711)", False, canvas.folder)
    assert [line.rpartition(",")[2] for line in table.read_text().splitlines()[2:]] == ["1", "1", "1"]


def test_nbgraders_table_is_nbgraders_own(pair):
    """Compared with what its exporter makes of the same gradebook: a row for an assignment, whatever its notebooks."""
    from nbgrader.api import Gradebook
    from nbgrader.plugins import CsvExportPlugin

    for lab in ("hw1/one", "hw1/two"):
        pair.hand_in("ann", lab)
    pair.hand_in("kim", "hw1/one")
    pair.grade()
    ours, theirs = pair.folder / "ours.csv", pair.folder / "theirs.csv"
    export("nbgrader", ours, None, [], pair.folder, None, False, pair.folder)
    with Gradebook(f"sqlite:///{pair.folder / 'gradebook.db'}") as gradebook:
        CsvExportPlugin(to=str(theirs)).export(gradebook)
    ours, theirs = (list(csv.DictReader(path.read_text().splitlines())) for path in (ours, theirs))
    assert [(row["assignment"], row["student_id"]) for row in ours] == [("hw1", "ann"), ("hw1", "kim")]
    for name in ("assignment", "student_id", "timestamp", "email"):
        assert [row[name] for row in ours] == [row[name] for row in theirs]
    for name in ("raw_score", "late_submission_penalty", "score", "max_score"):
        assert float(ours[0][name]) == float(theirs[0][name])
    assert ours[1]["score"] == ""  # one notebook is missing, and nbgrader would count what is there


def test_canvas_gets_all_pages_of_an_assignment(canvas):
    entries = refresh(canvas.folder, canvas.folder)
    target = canvas.folder / "pages.zip"
    said = list(return_zip(entries, canvas.folder, target))
    with zipfile.ZipFile(target) as packed:
        assert set(packed.namelist()) == {
            "doejane_1001_5001_one.html",
            "doejane_1001_5002_two.html",
            "leekim_1002_5003_one.html",
            "roebo_1003_5004_hw1.html",
            "roebo_1003_5004_hw1-two.html",
        }
    assert said == ["Not in the zip, since their hand-ins did not come from the platform: leekim_1002 (hw1/two)."]


def test_a_lab_may_be_named_by_its_assignment(pair):
    pair.hand_in("ann", "hw1/one")
    pair.hand_in("ann", "hw1/two")
    assert pair.grade(labs=("hw1",)).keys() == {("ann", "hw1/one"), ("ann", "hw1/two")}


def test_what_is_no_notebook_is_named_and_its_author_is_not_missing(pair):
    pair.class_list("leekim_1002")
    files = {"liwei_1007_5013_one.py": b"print(1)", "liwei_1007_5014_notes.docx": b"x"}
    files |= {LEEKIM: pair.work("hw1/one"), "leekim_1002_5015_notes.pdf": b"%PDF"}
    (pair.folder / "class.zip").write_bytes(zipped(files))
    pair.grade("class.zip")
    for lab in ("hw1/one", "hw1/two"):
        assert pair.scores()["liwei_1007", lab] == ("", UNREADABLE)
        only = "There is no notebook in the hand-in, only liwei_1007_5013_one.py, liwei_1007_5014_notes.docx"
        assert any(f"liwei_1007  {lab}" in line and only in line for line in pair.said)
    assert pair.scores()["leekim_1002", "hw1/one"] == ("1", GRADED)
    assert pair.scores()["leekim_1002", "hw1/two"] == ("", MISSING)
