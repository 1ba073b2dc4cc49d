"""Diffusion against the chain of its steps, a denoiser that is known exactly, and quadrature."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

import vae_lib as lib
from vae_lib.beyond.diffusion import Diffusion, noised


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


class Exact:
    """E[ε | x_t] where the data are N(m, s²) in each dimension: √(1−ā) (x_t − √ā m) / (ā s² + 1 − ā)."""

    def __init__(self, kept, mean, deviation):
        self.kept, self.mean, self.deviation = kept, mean, deviation

    def __call__(self, x, t):
        a = self.kept[t - 1].unsqueeze(1)
        return (1 - a).sqrt() * (x - a.sqrt() * self.mean) / (a * self.deviation**2 + 1 - a)


def exact(steps, mean=0.7, deviation=0.5):
    model = Diffusion(2, (4,), steps, 1e-4, min(20 / steps, 0.5))
    model.noise = Exact(model.schedule.kept, mean, deviation)
    model.between.data.fill_(4.0)  # β is nearly the best for data that are smooth
    return model


def test_many_steps_are_one(rng):
    """The chain x_t = √(1−β_t) x_{t−1} + √β_t ε, run on 20,000 copies: mean and variance of the closed form."""
    model, x = Diffusion(1, (4,), 20, 0.01, 0.3), torch.full((20_000, 1), 1.5)
    for t, (beta, kept, _) in enumerate(zip(*model.schedule, strict=True), 1):
        x = (1 - beta).sqrt() * x + beta.sqrt() * torch.randn(x.shape, generator=rng)
        if t in (1, 7, 20):
            jump = noised(torch.full((20_000, 1), 1.5), kept.expand(20_000), torch.randn(20_000, 1, generator=rng))
            for draws in (x, jump):
                assert abs(draws.mean() - 1.5 * kept.sqrt()) < 5 * draws.std() / 20_000**0.5
                assert abs(draws.var() / (1 - kept) - 1) < 5 * (2 / 20_000) ** 0.5


def test_the_way_back_has_the_variance_of_bayes_rule():
    """q(x_{t−1} | x_t, x) is a product of two Gaussians: their precisions add up."""
    beta, kept, back = Diffusion(1, (4,), 10, 0.02, 0.4).schedule
    expected = 1 / ((1 - beta[1:]) / beta[1:] + 1 / (1 - kept[:-1]))
    assert torch.allclose(back[1:], expected, rtol=1e-5)
    assert torch.allclose(back[0], beta[0])


def test_with_the_exact_denoiser_draws_are_data(rng):
    """Mean 0.7 and deviation 0.5; 5 standard errors, and 2 % for steps that are finite."""
    draws = exact(400).sample(5000, rng)
    assert (draws.mean(0) - 0.7).abs().max() < 5 * 0.5 / 5000**0.5 + 0.01
    assert (draws.std(0) / 0.5 - 1).abs().max() < 5 / 10_000**0.5 + 0.02


@pytest.mark.parametrize("steps", [50, 400])
def test_the_bound_is_above_the_exact_cost_and_closes(steps, rng):
    """−E log p of N(m, s²) I is log 2πe s² in two dimensions; more steps leave less of a gap."""
    x = 0.7 + 0.5 * torch.randn(4000, 2, generator=rng)
    cost = exact(steps).bound(x, rng)
    entropy = 1 + math.log(2 * math.pi * 0.25)
    error = 5 * (cost.std() / 4000**0.5).item()
    assert -error < cost.mean() - entropy < {50: 0.3, 400: 0.05}[steps] + error
    assert cost.mean() > entropy or steps == 400


def test_a_steps_cost_is_torchs_divergence(rng):
    """q(x_{t−1} | x_t, x) by its formula in x and x_t (Ho et al., equation 7) against p(x_{t−1} | x_t)."""
    model = Diffusion(3, (8,), 6, 0.05, 0.4, generator=rng)
    model.between.data.normal_(generator=rng)
    beta, kept, back = model.schedule
    x, eps = torch.randn(2, 5, 3, generator=rng)
    for t in range(1, 7):
        times = torch.full((5,), t)
        now = noised(x, kept[t - 1].expand(5), eps)
        guess, variance = model.mean_back(now, t), model.variance[t - 1]
        square = (eps - model.noise(now, times)).square().sum(1)
        p = Independent(Normal(guess, variance.sqrt()), 1)
        if t == 1:
            expected = -p.log_prob(x)
        else:
            weights = (kept[t - 2].sqrt() * beta[t - 1], (1 - beta[t - 1]).sqrt() * (1 - kept[t - 2]))
            mean = (weights[0] * x + weights[1] * now) / (1 - kept[t - 1])
            expected = kl_divergence(Independent(Normal(mean, back[t - 1].sqrt()), 1), p)
        assert torch.allclose(model.step_cost(square, times), expected, rtol=1e-3, atol=1e-4)


def test_weights_of_paths_have_the_bound_as_their_mean_and_come_nearer(rng):
    """Steps back that are wrong on purpose leave a gap; 30 paths a point close some of it, and none go below the truth:
    p of the model itself, by 20,000 paths.
    """
    model = exact(6, 0.3, 0.9)
    model.between.data.fill_(-4.0)
    x = 0.3 + 0.9 * torch.randn(200, 2, generator=rng)
    weights = model.log_importance_weights(x, 30, rng)
    bounds = torch.stack([model.bound(x, rng) for _ in range(30)])
    apart = weights + bounds
    assert weights.shape == (30, 200)
    assert abs(apart.mean()) < 5 * apart.std() / apart.numel() ** 0.5
    nearer = -lib.importance_weighted_bound(weights)
    gain = bounds.mean(0) - nearer
    assert gain.mean() > 5 * gain.std() / 200**0.5
    truth = -lib.importance_weighted_bound(model.log_importance_weights(x[:10], 20_000, rng))
    few = -lib.importance_weighted_bound(model.log_importance_weights(x[:10].repeat(400, 1), 30, rng)).view(400, 10)
    assert (few.mean(0) > truth - 5 * few.std(0) / 20 - 0.01).all()


def test_steps_without_chance_carry_one_gaussian_into_the_other():
    """N(m, s²) goes to N(√ā m, ā s² + 1 − ā) with its order kept, and back; steps are finite, so to 3 %."""
    model = exact(400)
    x = 0.7 + 0.5 * torch.linspace(-2, 2, 9)[:, None].repeat(1, 2)
    kept = model.schedule.kept[-1]
    expected = kept.sqrt() * 0.7 + (kept * 0.25 + 1 - kept).sqrt() * (x - 0.7) / 0.5
    codes = model.encode(x)
    assert (codes - expected).abs().max() < 0.06
    assert (model.decode(codes) - x).abs().max() < 0.03


def test_training_finds_the_best_variance(rng):
    """Data N(0, 1): p(x_{t−1} | x_t) has the variance β_t, which is the upper end."""
    model = exact(20, 0.0, 1.0)
    x = torch.randn(4000, 2, generator=rng)
    model.between.data.zero_()
    lib.fit(model, x, lib.TrainConfig(epochs=10, batch_size=200, learning_rate=5e-2, progress=False, device="cpu"))
    assert (model.variance[1:] / model.schedule.beta[1:]).log().abs().max() < 0.1


def test_training_learns_the_exact_denoiser(rng):
    """Data N(0, 1) stay N(0, 1): E[ε | x_t] = √(1−ā_t) x_t."""
    model = Diffusion(1, (32,), 20, 0.02, 0.4, generator=rng)
    x = torch.randn(4000, 1, generator=rng)
    lib.fit(model, x, lib.TrainConfig(epochs=15, batch_size=200, learning_rate=5e-3, progress=False, device="cpu"))
    for t in (2, 10, 20):
        probe = torch.linspace(-1.5, 1.5, 7)[:, None]
        exactly = (1 - model.schedule.kept[t - 1]).sqrt() * probe
        assert (model.noise(probe, torch.full((7,), t)) - exactly).abs().max() < 0.2


def test_a_seed_gives_the_same_draws():
    model = Diffusion(2, (8,), 5)
    first, second = (model.path(3, torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == (6, 3, 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Diffusion(2, (8,), 1), "at least 2"),
        (lambda: Diffusion(2, (8,), 10, 0.1, 0.01), "between first and 1"),
        (lambda: Diffusion(2, (8,), 10, -0.1), "positive"),
        (lambda: Diffusion(2, (8,)).sample(0), "at least 1"),
        (lambda: Diffusion(2, (8,)).log_importance_weights(torch.zeros(1, 2), 0), "n_samples"),
        (lambda: Diffusion(2, (8,)).encode(torch.zeros(2)), "encode"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(call, words):
    with pytest.raises(lib.InputError, match=words):
        call()
