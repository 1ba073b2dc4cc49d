"""Scores for other systems: nbgrader's table, and the CSV files that Canvas and Moodle import.

Platforms take every number for a final one, so only hand-ins that are graded to the end have a number there; the
others stay empty. A template, the platform's own export, keeps its columns, its order and its rows.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from nbgrader.api import Student as Person

from grading.course import GradingError
from grading.handin import GRADED
from grading.ledger import Entry
from grading.record import Record
from grading.tables import table

NBGRADER = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)
KEYS = ("SIS User ID", "SIS Login ID", "ID", "ID number", "Email address", "Student", "Full name")
FORMATS = ("nbgrader", "canvas", "moodle")


class Marks(NamedTuple):
    """One student with all labs."""

    person: Person
    entries: dict[str, Entry]

    def names(self) -> set[str]:
        """All that a platform may call this student by; email addresses differ in case on no platform but Moodle."""
        first, last = self.person.first_name or "", self.person.last_name or ""
        names = (self.person.id, self.person.lms_user_id, self.person.email, f"{first} {last}", f"{last}, {first}")
        return {name.strip() for name in names if name and name.strip(" ,")}


def by_student(entries: Iterable[Entry], record: Record) -> list[Marks]:
    """Every student of the gradebook, by id."""
    found: dict[str, dict[str, Entry]] = {}
    for entry in entries:
        found.setdefault(entry.student, {})[entry.lab] = entry
    people = {person.id: person for person in record.gradebook.students}
    return [Marks(people[name], found[name]) for name in sorted(found) if name in people]


def nbgrader_table(class_marks: Sequence[Marks], record: Record) -> str:
    """nbgrader's columns, quoted, and empty where nbgrader would write 0.0 for what was not graded."""
    assignments = {assignment.name: assignment for assignment in record.gradebook.assignments}
    rows = []
    for person, entries in class_marks:
        submissions = {submission.name: submission for submission in person.submissions}
        for lab, entry in sorted(entries.items()):
            when = submissions[lab].timestamp if lab in submissions else None
            head = lab, assignments[lab].duedate if lab in assignments else None, when
            who = person.id, person.last_name, person.first_name, person.email
            raw = None if entry.score is None else entry.score + entry.penalty
            rows.append((*head, *who, raw, entry.penalty, entry.score, entry.max_score))
    return table(NBGRADER, rows)


def final(entry: Entry | None) -> float | None:
    return entry.score if entry is not None and entry.state == GRADED else None


def platform_table(class_marks: Sequence[Marks], labs: Sequence[str], form: str) -> str:
    """Without a template: who, and a column for each lab."""
    rows = []
    for marks in class_marks:
        person, scores = marks.person, [final(marks.entries.get(lab)) for lab in labs]
        full = f"{person.last_name or ''}, {person.first_name or ''}".strip(", ") or person.id
        who = (full, person.lms_user_id, person.id, person.id, "") if form == "canvas" else (person.id, person.email)
        rows.append((*who, *scores))
    canvas = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
    return table((*(canvas if form == "canvas" else ("ID number", "Email address")), *labs), rows)


def filled(template: Path, class_marks: Sequence[Marks], labs: Sequence[str]) -> tuple[str, list[str]]:
    """The template with scores written in, and the students with a score whom it does not know."""
    rows = read_template(template)
    header = rows[0]
    columns = {lab: column_of(header, lab) for lab in labs}
    columns = {lab: column for lab, column in columns.items() if column is not None}
    if not columns and len(labs) == 1 and "Grade" in header:  # Moodle's worksheet is for one assignment
        columns = {labs[0]: header.index("Grade")}
    if not columns:
        raise GradingError(f"{template.name} has no column for {', '.join(labs)}: make the assignment there first.")
    keys = [place for place, name in enumerate(header) if name in KEYS]
    known = {name: marks for marks in class_marks for name in marks.names()}
    met = set()
    for row in rows[1:]:
        names = (row[place].strip() for place in keys if place < len(row))
        marks = next((known[name] for name in names if name in known), None)
        if marks is None:
            continue
        met.add(marks.person.id)
        for lab, place in columns.items():
            score = final(marks.entries.get(lab))
            if score is not None:
                row[place] = f"{score:g}"
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    lacking = [marks for marks in class_marks if marks.person.id not in met]
    return file.getvalue(), [m.person.id for m in lacking if any(final(m.entries.get(lab)) is not None for lab in labs)]


def read_template(template: Path) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(template.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError) as error:
        raise GradingError(f"The template {template.name} cannot be read: {error}.") from None
    if not rows:
        raise GradingError(f"The template {template.name} is empty.")
    width = len(rows[0])
    return [row + [""] * (width - len(row)) for row in rows]


def column_of(header: Sequence[str], lab: str) -> int | None:
    """The lab's column: Canvas writes `lab1_pca (1234)`, Moodle `Assignment:lab1_pca (Real)`."""
    for place, name in enumerate(header):
        plain = name.removeprefix("Assignment:").partition(" (")[0].strip()
        if plain == lab:
            return place
    return None
