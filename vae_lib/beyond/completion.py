"""Pictures of which some quadrants are missing: a VAE conditioned on what is seen, and a plain network beside it.

A picture has four quadrants, in rows: 0 and 1 above, 2 and 3 below. `seen` (B, 4) is 1 where a quadrant is observed and
0 where it is missing. x_o are the observed pixels, x_m the missing ones; what is scored are the missing ones alone.
p(x_m|x_o) = ∫ p(x_m|z) p(z|x_o) dz. In nats, per example.
Sources: Sohn, Lee and Yan (2015), with the task of Pyro's tutorial on conditional VAEs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_lib.checks import checked, require
from vae_lib.gaussian import log_prob, reparametrize
from vae_lib.networks import Decoder, Encoder, mlp
from vae_lib.objective import ElboTerms, importance_weighted_bound

# observed quadrants of the three tasks of Pyro's tutorial: one (below left), two (left), three (all but below right)
SEEN = {1: (0, 0, 1, 0), 2: (1, 0, 1, 0), 3: (1, 1, 1, 0)}


@checked(n="count", n_examples="count")
def seen_quadrants(n: int, n_examples: int) -> Tensor:
    """`seen` for a task of n = 1, 2 or 3 observed quadrants, the same for all. -> (B, 4)."""
    require(n in SEEN, f"seen_quadrants: n must be 1, 2 or 3, not {n!r}.")
    return torch.tensor(SEEN[n], dtype=torch.float32).expand(n_examples, 4)


@checked(image_shape="image")
def quadrant_pixels(image_shape: Sequence[int]) -> Tensor:
    """1 where a pixel lies in the quadrant; a middle row or column goes to the later half. -> (4, P), float32."""
    rows, columns = image_shape
    below = (torch.arange(rows) >= rows // 2).long()[:, None]
    right = (torch.arange(columns) >= columns // 2).long()
    return F.one_hot((2 * below + right).flatten(), 4).T.float()


class _Completion(nn.Module):
    """What both models share: the quadrants' pixels, and the input of a network that sees some of them."""

    def __init__(self, image_shape: Sequence[int]) -> None:
        super().__init__()
        self.image_shape = tuple(image_shape)
        self.n_pixels = image_shape[0] * image_shape[1]

    @property
    def quadrants(self) -> Tensor:
        """`quadrant_pixels` in the kind of numbers and on the device of the weights. -> (4, P)."""
        return quadrant_pixels(self.image_shape).to(next(self.parameters()))

    def _seen(self, x: Tensor, seen: Tensor) -> Tensor:
        """The observed pixels, 0 elsewhere, and behind them which quadrants they are. -> (B, P + 4)."""
        return torch.cat([x * (seen @ self.quadrants), seen], -1)

    def _missing_nll(self, x: Tensor, seen: Tensor, logits: Tensor) -> Tensor:
        """−log p(x_m|…), the sum over missing pixels. Shapes: (B, P), (B, 4), (..., B, P) -> (..., B)."""
        costs = F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none")
        return (costs * (1 - seen @ self.quadrants)).sum(-1)

    def _drawn(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        """One of the three tasks for each example, all alike probable. -> (B, 4)."""
        tasks = torch.tensor([*SEEN.values()], dtype=x.dtype, device=x.device)
        return tasks[torch.randint(3, (len(x),), device=x.device, generator=generator)]


class CompletionVAE(_Completion):
    """A network for p(z|x_o), one for q(z|x, which are observed), and a decoder for p(x_m|z), Bernoulli."""

    @checked(image_shape="image", latent_dim="count", hidden="sizes")
    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int,
        hidden: Sequence[int] = (400,),
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(image_shape)
        self.latent_dim, self.hidden = latent_dim, tuple(hidden)
        self.prior_network = Encoder(self.n_pixels + 4, self.hidden, latent_dim, generator)
        self.encoder = Encoder(self.n_pixels + 4, self.hidden, latent_dim, generator)
        self.decoder = Decoder(latent_dim, self.hidden[::-1], self.n_pixels, generator)

    @checked(x="unit B n_pixels", seen="unit B 4")
    def prior(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """μ and log σ² of p(z|x_o); the missing pixels of x are not looked at. Shapes: (B, P), (B, 4) -> (B, D) × 2."""
        return self.prior_network(self._seen(x, seen))

    @checked(x="unit B n_pixels", seen="unit B 4")
    def encode(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """μ and log σ² of q(z|x), which sees the whole picture. Shapes: (B, P), (B, 4) -> (B, D) × 2."""
        return self.encoder(torch.cat([x, seen], -1))

    @checked(x="unit B n_pixels", seen="unit B 4")
    def fill(self, x: Tensor, seen: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """x with its missing pixels replaced by their probabilities at a draw of z from p(z|x_o). -> (B, P)."""
        z = reparametrize(*self.prior(x, seen), generator=generator)
        return torch.where(seen @ self.quadrants > 0, x, torch.sigmoid(self.decoder(z)))

    @checked(x="unit B n_pixels", n_samples="count")
    def loss_terms(self, x: Tensor, n_samples: int = 1, generator: torch.Generator | None = None) -> ElboTerms:
        """Both terms of the bound on log p(x_m|x_o), for one, two or three quadrants observed, drawn anew each time."""
        return self.elbo_terms(x, self._drawn(x, generator), n_samples, generator)

    @checked(x="unit B n_pixels", seen="unit B 4", n_samples="count")
    def elbo_terms(
        self, x: Tensor, seen: Tensor, n_samples: int = 1, generator: torch.Generator | None = None
    ) -> ElboTerms:
        """E_q[−log p(x_m|z)] by L = `n_samples` draws, and KL(q(z|x) ‖ p(z|x_o)). (B, P), (B, 4) -> (B,), (B,)."""
        prior, (mu, logvar) = self.prior(x, seen), self.encode(x, seen)
        noise = torch.randn(n_samples, *mu.shape, dtype=mu.dtype, device=mu.device, generator=generator)
        cost = self._missing_nll(x, seen, self.decoder(reparametrize(mu, logvar, noise)))
        return ElboTerms(cost.mean(0), kl_diagonal(mu, logvar, *prior))

    @torch.no_grad()
    @checked(x="unit B n_pixels", seen="unit B 4", n_samples="count")
    def nll(self, x: Tensor, seen: Tensor, n_samples: int = 100, generator: torch.Generator | None = None) -> Tensor:
        """−log p(x_m|x_o), at most, by K = `n_samples` importance samples from q. Shapes: (B, P), (B, 4) -> (B,)."""
        prior, (mu, logvar), rows = self.prior(x, seen), self.encode(x, seen), []
        for _ in range(n_samples):
            z = reparametrize(mu, logvar, generator=generator)
            log_px = -self._missing_nll(x, seen, self.decoder(z))
            rows.append(log_px + log_prob(z, *prior) - log_prob(z, mu, logvar))
        return -importance_weighted_bound(torch.stack(rows))


class CompletionNetwork(_Completion):
    """The baseline: observed pixels in, a probability for each missing pixel out, independent of one another."""

    @checked(image_shape="image", hidden="sizes")
    def __init__(
        self, image_shape: Sequence[int], hidden: Sequence[int] = (400,), generator: torch.Generator | None = None
    ) -> None:
        super().__init__(image_shape)
        self.hidden = tuple(hidden)
        self.layers = mlp([self.n_pixels + 4, *hidden, self.n_pixels], generator)

    @checked(x="unit B n_pixels", seen="unit B 4")
    def nll(self, x: Tensor, seen: Tensor) -> Tensor:
        """−log p(x_m|x_o). Shapes: (B, P), (B, 4) -> (B,)."""
        return self._missing_nll(x, seen, self.layers(self._seen(x, seen)))

    @checked(x="unit B n_pixels", seen="unit B 4")
    def fill(self, x: Tensor, seen: Tensor) -> Tensor:
        """x with its missing pixels replaced by their probabilities. Shapes: (B, P), (B, 4) -> (B, P)."""
        return torch.where(seen @ self.quadrants > 0, x, torch.sigmoid(self.layers(self._seen(x, seen))))

    @checked(x="unit B n_pixels", n_samples="count")
    def loss_terms(self, x: Tensor, n_samples: int = 1, generator: torch.Generator | None = None) -> ElboTerms:
        """−log p(x_m|x_o) in the place of the reconstruction, and no KL: what `fit` trains. (B, P) -> (B,), (B,)."""
        cost = self.nll(x, self._drawn(x, generator))
        return ElboTerms(cost, torch.zeros_like(cost))


@checked(mu_q="B D", logvar_q="B D", mu_p="B D", logvar_p="B D")
def kl_diagonal(mu_q: Tensor, logvar_q: Tensor, mu_p: Tensor, logvar_p: Tensor) -> Tensor:
    """KL(N(μ_q, σ_q²) ‖ N(μ_p, σ_p²)) = ½ Σ_d [log σ_p²/σ_q² − 1 + (σ_q² + (μ_q−μ_p)²)/σ_p²]. (B, D) × 4 -> (B,)."""
    ratio = logvar_q - logvar_p
    return 0.5 * (torch.expm1(ratio) - ratio + (mu_q - mu_p).square() * torch.exp(-logvar_p)).sum(-1)
