"""Small pictures drawn by code from five known factors: what a disentangled code should find again.

A shape, its size, its angle and its place, each of a few values; every combination is one picture. The three shapes
look the same at no two angles, so that every factor can be read from the picture.
"""

from __future__ import annotations

import math
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from vae_lib.checks import checked, require, require_count

FACTORS = {"shape": 3, "size": 3, "angle": 8, "x": 6, "y": 6}
SHAPES = ("wedge", "half disc", "L")


class Sprites(NamedTuple):
    """`pictures` (N, side²) in [0, 1], float32, and `factors` (N, F) int64, a column for each that varies."""

    pictures: Tensor
    factors: Tensor


@checked(side="count 8", detail="count")
def sprites(side: int = 24, detail: int = 4, **fixed: int) -> Sprites:
    """All 2,592 combinations, in order of FACTORS, the last one fastest; or those with `fixed` factors, as `shape=2`.

    Every pixel is the mean over `detail`² points in it, so that edges are grey.
    """
    for name, value in fixed.items():
        known = f"sprites: {name} must be one of the factors {', '.join(FACTORS)}."
        require(name in FACTORS, known)
        require_count(value, f"sprites: {name}", least=0)
        require(value in range(FACTORS[name]), f"sprites: {name} must be 0 to {FACTORS[name] - 1}, not {value!r}.")
    steps = [[fixed[name]] if name in fixed else range(n) for name, n in FACTORS.items()]
    factors, left = torch.tensor(list(product(*steps))), [i for i, name in enumerate(FACTORS) if name not in fixed]
    points = (torch.arange(side * detail) + 0.5) / (side * detail) * 2 - 1  # the picture is the square [−1, 1]²
    y, x = torch.meshgrid(-points, points, indexing="ij")
    pictures = torch.stack([_pixels(_inside(x, y, *row), side, detail) for row in factors.tolist()])
    return Sprites(pictures, factors[:, left])


def _inside(x: Tensor, y: Tensor, shape: int, size: int, angle: int, column: int, row: int) -> Tensor:
    """1 where the points lie in the shape, after they are moved, turned and scaled into its own frame."""
    reach, turn = 0.3 + 0.1 * size, 2 * math.pi * angle / FACTORS["angle"]
    u, v = x - _place(column, FACTORS["x"]), y - _place(row, FACTORS["y"])
    along = (u * math.cos(turn) + v * math.sin(turn)) / reach
    across = (v * math.cos(turn) - u * math.sin(turn)) / reach
    return (_wedge, _half_disc, _l)[shape](along, across).float()


def _place(step: int, count: int) -> float:
    return -0.36 + 0.72 * step / (count - 1)


def _wedge(u: Tensor, v: Tensor) -> Tensor:
    """A triangle with one sharp corner, on the right."""
    return (u > -0.7) & (v.abs() < 0.32 * (1.1 - u))


def _half_disc(u: Tensor, v: Tensor) -> Tensor:
    return (u > -0.3) & ((u + 0.3).square() + v.square() < 1)


def _l(u: Tensor, v: Tensor) -> Tensor:
    """A long bar with a short one at its left end."""
    return ((v + 0.45).abs() < 0.25) & (u.abs() < 0.9) | ((u + 0.65).abs() < 0.25) & (v > -0.7) & (v < 0.6)


def _pixels(fine: Tensor, side: int, detail: int) -> Tensor:
    return fine.view(side, detail, side, detail).mean((1, 3)).flatten()
