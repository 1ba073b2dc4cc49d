"""What a lab calls itself, its exercises and its questions: the headings of the notebook that was handed out."""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from grading.course.folder import ROOT, notebook_place
from grading.course.lab import HEADING, grader, text

NUMBERED = re.compile(r"(?:Exercise|Question) (\w+(?:\.\w+)*) · (.+)")


class Title(NamedTuple):
    """A number such as 5.1, or "" where the heading has none, and the words after it."""

    number: str
    words: str


def lab_title(lab: str, root: Path = ROOT) -> str:
    """The notebook's first heading; the lab's name where there is no notebook."""
    return _headings(lab, root).get("", lab)


def title(lab: str, name: str, root: Path = ROOT) -> Title:
    """Of an exercise by its name, or of a question by its grade_id."""
    heading = _headings(lab, root).get(name, "")
    found = NUMBERED.fullmatch(heading)
    return Title(*found.groups()) if found else Title("", heading)


def _headings(lab: str, root: Path) -> dict[str, str]:
    path = notebook_place("labs", lab, root)
    return _read(path, path.stat().st_mtime_ns) if path.is_file() else {}


@lru_cache(maxsize=64)
def _read(path: Path, _when: int) -> dict[str, str]:
    """The last heading above each of nbgrader's cells, by its name, the first of all by ""; {} of no notebook."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError):
        return {}
    found: dict[str, str] = {}
    short: dict[str, str] = {}  # of a test, unless something else is called so
    heading = ""
    for cell in cells:
        if cell["cell_type"] == "markdown" and (seen := HEADING.findall(text(cell))):
            heading = seen[-1]
            found.setdefault("", seen[0])
        if name := grader(cell).get("grade_id"):
            short.setdefault(name.removeprefix("test_"), heading)
            found.setdefault(name, heading)
    return short | found
