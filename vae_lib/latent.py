"""The latent space as a place: noise around codes, regions, paths, planes, and how far apart things lie."""

from __future__ import annotations

import torch
from torch import Tensor

from vae_lib.checks import checked, require, require_at_least_zero, require_count, require_positive

WIDE = 32  # from so many pixels on, a matrix product saves time


@checked(z="B D", eps="L B D")
def perturb(z: Tensor, sigma: float, eps: Tensor) -> Tensor:
    """z + σ ε: L noisy copies of each code. Shapes: (B, D), float, (L, B, D) -> (L, B, D)."""
    require_at_least_zero(sigma, "perturb: sigma")
    return z + sigma * eps


@checked(Z="B D")
def bounding_box(Z: Tensor) -> tuple[Tensor, Tensor]:
    """The lowest and the highest code in each dimension. Shapes: (B, D) -> (D,), (D,)."""
    return Z.min(0).values, Z.max(0).values


@checked(low="D", high="D", u="B D")
def sample_box(low: Tensor, high: Tensor, u: Tensor) -> Tensor:
    """low + (high − low) u: uniform in the box for u uniform in [0, 1). Shapes: (D,), (D,), (B, D) -> (B, D)."""
    require(bool((low <= high).all()), "sample_box: low must not exceed high in any dimension.")
    return low + (high - low) * u


@checked(z_start="D", z_end="D")
def interpolate(z_start: Tensor, z_end: Tensor, steps: int) -> Tensor:
    """(1 − t) z_start + t z_end for `steps` equal steps of t from 0 to 1, both ends included.

    Shapes: (D,), (D,) -> (steps, D).
    """
    require_count(steps, "steps", least=2)
    t = torch.linspace(0, 1, steps, dtype=z_start.dtype, device=z_start.device).unsqueeze(-1)
    return (1 - t) * z_start + t * z_end


@checked(z_start="D", z_end="D")
def slerp(z_start: Tensor, z_end: Tensor, steps: int) -> Tensor:
    """[sin((1−t) Ω) z_start + sin(t Ω) z_end] / sin Ω with Ω the angle between the two; a straight line where they
    are parallel.

    Between ends of one length it keeps that length; between nearly opposite ends of different lengths it may leave
    both far behind. An explorer's spherical path turns the direction and takes the length in a straight line.
    Shapes: (D,), (D,) -> (steps, D). Source: Shoemake (1985).
    """
    line = interpolate(z_start, z_end, steps)
    lengths = z_start.norm() * z_end.norm()
    omega = torch.arccos((z_start @ z_end / lengths).clamp(-1, 1))
    if lengths == 0 or torch.sin(omega) < 1e-3:  # no angle, or none that a sine can be divided by in float32
        return line
    t = torch.linspace(0, 1, steps, dtype=z_start.dtype, device=z_start.device).unsqueeze(-1)
    return (torch.sin((1 - t) * omega) * z_start + torch.sin(t * omega) * z_end) / torch.sin(omega)


def latent_grid(n: int, limit: float = 3.0) -> Tensor:
    """n × n points of [−limit, limit]², row by row; the first row has z₂ = +limit, the first column z₁ = −limit.

    -> (n·n, 2).
    """
    require_count(n, "n", least=2)
    require_positive(limit, "limit")
    return _plane(torch.linspace(-limit, limit, n))


def quantile_grid(n: int) -> Tensor:
    """n × n points with coordinates Φ⁻¹((i + ½)/n), in the order of `latent_grid`: equal prior mass for each.

    -> (n·n, 2).
    """
    require_count(n, "n")
    probabilities = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    return _plane(torch.special.ndtri(probabilities).float())


@checked(samples="B P", data="N P")
def nearest_distance(samples: Tensor, data: Tensor) -> Tensor:
    """min_n ‖x_b − x_n‖: the distance of each sample to the nearest data point. Shapes: (B, P), (N, P) -> (B,)."""
    if samples.shape[1] >= WIDE:
        row, column = _candidates(samples.detach(), data.detach())
        if len(row) <= 10 * len(samples):
            distances = (samples[row] - data[column]).norm(dim=1)
            return distances.new_full((len(samples),), torch.inf).scatter_reduce(0, row, distances, "amin")
    return torch.cdist(samples, data, compute_mode="donot_use_mm_for_euclid_dist").min(-1).values


@checked(samples="B P")
def diversity(samples: Tensor) -> Tensor:
    """Mean Euclidean distance over the B(B−1)/2 distinct pairs. Shapes: (B, P) -> scalar."""
    require(len(samples) >= 2, "diversity: a pair needs at least two samples.")
    return torch.pdist(samples).mean()


def _candidates(samples: Tensor, data: Tensor) -> tuple[Tensor, Tensor]:
    """Pairs (b, n) that hold the nearest n of every b: one a sample, and more where rounding hides which it is.

    ‖x‖² − 2 x·y + ‖y‖² is a matrix product, many times as fast as the differences, and loses digits: each sum of P
    terms is right to within P + 8 roundings of (‖x‖ + ‖y‖)².
    """
    middle = data.mean(0)
    samples, data = samples - middle, data - middle
    squares = data.square().sum(1) - 2 * samples @ data.T  # ‖x‖² is the same all along a row
    longest = samples.norm(dim=1, keepdim=True) + data.norm(dim=1).max()
    slack = 2 * (data.shape[1] + 8) * torch.finfo(data.dtype).eps * longest.square()
    beaten = squares > squares.min(1, keepdim=True).values + slack
    return (~beaten).nonzero(as_tuple=True)  # NaN, from squares beyond the floats, beats nothing


def _plane(ticks: Tensor) -> Tensor:
    z2, z1 = torch.meshgrid(ticks.flip(0), ticks, indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], dim=-1)
