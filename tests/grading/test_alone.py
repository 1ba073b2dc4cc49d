"""One run at a time on one folder."""

from __future__ import annotations

import subprocess
import sys

import pytest

from grading.course.folder import ROOT, GradingError
from grading.earlier import refresh

HW = "hw1/pca"


HOLD = """
import sys
from pathlib import Path
from grading.record.alone import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_runs_at_once_are_told_and_a_dead_one_leaves_no_lock(term):
    term.assign(HW)
    term.hand_in("ann", HW)
    term.grade()
    holding = [sys.executable, "-c", HOLD, str(term.folder)]
    other = subprocess.Popen(holding, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(GradingError, match=r"Another run is at work in .*: wait until it has ended, or"):
            term.grade()
        with pytest.raises(GradingError, match="Another run is at work"):
            refresh(term.folder, term.folder)
    finally:
        other.kill()
        other.communicate()
    term.grade()
