"""A sandbox for all tests of a worker: starting one takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grading.sandbox.process import Sandbox
from tests.grading.term import term  # noqa: F401  (a fixture of all tests here)
from tests.handins import QUICK


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(QUICK) as running:
        yield running
