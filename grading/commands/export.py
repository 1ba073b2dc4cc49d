"""The marks of what was graded, as a table that nbgrader, Canvas or Moodle takes."""

from pathlib import Path

from grading.course.folder import GradingError, chosen
from grading.earlier import course_of, refresh
from grading.platforms.assignments import asked
from grading.platforms.marks import by_student
from grading.platforms.nbgrader import nbgrader_table
from grading.platforms.tables import Asked, filled, platform_table
from grading.record.gradebook import Record, gradebook_url
from grading.report.tables import write


def export(
    form: str,
    file: Path,
    template: Path | None,
    lab: list[str],
    out: Path,
    column: str | None,
    rescale: bool,
    course: Path | None = None,
) -> int:
    """Write the table `file`; what was left out, guessed or replaced is told in a line each."""
    if template and form == "nbgrader":
        raise GradingError("--template is for --format canvas and --format moodle.")
    if (column or rescale) and not template:
        raise GradingError("--column and --rescale are for a --template.")
    root = course_of(out, course)
    entries = refresh(out, root)
    known = sorted({entry.lab for entry in entries})
    chosen(lab, known)  # says what is no lab
    entries = asked(entries, lab)
    labs = sorted({entry.lab for entry in entries})
    with Record(gradebook_url(out, root), (), root) as record:
        marks, said = by_student(entries, record), []
        if form == "nbgrader":
            text = nbgrader_table(marks, record)
        elif template:
            text, said = filled(template, marks, labs, Asked(form, column, rescale))
        else:
            text = platform_table(marks, labs, form)
    write(file, text)
    for sentence in said:
        print(f"  {sentence}")
    left = sum(entry.state != "graded" for entry in entries)
    if left and form != "nbgrader":
        print(f"  {left} of {len(entries)} hand-ins are not graded to the end, and have no number yet")
    print(f"Written to {file}.")
    return 0
