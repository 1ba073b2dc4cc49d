"""Likelihoods p(x|z): what the decoder's output says of the pixels. In nats, summed over the P pixels.

A likelihood has three methods: ``nll(x, logits) -> (..., B)``, ``mean(logits) -> (..., B, P)`` and
``sample(logits, generator) -> (..., B, P)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_lib.checks import checked, require, require_positive, require_unit_interval
from vae_lib.gaussian import LOG_2PI


@checked(x="B P", logits="... B P")
def bernoulli_nll(x: Tensor, logits: Tensor) -> Tensor:
    """−log p(x|z) = Σ_p [softplus(l_p) − x_p l_p], in nats: pixels are Bernoulli with logits l, x in [0, 1].

    Right at any logit, where log(sigmoid(l)) is not. For grey x this is a cross-entropy: its least value is the
    pixels' own entropy.
    Shapes: (B, P), (..., B, P) -> (..., B). Source: Kingma and Welling (2013), appendix C.1.
    """
    require_unit_interval(x, "bernoulli_nll: x")
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(-1)


@checked(x="B P", mean="... B P")
def gaussian_nll(x: Tensor, mean: Tensor, sigma: float) -> Tensor:
    """−log N(x; mean, σ² I) = ½ Σ_p [(x−mean)²/σ² + log σ² + log 2π], in nats.

    Shapes: (B, P), (..., B, P), float -> (..., B). Source: Kingma and Welling (2013), appendix C.2.
    """
    require_positive(sigma, "sigma")
    squares = (x - mean).square().sum(-1) / sigma**2
    return 0.5 * (squares + x.shape[-1] * (2 * math.log(sigma) + LOG_2PI))


@dataclass(frozen=True)
class Bernoulli:
    """Pixels are independent coins with probability sigmoid(logits)."""

    def nll(self, x: Tensor, logits: Tensor) -> Tensor:
        """`bernoulli_nll`."""
        return bernoulli_nll(x, logits)

    @checked(logits="...")
    def mean(self, logits: Tensor) -> Tensor:
        """sigmoid(logits), in (0, 1)."""
        return torch.sigmoid(logits)

    @checked(logits="...")
    def sample(self, logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Pixels 0 or 1, drawn with probability sigmoid(logits)."""
        return torch.bernoulli(self.mean(logits), generator=generator)


@dataclass(frozen=True)
class Gaussian:
    """Pixels are independent Gaussians of one standard deviation `sigma` around the decoder's mean.

    `mean_function` is "sigmoid" for pictures in [0, 1] and "identity" for data without bounds.
    """

    sigma: float = 1.0
    mean_function: str = "sigmoid"

    def __post_init__(self) -> None:
        require_positive(self.sigma, "sigma")
        known = ("sigmoid", "identity")
        require(self.mean_function in known, f"mean_function must be one of {known}, not {self.mean_function!r}.")

    def nll(self, x: Tensor, logits: Tensor) -> Tensor:
        """`gaussian_nll` at this likelihood's mean and sigma."""
        return gaussian_nll(x, self.mean(logits), self.sigma)

    @checked(logits="...")
    def mean(self, logits: Tensor) -> Tensor:
        """sigmoid(logits) or the logits themselves, as `mean_function` says."""
        return torch.sigmoid(logits) if self.mean_function == "sigmoid" else logits

    @checked(logits="...")
    def sample(self, logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """mean + sigma ε."""
        mean = self.mean(logits)
        return mean + self.sigma * torch.randn(mean.shape, dtype=mean.dtype, device=mean.device, generator=generator)


class LearnedGaussian(nn.Module):
    """Pixels are independent Gaussians around sigmoid(logits), of one standard deviation σ_x that is learnt.

    The best σ_x² is the squared error a pixel, E‖x − mean‖² / P; training by gradient ends near it.
    Source: Rybkin, Daniilidis and Levine (2021).
    """

    def __init__(self, sigma: float = 1.0) -> None:
        super().__init__()
        require_positive(sigma, "sigma")
        self.log_sigma = nn.Parameter(torch.tensor(math.log(sigma)))

    @property
    def sigma(self) -> float:
        """σ_x as it stands, on the scale of the pixels."""
        return self.log_sigma.detach().exp().item()

    def __repr__(self) -> str:  # not σ_x, which moves: a checkpoint compares models by this
        return "LearnedGaussian()"

    @checked(x="B P", logits="... B P")
    def nll(self, x: Tensor, logits: Tensor) -> Tensor:
        """½ Σ_p [(x−mean)²/σ_x² + log σ_x² + log 2π], in nats. Shapes: (B, P), (..., B, P) -> (..., B)."""
        squares = (x - self.mean(logits)).square().sum(-1) * torch.exp(-2 * self.log_sigma)
        return 0.5 * (squares + x.shape[-1] * (2 * self.log_sigma + LOG_2PI))

    @checked(logits="...")
    def mean(self, logits: Tensor) -> Tensor:
        """sigmoid(logits), in (0, 1)."""
        return torch.sigmoid(logits)

    @checked(logits="...")
    def sample(self, logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """mean + σ_x ε."""
        return Gaussian(self.sigma).sample(logits, generator)


Likelihood = Bernoulli | Gaussian | LearnedGaussian
