"""The judge: right answers earn their points, a bad exercise costs itself alone, and messages help."""

from __future__ import annotations

import gc
import math
import pickle

import pytest
import torch

from grading.course.folder import GradingError
from grading.course.lab import Release, read_release
from grading.judge.result import CRASHED, GRADED, NEEDS_MANUAL, PARTIAL, TIMED_OUT, Result
from grading.judge.run import Run, grade
from grading.judge.standins import Link
from grading.sandbox.limits import Limits
from grading.sandbox.process import Sandbox
from grading.sandbox.session import Session
from tests.handins import (
    LAB,
    QUICK,
    a_sandbox,  # noqa: F401  (the fixture)
    answered,
    as_cell,
    hand_in,
    points,
    preceded,
    released,
    solved,
    tiny,
)
from tests.lab_bank import LABS, bank, load
from tests.lab_bank import grade as by_its_own_route

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize("lab", LABS)
def test_solutions_earn_every_point(sandbox, lab):
    release = read_release(lab)
    result = grade(solved(lab), release, sandbox)
    assert points(result) == {e.name: e.points for e in release.exercises}, result
    assert result.state == NEEDS_MANUAL
    assert {e.state for e in result.exercises} == {GRADED}


@pytest.mark.parametrize("lab", LABS)
def test_released_labs_earn_nothing_and_say_why(sandbox, lab):
    result = grade(released(lab), read_release(lab), sandbox)
    assert set(points(result).values()) == {0.0}
    assert {e.message for e in result.exercises} == {"not answered yet"}


SAMPLE = [(lab, answer) for lab in LABS for answer in bank(lab)[::9]]


@pytest.mark.slow
@pytest.mark.parametrize(("lab", "answer"), SAMPLE, ids=[f"{lab}-{a.function.__name__}" for lab, a in SAMPLE])
def test_answers_earn_what_they_earn_by_their_own_route(sandbox, lab, answer):
    book = load(lab)
    by_hand = by_its_own_route(book, book.exercises[answer.exercise], {answer.exercise: answer.function})
    result = grade(answered(solved(lab), answer.exercise, as_cell(lab, answer)), read_release(lab), sandbox)
    expected = {e.name: e.points for e in book.exercises.values()} | {answer.exercise: by_hand.points}
    assert points(result) == expected, result
    (exercise,) = (e for e in result.exercises if e.name == answer.exercise)
    if answer.kind == "wrong" and answer.names:
        assert answer.names in exercise.message


def test_a_usual_mistake_is_named(sandbox):
    source = "def gaussian_kl(mu, logvar):\n    return (mu**2 + logvar.exp() - 1 - logvar).sum(-1)"
    result = grade(answered(solved(), "gaussian_kl", source), read_release(LAB), sandbox)
    (exercise,) = (e for e in result.exercises if e.name == "gaussian_kl")
    assert exercise.points == 0
    assert exercise.mistake == "the factor ½ is missing"
    assert "the factor ½ is missing" in exercise.message


# One bad exercise. What it does stands in the cell itself, or in the function.

DONE = {
    "pass_by_exit": ("raise SystemExit", GRADED, "SystemExit"),
    "syntax": ("this is no Python", GRADED, "invalid syntax"),
    "loop": ("while True: pass", TIMED_OUT, "took too long"),
    "stubborn": ("while True:\n    try: time.sleep(9)\n    except BaseException: pass", TIMED_OUT, "took too long"),
    "sleep": ("time.sleep(600)", TIMED_OUT, "took too long"),
    "os_exit": ("os._exit(0)", CRASHED, "ended Python"),
    "segfault": ("ctypes.string_at(0)", CRASHED, "segmentation fault"),
    "memory": ("bytearray(64 << 30)", GRADED, "MemoryError"),
    "fork_bomb": ("while True: os.fork()", GRADED, "not permitted"),
    "background": ("subprocess.Popen(['sleep', '999'])", GRADED, "not permitted"),
    "disk": ("[open(f'{i}', 'wb').write(bytes(9 << 20)) for i in range(99)]", GRADED, "No space left"),
    "recursion": ("(lambda f: f(f))(lambda f: f(f))", GRADED, "RecursionError"),
}
HEAD = "import ctypes, os, signal, subprocess, sys, time\n"


