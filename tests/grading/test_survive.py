"""All that a grader must survive, in one class and through the whole pipeline: each costs itself, and no other."""

from __future__ import annotations

import copy
import csv
import json
import os
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from grading import engine
from grading.commands import demo
from grading.commands.demo import ALL, KL, LAB
from grading.grade import Options, grade_class
from grading.intake.notebook import MAX_CELLS
from grading.sandbox.process import Sandbox
from tests.grading.intake import notebooks, test_repair
from tests.grading.report.test_report import Tags
from tests.handins import QUICK

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]

WHOLE = 18.0  # points of the exercises; two more are a person's
KL_POINTS = 3.0
HEAD = "import ctypes, logging, math, os, signal, subprocess, sys, time, warnings\n"


class Case(NamedTuple):
    """What is handed in (bytes for the lab's notebook, or a function that fills the folder), and what it comes to."""

    content: object
    state: str = "needs-manual"
    score: float | None = WHOLE
    says: str = ""  # in the row of gaussian_kl, or in the feedback where there are no rows


def notebook() -> dict:
    return copy.deepcopy(notebooks.SOLVED)


def cell(source: str) -> bytes:
    """The solved lab with this in the place of gaussian_kl."""
    held = notebook()
    demo_cell(held, "gaussian_kl")["source"] = HEAD + source
    return demo.solved(held)


def demo_cell(held: dict, name: str) -> dict:
    return next(c for c in held["cells"] if demo.grade_id(c) == name)


def inside(body: str) -> bytes:
    return cell(f"def gaussian_kl(mu, logvar):\n    {body}\n    {KL}")


def answer(value: str) -> bytes:
    return cell(f"def gaussian_kl(mu, logvar):\n    right = gaussian(mu, logvar)\n    return {value}\n" + RIGHT)


RIGHT = f"import torch\ndef gaussian(mu, logvar):\n    {KL}"
LOOP, BOMB = "while True: pass", "while True: os.fork()"
LOST, LATE, CRASH = WHOLE - KL_POINTS, "timed-out", "crashed"
CODE = {
    "syntax error": Case(cell("def gaussian_kl(mu, logvar:"), score=LOST, says="SyntaxError"),
    "wrong answer": Case(answer("2 * right"), score=LOST, says="twice the right one"),
    "loop in a cell": Case(cell(LOOP), LATE, LOST, "took too long"),
    "loop in a function": Case(inside(LOOP), LATE, LOST, "took too long"),
    "sleep": Case(inside("time.sleep(600)"), LATE, LOST, "took too long"),
    "sys.exit": Case(inside("sys.exit()"), score=LOST, says="SystemExit"),
    "os._exit": Case(inside("os._exit(0)"), CRASH, LOST, "ended Python"),
    "segfault": Case(inside("ctypes.string_at(0)"), CRASH, LOST, "segmentation fault"),
    "SIGKILL to itself": Case(inside("os.kill(os.getpid(), signal.SIGKILL)")),
    "SIGKILL to its parent": Case(inside("os.kill(os.getppid(), signal.SIGKILL)")),
    "64 GiB": Case(inside("bytearray(64 << 30)"), CRASH, LOST, "Such amounts of memory"),
    "fork bomb": Case(inside(BOMB), CRASH, LOST, "not permitted"),
    "long line": Case(inside("getattr(math, 'said', 0) or (print('x' * 10**8), setattr(math, 'said', 1))")),
    "full disk": Case(
        inside("[open(f'{i}', 'wb').write(bytes(9 << 20)) for i in range(99)]"), CRASH, LOST, "No space left"
    ),
    "background": Case(inside("subprocess.Popen(['sleep', '999'])"), CRASH, LOST, "not permitted"),
    "many threads": Case(
        inside("import threading; [threading.Thread(target=time.sleep, args=(99,)) for _ in range(9)]")
    ),
    "stderr": Case(inside("warnings.warn('w'); logging.warning('w'); print('w', file=sys.stderr)")),
    "NaN": Case(answer("right * math.nan"), score=LOST, says="NaN"),
    "infinity": Case(answer("right + math.inf"), score=LOST, says="infinite"),
    "always equal": Case(answer("type('E', (), {'__eq__': lambda *a: True})()"), score=LOST, says="E"),
    "integers": Case(answer("right.long()"), score=LOST, says="int64"),
    "a list": Case(answer("right.tolist()"), score=LOST, says="list"),
    "deep": Case(answer("__import__('functools').reduce(lambda a, _: [a], range(900), 0)"), score=LOST),
    "endless generator": Case(answer("iter(int, 1)"), score=LOST),
    "__del__": Case(inside("type('D', (), {'__del__': lambda self: os._exit(3)})()"), CRASH, LOST, "ended Python"),
    "recursion": Case(inside("(lambda f: f(f))(lambda f: f(f))"), score=LOST, says="RecursionError"),
    "8 MB of code": Case(cell("x = 1\n" * 1_500_000), CRASH, LOST, "ended Python"),
    "half a surrogate": Case(cell("mark = '\ud800'\n" + RIGHT), score=LOST, says="no gaussian_kl in the notebook"),
    "NUL": Case(cell("mark = '\0'\n" + RIGHT), score=LOST),
}


