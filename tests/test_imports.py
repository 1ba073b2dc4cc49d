"""The order of the library and of the grader, their size, and what importing them costs."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tokenize
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIBRARY = sorted((ROOT / "vae_lib").glob("*.py"))
EXPLORE = sorted((ROOT / "vae_lib" / "explore").glob("*.py"))  # widgets, which nothing else of the library imports
BEYOND = sorted((ROOT / "vae_lib" / "beyond").glob("*.py"))
ZOO = sorted((ROOT / "vae_lib" / "zoo").rglob("*.py"))
TESTING = sorted((ROOT / "vae_lib" / "testing").glob("*.py"))  # what labs' checks are made of
GRADING = sorted((ROOT / "grading").rglob("*.py"))
CODE = [p for name in ("vae_lib", "grading", "benchmarks", "tools") for p in sorted((ROOT / name).rglob("*.py"))]
NAMES = [p.stem for p in LIBRARY]

# the core: an import only ever points to a lower level
LEVELS = {
    "errors": -2,
    **dict.fromkeys(["rules", "axes"], -1),
    "checks": 0,
    **dict.fromkeys(["gaussian", "pca", "latent", "networks", "checkpoint", "optimization", "augmentation"], 1),
    **dict.fromkeys(["likelihood", "config"], 2),
    **dict.fromkeys(["models", "linear_gaussian"], 3),
    "objective": 4,
    "run": 5,
    "training": 6,
}
# the core never imports these
BESIDE = ("captions", "labels", "arrays", "sheets", "figures", "testing", "download", "mnist", "data")
BESIDE = (*BESIDE, "classifier", "zoo", "beyond", "explore")
MATHEMATICS = LEVELS.keys() - {
    "errors",
    "rules",
    "axes",
    "checks",
    "checkpoint",
    "optimization",
    "augmentation",
    "config",
    "run",
    "training",
}
HEAVY = {"torchvision", "ipywidgets", "matplotlib", "sklearn", "IPython", "anywidget", "pandas", "scipy"}
MOST_LINES = 1500  # of the core, blank ones aside: what fits in the head

# the grader: an import only ever points back along the pipeline, and what stands above it uses it all
PIPELINE = ("course", "intake", "sandbox", "judge", "record", "report", "platforms")
NBGRADER = {"nbgrader", "nbformat", "nbconvert", "nbclient", "jsonschema"}  # a second or two each
STEPS = (
    *PIPELINE,
    "options",
    "turns",
    "engine",
    "check",
    "beforehand",
    "earlier",
    "seen",
    "grade",
    "commands",
    "__main__",
)


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
            if node.module.split(".")[0] in ("vae_lib", "grading"):
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own_imports(path):
    """The modules and packages of the library that this file imports, anywhere in it."""
    named = {name.split(".")[1] for name in imports(ast.walk(tree(path))) if name.startswith("vae_lib.")}
    return named & {*NAMES, "beyond", "explore", "zoo", "testing"}


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


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def place(path):
    """A file as it is named in a test's id: judge-run, vae_lib-pca."""
    return f"{path.parent.name}-{path.stem}"


# ------------------------------------------------------------------ the library


@pytest.mark.parametrize("path", LIBRARY, ids=NAMES)
def test_an_import_only_points_down(path):
    if path.stem == "__init__":
        assert own_imports(path) <= LEVELS.keys()  # the core alone is what `import vae_lib` brings
    elif path.stem in LEVELS:
        for module in own_imports(path):
            assert module in LEVELS, f"{path.stem} is of the core and imports {module}"
            assert LEVELS[module] < LEVELS[path.stem], f"{path.stem} imports {module}"
    else:
        assert path.stem in BESIDE, "say at which level the new module stands, or beside the core"
        assert own_imports(path) <= {*LEVELS, *BESIDE[: BESIDE.index(path.stem)]}


@pytest.mark.parametrize("path", BEYOND, ids=lambda p: p.stem)
def test_chapters_beyond_stand_on_the_core(path):
    assert own_imports(path) - {"beyond"} <= LEVELS.keys()


@pytest.mark.parametrize("path", ZOO, ids=lambda p: p.stem)
def test_the_zoo_stands_on_the_core_the_data_and_the_classifier(path):
    chapters = {"beyond"} if path.parent.name == "chapters" else set()
    assert own_imports(path) - {"zoo"} <= {*LEVELS, "data", "classifier", *chapters}


@pytest.mark.parametrize("path", TESTING, ids=lambda p: p.stem)
def test_labs_checks_stand_on_what_labs_are_about(path):
    assert own_imports(path) - {"testing"} <= {*LEVELS, "captions", "data"}


def parts_imported(path):
    """The modules of vae_lib.explore that this one imports, anywhere in it."""
    return {name.split(".")[2] for name in imports(ast.walk(tree(path))) if name.startswith("vae_lib.explore.")}


@pytest.mark.parametrize("path", EXPLORE, ids=lambda p: p.stem)
def test_explorers_stand_on_a_few_modules_and_on_no_later_part(path):
    order = ["decoding", "codes", "page", "still", "traits", "terms", "explorer", "together"]
    order += ["conditional", "attributes", "winding", "sentences", "__init__"]
    assert own_imports(path) - {"explore"} <= {"checks", "networks", "arrays", "figures", "gaussian"}
    later = order[order.index(path.stem) :]
    assert not parts_imported(path) & set(later)


