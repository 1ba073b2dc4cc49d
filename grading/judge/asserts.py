"""A test's plain assertions: `assert f(3) == 9` says what f(3) is, and every error of a test says where it stands."""

import ast
import re

LONGEST = 100
MISSED = re.compile(r"DID NOT RAISE <class '([\w.]+)'>")


def with_reasons(tree: ast.Module) -> ast.Module:
    """The test with a sentence behind each `assert a == b` that has none (any comparison of two)."""
    return ast.fix_missing_locations(Reasons().visit(tree))


class Reasons(ast.NodeTransformer):
    """`assert a == b` becomes `assert (x := a) == (y := b), (("a", x), ("b", y))`, with names that no test has."""

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        compared = node.test
        if node.msg is None and isinstance(compared, ast.Compare) and len(compared.ops) == 1:
            sides = [compared.left, compared.comparators[0]]
            told = [(n, ast.unparse(side)) for n, side in enumerate(sides) if not literal(side)]
            node.msg = ast.Tuple([ast.Tuple([ast.Constant(t), load(n)], ast.Load()) for n, t in told], ast.Load())
            kept = [ast.NamedExpr(ast.Name(f"_side_{n}", ast.Store()), side) for n, side in enumerate(sides)]
            node.test = ast.Compare(kept[0], compared.ops, [kept[1]])
        return node


def literal(node: ast.expr) -> bool:
    """Whether an expression says its own value, as -7 does."""
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def load(number: int) -> ast.Name:
    return ast.Name(f"_side_{number}", ast.Load())


def sentence(error: BaseException, line: str) -> str:
    """What an assertion without words of its own says: its line, and what was compared."""
    missed = MISSED.search(str(error))
    if missed:
        return f"No {missed[1]} was raised in the line   {line}"
    sides = error.args[0] if error.args and isinstance(error.args[0], tuple) else ()
    return unmet(line, [(text, shown(value)) for text, value in sides])


def unmet(line: str, sides: list[tuple[str, str]]) -> str:
    """The sentence, from the line and what the two sides were."""
    values = " and ".join(f"`{short(text)}` is {short(value)}" for text, value in sides)
    return f"This does not hold: `{line.removeprefix('assert ')}`." + (f" Here {values}." if values else "")


def wordless(error: BaseException) -> bool:
    """Whether an assertion failed that says nothing itself, or pytest met no error where it wants one."""
    if isinstance(error, AssertionError):
        return not error.args or isinstance(error.args[0], tuple)
    return bool(MISSED.search(str(error)))


def shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:
        return f"a {type(value).__name__}"


def short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def place(error: BaseException, source: str, name: str) -> tuple[int, str]:
    """Number and text of the test's line in which an error arose; 0 and "" where it arose elsewhere."""
    number = getattr(error, "lineno", 0) or 0 if isinstance(error, SyntaxError) else 0
    step = error.__traceback__
    while step is not None:
        number = step.tb_lineno if step.tb_frame.f_code.co_filename == name else number
        step = step.tb_next
    return number, statement(source, number)


def statement(source: str, number: int) -> str:
    """The statement at a line, in one line; of a loop or a function the line itself."""
    lines = source.splitlines()
    if not 0 < number <= len(lines):
        return ""
    try:
        nodes = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.stmt) and not hasattr(n, "body")]
    except SyntaxError:
        nodes = []
    spread = [n for n in nodes if n.lineno <= number <= n.end_lineno]
    return short(ast.get_source_segment(source, spread[0]) if spread else lines[number - 1].strip())
