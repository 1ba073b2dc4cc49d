"""The writing rules of course/, as functions over a notebook; `python -m tests.lecture_rules` prints the measures."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).parent.parent
LECTURES = sorted((ROOT / "course").glob("[0-9][0-9]_*.ipynb"))
MOST_LINES, MOST_WIDTH, MOST_IN_A_ROW, MOST_SETUP = 25, 88, 2, 3
MOST_OPEN = 6  # lines of a cell that draws; a longer one is folded
DRAWS = re.compile(r"\b(ax|fig|left|right)\w*\.\w|\.set\(|\bplot_\w+\(")  # a line that draws
MOST_BYTES = 4_000_000  # two animations of 1.5 MB and the pictures
MOST_OUTPUT = 1_500_000
FILLER = re.compile(r"\b(simply|obviously|clearly|of course|let's|dive in|delve|awesome|basically)\b", re.IGNORECASE)
OBJECT = re.compile(r"<[\w.]+( object)? at 0x[0-9a-f]+>")
PATH = re.compile(r"(?<![\w.])(/home/|/root/|/tmp/|/usr/|/Users/|/work/|[A-Z]:\\\\|site-packages)")


class Measures(NamedTuple):
    """What the rules are about, counted."""

    cells: int
    code_cells: int
    words: int
    figures: int
    longest_cell: int
    kilobytes: int


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def pictures(cell: NotebookNode) -> list[NotebookNode]:
    """Outputs of a code cell that are seen: still pictures and animations."""
    return [
        o for o in cell.outputs if {"image/png", "image/gif", "image/svg+xml"} & set(o.get("data", {})) or moving(o)
    ]


def moving(output: NotebookNode) -> bool:
    html = "".join(output.get("data", {}).get("text/html", ""))
    return "<script" in html or "<video" in html or "image/gif" in html


def measure(path: Path) -> Measures:
    notebook = read(path)
    code = code_cells(notebook)
    return Measures(
        cells=len(notebook.cells),
        code_cells=len(code),
        words=len(re.findall(r"[^\W\d_]+", re.sub(r"\$\$?.*?\$\$?", " ", prose(notebook), flags=re.DOTALL))),
        figures=sum(len(pictures(cell)) for cell in code),
        longest_cell=max(len(cell.source.splitlines()) for cell in code),
        kilobytes=round(path.stat().st_size / 1000),
    )


def problems(path: Path) -> list[str]:
    """Every rule that the notebook breaks, as a sentence with the cell where it is broken."""
    notebook = read(path)
    rules = (_layout, _setup, _code, _figures, _stored, _words, _ends)
    return [f"{path.name}: {problem}" for rule in rules for problem in rule(notebook, path)]


def _layout(notebook: NotebookNode, path: Path) -> list[str]:
    found, run = [], 0
    for cell in notebook.cells:
        run = run + 1 if cell.cell_type == "code" else 0
        if run > MOST_IN_A_ROW:
            found.append(f"{run} code cells in a row at {cell.id}")
        if cell.cell_type == "code":
            lines = cell.source.splitlines()
            if len(lines) > MOST_LINES:
                found.append(f"{len(lines)} lines in {cell.id}")
            found += [f"a line of {len(line)} in {cell.id}" for line in lines if len(line) > MOST_WIDTH]
    return found


def _setup(notebook: NotebookNode, path: Path) -> list[str]:
    statements = ast.parse(code_cells(notebook)[0].source).body
    besides = [s for s in statements if not isinstance(s, ast.Import | ast.ImportFrom)]
    return [f"{len(besides)} statements besides imports in the first cell"] if len(besides) > MOST_SETUP else []


def _code(notebook: NotebookNode, path: Path) -> list[str]:
    """A cell holds what is taught: what is asserted stands in tests/claims, what is compared has a tag."""
    found = []
    for cell in code_cells(notebook):
        nodes = list(ast.walk(ast.parse(cell.source)))
        if any(isinstance(node, ast.Assert) for node in nodes):
            found.append(f"an assertion in {cell.id}")
        if "# NBVAL" in cell.source:
            found.append(f"a marker comment in {cell.id}: give the cell the tag nbval-check-output")
        lines, folded = len(cell.source.splitlines()), cell.metadata.get("jupyter", {}).get("source_hidden")
        drawing = lines if _called(nodes) & {"show", "play"} else len(_drawing(cell.source))
        if drawing > MOST_OPEN and not folded:
            found.append(f"{drawing} lines of plotting that are not folded in {cell.id}")
    return found


def _drawing(source: str) -> list[str]:
    """The lines that draw, in a cell that leaves it to another to show: the frames of an animation, for one."""
    return [line for line in source.splitlines() if DRAWS.search(line)]


def _called(nodes: list[ast.AST]) -> set[str]:
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    return {getattr(function, "attr", getattr(function, "id", "")) for function in called}


def _figures(notebook: NotebookNode, path: Path) -> list[str]:
    found = []
    for cell in code_cells(notebook):
        for output, after in zip(cell.outputs, [*cell.outputs[1:], NotebookNode()], strict=False):
            if output not in pictures(cell) or "vae_explore" in output.metadata:  # an explorer has names of its own
                continue
            still = "image/png" in output.get("data", {})
            if still and not output.metadata.get("image/png", {}).get("alt"):
                found.append(f"a picture without alt text in {cell.id}")
            if not after.get("metadata", {}).get("caption"):
                found.append(f"a picture without a caption in {cell.id}")
    return found


def _stored(notebook: NotebookNode, path: Path) -> list[str]:
    found = []
    if path.stat().st_size > MOST_BYTES:
        found.append(f"{path.stat().st_size:,} bytes")
    for cell in code_cells(notebook):
        if cell.execution_count is None:
            found.append(f"{cell.id} is stored without having been run")
        for output in cell.outputs:
            text = "".join(output.get("text", "")) + "".join(output.get("data", {}).get("text/plain", ""))
            if output.output_type == "stream" and output.name == "stderr":
                found.append(f"stderr stored in {cell.id}")
            if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
                found.append(f"an error stored in {cell.id}")
            if PATH.search(text) or "Warning" in text:
                found.append(f"a path or a warning stored in {cell.id}")
            if OBJECT.search(text):
                found.append(f"an address in memory stored in {cell.id}")
            if "vae_explore" in output.get("metadata", {}) and set(output.data) != {"image/png", "text/plain"}:
                found.append(f"an explorer that is not stored as a figure in {cell.id}: run it with VAE_EXPLORE=figure")
            if len(str(output)) > MOST_OUTPUT:
                found.append(f"an output of {len(str(output)):,} bytes in {cell.id}")
        if PATH.search(cell.source):
            found.append(f"a path in {cell.id}")
    return found


def _words(notebook: NotebookNode, path: Path) -> list[str]:
    text = re.sub(r"`[^`]*`", "", prose(notebook))
    return [f"filler: {match[0]!r}" for match in FILLER.finditer(text)] + ["an exclamation mark"] * text.count("! ")


def _ends(notebook: NotebookNode, path: Path) -> list[str]:
    opening, text = notebook.cells[0].source, prose(notebook)
    found = [] if opening.startswith("# ") else ["no title"]
    if not re.search(r"^\*.*\*$", opening, re.MULTILINE):
        found.append("no line with place and times")
    aims = re.search(r"you can\n+((?:- .*\n?)+)", text)
    if not aims or aims[1].count("\n- ") + 1 != 3:
        found.append("not three aims")
    closing = re.search(r"## What we have seen(.*)", text, re.DOTALL)
    if not closing or len(re.findall(r"^- ", closing[1].split("\n## ")[0], re.MULTILINE)) < 3:
        found.append("the aims do not come back under 'What we have seen'")
    if not path.name.startswith("00"):
        found += [f"no section '{name}'" for name in ("Check yourself", "References") if f"## {name}" not in text]
    return found + _broken_links(text, path)


def _broken_links(text: str, path: Path) -> list[str]:
    targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text)
    local = [target for target in targets if "://" not in target]
    return [f"a link to {target}, which is not there" for target in local if not (path.parent / target).exists()]


if __name__ == "__main__":
    print(f"{'':28}", *(f"{name:>12}" for name in Measures._fields))
    for lecture in LECTURES:
        print(f"{lecture.name:28}", *(f"{value:12}" for value in measure(lecture)))
