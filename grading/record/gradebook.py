"""Marks into nbgrader's gradebook, one transaction a hand-in; Formgrader and nbgrader's exports go on from there.

What a person gave by hand is never touched; an exercise that could not be graded has no automatic mark, and is shown
in Formgrader as one that a person must look at.
"""

import warnings
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.api import Student as Person
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from grading.course.folder import ROOT, GradingError
from grading.course.lab import Release, read_release
from grading.course.release import register
from grading.course.settings import configuration
from grading.intake.names import Student
from grading.judge.result import GRADED, MISSING, NEEDS_MANUAL, ExerciseResult
from grading.record.ledger import Answer, Entry

NO_RESPONSE = "No response."


def gradebook_url(out: Path, root: Path = ROOT) -> str:
    """The database server that nbgrader_config.py names, else the file gradebook.db of the output folder."""
    url = configuration(root).CourseDirectory.db_url
    return f"sqlite:///{(out / 'gradebook.db').resolve()}" if url.startswith("sqlite") else url


class Record:
    """`with Record(url, labs) as record:` is the one writer of the gradebook."""

    def __init__(self, url: str, labs: Iterable[str] = (), root: Path = ROOT):
        self.root = root
        with self._told():
            self.gradebook = Gradebook(url, course_id=configuration(root).CourseDirectory.course_id)
            changed = [lab for lab in labs if self._differs(read_release(lab, root))]
            self.gradebook.db.commit()  # registering writes through a connection of its own
            if changed:
                register(changed, root, url)

    def __enter__(self) -> "Record":
        return self

    def __exit__(self, *_: object) -> None:
        self.gradebook.close()

    @contextmanager
    def _told(self):
        """Database errors as one sentence; nbgrader's own warning about new students does not matter."""
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", category=SAWarning)
                yield
        except SQLAlchemyError as error:
            if hasattr(self, "gradebook"):
                self.gradebook.db.rollback()
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise GradingError(f"The gradebook cannot be used ({reason}); nothing of this hand-in was kept.") from None

    def _differs(self, release: Release) -> bool:
        """Whether the gradebook does not know the lab, or other points; GradingError where it cannot take it over."""
        now = {one.grade_id: one.points for one in release.exercises} | release.answers
        try:
            notebooks = self.gradebook.find_assignment(release.lab).notebooks
        except MissingEntry:
            return True
        known = {cell.name: cell.max_score for notebook in notebooks for cell in notebook.grade_cells}
        names = ", ".join(sorted(now.keys() ^ known.keys()))
        if names and any(notebook.submissions for notebook in notebooks):
            self.gradebook.close()
            raise GradingError(
                f"{release.lab} was released anew with exercises added or gone ({names}), and the gradebook holds "
                "hand-ins of the old one: grade into another folder with --out NAME; the old marks stay where they are."
            )
        return now != known

    def write(self, entry: Entry, student: Student, when: datetime | None, before: Entry | None) -> Entry:
        """The marks of `entry`; returns it with what was given by hand, and with the penalty for being late.

        `before` is the earlier entry: an answer that has changed since is to be looked at again.
        """
        with self._told():
            session = self.gradebook.db
            self._person(student)
            if entry.state == MISSING and not self._submission(entry):
                session.commit()
                return entry
            submission = self._submission(entry) or self._new_submission(entry)
            submission.timestamp = when
            for notebook in submission.notebooks:
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
            self.gradebook.db.commit()

    def _person(self, student: Student) -> None:
        person = self.gradebook.db.get(Person, student.id) or Person(id=student.id)
        for name in ("first_name", "last_name", "email", "lms_user_id"):
            if getattr(student, name):
                setattr(person, name, getattr(student, name))
        self.gradebook.db.add(person)

    def _submission(self, entry: Entry) -> SubmittedAssignment | None:
        try:
            return self.gradebook.find_submission(entry.lab, entry.student)
        except MissingEntry:
            return None

    def _new_submission(self, entry: Entry) -> SubmittedAssignment:
        """As `Gradebook.add_submission` makes it, but without its commit."""
        assignment = self.gradebook.find_assignment(entry.lab)
        submission = SubmittedAssignment(assignment=assignment, student=self.gradebook.db.get(Person, entry.student))
        for notebook in assignment.notebooks:
            handed_in = SubmittedNotebook(notebook=notebook, assignment=submission)
            for cell in notebook.grade_cells:
                Grade(cell=cell, notebook=handed_in)
            for cell in notebook.solution_cells:
                Comment(cell=cell, notebook=handed_in)
        self.gradebook.db.add(submission)
        self.gradebook.db.flush()
        return submission

    def _marks(self, notebook: SubmittedNotebook, entry: Entry, before: Entry | None) -> None:
        points = {one.grade_id: one.points for one in entry.exercises}
        answers = {answer.grade_id: answer for answer in entry.answers}
        earlier = {answer.grade_id: answer.source for answer in before.answers} if before else {}
        for grade in notebook.grades:
            answer = answers.get(grade.name)
            if answer is None:
                grade.auto_score = points.get(grade.name)
                grade.needs_manual_grade = grade.auto_score is None and grade.manual_score is None
            else:
                grade.auto_score = None if answer.answered else 0.0
                same = grade.manual_score is not None and earlier.get(grade.name, answer.source) == answer.source
                grade.needs_manual_grade = answer.answered and not same
        for comment in notebook.comments:
            answer = answers.get(comment.name)
            comment.auto_comment = NO_RESPONSE if answer and not answer.answered else None

    def _penalize(self, submission: SubmittedAssignment) -> None:
        """The penalty goes by the due date and by all marks as they are now."""
        session = self.gradebook.db
        session.refresh(submission)
        for notebook in submission.notebooks:
            session.refresh(notebook)
            notebook.late_submission_penalty = self._penalty(submission, notebook)

    def _penalty(self, submission: SubmittedAssignment, notebook: SubmittedNotebook) -> float | None:
        """What nbgrader's plugin takes off for being late, between nothing and all."""
        late = submission.total_seconds_late
        if not late:
            return None
        assign = AssignLatePenalties(config=configuration(self.root))
        assign.init_plugin()
        penalty = assign.plugin_inst.late_submission_penalty(submission.student.id, notebook.score, late)
        return None if penalty is None else min(max(penalty, 0.0), notebook.score)

    def reread(self, entry: Entry) -> Entry:
        """The entry with the marks as the gradebook has them now: by hand, else automatic."""
        with self._told():
            submission = self._submission(entry)
            if submission is None:
                return entry
            self._penalize(submission)
            self.gradebook.db.commit()
            grades = {grade.name: grade for notebook in submission.notebooks for grade in notebook.grades}
            comments = {c.name: c.manual_comment or "" for notebook in submission.notebooks for c in notebook.comments}
            penalty = sum(notebook.late_submission_penalty or 0.0 for notebook in submission.notebooks)
            answers = tuple(_answer(a, grades.get(a.grade_id), comments.get(a.grade_id, "")) for a in entry.answers)
            exercises = tuple(_exercise(one, grades.get(one.grade_id)) for one in entry.exercises)
        marks = [*(one.points for one in exercises), *(answer.points for answer in answers)]
        given = [mark for mark in marks if mark is not None]
        score = sum(given) - penalty if given and any(one.points is not None for one in exercises) else None
        state = entry.state
        if state in (GRADED, NEEDS_MANUAL):
            state = NEEDS_MANUAL if any(_waits(grades.get(a.grade_id)) for a in answers) else GRADED
        return replace(entry, state=state, exercises=exercises, answers=answers, penalty=penalty, score=score)


def _waits(grade: Grade | None) -> bool:
    return grade is not None and grade.needs_manual_grade


def _answer(answer: Answer, grade: Grade | None, comment: str) -> Answer:
    points = None if grade is None or _waits(grade) else _mark(grade)
    return replace(answer, points=points, comment=comment)


def _exercise(one: ExerciseResult, grade: Grade | None) -> ExerciseResult:
    """The result, with the points that a person gave instead."""
    if grade is None or (grade.manual_score is None and not grade.extra_credit):
        return one
    return one._replace(points=_mark(grade), state=GRADED)


def _mark(grade: Grade) -> float | None:
    given = grade.auto_score if grade.manual_score is None else grade.manual_score
    return None if given is None else given + (grade.extra_credit or 0.0)
