"""What a piece of work is made of, so that two can be compared: its statements as syntax trees, local names replaced by
numbers, and its words five by five. Comments, docstrings, annotations and the order of statements make no difference.

Students' code is parsed here, so this is run as a process of its own (`python -m grading.report.trees`), which a text
made to break the parser may break: one line of JSON in, one line out.
"""

import ast
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

LIGHTEST = 6  # nodes of a statement: `return z` says nothing
SHINGLE = 5  # words
LONGEST = 20_000  # characters
SECONDS, BYTES = 60, 2 << 30
UNSAID = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)  # not counted as nodes
MAGIC = re.compile(r"^[%!].*", re.MULTILINE)
COMMENT = re.compile(r"#+(.*)")

Bag = dict[str, tuple[int, int]]  # a statement's name: how often it is there, and how many nodes or words it has


def main() -> None:
    """Each line a source, ["code" or "words", text]; answered by its bag and the names that it defines."""
    limit()
    for line in sys.stdin:
        kind, source = json.loads(line)
        print(json.dumps(code(source) if kind == "code" else (prose(source), [])), flush=True)


def limit() -> None:
    """Bound what a text can cost, as far as the system does that."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


def code(source: str) -> tuple[Bag, list[str]]:
    """The statements of a cell, and what it defines; nothing where it is no Python or too long."""
    try:
        tree = ast.parse(MAGIC.sub("", source[:LONGEST]))
        named = [one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.ClassDef)]
        local = locals_of(tree)
        found = Counter(name for one in statements(tree.body) for name in [written(one, local)] if name)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}, re.findall(r"^(?:def|class)[ \t]+(\w+)", source, re.MULTILINE)
    bag = {key(name): (times, weight) for (name, weight), times in found.items() if weight >= LIGHTEST}
    return bag | prose(" ".join(COMMENT.findall(source))), named


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements, those inside others too; of a compound one its head alone is left in it."""
    for one in body:
        if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):  # a docstring
            continue
        inner = [getattr(one, name, []) for name in ("body", "orelse", "finalbody")]
        inner += [handler.body for handler in getattr(one, "handlers", [])]
        for name in ("body", "orelse", "finalbody", "handlers", "returns", "annotation"):
            if hasattr(one, name):
                setattr(one, name, None if name in ("returns", "annotation") else [])
        yield one
        for block in inner:
            yield from statements(block)


def locals_of(tree: ast.AST) -> set[str]:
    """The names that a cell gives: functions, arguments, variables."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
    return found


def written(statement: ast.stmt, local: set[str]) -> tuple[str, int] | None:
    """The statement's tree as text, local names numbered as they come, and its number of nodes."""
    numbers: dict[str, int] = {}
    nodes = 0

    def text(node: object) -> str:
        nonlocal nodes
        if isinstance(node, list):
            return f"[{','.join(map(text, node))}]"
        if isinstance(node, str):
            return f"v{numbers.setdefault(node, len(numbers))}" if node in local else repr(node)
        if not isinstance(node, ast.AST):
            return repr(node)
        nodes += not isinstance(node, UNSAID)
        fields = [(name, value) for name, value in ast.iter_fields(node) if name not in ("annotation", "ctx", "kind")]
        return f"{type(node).__name__}({','.join(text(value) for _, value in fields)})"

    return text(statement), nodes


def prose(text: str) -> Bag:
    """The words of a text, five by five."""
    words = re.findall(r"\w+", text[:LONGEST].casefold())
    shingles = Counter(tuple(words[start : start + SHINGLE]) for start in range(len(words) - SHINGLE + 1))
    return {key(" ".join(words)): (times, 1) for words, times in islice(shingles.items(), LONGEST)}


def key(text: str) -> str:
    """A short name for a long text."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


if __name__ == "__main__":
    main()
