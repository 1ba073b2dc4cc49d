"""A lab's notebook as it was handed out, whatever has been done to the copy in labs/ since."""

import hashlib
import json
import re
import subprocess
from pathlib import Path

from grading.course.folder import ROOT
from grading.course.halves import visible_half
from grading.course.lab import role, text

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
KEPT_METADATA = ("nbgrader", "tags", "jupyter")  # the last one folds a check
KEPT = ".released"  # a student edition has the labs there a second time
SOLUTION = re.compile(r"^( *)### BEGIN SOLUTION$.*?^ *### END SOLUTION$", re.MULTILINE | re.DOTALL)
STUB = r"\1# YOUR CODE HERE\n\1raise NotImplementedError()"


def pristine(lab: str, root: Path = ROOT) -> dict | None:
    """The released notebook: made from solutions/, else the student edition's second copy, else what git has."""
    source = root / "solutions" / lab / f"{lab}.ipynb"
    kept = root / KEPT / f"{lab}.ipynb"
    if source.exists():
        whole = bare(json.loads(source.read_text(encoding="utf-8")), lab)
        return whole | {"cells": [handed_out(cell) for cell in whole["cells"]]}
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    return committed(root / "labs" / lab / f"{lab}.ipynb")


def bare(notebook: dict, name: str) -> dict:
    """The notebook with fixed cell ids and no outputs, counts, times or author's kernel."""
    cells = [bare_cell(cell, f"{name}/{place}") for place, cell in enumerate(notebook["cells"])]
    return {
        "cells": cells,
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def bare_cell(cell: dict, place: str) -> dict:
    metadata = {key: cell["metadata"][key] for key in KEPT_METADATA if key in cell["metadata"]}
    kept = {"id": hashlib.sha256(place.encode()).hexdigest()[:8]} | cell | {"metadata": metadata}
    if cell["cell_type"] == "code":
        kept |= {"outputs": [], "execution_count": None}
    return kept


def handed_out(cell: dict) -> dict:
    """A cell of the source as students get it."""
    kind, source = role(cell), text(cell)
    if kind == "test":
        source = visible_half(source).removesuffix("\n")
    if kind == "solution":
        source = SOLUTION.sub(STUB, source)
    if kind == "answer":  # a question may stand in the same cell as its answer
        source = SOLUTION.sub("YOUR ANSWER HERE", source) if SOLUTION.search(source) else "YOUR ANSWER HERE"
    return cell | {"source": source}


def committed(path: Path) -> dict | None:
    """The notebook as git has it, or None."""
    try:
        shown = ["git", "-C", str(path.parent), "show", f"HEAD:./{path.name}"]
        return json.loads(subprocess.run(shown, capture_output=True, check=True).stdout)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
