"""Whose answers of a class are alike: from the ledger's code and words to the pairs that the class page lists."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from grading.course.folder import GradingError
from grading.course.lab import digest, grader, notebook_cells, role, text
from grading.course.names import DEFINITION, bound
from grading.record.ledger import Entry, Ledger
from grading.report import alike, trees
from grading.report.alike import Pair, Source, Work, pairs
from grading.report.tables import write


def alike_in(ledger: Ledger, entries: Iterable[Entry], root: Path) -> dict[str, list[Pair]]:
    """The pairs of each lab. They are remembered by content, so that a run that finds nothing new pays nothing."""
    marks: dict[str, list[tuple[str, str]]] = {}
    for entry in entries:
        marks.setdefault(entry.lab, []).append((entry.student, entry.digest))
    return {lab: _remembered(ledger, lab, sorted(found), root) for lab, found in marks.items()}


def _remembered(ledger: Ledger, lab: str, marks: list[tuple[str, str]], root: Path) -> list[Pair]:
    try:
        cells = [notebook_cells(folder, lab, root) for folder in ("labs", "solutions")]
    except GradingError:  # a lab that is gone
        return []
    forced, memory = forced_by(cells), ledger.folder / f"{lab}.alike"
    mark = digest((marks, sorted(forced.items()), _version()))
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
        if known["mark"] == mark:
            return [Pair(a, b, tuple((n, part) for n, part in where), weight) for a, b, where, weight in known["pairs"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or damaged: looked for anew
    names = names_of(cells[1])
    found = pairs({entry.student: work(entry, names) for entry in ledger.entries(lab)}, forced)
    write(memory, json.dumps({"mark": mark, "pairs": found}))
    return found


def _version() -> str:
    """A name for the way in which answers are compared."""
    content = b"".join(Path(module.__file__).read_bytes() for module in (alike, trees))
    return hashlib.sha256(content).hexdigest()


def forced_by(notebooks: Sequence[Sequence[dict]]) -> dict[str, list[Source]]:
    """What every hand-in may have of each answer: stub, solution and question."""
    found: dict[str, list[Source]] = {}
    for cells in notebooks:
        for before, cell in zip([None, *cells], cells, strict=False):
            name = grader(cell).get("grade_id")
            if role(cell) == "solution":
                found.setdefault(name, []).append(("code", text(cell)))
            elif role(cell) == "answer":
                around = text(cell) + "\n" + (text(before) if before else "")
                found.setdefault(name, []).append(("words", around))
    return found


def names_of(solutions: Sequence[dict]) -> dict[str, str]:
    """The cell, by name, in which the lab's solution defines each of its functions."""
    cells = [cell for cell in solutions if role(cell) == "solution"]
    return {name: grader(cell)["grade_id"] for cell in cells for name in bound(text(cell))}


def work(entry: Entry, names: Mapping[str, str]) -> Work:
    """One student's answers; cells that define the same are one."""
    code: dict[str, str] = {}
    for source, _ in entry.cells:
        for name in dict.fromkeys(names[one] for one in DEFINITION.findall(source) if one in names):
            code[name] = f"{code.get(name, '')}\n{source}"
    words = {answer.grade_id: ("words", answer.source) for answer in entry.answers if answer.answered}
    return {name: ("code", source) for name, source in code.items()} | words
