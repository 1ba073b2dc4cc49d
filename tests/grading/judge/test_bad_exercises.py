"""The judge: a bad exercise costs itself alone, whatever it does."""

from __future__ import annotations

import gc
import pickle

import pytest

from grading.course.lab import read_release
from grading.judge.result import CRASHED, GRADED, NEEDS_MANUAL, PARTIAL, TIMED_OUT, Later, Result
from grading.judge.rounds import Round
from grading.judge.run import grade
from grading.judge.standins import Link
from grading.sandbox.limits import Limits
from grading.sandbox.process import Sandbox
from grading.sandbox.session import Session
from tests.handins import (
    LAB,
    QUICK,
    answered,
    hand_in,
    points,
    preceded,
    solved,
    tiny,
)

pytestmark = pytest.mark.sandbox


# One bad exercise. What it does stands in the cell itself, or in the function.

DONE = {
    "pass_by_exit": ("raise SystemExit", GRADED, "SystemExit"),
    "syntax": ("this is no Python", GRADED, "invalid syntax"),
    "loop": ("while True: pass", TIMED_OUT, "took too long"),
    "stubborn": ("while True:\n    try: time.sleep(9)\n    except BaseException: pass", TIMED_OUT, "took too long"),
    "sleep": ("time.sleep(600)", TIMED_OUT, "took too long"),
    "os_exit": ("os._exit(0)", CRASHED, "ended Python"),
    "segfault": ("ctypes.string_at(0)", CRASHED, "segmentation fault"),
    "memory": ("bytearray(64 << 30)", CRASHED, "Such amounts of memory"),
    "memory of no machine": ("__import__('numpy').empty(8 << 30)", GRADED, "Unable to allocate 64"),
    "fork_bomb": ("while True: os.fork()", CRASHED, "this grader's limit"),
    "background": ("subprocess.Popen(['sleep', '999'])", CRASHED, "this grader's limit"),
    "disk": ("[open(f'{i}', 'wb').write(bytes(9 << 20)) for i in range(99)]", CRASHED, "this grader's limit"),
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
    # once, not at every one of 50 calls
    once = "if not hasattr(gaussian_kl, 'said'):\n        gaussian_kl.said = print('x' * 10**9)"
    says = kept.replace("### BEGIN SOLUTION", once)
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


@pytest.mark.parametrize(
    "does", ["while True: pass", "while True:\n    try: time.sleep(9)\n    except BaseException: pass"]
)
@pytest.mark.parametrize("way", [(), ("test_f",)])
def test_one_that_is_hurried_makes_way_at_its_first_limit_of_time(sandbox, does, way):
    release = tiny("expect(f(), 1.0)", "expect(f(), 1.0)").run_plainly(way)
    longer = release._replace(parts=(*release.parts, release.parts[0]))  # something is left to do
    for source in (
        f"import time\n{does}",
        "import time\ndef f():\n" + "\n".join(f"    {x}" for x in does.splitlines()),
    ):
        with pytest.raises(Later):
            grade(hand_in(longer, source), longer, sandbox, hurried=True)
    right = hand_in(release, "def f():\n    return 1.0")
    assert points(grade(right, release, sandbox, hurried=True)) == {"f": 2.0}


@pytest.mark.slow
def test_a_sandbox_that_is_gone_is_not_the_hand_ins_fault(monkeypatch):
    with Sandbox(QUICK) as sandbox:
        cells, times = Round.cells, []

        def cells_and_an_accident(run: Round) -> None:
            times.append(1)
            if len(times) == 1:
                sandbox.process.kill()
                sandbox.process.wait()
            cells(run)

        monkeypatch.setattr(Round, "cells", cells_and_an_accident)
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
    assert [thing for thing in gc.get_objects() if type(thing) in (Link, Session, Round)] == []


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
    assert none.exercises[0].message == "There is no f in the notebook."
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
