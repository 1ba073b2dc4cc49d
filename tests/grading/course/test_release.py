"""labs/ is what solutions/ gives, and holds nothing that a student must not see."""

import json
import shutil

import pytest

from grading.course.audit import problems
from grading.course.folder import ROOT, GradingError, lab_names
from grading.course.release import generated, release
from tests import tiny_course
from tests.tiny_course import LAB, cell, released


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Released once: nbgrader takes seconds to make a gradebook."""
    folder = tiny_course.make(tmp_path_factory.mktemp("course"))
    release([], folder)
    return folder


@pytest.fixture
def course(made, tmp_path):
    return shutil.copytree(made, tmp_path / "course")


def change(course, edit):
    notebook = released(course)
    edit(notebook)
    path = course / "labs" / LAB / f"{LAB}.ipynb"
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")


def put(name, source):
    def edit(notebook):
        cell(notebook, name)["source"] = [source]

    return edit


def test_labs_are_what_solutions_give():
    assert lab_names(), "solutions/ has no lab"
    assert problems() == []


def test_a_sound_release_has_no_problems(course):
    assert problems(course) == []


def test_solutions_hidden_tests_and_outputs_are_gone(course):
    whole = json.dumps(released(course))
    for secret in ("twice", "-6", "BEGIN", "END", "a run was here", "for the grader only", "iopub", "mine"):
        assert secret not in whole
    assert "raise NotImplementedError()" in "".join(cell(released(course), "double")["source"])
    assert "assert double(2) == 4" in "".join(cell(released(course), "test_double")["source"])


def test_points_tags_kernel_and_given_ids_stay(course):
    notebook = released(course)
    assert cell(notebook, "test_double")["metadata"]["nbgrader"]["points"] == 2
    assert notebook["cells"][4]["metadata"] == {"tags": ["explore"]}
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["cells"][0]["id"] == "title"
    assert len({one["id"] for one in notebook["cells"]}) == 6


def test_two_releases_agree_byte_for_byte(tmp_path):
    texts = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        with generated([LAB], tiny_course.make(folder)) as labs:
            texts.append((labs / LAB / f"{LAB}.ipynb").read_bytes())
    assert texts[0] == texts[1]


def test_an_unchanged_release_is_not_written_again(course):
    path = course / "labs" / LAB / f"{LAB}.ipynb"
    before = path.stat().st_mtime_ns
    release([], course)
    assert path.stat().st_mtime_ns == before


def test_other_files_of_a_lab_go_with_it(course):
    (course / "solutions" / LAB / "table.csv").write_text("a,b\n")
    assert [line for line in problems(course) if "table.csv" in line]
    release([], course)
    assert problems(course) == []
    assert (course / "labs" / LAB / "table.csv").read_text() == "a,b\n"


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (put("test_double", "assert double(2) == 5"), "is stale"),
        (put("double", tiny_course.SOLUTION), "holds a solution or a hidden test in cell double"),
        (put("double", "def double(x):\n    twice = x + x"), "holds 'twice = x + x'"),
        (put("test_double", "assert double(-3) == -6"), "holds 'assert double(-3) == -6'"),
        (lambda nb: cell(nb, "double").update(outputs=[{"output_type": "stream"}]), "holds the output of a run"),
        (lambda nb: cell(nb, "double").update(execution_count=1), "holds the output of a run"),
        (lambda nb: nb["cells"].pop(), "is stale"),
    ],
)
def test_whatever_is_wrong_is_said_with_the_file(course, edit, complaint):
    change(course, edit)
    found = problems(course)
    assert [line for line in found if complaint in line], found
    assert all(f"labs/{LAB}/{LAB}.ipynb" in line for line in found)


def test_a_source_that_went_on_makes_the_lab_stale(course):
    notebook = tiny_course.source_notebook()
    notebook["cells"][0]["source"] = ["# Tiny, second edition"]
    tiny_course.write(course / "solutions" / LAB / f"{LAB}.ipynb", notebook)
    assert problems(course) == [f"labs/{LAB}/{LAB}.ipynb is stale or missing: run make labs"]


def test_a_missing_and_a_left_over_lab_are_said(course):
    shutil.move(course / "labs" / LAB, course / "labs" / "old")
    assert problems(course) == [
        f"labs/{LAB}/{LAB}.ipynb is stale or missing: run make labs",
        f"labs/old/{LAB}.ipynb is not made from solutions/: delete it",
    ]


def test_no_lab_at_all_is_a_problem(course):
    shutil.rmtree(course / "labs")
    assert problems(course)


def test_what_jupyter_leaves_beside_a_lab_does_not_count(course):
    folder = course / "labs" / LAB / ".ipynb_checkpoints"
    folder.mkdir()
    (folder / f"{LAB}-checkpoint.ipynb").write_text("{}")
    assert problems(course) == []


def test_an_unknown_lab_is_refused_with_the_names_there_are(course):
    with pytest.raises(GradingError, match="no lab 'lab9'; there are: tiny"):
        release(["lab9"], course)


@pytest.mark.parametrize(
    ("source", "says"),
    [("{", "is not a notebook"), (None, "no end solution statement")],
)
def test_a_source_with_a_mistake_leaves_labs_as_they_were(course, source, says):
    before = released(course)
    notebook = tiny_course.source_notebook()
    notebook["cells"][1]["source"] = ["### BEGIN SOLUTION\nx = 1"]
    path = course / "solutions" / LAB / f"{LAB}.ipynb"
    path.write_text(source or json.dumps(notebook))
    with pytest.raises(GradingError, match=says):
        release([], course)
    assert released(course) == before


def test_nothing_but_this_is_written(course):
    wanted = {".exchange", "grading_out", "labs", "nbgrader_config.py", "solutions"}
    assert {path.name for path in course.iterdir()} == wanted


def test_the_project_itself_is_the_default():
    assert (ROOT / "pyproject.toml").exists()
