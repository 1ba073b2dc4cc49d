"""The two terms and the tighter bounds: in a model that can be solved, by quadrature, and by hand."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate
from scipy.stats import norm
from torch.distributions import Bernoulli, MultivariateNormal, Normal, kl_divergence

import vae_lib as lib

W = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]], dtype=torch.float64)
X = torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64)
LOG_EVIDENCE = -5.34989285987742


@pytest.fixture
def model():
    return lib.LinearGaussian(W, torch.zeros(3, dtype=torch.float64), 1.0)


@pytest.fixture
def vae(generator):
    return lib.VAE(6, 2, (5,), generator=generator).double()


@pytest.fixture
def x(generator):
    return torch.rand(4, 6, generator=generator, dtype=torch.float64)


def test_with_the_exact_posterior_every_sample_gives_the_evidence(model, generator):
    posterior = model.posterior(X)
    q = MultivariateNormal(posterior.mean, posterior.cov)
    z = posterior.mean + torch.randn(7, 1, 2, generator=generator, dtype=torch.float64) @ q.scale_tril.mT
    log_weights = model.log_joint(X, z) - q.log_prob(z)
    torch.testing.assert_close(log_weights, torch.full_like(log_weights, LOG_EVIDENCE))
    for k in (1, 2, 7):
        assert lib.importance_weighted_bound(log_weights[:k]).item() == pytest.approx(LOG_EVIDENCE, abs=1e-10)


@pytest.mark.slow
def test_importance_weighted_bounds_are_the_known_expectations():
    """z ~ N(0, 1), x|z ~ N(z, 1), x = 1, q the prior: L_1 in closed form, L_2 by quadrature over both draws."""

    def bound(*z):
        z = torch.tensor(z, dtype=torch.float64).reshape(-1, 1, 1)
        zeros = torch.zeros(1, 1, dtype=torch.float64)
        log_px = Normal(z, 1.0).log_prob(torch.ones(())).squeeze(-1)
        return lib.importance_weighted_bound(lib.log_importance_weights(log_px, z, zeros, zeros)).item()

    first, _ = integrate.quad(lambda z: norm.pdf(z) * bound(z), -9, 9)
    assert first == pytest.approx(-1.9189385332046727, abs=1e-8)
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    second = sum(
        u * v * bound(a, b) for a, u in zip(nodes, weights, strict=True) for b, v in zip(nodes, weights, strict=True)
    )
    assert second == pytest.approx(-1.65347378656, abs=1e-4)


def test_bound_survives_weights_that_underflow_and_overflow():
    for shift in (-2000.0, 2000.0):
        log_weights = torch.tensor([[0.0], [math.log(3.0)]]) + shift
        assert lib.importance_weighted_bound(log_weights).item() == pytest.approx(math.log(2) + shift)


def test_elbo_terms_are_their_definitions(vae, x, generator):
    eps = torch.randn(3, 4, 2, generator=generator, dtype=torch.float64)
    terms = lib.elbo_terms(vae, x, eps)
    mu, logvar = vae.encode(x)
    sigma = (logvar / 2).exp()
    each = [-Bernoulli(logits=vae.decode(mu + sigma * e), validate_args=False).log_prob(x).sum(-1) for e in eps]
    torch.testing.assert_close(terms.reconstruction, sum(each) / 3)
    torch.testing.assert_close(terms.kl, kl_divergence(Normal(mu, sigma), Normal(0.0, 1.0)).sum(-1))
    torch.testing.assert_close(terms.elbo, -terms.reconstruction - terms.kl)
    torch.testing.assert_close(terms.loss(0.5), terms.reconstruction.mean() + 0.5 * terms.kl.mean())


def test_vae_loss_is_minus_the_mean_elbo(vae, x, generator):
    eps = torch.randn(3, 4, 2, generator=generator, dtype=torch.float64)
    loss = lib.vae_loss(vae.decode, x, *vae.encode(x), eps)
    torch.testing.assert_close(loss.loss, -lib.elbo_terms(vae, x, eps).elbo.mean())
    heavier = lib.vae_loss(vae.decode, x, *vae.encode(x), eps, beta=4.0)
    torch.testing.assert_close(heavier.loss, loss.reconstruction + 4 * loss.kl)


def test_an_autoencoder_has_squared_error_and_no_kl(x, generator):
    model = lib.Autoencoder(6, 2, (5,), generator=generator).double()
    terms = lib.elbo_terms(model, x)
    expected = torch.linalg.vector_norm(x - model(x), dim=1) ** 2
    torch.testing.assert_close(terms.reconstruction, expected)
    assert terms.kl.tolist() == [0] * 4


@pytest.mark.slow
def test_evidence_estimate_lies_above_the_elbo_and_agrees_with_quadrature(vae, x, generator):
    estimate = lib.log_evidence(vae, x, 4000, generator)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    grid = torch.tensor(np.stack(np.meshgrid(nodes, nodes), -1).reshape(-1, 1, 2))
    log_mass = torch.tensor(np.log(np.outer(weights, weights).reshape(-1, 1) / weights.sum() ** 2))
    log_px = Bernoulli(logits=vae.decode(grid.expand(-1, 4, 2)), validate_args=False).log_prob(x).sum(-1)
    exact = torch.logsumexp(log_px + log_mass, 0)
    torch.testing.assert_close(estimate, exact, atol=0.02, rtol=0)
    elbo = lib.elbo_terms(vae, x, n_samples=4000, generator=generator).elbo
    assert (elbo < exact).all()


def test_gaussian_elbo_of_the_best_diagonal_is_the_evidence_less_the_gap(model):
    mu, logvar = (p[0] for p in model.best_diagonal(X))
    # ± one σ along each axis has the moments of the Gaussian, and log_joint is quadratic:
    # the mean over these points is exact
    root = math.sqrt(2)
    eps = torch.tensor([[root, 0], [-root, 0], [0, root], [0, -root]], dtype=torch.float64)
    elbo = lib.gaussian_elbo(lambda z: model.log_joint(X, z.unsqueeze(1)).squeeze(1), mu, logvar, eps)
    assert elbo.item() == pytest.approx(LOG_EVIDENCE - 0.5 * math.log(18 / 17), abs=1e-10)


def test_active_units_counts_the_dimensions_that_move():
    mu = torch.tensor([[0.0, 5.0, 1.0], [0.0, 5.1, -1.0]])
    assert lib.active_units(mu) == 1
    assert lib.active_units(mu, threshold=0.001) == 2