def marked(mark: object) -> bytes:
    """With another mark of nbgrader's on gaussian_kl."""
    held = notebook()
    demo_cell(held, "gaussian_kl")["metadata"] = {"nbgrader": mark, "tags": mark}
    return demo.solved(held)


def more_cells(count: int) -> bytes:
    held = notebook()
    held["cells"] += [{"cell_type": "code", "metadata": {}, "source": "1;", "outputs": []}] * count
    return demo.solved(held)


def damaged(damage) -> bytes:
    held = notebook()
    damage(held["cells"])
    return demo.solved(held)


def hostile_text() -> bytes:
    held = notebook()
    script = "<script>alert(1)</script><img src=x onerror='alert(2)'> =cmd"
    demo_cell(held, "question_coverage")["source"] = script
    demo_cell(held, "gaussian_kl")["source"] = f"print({script!r})\n{RIGHT}\ngaussian_kl = gaussian"
    return demo.solved(held)


def large(folder: Path) -> None:
    with (folder / f"{LAB}.ipynb").open("wb") as file:
        file.truncate(200 << 20)


def several(folder: Path) -> None:
    for number in range(60):
        (folder / f"{number}.ipynb").write_bytes(b"{}")
    (folder / f"{LAB}.ipynb").write_bytes(demo.solved(notebook()))


def version_3() -> bytes:
    read = nbformat.reads(json.dumps(notebook()), as_version=3)
    return nbformat.writes(read, version=3).encode()


