"""From a folder or a zip to the hand-ins in it: which student's, of which lab.

A folder holds STUDENT/LAB/*.ipynb, as nbgrader collects it (or the zip that `make submit` packs); or what nbgrader's
exchange holds, STUDENT+LAB+TIME; or what a learning platform gives for one lab, as a zip or unpacked, and `whose` knows
its way of naming files.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from grading.course.folder import GradingError, assignment_of
from grading.intake.archive import Entry, ignored, inner, notebooks
from grading.intake.files import folders, in_file, in_folder, links, listed
from grading.intake.labs import assignment_named, lab_of, unreadable
from grading.intake.names import ClassList, Student, names_in_words, plain_name, printable
from grading.intake.notebook import Unreadable
from grading.intake.spool import Spool
from grading.intake.strays import left_out, not_followed, not_opened, verb

INBOUND = re.compile(r"(?P<student>.+)\+(?P<lab>[^+]+)\+(?P<when>\d{4}-\d\d-\d\d [\d:.]+ \w+)(?:\+[\w=-]+)?")
Whose = Callable[[str], Entry]
Say = Callable[[str], None]


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
        found = False
        try:
            for entry in notebooks(path, path.name, self.whose):
                found = True
                self.add(entry, path.stem)
        except Unreadable as reason:
            raise GradingError(str(reason)) from None
        if not found:
            self.say(f"{printable(path.name)} holds no file.")

    def folder(self, submitted: Path) -> None:
        """STUDENT/LAB; STUDENT+LAB+TIME; what a platform's zip unpacks to; and zips."""
        inbound = sorted((p for p in folders(submitted) if INBOUND.fullmatch(p.name)), key=_when)
        for path in folders(submitted):
            if self.whose(f"{path.name}/x").platform:
                for entry, _ in in_folder(path):
                    place = f"{path.name}/{entry.path}"
                    self.unpacked(entry._replace(path=place), self.whose(place))
            elif path not in inbound:
                self.student(path)
        newest = {INBOUND.fullmatch(path.name).group("student", "lab"): path for path in inbound}
        for (name, assignment), path in newest.items():
            for lab in (lab for lab in self.labs if assignment_of(lab) == assignment):
                self.places[plain_name(name), lab].append(path)
        if len(inbound) > len(newest):
            self.say(f"{len(inbound) - len(newest)} hand-ins were followed by a later one, which is graded.")
        for assignment in sorted({one for _, one in newest} - {assignment_of(lab) for lab in self.released}):
            self.say(f"{printable(assignment)} is no lab of this course; what was handed in for it was left out.")
        self.files(submitted)
        for path in links(submitted):
            if not self.is_class_zip(path):
                self.say(not_followed(path.name))

    def files(self, submitted: Path) -> None:
        """What lies beside the folders: a platform's files of single students, and zips of classes."""
        loose = []
        for path in sorted(listed(submitted)):
            if self.whose(path.name).platform and path.is_file() and not path.is_symlink():
                entry = in_file(path, self.whose(path.name))
                packed = path.suffix.lower() == ".zip" and entry.content is not None
                for one in inner(entry.content, entry._replace(content=None, file=None)) if packed else [entry]:
                    self.unpacked(one, self.whose(path.name))
            elif self.is_class_zip(path):
                self.archive(path)
            elif not (path.is_dir() or path.is_symlink() or ignored(path.name) or path.suffix.lower() == ".csv"):
                loose.append(path.name)
        if loose:
            self.say(f"{names_in_words(loose)} {verb('lie', loose)} in no student's folder; left out.")

    def is_class_zip(self, path: Path) -> bool:
        """Whether it is a zip that whoever grades has put there, also by a link."""
        return path.suffix.lower() == ".zip" and not self.whose(path.name).platform

    def unpacked(self, entry: Entry, place: Entry) -> None:
        """A file of a platform's zip that somebody unpacked; `place` is what the name around it tells."""
        upload = (place.order or (0,))[:1]
        told = {"student", "platform", "number", "origin", "late"}
        known = {name: value for name, value in place._asdict().items() if name in told}
        self.add(entry._replace(**known, file=None, order=upload + entry.order[1:]), "")

    def student(self, folder: Path) -> None:
        """STUDENT/LAB where the folder has a lab's name; what else lies there is known by its content, or is none."""
        named = {lab.name: lab for lab in folders(folder)}
        assignments = {assignment_of(lab) for lab in self.released}
        student, left = plain_name(folder.name), []
        for lab in self.labs:
            if assignment_of(lab) in named:
                self.places[student, lab].append(named[assignment_of(lab)])
        strays = [path for name, path in named.items() if name not in assignments]
        for stray in [folder, *strays]:
            for entry, _ in in_folder(stray):
                lab = self.lies_loose(entry, stray.name, assignments & named.keys())
                if lab in self.labs:
                    self.places[student, lab].append(self.spool.keep(entry))
                elif lab is None:
                    left.append(entry)
        for sentence in (*left_out(folder.name, left), *not_opened(folder, [folder, *named.values()], strays)):
            self.say(sentence)

    def lies_loose(self, entry: Entry, folder: str, has: set[str]) -> str | None:
        """Its lab, of all that the course has; one of no lab's content is the only chosen lab's. What is no notebook
        is so only of a student who `has` no folder of any lab."""
        only = self.labs[0] if len(self.labs) == 1 else None
        if only and has and (entry.stray or assignment_of(only) in has):
            only = None
        return lab_of(entry, folder, list(self.released), self.released) or only

    def add(self, entry: Entry, archive: str) -> None:
        """A file of a platform's zip."""
        lab = lab_of(entry, archive, self.labs, self.released)
        about = assignment_named(f"{archive} {entry.origin} {entry.path}", self.labs) if entry.content is None else None
        if lab is None and about is None:
            said = f"{printable(entry.path)} belongs to no lab that is graded; it was left out."
            self.say(f"{said} {unreadable(entry)}".rstrip())
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
            several = [place for place in places if isinstance(place, Path) or not place.stray]
            if any(isinstance(place, Path) for place in several) and len(several) > 1:
                self.say(f"{student} has handed in {lab} in {len(several)} places; the newest notebook is graded.")
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


def _when(path: Path) -> str:
    return INBOUND.fullmatch(path.name)["when"]
