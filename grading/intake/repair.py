"""Put a hand-in back into the shape in which it was handed out, so that each graded cell is there, once, and marked.

Students copy, split, delete, move and retype cells, rename or strip what nbgrader writes into them, and edit tests and
points. What they wrote is kept, every code cell of it and in its order; marks, points and tests come from the released
lab. Graded cells are found again by nbgrader's name for them, by the cell's own id, and else by what they hold.
"""

import copy
import re
import uuid
from collections import Counter
from functools import lru_cache

from grading.course.lab import grader, role, text
from grading.intake.answers import added

ALIKE = 0.8  # of 1: how much of a test must be left for it to be recognised
LONGEST = 100_000  # characters: no answer is longer, and a longer cell is looked for by its marks only
DEFINITION = re.compile(r"^def[ \t]+(\w+)", re.MULTILINE)
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
WORDS = {"solution": "The cell of", "test": "The test of", "answer": "The answer", "task": "The task"}


def repair(notebook: dict, released: dict) -> tuple[dict, list[str]]:
    """The notebook with all graded cells of `released` in place, and a sentence for each thing that was mended."""
    cells = [copy.deepcopy(cell) for cell in notebook["cells"]]
    wanted = {grader(cell)["grade_id"]: cell for cell in released["cells"] if role(cell) in WORDS}
    texts = {grader(cell)["grade_id"]: cell for cell in released["cells"] if grader(cell) and role(cell) not in WORDS}
    texts |= {cell["id"]: cell for cell in texts.values() if cell["id"]}
    found = assign(cells, released["cells"], wanted)
    said = _copies(cells, found, wanted)
    strange = {grader(cell).get("grade_id") for cell in cells if grader(cell)} - set(_names(released))
    if strange - {None}:
        said.append("Some cells had names that the lab does not know; they were taken by their content.")
    theirs: list[tuple[dict, dict]] = []
    for place, cell in enumerate(cells):
        about = texts.pop(grader(cell).get("grade_id") or cell["id"], None)
        cell["metadata"].pop("nbgrader", None)
        if place in found:
            said += _restore(cell, wanted[found[place]])
        elif about:
            own = added(cell, about)
            theirs += [(cell, own)] if own else []
            cell |= copy.deepcopy(about)
            cell.pop("attachments", None)
    for cell, own in theirs:
        cells.insert(next(i for i, one in enumerate(cells) if one is cell) + 1, own)
    _tag_again(cells, released["cells"])
    said += _insert_missing(cells, released["cells"], wanted)
    _tests_behind(cells)
    said += _setup_first(cells, released["cells"])
    said += _insert_setup(cells, released["cells"])
    _fresh_ids(cells)
    return notebook | {"cells": cells}, said


def likeness(notebook: dict, released: dict) -> int:
    """How many graded cells of the lab are in the notebook: what tells one lab's notebook from another's."""
    wanted = {grader(cell)["grade_id"]: cell for cell in released["cells"] if role(cell) in WORDS}
    return len(set(assign(notebook["cells"], released["cells"], wanted).values()))


def assign(cells: list[dict], released: list[dict], wanted: dict[str, dict]) -> dict[int, str]:
    """Which graded cell is at which place. Of copies the last solution or answer counts, as it does when run."""
    found: dict[int, str] = {}
    for name, original in wanted.items():
        free = [place for place in range(len(cells)) if place not in found]
        places = [place for place in free if grader(cells[place]).get("grade_id") == name]
        places = places or [place for place in free if original.get("id") and cells[place]["id"] == original["id"]]
        places = places or _by_content(cells, free, name, original, released)
        changed = [place for place in places if text(cells[place]) != text(original)]  # an answer's copy may be empty
        if places:
            found[(changed or places)[-1]] = name
    if not any(grader(cell).get("grade_id") in wanted for cell in cells):
        _by_place(cells, released, wanted, found)
    return found


def _by_place(cells: list[dict], released: list[dict], wanted: dict[str, dict], found: dict[int, str]) -> None:
    """In a notebook without any marks, an exercise that no name gives away is the last code before what follows it."""
    known = {text(cell).strip() for cell in released if role(cell) not in WORDS}
    for name in [name for name, one in wanted.items() if role(one) == "solution" and name not in found.values()]:
        behind = released[released.index(wanted[name]) + 1 :][:1]
        mark = grader(behind[0]).get("grade_id") if behind else None
        places = {other: place for place, other in found.items()}
        texts = (place for place, cell in enumerate(cells) if behind and text(cell).strip() == text(behind[0]).strip())
        place = (places.get(mark, -1) if mark in wanted else next(texts, -1)) - 1
        free = place >= 0 and place not in found and cells[place]["cell_type"] == "code"
        if free and text(cells[place]).strip() not in known:
            found[place] = name


def _by_content(cells: list[dict], free: list[int], name: str, original: dict, released: list[dict]) -> list[int]:
    free = [place for place in free if grader(cells[place]).get("grade_id") is None or role(original) != "answer"]
    free = [place for place in free if len(text(cells[place])) <= LONGEST]
    if role(original) == "solution":
        return [place for place in free if cells[place]["cell_type"] == "code" and name in defined(text(cells[place]))]
    if role(original) in ("test", "task"):
        alike = {place: _alike(text(cells[place]), text(original)) for place in free}
        best = max(alike, key=alike.get, default=None)
        return [best] if best is not None and alike[best] >= ALIKE else []
    before = text(released[released.index(original) - 1]).strip()
    after = [place for place in free if place > 0 and text(cells[place - 1]).strip() == before]
    return after[:1]


