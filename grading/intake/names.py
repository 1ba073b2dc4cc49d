"""Who handed something in: the class list, a platform's name looked up in it, and names that every system takes."""

import csv
import hashlib
import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

from grading.course.folder import GradingError
from grading.intake.archive import Entry

LONGEST_NAME = 120  # bytes: a file system takes 255, a database 128 characters
STUDENT_COLUMNS = ("id", "first_name", "last_name", "email", "lms_user_id")  # as `nbgrader db student import` has them


class Student(NamedTuple):
    """A line of students.csv."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""


def students(path: Path) -> dict[str, Student]:
    """The class by id, from a CSV whose first column is `id`; {} where there is no file."""
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error):
        raise GradingError(f"{path.name} cannot be read: save it as CSV in UTF-8.") from None
    if rows and "id" not in rows[0]:
        raise GradingError(
            f"{path.name} needs a first line with the columns {', '.join(STUDENT_COLUMNS)} (id is enough)."
        )
    listed = [Student(*((row.get(column) or "").strip() for column in STUDENT_COLUMNS)) for row in rows]
    return {student.id: student for student in listed if student.id}


def identify(entry: Entry, known: dict[str, Student]) -> str:
    """The student's id in students.csv, by the platform's number, or by a name that one only has; else a plain name."""
    by_number = [s.id for s in known.values() if entry.user and entry.user == s.lms_user_id]
    by_name = [s.id for s in known.values() if entry.student in names_of(s)]
    for found in (by_number, by_name):
        if len(found) == 1:
            return found[0]
    return plain_name(f"{entry.student}_{entry.user}" if entry.user else entry.student)


def names_of(student: Student) -> tuple[str, ...]:
    return student.id, f"{student.first_name} {student.last_name}", f"{student.last_name} {student.first_name}"


def plain_name(name: str) -> str:
    """A name that any folder, database, terminal and nbgrader's own pages take, which write it into scripts unquoted.

    It is never a path; one that was cut or mended has a mark.
    """
    wanted = unicodedata.normalize("NFC", name).strip()
    text = re.sub(r'[/\\"<>]', "_", printable(wanted)).encode()[:LONGEST_NAME].decode(errors="ignore")
    text = text if text.strip(". ") else "unknown"
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return text if text == wanted else f"{text}~{mark}"


def printable(text: str) -> str:
    """Without what moves a terminal's cursor, and without half surrogate pairs."""
    return "".join(c if c.isprintable() else "_" for c in text)
