"""Where a test is run: in variables that the lab's own set-up has made, with a student's functions among them."""

import ast
import copy
import random
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np
import torch

from grading.course.folder import GradingError
from grading.course.halves import hidden_lines
from grading.course.lab import Exercise, Part, Release
from grading.course.names import bound
from grading.judge.asserts import place, with_reasons
from grading.judge.standins import Link
from grading.sandbox.inside.shell import Shell, as_python, without_magics
from vae_lib.testing import Lab

DATA = (torch.Tensor, np.ndarray, torch.nn.Module, list, tuple, dict, set)


@dataclass
class Scene:
    """An exercise's test while it is run: its variables, the link they belong to, the functions it calls.

    `handles` are the numbers that the student's functions and variables have in the child, `values` the names of
    those that are no functions.
    """

    variables: dict[str, Any] | None = None
    link: Link | None = None
    bound: Link | None = None
    handles: dict[str, int | None] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)

    def learn(self, names: tuple[str, ...], reply: dict) -> None:
        """What the child says that these names are."""
        handles, values = reply.get("handles"), reply.get("values")
        handles = handles if isinstance(handles, list) and len(handles) == len(names) else [None]
        known = dict(zip(names, handles, strict=False))
        self.handles = {name: known.get(name) if type(known.get(name)) is int else None for name in names}
        self.values = {n for n, v in zip(names, values, strict=False) if v} if type(values) is list else set()

    def missing(self, exercise: Exercise) -> str | None:
        """The first of what the test is about that the notebook does not have."""
        return next((name for name in exercise.tested if self.handles.get(name) is None), None)


@lru_cache(maxsize=4)
def _setup(parts: tuple[Part, ...]) -> dict[str, Any]:
    """What the lab's own cells make; those behind the first exercise, which may need an answer to it, what they can."""
    variables: dict[str, Any] = {"__name__": "__main__"}
    variables["get_ipython"] = lambda: Shell(variables)
    begun = False
    for number, part in enumerate(parts, start=1):
        begun = begun or part.role == "solution"
        if part.role == "code" and not part.explore:
            name = f"<code cell {number}>"
            try:
                source = without_magics(part.source)
                exec(compile(source, name, "exec"), variables)
            except Exception as error:
                if not begun:
                    _, line = place(error, part.source, name)
                    raise GradingError(f"code cell {number}, `{line}`: {type(error).__name__}: {error}") from error
    return variables


def own_variables(release: Release) -> dict[str, Any]:
    """What the set-up makes, the same objects each time; GradingError says which of its lines does not run."""
    try:
        return _setup(release.parts)
    except GradingError as error:
        raise GradingError(f"The set-up of {release.lab} does not run, so nobody is graded: {error}") from error


def setup(release: Release) -> dict[str, Any]:
    """The variables that the lab's own set-up cells make (the cells as they were handed out).

    Data are copied, since a student's function may change what it is given. GradingError if the set-up does not run.
    """
    variables = own_variables(release)
    return {name: copy.deepcopy(v) if isinstance(v, DATA) else v for name, v in variables.items() if name[:2] != "__"}


def fresh(release: Release) -> dict[str, Any]:
    """A test's variables before the student's functions come in; noise starts afresh."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002  (a test may use it)
    random.seed(0)
    return {"__name__": "__main__"} | setup(release)


def defining(parts: tuple[Part, ...], release: Release, exercise: Exercise, name: str) -> int:
    """The place of the cell that should define a name: the lab's own of that name, else the last before the test."""
    known = {p.grade_id for p in release.parts if p.role == "solution" and name in (p.grade_id, *bound(p.source))}
    before = [place for place, part in enumerate(parts) if part.role == "solution"]
    if found := [place for place in before if parts[place].grade_id in known]:
        return found[0]
    tests = [place for place, part in enumerate(parts) if part.grade_id == exercise.grade_id]
    return max((place for place in before if tests and place < tests[0]), default=-1)


def refused(release: Release, exercise: Exercise) -> list[tuple[str, list[str]]]:
    """What a test is about, each with what else of the library would give it away, as the lab's set-up lists it."""
    labs = [value for value in own_variables(release).values() if isinstance(value, Lab)]
    others = {name: list(names) for lab in labs for name, names in lab.refuses.items()}
    return [(name, others.get(name, [])) for name in dict.fromkeys((exercise.name, *exercise.tested))]


def play(source: str, name: str, variables: dict[str, Any]) -> Any:
    """Run a test, or half of one; the value of its last line, if that is an expression."""
    statements, last = compiled(source, name)
    exec(statements, variables)
    return None if last is None else eval(last, variables)


@lru_cache(maxsize=256)
def compiled(source: str, name: str) -> tuple[CodeType, CodeType | None]:
    """The statements of a test, its plain asserts made to say what they compared, and its last expression."""
    tree = with_reasons(ast.parse(as_python(source), name))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    value = None if last is None else compile(ast.Expression(last.value), name, "eval")
    return compile(tree, name, "exec"), value


def only_hidden(exercise: Exercise) -> str:
    """The hidden regions of a test; the lines before them are left blank. The whole, where they are no lines by
    themselves (the inside of a loop, say)."""
    source = "".join(line if hidden else "\n" for line, hidden in hidden_lines(exercise.hidden))
    try:
        ast.parse(as_python(source))
    except SyntaxError:
        return exercise.hidden
    return source


def and_points(exercise: Exercise) -> str | None:
    """The hidden regions, and the line behind them that tells the points; None where it does more than tell them, or
    is not behind them: then a test is to be run again as a whole."""
    hidden = only_hidden(exercise)
    try:
        last = ast.parse(as_python(exercise.hidden)).body[-1]
    except (SyntaxError, IndexError):
        return None
    if hidden == exercise.hidden or not isinstance(last, ast.Expr):
        return None
    calls = [node.func for node in ast.walk(last) if isinstance(node, ast.Call)]
    if any(not (isinstance(call, ast.Attribute) and call.attr == "earned") for call in calls):
        return None
    lines, whole = hidden.splitlines(), exercise.hidden.splitlines()
    return "\n".join(lines[: last.lineno - 1] + whole[last.lineno - 1 :])


def imports(source: str) -> str:
    """The import statements of a test; none where it is not plain Python."""
    try:
        statements = ast.parse(as_python(source)).body
    except SyntaxError:
        return ""
    return "\n".join(ast.unparse(node) for node in statements if isinstance(node, ast.Import | ast.ImportFrom))