def check_one_bad(result: Result, name: str, state: str, says: str) -> None:
    lost = {e.name: e for e in result.exercises if e.points != e.max_points}
    assert set(lost) == {name}
    assert (lost[name].state, lost[name].points) == (state, 0.0 if state == GRADED else None)
    assert says in lost[name].message
    assert "Traceback" not in lost[name].message
    assert len(lost[name].message) < 400
    assert result.state == (NEEDS_MANUAL if state == GRADED else state)


@pytest.mark.parametrize("does", DONE)
@pytest.mark.slow
def test_a_bad_cell_costs_its_exercise_alone(sandbox, does):
    action, state, says = DONE[does]
    result = grade(answered(solved(), "gaussian_kl", HEAD + action), read_release(LAB), sandbox)
    check_one_bad(result, "gaussian_kl", state, says)


@pytest.mark.parametrize("does", [name for name in DONE if name != "syntax"])
@pytest.mark.slow
def test_a_bad_function_costs_its_exercise_alone(sandbox, does):
    action, state, says = DONE[does]
    body = "\n".join("    " + line for line in action.splitlines())
    result = grade(
        answered(solved(), "gaussian_kl", f"{HEAD}def gaussian_kl(mu, logvar):\n{body}"), read_release(LAB), sandbox
    )
    check_one_bad(result, "gaussian_kl", state, says)


HARMLESS = {
    "kill_self": "os.kill(os.getpid(), signal.SIGKILL)",
    "kill_parent": "os.kill(os.getppid(), signal.SIGKILL)",
    "warning": "import warnings; warnings.warn('careful'); print('careful', file=sys.stderr)",
    "ten_megabytes": "print('x' * 10**7)",
    "thread": "import threading; threading.Thread(target=time.sleep, args=(999,), daemon=True).start()",
    "float64": "import torch; torch.ones(1).double()",
}


@pytest.mark.parametrize("does", HARMLESS)
def test_what_does_no_harm_costs_nothing(sandbox, does):
    (kept,) = (p.source for p in solved().parts if (p.role, p.grade_id) == ("solution", "gaussian_kl"))
    result = grade(answered(solved(), "gaussian_kl", f"{HEAD}{HARMLESS[does]}\n{kept}"), read_release(LAB), sandbox)
    assert {e.points == e.max_points for e in result.exercises} == {True}
    assert sum(map(len, result.outputs.values())) < QUICK.output_chars + 1000


@pytest.mark.slow
def test_a_gigabyte_on_one_line_costs_nothing():
    (kept,) = (p.source for p in solved().parts if (p.role, p.grade_id) == ("solution", "gaussian_kl"))
    says = kept.replace("### BEGIN SOLUTION", "print('x' * 10**9)")
    with Sandbox(Limits(exercise_seconds=120)) as sandbox:
        result = grade(answered(solved(), "gaussian_kl", says), read_release(LAB), sandbox)
    assert {e.points == e.max_points for e in result.exercises} == {True}
    (exercise,) = (e for e in result.exercises if e.name == "gaussian_kl")
    assert len(exercise.output) < QUICK.output_chars + 100


@pytest.mark.slow
def test_a_function_stays_although_its_cell_never_ends(sandbox):
    (kept,) = (p.source for p in solved().parts if (p.role, p.grade_id) == ("solution", "gaussian_kl"))
    result = grade(answered(solved(), "gaussian_kl", f"{kept}\nwhile True: pass"), read_release(LAB), sandbox)
    assert {e.points == e.max_points for e in result.exercises} == {True}


