"""Multilayer perceptrons: the encoder that gives μ and log σ², the decoder that gives logits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from vae_lib.checks import checked, require, require_count, require_same_place, require_sizes


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

    def __init__(
        self, n_pixels: int, hidden: Sequence[int], latent_dim: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        require_architecture("Encoder", n_pixels, hidden, latent_dim)
        self.layers = mlp([n_pixels, *hidden, 2 * latent_dim], generator)

    @checked(x="... P")
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        _require_width("Encoder: x", x, self.layers)
        mu, logvar = self.layers(x).chunk(2, dim=-1)
        return mu, logvar


class Decoder(nn.Module):
    """z -> logits of p(x|z). Shapes: (..., D) -> (..., P)."""

    def __init__(
        self, latent_dim: int, hidden: Sequence[int], n_pixels: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        require_architecture("Decoder", n_pixels, hidden, latent_dim)
        self.layers = mlp([latent_dim, *hidden, n_pixels], generator)

    @checked(z="... D")
    def forward(self, z: Tensor) -> Tensor:
        _require_width("Decoder: z", z, self.layers)
        return self.layers(z)


def require_architecture(label: str, n_pixels: int, hidden: Sequence[int], latent_dim: int) -> None:
    """Sizes are whole numbers above 0, `hidden` a list or tuple of them; `label` is the name in the message."""
    require_count(n_pixels, f"{label}: n_pixels")
    require_count(latent_dim, f"{label}: latent_dim")
    require_sizes(hidden, f"{label}: hidden")


def _require_width(label: str, given: Tensor, layers: nn.Sequential) -> None:
    width = layers[0].in_features
    require(given.shape[-1] == width, f"{label} must have {width} columns, not {given.shape[-1]}.")
    require_same_place(label, given, layers)


def _linear(n_in: int, n_out: int, generator: torch.Generator | None) -> nn.Linear:
    layer = nn.Linear(n_in, n_out)
    if generator is not None:
        bound = 1 / math.sqrt(n_in)
        nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer
