"""A diffusion model: data are turned into noise in T small steps, and a network learns the steps back. In nats.

q(x_t | x_{t−1}) = N(√(1−β_t) x_{t−1}, β_t I), so q(x_t | x) = N(√ā_t x, (1−ā_t) I) with ā_t = Π (1−β_s).
Source: Ho, Jain and Abbeel (2020), sections 2 and 3. t runs from 1 to T; tables have index t − 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vae_lib.checks import checked, require, require_within
from vae_lib.gaussian import LOG_2PI, gaussian_kl
from vae_lib.networks import mlp
from vae_lib.objective import ElboTerms

WAVES = 6  # sines, and as many cosines, that tell the network the time


class Schedule(NamedTuple):
    """`beta` (T,), the variance that each step adds; `kept` (T,), ā_t, the share of the data's that is left; `back`
    (T,), the variance of q(x_{t−1} | x_t, x), which is β_t (1−ā_{t−1}) / (1−ā_t), and β_1 at the last step back.
    """

    beta: Tensor
    kept: Tensor
    back: Tensor


@lru_cache(maxsize=16)
def _schedule(steps: int, first: float, last: float) -> Schedule:
    """β from `first` to `last` in equal ratios."""
    beta = torch.linspace(math.log(first), math.log(last), steps, dtype=torch.float64, device="cpu").exp()
    kept = (1 - beta).cumprod(0)
    before = torch.cat([kept[:1], kept[:-1]])
    return Schedule(beta.float(), kept.float(), (beta * (1 - before) / (1 - kept)).float())


@checked(x="B D", kept="unit B", eps="B D")
def noised(x: Tensor, kept: Tensor, eps: Tensor) -> Tensor:
    """x_t = √ā_t x + √(1−ā_t) ε, in one step. (B, D), (B,), (B, D) -> (B, D)."""
    return kept.sqrt().unsqueeze(1) * x + (1 - kept).sqrt().unsqueeze(1) * eps


class Diffusion(nn.Module):
    """The noise ε in x_t by a network of x_t and t. `vae_lib.fit` trains it on ‖ε − ε̂‖² at random times, and at the
    same times the variance of each step back, between its least and β_t, on the bound (Nichol and Dhariwal 2021).
    """

    @checked(n_dims="count", hidden="sizes", steps="count 2", first="positive", last="positive")
    def __init__(
        self,
        n_dims: int,
        hidden: Sequence[int] = (64, 64),
        steps: int = 100,
        first: float = 1e-3,
        last: float = 0.4,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        require(first <= last < 1, f"Diffusion: last must lie between first and 1, not {last!r}.")
        self.n_dims, self.steps, self.ends = n_dims, steps, (first, last)
        self.network = mlp([n_dims + 2 * WAVES, *hidden, n_dims], generator)
        self.between = nn.Parameter(torch.zeros(steps - 1))

    @property
    def schedule(self) -> Schedule:
        """Its table of variances."""
        return _schedule(self.steps, *self.ends)

    @property
    def variance(self) -> Tensor:
        """Of each p(x_{t−1} | x_t): near `back` where `between` is very negative, near β where it is large. (T,)."""
        beta, _, back = (table.log() for table in self.schedule)
        return torch.cat([beta[:1], torch.lerp(back[1:], beta[1:], self.between.sigmoid())]).exp()

    @checked(x="B n_dims", t="whole B")
    def noise(self, x: Tensor, t: Tensor) -> Tensor:
        """ε̂ of x_t. (B, D), (B,) whole numbers from 1 -> (B, D)."""
        require_within(t, 1, self.steps, "Diffusion.noise: t")
        angle = torch.pi * (t / self.steps).unsqueeze(1) * 2.0 ** torch.arange(-1, WAVES - 1)
        return self.network(torch.cat([x, angle.sin().to(x), angle.cos().to(x)], 1))

    @checked(x="B n_dims", t="count")
    def mean_back(self, x: Tensor, t: int) -> Tensor:
        """The mean of p(x_{t−1} | x_t): (x_t − β_t ε̂ / √(1−ā_t)) / √(1−β_t). (B, D) -> (B, D)."""
        require(t <= self.steps, f"mean_back: t must lie in 1 to {self.steps}, not {t!r}.")
        beta, kept, _ = (table[t - 1] for table in self.schedule)
        eps = self.noise(x, torch.full((len(x),), t))
        return (x - beta / (1 - kept).sqrt() * eps) / (1 - beta).sqrt()

    @torch.no_grad()
    @checked(n="count")
    def path(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws with all that led to them: x_T, x_{T−1}, …, x_0. -> (T + 1, n, D)."""
        x = [torch.randn(n, self.n_dims, generator=generator).to(next(self.parameters()))]
        for t in range(self.steps, 0, -1):
            noise = torch.randn(n, self.n_dims, generator=generator).to(x[0])
            x.append(self.mean_back(x[-1], t) + self.variance[t - 1].sqrt() * noise)
        return torch.stack(x)

    @checked(n="count")
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws, from pure noise step by step: T passes. -> (n, D)."""
        return self.path(n, generator)[-1]

    @torch.no_grad()
    @checked(x="B n_dims", n_samples="count")
    def log_importance_weights(self, x: Tensor, n_samples: int, generator: torch.Generator | None = None) -> Tensor:
        """log p(x, x_1 … x_T) − log q(x_1 … x_T | x), for K paths into the noise drawn by q. (B, D) -> (K, B).

        Their mean is −`bound` in expectation; `vae_lib.importance_weighted_bound` of them is nearer to log p(x).
        """
        here = x.expand(n_samples, *x.shape).flatten(0, 1)
        total = here.new_zeros(len(here))
        for t in range(1, self.steps + 1):
            beta, variance = self.schedule.beta[t - 1], self.variance[t - 1]
            eps = torch.randn(here.shape, generator=generator).to(here)
            there = (1 - beta).sqrt() * here + beta.sqrt() * eps
            apart = (here - self.mean_back(there, t)).square() / variance
            total = total + 0.5 * (eps.square() + beta.log() - apart - variance.log()).sum(1)
            here = there
        return (total - 0.5 * (here.square() + LOG_2PI).sum(1)).view(n_samples, len(x))

    @torch.no_grad()
    @checked(x="B n_dims")
    def encode(self, x: Tensor) -> Tensor:
        """x_T by steps without chance, each along the noise that the network sees. (B, D) -> (B, D).

        Source: Song, Meng and Ermon (2021), equation 12 with σ = 0, run forward.
        """
        for t in range(self.steps):
            x = self._along(x, t, t + 1)
        return x

    @torch.no_grad()
    @checked(z="B n_dims")
    def decode(self, z: Tensor) -> Tensor:
        """x of x_T = z by the same steps back, T passes. (B, D) -> (B, D)."""
        for t in range(self.steps, 0, -1):
            z = self._along(z, t, t - 1)
        return z

    def _along(self, x: Tensor, t: int, to: int) -> Tensor:
        """From x_t to x_to, as if the noise that the network sees in x_t were all of it."""
        kept = torch.cat([torch.ones(1), self.schedule.kept])
        eps = self.noise(x, torch.full((len(x),), max(t, 1)))
        clean = (x - (1 - kept[t]).sqrt() * eps) / kept[t].sqrt()
        return kept[to].sqrt() * clean + (1 - kept[to]).sqrt() * eps

    @checked(square="B", t="whole B")
    def step_cost(self, square: Tensor, t: Tensor) -> Tensor:
        """KL(q(x_{t−1} | x_t, x) ‖ p(x_{t−1} | x_t)), and −log p(x | x_1) at t = 1, from ‖ε − ε̂‖² and t.

        Shapes: (B,), (B,) -> (B,).
        """
        require_within(t, 1, self.steps, "Diffusion.step_cost: t")
        beta, kept, back = (table[t - 1] for table in self.schedule)
        variance = self.variance[t - 1]
        apart = beta**2 / ((1 - beta) * (1 - kept)) * square / variance
        spread = torch.where(t == 1, variance.log() + LOG_2PI, (variance / back).log() + back / variance - 1)
        return 0.5 * (apart + self.n_dims * spread)

    def _square(self, x: Tensor, t: Tensor, generator: torch.Generator | None) -> Tensor:
        """‖ε − ε̂‖² by one draw of x_t."""
        eps = torch.randn(x.shape, generator=generator).to(x)
        return (eps - self.noise(noised(x, self.schedule.kept[t - 1], eps), t)).square().sum(-1)

    @torch.no_grad()
    @checked(x="B n_dims")
    def bound(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """A bound from above on −log p(x): KL(q(x_T | x) ‖ N(0, I)) and every `step_cost`, by one draw of each x_t.
        (B, D) -> (B,). Source: the same, equation 5.
        """
        end = self.schedule.kept[-1]
        total = gaussian_kl(end.sqrt() * x, (1 - end).log().expand_as(x))
        for t in torch.arange(1, self.steps + 1).unsqueeze(1).expand(-1, len(x)):
            total = total + self.step_cost(self._square(x, t, generator), t)
        return total

    @checked(x="B n_dims")
    def loss_terms(self, x: Tensor, n_samples: int = 1, generator: torch.Generator | None = None) -> ElboTerms:
        """In training, at one random time a row, ‖ε − ε̂‖² for the network and the step's cost for its variance; in
        eval mode the `bound`, and 0. (B, D) -> (B,), (B,).
        """
        if not self.training:
            return ElboTerms(self.bound(x, generator), x.new_zeros(len(x)))
        t = torch.randint(1, self.steps + 1, (len(x),), generator=generator)
        square = self._square(x, t, generator)
        return ElboTerms(square, self.step_cost(square.detach(), t))
