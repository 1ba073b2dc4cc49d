"""The CSV files that Canvas and Moodle import.

A template, the platform's own export, keeps its columns, its order and its rows; what is not graded to the end stays
empty. It is written as it came: the same sign between the columns, in UTF-8.
"""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from grading.course.folder import GradingError
from grading.intake.tables import Table, read_table
from grading.platforms import canvas, moodle
from grading.platforms.comments import comments
from grading.platforms.marks import Marks, final
from grading.platforms.matching import Matching, called
from grading.report.tables import cell, table

FORMS = {"canvas": canvas, "moodle": moodle}
POSSIBLE = "Points Possible"  # Canvas's row
NOBODY = (POSSIBLE, "Student, Test")  # rows of Canvas's that are no student's
MANY = 5  # names that a sentence lists


class Asked(NamedTuple):
    """What export was told: the platform, a column for the only lab, and whether points are to fit the template's."""

    form: str
    column: str | None = None
    rescale: bool = False


def platform_table(class_marks: Sequence[Marks], labs: Sequence[str], form: str) -> str:
    """Without a template: who, and a column for each lab."""
    platform = FORMS[form]
    rows = [
        (*platform.who(m.person, m.number(form)), *(final(m.entries.get(lab)) for lab in labs)) for m in class_marks
    ]
    return table((*platform.COLUMNS, *labs), rows)


def filled(template: Path, class_marks: Sequence[Marks], labs: Sequence[str], asked: Asked) -> tuple[str, list[str]]:
    """The template with scores written in, and a line for each thing that was left out, guessed or replaced."""
    found = read_table(template)
    columns = columns_of(found.header, labs, asked, template.name)
    filling = Filling(found, class_marks, asked)
    filling.said += [
        f"{template.name} has no column for {lab}; its scores were left out." for lab in labs if lab not in columns
    ]
    for lab, place in columns.items():
        filling.scores(lab, place)
    filling.unmet(columns, template.name)
    return filling.text(), filling.said


