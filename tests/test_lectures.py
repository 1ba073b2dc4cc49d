"""The lectures are written by the rules; tests/claims runs them."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.lecture_rules import LECTURES, ROOT, measure, problems

NAMES = [path.stem for path in LECTURES]
lectures = pytest.mark.parametrize("path", LECTURES, ids=NAMES)


@lectures
def test_a_lecture_keeps_the_rules(path):
    assert problems(path) == []


@pytest.mark.parametrize("path", [p for p in LECTURES if not p.name.startswith("00")], ids=lambda p: p.stem)
def test_a_lecture_has_the_size_of_a_lecture(path):
    counted = measure(path)
    assert 35 <= counted.cells <= 75
    assert 1500 <= counted.words <= 4000
    assert 4 <= counted.figures <= 14


def broken(change):
    """A small lecture that keeps the rules, then changed."""
    v4 = nbformat.v4
    cells = [
        v4.new_markdown_cell("# 9 · Title\n\n*Lecture 9 · 5 min*\n\nAfter it you can\n- one;\n- two;\n- three."),
        v4.new_code_cell("import math", execution_count=1),
        v4.new_markdown_cell("## What we have seen\n\n- one\n- two\n- three\n\n## Check yourself\n\n## References"),
    ]
    for position, cell in enumerate(cells):
        cell["id"] = f"cell-{position}"
    notebook = v4.new_notebook(cells=cells)
    change(notebook)
    return notebook


def add_code(source="x = 1", count=1, **more):
    def change(notebook):
        for _ in range(count):
            cell = nbformat.v4.new_code_cell(source, execution_count=2, **more)
            notebook.cells.insert(2, cell)

    return change


def add_prose(text):
    return lambda notebook: notebook.cells.insert(1, nbformat.v4.new_markdown_cell(text))


def output(kind, **more):
    return [nbformat.v4.new_output(kind, **more)]


PICTURE = output("display_data", data={"image/png": "aaaa"}, metadata={})
EXPLORER = output("display_data", data={"text/html": "<div>"}, metadata={"vae_explore": True})
CASES = {
    "an explorer that is not stored as a figure": add_code(outputs=EXPLORER),
    "3 code cells in a row": add_code(count=2),
    "26 lines": add_code("x = 1\n" * 26),
    "a line of 89": add_code("x = " + "1" * 85),
    "4 statements besides imports": lambda n: n.cells[1].update(source="a = 1\nb = 2\nc = 3\nd = 4"),
    "a picture without alt text": add_code(outputs=PICTURE),
    "a picture without a caption": add_code(outputs=PICTURE),
    "an assertion": add_code("assert 1 < 2"),
    "a marker comment": add_code("# NBVAL_CHECK_OUTPUT\nx = 1"),
    "7 lines of plotting that are not folded": add_code("x = 1\n" * 6 + "show(x)"),
    "8 lines of plotting that are not folded": add_code("def frame(ax):\n" + "    ax.plot(x)\n" * 8),
    "an address in memory": add_code(outputs=output("execute_result", data={"text/plain": "<a.B at 0x7f>"})),
    "without having been run": lambda n: n.cells[1].update(execution_count=None),
    "stderr stored": add_code(outputs=output("stream", name="stderr", text="careful")),
    "an error stored": add_code(outputs=output("error", ename="E", evalue="", traceback=[])),
    "a path or a warning": add_code(outputs=output("stream", name="stdout", text="read /home/ann/x")),
    "filler: 'simply'": add_prose("It is simply so."),
    "an exclamation mark": add_prose("Look! There."),
    "which is not there": add_prose("See [this](nowhere.ipynb)."),
    "no title": lambda n: n.cells[0].update(source=n.cells[0].source.replace("# 9", "9")),
    "no line with place": lambda n: n.cells[0].update(source=n.cells[0].source.replace("*", "")),
    "not three aims": lambda n: n.cells[0].update(source=n.cells[0].source.replace("\n- two;", "")),
    "the aims do not come back": lambda n: n.cells[-1].update(source=n.cells[-1].source.replace("- two\n", "")),
    "no section 'References'": lambda n: n.cells[-1].update(source=n.cells[-1].source.replace("## Ref", "## R")),
}


def found_in(notebook, folder):
    path = Path(folder) / "09_try.ipynb"
    nbformat.write(notebook, path)
    return problems(path)


def test_the_rules_pass_a_lecture_that_keeps_them(tmp_path):
    assert found_in(broken(lambda n: None), tmp_path) == []


@pytest.mark.parametrize(("complaint", "change"), CASES.items())
def test_the_rules_find_what_breaks_them(complaint, change, tmp_path):
    assert any(complaint in problem for problem in found_in(broken(change), tmp_path))


def test_what_keeps_the_rules_is_let_pass(tmp_path):
    """A captioned picture, and a long cell that is folded."""
    alt = {"image/png": {"alt": "A line."}}
    picture = output("display_data", data={"image/png": "aaaa"}, metadata=alt)
    caption = output("display_data", data={"text/markdown": "*It rises.*"}, metadata={"caption": True})
    folded = {"jupyter": {"source_hidden": True}}
    change = add_code("x = 1\n" * 6 + "show(x)", outputs=picture + caption, metadata=folded)
    assert found_in(broken(change), tmp_path) == []


@lectures
def test_a_lecture_has_its_claims(path):
    """Which run it, too: see tests/claims."""
    assert (ROOT / "tests" / "claims" / f"{path.stem}.py").exists()
