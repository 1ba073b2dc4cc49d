"""A class graded from end to end: the demonstration's, whose members must each come to what stands beside them."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from functools import partial

import pytest
from nbgrader.api import Gradebook

from grading.commands import demo
from grading.commands.demo import ALL, CLASS, LAB, QUESTIONS
from grading.course.folder import ROOT, GradingError
from grading.earlier import refresh
from grading.grade import Options, grade_class
from grading.judge.result import GRADED, NEEDS_MANUAL, ExerciseResult
from grading.record.ledger import Entry, Ledger
from grading.report.points import changes, shown
from grading.sandbox import process

POINTS = dict(zip(ALL, (2, 3, 3, 2, 3, 2, 3), strict=True))
PUPILS = {pupil.name: pupil for pupil in CLASS}


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read(out):
    """The scores by student, and the points by student and exercise."""
    scores = {row["student"]: row for row in rows(out / "scores.csv")}
    return scores, {(row["student"], row["exercise"]): row for row in rows(out / "exercises.csv")}


def grade(folder, say=lambda line: None, **options):
    return grade_class(Options(folder / "submitted", folder / "out", jobs=1, **options), say)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The demonstration's class, graded once in the sandbox; the lines that were printed."""
    folder, lines = tmp_path_factory.mktemp("class"), []
    demo.make_class(folder / "submitted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "Limits", partial(process.Limits, cell_seconds=10, exercise_seconds=10))  # not 30: hal
        grade(folder, lines.append)
    return folder, lines


@pytest.mark.slow
@pytest.mark.sandbox
class TestTheClass:
    @pytest.mark.parametrize("name", PUPILS)
    def test_everyone_comes_to_the_right_state(self, graded, name):
        scores, exercises = read(graded[0] / "out")
        pupil = PUPILS[name]
        assert scores[name]["state"] == pupil.state
        assert scores[name]["max_score"] == "24"
        if pupil.state in ("unreadable", "missing"):
            assert scores[name]["score"] == ""
            assert not any(student == name for student, _ in exercises)
            return
        for exercise, points in POINTS.items():
            expected = "" if exercise in pupil.ungraded else "0" if exercise in pupil.lost else str(points)
            assert exercises[name, exercise]["points"] == expected, exercise
        lost = {*pupil.lost, *pupil.ungraded}
        assert float(scores[name]["score"]) == sum(p for e, p in POINTS.items() if e not in lost)

    def test_each_has_one_line(self, graded):
        assert sum(LAB in line for line in graded[1]) == len(CLASS)

    def test_mistakes_are_named(self, graded):
        page = (graded[0] / "out" / "report.html").read_text(encoding="utf-8")
        assert "the right one with the other sign" in page
        assert "right when <code>logvar</code> is handed in halved" in page

    def test_everyone_who_handed_in_has_feedback_without_secrets(self, graded):
        hidden = [line for cell in demo.read("solutions")["cells"] for line in hidden_lines("".join(cell["source"]))]
        assert len(hidden) > 20
        for name, pupil in PUPILS.items():
            page = (graded[0] / "out" / "feedback" / name / LAB / f"{LAB}.html").read_text(encoding="utf-8")
            assert pupil.state != "unreadable" or "hand in again" in page
            assert not [line for line in hidden if line in page]
            assert str(ROOT) not in page

    def test_the_cheat_saw_nothing(self, graded):
        page = (graded[0] / "out" / "feedback" / "mallory" / LAB / f"{LAB}.html").read_text(encoding="utf-8")
        assert "It printed" in page
        assert "lab5_vae.ipynb" not in page
        assert "gradebook" not in page

    def test_nbgraders_gradebook_agrees(self, graded):
        scores, _ = read(graded[0] / "out")
        with Gradebook(f"sqlite:///{graded[0] / 'out' / 'gradebook.db'}") as book:
            for name, row in scores.items():
                if row["score"]:
                    assert book.find_submission(LAB, name).score == float(row["score"])
            assert book.find_student("nora").submissions == []

    def test_formgrader_finds_a_sound_notebook(self, graded):
        import nbformat

        found = sorted((graded[0] / "out" / "autograded").glob(f"*/{LAB}/{LAB}.ipynb"))
        assert len(found) == sum(pupil.state not in ("unreadable", "missing") for pupil in CLASS)
        for path in found:
            notebook = nbformat.read(path, as_version=4)
            nbformat.validate(notebook)
            names = [c.metadata.nbgrader.grade_id for c in notebook.cells if "nbgrader" in c.metadata]
            assert len(names) == len(set(names))

    def test_nothing_is_graded_twice_and_marks_by_hand_stay(self, graded, tmp_path):
        folder = shutil.copytree(graded[0], tmp_path / "class")
        with Gradebook(f"sqlite:///{folder / 'out' / 'gradebook.db'}") as book:
            for question in QUESTIONS:
                mark = book.find_grade(question, LAB, LAB, "ada")
                mark.manual_score, mark.needs_manual_grade = 0.5, False
            book.db.commit()
        lines = []
        started = time.monotonic()
        grade(folder, lines.append)
        assert time.monotonic() - started < 20
        assert sum("as before" in line for line in lines) == sum(
            p.state not in ("unreadable", "missing") for p in CLASS
        )
        scores, _ = read(folder / "out")
        assert (scores["ada"]["score"], scores["ada"]["state"]) == ("19.5", GRADED)

    def test_another_gradebook_gets_all_marks_again(self, graded, tmp_path):
        folder = shutil.copytree(graded[0], tmp_path / "class", ignore=all_but("dan", "kim", "nora"))
        (folder / "out" / "gradebook.db").unlink()
        grade(folder)
        with Gradebook(f"sqlite:///{folder / 'out' / 'gradebook.db'}") as book:
            assert book.find_submission(LAB, "dan").score == 15

    def test_a_regrade_prints_what_changed(self, graded, tmp_path):
        folder = shutil.copytree(graded[0], tmp_path / "class")
        path = folder / "submitted" / "dan" / LAB / f"{LAB}.ipynb"
        path.write_bytes(demo.solved(demo.handed_in()))
        lines = []
        grade(folder, lines.append)
        assert "gaussian_kl: 0 → 3" in [line.strip() for line in lines]
        assert read(folder / "out")[0]["dan"]["score"] == "18"

    def test_a_hand_in_that_fails_now_loses_its_old_mark(self, graded, tmp_path):
        folder = shutil.copytree(graded[0], tmp_path / "class")
        (folder / "submitted" / "ada" / LAB / f"{LAB}.ipynb").write_bytes(b"")
        grade(folder)
        scores, exercises = read(folder / "out")
        assert (scores["ada"]["score"], scores["ada"]["state"]) == ("", "unreadable")
        assert ("ada", "gaussian_kl") not in exercises
        assert not (folder / "out" / "autograded" / "ada" / LAB / f"{LAB}.ipynb").exists()

    def test_feedback_is_written_anew_from_the_gradebook(self, graded, tmp_path):
        folder = shutil.copytree(graded[0], tmp_path / "class")
        with Gradebook(f"sqlite:///{folder / 'out' / 'gradebook.db'}") as book:
            mark = book.find_grade("question_coverage", LAB, LAB, "cleo")
            mark.manual_score, mark.needs_manual_grade = 2.0, False
            book.find_comment("question_coverage", LAB, LAB, "cleo").manual_comment = "Well said <b>indeed</b>."
            book.db.commit()
        refresh(folder / "out")
        page = (folder / "out" / "feedback" / "cleo" / LAB / f"{LAB}.html").read_text(encoding="utf-8")
        assert "Well said &lt;b&gt;indeed&lt;/b&gt;." in page
        assert "12 of 20 points so far, 4 wait for a reader" in page

    def test_the_commands_after_grading(self, graded, tmp_path):
        folder = shutil.copytree(graded[0], tmp_path / "class")
        table = tmp_path / "moodle.csv"
        run = [sys.executable, "-m", "grading"]
        exported = [*run, "export", "--format", "moodle", "--out", str(table), "--graded", str(folder / "out")]
        done = subprocess.run(exported, cwd=ROOT, capture_output=True, text=True, check=True)
        assert "12 of 14 hand-ins are not graded to the end" in done.stdout
        assert {row["ID number"]: row[LAB] for row in rows(table)} == {
            name: {"ben": "18", "finn": "0"}.get(name, "") for name in PUPILS
        }
        again = [*run, "feedback", "--out", str(folder / "out")]
        done = subprocess.run(again, cwd=ROOT, capture_output=True, text=True, check=True)
        assert "14 pages" in done.stdout

    def test_a_run_that_is_interrupted_goes_on(self, graded, tmp_path):
        folder = tmp_path / "class"
        few = ("ada", "cleo", "dan", "finn", "gwen", "kim")
        shutil.copytree(graded[0] / "submitted", folder / "submitted", ignore=all_but(*few))
        command = [sys.executable, "-m", "grading", "grade", "--jobs", "2"]
        command += ["--submitted", str(folder / "submitted"), "--out", str(folder / "out")]
        told = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        run = subprocess.Popen(command, cwd=ROOT, env=told, text=True, preexec_fn=heed_ctrl_c, **pipes)
        for line in run.stdout:
            if LAB in line:
                break
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=60)
        assert run.returncode == 130
        assert "the next run goes on from here" in errors
        assert "Traceback" not in errors
        lines = []
        grade(folder, lines.append)
        assert any("as before" in line for line in lines)
        assert read(folder / "out")[0].keys() == read(graded[0] / "out")[0].keys()