class Filling:
    """A template on its way."""

    def __init__(self, found: Table, class_marks: Sequence[Marks], asked: Asked):
        self.table, self.class_marks, self.asked = found, class_marks, asked
        keys = [FORMS[asked.form].row_keys(dict(zip(found.header, row, strict=True))) for row in found.rows]
        self.keys, matching = keys, Matching(keys, class_marks)
        self.of, self.said = matching.of, matching.said
        self.comma = found.delimiter == ";" and any(re.fullmatch(r"\d+,\d+", one) for row in found.rows for one in row)

    def scores(self, lab: str, place: int) -> None:
        """One lab's column; with it Moodle's comments, where it has a column for them and nothing in it."""
        comment = self.table.places().get(moodle.COMMENTS) if self.asked.form == "moodle" else None
        replaced, kept, other = [], [], set()
        for at, marks in self.of.items():
            row, entry = self.table.rows[at], marks.entries.get(lab)
            score = final(entry)
            if score is None:
                continue
            possible = self.possible(row, place)
            if possible and possible != entry.max_score:
                other.add((possible, entry.max_score))
                score = round(score * possible / entry.max_score, 2) if self.asked.rescale else score
            text = f"{score:g}".replace(".", "," if self.comma else ".")
            replaced += [called(self.keys[at])] if number(row[place]) not in (None, number(text)) else []
            row[place] = text
            if comment is not None and comments(entry):
                kept += [called(self.keys[at])] if row[comment].strip() else []
                row[comment] = row[comment] if row[comment].strip() else cell(comments(entry))
        self.tell(lab, self.table.header[place], other, replaced, kept)

    def tell(self, lab: str, column: str, other: set, replaced: list[str], kept: list[str]) -> None:
        """What happened in a column."""
        for possible, ours in sorted(other):
            done = (
                "scores were rescaled" if self.asked.rescale else "scores are written as they are (--rescale fits them)"
            )
            self.said.append(f"{column} is out of {possible:g} there, {lab} out of {ours:g}: {done}.")
        if replaced:
            self.said.append(f"{column} had other scores, which were replaced: {some(replaced)}.")
        if kept:
            self.said.append(f"{moodle.COMMENTS} were there already and were left: {some(kept)}.")

    def possible(self, row: list[str], place: int) -> float | None:
        """The most points that the platform gives: in Canvas's own row, in Moodle's own column."""
        if self.asked.form == "moodle":
            column = next((self.table.places()[m] for m in moodle.MAXIMUM if m in self.table.header), None)
            return None if column is None else number(row[column])
        own = next((one for one in self.table.rows if one[0].strip() == POSSIBLE), None)
        return number(own[place]) if own else None

    def unmet(self, columns: dict[str, int], name: str) -> None:
        """Students with a score whom the template does not know, and rows for which there is none."""
        met = {marks.person.id for marks in self.of.values()}
        for marks in self.class_marks:
            if marks.person.id not in met and any(final(marks.entries.get(lab)) is not None for lab in columns):
                self.said.append(f"{marks.person.id} is not in {name}: this score was not exported.")
        rows = enumerate(self.table.rows)
        people = [at for at, row in rows if row[0].strip() not in NOBODY and any(name for _, name in self.keys[at])]
        empty = [called(self.keys[at]) for at in people if not self.has_score(at, columns)]
        if empty:
            self.said.append(f"{len(empty)} of {len(people)} rows of {name} got no score: {some(empty)}.")

    def has_score(self, at: int, columns: dict[str, int]) -> bool:
        """Whether any of the labs has a final score for this row."""
        return at in self.of and any(final(self.of[at].entries.get(lab)) is not None for lab in columns)

    def text(self) -> str:
        """The table as the platform takes it back."""
        file = io.StringIO()
        writer = csv.writer(file, delimiter=self.table.delimiter, lineterminator="\n")
        writer.writerows([self.table.header, *self.table.rows])
        return ("\ufeff" if self.table.encoding in ("utf-8-sig", "utf-16") else "") + file.getvalue()


def number(text: str) -> float | None:
    """A number that a spreadsheet wrote, with a comma or a point."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def some(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    return "; ".join(names[:MANY]) + (f" and {len(names) - MANY} more" if len(names) > MANY else "")


def columns_of(header: Sequence[str], labs: Sequence[str], asked: Asked, name: str) -> dict[str, int]:
    """The column of each lab that has one. GradingError where none has, or where two columns would fit."""
    if asked.column:
        if len(labs) != 1:
            raise GradingError("--column is for one lab: name it with --lab.")
        found = {labs[0]: fitting(header, asked.column)}
    else:
        found = {lab: fitting(header, lab) for lab in labs}
    for lab, places in found.items():
        if len(places) > 1:
            names = " and ".join(repr(header[place]) for place in places)
            raise GradingError(f"{name} has two columns for {lab}, {names}: choose one with --column.")
    columns = {lab: places[0] for lab, places in found.items() if places}
    if not columns and len(labs) == 1 and asked.form == "moodle" and moodle.WORKSHEET in header and not asked.column:
        columns = {labs[0]: header.index(moodle.WORKSHEET)}
    if not columns:
        wanted = asked.column or ", ".join(labs)
        known = "; ".join(column for column in header if column)
        raise GradingError(f"{name} has no column for {wanted}: name it with --column. It has: {known}.")
    return columns


def fitting(header: Sequence[str], wanted: str) -> list[int]:
    """Where the column is: Canvas writes `lab1_pca (1234)`, Moodle `Assignment:lab1_pca (Real)`."""
    exact = [place for place, name in enumerate(header) if name == wanted]
    plain = [re.sub(r" \([^()]*\)$", "", name.removeprefix("Assignment:")).strip() for name in header]
    return exact or [place for place, name in enumerate(plain) if name == wanted]
