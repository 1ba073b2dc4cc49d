"""The gradebook that is made without nbgrader is the one that nbgrader makes."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import create_engine, inspect

from grading.course.folder import ROOT, lab_names
from grading.course.release import generated, release
from grading.record.gradebook import Record
from tests import tiny_course

pytestmark = pytest.mark.slow  # nbgrader is imported, and makes a gradebook of its own


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Two gradebooks that know the project's labs: ours, and nbgrader's own."""
    folder = tmp_path_factory.mktemp("books")
    with Record(f"sqlite:///{folder / 'ours.db'}", lab_names()):
        pass
    with generated(lab_names(), ROOT, gradebook=f"sqlite:///{folder / 'theirs.db'}"):
        pass
    return folder / "ours.db", folder / "theirs.db"


def described(path):
    """Tables with their columns, keys and constraints."""
    engine = create_engine(f"sqlite:///{path}")
    found = inspect(engine)
    tables = {
        table: (
            {c["name"]: (str(c["type"]), c["nullable"]) for c in found.get_columns(table)},
            found.get_pk_constraint(table)["constrained_columns"],
            sorted((*k["constrained_columns"], k["referred_table"]) for k in found.get_foreign_keys(table)),
            sorted(sorted(u["column_names"]) for u in found.get_unique_constraints(table)),
        )
        for table in found.get_table_names()
    }
    engine.dispose()
    return tables


def rows(path, query):
    with sqlite3.connect(path) as book:
        found = sorted(book.execute(query).fetchall(), key=repr)
    book.close()
    return found


def test_the_tables_are_nbgraders(both):
    ours, theirs = map(described, both)
    assert ours.keys() == theirs.keys()
    for table, description in theirs.items():
        assert ours[table] == description, table


NOTEBOOK = "join notebook n on n.id = notebook_id join assignment a on a.id = n.assignment_id"
QUERIES = {
    "version": "select * from alembic_version",
    "course": "select id from course where id != 'default_course'",  # nbgrader leaves this one besides the course's own
    "assignment": "select name, duedate, course_id from assignment",
    "notebook": "select n.name, a.name, kernelspec from notebook n join assignment a on a.id = n.assignment_id",
    "base_cell": f"select a.name, n.name, c.name, type from base_cell c {NOTEBOOK}",
    "grade_cells": "select name, max_score, cell_type from base_cell join grade_cells using (id)",
    "solution_cells": "select name from base_cell join solution_cells using (id)",
    "source_cell": f"select a.name, n.name, s.name, cell_type, locked, source, checksum from source_cell s {NOTEBOOK}",
}


@pytest.mark.parametrize("what", QUERIES)
def test_a_lab_is_told_as_nbgrader_tells_it(both, what):
    ours, theirs = (rows(path, QUERIES[what]) for path in both)
    assert ours == theirs
    assert ours


def test_a_source_that_went_on_reaches_the_gradebook(tmp_path):
    course, url = tiny_course.make(tmp_path), f"sqlite:///{tmp_path / 'gradebook.db'}"
    for hidden in ("assert double(-3) == -6", "assert double(-5) == -10"):
        notebook = tiny_course.source_notebook()
        test = tiny_course.cell(notebook, "test_double")
        test["source"] = ["".join(test["source"]).replace("assert double(-3) == -6", hidden)]
        tiny_course.write(course / "solutions" / tiny_course.LAB / f"{tiny_course.LAB}.ipynb", notebook)
        release([], course)
        with Record(url, [tiny_course.LAB], course):
            pass
        found = rows(tmp_path / "gradebook.db", "select source from source_cell where name = 'test_double'")
        assert len(found) == 1
        assert hidden in found[0][0]
