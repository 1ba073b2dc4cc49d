"""Where a test was run plainly, the student's page and the class page say so."""

from __future__ import annotations

from grading.judge.result import GRADED, ExerciseResult
from grading.record.ledger import Entry
from grading.report.pages import feedback_path, write_feedback
from grading.report.summary import summary


def test_a_plain_test_is_said_and_no_other(tmp_path):
    plain = ExerciseResult("plot", "test_plot", 2.0, 2.0, GRADED, "Right.", plain=True)
    outside = ExerciseResult("double", "test_double", 2.0, 2.0, GRADED, "Right.")
    for one in (plain, outside):
        entry = Entry("anna", "hw/one", GRADED, 2.0, 2.0, exercises=(one,))
        write_feedback(entry, tmp_path)
        page = feedback_path(entry, tmp_path)
        assert page == tmp_path / "feedback" / "anna" / "hw" / "one.html"
        assert ("Its test was run plainly, beside your code." in page.read_text(encoding="utf-8")) is one.plain
        assert summary("hw/one", [entry])["exercises"][0]["plain"] is one.plain
