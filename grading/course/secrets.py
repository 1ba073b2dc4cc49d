"""What students must not see, line by line, and where it is found all the same."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from grading.course.folder import lab_names
from grading.course.halves import hidden_lines
from grading.course.lab import role, text
from grading.course.pristine import SOLUTION, handed_out

SHORTEST = 16  # characters: shorter lines, such as `return z`, give nothing away
MARKS = ("### BEGIN SOLUTION", "### BEGIN HIDDEN TESTS")
IMPORT = re.compile(r"import [\w.]+|from [\w.]+ import ")
FOLDERS = ("solutions", "tests", "submitted", "grading_out", "grading/judge", "grading/sandbox", ".git")


def leaks(folder: Path, root: Path) -> list[str]:
    """A sentence for each secret in a folder that is to be given away."""
    found = [f"the folder {name}" for name in FOLDERS if (folder / name).exists()]
    hidden = secrets(root)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            for line in lines(path):
                if line in hidden or line.startswith(MARKS):
                    found.append(f"{path.relative_to(folder)}: {line[:80]}")
    return found


def secrets(root: Path) -> set[str]:
    """Lines of solutions, hidden tests, model answers and answer banks that no student is shown elsewhere.

    A lecture or the library may hold a line of a solution, since they teach it; neither may hold a line of a hidden
    test, of a model answer or of a bank.
    """
    taught, shown, solved, kept = set(), set(), set(), set()
    for lab in lab_names(root):
        for cell in json.loads((root / "solutions" / lab / f"{lab}.ipynb").read_text(encoding="utf-8"))["cells"]:
            shown |= long(text(handed_out(cell)))
            kind = role(cell)
            solved |= {line for part in SOLUTION.finditer(text(cell)) for line in long(part[0])}
            kept |= long("".join(line for line, hidden in hidden_lines(text(cell)) if hidden))
            kept |= long(text(cell)) - long(text(handed_out(cell))) if kind == "answer" else set()
    for path in (*(root / "course").rglob("*.ipynb"), *(root / "vae_lib").rglob("*.py")):
        taught |= set(lines(path))
    banks = {line for path in (root / "tests/answers").glob("lab*.py") for line in bank(path)}
    return (kept - shown) | ((solved | banks) - taught - shown)


def bank(path: Path) -> Iterator[str]:
    """The lines of the answers in a bank: its functions, without what a wrong and a right answer share with the lab."""
    source = path.read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            yield from long("\n".join(source.splitlines()[node.lineno - 1 : node.end_lineno]))


def long(source: str) -> set[str]:
    """The lines that say something, without their indents; what is imported gives nothing away."""
    stripped = (line.strip() for line in source.splitlines())
    return {line for line in stripped if len(line) >= SHORTEST and not IMPORT.match(line)}


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file; of a notebook those of its cells, and of the text that they printed."""
    try:
        content = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    if path.suffix == ".ipynb":
        for cell in json.loads(content)["cells"]:
            yield from long(text(cell))
            for output in cell.get("outputs", ()):
                yield from long("".join(output.get("text", "")))
    else:
        yield from long(content)
