"""Claims of the first page, on the stored VAE of two latent dimensions."""

import math

import pytest
import torch

import vae_lib as lib
from tests.claims import claim


@claim("for 76 % of the digits the nearest code belongs to the same class, where chance gives 10 %", "form patches")
def neighbours_are_of_one_class(nb):
    distance = torch.cdist(nb.codes, nb.codes).fill_diagonal_(torch.inf)
    alike = (nb.labels[distance.argmin(1)] == nb.labels).double()
    by_chance = (nb.labels.bincount() / len(nb.labels)).square().sum()
    assert round(100 * alike.mean().item()) == 76
    assert round(100 * by_chance.item()) == 10
    per_class = torch.stack([alike[nb.labels == digit].mean() for digit in range(10)])
    assert (per_class > 0.5).sum() > 5  # of ten: most


@claim("The zeros do lie together")
def zeros_lie_together(nb):
    distance = torch.cdist(nb.codes, nb.codes).fill_diagonal_(torch.inf)
    zero = nb.labels == 0
    assert (nb.labels[distance[zero].argmin(1)] == 0).double().mean() > 0.9


@claim("digits turn into one another")
def one_step_changes_less_than_a_jump(nb):
    rows = nb.pictures.view(13, 13, -1)
    step = (rows[:, 1:] - rows[:, :-1]).norm(dim=2).mean()
    assert step < 0.6 * lib.diversity(nb.pictures)


@claim("puts equally many draws between any two that are neighbours on an axis")
def the_points_are_quantiles(nb):
    """A million draws of a standard normal along one axis of the grid: between neighbours, the same share."""
    at = lib.quantile_grid(13)[:13, 0].sort().values.double()
    draws = torch.randn(10**6, generator=torch.Generator().manual_seed(0)).double()
    share = torch.histogram(draws, at).hist / len(draws)
    assert len(share) == 12
    assert share.max() - share.min() < 6 * (share.mean() / len(draws)) ** 0.5


@claim("a classifier was sure of 87 %", "All ten digits are among them.")
def most_are_digits(nb):
    """Each class is given, surely, to five pictures and more."""
    assert round(100 * nb.sure.double().mean().item()) == 87
    assert nb.verdict.label[nb.sure].bincount(minlength=10).min() >= 5


@claim(
    "All 22 pictures that it is not sure of stand beside one that it takes for another digit; of the 147 others 71 % "
    "do too."
)
def the_unsure_pictures_have_neighbours_of_another_class(nb):
    """Pictures on the grid of which a neighbour, up, down, left or right, is given another class."""
    label, sure = nb.verdict.label.view(13, 13), nb.sure.view(13, 13)
    border = torch.zeros(13, 13, dtype=torch.bool)
    for axis in (0, 1):
        differs = label.narrow(axis, 1, 12) != label.narrow(axis, 0, 12)
        border.narrow(axis, 0, 12).logical_or_(differs)
        border.narrow(axis, 1, 12).logical_or_(differs)
    assert ((~sure).sum(), sure.sum()) == (22, 147)
    assert border[~sure].all()
    assert round(100 * border[sure].double().mean().item()) == 71


@claim("Of the codes 98 % lie within the outer one, where the distribution has 99 %.")
def codes_lie_where_the_prior_does(nb):
    assert round(100 * (nb.codes.norm(dim=1) < 3).double().mean().item()) == 98
    assert round(100 * (1 - math.exp(-4.5))) == 99


@claim("Its check shows what came out beside what should have, and names the mistake")
def a_check_names_the_mistake(nb):
    wrong = (nb.z**2).mean(dim=1)
    with pytest.raises(AssertionError) as said:
        nb.expect(wrong, [25.0, 9.0], hints=nb.hints)
    assert all(text in str(said.value) for text in ("8.33", "25", "the mean is taken, not the sum"))


@claim("Replace `mean` with `sum`, run the cell of the function again, then the check: it finds nothing wrong.")
def a_right_answer_passes(nb):
    assert nb.expect((nb.z**2).sum(dim=1), [25.0, 9.0], hints=nb.hints) is None
