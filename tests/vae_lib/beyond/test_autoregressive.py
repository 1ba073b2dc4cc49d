"""Masks by gradients, the density by quadrature and torch.distributions, draws by their moments."""

from __future__ import annotations

import math

import pytest
import torch
from torch.autograd.functional import jacobian
from torch.distributions import Categorical, MixtureSameFamily, Normal

import vae_lib as lib
from vae_lib.beyond.autoregressive import Autoregressive


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


def rough(n_dims, hidden=(16, 16), n_components=3, seed=0, size=0.3):
    """A model away from its start, in float64."""
    rng = torch.Generator().manual_seed(seed)
    model = Autoregressive(n_dims, hidden, n_components, rng).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight += size * torch.randn(weight.shape, generator=rng, dtype=weight.dtype)
    return model


@pytest.mark.parametrize("hidden", [(16,), (16, 12), (9, 10, 11)])
def test_a_factor_sees_the_entries_before_it_and_all_of_them(hidden, rng):
    """The slopes of every factor's numbers by every entry: 0 from the diagonal on, and none of the others is 0."""
    model, x = rough(5, hidden), torch.randn(20, 5, generator=rng, dtype=torch.float64)
    seen = torch.zeros(5, 5)
    for row in x:
        slopes = jacobian(lambda r: torch.cat([p.squeeze(0) for p in model.factors(r[None])], -1), row)
        seen += slopes.abs().sum(1)
    assert torch.equal(seen > 0, torch.ones(5, 5).tril(-1) > 0)


def test_factors_are_torchs_mixtures(rng):
    model, x = rough(3), torch.randn(6, 3, generator=rng, dtype=torch.float64)
    log_weight, mean, log_sigma = model.factors(x)
    parts = MixtureSameFamily(Categorical(logits=log_weight), Normal(mean, log_sigma.exp()))
    assert torch.allclose(model.log_prob(x), parts.log_prob(x).sum(1), rtol=1e-10)


@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_a_density(seed):
    """Its integral over the plane is 1."""
    model = rough(2, seed=seed)
    axis = torch.linspace(-25, 25, 501, dtype=torch.float64)
    with torch.no_grad():
        density = model.log_prob(torch.cartesian_prod(axis, axis)).exp()
    assert math.isclose(float(density.sum()) * 0.1**2, 1, abs_tol=2e-3)


def test_draws_are_of_the_density(rng):
    """Moments of draws against those by quadrature (4 standard errors: a failure in 10,000 each)."""
    model = rough(2, size=0.15)
    axis = torch.linspace(-20, 20, 401, dtype=torch.float64)
    points = torch.cartesian_prod(axis, axis)
    with torch.no_grad():
        weight = model.log_prob(points).exp() * 0.1**2
    draws = model.sample(8000, rng)
    for what in (lambda x: x, lambda x: x.square(), lambda x: x.prod(1, keepdim=True)):
        values = what(draws)
        exactly = (weight[:, None] * what(points)).sum(0)
        assert ((values.mean(0) - exactly).abs() < 4 * values.std(0) / 8000**0.5).all()


def test_training_finds_a_mixture_of_one_dimension(rng):
    """Two far Gaussians: −log p of the sample comes near to that by the true density, which is within its error."""
    x = torch.where(torch.rand(4000, 1, generator=rng) < 0.5, -3.0, 3.0)
    x = x + 0.5 * torch.randn(4000, 1, generator=rng)
    model = Autoregressive(1, (4,), 4, rng)
    config = lib.TrainConfig(epochs=20, batch_size=200, learning_rate=2e-2, schedule="cosine", progress=False)
    lib.fit(model, x, config)
    bumps = torch.stack([Normal(place, 0.5).log_prob(x[:, 0]) for place in (-3.0, 3.0)])
    truth = -(bumps.logsumexp(0) - math.log(2))
    assert abs(model.loss_terms(x).reconstruction.mean().item() - truth.mean().item()) < 0.02


def test_what_does_not_fit_is_told_in_a_sentence():
    for call in (lambda: Autoregressive(0), lambda: Autoregressive(2, (4,), 0), lambda: Autoregressive(2, ())):
        with pytest.raises(lib.InputError):
            call()
    with pytest.raises(lib.InputError, match="at least 1"):
        Autoregressive(2).sample(0)
