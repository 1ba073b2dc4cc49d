"""Pictures changed as their subject allows: moved by a pixel."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_lib.checks import checked, require


@checked(x="B P", share="share")
def shift_pixels(x: Tensor, share: float, generator: torch.Generator | None = None) -> Tensor:
    """Move each picture, with probability `share`, by −1, 0 or 1 pixel in each direction, wrapped at the rim.

    Shapes: (B, P) -> (B, P), P a square number. Right for pictures with an empty rim, such as MNIST's.
    """
    side = math.isqrt(x.shape[1])
    require(side * side == x.shape[1], f"shift_pixels: {x.shape[1]} pixels are no square picture.")
    draw = torch.rand(3, len(x), 1, device=x.device, generator=generator)
    steps = (torch.floor(3 * draw[:2]) - 1).long() * (draw[2] < share)
    place = torch.arange(x.shape[1], device=x.device)
    rows, columns = (place // side + steps[0]) % side, (place % side + steps[1]) % side
    return x.gather(1, rows * side + columns)
