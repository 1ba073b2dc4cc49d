"""Densities in the plane that are known exactly, to be learned: their entropy, and a model's gap to it, by quadrature.

A curve with Gaussian noise is a mixture of equal Gaussians along it; a checkerboard is uniform on eight squares.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vae_lib.checks import checked, require, require_returned

POINTS = 400  # on a curve: they lie much closer together than the noise is wide


class Curve:
    """(1/K) Σ_k N(x; c_k, width² I) with K points c_k on a curve. `points` (K, 2)."""

    @checked(points="K 2", width="positive")
    def __init__(self, points: Tensor, width: float) -> None:
        self.points, self.width = points, float(width)

    @checked(x="B 2")
    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) in nats. (B, 2) -> (B,)."""
        parts = [torch.cdist(part, self.points.to(x.dtype)).square() for part in x.split(5000)]  # bounds the memory
        logs = torch.cat([torch.logsumexp(-0.5 / self.width**2 * squares, 1) for squares in parts])
        return logs - math.log(len(self.points) * 2 * math.pi * self.width**2)

    @checked(n="count")
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws. -> (n, 2)."""
        chosen = torch.randint(len(self.points), (n,), generator=generator)
        return self.points[chosen] + self.width * torch.randn(n, 2, generator=generator)


class Checkerboard:
    """Uniform on the eight squares of [−2, 2]² with side 1 that touch at their corners: log p is −log 8 or −∞."""

    @checked(x="B 2")
    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) in nats. (B, 2) -> (B,)."""
        inside, squares = (x.abs() < 2).all(1), (x + 2).floor()
        lit = inside & (squares.sum(1) % 2 == 0)
        return torch.where(lit, -math.log(8), -math.inf).to(x.dtype)

    @checked(n="count")
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws. -> (n, 2)."""
        square = torch.randint(8, (n,), generator=generator)
        row = square // 2
        corner = torch.stack([2 * (square % 2) + row % 2, row], 1) - 2
        return corner + torch.rand(n, 2, generator=generator)


Density = Curve | Checkerboard


def moons() -> Curve:
    """Two half circles of radius 2 that hold one another, with noise of 0.2."""
    angle = torch.pi * (torch.arange(POINTS // 2) + 0.5) / (POINTS // 2)
    up = torch.stack([angle.cos(), angle.sin()], 1)
    down = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], 1)
    return Curve(2 * (torch.cat([up, down]) - torch.tensor([0.5, 0.25])), 0.2)


def ring() -> Curve:
    """A circle of radius 2 with noise of 0.2."""
    angle = 2 * torch.pi * torch.arange(POINTS) / POINTS
    return Curve(2 * torch.stack([angle.cos(), angle.sin()], 1), 0.2)


def spiral() -> Curve:
    """Two arms that wind three quarters of a turn and more around one another, with noise of 0.15."""
    angle = 3 * torch.pi * ((torch.arange(POINTS // 2) + 0.5) / (POINTS // 2)).sqrt()
    arm = torch.stack([angle.cos(), angle.sin()], 1) * angle[:, None] / 3
    return Curve(torch.cat([arm, -arm]), 0.15)


KNOWN: dict[str, Callable[[], Density]] = {
    "moons": moons,
    "ring": ring,
    "spiral": spiral,
    "checkerboard": Checkerboard,
}


@checked(limit="positive", cells="count 2")
def grid(limit: float = 5.0, cells: int = 200) -> tuple[Tensor, float]:
    """The middles of cells² squares in [−limit, limit]², float64, and the area of one. -> (cells², 2)."""
    axis = (torch.arange(cells, dtype=torch.float64) + 0.5) * (2 * limit / cells) - limit
    return torch.cartesian_prod(axis, axis), (2 * limit / cells) ** 2


def entropy(density: Density, limit: float = 5.0, cells: int = 200) -> float:
    """−∫ p log p in nats, by quadrature."""
    _require_density("entropy", density)
    points, area = grid(limit, cells)
    return float(torch.special.entr(density.log_prob(points).exp()).sum() * area)


@torch.no_grad()
@checked(log_q="function")
def divergence(density: Density, log_q: Callable[[Tensor], Tensor], limit: float = 5.0, cells: int = 200) -> float:
    """KL(p ‖ q) = ∫ p (log p − log q) in nats by quadrature: what a model's cost is above the entropy.

    log_q: (B, 2) float32 -> (B,).
    """
    return _divergences("divergence", density, {"log_q": log_q}, limit, cells)["log_q"]


def divergences(
    density: Density, models: dict[str, Callable[[Tensor], Tensor]], limit: float = 5.0, cells: int = 200
) -> dict[str, float]:
    """`divergence` from each of several models, by name: the density is evaluated once for all of them."""
    given = isinstance(models, dict) and len(models) > 0 and all(map(callable, models.values()))
    require(given, f"divergences: models must be a dictionary of functions, not {models!r}.")
    return _divergences("divergences", density, models, limit, cells)


@torch.no_grad()
def _divergences(function: str, density: Density, models: dict, limit: float, cells: int) -> dict[str, float]:
    _require_density(function, density)
    points, area = grid(limit, cells)
    log_p = density.log_prob(points)
    used = log_p > -60  # further out nothing is left to be summed
    points, log_p = points[used].float(), log_p[used]
    mass = log_p.exp() * area
    log_at = {name: _in_parts(log_q, points, f"{function}: {name}") for name, log_q in models.items()}
    return {name: float((mass * (log_p - log_q.double())).sum()) for name, log_q in log_at.items()}


def _in_parts(log_q: Callable[[Tensor], Tensor], points: Tensor, label: str, rows: int = 4000) -> Tensor:
    """log q at all points: a few thousand rows at a time fit a processor's cache. (B, 2) -> (B,)."""
    found = []
    for part in points.split(rows):
        found.append(log_q(part))
        require_returned(found[-1], (len(part),), label)
    return torch.cat(found)


def _require_density(function: str, density: object) -> None:
    known = isinstance(density, Density)
    require(known, f"{function}: density must be a Curve or a Checkerboard, not {type(density).__name__}.")
