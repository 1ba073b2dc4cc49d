"""Whose a file of a platform's zip is, by the platform's way of naming it; and the class list, whoever wrote it."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from grading.course.folder import GradingError
from grading.intake.archive import Entry
from grading.intake.names import Student, by_id, listed
from grading.intake.tables import read_table
from grading.platforms import canvas, moodle

IN_ANOTHER_LANGUAGE = "Moodle's grading worksheet in another language"


def author(path: str) -> Entry:
    """As Moodle or Canvas says it; anything else is taken as STUDENT/LAB/FILE or STUDENT/FILE."""
    parts = PurePosixPath(path.replace("\\", "/")).parts or ("",)
    found = moodle.author(parts) or canvas.author(parts)
    if found:
        return found._replace(origin=path)
    return Entry(parts[0] if len(parts) > 1 else PurePosixPath(path).stem)


def class_list(path: Path, say: Callable[[str], None] = lambda line: None) -> dict[str, Student]:
    """The class by id: from students.csv, from Canvas's gradebook, or from Moodle's grading worksheet.

    `say` is told of what could not be read. GradingError where the table is none of these.
    """
    table = read_table(path)
    found = canvas.students(table)
    if found is not None:
        return by_id(found, path.name)
    found = moodle.students(table)
    if found is None and moodle.in_another_language(table):
        raise GradingError(f"{path.name} looks like {IN_ANOTHER_LANGUAGE}: download it with Moodle in English.")
    if found is None:
        found = listed(table, path.name)
    elif times := moodle.unread(table):
        say(f"{path.name}: {len(times)} times could not be read, as {times[0]!r}; these are not taken for late.")
    if left := len(table.rows) - len(found):
        say(f"{path.name}: {left} rows have no id and were left out.")
    return by_id(found, path.name)
