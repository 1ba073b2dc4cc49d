"""A class graded on a cluster of several worker processes, one of them killed in the middle."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from grading.commands import demo
from grading.course.folder import ROOT, GradingError
from grading.engine import on_cluster
from grading.grade import Options, grade_class
from tests.grading.test_grade import POINTS, PUPILS

distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[dask]'")

NAMES = ("ada", "cleo", "dan", "iris", "jo", "mallory")  # right, half done, wrong, crashed, repaired, cheating


def scores(out):
    with (out / "scores.csv").open(newline="", encoding="utf-8") as file:
        return {row["student"]: (float(row["score"]), row["state"]) for row in csv.DictReader(file)}


def earned(pupil):
    """As graded here, which test_grade.py tells of each exercise."""
    return float(sum(p for name, p in POINTS.items() if name not in pupil.lost + pupil.ungraded)), pupil.state


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers, as an administrator starts them; (address, the workers' processes)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address, processes = f"tcp://127.0.0.1:{port}", []
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def start(module, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
        options = {"cwd": tmp_path, "env": environment, "start_new_session": True}
        with (tmp_path / f"{module}.log").open("ab") as log:
            processes.append(subprocess.Popen(command, stdout=log, stderr=log, **options))
        return processes[-1]

    start("dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
    worker = ("dask_worker", address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard", "--no-nanny")
    workers = [start(*worker) for _ in range(2)]
    yield address, workers, lambda: start(*worker)
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    for process in processes:
        process.wait(timeout=20)


@pytest.mark.slow
@pytest.mark.sandbox
def test_a_killed_worker_changes_no_score(cluster, tmp_path):
    address, workers, start = cluster
    demo.make_class(tmp_path / "all")
    for name in NAMES:
        shutil.copytree(tmp_path / "all" / name, tmp_path / "submitted" / name)
    seen = []

    def say(line):
        seen.append(line)
        if len(seen) == 2:  # in the middle
            os.killpg(workers[0].pid, signal.SIGKILL)
            start()

    started = time.monotonic()
    grade_class(Options(tmp_path / "submitted", tmp_path / "out", scheduler=address), say)
    assert workers[0].poll() is not None
    assert scores(tmp_path / "out") == {name: earned(PUPILS[name]) for name in NAMES}
    assert time.monotonic() - started < 300


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_one_sentence():
    with pytest.raises(GradingError, match=r"There is no Dask scheduler at tcp://127\.0\.0\.1:1"):
        list(on_cluster(iter([]), "tcp://127.0.0.1:1", patience=2))
