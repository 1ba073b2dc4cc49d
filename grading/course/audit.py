"""What is wrong with labs/: stale notebooks, and what a student must not see."""

import json
from collections.abc import Iterator
from pathlib import Path

from grading.course.folder import ROOT, lab_names
from grading.course.release import files, generated, same_text

SECRET_MARKS = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
REGIONS = (
    ("### BEGIN SOLUTION", "### END SOLUTION"),
    ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"),
    ("=== BEGIN MARK SCHEME ===", "=== END MARK SCHEME ==="),
)


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
