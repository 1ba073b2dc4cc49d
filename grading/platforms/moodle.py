"""Moodle: how it names the folders or files of its zip, its grading worksheet, and the grade CSV that it imports.

Its number for a hand-in is the same in the zip and in the worksheet ("Participant 800000"), and tells a student where
marking is blind; `mod/assign/feedback/file/importziplib.php` reads it again from a zip of feedback.
"""

import re
from collections import Counter
from datetime import datetime
from pathlib import PurePosixPath

from grading.intake.archive import Entry
from grading.intake.names import STUDENT_COLUMNS, Student
from grading.intake.tables import Table

# a folder "Jane Doe_4711_assignsubmission_file_" (before 4.1; without the last _ since), or, without folders, a file
# "Jane Doe_4711_assignsubmission_file_lab1_pca.ipynb"; where marking is blind, Participant_4711_…
PREFIX = re.compile(r"(?P<name>[^_]+)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)(?:_.*)?")
BLIND = "Participant"
IDENTIFIER = re.compile(r"\D*(\d+)")
COLUMNS = ("ID number", "Email address")
WORKSHEET = "Grade"  # the column of a worksheet, which is for one assignment
MAXIMUM = ("Maximum Grade", "Maximum grade")
COMMENTS = "Feedback comments"
HANDED_IN = "Last modified (submission)"
# of worksheets in English, British and American; without a zone, so in the course's, which is taken as ours
TIMES = ("%A, %d %B %Y, %I:%M %p", "%A, %B %d, %Y, %I:%M %p", "%A, %d %B %Y, %H:%M")
OTHER = re.compile(r"(\D{5,})\d+")  # a worksheet's first column in any language: Participant 4711, Teilnehmer/in4711


def author(parts: tuple[str, ...]) -> Entry | None:
    """Whose file this is, if Moodle put it into a folder or before its name."""
    for part in parts:
        if found := PREFIX.fullmatch(part):
            name = "" if found["name"] == BLIND else found["name"]
            return Entry(name, platform="moodle", number=found["number"])
    return None


def back(origin: str, lab: str) -> str:
    """The path under which Moodle takes a page back for the hand-in that came as `origin`."""
    folder = next(part for part in PurePosixPath(origin).parts if PREFIX.fullmatch(part))
    start = re.match(r"[^_]+_\d+_assignsubmission_(?:file|onlinetext)", folder)[0]
    return f"{start}_/{lab}.html"


def students(table: Table) -> list[Student] | None:
    """The class from a grading worksheet; None for another table."""
    places = table.places()
    if not {"Identifier", WORKSHEET} <= places.keys():
        return None

    def of(row: list[str], column: str) -> str:
        return row[places[column]].strip() if column in places else ""

    found = []
    for row in table.rows:
        number = IDENTIFIER.fullmatch(of(row, "Identifier"))
        first, _, last = of(row, "Full name").rpartition(" ")
        ids = (of(row, c) for c in ("ID number", "Username", "Email address", "Full name", "Identifier"))
        own = next((one for one in ids if one), "")
        when = time_of(of(row, HANDED_IN))
        if number:
            found.append(Student(own, first, last, of(row, "Email address"), "", number[1], when))
    shared = Counter(one.id for one in found)
    return [one if shared[one.id] == 1 else one._replace(id=f"{one.id}_{one.number}") for one in found]


def unread(table: Table) -> list[str]:
    """The times of handing in that the worksheet has and nobody here can read."""
    place = table.places().get(HANDED_IN)
    times = [] if place is None else [row[place].strip() for row in table.rows]
    return [text for text in times if text not in ("", "-") and time_of(text) is None]


def in_another_language(table: Table) -> bool:
    """Whether this is a worksheet whose columns are not called as in English: numbers of hand-ins, and much else."""
    numbers = [OTHER.fullmatch(row[0].strip()) for row in table.rows]
    words = {found[1] for found in numbers if found}
    others = {column.lower() for column in table.header} - set(STUDENT_COLUMNS)
    return "identifier" not in others and len(others) > 3 and len(words) == 1 and all(numbers)


def time_of(text: str) -> datetime | None:
    """A worksheet's time in UTC, without a zone as nbgrader has it; None for "-", or in another language."""
    for form in TIMES:
        try:
            local = datetime.strptime(text, form).astimezone()
        except ValueError:
            continue
        return local.replace(tzinfo=None) - local.utcoffset()
    return None


def who(person: Student, number: str) -> tuple:
    """A student in `COLUMNS`."""
    return person.id, person.email


def row_keys(row: dict[str, str]) -> list[tuple[str, str]]:
    """What tells whose row this is, the surest first."""
    number = IDENTIFIER.fullmatch(row.get("Identifier", ""))
    surname = row.get("Surname") or row.get("Last name", "")
    full = row.get("Full name", "") or f"{row.get('First name', '')} {surname}"
    keys = [("moodle", number[1] if number else ""), ("id", row.get("ID number", "")), ("id", row.get("Username", ""))]
    return [*keys, ("email", row.get("Email address", "")), ("name", full)]
