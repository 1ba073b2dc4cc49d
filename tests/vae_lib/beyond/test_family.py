"""The family's measures against closed forms and plain counting."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import spatial
from torch.distributions import Independent, Normal

import vae_lib as lib
from vae_lib.beyond import family
from vae_lib.beyond.autoregressive import Autoregressive
from vae_lib.beyond.diffusion import Diffusion
from vae_lib.beyond.flows import CouplingFlow
from vae_lib.zoo.chapters import family as chapter


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


def test_the_likelihood_is_torchs_gaussian(rng):
    likelihood = family.DiagonalGaussian(3)
    with torch.no_grad():
        likelihood.log_sigma += torch.tensor([0.3, -1.0, 2.0])
    x, logits = torch.randn(4, 3, generator=rng), torch.randn(2, 4, 3, generator=rng)
    expected = -Independent(Normal(logits, likelihood.log_sigma.exp()), 1).log_prob(x)
    assert torch.allclose(likelihood.nll(x, logits), expected, rtol=1e-5)
    draws = likelihood.sample(torch.zeros(20_000, 3), rng)
    assert torch.allclose(draws.std(0), likelihood.sigma, rtol=0.025)  # 5 standard errors


def test_draws_of_the_vae_have_its_noise(rng):
    """With a decoder of 0 what is left is N(0, σ²)."""
    model = family.GaussianVAE(2, 2, (8,), rng)
    with torch.no_grad():
        for weight in model.decoder.parameters():
            weight.zero_()
        model.likelihood.log_sigma.fill_(math.log(0.5))
    draws = model.sample(20_000, rng)
    assert torch.allclose(draws.std(0), torch.tensor([0.5, 0.5]), rtol=0.025)
    assert draws.mean(0).abs().max() < 5 * 0.5 / 20_000**0.5


def roughened(model, rng):
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.4 * torch.randn(weight.shape, generator=rng)
    return model


@pytest.mark.parametrize(
    "made",
    [
        lambda g: Autoregressive(3, (4, 5), 2, g),
        lambda g: CouplingFlow(3, 3, (4,), g),
        lambda g: Diffusion(2, (4,), 3, generator=g),
    ],
)
def test_weights_that_are_idle_are_not_counted(made, rng):
    """By the slopes of what the model returns, over rows wide enough to pass every ReLU."""
    model = roughened(made(rng), rng)
    x = 30 * torch.randn(400, model.n_dims, generator=rng)
    used = [torch.zeros_like(weight, dtype=torch.bool) for weight in model.parameters()]
    for part in x.split(20):
        model.zero_grad()
        sum(model.train().loss_terms(part, generator=rng)).mean().backward()
        for found, weight in zip(used, model.parameters(), strict=True):
            found |= weight.grad != 0
    assert sum(int(found.sum()) for found in used) == family.n_weights(model)


def test_dequantized_levels_come_back(rng):
    levels = torch.arange(17).repeat(50, 1) / 16
    x = family.dequantize(levels, 17, rng)
    assert x.min() >= -1
    assert x.max() < 1
    assert torch.equal(family.quantize(x, 17), levels)
    assert family.quantize(torch.tensor([-3.0, 3.0]), 17).tolist() == [0, 1]
    assert x.mean().abs() < 5 * x.std() / x.numel() ** 0.5  # uniform over [−1, 1)


def test_cost_of_a_vae_is_minus_its_bound_and_needs_eval_mode(rng):
    """A decoder and an encoder of 0: z tells nothing, and the bound is log N(x; 0, I)."""
    model = family.GaussianVAE(2, 3, (4,), rng)
    with torch.no_grad():
        for weight in [*model.encoder.parameters(), *model.decoder.parameters()]:
            weight.zero_()
    x = torch.randn(5, 2, generator=rng)
    expected = -Independent(Normal(torch.zeros(5, 2), 1.0), 1).log_prob(x)
    assert torch.allclose(family.cost(model.eval(), x), expected, rtol=1e-5)
    with pytest.raises(lib.InputError, match="eval mode"):
        family.cost(model.train(), x)


def test_energy_score_and_distance_of_a_line_are_by_hand():
    x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[3.0], [5.0], [6.0]])
    # E|y − y'| over pairs is (2 + 3 + 1) / 3 = 2; E|x − y| is 14/3 and 11/3; |x − x'| is 1
    assert torch.allclose(family.energy_score(x, y), torch.tensor([14 / 3 - 1, 11 / 3 - 1]))
    assert math.isclose(family.energy_distance(x, y).item(), 2 * 25 / 6 - 1 - 2, rel_tol=1e-6)


def test_energy_distance_of_two_gaussians_is_the_closed_form(rng):
    """E|N(m, 2)| = 2/√π e^(−m²/4) + m erf(m/2); five standard errors by bootstrap of the halves."""
    m = 1.0
    apart = 2 / math.sqrt(math.pi) * math.exp(-(m**2) / 4) + m * math.erf(m / 2)
    exact = 2 * apart - 2 * 2 / math.sqrt(math.pi)
    found = [
        family.energy_distance(torch.randn(500, 1, generator=rng), m + torch.randn(500, 1, generator=rng)).item()
        for _ in range(20)
    ]
    found = torch.tensor(found)
    assert abs(found.mean() - exact) < 5 * found.std() / 20**0.5


def test_energy_score_is_least_for_the_truth(rng):
    x, noise = torch.randn(1000, 2, generator=rng), torch.randn(2000, 2, generator=rng)
    truth = family.energy_score(x, noise)
    for wrong in (noise + 0.5, 0.6 * noise, 1.6 * noise):
        worse = family.energy_score(x, wrong) - truth
        assert worse.mean() > 4 * worse.std() / 1000**0.5


def counted(x, draws, k):
    """Precision, recall, density, coverage by scipy's trees and loops."""
    near = spatial.cKDTree(x).query(x, k + 1)[0][:, -1]
    near_draws = spatial.cKDTree(draws).query(draws, k + 1)[0][:, -1]
    apart = spatial.distance.cdist(x, draws)
    holds = [[apart[i, j] <= near[i] for j in range(len(draws))] for i in range(len(x))]
    held = [[apart[i, j] <= near_draws[j] for j in range(len(draws))] for i in range(len(x))]
    precision = sum(any(row[j] for row in holds) for j in range(len(draws))) / len(draws)
    recall = sum(any(row) for row in held) / len(x)
    return precision, recall, sum(map(sum, holds)) / (k * len(draws)), sum(any(row) for row in holds) / len(x)


