"""Any bytes in: a sound notebook, or a sentence that the student understands."""

from __future__ import annotations

import copy
import json

import nbformat
import pytest

from grading.intake.notebook import MAX_BYTES, Unreadable, read_notebook
from grading.intake.repair import repair
from tests.grading.intake.notebooks import (
    RELEASED,
    SOLVED,
    WHOLE,
    code_of,
    given,
    names,
)

# reading


OTHER_FORMATS = {
    "format 4.5": lambda nb: nb,
    "a higher minor": lambda nb: nb | {"nbformat_minor": 99},
    "format 5": lambda nb: nb | {"nbformat": 5},
    "no kernel": lambda nb: {"cells": nb["cells"], "nbformat": 4, "nbformat_minor": 2},
    "another kernel": lambda nb: nb | {"metadata": {"kernelspec": {"name": "julia"}}},
    "format 3": lambda nb: json.loads(nbformat.writes(nbformat.reads(json.dumps(nb), as_version=3), version=3)),
}


@pytest.mark.parametrize("form", OTHER_FORMATS)
def test_other_formats_are_read(form):
    other = OTHER_FORMATS[form](copy.deepcopy(SOLVED))
    notebook, _ = repair(read_notebook(json.dumps(other).encode()), RELEASED)
    assert code_of(notebook) == code_of(given(lambda cells: None)[0])
    nbformat.validate(nbformat.from_dict(notebook))


BROKEN = {
    "empty": (b"", "empty"),
    "blank": (b" \n", "empty"),
    "a web page": (b"<html>", "not a notebook"),
    "a picture": (b"\x89PNG\r\n\xff", "not text"),
    "half a file": (json.dumps(SOLVED).encode()[:5000], "not a notebook"),
    "a list": (b"[1, 2]", "not a notebook"),
    "a number": (b"3", "not a notebook"),
    "other JSON": (b'{"name": "x"}', "not a notebook"),
    "cells that are none": (b'{"cells": 3}', "not a notebook"),
    "nested without end": (b"[" * 200_000, "not a notebook"),
    "too large": (b" " * (MAX_BYTES + 1), "larger than"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_notebook_is_refused_with_a_reason(what):
    content, reason = BROKEN[what]
    with pytest.raises(Unreadable, match=reason) as caught:
        read_notebook(content)
    assert str(caught.value).count(".") <= 2
    assert "Error" not in str(caught.value)


def test_cells_that_are_none_are_left_out():
    odd = [
        None,
        3,
        {},
        {"cell_type": "code"},
        {"cell_type": "x", "source": 4},
        {"cell_type": "code", "source": ["a", 1]},
    ]
    notebook = read_notebook(json.dumps({"cells": odd, "metadata": []}).encode())
    assert [cell["source"] for cell in notebook["cells"]] == ["", "", "", "a"]
    mended, _ = repair(notebook, RELEASED)
    assert sorted(names(mended)) == sorted(WHOLE)
