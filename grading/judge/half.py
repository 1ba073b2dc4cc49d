"""Run one half of a test here, and turn the way it ended into a verdict."""

import io
import warnings
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import torch

from grading.course.folder import GradingError
from grading.course.halves import hidden_lines
from grading.course.lab import Exercise
from grading.judge.asserts import place
from grading.judge.result import TIMED_OUT, Fault
from grading.judge.scene import play
from grading.judge.verdict import (
    HIDDEN,
    Share,
    Verdict,
    after_hidden,
    after_visible,
    readable,
    scored,
    stopped,
    without_number,
)
from grading.sandbox.session import Session, Stopped


def run_half(
    exercise: Exercise,
    half: str,
    source: str,
    variables: dict[str, Any],
    session: Session,
    faults: list[Fault],
    counts: bool = False,
) -> Verdict:
    """The verdict on this half; its last line must come to points if it `counts` them. Where it fails is added to
    `faults`, which is for the course's author alone."""
    name = f"<{half} test>"
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):  # "5.2 ✓" is for a notebook
            warnings.simplefilter("ignore")
            score = play(source, name, variables)
    except (Stopped, KeyboardInterrupt, GradingError):
        raise
    except BaseException as error:  # pytest's own are no Exception
        if session.interrupted:
            return stopped(exercise, TIMED_OUT, half)
        number, line = place(error, source, name)
        faults.append(fault(exercise, half, number, f"{line}\n{readable(error, line)}"))
        return after_visible(exercise, error, line) if half == "visible" else after_hidden(exercise, error)
    if points_of(score) is None:
        return without_number(exercise, counts)
    return scored(exercise, points_of(score), shares_of(score, exercise, half, source, faults))


def shares_of(score: object, exercise: Exercise, half: str, source: str, faults: list[Fault]) -> tuple[Share, ...]:
    """The parts of a test that has named them; why one fails is told of the visible half alone."""
    found = []
    for share in getattr(score, "shares", ()):
        reason = ""
        if share.error is not None:
            where, (number, line) = half, place(share.error, source, f"<{half} test>")
            if not number:  # a part of the visible half, which has been played before
                where, (number, line) = "visible", place(share.error, exercise.visible, "<visible test>")
            reason = readable(share.error, line)
            faults.append(fault(exercise, where, number, f"{line}\n{reason}"))
        earned = 0.0 if reason else share.points
        found.append(Share(share.name, share.points, earned, HIDDEN if reason and half == "hidden" else reason))
    return tuple(found)


def points_of(value: object) -> float | None:
    """The value of a test's last line as points, where it is a number."""
    if isinstance(value, torch.Tensor) and value.numel() == 1 and value.dtype != torch.bool:
        return float(value)
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return float(value)
    return None


def fault(exercise: Exercise, half: str, number: int, said: str) -> Fault:
    """The place in the test cell as its author has it before him, hidden region and all."""
    line, _, reason = said.partition("\n")
    if half == "visible":
        number = dict(enumerate(shown_lines(exercise.hidden), start=1)).get(number, number)
    where = [f"{half} half"] if exercise.visible != exercise.hidden else []
    where += [f"line {number}"] if number else []
    return Fault(exercise.grade_id, ", ".join(where), line, reason)


def shown_lines(test: str) -> list[int]:
    """The numbers of a test's lines that students see."""
    return [number for number, (_, hidden) in enumerate(hidden_lines(test), start=1) if not hidden]
