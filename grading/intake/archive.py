"""Notebooks out of a zip that somebody else made. No path of the zip is ever used for a file."""

import contextlib
import io
import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from grading.intake.notebook import MAX_BYTES, Unreadable

MAX_FILES = 20_000
UTF8 = 0x800  # the flag of a member whose name is in UTF-8
IGNORED = {"__MACOSX", ".ipynb_checkpoints", "__pycache__", "Thumbs.db", "desktop.ini"}
HEAD = 64  # bytes that tell a notebook
WITHIN = "The file is a zip within a zip, which is not opened: hand in the lab's .ipynb file itself."
MAX_TOTAL = 4 << 30  # bytes, unpacked, of a whole class; of one student's own zip, what one notebook may have


class Entry(NamedTuple):
    """A file of a hand-in. `student` is the platform's name for its author, or "" where grading is anonymous.

    `number` is Canvas's number for the user, or Moodle's for the hand-in; both platforms know it again, and the path
    `origin`, too. The file is in `content` or in `file`; where it could not be read, `refusal` says why; a `stray` is
    no notebook. `order` is larger for the newer of two.
    """

    student: str
    path: str = ""
    content: bytes | None = None
    refusal: str = ""
    file: Path | None = None
    platform: str = ""
    number: str = ""
    origin: str = ""
    late: bool = False
    stray: bool = False
    order: tuple = ()

    def label(self) -> str:
        """What the author is called where no list tells: Canvas's numbers stay the same from lab to lab."""
        if self.platform == "canvas":
            return f"{self.student}_{self.number}" if self.student else self.number
        return self.student or f"Participant {self.number}"


Archive = bytes | Path


def notebooks(archive: Archive, name: str, whose: Callable[[str], Entry]) -> Iterator[Entry]:
    """The files of a class's zip, those in zips of single students too; a refused one comes with the reason.

    `whose` tells from a path in the zip who its author is.
    """
    for entry in _unpacked(archive, name, whose, MAX_TOTAL):
        if entry.content is not None and entry.path.lower().endswith(".zip"):
            yield from inner(entry.content, entry._replace(content=None))
        else:
            yield entry


def inner(content: bytes, place: Entry) -> Iterator[Entry]:
    """What one student's own zip holds; a zip within it is left alone, and refused as one that is empty is."""
    found = False
    try:
        for entry in _unpacked(content, place.path, lambda path: place, MAX_BYTES):
            found = True
            within = entry.content is not None and entry.path.lower().endswith(".zip")
            yield entry._replace(content=None, refusal=WITHIN) if within else entry
    except Unreadable as reason:
        yield place._replace(refusal=str(reason))
    else:
        if not found:
            yield place._replace(refusal="The zip is empty: hand in the lab's .ipynb file itself.")


def _unpacked(archive: Archive, name: str, whose: Callable[[str], Entry], most: int) -> Iterator[Entry]:
    """Each member that may hold hand-ins, read, or with the reason why it cannot be; at most so many bytes in all."""
    total = 0
    for member in members(archive, name):
        path = name_of(member)
        place = whose(path)
        upload = place.order[0] if place.order else 0
        place = place._replace(path=path, order=order_of(path, member.date_time, upload))
        try:
            content = read(archive, member)
        except Unreadable as reason:
            yield place._replace(refusal=str(reason))
            continue
        total += len(content or b"")
        if total > most:
            raise Unreadable(f"{name} holds more than {most >> 20} MB.")
        yield place._replace(content=content, stray=content is None)


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
    return [member for member in found if not member.is_dir() and not ignored(name_of(member))]


def ignored(path: str) -> bool:
    """Whether a file is one that systems leave behind by themselves."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    return bool(IGNORED & set(parts)) or not parts or parts[-1].startswith((".", "~"))


def name_of(member: zipfile.ZipInfo) -> str:
    """The member's path, composed. Macs write UTF-8 and do not say so, which reads as cp437, and they decompose."""
    name = member.filename
    if not member.flag_bits & UTF8:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)


def is_notebook(head: bytes) -> bool:
    """Whether a file of any name may be one: it begins as JSON does."""
    return head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"{")


def order_of(name: str, when: float | tuple = 0, upload: int = 0) -> tuple:
    """Sorts the newer of two behind the older: by upload, then by time, then by the number that platforms append."""
    stem = PurePosixPath(name).name.partition(".")[0]
    found = re.search(r"(?:-| ?\()(\d+)\)?$", stem)
    return upload, when, int(found[1][:9]) if found else 0


def read(archive: Archive, member: zipfile.ZipInfo) -> bytes | None:
    """A member's bytes, not more than a notebook may have whatever its header says; None for what is no notebook.

    Raises `Unreadable`.
    """
    if stat.S_ISLNK(member.external_attr >> 16):
        raise Unreadable("The file is a link, not a notebook: hand in the notebook itself.")
    if unsafe(member.filename):
        raise Unreadable("The zip was made with a path that leads out of it: make it again with make submit.")
    try:
        with opened(archive) as whole, whole.open(member) as file:
            content = file.read(HEAD)
            if not member.filename.lower().endswith((".ipynb", ".zip")) and not is_notebook(content):
                return None
            content += file.read(MAX_BYTES + 1 - len(content))
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
