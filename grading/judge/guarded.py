"""A plain test as code for the child: it puts back what was patched before each line, and looks at what it compares."""

import ast
import marshal
from typing import Any

from grading.judge.asserts import with_reasons
from grading.sandbox.inside.shell import as_python

HELPERS = (
    "restore",
    "honest",
    "made",
    "patched",
    "settled",
)  # the child's functions, under names made for the occasion


class Guarded(ast.NodeTransformer):
    """The test with a call of `honest` round all that it compares, reckons with or hands over, and one of `restore`
    before each of its lines."""

    def __init__(self, restore: str, honest: str, made: str, patched: str, settled: str):
        self.restore, self.honest, self.made, self.patched, self.settled = restore, honest, made, patched, settled

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

    def visit_With(self, node: ast.With) -> ast.With:
        """What the test's own `with patch(…)` puts there stays until it ends."""
        self.generic_visit(node)
        for item in node.items:
            if isinstance(item.context_expr, ast.Call) and "patch" in ast.unparse(item.context_expr.func).split("."):
                call = ast.Call(ast.Name(self.patched, ast.Load()), [item.context_expr], [])
                item.context_expr = ast.fix_missing_locations(ast.copy_location(call, item.context_expr))
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.Attribute:
        """What a function patches while a line calls it is put back before the line asks its answer for anything."""
        self.generic_visit(node)
        if isinstance(node.value, ast.Call) and isinstance(node.ctx, ast.Load):
            call = ast.Call(ast.Name(self.settled, ast.Load()), [node.value], [])
            node.value = ast.fix_missing_locations(ast.copy_location(call, node.value))
        return node

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
