"""Who handed something in: the class list, a platform's name looked up in it, and names that every system takes."""

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from grading.course.folder import GradingError
from grading.intake.archive import Entry
from grading.intake.tables import Table

MOST_NAMES = 5  # that a sentence lists
LONGEST_NAME = 120  # bytes: a file system takes 255, a database 128 characters
STUDENT_COLUMNS = ("id", "first_name", "last_name", "email", "lms_user_id")  # as `nbgrader db student import` has them


class Student(NamedTuple):
    """One of the class. `number` and `when` are Moodle's: its number for the hand-in, and when it was handed in."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""
    number: str = ""
    when: datetime | None = None


def listed(table: Table, name: str) -> list[Student]:
    """The lines of students.csv."""
    places = {column.lower(): place for column, place in table.places().items()}
    if "id" not in places:
        raise GradingError(f"{name} needs a first line with the columns {', '.join(STUDENT_COLUMNS)} (id is enough).")
    fields = [[row[places[c]].strip() if c in places else "" for c in STUDENT_COLUMNS] for row in table.rows]
    return [Student(*values) for values in fields if values[0]]


def by_id(people: Iterable[Student], name: str) -> dict[str, Student]:
    """Each by id; GradingError where two share an id or a number, since marks would go to the wrong one."""
    people = list(people)
    for what, key in (("id", "id"), ("lms_user_id", "lms_user_id"), ("number", "number")):
        counts = Counter(getattr(person, key) for person in people if getattr(person, key))
        if twice := sorted(value for value, times in counts.items() if times > 1):
            raise GradingError(f"{name} has the {what} {twice[0]} more than once: each student needs one line.")
    return {person.id: person for person in people}


class ClassList:
    """The class, to be looked up by a platform's number, else by a name that only one of them has."""

    def __init__(self, people: dict[str, Student]):
        self.people = people
        self.numbers: dict[tuple[str, str], str] = {}
        self.names: dict[str, set[str]] = defaultdict(set)
        for person in people.values():
            self.numbers |= {("canvas", person.lms_user_id): person.id, ("moodle", person.number): person.id}
            for name in names_of(person):
                self.names[squeezed(name)].add(person.id)

    def find(self, entry: Entry) -> tuple[str, bool]:
        """The student's id, and whether only the name told; a name of our own where the list does not have them."""
        if entry.number and (found := self.numbers.get((entry.platform, entry.number))):
            return found, False
        for name in (entry.student, entry.student.partition("-")[2]):  # Moodle puts a group's name before it
            ids = self.names.get(squeezed(name), set()) if name else set()
            if len(ids) == 1 and not self._another(*ids, entry):
                return next(iter(ids)), bool(entry.platform)
        return plain_name(entry.label()), False

    def _another(self, student: str, entry: Entry) -> bool:
        """Whether the list has another number for this student: then it is somebody else of that name."""
        person = self.people[student]
        known = {"canvas": person.lms_user_id, "moodle": person.number}.get(entry.platform, "")
        return bool(known and entry.number and known != entry.number)


def names_of(student: Student) -> tuple[str, ...]:
    return student.id, f"{student.first_name} {student.last_name}", f"{student.last_name} {student.first_name}"


def squeezed(name: str) -> str:
    """As Canvas writes names into files: letters and digits only, small ones."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFC", name).casefold())


def plain_name(name: str) -> str:
    """A name that any folder, database, terminal and nbgrader's own pages take, which write it into scripts unquoted.

    It is never a path; one that was cut or mended has a mark.
    """
    wanted = unicodedata.normalize("NFC", name).strip()
    text = re.sub(r'[/\\"<>]', "_", printable(wanted)).encode()[:LONGEST_NAME].decode(errors="ignore")
    text = text if text.strip(". ") else "unknown"
    mark = hashlib.sha256(wanted.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return text if text == wanted else f"{text}~{mark}"


def printable(text: str) -> str:
    """Without what moves a terminal's cursor, and without half surrogate pairs."""
    return "".join(c if c.isprintable() else "_" for c in text)


def names_in_words(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(printable(name) for name in names[:MOST_NAMES])
    return f"{shown} and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else shown
