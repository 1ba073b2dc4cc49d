"""The two halves of a test cell, told apart as nbgrader does it: by a line that holds the one delimiter, and one that
holds the other, wherever in the line they stand."""

from collections.abc import Iterator
from pathlib import Path

from grading.course.settings import configuration

BEGIN, END = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"


def hidden_lines(test: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it is hidden; the delimiters' own lines are."""
    inside = False
    for line in test.splitlines(keepends=True):
        inside = inside or BEGIN in line
        yield line, inside
        inside = inside and END not in line


def visible_half(test: str) -> str:
    """What students see of a test."""
    return "".join(line for line, hidden in hidden_lines(test) if not hidden)


def delimiters(root: Path) -> tuple[str, str]:
    """Those that the course has set (`ClearHiddenTests` in nbgrader_config.py), else nbgrader's own."""
    path = root / "nbgrader_config.py"
    if not path.is_file() or "test_delimeter" not in path.read_text(encoding="utf-8"):  # reading it takes a while
        return BEGIN, END
    chosen = configuration(root).ClearHiddenTests
    return str(chosen.get("begin_test_delimeter", BEGIN)), str(chosen.get("end_test_delimeter", END))


def usual(test: str, begin: str, end: str) -> str:
    """The test with nbgrader's own delimiters in the place of the course's."""
    return test if (begin, end) == (BEGIN, END) else test.replace(begin, BEGIN).replace(end, END)
