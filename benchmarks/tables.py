"""The table of 2014 anew: test error on MNIST by the number of labels, for M1, M2, both, and a supervised baseline.

`python -m benchmarks tables` computes what is missing, a JSON a cell (method, labels, draw) in benchmarks/cells, and
writes course/tables/2014.json. One draw: `python -m benchmarks tables --methods m1-m2 --labels 100 --draws 1 --anew`.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.pictures import has_mnist
from benchmarks.semi_supervised import METHODS, Task
from vae_lib.beyond.semi_supervised import balanced_subset
from vae_lib.data import Dataset, data_home, load

LABELS, DRAWS, N_HELD_BACK = (100, 600, 1000, 3000), 5, 5000
TRIAL = 100  # seeds from here on choose settings, and never stand in the table
CELLS = Path(__file__).parent / "cells"
TABLE = Path(__file__).parent.parent / "course" / "tables" / "2014.json"
# Kingma et al. (2014), table 1: error in per cent, standard error
PUBLISHED = {
    "supervised": {100: (25.81,), 600: (11.44,), 1000: (10.7,), 3000: (6.04,)},
    "m1-svm": {100: (11.82, 0.25), 600: (5.72, 0.049), 1000: (4.24, 0.07), 3000: (3.49, 0.04)},
    "m2": {100: (11.97, 1.71), 600: (4.94, 0.13), 1000: (3.60, 0.56), 3000: (3.92, 0.63)},
    "m1-m2": {100: (3.33, 0.14), 600: (2.59, 0.05), 1000: (2.40, 0.02), 3000: (2.18, 0.04)},
}


class Cell(NamedTuple):
    """One training: a method, how many labels, which draw of them, and on which data."""

    method: str
    labels: int
    draw: int
    data: str = "mnist"
    data_dir: str | None = None
    pictures: int | None = None  # the first so many training pictures alone, for a trial

    @property
    def file(self) -> str:
        return f"{self.method}-{self.labels}-{self.draw}.json"


def compute(cell: Cell) -> dict[str, Any]:
    """Train and score. The held-back pictures are scored, too; the test pictures only by draws of the table."""
    torch.set_num_threads(1)
    data = load(cell.data, data_dir=cell.data_dir)
    n = min(cell.pictures or len(data.x_train), len(data.x_train) - held_back(data))
    labelled = balanced_subset(data.y_train[:n], cell.labels // 10, torch.Generator().manual_seed(cell.draw))
    task = Task(
        data._replace(x_test=data.x_test[:0], y_test=data.y_test[:0]),
        data.x_train[:n],
        labelled,
        data.y_train[labelled],
        cell.draw,
    )
    start = time.process_time()
    name = METHODS[cell.method](task)
    seconds = time.process_time() - start
    found = {"method": cell.method, "labels": cell.labels, "draw": cell.draw, "data": cell.data, "pictures": n}
    found["held_back_error"] = _error(name, data.x_train[-held_back(data) :], data.y_train[-held_back(data) :])
    if cell.draw < TRIAL:
        found["test_error"] = _error(name, data.x_test, data.y_test)
    return found | {"cpu_seconds": round(seconds, 1)}


def held_back(data: Dataset) -> int:
    """The last pictures of the training set that are never trained on."""
    return min(N_HELD_BACK, len(data.x_train) // 4)


@torch.no_grad()
def _error(name: Callable, x: torch.Tensor, y: torch.Tensor) -> float:
    return round(100 * (name(x) != y).double().mean().item(), 4)


def show(options: argparse.Namespace) -> None:
    """Compute the cells that are missing, and print and write the table."""
    if not has_mnist():
        print("Table of 2014: left out, since MNIST is not on disk (`python -m vae_lib.data mnist` downloads it)")
        return
    home = Path(options.cells)
    if options.quick and home == CELLS:  # a trial on a tenth of the pictures is no cell of the table
        home = Path(tempfile.mkdtemp(prefix="cells-"))
    home.mkdir(parents=True, exist_ok=True)
    wanted = [cell for cell in _wanted(options) if options.anew or not (home / cell.file).exists()]
    for found in engine(options.scheduler)(wanted):
        path = home / Cell(found["method"], found["labels"], found["draw"]).file
        path.write_text(json.dumps(found) + "\n", encoding="utf-8")
        print(f"  {path.stem}: {found}", flush=True)
    table = summary(json.loads(path.read_text(encoding="utf-8")) for path in sorted(home.glob("*.json")))
    print(as_text(table), flush=True)
    if home == CELLS:
        TABLE.parent.mkdir(exist_ok=True)
        TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def _wanted(options: argparse.Namespace) -> list[Cell]:
    """In the order in which a run that is cut short is of most use: a draw of everything, then the next."""
    first = options.first_draw
    cells = [
        (draw, labels, method)
        for draw in range(first, first + options.draws)
        for labels in options.labels
        for method in options.methods
    ]
    pictures = options.pictures if options.quick else None
    return [Cell(method, labels, draw, "mnist", str(data_home()), pictures) for draw, labels, method in cells]


def engine(scheduler: str | None) -> Callable[[Iterable[Cell]], Iterator[dict[str, Any]]]:
    """Here, one after the other, or on a Dask cluster, as they come."""
    return (lambda cells: map(compute, cells)) if scheduler is None else (lambda cells: on_cluster(cells, scheduler))


def on_cluster(cells: Iterable[Cell], address: str, patience: float = 20) -> Iterator[dict[str, Any]]:
    """On the workers of a Dask cluster, which need this project and MNIST at the same place."""
    from grading.course.folder import GradingError
    from grading.engine import client_of

    try:
        client = client_of(address, patience)
    except GradingError as error:
        raise SystemExit(str(error)) from None
    with client:
        from dask.distributed import as_completed

        for future in as_completed([client.submit(compute, cell, pure=False, retries=2) for cell in cells]):
            yield future.result()


def summary(cells: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each method and number of labels: mean test error, its standard error, and over how many draws."""
    errors: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for cell in cells:
        if "test_error" in cell:
            errors.setdefault((cell["method"], cell["labels"]), []).append(cell)
    rows = []
    for method, labels in sorted(errors, key=lambda key: (list(METHODS).index(key[0]), key[1])):
        found = errors[method, labels]
        tests = [cell["test_error"] for cell in found]
        spread = statistics.stdev(tests) / math.sqrt(len(tests)) if len(tests) > 1 else None
        row = {"method": method, "labels": labels, "draws": len(tests), "error": round(statistics.mean(tests), 3)}
        row["standard_error"] = None if spread is None else round(spread, 3)
        row["cpu_minutes"] = round(statistics.mean(cell["cpu_seconds"] for cell in found) / 60, 1)
        row["published"] = PUBLISHED.get(method, {}).get(labels)
        rows.append(row)
    return rows


def as_text(table: list[dict[str, Any]]) -> str:
    """The rows as a table in plain text."""
    lines = ["Test error in %      labels   here            draws   CPU min a draw   2014"]
    for row in table:
        here = _with_error(row["error"], row["standard_error"])
        then = _with_error(*(row["published"] or (None,)))
        lines.append(
            f"  {row['method']:<18} {row['labels']:>6}   {here:<14} {row['draws']:>5}   "
            f"{row['cpu_minutes']:>14}   {then}"
        )
    return "\n".join(lines)


def _with_error(mean: float | None, error: float | None = None) -> str:
    return "–" if mean is None else f"{mean:.2f}" if error is None else f"{mean:.2f} ± {error:.2f}"
