"""Pack a lab for handing in: one zip file that holds the notebook under the lab's name."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from grading.course.folder import ROOT, chosen, handed_out
from grading.course.pristine import pristine


def submit(name: str, root: Path = ROOT) -> tuple[Path, list[str]]:
    """Write handin/NAME.zip: where it lies, and a sentence for each thing that looks wrong."""
    chosen([name], handed_out(root))
    notebook = root / "labs" / name / f"{name}.ipynb"
    packed = root / "handin" / f"{name}.zip"
    packed.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(notebook, notebook.name)
    return packed, list(warnings(notebook, root))


def warnings(notebook: Path, root: Path) -> Iterator[str]:
    try:
        found = points(notebook.read_bytes())
    except (ValueError, KeyError, TypeError, AttributeError):
        yield f"{notebook.name} is not a notebook any more (not JSON): open it, save it, and submit again."
        return
    missing = sorted(released_points(notebook, root).keys() - found.keys())
    if missing:
        yield f"cells with points are missing from {notebook.name}: {', '.join(missing)}."


def points(content: bytes) -> dict[str, float]:
    """The points of each graded cell of a notebook."""
    marks = (cell["metadata"].get("nbgrader", {}) for cell in json.loads(content)["cells"])
    return {mark["grade_id"]: mark["points"] for mark in marks if mark.get("points")}


def released_points(notebook: Path, root: Path) -> dict[str, float]:
    """The points as the lab was handed out; none where nobody knows any more."""
    try:
        return points(json.dumps(pristine(notebook.stem, root)).encode())
    except (ValueError, KeyError, TypeError):
        return {}
