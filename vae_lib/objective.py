"""What is maximised or minimised: the two terms of the ELBO, the VAE's loss, and tighter bounds. In nats, per example.

`elbo` goes up, `loss` goes down. Sums run over pixels and latent dimensions; means over the batch are taken last.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vae_lib.checks import checked, require, require_at_least_zero, require_count, require_unit_interval
from vae_lib.gaussian import entropy, gaussian_kl, log_prob, reparametrize
from vae_lib.likelihood import Bernoulli, Likelihood
from vae_lib.models import VAE, Autoencoder


class ElboTerms(NamedTuple):
    """The two costs of each example: `reconstruction` (B,) = E_q[−log p(x|z)] and `kl` (B,) = KL(q(z|x) ‖ p(z))."""

    reconstruction: Tensor
    kl: Tensor

    @property
    def elbo(self) -> Tensor:
        """−reconstruction − kl, (B,)."""
        return -(self.reconstruction + self.kl)

    def loss(self, beta: float = 1.0) -> Tensor:
        """Batch mean of reconstruction + β kl, scalar."""
        return self.reconstruction.mean() + beta * self.kl.mean()


class VaeLoss(NamedTuple):
    """`loss` = `reconstruction` + β `kl`, each a batch mean, scalar."""

    loss: Tensor
    reconstruction: Tensor
    kl: Tensor


@checked(x="B P", x_hat="B P")
def squared_error(x: Tensor, x_hat: Tensor) -> Tensor:
    """‖x − x̂‖² summed over pixels. Shapes: (B, P), (B, P) -> (B,)."""
    return (x - x_hat).square().sum(-1)


@checked(x="B P", mu="B D", logvar="B D", eps="L B D")
def reconstruction_loss(
    decode: Callable[[Tensor], Tensor],
    x: Tensor,
    mu: Tensor,
    logvar: Tensor,
    eps: Tensor,
    likelihood: Likelihood | None = None,
) -> Tensor:
    """(1/L) Σ_l −log p(x|z_l) with z_l = μ + σ ε_l: a Monte Carlo estimate of E_q[−log p(x|z)], in nats.

    Shapes: decode (..., B, D) -> (..., B, P) logits; (B, P), (B, D), (B, D), (L, B, D) -> (B,). Bernoulli unless told
    otherwise.
    """
    require(callable(decode), f"reconstruction_loss: decode must be a function, not {type(decode).__name__}.")
    logits = decode(reparametrize(mu, logvar, eps))
    return (likelihood or Bernoulli()).nll(x, logits).mean(0)


def vae_loss(
    decode: Callable[[Tensor], Tensor], x: Tensor, mu: Tensor, logvar: Tensor, eps: Tensor, beta: float = 1.0
) -> VaeLoss:
    """Batch means of reconstruction + β KL, reconstruction, KL: −ELBO for β = 1.

    Shapes as `reconstruction_loss`; -> 3 scalars.
    """
    require_at_least_zero(beta, "vae_loss: beta")
    terms = ElboTerms(reconstruction_loss(decode, x, mu, logvar, eps), gaussian_kl(mu, logvar))
    return VaeLoss(terms.loss(beta), terms.reconstruction.mean(), terms.kl.mean())


@checked(x="B P", eps="L B D")
def elbo_terms(
    model: VAE | Autoencoder,
    x: Tensor,
    eps: Tensor | None = None,
    n_samples: int = 1,
    generator: torch.Generator | None = None,
) -> ElboTerms:
    """Both terms for a model, with L = `n_samples` draws of z where no `eps` (L, B, D) is handed in. Shapes: (B, P)
    -> (B,), (B,).

    An `Autoencoder` has the squared error for its reconstruction and no KL.
    """
    _require_model("elbo_terms", model, (VAE, Autoencoder))
    require_count(n_samples, "elbo_terms: n_samples")
    if bounded(model):
        require_unit_interval(x, f"elbo_terms: {bounded(model)} x")
    if isinstance(model, Autoencoder):
        error = squared_error(x, model.reconstruct(x))
        return ElboTerms(error, torch.zeros_like(error))
    mu, logvar = model.encode(x)
    if eps is None:
        eps = _noise(mu, n_samples, generator)
    reconstruction = reconstruction_loss(model.decode, x, mu, logvar, eps, model.likelihood)
    return ElboTerms(reconstruction, gaussian_kl(mu, logvar))


@checked(log_px_given_z="K B", z="K B D", mu="B D", logvar="B D")
def log_importance_weights(log_px_given_z: Tensor, z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log w_k = log p(x|z_k) + log p(z_k) − log q(z_k|x), in nats.

    Shapes: (K, B), (K, B, D), (B, D), (B, D) -> (K, B).
    """
    log_prior = log_prob(z, torch.zeros_like(mu), torch.zeros_like(mu))
    return log_px_given_z + log_prior - log_prob(z, mu, logvar)


