"""A lab is handed in from its notebook: what is packed is the saved file, and what is open or unsaved is said."""

from __future__ import annotations

import json
import os
import zipfile
from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient

from vae_lib.testing import Case, Lab, Mismatch, hand_in
from vae_lib.testing.hand_in import BLANK, notebook_path, open_questions, pack, saved, unsaved

MARK = {"nbgrader": {"grade_id": "question_why", "grade": True, "solution": True, "points": 2}}


def cell(source, kind="code", metadata=None, **more):
    return {"cell_type": kind, "metadata": metadata or {}, "source": source} | more


def write(folder, *cells, name="lab1_x"):
    path = folder / "labs" / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": list(cells), "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    return path


@pytest.mark.parametrize("blank", BLANK)
def test_an_open_question_is_said(tmp_path, blank):
    path = write(tmp_path, cell(blank, "markdown", MARK), cell("1"))
    assert list(open_questions(path)) == ["Questions without an answer: why."]


@pytest.mark.parametrize(
    "cells",
    [
        [cell("Because.", "markdown", MARK)],
        [cell(BLANK[1], "markdown", MARK), cell("In a new cell.", "markdown")],
        [cell("", "markdown", MARK, attachments={"a.png": {}})],
        [cell("no question", "markdown")],
    ],
)
def test_an_answered_one_is_not(tmp_path, cells):
    assert list(open_questions(write(tmp_path, *cells))) == []


def test_the_next_heading_is_no_answer(tmp_path):
    path = write(tmp_path, cell(BLANK[1], "markdown", MARK), cell("## Next", "markdown"))
    assert len(list(open_questions(path))) == 1


NEW, OLD = "def f(x):\n    return x", "def f(x):\n    pass"


@pytest.mark.parametrize(
    ("kept", "history", "said"),
    [
        (NEW, [OLD, NEW], 0),
        (OLD, [OLD, NEW], 1),
        (OLD, ["def f_other(x): pass", "f(3)"], 0),
        (f"{NEW}\n", [NEW, "x = 1"], 0),
        (NEW, [], 0),
    ],
)
def test_what_was_run_and_not_saved_is_said(tmp_path, kept, history, said):
    found = list(unsaved(write(tmp_path, cell(kept)), {"f": "1.1"}, history))
    assert len(found) == said
    assert all(sentence.startswith("1.1 f is another in the file") for sentence in found)


def test_the_file_goes_where_submit_puts_it(tmp_path):
    path = write(tmp_path, cell("1"))
    packed = pack(path)
    assert packed == tmp_path / "handin" / "lab1_x.zip"
    with zipfile.ZipFile(packed) as archive:
        assert archive.namelist() == ["lab1_x.ipynb"]
        assert archive.read("lab1_x.ipynb") == path.read_bytes()


def test_a_notebook_elsewhere_is_packed_beside_it(tmp_path):
    path = write(tmp_path, cell("1")).rename(tmp_path / "mine.ipynb")
    assert pack(path) == tmp_path / "handin" / "mine.zip"


def test_an_old_file_is_to_be_saved(tmp_path):
    path = write(tmp_path, cell("1"))
    assert "save" not in saved(path)
    os.utime(path, (1, 1))
    assert "save (Ctrl-S) and run this cell again" in saved(path)


def test_the_notebook_is_known_by_its_server_or_by_its_folder(tmp_path, monkeypatch):
    path = write(tmp_path, cell("1"))
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    assert notebook_path({}) == path
    monkeypatch.setenv("JPY_SESSION_NAME", str(path.with_name("before_renaming.ipynb")))
    monkeypatch.chdir(path.parent)
    assert notebook_path({}) == path
    assert notebook_path({"__vsc_ipynb_file__": str(path)}) == path
    (path.parent / "second.ipynb").write_text("{}")
    assert notebook_path({}) is None


@pytest.fixture
def shell(monkeypatch):
    """IPython's shell as far as this uses it."""
    made = SimpleNamespace(user_ns={}, history_manager=SimpleNamespace(input_hist_raw=["", OLD]))
    monkeypatch.setattr(hand_in, "notebook_shell", lambda: made)
    return made


def test_it_says_what_is_open_and_packs(tmp_path, shell, monkeypatch, capsys):
    path = write(tmp_path, cell(NEW), cell("", "markdown", MARK))
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    Lab(1, f=2, g=3).hand_in()
    said = capsys.readouterr().out
    for expected in ("Lab 1: 0 of 5 points.", "Open: 1.1 f, 1.2 g.", "without an answer: why", "1.1 f is another"):
        assert expected in said
    assert (tmp_path / "handin" / "lab1_x.zip").is_file()


def test_a_right_answer_shows_how_far_the_lab_is(shell, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    lab, case = Lab(1, f=2, g=3), Case([1.0, 2.0], gives=[2.0, 4.0])
    lab.check("f(x: B) -> B", lambda x: 2 * x, case)
    with pytest.raises(Mismatch):
        lab.check("g(x: B) -> B", lambda x: 3 * x, case)
    (first,) = (display.data for display in shown)
    assert "1.1 ✓" in first
    assert "title='g: open'>1.2<" in first
    assert "2 of 5 points so far" in first


def test_where_a_lab_is_graded_no_progress_is_shown(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    Lab(1, f=2).check("f(x: B) -> B", lambda x: 2 * x, Case([1.0, 2.0], gives=[2.0, 4.0]))
    assert shown == []


def test_where_no_file_is_known_it_says_what_to_do(tmp_path, shell, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    Lab(1, f=2).hand_in()
    assert "cannot be known here" in capsys.readouterr().out


@pytest.mark.slow
def test_in_a_kernel_of_jupyters_it_shows_a_link_and_elsewhere_nothing(tmp_path):
    source = "from vae_lib.testing import Lab\nlab = Lab(1, f=2)\nlab.hand_in()"
    path = write(tmp_path, cell(source))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for _ in range(3)])
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}})
    with client.setup_kernel(env=os.environ | {"JPY_SESSION_NAME": str(path)}):
        for place, before in enumerate(("", "import os\nos.environ['NBGRADER_EXECUTION'] = 'autograde'\n")):
            notebook.cells[place].source = before + source
            client.execute_cell(notebook.cells[place], place)
        notebook.cells[2].source = "del os.environ['NBGRADER_EXECUTION'], os.environ['JPY_SESSION_NAME']\n" + source
        client.execute_cell(notebook.cells[2], 2)
    shown = [output.get("data", {}).get("text/html", "") for output in notebook.cells[0].outputs]
    assert any("../../handin/lab1_x.zip" in one for one in shown)
    assert [one.outputs for one in notebook.cells[1:]] == [[], []]
