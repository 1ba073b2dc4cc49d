"""What became of a hand-in's cells, each by its place among the parts."""

from dataclasses import dataclass, field

from grading.course.lab import Exercise, Part
from grading.judge.receiving import Raised
from grading.judge.result import CRASHED, TIMED_OUT, Fault
from grading.judge.verdict import Verdict, not_carried
from grading.sandbox.inside.lacks import NOT_CARRIED
from grading.sandbox.session import Stopped

PNG, MOST_BYTES, MOST_PICTURES = b"\x89PNG\r\n\x1a\n", 1 << 20, 10  # of code that a person reads
INTERRUPTED = "It took too long and was interrupted."


@dataclass
class Cells:
    """`bad` ended their child, `errors` are what others ended with, `outputs` what was printed, `pictures` what was
    drawn; `unset`: why the lab's set-up, as a student has edited it, came to an end too early.

    Where the lab's own set-up, run behind an edited one, ended the child, `bad` has it at `~place`.
    """

    bad: dict[int, Stopped] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    outputs: dict[int, str] = field(default_factory=dict)
    pictures: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    unset: dict[int, str] = field(default_factory=dict)

    def printed(self, place: int, text: str) -> None:
        """What an earlier child has printed stays."""
        self.outputs.setdefault(place, text)

    def drew(self, place: int, found: list[bytes]) -> None:
        self.pictures[place] = tuple(p for p in found if p.startswith(PNG) and len(p) <= MOST_BYTES)[:MOST_PICTURES]

    def failed(self, place: int, part: Part, raised: Raised, interrupted: bool) -> Fault | None:
        """A cell ended with an error; the fault, at the first time."""
        if place in self.outputs:
            return None
        self.errors[place] = INTERRUPTED if interrupted else str(raised)
        self.set_up_stopped(place, part, self.errors[place])
        return Fault(part.grade_id or f"code cell {place + 1}", "", raised.line, self.errors[place])

    def stopped(self, place: int, part: Part, end: Stopped) -> None:
        """A cell ended its child."""
        self.bad[place] = end
        place = max(place, ~place)
        self.outputs[place] = f"This cell was stopped: {end}.\n"
        self.set_up_stopped(place, part, str(end))

    def set_up_stopped(self, place: int, part: Part, reason: str) -> None:
        if part.original:
            self.unset.setdefault(place, f"The set-up cell, which was edited, stopped: {reason}")

    def replaced(self, place: int, part: Part) -> bool:
        """Whether the lab's own set-up is to be run behind this cell, which did not come to its end."""
        ended_early = place in self.bad or place in self.errors
        return bool(part.original) and ended_early and ~place not in self.bad

    def judged(self, exercise: Exercise, verdict: Verdict) -> Verdict:
        """The verdict in the light of other cells. An answer that lacks what one of them should have made,
        where that was not at hand, is not graded; where the set-up stopped, that is said.
        """
        if verdict.points == exercise.points:
            return verdict
        if self.limit() and verdict.message.startswith("NameError"):
            return not_carried(exercise, self.limit())
        return verdict._replace(message="\n".join([verdict.message, *self.unset.values()]))

    def limit(self) -> str:
        """What a cell asked for that is not at hand while grading; "" where none did."""
        return next((error for error in self.errors.values() if NOT_CARRIED in error), "")

    def why(self, place: int) -> tuple[str | None, str]:
        """The state and the reason of a test that misses what this cell should define."""
        if place in self.bad:
            return (TIMED_OUT if self.bad[place].timed_out else CRASHED), str(self.bad[place])
        if self.errors.get(place) == INTERRUPTED:
            return TIMED_OUT, "it took too long"
        return None, self.errors.get(place, "")
