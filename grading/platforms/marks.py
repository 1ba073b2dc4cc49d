"""The marks of a class as platforms want them: each student with all labs.

Platforms take every number for a final one, so only hand-ins that are graded to the end have a number there.
"""

from collections.abc import Iterable
from typing import NamedTuple

from grading.intake.names import squeezed
from grading.judge.result import GRADED
from grading.platforms.authors import author
from grading.record.gradebook import Record
from grading.record.ledger import Entry
from grading.record.schema import Student

Key = tuple[str, str]  # what kind of name, and the name


class Marks(NamedTuple):
    """One student with all labs."""

    person: Student
    entries: dict[str, Entry]

    def sure(self) -> set[Key]:
        """What only this student has: ids, and the platforms' numbers, also those of the hand-ins' own files."""
        person = self.person
        found = {("id", person.id), ("canvas", person.lms_user_id or ""), ("email", (person.email or "").casefold())}
        for entry in self.entries.values():
            place = author(entry.origin)
            found.add((place.platform, place.number))
        return {(kind, name) for kind, name in found if kind and name}

    def number(self, platform: str) -> str:
        """The platform's number for this student, or ""."""
        return next((name for kind, name in sorted(self.sure()) if kind == platform), "")

    def names(self) -> set[str]:
        """What others may be called, too; as Canvas squeezes names."""
        first, last = self.person.first_name or "", self.person.last_name or ""
        return {squeezed(name) for name in (f"{first} {last}", f"{last} {first}", self.person.id)} - {""}


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
