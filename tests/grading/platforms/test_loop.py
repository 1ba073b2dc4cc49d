"""From a platform's files to the platform's files: a class handed in, graded, and given back, without a class list."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import notebook_hash

from grading.course.folder import GradingError
from grading.course.release import release
from grading.course.settings import configuration, nbgrader
from grading.earlier import refresh
from grading.grade import Options, grade_class
from grading.platforms.marks import by_student
from grading.platforms.moodle import time_of
from grading.platforms.returning import return_zip
from grading.platforms.tables import Asked, filled
from grading.record.gradebook import Record, gradebook_url
from grading.record.ledger import Entry
from tests import tiny_course
from tests.grading.intake.notebooks import zipped
from tests.tiny_course import LAB

WRONG = "def double(x):\n    return 3 * x"
WHEN = "2026-03-01 12:00:00.000001 UTC"
SECRET = "s" * 64


def work(course, answer=None, why=None):
    """The lab with its exercise answered, right or so, and its question answered or left as it was."""
    notebook = tiny_course.answered(course, *([answer] if answer else []))
    if why is None:
        blank = tiny_course.cell(tiny_course.released(course), "question_why")
        tiny_course.cell(notebook, "question_why")["source"] = blank["source"]
    return json.dumps(notebook).encode()


class Graded:
    """The course with a class graded from three platforms' files, each into an output of its own."""

    def __init__(self, folder):
        self.course = tiny_course.make(folder)
        release([LAB], self.course)
        settings = folder / "nbgrader_config.py"
        settings.write_text(settings.read_text() + "c.LateSubmissionPlugin.penalty_method = 'zero'\n")
        self.said = {}
        right, wrong, waits = work(folder), work(folder, WRONG), work(folder, why="Because.")
        self.zip(
            "canvas",
            {
                "doejane_1234_9001_tiny.ipynb": right,
                "smithal_LATE_55_9002_tiny-1.ipynb.txt": wrong,
                "leeann_77_9003_tiny.ipynb": waits,
                "roebo_78_9004_report.pdf": b"%PDF",
            },
        )
        self.zip(
            "moodle",
            {
                "Participant_800000_assignsubmission_file/tiny.ipynb": right,
                "Participant_800001_assignsubmission_file/tiny.ipynb": wrong,
            },
        )
        inbound = folder / "inbound" / f"ann+{LAB}+{WHEN}+c2VjcmV0MDEy"
        inbound.mkdir(parents=True)
        (inbound / f"{LAB}.ipynb").write_bytes(right)
        (inbound / "timestamp.txt").write_text(WHEN)
        (inbound / "submission_secret.txt").write_text(SECRET)
        self.grade("grading_out", inbound.parent)

    def zip(self, name, files):
        path = self.course / f"{name}.zip"
        path.write_bytes(zipped(files))
        self.grade(name, path)

    def grade(self, name, submitted):
        self.said[name] = []
        options = Options(submitted, self.course / name, labs=(LAB,), jobs=1)
        grade_class(options, self.said[name].append, self.course)

    def marks(self, name):
        out = self.course / name
        entries = refresh(out, self.course)
        with Record(gradebook_url(out, self.course), (), self.course) as record:
            return by_student(entries, record)

    def fill(self, name, text):
        template = self.course / "template.csv"
        template.write_text(text)
        table, said = filled(template, self.marks(name), [LAB], Asked(name))
        return list(csv.reader(io.StringIO(table)))[1:], said

    def returned(self, name):
        out = self.course / name
        said = list(return_zip(refresh(out, self.course), out, self.course / "back.zip"))
        with zipfile.ZipFile(self.course / "back.zip") as packed:
            return {path: packed.read(path).decode() for path in packed.namelist()}, said


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    return Graded(tmp_path_factory.mktemp("course"))


