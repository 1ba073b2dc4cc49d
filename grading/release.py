"""Make labs/ from solutions/ with nbgrader, the same byte for byte on every machine and day.

nbgrader takes out solutions and hidden tests; what differs from run to run (outputs, counts,
times, the kernel that an author happened to use) goes before. The work is done in a temporary
folder, so a source with a mistake leaves labs/ as it was.
"""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grading.course import (
    ROOT,
    GradingError,
    chosen,
    configuration,
    lab_names,
    nbgrader,
    replace,
    same_text,
)

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
KEPT_METADATA = ("nbgrader", "tags", "jupyter")  # the last one folds a check
SECRET_MARKS = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
REGIONS = (
    ("### BEGIN SOLUTION", "### END SOLUTION"),
    ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"),
    ("=== BEGIN MARK SCHEME ===", "=== END MARK SCHEME ==="),
)
IGNORED = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__", "*.pyc")


def release(names: list[str], root: Path = ROOT) -> list[str]:
    """Regenerate these labs (all if none is named) and tell the gradebook; what was written."""
    names = chosen(names, lab_names(root))
    with generated(names, root, gradebook=configuration(root).CourseDirectory.db_url) as labs:
        for new in files(labs):
            replace(root / "labs" / new.relative_to(labs), new)
    return names


def register(names: list[str], root: Path = ROOT, gradebook: str | None = None) -> None:
    """Tell the gradebook (the course's own unless another is named) about these labs; labs/ stays as it is."""
    with generated(names, root, gradebook=gradebook or configuration(root).CourseDirectory.db_url):
        pass


@contextmanager
def generated(names: list[str], root: Path, gradebook: str | None = None) -> Iterator[Path]:
    """A temporary labs/ made from solutions/; GradingError with nbgrader's reason."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder).resolve()
        config = configuration(root, root=str(course), db_url=gradebook or "")
        config.GenerateAssignment.no_database = not gradebook
        config.SaveCells.enabled = bool(gradebook)
        api = nbgrader(config)
        for name in names:
            prepare(root / "solutions" / name, course / "solutions" / name)
            result = api.generate_assignment(name)
            if not result["success"]:
                raise GradingError(f"solutions/{name} cannot be released: {reason(result)}")
        yield course / "labs"


def reason(result: dict) -> str:
    """The line of nbgrader's log, or of its traceback, that says what went wrong."""
    text = result.get("log", "") + "\n" + result.get("error", "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    raised = [line for line in lines if re.match(r"[\w.]+Error: ", line)]
    told = [line for line in lines if "exists multiple times" in line] or raised or lines
    return re.sub(r"^(\[\w+\]|[\w.]+:) ", "", told[-1]) if told else "nbgrader gave no reason"


def prepare(source: Path, target: Path) -> None:
    """Copy a lab's folder, its notebooks without anything that a run leaves in them."""
    shutil.copytree(source, target, ignore=IGNORED)
    for path in target.glob("*.ipynb"):
        try:
            notebook = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise GradingError(f"solutions/{target.name}/{path.name} is not a notebook: {error}.") from None
        path.write_text(json.dumps(bare(notebook, path.stem)), encoding="utf-8")


def bare(notebook: dict, name: str) -> dict:
    """The notebook with fixed cell ids and no outputs, counts, times or author's kernel."""
    cells = [bare_cell(cell, f"{name}/{place}") for place, cell in enumerate(notebook["cells"])]
    return {
        "cells": cells,
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def bare_cell(cell: dict, place: str) -> dict:
    metadata = {key: cell["metadata"][key] for key in KEPT_METADATA if key in cell["metadata"]}
    kept = {"id": hashlib.sha256(place.encode()).hexdigest()[:8]} | cell | {"metadata": metadata}
    if cell["cell_type"] == "code":
        kept |= {"outputs": [], "execution_count": None}
    return kept


def problems(root: Path = ROOT) -> list[str]:
    """What is wrong with labs/, a sentence each; nothing if it may go to a class.

    Compared with what solutions/ gives now, and looked through by itself for what must not be
    in it.
    """
    names, found = lab_names(root), []
    with generated(names, root) as labs:
        made = {path.relative_to(labs): path for path in files(labs)}
        for path, new in made.items():
            if not same_text(root / "labs" / path, new):
                found.append(f"labs/{path} is stale or missing: run make labs")
        for path in files(root / "labs"):
            if path.relative_to(root / "labs") not in made:
                found.append(f"{path.relative_to(root)} is not made from solutions/: delete it")
    for path in sorted((root / "labs").glob("*/*.ipynb")):
        found += [f"{path.relative_to(root)} {leak}" for leak in leaks(path, root)]
    return found


def files(folder: Path) -> list[Path]:
    """All files below a folder, but those that Jupyter and Python put there by themselves."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(p for p in paths if not IGNORED(None, p.relative_to(folder).parts))


def leaks(path: Path, root: Path) -> Iterator[str]:
    """What a released notebook must not hold: outputs, solutions, hidden tests."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    source = root / "solutions" / path.parent.name / path.name
    secrets = secret_lines(source) if source.exists() else {}
    for cell in cells:
        name, text = cell_name(cell), "".join(cell["source"])
        if cell.get("outputs") or cell.get("execution_count"):
            yield f"holds the output of a run in cell {name}"
        if any(mark in text for mark in SECRET_MARKS):
            yield f"holds a solution or a hidden test in cell {name}"
        if shown := secrets.get(name, set()) & {line.strip() for line in text.splitlines()}:
            yield f"holds {min(shown)!r} of a solution or a hidden test in cell {name}"


def cell_name(cell: dict) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id") or cell.get("id", "without a name")


def secret_lines(source: Path) -> dict[str, set[str]]:
    """For each cell of a source, the lines that stand only inside its secret regions."""
    secrets = {}
    for cell in json.loads(source.read_text(encoding="utf-8"))["cells"]:
        inside, outside = split_regions("".join(cell["source"]).splitlines())
        secrets[cell_name(cell)] = inside - outside - {""}
    return secrets


def split_regions(lines: list[str]) -> tuple[set[str], set[str]]:
    inside, outside, end = set(), set(), None
    for line in map(str.strip, lines):
        starts = [stop for start, stop in REGIONS if start in line]
        if starts:
            end = starts[0]
        (inside if end else outside).add(line)
        if end and end in line:
            end = None
    return inside, outside