@pytest.mark.slow
def test_several_bad_exercises_are_partial_or_say_their_reason(sandbox):
    one = answered(solved(), "gaussian_kl", "import os; os._exit(1)")
    two = answered(one, "vae_loss", "import os\ndef vae_loss(*a, **k):\n    os._exit(2)")
    result = grade(two, read_release(LAB), sandbox)
    assert result.state == CRASHED
    assert [e.name for e in result.exercises if e.points is None] == ["gaussian_kl", "vae_loss"]
    three = answered(two, "reparametrize", "while True: pass")
    assert grade(three, read_release(LAB), sandbox).state == PARTIAL


@pytest.mark.slow
def test_a_hand_in_has_time_as_a_whole_and_what_was_graded_counts():
    with Sandbox(Limits(cell_seconds=2, exercise_seconds=2, total_seconds=5, grace_seconds=0.5)) as sandbox:
        slow = "import time\ndef {0}(*a, **k):\n    time.sleep(99)"
        handin = solved()
        for name in ("gaussian_kl", "bernoulli_nll", "gaussian_nll", "vae_loss", "train_step"):
            handin = answered(handin, name, slow.format(name))
        result = grade(handin, read_release(LAB), sandbox)
    assert result.state == TIMED_OUT
    assert points(result)["train_step"] is None
    assert result.seconds < 12
    assert "as a whole" in result.exercises[-1].message


@pytest.mark.slow
def test_a_sandbox_that_is_gone_is_not_the_hand_ins_fault(monkeypatch):
    with Sandbox(QUICK) as sandbox:
        cells, times = Run.cells, []

        def cells_and_an_accident(run: Run) -> None:
            times.append(1)
            if len(times) == 1:
                sandbox.process.kill()
                sandbox.process.wait()
            cells(run)

        monkeypatch.setattr(Run, "cells", cells_and_an_accident)
        result = grade(solved(), read_release(LAB), sandbox)
    assert {e.points == e.max_points for e in result.exercises} == {True}
    assert len(times) == 2


STRANGE = "print('\\x00\\x1b[31m')\ndef f():\n    raise ValueError('\\ud800\\x1b\\u202e ü\\n')"


def test_messages_are_text_that_any_file_takes(sandbox):
    release = tiny("expect(f(), 1.0)")
    (exercise,) = grade(hand_in(release, STRANGE), release, sandbox).exercises
    message = exercise.message.partition(" (in the line")[0]
    assert message == "ValueError: \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} ü\n"
    exercise.message.encode("utf-8")


def test_nothing_of_a_hand_in_stays_in_memory(sandbox):
    """Autograd's graphs are no help to Python's collector: a circle through them would stay for good."""
    for lab in ("lab4_variational_inference", LAB):
        grade(solved(lab), read_release(lab), sandbox)
    for _ in range(3):  # a tensor that dies wakes its graph, which dies in the next round
        gc.collect()
    assert [thing for thing in gc.get_objects() if type(thing) in (Link, Session, Run)] == []


def test_cells_before_and_after_a_crash_are_kept(sandbox):
    handin = preceded(answered(solved(), "gaussian_kl", "import os; os._exit(1)"), "print('before')")
    result = grade(handin, read_release(LAB), sandbox)
    assert result.outputs[0] == "before\n"
    assert any("This cell was stopped: it ended Python" in text for text in result.outputs.values())


def test_explore_cells_run_only_if_all_is_wanted(sandbox):
    release = tiny("expect(f(), 1.0)")
    handin = hand_in(release, "def f():\n    return 1.0")
    parts = (*handin.parts, handin.parts[0]._replace(source="print('explored')", explore=True))
    assert grade(handin._replace(parts=parts), release, sandbox).outputs.get(3) is None
    assert grade(handin._replace(parts=parts), release, sandbox, full=True).outputs[3] == "explored\n"


