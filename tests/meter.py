"""What cells cost, whatever else the machine does: their processor seconds, beside a yardstick run after each.

An IPython start-up file installs the meter in every kernel that is started with `environment(folder)`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from time import process_time
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
QUIET = 0.014  # seconds of `yardstick` on a core of a server of 2021 (2.45 GHz) that is left alone
STARTUP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests import meter
meter.install(get_ipython())
del sys.path[0], sys, meter
"""


def yardstick() -> float:
    """Processor seconds of work like a lab's, the best of three: the first finds the caches cold."""
    return min(work() for _ in range(3))


def work() -> float:
    """Products of matrices of 100 pictures, and Python."""
    pictures, weights = np.full((100, 784), 0.5, np.float32), np.full((784, 400), 0.5, np.float32)
    begun = process_time()
    for _ in range(10):
        pictures @ weights
    sum(number * number for number in range(100_000))
    return process_time() - begun


def environment(folder: Path) -> dict[str, str]:
    """For the kernels: where IPython finds the meter, and where the meter writes."""
    startup = folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-meter.py").write_text(STARTUP, encoding="utf-8")
    return {"IPYTHONDIR": str(folder / "ipython"), "METER": str(folder / "meter.jsonl")}


def install(shell: Any) -> None:
    """In the kernel: a line for each cell, with the folder it ran in."""
    begun = [0.0]

    def before(_: object) -> None:
        begun[0] = process_time()

    def after(result: Any) -> None:
        seconds = process_time() - begun[0]
        line = {"folder": os.getcwd(), "source": result.info.raw_cell, "seconds": seconds, "yardstick": yardstick()}
        with open(os.environ["METER"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    shell.events.register("pre_run_cell", before)
    shell.events.register("post_run_cell", after)


def quiet_seconds(folder: Path, cells: list[Any], ran_in: Path) -> float:
    """What the cells that ran in a folder would take on a core like `QUIET`'s."""
    sources = {cell.source for cell in cells}
    lines = [line for line in read(folder) if Path(line["folder"]) == ran_in]
    spent = sum(line["seconds"] for line in lines if line["source"] in sources)
    return spent / mean(line["yardstick"] for line in lines) * QUIET


def read(folder: Path) -> Iterator[dict[str, Any]]:
    """The meter's lines, of all kernels."""
    for line in (folder / "meter.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