@pytest.mark.slow
@pytest.mark.sandbox
class TestTheLoop:
    def test_canvas_takes_its_scores(self, graded):
        table = "Student,ID,SIS Login ID,Section,tiny (9)\n    Points Possible,,,,3\n"
        table += '"Doe, Jane",1234,x1,A,\n"Smith, Al",55,x2,A,\n"Lee, Ann",77,x3,A,\n"Roe, Bo",78,x4,A,\n'
        rows, said = graded.fill("canvas", table)
        assert [row[-1] for row in rows] == ["3", "2", "0", "", ""]
        assert said == ["2 of 4 rows of template.csv got no score: Lee, Ann; Roe, Bo."]

    def test_canvas_takes_its_pages(self, graded):
        pages, said = graded.returned("canvas")
        assert set(pages) == {
            "doejane_1234_9001_tiny.html",
            "smithal_LATE_55_9002_tiny-1.html",
            "leeann_77_9003_tiny.html",
            "roebo_78_9004_report.html",
        }
        assert "only roebo_78_9004_report.pdf" in pages["roebo_78_9004_report.html"]
        assert "marks this hand-in as late" in pages["smithal_LATE_55_9002_tiny-1.html"]
        assert said == []

    def test_moodles_worksheet_tells_the_time(self, graded):
        """So nbgrader's plugin for late hand-ins has something to go by."""
        sheet = graded.course / "worksheet.csv"
        head = "Identifier,Full name,Email address,Grade,Maximum Grade,Last modified (submission)\n"
        when = "Sunday, 1 March 2026, 12:30 PM"
        sheet.write_text(head + f'Participant 800000,Jane Doe,jane@x.org,,3,"{when}"\n')
        options = Options(graded.course / "moodle.zip", graded.course / "timed", (LAB,), jobs=1, students=sheet)
        said = []
        grade_class(options, said.append, graded.course)
        assert "  Participant 800001 is not in the class list." in said
        with Gradebook(gradebook_url(graded.course / "timed", graded.course)) as book:
            assert book.find_submission(LAB, "jane@x.org").timestamp == time_of(when)
            assert book.find_submission(LAB, "Participant 800001").timestamp is None
            book.update_or_create_assignment(LAB, duedate=time_of(when) - timedelta(hours=1))
        late = {entry.student: entry for entry in grade_class(options, said.append, graded.course)}
        assert (late["jane@x.org"].penalty, late["jane@x.org"].score) == (2.0, 0.0)
        assert (late["Participant 800001"].penalty, said.count("  1 times could not be read")) == (0.0, 0)
        sheet.write_text(head + 'Participant 800000,Jane Doe,jane@x.org,,3,"Sonntag, 1. März 2026, 12:30"\n')
        entry = next(one for one in grade_class(options, said.append, graded.course) if one.student == "jane@x.org")
        assert entry.penalty == 0.0
        assert any("1 times could not be read" in line for line in said)

    def test_late_is_said(self, graded):
        assert any(line.startswith("  1 marked late by the platform") for line in graded.said["canvas"])

    def test_moodle_takes_its_scores_and_pages_where_marking_is_blind(self, graded):
        table = "Identifier,Status,Grade,Maximum Grade,Last modified (grade),Feedback comments\n"
        rows, _ = graded.fill("moodle", table + "Participant 800001,x,,3,-,\nParticipant 800000,x,,3,-,\n")
        assert [row[2] for row in rows] == ["0", "2"]
        assert rows[0][5].startswith("double: 0 of 2. ")
        pages, _ = graded.returned("moodle")
        assert set(pages) == {f"Participant_80000{n}_assignsubmission_file_/tiny.html" for n in (0, 1)}

    @pytest.mark.filterwarnings("ignore:Passing unrecognized arguments:DeprecationWarning")  # nbgrader's own
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves a file open
    def test_nbgraders_exchange_takes_the_feedback(self, graded):
        """A student's `nbgrader fetch_feedback` looks for this name."""
        config = configuration(graded.course)
        done = nbgrader(config).release_feedback(LAB)
        assert done["success"], done
        name = notebook_hash(secret=SECRET, notebook_id=LAB)
        page = graded.course / ".exchange" / "vae" / "feedback" / f"{name}.html"
        assert "2 of 3 points" in page.read_text(encoding="utf-8")


def test_there_must_be_somewhere_to_return_to(tmp_path):
    with pytest.raises(GradingError, match="nowhere to return"):
        list(return_zip([Entry("ann", LAB, "graded", 3.0)], tmp_path, tmp_path / "x.zip"))
    entries = [Entry("ann", lab, "graded", 3.0, origin="ann_1_2_x.ipynb") for lab in ("lab1", "lab2")]
    with pytest.raises(GradingError, match="name one with --lab"):
        list(return_zip(entries, tmp_path, tmp_path / "x.zip"))
