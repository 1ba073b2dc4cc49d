"""Claims of the first page, on the digits that it trains on."""

import torch

import vae_lib as lib
from tests.claims import claim


@claim("the classes form patches")
def neighbours_are_of_one_class(nb):
    distance = torch.cdist(nb.codes, nb.codes).fill_diagonal_(torch.inf)
    y = nb.digits.y_train
    alike = (y[distance.argmin(1)] == y).float().mean()
    by_chance = (y.bincount() / len(y)).square().sum()
    assert alike > 4 * by_chance


@claim("digits turn into one another")
def one_step_changes_less_than_a_jump(nb):
    rows = nb.pictures.view(15, 15, -1)
    step = (rows[:, 1:] - rows[:, :-1]).norm(dim=2).mean()
    assert step < 0.5 * lib.diversity(nb.pictures)


@claim("None of these 225 pictures is in the data.")
def no_picture_is_a_copy(nb):
    assert lib.nearest_distance(nb.pictures, nb.digits.x_train).min() > 0.1


@claim("so a code drawn there becomes a new picture")
def draws_are_no_copies(nb):
    drawn = nb.vae.sample(200, generator=torch.Generator().manual_seed(1)).detach()
    assert lib.nearest_distance(drawn, nb.digits.x_train).min() > 0.1
