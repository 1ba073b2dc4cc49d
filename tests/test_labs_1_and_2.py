"""The ends of labs 1 and 2 are made by the student's own functions: a wrong one changes the figures' numbers."""

from __future__ import annotations

from unittest.mock import patch

import nbformat
import pytest
import torch

from grading.course.folder import ROOT
from tests.lab_bank import bank, load
from vae_lib import data


def cell(lab: str, name: str) -> str:
    cells = nbformat.read(ROOT / "solutions" / lab / f"{lab}.ipynb", as_version=4).cells
    return next(c.source for c in cells if c.id == name)


def curves_of_lab_1(namespace):
    """The errors and the counts in the figure of forty pictures, and a share of hits, on the digits."""
    with patch.object(data, "load", lambda name: DIGITS):
        exec(cell("lab1_pca", "few-fit"), namespace)
    exec(cell("lab1_pca", "whiten-own").split("for k in")[0], namespace)
    counts = [float(k) for k in namespace["held"].values()]
    errors = [error for curve in namespace["curves"].values() for error in curve]
    return torch.tensor([*errors, *counts, namespace["hits"](5, 0)])


DIGITS = data.load("digits")
WRONG_IN_LAB_1 = (
    "center_by_the_median",
    "covariance_diagonal_as_a_matrix",
    "components_of_smallest_variance",
    "encode_without_mean",
    "decode_subtracts_the_mean",
    "error_halved",
    "needed_one_too_many",
)


@pytest.mark.parametrize("name", WRONG_IN_LAB_1)
def test_the_end_of_lab_1_is_made_by_the_students_functions(name):
    book, answers = load("lab1_pca"), {a.function.__name__: a for a in bank("lab1_pca")}
    right, wrong = curves_of_lab_1(dict(book.namespace)), answers[name]
    assert not torch.allclose(curves_of_lab_1(book.namespace | {wrong.exercise: wrong.function}), right)
