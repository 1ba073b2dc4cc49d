"""The self-check: a lab that does not give its own solution everything, and nothing to an empty one, grades nobody."""

from __future__ import annotations

import json

import pytest

from grading import check
from grading.check import checked
from grading.course.folder import GradingError
from grading.course.lab import read_release
from grading.grade import Options, grade_class
from grading.judge.run import grade
from tests import tiny_course
from tests.tiny_course import LAB, SOLUTION, TEST, checking, code, solution

pytestmark = pytest.mark.sandbox


@pytest.fixture
def engine(sandbox):
    """The real grader on the tests' sandbox; it counts what it grades."""

    def run(jobs):
        for task, release in jobs:
            run.graded += 1
            yield task.ticket, grade(task.handin, release, sandbox, task.full, task.candid)

    run.graded = 0
    return run


def complaint(course, engine):
    with pytest.raises(GradingError) as caught:
        checked({LAB: read_release(LAB, course)}, course / "checked.json", engine, root=course)
    assert not (course / "checked.json").exists()
    return str(caught.value)


WRONG_HIDDEN = TEST.replace("== -6", "== -7")
UNSOUND = {
    "a hidden test that is wrong": (
        (solution(SOLUTION), checking(WRONG_HIDDEN)),
        "test_double: the lab's own solution earns 0 of 2 points: hidden half, line 3, `assert double(-3) == -7`: "
        "This does not hold: `double(-3) == -7`. Here `double(-3)` is -6.",
    ),
    "a visible test that is wrong": (
        (solution(SOLUTION), checking("assert double(1) == 3\n" + TEST)),
        "visible half, line 1, `assert double(1) == 3`",
    ),
    "a test that an empty lab passes": (
        (solution(SOLUTION), checking("assert callable(double)")),
        "test_double: the lab as handed out, with nothing in it, earns 2 of 2 points",
    ),
    "a solution that is wrong": (
        (solution(SOLUTION.replace("x + x", "x + 2")), checking(TEST)),
        "line 3, `assert double(-3) == -6`",
    ),
    "a set-up that does not run": (
        (code("import no_such_package"), solution(SOLUTION), checking(TEST)),
        "code cell 1, `import no_such_package`: ModuleNotFoundError: No module named 'no_such_package'",
    ),
    "a file that is not there": (
        (code("numbers = open('numbers.txt').read()"), solution(SOLUTION), checking(TEST)),
        "code cell 1, `numbers = open('numbers.txt').read()`: FileNotFoundError",
    ),
    "a test whose file is not there": (
        (solution(SOLUTION), checking("assert double(int(open('two.txt').read())) == 4")),
        "line 1, `assert double(int(open('two.txt').read())) == 4`",
    ),
}


@pytest.mark.parametrize("what", UNSOUND)
def test_an_unsound_lab_is_told_with_test_line_and_reason(engine, tmp_path, what):
    cells, words = UNSOUND[what]
    said = complaint(tiny_course.of(tmp_path, *cells), engine)
    first = said.startswith("The set-up of tiny does not run, so nobody is graded: ")
    assert first or said.startswith("tiny cannot be graded as it is, so nobody is; the mistake is in solutions/tiny")
    assert words in said
    assert "Traceback" not in said


def test_a_check_that_has_passed_costs_nothing_until_something_changes(engine, tmp_path, monkeypatch):
    course = tiny_course.of(tmp_path, solution(SOLUTION), checking(TEST))

    def check_again():
        checked({LAB: read_release(LAB, course)}, course / "checked.json", engine, root=course)
        return engine.graded

    assert [check_again(), check_again()] == [2, 2]
    tiny_course.of(tmp_path, solution(SOLUTION.replace("x + x", "2 * x")), checking(TEST))  # the solution
    assert [check_again(), check_again()] == [4, 4]
    tiny_course.of(tmp_path, solution(SOLUTION), checking(TEST.replace("-6", "-6.0")))  # a hidden test
    assert [check_again(), check_again()] == [6, 6]
    monkeypatch.setattr(check, "grader_version", lambda: "another")
    assert [check_again(), check_again()] == [8, 8]
    (course / "checked.json").write_text("[]")  # damaged
    assert check_again() == 10


