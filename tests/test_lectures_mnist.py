"""The lectures run afresh on MNIST, on request: `make test ARGS=--mnist-lectures` with VAE_DATA_DIR set."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.test_lectures import lectures, run_afresh


@pytest.mark.slow
@pytest.mark.mnist
@lectures
def test_a_lecture_runs_on_mnist(path, request):
    if not request.config.getoption("--mnist-lectures"):
        pytest.skip("takes ten minutes for all: make test ARGS=--mnist-lectures")
    done = run_afresh(path, Path(os.environ["VAE_DATA_DIR"]).expanduser().absolute())
    assert done.returncode == 0, done.stdout[-3000:]
