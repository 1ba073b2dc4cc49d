"""What a lab costs: each solution's graded path, its `explore` cells left out, and all of it, in fresh kernels."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.notebooks import seconds, verdict

SOLUTIONS = Path(__file__).parent.parent / "solutions"
GRADED, WHOLE = 5, 40  # seconds at most


def show(options: argparse.Namespace) -> None:
    print("Labs, the solution's graded path and all of it, kernel start included")
    for path in sorted(SOLUTIONS.glob("lab*/lab*.ipynb"), key=_number)[: 1 if options.quick else None]:
        short, whole = seconds(path, is_graded), seconds(path)
        first = f"{short:>5.1f} s, at most {GRADED}: {verdict(short, GRADED)}"
        print(f"  {path.stem:<28} {first}; {whole:>5.1f} s, at most {WHOLE}: {verdict(whole, WHOLE)}", flush=True)


def is_graded(cell: dict) -> bool:
    """Whether a cell is on the graded path."""
    return "explore" not in cell["metadata"].get("tags", [])


def _number(path: Path) -> int:
    return int(path.stem.removeprefix("lab").split("_")[0])
