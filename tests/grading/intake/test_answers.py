"""An answer reaches its reader wherever the student wrote it, and so do pictures; nothing else does."""

from __future__ import annotations

import base64
import io
import json

import nbformat
import pytest

from grading.course.lab import read_release
from grading.intake import pictures
from grading.intake.answers import parts
from grading.intake.handin import Handin
from grading.intake.notebook import read_notebook
from grading.platforms import formgrader
from grading.record.ledger import answers_of
from tests.grading.intake.notebooks import LAB, RELEASED, given, place

QUESTION = "question_faults"
BLANK = "YOUR ANSWER HERE"


def png(size=(3, 2)):
    from matplotlib import image
    from numpy import zeros

    file = io.BytesIO()
    image.imsave(file, zeros((*size, 3)), format="png")
    return file.getvalue()


def own(source, kind="markdown", **more):
    return {"cell_type": kind, "id": "", "metadata": {}, "source": source} | more


def answer_of(change):
    """The answer as the ledger has it, and what intake said."""
    notebook, said = given(change)
    nbformat.validate(nbformat.from_dict(notebook))
    found, together = parts(notebook["cells"], RELEASED)
    answers = answers_of(Handin("ann", LAB, found), read_release(LAB))
    return next(one for one in answers if one.grade_id == QUESTION), said + together


def at(cells):
    return place({"cells": cells}, QUESTION)


def below(*texts, answer=BLANK):
    def change(cells):
        here = at(cells)
        cells[here]["source"] = answer
        cells[here + 1 : here + 1] = [own(one) for one in texts]

    return change


def split(cells):
    """As JupyterLab splits a cell: both halves have the metadata, the first one the id."""
    here = at(cells)
    cells.insert(here, cells[here] | {"source": "First half."})
    cells[here + 1] = cells[here + 1] | {"source": "Second half.", "id": "another"}


def above(cells):
    cells[at(cells)]["source"] = BLANK
    cells.insert(at(cells), own("It stands above."))


def raw(cells):
    cells[at(cells)]["source"] = ""
    cells.insert(at(cells) + 1, own("It is raw text.", "raw"))


def behind_code(cells):
    cells[at(cells)]["source"] = BLANK
    cells[at(cells) + 1 : at(cells) + 1] = [
        own("print(1)", "code", outputs=[], execution_count=None),
        own("As one sees above."),
    ]


def in_the_question(cells):
    """Somebody double-clicks the question and writes under it."""
    here = at(cells)
    cells[here]["source"] = BLANK
    cells[here - 1]["source"] = "".join(cells[here - 1]["source"]) + "\n\nMy answer: it diverged."


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (below("First.", "Second."), "First.\n\nSecond."),
        (below("And more.", answer="Something."), "Something.\n\nAnd more."),
        (below("Twice.", answer="Twice."), "Twice."),
        (split, "First half.\n\nSecond half."),
        (above, "It stands above."),
        (raw, "It is raw text."),
        (behind_code, "As one sees above."),
        (in_the_question, "My answer: it diverged."),
    ],
)
def test_an_answer_in_cells_of_its_own_is_read(change, text):
    answer, said = answer_of(change)
    assert (answer.answered, answer.source) == (True, text)
    assert any(QUESTION in sentence for sentence in said) == (text != "Twice.")


def test_the_labs_own_text_beside_it_is_no_answer():
    answer, said = answer_of(below())
    assert not answer.answered
    assert said == []


def test_a_question_that_was_only_changed_is_no_answer():
    def change(cells):
        cells[at(cells)]["source"] = BLANK
        cells[at(cells) - 1]["source"] = "Something else altogether."

    assert not answer_of(change)[0].answered


def with_picture(content, text="![image.png](attachment:image.png)", name="image.png", kind="image/png"):
    def change(cells):
        encoded = base64.b64encode(content).decode() if isinstance(content, bytes) else content
        cells[at(cells)].update(source=text, attachments={name: {kind: encoded}})

    return change


@pytest.mark.parametrize("name", ["image.png", "Bild (1) ü.png", "a%20b.png", "x](javascript:1).png"])
@pytest.mark.parametrize("text", ["![a](attachment:{})", 'See <img src="attachment:{}" width="100">', "nothing"])
def test_a_pasted_picture_reaches_its_reader(name, text):
    answer, _ = answer_of(with_picture(png(), text.format(name), name))
    assert answer.answered
    assert [base64.b64decode(one.split(",")[1]) for one in answer.pictures] == [png()]
    assert answer.pictures[0].startswith("data:image/png;base64,")
    assert "![" in formgrader.harmless(answer.source)
    assert "](attachment:picture1.png)" in formgrader.harmless(answer.source)
    assert "](javascript" not in formgrader.harmless(answer.source)


def test_a_picture_alone_in_a_new_cell_is_an_answer():
    def change(cells):
        below("![a](attachment:a.png)")(cells)
        cells[at(cells) + 1]["attachments"] = {"a.png": {"image/png": base64.b64encode(png()).decode()}}

    answer, _ = answer_of(change)
    assert answer.answered
    assert len(answer.pictures) == 1


@pytest.mark.parametrize(
    "content", [b"<svg onload='alert(1)'/>", b"<html>", b"", "no base64 at all", 7, None, ["x", 3], {"a": 1}]
)
def test_what_is_no_picture_is_left_out_and_said(content):
    answer, _ = answer_of(with_picture(content))
    assert answer.pictures == ()
    assert "attachment:image.png" not in answer.source
    assert "it is not a picture" in answer.source


def test_what_the_notebook_says_of_a_picture_is_not_believed():
    answer, _ = answer_of(with_picture(png(), kind="text/html"))
    assert answer.pictures[0].startswith("data:image/png;base64,")


def test_pictures_are_bounded(monkeypatch):
    size = len(png())
    monkeypatch.setattr(pictures, "MOST_BYTES", size - 1)
    answer, _ = answer_of(with_picture(png()))
    assert answer.pictures == ()
    assert "it is too large" in answer.source
    monkeypatch.setattr(pictures, "MOST_BYTES", size)
    monkeypatch.setattr("grading.intake.notebook.MOST_TOGETHER", 2 * size)
    code = base64.b64encode(png()).decode()
    cells = [own("x", attachments={f"{k}.png": {"image/png": code} for k in range(2)}) for _ in range(2)]
    read = read_notebook(json.dumps({"cells": cells}).encode())
    assert [len(cell.get("attachments", {})) for cell in read["cells"]] == [2, 0]


@pytest.mark.parametrize("attachments", [None, 3, [], {"a": 1}, {"a": {"image/png": {}}}, {"": {}}])
def test_odd_attachments_break_nothing(attachments):
    cells = [own("x", attachments=attachments), own("1", "code", attachments=attachments)]
    read = read_notebook(json.dumps({"cells": cells}).encode())
    assert all("attachments" not in cell for cell in read["cells"])
