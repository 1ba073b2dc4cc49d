"""nbgrader's gradebook as tables, and a new one made as nbgrader makes it.

`nbgrader.api` declares the same, and importing it takes two seconds; the tests compare the two.
"""

from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, Enum, Float, ForeignKey, String, Text, UniqueConstraint, inspect, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

GRADED_TYPE = Enum("code", "markdown", name="grade_cell_type", validate_strings=True)
SOURCE_TYPE = Enum("code", "markdown", name="source_cell_type", validate_strings=True)


def new_id() -> str:
    return uuid4().hex


def key(*to: ForeignKey) -> Mapped[str]:
    return mapped_column(String(32), *to, primary_key=True, default=new_id)


def other(column: str, length: int = 32, **options: bool) -> Mapped[str | None]:
    return mapped_column(String(length), ForeignKey(column), **options)


class Base(DeclarativeBase):
    """All tables."""


class Course(Base):
    __tablename__ = "course"
    id: Mapped[str] = mapped_column(String(128), primary_key=True, unique=True)


class Assignment(Base):
    """A lab."""

    __tablename__ = "assignment"
    id: Mapped[str] = key()
    name: Mapped[str] = mapped_column(String(128), unique=True)
    duedate: Mapped[datetime | None]
    course_id = other("course.id", 128, nullable=False)
    notebooks: Mapped[list["Notebook"]] = relationship(back_populates="assignment", order_by="Notebook.name")


class Notebook(Base):
    __tablename__ = "notebook"
    __table_args__ = (UniqueConstraint("name", "assignment_id"),)
    id: Mapped[str] = key()
    name: Mapped[str] = mapped_column(String(128))
    assignment_id = other("assignment.id")
    kernelspec: Mapped[str | None] = mapped_column(String(1024))
    assignment: Mapped[Assignment] = relationship(back_populates="notebooks")
    cells: Mapped[list["BaseCell"]] = relationship(cascade="all, delete-orphan")
    sources: Mapped[list["SourceCell"]] = relationship(cascade="all, delete-orphan")
    submissions: Mapped[list["SubmittedNotebook"]] = relationship(back_populates="notebook")

    def of_kind(self, kind: type) -> dict:
        """Its cells of one kind, by name."""
        return {cell.name: cell for cell in self.cells if isinstance(cell, kind)}


class BaseCell(Base):
    __tablename__ = "base_cell"
    __table_args__ = (UniqueConstraint("name", "notebook_id", "type"),)
    __mapper_args__ = {"polymorphic_identity": "BaseCell", "polymorphic_on": "type"}  # noqa: RUF012
    id: Mapped[str] = key()
    name: Mapped[str] = mapped_column(String(128))
    notebook_id = other("notebook.id", nullable=False)
    type: Mapped[str | None] = mapped_column(String(50))


class GradeCell(BaseCell):
    """A cell with points."""

    __tablename__ = "grade_cells"
    __mapper_args__ = {"polymorphic_identity": "GradeCell"}  # noqa: RUF012
    id: Mapped[str] = key(ForeignKey("base_cell.id"))
    max_score: Mapped[float] = mapped_column(Float())
    cell_type: Mapped[str] = mapped_column(GRADED_TYPE)


class SolutionCell(BaseCell):
    """A cell that a student fills in; a comment can be given on it."""

    __tablename__ = "solution_cells"
    __mapper_args__ = {"polymorphic_identity": "SolutionCell"}  # noqa: RUF012
    id: Mapped[str] = key(ForeignKey("base_cell.id"))


class TaskCell(BaseCell):
    __tablename__ = "task_cells"
    __mapper_args__ = {"polymorphic_identity": "TaskCell"}  # noqa: RUF012
    id: Mapped[str] = key(ForeignKey("base_cell.id"))
    max_score: Mapped[float] = mapped_column(Float())
    cell_type: Mapped[str] = mapped_column(GRADED_TYPE)


class SourceCell(Base):
    """What a cell was handed out as; of a test, with its hidden half."""

    __tablename__ = "source_cell"
    __table_args__ = (UniqueConstraint("name", "notebook_id"),)
    id: Mapped[str] = key()
    name: Mapped[str] = mapped_column(String(128))
    cell_type: Mapped[str] = mapped_column(SOURCE_TYPE)
    locked: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str | None] = mapped_column(Text())
    checksum: Mapped[str | None] = mapped_column(String(128))
    notebook_id = other("notebook.id")


