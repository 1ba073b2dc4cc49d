"""The notebook that Formgrader shows to the person who marks it.

Formgrader puts Markdown and raw cells into its page as they are, and the page may do all that the person may: a script
in an answer could start programs on that person's machine. So what a student wrote there is made harmless here.
"""

import base64
import re
from pathlib import Path

from grading.course.folder import ROOT, GradingError
from grading.course.lab import grader, notebook_cells, role, text
from grading.intake.handin import Arrival
from grading.judge.result import Result

PASTED = r"\(attachment:picture\d+\.(?:png|jpeg|gif)\)"  # as intake calls pictures
LIVE = re.compile(rf"<(?=[A-Za-z/!?])|\](?!{PASTED})(?=[(:])")  # where a tag begins, and where a link's address does
SPACE = "\N{ZERO WIDTH SPACE}"  # behind it a tag is none, nor a link, and a reader sees the text as before
MACROS = re.compile(r"\\(href|url|style|class|cssId|require|include|unicode)(?![A-Za-z])")  # MathJax's way to HTML


def shown(arrival: Arrival, result: Result, released: dict) -> dict:
    """The repaired notebook with what its cells printed and what the tests say, and nothing in it that would run."""
    messages = {one.grade_id: one.message for one in result.exercises}
    own = {cell["source"] for cell in released["cells"]}
    place = -1
    for cell in arrival.notebook["cells"]:
        if cell["cell_type"] != "code" and cell["source"] not in own:
            cell["source"] = harmless(cell["source"])
        if not role(cell):
            continue
        place += 1
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        printed = messages.get(name, "") if role(cell) == "test" else result.outputs.get(place, "")
        if cell["cell_type"] == "code" and printed:
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": printed}]
        if cell["cell_type"] == "code":
            cell["outputs"] += [as_output(picture) for picture in result.pictures.get(place, ())]
    return arrival.notebook


def as_output(picture: bytes) -> dict:
    """A PNG as Jupyter has it among a cell's outputs; a browser takes it for nothing else."""
    data = {"image/png": base64.b64encode(picture).decode()}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def with_models(notebook: dict, lab: str, root: Path = ROOT) -> dict:
    """The notebook with the model answer and the rubric above each answer, as its reader sees it."""
    try:
        source = notebook_cells("solutions", lab, root)
    except GradingError:
        return notebook
    models = {grader(cell)["grade_id"]: text(cell) for cell in source if role(cell) == "answer"}
    cells = []
    for cell in notebook["cells"]:
        model = models.get(grader(cell).get("grade_id")) if role(cell) == "answer" else None
        if model:
            told = f"**Model answer and rubric**, which you alone see\n\n{model}"
            cells.append({"cell_type": "markdown", "id": f"model-{len(cells)}", "metadata": {}, "source": told})
        cells.append(cell)
    return notebook | {"cells": cells}


def harmless(text: str) -> str:
    """Markdown without HTML of its own, without links (they may be scripts), and without MathJax's macros for both."""
    return MACROS.sub(r"\\mathrm{\1}", LIVE.sub(rf"\g<0>{SPACE}", text))