def test_nobody_is_graded_by_an_unsound_lab(tmp_path):
    tiny_course.shutil.copy(tiny_course.PROJECT / "nbgrader_config.py", tmp_path)
    course = tiny_course.of(tmp_path, solution(SOLUTION), checking(WRONG_HIDDEN))
    text = (course / "labs" / LAB / f"{LAB}.ipynb").read_text()
    (tmp_path / "submitted" / "anna" / LAB).mkdir(parents=True)
    (tmp_path / "submitted" / "anna" / LAB / f"{LAB}.ipynb").write_text(text)
    lines = []
    with pytest.raises(GradingError, match="hidden half, line 3"):
        grade_class(Options(tmp_path / "submitted", tmp_path / "out", jobs=1), lines.append, course)
    assert lines == []
    assert not list((tmp_path / "out").rglob("*.json"))


def test_make_labs_stops_and_leaves_labs_as_they_were(tmp_path, engine):
    from grading.course.release import release

    course = tiny_course.make(tmp_path)
    source = course / "solutions" / LAB / f"{LAB}.ipynb"
    source.write_text(json.dumps(json.loads(source.read_text())).replace("double(-3) == -6", "double(-3) == -7"))

    def check_first(names, folder):
        checked({name: read_release(name, folder) for name in names}, tmp_path / "checked.json", engine, root=folder)

    with pytest.raises(GradingError, match="the lab's own solution earns 0 of 2 points"):
        release([], course, check_first)
    assert not (course / "labs").exists()


def test_what_cannot_be_found_again_without_marks_stops_before_anyone_is_graded(engine, tmp_path, monkeypatch):
    cells = (solution("### BEGIN SOLUTION\nx = 1\n### END SOLUTION", "one"), checking("assert x == 1", "test_one"))
    course = tiny_course.of(tmp_path, *cells, code("x = 2"))
    assert check.ways(read_release(LAB, course), engine, True, course) == ([], {})
    lost = "pass"  # a cell that intake does not find again is as good as this
    monkeypatch.setattr("grading.judge.soundness._bare", lambda cell: cell | {"source": lost, "metadata": {}})
    said = check.ways(read_release(LAB, course), engine, True, course)[1]["test_one"]
    assert said.startswith(
        "the lab's own solution, when its cells have lost their ids and nbgrader's marks, earns 0 of 2"
    )


def test_a_test_that_the_grader_cannot_carry_is_not_called_the_authors_mistake(engine, tmp_path):
    body = "import subprocess\n    subprocess.run(['true'])"
    answer = f"def double(x):\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION"
    said = complaint(tiny_course.of(tmp_path, solution(answer), checking("double(1)\nassert True")), engine)
    assert said.startswith("tiny has what this grader cannot carry, so nobody is graded; neither solutions/tiny nor")
    assert "have its points given by hand" in said
    assert "the mistake is in" not in said


def test_a_test_that_passes_in_jupyter_itself_is_not_called_the_authors_mistake(engine, tmp_path):
    """Memory that nobody touches: three gigabytes are free in a kernel, and one more than a hand-in may have."""
    answer = (
        "def double(x):\n    ### BEGIN SOLUTION\n    return len(bytearray(3 << 30)) and 2 * x\n    ### END SOLUTION"
    )
    said = complaint(tiny_course.of(tmp_path, solution(answer), checking(TEST)), engine)
    assert said.startswith("tiny has what this grader cannot carry, so nobody is graded; neither solutions/tiny nor")
    assert "MemoryError" in said
    assert "(In Jupyter itself it earns them all.)" in said


def test_a_share_of_the_points_in_jupyter_too_is_the_authors_mistake(engine, tmp_path):
    said = complaint(tiny_course.of(tmp_path, solution(SOLUTION), checking(f"{TEST}\n1")), engine)
    assert said.startswith("tiny cannot be graded as it is, so nobody is; the mistake is in solutions/tiny")
    assert "earns 1 of 2 points" in said
    assert "In Jupyter itself" not in said
