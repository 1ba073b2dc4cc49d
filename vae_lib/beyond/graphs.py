"""VAEs of graphs: a code for each node, or one for a whole small molecule. In nats, per graph.

Letters: G nodes; a graph is its adjacency table (G, G), symmetric, 0 or 1, without loops. The nodes have no order of
their own, a table has one, and there are two ways to live with that:

- `NodeVAE` has a code for each node, and reordering the nodes only reorders the codes (it is *equivariant*), so that no
  order has to be chosen (Kipf and Welling 2016). The pairs are independent given the codes.
- `MoleculeVAE` has one code for a graph, so its decoder must write down a table, in some order. It is told one order
  of each graph, the canonical one (`molecules.canonical`), and `encode` puts what it is given into that order first,
  so that the code does not depend on the order either. Simonovsky and Komodakis (2018) match the nodes instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_lib.beyond.molecules import N_ATOMS, N_KINDS, N_PAIRS, Molecules, allowed, canonical, from_rows, to_rows
from vae_lib.checks import checked, require, require_returned
from vae_lib.gaussian import gaussian_kl, reparametrize
from vae_lib.networks import Decoder, Encoder, mlp
from vae_lib.objective import ElboTerms

NEVER = -1e4  # the logit of what cannot be: its probability is 0, and 0 times it is a number


@checked(Z="... G D")
def adjacency_logits(Z: Tensor) -> Tensor:
    """Inner products of node codes: entry [i, j] is z_iᵀ z_j. Shapes: (..., B, G, D) -> (..., B, G, G)."""
    return Z @ Z.mT


@checked(logits="... B G G", adjacency="unit B G G")
def graph_nll(logits: Tensor, adjacency: Tensor) -> Tensor:
    """−log p of a graph whose pairs are independent Bernoulli, each pair i < j once, no loops.

    (..., B, G, G), (B, G, G) -> (..., B). The upper triangle is read.
    """
    i, j = torch.triu_indices(*adjacency.shape[-2:], 1)
    logits, given = torch.broadcast_tensors(logits[..., i, j], adjacency[..., i, j])
    return F.binary_cross_entropy_with_logits(logits, given, reduction="none").sum(-1)


@checked(adjacency="unit G G")
def propagation(adjacency: Tensor) -> Tensor:
    """D^(−1/2) (A + I) D^(−1/2), with D the row sums of A + I: one step of a graph convolution. (G, G) -> (G, G).

    Source: Kipf and Welling (2017), equation 2.
    """
    looped = adjacency + torch.eye(len(adjacency), dtype=adjacency.dtype)
    scale = looped.sum(1).rsqrt()
    return scale[:, None] * looped * scale


class NodeVAE(nn.Module):
    """q(z_i|A) = N(μ_i, diag σ_i²) by two graph convolutions, p(z_i) = N(0, I), p(A_ij = 1|z) = sigmoid(z_iᵀ z_j + b).

    `features` (G, F) tell nodes apart: the identity for one graph whose nodes have names. b is learned, or 0 without
    `offset`, as in Kipf and Welling: then two nodes that have nothing in common are joined with probability ½.
    """

    @checked(n_features="count", latent_dim="count", hidden="count", offset="flag")
    def __init__(
        self,
        n_features: int,
        latent_dim: int,
        hidden: int = 32,
        offset: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_features, self.latent_dim = n_features, latent_dim
        self.first = mlp([n_features, hidden], generator)
        self.second = mlp([hidden, 2 * latent_dim], generator)
        self.offset = nn.Parameter(torch.zeros(()), requires_grad=offset)

    @checked(adjacency="unit G G", features="G n_features")
    def encode(self, adjacency: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """μ and log σ² of each node's code. Shapes: (G, G), (G, F) -> (G, D), (G, D)."""
        step = propagation(adjacency)
        mu, logvar = (step @ self.second(torch.relu(step @ self.first(features)))).chunk(2, dim=1)
        return mu, logvar

    @checked(z="... G latent_dim")
    def decode(self, z: Tensor) -> Tensor:
        """The logits of the pairs. Shapes: (..., G, D) -> (..., G, G)."""
        return adjacency_logits(z) + self.offset

    @checked(adjacency="unit G G", features="G n_features", target="unit G G")
    def loss_terms(
        self, adjacency: Tensor, features: Tensor, target: Tensor, generator: torch.Generator | None = None
    ) -> ElboTerms:
        """The cost of the pairs and the KL, summed over the nodes, one draw; `target` is the table to be predicted.
        (G, G), (G, F), (G, G) -> two values of shape (1,)."""
        mu, logvar = self.encode(adjacency, features)
        z = reparametrize(mu, logvar, generator=generator)
        return ElboTerms(graph_nll(self.decode(z)[None], target[None]), gaussian_kl(mu, logvar).sum()[None])


