"""Attacks on what a test calls its own: its names, its points, the kinds of things that it compares with.

Each answer is wrong and knows nothing of the hidden half; each earned points once.
"""

from __future__ import annotations

import pytest

from grading.judge.run import grade
from tests.handins import hand_in, points, preceded, tiny

pytestmark = pytest.mark.sandbox

SET_UP = """
import math, string
import numpy as np
import pandas as pd
from fractions import Fraction
TOL = 1e-6
X = {'a': 1}
def close(a, b):
    return abs(a - b) < TOL
def check(got, want):
    assert got == want
"""


def plain(visible, hidden=""):
    return tiny(visible, hidden, set_up=SET_UP).run_plainly(("test_f",))


COUNTING = tiny("score = 1.0 * (f(2) == 4)", "score += 1.0 * (f(3) == 6)\nscore")


@pytest.mark.parametrize("way", [(), ("test_f",)])
@pytest.mark.parametrize("answer", ["torch.zeros(2)", "torch.zeros(0)"])
def test_points_that_are_no_number_earn_nothing(sandbox, way, answer):
    release = COUNTING.run_plainly(way)._replace(counting=("test_f",))
    result = grade(hand_in(release, f"import torch\ndef f(x):\n    return {answer}"), release, sandbox)
    assert points(result) == {"f": 0.0}
    assert points(grade(hand_in(release, "def f(x):\n    return 2 * x"), release, sandbox)) == {"f": 2.0}
    assert points(grade(hand_in(release, "def f(x):\n    return 4"), release, sandbox)) == {"f": 1.0}


COMPARED = plain("assert f(3) == {3} or f(3) == 3", "assert f(5) == {5} or f(5) == 5")
LOOSE = {
    "ANY": "from unittest.mock import ANY\ndef f(x):\n    return ANY",
    "ANY in a box": "from unittest.mock import ANY\ndef f(x):\n    return [ANY]",
    "call": "from unittest.mock import call\ndef f(x):\n    return call",
    "approx": "import pytest\ndef f(x):\n    return pytest.approx(0, abs=float('inf'))",
    "masked": "import numpy as np\ndef f(x):\n    return np.ma.masked_all(3)",
    "a proxy": "import weakref\nclass Z:\n    def __eq__(self, other): return True\n    __hash__ = None\nz = Z()\n"
    "def f(x):\n    return weakref.proxy(z)",
    "an object of its own": "class Z:\n    def __eq__(self, other): return True\ndef f(x):\n    return Z()",
}


@pytest.mark.parametrize("kind", LOOSE)
@pytest.mark.parametrize("test", ["f(3) == {3}", "f(3) == approx(3)", "close(f(3), 3)", "np.allclose(f(3), 3)"])
def test_what_equals_everything_earns_nothing(sandbox, kind, test):
    release = plain(f"from pytest import approx\nassert {test}", f"assert {test.replace('3', '5')}")
    assert not points(grade(hand_in(release, LOOSE[kind]), release, sandbox))["f"]


def test_a_test_may_compare_with_approx(sandbox):
    release = plain(
        "import pytest\nwant = pytest.approx(0.3)\nassert f(0.1) == want", "assert [f(1)] == pytest.approx([3])"
    )
    assert points(grade(hand_in(release, "def f(x):\n    return 3 * x"), release, sandbox)) == {"f": 2.0}


NAMES = {
    "what it expects": (
        "expected = [0, 1]\nassert list(f(2)) == expected",
        "global expected\n    expected = []\n    return []",
    ),
    "its points": ("pts = 0\nif f(2) == {2}:\n    pts += 1\npts", "global pts\n    pts = 2"),
    "a helper": ("check(f(2), Fraction(2, 3))", "global check\n    check = lambda *a: None"),
    "a module": (
        "got = f(2)\nassert got.equals(pd.DataFrame({'x': range(2)}))",
        "global pd\n    class pd:\n        DataFrame = dict\n    import pandas\n    return pandas.DataFrame({})",
    ),
    "by globals": ("want = {2}\nassert f(2) == want", "globals()['want'] = None"),
    "a loop's": ("for n, want in [(1, {1}), (2, {2})]:\n    assert f(n) == want", "global want\n    want = None"),
}


@pytest.mark.parametrize("what", NAMES)
def test_a_function_does_not_set_a_tests_names(sandbox, what):
    visible, body = NAMES[what]
    release = plain(visible, visible.replace("2", "3")) if what != "its points" else plain("pass", visible)
    result = grade(hand_in(release, f"def f(n):\n    {body}"), release, sandbox)
    assert not points(result)["f"], result


NOTEBOOKS = {
    "a builtin that a helper uses": ("abs = lambda x: -1", "assert close(f(3), Fraction(3, 2))", "Fraction(0)"),
    "a number of the set-up": ("TOL = float('inf')", "assert close(f(3), Fraction(3, 2))", "Fraction(0)"),
    "a table of the set-up": ("X.clear()", "assert f(X) == {frozenset([v]) for v in X.values()}", "set()"),
    "text of a library": ("string.ascii_lowercase = ''", "assert f(1) == set(string.ascii_lowercase)", "set()"),
}


@pytest.mark.parametrize("what", NOTEBOOKS)
def test_a_notebook_does_not_change_what_a_test_relies_on(sandbox, what):
    cell, test, answer = NOTEBOOKS[what]
    release = plain(test, test)
    source = f"{cell}\ndef f(x):\n    return {answer}"
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 0.0}
    assert not points(grade(preceded(hand_in(release, source), "import string"), release, sandbox))["f"]


def test_a_function_does_not_find_what_is_expected_in_a_name_of_the_notebook(sandbox):
    """Which a test sets as well."""
    release = plain("want = 2\nassert f(1) == want", "want = 4\nassert f(2) == want")
    source = "want = None\ndef f(n):\n    return want if n > 1 else 2"
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 0.0}


def test_what_a_function_counts_in_the_notebook_a_test_can_see(sandbox):
    """A right answer that needs the notebook's names still has them."""
    release = plain("before = count\nf()\nassert count == before + 1", "f()\nassert count == before + 2")
    (one,) = release.exercises
    release = release._replace(exercises=(one._replace(needs=("f", "count")),))
    source = "count = 0\ndef f():\n    global count\n    count += 1"
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 2.0}


def test_a_function_sees_what_a_test_makes_of_the_set_up(sandbox):
    release = plain("TOL = 5\nassert f() == 5", "TOL = 6\nassert f() == 6")
    assert points(grade(hand_in(release, "def f():\n    return TOL"), release, sandbox)) == {"f": 2.0}
