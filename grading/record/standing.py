"""All marks of a gradebook at once: a name for what it has of each hand-in, which changes with any mark or comment."""

from collections import defaultdict

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from grading.course.lab import digest
from grading.record.schema import Assignment, BaseCell, Comment, Grade, Notebook, SubmittedNotebook
from grading.record.schema import SubmittedAssignment as Submitted

Standing = dict[tuple[str, str], str]  # by student and lab, but not of who is late: penalties change with the rules


def standing(session: Session, student: str = "") -> Standing:
    """Of everyone, or of one student."""
    rows: dict[tuple[str, str], list] = defaultdict(list)
    late = set()
    for table, columns in (
        (Grade, (Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade)),
        (Comment, (Comment.auto_comment, Comment.manual_comment)),
    ):
        found = session.execute(_wanted(table, columns, student))
        for who, assignment, notebook, when, extension, due, *marks in found:
            if due is not None and when is not None and when > due:
                late.add(who)
            row = [notebook, str(when), str(due), str(extension), *marks]
            for lab in (assignment, f"{assignment}/{notebook}"):
                rows[who, lab].append(row)
    return {key: digest(sorted(found, key=str)) for key, found in rows.items() if key[0] not in late}


def _wanted(table: type, columns: tuple, student: str) -> Select:
    one = Submitted
    found = (
        select(one.student_id, Assignment.name, Notebook.name, one.timestamp, one.extension, Assignment.duedate)
        .add_columns(BaseCell.name, *columns)
        .select_from(table)
        .join(BaseCell, table.cell_id == BaseCell.id)
        .join(SubmittedNotebook, table.notebook_id == SubmittedNotebook.id)
        .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
        .join(one, SubmittedNotebook.assignment_id == one.id)
        .join(Assignment, one.assignment_id == Assignment.id)
    )
    return found.where(one.student_id == student) if student else found
