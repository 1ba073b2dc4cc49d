"""A source read: the student's notebook of the lab, repaired from the released copy, or why there is none.

What cannot be graded becomes a `Refusal` with a reason that its author understands.
"""

import traceback
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from grading.course.folder import assignment_of, notebook_of
from grading.course.lab import Part, digest, role, text
from grading.intake.answers import parts as parts_with_answers
from grading.intake.archive import Entry
from grading.intake.files import in_folder
from grading.intake.names import names_in_words, printable
from grading.intake.notebook import MAX_BYTES, Unreadable, read_notebook
from grading.intake.repair import likeness, repair
from grading.intake.sources import Source

MOST_NOTEBOOKS, MOST_BYTES = 200, 20 * MAX_BYTES  # that are read of one hand-in; one with more is refused
WRITTEN = {".html", ".htm", ".pdf", ".py", ".txt", ".md", ".doc", ".docx", ".odt", ".rtf", ".tex"}  # may hold work


class Handin(NamedTuple):
    """One student's notebook of one lab, its cells in order; `repairs` says what intake mended, a sentence each."""

    student: str
    lab: str
    parts: tuple[Part, ...]
    repairs: tuple[str, ...] = ()
    digest: str = ""


class Refusal(NamedTuple):
    """A hand-in of which nothing can be graded, and why; `missing`: it is another notebook of the assignment."""

    student: str
    lab: str
    reason: str
    origin: str = ""
    late: bool = False
    missing: bool = False


class Missing(Unreadable):
    """Another notebook of the assignment was handed in, and this one was not."""

    def __init__(self, lab: str):
        super().__init__(not_handed_in(lab))


class Arrival(NamedTuple):
    """A hand-in with the repaired notebook that a person may read and mark; `when` is when it was handed in.

    `origin` is the path that a platform gave to it, and `late` what the platform says.
    """

    handin: Handin
    notebook: dict
    when: datetime | None
    origin: str = ""
    late: bool = False


class Candidate(NamedTuple):
    """A readable notebook: how much of the lab it holds, whether anything is answered; `order` is larger if newer."""

    entry: Entry
    when: datetime | None
    held: int
    answered: bool
    order: tuple


class Intake:
    """Reads sources of one course's labs: `released` maps a lab's name to its released notebook."""

    def __init__(self, released: dict[str, dict]):
        self.released = released

    def take(self, source: Source) -> Arrival | Refusal:
        """The hand-in, repaired, or why there is none. An error of ours costs one hand-in, not the class."""
        try:
            return self._taken(source)
        except Unreadable as reason:
            missing = isinstance(reason, Missing)
            return Refusal(source.student, source.lab, printable(str(reason)), *_platform(source), missing)
        except Exception as error:
            traceback.print_exc()
            reason = f"The notebook cannot be read ({type(error).__name__}): save it in Jupyter and hand it in again."
            return Refusal(source.student, source.lab, reason, *_platform(source))

    def _taken(self, source: Source) -> Arrival:
        refused: list[tuple[str, str]] = []
        strays: list[str] = []
        siblings: list[str] = []
        found = list(self._candidates(source, refused, strays, siblings))
        if not found and refused:
            raise Unreadable(refused[0][1])
        if not found and siblings:
            raise Missing(source.lab)
        if not found:
            only = f", only {names_in_words(strays)}" if strays else ""
            raise Unreadable(f"There is no notebook in the hand-in{only}: hand in the lab's .ipynb file.")
        best = newest(found)
        notebook = read_notebook(_content(best.entry))
        other = self._other_lab(notebook, source.lab, best.held)
        if other and assignment_of(other) == assignment_of(source.lab):
            raise Missing(source.lab)
        if other:
            raise Unreadable(f"This is the notebook of {other}, handed in as {source.lab}: hand in the right one.")
        mended, said = repair(notebook, self.released[source.lab])
        parts, together = parts_with_answers(mended["cells"], self.released[source.lab])
        said = [*chosen_among(best, found), *not_read(refused), *said, *together]
        if written := [name for name in strays if Path(name).suffix.lower() in WRITTEN]:
            said.append(f"Not graded, since a notebook alone is: {names_in_words(written)}.")
        handin = Handin(source.student, source.lab, parts, tuple(said), digest((source.lab, mended["cells"], said)))
        return Arrival(handin, mended, best.when, best.entry.origin, best.entry.late)

    def _candidates(
        self, source: Source, refused: list[tuple[str, str]], strays: list[str], siblings: list[str]
    ) -> Iterator[Candidate]:
        """Each readable notebook; why others are not, and the names of what is none, or another of the assignment."""
        original = self.released[source.lab]
        others = {notebook_of(lab) for lab in self.released if assignment_of(lab) == assignment_of(source.lab)}
        notebooks = bounded(one for one in files_of(source) if not strayed(one[0], strays))
        others -= {notebook_of(source.lab)}
        for entry, when in notebooks:
            if Path(entry.path).stem in others:
                siblings.append(entry.path)
                continue
            try:
                notebook = read_notebook(_content(entry))
            except Unreadable as reason:
                refused.append((Path(entry.path).name, str(reason)))
                continue
            own_name = Path(entry.path).stem == notebook_of(source.lab)
            order = (*entry.order, own_name, entry.path)
            held, answered = likeness(notebook, original), is_answered(notebook, original)
            yield Candidate(entry._replace(content=None) if entry.file else entry, when, held, answered, order)

    def _other_lab(self, notebook: dict, lab: str, held: int) -> str | None:
        """The lab that this is far more likely to be: two labs may call a question or two by the same name."""
        if held > 3:
            return None
        marks = {other: likeness(notebook, cells) for other, cells in self.released.items()}
        best = max(marks, key=marks.get)
        return best if marks[best] > max(1, 3 * held) else None