class Student(Base):
    __tablename__ = "student"
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    first_name: Mapped[str | None] = mapped_column(String(128))
    last_name: Mapped[str | None] = mapped_column(String(128))
    email: Mapped[str | None] = mapped_column(String(128))
    lms_user_id: Mapped[str | None] = mapped_column(String(128))
    submissions: Mapped[list["SubmittedAssignment"]] = relationship(back_populates="student")


class SubmittedAssignment(Base):
    """A student's hand-in of a lab."""

    __tablename__ = "submitted_assignment"
    __table_args__ = (UniqueConstraint("assignment_id", "student_id"),)
    id: Mapped[str] = key()
    assignment_id = other("assignment.id")
    student_id = other("student.id", 128)
    timestamp: Mapped[datetime | None]
    extension: Mapped[timedelta | None]
    assignment: Mapped[Assignment] = relationship()
    student: Mapped[Student] = relationship(back_populates="submissions")
    notebooks: Mapped[list["SubmittedNotebook"]] = relationship(back_populates="assignment")

    def seconds_late(self) -> float:
        """After the due date, a student's extension included; 0 where there is none, or no time of handing in."""
        due = self.assignment.duedate
        if self.timestamp is None or due is None:
            return 0.0
        return max(0.0, (self.timestamp - due - (self.extension or timedelta())).total_seconds())


class SubmittedNotebook(Base):
    __tablename__ = "submitted_notebook"
    __table_args__ = (UniqueConstraint("notebook_id", "assignment_id"),)
    id: Mapped[str] = key()
    assignment_id = other("submitted_assignment.id")
    notebook_id = other("notebook.id")
    flagged: Mapped[bool | None] = mapped_column(default=False)
    late_submission_penalty: Mapped[float | None] = mapped_column(Float(0))
    assignment: Mapped[SubmittedAssignment] = relationship(back_populates="notebooks")
    notebook: Mapped[Notebook] = relationship(back_populates="submissions")
    grades: Mapped[list["Grade"]] = relationship()
    comments: Mapped[list["Comment"]] = relationship()

    def score(self) -> float:
        """The marks by hand, else automatic, as nbgrader adds them up."""
        return sum(grade.mark() or 0.0 for grade in self.grades)


class Grade(Base):
    """The marks of a cell with points."""

    __tablename__ = "grade"
    __table_args__ = (UniqueConstraint("cell_id", "notebook_id"),)
    id: Mapped[str] = key()
    notebook_id = other("submitted_notebook.id")
    cell_id = other("base_cell.id")
    auto_score: Mapped[float | None] = mapped_column(Float())
    manual_score: Mapped[float | None] = mapped_column(Float())
    extra_credit: Mapped[float | None] = mapped_column(Float())
    needs_manual_grade: Mapped[bool] = mapped_column(default=True)
    cell: Mapped[BaseCell] = relationship()

    def mark(self) -> float | None:
        """By hand, else automatic, with what was given on top."""
        given = self.auto_score if self.manual_score is None else self.manual_score
        return None if given is None else given + (self.extra_credit or 0.0)


class Comment(Base):
    """What a student is told of a cell."""

    __tablename__ = "comment"
    __table_args__ = (UniqueConstraint("cell_id", "notebook_id"),)
    id: Mapped[str] = key()
    notebook_id = other("submitted_notebook.id")
    cell_id = other("base_cell.id")
    auto_comment: Mapped[str | None] = mapped_column(Text())
    manual_comment: Mapped[str | None] = mapped_column(Text())
    cell: Mapped[BaseCell] = relationship()


def create(engine: Engine) -> None:
    """Make the tables where there are none, and note the version that `nbgrader db upgrade` goes by."""
    new = not inspect(engine).get_table_names()
    Base.metadata.create_all(engine)
    if new:
        from alembic.script import ScriptDirectory

        scripts = Path(find_spec("nbgrader").origin).parent / "alembic"
        version = {"version": ScriptDirectory(str(scripts)).get_current_head()}
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:version)"), version)
