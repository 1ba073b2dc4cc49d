"""CSV tables that other programs wrote: comma, semicolon or tab; UTF-8, UTF-16 or Windows's cp1252."""

import codecs
import csv
import io
import unicodedata
from pathlib import Path
from typing import NamedTuple

from grading.course.folder import GradingError

DELIMITERS = (",", ";", "\t")


class Table(NamedTuple):
    """A table of text, each row as wide as the header; `encoding` is how it was read."""

    header: list[str]
    rows: list[list[str]]
    delimiter: str
    encoding: str

    def places(self) -> dict[str, int]:
        """Where each column stands; of two with one name, the first."""
        return {name: place for place, name in reversed(list(enumerate(self.header)))}


def read_table(path: Path) -> Table:
    """The table; its header without blanks around. GradingError where it cannot be read, or is empty."""
    try:
        text, encoding = decoded(path.read_bytes())
        lines = text.splitlines()
        delimiter = delimiter_of(next((line for line in lines if line.strip()), ""))
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise GradingError(f"{path.name} cannot be read ({error}): save it as CSV in UTF-8.") from None
    if not rows:
        raise GradingError(f"{path.name} is empty.")
    width = max(map(len, rows))
    header, *rest = [row + [""] * (width - len(row)) for row in rows]
    return Table([name.strip() for name in header], rest, delimiter, encoding)


def decoded(content: bytes) -> tuple[str, str]:
    """The text and its encoding: by its byte order mark, by the zero bytes of UTF-16, else UTF-8, else cp1252."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in content[:200]:
        encoding = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    elif content.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    else:
        try:
            return unicodedata.normalize("NFC", content.decode("utf-8")), "utf-8"
        except UnicodeDecodeError:
            encoding = "cp1252"
    return unicodedata.normalize("NFC", content.decode(encoding)), encoding


def delimiter_of(header: str) -> str:
    """What stands between the columns: the sign that makes most of them."""
    return max(DELIMITERS, key=lambda sign: len(next(csv.reader([header], delimiter=sign), [])))
