"""What grading a hand-in comes to: its states, and what each exercise earned. Plain data, read by record and report."""

from typing import NamedTuple

GRADED, PARTIAL, NEEDS_MANUAL = "graded", "partial", "needs-manual"
TIMED_OUT, CRASHED, UNREADABLE, MISSING = "timed-out", "crashed", "unreadable", "missing"
STATES = (GRADED, PARTIAL, NEEDS_MANUAL, TIMED_OUT, CRASHED, UNREADABLE, MISSING)


class Later(Exception):
    """Instead of a result: a hand-in that was hurried has met a limit of time."""


class ExerciseResult(NamedTuple):
    """What one exercise earned; `points` is None where it could not be graded, never 0.

    `message` is for the student, `mistake` the usual mistake that a test named (or ""), `output` what the student's
    code printed; `plain`: its test was run inside the sandbox, beside the student's code; `counted`: its test's last
    line was a number of points.
    """

    name: str
    grade_id: str
    points: float | None
    max_points: float
    state: str
    message: str = ""
    mistake: str = ""
    output: str = ""
    plain: bool = False
    counted: bool = False


class Fault(NamedTuple):
    """Where a notebook fails: the cell or the test by name, the place in it, its line, and the reason."""

    name: str
    where: str
    line: str
    reason: str


class Result(NamedTuple):
    """A graded hand-in; `outputs` holds the text that each part printed, by its place among the parts, `pictures` what
    code that a person marks has drawn.

    `faults` is for the course's author, and only where the lab's own notebooks are graded: it tells of hidden tests.
    """

    student: str
    lab: str
    state: str
    exercises: tuple[ExerciseResult, ...] = ()
    outputs: dict[int, str] = {}  # noqa: RUF012  (never changed)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    faults: tuple[Fault, ...] = ()
    pictures: dict[int, tuple[bytes, ...]] = {}  # noqa: RUF012
