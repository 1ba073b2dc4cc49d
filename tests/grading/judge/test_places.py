"""The hidden half of a test finds what it needs as it was where the test stands, and plays no visible line twice."""

from __future__ import annotations

import pytest

from grading.course.lab import Exercise, Part
from grading.judge.run import grade
from grading.judge.scene import and_points
from tests.handins import hand_in, points, tiny

pytestmark = pytest.mark.sandbox

BOTH_WAYS = pytest.mark.parametrize("way", [(), ("test_f",)])


def followed(handin, source):
    """With a last cell of the student's own."""
    return handin._replace(parts=(*handin.parts, Part("", "code", source)))


SCRATCH = {
    "a list that is sorted later": ("f = [3, 1, 2]", "assert len(f) == 3", "assert f == [3, 1, 2]", "f.sort()"),
    "a table without a column": (
        "import pandas as pd\nf = pd.DataFrame({'n': ['a'], 'age': [1]})",
        "assert f.shape == (1, 2)",
        "assert list(f.columns) == ['n', 'age']",
        "f.drop(columns='age', inplace=True)",
    ),
    "a function of that name": (
        "def f(n):\n    yield from range(n)",
        "assert list(f(2)) == [0, 1]",
        "assert list(f(3)) == [0, 1, 2]",
        "def f(n):\n    return 'something else'",
    ),
    "what the visible half has bound": (
        "def f():\n    return [1]",
        "got = f()\nassert len(got) == 1",
        "assert got == [1]",
        "got.clear()\ngot = None",
    ),
}


@pytest.mark.parametrize("what", SCRATCH)
def test_a_later_cell_costs_no_points(sandbox, what):
    source, visible, hidden, scratch = SCRATCH[what]
    release = tiny(visible, hidden).run_plainly(("test_f",))
    assert points(grade(followed(hand_in(release, source), scratch), release, sandbox)) == {"f": 2.0}


def test_an_object_that_goes_from_test_to_test_is_as_each_test_left_it(sandbox):
    release = tiny("f.append(1)\nassert f == [1]", "assert f == [1]").run_plainly(("test_f",))
    later = Exercise("g", "test_g", "g", 2.0, "f.append(2)\nassert f == [1, 2]", "", ("f",))
    later = later._replace(hidden=f"{later.visible}\n### BEGIN HIDDEN TESTS\nassert f.pop() == 2\n### END HIDDEN TESTS")
    release = release._replace(exercises=(*release.exercises, later), plain=("test_f", "test_g"))
    release = release._replace(parts=(*release.parts, Part("test_g", "test", later.visible)))
    assert points(grade(hand_in(release, "f = []"), release, sandbox)) == {"f": 2.0, "g": 2.0}


def test_the_notebook_goes_on_with_its_own_names_after_a_test(sandbox):
    release = tiny("got = f()\nassert got == 1").run_plainly(("test_f",))
    handin = followed(hand_in(release, "def f():\n    return 1"), "print(got + 1)")
    assert "2\n" in grade(handin, release, sandbox).outputs.values()


def counting(visible, hidden, last):
    whole = f"{visible}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS\n{last}"
    release = tiny(f"{visible}\n{last}")
    return release._replace(exercises=(release.exercises[0]._replace(hidden=whole),))


@BOTH_WAYS
def test_partial_credit_calls_a_function_once_in_each_line(sandbox, way):
    """A function that counts its calls, which is right."""
    release = counting("p = 0\nif f() == 1:\n    p += 1", "if f() in (1, 2):\n    p += 1", "p").run_plainly(way)
    source = "n = 0\ndef f():\n    global n\n    n += 1\n    return n"
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 2.0}
    assert points(grade(hand_in(release, "def f():\n    return 2"), release, sandbox)) == {"f": 1.0}


@BOTH_WAYS
def test_a_last_line_that_tests_is_played_with_the_whole(sandbox, way):
    release = counting("p = 1.0 * (f(1) == 1)", "p += 0.5 * (f(2) == 2)", "p + 0.5 * (f(3) == 3)").run_plainly(way)
    assert and_points(release.exercises[0]) is None
    assert points(grade(hand_in(release, "def f(x):\n    return x"), release, sandbox)) == {"f": 2.0}


def test_a_test_without_a_hidden_half_is_played_once(sandbox):
    release = tiny("assert f() == 1")
    (one,) = release.exercises
    release = release._replace(exercises=(one._replace(hidden=one.visible),))
    source = "n = 0\ndef f():\n    global n\n    n += 1\n    print(n)\n    return n"
    (result,) = grade(hand_in(release, source), release, sandbox).exercises
    assert (result.points, result.output) == (2.0, "1\n")
