"""The model that can be solved, against scipy, mpmath and the definition of conditioning."""

import mpmath
import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from vae_lib import InputError, LinearGaussian, kl_gaussians

W = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]], dtype=torch.float64)
X = torch.tensor([[1.0, 2.0, 3.0], [0.5, -1.0, 0.0]], dtype=torch.float64)


@pytest.fixture
def model():
    return LinearGaussian(W, torch.zeros(3, dtype=torch.float64), 1.0)


def test_evidence_is_the_closed_form_to_the_last_digit(model):
    with mpmath.workdps(30):
        closed = -mpmath.mpf(3) / 2 * mpmath.log(2 * mpmath.pi) - mpmath.log(17) / 2 - mpmath.mpf(20) / 17
    assert float(closed) == pytest.approx(-5.34989285987742, abs=1e-14)
    assert model.log_marginal(X)[0].item() == pytest.approx(float(closed), abs=1e-12)


@pytest.mark.parametrize("variance", [0.3, 1.0, 2.0])
def test_evidence_and_posterior_are_those_of_the_joint_gaussian(variance, generator):
    b = torch.tensor([0.4, -0.2, 1.0], dtype=torch.float64)
    model = LinearGaussian(W, b, variance)
    cov_x = (W @ W.mT + variance * torch.eye(3, dtype=torch.float64)).numpy()
    np.testing.assert_allclose(model.log_marginal(X), multivariate_normal(b, cov_x).logpdf(X), rtol=1e-12)
    gain = np.linalg.solve(cov_x, W.numpy()).T  # conditioning of the joint: no precision matrix in sight
    posterior = model.posterior(X)
    np.testing.assert_allclose(posterior.mean, (X - b).numpy() @ gain.T, rtol=1e-10)
    np.testing.assert_allclose(posterior.cov, np.eye(2) - gain @ W.numpy(), rtol=1e-10)


def test_joint_is_prior_times_likelihood(model, generator):
    z = torch.randn(5, 2, 2, generator=generator, dtype=torch.float64)
    expected = multivariate_normal(np.zeros(2)).logpdf(z) + multivariate_normal(np.zeros(3)).logpdf(X - z @ W.mT)
    np.testing.assert_allclose(model.log_joint(X, z), expected, rtol=1e-12)


def test_best_diagonal_falls_short_by_the_known_gap_and_no_other_diagonal_does_better(model):
    posterior, (mu, logvar) = model.posterior(X), model.best_diagonal(X)

    def gap(shift: float, scale: float) -> float:
        q = torch.diag_embed((logvar[0] + scale).exp())
        return kl_gaussians(mu[0] + shift, q, posterior.mean[0], posterior.cov).item()

    assert gap(0, 0) == pytest.approx(0.5 * np.log(18 / 17), abs=1e-12)
    assert all(gap(shift, scale) > gap(0, 0) for shift, scale in [(0.1, 0), (-0.1, 0), (0, 0.1), (0, -0.1)])


def test_samples_have_the_models_moments(generator):
    model = LinearGaussian(W, torch.tensor([1.0, 0.0, -1.0], dtype=torch.float64), 0.5)
    x, z = model.sample(200_000, generator)
    cov = W @ W.mT + 0.5 * torch.eye(3)
    error = (cov.diagonal() / len(x)).sqrt()  # 5 errors: fails once in 500,000 runs
    assert ((x.mean(0) - model.b).abs() < 5 * error).all()
    spread = torch.outer(cov.diagonal(), cov.diagonal()).add(cov**2).div(len(x)).sqrt()
    assert ((x.T.cov() - cov).abs() < 5 * spread).all()
    assert z.shape == (200_000, 2)


def test_bad_parameters_are_named():
    with pytest.raises(InputError, match=r"LinearGaussian: b must have shape \(P,\), not \(2,\): W has P = 3"):
        LinearGaussian(W, torch.zeros(2, dtype=torch.float64), 1.0)
    with pytest.raises(InputError, match="variance must be a positive number, not -1"):
        LinearGaussian(W, torch.zeros(3, dtype=torch.float64), -1)
