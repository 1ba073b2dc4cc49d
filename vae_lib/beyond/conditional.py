"""A VAE that is told the class of each picture: p(x|y) = ∫ p(x|z, y) N(z; 0, I) dz, and what follows by Bayes' rule.

C classes; y are labels (B,), whole numbers from 0 to C − 1, `y_onehot` the same as rows of the identity (B, C).
Networks take the label behind the picture or behind the code (see `condition`). In nats, per example.
Sources: Kingma, Rezende, Mohamed and Welling (2014), section 2.2; Sohn, Lee and Yan (2015).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from vae_lib.checks import checked, require, require_pair, require_returned, require_within
from vae_lib.gaussian import gaussian_kl, reparametrize
from vae_lib.likelihood import Bernoulli
from vae_lib.networks import Decoder, Encoder
from vae_lib.objective import ElboTerms, importance_weighted_bound, log_importance_weights, vae_loss

Network = Callable[[Tensor], Tensor]


@checked(y="whole B", n_classes="count")
def one_hot(y: Tensor, n_classes: int) -> Tensor:
    """Rows of the identity: 1 at the label, 0 elsewhere. Shapes: (B,) whole numbers -> (B, C), float32.

    Raises InputError unless every label lies in 0 to C − 1.
    """
    require_within(y, 0, n_classes - 1, "one_hot: y")
    return torch.eye(n_classes, device=y.device)[y.long()]


@checked(x="... B P", y_onehot="any B C")
def condition(x: Tensor, y_onehot: Tensor) -> Tensor:
    """The label behind the picture or behind the code. Shapes: (..., B, P), (B, C) -> (..., B, P + C), in x's dtype."""
    return torch.cat([x, y_onehot.to(x.dtype).expand(*x.shape[:-1], -1)], -1)


@checked(encode="function", decode="function", x="unit B P", y_onehot="any B C", eps="L B D")
def cvae_loss(encode: Callable, decode: Network, x: Tensor, y_onehot: Tensor, eps: Tensor) -> Tensor:
    """Batch mean of E_q[−log p(x|z, y)] + KL(q(z|x, y) ‖ N(0, I)), Bernoulli, in nats: −ELBO of p(x|y).

    encode: (B, P + C) -> (B, D), (B, D); decode: (..., B, D + C) -> (..., B, P) logits; (B, P), (B, C), (L, B, D) ->
    scalar.
    """
    codes = encode(condition(x, y_onehot))
    require_pair(codes, "μ and log σ²", "cvae_loss: encode")
    mu, logvar = codes
    return vae_loss(lambda z: decode(condition(z, y_onehot)), x, mu, logvar, eps).loss


@checked(decode="function", label="count 0", n_classes="count", eps="B D")
def generate_class(decode: Network, label: int, n_classes: int, eps: Tensor) -> Tensor:
    """Pixel probabilities of z = ε under one label. decode: (B, D + C) -> (B, P) logits; (B, D) -> (B, P)."""
    require(label < n_classes, f"generate_class: label must lie in 0 to {n_classes - 1}, not {label!r}.")
    y = torch.full((len(eps),), label, device=eps.device)
    logits = decode(condition(eps, one_hot(y, n_classes)))
    require_returned(logits, (len(eps), None), "generate_class: decode")
    return torch.sigmoid(logits)


@checked(decode="function", z="B D", n_classes="count")
def same_style(decode: Network, z: Tensor, n_classes: int) -> Tensor:
    """Pixel probabilities of each code under every label. decode: (B, D + C) -> (B, P) logits; (B, D) -> (C, B, P)."""
    return torch.stack([generate_class(decode, label, n_classes, z) for label in range(n_classes)])


@checked(log_px_given_y="C B", log_py="C")
def class_posterior(log_px_given_y: Tensor, log_py: Tensor) -> Tensor:
    """p(y|x) = p(x|y) p(y) / Σ_c p(x|c) p(c), by a softmax over the classes. Shapes: (C, B), (C,) -> (B, C)."""
    return torch.softmax(log_px_given_y + log_py[:, None], 0).T


class ConditionalVAE(nn.Module):
    """q(z|x, y) = N(μ, diag σ²), p(z) = N(0, I) for every class, p(x|z, y) Bernoulli.

    `hidden` sizes run from the picture to the code and are mirrored in the decoder; `encoder` takes (B, P + C),
    `decoder` (..., B, D + C).
    """

    @checked(n_pixels="count", n_classes="count 2", latent_dim="count", hidden="sizes")
    def __init__(
        self,
        n_pixels: int,
        n_classes: int,
        latent_dim: int,
        hidden: Sequence[int] = (400,),
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_pixels, self.n_classes, self.latent_dim, self.hidden = n_pixels, n_classes, latent_dim, tuple(hidden)
        self.likelihood = Bernoulli()
        self.encoder = Encoder(n_pixels + n_classes, self.hidden, latent_dim, generator)
        self.decoder = Decoder(latent_dim + n_classes, self.hidden[::-1], n_pixels, generator)

    @checked(x="unit B n_pixels", y="whole B")
    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """μ and log σ² of q(z|x, y). Shapes: (B, P), (B,) -> (B, D), (B, D)."""
        return self.encoder(condition(x, one_hot(y, self.n_classes)))

    @checked(z="... B latent_dim", y="whole B")
    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """The logits of p(x|z, y). Shapes: (..., B, D), (B,) -> (..., B, P)."""
        return self.decoder(condition(z, one_hot(y, self.n_classes)))

    def decode_mean(self, z: Tensor, y: Tensor) -> Tensor:
        """The mean of p(x|z, y), pixel probabilities. Shapes: (..., B, D), (B,) -> (..., B, P)."""
        return self.likelihood.mean(self.decode(z, y))

    @checked(y="whole B")
    def sample(self, y: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The mean of p(x|z, y) for a draw of z from the prior for each label. Shapes: (B,) -> (B, P)."""
        weight = next(self.parameters())
        z = torch.randn(len(y), self.latent_dim, dtype=weight.dtype, device=weight.device, generator=generator)
        return self.decode_mean(z, y)

    @checked(x="unit B n_pixels", y="whole B", n_samples="count")
    def loss_terms(
        self, x: Tensor, y: Tensor, n_samples: int = 1, generator: torch.Generator | None = None
    ) -> ElboTerms:
        """E_q[−log p(x|z, y)] by L = `n_samples` draws, and the KL: what `fit` trains. (B, P), (B,) -> (B,), (B,)."""
        mu, logvar = self.encode(x, y)
        noise = torch.randn(n_samples, *mu.shape, dtype=mu.dtype, device=mu.device, generator=generator)
        logits = self.decode(reparametrize(mu, logvar, noise), y)
        return ElboTerms(self.likelihood.nll(x, logits).mean(0), gaussian_kl(mu, logvar))


@torch.no_grad()
@checked(model="module", x="unit B P", n_samples="count")
def log_px_given_y(
    model: ConditionalVAE, x: Tensor, n_samples: int = 1, generator: torch.Generator | None = None
) -> Tensor:
    """The importance-weighted bound on log p(x|y) for every class, with K = `n_samples` draws. (B, P) -> (C, B).

    All classes get the same noise, so that their differences, which Bayes' rule takes, vary less.
    """
    require(isinstance(model, ConditionalVAE), f"log_px_given_y: model must be a ConditionalVAE, not {type(model)}.")
    shape = (n_samples, len(x), model.latent_dim)
    noise = torch.randn(shape, dtype=x.dtype, device=x.device, generator=generator)
    return torch.stack([_bound(model, x, label, noise) for label in range(model.n_classes)])


def _bound(model: ConditionalVAE, x: Tensor, label: int, noise: Tensor) -> Tensor:
    """One class, (B,); a draw at a time to bound the memory."""
    y = torch.full((len(x),), label, device=x.device)
    mu, logvar = model.encode(x, y)
    rows = []
    for eps in noise.split(1):
        z = reparametrize(mu, logvar, eps)
        rows.append(log_importance_weights(-model.likelihood.nll(x, model.decode(z, y)), z, mu, logvar))
    return importance_weighted_bound(torch.cat(rows))
