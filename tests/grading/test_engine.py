"""Every hand-in comes back once, whatever befalls the process that grades it.

Workers import this file to find `fake`: nothing here that takes long to import.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from grading import engine
from grading.intake.handin import Handin
from grading.judge.result import GRADED, Later, Result
from grading.turns import LATER, MOST_SLOW, Turns

LAB = "lab5_vae"


def fake(task, release):
    """In place of the judge: what the workers return, and one that dies at its first hand-in."""
    note = Path(os.environ["VAE_TEST_NOTE"])
    if task.handin.student == "trap" and not note.exists():
        note.write_text("died")
        os.kill(os.getpid(), signal.SIGKILL)
    if task.hurried and task.handin.student.startswith("slow"):
        return task.ticket, LATER
    if task.handin.student == "always":
        os.kill(os.getpid(), signal.SIGKILL)
    return task.ticket, Result(task.handin.student, LAB, GRADED)


def jobs(names):
    return [(engine.Task(k, Handin(name, LAB, ())), None) for k, name in enumerate(names)]


@pytest.fixture
def fake_judge(monkeypatch, tmp_path):
    monkeypatch.setenv("VAE_TEST_NOTE", str(tmp_path / "note"))
    monkeypatch.setattr(engine, "grade_task", fake)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_is_done_once(fake_judge, workers):
    names = [f"s{k}" for k in range(25)]
    done = engine.engine(workers, None)(iter(jobs(names)))
    assert sorted((ticket, result.student) for ticket, result in done) == list(enumerate(names))


@pytest.mark.slow
def test_a_killed_worker_costs_an_attempt_and_no_hand_in(fake_judge):
    names = ["a", "b", "trap", "c", "d", "e"]
    done = dict(engine.on_processes(iter(jobs(names)), 2))
    assert {ticket: result.student for ticket, result in done.items()} == dict(enumerate(names))


@pytest.mark.slow
def test_a_hand_in_that_kills_its_grader_each_time_is_given_up(fake_judge):
    names = ["a", "always", "b", "c"]
    done = dict(engine.on_processes(iter(jobs(names)), 1))
    assert done[1] is None
    assert {result.student for ticket, result in done.items() if ticket != 1} == {"a", "b", "c"}


def test_an_error_of_the_graders_own_costs_one_hand_in(monkeypatch, capfd):
    from grading.judge import run as judge

    monkeypatch.setattr(engine, "sandbox", lambda isolated: None)
    monkeypatch.setattr(judge, "grade", lambda handin, *_: 1 / 0 if handin.student == "b" else handin.student)
    done = [engine.grade_task(*job) for job in jobs(["a", "b", "c"])]
    assert done == [(0, "a"), (1, None), (2, "c")]
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_jobs_are_read_only_as_they_are_needed(fake_judge):
    taken = []

    def source():
        for job in jobs([f"s{k}" for k in range(50)]):
            taken.append(job)
            yield job

    done = engine.here(source())
    next(done)
    assert len(taken) == 1


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("names", [["slow 1", "slow 2", "a", "b", "c", "d"], ["a", "slow"], ["slow"]])
def test_slow_hand_ins_come_last_and_once(fake_judge, workers, names):
    done = [(ticket, result.student) for ticket, result in engine.engine(workers, None)(iter(jobs(names)))]
    assert sorted(done) == list(enumerate(names))
    slow = [ticket for ticket, name in enumerate(names) if name.startswith("slow")]
    if workers == 1:  # of two, one may be done with a slow one while the other is at the last of the rest
        assert [ticket for ticket, _ in done[len(names) - len(slow) :]] == slow


def test_so_many_are_kept_for_later_and_the_labs_own_never():
    turns = Turns(jobs([f"slow {k}" for k in range(MOST_SLOW + 5)]))
    found = [next(turns) for _ in range(MOST_SLOW + 5)]
    assert [task.hurried for task, _ in found] == [True] * MOST_SLOW + [False] * 5
    own = Turns([(engine.Task(0, None, candid=True), None)])
    assert not next(own)[0].hurried
    assert next(own, None) is None


def test_a_hand_in_that_makes_way_is_said_to(monkeypatch):
    from grading.judge import run as judge

    def late(handin, *_):
        raise Later

    monkeypatch.setattr(engine, "sandbox", lambda isolated: None)
    monkeypatch.setattr(judge, "grade", late)
    assert engine.grade_task(*jobs(["a"])[0]) == (0, LATER)
