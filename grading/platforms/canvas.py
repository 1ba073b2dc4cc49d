"""Canvas: how it names the files of its zip, its class list, and the gradebook CSV that it imports.

The names are made in Canvas's `lib/content_zipper.rb`, and read again in its `infer_comment_context_from_filename`.
"""

import re
from pathlib import PurePosixPath

from grading.intake.archive import Entry
from grading.intake.names import Student
from grading.intake.tables import Table

# doejane_LATE_1234_5678_lab1_pca.ipynb: name, late or not, the user's number, the file's, the file; anonymous
# LATE_anon_x1Y2z_5678_lab1_pca.ipynb; what was typed into a box is doejane_1234_text.html
FILE = re.compile(r"(?P<name>.+?)_(?:(?P<late>LATE)_)?(?P<user>\d+)_(?:(?P<upload>\d+)_.+|(?:text|link)\.html)")
ANONYMOUS = re.compile(r"(?:(?P<late>LATE)_)?(?P<user>anon_[A-Za-z0-9]{5})_(?:(?P<upload>\d+)_.+|(?:text|link)\.html)")
COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
LIST = {"Student", "ID", "Section"}  # columns that tell Canvas's table


def author(parts: tuple[str, ...]) -> Entry | None:
    """Whose file this is, if Canvas named it."""
    found = ANONYMOUS.fullmatch(parts[-1]) or FILE.fullmatch(parts[-1])
    if not found:
        return None
    name = found.groupdict().get("name", "")
    order = (int(found["upload"] or 0),)
    return Entry(name, platform="canvas", number=found["user"], late=bool(found["late"]), order=order)


def back(origin: str, lab: str) -> str:
    """The name under which Canvas takes a page back for the hand-in that came as `origin`."""
    return f"{PurePosixPath(origin).name.partition('.')[0]}.html"


def students(table: Table) -> list[Student] | None:
    """The class from Canvas's gradebook; None for another table."""
    places = table.places()
    if not places.keys() >= LIST:
        return None

    def of(row: list[str], column: str) -> str:
        return row[places[column]].strip() if column in places else ""

    found = []
    for row in table.rows:
        last, _, first = of(row, "Student").partition(",")
        own = of(row, "SIS User ID") or of(row, "SIS Login ID") or f"canvas-{of(row, 'ID')}"
        if of(row, "ID").isdigit() and of(row, "Student") != "Student, Test":
            found.append(Student(own, first.strip(), last.strip(), "", of(row, "ID")))
    return found


def who(person: Student, number: str) -> tuple:
    """A student in `COLUMNS`."""
    full = f"{person.last_name or ''}, {person.first_name or ''}".strip(", ") or person.id
    return full, person.lms_user_id or number, person.id, person.id, ""


def row_keys(row: dict[str, str]) -> list[tuple[str, str]]:
    """What tells whose row this is, the surest first."""
    keys = [("canvas", row.get("ID", "")), ("id", row.get("SIS User ID", "")), ("id", row.get("SIS Login ID", ""))]
    return [*keys, ("email", row.get("SIS Login ID", "")), ("name", row.get("Student", ""))]
