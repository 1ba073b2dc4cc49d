"""Grading that JupyterLab has started does not outlive it."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from grading.commands.leash import LEASHED
from grading.course.folder import ROOT
from tests import tiny_course
from tests.grading.test_killed import Process, below, end, kill, start, wait_until

BOLT = """
import sys
from pathlib import Path
from grading.commands.autograde import autograde
print(autograde("tiny", "ann", Path(sys.argv[1])), flush=True)
"""
COURSE = """
import sys, time
from pathlib import Path
from grading.commands.leash import obey

obey()
print("at work", file=sys.stderr, flush=True)
Path("at work").touch()
time.sleep(600)
"""


@pytest.mark.slow
def test_what_the_bolt_has_started_ends_with_jupyter(tmp_path):
    """Grading holds a lock, so that one left behind would keep all others out. Here it only waits."""
    (course := tmp_path / "course").mkdir()
    tiny_course.make(course)
    tiny_course.write(course / "labs/tiny/tiny.ipynb", tiny_course.source_notebook())
    tiny_course.write(course / "submitted/ann/tiny/tiny.ipynb", {})
    shutil.copytree(ROOT / "grading", course / "grading", ignore=shutil.ignore_patterns("__pycache__"))
    (course / "grading" / "__main__.py").write_text(COURSE)
    script = tmp_path / "jupyter.py"
    script.write_text(BOLT.replace("sys.argv[1]", repr(str(course))))
    with (tmp_path / "log").open("w+") as log, start(script, log) as server:
        try:
            assert wait_until((course / "at work").exists), (tmp_path / "log").read_text()
            assert len(below(server.pid)) == 1
            kill(Process(server.pid), below(server.pid), "jupyter")
        finally:
            end(server)


def test_without_a_leash_an_empty_input_ends_nothing():
    code = "import time\nfrom grading.commands.leash import obey\nobey()\ntime.sleep(1)\nprint('done')"
    for environment, said in (({}, "done\n"), ({LEASHED: "1"}, "")):
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "cwd": ROOT}
        done = subprocess.run([sys.executable, "-c", code], env=environment, **options)
        assert (done.stdout, done.returncode) == (said, 0 if said else 1)
