"""Missing quadrants: conditional likelihoods against quadrature over a one-dimensional code, terms against
torch.distributions."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from torch.distributions import Independent, Normal, kl_divergence

import vae_lib as lib
from tests.vae_lib.beyond.test_conditional import GRID, forward, log_pixels
from vae_lib.beyond.completion import (
    CompletionNetwork,
    CompletionVAE,
    kl_diagonal,
    quadrant_pixels,
    seen_quadrants,
)

SHAPE = (4, 4)
PLACES = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]).flatten()


@pytest.fixture
def model(generator) -> CompletionVAE:
    made = CompletionVAE(SHAPE, 1, hidden=(6,), generator=generator)
    with torch.no_grad():
        for weight in made.decoder.parameters():
            weight.mul_(2)
    return made.requires_grad_(False)


def test_quadrants_of_even_and_odd_pictures():
    assert torch.equal(quadrant_pixels(SHAPE).argmax(0), PLACES)
    assert quadrant_pixels((3, 5)).sum(1).tolist() == [2, 3, 4, 6]
    assert torch.equal(quadrant_pixels((3, 5)).sum(0), torch.ones(15))
    assert [seen_quadrants(n, 2).tolist() for n in (1, 2, 3)] == [
        [[0, 0, 1, 0]] * 2,
        [[1, 0, 1, 0]] * 2,
        [[1, 1, 1, 0]] * 2,
    ]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_conditional_likelihood_meets_the_integral(model, n, generator):
    x, seen = torch.rand(2, 16, generator=generator), seen_quadrants(n, 2)
    found = model.nll(x, seen, 200, generator)
    missing = ~torch.isin(PLACES, seen[0].nonzero()).numpy()
    for row, value in zip(x.double().numpy(), found, strict=True):
        mean, logvar = forward(model.prior_network, np.concatenate([row * ~missing, seen[0].double().numpy()]))
        logits = forward(model.decoder, GRID[:, None])[:, missing]
        log_joint = log_pixels(row[missing], logits) + stats.norm.logpdf(GRID, mean, np.exp(logvar / 2))
        exact = -math.log(integrate.trapezoid(np.exp(log_joint), GRID))
        assert abs(value.item() - exact) < 0.2  # five times the spread over seeds


def test_the_two_terms_by_torchs_distributions(model):
    x, seen = torch.rand(5, 16), seen_quadrants(2, 5)
    terms = model.elbo_terms(x, seen, 3, torch.Generator().manual_seed(2))
    eps = torch.randn(3, 5, 1, generator=torch.Generator().manual_seed(2))
    q, prior = (Independent(Normal(m, (v / 2).exp()), 1) for m, v in (model.encode(x, seen), model.prior(x, seen)))
    assert torch.allclose(terms.kl, kl_divergence(q, prior))
    pixels = torch.distributions.Bernoulli(logits=model.decoder(q.mean + q.stddev * eps), validate_args=False)
    costs = -pixels.log_prob(x)[..., torch.isin(PLACES, torch.tensor([1, 3]))].sum(-1)
    assert torch.allclose(terms.reconstruction, costs.mean(0), atol=1e-5)


def test_missing_pixels_are_not_looked_at_and_observed_ones_are_kept(model, generator):
    x, seen = torch.rand(3, 16), seen_quadrants(3, 3)
    other = torch.where(PLACES == 3, torch.rand(3, 16), x)
    network = CompletionNetwork(SHAPE, hidden=(5,), generator=generator)
    for one, two in (
        (model.prior(x, seen), model.prior(other, seen)),
        ([network.fill(x, seen)], [network.fill(other, seen)]),
    ):
        assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    for filled in (model.fill(x, seen, generator), network.fill(x, seen)):
        assert torch.equal(filled[:, PLACES != 3], x[:, PLACES != 3])
        assert not torch.equal(filled[:, PLACES == 3], x[:, PLACES == 3])
    assert not torch.equal(model.fill(x, seen), model.fill(x, seen))


def test_the_networks_cost_is_that_of_independent_pixels(generator):
    network, x, seen = (
        CompletionNetwork(SHAPE, hidden=(5,), generator=generator),
        torch.rand(3, 16),
        seen_quadrants(1, 3),
    )
    hidden = PLACES != 2
    p = network.fill(x, seen)[:, hidden].double()
    exact = -(x[:, hidden] * p.log() + (1 - x[:, hidden]) * (1 - p).log()).sum(1)
    assert torch.allclose(network.nll(x, seen).double(), exact, atol=1e-5)


def test_divergence_of_two_diagonal_gaussians():
    mu_q, logvar_q, mu_p, logvar_p = torch.randn(4, 6, 3, dtype=torch.float64)
    exact = kl_divergence(
        Independent(Normal(mu_q, (logvar_q / 2).exp()), 1), Independent(Normal(mu_p, (logvar_p / 2).exp()), 1)
    )
    assert torch.allclose(kl_diagonal(mu_q, logvar_q, mu_p, logvar_p), exact)
    assert kl_diagonal(mu_q, logvar_q, mu_q, logvar_q).abs().max() == 0


def test_pixels_that_depend_on_each_other_are_what_a_code_is_for(generator):
    """Missing quadrants all white or all black, by one hidden coin: log 2 nats for a code, 12 log 2 without."""
    coin = torch.randint(2, (400, 1), generator=generator).float()
    x = torch.where(PLACES == 2, 1.0, coin).clamp(0.02, 0.98)
    config = lib.TrainConfig(epochs=20, batch_size=50, learning_rate=2e-2, schedule="cosine", progress=False)
    made = CompletionVAE(SHAPE, 1, hidden=(16,), generator=generator), CompletionNetwork(SHAPE, (16,), generator)
    for one in made:
        lib.fit(one, x, config)
    seen, floor = seen_quadrants(1, 400), 12 * stats.bernoulli.entropy(0.02)
    assert made[0].nll(x, seen, 20, generator).mean() - floor < math.log(2) + 1
    assert abs(made[1].nll(x, seen).mean().item() - 12 * math.log(2)) < 0.3


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda m: m.prior(torch.rand(2, 15), torch.ones(2, 4)), "the model has n_pixels = 16"),
        (lambda m: m.prior(torch.rand(2, 16), torch.ones(2, 3)), r"seen must have shape \(B, 4\), not \(2, 3\)"),
        (lambda m: m.prior(2 * torch.ones(2, 16), torch.ones(2, 4)), r"x must lie in \[0, 1\]"),
        (lambda m: seen_quadrants(4, 2), "n must be 1, 2 or 3, not 4"),
        (lambda m: quadrant_pixels((4,)), r"image_shape must be \(rows, columns\), not \(4,\)"),
        (lambda m: m.nll(torch.rand(2, 16), torch.ones(2, 4), 0), "n_samples must be a whole number of at least 1"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(model, call, sentence):
    with pytest.raises(lib.InputError, match=sentence):
        call(model)
