"""Whose a file of a platform's zip is, by the platform's way of naming it; and the class list, whoever wrote it."""

from pathlib import Path, PurePosixPath

from grading.intake.archive import Entry
from grading.intake.names import Student, by_id, listed
from grading.intake.tables import read_table
from grading.platforms import canvas, moodle


def author(path: str) -> Entry:
    """As Moodle or Canvas says it; anything else is taken as STUDENT/LAB/FILE or STUDENT/FILE."""
    parts = PurePosixPath(path.replace("\\", "/")).parts or ("",)
    found = moodle.author(parts) or canvas.author(parts)
    if found:
        return found._replace(origin=path)
    return Entry(parts[0] if len(parts) > 1 else PurePosixPath(path).stem)


def class_list(path: Path) -> dict[str, Student]:
    """The class by id: from students.csv, from Canvas's gradebook, or from Moodle's grading worksheet."""
    table = read_table(path)
    for platform in (canvas, moodle):
        found = platform.students(table)
        if found is not None:
            return by_id(found, path.name)
    return by_id(listed(table, path.name), path.name)
