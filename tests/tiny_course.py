"""A course of one small lab in a folder of its own, to try the instructor's commands on."""

import json
import re
import shutil
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LAB = "tiny"

SOLUTION = "def double(x):\n    ### BEGIN SOLUTION\n    twice = x + x\n    return twice\n    ### END SOLUTION"
TEST = "assert double(2) == 4\n### BEGIN HIDDEN TESTS\nassert double(-3) == -6\n### END HIDDEN TESTS"


def mark(name, *, solution=False, points=None, locked=False):
    graded = {"grade": points is not None} | ({} if points is None else {"points": points})
    given = {"grade_id": name, "locked": locked, "schema_version": 3, "solution": solution, "task": False}
    return {"nbgrader": given | graded}


def code(source, metadata=None):
    """A code cell as an author leaves it behind: run, with an output and times."""
    noise = {"execution": {"iopub.status.busy": "2026-01-01T00:00:00Z"}, "scrolled": True}
    output = {"output_type": "stream", "name": "stdout", "text": "a run was here\n"}
    return {
        "cell_type": "code",
        "source": source.splitlines(keepends=True),
        "metadata": noise | (metadata or {}),
        "outputs": [output],
        "execution_count": 7,
    }


def text(source, metadata=None):
    return {"cell_type": "markdown", "source": [source], "metadata": metadata or {}}


def source_notebook():
    """The lab's source: an exercise, its test, a question; the first cell has an id, the rest none."""
    return {
        "cells": [
            text("# Tiny") | {"id": "title"},
            text("## Exercise 1.1 · Twice as much (2 points)"),
            code(SOLUTION, mark("double", solution=True)),
            code(TEST, mark("test_double", points=2, locked=True)),
            code("double(21)", {"tags": ["explore"]}),
            text("An answer for the grader only.", mark("question_why", solution=True, points=1)),
        ],
        "metadata": {"kernelspec": {"display_name": "mine", "language": "python", "name": "mine"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def make(folder: Path) -> Path:
    """The course in this folder, with its source but without labs/."""
    shutil.copy(PROJECT / "nbgrader_config.py", folder)
    write(folder / "solutions" / LAB / f"{LAB}.ipynb", source_notebook())
    return folder


def of(folder: Path, *cells: dict) -> Path:
    """A course of one lab with these cells, in solutions/ and, without its secrets, in labs/."""
    notebook = source_notebook() | {"cells": list(cells)}
    bare = [one | {"source": without_secrets("".join(one["source"]))} for one in cells]
    for place, one in (("solutions", notebook), ("labs", notebook | {"cells": bare})):
        write(folder / place / LAB / f"{LAB}.ipynb", one)
    return folder


def without_secrets(source: str) -> str:
    """As nbgrader releases a cell."""
    source = re.sub(
        r"( *)### BEGIN SOLUTION\n.*?### END SOLUTION", r"\1raise NotImplementedError()", source, flags=re.S
    )
    return re.sub(r"### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS\n?", "", source, flags=re.S)


def solution(source: str, name: str = "double") -> dict:
    return code(source, mark(name, solution=True))


def checking(source: str, name: str = "test_double", points: float = 2) -> dict:
    return code(source, mark(name, points=points, locked=True))


def write(path: Path, notebook) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def released(course: Path) -> dict:
    return json.loads((course / "labs" / LAB / f"{LAB}.ipynb").read_text(encoding="utf-8"))


def cell(notebook: dict, name: str) -> dict:
    """The cell with this grade_id."""
    marks = {c["metadata"].get("nbgrader", {}).get("grade_id"): c for c in notebook["cells"]}
    return marks[name]


def answered(course: Path, answer: str = "def double(x):\n    return 2 * x") -> dict:
    """The released lab with its exercise and its question answered."""
    notebook = released(course)
    cell(notebook, "double")["source"] = [answer]
    cell(notebook, "question_why")["source"] = ["Because."]
    return notebook
