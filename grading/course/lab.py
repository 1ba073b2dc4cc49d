"""A lab as the grader knows it: the cells that were handed out, and its tests, hidden ones too. Plain data."""

import hashlib
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from grading.course.folder import ROOT, GradingError, is_nbgraders, notebook_place
from grading.course.halves import delimiters, usual, visible_half
from grading.course.names import bound, read_first, touched

MOST_BYTES = 16 << 20  # of the files that a lab ships with
AUTOTEST = re.compile(r"^\s*### (?:HASHED )?AUTOTEST ", re.MULTILINE)
HEADING = re.compile(r"^#+ +(.+?)(?: \(\d[\d.]* points?\))?$", re.MULTILINE)


class Part(NamedTuple):
    """A cell that grading may need. Markdown is one only where it is an answer in words.

    grade_id is "" for a cell of the student's own; role is code, solution, test, answer or task (the answer is
    in cells of the student's own); an answer may be code, which is run and then read by a person (`by_hand`);
    `pictures` were pasted into an answer; `original` is the lab's own text of a cell of its code that was edited.
    """

    grade_id: str
    role: str
    source: str
    explore: bool = False
    by_hand: bool = False
    pictures: tuple[str, ...] = ()
    original: str = ""


class Exercise(NamedTuple):
    """One test cell of a lab. `visible` is the test that students see, `hidden` the whole cell with both halves.

    `needs` are the names that the lab's solutions define and the test uses; `name`, which no other exercise has, is the
    function that the test is named after, where there is one.
    """

    name: str
    grade_id: str
    title: str
    points: float
    visible: str
    hidden: str
    needs: tuple[str, ...]

    @property
    def tested(self) -> tuple[str, ...]:
        """What a hand-in must define to be tested at all."""
        return (self.name,) if self.name in self.needs else self.needs


class Release(NamedTuple):
    """A lab as the grader knows it: the cells that were handed out, and the tests, hidden ones too.

    `answers` maps the cells graded by hand to their points; `plain` names the tests that run inside the sandbox;
    `classes` are those that the lab's solutions define, `files` lie beside its notebook, `touched` are the names that
    solutions set or change, `counting` the tests whose last line is a number of points.
    """

    lab: str
    parts: tuple[Part, ...]
    exercises: tuple[Exercise, ...]
    answers: dict[str, float]
    digest: str
    plain: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
    touched: tuple[str, ...] = ()
    counting: tuple[str, ...] = ()

    def counts(self, exercise: Exercise, half: str) -> bool:
        """Whether this half of a test ends with its points."""
        last = half == "hidden" or exercise.visible == exercise.hidden
        return last and exercise.grade_id in self.counting

    def run_plainly(self, tests: tuple[str, ...]) -> "Release":
        """The same lab, with these tests inside the sandbox; what was graded otherwise is to be graded again."""
        return self._replace(plain=tests, digest=digest((self.digest, tests)) if tests else self.digest)


def read_release(lab: str, root: Path = ROOT) -> Release:
    """The lab from solutions/ and labs/; GradingError where one of the two cannot be read."""
    source, released = (notebook_cells(folder, lab, root) for folder in ("solutions", "labs"))
    tests = [tested(cell, released) for cell in source if role(cell) == "test"]
    defined = tuple(dict.fromkeys(name for c in source if role(c) == "solution" for name in bound(text(c))))
    titles = _titles(source)
    by_hand = [cell for cell in source if role(cell) in ("answer", "task")]
    taken = {grader(cell)["grade_id"] for cell in (*tests, *by_hand)}
    exercises = tuple(_exercise(cell, titles, defined, delimiters(root), taken) for cell in tests)
    answers = {grader(cell)["grade_id"]: float(grader(cell)["points"]) for cell in by_hand}
    parts = parts_of(released)
    classes = tuple(
        name for c in source if role(c) == "solution" for name in re.findall(r"^class (\w+)", text(c), re.M)
    )
    files = tuple(shipped(notebook_place("labs", lab, root).parent))
    content = [(name, hashlib.sha256(data).hexdigest()) for name, data in files]
    mark = digest((parts, exercises, sorted(answers.items()), *content))
    solved = [text(cell) for cell in source if role(cell) == "solution"]
    given = [text(cell) for cell in released if role(cell) == "code"]
    changed = tuple(sorted({name for one in given for name in touched(one, solved)}))
    return Release(lab, parts, exercises, answers, mark, classes=classes, files=files, touched=changed)


