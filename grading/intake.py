"""From a folder or a zip to hand-ins: find each student's notebook of each lab, and repair it from the released copy.

A folder holds STUDENT/LAB/*.ipynb, as nbgrader has it (or the zip that `make submit` packs); a zip is what Canvas or
Moodle gives for one lab. What cannot be graded becomes a `Refusal` with a reason that its author understands.
"""

import csv
import hashlib
import os
import re
import shutil
import traceback
import unicodedata
import weakref
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from grading.archive import Entry, inner, notebooks
from grading.course import GradingError
from grading.handin import Handin, digest, parts_of
from grading.notebook import MAX_BYTES, Unreadable, read_notebook
from grading.repair import likeness, repair

MOST_NOTEBOOKS = 20  # that are read of one hand-in
LONGEST_NAME = 120  # bytes: a file system takes 255, a database 128 characters
STUDENT_COLUMNS = ("id", "first_name", "last_name", "email", "lms_user_id")  # as `nbgrader db student import` has them


class Refusal(NamedTuple):
    """A hand-in of which nothing can be graded, and why."""

    student: str
    lab: str
    reason: str


class Arrival(NamedTuple):
    """A hand-in with the repaired notebook that a person may read and mark; `when` is when it was handed in."""

    handin: Handin
    notebook: dict
    when: datetime | None


class Spool:
    """A folder that goes when nobody holds it any more."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="handins-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


class Source(NamedTuple):
    """Where one student's files of one lab are; read when its turn comes, so that memory stays small.

    `spool` keeps the folder alive in which the contents of a zip wait under names of our own.
    """

    student: str
    lab: str
    place: Path | tuple[Entry, ...]
    spool: "Spool | None" = None


class Student(NamedTuple):
    """A line of students.csv."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""


def students(path: Path) -> dict[str, Student]:
    """The class by id, from a CSV whose first column is `id`; {} where there is no file."""
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error):
        raise GradingError(f"{path.name} cannot be read: save it as CSV in UTF-8.") from None
    if rows and "id" not in rows[0]:
        raise GradingError(
            f"{path.name} needs a first line with the columns {', '.join(STUDENT_COLUMNS)} (id is enough)."
        )
    listed = [Student(*((row.get(column) or "").strip() for column in STUDENT_COLUMNS)) for row in rows]
    return {student.id: student for student in listed if student.id}


def sources(submitted: Path, labs: list[str], released: dict[str, dict], known: dict[str, Student]) -> list[Source]:
    """All hand-ins for these labs, by student and lab. GradingError where there is nothing of the kind."""
    if submitted.is_file():
        return from_zip(submitted, labs, released, known)
    if not submitted.is_dir():
        raise GradingError(f"There is no {submitted}: put hand-ins into {submitted}/STUDENT/LAB/LAB.ipynb.")
    found = [source for student in _folders(submitted) for source in of_student(student, labs, released)]
    for archive in sorted(submitted.glob("*.zip")):
        found += from_zip(archive, labs, released, known)
    return sorted(found, key=lambda source: (source.lab, source.student))


def of_student(folder: Path, labs: list[str], released: dict[str, dict]) -> Iterator[Source]:
    """STUDENT/LAB where the folder has a lab's name; what else lies there is known by its content, or is none of it."""
    named = {lab.name: lab for lab in _folders(folder)}
    strays = [folder, *(path for name, path in named.items() if name not in released)]
    student = plain_name(folder.name)
    for lab in labs:
        if lab in named:
            yield Source(student, lab, named[lab])
            continue
        spool, found = Spool(), (e for stray in strays for e in stray_notebooks(stray, student, lab, released))
        if entries := tuple(spooled(e, spool.folder, k) for k, e in enumerate(islice(found, MOST_NOTEBOOKS))):
            yield Source(student, lab, entries, spool)


def stray_notebooks(folder: Path, student: str, lab: str, released: dict[str, dict]) -> Iterator[Entry]:
    """Notebooks of this lab that lie in a folder without its name."""
    for entry, _ in _in_folder(folder):
        if lab_of(entry, folder.name, list(released), released) == lab:
            yield entry._replace(student=student)


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except PermissionError:  # as some platforms' archives are unpacked; what is in it is then not there
        return []


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in _listed(folder) if not p.name.startswith(".") and not p.is_symlink() and os.path.isdir(p))


def from_zip(path: Path, labs: list[str], released: dict[str, dict], known: dict[str, Student]) -> list[Source]:
    """The hand-ins of a platform's zip; the lab is the one that the zip's or the files' names or contents tell."""
    grouped: dict[tuple[str, str], list[Entry]] = {}
    spool = Spool()
    try:
        for number, entry in enumerate(notebooks(path, path.name)):
            lab = lab_of(entry, path.stem, labs, released)
            if lab:
                grouped.setdefault((identify(entry, known), lab), []).append(spooled(entry, spool.folder, number))
    except Unreadable as reason:
        raise GradingError(str(reason)) from None
    found = [own for (student, lab), entries in grouped.items() for own in by_author(student, lab, entries, spool)]
    return sorted(found, key=lambda source: (source.student, source.lab))


def by_author(student: str, lab: str, entries: list[Entry], spool: Spool) -> Iterator[Source]:
    """One hand-in; or, where the platform knows several of this name, each by name and number: no work is mixed."""
    numbers = {entry.number for entry in entries}
    for number in numbers:
        own = tuple(entry for entry in entries if entry.number == number)
        name = student if len(numbers) == 1 else plain_name(f"{own[0].student}_{number or 'without a number'}")
        yield Source(name, lab, own, spool)


