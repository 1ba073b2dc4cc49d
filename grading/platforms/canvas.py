"""Canvas: how it names the files of its zip, and the gradebook CSV that it imports."""

import re

from grading.intake.archive import Entry
from grading.record.schema import Student

# doejane_LATE_1234_5678_lab1_pca.ipynb: name, late or not, the user's number, the hand-in's, the file
FILE = re.compile(r"(?P<name>[^_/]+)_(?:LATE_)?(?P<user>\d+)_\d+_(?P<file>[^/]+)")
KEYS = ("SIS User ID", "SIS Login ID", "ID", "Student")  # columns that say who
COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def author(parts: tuple[str, ...], path: str) -> Entry | None:
    """Whose file this is, if Canvas named it."""
    found = FILE.fullmatch(parts[-1])
    return Entry(found["name"], found["user"], path, None, number=found["user"]) if found else None


def who(person: Student) -> tuple:
    """A student in `COLUMNS`."""
    full = f"{person.last_name or ''}, {person.first_name or ''}".strip(", ") or person.id
    return full, person.lms_user_id, person.id, person.id, ""
