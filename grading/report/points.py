"""Points in words: a score counts what is graded so far, and says of how much that is."""

from collections.abc import Iterator

from grading.judge.result import NEEDS_MANUAL, ExerciseResult
from grading.record.ledger import Answer, Entry


def graded_so_far(entry: Entry) -> float:
    """The most points that what is graded so far could have earned."""
    return sum((one.max_points for one in rows(entry) if one.points is not None), 0.0)


def in_words(entry: Entry) -> str:
    """15 of 24 points; 15 of 18 points so far, 6 wait for a reader; no score yet, of 24 points."""
    if entry.score is None:
        return f"no score yet, of {entry.max_score:g} points"
    so_far = graded_so_far(entry)
    if so_far >= entry.max_score:
        return f"{entry.score:g} of {entry.max_score:g} points"
    opened = [one for one in entry.exercises if one.points is None]
    wait = sum(one.max_points for one in (*opened, *entry.answers) if one.points is None and waits(one))
    failed = sum(one.max_points for one in opened if not waits(one))
    rest = [f"{points:g} {what}" for points, what in ((wait, "wait for a reader"), (failed, "not graded")) if points]
    return ", ".join([f"{entry.score:g} of {so_far:g} points so far", *rest])


def line(entry: Entry) -> str:
    """A hand-in in a line for the terminal."""
    score = "no score" if entry.score is None else in_words(entry)
    reason = f": {entry.reason}" if entry.reason else ""
    return f"{entry.student}  {entry.lab}  {entry.state}  {score}{reason}"


def changes(before: Entry | None, entry: Entry) -> Iterator[str]:
    """What a new grading has changed, a phrase for each exercise, and one for all marks and penalties together."""
    if before is None:
        return
    earlier = {called(one): one for one in rows(before)}
    for one in rows(entry):
        was = earlier.get(called(one), one)
        if one.points is None and by_hand(was) and waits(one):
            yield f"{called(one)}: marked by hand, and answer or test has changed since: it waits for a reader"
        elif was.points != one.points and isinstance(one, ExerciseResult):
            yield f"{one.name}: {shown(was.points)} → {shown(one.points)}"
        if one.points is not None and one.points > one.max_points < was.max_points:
            yield f"{called(one)}: {one.points:g} points by hand, and {one.max_points:g} are the most now: look again"
    if before.score != entry.score:
        yield f"score: {shown(before.score)} → {shown(entry.score)}"


def rows(entry: Entry) -> tuple[ExerciseResult | Answer, ...]:
    """All that has points."""
    return *entry.exercises, *entry.answers


def called(one: ExerciseResult | Answer) -> str:
    return one.name if isinstance(one, ExerciseResult) else one.grade_id


def by_hand(one: ExerciseResult | Answer) -> bool:
    """Whether what a person is to look at again had points from one; no answer had its 0 from the grader."""
    return one.points is not None and (isinstance(one, ExerciseResult) or one.answered)


def waits(one: ExerciseResult | Answer) -> bool:
    """Whether what has no points yet gets them from a person."""
    return isinstance(one, Answer) or one.state == NEEDS_MANUAL


def shown(points: float | None) -> str:
    return "not graded" if points is None else f"{points:g}"
