"""A row of the table of what a test may do."""

from __future__ import annotations

from typing import NamedTuple

STANDIN, PLAIN, NOT = "stand-in", "plain", "not"
EQUAL = """
class Equal:
    def __eq__(self, other): return True
    __le__ = __ge__ = __ne__ = __bool__ = __eq__
    __hash__ = object.__hash__
"""


class Row(NamedTuple):
    """The way in which the test is carried, the solution, both halves of the test, and two other answers.

    `files` lie beside the lab.
    """

    way: str
    solution: str
    visible: str
    hidden: str
    wrong: str
    cheat: str
    set_up: str = ""
    files: dict[str, str] = {}  # noqa: RUF012  (never changed)