def shipped(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files beside a lab's notebook, by their paths; GradingError where they are too large to go with hand-ins."""
    room = MOST_BYTES
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        inside = path.relative_to(folder)
        if path.suffix == ".ipynb" or any(part.startswith(".") or part == "__pycache__" for part in inside.parts):
            continue
        room -= path.stat().st_size
        if room < 0:
            raise GradingError(f"The files beside {folder.name}'s notebook have more than {MOST_BYTES >> 20} MB.")
        yield inside.as_posix(), path.read_bytes()


def tested(cell: dict, released: list[dict]) -> dict:
    """The test as it is run: nbgrader writes AUTOTESTs when a lab is released."""
    if not AUTOTEST.search(text(cell)):
        return cell
    name = grader(cell)["grade_id"]
    return next((one for one in released if grader(one).get("grade_id") == name), cell)


def _exercise(
    cell: dict, titles: dict[str, str], defined: tuple[str, ...], marks: tuple[str, str], taken: set[str]
) -> Exercise:
    test, mark = usual(text(cell), *marks), grader(cell)
    name = called(mark["grade_id"], taken)
    read = read_first(test)
    needs = tuple(other for other in defined if other in read)
    about = titles.get(name) or titles.get(mark["grade_id"]) or titles.get(_short(name)) or name
    return Exercise(name, mark["grade_id"], about, float(mark["points"]), visible_half(test), test, needs)


def called(grade_id: str, taken: set[str]) -> str:
    """What a test is called: the function that it is named after, unless something else that has points (`taken`) is
    called so."""
    return grade_id if _short(grade_id) in taken else _short(grade_id)


def _short(grade_id: str) -> str:
    return grade_id.removeprefix("test_")


def parts_of(cells: list[dict]) -> tuple[Part, ...]:
    """The code cells of a notebook, and its answers in words."""
    return tuple(
        Part(
            grader(cell).get("grade_id", ""),
            role(cell),
            text(cell),
            "explore" in cell["metadata"].get("tags", []),
            by_hand=role(cell) == "answer" and cell["cell_type"] == "code",
        )
        for cell in cells
        if role(cell)
    )


def role(cell: dict) -> str:
    """What a cell of a sound notebook is for grading; "" for text that is only read."""
    mark = grader(cell)
    if mark.get("task"):
        return "task"
    if mark.get("grade") and mark.get("solution"):
        return "answer"
    if cell["cell_type"] != "code":
        return ""
    if mark.get("grade"):
        return "test"
    return "solution" if mark.get("solution") else "code"


def grader(cell: dict) -> dict:
    """nbgrader's metadata of a cell."""
    return cell["metadata"].get("nbgrader", {})


def text(cell: dict) -> str:
    """A cell's source, which a file may hold as one string or as lines."""
    return "".join(cell["source"])


def digest(value: object) -> str:
    """A name for plain data that is the same on every machine and day, and another for other data."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()


def _titles(cells: list[dict]) -> dict[str, str]:
    """The last heading above each solution and each test, by its name."""
    titles, heading = {}, ""
    for cell in cells:
        if role(cell) in ("solution", "test"):
            titles[grader(cell)["grade_id"]] = heading
        elif cell["cell_type"] == "markdown":
            heading = (HEADING.findall(text(cell)) or [heading])[-1]
    return titles


def notebook_cells(folder: str, lab: str, root: Path = ROOT) -> list[dict]:
    """The cells of a lab's notebook in solutions/ or labs/."""
    path = notebook_place(folder, lab, root)
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        require_whole(cells, str(path.relative_to(root)))
        return cells
    except OSError:
        command = f"nbgrader generate_assignment {path.parent.name}" if is_nbgraders(root) else "make labs"
        raise GradingError(f"{path.relative_to(root)} is missing: run {command}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise GradingError(f"{path.relative_to(root)} is not a notebook.") from None


def require_whole(cells: list[dict], name: str) -> None:
    """GradingError where a cell's mark lacks something; KeyError or TypeError where one is no cell."""
    for number, cell in enumerate(cells, 1):
        if lacking := lacks(cell):
            raise GradingError(f"Cell {number} of {name} is {lacking}: set it in Create Assignment.")


def lacks(cell: dict) -> str:
    """What a cell is marked for and lacks; "" where its mark is whole. KeyError where it is no cell."""
    mark, _ = grader(cell), (cell["cell_type"], text(cell))
    if any(mark.get(key) for key in ("grade", "solution", "locked", "task")) and not mark.get("grade_id"):
        return "marked for nbgrader and has no ID (grade_id)"
    if (mark.get("grade") or mark.get("task")) and not is_number(mark.get("points")):
        return "marked to be graded and has no number of points"
    return ""


def is_number(points: object) -> bool:
    """Whether it is one, or a text that holds one, which nbgrader takes, too."""
    try:
        return math.isfinite(float(points))
    except (TypeError, ValueError):
        return False
