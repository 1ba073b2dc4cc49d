"""A lab, its solved notebook, and ways to look at what intake made of one."""

from __future__ import annotations

import copy
import io
import json
import stat
import zipfile

from grading.commands import demo
from grading.course.lab import role
from grading.intake.notebook import read_notebook
from grading.intake.repair import repair
from grading.intake.sources import sources
from grading.platforms.authors import author

LAB = demo.LAB
RELEASED = read_notebook(json.dumps(demo.read("labs")).encode())
SOLVED = demo.handed_in()
EXERCISES = demo.ALL


def place(notebook, name):
    return next(i for i, cell in enumerate(notebook["cells"]) if demo.grade_id(cell) == name)


def given(change):
    """The solved notebook after a change to its list of cells, repaired."""
    notebook = copy.deepcopy(SOLVED)
    change(notebook["cells"])
    return repair(read_notebook(json.dumps(notebook).encode()), RELEASED)


def code_of(notebook):
    """All that the student wrote, in order."""
    return [cell["source"] for cell in notebook["cells"] if role(cell) == "solution"]


def names(notebook):
    """The graded cells, in order."""
    return [demo.grade_id(cell) for cell in notebook["cells"] if role(cell) in ("solution", "test", "answer")]


WHOLE = names(RELEASED)


def take(intake, folder):
    found = sources(folder.parent.parent, list(intake.released), intake.released, {}, author)
    assert [(source.student, source.lab) for source in found] == [("ann", LAB)]
    return intake.take(found[0])


def zipped(files, links=()):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if name in links:
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(info, content)
    return buffer.getvalue()
