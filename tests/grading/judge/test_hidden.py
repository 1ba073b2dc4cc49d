"""The judge: of a hidden test a student learns a hint and no number."""

from __future__ import annotations

import pytest

from grading.course.lab import Release
from grading.judge.run import grade
from tests.handins import (
    answered,
    hand_in,
    points,
    tiny,
)

pytestmark = pytest.mark.sandbox


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
