"""scores.csv and exercises.csv, and the table of states for the terminal."""

from collections.abc import Sequence
from pathlib import Path

from grading.judge.result import GRADED, NEEDS_MANUAL, STATES
from grading.record.ledger import Entry
from grading.report.points import in_words
from grading.report.tables import table, write

EXERCISE_COLUMNS = ("student", "lab", "exercise", "points", "max_points", "state", "message")
SCORE_COLUMNS = ("student", "lab", "score", "max_score", "state", "in_words")


def exercise_rows(entry: Entry) -> list[tuple]:
    """The rows of exercises.csv: one for each exercise, and one for each question in words."""
    head = entry.student, entry.lab
    rows = [(*head, e.name, e.points, e.max_points, e.state, e.message) for e in entry.exercises]
    for answer in entry.answers:
        state = GRADED if answer.points is not None else NEEDS_MANUAL
        message = answer.comment or ("" if answer.answered else "No response.")
        rows.append((*head, answer.grade_id, answer.points, answer.max_points, state, message))
    return rows


def score_row(entry: Entry) -> tuple:
    return entry.student, entry.lab, entry.score, entry.max_score, entry.state, in_words(entry)


def write_tables(entries: Sequence[Entry], out: Path) -> None:
    """exercises.csv and scores.csv."""
    rows = (row for entry in entries for row in exercise_rows(entry))
    write(out / "exercises.csv", table(EXERCISE_COLUMNS, rows))
    write(out / "scores.csv", table(SCORE_COLUMNS, map(score_row, entries)))


def table_of_states(entries: Sequence[Entry]) -> str:
    """How many hand-ins of each lab reached each state, in columns for the terminal."""
    labs = sorted({entry.lab for entry in entries})
    states = [state for state in STATES if any(entry.state == state for entry in entries)]
    rows = [("", *states)]
    rows += [(lab, *(str(sum(e.lab == lab and e.state == s for e in entries)) for s in states)) for lab in labs]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(f.rjust(w) for f, w in zip(row, widths, strict=True)) for row in rows)
