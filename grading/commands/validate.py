"""Run a lab's visible tests on what a student has written so far, and say which pass."""

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from grading.course.folder import ROOT, GradingError, chosen, handed_out
from grading.course.lab import HEADING, called, grader, role, text
from grading.course.pristine import pristine
from grading.intake.answers import gathered
from grading.intake.notebook import Unreadable, read_notebook
from grading.intake.repair import repair

SECONDS = 60  # for a cell
STARTING = 300  # for the first, which loads torch: on a busy machine alone that takes a minute
RAISED = re.compile(r"^(?:[\w.]+\.)?\w*(?:Error|Exception|Interrupt|Exit|Iteration)\b.*", re.M | re.S)
EXERCISE = re.compile(r"Exercise (\d+\.\d+)")
OPEN = "not answered yet"


class Report(NamedTuple):
    """What became of each test (its error, or ""), of other cells that failed, of questions, and what was mended.

    A test is called by its exercise's number and its function.
    """

    tests: dict[str, str]
    broken: dict[str, str]
    unanswered: list[str]
    mended: list[str]

    def failures(self) -> dict[str, str]:
        """Exercises and other cells that fail, each with its error."""
        return self.broken | {label: error for label, error in self.tests.items() if error}

    def notes(self) -> list[str]:
        """The questions that are open."""
        return [f"{question}: not answered yet" for question in self.unanswered]

    def summary(self) -> str:
        """3 of 7 exercises pass."""
        return f"{sum(not error for error in self.tests.values())} of {len(self.tests)} exercises pass."


def validate(name: str, root: Path = ROOT) -> Report:
    """Run labs/NAME/NAME.ipynb, or the lab's notebook in that file, repaired as for grading; GradingError where that
    cannot be done at all."""
    path, lab = notebook_of(name, root)
    try:
        notebook = read_notebook(path.read_bytes())
    except Unreadable as reason:
        shown = path.relative_to(root) if path.is_relative_to(root) else path.name
        raise GradingError(f"{shown}: {reason}") from None
    original = pristine(lab, root)
    notebook, mended = repair(notebook, original) if original else (notebook, [])
    labels = labels_of(notebook["cells"])
    errors = run(notebook, path.parent, labels)
    tests = {label: errors.pop(label, "") for label in labels.values()}
    return Report(tests, errors, unanswered(notebook, original), mended)


def unanswered(notebook: dict, original: dict | None) -> list[str]:
    """The questions that still hold what they were handed out with."""
    original = original or {"cells": []}
    blank = {grader(cell)["grade_id"]: text(cell).strip() for cell in original["cells"] if role(cell) == "answer"}
    found = gathered(notebook["cells"], original)
    return [n for n, one in found.items() if one.text.strip() in ("", blank.get(n)) and not one.pictures]


def notebook_of(name: str, root: Path) -> tuple[Path, str]:
    """The notebook and its lab, called by the lab's name or by a file, which in the lab's folder may have any name."""
    path = Path(name).absolute()
    if (root / "course" / f"{path.stem}.ipynb").exists():
        raise GradingError(f"{path.stem} is a lecture: there is nothing in it to check.")
    if path.is_file():  # wherever it lies, this one is meant, and not the lab's own of that name
        lab = path.parent.name if path.parent.name in handed_out(root) else path.stem
        chosen([lab], handed_out(root))
        return path, lab
    chosen([path.stem], handed_out(root))
    return root / "labs" / path.stem / f"{path.stem}.ipynb", path.stem


def labels_of(cells: list[dict]) -> dict[str, str]:
    """What each test is called: "5.2 gaussian_kl" under a heading "Exercise 5.2 · …", else its name."""
    labels, number = {}, ""
    taken = {grader(cell)["grade_id"] for cell in cells if role(cell) in ("test", "answer", "task")}
    for cell in cells:
        if cell["cell_type"] == "markdown":
            found = [EXERCISE.match(heading) for heading in HEADING.findall(text(cell))]
            number = found[-1][1] + " " if found and found[-1] else "" if found else number
        elif role(cell) == "test":
            name = grader(cell)["grade_id"]
            labels[name] = number + called(name, taken)
    return labels


def run(notebook: dict, folder: Path, labels: dict[str, str]) -> dict[str, str]:
    """Run the graded path, without the cells that only show something: what went wrong in which cell."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError

    cells = nbformat.from_dict(notebook)
    settings = {"timeout": STARTING, "interrupt_on_timeout": True, "allow_errors": True, "kernel_name": "python3"}
    client = NotebookClient(cells, resources={"metadata": {"path": str(folder)}}, **settings)
    errors, latest = {}, "the first cell"
    surroundings = {**os.environ, "NBGRADER_EXECUTION": "validate"}
    with client.setup_kernel(env=surroundings, stderr=subprocess.DEVNULL):
        for place, cell in enumerate(cells.cells):
            if cell.cell_type != "code" or "explore" in cell.metadata.get("tags", []):
                continue
            name = grader(cell).get("grade_id", "")
            latest = labels.get(name, name) or latest
            try:
                client.execute_cell(cell, place)
            except DeadKernelError:
                raise GradingError(f"Python ended while it ran {latest}: nothing after it could be checked.") from None
            found = trouble(cell, client.timeout)
            client.timeout = SECONDS
            if found and (name in labels or found != OPEN):
                errors[labels.get(name) or first_line(cell)] = found
    return errors


def first_line(cell: dict) -> str:
    """A cell that is no test, by its first line of code."""
    lines = [line for line in text(cell).splitlines() if line.strip() and not line.startswith(("#", "%"))]
    return f"the cell with “{lines[0] if lines else ''}”"


def trouble(cell: dict, seconds: int) -> str:
    """The error that a cell ended with, which had so many seconds, in a sentence; "" where it ran through."""
    errors = [output for output in cell["outputs"] if output["output_type"] == "error"]
    if errors and errors[0]["ename"] == "KeyboardInterrupt":
        return f"it was still running after {seconds} seconds"
    if errors and errors[0]["ename"] == "NotAnswered":
        return OPEN
    return last_error("\n".join(errors[0]["traceback"])) if errors else ""


def last_error(error: str) -> str:
    """The message at the end of a traceback, without colours and without the path to it."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", error).strip()
    found = [match.start() for match in re.finditer(RAISED.pattern, plain, re.M)]
    said = plain[found[-1] :] if found else plain
    return OPEN if said.startswith("NotImplementedError") else said
