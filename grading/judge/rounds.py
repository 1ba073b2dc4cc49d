"""A round of grading: run a hand-in's cells in the sandbox, and the lab's tests here, on stand-ins of its functions.

`Round` goes through the cells in order. Where a test stands, the visible half of it is run, on the functions as they
are at that place. The hidden halves come last, when no cell of the student's is left to run and nothing that is printed
is kept: what a function sees of a hidden test are its arguments, and there is nowhere to tell of them.

A cell or a test that ends the child costs that cell or test: a new child runs the others again.
"""

import time
from typing import Any

from grading.course.lab import Exercise, Part, Release
from grading.intake.handin import Handin
from grading.judge.cells import Cells
from grading.judge.half import run_half
from grading.judge.receiving import Raised
from grading.judge.result import CRASHED, TIMED_OUT, ExerciseResult, Fault, Later
from grading.judge.scene import Scene, and_points, defining, fresh, imports, only_hidden, refused
from grading.judge.standins import Link, StudentFunction
from grading.judge.verdict import Verdict, changed, stopped, undefined, with_reasons
from grading.sandbox.process import Sandbox
from grading.sandbox.session import Session, Stopped

MOST_SPARED = 2
PATIENCE = 60.0  # seconds for what is ours


class Round:
    """One hand-in on its way through some of the tests, until `ends`. Each child that ends before its time takes one
    more cell or test out of the play."""

    plain = False

    def __init__(self, handin: Handin, release: Release, sandbox: Sandbox, full: bool, ends: float):
        self.parts, self.release, self.sandbox, self.full = handin.parts, release, sandbox, full
        self.limits, self.ends = sandbox.limits, ends
        self.exercises = [one for one in release.exercises if (one.grade_id in release.plain) == self.plain]
        self.found = Cells()
        self.seen: dict[str, Verdict] = {}  # by the visible half; all of these by the test's grade_id
        self.final: dict[str, Verdict] = {}
        self.printed: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.scenes = {exercise.grade_id: Scene() for exercise in self.exercises}
        self.cpu_seconds = 0.0
        self.link: Link | None = None
        self.spared, self.hurried = 0, False
        self.at_work: int | Exercise = 0  # a cell's place, its `~` behind it, or the exercise whose test is run

    def play(self) -> bool:
        """One child's life; False if it ended early, and is to be followed by another."""
        begun = time.monotonic()
        session = self.sandbox.session()
        self.ends += time.monotonic() - begun  # a sandbox that has to be started anew takes nobody's time
        self.link = Link(session)
        try:
            self.begin()
            self.cells()
            for exercise in self.exercises:
                if exercise.grade_id not in self.final:
                    self.at_work = exercise
                    self.hidden(exercise)
        except Stopped as end:
            return self.blame(end)
        finally:
            session.close()
            self.link.forget()
            self.cpu_seconds += session.cpu_seconds
        return True

    def begin(self) -> None:
        """What a child is given before its first cell: the files that the lab ships with."""
        if files := self.release.files:
            header = {"op": "files", "names": [name for name, _ in files]}
            self.allow(PATIENCE).request(header, [content for _, content in files])

    def cells(self) -> None:
        """Run the cells in order, and the visible half of each test where it stands (or at the end)."""
        tests = {exercise.grade_id: exercise for exercise in self.release.exercises}
        for place, part in enumerate(self.parts):
            if (part.role in ("code", "solution") or part.by_hand) and (self.full or not part.explore):
                self.at_work = place
                self.cell(place, part)
            elif part.role == "test" and part.grade_id in tests:
                self.meet(tests[part.grade_id], last=False)
        for exercise in self.exercises:
            self.meet(exercise, last=True)

    def meet(self, exercise: Exercise, last: bool) -> None:
        """Note the functions of an exercise as they are at this place, and run the visible half of its test once.

        A function that is not there yet, or that misses a name, may find it in a later cell; at the end it is missing.
        """
        if exercise.grade_id not in self.scenes:  # another round's
            self.imports(exercise)
            return
        scene = self.scenes[exercise.grade_id]
        bound = scene.bound is self.link and not scene.missing(exercise)
        if exercise.grade_id in self.final or (bound and exercise.grade_id in self.seen):
            return
        self.at_work = exercise
        self.imports(exercise)
        self.bind(exercise)
        if exercise.grade_id not in self.seen and (last or not scene.missing(exercise)):
            self.visible(exercise, last)

    def cell(self, place: int, part: Part) -> None:
        """Run a cell, and behind the lab's set-up, where it was edited and stops too early, the lab's own."""
        if place not in self.found.bad:
            session = self.allow(self.limits.cell_seconds)
            header = {"op": "run", "number": place + 1, "source": part.source, "pictures": part.by_hand}
            reply, pictures = session.request(header)
            self.found.drew(place, pictures)
            printed = session.take_output()
            if isinstance(reply.get("error"), dict):
                raised = Raised.from_reply(reply["error"])
                fault = self.found.failed(place, part, raised, session.interrupted)
                self.faults += [fault] if fault else []
                printed += f"{raised}\n"
            self.found.printed(place, printed)
        if self.found.replaced(place, part):
            self.at_work = ~place
            session = self.allow(self.limits.cell_seconds)
            session.request({"op": "run", "number": place + 1, "source": part.original})
            session.take_output()

    def imports(self, exercise: Exercise) -> None:
        """What a test imports, later cells of a notebook may use."""
        session, source = self.allow(self.limits.cell_seconds), imports(exercise.visible)
        if source:
            session.request({"op": "run", "number": 0, "source": source})
            session.take_output()

    def bind(self, exercise: Exercise) -> None:
        """Note the functions and variables that the test uses, as they are now."""
        session, scene = self.allow(self.limits.cell_seconds), self.scenes[exercise.grade_id]
        reply, _ = session.request({"op": "bind", "names": list(exercise.needs)})
        scene.learn(exercise.needs, reply)
        scene.bound = self.link

    def visible(self, exercise: Exercise, last: bool) -> None:
        verdict = self.test(exercise, exercise.visible, "visible")
        self.printed[exercise.grade_id] = self.link.session.take_output()
        if verdict.message.startswith("NameError") and not last:  # cells in another order
            return
        self.seen[exercise.grade_id] = verdict
        whole = exercise.visible == exercise.hidden
        failed = verdict.points is None or (verdict.points < exercise.points and not verdict.scored)
        if whole or failed:
            self.final[exercise.grade_id] = verdict

    def hidden(self, exercise: Exercise) -> None:
        scene, source = self.scenes[exercise.grade_id], only_hidden(exercise)
        another = scene.link is not self.link  # child: its networks are not those of the visible half
        if self.seen[exercise.grade_id].scored:  # the last line counts both halves together
            source = None if another else and_points(exercise)
            if source is None:
                self.renew(exercise)
                source = exercise.hidden
        elif another:
            again = self.test(exercise, exercise.visible, "visible")
            if again.points != exercise.points:  # the message is not shown: a hidden test may have been met before
                self.final[exercise.grade_id] = changed(exercise)
                return
        verdict = self.test(exercise, source, "hidden")
        self.final[exercise.grade_id] = with_reasons(exercise, verdict, self.seen[exercise.grade_id])
        self.link.session.take_output()

    def test(self, exercise: Exercise, source: str, half: str) -> Verdict:
        """Run half a test here, in variables that the lab's own set-up has made."""
        if missing := self.scenes[exercise.grade_id].missing(exercise):
            return undefined(exercise, missing, *self.why_undefined(exercise, missing))
        session = self.allow(self.limits.exercise_seconds)
        self.link.refuses = refused(self.release, exercise)
        if half == "visible":
            self.renew(exercise)
        return self.run(exercise, source, half, session)

    def run(self, exercise: Exercise, source: str, half: str, session: Session) -> Verdict:
        """What this half comes to."""
        counts = self.release.counts(exercise, half)
        return run_half(exercise, half, source, self.scenes[exercise.grade_id].variables, session, self.faults, counts)

    def renew(self, exercise: Exercise) -> None:
        """Variables for a test that begins."""
        scene = self.scenes[exercise.grade_id]
        scene.variables, scene.link = self.variables(exercise), self.link

    def variables(self, exercise: Exercise) -> dict[str, Any]:
        """The lab's own set-up, with stand-ins for the student's functions and variables; noise starts afresh."""
        scene = self.scenes[exercise.grade_id]
        functions = {name: self.standin(exercise, name) for name in scene.handles if name not in scene.values}
        known = [name for name in scene.values if scene.handles[name] is not None]
        return fresh(self.release) | functions | {name: self.link.read(scene.handles[name]) for name in known}

    def standin(self, exercise: Exercise, name: str) -> StudentFunction:
        """The stand-in for a function of the student's."""

        def where() -> tuple[Link, int]:
            handle = self.scenes[exercise.grade_id].handles[name]
            if handle is None:
                raise Raised("NameError", f"there is no function {name}")
            return self.link, handle

        return StudentFunction(where, name)

    def why_undefined(self, exercise: Exercise, name: str) -> tuple[str | None, str]:
        """The state and the reason of a test that misses a function, from what became of the cell that defines it."""
        return self.found.why(defining(self.parts, self.release, exercise, name))

    def allow(self, seconds: float) -> Session:
        """Time for what comes next, as far as the hand-in has any left."""
        if self.hurried and self.link.session.interrupted:
            raise Later
        left = self.ends - time.monotonic()
        if left <= 0:
            raise Stopped("the notebook as a whole takes too long", timed_out=True)
        self.link.session.allow(min(seconds, left))
        return self.link.session

    def blame(self, end: Stopped) -> bool:
        """Take what was at work when the child ended out of the play; True if there is no time for another."""
        if self.hurried and end.timed_out:
            raise Later
        gone = self.sandbox.gone()
        if gone or end.outside:  # the machine's doing, not this child's
            self.spared += 1
            if self.spared <= MOST_SPARED:
                return False
            if gone and self.sandbox.isolated:
                raise ConnectionError("The sandbox was killed from outside again and again: is there enough memory?")
        if isinstance(self.at_work, int):
            self.found.stopped(self.at_work, self.parts[max(self.at_work, ~self.at_work)], end)
        else:
            state, test = TIMED_OUT if end.timed_out else CRASHED, self.at_work.grade_id
            half = "hidden" if test in self.seen else "visible"
            self.final[test] = stopped(self.at_work, state, half, str(end))
        if self.ends > time.monotonic():
            return False
        for exercise in self.exercises:
            late = stopped(exercise, TIMED_OUT, "", "the notebook as a whole takes too long")
            self.final.setdefault(exercise.grade_id, late)
        return True

    def result(self, exercise: Exercise) -> ExerciseResult:
        verdict = self.found.judged(exercise, self.final[exercise.grade_id])
        head = exercise.name, exercise.grade_id, verdict.points, exercise.points
        said = verdict.state, verdict.message, verdict.mistake, self.printed.get(exercise.grade_id, "")
        return ExerciseResult(*head, *said, self.plain, verdict.scored)
