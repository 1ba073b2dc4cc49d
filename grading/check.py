"""The self-check: before anyone is graded by a lab, the real grader must give its own solution everything and the lab
as handed out nothing. What has passed is remembered by content: solution, release, grader. A second time costs nothing.

Here the way of each test is chosen, too: on stand-ins, outside; where the lab's own solution does not earn its points
so, plainly, in the sandbox (judge/plain.py).
"""

import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

from grading.course.folder import ROOT, GradingError, notebook_place
from grading.course.lab import Release, digest
from grading.engine import Job, Outcome, Task
from grading.judge.jupyter import passed_in_jupyter
from grading.judge.soundness import complaint, own_handins, unearned, unsound

MEMORY = "checked.json"  # in the ledger
Engine = Callable[[Iterable[Job]], Iterator[Outcome]]


def checked(
    releases: dict[str, Release],
    memory: Path,
    engine: Engine,
    isolated: bool = True,
    root: Path = ROOT,
    say: Callable[[str], object] = str,
) -> dict[str, Release]:
    """The releases, each with the way in which its tests are run; GradingError says all that is wrong with any."""
    sound, wrong = tried(releases, memory, engine, isolated, root, say)
    if wrong:
        raise GradingError(in_all(wrong))
    return sound


def tried(
    releases: dict[str, Release],
    memory: Path,
    engine: Engine,
    isolated: bool = True,
    root: Path = ROOT,
    say: Callable[[str], object] = str,
) -> tuple[dict[str, Release], dict[str, str]]:
    """The sound releases, each with the way in which its tests are run, and what is wrong with the others.

    `memory` is the file that remembers; `say` is told of tests that are run plainly.
    """
    known, wrong = _read(memory), {}
    for lab, release in releases.items():
        now = mark(release, root)
        if known.get(lab, {}).get("mark") == now:
            continue
        try:
            plain, found = ways(release, engine, isolated, root, counting := [])
        except GradingError as error:  # a set-up that does not run
            wrong[lab] = str(error)
            continue
        if found:
            wrong[lab] = complaint(lab, found, passed_in_jupyter(lab, root) if unearned(found) else ())
            continue
        known[lab] = {"mark": now, "plain": plain, "counting": counting}
        _write(memory, known)
    sound = {lab: tuple(known[lab].get("plain", ())) for lab in releases if lab not in wrong}
    for lab, names in sound.items():
        if names:
            say(f"{lab}: run plainly, inside the sandbox (see grading/SECURITY.md): {', '.join(names)}")
    return {lab: _tried(releases[lab], known[lab]) for lab in sound}, wrong


def in_all(wrong: dict[str, str]) -> str:
    """Each complaint once, a line each."""
    return "\n".join(dict.fromkeys(wrong.values()))


def _tried(release: Release, found: dict) -> Release:
    """The release with what its check has found out."""
    return release.run_plainly(tuple(found.get("plain", ())))._replace(counting=tuple(found.get("counting", ())))


def ways(
    release: Release, engine: Engine, isolated: bool, root: Path, counting: list[str] | None = None
) -> tuple[list[str], dict[str, str]]:
    """The tests that are to be run plainly, and what is wrong with the lab's tests, by their names; `counting` becomes
    the tests whose last line is a number of points.

    First none is; then those that fail on stand-ins; then all, since a test may need what an earlier one has made.
    What is said of a test that fails either way is what it says where it is run plainly.
    """
    tests = [exercise.grade_id for exercise in release.exercises]
    found = faults(release, engine, isolated, root, counting)
    failing = [name for name in tests if name in found]
    if not failing or len(failing) < len(found):  # a cell that fails is no test's way
        return [], found
    for plain in (failing, tests):
        again = faults(release.run_plainly(tuple(plain)), engine, isolated, root, counting)
        if not again:
            return plain, again
        if len(failing) == len(tests):
            break
    return [], again if again.keys() <= found.keys() else found


def faults(
    release: Release, engine: Engine, isolated: bool, root: Path, counting: list[str] | None = None
) -> dict[str, str]:
    """What is wrong with a lab's tests, by their names."""
    tasks = [Task(place, handin, isolated, candid=True) for place, handin in enumerate(own_handins(release, root))]
    results = dict(engine([(task, release) for task in tasks]))
    if counting is not None and results[0] is not None:
        counting[:] = [one.grade_id for one in results[0].exercises if one.counted]
    return unsound(release, *(results[task.ticket] for task in tasks))


def mark(release: Release, root: Path = ROOT) -> str:
    """What a check depends on: the solution, the release with its hidden tests, the grader."""
    notebooks = [notebook_place(folder, release.lab, root).read_bytes() for folder in ("solutions", "labs")]
    return digest((release.digest, [hashlib.sha256(one).hexdigest() for one in notebooks], grader_version()))


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
