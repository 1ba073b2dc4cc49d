"""The mean KL of a VAE taken apart, the total-correlation VAE, and what a code knows of each factor. In nats.

The mean over the data of KL(q(z|x) ‖ p(z)) is the information that the code has of the example, plus the total
correlation of q(z), plus the KL of each dimension's q(z_d) to the prior. Source: Chen, Li, Grosse and Duvenaud (2018).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vae_lib.checks import checked, require, require_count
from vae_lib.gaussian import LOG_2PI, gaussian_kl, reparametrize
from vae_lib.models import VAE
from vae_lib.objective import ElboTerms

SAMPLINGS = ("weighted", "stratified")


class KlParts(NamedTuple):
    """`information` I(n; z) of the example's index and its code, `total_correlation` KL(q(z) ‖ Π q(z_d)), and
    `dimension_wise` Σ_d KL(q(z_d) ‖ N(0, 1)), scalars."""

    information: Tensor
    total_correlation: Tensor
    dimension_wise: Tensor


@checked(z="B D", mu="B D", logvar="B D")
def pairwise_log_density(z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """Entry [i, j, d] is log q(z_id | x_j). Shapes: (B, D), (B, D), (B, D) -> (B, B, D)."""
    squares = (z[:, None] - mu[None]).square() * torch.exp(-logvar)[None]
    return -0.5 * (squares + logvar[None] + LOG_2PI)


@checked(n_data="count")
def kl_decomposition(z: Tensor, mu: Tensor, logvar: Tensor, n_data: int, sampling: str = "weighted") -> KlParts:
    """The three parts from a batch with one draw of z each, of N = `n_data` examples. (B, D)×3 -> 3 scalars.

    "weighted": log q(z_i) ≈ logsumexp_j log q(z_i|x_j) − log(B N), and the same for each dimension; each part is off
    by a multiple of log N, their sum is not. "stratified": the example's own density has its weight 1/N, the others
    of the batch share the rest, which is unbiased for q(z_i), and exact with the whole data set as the batch. The
    logarithm of an unbiased estimate is too small on average, so that parts from a small batch are biased either way.
    """
    pairs = pairwise_log_density(z, mu, logvar)
    require_count(n_data, "kl_decomposition: n_data", least=len(z))
    require(sampling in SAMPLINGS, f"kl_decomposition: sampling must be one of {SAMPLINGS}, not {sampling!r}.")
    weights = _log_weights(len(z), n_data, sampling).to(pairs)
    joint = torch.logsumexp(pairs.sum(2) + weights, 1)
    marginals = torch.logsumexp(pairs + weights[..., None], 1).sum(1)
    own = pairs.diagonal().sum(0)
    prior = -0.5 * (z.square() + LOG_2PI).sum(1)
    return KlParts((own - joint).mean(), (joint - marginals).mean(), (marginals - prior).mean())


def _log_weights(batch: int, n_data: int, sampling: str) -> Tensor:
    """log of the weight of density j in q(z_i). -> (B, B). Those of "weighted" add up to 1/N, of "stratified" to 1.

    Stratified sampling as it was published gives one other of the batch the weight of all that are not in it; here
    all others share it, which is its mean over the choice of that one.
    """
    if sampling == "weighted":
        return torch.full((batch, batch), -math.log(batch * n_data), dtype=torch.float64)
    others = math.log((n_data - 1) / (n_data * (batch - 1))) if batch > 1 and n_data > 1 else -math.inf
    return torch.full((batch, batch), others, dtype=torch.float64).fill_diagonal_(-math.log(n_data))


@checked(reconstruction="", mi="", tc="", dwkl="", beta="nonnegative")
def tc_vae_loss(reconstruction: Tensor, mi: Tensor, tc: Tensor, dwkl: Tensor, beta: float) -> Tensor:
    """reconstruction + I + β TC + dimension-wise KL, scalars: −ELBO for β = 1."""
    return reconstruction + mi + beta * tc + dwkl


class TcVAE(nn.Module):
    """A VAE that `vae_lib.fit` trains with the total correlation weighted by β. At β = 1 it is the VAE `vae`."""

    @checked(n_pixels="count", latent_dim="count", hidden="sizes", beta="nonnegative", n_data="count")
    def __init__(
        self,
        n_pixels: int,
        latent_dim: int,
        hidden: Sequence[int],
        beta: float,
        n_data: int,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_pixels, self.beta, self.n_data = n_pixels, beta, n_data
        self.vae = VAE(n_pixels, latent_dim, hidden, generator=generator)

    @checked(x="unit B n_pixels")
    def loss_terms(self, x: Tensor, n_samples: int = 1, generator: torch.Generator | None = None) -> ElboTerms:
        """The reconstruction, and KL + (β − 1) TC by minibatch weighted sampling, one draw of z. (B, P) -> (B,)×2."""
        mu, logvar = self.vae.encode(x)
        z = reparametrize(mu, logvar, generator=generator)
        parts = kl_decomposition(z, mu, logvar, max(self.n_data, len(x)))
        reconstruction = self.vae.likelihood.nll(x, self.vae.decode(z))
        return ElboTerms(reconstruction, gaussian_kl(mu, logvar) + (self.beta - 1) * parts.total_correlation)


@checked(table="any I J")
def mutual_information(table: Tensor) -> Tensor:
    """Σ p_ij log (p_ij / (p_i p_j)) of the distribution that counts give, 0 log 0 being 0. (I, J) -> scalar."""
    some = bool((table >= 0).all()) and bool(table.sum() > 0)
    require(some, "mutual_information: table must have counts of at least 0, not all 0.")
    joint = table.to(table.dtype if table.is_floating_point() else torch.get_default_dtype())
    joint = joint / joint.sum()
    apart = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    return torch.xlogy(joint, joint / apart.clamp(min=torch.finfo(joint.dtype).tiny)).sum()


@checked(mi="D F", entropy="F")
def mutual_information_gap(mi: Tensor, entropy: Tensor) -> Tensor:
    """Mean over factors of (largest − second largest I(z_d; factor)) / H(factor). (D, F), (F,) -> scalar, 0 to 1.

    Source: Chen, Li, Grosse and Duvenaud (2018), section 4.
    """
    require(len(mi) >= 2, "mutual_information_gap: mi must be (D, F) with at least two dimensions.")
    require(
        bool((entropy > 0).all()), "mutual_information_gap: a factor of entropy 0 has one value only; leave it out."
    )
    first, second = mi.topk(2, 0).values
    return ((first - second) / entropy).mean()


@checked(codes="N D", factors="whole N F", bins="count 2")
def information_table(codes: Tensor, factors: Tensor, bins: int = 20) -> tuple[Tensor, Tensor]:
    """I(z_d; factor), each dimension cut into `bins` of equal width, and H(factor). (N, D), (N, F) -> (D, F), (F,)."""
    _require_factors("information_table", factors)
    low, high = codes.min(0).values, codes.max(0).values
    cut = ((codes - low) / (high - low).clamp(min=1e-12) * bins).long().clamp(max=bins - 1)
    tables = [[_counts(a, b) for b in factors.T] for a in cut.T]
    mi = torch.stack([torch.stack([mutual_information(t) for t in row]) for row in tables])
    return mi, torch.stack([_entropy(t.sum(0)) for t in tables[0]])


@checked(mu="N D", logvar="N D", factors="whole N F")
def exact_information(mu: Tensor, logvar: Tensor, factors: Tensor) -> tuple[Tensor, Tensor]:
    """I(z_d; factor) and H(factor), n uniform over the N examples and z ~ q(z|x_n). (N, D), (N, F) -> (D, F), (F,).

    I = H(z_d) − Σ_v p(v) H(z_d | v), by quadrature in steps of a quarter of the least σ: no draws and no bins, whose
    estimates from few examples are too large. In float64.
    """
    _require_factors("exact_information", factors)
    groups = [torch.nn.functional.one_hot(column.unique(return_inverse=True)[1]).double() for column in factors.T]
    rows = []
    for mean, log_variance in zip(mu.double().T, logvar.double().T, strict=True):
        sigma = torch.exp(log_variance / 2)
        step = sigma.min().item() / 4
        z = torch.arange((mean - 8 * sigma).min().item(), (mean + 8 * sigma).max().item(), step, dtype=torch.float64)
        density = torch.distributions.Normal(mean[:, None], sigma[:, None]).log_prob(z).exp()
        whole = torch.special.entr(density.mean(0)).sum()
        given = [torch.special.entr(g.T @ density / g.sum(0)[:, None]).sum(1) @ g.mean(0) for g in groups]
        rows.append(step * (whole - torch.stack(given)))
    return torch.stack(rows), torch.stack([_entropy(group.sum(0)) for group in groups])


def _require_factors(function: str, factors: Tensor) -> None:
    require(int(factors.min()) >= 0, f"{function}: factors are numbered from 0, the least of these is {factors.min()}.")


def _counts(a: Tensor, b: Tensor) -> Tensor:
    """How often each pair of values occurs. (N,), (N,) -> (I, J), float64."""
    table = torch.zeros(int(a.max()) + 1, int(b.max()) + 1, dtype=torch.float64)
    return table.index_put_((a, b), torch.ones(len(a), dtype=torch.float64), accumulate=True)


def _entropy(counts: Tensor) -> Tensor:
    share = counts / counts.sum()
    return -torch.xlogy(share, share).sum()
