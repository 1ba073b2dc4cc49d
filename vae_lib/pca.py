"""Principal component analysis by eigen-decomposition of the covariance (divided by B, as in maximum likelihood)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vae_lib.checks import checked, is_number, require, require_count


class PCA(NamedTuple):
    """A fitted PCA: `mean` (P,), `components` (P, k) with orthonormal columns, `variances` (k,) largest first."""

    mean: Tensor
    components: Tensor
    variances: Tensor


@checked(X="B P")
def center(X: Tensor) -> tuple[Tensor, Tensor]:
    """X minus its mean over the B samples, and that mean. Shapes: (B, P) -> (B, P), (P,)."""
    mean = X.mean(0)
    return X - mean, mean


@checked(Xc="B P")
def covariance(Xc: Tensor) -> Tensor:
    """Xcᵀ Xc / B of centred data. Shapes: (B, P) -> (P, P)."""
    return Xc.mT @ Xc / len(Xc)


@checked(C="P P")
def principal_components(C: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k eigenvectors of C with the largest eigenvalues: C = U diag(σ²) Uᵀ. Shapes: (P, P) -> (P, k), (k,)."""
    require_count(k, "principal_components: k")
    require(k <= len(C), f"principal_components: C has {len(C)} eigenvectors, fewer than k = {k}.")
    variances, vectors = torch.linalg.eigh(C)  # smallest first
    return vectors.flip(-1)[:, :k], variances.flip(-1)[:k]


@checked(X="B P", mean="P", U="P k")
def pca_encode(X: Tensor, mean: Tensor, U: Tensor) -> Tensor:
    """Z = (X − mean) U. Shapes: (B, P), (P,), (P, k) -> (B, k)."""
    return (X - mean) @ U


@checked(Z="B k", mean="P", U="P k")
def pca_decode(Z: Tensor, mean: Tensor, U: Tensor) -> Tensor:
    """X̂ = Z Uᵀ + mean. Shapes: (B, k), (P,), (P, k) -> (B, P)."""
    return Z @ U.mT + mean


@checked(X="B P", X_hat="B P")
def reconstruction_error(X: Tensor, X_hat: Tensor) -> Tensor:
    """Mean over samples of ‖x − x̂‖², summed over pixels. Shapes: (B, P), (B, P) -> scalar."""
    return (X - X_hat).square().sum(-1).mean()


@checked(variances="P")
def components_needed(variances: Tensor, fraction: float) -> int:
    """The smallest k whose k largest variances sum to at least `fraction` of them all.

    Shapes: (P,), 0 < fraction <= 1 -> int.
    """
    within = is_number(fraction) and 0 < fraction <= 1
    require(within, f"components_needed: fraction must lie in (0, 1], not {fraction!r}.")
    require(
        bool((variances >= 0).all()) and bool(variances.sum() > 0),
        "components_needed: variances must be >= 0, and not all 0.",
    )
    share = variances.double().sort(descending=True).values.cumsum(0)
    # a sum of the same numbers may differ in its last digit: the tolerance keeps fraction = 1 attainable
    return int((share < fraction * share[-1] * (1 - 1e-12)).sum()) + 1


def fit_pca(X: Tensor, k: int) -> PCA:
    """PCA of X with k components. Shapes: (B, P) -> `PCA`. Computed in float64, returned in X's dtype."""
    Xc, mean = center(X)
    U, variances = principal_components(covariance(Xc.double()), k)
    return PCA(mean, U.to(X.dtype), variances.clamp(min=0).to(X.dtype))
