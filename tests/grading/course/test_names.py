"""Which names a test needs of a notebook: those that it reads before it has bound them, and no others."""

from __future__ import annotations

import pytest

from grading.course.lab import read_release
from grading.course.names import bound, read_first, touched
from tests import tiny_course
from tests.tiny_course import LAB, checking, solution

READ = {
    "assert all(squares[i] == i for i in range(5))": {"squares", "all", "range"},
    "y = 4\nassert f(y) == 5": {"f"},
    "assert f(y) == 5\ny = 4": {"f", "y"},
    "for k in xs:\n    assert k": {"xs"},
    "total += 1": {"total"},
    "def check(x):\n    import math\n    z = x\n    return z + later\nlater = 1\ncheck(f)": {"f"},
    "if f(1):\n    y = 1\nprint(y)": {"f", "y", "print"},
    "if f(1):\n    y = 1\nelse:\n    y = 2\nprint(y)": {"f", "print"},
    "with f() as g:\n    g(h)": {"f", "h"},
    "try:\n    f()\nexcept ValueError as e:\n    e": {"f", "ValueError"},
    "import math as m\nm.pi * w": {"w"},
    "sorted(xs, key=lambda k: k + w)": {"sorted", "xs", "w"},
    "class A(B):\n    c = d\nc": {"B", "d", "c"},
    "[t := 1]\nt": set(),
    "%time f()": {"time", "f"},
}


@pytest.mark.parametrize("source", READ)
def test_what_a_test_reads_before_it_binds_it(source):
    assert read_first(source) == READ[source]


def test_what_a_comprehension_binds_is_its_own():
    assert bound("squares = [i * i for i in range(5)]\nfor k in squares:\n    last = k\ndef f(x):\n    y = x") == [
        "squares",
        *("k", "last", "f"),
    ]


def test_no_student_needs_the_loop_variables_of_the_solution(tmp_path):
    """The names that a solution happens to bind were asked of everyone whose test used them for its own."""
    first = "### BEGIN SOLUTION\nsquares = []\nfor i in range(5):\n    squares.append(i * i)\n### END SOLUTION"
    third = "### BEGIN SOLUTION\ny = [1, 2, 3]\n### END SOLUTION"
    cells = [solution(first, "a"), checking("assert all(squares[i] == i * i for i in range(5))", "test_a")]
    cells += [solution("def f(x):\n    ### BEGIN SOLUTION\n    return x + 1\n    ### END SOLUTION", "f")]
    cells += [
        checking("y = 4\nassert f(y) == 5", "test_f"),
        solution(third, "c"),
        checking("assert len(y) == 3", "test_c"),
    ]
    release = read_release(LAB, tiny_course.of(tmp_path, *cells))
    assert [one.needs for one in release.exercises] == [("squares",), ("f",), ("y",)]


def test_of_a_set_up_a_solution_touches_what_it_sets_and_lists_that_it_mentions():
    given = "count = 0\nTOL = 1e-6\nX = [1]\nY = [2]\ndef close(a, b):\n    return abs(a - b) < TOL"
    solved = ["def tick():\n    global count\n    count += 1", "def f(x):\n    X.append(TOL)"]
    assert touched(given, solved) == {"count", "X"}
