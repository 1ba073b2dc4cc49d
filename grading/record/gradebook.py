"""Marks into nbgrader's gradebook, one transaction a hand-in; Formgrader and nbgrader's exports go on from there.

What a person gave by hand is never touched; an exercise that could not be graded has no automatic mark, and is shown
in Formgrader as one that a person must look at.
"""

from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import create_engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from grading.course.folder import ROOT, GradingError, assignment_of, notebook_of
from grading.course.settings import configuration
from grading.intake.names import Student
from grading.judge.result import GRADED, MISSING, NEEDS_MANUAL, ExerciseResult
from grading.record import schema
from grading.record.ledger import Answer, Entry
from grading.record.registration import register
from grading.record.schema import Assignment, Comment, Course, Grade, SubmittedAssignment, SubmittedNotebook
from grading.record.standing import standing

NO_RESPONSE = "No response."


def gradebook_url(out: Path, root: Path = ROOT) -> str:
    """The database server that nbgrader_config.py names, else the file gradebook.db of the output folder."""
    url = configuration(root).CourseDirectory.get("db_url", "sqlite://")
    return f"sqlite:///{(out / 'gradebook.db').resolve()}" if url.startswith("sqlite") else url


class Record:
    """`with Record(url, labs) as record:` is the one writer of the gradebook."""

    def __init__(self, url: str, labs: Iterable[str] = (), root: Path = ROOT):
        self.root, course = root, configuration(root).CourseDirectory.get("course_id", "")
        self.engine = create_engine(url)
        self.session = Session(self.engine)
        try:
            with self._told():
                schema.create(self.engine)
                if not self.session.get(Course, course):
                    self.session.add(Course(id=course))
                for lab in labs:
                    register(self.session, lab, course, root)
                self.session.commit()
                self.standing = standing(self.session)
        except GradingError:
            self.close()
            raise

    def __enter__(self) -> "Record":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.session.close()
        self.engine.dispose()

    @contextmanager
    def _told(self):
        """Database errors as one sentence, and nothing of what was under way."""
        try:
            yield
        except SQLAlchemyError as error:
            self.session.rollback()
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise GradingError(f"The gradebook cannot be used ({reason}); nothing of this hand-in was kept.") from None

    def assignment(self, lab: str) -> Assignment | None:
        """The lab's row."""
        return self.session.scalar(select(Assignment).filter_by(name=assignment_of(lab)))

    def students(self) -> dict[str, schema.Student]:
        """All who are known, by id."""
        return {student.id: student for student in self.session.scalars(select(schema.Student))}

    def write(self, entry: Entry, student: Student, when: datetime | None, before: Entry | None) -> Entry:
        """The marks of `entry`; returns it with what was given by hand, and with the penalty for being late.

        `before` is the earlier entry: an answer that has changed since is to be looked at again.
        """
        with self._told():
            session = self.session
            session.expire_all()  # Formgrader may have written since
            self._person(student)
            if entry.state == MISSING and not self._submission(entry):
                session.commit()
                return entry
            submission = self._submission(entry) or self._new_submission(entry)
            submission.timestamp = when
            for notebook in own_notebooks(submission, entry):
                self._marks(notebook, entry, before)
            session.flush()
            self._penalize(submission)
            session.commit()
        return self.reread(entry)

    def knows(self, entry: Entry) -> bool:
        """Whether its marks are here, and not in another gradebook."""
        return self._submission(entry) is not None

    def handed_in(self, entry: Entry, when: datetime | None) -> None:
        """Note the time, which may have been put right since."""
        with self._told():
            self._submission(entry).timestamp = when
            self.session.commit()

    def _person(self, student: Student) -> None:
        person = self.session.get(schema.Student, student.id) or schema.Student(id=student.id)
        for name in ("first_name", "last_name", "email", "lms_user_id"):
            if getattr(student, name):
                setattr(person, name, getattr(student, name))
        self.session.add(person)

    def _submission(self, entry: Entry) -> SubmittedAssignment | None:
        wanted = select(SubmittedAssignment).join(Assignment)
        return self.session.scalar(
            wanted.where(Assignment.name == assignment_of(entry.lab), SubmittedAssignment.student_id == entry.student)
        )

    def _new_submission(self, entry: Entry) -> SubmittedAssignment:
        """A row for each cell that can have a mark, or a comment."""
        assignment = self.assignment(entry.lab)
        submission = SubmittedAssignment(assignment_id=assignment.id, student_id=entry.student)
        for notebook in assignment.notebooks:
            graded = [*notebook.of_kind(schema.GradeCell).values(), *notebook.of_kind(schema.TaskCell).values()]
            told = [*notebook.of_kind(schema.SolutionCell).values(), *notebook.of_kind(schema.TaskCell).values()]
            grades, comments = [Grade(cell_id=cell.id) for cell in graded], [Comment(cell_id=cell.id) for cell in told]
            submission.notebooks.append(SubmittedNotebook(notebook_id=notebook.id, grades=grades, comments=comments))
        self.session.add(submission)
        self.session.flush()
        return submission

    def _marks(self, notebook: SubmittedNotebook, entry: Entry, before: Entry | None) -> None:
        points = {one.grade_id: one.points for one in entry.exercises}
        answers = {answer.grade_id: answer for answer in entry.answers}
        earlier = {answer.grade_id: answer for answer in before.answers} if before else {}
        rewritten = before is not None and sources(before) != sources(entry)
        for grade in notebook.grades:
            answer = answers.get(grade.cell.name)
            if answer is None:
                _test_mark(grade, points.get(grade.cell.name), rewritten)
            else:
                grade.auto_score = None if answer.answered else 0.0
                was = earlier.get(grade.cell.name, answer)
                same = grade.manual_score is not None and (was.source, was.pictures) == (answer.source, answer.pictures)
                grade.needs_manual_grade = answer.answered and (not same or grade.needs_manual_grade)
        for comment in notebook.comments:
            answer = answers.get(comment.cell.name)
            comment.auto_comment = NO_RESPONSE if answer and not answer.answered else None

    def _penalize(self, submission: SubmittedAssignment) -> None:
        """The penalty goes by the due date and by all marks as they are now."""
        for notebook in submission.notebooks:
            notebook.late_submission_penalty = self._penalty(submission, notebook)

    def _penalty(self, submission: SubmittedAssignment, notebook: SubmittedNotebook) -> float | None:
        """What nbgrader's plugin takes off for being late, between nothing and all."""
        late = submission.seconds_late()
        if not late:
            return None
        from nbgrader.preprocessors import AssignLatePenalties

        assign = AssignLatePenalties(config=configuration(self.root))
        assign.init_plugin()
        penalty = assign.plugin_inst.late_submission_penalty(submission.student_id, notebook.score(), late)
        return None if penalty is None else min(max(penalty, 0.0), notebook.score())

    def reread(self, entry: Entry) -> Entry:
        """The entry with the marks as the gradebook has them now: by hand, else automatic."""
        with self._told():
            self.session.expire_all()
            submission = self._submission(entry)
            if submission is None:
                return entry
            self.standing |= standing(self.session, entry.student)
            self._penalize(submission)
            self.session.commit()
            notebooks = own_notebooks(submission, entry)
            grades = {grade.cell.name: grade for notebook in notebooks for grade in notebook.grades}
            comments = {c.cell.name: c.manual_comment or "" for notebook in notebooks for c in notebook.comments}
            penalty = sum(notebook.late_submission_penalty or 0.0 for notebook in notebooks)
            answers = tuple(_answer(a, grades.get(a.grade_id), comments.get(a.grade_id, "")) for a in entry.answers)
            exercises = tuple(_exercise(one, grades.get(one.grade_id)) for one in entry.exercises)
            words = {answer.grade_id for answer in answers}
            on_code = tuple(sorted((n, c) for n, c in comments.items() if c.strip() and n not in words))
        marks = [*(one.points for one in exercises), *(answer.points for answer in answers)]
        given = [mark for mark in marks if mark is not None]
        begun = any(one.points is not None for one in exercises) or not exercises
        penalty = min(penalty, sum(given))  # what waits is not counted yet
        score = sum(given) - penalty if given and begun else None
        state = entry.state
        if state in (GRADED, NEEDS_MANUAL):
            waits = any(_waits(grades.get(a.grade_id)) for a in answers)
            state = NEEDS_MANUAL if waits or any(one.state == NEEDS_MANUAL for one in exercises) else GRADED
        return replace(
            entry, state=state, exercises=exercises, answers=answers, comments=on_code, penalty=penalty, score=score
        )


