"""Make labs/ from solutions/ with nbgrader, the same byte for byte on every machine and day.

nbgrader takes out solutions and hidden tests; what differs from run to run (outputs, counts,
times, the kernel that an author happened to use) goes before. The work is done in a temporary
folder, so a source with a mistake leaves labs/ as it was.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from grading.course.folder import ROOT, GradingError, chosen, lab_names
from grading.course.pristine import bare
from grading.course.settings import configuration, nbgrader

IGNORED = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__", "*.pyc")


def sound(names: list[str], course: Path) -> None:
    """No check."""


def release(names: list[str], root: Path = ROOT, check: Callable[[list[str], Path], object] = sound) -> list[str]:
    """Regenerate these labs (all if none is named); what was written.

    `check` looks at them first, in a folder of their own that holds solutions/ and labs/; what it raises leaves labs/
    as it was.
    """
    names = chosen(names, lab_names(root))
    with generated(names, root) as labs:
        check(names, labs.parent)
        for new in files(labs):
            replace(root / "labs" / new.relative_to(labs), new)
    return names


@contextmanager
def generated(names: list[str], root: Path, gradebook: str | None = None) -> Iterator[Path]:
    """A temporary labs/ made from solutions/; GradingError with nbgrader's reason. A `gradebook` is told of them."""
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


def files(folder: Path) -> list[Path]:
    """All files below a folder, but those that Jupyter and Python put there by themselves."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(p for p in paths if not IGNORED(None, p.relative_to(folder).parts))


def same_text(old: Path, new: Path) -> bool:
    """Whether both files are there with the same bytes."""
    return old.is_file() and old.read_bytes() == new.read_bytes()


def replace(old: Path, new: Path) -> None:
    """Copy new over old, and only where they differ (times stay, and so do open notebooks)."""
    if not same_text(old, new):
        old.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(new, old)
