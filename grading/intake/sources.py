"""From a folder or a zip to the hand-ins in it: which student's, of which lab.

A folder holds STUDENT/LAB/*.ipynb, as nbgrader collects it (or the zip that `make submit` packs); or what nbgrader's
exchange holds, STUDENT+LAB+TIME; or what a learning platform gives for one lab, as a zip or unpacked, and `whose` knows
its way of naming files.
"""

import re
import shutil
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from grading.course.folder import GradingError, assignment_of
from grading.intake.archive import Entry, inner, notebooks
from grading.intake.files import folders, in_file, in_folder, listed
from grading.intake.names import ClassList, Student, plain_name, printable
from grading.intake.notebook import Unreadable, read_notebook
from grading.intake.repair import likeness

MOST_NOTEBOOKS = 20  # that are read of one hand-in
INBOUND = re.compile(r"(?P<student>.+)\+(?P<lab>[^+]+)\+(?P<when>\d{4}-\d\d-\d\d [\d:.]+ \w+)(?:\+[\w=-]+)?")
Whose = Callable[[str], Entry]
Say = Callable[[str], None]


class Spool:
    """A folder that goes when nobody holds it any more."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="handins-"))
        self.count = 0
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def keep(self, entry: Entry) -> Entry:
        """The entry with its content in a file of this folder."""
        if entry.content is None:
            return entry
        self.count += 1
        place = self.folder / f"{self.count}.ipynb"
        place.write_bytes(entry.content)
        return entry._replace(content=None, file=place)


class Source(NamedTuple):
    """Where one student's files of one lab are; read when its turn comes, so that memory stays small.

    `spool` keeps the folder alive in which the contents of a zip wait under names of our own.
    """

    student: str
    lab: str
    place: tuple[Path | Entry, ...]
    spool: Spool | None = None


def sources(
    submitted: Path,
    labs: list[str],
    released: dict[str, dict],
    known: dict[str, Student],
    whose: Whose,
    say: Say = lambda line: None,
) -> list[Source]:
    """All hand-ins for these labs, by student and lab. GradingError where there is nothing of the kind.

    `say` is told of everything that was guessed, left out or found twice.
    """
    search = Search(labs, released, ClassList(known), whose, say)
    if submitted.is_file():
        search.archive(submitted)
    elif submitted.is_dir():
        search.folder(submitted)
    else:
        raise GradingError(f"There is no {submitted}: put hand-ins into {submitted}/STUDENT/LAB/LAB.ipynb.")
    return search.found()


class Search:
    """What has been found so far: of a platform's files by author and lab, of folders by student and lab."""

    def __init__(self, labs: list[str], released: dict[str, dict], people: ClassList, whose: Whose, say: Say):
        self.labs, self.released, self.people, self.whose, self.say = labs, released, people, whose, say
        self.spool = Spool()
        self.entries: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        self.others: dict[tuple[str, str], list[Entry]] = defaultdict(list)  # by author and assignment: no notebooks
        self.places: dict[tuple[str, str], list[Path | Entry]] = defaultdict(list)

    def archive(self, path: Path) -> None:
        """A platform's zip; the lab is the one that the zip's or the files' names or contents tell."""
        try:
            for entry in notebooks(path, path.name, self.whose):
                self.add(entry, path.stem)
        except Unreadable as reason:
            raise GradingError(str(reason)) from None

    def folder(self, submitted: Path) -> None:
        """STUDENT/LAB; STUDENT+LAB+TIME; what a platform's zip unpacks to; and zips."""
        inbound = sorted((p for p in folders(submitted) if INBOUND.fullmatch(p.name)), key=_when)
        for path in folders(submitted):
            if self.whose(f"{path.name}/x").platform:
                self.unpacked(path.name, (entry for entry, _ in in_folder(path)))
            elif path not in inbound:
                self.student(path)
        newest = {INBOUND.fullmatch(path.name).group("student", "lab"): path for path in inbound}
        for (name, assignment), path in newest.items():
            for lab in (lab for lab in self.labs if assignment_of(lab) == assignment):
                self.places[plain_name(name), lab].append(path)
        if len(inbound) > len(newest):
            self.say(f"{len(inbound) - len(newest)} hand-ins were followed by a later one, which is graded.")
        for path in sorted(listed(submitted)):
            if self.whose(path.name).platform and path.is_file() and not path.is_symlink():
                entry = in_file(path, self.whose(path.name))
                packed = path.suffix.lower() == ".zip" and entry.content is not None
                self.unpacked("", inner(entry.content, entry._replace(content=None, file=None)) if packed else [entry])
            elif path.suffix.lower() == ".zip":
                self.archive(path)

    def unpacked(self, folder: str, entries) -> None:
        """Files of a platform's zip that somebody unpacked; `folder` is Moodle's, or "" where the file has the name."""
        for entry in entries:
            path = f"{folder}/{entry.path}" if folder else entry.path
            self.add(
                self.whose(path)._replace(
                    path=path,
                    content=entry.content,
                    refusal=entry.refusal,
                    stray=entry.stray,
                    order=(self.whose(path).order or (0,))[:1] + entry.order[1:],
                ),
                "",
            )

    def student(self, folder: Path) -> None:
        """STUDENT/LAB where the folder has a lab's name; what else lies there is known by its content, or is none."""
        named = {lab.name: lab for lab in folders(folder)}
        assignments = {assignment_of(lab) for lab in self.released}
        strays = [folder, *(path for name, path in named.items() if name not in assignments)]
        student = plain_name(folder.name)
        for lab in self.labs:
            if assignment_of(lab) in named:
                self.places[student, lab].append(named[assignment_of(lab)])
                continue
            found = (e for stray in strays for e in self.loose(stray, lab))
            for entry in islice(found, MOST_NOTEBOOKS):
                self.places[student, lab].append(self.spool.keep(entry))

    def loose(self, folder: Path, lab: str) -> Iterator[Entry]:
        """Notebooks of this lab that lie in a folder without its name."""
        for entry, _ in in_folder(folder):
            if not entry.stray and self.lies_loose(entry, folder.name) == lab:
                yield entry

    def lies_loose(self, entry: Entry, folder: str) -> str | None:
        """Its lab, of all that the course has; one of no lab's content is the only chosen lab's."""
        other = lab_of(entry, folder, list(self.released), self.released)
        return other or (self.labs[0] if len(self.labs) == 1 else None)

    def add(self, entry: Entry, archive: str) -> None:
        """A file of a platform's zip."""
        lab = lab_of(entry, archive, self.labs, self.released)
        about = assignment_named(f"{archive} {entry.path}", self.labs) if entry.content is None else None
        if lab is None and about is None:
            self.say(f"{printable(entry.path)} belongs to no lab that is graded; it was left out.")
            return
        student, guessed = self.people.find(entry)
        if guessed and not self.entries.get((student, lab)) and entry.number:
            column = "lms_user_id" if entry.platform == "canvas" else "--students, as Moodle's worksheet"
            self.say(
                f"{printable(entry.label())} was taken for {student} by the name; {entry.number} in {column} "
                "would make it sure."
            )
        if lab is None:
            self.others[student, about].append(entry)
        else:
            self.entries[student, lab].append(self.spool.keep(entry))

    def no_notebooks(self) -> None:
        """What is no notebook lies beside its author's notebooks of the assignment, or is all of that hand-in."""
        for (student, assignment), others in self.others.items():
            labs = [lab for lab in self.labs if assignment_of(lab) == assignment]
            has = {lab: {entry.number for entry in self.entries.get((student, lab), ())} for lab in labs}
            for entry in others:
                for lab in [lab for lab in labs if entry.number in has[lab]] or labs:
                    self.entries[student, lab].append(entry)

    def found(self) -> list[Source]:
        """Each student's own files of each lab, all that were found in whatever place."""
        self.no_notebooks()
        for (student, lab), entries in self.entries.items():
            for name, own in self.by_author(student, entries):
                self.places[name, lab] += own
        for (student, lab), places in self.places.items():
            if sum(isinstance(place, Path) for place in places) and len(places) > 1:
                self.say(f"{student} has handed in {lab} in {len(places)} places; the newest notebook is graded.")
        if self.people.people:
            for student in sorted({student for student, _ in self.places} - self.people.people.keys()):
                self.say(f"{student} is not in the class list.")
        made = (Source(student, lab, tuple(places), self.spool) for (student, lab), places in self.places.items())
        return sorted(made, key=lambda source: (source.lab, source.student))

    def by_author(self, student: str, entries: list[Entry]) -> Iterator[tuple[str, list[Entry]]]:
        """One hand-in; or, where the platform knows several of this name, each by name and number: no work is mixed."""
        numbers = sorted({entry.number for entry in entries})
        if len(numbers) > 1:
            self.say(f"{len(numbers)} authors are called {printable(entries[0].student)}; they are told by number.")
        for number in numbers:
            own = [entry for entry in entries if entry.number == number]
            yield student if len(numbers) == 1 else plain_name(f"{own[0].student}_{number or 'without a number'}"), own