def all_but(*names):
    """What copytree leaves out, of the class's folders."""
    return shutil.ignore_patterns(*(name for name in PUPILS if name not in names))


def heed_ctrl_c():
    """As in a terminal: a suite that was started in the background hands on that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def hidden_lines(source):
    inside = False
    for line in source.splitlines():
        inside = (inside or line == "### BEGIN HIDDEN TESTS") and line != "### END HIDDEN TESTS"
        if inside and len(line.strip()) > 25 and line != "### BEGIN HIDDEN TESTS":
            yield line.strip()


@pytest.mark.slow
@pytest.mark.sandbox
def test_stock_nbgrader_gives_honest_hand_ins_the_same_scores(graded, tmp_path):
    import nbformat

    from benchmarks import stock
    from tests.test_labs import graded_path

    honest = ("eve", "gwen")  # two mistakes, a syntax error; tests/test_labs.py has what is right and what is empty
    for name in ("solutions", "labs"):
        shutil.copytree(ROOT / name / LAB, tmp_path / name / LAB)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    for name in honest:
        path = tmp_path / "submitted" / name / LAB / f"{LAB}.ipynb"
        path.parent.mkdir(parents=True)
        handed_in = nbformat.read(graded[0] / path.relative_to(tmp_path), as_version=4)
        nbformat.write(graded_path(handed_in), path)  # without what only shows things
    warn_within(next((tmp_path / "submitted" / "eve").rglob("*.ipynb")), "def gaussian_kl(")
    ours, _ = read(graded[0] / "out")
    assert stock.autograde(tmp_path) == {(name, LAB): float(ours[name]["score"]) for name in honest}


def warn_within(path, start):
    """The function whose line starts so writes to stderr at each call; nbgrader's own rule takes its points."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        lines = "".join(cell["source"]).splitlines(keepends=True)
        at = next((k for k, line in enumerate(lines) if line.startswith(start)), None)
        if at is not None and cell["cell_type"] == "code":
            cell["source"] = [*lines[: at + 1], "    __import__('warnings').warn('careful')\n", *lines[at + 1 :]]
            path.write_text(json.dumps(notebook), encoding="utf-8")
            return
    raise AssertionError(f"no line starts with {start}")


