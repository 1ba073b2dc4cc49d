"""Grade one hand-in, in one round of tests or two: those on stand-ins, and those that are run plainly."""

import time
from collections.abc import Iterator

from grading.course.folder import GradingError
from grading.course.lab import Exercise, Release
from grading.intake.handin import Handin
from grading.judge.desk import beside
from grading.judge.given import beginning
from grading.judge.plain import run_plain
from grading.judge.receiving import Raised
from grading.judge.result import Result
from grading.judge.rounds import PATIENCE, Round
from grading.judge.verdict import Verdict, overall
from grading.sandbox.process import Sandbox
from grading.sandbox.session import Session


def grade(
    handin: Handin, release: Release, sandbox: Sandbox, full: bool = False, candid: bool = False, hurried: bool = False
) -> Result:
    """What each exercise earns. Cells tagged `explore` are run only if `full`; the same hand-in, the same result.

    `candid` is for the lab's own notebooks: what fails in them is told in full. One that is `hurried` is Later at its
    first limit of time.
    """
    from grading.sandbox.inside.confine import memory_at_most

    started = time.monotonic()
    ends = started + sandbox.limits.total_seconds
    rounds = list(chosen_rounds(handin, release, sandbox, full, ends, candid))
    with memory_at_most(sandbox.limits.memory_bytes), beside(release.files):
        for one in rounds:
            one.hurried = hurried
            while not one.play():  # until nothing is left to grade, or the hand-in's time is up
                pass
    faults = tuple(fault for one in rounds for fault in one.faults) if candid else ()
    found = {exercise.grade_id: one.result(exercise) for one in rounds for exercise in one.exercises}
    results = tuple(found[exercise.grade_id] for exercise in release.exercises)
    state, cpu = overall(results, release.answers), sum(one.cpu_seconds for one in rounds)
    seconds = time.monotonic() - started
    cells = rounds[0].found
    return Result(handin.student, handin.lab, state, results, cells.outputs, seconds, cpu, faults, cells.pictures)


def chosen_rounds(
    handin: Handin, release: Release, sandbox: Sandbox, full: bool, ends: float, candid: bool
) -> Iterator[Round]:
    """A child of its own for the plain tests, where there are any, so that they disturb no other."""
    if len(release.plain) < len(release.exercises) or not release.exercises:
        yield Round(handin, release, sandbox, full, ends)
    if release.plain:
        yield PlainRound(handin, release, sandbox, full, ends, candid)


class PlainRound(Round):
    """The tests that are run whole in the child."""

    plain = True

    def __init__(self, handin: Handin, release: Release, sandbox: Sandbox, full: bool, ends: float, candid: bool):
        super().__init__(handin, release, sandbox, full, ends)
        self.candid = candid

    def begin(self) -> None:
        super().begin()
        reply, _ = self.allow(PATIENCE).request(*beginning(self.release))
        if "error" in reply:  # no line of a student's has been run yet
            raise GradingError(f"Plain tests cannot begin: {Raised.from_reply(reply['error'])}")
        self.noted = tuple(reply["classes"])

    def renew(self, exercise: Exercise) -> None:
        self.scenes[exercise.grade_id].link = self.link

    def run(self, exercise: Exercise, source: str, half: str, session: Session) -> Verdict:
        return run_plain(exercise, self.release, half, source, self.link, self.faults, self.candid, self.noted)