def students(submitted: Path, labs: Iterable[str], whose: Whose) -> set[str]:
    """Who has a folder of any of these labs, STUDENT/LAB; a platform's or an exchange's folder is no student's."""
    assignments = {assignment_of(lab) for lab in labs}
    found = folders(submitted) if submitted.is_dir() else []
    own = [path for path in found if not whose(f"{path.name}/x").platform and not INBOUND.fullmatch(path.name)]
    return {plain_name(path.name) for path in own if assignments & {lab.name for lab in folders(path)}}


def assignment_named(text: str, labs: list[str]) -> str | None:
    """The assignment of several notebooks that a file is for: the only one, else the only one that its path names."""
    all_ = {assignment_of(lab) for lab in labs if "/" in lab}
    named = all_ if len(all_) == 1 else {one for one in all_ if one in text}
    return named.pop() if len(named) == 1 else None


def _when(path: Path) -> str:
    return INBOUND.fullmatch(path.name)["when"]


def lab_of(entry: Entry, archive: str, labs: list[str], released: dict[str, dict]) -> str | None:
    """The lab of which the notebook holds most; else the one whose name the path holds."""
    named = next((lab for lab in labs if lab in entry.path or lab in archive), labs[0] if len(labs) == 1 else None)
    if entry.content is None:
        return named
    try:
        held = read_notebook(entry.content)
    except Unreadable:
        return named
    near = {assignment_of(lab) for lab in labs}  # another notebook of a chosen one's assignment is not that one
    marks = {lab: likeness(held, one) for lab, one in released.items() if assignment_of(lab) in near}
    best = max(marks, key=marks.get, default=None)
    if best is None or not marks[best]:
        return named
    return best if best in labs else None