def test_without_answers_in_words_a_lab_is_graded(sandbox):
    release = tiny("expect(f(), 1.0)")
    result = grade(hand_in(release, "def f():\n    return 1.0"), release, sandbox)
    assert (result.state, points(result)) == (GRADED, {"f": 2.0})
    assert pickle.loads(pickle.dumps(result)) == result


def test_the_functions_count_as_they_are_where_the_test_stands(sandbox):
    release = tiny("expect(f(), 1.0)", "expect(f(), 1.0)")
    handin = hand_in(release, "def f():\n    return 1.0")
    again = handin.parts[0]._replace(source="def f():\n    return 2.0")
    assert points(grade(handin._replace(parts=(*handin.parts, again)), release, sandbox)) == {"f": 2.0}
    late = (*handin.parts[:1], handin.parts[2], handin.parts[1])  # the test stands before the answer
    assert points(grade(handin._replace(parts=late), release, sandbox)) == {"f": 2.0}
    gone = tuple(p for p in handin.parts if p.role != "test")
    assert points(grade(handin._replace(parts=gone), release, sandbox)) == {"f": 2.0}
    none = grade(handin._replace(parts=handin.parts[:1]), release, sandbox)
    assert none.exercises[0].message == "There is no function f in the notebook."
    assert points(none) == {"f": 0.0}


def test_what_a_test_imports_later_cells_may_use(sandbox):
    release = tiny("import statistics\nexpect(f(), 1.0)")
    handin = hand_in(release, "def f():\n    return 1.0")
    handin = handin._replace(parts=(*handin.parts, handin.parts[0]._replace(source="print(statistics.mean([2]))")))
    assert grade(handin, release, sandbox).outputs[3] == "2\n"


def test_an_edited_test_is_not_what_counts(sandbox):
    release = tiny("expect(f(), 1.0)")
    handin = hand_in(release, "def f():\n    return 2.0")
    edited = tuple(p._replace(source="pass") if p.role == "test" else p for p in handin.parts)
    assert points(grade(handin._replace(parts=edited), release, sandbox)) == {"f": 0.0}


# What hidden tests tell

HIDDEN = "expect(f(tensor([0.123456, 7.654321])), 8.888888)"
VISIBLE = "expect(f(tensor([1.0, 2.0])), 3.0)"
TELLTALE = ("0.1234", "7.654", "8.888", "123456", "654321", "888888")


@pytest.mark.parametrize(
    ("otherwise", "hint"),
    [
        ("return x.prod()", "try other shapes"),
        ("return x", "the shape of the answer is wrong"),
        ("return str(x)", "the answer has the wrong type"),
        ("return x.sum() / 0", "NaN or infinite"),
        ("raise ValueError(f'{x.tolist()}')", "the function raises ValueError"),
        ("raise type(f'E{int(x[1] * 1e6)}', (Exception,), {})", "the function raises an error"),
    ],
)
def test_a_hidden_failure_gives_a_hint_and_no_number(sandbox, otherwise, hint):
    release = tiny(VISIBLE, HIDDEN)
    source = f"def f(x):\n    print(x.tolist())\n    if x[0] == 1:\n        return x.sum()\n    {otherwise}"
    result = grade(hand_in(release, source), release, sandbox)
    (exercise,) = result.exercises
    assert exercise.points == 0
    assert hint in exercise.message
    assert "Exercise 0.1 · f (0 of 2 points)" in exercise.message
    assert exercise.output == "[1.0, 2.0]\n"
    assert not any(number in str(result) for number in TELLTALE)


def test_hidden_arguments_cannot_be_told_by_a_later_exercise(sandbox):
    """g's visible test comes after f's in the notebook, and is still run before f's hidden one."""
    one, two = tiny(VISIBLE, HIDDEN), tiny("expect(g(), 1.0)", "expect(g(), 1.0)", name="g")
    release = Release("two", (*one.parts, *two.parts), (*one.exercises, *two.exercises), {}, "")
    source = "seen = []\ndef f(x):\n    seen.append(x.tolist())\n    return x.sum()"
    handin = answered(answered(hand_in(one, source), "f", source)._replace(parts=release.parts), "f", source)
    handin = answered(handin, "g", "def g():\n    print(seen)\n    raise ValueError(str(seen))")
    assert not any(number in str(grade(handin, release, sandbox)) for number in TELLTALE)


