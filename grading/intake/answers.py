"""What belongs to an answer in words: its own cell, and what the student wrote in new cells beside it.

Between the lab's own cell before an answer and the lab's own cell behind it all text is the student's answer, whether
the cell was split, a new one stands under it, or the answer stands in the cell of the question.
"""

import copy
from typing import NamedTuple

from grading.course.lab import Part, grader, parts_of, role, text
from grading.intake.pictures import addresses

WORDS = ("solution", "test", "answer")


class Whole(NamedTuple):
    """An answer as its reader gets it; `beside` says that it did not all stand in its own cell."""

    text: str
    pictures: tuple[str, ...]
    beside: bool


def parts(cells: list[dict], released: dict) -> tuple[tuple[Part, ...], list[str]]:
    """The repaired notebook's parts, answers whole, and a sentence for each that stood in several cells."""
    found = gathered(cells, released)
    given = [(part, found.get(part.grade_id)) for part in edited(cells, released)]
    made = [p._replace(source=w.text, pictures=w.pictures) if w and p.role == "answer" else p for p, w in given]
    said = [f"The answer {name} was read together with the cells beside it." for name, w in found.items() if w.beside]
    return tuple(made), said


def edited(cells: list[dict], released: dict) -> list[Part]:
    """The notebook's parts; the lab's own code, where a student has edited it, with the text that it had."""
    given = {cell["id"]: cell for cell in released["cells"] if role(cell) == "code" and cell["id"]}
    here = {text(cell).strip() for cell in cells}  # what is there elsewhere is not to be run twice
    found = []
    for cell, part in zip([cell for cell in cells if role(cell)], parts_of(cells), strict=True):
        own = given.get(cell["id"]) if part.role == "code" else None
        found.append(part._replace(original=text(own)) if own and text(own).strip() not in here else part)
    return found


def gathered(cells: list[dict], released: dict) -> dict[str, Whole]:
    """Each answer in words, by its name, with what stands beside it."""
    kept = [cell for cell in released["cells"] if role(cell) != "answer"]
    ids, texts = {cell.get("id") for cell in kept} - {""}, {text(cell).strip() for cell in kept}
    blank = {grader(c)["grade_id"]: text(c).strip() for c in released["cells"] if role(c) == "answer"}
    theirs = [bool(grader(c)) or c["id"] in ids or text(c).strip() in texts for c in cells]
    found = {}
    for place, cell in enumerate(cells):
        if role(cell) == "answer" and cell["cell_type"] != "code":
            name = grader(cell)["grade_id"]
            found[name] = _whole(place, cells, theirs, blank.get(name, ""))
    return found


def _whole(place: int, cells: list[dict], theirs: list[bool], blank: str) -> Whole:
    """The answer at this place, with the text between the lab's cells on both sides."""
    first, last = place, place
    while first > 0 and not theirs[first - 1]:
        first -= 1
    while last + 1 < len(cells) and not theirs[last + 1]:
        last += 1
    words = [cell for cell in cells[first : last + 1] if cell["cell_type"] != "code"]
    told = list(dict.fromkeys(text(cell).strip() for cell in words if text(cell).strip() not in ("", blank)))
    pictures = tuple(dict.fromkeys(one for cell in words for one in addresses(cell.get("attachments", {}))))
    own = text(cells[place])
    return Whole("\n\n".join(told) or own, pictures, told not in ([], [own.strip()]))


def added(cell: dict, original: dict) -> dict | None:
    """What a student wrote into a cell of the lab's text, as a cell of its own; None where it was only changed."""
    theirs, lines = text(original).splitlines(), text(cell).splitlines()
    more = [line for line in lines if line not in theirs]
    if cell["cell_type"] == "code" or not "".join(more).strip() or not set(theirs) <= set(lines):
        return None
    return copy.deepcopy(cell) | {"id": "", "metadata": {}, "source": "\n".join(more)}
