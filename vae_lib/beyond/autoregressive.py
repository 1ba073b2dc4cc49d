"""An autoregressive density: p(x) = Π_d p(x_d | x_1 … x_{d−1}), each factor a mixture of Gaussians. In nats.

One network gives all factors at once: masks cut every path from an entry to the factors of itself and of those before
it. Source: Germain, Gregor, Murray and Larochelle (2015), section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_lib.checks import checked
from vae_lib.gaussian import LOG_2PI
from vae_lib.networks import mlp
from vae_lib.objective import ElboTerms

Degrees = tuple[int, ...]  # of units: how many of the first entries each may see


class Mixture(NamedTuple):
    """The factors: log weights, means and log standard deviations, each (B, D, K)."""

    log_weight: Tensor
    mean: Tensor
    log_sigma: Tensor

    @checked(x="B D")
    def log_prob(self, x: Tensor) -> Tensor:
        """log Σ_k w_k N(x_d; μ_k, σ_k²) of every entry. (B, D) -> (B, D)."""
        squares = ((x.unsqueeze(-1) - self.mean) * torch.exp(-self.log_sigma)).square()
        return torch.logsumexp(self.log_weight - self.log_sigma - 0.5 * (squares + LOG_2PI), -1)


@lru_cache(maxsize=64)
def _connections(before: Degrees, after: Degrees, strict: bool) -> Tensor:
    """Which weights a layer keeps: 1 from a unit to one of the same degree or a higher one, only a higher one where
    `strict`. -> (after, before).
    """
    low, high = torch.tensor(before, device="cpu"), torch.tensor(after, device="cpu").unsqueeze(1)
    return (high > low if strict else high >= low).float()


class Autoregressive(nn.Module):
    """Each entry's mixture of `n_components` Gaussians from the entries before it. `vae_lib.fit` trains it by maximum
    likelihood.
    """

    @checked(n_dims="count", hidden="sizes 1", n_components="count")
    def __init__(
        self,
        n_dims: int,
        hidden: Sequence[int] = (64,),
        n_components: int = 5,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_dims, self.n_components = n_dims, n_components
        self.network = mlp([n_dims, *hidden, 3 * n_components * n_dims], generator)
        with torch.no_grad():  # the components begin side by side, else they would move as one
            means = self.network[-1].bias.view(n_dims, 3, n_components)[:, 1]
            means += torch.linspace(-2, 2, n_components)
        inner = [tuple(1 + i % max(n_dims - 1, 1) for i in range(size)) for size in hidden]
        outer = tuple(1 + d for d in range(n_dims) for _ in range(3 * n_components))
        self.degrees: list[Degrees] = [tuple(range(1, n_dims + 1)), *inner, outer]

    def masks(self) -> list[Tensor]:
        """Of 0 and 1, one for each layer's weights; the last layer alone is strict."""
        last = len(self.degrees) - 2
        return [_connections(*self.degrees[i : i + 2], i == last) for i in range(last + 1)]

    @checked(x="B n_dims")
    def factors(self, x: Tensor) -> Mixture:
        """The mixture of every entry, given those before it. (B, D) -> three (B, D, K)."""
        layers = self.network[::2]
        for layer, mask in zip(layers, self.masks(), strict=True):
            x = F.linear(x, layer.weight * mask.to(layer.weight), layer.bias)
            x = x if layer is layers[-1] else F.relu(x)
        weight, mean, log_sigma = x.view(len(x), self.n_dims, 3, self.n_components).unbind(2)
        return Mixture(torch.log_softmax(weight, -1), mean, log_sigma)

    @checked(x="B n_dims")
    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) = Σ_d log p(x_d | x_{<d}), in one pass. (B, D) -> (B,)."""
        return self.factors(x).log_prob(x).sum(-1)

    forward = log_prob

    @torch.no_grad()
    @checked(n="count")
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws, entry by entry: D passes. -> (n, D)."""
        x = next(self.parameters()).new_zeros(n, self.n_dims)
        for d in range(self.n_dims):
            log_weight, mean, log_sigma = (part[:, d] for part in self.factors(x))
            chosen = torch.multinomial(log_weight.exp(), 1, generator=generator)
            noise = torch.randn(n, 1, generator=generator).to(x)
            x[:, d] = (mean.gather(1, chosen) + log_sigma.gather(1, chosen).exp() * noise).squeeze(1)
        return x

    @checked(x="B n_dims")
    def loss_terms(self, x: Tensor, n_samples: int = 1, generator: torch.Generator | None = None) -> ElboTerms:
        """−log p(x) in the place of the reconstruction, and no KL: what `fit` trains. (B, D) -> (B,), (B,)."""
        loss = -self.log_prob(x)
        return ElboTerms(loss, torch.zeros_like(loss))