def test_hidden_arguments_cannot_be_told_after_a_crash(sandbox):
    one, two = tiny(VISIBLE, HIDDEN), tiny("expect(g(), 1.0)", "expect(g(), 1.0)", name="g")
    crash = tiny("expect(h(1), 1)", "expect(h(2), 2)", name="h")
    all_three = crash, one, two
    parts, exercises = (sum((getattr(r, key) for r in all_three), ()) for key in ("parts", "exercises"))
    release = Release("three", parts, exercises, {}, "")
    handin = hand_in(one, "")._replace(parts=release.parts)
    handin = answered(handin, "h", "import os\ndef h(x):\n    return x if x == 1 else os._exit(1)")
    handin = answered(handin, "f", "seen = []\ndef f(x):\n    seen.append(x.tolist())\n    return x.sum()")
    handin = answered(
        handin,
        "g",
        "def g():\n    if len(seen) < 2:\n        return 1.0\n    print(seen)\n    raise ValueError(str(seen))",
    )
    result = grade(handin, release, sandbox)
    assert points(result) == {"h": None, "f": 0.0, "g": 0.0}
    assert not any(number in str(result) for number in TELLTALE)


# Stand-ins

CASES = {
    "numbers": ("f()", "return 1, 2.5, True, None, 'a', float('inf')", "(1, 2.5, True, None, 'a', float('inf'))"),
    "nested": ("f()", "return [1, (2, {'a': [3]})]", "[1, (2, {'a': [3]})]"),
    "keywords": ("f(1, *[2], k=3)", "return arguments", "(1, 2, 3)"),
    "int64": ("f().dtype", "return torch.arange(3)", "torch.int64"),
    "bfloat16": ("f().tolist()", "return torch.ones(2, dtype=torch.bfloat16)", "[1.0, 1.0]"),
    "empty": ("tuple(f().shape)", "return torch.empty(0, 3)", "(0, 3)"),
    "transposed": ("f().tolist()", "return torch.arange(4).reshape(2, 2).T", "[[0, 2], [1, 3]]"),
    "array": ("type(f()).__name__", "import numpy; return numpy.ones(2)", "'ndarray'"),
    "numpy": ("type(f()).__name__", "import numpy; return numpy.float32(1)", "'float32'"),
    "object": ("type(f()).__name__", "return type('Lie', (), {'__eq__': lambda *a: True})()", "'Lie'"),
    "subclass": ("type(f()).__name__", "return torch.ones(2).as_subclass(type('Lie', (torch.Tensor,), {}))", "'Lie'"),
    "torch_result": ("type(f()).__module__", "return torch.ones(2).min(0)", "'torch.return_types'"),
    "sparse": ("f().layout", "return torch.ones(2).to_sparse()", "torch.sparse_coo"),
    "function": ("f()(20)", "return lambda x: x + 1", "21"),
    "dtype": ("f(torch.float64)", "return str(arguments[0])", "'torch.float64'"),
    "generator": (
        "f(torch.Generator().manual_seed(3))",
        "return torch.rand(1, generator=arguments[0]).item()",
        "torch.rand(1, generator=torch.Generator().manual_seed(3)).item()",
    ),
    "strides": (
        "f(torch.zeros(3, 2).T, torch.zeros(1, 2).expand(3, 2))",
        "return [a.stride() for a in arguments]",
        "[(1, 2), (0, 1)]",
    ),
    "leaf": (
        "f(torch.ones(1, requires_grad=True) * 2)",
        "return arguments[0].is_leaf, arguments[0].requires_grad",
        "(False, True)",
    ),
    "same": ("f(*[torch.ones(2)] * 2)", "return arguments[0] is arguments[1]", "True"),
}


