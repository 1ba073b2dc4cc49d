"""The Gaussian: sampling that lets gradients through, densities, entropy and divergences. All in nats.

`logvar` is log σ², always. Sums run over the D latent dimensions, never over the batch.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_lib.checks import InputError, checked

LOG_2PI = math.log(2 * math.pi)


@checked(mu="B D", logvar="B D", eps="... B D")
def reparametrize(
    mu: Tensor, logvar: Tensor, eps: Tensor | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """z = μ + σ ε with σ = exp(logvar / 2): a draw from N(μ, diag σ²) that is differentiable in μ and logvar.

    Shapes: (B, D), (B, D), (..., B, D) -> (..., B, D). Without `eps` one draw is made from `generator`.
    Source: Kingma and Welling (2013), section 2.4.
    """
    if eps is None:
        eps = torch.randn(mu.shape, dtype=mu.dtype, device=mu.device, generator=generator)
    return mu + torch.exp(0.5 * logvar) * eps


@checked(mu="B D", logvar="B D")
def gaussian_kl_per_dim(mu: Tensor, logvar: Tensor) -> Tensor:
    """½ (μ² + σ² − log σ² − 1) for each dimension, in nats. Shapes: (B, D), (B, D) -> (B, D)."""
    # expm1(v) − v keeps the digits that exp(v) − v − 1 loses in float32 near σ = 1
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar)


@checked(mu="B D", logvar="B D")
def gaussian_kl(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(μ, diag σ²) ‖ N(0, I)) = ½ Σ_d (μ² + σ² − log σ² − 1), in nats.

    Shapes: (B, D), (B, D) -> (B,). Source: Kingma and Welling (2013), appendix B.
    """
    return gaussian_kl_per_dim(mu, logvar).sum(-1)


@checked(mu_q="D", cov_q="D D", mu_p="D", cov_p="D D")
def kl_gaussians(mu_q: Tensor, cov_q: Tensor, mu_p: Tensor, cov_p: Tensor) -> Tensor:
    """KL(N(μ_q, Σ_q) ‖ N(μ_p, Σ_p)) = ½ [log |Σ_p|/|Σ_q| − D + tr(Σ_p⁻¹ Σ_q) + (μ_p−μ_q)ᵀ Σ_p⁻¹ (μ_p−μ_q)], in nats.

    Shapes: (D,), (D, D), (D,), (D, D) -> scalar. Raises `InputError` where a covariance is not symmetric positive
    definite.
    """
    factor_q, factor_p = _cholesky(cov_q, "cov_q"), _cholesky(cov_p, "cov_p")
    whitened = torch.linalg.solve_triangular(factor_p, factor_q, upper=False)
    shift = torch.linalg.solve_triangular(factor_p, (mu_p - mu_q).unsqueeze(-1), upper=False)
    half_log_ratio = factor_p.diagonal().log().sum() - factor_q.diagonal().log().sum()
    return half_log_ratio + 0.5 * (whitened.square().sum() + shift.square().sum() - len(mu_q))


@checked(logvar="B D")
def entropy(logvar: Tensor) -> Tensor:
    """H[N(μ, diag σ²)] = ½ Σ_d (1 + log 2π + log σ²), in nats. Shapes: (B, D) -> (B,)."""
    return 0.5 * (1 + LOG_2PI + logvar).sum(-1)


@checked(z="... B D", mu="B D", logvar="B D")
def log_prob(z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log N(z; μ, diag σ²) = −½ Σ_d (log 2π + log σ² + (z−μ)²/σ²), in nats.

    Shapes: (..., B, D), (B, D), (B, D) -> (..., B).
    """
    return -0.5 * (LOG_2PI + logvar + (z - mu).square() * torch.exp(-logvar)).sum(-1)


def _cholesky(covariance: Tensor, name: str) -> Tensor:
    symmetric = torch.allclose(covariance, covariance.mT, rtol=1e-4)
    factor, failed = torch.linalg.cholesky_ex(covariance)
    if not symmetric or failed:
        raise InputError(f"kl_gaussians: {name} must be a covariance, symmetric and positive definite.")
    return factor