def defined(source: str) -> set[str]:
    """The functions that a cell defines at its top. It is not parsed, which may take all memory and may not succeed."""
    return set(DEFINITION.findall(source))


def _alike(one: str, other: str) -> float:
    """The share of lines that two cells have in common, whatever their order; in linear time, whoever wrote them."""
    if abs(len(one) - len(other)) > 0.4 * max(len(one), len(other)):
        return 0.0
    lines, others = _lines(one), _lines(other)
    return 2 * (lines & others).total() / max(1, lines.total() + others.total())


@lru_cache(maxsize=1024)
def _lines(source: str) -> Counter:
    return Counter(source.splitlines())


def _copies(cells: list[dict], found: dict[int, str], wanted: dict[str, dict]) -> list[str]:
    said = []
    for name in found.values():
        times = sum(grader(cell).get("grade_id") == name for cell in cells)
        if times > 1 and role(wanted[name]) != "answer":  # of an answer every cell counts
            said.append(f"{_label(wanted[name])} was there {times} times; the last one counts.")
    return said


def _restore(cell: dict, original: dict) -> list[str]:
    """Give the cell the lab's own mark and type, and a test its own text."""
    said = []
    if cell["cell_type"] != original["cell_type"]:
        said.append(f"{_label(original)} was of type {cell['cell_type']}; it is {original['cell_type']} again.")
        cell["cell_type"] = original["cell_type"]
        for key in ("outputs", "execution_count", "attachments"):
            cell.pop(key, None)
        if original["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    cell["metadata"] = copy.deepcopy(original["metadata"])
    if role(original) in ("test", "task") and text(cell).strip() != text(original).strip():
        said.append(f"{_label(original)} was changed; the lab's own is used.")
    if role(original) in ("test", "task"):
        cell["source"] = text(original)
    return said


def _insert_missing(cells: list[dict], released: list[dict], wanted: dict[str, dict]) -> list[str]:
    """Put what is gone behind what stood before it, so that the notebook can be marked by hand, too."""
    said, before = [], None
    for original in released:
        name = grader(original).get("grade_id")
        if name not in wanted:
            continue
        places = [place for place, cell in enumerate(cells) if grader(cell).get("grade_id") == name]
        if not places:
            cells.insert(0 if before is None else _place(cells, before) + 1, copy.deepcopy(original))
            said.append(f"{_label(original)} was missing; it was put back as handed out.")
        before = name
    return said


def _tests_behind(cells: list[dict]) -> None:
    """Move each test that stands before its function to the place behind it."""
    for test in [cell for cell in cells if role(cell) == "test"]:
        function = _place(cells, grader(test)["grade_id"].removeprefix("test_"))
        if function > cells.index(test):
            cells.remove(test)
            cells.insert(function, test)


def _place(cells: list[dict], name: str) -> int:
    return next((place for place, cell in enumerate(cells) if grader(cell).get("grade_id") == name), -1)


def _insert_setup(cells: list[dict], released: list[dict]) -> list[str]:
    """Put the lab's set-up cell back where it is gone; one that was edited stays as it is."""
    here = {cell["id"] for cell in cells} - {""} | {text(cell).strip() for cell in cells}
    setup = [c for c in released if role(c) == "code" and "explore" not in c["metadata"].get("tags", [])]
    missing = [c for c in setup if c.get("id") not in here and text(c).strip() not in here]
    cells[:0] = copy.deepcopy(missing)
    return ["The set-up cell was missing; it was put back as handed out."] if missing else []


def _setup_first(cells: list[dict], released: list[dict]) -> list[str]:
    """Move what the lab has before its first exercise, and the student has behind one, back to the front."""
    begins = next((i for i, c in enumerate(released) if role(c) in WORDS), len(released))
    opening = [c for c in released[:begins] if role(c) == "code"]
    graded = next((i for i, c in enumerate(cells) if role(c) in WORDS), len(cells))
    opening = [c for c in opening if not any(_same(c, other) for other in cells[:graded])]
    late = [c for c in cells[graded:] if role(c) == "code" and any(_same(c, other) for other in opening)]
    cells[:] = late + [c for c in cells if not any(c is other for other in late)]
    return ["The set-up cell stood behind an exercise; it was put in front of them."] if late else []


def _same(one: dict, other: dict) -> bool:
    """Whether two cells are the same one, by their ids or by what they hold; before format 4.5 there are no ids."""
    return bool(one["id"] and one["id"] == other["id"]) or text(one).strip() == text(other).strip()


def _tag_again(cells: list[dict], released: list[dict]) -> None:
    """The tags of the lab's own code, where they were stripped."""
    tags = {text(c).strip(): c["metadata"]["tags"] for c in released if role(c) == "code" and c["metadata"].get("tags")}
    for cell in cells:
        if role(cell) == "code" and text(cell).strip() in tags:
            cell["metadata"]["tags"] = list(tags[text(cell).strip()])


def _fresh_ids(cells: list[dict]) -> None:
    """Each cell's id once, as the format demands."""
    seen: set[str] = set()
    for cell in cells:
        if not CELL_ID.fullmatch(cell.get("id") or "") or cell["id"] in seen:
            cell["id"] = uuid.uuid5(uuid.NAMESPACE_OID, f"{len(seen)} {text(cell)}").hex[:12]
        seen.add(cell["id"])


def _names(released: dict) -> list[str]:
    return [grader(cell)["grade_id"] for cell in released["cells"] if grader(cell)]


def _label(original: dict) -> str:
    name = grader(original)["grade_id"]
    return f"{WORDS[role(original)]} {name.removeprefix('test_')}"
