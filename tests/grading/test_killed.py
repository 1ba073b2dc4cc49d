"""`kill -9` of any of our processes, by role: what depends on it is gone within five seconds, nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grading.course.folder import ROOT
from grading.sandbox.process import Sandbox
from grading.sandbox.wire import pack
from tests import tiny_course
from tests.tiny_course import LAB, code, mark, text

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]
SECONDS = 120  # to come so far on a busy machine
LEFT = 5  # seconds in which all that depends on a killed process must be gone
SPIN = "def double(x):\n    while True:\n        pass"
ROLES = ["child", "keeper", "zygote", "bubblewrap", "worker"]
CLASS = [f"student{k}" for k in range(8)]


class Process:
    """A process as /proc shows it."""

    def __init__(self, number: int):
        self.number = number
        stat = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        self.state, self.parent, self.began = stat[0], int(stat[1]), stat[19]
        self.words = Path(f"/proc/{number}/cmdline").read_bytes().decode(errors="replace").split("\0")

    @property
    def alive(self) -> bool:
        try:
            now = Process(self.number)
        except (OSError, IndexError):
            return False
        return now.began == self.began and now.state != "Z"

    def kill(self) -> None:
        os.kill(self.number, signal.SIGKILL)


def processes() -> dict[int, Process]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found[int(folder.name)] = Process(int(folder.name))
        except (OSError, IndexError):
            continue
    return found


def below(number: int) -> list[Process]:
    """All that have come from a process, the nearest first."""
    known, found = processes(), [number]
    for one in found:
        found += [other.number for other in known.values() if other.parent == one]
    return [known[one] for one in found[1:] if one in known]


def chain(number: int) -> dict[str, Process]:
    """By role, where a hand-in that spins is being graded: each is made by the one before it."""
    family = below(number)
    child = max(family, key=lambda one: depth(one, family), default=None)
    if child is None:
        return {}
    known, line = {one.number: one for one in family}, [child]
    while line[-1].parent in known:
        line.append(known[line[-1].parent])
    line.reverse()  # worker, bubblewrap, its process 1, zygote, keeper, child
    inside = [one for one in line if "bwrap" in one.words[0]]
    if not inside or len(line) < line.index(inside[-1]) + 4:
        return {}
    last = line.index(inside[-1])
    names = {"zygote": line[last + 1], "keeper": line[last + 2], "child": line[last + 3]}
    return {"worker": line[0], "bubblewrap": inside[0]} | names


def depth(one: Process, family: list[Process]) -> int:
    parents = {other.number: other.parent for other in family}
    steps, number = 0, one.number
    while number in parents:
        steps, number = steps + 1, parents[number]
    return steps


def wait_until(done, seconds: float = SECONDS):
    end = time.monotonic() + seconds
    while not (found := done()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A lab whose one exercise all answer with a loop that never ends."""
    folder = tmp_path_factory.mktemp("course")
    tiny_course.make(folder)
    cells = [
        text("# Tiny"),
        tiny_course.solution(tiny_course.SOLUTION),
        code(tiny_course.TEST, mark("test_double", points=2, locked=True)),
    ]
    tiny_course.of(folder, *cells)
    for who in CLASS:
        notebook = tiny_course.released(folder)
        tiny_course.cell(notebook, "double")["source"] = [SPIN]
        tiny_course.write(folder / "submitted" / who / LAB / f"{LAB}.ipynb", notebook)
    return folder


RUN = """
import sys
from functools import partial
from pathlib import Path
from grading.grade import Options, grade_class
grade_class(Options(Path("submitted"), Path("out"), jobs=2), partial(print, flush=True), Path.cwd())
"""


def start(course: Path, log) -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", RUN], cwd=course, env=environment, stdout=log, stderr=log)


def test_what_depends_on_a_killed_process_ends_with_it(course):
    """One run over a class: each kind of process is killed in turn, and the run goes on; the last is the run itself."""
    with (course / "log").open("w+") as log, start(course, log) as run:
        try:
            for role in ROLES:
                known = wait_until(lambda: chain(run.pid))
                assert known, (role, (course / "log").read_text())
                kill(known[role], below(known[role].number), role)
                assert run.poll() is None, (role, (course / "log").read_text())
            assert wait_until(lambda: chain(run.pid))
            family = below(run.pid)
            kill(Process(run.pid), family, "main")
            run.wait()
        finally:
            for one in below(run.pid):
                one.kill()
            run.kill()
    assert not locked(course / "out" / "gradebook.db")


def kill(victim: Process, dependent: list[Process], role: str) -> None:
    """It and all that it has made are gone in time."""
    victim.kill()
    gone = wait_until(lambda: not [one for one in (victim, *dependent) if one.alive], LEFT)
    assert gone, (role, [one.words[:4] for one in (victim, *dependent) if one.alive])


def locked(database: Path) -> bool:
    import sqlite3

    with sqlite3.connect(database, timeout=0) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            return True
        connection.rollback()
    connection.close()
    return False


@pytest.mark.parametrize("isolated", [True, False])
def test_a_child_does_not_outlive_its_keeper(isolated):
    """Where nobody reads from it any more, a child that spins would stay for its ten minutes of processor."""
    with Sandbox(isolated=isolated) as sandbox:
        session = sandbox._fork()
        session.allow(SECONDS)
        session.send(pack({"op": "run", "number": 0, "source": "while True: pass"}, []))
        family = wait_until(
            lambda: (found := below(sandbox.process.pid)) and len(found) >= (4 if isolated else 2) and found
        )
        keeper, child = family[-2:]
        assert child.parent == keeper.number
        keeper.kill()
        assert wait_until(lambda: not child.alive, LEFT)
        session.close()
