"""A class of honest hand-ins of one lab, graded by us and by stock `nbgrader autograde`: seconds, and scores."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil

from benchmarks.stock import autograde
from grading.commands import demo
from grading.course.folder import ROOT
from grading.engine import default_workers
from grading.grade import Options, grade_class
from grading.record.ledger import Entry

HONEST = ("ada", "ben", "cleo", "dan", "eve", "finn", "gwen")
AT_LEAST = 20  # times as fast as stock nbgrader
CPU = 0.5  # seconds a hand-in at most
IMPORTS = 4  # times `import torch` that one hand-in takes at most, from the command to its end
ROUNDS = 3
NOTHING = 1.5  # seconds of the processor for a run with nothing to do, a second of them to import


def show(options: argparse.Namespace) -> None:
    alone = one_hand_in()
    with TemporaryDirectory() as folder:
        course = Path(folder)
        _course(course, options.class_size)
        usage = Usage(options.class_size)
        entries, ours, cpu = _ours(course, usage)
        again = nothing_to_do(course)
        _sample(course, options.sample)
        started = time.perf_counter()
        stock = autograde(course)
        theirs = (time.perf_counter() - started) / len(stock)
    scores = {(entry.student, entry.lab): entry.score for entry in entries}
    same = all(scores[key] == score for key, score in stock.items())
    ratio = theirs / (ours / len(entries))
    print(
        f"Grading {len(entries)} honest hand-ins of {demo.LAB} ({len(demo.ALL)} exercises), {default_workers()} workers"
    )
    print(f"  ours: {ours:.1f} s in all, {ours / len(entries):.2f} s each, start included")
    print(f"  processor, students' own code included: {cpu:.2f} s each, at most {CPU}: {_verdict(cpu <= CPU)}")
    print(f"  memory at most: this process {peak()} MB, its largest worker {usage.largest:.0f} MB after a hand-in")
    for count, held in sorted(usage.found.items()):
        print(f"  after {count} hand-ins: this process holds {held.writer} MB, all {held.all} MB")
    print(f"  one hand-in alone, from the command to its end: {alone}")
    print(f"  the same class again, with nothing to do: {again}")
    print(f"  stock nbgrader autograde: {theirs:.2f} s each, measured on {len(stock)}")
    print(f"  {ratio:.0f} times as fast, at least {AT_LEAST}: {_verdict(ratio >= AT_LEAST)}; same scores: {same}")


def one_hand_in() -> str:
    """The command on one hand-in and `import torch`, in turns; a first time has checked the lab, as for any class."""
    with TemporaryDirectory() as folder:
        _course(Path(folder), 1)
        grading = [sys.executable, "-m", "grading", "grade", "--course", folder, "--force"]
        first = _seconds(grading)
        pairs = [(_seconds(grading), _seconds([sys.executable, "-c", "import torch"])) for _ in range(ROUNDS)]
    whole, imports = map(median, zip(*pairs, strict=True))
    kept = _verdict(whole <= IMPORTS * imports)
    return (
        f"{whole:.1f} s, {whole / imports:.1f} times `import torch`, at most {IMPORTS}: {kept}; "
        f"{first:.1f} s the first time, with the lab's own check"
    )


def nothing_to_do(course: Path) -> str:
    """Seconds of the processor that the command takes where nothing has changed, its start included."""
    out = course / "grading_out" / "ours"
    command = [sys.executable, "-m", "grading", "grade", "--course", str(course), "--out", str(out)]
    spent = [children_seconds(command) for _ in range(ROUNDS)]
    return f"{min(spent):.2f} s of the processor, at most {NOTHING:g}: {_verdict(min(spent) <= NOTHING)}"


def children_seconds(command: list[str]) -> float:
    """Of the processor, by a command and all that it waits for."""
    before = os.times()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - started


def peak() -> int:
    """Megabytes that this process has held at once."""
    import resource  # not on Windows

    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6)


class Held(NamedTuple):
    """Megabytes of the process that writes, and of it with all its workers and sandboxes."""

    writer: int
    all: int


class Usage:
    """Takes the grader's lines, one a hand-in, and samples what the largest other process holds; the memory of all
    after a tenth of the class, half of it, and all; and at the last line, while all live, their processor's seconds.
    """

    def __init__(self, size: int):
        self.lines, self.at, self.found = 0, {max(1, size // 10), max(1, size // 2), size}, {}
        self.size, self.seconds, self.largest = size, 0.0, 0.0

    def __call__(self, line: str) -> None:
        self.lines += 1
        self.largest = max(self.largest, *(resident(process) for process in family()[1:]), 0.0)
        if self.lines in self.at and psutil.LINUX:
            shares = [share(process) for process in family()]
            self.found[self.lines] = Held(round(shares[0]), round(sum(shares)))
        if self.lines == self.size:
            self.seconds = sum(seconds_of(process) for process in family())


def family() -> list[psutil.Process]:
    """This process and all that it, its children and theirs have started and that still live."""
    return [psutil.Process(), *psutil.Process().children(recursive=True)]


def share(process: psutil.Process) -> float:
    """Megabytes that a process holds; of what it shares with others, its part."""
    with contextlib.suppress(psutil.Error):  # it has ended meanwhile
        return process.memory_full_info().pss / 1e6
    return 0.0


def resident(process: psutil.Process) -> float:
    """Megabytes that a process has in memory, shared ones included."""
    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss / 1e6
    return 0.0


def seconds_of(process: psutil.Process) -> float:
    """Of the processor, by a process and those that it has waited for."""
    with contextlib.suppress(psutil.Error):
        return sum(process.cpu_times()[:4])
    return 0.0


def _verdict(good: bool) -> str:
    return "holds" if good else "does not hold"


def _course(course: Path, size: int) -> None:
    """solutions/, labs/ and a class in submitted/, no two hand-ins alike."""
    for name in ("solutions", "labs"):
        shutil.copytree(ROOT / name / demo.LAB, course / name / demo.LAB)
    shutil.copy(ROOT / "nbgrader_config.py", course)
    makers = [pupil.make for pupil in demo.CLASS if pupil.name in HONEST]
    for k in range(size):
        notebook = json.loads(makers[k % len(makers)](demo.handed_in()))
        notebook["cells"][0]["source"] = f"# Hand-in {k}"
        _write(course / "submitted" / f"s{k:03d}", notebook)


def _write(folder: Path, notebook: dict) -> None:
    path = folder / demo.LAB / f"{demo.LAB}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def _ours(course: Path, usage: Usage) -> tuple[list[Entry], float, float]:
    """What we give, the seconds it took, and the processor's seconds of all processes for each hand-in."""
    started, before = time.perf_counter(), sum(seconds_of(process) for process in family())
    entries = grade_class(Options(course / "submitted", course / "grading_out" / "ours"), usage, course)
    return entries, time.perf_counter() - started, (usage.seconds - before) / len(entries)


def _sample(course: Path, size: int) -> None:
    """Leave this many of the class for the slower grader."""
    for folder in sorted((course / "submitted").iterdir())[size:]:
        shutil.rmtree(folder)
