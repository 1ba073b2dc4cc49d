"""The adversarial pair: costs against their closed forms, gradients that stay with their player, the log ratio."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Normal

import vae_lib as lib
from vae_lib.beyond.adversarial import Adversarial, discriminator_cost, generator_cost
from vae_lib.beyond.family import energy_score


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


def test_costs_are_cross_entropies():
    real, fake = torch.tensor([0.3, -2.0]).double(), torch.tensor([1.5, 0.0]).double()
    expected = -torch.sigmoid(real).log() - (1 - torch.sigmoid(fake)).log()
    assert torch.allclose(discriminator_cost(real, fake), expected)
    assert torch.allclose(generator_cost(fake), -torch.sigmoid(fake).log())
    assert torch.isfinite(discriminator_cost(torch.tensor([-1000.0]), torch.tensor([1000.0]))).all()


def test_the_discriminators_optimum_is_the_log_ratio_and_its_cost_the_divergence():
    """Least over all functions at log p − log q, pointwise; there it is 2 log 2 − 2 JS(p, q), by quadrature."""
    p, q = Normal(torch.tensor(0.0).double(), 1.0), Normal(torch.tensor(1.2).double(), 0.7)
    x = torch.linspace(-12, 12, 4001, dtype=torch.float64)
    step, ratio = x[1] - x[0], p.log_prob(x) - q.log_prob(x)

    def cost(logit):
        real, fake = torch.nn.functional.softplus(-logit), torch.nn.functional.softplus(logit)
        return ((p.log_prob(x).exp() * real + q.log_prob(x).exp() * fake).sum() * step).item()

    def kl_to_mixture(one, other):
        mixture = torch.logaddexp(one.log_prob(x), other.log_prob(x)) - math.log(2)
        return ((one.log_prob(x).exp() * (one.log_prob(x) - mixture)).sum() * step).item()

    divergence = (kl_to_mixture(p, q) + kl_to_mixture(q, p)) / 2
    assert math.isclose(cost(ratio), 2 * math.log(2) - 2 * divergence, rel_tol=1e-6)
    for other in (ratio + 0.3, 0.8 * ratio, ratio + 0.2 * x.sin(), torch.zeros_like(x)):
        assert cost(other) > cost(ratio) + 1e-3


def test_a_discriminator_alone_finds_the_log_ratio(rng):
    """Data N(0.8, 1) against a generator that is fixed at N(0, 1): the ratio is 0.8 x − 0.32."""
    model = Adversarial(1, 1, (16,), 0.0, rng)
    model.generate = torch.nn.Identity()
    x = 0.8 + torch.randn(20_000, 1, generator=rng)
    lib.fit(model, x, lib.TrainConfig(epochs=6, batch_size=500, learning_rate=1e-2, averaging=0.98, progress=False))
    probe = torch.linspace(-1, 1.8, 8)[:, None]
    assert (model.logit(probe) - (0.8 * probe.squeeze(1) - 0.32)).abs().max() < 0.15


def test_each_cost_moves_its_own_player_only(rng):
    model, x = Adversarial(2, 2, (8,), 0.5, rng), torch.randn(16, 2, generator=rng)
    costs = model.train().loss_terms(x, generator=rng)
    for cost, mine, other in (
        (costs.reconstruction, model.discriminate, model.generate),
        (costs.kl, model.generate, model.discriminate),
    ):
        model.zero_grad()
        cost.mean().backward(retain_graph=True)
        assert all(p.grad is None or not p.grad.any() for p in other.parameters())
        assert all(p.grad is not None for p in mine.parameters())


def test_the_generators_gradient_is_that_of_its_cost(rng):
    """By finite differences, the discriminator held."""
    model, x = Adversarial(2, 2, (8,), 0.5, rng).double(), torch.randn(16, 2, generator=rng).double()
    model.train().loss_terms(x, generator=torch.Generator().manual_seed(3)).kl.mean().backward()
    weight = model.generate[0].weight
    values = []
    with torch.no_grad():
        for change in (1e-5, -2e-5):
            weight[0, 0] += change
            z = model._noise(16, torch.Generator().manual_seed(3))
            values.append(-torch.sigmoid(model.logit(model.generate(z))).log().mean().item())
    assert math.isclose((values[0] - values[1]) / 2e-5, weight.grad[0, 0].item(), rel_tol=1e-4, abs_tol=1e-8)


def test_the_penalty_is_the_squared_slope_at_the_data(rng):
    model, x = Adversarial(2, 2, (8,), 0.5, rng), torch.randn(6, 2, generator=rng)
    costs = []
    for penalty in (0.0, 0.5):
        model.penalty = penalty
        costs.append(model.train().loss_terms(x, generator=torch.Generator().manual_seed(1)).reconstruction)
    slopes = torch.stack([torch.autograd.functional.jacobian(lambda r: model.logit(r[None])[0], row) for row in x])
    assert torch.allclose(costs[1] - costs[0], 0.25 * slopes.square().sum(1), atol=1e-6)


def test_in_eval_mode_it_is_scored_by_draws(rng):
    model, x = Adversarial(2, 2, (8,), generator=rng).eval(), torch.randn(50, 2, generator=rng)
    with torch.no_grad():
        terms = model.loss_terms(x, generator=torch.Generator().manual_seed(2))
    draws = model.sample(50, torch.Generator().manual_seed(2))
    assert torch.allclose(terms.reconstruction, energy_score(x, draws))
    assert not terms.kl.any()


def test_what_does_not_fit_is_told_in_a_sentence():
    for call in (lambda: Adversarial(0, 2), lambda: Adversarial(2, 2, penalty=-1.0)):
        with pytest.raises(lib.InputError):
            call()
    with pytest.raises(lib.InputError, match="at least 1"):
        Adversarial(2, 2).sample(0)
