"""A class of honest hand-ins of one lab, graded by us and by stock `nbgrader autograde`: seconds, and scores."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.stock import autograde
from grading import demo
from grading.course import ROOT
from grading.engine import default_workers
from grading.grade import Options, grade_class
from grading.ledger import Entry

HONEST = ("ada", "ben", "cleo", "dan", "eve", "finn", "gwen")
AT_LEAST = 20  # times as fast as stock nbgrader
CPU = 0.5  # seconds a hand-in at most


def show(options: argparse.Namespace) -> None:
    with TemporaryDirectory() as folder:
        course = Path(folder)
        _course(course, options.class_size)
        entries, ours, cpu = _ours(course)
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
    print(f"  memory at most: this process {peak('SELF')} MB, its largest worker {peak('CHILDREN')} MB")
    print(f"  stock nbgrader autograde: {theirs:.2f} s each, measured on {len(stock)}")
    print(f"  {ratio:.0f} times as fast, at least {AT_LEAST}: {_verdict(ratio >= AT_LEAST)}; same scores: {same}")


def peak(whose: str) -> int:
    """Megabytes that this process, or the largest of those it waited for, has held at once."""
    import resource  # not on Windows

    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return round(resource.getrusage(getattr(resource, f"RUSAGE_{whose}")).ru_maxrss * unit / 1e6)


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


def _ours(course: Path) -> tuple[list[Entry], float, float]:
    """What we give, the seconds it took, and the processor's seconds of all processes for each hand-in."""
    started, before = time.perf_counter(), os.times()
    entries = grade_class(Options(course / "submitted", course / "grading_out" / "ours"), lambda line: None, course)
    spent = sum(os.times()[:4]) - sum(before[:4])
    return entries, time.perf_counter() - started, spent / len(entries)


def _sample(course: Path, size: int) -> None:
    """Leave this many of the class for the slower grader."""
    for folder in sorted((course / "submitted").iterdir())[size:]:
        shutil.rmtree(folder)
