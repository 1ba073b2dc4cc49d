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

ROOT = Path(__file__).parent.parent
QUIET = 0.030  # seconds of `yardstick` on a core of a server of 2021 (2.45 GHz) that is left alone
STARTUP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests import meter
meter.install(get_ipython())
del sys.path[0], sys, meter
"""


def yardstick() -> float:
    """Processor seconds of work like a lab's, the second of two: the first finds the caches cold."""
    work()
    return work()


def work() -> float:
    """Ten steps of training on 2,000 codes: what a busy machine does to this, it does to a lab's cells."""
    import torch  # here, since a lab's first cell imports it, and pays for it

    x, first, second = torch.full((2000, 32), 0.5), torch.full((32, 96), 0.1), torch.full((96, 10), 0.1)
    weights = [first.requires_grad_(), second.requires_grad_()]
    begun = process_time()
    for _ in range(10):
        loss = (torch.relu(x @ first) @ second).logsumexp(1).mean()
        for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            weight.data -= 1e-3 * slope
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
    """What the cells that ran in a folder would take on a core like `QUIET`'s; one that has not run is a `KeyError`."""
    lines = [line for line in read(folder) if Path(line["folder"]) == ran_in]
    seconds: dict[str, float] = {}
    for line in lines:
        seconds[line["source"]] = seconds.get(line["source"], 0.0) + line["seconds"]
    spent = sum(seconds[source] for source in {cell.source for cell in cells})
    return spent / mean(line["yardstick"] for line in lines) * QUIET


def read(folder: Path) -> Iterator[dict[str, Any]]:
    """The meter's lines, of all kernels."""
    for line in (folder / "meter.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
