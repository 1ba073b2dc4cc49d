"""Read a notebook that somebody else made: any bytes in, a notebook of format 4.5 out, or a sentence for its author."""

import codecs
import json
from typing import Any

from grading.intake.pictures import MOST_TOGETHER, pasted

MAX_BYTES = 50 << 20
MAX_CELLS = 2000
CELL_TYPES = ("code", "markdown", "raw")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class Unreadable(Exception):
    """Why a hand-in cannot be graded, in one sentence that its author can act on."""


def read_notebook(content: bytes) -> dict:
    """The notebook, its cells made sound: known types, text for a source, no outputs, pasted pictures only where they
    are pictures. Raises `Unreadable`."""
    if len(content) > MAX_BYTES:
        limit = f"{MAX_BYTES >> 20} MB"
        raise Unreadable(f"The file is larger than {limit}: clear the notebook's outputs, save, and hand in again.")
    if not content.strip():
        raise Unreadable("The file is empty: save the notebook and hand in again.")
    found = _parse(content)
    if not isinstance(found, dict) or _raw_cells(found) is None:
        raise Unreadable("The file is JSON, but not a notebook: hand in the lab's .ipynb file.")
    if len(_raw_cells(found)) > MAX_CELLS:
        raise Unreadable(f"The notebook has more than {MAX_CELLS} cells: hand in the lab's own notebook.")
    cells, room = [], MOST_TOGETHER
    for given in (one for one in _raw_cells(found) if isinstance(one, dict)):
        cells.append(_cell(given))
        room -= _pictures(cells[-1], given.get("attachments"), room)
    return {"cells": cells, "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5}


def _parse(content: bytes) -> Any:
    try:
        utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return json.loads(content.decode("utf-16" if utf16 else "utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("The file is not text: hand in the lab's .ipynb file itself.") from None
    except RecursionError:
        raise Unreadable("The file is not a notebook: its JSON is nested too deep.") from None
    except ValueError:
        raise Unreadable(
            "The file is not a notebook (not JSON): open it in Jupyter, save, and hand in again."
        ) from None


def _raw_cells(notebook: dict) -> list | None:
    """The cells of format 4 and later, or of the worksheets that formats 2 and 3 have."""
    cells = notebook.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = notebook.get("worksheets")
    if not isinstance(sheets, list):
        return None
    lists = [s["cells"] for s in sheets if isinstance(s, dict) and isinstance(s.get("cells"), list)]
    return [cell for cells in lists for cell in cells]


def _cell(given: dict) -> dict:
    """A cell of format 4.5 with what grading reads: type, source, nbgrader's mark and the tag explore."""
    kind, source = given.get("cell_type"), _text(given.get("source"))
    if kind == "heading":  # format 3
        kind, source = "markdown", f"{'#' * _level(given.get('level'))} {source}"
    if kind == "code" and "source" not in given:
        source = _text(given.get("input"))  # format 3
    kind = kind if kind in CELL_TYPES else "raw"
    metadata = given.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    tags = metadata.get("tags")
    kept = {"tags": ["explore"]} if isinstance(tags, list) and "explore" in tags else {}
    mark = metadata.get("nbgrader")
    if isinstance(mark, dict) and isinstance(mark.get("grade_id"), str):
        kept["nbgrader"] = mark
    name = given.get("id")
    cell = {"cell_type": kind, "id": name if isinstance(name, str) else "", "metadata": kept, "source": source}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def _pictures(cell: dict, attachments: Any, room: int) -> int:
    """Give the cell of text its pictures; how many bytes they are."""
    found = pasted(attachments, cell["source"], room)
    if cell["cell_type"] == "code" or not attachments:
        return 0
    cell["source"] = found.text
    if found.attachments:
        cell["attachments"] = found.attachments
    return found.size


def _text(source: Any) -> str:
    """The source as one string that any file and database takes: half a surrogate pair, which JSON can hold, is no
    character."""
    lines = source if isinstance(source, list) else [source]
    joined = "".join(line for line in lines if isinstance(line, str))
    return joined.encode("utf-8", errors="replace").decode()


def _level(level: Any) -> int:
    return level if type(level) is int and 1 <= level <= 6 else 1
