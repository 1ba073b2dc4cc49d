"""Points in words: a score counts what is graded so far, and says of how much that is."""

from collections.abc import Iterator

from grading.record.ledger import Entry


def graded_so_far(entry: Entry) -> float:
    """The most points that what is graded so far could have earned."""
    rows = (*entry.exercises, *entry.answers)
    return sum(one.max_points for one in rows if one.points is not None) if rows else 0.0


def in_words(entry: Entry) -> str:
    """15 of 24 points; 15 of 18 points so far, 6 wait for a reader; no score yet, of 24 points."""
    if entry.score is None:
        return f"no score yet, of {entry.max_score:g} points"
    so_far = graded_so_far(entry)
    if so_far >= entry.max_score:
        return f"{entry.score:g} of {entry.max_score:g} points"
    wait = sum(answer.max_points for answer in entry.answers if answer.points is None)
    failed = sum(one.max_points for one in entry.exercises if one.points is None)
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
    earlier = {one.name: one.points for one in before.exercises}
    for one in entry.exercises:
        was = earlier.get(one.name, one.points)
        if was != one.points:
            yield f"{one.name}: {shown(was)} → {shown(one.points)}"
    if before.score != entry.score:
        yield f"score: {shown(before.score)} → {shown(entry.score)}"


def shown(points: float | None) -> str:
    return "not graded" if points is None else f"{points:g}"
