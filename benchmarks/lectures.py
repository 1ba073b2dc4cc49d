"""What a lecture costs: each from the first cell to the last, in a fresh kernel."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.notebooks import seconds, verdict

COURSE = Path(__file__).parent.parent / "course"
CORE = 8  # lectures 0 to 7
EACH, ALL = 60, 360  # seconds at most, of a lecture, and of those of the core together


def show(options: argparse.Namespace) -> None:
    print("Lectures, kernel start included")
    spent = []
    for path in sorted(COURSE.glob("[0-9][0-9]_*.ipynb"))[: 1 if options.quick else None]:
        spent.append(seconds(path, folder=COURSE))  # one reads a table that lies there
        print(f"  {path.stem:<28} {spent[-1]:>5.1f} s, at most {EACH}: {verdict(spent[-1], EACH)}", flush=True)
    core, number = sum(spent[:CORE]), len(spent[:CORE])
    print(f"  the first {number} together {core:.0f} s, at most {ALL}: {verdict(core, ALL)}; all {sum(spent):.0f} s")
