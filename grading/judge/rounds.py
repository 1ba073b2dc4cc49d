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
from grading.judge.half import run_half
from grading.judge.receiving import Raised
from grading.judge.result import CRASHED, TIMED_OUT, ExerciseResult, Fault
from grading.judge.scene import Scene, and_points, defining, fresh, imports, only_hidden, refused
from grading.judge.standins import Link, StudentFunction
from grading.judge.verdict import Verdict, changed, stopped, undefined, with_reasons
from grading.sandbox.process import Sandbox
from grading.sandbox.session import Session, Stopped

MOST_SPARED = 2
PNG, MOST_BYTES, MOST_PICTURES = b"\x89PNG\r\n\x1a\n", 1 << 20, 10  # of code that a person reads
PATIENCE = 60.0  # seconds for what is ours


class Round:
    """One hand-in on its way through some of the tests, until `ends`. Each child that ends before its time takes one
    more cell or test out of the play."""

    plain = False

    def __init__(self, handin: Handin, release: Release, sandbox: Sandbox, full: bool, ends: float):
        self.parts, self.release, self.sandbox, self.full = handin.parts, release, sandbox, full
        self.limits, self.ends = sandbox.limits, ends
        self.exercises = [one for one in release.exercises if (one.grade_id in release.plain) == self.plain]
        self.bad: dict[int, Stopped] = {}
        self.errors: dict[int, str] = {}
        self.outputs: dict[int, str] = {}
        self.pictures: dict[int, tuple[bytes, ...]] = {}
        self.seen: dict[str, Verdict] = {}  # by the visible half
        self.final: dict[str, Verdict] = {}
        self.printed: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.scenes = {exercise.name: Scene() for exercise in self.exercises}
        self.cpu_seconds = 0.0
        self.link: Link | None = None
        self.spared = 0
        self.at_work: int | Exercise = 0  # the cell's place, or the exercise whose test is run

    def play(self) -> bool:
        """One child's life; False if it ended early, and is to be followed by another."""
        session = self.sandbox.session()
        self.link = Link(session)
        try:
            self.begin()
            self.cells()
            for exercise in self.exercises:
                if exercise.name not in self.final:
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
        if exercise.name not in self.scenes:  # another round's
            self.imports(exercise)
            return
        scene = self.scenes[exercise.name]
        bound = scene.bound is self.link and not scene.missing(exercise)
        if exercise.name in self.final or (bound and exercise.name in self.seen):
            return
        self.at_work = exercise
        self.imports(exercise)
        self.bind(exercise)
        if exercise.name not in self.seen and (last or not scene.missing(exercise)):
            self.visible(exercise, last)

    def cell(self, place: int, part: Part) -> None:
        if place in self.bad:
            return
        session = self.allow(self.limits.cell_seconds)
        header = {"op": "run", "number": place + 1, "source": part.source, "pictures": part.by_hand}
        reply, pictures = session.request(header)
        self.pictures[place] = tuple(p for p in pictures if p.startswith(PNG) and len(p) <= MOST_BYTES)[:MOST_PICTURES]
        printed = session.take_output()
        if place in self.outputs:  # an earlier child has run it
            return
        if isinstance(reply.get("error"), dict):
            raised = Raised.from_reply(reply["error"])
            self.errors[place] = "It took too long and was interrupted." if session.interrupted else str(raised)
            self.faults.append(Fault(part.grade_id or f"code cell {place + 1}", "", raised.line, self.errors[place]))
            printed += f"{raised}\n"
        self.outputs[place] = printed

    def imports(self, exercise: Exercise) -> None:
        """What a test imports, later cells of a notebook may use."""
        session, source = self.allow(self.limits.cell_seconds), imports(exercise.visible)
        if source:
            session.request({"op": "run", "number": 0, "source": source})
            session.take_output()

    def bind(self, exercise: Exercise) -> None:
        """Note the functions and variables that the test uses, as they are now."""
        session, scene = self.allow(self.limits.cell_seconds), self.scenes[exercise.name]
        reply, _ = session.request({"op": "bind", "names": list(exercise.needs)})
        handles, values = reply.get("handles"), reply.get("values")
        handles = handles if isinstance(handles, list) and len(handles) == len(exercise.needs) else [None]
        known = dict(zip(exercise.needs, handles, strict=False))
        scene.handles = {name: known.get(name) if type(known.get(name)) is int else None for name in exercise.needs}
        scene.values = {n for n, v in zip(exercise.needs, values, strict=False) if v} if type(values) is list else set()
        scene.bound = self.link

    def visible(self, exercise: Exercise, last: bool) -> None:
        verdict = self.test(exercise, exercise.visible, "visible")
        self.printed[exercise.name] = self.link.session.take_output()
        if verdict.message.startswith("NameError") and not last:  # cells in another order
            return
        self.seen[exercise.name] = verdict
        whole = exercise.visible == exercise.hidden
        failed = verdict.points is None or (verdict.points < exercise.points and not verdict.scored)
        if whole or failed:
            self.final[exercise.name] = verdict

    def hidden(self, exercise: Exercise) -> None:
        scene, source = self.scenes[exercise.name], only_hidden(exercise)
        another = scene.link is not self.link  # child: its networks are not those of the visible half
        if self.seen[exercise.name].scored:  # the last line counts both halves together
            source = None if another else and_points(exercise)
            if source is None:
                self.renew(exercise)
                source = exercise.hidden
        elif another:
            again = self.test(exercise, exercise.visible, "visible")
            if again.points != exercise.points:  # the message is not shown: a hidden test may have been met before
                self.final[exercise.name] = changed(exercise)
                return
        verdict = self.test(exercise, source, "hidden")
        self.final[exercise.name] = with_reasons(exercise, verdict, self.seen[exercise.name])
        self.link.session.take_output()

    def test(self, exercise: Exercise, source: str, half: str) -> Verdict:
        """Run half a test here, in variables that the lab's own set-up has made."""
        if missing := self.scenes[exercise.name].missing(exercise):
            return undefined(exercise, missing, *self.why_undefined(exercise, missing))
        session = self.allow(self.limits.exercise_seconds)
        self.link.refuses = refused(self.release, exercise)
        if half == "visible":
            self.renew(exercise)
        return self.run(exercise, source, half, session)

    def run(self, exercise: Exercise, source: str, half: str, session: Session) -> Verdict:
        """What this half comes to."""
        counts = self.release.counts(exercise, half)
        return run_half(exercise, half, source, self.scenes[exercise.name].variables, session, self.faults, counts)

    def renew(self, exercise: Exercise) -> None:
        """Variables for a test that begins."""
        scene = self.scenes[exercise.name]
        scene.variables, scene.link = self.variables(exercise), self.link

    def variables(self, exercise: Exercise) -> dict[str, Any]:
        """The lab's own set-up, with stand-ins for the student's functions and variables; noise starts afresh."""
        scene = self.scenes[exercise.name]
        functions = {name: self.standin(exercise, name) for name in scene.handles if name not in scene.values}
        known = [name for name in scene.values if scene.handles[name] is not None]
        return fresh(self.release) | functions | {name: self.link.read(scene.handles[name]) for name in known}

    def standin(self, exercise: Exercise, name: str) -> StudentFunction:
        """The stand-in for a function of the student's."""

        def where() -> tuple[Link, int]:
            handle = self.scenes[exercise.name].handles[name]
            if handle is None:
                raise Raised("NameError", f"there is no function {name}")
            return self.link, handle

        return StudentFunction(where, name)

    def why_undefined(self, exercise: Exercise, name: str) -> tuple[str | None, str]:
        """The state and the reason of a test that misses a function, from what became of the cell that defines it."""
        place = defining(self.parts, self.release, exercise, name)
        if place in self.bad:
            return (TIMED_OUT if self.bad[place].timed_out else CRASHED), str(self.bad[place])
        if "interrupted" in self.errors.get(place, ""):
            return TIMED_OUT, "it took too long"
        return None, self.errors.get(place, "")

    def allow(self, seconds: float) -> Session:
        """Time for what comes next, as far as the hand-in has any left."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise Stopped("the notebook as a whole takes too long", timed_out=True)
        self.link.session.allow(min(seconds, left))
        return self.link.session

    def blame(self, end: Stopped) -> bool:
        """Take what was at work when the child ended out of the play; True if there is no time for another."""
        if self.sandbox.gone() and self.spared < MOST_SPARED:  # the machine's doing, not this child's
            self.spared += 1
            return False
        if isinstance(self.at_work, int):
            self.bad[self.at_work] = end
            self.outputs[self.at_work] = f"This cell was stopped: {end}.\n"
        else:
            state, name = TIMED_OUT if end.timed_out else CRASHED, self.at_work.name
            half = "hidden" if name in self.seen else "visible"
            self.final[name] = stopped(self.at_work, state, half, str(end))
        if self.ends > time.monotonic():
            return False
        for exercise in self.exercises:
            late = stopped(exercise, TIMED_OUT, "", "the notebook as a whole takes too long")
            self.final.setdefault(exercise.name, late)
        return True

    def result(self, exercise: Exercise) -> ExerciseResult:
        verdict = self.final[exercise.name]
        printed = self.printed.get(exercise.name, "")
        head = exercise.name, exercise.grade_id, verdict.points, exercise.points
        said = verdict.state, verdict.message, verdict.mistake
        return ExerciseResult(*head, *said, printed, self.plain, verdict.scored)
