"""Notebooks in a hand-in's folder, STUDENT/LAB; links are not followed."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from grading.intake.archive import Entry, inner
from grading.intake.notebook import MAX_BYTES


def listed(folder: Path) -> list[Path]:
    """What is in the folder; nothing where it may not be read."""
    try:
        return list(folder.iterdir())
    except PermissionError:  # as some platforms' archives are unpacked; what is in it is then not there
        return []


def folders(folder: Path) -> list[Path]:
    """The folders in it that are neither hidden nor links."""
    return sorted(p for p in listed(folder) if not p.name.startswith(".") and not p.is_symlink() and os.path.isdir(p))


def in_folder(folder: Path) -> Iterator[tuple[Entry, datetime | None]]:
    """The notebooks of STUDENT/LAB, also inside zips, the lab's own name first; links are not followed."""
    for path in sorted(listed(folder), key=lambda p: (p.stem != folder.name, p)):
        if path.name.startswith(".") or path.suffix.lower() not in (".ipynb", ".zip"):
            continue
        entry, when = Entry(folder.parent.name, "", path.name, None), handed_in(folder, path)
        content = _bytes(path)
        if isinstance(content, str):
            yield entry._replace(refusal=content), when
        elif path.suffix.lower() == ".zip":
            yield from ((one, when) for one in inner(content, entry))
        else:
            yield entry._replace(content=content), when


def _bytes(path: Path) -> bytes | str:
    """The file's content, or why it cannot be read."""
    if path.is_symlink() or not path.is_file():
        return "The file is a link, not a notebook: hand in the notebook itself."
    try:
        if path.stat().st_size > MAX_BYTES:
            limit = f"{MAX_BYTES >> 20} MB"
            return f"The file is larger than {limit}: clear the notebook's outputs, save, and hand in again."
        return path.read_bytes()
    except OSError as error:
        return f"The file cannot be read ({error.strerror}): hand it in again."


def handed_in(folder: Path, path: Path) -> datetime | None:
    """The time in timestamp.txt, as nbgrader's collect writes it; None where there is none (a file's own time tells
    when it was copied)."""
    note = folder / "timestamp.txt"
    if not note.is_file() or note.is_symlink() or note.stat().st_size > 200:
        return None
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(note.read_text().strip())
    except (ValueError, OverflowError, UnicodeDecodeError, OSError):
        return None