@pytest.mark.slow
def test_every_state_is_a_success_and_the_bar_says_how_long_it_will_take(tmp_path):
    """On a terminal; two hand-ins that nobody can read, and one that is missing."""
    for name in ("kim", "lou"):
        path = tmp_path / "submitted" / name / LAB / "x.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"<html>")
    (tmp_path / "submitted" / "students.csv").write_text("id\nkim\nnora\n")
    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    command = [sys.executable, "-m", "grading", "grade", "--jobs", "1"]
    command += ["--submitted", str(tmp_path / "submitted"), "--out", str(tmp_path / "out")]
    plain = os.environ | {"PYTHONIOENCODING": "ascii"}  # a terminal that cannot show every sign
    done = subprocess.run(command, cwd=ROOT, env=plain, stdout=subprocess.PIPE, stderr=inside, text=True, check=False)
    shown = select.select([terminal], [], [], 5)[0]
    bar = os.read(terminal, 1 << 16).decode() if shown else ""
    os.close(inside)
    os.close(terminal)
    assert done.returncode == 0
    assert re.search(r"\d/2 \[[\d:]+<[\d:?]+", bar), bar  # done of all, the time taken and the time left
    lines = [line.split() for line in done.stdout.splitlines() if f"  {LAB}  " in line]
    assert [(line[0], line[2]) for line in lines] == [("kim", "unreadable"), ("lou", "unreadable"), ("nora", "missing")]


