"""Errors that a notebook shows in two lines: what the reader wrote, and one sentence."""

from __future__ import annotations

import ast
import linecache
import sysconfig
import traceback
from pathlib import Path

# whose frames are not the reader's own
_OTHERS = (str(Path(__file__).parent), sysconfig.get_paths()["stdlib"], "site-packages", "dist-packages")


class Brief(Exception):
    """An error that a notebook shows as the reader's own line and one sentence, without the library's frames."""

    def _render_traceback_(self) -> list[str]:
        """Called by IPython in place of its own traceback."""
        own = own_frames(traceback.extract_tb(self.__traceback__))
        where = [f"line {own[-1].lineno}: {_statement(own[-1])}"] if own and own[-1].line else []
        return [*where, f"{type(self).__name__}: {self}"]


def own_frames(frames: traceback.StackSummary) -> list[traceback.FrameSummary]:
    """The frames of the reader's own code, the library's and Python's left out."""
    return [f for f in frames if not any(other in f.filename for other in _OTHERS)]


def _statement(frame: traceback.FrameSummary, width: int = 88) -> str:
    """The frame's line, or the statement in one line where it is spread over several."""
    try:
        nodes = list(ast.walk(ast.parse("".join(linecache.getlines(frame.filename)))))
    except SyntaxError:
        nodes = []
    spread = [n for n in nodes if isinstance(n, ast.stmt) and n.lineno <= frame.lineno <= n.end_lineno > n.lineno]
    simple = [n for n in spread if not hasattr(n, "body")]  # of a loop or a function the line is enough
    text = ast.unparse(simple[0]) if simple else frame.line
    return text if len(text) <= width else f"{text[: width - 1]}…"


class InputError(Brief, ValueError):
    """What was handed in cannot be used; the message says what was given and what is needed."""


def require(condition: bool, message: str) -> None:
    """Raise `InputError` with `message` unless `condition` holds."""
    if not condition:
        raise InputError(message)
