"""Stock `nbgrader autograde` on a course's folder: what our grading is compared with, in marks and in time."""

from __future__ import annotations

import warnings
from pathlib import Path

from sqlalchemy.exc import SAWarning

from grading.course.folder import GradingError
from grading.course.release import generated, reason
from grading.course.settings import configuration, nbgrader


def autograde(course: Path) -> dict[tuple[str, str], float]:
    """Autograde submitted/STUDENT/LAB of the course, one after the other; scores by (student, lab)."""
    found = sorted((path.parent.name, path.name) for path in (course / "submitted").glob("*/*") if path.is_dir())
    config = configuration(course)
    with generated(sorted({lab for _, lab in found}), course, gradebook=config.CourseDirectory.db_url):
        pass  # the gradebook has been told of the labs
    api = nbgrader(config)
    return {(student, lab): _score(api, student, lab) for student, lab in found}


def _score(api, student: str, lab: str) -> float:
    with warnings.catch_warnings():
        # nbgrader's own, at each first hand-in; the scores are right
        warnings.filterwarnings("ignore", "Object of type <Submitted", SAWarning)
        result = api.autograde(lab, student)
    if not result["success"]:
        raise GradingError(f"nbgrader cannot grade {lab} of {student}: {reason(result)}")
    with api.gradebook as gradebook:
        return gradebook.find_submission(lab, student).score