def test_changes_are_told_exercise_by_exercise():
    def entry(*points):
        names = ("f", "g")
        results = (ExerciseResult(n, n, p, 3.0, GRADED) for n, p in zip(names, points, strict=True))
        return Entry("ann", LAB, NEEDS_MANUAL, 6.0, exercises=tuple(results))

    assert list(changes(None, entry(1.0, 2.0))) == []
    assert list(changes(entry(1.0, 2.0), entry(1.0, 2.0))) == []
    assert list(changes(entry(1.0, 2.0), entry(3.0, None))) == ["f: 1 → 3", "g: 2 → not graded"]
    assert shown(0.0) == "0"


def test_nothing_to_grade_is_one_sentence(tmp_path):
    (tmp_path / "submitted").mkdir()
    with pytest.raises(GradingError, match="nothing to grade"):
        grade(tmp_path)
    with pytest.raises(GradingError, match="There is no lab 'lab9'"):
        grade(tmp_path, labs=("lab9",))
    with pytest.raises(GradingError, match="Nothing has been graded"):
        refresh(tmp_path / "out")


@pytest.mark.slow
def test_without_a_sandbox_grading_refuses_and_says_what_the_risk_is(tmp_path):
    """As on a machine that has no bubblewrap: nothing on the PATH."""
    (tmp_path / "submitted" / "ann" / LAB).mkdir(parents=True)
    (tmp_path / "submitted" / "ann" / LAB / "x.ipynb").write_text(json.dumps(demo.handed_in()))
    command = [sys.executable, "-m", "grading", "grade", "--jobs", "1"]
    command += ["--submitted", str(tmp_path / "submitted"), "--out", str(tmp_path / "out")]
    environment = os.environ | {"PATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert "bubblewrap" in done.stderr
    assert "--no-sandbox" in done.stderr
    assert "can read and change all that you can" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.sandbox
@pytest.mark.slow
def test_the_doctor_finds_the_sandbox_in_order():
    done = subprocess.run([sys.executable, "-m", "grading", "doctor"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "The sandbox works" in done.stdout


@pytest.mark.parametrize("given", [["--jobs", "0"], ["--jobs", "x"], ["--out"], ["--what"]])
def test_bad_options_are_refused(given):
    done = subprocess.run([sys.executable, "-m", "grading", "grade", *given], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "error:" in done.stderr


def test_a_ledger_without_the_hidden_tests(tmp_path):
    """What is kept on disk for reports holds no test's source."""
    assert "hidden" not in Entry.__dataclass_fields__
    assert Ledger(tmp_path).labs() == []
