"""What a platform knows as one assignment may be several notebooks: their marks as one."""

from collections.abc import Iterable, Sequence

from grading.course.folder import assignment_of
from grading.judge.result import GRADED, MISSING, PARTIAL
from grading.record.ledger import Entry


def asked(entries: Iterable[Entry], names: Sequence[str]) -> list[Entry]:
    """The entries that a platform is to have: of notebooks that are named as they are; of all others each student's sum
    over an assignment."""
    entries = list(entries)
    labs = sorted({entry.lab for entry in entries})
    wanted = names or sorted({assignment_of(lab) for lab in labs})
    alone = [entry for entry in entries if entry.lab in wanted]
    return alone + [one for name in wanted if name not in labs for one in sums(entries, name)]


def sums(entries: Iterable[Entry], assignment: str) -> list[Entry]:
    """An entry for each student, of all notebooks of the assignment; graded only where all of them are."""
    own = [entry for entry in entries if assignment_of(entry.lab) == assignment]
    labs = {entry.lab: entry.max_score for entry in own}
    by_student: dict[str, list[Entry]] = {}
    for entry in sorted(own, key=lambda one: one.lab):
        by_student.setdefault(entry.student, []).append(entry)
    return [_sum(found, assignment, labs) for found in by_student.values()]


def _sum(entries: Sequence[Entry], assignment: str, labs: dict[str, float]) -> Entry:
    states = {entry.state for entry in entries} | ({MISSING} if len(entries) < len(labs) else set())
    state = states.pop() if len(states) == 1 else PARTIAL
    missing = sum(points for lab, points in labs.items() if lab not in {entry.lab for entry in entries})
    return Entry(
        entries[0].student,
        assignment,
        state,
        sum(entry.max_score for entry in entries) + missing,
        sum(entry.score for entry in entries) if state == GRADED else None,
        exercises=tuple(one for entry in entries for one in entry.exercises),
        answers=tuple(one for entry in entries for one in entry.answers),
        comments=tuple(one for entry in entries for one in entry.comments),
        penalty=sum(entry.penalty for entry in entries),
        origin=next((entry.origin for entry in entries if entry.origin), ""),
        late=any(entry.late for entry in entries),
    )