def own_notebooks(submission: SubmittedAssignment, entry: Entry) -> list[SubmittedNotebook]:
    """The entry's notebook, of the several that an assignment may have."""
    name = notebook_of(entry.lab)
    return [one for one in submission.notebooks if one.notebook.name == name or "/" not in entry.lab]


def sources(entry: Entry) -> list[str]:
    """The code that was handed in."""
    return [source for source, _ in entry.cells]


def _test_mark(grade: Grade, points: float | None, rewritten: bool) -> None:
    """The automatic mark of a test. One that a person gave instead is to be looked at again where the code was
    rewritten, or where the test gives other points by now; and until that has been done."""
    if points is not None and grade.auto_score is not None:
        rewritten |= points != grade.auto_score
    if grade.manual_score is None:
        grade.needs_manual_grade = points is None
    else:
        grade.needs_manual_grade = points is not None and (rewritten or bool(grade.needs_manual_grade))
    grade.auto_score = points


def _waits(grade: Grade | None) -> bool:
    return grade is not None and grade.needs_manual_grade


def _answer(answer: Answer, grade: Grade | None, comment: str) -> Answer:
    points = None if grade is None or _waits(grade) else grade.mark()
    return replace(answer, points=points, comment=comment)


def _exercise(one: ExerciseResult, grade: Grade | None) -> ExerciseResult:
    """The result, with the points that a person gave instead, unless these are to be looked at again."""
    given = None if grade is None else grade.mark()
    if given is None:
        return one
    if grade.manual_score is not None and grade.needs_manual_grade:
        return one._replace(points=None, state=NEEDS_MANUAL)
    by_hand = grade.manual_score is not None or grade.extra_credit
    return one._replace(points=given, state=GRADED if by_hand or one.state == NEEDS_MANUAL else one.state)
