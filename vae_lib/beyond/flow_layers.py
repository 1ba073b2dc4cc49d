"""The layers of a normalizing flow: invertible maps whose determinant is cheap. Planar, affine coupling, triangular.

A layer maps (B, D) to a `Moved`: where it takes the rows, and the log of |det dy/dx| at each, in nats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_lib.checks import checked, checking, require, require_returned
from vae_lib.networks import mlp


class Moved(NamedTuple):
    """Where a layer takes each row, `y` (B, D), and `log_det` (B,), the log of |det dy/dx| there."""

    y: Tensor
    log_det: Tensor


Layer = Callable[[Tensor], tuple[Tensor, Tensor]]


@checked(x="B D", mask="D", scale="function", shift="function")
def affine_coupling(
    x: Tensor, mask: Tensor, scale: Callable[[Tensor], Tensor], shift: Callable[[Tensor], Tensor]
) -> Moved:
    """y = m x + (1−m)(x exp(s(m x)) + t(m x)), log |det| = Σ_d (1−m_d) s_d(m x). scale, shift: (B, D) -> (B, D).

    Shapes: (B, D), (D,) of 0 and 1 -> (B, D), (B,). Source: Dinh, Sohl-Dickstein and Bengio (2017), section 3.
    """
    return _stretched(x, mask, *_from_kept("affine_coupling", mask * x, mask, scale, shift))


@checked(y="B D", mask="D", scale="function", shift="function")
def affine_coupling_inverse(
    y: Tensor, mask: Tensor, scale: Callable[[Tensor], Tensor], shift: Callable[[Tensor], Tensor]
) -> Tensor:
    """The x that `affine_coupling` takes to y, exactly: what the mask keeps is known. (B, D), (D,) -> (B, D)."""
    kept = mask * y
    stretch, moved = _from_kept("affine_coupling_inverse", kept, mask, scale, shift)
    return kept + (1 - mask) * (y - moved) * torch.exp(-stretch)


def _from_kept(function: str, kept: Tensor, mask: Tensor, scale: Callable, shift: Callable) -> tuple[Tensor, Tensor]:
    """What both functions make of what is kept, (B, D) each."""
    require(bool((mask * (1 - mask) == 0).all()), f"{function}: mask must be of 0 and 1.")
    made = scale(kept), shift(kept)
    for name, value in zip(("scale", "shift"), made, strict=True):
        require_returned(value, tuple(kept.shape), f"{function}: {name}")
    return made


@checked(z="B D", u="D", w="D", b="")
def planar(z: Tensor, u: Tensor, w: Tensor, b: Tensor) -> Moved:
    """y = z + u tanh(wᵀz + b), log |det| = log |1 + uᵀw (1 − tanh²(wᵀz + b))|.

    Shapes: (B, D), (D,), (D,), () -> (B, D), (B,). Invertible where uᵀw > −1. Source: Rezende and Mohamed (2015), 4.1.
    """
    return _bent(z, w, b, u, u @ w)


def _bent(z: Tensor, w: Tensor, b: Tensor, u: Tensor, along: Tensor) -> Moved:
    """`planar`, with `along` for uᵀw, which the caller has."""
    bend = torch.tanh(z @ w + b)
    return Moved(torch.addr(z, bend, u), (1 + along * (1 - bend.square())).abs().log())


@checked(u="D", w="D")
def keep_invertible(u: Tensor, w: Tensor) -> Tensor:
    """u moved along w until uᵀw = log(1 + e^{uᵀw}) − 1 > −1. (D,), (D,) -> (D,). Source: the same, appendix A.1."""
    return _kept_invertible(u, w)[0]


def _kept_invertible(u: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
    """The moved u, with its uᵀw."""
    require(not checking() or bool(w.any()), "keep_invertible: w must have an entry that is not 0.")
    given = u @ w
    along = F.softplus(given) - 1
    return u + (along - given) / (w @ w) * w, along


@checked(y="B D", u="D", w="D", b="")
def planar_inverse(y: Tensor, u: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """The z that `planar` takes to y, for uᵀw > −1: bisection of a + uᵀw tanh(a + b) = wᵀy for a = wᵀz. -> (B, D)."""
    along, target = u @ w, y @ w
    require(bool(along > -1), f"planar_inverse: uᵀw must be above −1, it is {along.item():.4g}; see keep_invertible.")
    with torch.no_grad():
        low, high = target - along.abs(), target + along.abs()
        for _ in range(60):
            middle = (low + high) / 2
            above = middle + along * torch.tanh(middle + b) > target
            low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    bend = torch.tanh(low + b)
    # one step of Newton's: the last digits, and the gradient that bisection has not
    root = low - (low + along * bend - target) / (1 + along * (1 - bend.square())).detach()
    return y - torch.tanh(root + b).unsqueeze(1) * u


class Planar(nn.Module):
    """`planar` with its own u, w, b, kept invertible."""

    @checked(n_dims="count")
    def __init__(self, n_dims: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.n_dims = n_dims
        self.raw_u = nn.Parameter(0.1 * torch.randn(n_dims, generator=generator))
        self.w = nn.Parameter(torch.randn(n_dims, generator=generator))
        self.b = nn.Parameter(torch.randn((), generator=generator))

    @property
    def u(self) -> Tensor:
        """The direction in which rows are moved, with uᵀw > −1. -> (D,)."""
        return keep_invertible(self.raw_u, self.w)

    @checked(z="B n_dims")
    def forward(self, z: Tensor) -> Moved:
        return _bent(z, self.w, self.b, *_kept_invertible(self.raw_u, self.w))

    @checked(y="B n_dims")
    def inverse(self, y: Tensor) -> Tensor:
        """The z that is taken to y. (B, D) -> (B, D)."""
        return planar_inverse(y, self.u, self.w, self.b)


class Coupling(nn.Module):
    """`affine_coupling` by one network for s and t; |s| < `most`, so that no layer explodes. At first the identity."""

    @checked(hidden="sizes", most="positive")
    def __init__(
        self,
        mask: Sequence[int],
        hidden: Sequence[int] = (64,),
        most: float = 2.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        binary = isinstance(mask, (list, tuple)) and set(mask) == {0, 1}
        require(binary, f"Coupling: mask must be a list of 0 and 1, with both in it, not {mask!r}.")
        self.n_dims = len(mask)
        self.register_buffer("mask", torch.tensor([float(kept) for kept in mask]))
        self.network, self.most = mlp([len(mask), *hidden, 2 * len(mask)], generator), most
        nn.init.zeros_(self.network[-1].weight)
        nn.init.zeros_(self.network[-1].bias)

    def _scale_and_shift(self, kept: Tensor) -> tuple[Tensor, Tensor]:
        scale, shift = self.network(kept).chunk(2, dim=-1)
        return self.most * torch.tanh(scale / self.most), shift

    @checked(x="B n_dims")
    def forward(self, x: Tensor) -> Moved:
        return _stretched(x, self.mask, *self._scale_and_shift(self.mask * x))

    @checked(y="B n_dims")
    def inverse(self, y: Tensor) -> Tensor:
        """The x that is taken to y. (B, D) -> (B, D)."""
        scale, shift = self._scale_and_shift(self.mask * y)
        return affine_coupling_inverse(y, self.mask, lambda _: scale, lambda _: shift)


class Affine(nn.Module):
    """y = A x + c, A lower triangular with a positive diagonal: a Gaussian with every correlation, as a flow."""

    @checked(n_dims="count")
    def __init__(self, n_dims: int) -> None:
        super().__init__()
        self.n_dims = n_dims
        self.raw, self.c = nn.Parameter(torch.zeros(n_dims, n_dims)), nn.Parameter(torch.zeros(n_dims))

    @property
    def A(self) -> Tensor:
        """The matrix: its diagonal is the exponential of what is learned. -> (D, D)."""
        return self.raw.tril(-1) + self.raw.diagonal().exp().diag()

    @checked(x="B n_dims")
    def forward(self, x: Tensor) -> Moved:
        return Moved(x @ self.A.mT + self.c, self.raw.diagonal().sum().expand(len(x)))

    @checked(y="B n_dims")
    def inverse(self, y: Tensor) -> Tensor:
        """The x that is taken to y. (B, D) -> (B, D)."""
        return torch.linalg.solve_triangular(self.A, (y - self.c).mT, upper=False).mT


def _stretched(x: Tensor, mask: Tensor, scale: Tensor, shift: Tensor) -> Moved:
    return Moved(mask * x + (1 - mask) * (x * torch.exp(scale) + shift), ((1 - mask) * scale).sum(-1))


@checked(n_dims="count 2", n_layers="count", hidden="sizes")
def coupling_layers(
    n_dims: int, n_layers: int, hidden: Sequence[int] = (64,), generator: torch.Generator | None = None
) -> list[Coupling]:
    """So many couplings; every other one keeps the even dimensions, the rest the odd ones."""
    masks = [[(d + i) % 2 for d in range(n_dims)] for i in range(n_layers)]
    return [Coupling(mask, hidden, generator=generator) for mask in masks]