def spooled(entry: Entry, folder: Path, number: int) -> Entry:
    """The entry with its content in a file of this folder."""
    if entry.content is None:
        return entry
    place = folder / f"{number}.ipynb"
    place.write_bytes(entry.content)
    return entry._replace(content=None, file=place)


def lab_of(entry: Entry, archive: str, labs: list[str], released: dict[str, dict]) -> str | None:
    """The lab of which the notebook holds most; else the one whose name the path holds."""
    named = next((lab for lab in labs if lab in entry.path or lab in archive), labs[0] if len(labs) == 1 else None)
    if entry.content is None:
        return named
    try:
        held = read_notebook(entry.content)
    except Unreadable:
        return named
    marks = {lab: likeness(held, released[lab]) for lab in labs}
    best = max(marks, key=marks.get, default=None)
    return best if best is not None and marks[best] else named


def identify(entry: Entry, known: dict[str, Student]) -> str:
    """The student's id in students.csv, by the platform's number, or by a name that one only has; else a plain name."""
    by_number = [s.id for s in known.values() if entry.user and entry.user == s.lms_user_id]
    by_name = [s.id for s in known.values() if entry.student in names_of(s)]
    for found in (by_number, by_name):
        if len(found) == 1:
            return found[0]
    return plain_name(f"{entry.student}_{entry.user}" if entry.user else entry.student)


def names_of(student: Student) -> tuple[str, ...]:
    return student.id, f"{student.first_name} {student.last_name}", f"{student.last_name} {student.first_name}"


def plain_name(name: str) -> str:
    """A name that any folder, database, terminal and nbgrader's own pages take, which write it into scripts unquoted.

    It is never a path; one that was cut or mended has a mark.
    """
    wanted = unicodedata.normalize("NFC", name).strip()
    text = re.sub(r'[/\\"<>]', "_", printable(wanted)).encode()[:LONGEST_NAME].decode(errors="ignore")
    text = text if text.strip(". ") else "unknown"
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return text if text == wanted else f"{text}~{mark}"


def printable(text: str) -> str:
    """Without what moves a terminal's cursor, and without half surrogate pairs."""
    return "".join(c if c.isprintable() else "_" for c in text)


class Intake:
    """Reads sources of one course's labs: `released` maps a lab's name to its released notebook."""

    def __init__(self, released: dict[str, dict]):
        self.released = released

    def take(self, source: Source) -> Arrival | Refusal:
        """The hand-in, repaired, or why there is none. An error of ours costs one hand-in, not the class."""
        try:
            return self._taken(source)
        except Unreadable as reason:
            return Refusal(source.student, source.lab, printable(str(reason)))
        except Exception as error:
            traceback.print_exc()
            reason = f"The notebook cannot be read ({type(error).__name__}): save it in Jupyter and hand it in again."
            return Refusal(source.student, source.lab, reason)

    def _taken(self, source: Source) -> Arrival:
        best, count = None, 0
        for count, found in enumerate(self._candidates(source), start=1):  # noqa: B007
            best = max(best or found, found, key=lambda f: (f[0], f[2]))
        if best is None:
            raise Unreadable("There is no notebook in the hand-in: hand in the lab's .ipynb file.")
        held, notebook, _, when = best
        other = self._other_lab(notebook, source.lab, held)
        if other:
            raise Unreadable(f"This is the notebook of {other}, handed in as {source.lab}: hand in the right one.")
        mended, said = repair(notebook, self.released[source.lab])
        if count > 1:
            said.insert(0, f"There were {count} notebooks; the one that holds most of the lab was graded.")
        parts = parts_of(mended["cells"])
        handin = Handin(source.student, source.lab, parts, tuple(said), digest((source.lab, mended["cells"], said)))
        return Arrival(handin, mended, when)

    def _candidates(self, source: Source) -> Iterator[tuple[int, dict, str, datetime | None]]:
        """Each readable notebook with how much of the lab it holds. Raises the first refusal if none is readable."""
        refusals: list[Unreadable] = []
        readable = 0
        for path, content, when in islice(_files(source, refusals), MOST_NOTEBOOKS):
            try:
                notebook = read_notebook(content)
            except Unreadable as reason:
                refusals.append(reason)
                continue
            readable += 1
            own_name = Path(path).stem == source.lab
            yield likeness(notebook, self.released[source.lab]), notebook, f"{own_name:d} {path}", when
        if refusals and not readable:
            raise refusals[0]

    def _other_lab(self, notebook: dict, lab: str, held: int) -> str | None:
        if held:
            return None
        marks = {other: likeness(notebook, cells) for other, cells in self.released.items()}
        best = max(marks, key=marks.get)
        return best if marks[best] > 1 else None


def _files(source: Source, refusals: list[Unreadable]) -> Iterator[tuple[str, bytes, datetime | None]]:
    if isinstance(source.place, tuple):
        entries: Iterable[tuple[Entry, datetime | None]] = ((entry, None) for entry in source.place)
    else:
        entries = _in_folder(source.place)
    for entry, when in entries:
        content = entry.file.read_bytes() if entry.file else entry.content
        if content is None:
            refusals.append(Unreadable(entry.refusal))
        else:
            yield entry.path, content, when


def _in_folder(folder: Path) -> Iterator[tuple[Entry, datetime | None]]:
    """The notebooks of STUDENT/LAB, also inside zips, the lab's own name first; links are not followed."""
    for path in sorted(_listed(folder), key=lambda p: (p.stem != folder.name, p)):
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
