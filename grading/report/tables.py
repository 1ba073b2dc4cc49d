"""Tables for spreadsheets: quoted as CSV asks, and without anything that a spreadsheet would take for a formula."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones are for Japanese spreadsheets


def cell(value: object) -> str:
    """What stands in the file: "" for None, numbers plain, text that begins like a formula with a quote before it."""
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return f"{value:g}"
    text = str(value).replace("\0", "")
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table as CSV text."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return file.getvalue()


def write(path: Path, text: str) -> None:
    """Beside the file, then renamed, so that a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, encoding="utf-8", errors="replace")
    os.replace(beside, path)
