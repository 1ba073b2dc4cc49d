"""Gaussians against torch.distributions, scipy, closed forms and sampling."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.stats import multivariate_normal, norm
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from vae_lib import entropy, gaussian_kl, gaussian_kl_per_dim, kl_gaussians, log_prob, reparametrize

FAILURE_SIGMAS = 5  # a right sampler fails such a comparison once in 1.7 million


@pytest.fixture
def parameters(generator):
    shape = (4, 3)
    options = {"generator": generator, "dtype": torch.float64}
    return torch.randn(shape, **options), torch.randn(shape, **options)


@pytest.mark.parametrize(
    ("mu", "logvar", "kl"),
    [
        (0, 0, 0),
        (2, 0, 2),
        (1, 1, (math.e - 1) / 2),
        (0, 1, 0.3591409142295226),
        (0.5, -1, 0.3089397205857212),
        (-2, math.log(0.25), 2.318147180559945),
    ],
)
def test_kl_to_the_prior_by_hand(mu, logvar, kl):
    arguments = (torch.tensor([[v]], dtype=torch.float64) for v in (mu, logvar))
    assert gaussian_kl(*arguments).item() == pytest.approx(kl, abs=1e-12)


@pytest.mark.parametrize(("mu", "logvar"), [(0.7, -0.4), (-1.3, 1.1)])
def test_kl_is_the_integral_it_stands_for(mu, logvar):
    q = norm(mu, math.exp(logvar / 2))
    integral, _ = integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - norm.logpdf(z)), -30, 30)
    assert gaussian_kl(torch.tensor([[mu]]), torch.tensor([[logvar]])).item() == pytest.approx(integral, rel=1e-5)


def test_kl_and_entropy_agree_with_torch_distributions(parameters):
    mu, logvar = parameters
    q = Normal(mu, (logvar / 2).exp())
    torch.testing.assert_close(gaussian_kl_per_dim(mu, logvar), kl_divergence(q, Normal(0.0, 1.0)))
    torch.testing.assert_close(gaussian_kl(mu, logvar), kl_divergence(q, Normal(0.0, 1.0)).sum(-1))
    torch.testing.assert_close(entropy(logvar), q.entropy().sum(-1))


@pytest.mark.parametrize("logvar", [-80.0, 80.0])
def test_kl_at_extreme_variances_is_finite_and_right(logvar):
    kl = gaussian_kl(torch.zeros(1, 1), torch.tensor([[logvar]]))
    assert kl.item() == pytest.approx(0.5 * (math.exp(logvar) - logvar - 1), rel=1e-5)


def test_kl_near_the_prior_keeps_its_digits_in_float32():
    small = torch.full((1, 1), 1e-3)
    assert gaussian_kl(torch.zeros(1, 1), small).item() == pytest.approx(0.5 * (math.expm1(1e-3) - 1e-3), rel=1e-3)
    assert gaussian_kl(torch.zeros(1, 1), small).item() >= 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=1, max_size=6))
def test_kl_is_additive_even_in_mu_and_never_negative(pairs):
    mu, logvar = torch.tensor(pairs, dtype=torch.float64).T.unsqueeze(1)
    whole = gaussian_kl(mu, logvar)
    parts = sum(gaussian_kl(m, v) for m, v in zip(mu.split(1, -1), logvar.split(1, -1), strict=True))
    torch.testing.assert_close(whole, parts)
    torch.testing.assert_close(whole, gaussian_kl(-mu, logvar))
    assert (whole >= 0).all()


def test_log_prob_agrees_with_scipy_and_broadcasts_over_samples(parameters, generator):
    mu, logvar = parameters
    z = torch.randn(5, 4, 3, generator=generator, dtype=torch.float64)
    expected = norm(mu.numpy(), (logvar / 2).exp().numpy()).logpdf(z.numpy()).sum(-1)
    torch.testing.assert_close(log_prob(z, mu, logvar), torch.from_numpy(expected))


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_full_covariance_kl_agrees_with_torch_distributions(dim, generator):
    options = {"generator": generator, "dtype": torch.float64}
    factors = torch.randn(2, dim, dim, **options)
    cov_q, cov_p = factors @ factors.mT + 0.5 * torch.eye(dim, dtype=torch.float64)
    mu_q, mu_p = torch.randn(2, dim, **options)
    expected = kl_divergence(MultivariateNormal(mu_q, cov_q), MultivariateNormal(mu_p, cov_p))
    torch.testing.assert_close(kl_gaussians(mu_q, cov_q, mu_p, cov_p), expected)


def test_full_covariance_kl_by_sampling(generator):
    mu_q, cov_q = torch.tensor([0.5, -1.0]), torch.tensor([[2.0, 0.3], [0.3, 0.5]])
    mu_p, cov_p = torch.tensor([0.0, 1.0]), torch.tensor([[1.0, -0.4], [-0.4, 1.5]])
    z = mu_q + torch.randn(100_000, 2, generator=generator) @ torch.linalg.cholesky(cov_q).mT
    q, p = multivariate_normal(mu_q, cov_q), multivariate_normal(mu_p, cov_p)
    draws = torch.from_numpy(q.logpdf(z.numpy()) - p.logpdf(z.numpy()))
    error = draws.std() / math.sqrt(len(draws))
    assert abs(draws.mean() - kl_gaussians(mu_q, cov_q, mu_p, cov_p)) < FAILURE_SIGMAS * error


def test_reparametrize_is_mu_plus_sigma_eps_on_any_leading_axes():
    mu, logvar = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, math.log(4.0)]])
    eps = torch.tensor([[[1.0, 1.0]], [[-1.0, 0.5]], [[0.0, 0.0]]])
    expected = torch.tensor([[[2.0, 0.0]], [[0.0, -1.0]], [[1.0, -2.0]]])
    torch.testing.assert_close(reparametrize(mu, logvar, eps), expected)


def test_reparametrize_lets_the_gradient_through(parameters, generator):
    mu, logvar = (p.requires_grad_() for p in parameters)
    eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
    reparametrize(mu, logvar, eps).square().sum().backward()
    z = (mu + (logvar / 2).exp() * eps).detach()
    torch.testing.assert_close(mu.grad, 2 * z)
    torch.testing.assert_close(logvar.grad, z * eps * (logvar.detach() / 2).exp())


def test_reparametrize_draws_its_own_noise_with_the_right_moments(generator):
    mu, logvar = torch.full((200_000, 1), 3.0), torch.full((200_000, 1), math.log(4.0))
    z = reparametrize(mu, logvar, generator=generator)
    n = len(z)
    assert abs(z.mean() - 3) < FAILURE_SIGMAS * 2 / math.sqrt(n)
    assert abs(z.var() - 4) < FAILURE_SIGMAS * 4 * math.sqrt(2 / n)
    again = reparametrize(mu, logvar, generator=torch.Generator().manual_seed(20240))
    assert torch.equal(z, again)


def test_nothing_changes_its_arguments(parameters):
    mu, logvar = parameters
    copies = mu.clone(), logvar.clone()
    for function in (gaussian_kl, reparametrize):
        function(mu, logvar)
    assert torch.equal(mu, copies[0])
    assert torch.equal(logvar, copies[1])
