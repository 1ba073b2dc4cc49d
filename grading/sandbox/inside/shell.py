"""As much of IPython as a notebook's cells need: magics become calls of `get_ipython`, which the shell answers."""

import ast
import asyncio
import inspect
import io
import re
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grading.sandbox.inside.errors import SKIPPED
from grading.sandbox.inside.lacks import NO_PROGRAMS, NOT_CARRIED

AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
PROGRAMS = ("bash", "sh", "script", "cmd", "perl", "ruby")
TIMED = re.compile(r"\A\s*%%(?:time|timeit|capture|prun)\b.*")


def without_magics(source: str) -> str:
    """The cell as Python: what IPython adds to it becomes calls of `get_ipython`."""
    try:
        ast.parse(source)
        return source
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        return TransformerManager().transform_cell(source)


def as_python(source: str) -> str:
    """A test as Python, line for line; a timing magic at its top is left out, so that what it runs is seen."""
    return without_magics(TIMED.sub("", source))


def played(code: types.CodeType, variables: dict[str, Any]) -> Any:
    """Run a cell's code, which may wait at its top as in Jupyter; an expression's value."""
    value = eval(code, variables)
    return asyncio.run(value) if code.co_flags & inspect.CO_COROUTINE else value


class NotCarried(RuntimeError):
    """What a notebook asks for and the sandbox has not."""


class Shell:
    """As much of IPython as a lab needs: timing magics run their code, files are written and run, no program is started
    (`!pip install …` does nothing; what a program would print is not at hand), all others do nothing."""

    def __init__(self, variables: dict[str, Any]):
        self.variables = variables

    def run(self, source: str) -> None:
        """Code that a magic holds, which may hold others: `!pip install …` under `%%capture`."""
        played(compile(without_magics(source), "<magic>", "exec", AWAIT), self.variables)

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        if name in ("time", "timeit", "capture", "prun"):
            self.run(cell)
        elif name in ("writefile", "file"):
            words = line.split()
            with open(words[-1].strip("\"'"), "a" if "-a" in words[:-1] else "w", encoding="utf-8") as file:
                file.write(cell)
        elif name in PROGRAMS:
            raise NotCarried(f"%%{name}: {NO_PROGRAMS} {NOT_CARRIED}")

    def run_line_magic(self, name: str, line: str, *rest: object) -> None:
        if name in ("time", "timeit", "prun"):
            self.run(line)
        elif name in ("pip", "conda", "mamba", "uv"):
            SKIPPED.append(f"{name} {line}")
        elif name == "run":
            words = [word for word in line.split() if word[:1] != "-"]
            self.run(Path(words[0]).read_text(encoding="utf-8"))

    def system(self, line: str) -> None:
        """A program's line does nothing; an error that comes of it is known by it."""
        SKIPPED.append(line)

    def getoutput(self, line: str, *rest: object) -> None:
        raise NotCarried(f"!{line}: {NO_PROGRAMS} {NOT_CARRIED}")

    def __getattr__(self, name: str) -> Callable:
        return lambda *arguments, **options: None


def drawn() -> list[bytes]:
    """The figures that are open, as PNG."""
    import matplotlib.pyplot as plt

    pictures = [io.BytesIO() for _ in plt.get_fignums()]
    for number, picture in zip(plt.get_fignums(), pictures, strict=True):
        plt.figure(number).savefig(picture, format="png", dpi=72, bbox_inches="tight")
    return [picture.getvalue() for picture in pictures]


def close_figures() -> None:
    import matplotlib.pyplot as plt

    plt.close("all")
