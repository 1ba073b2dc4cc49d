"""Notebooks out of a zip that somebody else made. No path of the zip is ever used for a file."""

import io
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from grading.intake.notebook import MAX_BYTES, Unreadable

MAX_FILES = 20_000
MAX_TOTAL = 4 << 30  # bytes, unpacked, of a whole class; of one student's own zip, what one notebook may have


class Entry(NamedTuple):
    """A notebook of a zip. `student` is the platform's name for its author, `user` the platform's number or "".

    `number` tells two of the same name apart: Moodle's number for a hand-in, or Canvas's for a user.
    The notebook is in `content` or in `file`; where it could not be read, `refusal` says why.
    """

    student: str
    user: str
    path: str
    content: bytes | None
    refusal: str = ""
    file: Path | None = None
    number: str = ""


Archive = bytes | Path


def notebooks(archive: Archive, name: str, whose: Callable[[str], Entry]) -> Iterator[Entry]:
    """The notebooks of a class's zip, those in zips of single students too; a refused one comes with the reason.

    `whose` tells from a path in the zip who its author is.
    """
    for entry in _unpacked(archive, name, whose, MAX_TOTAL):
        if entry.content is not None and entry.path.lower().endswith(".zip"):
            yield from inner(entry.content, entry._replace(content=None))
        else:
            yield entry


def inner(content: bytes, place: Entry) -> Iterator[Entry]:
    """What one student's own zip holds; a zip within it is left alone."""
    try:
        for entry in _unpacked(content, place.path, lambda path: place, MAX_BYTES):
            if entry.content is None or not entry.path.lower().endswith(".zip"):
                yield entry
    except Unreadable as reason:
        yield place._replace(refusal=str(reason))


def _unpacked(archive: Archive, name: str, whose: Callable[[str], Entry], most: int) -> Iterator[Entry]:
    """Each member that may hold hand-ins, read, or with the reason why it cannot be; at most so many bytes in all."""
    total = 0
    for member in members(archive, name):
        place = whose(member.filename)._replace(path=member.filename)
        try:
            content = read(archive, member)
        except Unreadable as reason:
            yield place._replace(refusal=str(reason))
            continue
        total += len(content)
        if total > most:
            raise Unreadable(f"{name} holds more than {most >> 20} MB.")
        yield place._replace(content=content)


def opened(archive: Archive) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(archive) if isinstance(archive, bytes) else archive)


def members(archive: Archive, name: str) -> list[zipfile.ZipInfo]:
    """The members that may hold hand-ins. Raises `Unreadable` for what is no zip, or for far too many members."""
    try:
        with opened(archive) as file:
            found = file.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Unreadable(f"{name} is not a zip file, or a damaged one.") from None
    if len(found) > MAX_FILES:
        raise Unreadable(f"{name} holds {len(found)} files, more than {MAX_FILES}.")
    wanted = [m for m in found if not m.is_dir() and m.filename.lower().endswith((".ipynb", ".zip"))]
    return [m for m in wanted if not {"__MACOSX", ".ipynb_checkpoints"} & set(PurePosixPath(m.filename).parts)]


def read(archive: Archive, member: zipfile.ZipInfo) -> bytes:
    """A member's bytes, not more than a notebook may have whatever its header says. Raises `Unreadable`."""
    if stat.S_ISLNK(member.external_attr >> 16):
        raise Unreadable("The file is a link, not a notebook: hand in the notebook itself.")
    if unsafe(member.filename):
        raise Unreadable("The zip was made with a path that leads out of it: make it again with make submit.")
    try:
        with opened(archive) as whole, whole.open(member) as file:
            content = file.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError):
        raise Unreadable("The zip is damaged or has a password: make it again with make submit.") from None
    except Exception as error:  # zlib and lzma raise their own
        raise Unreadable(f"The zip is damaged ({type(error).__name__}): make it again with make submit.") from None
    if len(content) > MAX_BYTES:
        raise Unreadable(f"The file is larger than {MAX_BYTES >> 20} MB: clear the notebook's outputs and save.")
    return content


def unsafe(path: str) -> bool:
    parts = PurePosixPath(path.replace("\\", "/")).parts
    return ".." in parts or path.startswith(("/", "\\")) or bool(re.match(r"[A-Za-z]:", path)) or "\0" in path
