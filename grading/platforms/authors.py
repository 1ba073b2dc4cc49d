"""Whose a file of a platform's zip is, by the platform's way of naming it."""

from pathlib import PurePosixPath

from grading.intake.archive import Entry
from grading.platforms import canvas, moodle


def author(path: str) -> Entry:
    """As Moodle or Canvas says it; anything else is taken as STUDENT/LAB/FILE or STUDENT/FILE."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    found = moodle.author(parts, path) or canvas.author(parts, path)
    return found or Entry(parts[0] if len(parts) > 1 else PurePosixPath(path).stem, "", path, None)
