"""From the way a test ended to points, a state and a sentence for the student.

Of a hidden test nothing is told but what kind of mistake it met: no number, no argument, no line.
"""

import builtins
import re
from collections.abc import Iterable
from typing import NamedTuple

from grading.course.lab import Exercise
from grading.judge.asserts import MISSED, sentence, statement, unmet, wordless
from grading.judge.receiving import Raised
from grading.judge.result import CRASHED, GRADED, NEEDS_MANUAL, PARTIAL, TIMED_OUT, ExerciseResult
from grading.judge.sending import Unsendable
from grading.sandbox.inside.lacks import LACKING, NOT_CARRIED
from grading.sandbox.session import KILLED
from grading.sandbox.wire import WireError
from vae_lib.testing.compare import Mismatch, NotAnswered

HINTS = {
    "shape": "for other arguments the shape of the answer is wrong.",
    "type": "for other arguments the answer has the wrong type.",
    "dtype": "for other arguments the answer is not of their kind of numbers.",
    "finite": "for other, perhaps extreme, arguments the answer is NaN or infinite.",
    "slopes": "for other arguments the gradient is wrong.",
    "arguments": "for other arguments the function changes what it is given.",
    "noise": "for other arguments the answer is another one each time.",
    "own work": "for other arguments the function is the library's own.",
    "error": "for other arguments the function raises an error.",
}
PATHS = re.compile(r"(?:/[\w.+-]+)+/([\w.+-]+)")
LONGEST = 1500


HIDDEN = "a hidden test does not pass"


class Share(NamedTuple):
    """A part of a test that has points of its own (`vae_lib.testing.Shares`), and why it did not earn them."""

    name: str
    points: float
    earned: float
    reason: str = ""


class Verdict(NamedTuple):
    """What an exercise earned; points are None where it could not be graded, `scored` if the test itself gave them."""

    points: float | None
    state: str = GRADED
    message: str = ""
    mistake: str = ""
    scored: bool = False
    parts: tuple[Share, ...] = ()


def passed(exercise: Exercise) -> Verdict:
    return Verdict(exercise.points, message="Right.")


def without_number(exercise: Exercise, counts: bool) -> Verdict:
    """A test that has run to its end without a number of points. Where the lab's own solution has its last line come to
    one (`counts`), an answer by which it is none has not been shown to be right."""
    if not counts:
        return passed(exercise)
    said = "The test counts points, and with this answer its count is no number: return what the exercise asks for."
    return Verdict(0.0, message=said, scored=True)


def scored(exercise: Exercise, value: float, parts: tuple[Share, ...] = ()) -> Verdict:
    """A test whose last line is a number gives that many points, as in nbgrader; one that is no score gives none.
    Its parts are named, if they have names."""
    if not 0 <= value <= exercise.points:  # NaN, too
        said = f"The test came to {value:g} points, which is no number from 0 to {exercise.points:g}."
        return Verdict(0.0, message=said, scored=True)
    said = f"{value:g} of {exercise.points:g} points: part of the test passes, part does not."
    for part in parts:
        said += f"\n{part.earned:g} of {part.points:g}: {part.name}" + (f". {part.reason}" if part.reason else "")
    return Verdict(value, message="Right." if value == exercise.points else said, scored=True, parts=parts)


def with_reasons(exercise: Exercise, whole: Verdict, visible: Verdict) -> Verdict:
    """The verdict on a whole test, with the reasons that its visible half gave for the parts that failed there."""
    known = {part.name: part.reason for part in visible.parts if part.reason}
    parts = tuple(part._replace(reason=known.get(part.name, part.reason)) for part in whole.parts)
    return scored(exercise, whole.points, parts) if parts and whole.points is not None else whole


def after_visible(exercise: Exercise, error: BaseException, line: str = "") -> Verdict:
    """The visible half failed at this line: the student sees what Validate shows."""
    if isinstance(error, Unsendable):
        return ungradable(error)
    if NOT_CARRIED in str(error):
        return not_carried(exercise, error)
    message = readable(error, line)
    causes = error.causes if isinstance(error, Mismatch) else ()
    return Verdict(0.0, message=message, mistake=" ".join(causes))


def after_hidden(exercise: Exercise, error: BaseException) -> Verdict:
    """The hidden half failed: the exercise's name, its points, and a hint."""
    if isinstance(error, Unsendable):
        return ungradable(error)
    if NOT_CARRIED in str(error):
        return not_carried(exercise, error, hidden=True)
    head = f"{exercise.title} (0 of {exercise.points:g} points): the visible tests pass, a hidden test does not."
    return Verdict(0.0, message=f"{head} Hint: {hint(error)}")


def ended_plainly(
    exercise: Exercise, raised: Raised, bare: bool, place: int, sides: list[tuple[str, str]], source: str
) -> tuple[Verdict, str]:
    """The visible half of a plain test failed at this place: the verdict, and the line."""
    line = statement(source, place)
    if NOT_CARRIED in str(raised):
        return not_carried(exercise, raised), line
    if raised.kind == "NotImplementedError":
        text = "not answered yet"
    elif isinstance(raised, AssertionError) and (bare or sides):
        text = unmet(line, sides)
    elif MISSED.search(raised.text):
        text = sentence(raised, line)
    elif isinstance(raised, AssertionError):
        text = raised.text.removeprefix(f"{raised.kind}: ")
    elif raised.line:
        text = f"{raised} (in the line: {raised.line})"
    else:
        text = f"The test could not use what the notebook has: {raised}"
        text += f" (in the test's line   {line})" if line else ""
    return Verdict(0.0, message=cut(text)), line


