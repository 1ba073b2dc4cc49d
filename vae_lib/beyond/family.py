"""What generative models of every kind are measured by: draws against data, and how many numbers a model has.

A model of the family has `sample(n, generator) -> (n, D)`, and where it has a density `log_prob(x) -> (B,)` in nats.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vae_lib.beyond.autoregressive import Autoregressive
from vae_lib.beyond.flow_layers import Affine, Coupling
from vae_lib.checks import checked, require
from vae_lib.gaussian import LOG_2PI
from vae_lib.likelihood import LearnedGaussian
from vae_lib.models import VAE
from vae_lib.objective import elbo_terms


class DiagonalGaussian(LearnedGaussian):
    """x is Gaussian around the decoder's output, without bounds, with one standard deviation a dimension, learnt."""

    mean_function = "identity"

    @checked(n_dims="count")
    def __init__(self, n_dims: int) -> None:
        super().__init__()
        self.n_dims = n_dims
        self.log_sigma = nn.Parameter(torch.zeros(n_dims))

    @property
    def sigma(self) -> Tensor:
        """σ of each dimension. -> (P,)."""
        return self.log_sigma.detach().exp()

    def __repr__(self) -> str:
        return f"DiagonalGaussian({len(self.log_sigma)})"

    @checked(x="B n_dims", logits="... B n_dims")
    def nll(self, x: Tensor, logits: Tensor) -> Tensor:
        """½ Σ_p [(x_p − m_p)²/σ_p² + log σ_p² + log 2π], in nats. Shapes: (B, P), (..., B, P) -> (..., B)."""
        squares = ((x - logits) * torch.exp(-self.log_sigma)).square()
        return 0.5 * (squares + 2 * self.log_sigma + LOG_2PI).sum(-1)

    @checked(logits="... n_dims")
    def mean(self, logits: Tensor) -> Tensor:
        """The logits themselves."""
        return logits

    @checked(logits="... n_dims")
    def sample(self, logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """logits + σ ε."""
        return logits + self.sigma * torch.randn(logits.shape, generator=generator).to(logits)


class GaussianVAE(VAE):
    """A VAE of any real numbers, its likelihood a `DiagonalGaussian`; its draws are of p(x), noise and all."""

    @checked(n_pixels="count", latent_dim="count", hidden="sizes")
    def __init__(
        self, n_pixels: int, latent_dim: int, hidden: Sequence[int] = (64,), generator: torch.Generator | None = None
    ) -> None:
        super().__init__(n_pixels, latent_dim, hidden, DiagonalGaussian(n_pixels), generator)

    @torch.no_grad()
    @checked(n="count")
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws of z from the prior, and of x given each. -> (n, P)."""
        z = torch.randn(n, self.latent_dim, generator=generator).to(next(self.parameters()))
        return self.likelihood.sample(self.decode(z), generator)


@checked(model="module")
def n_weights(model: nn.Module) -> int:
    """How many numbers the model can use: all that it has, but for those that a mask, or a triangle, makes idle."""
    return sum(weight.numel() for weight in model.parameters()) - sum(_idle(part) for part in model.modules())


def _idle(part: nn.Module) -> int:
    if isinstance(part, Autoregressive):
        return sum(int((mask == 0).sum()) for mask in part.masks())
    if isinstance(part, Affine):
        return len(part.c) * (len(part.c) - 1) // 2
    if isinstance(part, Coupling):
        first, last, kept = part.network[0], part.network[-1], int(part.mask.sum())
        return (len(part.mask) - kept) * first.out_features + 2 * kept * (last.in_features + 1)
    return 0


@checked(x="unit ...", levels="count 2")
def dequantize(x: Tensor, levels: int, generator: torch.Generator | None = None) -> Tensor:
    """2 (k + u) / levels − 1, with k the level of a pixel in [0, 1] and u uniform in [0, 1): real numbers in [−1, 1).

    −log p of these, plus P log(levels / 2), bounds −log of the probability of the levels. Shapes: (B, P) -> (B, P).
    Source: Theis, van den Oord and Bethge (2016), section 3.1.
    """
    return 2 * (((levels - 1) * x).round() + torch.rand(x.shape, generator=generator)) / levels - 1


@checked(x="...", levels="count 2")
def quantize(x: Tensor, levels: int) -> Tensor:
    """The pixels that `dequantize` made x of; what lies outside [−1, 1) goes to the nearest level."""
    return (levels * (x + 1) / 2).floor().clamp(0, levels - 1) / (levels - 1)


@torch.no_grad()
@checked(model="module", x="B D")
def cost(model: nn.Module, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """−log p(x) of a model that has it; its bound from above for a VAE and for diffusion, by one draw of their noise;
    for an adversarial pair the `energy_score`. The model is in eval mode. (B, D) -> (B,).
    """
    able = isinstance(model, VAE) or callable(getattr(model, "loss_terms", None))
    require(able, f"cost: the model must have loss_terms, which {type(model).__name__} has not.")
    require(not model.training, "cost: the model must be in eval mode, as model.eval() leaves it.")
    if isinstance(model, VAE):
        return -elbo_terms(model, x, generator=generator).elbo
    return model.loss_terms(x, generator=generator).reconstruction


@checked(x="B D", draws="M D")
def energy_score(x: Tensor, draws: Tensor) -> Tensor:
    """E‖x − y‖ − ½ E‖y − y'‖ for y, y' among a model's M draws: a cost that needs no density, in expectation least
    for the model that is the data's own distribution.

    Shapes: (B, D), (M, D) -> (B,). Source: Gneiting and Raftery (2007), section 4.3.
    """
    require(len(draws) > 1, "energy_score: two draws are needed at least.")
    spread = torch.pdist(draws).mean()
    return torch.cdist(x, draws).mean(1) - 0.5 * spread


@checked(x="B D", draws="M D")
def energy_distance(x: Tensor, draws: Tensor) -> Tensor:
    """2 E‖x − y‖ − E‖x − x'‖ − E‖y − y'‖, without bias: 0 in expectation where both are from one distribution, and
    only there. Shapes: (B, D), (M, D) -> scalar. Source: Székely and Rizzo (2013).
    """
    require(min(len(x), len(draws)) > 1, "energy_distance: x and draws must have two rows at least.")
    return 2 * torch.cdist(x, draws).mean() - torch.pdist(x).mean() - torch.pdist(draws).mean()


class Neighbours(NamedTuple):
    """Shares from balls around the points, each reaching to its k-th neighbour among its own kind.

    `precision`: of draws that lie in a ball of data; `recall`: of data that lie in a ball of draws; `density`: balls
    of data that hold a draw, on average, over k; `coverage`: of the balls of data that hold a draw.
    """

    precision: float
    recall: float
    density: float
    coverage: float


@checked(x="N D", draws="N D", k="count")
def neighbours(x: Tensor, draws: Tensor, k: int = 5) -> Neighbours:
    """How N draws lie among N data. Shapes: (N, D), (N, D). Two sets from one distribution have a density of 1 in
    expectation, and a coverage of about 1 − 2^−k; what a second draw of the data has is the mark to compare with.

    Sources: Kynkäänniemi et al. (2019), precision and recall; Naeem et al. (2020), density and coverage.
    """
    require(k < len(x), f"neighbours: k must be less than the {len(x)} points, not {k}.")
    reach_x, reach_draws = (torch.cdist(a, a).kthvalue(k + 1, 1).values for a in (x, draws))  # the first is itself
    apart = torch.cdist(x, draws)
    inside = apart <= reach_x.unsqueeze(1)
    shares = (
        inside.any(0).float().mean(),
        (apart <= reach_draws).any(1).float().mean(),
        inside.float().sum(0).mean() / k,
        inside.any(1).float().mean(),
    )
    return Neighbours(*(share.item() for share in shares))
