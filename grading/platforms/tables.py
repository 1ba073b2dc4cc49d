"""The CSV files that Canvas and Moodle import.

A template, the platform's own export, keeps its columns, its order and its rows; what is not graded to the end stays
empty.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from grading.course.folder import GradingError
from grading.platforms import canvas, moodle
from grading.platforms.marks import Marks, final
from grading.report.tables import table

FORMS = {"canvas": canvas, "moodle": moodle}


def platform_table(class_marks: Sequence[Marks], labs: Sequence[str], form: str) -> str:
    """Without a template: who, and a column for each lab."""
    platform = FORMS[form]
    rows = [(*platform.who(m.person), *(final(m.entries.get(lab)) for lab in labs)) for m in class_marks]
    return table((*platform.COLUMNS, *labs), rows)


def filled(template: Path, class_marks: Sequence[Marks], labs: Sequence[str]) -> tuple[str, list[str]]:
    """The template with scores written in, and the students with a score whom it does not know."""
    rows = read_template(template)
    header = rows[0]
    columns = {lab: column_of(header, lab) for lab in labs}
    columns = {lab: column for lab, column in columns.items() if column is not None}
    if not columns and len(labs) == 1 and moodle.WORKSHEET in header:
        columns = {labs[0]: header.index(moodle.WORKSHEET)}
    if not columns:
        raise GradingError(f"{template.name} has no column for {', '.join(labs)}: make the assignment there first.")
    keys = [place for place, name in enumerate(header) if name in (*canvas.KEYS, *moodle.KEYS)]
    known = {name: marks for marks in class_marks for name in marks.names()}
    met = set()
    for row in rows[1:]:
        names = (row[place].strip() for place in keys if place < len(row))
        marks = next((known[name] for name in names if name in known), None)
        if marks is None:
            continue
        met.add(marks.person.id)
        for lab, place in columns.items():
            score = final(marks.entries.get(lab))
            if score is not None:
                row[place] = f"{score:g}"
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    lacking = [marks for marks in class_marks if marks.person.id not in met]
    return file.getvalue(), [m.person.id for m in lacking if any(final(m.entries.get(lab)) is not None for lab in labs)]


def read_template(template: Path) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(template.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError) as error:
        raise GradingError(f"The template {template.name} cannot be read: {error}.") from None
    if not rows:
        raise GradingError(f"The template {template.name} is empty.")
    width = len(rows[0])
    return [row + [""] * (width - len(row)) for row in rows]


def column_of(header: Sequence[str], lab: str) -> int | None:
    """The lab's column: Canvas writes `lab1_pca (1234)`, Moodle `Assignment:lab1_pca (Real)`."""
    for place, name in enumerate(header):
        plain = name.removeprefix("Assignment:").partition(" (")[0].strip()
        if plain == lab:
            return place
    return None
