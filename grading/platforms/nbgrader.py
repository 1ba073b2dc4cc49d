"""nbgrader's own table of scores, as `nbgrader export` writes it, and what `nbgrader release_feedback` needs."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from grading.course.folder import assignment_of
from grading.intake.files import NOTES
from grading.platforms.marks import Marks
from grading.record.gradebook import Record
from grading.report.tables import table, write

NBGRADER = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)

MOST_BYTES = 10_000  # of a note


def nbgrader_table(class_marks: Sequence[Marks], record: Record) -> str:
    """nbgrader's columns, quoted, and empty where nbgrader would write 0.0 for what was not graded."""
    rows = []
    for person, entries in class_marks:
        submissions = {submission.assignment.name: submission for submission in person.submissions}
        for lab, entry in sorted(entries.items()):
            name = assignment_of(lab)
            when = submissions[name].timestamp if name in submissions else None
            assignment = record.assignment(lab)
            head = lab, assignment and assignment.duedate, when
            who = person.id, person.last_name, person.first_name, person.email
            raw = None if entry.score is None else entry.score + entry.penalty
            rows.append((*head, *who, raw, entry.penalty, entry.score, entry.max_score))
    return table(NBGRADER, rows)


def keep_notes(places: Iterable[object], page: Path) -> None:
    """Put the exchange's notes beside the page: by the secret a student's nbgrader finds the feedback again."""
    for folder in places:
        for note in (folder / name for name in NOTES) if isinstance(folder, Path) else ():
            if note.is_file() and not note.is_symlink() and note.stat().st_size < MOST_BYTES:
                write(page.parent / note.name, note.read_text(encoding="utf-8", errors="replace"))
