"""The judge: right answers earn their points, wrong ones lose them, and messages help."""

from __future__ import annotations

import inspect
import math
import re
from itertools import zip_longest

import pytest
import torch

from grading.course.lab import read_release
from grading.judge.result import GRADED, NEEDS_MANUAL
from grading.judge.run import grade
from grading.sandbox.limits import Limits
from grading.sandbox.process import Sandbox
from tests.handins import (
    LAB,
    QUICK,
    answered,
    as_source,
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
def test_solutions_earn_every_point(patient, lab):
    release = read_release(lab)
    result = grade(solved(lab), release, patient)
    assert points(result) == {e.name: e.points for e in release.exercises}, result
    assert result.state == NEEDS_MANUAL
    assert {e.state for e in result.exercises} == {GRADED}


@pytest.mark.parametrize("lab", LABS)
def test_released_labs_earn_nothing_and_say_why(sandbox, lab):
    result = grade(released(lab), read_release(lab), sandbox)
    assert set(points(result).values()) == {0.0}
    assert {e.message for e in result.exercises} == {"not answered yet"}


@pytest.fixture(scope="module")
def patient():
    """A sandbox with the time that a class has: a fit is no loop without end because the machine is busy."""
    with Sandbox(Limits()) as running:
        yield running


def is_made_of_the_librarys(lab, answer):
    """Such an answer is refused in the sandbox, however right it is."""
    others = load(lab).namespace["lab"].refuses.get(answer.exercise, ()) if "lab" in load(lab).namespace else ()
    source = inspect.getsource(answer.function)
    return any(re.search(rf"\blib\w*\.{name}\b", source) for name in (answer.exercise, *others))


def in_turns(lab, answers):
    """Some of a lab's bank in hand-ins that answer each exercise at most once."""
    allowed = [a for a in answers if not is_made_of_the_librarys(lab, a)]
    each = [[a for a in allowed if a.exercise == name] for name in load(lab).exercises]
    return [[a for a in turn if a is not None] for turn in zip_longest(*each)]


def as_handin(lab, turn):
    """The solution with these answers in the place of its own."""
    handin = preceded(solved(lab), as_source(lab))
    for answer in turn:
        handin = answered(handin, answer.exercise, f"{answer.exercise} = {answer.function.__name__}")
    return handin


def turns(chosen):
    """The hand-ins of all labs, with a name for each."""
    found = [(lab, turn) for lab in LABS for turn in in_turns(lab, chosen(bank(lab)))]
    return {"argvalues": found, "ids": [f"{lab}-{turn[0].function.__name__}" for lab, turn in found]}


@pytest.mark.slow
@pytest.mark.parametrize(("lab", "turn"), **turns(lambda answers: [a for a in answers if a.kind == "right"]))
def test_every_right_answer_of_the_banks_earns_every_point(patient, lab, turn):
    """By the whole pipeline, as a hand-in; a few hand-ins hold all of a lab's."""
    release = read_release(lab)
    result = grade(as_handin(lab, turn), release, patient)
    assert points(result) == {e.name: e.points for e in release.exercises}, result


@pytest.mark.slow
@pytest.mark.parametrize(("lab", "turn"), **turns(lambda answers: answers[::9]))
def test_answers_earn_what_they_earn_by_their_own_route(patient, lab, turn):
    book = load(lab)
    expected = {e.name: e.points for e in book.exercises.values()}
    for answer in turn:
        expected[answer.exercise] = by_its_own_route(
            book, book.exercises[answer.exercise], {answer.exercise: answer.function}
        ).points
    result = grade(as_handin(lab, turn), read_release(lab), patient)
    assert points(result) == expected, result
    messages = {exercise.name: exercise.message for exercise in result.exercises}
    for answer in turn:
        if answer.kind == "wrong" and answer.true:
            assert any(words in messages[answer.exercise] for words in answer.true)


def test_a_usual_mistake_is_named(sandbox):
    source = "def gaussian_kl(mu, logvar):\n    return (mu**2 + logvar.exp() - 1 - logvar).sum(-1)"
    result = grade(answered(solved(), "gaussian_kl", source), read_release(LAB), sandbox)
    (exercise,) = (e for e in result.exercises if e.name == "gaussian_kl")
    assert exercise.points == 0
    assert exercise.mistake == "This is twice the right one."
    assert exercise.mistake in exercise.message


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
