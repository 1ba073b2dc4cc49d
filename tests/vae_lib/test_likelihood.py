"""Likelihoods against torch.distributions, by hand, and where naive formulas break."""

import math

import pytest
import torch
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Normal
from torch.testing import assert_close

import vae_lib as lib
from vae_lib import Bernoulli, Gaussian, InputError, bernoulli_nll, gaussian_nll


def test_bernoulli_nll_of_binary_pixels_agrees_with_torch(generator):
    logits = torch.randn(3, 4, 5, generator=generator, dtype=torch.float64)
    x = torch.bernoulli(torch.rand(4, 5, generator=generator, dtype=torch.float64), generator=generator)
    expected = -TorchBernoulli(logits=logits).log_prob(x).sum(-1)
    torch.testing.assert_close(bernoulli_nll(x, logits), expected)


def test_bernoulli_nll_of_grey_pixels_is_least_at_their_own_entropy():
    x = torch.tensor([[0.3, 0.8]], dtype=torch.float64)
    entropy = -(x * x.log() + (1 - x) * (1 - x).log()).sum(-1)
    at_best = torch.logit(x)
    torch.testing.assert_close(bernoulli_nll(x, at_best), entropy)
    assert (bernoulli_nll(x, at_best + 0.1) > entropy).all()


@pytest.mark.parametrize(
    ("pixel", "logit", "nll"), [(0, 1000, 1000), (1, 1000, 0), (1, -1000, 1000), (0.25, 1000, 750)]
)
def test_bernoulli_nll_is_right_where_a_sigmoid_saturates(pixel, logit, nll):
    x = torch.tensor([[float(pixel)]])
    logits = torch.tensor([[float(logit)]], requires_grad=True)
    value = bernoulli_nll(x, logits)
    value.sum().backward()
    assert value.item() == pytest.approx(nll)
    assert logits.grad.item() == pytest.approx((logit > 0) - pixel)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.5])
def test_gaussian_nll_has_its_constant(sigma, generator):
    mean = torch.randn(2, 4, 3, generator=generator, dtype=torch.float64)
    x = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(gaussian_nll(x, mean, sigma), -Normal(mean, sigma).log_prob(x).sum(-1))


def test_means_follow_the_link():
    logits = torch.tensor([[0.0, math.log(3)]])
    torch.testing.assert_close(Bernoulli().mean(logits), torch.tensor([[0.5, 0.75]]))
    torch.testing.assert_close(Gaussian(0.1).mean(logits), torch.tensor([[0.5, 0.75]]))
    assert torch.equal(Gaussian(0.1, "identity").mean(logits), logits)


@pytest.mark.parametrize("likelihood", [Bernoulli(), Gaussian(0.5), Gaussian(2.0, "identity")])
def test_samples_have_the_likelihoods_mean(likelihood, generator):
    logits = torch.tensor([[-1.0, 0.5]]).expand(100_000, 2)
    draws = likelihood.sample(logits, generator)
    error = draws.std(0) / math.sqrt(len(draws))  # 5 errors: a right sampler fails once in 800,000 runs
    assert ((draws.mean(0) - likelihood.mean(logits)[0]).abs() < 5 * error).all()


@pytest.mark.parametrize("likelihood", [Bernoulli(), Gaussian(0.5), Gaussian(2.0, "identity")])
def test_the_two_ways_to_a_nll_agree(likelihood, generator):
    x, logits = torch.rand(3, 4, generator=generator), torch.randn(2, 3, 4, generator=generator)
    if isinstance(likelihood, Bernoulli):
        expected = -(x * torch.sigmoid(logits).log() + (1 - x) * torch.sigmoid(-logits).log()).sum(-1)
    else:
        expected = -Normal(likelihood.mean(logits), likelihood.sigma).log_prob(x).sum(-1)
    torch.testing.assert_close(likelihood.nll(x, logits), expected)


def test_pixels_outside_the_unit_interval_are_refused():
    with pytest.raises(InputError, match=r"bernoulli_nll: x must lie in \[0, 1\], it runs from 0 to 255"):
        bernoulli_nll(torch.tensor([[0.0, 255.0]]), torch.zeros(1, 2))


# a learned σ_x


def test_a_learned_sigma_gives_the_gaussian_of_it(generator):
    x, logits = torch.rand(3, 5, generator=generator), 3 * torch.randn(2, 3, 5, generator=generator)
    learned = lib.LearnedGaussian(0.3)
    expected = -Normal(torch.sigmoid(logits), 0.3).log_prob(x).sum(-1)
    assert_close(learned.nll(x, logits).detach(), expected)
    assert learned.sigma == pytest.approx(0.3)
    assert_close(learned.mean(logits), torch.sigmoid(logits))


def test_training_finds_the_sigma_that_is_best(generator):
    """σ_x² = E‖x − mean‖² / P, the maximum likelihood's: here of noise around a mean that the decoder can give."""
    x = (0.5 + 0.1 * torch.randn(4000, 6, generator=generator)).clamp(0, 1)
    model = lib.VAE(6, 1, (4,), likelihood=lib.LearnedGaussian(), generator=generator)
    lib.fit(model, x, lib.TrainConfig(epochs=15, learning_rate=2e-2, schedule="cosine", progress=False, device="cpu"))
    errors = (x - model.reconstruct(x)).square().sum(1).mean().item()
    assert model.likelihood.sigma == pytest.approx((errors / 6) ** 0.5, rel=0.03)
    assert model.likelihood.sigma == pytest.approx(0.1, rel=0.1)


def test_samples_spread_by_sigma(generator):
    """The standard deviation of 40,000 draws has a relative standard error of 0.35 %: 5 of them."""
    drawn = lib.LearnedGaussian(0.25).sample(torch.zeros(200, 200), generator)
    assert drawn.std().item() == pytest.approx(0.25, rel=5 * 0.0035)
    assert drawn.mean().item() == pytest.approx(0.5, abs=5 * 0.25 / 200)
