"""Attacks on the judge: false messages, forged gradients, objects, too much output, memory and time."""

from __future__ import annotations

import pytest

from grading.judge.run import grade
from tests.handins import (
    hand_in,
    points,
    preceded,
    tiny,
)

pytestmark = pytest.mark.sandbox


# Rewriting the child's own server, or speaking to the judge in its place

SERVER = """
import gc, sys
from grading.sandbox import wire
from grading.sandbox.inside import server as child
servers = [o for o in gc.get_objects() if type(o).__name__ == 'Server']
for server in servers:
    {change}
"""
DEEP = """
tree = None
for _ in range(400):
    tree = {'t': 'list', 'v': [tree]}
"""
BIG = "{'dtype': 'float32', 'shape': [1 << 40]}"
ANSWERS = [  # what the child answers to each call
    "{'points': 99, 'result': None, 'tensors': [], 'passed': True}, []",
    "{}, []",
    "{'result': {'t': 'tensor', 'i': 7}, 'tensors': []}, []",
    "{'result': {'t': 'tensor', 'i': 0}, 'tensors': [{}]}, [b'']",
    f"{{'result': {{'t': 'tensor', 'i': 0}}, 'tensors': [{BIG}]}}, [b'']",
    "{'result': {'t': 'dict', 'v': [[{'t': 'list', 'v': []}, 1]]}, 'tensors': []}, []",
    "{'result': None, 'tensors': [], 'changes': [{'place': -1, 'value': 1}]}, []",
    "{'result': None, 'tensors': [], 'changes': [7], 'optimizers': 'x'}, []",
    "{'error': {'type': 7, 'message': None}}, []",
    "{'error': 'x' * 10**6}, []",
    "{'result': tree, 'tensors': []}, []",
    "server.request({'op': 'callback', 'id': 0, 'count': -1, 'places': [], 'tensors': []}, [])",
    "server.request({'op': 'exec', 'source': 'raise SystemExit'}, [])",
    "server.request({'op': ['callback']}, [])",
    "server.request({'op': 'callback slopes', 'call': True, 'places': 3, 'tensors': []}, [])",
]
FAKES = [
    *(f"server.call = lambda header, blobs: ({answer})" for answer in ANSWERS),
    "server.bind = lambda header, blobs: ({'handles': [{}] * 9}, [])",
    "server.bind = lambda header, blobs: ({'handles': [10**30] * len(header['names'])}, [])",
    "server.run = lambda header, blobs: ({'error': ['a'], 'reply': 'yes'}, [])",
]
HANDED_OVER = "value = f(lambda z: 2 * z, torch.ones(2, requires_grad=True))\nexpect(value, [2.0, 2.0])"


@pytest.mark.parametrize("change", FAKES)
def test_false_messages_earn_nothing_and_do_not_stop_the_judge(sandbox, change):
    release = tiny(HANDED_OVER, "expect(f(None, None), 1.0)")
    handin = preceded(hand_in(release, "def f(g, x):\n    return 0.0"), DEEP + SERVER.format(change=change))
    assert not any(points(grade(handin, release, sandbox)).values())
    assert points(grade(hand_in(release, "def f(g, x):\n    return g(x) if g else 1.0"), release, sandbox)) == {
        "f": 2.0
    }


def test_a_gradient_of_the_wrong_shape_is_no_gradient(sandbox):
    release = tiny(
        "x = torch.ones(3, requires_grad=True)\nexpect(torch.autograd.grad(f(x).sum(), x)[0], [2.0, 2.0, 2.0])"
    )
    answer = "{'slopes': [{'t': 'tensor', 'i': 0}], 'tensors': [{'dtype': 'float32', 'shape': []}]}, [bytes(4)]"
    change = f"server.slopes = lambda header, blobs: ({answer})"
    handin = preceded(hand_in(release, "def f(x):\n    return 2 * x"), SERVER.format(change=change))
    assert points(grade(handin, release, sandbox)) == {"f": 0.0}


