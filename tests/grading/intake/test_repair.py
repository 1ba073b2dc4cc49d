"""Whatever a student did to the cells, the student's own work is found again."""

from __future__ import annotations

import copy
import json

import nbformat
import pytest

from grading.commands import demo
from grading.course.lab import parts_of, role
from grading.intake.notebook import read_notebook
from grading.intake.repair import repair
from tests import tiny_course
from tests.grading.intake.notebooks import (
    EXERCISES,
    RELEASED,
    SOLVED,
    WHOLE,
    code_of,
    given,
    names,
    place,
)


def find(cells, name):
    return next(cell for cell in cells if demo.grade_id(cell) == name)


def remove(*doomed):
    return lambda cells: [cells.remove(find(cells, name)) for name in doomed]


def retype(name, kind):
    return lambda cells: find(cells, name).update(cell_type=kind)


def strip_all(cells):
    for cell in cells:
        cell["metadata"] = {}


def strip_ids(cells):
    strip_all(cells)
    for cell in cells:
        cell.pop("id", None)


def rename(cells):
    for cell in cells:
        if demo.grade_id(cell):
            cell["metadata"]["nbgrader"]["grade_id"] += "_mine"


def points(cells):
    for cell in cells:
        if "points" in cell["metadata"].get("nbgrader", {}):
            cell["metadata"]["nbgrader"] |= {"points": 100, "grade": False, "locked": False}


def schema(cells):
    for cell in cells:
        if demo.grade_id(cell):
            cell["metadata"]["nbgrader"]["schema_version"] = 9


def edit_tests(cells):
    for cell in cells:
        if demo.grade_id(cell).startswith("test_"):
            cell["source"] = "pass"


def copy_cell(name, to=0):
    return lambda cells: cells.insert(to, copy.deepcopy(find(cells, name)))


def swap(cells):
    cells[:] = cells[::-1]


def split(cells):
    """The function's first half in one cell, its second in the next, both with the mark: a split as Jupyter does it."""
    at = cells.index(find(cells, "reconstruction_loss"))
    head, tail = copy.deepcopy(cells[at]), copy.deepcopy(cells[at])
    head["source"], tail["source"] = "helper = 1\n", "".join(cells[at]["source"])
    cells[at : at + 1] = [head, tail]


WHOLE_WORK = {
    "nothing changed": lambda cells: None,
    "a test deleted": remove("test_gaussian_kl"),
    "all tests deleted": remove(*(f"test_{name}" for name in EXERCISES)),
    "a test retyped": retype("test_vae_loss", "markdown"),
    "a solution retyped": retype("vae_loss", "raw"),
    "an answer retyped": retype("question_coverage", "code"),
    "metadata stripped": strip_all,
    "names changed": rename,
    "points changed": points,
    "a version that nbgrader does not know": schema,
    "tests edited": edit_tests,
    "a solution copied to the top": copy_cell("gaussian_kl"),
    "a test copied to the top": copy_cell("test_gaussian_kl"),
    "an answer copied": copy_cell("question_coverage"),
    "a cell split": split,
    "cells in another order": swap,
}


@pytest.mark.parametrize("damage", WHOLE_WORK)
def test_the_student_s_whole_work_is_found_again(damage):
    notebook, _ = given(WHOLE_WORK[damage])
    assert sorted(names(notebook)) == sorted(WHOLE)
    for name in (*EXERCISES, "question_coverage"):
        found = notebook["cells"][place(notebook, name)]["source"]
        assert found == "".join(find(SOLVED["cells"], name)["source"]), name
    for name in EXERCISES:  # the lab's own tests, each behind its function
        test = notebook["cells"][place(notebook, f"test_{name}")]
        assert test["source"] == find(RELEASED["cells"], f"test_{name}")["source"]
        assert place(notebook, f"test_{name}") > place(notebook, name)


@pytest.mark.parametrize("damage", WHOLE_WORK)
def test_a_repaired_notebook_is_sound_for_nbgrader(damage):
    notebook, _ = given(WHOLE_WORK[damage])
    nbformat.validate(nbformat.from_dict(copy.deepcopy(notebook)))
    marks = [cell["metadata"]["nbgrader"] for cell in notebook["cells"] if demo.grade_id(cell)]
    wanted = {m["grade_id"]: m for c in RELEASED["cells"] if (m := c["metadata"].get("nbgrader"))}
    assert all(mark == wanted[mark["grade_id"]] for mark in marks)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])


