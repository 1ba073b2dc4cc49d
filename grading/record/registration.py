"""A lab told to the gradebook: its notebooks, which cells have points, and what they were handed out as.

The rows are those that `nbgrader generate_assignment` writes; the tests compare the two.
"""

import hashlib
import json
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.course.folder import GradingError, assignment_of, notebook_place
from grading.course.lab import grader, require_whole, text
from grading.record.revision import add, drop
from grading.record.schema import Assignment, BaseCell, GradeCell, Notebook, SolutionCell, SourceCell, TaskCell

KINDS = (GradeCell, SolutionCell, TaskCell)


def register(session: Session, lab: str, course_id: str, root: Path) -> None:
    """Bring the lab's rows up to date with solutions/ and labs/."""
    name = assignment_of(lab)
    assignment = session.scalar(select(Assignment).filter_by(name=name))
    if assignment is None:
        assignment = Assignment(name=name, course_id=course_id)
        session.add(assignment)
    paths = {path.stem: path for path in sorted(notebook_place("solutions", lab, root).parent.glob("*.ipynb"))}
    known = {notebook.name: notebook for notebook in assignment.notebooks}
    for name in known.keys() - paths.keys():
        if not known[name].submissions:
            session.delete(known[name])
    for name in paths.keys() - known.keys():
        session.add(Notebook(name=name, assignment=assignment))
    for name, path in paths.items():
        notebook = next(one for one in assignment.notebooks if one.name == name)
        source, released = _read(path), _read(notebook_place("labs", lab, root).parent / path.name)
        notebook.kernelspec = json.dumps(released["metadata"].get("kernelspec", {}))
        wanted = _wanted(source["cells"], {grader(c).get("grade_id"): c for c in released["cells"]})
        drop(session, notebook, _gone(notebook, wanted))
        _cells(notebook, wanted)
        add(session, notebook)
    session.flush()


def _read(path: Path) -> dict:
    place = "/".join(path.parts[-3:])
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        require_whole(notebook["cells"], place)
        return notebook
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise GradingError(f"{place} cannot be read: run make labs.") from None


def _gone(notebook: Notebook, wanted: dict[type, dict]) -> list[BaseCell]:
    """The cells that the gradebook knows and the lab has no more."""
    return [cell for kind in KINDS for name, cell in notebook.of_kind(kind).items() if name not in wanted[kind]]


def _wanted(source: list[dict], released: dict[str, dict]) -> dict[type, dict]:
    """The rows of one notebook, by kind and name. A solution is handed out as it stands in labs/, a test as in
    solutions/."""
    wanted = {kind: {} for kind in (*KINDS, SourceCell)}
    for cell in source:
        mark = grader(cell)
        name, graded = mark.get("grade_id"), {"cell_type": cell["cell_type"], "max_score": float(mark.get("points", 0))}
        if mark.get("grade"):
            wanted[GradeCell][name] = graded
        if mark.get("solution"):
            wanted[SolutionCell][name] = {}
        if mark.get("task"):
            wanted[TaskCell][name] = graded
        if any(mark.get(key) for key in ("grade", "solution", "locked", "task")):
            wanted[SourceCell][name] = _handed_out(cell, released.get(name, cell) if mark.get("solution") else cell)
    return wanted


def _cells(notebook: Notebook, wanted: dict[type, dict]) -> None:
    for kind in KINDS:
        _update(notebook.cells, kind, notebook.of_kind(kind), wanted[kind])
    _update(notebook.sources, SourceCell, {one.name: one for one in notebook.sources}, wanted[SourceCell])


def _update(rows: list, kind: type, known: dict, wanted: dict[str, dict]) -> None:
    for name in known.keys() - wanted.keys():
        rows.remove(known[name])
    for name, values in wanted.items():
        if name not in known:
            rows.append(kind(name=name, **values))
        for key, value in values.items():
            if name in known:
                setattr(known[name], key, value)


def _handed_out(cell: dict, released: dict) -> dict:
    source, mark = text(released), grader(cell)
    locked = is_locked(mark)
    checked = mark.get("grade") or mark.get("solution") or locked
    sum_ = checksum(source, cell["cell_type"], mark) if checked else None
    return {"cell_type": cell["cell_type"], "locked": locked, "source": source, "checksum": sum_}


def is_locked(mark: dict) -> bool:
    """Whether nbgrader takes a cell back to what was handed out: a test, or one that only is to be read."""
    return not mark.get("solution") and bool(mark.get("grade") or mark.get("locked"))


def checksum(source: str, cell_type: str, mark: dict) -> str:
    """As nbgrader's `compute_checksum`: a cell that a student may not change, with its points, as an MD5 sum."""
    grade, solution = bool(mark.get("grade")), bool(mark.get("solution"))
    parts = [source, cell_type, str(grade), str(solution), str(is_locked(mark)), mark["grade_id"]]
    parts += [str(float(mark["points"]))] if grade else []
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()
