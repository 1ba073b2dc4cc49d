"""Multilayer perceptrons: the encoder that gives μ and log σ², the decoder that gives logits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from vae_lib.checks import checked


@checked(sizes="sizes 2")
def mlp(sizes: Sequence[int], generator: torch.Generator | None = None) -> nn.Sequential:
    """Linear layers of these sizes with a ReLU between any two; two sizes make one linear map.

    Shapes: (..., sizes[0]) -> (..., sizes[-1]). Weights and biases are drawn from U(−1/√fan_in, 1/√fan_in),
    as in `torch.nn.Linear`, from `generator` if one is given.
    """
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        # in place: the linear layer before it does not need its own output for its gradient
        layers += [_linear(n_in, n_out, generator), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])


class Encoder(nn.Module):
    """x -> μ, log σ² of q(z|x). Shapes: (..., P) -> (..., D), (..., D)."""

    @checked(n_pixels="count", hidden="sizes", latent_dim="count")
    def __init__(
        self, n_pixels: int, hidden: Sequence[int], latent_dim: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.n_pixels, self.layers = n_pixels, mlp([n_pixels, *hidden, 2 * latent_dim], generator)

    @checked(x="... n_pixels")
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mu, logvar = self.layers(x).chunk(2, dim=-1)
        return mu, logvar


class Decoder(nn.Module):
    """z -> logits of p(x|z). Shapes: (..., D) -> (..., P)."""

    @checked(latent_dim="count", hidden="sizes", n_pixels="count")
    def __init__(
        self, latent_dim: int, hidden: Sequence[int], n_pixels: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.latent_dim, self.layers = latent_dim, mlp([latent_dim, *hidden, n_pixels], generator)

    @checked(z="... latent_dim")
    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


def _linear(n_in: int, n_out: int, generator: torch.Generator | None) -> nn.Linear:
    layer = nn.Linear(n_in, n_out)
    if generator is not None:
        bound = 1 / math.sqrt(n_in)
        nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer
