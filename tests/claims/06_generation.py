"""Claims of lecture 6: draws, planes, walks, and the importance-weighted bound."""

import numpy as np
import torch
from scipy import stats

import vae_lib as lib
from tests.claims import claim


@claim("The ELBO says that two dimensions are too few")
def ten_explain_more_than_two(nb):
    """Paired over the test pictures, so that the difference has a standard error."""
    with torch.no_grad():
        g = torch.Generator().manual_seed(11)
        costs = {D: lib.elbo_terms(nb.vaes[D], nb.x_test, generator=g) for D in (2, 10)}
    difference = sum(costs[2]) - sum(costs[10])
    assert difference.mean() > 5 * difference.std() / len(difference) ** 0.5


@claim("With two dimensions a mean blurs many writings into one, which makes its draws alike, and safe.")
def two_dimensions_draw_alike(nb):
    assert nb.varied[2] < nb.varied[10] < lib.diversity(nb.x_test[:500])


@claim("Sampling from the prior does not rule invalid pictures out")
def draws_are_odd_more_often_than_codes(nb):
    share = np.mean([nb.invalid[D] for D in (5, 10, 20)])
    assert share > 0.05 + 2 * (0.05 * 0.95 / 3000) ** 0.5


@claim("With more, each carries less on average")
def each_dimension_carries_less(nb):
    mean = [nb.kl_dims[D].mean() for D in nb.sizes]
    assert mean == sorted(mean, reverse=True)


@claim("So a ninth of the square holds nearly half of the draws, and 0.5 % fall outside.")
def the_square_by_the_normal_law(nb):
    inside = [(stats.norm.cdf(limit) - stats.norm.cdf(-limit)) ** 2 for limit in (1, 3)]
    assert abs(inside[0] - 0.47) < 0.01
    assert abs(1 - inside[1] - 0.005) < 0.001
    assert np.allclose(nb.quantiles, stats.norm.ppf([0.1, 0.3, 0.5, 0.7, 0.9]), atol=1e-6)


@claim("With 100 dimensions practically no draw is ever so near.")
def nothing_near_the_origin(nb):
    assert stats.chi2.cdf(50, df=100) < 1e-4
    assert abs(nb.chance / stats.chi2.cdf(50, df=100) - 1) < 1e-3


@claim("A straight walk leaves that shell half-way, a walk on the sphere stays in it.")
def only_the_straight_walk_leaves(nb):
    low = stats.chi2.ppf(0.05, df=20) ** 0.5
    assert nb.lengths["straight"][10] < low < nb.lengths["on the sphere"][10]


@claim("With ten they come closer to it, as the errors in the title say")
def ten_dimensions_hold_the_stations(nb):
    assert nb.errors[1] < nb.errors[0]


@claim("With the posterior the bound is exact at $K=1$ and has nothing to gain.")
def every_weight_is_the_evidence(nb):
    """The loop ends on the posterior and K = 10."""
    assert nb.log_w.std() < 1e-5
    assert abs(nb.log_w.mean() - nb.truth) < 1e-5


@claim("within a group of 1,000 the smaller groups' mean can never be above")
def the_curves_rise(nb):
    assert all(np.diff(curve).min() > -1e-3 for curve in nb.bounds.values())


@claim("The bound at $K=1000$ has closed most of the gap")
def most_of_the_gap_is_closed(nb):
    assert nb.below[0] > 0.1
    assert abs(nb.below[2]) < 0.5 * nb.below[0]


@claim("Because a few weights dominate.", on="mnist")
def few_draws_count(nb):
    assert all(1 <= count < 0.2 * nb.n_draws for count in nb.share.values())
