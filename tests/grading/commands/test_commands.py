"""Packing and validating, on a course of one small lab."""

import json
import shutil
import subprocess
import sys
import zipfile

import pytest

from grading.commands.autograde import autograde
from grading.commands.button import answer
from grading.commands.submit import submit
from grading.commands.validate import last_error, validate
from grading.course.folder import ROOT, GradingError, lab_names
from grading.course.pristine import pristine
from grading.course.release import release
from tests import tiny_course
from tests.tiny_course import LAB, answered, released, write

WRONG = "def double(x):\n    return x * x"
LOUD = (
    "import logging, os, sys, warnings\n"
    "def double(x):\n"
    "    warnings.warn('careful')\n"
    "    logging.warning('careful')\n"
    "    print('careful', file=sys.stderr)\n"
    "    return 2 * x"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tiny_course.make(tmp_path_factory.mktemp("course"))
    release([], folder)
    return folder


@pytest.fixture
def course(made, tmp_path):
    return shutil.copytree(made, tmp_path / "course")


def work_on(course, notebook):
    write(course / "labs" / LAB / f"{LAB}.ipynb", notebook)


def hand_in(course, student, notebook):
    write(course / "submitted" / student / LAB / f"{LAB}.ipynb", notebook)


class TestSubmit:
    def test_the_zip_holds_the_notebook_at_its_top(self, course):
        work_on(course, answered(course))
        packed, warnings = submit(LAB, course)
        assert packed == course / "handin" / f"{LAB}.zip"
        with zipfile.ZipFile(packed) as archive:
            assert archive.namelist() == [f"{LAB}.ipynb"]
            assert json.loads(archive.read(f"{LAB}.ipynb")) == released(course)
        assert warnings == []

    def test_packing_again_takes_the_new_notebook(self, course):
        submit(LAB, course)
        work_on(course, answered(course, "def double(x): return 'second'"))
        packed, _ = submit(LAB, course)
        with zipfile.ZipFile(packed) as archive:
            assert b"second" in archive.read(f"{LAB}.ipynb")

    def test_missing_cells_with_points_are_named(self, course):
        notebook = answered(course)
        notebook["cells"] = [one for one in notebook["cells"] if "test_double" not in str(one["metadata"])]
        work_on(course, notebook)
        assert submit(LAB, course)[1] == [f"cells with points are missing from {LAB}.ipynb: test_double."]

    def test_without_solutions_git_knows_what_was_handed_out(self, course):
        shutil.rmtree(course / "solutions")
        git = ["git", "-C", str(course), "-c", "user.name=a", "-c", "user.email=a@b"]
        for command in (["init", "-q"], ["add", "labs"], ["commit", "-q", "-m", "labs"]):
            subprocess.run(git + command, check=True)
        work_on(course, {**released(course), "cells": []})
        assert "question_why, test_double" in submit(LAB, course)[1][0]

    def test_without_solutions_and_git_nothing_is_claimed(self, course):
        shutil.rmtree(course / "solutions")
        work_on(course, {**released(course), "cells": []})
        assert submit(LAB, course)[1] == []

    @pytest.mark.parametrize("content", ["", "<html>", "[1, 2]", '{"cells": 3}', '{"cells": [{}]}'])
    def test_what_is_no_notebook_is_said(self, course, content):
        (course / "labs" / LAB / f"{LAB}.ipynb").write_text(content)
        packed, warnings = submit(LAB, course)
        assert packed.exists()
        assert len(warnings) == 1
        assert "not a notebook any more" in warnings[0]

    def test_an_unknown_lab_is_refused_with_the_names_there_are(self, course):
        with pytest.raises(GradingError, match=r"There is no lab 'lab9'; there are: tiny\."):
            submit("lab9", course)


class TestBolt:
    """What Formgrader's bolt does, on a course whose `python -m grading` only says what it was told."""

    @pytest.fixture
    def told(self, course):
        (course / "grading").mkdir()
        (course / "grading" / "__init__.py").touch()
        (course / "grading" / "__main__.py").write_text("import sys; print(sys.argv[1:]); sys.exit('no' in sys.argv)")
        hand_in(course, "ann", answered(course))
        return course

    def test_it_grades_the_lab_in_the_sandbox(self, told):
        answer = autograde(LAB, "ann", told)
        called = ["grade", "--lab", LAB, "--submitted", "submitted", "--out", "grading_out"]
        assert answer == {"success": True, "log": f"{called}\n", "error": ""}

    @pytest.mark.parametrize(("lab", "student"), [(LAB, "bob"), ("lab9", "ann"), ("--force", "ann")])
    def test_what_is_not_there_is_not_graded(self, told, lab, student):
        answer = autograde(lab, student, told)
        assert answer == {"success": False, "log": "", "error": f"There is no submitted/{student}/{lab} to grade."}

    def test_why_it_failed_is_said(self, told):
        (told / "grading" / "__main__.py").write_text("raise SystemExit('bubblewrap is missing')")
        assert autograde(LAB, "ann", told)["error"] == "bubblewrap is missing\n"


class TestMessages:
    def test_colours_and_the_way_to_an_error_go(self):
        error = (
            "\x1b[0;31m---------\x1b[0m\n\x1b[0;31mAssertionError\x1b[0m   Traceback (most recent call last)\n"
            "Cell \x1b[1;32mIn[3], line 1\x1b[0m\n----> 1 expect(f(2), 4)\n"
            "\x1b[0;31mAssertionError\x1b[0m: got 3\nneeded 4"
        )
        assert last_error(error) == "AssertionError: got 3\nneeded 4"

    def test_an_open_exercise_is_not_an_error(self):
        assert last_error("NotImplementedError   Traceback\nNotImplementedError: ") == "not answered yet"


@pytest.mark.slow
class TestValidate:
    def test_right_answers_pass(self, course):
        work_on(course, answered(course, LOUD))
        assert validate(LAB, course) == ({"1.1 double": ""}, {}, [], [])

    def test_open_and_wrong_answers_are_named(self, course):
        report = validate(LAB, course)
        assert (report.tests, report.unanswered) == ({"1.1 double": "not answered yet"}, ["question_why"])
        work_on(course, answered(course, "def double(x):\n    raise ValueError('two\\nlines')"))
        assert validate(LAB, course).tests == {"1.1 double": "ValueError: two\nlines"}

    def test_the_first_cause_is_said_too(self, course):
        work_on(course, answered(course, "import nowhere\ndef double(x):\n    return 2 * x"))
        report = validate(LAB, course)
        assert report.broken == {"the cell with “import nowhere”": "ModuleNotFoundError: No module named 'nowhere'"}
        assert report.tests == {"1.1 double": "NameError: name 'double' is not defined"}

    def test_an_altered_test_is_put_right_and_said(self, course):
        notebook = answered(course, WRONG)
        tiny_course.cell(notebook, "test_double")["source"] = ["pass"]
        work_on(course, notebook)
        report = validate(LAB, course)
        assert report.mended == ["The test of double was changed; the lab's own is used."]
        assert report.tests == {"1.1 double": ""}, "the visible half takes 2 * 2 for 2 ** 2"

    def test_a_deleted_test_and_a_copied_cell_count_once(self, course):
        notebook = answered(course)
        cells = [one for one in notebook["cells"] if "test_double" not in str(one["metadata"])]
        work_on(course, notebook | {"cells": [*cells, tiny_course.cell(notebook, "double")]})
        report = validate(LAB, course)
        assert report.tests == {"1.1 double": ""}
        assert len(report.mended) == 2

    def test_cells_without_metadata_a_foreign_kernel_and_a_mark_at_the_front_are_no_matter(self, course):
        notebook = answered(course)
        for one in notebook["cells"]:
            one["metadata"] = {}
        notebook["metadata"] = {"kernelspec": {"name": "julia", "display_name": "Julia"}}
        (course / "labs" / LAB / f"{LAB}.ipynb").write_text(json.dumps(notebook), encoding="utf-8-sig")
        assert validate(LAB, course).tests == {"1.1 double": ""}

    def test_a_python_that_ends_is_one_sentence(self, course):
        work_on(course, answered(course, "def double(x):\n    import os\n    os._exit(3)"))
        with pytest.raises(GradingError, match=r"Python ended while it ran 1.1 double: nothing after it"):
            validate(LAB, course)

    def test_the_first_cell_has_time_to_load_torch_and_the_others_their_limit(self, course, monkeypatch):
        monkeypatch.setattr("grading.commands.validate.SECONDS", 1)
        notebook = answered(course, "import time\ntime.sleep(60)\ndef double(x):\n    return 2 * x")
        slow = {"cell_type": "code", "id": "first", "metadata": {}, "source": ["import time\ntime.sleep(2)"]}
        work_on(course, notebook | {"cells": [slow | {"outputs": [], "execution_count": None}, *notebook["cells"]]})
        broken = validate(LAB, course).broken
        assert broken == {"the cell with “import time”": "it was still running after 1 seconds"}

    def test_cells_that_only_show_something_are_not_run(self, course):
        notebook = answered(course)
        shown = next(one for one in notebook["cells"] if "explore" in str(one["metadata"]))
        shown["source"] = ["import os; os._exit(3)"]
        work_on(course, notebook)
        assert validate(LAB, course).tests == {"1.1 double": ""}

    @pytest.mark.parametrize("content", ["{", "", "[]"])
    def test_what_is_no_notebook_is_refused(self, course, content):
        (course / "labs" / LAB / f"{LAB}.ipynb").write_text(content)
        with pytest.raises(GradingError, match=rf"labs/{LAB}/{LAB}.ipynb: The file is "):
            validate(LAB, course)

    def test_a_file_stands_for_its_lab(self, course):
        work_on(course, answered(course))
        assert validate(f"labs/{LAB}/{LAB}.ipynb", course).tests == {"1.1 double": ""}

    def test_in_the_labs_folder_a_copy_is_checked_under_its_own_name(self, course):
        copy = course / "labs" / LAB / f"{LAB}-Copy1.ipynb"
        write(copy, answered(course, "def double(x):\n    raise ValueError('<b>two</b>')"))
        notebook = answered(course)
        notebook["cells"][-1]["source"] = []
        work_on(course, notebook)
        shown = answer(copy, course)
        assert [one["source"] for one in shown["value"]["failed"]] == ["1.1 double"]
        error = shown["value"]["failed"][0]["error"]
        assert error.startswith("ValueError: &lt;b&gt;two&lt;/b&gt;")
        assert error.endswith("0 of 1 exercises pass.")

    def test_the_button_says_what_cannot_be_checked(self, course):
        assert answer(course / "labs" / "other.ipynb", course)["success"] is False
        assert "a lecture" in answer(ROOT / "course" / "01_pca.ipynb")["value"]


def test_a_lecture_has_nothing_to_check():
    with pytest.raises(GradingError, match="01_pca is a lecture: there is nothing in it to check"):
        validate("course/01_pca.ipynb")


def plain(notebook):
    return [(one["cell_type"], one["id"], "".join(one["source"])) for one in notebook["cells"]]


@pytest.mark.slow
def test_what_is_made_from_a_source_is_what_nbgrader_makes(course):
    assert plain(pristine(LAB, course)) == plain(released(course))


@pytest.mark.parametrize("lab", lab_names())
def test_each_lab_is_known_as_it_was_handed_out(lab):
    assert plain(pristine(lab)) == plain(json.loads((ROOT / "labs" / lab / f"{lab}.ipynb").read_text("utf-8")))


def test_the_command_line_speaks_one_sentence():
    command = [sys.executable, "-m", "grading", "submit", "lab99"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("There is no lab 'lab99'; there are: ")
    assert done.stderr.count("\n") == 1
