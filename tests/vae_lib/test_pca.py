"""PCA against scikit-learn, numpy's singular values, and a published figure."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA as SklearnPCA

from vae_lib import (
    center,
    components_needed,
    covariance,
    fit_pca,
    pca_decode,
    pca_encode,
    principal_components,
    reconstruction_error,
)


@pytest.fixture(scope="module")
def digits():
    return torch.from_numpy(load_digits().data)


@pytest.mark.parametrize("k", [1, 5, 20])
def test_components_variances_and_reconstructions_are_scikit_learns(digits, k):
    ours, theirs = fit_pca(digits, k), SklearnPCA(k, svd_solver="full").fit(digits.numpy())
    n = len(digits)
    np.testing.assert_allclose(ours.variances, theirs.explained_variance_ * (n - 1) / n, rtol=1e-9)
    projector = theirs.components_.T @ theirs.components_
    np.testing.assert_allclose(ours.components @ ours.components.mT, projector, atol=1e-9)
    rebuilt = pca_decode(pca_encode(digits, ours.mean, ours.components), ours.mean, ours.components)
    np.testing.assert_allclose(rebuilt, theirs.inverse_transform(theirs.transform(digits.numpy())), atol=1e-8)


def test_covariance_divides_by_b_and_its_eigenvalues_are_squared_singular_values(digits):
    Xc, mean = center(digits)
    torch.testing.assert_close(mean, digits.mean(0))
    np.testing.assert_allclose(covariance(Xc), np.cov(digits.numpy().T, bias=True), atol=1e-10)
    _, variances = principal_components(covariance(Xc), 10)
    singular = np.linalg.svd(Xc.numpy(), compute_uv=False)[:10]
    np.testing.assert_allclose(variances, singular**2 / len(digits), rtol=1e-9)


def test_error_is_the_variance_left_out(digits):
    model = fit_pca(digits, 7)
    rebuilt = pca_decode(pca_encode(digits, model.mean, model.components), model.mean, model.components)
    left_out = digits.var(0, correction=0).sum() - model.variances.sum()
    torch.testing.assert_close(reconstruction_error(digits, rebuilt), left_out)


@pytest.mark.parametrize(
    ("fraction", "needed"), [(0.5, 1), (0.51, 2), (0.8, 2), (0.81, 3), (0.95, 3), (0.951, 4), (1.0, 4)]
)
def test_components_needed_at_and_around_its_steps(fraction, needed):
    assert components_needed(torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64), fraction) == needed


def test_components_needed_does_not_ask_for_more_than_there_are():
    variances = torch.rand(50, generator=torch.Generator().manual_seed(3))
    assert components_needed(variances, 1.0) == 50


@pytest.mark.mnist
@pytest.mark.slow
def test_mnist_test_errors_are_the_published_ones():
    """Hinton and Salakhutdinov (2006) print 13.87 for 30 components; those of fewer come first among them."""
    from vae_lib.data import load

    data = load("mnist")
    model = fit_pca(data.x_train, 30)
    for k, published in ((2, 43.645), (20, 18.454), (30, 13.866)):
        first = model.components[:, :k]
        rebuilt = pca_decode(pca_encode(data.x_test, model.mean, first), model.mean, first)
        assert reconstruction_error(data.x_test, rebuilt).item() == pytest.approx(published, abs=2e-3)