def untold(exercise: Exercise) -> Verdict:
    """The hidden half of a plain test failed, and nothing that it says is kept."""
    head = f"{exercise.title} (0 of {exercise.points:g} points): the visible tests pass, a hidden test does not."
    return Verdict(0.0, message=f"{head} Hint: try other arguments, and extreme ones.")


def forged(exercise: Exercise) -> Verdict:
    """What came back from a plain test was not written by it."""
    return Verdict(0.0, message=f"While {exercise.name} was tested, something answered in the place of its test.")


def hint(error: BaseException) -> str:
    if isinstance(error, Raised):
        kind = error.kind if hasattr(builtins, error.kind) else "an error"  # a name could tell of the arguments
        return f"for other arguments the function raises {kind}."
    if isinstance(error, WireError):
        return "for other arguments the answer is not one that can be graded."
    if isinstance(error, Mismatch) and error.kind in HINTS:
        return HINTS[error.kind]
    text = str(error) if isinstance(error, Mismatch) else ""
    if text.startswith("The shape"):
        return "for other arguments the shape of the answer is wrong."
    if text.startswith("The answer"):
        return "for other arguments the answer has the wrong type."
    if "NaN or infinite" in text:
        return "for other, perhaps extreme, arguments the answer is NaN or infinite."
    return "try other shapes, one example, float64, and extreme values; do the arguments stay as they were?"


def ungradable(error: Exception) -> Verdict:
    return Verdict(None, CRASHED, f"The test itself is at fault, not your answer: {error}")


def not_carried(exercise: Exercise, error: BaseException | str, hidden: bool = False) -> Verdict:
    """A limit of the grader's is no mistake of the student's, who could at most claim it to have a person look. In a
    hidden half no error is told, whose text may be the student's own, but which limit it was."""
    said = "It could not be graded, which is this grader's limit and no mistake of yours; your teacher reads it"
    lines = [line for line in str(error).splitlines() if NOT_CARRIED in line]
    if hidden:
        lines = [f"{what} {NOT_CARRIED}" for what in LACKING if what in str(error)]
    met = f". What it met: {cut(lines[0])}" if lines else "."
    return Verdict(None, CRASHED, f"{exercise.name}: {said}{met}")


def cut(text: str) -> str:
    """A text without paths, not too long."""
    return PATHS.sub(r"\1", text)[:LONGEST]


def own_class(exercise: Exercise, name: str) -> Verdict:
    """No test can tell whether an object that says itself what it equals is right; a person can."""
    kind = f"an object of the class {name}" if re.fullmatch(r"\w{1,60}", name) else "an object of a class of its own"
    said = f"{exercise.name} gives {kind}, which says itself what it equals, so no test can tell whether it is right. "
    return Verdict(None, CRASHED, f"{said}That is this grader's limit and no mistake of yours; your teacher reads it.")


def stopped(exercise: Exercise, state: str, half: str, reason: str = "it took too long") -> Verdict:
    """The child ended, or was interrupted, in this exercise's test.

    In a hidden one no reason of the child's own is told: an exit status could carry the test's numbers.
    """
    if half == "hidden" and reason != KILLED:
        reason = "it took too long" if state == TIMED_OUT else "it ended Python"
    where = " in a hidden test" if half == "hidden" else " when it was tested" if half else ""
    return Verdict(None, state, f"Your function {exercise.name} was stopped{where}: {reason}.")


def changed(exercise: Exercise) -> Verdict:
    return Verdict(0.0, message=f"{exercise.name} passed its visible tests once, and failed when they were repeated.")


def undefined(exercise: Exercise, name: str, state: str | None, reason: str) -> Verdict:
    """The notebook has no such function or variable: its cell was stopped, raised an error, or is gone."""
    if NOT_CARRIED in reason:
        return not_carried(exercise, reason)
    if state is not None:
        return Verdict(None, state, f"The cell that defines {name} was stopped: {reason}.")
    if reason.startswith("NotImplementedError"):
        return Verdict(0.0, message="not answered yet")
    message = f"There is no {name} in the notebook."
    return Verdict(0.0, message=f"{message} Its cell ended with {reason}" if reason else message)


def readable(error: BaseException, line: str = "") -> str:
    """An error as a student should read it: no paths, not too long."""
    if isinstance(error, NotAnswered) or (isinstance(error, Raised) and error.kind == "NotImplementedError"):
        return "not answered yet"
    if isinstance(error, Mismatch):
        text = str(error)
    elif isinstance(error, Raised) and error.kind == "OwnWork":
        text = str(error).removeprefix("OwnWork: ")
    elif isinstance(error, Raised):
        text = str(error) + (f" (in the line: {error.line})" if error.line else "")
    elif wordless(error):
        text = sentence(error, line)
    elif isinstance(error, AssertionError | WireError):
        text = str(error)
    else:
        text = f"The test could not use what the function returned: {type(error).__name__}: {error}"
        text += f" (in the test's line   {line})" if line else ""
    return cut(text)


def overall(results: Iterable[ExerciseResult], answers: dict[str, float]) -> str:
    """The hand-in's state: why the rest could not be graded, or whether a person must still read answers."""
    reasons = {result.state for result in results if result.points is None}
    if len(reasons) > 1:
        return PARTIAL
    if reasons:
        return TIMED_OUT if TIMED_OUT in reasons else CRASHED
    return NEEDS_MANUAL if answers else GRADED
