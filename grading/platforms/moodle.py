"""Moodle: how it names the folders of its zip, and the grade CSV that it imports."""

import re

from grading.intake.archive import Entry
from grading.record.schema import Student

FOLDER = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?")  # the hand-in's number
KEYS = ("ID number", "Email address", "Full name")  # columns that say who
COLUMNS = ("ID number", "Email address")
WORKSHEET = "Grade"  # the column of a worksheet, which is for one assignment


def author(parts: tuple[str, ...], path: str) -> Entry | None:
    """Whose file this is, if Moodle put it into a folder."""
    for part in parts[:-1]:
        if found := FOLDER.fullmatch(part):
            return Entry(found["name"], "", path, None, number=found["number"])
    return None


def who(person: Student) -> tuple:
    """A student in `COLUMNS`."""
    return person.id, person.email