PICKLE = """
import os, pickle, struct, socket, io, numpy as np
class Evil:
    def __reduce__(self):
        return (os.system, ('touch {mark}',))
evil = pickle.dumps(Evil())
packed = io.BytesIO()
np.savez(packed, a=np.array([Evil()], dtype=object))
class Child(np.ndarray): pass
raw = socket.socket(fileno=os.dup(3))
"""


@pytest.mark.parametrize(
    "answer",
    [
        "Evil()",
        "evil",
        "[Evil(), {'a': Evil()}]",
        "packed.getvalue()",
        "np.array([Evil()], dtype=object)",
        "np.ones(2).view(Child)",
        "raw.sendall(evil)",
        "raw.sendall(struct.pack('!II', len(evil), 0) + evil)",
        "raw.sendall(packed.getvalue())",
    ],
)
def test_no_object_comes_outwards(sandbox, tmp_path, answer):
    mark = tmp_path / "mark"
    release = tiny("import numpy\nvalue = f()\nexpect(value, 1.0)")
    handin = preceded(hand_in(release, f"def f():\n    return {answer}"), PICKLE.replace("{mark}", str(mark)))
    assert not any(points(grade(handin, release, sandbox)).values())
    assert not mark.exists()


# What a hidden test's arguments, or the judge's memory and time, could be had by


def test_an_exit_status_tells_nothing_of_a_hidden_test(sandbox):
    release = tiny("expect(f(1), 1)", "expect(f(137), 137)")
    source = "import os\ndef f(x):\n    return x if x == 1 else os._exit(x)"
    (exercise,) = grade(hand_in(release, source), release, sandbox).exercises
    assert exercise.points is None
    assert "137" not in str(exercise)
    assert exercise.message == "Your function f was stopped in a hidden test: it ended Python."


def test_a_function_handed_over_cannot_fill_the_judges_memory(sandbox):
    """A decoder makes 784 numbers of 2: of four million codes, 12 GB."""
    release = tiny("plane = torch.ones(2, 784)\nexpect(f(lambda z: z @ plane), 1.0)")
    source = "import torch\ndef f(decode):\n    return decode(torch.zeros(4_000_000, 2)).sum()"
    (exercise,) = grade(hand_in(release, source), release, sandbox).exercises
    assert (exercise.points, exercise.state) == (0.0, "graded")
    assert "allocate memory" in exercise.message


def test_an_error_in_a_function_handed_over_goes_to_the_one_who_called_it(sandbox):
    release = tiny("def g(x):\n    assert x > 0, 'not that'\n    return x\nexpect(f(g), 1.0)")
    source = "def f(g):\n    try:\n        return g(-1.0)\n    except RuntimeError:\n        return g(1.0)"
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 2.0}


def test_a_boolean_is_true_or_false_and_nothing_between(sandbox):
    release = tiny("mask = f()\nassert mask.sum() == 1, mask.sum()\nassert mask.view(torch.uint8).max() == 1")
    source = "import torch\ndef f():\n    return torch.tensor([255], dtype=torch.uint8).view(torch.bool)"
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 2.0}


PRINTER = """
import os, threading
def endless():
    while True:
        os.write(1, b'x' * 200_000)
for _ in range(8):
    threading.Thread(target=endless, daemon=True).start()
"""


def test_a_thread_that_prints_without_end_holds_nobody(sandbox):
    session = sandbox.session()
    session.allow(5)
    session.request({"op": "run", "number": 1, "source": PRINTER})
    more = iter(range(10**6))
    session.collect = lambda: next(more) >= 0  # as if there were always more
    assert len(session.take_output()) < 20_100
    assert next(more) < 1000
    session.close()


def test_many_threads_come_last_for_the_processor(sandbox):
    busy = "import os, threading, time\nfor _ in range(20):\n    threading.Thread(target=time.sleep, args=(9,)).start()"
    release = tiny("expect(f(), 19)")
    source = "import os, time\ndef f():\n    time.sleep(0.5)\n    return os.getpriority(os.PRIO_PROCESS, 0)"
    assert points(grade(preceded(hand_in(release, source), busy), release, sandbox)) == {"f": 2.0}
    assert points(grade(hand_in(release, source), release, sandbox)) == {"f": 0.0}
