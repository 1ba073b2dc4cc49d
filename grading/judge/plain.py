"""Plain tests: what stand-ins cannot carry (classes, figures, files, other packages …) is run whole in the child.

That is the weaker way, since the test is then where the student's code is. So it comes as code without text, puts back
what was patched before each line, and looks at what it compares; the hidden half comes last and tells nothing but
whether it passed. The answer must carry a word that is made when the student's cells have been run. The self-check
(grading/check.py) chooses this way for a test only where the other does not give the lab's own solution its points.
"""

import ast
import marshal
import re
import secrets
from functools import lru_cache
from typing import Any

from grading.course.lab import Exercise, Part, Release
from grading.course.names import bound
from grading.judge.asserts import literal, with_reasons
from grading.judge.half import fault, points_of
from grading.judge.receiving import Raised
from grading.judge.result import TIMED_OUT, Fault
from grading.judge.standins import Link
from grading.judge.verdict import (
    Share,
    Verdict,
    ended_plainly,
    forged,
    not_carried,
    own_class,
    scored,
    stopped,
    untold,
    without_number,
)
from grading.sandbox.inside.shell import as_python
from grading.sandbox.wire import NO_PROGRAMS, clean


class Guarded(ast.NodeTransformer):
    """The test with a call of `honest` round all that it compares, reckons with or hands over, and one of `restore`
    before each of its lines."""

    def __init__(self, restore: str, honest: str, made: str):
        self.restore, self.honest, self.made = restore, honest, made

    def seen(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Constant):
            return node
        if isinstance(node, ast.Starred):
            return ast.copy_location(ast.Starred(self.seen(node.value), node.ctx), node)
        call = ast.Call(ast.copy_location(ast.Name(self.honest, ast.Load()), node), [node], [])
        return ast.copy_location(call, node)

    def visit_Compare(self, node: ast.Compare) -> ast.Compare:
        self.generic_visit(node)
        node.left, node.comparators = self.seen(node.left), [self.seen(one) for one in node.comparators]
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.BinOp:
        self.generic_visit(node)
        node.left, node.right = self.seen(node.left), self.seen(node.right)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.UnaryOp:
        self.generic_visit(node)
        node.operand = self.seen(node.operand)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.BoolOp:
        self.generic_visit(node)
        node.values = [self.seen(one) for one in node.values]
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        """What a test makes by `approx(…)` it may compare with; what a student's function makes so it may not."""
        own = getattr(node.func, "attr", getattr(node.func, "id", "")) == "approx"
        self.generic_visit(node)
        node.args = [self.seen(one) for one in node.args]
        for keyword in node.keywords:
            keyword.value = self.seen(keyword.value)
        if isinstance(node.func, ast.Attribute):
            node.func.value = self.seen(node.func.value)
        made = ast.Call(ast.Name(self.made, ast.Load()), [node], [])
        return ast.fix_missing_locations(ast.copy_location(made, node)) if own else node

    def visit_If(self, node: Any) -> Any:
        self.generic_visit(node)
        node.test = self.seen(node.test)
        return node

    visit_While = visit_IfExp = visit_If

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        self.generic_visit(node)
        node.test = self.seen(node.test)
        return [self.restoring(node), node]

    def visit_Module(self, node: ast.Module) -> ast.Module:
        body = []
        for statement in node.body:
            first = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
            body += [] if first or isinstance(statement, ast.Assert) else [self.restoring(statement)]
            found = self.visit(statement)
            body += found if isinstance(found, list) else [found]
        node.body = body
        return node

    def restoring(self, before: ast.stmt) -> ast.Expr:
        call = ast.Call(ast.Name(self.restore, ast.Load()), [], [])
        return ast.fix_missing_locations(ast.copy_location(ast.Expr(call), before))


def prepared(source: str, name: str, *helpers: str) -> list[bytes]:
    """The test as code for the child: its statements, and its last expression."""
    tree = with_reasons(ast.parse(as_python(source), name))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else ast.Expr(ast.Constant(None))
    guarded = ast.fix_missing_locations(Guarded(*helpers).visit(tree))
    final = Guarded(*helpers).visit(ast.fix_missing_locations(ast.Expression(last.value)))
    codes = compile(guarded, name, "exec"), compile(ast.fix_missing_locations(final), name, "eval")
    return [marshal.dumps(code) for code in codes]


@lru_cache(maxsize=64)
def prelude(parts: tuple[Part, ...], needs: tuple[str, ...], touched: tuple[str, ...] = ()) -> bytes:
    """The lab's own imports, functions, classes and numbers; an import that fails here failed in the set-up, too.

    Those that the test needs of the student are the student's, and numbers that a solution sets (`touched`).
    """
    kept: list[ast.stmt] = []
    for part in parts:
        for node in statements(part.source) if part.role == "code" and not part.explore else ():
            names = set(bound(ast.unparse(node)))
            if isinstance(node, ast.Import | ast.ImportFrom):
                if getattr(node, "module", "") != "__future__":
                    kept.append(ast.Try([node], [ast.ExceptHandler(body=[ast.Pass()])], [], []))
            elif lasting(node) and not names & {*needs, *(touched if isinstance(node, ast.Assign) else ())}:
                kept.append(node)
    tree = ast.fix_missing_locations(ast.Module(kept, []))
    return marshal.dumps(compile(tree, "<set-up>", "exec"))


