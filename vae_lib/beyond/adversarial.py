"""An adversarial pair: a generator that makes x of noise, and a discriminator that tells its draws from data.

The discriminator's logit tends to log p_data(x) − log p_model(x); no density is ever computed. Sources: Goodfellow et
al. (2014), with the costs of section 3 that do not saturate; Mescheder, Geiger and Nowozin (2018) for the penalty.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from vae_lib.beyond.family import energy_score
from vae_lib.checks import checked
from vae_lib.networks import mlp
from vae_lib.objective import ElboTerms


@checked(real="B", fake="B")
def discriminator_cost(real: Tensor, fake: Tensor) -> Tensor:
    """−log s(real) − log(1 − s(fake)) with s the sigmoid, of logits: least at log p_data − log p_model, and 2 log 2
    where the two are equal. (B,), (B,) -> (B,).
    """
    return F.softplus(-real) + F.softplus(fake)


@checked(fake="B")
def generator_cost(fake: Tensor) -> Tensor:
    """−log s(fake), of the discriminator's logits for draws: its gradient does not vanish where all are found out.
    (B,) -> (B,).
    """
    return F.softplus(-fake)


class Adversarial(nn.Module):
    """x = g(z), z from N(0, I), and the discriminator d that g is trained against. `vae_lib.fit` trains both at once.

    `hidden` holds for both networks. `penalty` is γ of γ/2 ‖∇d(x)‖² at the data, which keeps the two from circling.
    """

    @checked(n_dims="count", latent_dim="count", hidden="sizes", penalty="nonnegative")
    def __init__(
        self,
        n_dims: int,
        latent_dim: int,
        hidden: Sequence[int] = (64, 64),
        penalty: float = 0.1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_dims, self.latent_dim, self.penalty = n_dims, latent_dim, penalty
        self.generate = mlp([latent_dim, *hidden, n_dims], generator)
        self.discriminate = mlp([n_dims, *hidden, 1], generator)

    @checked(x="B n_dims")
    def logit(self, x: Tensor) -> Tensor:
        """How sure the discriminator is that x is data, as a logit. (B, D) -> (B,)."""
        return self.discriminate(x).squeeze(-1)

    @checked(z="B latent_dim")
    def forward(self, z: Tensor) -> Tensor:
        return self.generate(z)

    def _noise(self, n: int, generator: torch.Generator | None) -> Tensor:
        return torch.randn(n, self.latent_dim, generator=generator).to(next(self.parameters()))

    @torch.no_grad()
    @checked(n="count")
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws: one pass. -> (n, D)."""
        return self.generate(self._noise(n, generator))

    @checked(x="B n_dims")
    def loss_terms(self, x: Tensor, n_samples: int = 1, generator: torch.Generator | None = None) -> ElboTerms:
        """In training the discriminator's cost and the generator's, neither with a gradient for the other's weights,
        so that one step down the sum is a step of each. In eval mode the `energy_score` of as many draws as there are
        rows, and 0: what a held-back part is scored by. (B, D) -> (B,), (B,).
        """
        made = self.generate(self._noise(len(x), generator))
        if not self.training:
            score = energy_score(x, made)
            return ElboTerms(score, torch.zeros_like(score))
        x = x.detach().requires_grad_()
        real = self.logit(x)
        (slope,) = torch.autograd.grad(real.sum(), x, create_graph=True)
        cost = discriminator_cost(real, self.logit(made.detach())) + 0.5 * self.penalty * slope.square().sum(-1)
        fixed = {name: weight.detach() for name, weight in self.discriminate.named_parameters()}
        return ElboTerms(cost, generator_cost(functional_call(self.discriminate, fixed, (made,)).squeeze(-1)))
