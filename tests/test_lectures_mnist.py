"""The lectures run afresh on MNIST, where it is on disk (a file of its own, since files are spread over the cores)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.test_lectures import lectures, run_afresh


@pytest.mark.slow
@pytest.mark.mnist
@lectures
def test_a_lecture_runs_on_mnist(path):
    done = run_afresh(path, Path(os.environ["VAE_DATA_DIR"]).expanduser().absolute())
    assert done.returncode == 0, done.stdout[-3000:]
