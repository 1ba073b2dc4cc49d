"""How long a notebook runs in a kernel of its own, from the kernel's start."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient


def seconds(path: Path, keep: Callable[[dict], bool] = bool, folder: Path | None = None) -> float:
    """To execute the cells that are to be kept, all of them by default, in an empty folder or in this one."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if keep(cell)]
    start = time.perf_counter()
    with TemporaryDirectory() as empty:
        quiet = ["--IPKernelApp.log_level=40"]  # it need not say that it is not encrypted
        where = {"metadata": {"path": str(folder or empty)}}
        NotebookClient(notebook, timeout=600, resources=where, extra_arguments=quiet).execute()
    return time.perf_counter() - start


def verdict(spent: float, most: float) -> str:
    return "holds" if spent <= most else "does not hold"