UNREADABLE = "unreadable", None
FILES = {
    **{
        f"marks {k}": Case(marked(m))
        for k, m in enumerate((["x"], {"grade_id": ["x"], "grade": True}, 3, {"grade_id": 1}))
    },
    **{name: Case(damaged(damage)) for name, damage in test_repair.WHOLE_WORK.items()},
    "format 3": Case(version_3()),
    "higher minor": Case(demo.solved(notebook() | {"nbformat_minor": 99})),
    "kernel": Case(demo.solved(notebook() | {"metadata": {"kernelspec": {"name": "julia"}}})),
    "many cells": Case(more_cells(MAX_CELLS - 100)),
    "too many cells": Case(more_cells(MAX_CELLS), *UNREADABLE, "more than 2000 cells"),
    "file name": Case(lambda folder: (folder / "Untitled (1).ipynb").write_bytes(demo.solved(notebook()))),
    "two notebooks": Case(several),
    "zip": Case(
        lambda f: (f / "x.zip").write_bytes(notebooks.zipped({"a.ipynb": demo.solved(notebook())})),
    ),
    "zip bomb": Case(
        lambda f: (f / "x.zip").write_bytes(notebooks.zipped({f"{k}.ipynb": b" " * (30 << 20) for k in range(9)})),
        *UNREADABLE,
        "is empty",
    ),
    "zip with paths": Case(
        lambda f: (f / "x.zip").write_bytes(notebooks.zipped({"../../a.ipynb": demo.solved(notebook())})),
        *UNREADABLE,
        "leads out of it",
    ),
    "empty": Case(b"", *UNREADABLE, "is empty"),
    "not JSON": Case(b"<html>", *UNREADABLE, "not a notebook"),
    "no notebook": Case(b'{"a": 1}', *UNREADABLE, "not a notebook"),
    "200 MB": Case(large, *UNREADABLE, "larger than 50 MB"),
    "link": Case(lambda f: (f / "x.ipynb").symlink_to("/etc/passwd"), *UNREADABLE, "a link"),
    "folder": Case(lambda f: (f / f"{LAB}.ipynb").mkdir(), *UNREADABLE, "not a notebook"),
    "script": Case(hostile_text()),
}
NAMES = (
    'O\'Hara, "Jr."',
    "=cmd|' C calc'!A0",
    "+1",
    "Ünï Çødé",
    "two\nlines",
    "\x1b[31mred",
    "x" * 200,
    "<img src=x onerror=alert(1)>",
)
MENDED = {  # as the tables have them, but for the mark at the end
    NAMES[0]: "O'Hara, _Jr._~",
    NAMES[4]: "two_lines~",
    NAMES[5]: "_[31mred~",
    NAMES[6]: "x" * 120 + "~",
    NAMES[7]: "_img src=x onerror=alert(1)_~",
}
CASES = {
    "a first": Case(demo.solved(notebook())),
    **CODE,
    **FILES,
    **{name: Case(demo.solved(notebook())) for name in NAMES},
    "zz last": Case(demo.solved(notebook())),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class, graded; the lines that were printed."""
    folder, lines = tmp_path_factory.mktemp("class"), []
    for name, case in CASES.items():
        place = folder / "submitted" / name / LAB
        place.mkdir(parents=True)
        if callable(case.content):
            case.content(place)
        else:
            (place / f"{LAB}.ipynb").write_bytes(case.content)
    unknown = os.fsencode(folder / "submitted") + b"/\xff\xfe/" + os.fsencode(LAB)
    os.makedirs(unknown)
    Path(os.fsdecode(unknown), f"{LAB}.ipynb").write_bytes(demo.solved(notebook()))
    with Sandbox(QUICK) as sandbox:
        before, engine._sandbox = engine._sandbox, sandbox
        try:
            grade_class(Options(folder / "submitted", folder / "out", jobs=1), lines.append)
        finally:
            engine._sandbox = before
    return folder / "out", lines


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def called(student: str) -> str:
    """The name as the tables have it."""
    if student in MENDED:
        return MENDED[student]
    return f"'{student}" if student[0] in "=+" else student


def row(out, name):
    found = [r for r in rows(out / "scores.csv") if r["student"] == called(name) or r["student"][:-8] == called(name)]
    assert len(found) == 1, name
    return found[0]


@pytest.mark.parametrize("name", CASES)
def test_each_comes_to_its_own_state_and_score(graded, name):
    case, found = CASES[name], row(graded[0], name)
    assert (found["state"], found["score"]) == (case.state, "" if case.score is None else f"{case.score:g}")


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.says])
def test_the_message_can_be_read(graded, name):
    out, case = graded[0], CASES[name]
    said = {r["exercise"]: r["message"] for r in rows(out / "exercises.csv") if r["student"] == name}
    if case.score is None:
        assert said == {}
        assert case.says in (out / "feedback" / name / LAB / f"{LAB}.html").read_text(encoding="utf-8")
        return
    assert case.says in said["gaussian_kl"]
    assert "Traceback" not in said["gaussian_kl"]
    assert len(said["gaussian_kl"]) < 600
    assert {said[exercise] for exercise in ALL if exercise != "gaussian_kl"} == {"Right."}


def test_everyone_has_a_line_and_a_page(graded):
    out, lines = graded
    mine = [line for line in lines if f"  {LAB}  " in line]
    assert len(mine) == len(CASES) + 1
    assert all(line.isprintable() for line in mine)
    pages = list((out / "feedback").glob(f"*/{LAB}/{LAB}.html"))
    assert len(pages) == len(CASES) + 1
    assert len(rows(out / "scores.csv")) == len(CASES) + 1
    assert sum(page.stat().st_size for page in pages) < 50 << 20


def test_nothing_that_a_student_wrote_runs_in_a_page(graded):
    text = (graded[0] / "feedback" / "script" / LAB / f"{LAB}.html").read_text(encoding="utf-8")
    found = Tags(text)
    assert "alert(1)" in text
    assert not found.tags & {"script", "img"}


def Tags_of(text: str):
    from tests.grading.report.test_report import Tags

    return Tags(text)
