"""Normalizing flows: densities that are known exactly, since every layer's determinant is. In nats.

`Flow` is a density, its layers running from the data to the base N(0, I): exact log p(x), and a prior for a VAE.
`FlowPosterior` is a q(z), its layers running from a Gaussian to z: a posterior that bends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from vae_lib.beyond.flow_layers import (
    Affine,
    Coupling,
    Layer,
    Moved,
    Planar,
    affine_coupling,
    affine_coupling_inverse,
    coupling_layers,
    keep_invertible,
    planar,
    planar_inverse,
)
from vae_lib.checks import checked, require, require_count, require_positive, trusted
from vae_lib.gaussian import LOG_2PI, log_prob, reparametrize
from vae_lib.models import VAE
from vae_lib.objective import ElboTerms

__all__ = [
    "Affine",
    "Coupling",
    "CouplingFlow",
    "Flow",
    "FlowPosterior",
    "Layer",
    "Moved",
    "Planar",
    "PlanarFlow",
    "affine_coupling",
    "affine_coupling_inverse",
    "coupling_layers",
    "flow_elbo",
    "flow_log_prob",
    "keep_invertible",
    "planar",
    "planar_inverse",
    "prior_terms",
    "through",
]


@checked(x="B D")
def through(layers: Sequence[Layer], x: Tensor) -> Moved:
    """One layer after the other; the logs of their determinants add up. (B, D) -> (B, D), (B,)."""
    total = x.new_zeros(len(x))
    for layer in layers:
        x, log_det = layer(x)
        total = total + log_det
    return Moved(x, total)


@checked(x="B D")
def flow_log_prob(x: Tensor, layers: Sequence[Layer]) -> Tensor:
    """log p(x) = log N(y; 0, I) + Σ log |det|, with y where the layers take x. (B, D) -> (B,)."""
    y, log_det = through(layers, x)
    return log_det - 0.5 * (y.square() + LOG_2PI).sum(-1)


@checked(mu="D", logvar="D", eps="L D")
def flow_elbo(
    log_joint: Callable[[Tensor], Tensor], mu: Tensor, logvar: Tensor, eps: Tensor, layers: Sequence[Layer]
) -> Tensor:
    """(1/L) Σ_l log p(x, z_l) − log q(z_l): the layers take z_0 = μ + σ ε to z, log q(z) = log q_0(z_0) − Σ log |det|.

    log_joint: (L, D) -> (L,); (D,), (D,), (L, D) -> scalar. Source: Rezende and Mohamed (2015), equation 15.
    """
    start = reparametrize(mu[None], logvar[None], eps[:, None])
    z, log_det = through(layers, start[:, 0])
    return (log_joint(z) - log_prob(start, mu[None], logvar[None])[:, 0] + log_det).mean()


class Flow(nn.Module):
    """A density over D dimensions: `layers` take the data to N(0, I). `vae_lib.fit` trains it by maximum likelihood."""

    def __init__(self, n_dims: int, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        require_count(n_dims, "Flow: n_dims")
        self.n_dims, self.layers = n_dims, nn.ModuleList(layers)

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) in nats. (B, D) -> (B,)."""
        return flow_log_prob(x, self.layers)

    def forward(self, x: Tensor) -> Moved:
        return through(self.layers, x)

    def inverse(self, z: Tensor) -> Tensor:
        """The x that is taken to z, layer by layer from the last. (B, D) -> (B, D)."""
        for layer in reversed(self.layers):
            z = layer.inverse(z)
        return z

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws: z from N(0, I), then the inverse. -> (n, D)."""
        require_count(n, "sample: n")
        return self.inverse(torch.randn(n, self.n_dims, generator=generator).to(next(self.parameters())))

    def loss_terms(self, x: Tensor, n_samples: int = 1, generator: torch.Generator | None = None) -> ElboTerms:
        """−log p(x) in the place of the reconstruction, and no KL: what `fit` trains. (B, D) -> (B,), (B,)."""
        loss = -self.log_prob(x)
        return ElboTerms(loss, torch.zeros_like(loss))


class CouplingFlow(Flow):
    """An `Affine` layer, then couplings that keep the even and the odd dimensions by turns."""

    def __init__(
        self, n_dims: int, n_layers: int = 8, hidden: Sequence[int] = (64,), generator: torch.Generator | None = None
    ) -> None:
        super().__init__(n_dims, [Affine(n_dims), *coupling_layers(n_dims, n_layers, hidden, generator)])


class PlanarFlow(Flow):
    """An `Affine` layer, then planar ones: log p(x) at once, while a draw needs a root for each layer."""

    def __init__(self, n_dims: int, n_layers: int = 16, generator: torch.Generator | None = None) -> None:
        super().__init__(n_dims, [Affine(n_dims), *(Planar(n_dims, generator) for _ in range(n_layers))])


class FlowPosterior(nn.Module):
    """q(z): a draw from N(μ, diag σ²), taken through the layers. Without layers a diagonal Gaussian, with an `Affine`
    one with every correlation."""

    def __init__(self, n_dims: int, layers: Sequence[nn.Module] = ()) -> None:
        super().__init__()
        require_count(n_dims, "FlowPosterior: n_dims")
        self.mu, self.logvar = (nn.Parameter(torch.zeros(n_dims)) for _ in range(2))
        self.layers = nn.ModuleList(layers)

    def elbo(self, log_joint: Callable[[Tensor], Tensor], n_samples: int, generator: torch.Generator | None = None):
        """`flow_elbo` from so many draws. -> scalar."""
        require_count(n_samples, "FlowPosterior: n_samples")
        eps = torch.randn(n_samples, len(self.mu), dtype=self.mu.dtype, generator=generator)
        return flow_elbo(log_joint, self.mu, self.logvar, eps, self.layers)

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws. -> (n, D)."""
        eps = torch.randn(n, len(self.mu), dtype=self.mu.dtype, generator=generator)
        return through(self.layers, self.mu + torch.exp(0.5 * self.logvar) * eps).y

    @torch.no_grad()
    def log_prob(self, z: Tensor) -> Tensor:
        """log q(z), by every layer's inverse. (B, D) -> (B,)."""
        start = z
        for layer in reversed(self.layers):
            start = layer.inverse(start)
        return log_prob(start, self.mu.expand_as(z), self.logvar.expand_as(z)) - through(self.layers, start).log_det

    def fit(
        self,
        log_joint: Callable[[Tensor], Tensor],
        steps: int = 1000,
        learning_rate: float = 0.01,
        n_samples: int = 100,
        generator: torch.Generator | None = None,
    ) -> list[float]:
        """Adam on −ELBO, its rate falling to 0 along half a cosine. Trains in place; -> the ELBO at each step."""
        require_count(steps, "FlowPosterior.fit: steps")
        require_positive(learning_rate, "FlowPosterior.fit: learning_rate")
        adam = torch.optim.Adam(self.parameters(), lr=learning_rate)
        falling, bounds = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps), []
        for _ in range(steps):
            with trusted():  # a check of every value at every step would take longer than the step
                loss = -self.elbo(log_joint, n_samples, generator)
            adam.zero_grad()
            loss.backward()
            adam.step()
            falling.step()
            bounds.append(-loss.item())
        return bounds


@torch.no_grad()
def prior_terms(model: VAE, prior: Flow, x: Tensor, generator: torch.Generator | None = None) -> ElboTerms:
    """A VAE's terms with a flow for p(z): −log p(x|z) and log q(z|x) − log p(z) at one draw of z. (B, P) -> (B,), (B,).

    The second estimates the KL, so that −(sum of both) estimates the ELBO; one of them may be below 0.
    """
    mu, logvar = model.encode(x)
    require(
        mu.shape[1] == prior.n_dims,
        f"prior_terms: the codes have {mu.shape[1]} dimensions, the flow {prior.n_dims}.",
    )
    z = reparametrize(mu, logvar, generator=generator)
    return ElboTerms(model.likelihood.nll(x, model.decode(z)), log_prob(z, mu, logvar) - prior.log_prob(z))
