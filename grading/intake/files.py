"""Notebooks in a hand-in's folder, STUDENT/LAB; links are not followed."""

import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from grading.intake.archive import HEAD, Entry, ignored, inner, is_notebook, order_of
from grading.intake.notebook import MAX_BYTES

NOTES = ("timestamp.txt", "submission_secret.txt")  # of nbgrader's exchange


def listed(folder: Path) -> list[Path]:
    """What is in the folder; nothing where it may not be read."""
    try:
        return list(folder.iterdir())
    except PermissionError:  # as some platforms' archives are unpacked; what is in it is then not there
        return []


def folders(folder: Path) -> list[Path]:
    """The folders in it that are neither hidden nor links."""
    return sorted(p for p in listed(folder) if not p.name.startswith(".") and not p.is_symlink() and os.path.isdir(p))


def links(folder: Path) -> list[Path]:
    """The links to folders and files in it, which nobody follows, but for files where a hand-in's own are read."""
    return sorted(p for p in listed(folder) if p.is_symlink() and not ignored(p.name) and p.name != "students.csv")


def closed(folder: Path) -> bool:
    """Whether what is in the folder may not be listed."""
    try:
        next(folder.iterdir(), None)
    except PermissionError:
        return True
    return False


def in_folder(folder: Path) -> Iterator[tuple[Entry, datetime | None]]:
    """The files of STUDENT/LAB, also inside zips, the lab's own name first; links are not followed."""
    for path in sorted(listed(folder), key=lambda p: (p.stem != folder.name, p)):
        if ignored(path.name) or path.name in (*NOTES, "students.csv") or _is_plain_folder(path):
            continue
        entry, when = in_file(path, Entry(folder.parent.name)), handed_in(folder, path)
        if entry.content is not None and path.suffix.lower() == ".zip":
            yield from ((one, when) for one in inner(entry.content, entry._replace(content=None, file=None)))
        else:
            yield entry, when


def _is_plain_folder(path: Path) -> bool:
    """Whether it is a folder, and not one that is called as a notebook is."""
    return path.suffix.lower() not in (".ipynb", ".zip") and path.is_dir()


def in_file(path: Path, place: Entry) -> Entry:
    """The file as one of that place's author: its content, why it cannot be read, or that it is no notebook."""
    upload = place.order[0] if place.order else 0
    place = place._replace(path=path.name, order=order_of(path.name, time_of(path), upload))
    if path.suffix.lower() not in (".ipynb", ".zip") and (path.is_symlink() or not is_notebook(_head(path))):
        return place._replace(stray=True)
    content = _bytes(path)
    return place._replace(refusal=content) if isinstance(content, str) else place._replace(content=content, file=path)


def time_of(path: Path) -> tuple[int, ...]:
    """When the file was last changed, as zips say it."""
    try:
        return time.localtime(path.lstat().st_mtime)[:6]
    except OSError:
        return ()


def _head(path: Path) -> bytes:
    try:
        if not path.is_file():  # reading from a pipe would never end
            return b""
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""


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