@checked(log_weights="K B")
def importance_weighted_bound(log_weights: Tensor) -> Tensor:
    """log (1/K) Σ_k w_k by log-sum-exp, in nats: the ELBO's estimate for K = 1, never lower in expectation as K grows.

    Shapes: (K, B) -> (B,). Source: Burda, Grosse and Salakhutdinov (2015).
    """
    return torch.logsumexp(log_weights, 0) - math.log(len(log_weights))


@torch.no_grad()
@checked(x="B P")
def log_evidence(model: VAE, x: Tensor, n_samples: int = 100, generator: torch.Generator | None = None) -> Tensor:
    """The importance-weighted bound on log p(x) with K = `n_samples` draws, one at a time to bound the memory.

    (B, P) -> (B,).
    """
    _require_model("log_evidence", model, (VAE,))
    require_count(n_samples, "log_evidence: n_samples")
    if bounded(model):
        require_unit_interval(x, f"log_evidence: {bounded(model)} x")
    mu, logvar = model.encode(x)
    rows = []
    for _ in range(n_samples):
        z = reparametrize(mu, logvar, _noise(mu, 1, generator))
        rows.append(log_importance_weights(-model.likelihood.nll(x, model.decode(z)), z, mu, logvar))
    return importance_weighted_bound(torch.cat(rows))


@checked(mu="D", logvar="D", eps="L D")
def gaussian_elbo(log_joint: Callable[[Tensor], Tensor], mu: Tensor, logvar: Tensor, eps: Tensor) -> Tensor:
    """(1/L) Σ_l log p(x, z_l) + H[q] with z_l = μ + σ ε_l, in nats.

    log_joint: (L, D) -> (L,); (D,), (D,), (L, D) -> scalar.
    """
    require(callable(log_joint), f"gaussian_elbo: log_joint must be a function, not {type(log_joint).__name__}.")
    z = mu + torch.exp(0.5 * logvar) * eps
    values = log_joint(z)
    shape = tuple(getattr(values, "shape", ()))
    require(shape == (len(z),), f"gaussian_elbo: log_joint must return one value a row, ({len(z)},), not {shape}.")
    return values.mean() + entropy(logvar.unsqueeze(0)).squeeze(0)


@checked(mu="B D")
def active_units(mu: Tensor, threshold: float = 0.01) -> int:
    """The number of latent dimensions whose μ(x) has a variance over the data above `threshold`. (B, D) -> int.

    Source: Burda, Grosse and Salakhutdinov (2015), section 5.2.
    """
    require_at_least_zero(threshold, "active_units: threshold")
    require(len(mu) >= 2, "active_units: a variance needs at least two examples.")
    return int((mu.var(0, correction=0) > threshold).sum())


def bounded(model: nn.Module) -> str:
    """Why the model can make no pixel outside [0, 1], as a message has it, or "" where it can."""
    if isinstance(model, Autoencoder):
        return "with output='sigmoid' (others: 'identity')" if model.output == "sigmoid" else ""
    if not isinstance(model, VAE):
        return ""
    if isinstance(model.likelihood, Bernoulli):
        return "with a Bernoulli likelihood"
    free = getattr(model.likelihood, "mean_function", "sigmoid") == "identity"
    return "" if free else "with a sigmoid for the mean (others: Gaussian(σ, 'identity'))"


def _require_model(label: str, model: object, kinds: tuple[type, ...]) -> None:
    names = " or ".join(kind.__name__ for kind in kinds)
    require(isinstance(model, kinds), f"{label}: model must be a {names}, not {type(model).__name__}.")


def _noise(mu: Tensor, n_samples: int, generator: torch.Generator | None) -> Tensor:
    return torch.randn(n_samples, *mu.shape, dtype=mu.dtype, device=mu.device, generator=generator)