@pytest.mark.parametrize("name", sorted(MATHEMATICS))
def test_mathematics_knows_nothing_of_figures_data_and_tests(name):
    path = ROOT / "vae_lib" / f"{name}.py"
    assert own_imports(path) <= {*MATHEMATICS, "checks"}
    outside = {module.split(".")[0] for module in imports(ast.walk(tree(path)))}
    assert outside <= {"torch", "math", "typing", "collections", "dataclasses", "itertools", "vae_lib", "__future__"}


@pytest.mark.parametrize("path", [p for p in LIBRARY if p.stem != "figures"], ids=lambda p: p.stem)
def test_heavy_libraries_are_imported_where_they_are_used(path):
    assert not {name.split(".")[0] for name in imports(tree(path).body)} & HEAVY


def test_the_library_does_without_torchvision():
    for path in LIBRARY:
        assert not any(name.split(".")[0] == "torchvision" for name in imports(ast.walk(tree(path)))), path.stem


@pytest.mark.parametrize("path", [*LIBRARY, *EXPLORE, *BEYOND, *ZOO, *TESTING], ids=place)
def test_the_library_does_not_know_the_grader(path):
    assert not any(name.split(".")[0] in ("grading", "tests") for name in imports(ast.walk(tree(path))))


def test_importing_the_library_costs_little_over_torch():
    loaded = loaded_by("vae_lib", before="torch")
    assert not {name.split(".")[0] for name in loaded} & HEAVY
    assert len(loaded) < 80


def test_the_core_fits_in_the_head():
    sizes = {name: sum(bool(line.strip()) for line in lines(ROOT / "vae_lib" / f"{name}.py")) for name in LEVELS}
    assert sum(sizes.values()) <= MOST_LINES, sizes


def test_so_do_the_explorers():
    sizes = {path.stem: lines_of_code(path) for path in EXPLORE}
    assert sum(sizes.values()) <= 1250, sizes
    assert max(sizes.values()) <= 215, sizes


# ------------------------------------------------------------------ the grader


def step(name):
    """Where on its way a module of the grader stands: grading.judge.run is of the step judge."""
    return STEPS.index(name.split(".")[1])


def module(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def uses(path):
    """The modules of the grader that this file imports, anywhere in it."""
    known = {module(other) for other in GRADING}
    return {name for name in imports(ast.walk(tree(path))) if name in known and name.startswith("grading.")}


def test_every_part_of_the_grader_has_its_place():
    parts = {module(path).split(".")[1] for path in GRADING if module(path) != "grading"}
    assert parts == set(STEPS)


@pytest.mark.parametrize("path", [p for p in GRADING if module(p) != "grading"], ids=place)
def test_imports_only_point_back_along_the_pipeline(path):
    for name in uses(path):
        assert step(name) <= step(module(path)), f"{module(path)} imports {name}"


def test_no_two_modules_of_the_grader_import_each_other():
    known = {module(path): uses(path) for path in GRADING}
    packages = {name for name in known if any(other.startswith(f"{name}.") for other in known)}
    graph = {name: used - packages for name, used in known.items()}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"a circle: {error.args[1]}")


@pytest.mark.parametrize("path", sorted((ROOT / "grading/sandbox/inside").glob("*.py")), ids=lambda p: p.stem)
def test_inside_the_sandbox_nothing_is_used_that_is_not_there(path):
    within = ("grading.sandbox.inside", "grading.sandbox.wire")
    assert all(name.startswith(within) or name == "grading.sandbox" for name in uses(path))


@pytest.mark.parametrize("path", GRADING, ids=place)
def test_nothing_imports_nbgrader_before_it_must(path):
    assert not {name.split(".")[0] for name in imports(tree(path).body)} & NBGRADER


@pytest.mark.parametrize("name", ["grading.grade", "grading.commands.demo", "grading.commands.submit"])
def test_grading_and_handing_in_do_without_nbgrader_and_torch(name):
    loaded = {module.split(".")[0] for module in loaded_by(f"{name}, grading.platforms.nbgrader")}
    assert not loaded & {*NBGRADER, "torch"}


def loaded_by(name, before="sys"):
    """What importing a module brings along, in a process of its own."""
    code = (
        f"import json, sys, {before}; before = set(sys.modules)\n"
        f"import {name}; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout)


# ------------------------------------------------------------------ all code


@pytest.mark.parametrize("path", CODE, ids=place)
def test_modules_and_functions_are_short(path):
    assert len(lines(path)) <= (200 if path.parent.name == "beyond" else 250)
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(path)}
    assert {name: length for name, length in long.items() if length > 45} == {}


@pytest.mark.parametrize("path", sorted((ROOT / "vae_lib" / "explore").rglob("*.js")), ids=lambda p: p.stem)
def test_scripts_are_short(path):
    assert len(lines(path)) <= 400


@pytest.mark.parametrize("path", [*LIBRARY, *EXPLORE, *BEYOND, *ZOO], ids=place)
def test_public_functions_say_what_they_do(path):
    classes = [node for node in tree(path).body if isinstance(node, ast.ClassDef)]
    public = [*classes, *(node for part in [tree(path), *classes] for node in part.body)]
    for node in public:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node) or node.name == "forward", f"{path.stem}.{node.name}"
