"""Run a lab's visible tests as nbgrader's Validate button does, and say which of them fail."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from grading.course.folder import ROOT, GradingError, chosen, handed_out
from grading.course.settings import configuration, silent_log

RAISED = re.compile(r"^(?:[\w.]+\.)?\w*(?:Error|Exception|Interrupt|Exit|Iteration)\b.*", re.M | re.S)


class Report(NamedTuple):
    """A lab's test cells, what fails (tests, and questions left open), and what was altered."""

    tests: list[str]
    failed: dict[str, str]
    changed: list[str]


def validate(name: str, root: Path = ROOT) -> Report:
    """Execute labs/NAME/NAME.ipynb; GradingError where that cannot be done at all."""
    chosen([name], handed_out(root))
    path = root / "labs" / name / f"{name}.ipynb"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError):
        raise GradingError(f"{path.relative_to(root)} is not a notebook any more (not JSON).") from None
    from nbgrader.validator import Validator

    result = Validator(config=configuration(root), log=silent_log()).validate(str(path))
    names = {"".join(cell["source"]).strip(): cell_name(cell) for cell in cells}
    failed = {names.get(cell["source"], "?"): last_error(cell["raw_error"]) for cell in result.get("failed", [])}
    tests = [cell_name(cell) for cell in cells if is_test(cell)]
    changed = [names.get(c["source"], "?") for key in ("changed", "type_changed") for c in result.get(key, [])]
    return Report(tests, failed, changed)


def cell_name(cell: dict) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "a cell without a name")


def is_test(cell: dict) -> bool:
    mark = cell["metadata"].get("nbgrader", {})
    return bool(mark.get("grade") and not mark.get("solution") and cell["cell_type"] == "code")


def last_error(error: str) -> str:
    """The message at the end of a traceback, without colours and without the path to it."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", error).strip()
    found = [match.start() for match in re.finditer(RAISED.pattern, plain, re.M)]
    text = plain[found[-1] :] if found else plain
    unanswered = text.startswith(("NotImplementedError", "You did not provide"))
    return "not answered yet" if unanswered else text
