"""The library's order, its size, and what importing it costs."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIBRARY = sorted((ROOT / "vae_lib").glob("*.py"))
EXPLORE = sorted((ROOT / "vae_lib" / "explore").glob("*.py"))  # widgets, which nothing else of the library imports
CODE = [p for name in ("vae_lib", "grading", "benchmarks", "tools") for p in sorted((ROOT / name).rglob("*.py"))]
NAMES = [p.stem for p in LIBRARY]

# an import only ever points to a lower level
LEVELS = {
    "checks": 0,
    **dict.fromkeys(["gaussian", "pca", "latent", "download", "networks", "figures", "testing"], 1),
    **dict.fromkeys(["likelihood", "mnist"], 2),
    **dict.fromkeys(["models", "linear_gaussian", "data"], 3),
    "objective": 4,
    "checkpoint": 5,
    "training": 6,
    "zoo": 7,
    "__init__": 7,
}
MATHEMATICS = {"gaussian", "pca", "latent", "likelihood", "networks", "models", "objective", "linear_gaussian"}
BESIDE = {"zoo", "data", "mnist", "download"}  # what uses the library rather than being what a lecture explains
HEAVY = {"torchvision", "ipywidgets", "matplotlib", "sklearn", "IPython", "anywidget", "pandas", "scipy"}


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(nodes):
    """The modules named by the import statements among `nodes`."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "vae_lib"}
    return found


def own_imports(path):
    """The modules of the library that this one imports, anywhere in it."""
    named = {name.split(".")[1] for name in imports(ast.walk(tree(path))) if name.startswith("vae_lib.")}
    return named & set(NAMES)


def functions(path):
    return [n for n in ast.walk(tree(path)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]


def lines_of_code(path):
    """Lines that hold code: no blank line, no comment, no docstring."""
    docstrings = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False):
            docstrings |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
    with path.open("rb") as file:
        tokens = [t for t in tokenize.tokenize(file.readline) if t.type not in (*skipped, tokenize.ENDMARKER)]
    return len({row for t in tokens for row in range(t.start[0], t.end[0] + 1)} - docstrings)


@pytest.mark.parametrize("path", LIBRARY, ids=NAMES)
def test_an_import_only_points_down(path):
    assert path.stem in LEVELS, "say at which level the new module stands"
    for module in own_imports(path):
        assert LEVELS[module] < LEVELS[path.stem], f"{path.stem} imports {module}"


def parts_imported(path):
    """The modules of vae_lib.explore that this one imports when it is loaded."""
    return {name.split(".")[2] for name in imports(tree(path).body) if name.startswith("vae_lib.explore.")}


@pytest.mark.parametrize("path", EXPLORE, ids=lambda p: p.stem)
def test_explorers_stand_on_a_few_modules_and_on_no_later_part(path):
    order = ["decoding", "codes", "page", "still", "terms", "explorer", "together", "__init__"]
    assert own_imports(path) - {"explore"} <= {"checks", "networks", "figures", "gaussian"}
    later = order[order.index(path.stem) :]
    assert not parts_imported(path) & set(later)


@pytest.mark.parametrize("path", LIBRARY, ids=NAMES)
def test_nothing_else_imports_the_explorers(path):
    assert not any(name.startswith("vae_lib.explore") for name in imports(ast.walk(tree(path))))


@pytest.mark.parametrize("name", sorted(MATHEMATICS))
def test_mathematics_knows_nothing_of_figures_data_and_tests(name):
    path = ROOT / "vae_lib" / f"{name}.py"
    assert own_imports(path) <= MATHEMATICS | {"checks"}
    outside = {module.split(".")[0] for module in imports(ast.walk(tree(path)))}
    assert outside <= {"torch", "math", "typing", "collections", "dataclasses", "itertools", "vae_lib", "__future__"}


@pytest.mark.parametrize("path", [p for p in LIBRARY if p.stem != "figures"], ids=lambda p: p.stem)
def test_heavy_libraries_are_imported_where_they_are_used(path):
    assert not {name.split(".")[0] for name in imports(tree(path).body)} & HEAVY


def test_the_library_does_without_torchvision():
    for path in LIBRARY:
        assert not any(name.split(".")[0] == "torchvision" for name in imports(ast.walk(tree(path)))), path.stem


def test_the_library_does_not_know_the_grader():
    for path in LIBRARY:
        assert not any(name.split(".")[0] in ("grading", "tests") for name in imports(ast.walk(tree(path))))


def test_importing_the_library_costs_little_over_torch():
    code = (
        "import json, sys, torch; before = set(sys.modules)\n"
        "import vae_lib; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & HEAVY
    assert len(json.loads(done.stdout)) < 80


def test_the_library_is_small_enough_to_be_read():
    sizes = {path.stem: lines_of_code(path) for path in LIBRARY}
    core = sum(lines for name, lines in sizes.items() if name not in BESIDE)
    assert core <= 1400, sizes  # "about 1,200"
    assert max(sizes.values()) <= 215, sizes


def test_so_are_the_explorers():
    sizes = {path.stem: lines_of_code(path) for path in EXPLORE}
    assert sum(sizes.values()) <= 700, sizes
    assert max(sizes.values()) <= 215, sizes


@pytest.mark.parametrize("path", CODE, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_functions_are_short(path):
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(path)}
    assert {name: lines for name, lines in long.items() if lines > 45} == {}


@pytest.mark.parametrize("path", [*LIBRARY, *EXPLORE], ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_public_functions_say_what_they_do(path):
    classes = [node for node in tree(path).body if isinstance(node, ast.ClassDef)]
    public = [*classes, *(node for part in [tree(path), *classes] for node in part.body)]
    for node in public:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node) or node.name == "forward", f"{path.stem}.{node.name}"
