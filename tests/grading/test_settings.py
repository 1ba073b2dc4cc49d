"""What is done after grading goes by the settings of the course that was graded."""

from __future__ import annotations

import shutil
from datetime import datetime

import pytest
from nbgrader.api import Gradebook

from grading.__main__ import feedback
from grading.commands.export import export
from grading.course.folder import GradingError
from grading.grade import Options, grade_class
from grading.judge.result import GRADED
from tests.grading.term import Term

HW = "hw1/pca"


@pytest.fixture
def penalized(term):
    """One hand-in, late, in a course that gives nothing for it."""
    config = term.folder / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    term.assign(HW)
    term.hand_in("ann", HW)
    (term.folder / "submitted" / "ann" / "hw1" / "timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
    return term


def due(out):
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        book.update_or_create_assignment("hw1", duedate=datetime(2026, 3, 1))


@pytest.mark.parametrize("named", [False, True])
def test_export_and_feedback_keep_the_courses_settings(penalized, named):
    penalized.grade()
    due(penalized.folder)
    penalized.grade()
    assert penalized.scores()[("ann", HW)] == ("0", GRADED)
    course = penalized.folder if named else None
    table = penalized.folder / "canvas.csv"
    export("canvas", table, None, [], penalized.folder, None, False, course)
    assert table.read_text().splitlines()[1].endswith(",0")
    feedback(penalized.folder, None, [], course)
    assert penalized.scores()[("ann", HW)] == ("0", GRADED)


def test_the_course_is_found_again_where_both_have_moved_and_asked_for_where_it_is_gone(penalized, tmp_path):
    penalized.grade()
    due(penalized.folder)
    moved = Term(shutil.copytree(penalized.folder, tmp_path.parent / f"{tmp_path.name}-moved"))
    shutil.copy(penalized.folder / "nbgrader_config.py", moved.folder)
    feedback(moved.folder, None, [])
    assert moved.scores()[("ann", HW)] == ("0", GRADED)
    elsewhere = tmp_path.parent / f"{tmp_path.name}-out"
    grade_class(Options(moved.folder / "submitted", elsewhere, jobs=1), str, moved.folder)
    shutil.rmtree(moved.folder)
    with pytest.raises(GradingError, match="which is not there any more: name it with --course"):
        feedback(elsewhere, None, [])
