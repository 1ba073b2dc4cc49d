"""What Jupyter itself makes of a lab's own solution, where the grader's sandbox does not give it every point."""

import subprocess
from pathlib import Path

from grading.course.folder import ROOT, notebook_place
from grading.course.lab import grader, role
from grading.intake.notebook import read_notebook

SECONDS = 300  # for a cell, on a busy machine


def passed_in_jupyter(lab: str, root: Path = ROOT) -> set[str]:
    """The tests that give the lab's own solution every point in a kernel without walls, as nbgrader runs and counts
    them; none where there is no such kernel. The author's own code runs here, with the author's rights."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellControlSignal, DeadKernelError
    from nbgrader.utils import determine_grade

    path = notebook_place("solutions", lab, root)
    notebook = nbformat.from_dict(read_notebook(path.read_bytes()))
    notebook.cells = [cell for cell in notebook.cells if "explore" not in cell.metadata.get("tags", [])]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    where = {"resources": {"metadata": {"path": str(path.parent)}}, "kernel_name": "python3"}
    client = NotebookClient(notebook, timeout=SECONDS, interrupt_on_timeout=True, allow_errors=True, **where)
    try:
        client.execute(stderr=subprocess.DEVNULL)
    except (KeyError, OSError, RuntimeError, CellControlSignal, DeadKernelError):  # NoSuchKernel is a KeyError
        return set()
    tests = [cell for cell in notebook.cells if role(cell) == "test"]
    grades = {grader(cell)["grade_id"]: determine_grade(cell) for cell in tests}
    return {name for name, (score, points) in grades.items() if score == points}
