"""What a plain test finds of the lab's own: its imports, helpers, numbers and classes."""

import ast
import marshal
from functools import lru_cache

from grading.course.lab import Exercise, Part, Release
from grading.course.names import bound
from grading.judge.asserts import literal
from grading.sandbox.inside.shell import as_python


@lru_cache(maxsize=64)
def prelude(
    parts: tuple[Part, ...], needs: tuple[str, ...], touched: tuple[str, ...] = (), noted: tuple[str, ...] = ()
) -> bytes:
    """The lab's own imports, functions, classes and numbers; an import that fails here failed in the set-up, too.

    Those that the test needs of the student are the student's, and numbers that a solution sets (`touched`); classes
    in `noted` are there already.
    """
    kept: list[ast.stmt] = []
    for part in parts:
        for node in statements(part.source) if part.role == "code" and not part.explore else ():
            names = set(bound(ast.unparse(node)))
            if isinstance(node, ast.Import | ast.ImportFrom):
                if getattr(node, "module", "") != "__future__":
                    kept.append(ast.Try([node], [ast.ExceptHandler(body=[ast.Pass()])], [], []))
            elif isinstance(node, ast.ClassDef) and node.name in noted:
                continue
            elif lasting(node) and not names & {*needs, *(touched if isinstance(node, ast.Assign) else ())}:
                kept.append(node)
    tree = ast.fix_missing_locations(ast.Module(kept, []))
    return marshal.dumps(compile(tree, "<set-up>", "exec"))


@lru_cache(maxsize=16)
def ground(parts: tuple[Part, ...], touched: tuple[str, ...]) -> tuple[bytes, dict[str, str]]:
    """What makes the set-up's classes, before a notebook's first cell, and how each of them is written. One that needs
    more than imports, helpers and numbers is not made."""
    kept: list[ast.stmt] = []
    classes: dict[str, str] = {}
    for part in parts:
        for node in statements(part.source) if part.role == "code" and not part.explore else ():
            if isinstance(node, ast.ClassDef):
                classes[node.name] = ast.unparse(node)
            known = isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", "") != "__future__"
            simple = lasting(node) and not (isinstance(node, ast.Assign) and changeable(node, touched))
            if known or simple:
                kept.append(ast.Try([node], [ast.ExceptHandler(body=[ast.Pass()])], [], []))
    tree = ast.fix_missing_locations(ast.Module(kept, []))
    return marshal.dumps(compile(tree, "<set-up>", "exec")), classes


def changeable(node: ast.Assign, touched: tuple[str, ...]) -> bool:
    """Whether the notebook may change what is assigned."""
    boxes = isinstance(node.value, ast.List | ast.Dict | ast.Set)
    return boxes or bool({*bound(ast.unparse(node))} & {*touched})


def lasting(node: ast.stmt) -> bool:
    """Whether it makes a helper, or names numbers or text."""
    helper = isinstance(node, ast.FunctionDef | ast.ClassDef)
    return helper or (isinstance(node, ast.Assign) and literal(node.value))


def statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(as_python(source)).body
    except SyntaxError:
        return []


def beginning(release: Release) -> tuple[dict, list[bytes]]:
    """What the child is told before the first cell: the modules that tests rely on, the classes that the lab has, and
    those of the set-up, which it makes."""
    code, given = ground(release.parts, release.touched)
    modules, classes = relied_on(release.parts, release.exercises)
    return {"op": "guard", "modules": modules, "own": [*classes, *release.classes], "classes": given}, [code]


@lru_cache(maxsize=16)
def relied_on(parts: tuple[Part, ...], exercises: tuple[Exercise, ...]) -> tuple[list[str], list[str]]:
    """The modules that the set-up and the tests import, and the classes that they define."""
    sources = [part.source for part in parts if part.role == "code"]
    sources += [exercise.hidden for exercise in exercises]
    nodes = [node for source in sources for top in statements(source) for node in ast.walk(top)]
    classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    return sorted({name for node in nodes for name in imported(node)}), sorted(classes)


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
