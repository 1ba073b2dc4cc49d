"""The lab's intake, and a folder STUDENT/LAB."""

from __future__ import annotations

import json

import pytest

from grading.course.folder import ROOT
from grading.intake.handin import Intake
from grading.intake.notebook import read_notebook
from tests.grading.intake.notebooks import LAB, RELEASED


@pytest.fixture
def intake():
    other = "lab1_pca"
    one = json.loads((ROOT / "labs" / other / f"{other}.ipynb").read_text())
    return Intake({LAB: RELEASED, other: read_notebook(json.dumps(one).encode())})


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "submitted" / "ann" / LAB
    made.mkdir(parents=True)
    return made
