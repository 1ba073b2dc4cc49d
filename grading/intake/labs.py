"""Which lab a file is for: by what it holds, else by what it is called."""

from grading.course.folder import assignment_of
from grading.intake.archive import Entry
from grading.intake.notebook import Unreadable, read_notebook
from grading.intake.repair import likeness


def lab_of(entry: Entry, archive: str, labs: list[str], released: dict[str, dict]) -> str | None:
    """The lab of which the notebook holds most; else the one whose name the path holds."""
    named = next(
        (lab for lab in labs if lab in f"{archive} {entry.origin} {entry.path}"), labs[0] if len(labs) == 1 else None
    )
    if entry.content is None:
        return named
    try:
        held = read_notebook(entry.content)
    except Unreadable:
        return named
    near = {assignment_of(lab) for lab in labs}  # another notebook of a chosen one's assignment is not that one
    marks = {lab: likeness(held, one) for lab, one in released.items() if assignment_of(lab) in near}
    best = max(marks, key=marks.get, default=None)
    if best is None or not marks[best]:
        return named
    return best if best in labs else None


def assignment_named(text: str, labs: list[str]) -> str | None:
    """The assignment of several notebooks that a file is for: the only one, else the only one that its path names."""
    all_ = {assignment_of(lab) for lab in labs if "/" in lab}
    named = all_ if len(all_) == 1 else {one for one in all_ if one in text}
    return named.pop() if len(named) == 1 else None


def unreadable(entry: Entry) -> str:
    """Why a file that may be a notebook cannot be read; "" where it can, or where it is none."""
    if entry.content is None:
        return entry.refusal
    try:
        read_notebook(entry.content)
    except Unreadable as reason:
        return str(reason)
    return ""
