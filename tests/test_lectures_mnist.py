"""The lectures run afresh on MNIST: those that take it where it is on disk, so neither `00_start_here`, which trains
on the digits, nor `04_variational_inference`, which loads no data; a rerun of these two would be the digits' again.

A file of its own, so that `--dist loadfile` gives it a process of its own.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.lecture_rules import LECTURES, code_cells, read
from tests.test_lectures import run_afresh


def loads(path: Path) -> set[str]:
    """The names of the data that a lecture loads."""
    source = "\n".join(cell.source for cell in code_cells(read(path)))
    return {name for name in ("auto", "digits", "mnist", "fashion_mnist") if f'load("{name}")' in source}


TAKES_MNIST = [path for path in LECTURES if loads(path) & {"auto", "mnist"}]


def test_no_lecture_that_takes_mnist_is_left_out():
    assert {path.name[:2] for path in TAKES_MNIST} >= {"01", "02", "03", "05", "06"}


@pytest.mark.slow
@pytest.mark.mnist
@pytest.mark.parametrize("path", TAKES_MNIST, ids=lambda path: path.stem)
def test_a_lecture_runs_on_mnist(path):
    done = run_afresh(path, Path(os.environ["VAE_DATA_DIR"]).expanduser().absolute())
    assert done.returncode == 0, done.stdout[-3000:]
