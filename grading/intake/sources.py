"""From a folder or a zip to the hand-ins in it: which student's, of which lab.

A folder holds STUDENT/LAB/*.ipynb, as nbgrader has it (or the zip that `make submit` packs); a zip is what a learning
platform gives for one lab, and `whose` knows its way of naming files.
"""

import shutil
import weakref
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from grading.course.folder import GradingError
from grading.intake.archive import Entry, notebooks
from grading.intake.files import folders, in_folder
from grading.intake.names import Student, identify, plain_name
from grading.intake.notebook import Unreadable, read_notebook
from grading.intake.repair import likeness

MOST_NOTEBOOKS = 20  # that are read of one hand-in
Whose = Callable[[str], Entry]


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


def sources(
    submitted: Path, labs: list[str], released: dict[str, dict], known: dict[str, Student], whose: Whose
) -> list[Source]:
    """All hand-ins for these labs, by student and lab. GradingError where there is nothing of the kind."""
    if submitted.is_file():
        return from_zip(submitted, labs, released, known, whose)
    if not submitted.is_dir():
        raise GradingError(f"There is no {submitted}: put hand-ins into {submitted}/STUDENT/LAB/LAB.ipynb.")
    found = [source for student in folders(submitted) for source in of_student(student, labs, released)]
    for archive in sorted(submitted.glob("*.zip")):
        found += from_zip(archive, labs, released, known, whose)
    return sorted(found, key=lambda source: (source.lab, source.student))


def of_student(folder: Path, labs: list[str], released: dict[str, dict]) -> Iterator[Source]:
    """STUDENT/LAB where the folder has a lab's name; what else lies there is known by its content, or is none of it."""
    named = {lab.name: lab for lab in folders(folder)}
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
    for entry, _ in in_folder(folder):
        if lab_of(entry, folder.name, list(released), released) == lab:
            yield entry._replace(student=student)


def from_zip(
    path: Path, labs: list[str], released: dict[str, dict], known: dict[str, Student], whose: Whose
) -> list[Source]:
    """The hand-ins of a platform's zip; the lab is the one that the zip's or the files' names or contents tell."""
    grouped: dict[tuple[str, str], list[Entry]] = {}
    spool = Spool()
    try:
        for number, entry in enumerate(notebooks(path, path.name, whose)):
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
