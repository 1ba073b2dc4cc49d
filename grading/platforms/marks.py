"""The marks of a class as platforms want them: each student with all labs.

Platforms take every number for a final one, so only hand-ins that are graded to the end have a number there.
"""

from collections.abc import Iterable
from typing import NamedTuple

from grading.judge.result import GRADED
from grading.record.gradebook import Record
from grading.record.ledger import Entry
from grading.record.schema import Student


class Marks(NamedTuple):
    """One student with all labs."""

    person: Student
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
    people = record.students()
    return [Marks(people[name], found[name]) for name in sorted(found) if name in people]


def final(entry: Entry | None) -> float | None:
    """The score that a platform may have."""
    return entry.score if entry is not None and entry.state == GRADED else None
