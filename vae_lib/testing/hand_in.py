"""Hand a lab in from its own notebook: say what is open, pack the saved file, and offer it. No grader is needed for it.

What is packed is the file, not what the screen shows, so it is compared with what was run last. Where a lab is graded,
or run by a program, nothing happens.
"""

from __future__ import annotations

import html
import json
import os
import re
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

BLANK = ("", "YOUR ANSWER HERE")
OLD = 120  # seconds after which a file may lack what was written since: JupyterLab saves by itself that often


def hand_in(so_far: str, exercises: Mapping[str, str]) -> None:
    """Print what is open and show a link to handin/LAB.zip. `exercises` maps the lab's functions to their numbers."""
    shell = notebook_shell()
    if shell is None:
        return
    path = notebook_path(shell.user_ns)
    print(so_far)
    if path is None:
        print(f"Which file this notebook is cannot be known here: {download()}, and hand that in.")
        return
    for sentence in (*open_questions(path), *unsaved(path, exercises, ran(shell)), saved(path)):
        print(sentence)
    try:
        offer(pack(path))
    except OSError as error:
        print(f"The file cannot be packed here ({error.strerror}): hand in {path.name} itself.")


def notebook_shell() -> Any:
    """IPython's shell, where a person is at work in a notebook; None where a lab is graded, or run by a program."""
    if "IPython" not in sys.modules or "NBGRADER_EXECUTION" in os.environ:
        return None
    from IPython import get_ipython

    shell = get_ipython()
    known = any(name in os.environ for name in ("JPY_SESSION_NAME", "COLAB_RELEASE_TAG"))
    return shell if shell is not None and (known or "__vsc_ipynb_file__" in shell.user_ns) else None


def notebook_path(variables: Mapping[str, Any]) -> Path | None:
    """The notebook's file, as Jupyter or VS Code tells it; after a renaming, the only notebook beside it."""
    told = variables.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
    if told.endswith(".ipynb") and Path(told).is_file():
        return Path(told)
    beside = list(Path.cwd().glob("*.ipynb"))
    return beside[0] if len(beside) == 1 else None


def download() -> str:
    """How to get the file where this notebook is not one on a disk."""
    return "File, Download, Download .ipynb" if "google.colab" in sys.modules else "save the notebook (Ctrl-S), find it"


def cells(path: Path) -> list[dict]:
    """The saved notebook's cells; none while it is being written."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError):
        return []


def text(cell: dict) -> str:
    """A cell's source, which a file may hold as one string or as lines."""
    return "".join(cell.get("source", ""))


def open_questions(path: Path) -> Iterator[str]:
    """A sentence where questions hold what they were handed out with, and nothing stands in a new cell behind them."""
    found, open_ = cells(path), []
    for place, cell in enumerate(found):
        mark = cell.get("metadata", {}).get("nbgrader", {})
        if not (mark.get("grade") and mark.get("solution")) or text(cell).strip() not in BLANK:
            continue
        behind = found[place + 1] if place + 1 < len(found) else {"cell_type": "code", "metadata": {"nbgrader": {}}}
        if cell.get("attachments") or (behind["cell_type"] != "code" and not text(behind).startswith("#")):
            continue
        open_.append(mark["grade_id"].removeprefix("question_"))
    if open_:
        yield f"Questions without an answer: {', '.join(open_)}."


def ran(shell: Any) -> list[str]:
    """What was run, the latest last."""
    return [source for source in shell.history_manager.input_hist_raw if source.strip()]


def unsaved(path: Path, exercises: Mapping[str, str], history: list[str]) -> Iterator[str]:
    """A sentence for each exercise whose function is another in the file than the one that was run last."""
    kept = {text(cell).strip() for cell in cells(path)}
    for name, number in exercises.items():
        defines = re.compile(rf"^def {name}\b", re.MULTILINE)
        last = next((source for source in reversed(history) if defines.search(source)), None)
        if last is not None and last.strip() not in kept:
            yield f"{number} {name} is another in the file than what you ran last: run it, save (Ctrl-S), come back."


def saved(path: Path) -> str:
    """When the file was saved."""
    when = path.stat().st_mtime
    again = " If you have changed anything since, save (Ctrl-S) and run this cell again."
    clock = time.strftime("%H:%M:%S", time.localtime(when))
    return f"The file is of {clock}." + (again if time.time() - when > OLD else "")


def pack(path: Path) -> Path:
    """Write handin/LAB.zip in the course's folder, or beside the notebook where there is none; as `submit` packs it."""
    folder = path.parent
    course = folder.parent.parent if folder.parent.name == "labs" else folder
    name = folder.name if folder.parent.name == "labs" else path.stem
    packed = course / "handin" / f"{name}.zip"
    packed.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, f"{name}.ipynb")
    return packed


def offer(packed: Path) -> None:
    """A link that a click downloads (JupyterLab would open a file whose link does not say so)."""
    from IPython.display import HTML, display

    where, name = Path(os.path.relpath(packed, Path.cwd())).as_posix(), f"{packed.parent.name}/{packed.name}"
    link = f'Hand in this file: <a href="{html.escape(quote(where))}" download>{html.escape(name)}</a>'
    display(HTML(link))
