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
from vae_lib.beyond.flow_terms import flow_elbo, flow_log_prob, require_layers, through
from vae_lib.checks import checked, require, trusted
from vae_lib.gaussian import log_prob, reparametrize
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


class Flow(nn.Module):
    """A density over D dimensions: `layers` take the data to N(0, I). `vae_lib.fit` trains it by maximum likelihood."""

    @checked(n_dims="count")
    def __init__(self, n_dims: int, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        require_layers("Flow", layers)
        self.n_dims, self.layers = n_dims, nn.ModuleList(layers)

    @checked(x="B n_dims")
    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) in nats. (B, D) -> (B,)."""
        return flow_log_prob(x, self.layers)

    @checked(x="B n_dims")
    def forward(self, x: Tensor) -> Moved:
        return through(self.layers, x)

    @checked(z="B n_dims")
    def inverse(self, z: Tensor) -> Tensor:
        """The x that is taken to z, layer by layer from the last. (B, D) -> (B, D)."""
        for layer in reversed(self.layers):
            z = layer.inverse(z)
        return z

    @torch.no_grad()
    @checked(n="count")
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws: z from N(0, I), then the inverse. -> (n, D)."""
        return self.inverse(torch.randn(n, self.n_dims, generator=generator).to(next(self.parameters())))

    @checked(x="B n_dims")
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

    @checked(n_dims="count", n_layers="count")
    def __init__(self, n_dims: int, n_layers: int = 16, generator: torch.Generator | None = None) -> None:
        super().__init__(n_dims, [Affine(n_dims), *(Planar(n_dims, generator) for _ in range(n_layers))])


class FlowPosterior(nn.Module):
    """q(z): a draw from N(μ, diag σ²), taken through the layers. Without layers a diagonal Gaussian, with an `Affine`
    one with every correlation."""

    @checked(n_dims="count")
    def __init__(self, n_dims: int, layers: Sequence[nn.Module] = ()) -> None:
        super().__init__()
        require_layers("FlowPosterior", layers)
        self.n_dims = n_dims
        self.mu, self.logvar = (nn.Parameter(torch.zeros(n_dims)) for _ in range(2))
        self.layers = nn.ModuleList(layers)

    @checked(log_joint="function", n_samples="count")
    def elbo(self, log_joint: Callable[[Tensor], Tensor], n_samples: int, generator: torch.Generator | None = None):
        """`flow_elbo` from so many draws. -> scalar."""
        eps = torch.randn(n_samples, len(self.mu), dtype=self.mu.dtype, generator=generator)
        return flow_elbo(log_joint, self.mu, self.logvar, eps, self.layers)

    @torch.no_grad()
    @checked(n="count")
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws. -> (n, D)."""
        eps = torch.randn(n, len(self.mu), dtype=self.mu.dtype, generator=generator)
        return through(self.layers, self.mu + torch.exp(0.5 * self.logvar) * eps).y

    @torch.no_grad()
    @checked(z="B n_dims")
    def log_prob(self, z: Tensor) -> Tensor:
        """log q(z), by every layer's inverse. (B, D) -> (B,)."""
        start = z
        for layer in reversed(self.layers):
            start = layer.inverse(start)
        return log_prob(start, self.mu.expand_as(z), self.logvar.expand_as(z)) - through(self.layers, start).log_det

    @checked(log_joint="function", steps="count", learning_rate="positive", n_samples="count")
    def fit(
        self,
        log_joint: Callable[[Tensor], Tensor],
        steps: int = 1000,
        learning_rate: float = 0.01,
        n_samples: int = 100,
        generator: torch.Generator | None = None,
    ) -> list[float]:
        """Adam on −ELBO, its rate falling to 0 along half a cosine. Trains in place; -> the ELBO at each step."""
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
@checked(x="unit B P")
def prior_terms(model: VAE, prior: Flow, x: Tensor, generator: torch.Generator | None = None) -> ElboTerms:
    """A VAE's terms with a flow for p(z): −log p(x|z) and log q(z|x) − log p(z) at one draw of z. (B, P) -> (B,), (B,).

    The second estimates the KL, so that −(sum of both) estimates the ELBO; one of them may be below 0.
    """
    for name, given, kind in (("model", model, VAE), ("prior", prior, Flow)):
        require(isinstance(given, kind), f"prior_terms: {name} must be a {kind.__name__}, not {type(given).__name__}.")
    mu, logvar = model.encode(x)
    apart = f"prior_terms: the codes have {mu.shape[1]} dimensions, the flow {prior.n_dims}."
    require(mu.shape[1] == prior.n_dims, apart)
    z = reparametrize(mu, logvar, generator=generator)
    return ElboTerms(model.likelihood.nll(x, model.decode(z)), log_prob(z, mu, logvar) - prior.log_prob(z))
