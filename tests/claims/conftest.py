"""The modules of claims are no test modules: each is collected together with its lecture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if not re.fullmatch(r"\d\d_\w+\.py", file_path.name):
        return None
    from tests.claims.items import LectureFile  # here, since it imports nbclient and nbval

    return LectureFile.from_parent(parent, path=file_path)
