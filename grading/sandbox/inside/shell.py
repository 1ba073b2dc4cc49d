"""As much of IPython as a notebook's cells need: magics become calls of `get_ipython`, which the shell answers."""

import ast
from collections.abc import Callable


def without_magics(source: str) -> str:
    """The cell as Python: what IPython adds to it becomes calls of `get_ipython`."""
    try:
        ast.parse(source)
        return source
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        return TransformerManager().transform_cell(source)


class Shell:
    """As much of IPython as a lab needs: timing magics run their code, all others do nothing."""

    def __init__(self, run: Callable[[str], None]):
        self.run = run

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        if name in ("time", "timeit", "capture", "prun"):
            self.run(cell)

    def run_line_magic(self, name: str, line: str, *rest: object) -> None:
        if name in ("time", "timeit", "prun"):
            self.run(line)

    def __getattr__(self, name: str) -> Callable:
        return lambda *arguments, **options: None
