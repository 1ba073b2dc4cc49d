"""Claims of the first page, on the stored VAE of two latent dimensions."""

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


@claim("digits turn into one another")
def one_step_changes_less_than_a_jump(nb):
    rows = nb.pictures.view(15, 15, -1)
    step = (rows[:, 1:] - rows[:, :-1]).norm(dim=2).mean()
    assert step < 0.5 * lib.diversity(nb.pictures)


@claim("Nearly all the others lie where one digit turns into another, as the classifier sees it.")
def the_unsure_pictures_have_neighbours_of_another_class(nb):
    """Pictures on the grid of which a neighbour, up, down, left or right, is given another class: 59 % of all."""
    label, sure = nb.verdict.label.view(15, 15), nb.sure.view(15, 15)
    border = torch.zeros(15, 15, dtype=torch.bool)
    for axis in (0, 1):
        differs = label.narrow(axis, 1, 14) != label.narrow(axis, 0, 14)
        border.narrow(axis, 0, 14).logical_or_(differs)
        border.narrow(axis, 1, 14).logical_or_(differs)
    assert (~sure).sum() > 10
    assert border[~sure].double().mean() > 0.9
    assert border.double().mean() < 0.7  # so that nearly all of them at the border is no accident


@claim("of 2,000 codes, 98 % lie within three standard deviations")
def codes_lie_where_the_prior_does(nb):
    """The prior has 98.9 % there."""
    assert round(100 * (nb.codes.norm(dim=1) < 3).double().mean().item()) == 98