def lasting(node: ast.stmt) -> bool:
    """Whether it makes a helper, or names numbers or text."""
    helper = isinstance(node, ast.FunctionDef | ast.ClassDef)
    return helper or (isinstance(node, ast.Assign) and literal(node.value))


def statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(as_python(source)).body
    except SyntaxError:
        return []


def beginning(release: Release) -> dict:
    """What the child is told before the first cell: the modules that tests rely on, the classes that the lab has."""
    modules, classes = relied_on(release.parts, release.exercises)
    return {"op": "guard", "modules": modules, "own": [*classes, *release.classes]}


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


def request(exercise: Exercise, release: Release, half: str, source: str, refuses: list) -> tuple[dict, list[bytes]]:
    """The message that has the child run this half, and in it the word that the answer must carry."""
    helpers = [f"_{secrets.token_hex(8)}" for _ in ("restore", "honest", "made")]
    loose = [word for word in ("mock", "ma") if re.search(rf"\b{word}\b", source)]
    names = dict(zip(("restore", "honest", "made"), helpers, strict=True)) | {"loose": loose}
    names |= {"modules": sorted({"builtins", *beginning(release)["modules"]}), "needs": list(exercise.needs)}
    names["shared"] = sorted({name for one in release.parts if one.role == "code" for name in bound(one.source)})
    header = {"op": "plain", "key": secrets.token_hex(16), "hidden": half == "hidden", "exercise": exercise.grade_id}
    header |= {"names": names, "refuses": refuses}
    given = prelude(release.parts, exercise.needs, release.touched)
    return header, [given, *prepared(source, f"<{half} test>", *helpers)]


def run_plain(
    exercise: Exercise, release: Release, half: str, source: str, link: Link, faults: list[Fault], candid: bool
) -> Verdict:
    """The verdict on this half, as the child tells it. `candid`: the lab's own notebook, whose author is told all."""
    try:
        header, blobs = request(exercise, release, half, source, link.refuses)
    except SyntaxError as error:
        faults.append(fault(exercise, half, error.lineno or 0, f"{(error.text or '').strip()}\nSyntaxError: {error}"))
        return Verdict(0.0, message="The test itself is no Python.")
    key = header["key"]
    reply, _ = link.session.request(header | {"mute": half == "hidden" and not candid}, blobs)
    if link.session.interrupted:
        return stopped(exercise, TIMED_OUT, half)
    if reply.get("key") != key:
        return forged(exercise)
    if reply.get("passed") is True:
        points = points_of(reply.get("points"))
        if points is None:
            return without_number(exercise, release.counts(exercise, half))
        return scored(exercise, points, shares(exercise, half, reply.get("shares"), source, faults))
    verdict = told(exercise, half, reply.get("said"), source, faults)
    if reply.get("limit") == "class":
        said = reply.get("said") if half == "visible" else None
        return own_class(exercise, str(said.get("message", "")) if isinstance(said, dict) else "")
    if half == "hidden" and reply.get("limit") == "programs":
        return not_carried(exercise, NO_PROGRAMS, hidden=True)
    return untold(exercise) if half == "hidden" else verdict


def shares(exercise: Exercise, half: str, said: object, source: str, faults: list[Fault]) -> tuple[Share, ...]:
    """The parts that the child names, of the visible half: text and numbers, and no more."""
    found = []
    for one in said if isinstance(said, list) and half == "visible" else ():
        if isinstance(one, list) and len(one) == 3 and type(one[1]) in (int, float):
            reason = told(exercise, half, one[2], source, faults).message if one[2] else ""
            found.append(Share(clean(str(one[0]))[:200], one[1], 0.0 if reason else one[1], reason))
    return tuple(found)


def told(exercise: Exercise, half: str, said: object, source: str, faults: list[Fault]) -> Verdict:
    """What the child says of a test that failed; it is text and no more."""
    said = said if isinstance(said, dict) else {}
    place = said.get("place") if type(said.get("place")) is int else 0
    pairs = said.get("compared") if isinstance(said.get("compared"), list) else []
    sides = [(clean(str(one[0])), clean(str(one[1]))) for one in pairs if isinstance(one, list) and len(one) == 2]
    verdict, line = ended_plainly(exercise, Raised.from_reply(said), said.get("bare") is True, place, sides, source)
    faults.append(fault(exercise, half, place, f"{line}\n{verdict.message}"))
    return verdict
