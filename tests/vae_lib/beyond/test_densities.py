"""Known densities against scipy's integrals, closed forms, and their own draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats

import vae_lib as lib
from vae_lib.beyond import densities

NAMES = tuple(densities.KNOWN)


@pytest.mark.parametrize("name", NAMES)
def test_a_density_is_one_and_its_draws_are_from_it(name):
    """Its integral is 1; the mean of −log p over draws is the entropy (a failure in 10,000: 4 standard errors)."""
    density = densities.KNOWN[name]()
    points, area = densities.grid()
    assert math.isclose(float(density.log_prob(points).exp().sum()) * area, 1, abs_tol=1e-6)
    cost = -density.log_prob(density.sample(5000, torch.Generator().manual_seed(1)))
    error = 4 * float(cost.std()) / math.sqrt(5000) + 1e-6
    assert abs(float(cost.mean()) - densities.entropy(density)) < error


def test_the_checkerboards_entropy_is_log_8():
    assert math.isclose(densities.entropy(densities.Checkerboard()), math.log(8), rel_tol=1e-6)
    dark = torch.tensor([[-0.5, -1.5], [2.5, 0.5], [0.5, 2.5]])
    assert torch.isneginf(densities.Checkerboard().log_prob(dark)).all()


def test_the_rings_density_is_a_bessel_function():
    """A circle of radius R with noise: p(r) = exp(−(r² + R²)/2s²) I₀(rR/s²) / 2πs², entropy by a line's integral."""

    def log_density(r):
        return -((r - 2) ** 2) / 0.08 + math.log(special.i0e(r * 2 / 0.04)) - math.log(2 * math.pi * 0.04)

    r = np.linspace(0.5, 3.5, 13)
    found = densities.ring().log_prob(torch.tensor(np.stack([r, np.zeros(13)], 1)))
    assert np.allclose(found, [log_density(v) for v in r], rtol=1e-6)
    entropy = integrate.quad(lambda r: -2 * math.pi * r * math.exp(log_density(r)) * log_density(r), 0.5, 4)[0]
    assert math.isclose(densities.entropy(densities.ring()), entropy, rel_tol=1e-6)


def test_a_curve_of_points_is_scipys_mixture():
    points = torch.tensor([[0.0, 1.0], [2.0, -1.0], [-1.0, 0.5]])
    x = torch.tensor([[0.3, 0.4], [1.0, -2.0]], dtype=torch.float64)
    parts = [stats.multivariate_normal(c, 0.25).pdf(x.numpy()) for c in points.numpy()]
    assert np.allclose(densities.Curve(points, 0.5).log_prob(x).exp(), np.mean(parts, 0), rtol=1e-6)


def test_divergence_of_two_gaussians_is_the_closed_form():
    one = densities.Curve(torch.zeros(1, 2), 0.7)
    other = torch.distributions.MultivariateNormal(torch.tensor([0.5, -0.2]), torch.eye(2))
    exact = lib.kl_gaussians(torch.zeros(2), 0.49 * torch.eye(2), torch.tensor([0.5, -0.2]), torch.eye(2))
    assert math.isclose(densities.divergence(one, other.log_prob), float(exact), rel_tol=1e-5)
    assert math.isclose(densities.divergence(one, one.log_prob), 0, abs_tol=1e-6)
    both = densities.divergences(one, {"other": other.log_prob, "itself": one.log_prob}, cells=150)
    assert both["other"] == densities.divergence(one, other.log_prob, cells=150)
    assert math.isclose(both["other"], float(exact), rel_tol=1e-5)
    assert math.isclose(both["itself"], 0, abs_tol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: densities.Curve(torch.zeros(2, 2), 0.0), "positive"),
        (lambda: densities.ring().sample(0), "at least 1"),
        (lambda: densities.divergence(densities.ring(), 3), "must be a function"),
        (lambda: densities.divergences(densities.ring(), {"half": 3}), "models must be a dictionary of functions"),
        (lambda: densities.divergence(densities.ring(), lambda z: z), "log_q must return a tensor of shape"),
        (lambda: densities.divergence(3, torch.sum), "density must be a Curve"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(call, words):
    with pytest.raises(lib.InputError, match=words):
        call()
