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

pytestmark = pytest.mark.slow
SECONDS = 120  # to come so far on a busy machine
LEFT = 5  # seconds in which all that depends on a killed process must be gone
SPUN = 50  # hundredths of a second of processor
ROLES = ["child", "keeper", "zygote", "bubblewrap"]


class Process:
    """A process as /proc shows it."""

    def __init__(self, number: int):
        self.number = number
        stat = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        self.state, self.parent, self.began, self.ticks = stat[0], int(stat[1]), stat[19], int(stat[11])
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
    line.reverse()  # bubblewrap, its process 1, zygote, keeper, child
    inside = [one for one in line if "bwrap" in one.words[0]]
    if not inside or len(line) < line.index(inside[-1]) + 4:
        return {}
    last = line.index(inside[-1])
    names = {"zygote": line[last + 1], "keeper": line[last + 2], "child": line[last + 3]}
    return {"bubblewrap": inside[0]} | names


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


def start(what: str | Path, log) -> subprocess.Popen:
    """A Python that runs this code, or this file."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    words = [str(what)] if isinstance(what, Path) else ["-c", what]
    return subprocess.Popen([sys.executable, *words], env=environment, stdout=log, stderr=log)


JUDGE = """
from grading.sandbox.limits import Limits
from grading.sandbox.process import Sandbox
from grading.sandbox.session import Stopped
with Sandbox(Limits(), isolated=ISOLATED) as sandbox:
    while True:
        try:
            session = sandbox.session()
            session.allow(600)
            print("at work", flush=True)
            session.request({"op": "run", "number": 0, "source": "while True: pass"})
        except Stopped as end:
            print("stopped:", end, flush=True)
        finally:
            session.close()
"""


def at_work(judge: subprocess.Popen, log: Path, times: int) -> dict[str, Process]:
    """The processes by role, when a child spins for the next time."""
    found = wait_until(lambda: log.read_text().count("at work") > times and spins(chain(judge.pid)))
    assert found, log.read_text()
    return found


def spins(known: dict[str, Process]) -> dict[str, Process]:
    """They, if the child has been at work for half a second."""
    return known if known and known["child"].ticks >= SPUN else {}


def spinning(judge: subprocess.Popen, log: Path, times: int) -> list[Process]:
    """The same without walls: zygote, keeper, child."""

    def found() -> list[Process]:
        family = below(judge.pid) if log.read_text().count("at work") > times else []
        return family if len(family) == 3 and family[-1].ticks >= SPUN else []

    known = wait_until(found)
    assert known, log.read_text()
    return known


@pytest.mark.sandbox
def test_what_depends_on_a_killed_process_ends_with_it(tmp_path):
    """A judge whose child spins: each kind of process is killed in turn, and it goes on with another; then itself."""
    with (tmp_path / "log").open("w+") as log, start(JUDGE.replace("ISOLATED", "True"), log) as judge:
        try:
            for times, role in enumerate(ROLES):
                known = at_work(judge, tmp_path / "log", times)
                kill(known[role], below(known[role].number), role)
                assert judge.poll() is None, (role, (tmp_path / "log").read_text())
            at_work(judge, tmp_path / "log", len(ROLES))
            kill(Process(judge.pid), below(judge.pid), "judge")
        finally:
            end(judge)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to the one that made it")
def test_without_walls_it_is_the_same(tmp_path):
    with (tmp_path / "log").open("w+") as log, start(JUDGE.replace("ISOLATED", "False"), log) as judge:
        try:
            zygote, keeper, child = spinning(judge, tmp_path / "log", 0)
            kill(keeper, [child], "keeper")
            zygote, keeper, child = spinning(judge, tmp_path / "log", 1)
            kill(zygote, [], "zygote")
            kill(Process(judge.pid), [keeper, child], "judge")
        finally:
            end(judge)


WRITER = """
import time
from grading import engine

def fake(task, release):
    print("at work", flush=True)
    time.sleep(600 * task.ticket)
    return task.ticket, None

if __name__ == "__main__":
    engine.grade_task = fake
    for _ in engine.on_processes(((engine.Task(k, None), None) for k in range(2)), 2):
        pass
"""


def test_workers_end_with_the_process_that_writes(tmp_path):
    """One waits for the next hand-in when it is killed, and one is at work."""
    script = tmp_path / "writer.py"
    script.write_text(WRITER)
    with (tmp_path / "log").open("w+") as log, start(script, log) as writer:
        try:
            assert wait_until(lambda: (tmp_path / "log").read_text().count("at work") == 2)
            assert len(below(writer.pid)) >= 2
            kill(Process(writer.pid), below(writer.pid), "writer")
        finally:
            end(writer)


def test_the_forkserver_takes_its_workers_along_and_the_run_goes_on(tmp_path):
    script = tmp_path / "writer.py"
    script.write_text(WRITER)
    with (tmp_path / "log").open("w+") as log, start(script, log) as writer:
        try:
            assert wait_until(lambda: (tmp_path / "log").read_text().count("at work") == 2)
            server = next(one for one in below(writer.pid) if "forkserver" in " ".join(one.words))
            kill(server, below(server.number), "forkserver")
            assert wait_until(lambda: (tmp_path / "log").read_text().count("at work") == 3)
            assert writer.poll() is None
            kill(Process(writer.pid), below(writer.pid), "writer")
        finally:
            end(writer)


def end(process: subprocess.Popen) -> None:
    for one in below(process.pid):
        one.kill()
    process.kill()
    process.wait()


def kill(victim: Process, dependent: list[Process], role: str) -> None:
    """It and all that it has made are gone in time."""
    victim.kill()
    gone = wait_until(lambda: not [one for one in (victim, *dependent) if one.alive], LEFT)
    assert gone, (role, [one.words[:4] for one in (victim, *dependent) if one.alive])