def test_no_code_of_the_student_s_is_lost_or_moved():
    mine = [cell["source"] for cell in SOLVED["cells"] if role(cell) in ("code", "solution")]
    notebook, _ = given(copy_cell("gaussian_kl"))
    kept = [part.source for part in parts_of(notebook["cells"]) if part.role in ("code", "solution")]
    assert kept[1:] == ["".join(source) for source in mine]
    assert kept[0] == "".join(find(SOLVED["cells"], "gaussian_kl")["source"])


def test_an_untouched_notebook_needs_no_repair():
    assert repair(RELEASED, RELEASED) == (RELEASED, [])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("a test deleted", "The test of gaussian_kl was missing"),
        ("a solution copied to the top", "The cell of gaussian_kl was there 2 times; the last one counts"),
        ("a solution retyped", "The cell of vae_loss was of type raw"),
        ("tests edited", "The test of gaussian_kl was changed; the lab's own is used"),
        ("names changed", "names that the lab does not know"),
    ],
)
def test_what_was_mended_is_said(damage, said):
    assert any(said in sentence for sentence in given(WHOLE_WORK[damage])[1])


def test_without_marks_and_ids_functions_are_known_by_name():
    notebook, _ = given(strip_ids)
    assert code_of(notebook) == code_of(given(lambda cells: None)[0])
    assert sorted(names(notebook)) == sorted(WHOLE)


def test_the_filled_in_copy_of_an_answer_counts():
    def add_empty_copy(cells):
        cells.append(copy.deepcopy(find(demo.read("labs")["cells"], "question_coverage")))

    notebook, _ = given(add_empty_copy)
    answer = "".join(find(SOLVED["cells"], "question_coverage")["source"])
    assert notebook["cells"][place(notebook, "question_coverage")]["source"] == answer != "YOUR ANSWER HERE"


def test_a_missing_set_up_cell_is_put_back():
    notebook, said = given(lambda cells: cells.remove(next(c for c in cells if c.get("id") == "setup")))
    assert notebook["cells"][0]["source"] == find_setup()
    assert "The set-up cell was missing; it was put back as handed out." in said


def test_a_set_up_behind_the_exercises_comes_before_them():
    """Functions are tested where they stand, so what they import must have run by then."""
    notebook, said = given(swap)
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    set_up = "".join(find_setup())
    assert sources.count(set_up) == 1
    assert sources.index(set_up) < min(place(notebook, name) for name in EXERCISES)
    assert "The set-up cell stood behind an exercise; it was put in front of them." in said
    assert "The set-up cell stood behind an exercise; it was put in front of them." not in given(lambda cells: None)[1]


def find_setup():
    return next(cell["source"] for cell in RELEASED["cells"] if cell["id"] == "setup")


def middling():
    """A lab in whose middle, behind the first exercise, code stands; as nbformat 4.4 has it, without ids."""
    cells = [
        tiny_course.code("import math"),
        tiny_course.solution("def total(n):\n    return sum(range(n + 1))", "total"),
        tiny_course.checking("assert total(10) == 55", "test_total"),
        tiny_course.code("much = total(100)"),
        tiny_course.solution("half = much / 2", "cell-half"),
        tiny_course.checking("assert half == 2525", "cell-test"),
    ]
    return {"cells": cells}


@pytest.mark.parametrize("damage", [lambda cells: None, strip_ids, lambda cells: cells.insert(5, cells.pop(3))])
def test_without_ids_the_code_between_exercises_stays_where_it_is(damage):
    notebook, lab = middling(), read_notebook(json.dumps(middling()).encode())
    damage(notebook["cells"])
    order = ["".join(cell["source"]) for cell in notebook["cells"]]
    mended, said = repair(read_notebook(json.dumps(notebook).encode()), lab)
    assert [cell["source"] for cell in mended["cells"]] == order
    assert names(mended) == names(lab)
    assert said == []


def test_tags_that_were_stripped_are_those_of_the_lab():
    """What is only to be explored is not run."""
    explored = [part.source for part in parts_of(given(strip_ids)[0]["cells"]) if part.explore]
    assert explored == [part.source for part in parts_of(RELEASED["cells"]) if part.explore] != []
