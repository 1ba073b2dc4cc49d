"""Claims of lecture 3: noise, boxes and holes."""

import numpy as np
import torch

import vae_lib as lib
from tests.claims import claim


@claim("The digits come back, a little softer than they went in.")
def better_than_the_mean_picture(nb):
    assert nb.error < 0.5 * nb.mean_error


@claim("So both are little, in these units.")
def noise_is_small_beside_the_spread(nb):
    assert nb.spread.mean() > 1.5


@claim("the same noise has about a tenth of its effect")
def the_loss_leaves_the_scale_free(nb):
    assert nb.same < 1e-4
    assert nb.tenfold < 0.2 * nb.plain


@claim("Real test pictures give the marks to be reached")
def the_nearest_picture_has_the_class(nb):
    assert (nb.real_classes == nb.y_test[:300]).float().mean() > 0.85


@claim("they are one nine")
def half_a_unit_hardly_moves_the_nine(nb):
    assert nb.ae_table[1, 0] < 0.5 * nb.nine_diversity
    assert nb.ae_table[1, 1] < 1.1 * nb.real_distance


@claim("At $\\sigma=1$ they have begun to change and are still far less diverse than real digits.")
def one_unit_is_not_diverse(nb):
    assert nb.ae_table[1, 0] < nb.ae_table[3, 0] < 0.6 * nb.real_diversity


@claim("they are no longer valid, and few are nines")
def much_noise_is_far_off(nb):
    assert nb.ae_table[-1, 2] < 0.3
    assert nb.reach > 1.15


@claim("**noise gives validity or diversity, and no σ gives both**")
def no_sigma_reaches_both_marks(nb):
    valid = nb.ae_table[:, 1] <= 1.05 * nb.real_distance
    diverse = nb.ae_table[:, 0] >= 0.95 * nb.real_diversity
    assert not (valid & diverse).any()


@claim("The Gaussian is better, since it knows about the middle and the correlations")
def correlations_help(nb):
    """Beside both stands a Gaussian without correlations, over five sets of draws."""

    def distance(z):
        return nb.nearest(nb.ae.decode_mean(z))[0]

    g = torch.Generator().manual_seed(7)
    factor = torch.linalg.cholesky(torch.cov(nb.codes.mT))
    rows = []
    for _ in range(5):
        eps, u = torch.randn(300, 8, generator=g), torch.rand(300, 8, generator=g)
        box = lib.sample_box(*lib.bounding_box(nb.codes), u)
        plain = nb.codes.mean(0) + nb.codes.std(0) * eps
        rows.append([distance(z) for z in (nb.codes.mean(0) + eps @ factor.mT, plain, box)])
    full, plain, box = np.mean(rows, axis=0)
    assert full < plain < box


@claim("In eight nearly all of it is")
def the_box_of_eight_is_empty(nb):
    assert nb.holes["box, D = 8"] > 0.9


@claim("some of them become other digits")
def the_vae_varies_more_at_equal_noise(nb):
    assert (nb.vae_table[[1, 3], 0] > nb.ae_table[[1, 3], 0]).all()
    assert nb.vae_table[3, 2] < nb.ae_table[3, 2]


@claim("it is to the left of the star, less diverse than real digits are")
def the_prior_is_less_diverse(nb):
    assert nb.table["prior"][0] < nb.real_diversity
    assert nb.table["prior"][1] < 1.25 * nb.real_distance


@claim("noise around one digit is not the way to draw from any model")
def the_curve_of_the_vae_passes_above_the_star(nb):
    assert np.interp(nb.real_diversity, *nb.vae_table[:, :2].T) > 1.05 * nb.real_distance
