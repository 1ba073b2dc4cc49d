"""A sandbox, or a child in it, that is killed from outside (a machine short of memory does so) is nobody's mistake."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from grading.judge import rounds
from grading.judge.result import GRADED
from grading.judge.rounds import Round
from grading.judge.run import grade
from grading.sandbox.limits import Limits
from grading.sandbox.process import Sandbox
from grading.sandbox.session import Session, Stopped
from tests.grading.test_killed import Process, below, wait_until
from tests.handins import QUICK, hand_in, points, tiny

pytestmark = pytest.mark.sandbox
RELEASE = tiny("expect(f(), 1.0)", "expect(f(), 1.0)")
RIGHT = "def f():\n    return 1.0"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(QUICK) as sandbox:
        yield sandbox


@pytest.fixture
def own(running) -> Sandbox:
    """Started again where a test has killed it."""
    running.session().close()
    return running


@pytest.fixture
def shared(own) -> Iterator[Sandbox]:
    """As a worker has it: another process's, by its socket."""
    sharing = Sandbox(QUICK)
    sharing.share(own.control.dup())
    yield sharing
    sharing.stop()


def family(sandbox: Sandbox) -> dict[str, Process]:
    """Bubblewrap, the zygote, and the keeper and the child of the hand-in that is being graded."""
    line = [Process(sandbox.process.pid)]
    while found := [one for one in below(line[-1].number) if one.parent == line[-1].number]:
        line.append(found[-1])
    return dict(zip(("child", "keeper", "zygote"), reversed(line), strict=False)) | {"bubblewrap": line[0]}


def accident(monkeypatch, own: Sandbox, role: str, times: int) -> list[str]:
    """Kill that process, so many times, when the first cell is about to run; what was killed."""
    cell, killed = Round.cell, []

    def cell_and_an_accident(run: Round, place, part) -> None:
        if place == 0 and place not in run.found.bad and len(killed) < times:
            victim = family(own)[role]
            killed.append(role)
            victim.kill()
            wait_until(lambda: not victim.alive)
        cell(run, place, part)

    monkeypatch.setattr(Round, "cell", cell_and_an_accident)
    return killed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("whose", "role"),
    [("own", "child"), ("own", "keeper"), ("own", "bubblewrap"), ("shared", "keeper"), ("shared", "zygote")],
)
def test_a_hand_in_is_graded_again(monkeypatch, request, own, role, whose):
    killed = accident(monkeypatch, own, role, 1)
    result = grade(hand_in(RELEASE, RIGHT), RELEASE, request.getfixturevalue(whose))
    assert (killed, result.state, points(result)) == ([role], GRADED, {"f": 2.0})
    assert "stopped" not in str(result.outputs)


def test_a_sandbox_that_is_killed_each_time_is_an_error_of_ours(monkeypatch, own):
    """So that no entry says that the student's code did it, and the next run grades it."""
    killed = accident(monkeypatch, own, "bubblewrap", 99)
    with pytest.raises(ConnectionError, match="killed from outside"):
        grade(hand_in(RELEASE, RIGHT), RELEASE, own)
    assert len(killed) == rounds.MOST_SPARED + 1


def test_a_child_that_is_killed_each_time_costs_its_cell_and_is_not_said_to_have_done_it(monkeypatch, own):
    killed = accident(monkeypatch, own, "child", 99)
    result = grade(hand_in(RELEASE, RIGHT), RELEASE, own)
    assert len(killed) == rounds.MOST_SPARED + 1
    assert "killed from outside" in result.outputs[0]
    assert "ended Python" not in str(result)


MANY = "threading.stack_size(65536)\nfor _ in range(999):\n    threading.Thread(target=time.sleep, args=(9,)).start()"
OWN_DOING = {
    "os._exit(3)": "exit status 3",
    "ctypes.string_at(0)": "segmentation fault",
    MANY: "too many threads",
    "os.abort()": "it ended Python",
}


@pytest.mark.parametrize("does", OWN_DOING)
def test_what_a_cell_does_to_its_child_is_its_own_doing(own, does):
    session = own.session()
    session.allow(20)
    source = f"import ctypes, os, threading, time\n{does}\ntime.sleep(9)"
    with pytest.raises(Stopped, match=OWN_DOING[does]) as end:
        session.request({"op": "run", "number": 1, "source": source})
    assert not end.value.outside


def test_the_processors_time_that_is_up_is_a_cells_own_doing():
    with Sandbox(Limits(cpu_seconds=2)) as sandbox:
        result = grade(hand_in(RELEASE, "while True: pass"), RELEASE, sandbox)
    (one,) = result.exercises
    assert (one.state, one.points) == ("timed-out", None)
    assert "took too long" in one.message


@pytest.mark.parametrize(
    ("report", "outside"),
    [
        (b"{}", True),
        (b'{"status": null, "reason": "OSError: no processes left", "cpu": 0.0}', True),
        (b'{"status": -9, "killed": true, "cpu": 0.0}', True),
        (b'{"status": -9, "killed": false, "cpu": 0.0}', False),
        (b'{"status": 0, "killed": false, "cpu": 0.0}', False),
    ],
)
def test_whose_doing_an_end_was_is_told_by_the_keeper(report, outside):
    (data, inside), (output, prints), (leash, keeper) = (socket.socketpair() for _ in range(3))
    session = Session(data, output, leash, QUICK, isolated=True)
    with inside, prints, keeper:
        inside.close()
        keeper.send(report)
        session.allow(5)
        with pytest.raises(Stopped) as end:
            session.receive()
    assert end.value.outside is outside