def test_neighbours_are_those_of_a_tree(rng):
    x, draws = torch.randn(60, 3, generator=rng).double(), (0.8 * torch.randn(60, 3, generator=rng)).double() + 0.4
    found = family.neighbours(x, draws, 3)
    assert np.allclose(found, counted(x.numpy(), draws.numpy(), 3), atol=1e-6)


def test_neighbours_of_two_draws_of_one_distribution(rng):
    """Naeem et al.: a density of 1 and a coverage of 1 − (N−1)…(N−k) / (2N−1)…(2N−k); ten pairs, 5 errors."""
    n, k = 400, 3
    pairs = [torch.randn(2, n, 2, generator=rng) for _ in range(10)]
    found = torch.tensor([family.neighbours(*pair, k) for pair in pairs])
    coverage = 1 - math.prod((n - i) / (2 * n - i) for i in range(1, k + 1))
    error = 5 * found.std(0) / 10**0.5
    assert abs(found[:, 2].mean() - 1) < error[2]
    assert abs(found[:, 3].mean() - coverage) < error[3]


def test_what_is_missed_and_what_is_made_up(rng):
    """Draws of one of two far clusters cover half; draws of one and of a third are half precise."""
    cluster = torch.randn(3, 200, 2, generator=rng) + torch.tensor([[[0.0, 0]], [[50, 0]], [[0, 50]]])
    data = torch.cat([cluster[0], cluster[1]])
    half = family.neighbours(data, cluster[0].repeat(2, 1) + 0.01, 3)
    assert half.precision > 0.95
    assert abs(half.recall - 0.5) < 0.05
    assert abs(half.coverage - 0.5) < 0.05
    made_up = family.neighbours(data, torch.cat([cluster[0], cluster[2]]) + 0.01, 3)
    assert abs(made_up.precision - 0.5) < 0.05


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: family.neighbours(torch.zeros(5, 2), torch.zeros(5, 2), 5), "less than the 5 points"),
        (lambda: family.neighbours(torch.zeros(5, 2), torch.zeros(5, 3)), "D = 2"),
        (lambda: family.energy_score(torch.zeros(5, 2), torch.zeros(1, 2)), "two draws"),
        (lambda: family.DiagonalGaussian(0), "at least 1"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(call, words):
    with pytest.raises(lib.InputError, match=words):
        call()


@pytest.mark.parametrize("data", chapter.DATA)
def test_the_five_are_of_equal_size(data):
    sizes = [family.n_weights(model(**chapter.SIZES[data][kind])) for kind, model in chapter.KINDS.items()]
    assert max(sizes) < 1.1 * min(sizes)
