"""Names in a cell: what it binds at its top, and what it reads that it has not bound by then."""

import ast
import re

GLOBAL = re.compile(r"^\s*global (.+)$", re.MULTILINE)
DEFINITION = re.compile(r"^(?:def|class)[ \t]+(\w+)", re.MULTILINE)


def bound(source: str) -> list[str]:
    """The functions, classes and variables of a cell; functions and classes alone, where it is not plain Python."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return DEFINITION.findall(source)
    return [name for statement in statements for name in stored(statement)]


def stored(node: ast.AST) -> list[str]:
    """The names that a statement binds; those inside a function, a class or a comprehension are its own."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Name):
        return [node.id] if isinstance(node.ctx, ast.Store) else []
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.comprehension):
        children.remove(node.target)
    return [name for child in children for name in stored(child)]


def touched(given: str, solutions: list[str]) -> set[str]:
    """The names of a set-up cell that a solution sets; those of lists and other objects, where it mentions them."""
    try:
        statements = ast.parse(given).body
    except SyntaxError:
        return set()
    words = {word for source in solutions for word in re.findall(r"\w+", source)}
    put = {name for source in solutions for name in bound(source)}
    put |= {name for source in solutions for line in GLOBAL.findall(source) for name in re.findall(r"\w+", line)}
    put |= words if "globals" in words else set()
    found = set()
    for node in statements:
        simple = isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.UnaryOp)
        found |= set(stored(node)) & (put if simple else words)
    return found


def read_first(source: str) -> set[str]:
    """The names that a cell needs from outside; all its words, where it is not plain Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set(re.findall(r"\w+", source))
    reader = Reader(set())
    reader.visit(tree)
    return reader.finish()


class Reader(ast.NodeVisitor):
    """Goes through a cell in the order in which it is run; what functions read, they read when all is bound."""

    def __init__(self, known: set[str]):
        self.bound, self.read = known, set()
        self.later: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda] = []

    def finish(self) -> set[str]:
        for function in self.later:
            own = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
            body = function.body if isinstance(function.body, list) else [function.body]
            inside = Reader(self.bound | own | {name for one in body for name in (*stored(one), *imported(one))})
            for one in body:
                inside.visit(one)
            self.read |= inside.finish()
        return self.read

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)
        elif node.id not in self.bound:
            self.read.add(node.id)

    def in_order(self, *fields: object) -> None:
        for field in fields:
            for node in field if isinstance(field, list) else [field]:
                if isinstance(node, ast.AST):
                    self.visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.in_order(node.value, node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.in_order(node.value, node.target if node.value else None)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.visit(ast.Name(node.target.id, ast.Load()))
        self.in_order(node.value, node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.in_order(node.value, node.target)

    def visit_For(self, node: ast.For) -> None:
        self.in_order(node.iter, node.target, node.body, node.orelse)

    visit_AsyncFor = visit_For

    def visit_If(self, node: ast.If) -> None:
        """What one branch alone binds may not be there behind it."""
        self.visit(node.test)
        before, ends = set(self.bound), []
        for branch in (node.body, node.orelse):
            self.bound = set(before)
            self.in_order(branch)
            ends.append(self.bound)
        self.bound = ends[0] & ends[1]

    def visit_comprehension_of(self, node: ast.AST) -> None:
        before = set(self.bound)
        for one in node.generators:
            self.in_order(one.iter, one.target, one.ifs)
        self.in_order(*(getattr(node, part, None) for part in ("key", "value", "elt")))
        named = {one.target.id for one in ast.walk(node) if isinstance(one, ast.NamedExpr)}
        self.bound = before | named

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_comprehension_of

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.in_order(node.args.defaults, node.args.kw_defaults)
        self.later.append(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.in_order(node.decorator_list, node.args.defaults, node.args.kw_defaults)
        self.bound.add(node.name)
        self.later.append(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.in_order(node.decorator_list, node.bases, node.keywords)
        before = set(self.bound)
        self.in_order(node.body)
        self.bound = before | {node.name}

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.in_order(node.type)
        self.bound |= {node.name} - {None}
        self.in_order(node.body)

    def visit_alias(self, node: ast.alias) -> None:
        self.bound.add(node.asname or node.name.partition(".")[0])

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self.in_order(node.pattern)
        self.bound |= {node.name} - {None}

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self.bound |= {node.name} - {None}


def imported(node: ast.AST) -> list[str]:
    """What the import statements inside a node bind."""
    aliases = [one for one in ast.walk(node) if isinstance(one, ast.alias)]
    return [one.asname or one.name.partition(".")[0] for one in aliases]