@pytest.mark.parametrize("case", CASES)
def test_values_cross_as_they_are(sandbox, case):
    call, body, value = CASES[case]
    release = tiny(f"got = {call}\nassert got == {value}, got")
    source = f"import torch\ndef f(*arguments, k=None):\n    arguments = arguments + ((k,) if k else ())\n    {body}"
    result = grade(hand_in(release, source), release, sandbox)
    assert points(result) == {"f": 2.0}, result


def test_changed_arguments_are_seen(sandbox):
    release = tiny("x = torch.ones(2, 3)\nf(x[0])\nexpect(x, [[2.0, 2.0, 2.0], [1.0, 1.0, 1.0]])")
    assert points(grade(hand_in(release, "def f(x):\n    x += 1"), release, sandbox)) == {"f": 2.0}
    assert points(grade(hand_in(release, "def f(x):\n    x + 1"), release, sandbox)) == {"f": 0.0}


def test_the_labs_own_data_are_the_same_for_every_hand_in(sandbox):
    release = tiny("expect(f(data), 3.0)\nexpect(f(pair[0]), 3.0)", set_up="data = torch.ones(3)\npair = [data, 1]")
    handin = hand_in(release, "def f(x):\n    total = x.sum()\n    x += 1\n    return total")
    for _ in range(2):
        assert points(grade(handin, release, sandbox)) == {"f": 2.0}


def test_a_set_up_that_does_not_run_is_said(sandbox):
    release = tiny("expect(f(), 1.0)", set_up="raise ValueError('no data')")
    with pytest.raises(GradingError, match="The set-up cells of tiny do not run: ValueError: no data"):
        grade(hand_in(release, "def f():\n    return 1.0"), release, sandbox)


GRADIENTS = """
x, y = tensor([1.0, 2.0], requires_grad=True), tensor([3.0, 4.0])
value, other = f(x, y)
expect(torch.autograd.grad(value.sum(), x)[0], [6.0, 16.0])
assert not other.requires_grad
expect(torch.autograd.grad((3 * f(2 * x, y)[0])[0], x)[0], [72.0, 0.0])
f(x, y)[0].sum().backward()
expect(x.grad, [6.0, 16.0])
"""


def test_stand_ins_can_be_differentiated(sandbox):
    release = tiny(GRADIENTS)
    assert points(grade(hand_in(release, "def f(x, y):\n    return x**2 * y, y + 1"), release, sandbox)) == {"f": 2.0}
    assert points(grade(hand_in(release, "def f(x, y):\n    return (x**2 * y).detach(), y + 1"), release, sandbox)) == {
        "f": 0.0
    }


CALLBACKS = {
    "twice": "return g(g(x)), x",
    "grad": "x = x.detach().requires_grad_(); return g(x), torch.autograd.grad(g(x).sum(), x)[0]",
    "vjp": "value, pull = torch.func.vjp(g, x); return value, pull(torch.ones_like(x))[0]",
    "vmap_grad": "return g(x), torch.vmap(torch.func.grad(lambda v: g(v[None]).sum()))(x)",
    "jacobian": "return g(x), torch.func.jacrev(g)(x).diagonal()",
    "nothing": "torch.no_grad().__enter__(); return g(x), 3 * x**2",
}


@pytest.mark.parametrize("how", CALLBACKS)
def test_functions_handed_over_stay_with_the_judge(sandbox, how):
    release = tiny(
        "scale = tensor([2.0, 3.0])\nvalue, slope = f(lambda z: z**3, tensor([1.0, 2.0]))\n"
        + ("expect(value, [1.0, 512.0])" if how == "twice" else "expect(value, [1.0, 8.0])\nexpect(slope, [3.0, 12.0])")
    )
    result = grade(hand_in(release, f"import torch\ndef f(g, x):\n    {CALLBACKS[how]}"), release, sandbox)
    assert points(result) == {"f": 2.0}, result


