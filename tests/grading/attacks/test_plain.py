"""Attacks on plain tests, which are run where the student's code is: what is stopped there, and what is not."""

from __future__ import annotations

import pytest

from grading.judge.result import CRASHED
from grading.judge.run import grade
from grading.sandbox.limits import Limits
from tests.grading.attacks.test_forgeries import FORGERIES
from tests.grading.attacks.test_reading import SEARCH, SECRET
from tests.handins import hand_in, points, preceded, tiny

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

SET_UP = "import numpy as np\nimport math\n"


def plain(visible, hidden=""):
    return tiny(visible, hidden, set_up=SET_UP).run_plainly(("test_f",))


WANTED = plain(
    "got = f()\nassert got == [1.0, 2.0]\nassert abs(got[0] - 1.0) < 1e-9 and len(got) == 2\n"
    "np.testing.assert_allclose(f(), [1.0, 2.0])\nassert torch.allclose(torch.as_tensor(f()), tensor([1.0, 2.0]))",
    "expect(torch.as_tensor(f()), [1.0, 2.0])\nassert math.isclose(sum(f()), 3.0)",
)


@pytest.mark.parametrize("attack", FORGERIES)
def test_a_forgery_earns_nothing_in_a_plain_test_either(sandbox, attack):
    cell, answer = FORGERIES[attack]
    source = f"def f(*arguments, **options):\n    return {answer}"
    result = grade(preceded(hand_in(WANTED, source), cell), WANTED, sandbox)
    assert not points(result)["f"], result


def test_the_right_answer_earns_all_of_it(sandbox):
    assert points(grade(hand_in(WANTED, "def f():\n    return [1.0, 2.0]"), WANTED, sandbox)) == {"f": 2.0}


LATE = {  # what a function does when the test calls it
    "torch.allclose": "torch.allclose = torch.isclose = lambda *a, **k: True",
    "a function's code": "np.testing.assert_allclose.__code__ = (lambda *a, **k: None).__code__",
    "what it calls": "sys.modules['numpy.testing._private.utils'].assert_array_compare = lambda *a, **k: None",
    "a method": "torch.Tensor.__eq__ = torch.Tensor.all = lambda *a, **k: True",
    "builtins": "builtins.abs = builtins.len = builtins.all = lambda *a: 0",
    "names": "globals().update(np=None, torch=None, abs=lambda x: 0, len=lambda x: 2)",
    "a tracer": "sys.settrace(lambda frame, *a: frame.f_globals.update(expect=print))",
}


@pytest.mark.parametrize("what", LATE)
def test_what_is_patched_while_the_test_runs_is_put_back(sandbox, what):
    release = plain(
        "f(0)\nfor _ in range(2):\n    assert torch.allclose(tensor(f(0)), tensor(1.0))",
        "np.testing.assert_allclose(f(1), 1.0)\nassert (tensor(f(2)) == tensor(1.0)).all()\n"
        "assert abs(f(3) - 1) < 1e-6",
    )
    source = "import builtins, sys, torch, numpy as np\ncount = 0\n"
    source += f"def f(x):\n    global count\n    count += 1\n    {LATE[what]}\n    return 1.0 if count < 4 else 5.0"
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 0.0}


def test_ending_python_ends_the_test_without_points(sandbox):
    release = plain("assert f() == 1")
    result = grade(hand_in(release, "import os\ndef f():\n    os._exit(0)"), release, sandbox)
    assert (result.exercises[0].points, result.exercises[0].state) == (None, CRASHED)


FORGED = """
import os, socket, sys
from grading.sandbox.wire import LENGTH, pack, sizes, unpack
judge = socket.socket(fileno=os.dup(3))
def find():
    frame = sys._getframe()
    while frame:
        if 'key' in frame.f_locals: return frame.f_locals['key']
        frame = frame.f_back
def f():
    judge.sendall(pack({'reply': True, 'key': '0' * 32, 'passed': True, 'points': 2.0}, []))
    return 0
"""
# It never comes back, and answers the judge's next requests itself.
TAKEN_OVER = """
def f(x):
    word = find()
    while True:
        judge.sendall(pack({'reply': True, 'key': word, 'passed': True}, []))
        header, body = sizes(judge.recv(LENGTH.size, socket.MSG_WAITALL), 1 << 30)
        header, _ = unpack(judge.recv(header, socket.MSG_WAITALL), judge.recv(body, socket.MSG_WAITALL))
        word = header.get('key')
"""


def test_an_answer_in_the_place_of_the_tests_own_earns_nothing(sandbox):
    release = plain("assert f() == 1")
    result = grade(hand_in(release, FORGED), release, sandbox)
    assert points(result) == {"f": 0.0}
    assert "something answered in the place of its test" in result.exercises[0].message


@pytest.mark.slow
def test_the_text_of_a_hidden_test_is_not_in_the_process(sandbox, monkeypatch):
    """What it is compiled to must be; its frames show the numbers in it (see below)."""
    monkeypatch.setattr(sandbox, "limits", Limits(exercise_seconds=120))
    release = plain("assert f(0) == 0", f"assert f(1) == 0  # {SECRET}")
    source = "def f(call):\n    return found() + len(files()) + memory() if call else 0"
    result = grade(preceded(hand_in(release, source), SEARCH), release, sandbox)
    assert points(result) == {"f": 2.0}, result


@pytest.mark.parametrize("deed", ["raise ValueError(str(x))", "return -x", "print(x); return -x"])
def test_a_hidden_half_tells_nothing(sandbox, deed):
    release = plain("assert f(1) == 1", "assert f(8675309) == 8675309, f'{f(8675309)} 8675309'")
    source = f"def f(x):\n    if x > 1:\n        {deed}\n    return x"
    result = grade(hand_in(release, source), release, sandbox)
    assert points(result) == {"f": 0.0}
    assert "8675309" not in str(result)


def test_part_of_the_points_from_a_hidden_half_is_rounded(sandbox):
    """A score could else carry fifty bits of a hidden test's numbers."""
    release = plain("0.5 * (f(0) == 0)", "f(8675309)")
    source = "def f(x):\n    return x / 10**8 if x else 0"
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 0.087}


UNDEFENDED = {
    "a function that reads the test's numbers from its frame": """
import sys
def f(x):
    numbers = [c for c in sys._getframe(1).f_code.co_consts if isinstance(c, (int, float))]
    return numbers[numbers.index(x) + 1]
""",
    "an answer with the word that it finds in the grader's own frames": FORGED + TAKEN_OVER,
}


@pytest.mark.parametrize("attack", UNDEFENDED)
def test_what_security_md_lists_as_not_defended_is_not(sandbox, attack):
    """Should one of them fail, the list is to be shortened."""
    release = plain("assert f(3) == 10", "assert f(30) == 901")
    assert points(grade(hand_in(release, UNDEFENDED[attack]), release, sandbox)) == {"f": 2.0}
