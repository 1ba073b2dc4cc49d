"""Exercises added or gone after the first hand-in: the hand-ins' rows follow, unless marks by hand would be lost."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from grading.course.folder import GradingError
from grading.record.schema import BaseCell, Comment, Grade, GradeCell, Notebook, SolutionCell, TaskCell


def drop(session: Session, notebook: Notebook, gone: Iterable[BaseCell]) -> None:
    """Forget what the grader itself gave for these cells; GradingError where a person has marked one of them."""
    gone = {cell.id: cell.name for cell in gone}
    rows = [row for one in notebook.submissions for row in (*one.grades, *one.comments) if row.cell_id in gone]
    by_hand = [row for row in rows if given_by_hand(row)]
    if by_hand:
        names = ", ".join(sorted({gone[row.cell_id] for row in by_hand}))
        raise GradingError(
            f"{notebook.assignment.name} was released anew without {names}, for which the gradebook holds "
            f"{len(by_hand)} marks or comments given by hand: put it back (and make labs), or grade into another "
            "folder with --out NAME; the marks stay where they are."
        )
    for row in rows:
        session.delete(row)
    session.flush()
    session.expire_all()


def given_by_hand(row: Grade | Comment) -> bool:
    """Whether a person wrote it."""
    if isinstance(row, Comment):
        return bool(row.manual_comment)
    return row.manual_score is not None or bool(row.extra_credit)


def add(session: Session, notebook: Notebook) -> None:
    """A row in each hand-in for each cell that has come since; it waits to be graded."""
    session.flush()
    for one in notebook.submissions:
        known = {row.cell_id for row in one.grades}, {row.cell_id for row in one.comments}
        for cell in notebook.cells:
            if isinstance(cell, GradeCell | TaskCell) and cell.id not in known[0]:
                one.grades.append(Grade(cell_id=cell.id))
            if isinstance(cell, SolutionCell | TaskCell) and cell.id not in known[1]:
                one.comments.append(Comment(cell_id=cell.id))
    session.flush()
