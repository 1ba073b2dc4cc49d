"""The self-check: before anyone is graded by a lab, the real grader must give its own solution everything and the lab
as handed out nothing. What has passed is remembered by content: solution, release, grader. A second time costs nothing.
"""

import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

from grading.course.folder import ROOT, GradingError
from grading.course.lab import Release, digest
from grading.engine import Job, Outcome, Task
from grading.judge.soundness import complaint, own_handins, unsound

MEMORY = "checked.json"  # in the ledger
Engine = Callable[[Iterable[Job]], Iterator[Outcome]]


def checked(
    releases: dict[str, Release], memory: Path, engine: Engine, isolated: bool = True, root: Path = ROOT
) -> dict[str, Release]:
    """The releases, each with the way in which its tests are run; GradingError says what is wrong with one.

    `memory` is the file that remembers.
    """
    known = _read(memory)
    marks = {lab: mark(release, root) for lab, release in releases.items()}
    new = {lab: release for lab, release in releases.items() if known.get(lab, {}).get("mark") != marks[lab]}
    for lab, release in new.items():
        found = faults(release, engine, isolated, root)
        if found:
            raise GradingError(complaint(lab, found))
        known[lab] = {"mark": marks[lab]}
        _write(memory, known)
    return releases


def faults(release: Release, engine: Engine, isolated: bool, root: Path) -> dict[str, str]:
    """What is wrong with a lab's tests, by their names."""
    tasks = [Task(place, handin, isolated, candid=True) for place, handin in enumerate(own_handins(release, root))]
    results = dict(engine([(task, release) for task in tasks]))
    return unsound(release, results[0], results[1])


def mark(release: Release, root: Path = ROOT) -> str:
    """What a check depends on: the solution, the release with its hidden tests, the grader."""
    return digest((release.digest, [handin.digest for handin in own_handins(release, root)], grader_version()))


@cache
def grader_version() -> str:
    """A name for this grader: its own code, the library's, torch's and Python's versions."""
    folder, found = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(p for name in ("grading", "vae_lib") for p in (folder / name).rglob("*.py")):
        found.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    found.update(f"{version('torch')} {platform.python_version()}".encode())
    return found.hexdigest()


def _read(path: Path) -> dict:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) and all(isinstance(one, dict) for one in known.values()) else {}


def _write(path: Path, known: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(known, indent=1), encoding="utf-8")
    os.replace(beside, path)