TRAINING = """
class Own(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(2, 1)
    def forward(self, x):
        return self.inner(x) ** 2

own, whole = Own(), torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
import copy
twins = copy.deepcopy(own), copy.deepcopy(whole)
optimizer = torch.optim.Adam([*own.parameters(), *whole.parameters()], lr=0.1)
beside = torch.optim.Adam([*twins[0].parameters(), *twins[1].parameters()], lr=0.1)
x = tensor([[1.0, 2.0], [0.5, -1.0]])
for _ in range(3):
    loss = twins[1](twins[0](x)).square().mean()
    beside.zero_grad()
    loss.backward()
    beside.step()
    expect(f(own, whole, optimizer, x), loss.item())
for one, other in zip([*own.parameters(), *whole.parameters()], beside.param_groups[0]["params"], strict=True):
    expect(one, other, rtol=1e-5)
"""
STEP = """
def f(own, whole, optimizer, x):
    loss = whole(own(x)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
"""


def test_networks_and_optimizers_are_trained_inside(sandbox):
    release = tiny(TRAINING)
    result = grade(hand_in(release, STEP), release, sandbox)
    assert points(result) == {"f": 2.0}, result
    without = STEP.replace("    optimizer.zero_grad()\n", "")
    assert points(grade(hand_in(release, without), release, sandbox)) == {"f": 0.0}


NETWORK = """
network = f(4)
expect(sum(p.numel() for p in network.parameters()), 15)
assert [name for name, _ in network.named_parameters()] == ["0.weight", "0.bias"]
x = torch.ones(2, 4, requires_grad=True)
expect(network(x), x @ network.get_parameter("0.weight").T + network.get_parameter("0.bias"))
expect(torch.autograd.grad(network(x).sum(), x)[0], network.get_parameter("0.weight").sum(0).expand(2, 4))
expect(network.eval()(x), 2 * x @ network.get_parameter("0.weight").T)
"""


def test_a_network_comes_back_as_a_stand_in(sandbox):
    release = tiny(NETWORK.rpartition("expect(network.eval")[0])
    result = grade(
        hand_in(release, "from torch import nn\ndef f(n):\n    return nn.Sequential(nn.Linear(n, 3))"), release, sandbox
    )
    assert points(result) == {"f": 2.0}, result


def test_a_test_that_hands_over_what_cannot_be_sent_is_the_courses_fault(sandbox):
    release = tiny("f(object())")
    (exercise,) = grade(hand_in(release, "def f(x):\n    return 1"), release, sandbox).exercises
    assert exercise.points is None
    assert exercise.message.startswith("The test itself is at fault, not your answer")


ODD_ANSWERS = [
    "float('nan')",
    "float('inf')",
    "torch.tensor(float('nan'))",
    "None",
    "'3'",
    "3",
    "torch.tensor(3)",
    "[3.0]",
    "True",
]
ODD_ANSWERS += [
    "torch.ones(1 << 22)",
    "torch.tensor(3 + 0j)",
    "torch.ones(2).to_sparse()",
    "{}",
    "object()",
    "...",
    "1 << 9999",
]


@pytest.mark.parametrize("answer", ODD_ANSWERS)
def test_an_answer_of_the_wrong_kind_earns_nothing(sandbox, answer):
    release = tiny("expect(f(), 3.5)")
    (exercise,) = grade(hand_in(release, f"import torch\ndef f():\n    return {answer}"), release, sandbox).exercises
    assert (exercise.points, exercise.state) == (0.0, GRADED)
    assert exercise.message


@pytest.mark.slow
def test_without_walls_the_points_are_the_same():
    with Sandbox(QUICK, isolated=False) as sandbox:
        result = grade(solved(), read_release(LAB), sandbox)
    assert {e.points == e.max_points for e in result.exercises} == {True}
    assert not math.isnan(result.cpu_seconds)
    assert torch.get_num_threads() == 1