def not_handed_in(lab: str) -> str:
    return f"{notebook_of(lab)}.ipynb was not handed in."


def files_of(source: Source) -> Iterator[tuple[Entry, datetime | None]]:
    """The files of a hand-in, whatever they are."""
    for place in source.place:
        if isinstance(place, Path):
            yield from in_folder(place)
        else:
            yield place, None


def _platform(source: Source) -> tuple[str, bool]:
    """What the platform says of a hand-in that cannot be read: its path, and whether it is late."""
    entries = [place for place in source.place if isinstance(place, Entry)]
    return (entries[0].origin, entries[0].late) if entries else ("", False)


def bounded(found: Iterable[tuple[Entry, datetime | None]]) -> Iterator[tuple[Entry, datetime | None]]:
    """The notebooks, as long as there are not far too many to look at; Unreadable where there are."""
    size = 0
    for count, (entry, when) in enumerate(found, 1):
        size += len(entry.content or b"") or (entry.file.stat().st_size if entry.file else 0)
        if count > MOST_NOTEBOOKS or size > MOST_BYTES:
            limit = f"{MOST_NOTEBOOKS} notebooks, or {MOST_BYTES >> 20} MB of them"
            raise Unreadable(f"There are more than {limit}, in the hand-in: hand in the lab's own alone.")
        yield entry, when


def strayed(entry: Entry, strays: list[str]) -> bool:
    """Whether the file is no notebook; then its name is noted."""
    if entry.stray:
        strays.append(Path(entry.path).name)
    return entry.stray


def _content(entry: Entry) -> bytes:
    content = entry.file.read_bytes() if entry.file and entry.content is None else entry.content
    if content is None:
        raise Unreadable(entry.refusal)
    return content


def is_answered(notebook: dict, released: dict) -> bool:
    """Whether any cell that a student fills in is other than it was handed out."""
    blank = {text(cell).strip() for cell in released["cells"]}
    kinds = ("solution", "answer")
    return any(role(cell) in kinds and text(cell).strip() not in blank for cell in notebook["cells"])


def newest(found: list[Candidate]) -> Candidate:
    """The newest of those that hold much of the lab and are not blank beside others that are not."""
    most = max(one.held for one in found)
    whole = [one for one in found if 2 * one.held >= most]
    return max([one for one in whole if one.answered] or whole, key=lambda one: one.order)


def chosen_among(best: Candidate, found: list[Candidate]) -> list[str]:
    """A sentence that says which of several notebooks was graded."""
    others = [Path(one.entry.path).name for one in found if one is not best]
    if not others:
        return []
    name = printable(Path(best.entry.path).name)
    return [f"There were {len(found)} notebooks: {name} was graded, not {names_in_words(others)}."]


def not_read(refused: list[tuple[str, str]]) -> list[str]:
    """A sentence for each reason why files beside the graded notebook could not be read."""
    names: dict[str, list[str]] = {}
    for name, reason in refused:
        names.setdefault(reason, []).append(name)
    return [f"Not graded: {names_in_words(own)}. {reason}" for reason, own in names.items()]
