"""Claims as pytest's items: a file a lecture, in it an execution a data set, in that an item a claim."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.claims import Claim, load
from tests.claims.execution import NONE, ROOT, Execution, data_sets, on

LEAST = 8  # claims a lecture
LEAST_OF_THE_FIRST_PAGE = 3  # 00, which is no lecture


class Fault(Exception):
    """What is wrong, in words that need no traceback."""


class LectureFile(pytest.File):
    """`tests/claims/NN_name.py` with `course/NN_name.ipynb`."""

    lectures = ROOT / "course"

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        path = self.lectures / f"{self.path.stem}.ipynb"
        if not path.exists():
            raise self.CollectError(f"{self.path.name} has claims, but there is no lecture {path.name}.")
        self.notebook, self.claims = nbformat.read(path, as_version=4), load(self.path)
        self.words = [normalised(text) for text in words(self.notebook)]
        yield ModuleItem.from_parent(self, name="claims_enough")
        for data in data_sets(self.notebook):
            run = ExecutionCollector.from_parent(self, name=data)
            run.add_marker("slow")
            if data == "mnist":
                run.add_marker("mnist")
            run.execution = Execution(path, data)
            yield run


class ExecutionCollector(pytest.Collector):
    """One execution of the lecture: `NN_name.py::digits`, or `NN_name.py::none` where it loads no data."""

    execution: Execution

    def collect(self) -> Iterator[pytest.Item]:
        yield RunItem.from_parent(self, name="runs_afresh")
        for name, claim in self.parent.claims.items():
            if claim.on in ("any", self.name):
                yield ClaimItem.from_parent(self, name=name, claim=claim)

    def teardown(self) -> None:
        self.execution.close()


class _Item(pytest.Item):
    def repr_failure(self, excinfo: pytest.ExceptionInfo) -> object:
        return str(excinfo.value) if isinstance(excinfo.value, Fault) else super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self.path.stem}::{self.nodeid.split('::', 1)[1]}"


class ModuleItem(_Item):
    """The lecture has enough claims, and each of them is run on something."""

    def runtest(self) -> None:
        least = LEAST_OF_THE_FIRST_PAGE if self.path.name.startswith("00") else LEAST
        claims, runs = self.parent.claims, data_sets(self.parent.notebook)
        if len(claims) < least:
            raise Fault(f"{self.path.name} has {len(claims)} claims; a lecture has at least {least}.")
        for name, claim in claims.items():
            if claim.on not in ("any", *runs):
                only = "loads no data" if NONE in runs else f"runs on {' and '.join(runs)} only"
                raise Fault(f"{self.path.stem}: {name} is on {claim.on}, and the lecture {only}.")


class RunItem(_Item):
    """The cells run in a fresh kernel, and those that are tagged print what is stored."""

    def runtest(self) -> None:
        if faults := self.parent.execution.run():
            raise Fault("\n".join(f"{self.path.stem}: {fault}" for fault in faults))


class ClaimItem(_Item):
    """The quotes stand in the lecture, and the evidence holds."""

    def __init__(self, *, claim: Claim, **more: object) -> None:
        super().__init__(**more)
        self.claim = claim

    def runtest(self) -> None:
        lost = [quote for quote in self.claim.quotes if not self._is_there(quote)]
        if lost:
            raise Fault(f"{self.name}: the lecture no longer says “{lost[0]}”; mend the claim with the sentence.")
        if not asserts(self.claim):
            raise Fault(f"{self.name}: the function asserts nothing about a variable, so that it cannot fail.")
        if against := self.parent.execution.check(self.path, self.name):
            said = " … ".join(f"“{quote}”" for quote in self.claim.quotes)
            raise Fault(f"The lecture says {said}, but{on(self.parent.name)} {self.name}: {against}")

    def _is_there(self, quote: str) -> bool:
        return any(normalised(quote) in text for text in self.parent.parent.words)


def asserts(claim: Claim) -> bool:
    """Whether the function has an assertion that looks at anything."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(claim.function)))
    found = [node.test for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    return any(isinstance(part, ast.Name) for test in found for part in ast.walk(test))


def words(notebook: NotebookNode) -> Iterator[str]:
    """What the lecture says: its prose, and its figures' captions and alt texts as they are stored."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield cell.source
        for output in cell.get("outputs", []):
            yield "".join(output.get("data", {}).get("text/markdown", ""))
            yield output.get("metadata", {}).get("image/png", {}).get("alt", "")


def normalised(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
