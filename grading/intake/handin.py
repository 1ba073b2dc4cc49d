"""A source read: the student's notebook of the lab, repaired from the released copy, or why there is none.

What cannot be graded becomes a `Refusal` with a reason that its author understands.
"""

import traceback
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from grading.course.lab import Part, digest, parts_of
from grading.intake.archive import Entry
from grading.intake.files import in_folder
from grading.intake.names import printable
from grading.intake.notebook import Unreadable, read_notebook
from grading.intake.repair import likeness, repair
from grading.intake.sources import MOST_NOTEBOOKS, Source


class Handin(NamedTuple):
    """One student's notebook of one lab, its cells in order; `repairs` says what intake mended, a sentence each."""

    student: str
    lab: str
    parts: tuple[Part, ...]
    repairs: tuple[str, ...] = ()
    digest: str = ""


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
        """The lab that this is far more likely to be: two labs may call a question or two by the same name."""
        if held > 3:
            return None
        marks = {other: likeness(notebook, cells) for other, cells in self.released.items()}
        best = max(marks, key=marks.get)
        return best if marks[best] > max(1, 3 * held) else None


def _files(source: Source, refusals: list[Unreadable]) -> Iterator[tuple[str, bytes, datetime | None]]:
    if isinstance(source.place, tuple):
        entries: Iterable[tuple[Entry, datetime | None]] = ((entry, None) for entry in source.place)
    else:
        entries = in_folder(source.place)
    for entry, when in entries:
        content = entry.file.read_bytes() if entry.file else entry.content
        if content is None:
            refusals.append(Unreadable(entry.refusal))
        else:
            yield entry.path, content, when
