"""What a hand-in costs: each solution's graded path, its `explore` cells left out, in a fresh kernel."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient

SOLUTIONS = Path(__file__).parent.parent / "solutions"
BOUND = 10  # seconds


def show(options: argparse.Namespace) -> None:
    print("Labs, graded path of the solution, kernel start included")
    for path in sorted(SOLUTIONS.glob("lab*/lab*.ipynb"))[: 1 if options.quick else None]:
        spent = graded_path(path)
        verdict = "holds" if spent <= BOUND else "does not hold"
        print(f"  {path.stem:<28} {spent:>5.1f} s, at most {BOUND}: {verdict}", flush=True)


def graded_path(path: Path) -> float:
    """Seconds to execute the cells that are graded, in an empty folder."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "explore" not in cell.metadata.get("tags", [])]
    start = time.perf_counter()
    with TemporaryDirectory() as folder:
        quiet = ["--IPKernelApp.log_level=40"]  # it need not say that it is not encrypted
        where = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=180, resources=where, extra_arguments=quiet).execute()
    return time.perf_counter() - start
