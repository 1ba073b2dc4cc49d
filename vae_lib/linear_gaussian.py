"""A latent variable model that can be solved exactly: z ~ N(0, I), x|z ~ N(W z + b, σ² I). Probabilistic PCA.

Everything a VAE approximates is here in closed form, so bounds and posteriors can be checked against the truth.
Source: Tipping and Bishop (1999).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from vae_lib.checks import check_shapes, checked, require_positive
from vae_lib.gaussian import LOG_2PI
from vae_lib.likelihood import gaussian_nll


class Posterior(NamedTuple):
    """p(z|x) = N(mean, cov): `mean` (B, D), and one `cov` (D, D) for every x."""

    mean: Tensor
    cov: Tensor


@dataclass(frozen=True, eq=False)
class LinearGaussian:
    """x|z ~ N(W z + b, variance · I), z ~ N(0, I). Shapes: W (P, D), b (P,)."""

    W: Tensor
    b: Tensor
    variance: float

    def __post_init__(self) -> None:
        check_shapes("LinearGaussian", {"W": "P D", "b": "P"}, {"W": self.W, "b": self.b})
        require_positive(self.variance, "variance")

    @property
    def _precision(self) -> Tensor:
        """I + WᵀW/σ², the precision of p(z|x), (D, D)."""
        return torch.eye(self.W.shape[1], dtype=self.W.dtype, device=self.W.device) + self.W.mT @ self.W / self.variance

    def log_marginal(self, x: Tensor) -> Tensor:
        """log p(x) = log N(x; b, W Wᵀ + σ² I), in nats. Shapes: (B, P) -> (B,)."""
        self._require_pixels(x)
        identity = torch.eye(len(self.b), dtype=x.dtype, device=x.device)
        factor = torch.linalg.cholesky(self.W @ self.W.mT + self.variance * identity)
        whitened = torch.linalg.solve_triangular(factor, (x - self.b).mT, upper=False)
        half_log_det = factor.diagonal().log().sum()
        return -0.5 * (whitened.square().sum(0) + len(self.b) * LOG_2PI) - half_log_det

    def posterior(self, x: Tensor) -> Posterior:
        """p(z|x) = N(M⁻¹ Wᵀ(x−b)/σ², M⁻¹) with M = I + WᵀW/σ². Shapes: (B, P) -> (B, D), (D, D)."""
        self._require_pixels(x)
        cov = torch.linalg.inv(self._precision)
        return Posterior((x - self.b) @ self.W @ cov / self.variance, cov)

    def best_diagonal(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """μ, log σ² of the diagonal Gaussian with the least KL(q ‖ p(z|x)): the posterior's mean, σ_d² = 1/M_dd.

        -> (B, D), (B, D).
        """
        mean = self.posterior(x).mean
        return mean, -self._precision.diagonal().log().expand_as(mean)

    def log_joint(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z) + log p(z), in nats. Shapes: (B, P), (..., B, D) -> (..., B)."""
        check_shapes("LinearGaussian", {"x": "B P", "W": "P D", "z": "... B D"}, {"x": x, "W": self.W, "z": z})
        log_likelihood = -gaussian_nll(x, z @ self.W.mT + self.b, self.variance**0.5)
        return log_likelihood - 0.5 * (z.square() + LOG_2PI).sum(-1)

    @checked(n="count")
    def sample(self, n: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """n draws of z from the prior and of x from p(x|z). -> x (n, P), z (n, D)."""
        options = {"dtype": self.W.dtype, "device": self.W.device, "generator": generator}
        z = torch.randn(n, self.W.shape[1], **options)
        noise = torch.randn(n, len(self.b), **options)
        return z @ self.W.mT + self.b + self.variance**0.5 * noise, z

    def _require_pixels(self, x: Tensor) -> None:
        check_shapes("LinearGaussian", {"x": "B P", "b": "P"}, {"x": x, "b": self.b})