class MoleculeVAE(nn.Module):
    """q(z|x) = N(μ, diag σ²), p(z) = N(0, I), p(x|z): 15 pairs, independent given the code, then six atoms.

    x is a row of `molecules.to_rows`, P = 33, in canonical order.
    """

    n_dims = N_ATOMS * N_KINDS + N_PAIRS  # of a row

    @checked(latent_dim="count", hidden="sizes", valences="flag")
    def __init__(
        self,
        latent_dim: int,
        hidden: Sequence[int] = (128, 128),
        valences: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.latent_dim, self.valences = latent_dim, valences
        self.encoder = Encoder(self.n_dims, hidden, latent_dim, generator)
        self.decoder = Decoder(latent_dim, tuple(hidden)[::-1], self.n_dims, generator)

    def encode(self, molecules: Molecules) -> tuple[Tensor, Tensor]:
        """μ and log σ² of q(z|x), whatever the order of the atoms. -> (N, D), (N, D)."""
        return self.encoder(to_rows(canonical(molecules)))

    @checked(z="... B latent_dim")
    def decode(self, z: Tensor) -> Tensor:
        """The logits of p(x|z), as `molecules.assemble` reads them. Shapes: (..., B, D) -> (..., B, 33)."""
        return self.decoder(z)

    @checked(x="unit B n_dims", logits="... n_dims")
    def nll(self, x: Tensor, logits: Tensor) -> Tensor:
        """−log p(x|z), the bonds first, the atoms given the bonds. (B, 33), (..., B, 33) or (33,) for all -> (..., B).

        Bernoulli for each pair, categorical for each node: among atoms `allowed` at its bonds, all without `valences`.
        """
        shape = tuple(logits.shape)
        require(shape[-2:-1] in ((), (len(x),)), f"MoleculeVAE.nll: x has B = {len(x)} rows, logits {shape}.")
        pairs, given = torch.broadcast_tensors(logits[..., -N_PAIRS:], x[..., -N_PAIRS:])
        bonds = F.binary_cross_entropy_with_logits(pairs, given, reduction="none").sum(-1)
        kinds = logits[..., :-N_PAIRS].unflatten(-1, (N_ATOMS, N_KINDS))
        if self.valences:
            kinds = kinds.masked_fill(~allowed(from_rows(x).bonds), NEVER)
        return bonds - (kinds.log_softmax(-1).flatten(-2) * x[..., :-N_PAIRS]).sum(-1)

    @checked(x="unit B n_dims", n_samples="count")
    def loss_terms(self, x: Tensor, n_samples: int = 1, generator: torch.Generator | None = None) -> ElboTerms:
        """E_q[−log p(x|z)] by L = `n_samples` draws, and the KL: what `fit` trains. (B, 33) -> (B,), (B,)."""
        mu, logvar = self.encoder(x)
        eps = torch.randn(n_samples, *mu.shape, dtype=mu.dtype, generator=generator)
        return ElboTerms(self.nll(x, self.decode(reparametrize(mu, logvar, eps))).mean(0), gaussian_kl(mu, logvar))


class PropertyNetwork(nn.Module):
    """A property as a function of the code, y ≈ `center` + `scale` f(z), trained by the squared error of f."""

    @checked(latent_dim="count", hidden="sizes", center="number", scale="positive")
    def __init__(
        self,
        latent_dim: int,
        hidden: Sequence[int] = (64, 64),
        center: float = 0.0,
        scale: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_dims, self.center, self.scale = latent_dim, center, scale
        self.layers = mlp([latent_dim, *hidden, 1], generator)

    @checked(z="... n_dims")
    def forward(self, z: Tensor) -> Tensor:
        """The property predicted. Shapes: (..., D) -> (...)."""
        return self.center + self.scale * self.layers(z).squeeze(-1)

    @checked(z="B n_dims", y="B")
    def loss_terms(
        self, z: Tensor, y: Tensor, n_samples: int = 1, generator: torch.Generator | None = None
    ) -> ElboTerms:
        """½ ((y − ŷ) / scale)², and no KL: what `fit` trains. (B, D), (B,) -> (B,), (B,)."""
        error = 0.5 * ((y - self(z)) / self.scale).square()
        return ElboTerms(error, torch.zeros_like(error))


@checked(predict="function", z="B D", steps="count 0", learning_rate="number")
def climb(predict: Callable[[Tensor], Tensor], z: Tensor, steps: int, learning_rate: float) -> Tensor:
    """Gradient ascent on a predicted property, each row by its own gradient; the start included; detached.

    predict: (B, D) -> (B,); (B, D) -> (steps + 1, B, D). Source: Gómez-Bombarelli et al. (2018), section 2.
    """
    path = [z.detach()]
    for _ in range(steps):
        here = path[-1].clone().requires_grad_()
        with torch.enable_grad():
            values = predict(here)
            require_returned(values, (len(z),), "climb: predict")
            (slope,) = torch.autograd.grad(values.sum(), here)
        path.append(path[-1] + learning_rate * slope)
    return torch.stack(path)
