"""Learning from a few labels and many pictures: the models M1, M2 and M1+M2. All in nats.

M1 is a VAE whose codes a classifier is given. M2 has the class y among its latents: p(y) uniform, p(z) = N(0, I),
p(x|y,z) from a decoder, and the posterior q(y|x) q(z|x,y), whose first factor is the classifier. Where y is not known,
the bound is summed over all C classes: no draw of y is made. M1+M2 is M2 on the codes of M1.
Source: Kingma, Rezende, Mohamed and Welling (2014), Semi-supervised learning with deep generative models.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_lib.beyond.label_bounds import labelled_bound, loss_of_each, m2_loss, unlabelled_bound
from vae_lib.checks import check_shapes, checked, require, require_within
from vae_lib.gaussian import gaussian_kl, log_prob, reparametrize
from vae_lib.likelihood import Bernoulli
from vae_lib.models import VAE
from vae_lib.networks import mlp
from vae_lib.objective import ElboTerms
from vae_lib.run import Columns

__all__ = [
    "M2",
    "CodeGaussian",
    "SemiSupervised",
    "balanced_subset",
    "drawn",
    "error_percent",
    "labelled_bound",
    "loss_of_each",
    "m1_codes",
    "m2_loss",
    "unlabelled_bound",
]


@checked(y="whole N", per_class="count")
def balanced_subset(y: Tensor, per_class: int, generator: torch.Generator | None = None) -> Tensor:
    """Indices of `per_class` examples of each class in y; InputError where one has fewer. (N,) -> (C·per_class,)."""
    require(int(y.min()) >= 0, f"balanced_subset: y are classes from 0, the least of these is {int(y.min())}.")
    found = []
    for label in y.unique():
        places = (y == label).nonzero().flatten()
        n = len(places)
        require(n >= per_class, f"balanced_subset: class {int(label)} has {n} examples, fewer than {per_class}.")
        found.append(places[torch.randperm(len(places), generator=generator)[:per_class]])
    return torch.cat(found)


@dataclass(frozen=True)
class CodeGaussian:
    """A likelihood for codes: each number is Gaussian, with a mean and a log-variance from the decoder's 2P outputs."""

    outputs_per_pixel = 2

    @checked(x="... B P", outputs="B Q")
    def nll(self, x: Tensor, outputs: Tensor) -> Tensor:
        """−log N(x; mean, σ²) summed over the P numbers. Shapes: (..., P), (..., 2P) -> (...)."""
        twice = outputs.shape[-1] == 2 * x.shape[-1]
        require(twice, "CodeGaussian.nll: outputs must have twice as many columns as x, means and log-variances.")
        mean, logvar = outputs.chunk(2, -1)
        return -log_prob(x, mean, logvar)

    @checked(outputs="... Q")
    def mean(self, outputs: Tensor) -> Tensor:
        """Shapes: (..., 2P) -> (..., P)."""
        return outputs.chunk(2, -1)[0]


class M2(nn.Module):
    """q(y|x), q(z|x,y) and p(x|y,z), each with hidden ReLU layers; `hidden` is of the first two and mirrored in the
    third. `likelihood` is Bernoulli() for pixels or CodeGaussian() for codes.
    """

    @checked(n_pixels="count", latent_dim="count", hidden="sizes", n_classes="count 2", classifier="module")
    def __init__(
        self,
        n_pixels: int,
        latent_dim: int,
        hidden: Sequence[int] = (500,),
        n_classes: int = 10,
        likelihood: Bernoulli | CodeGaussian | None = None,
        classifier: nn.Module | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        known = likelihood is None or isinstance(likelihood, (Bernoulli, CodeGaussian))
        require(known, f"M2: likelihood must be Bernoulli() or CodeGaussian(), not {likelihood!r}.")
        self.n_pixels, self.latent_dim, self.hidden, self.n_classes = n_pixels, latent_dim, tuple(hidden), n_classes
        self.likelihood = Bernoulli() if likelihood is None else likelihood
        n_outputs = n_pixels * getattr(self.likelihood, "outputs_per_pixel", 1)
        self.classifier = classifier or mlp([n_pixels, *hidden, n_classes], generator)
        self.encoder = mlp([n_pixels + n_classes, *hidden, 2 * latent_dim], generator)
        self.decoder = mlp([latent_dim + n_classes, *self.hidden[::-1], n_outputs], generator)

    @checked(x="B n_pixels")
    def log_qy(self, x: Tensor) -> Tensor:
        """log q(y|x) of every class. Shapes: (B, P) -> (B, C)."""
        return F.log_softmax(self.classifier(x), -1)

    @checked(x="B n_pixels", eps="B n_classes latent_dim")
    def bounds(self, x: Tensor, eps: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """−L(x, y) for every class y: one draw of z each, KL in closed form. Shapes: (B, P), (B, C, D) -> (B, C)."""
        n, c = len(x), self.n_classes
        mu, logvar = _under_every_class(self.encoder, x.unsqueeze(1), c).flatten(0, 1).chunk(2, -1)
        z = reparametrize(mu, logvar, None if eps is None else eps.flatten(0, 1), generator)
        outputs = _under_every_class(self.decoder, z.view(n, c, -1), c).flatten(0, 1)
        nll = self.likelihood.nll(x.repeat_interleave(c, 0), outputs).view(n, c)
        return -nll - math.log(c) - gaussian_kl(mu, logvar).view(n, c)

    @checked(z="B latent_dim", label="count 0")
    def decode_mean(self, z: Tensor, label: int) -> Tensor:
        """The mean of p(x|y,z) for one class. Shapes: (B, D), int -> (B, P)."""
        require(label < self.n_classes, f"M2.decode_mean: label must lie in 0 to {self.n_classes - 1}, not {label!r}.")
        y = F.one_hot(torch.full((len(z),), label), self.n_classes).to(z.dtype)
        return self.likelihood.mean(self.decoder(torch.cat([z, y], -1)))


def _require_parts(value: tuple, label: str) -> None:
    for part in value or (None,):
        check_shapes(label.split(":")[0], {"x": "B P"}, {"x": part})


class SemiSupervised(nn.Module):
    """M2 with its labelled examples: what `fit` trains on the unlabelled ones.

    Each step has a batch of unlabelled pictures and `batch` draws from the labelled ones (`loss_of_each`). Where
    `x_labelled` and the pictures given to `fit` are pairs (μ, logvar), the codes of M1, each step draws them anew.
    """

    @checked(y_labelled="whole N", share="nonnegative", alpha="nonnegative")
    def __init__(
        self, model: M2, x_labelled: Tensor | Columns, y_labelled: Tensor, share: float, alpha: float = 0.1
    ) -> None:
        super().__init__()
        require(isinstance(model, M2), f"SemiSupervised: model must be an M2, not {type(model).__name__}.")
        self.model, self.n_pixels, self.share, self.alpha, self.batch = model, model.n_pixels, share, alpha, 100
        columns = x_labelled if isinstance(x_labelled, tuple) else (x_labelled,)
        for i, column in enumerate(columns or (None,)):  # what stands beside μ and logvar may be as wide as it likes
            given = {"self": model, "x_labelled": column, "y_labelled": y_labelled}
            kinds = {"y_labelled": "whole N", "x_labelled": "N n_pixels" if i < 2 else "N P"}
            check_shapes("SemiSupervised", kinds, given)
        require_within(y_labelled, 0, model.n_classes - 1, "SemiSupervised: y_labelled")
        for i, column in enumerate((*columns, y_labelled)):
            self.register_buffer(f"labelled_{i}", column)

    @checked(x=_require_parts)
    def loss_terms(self, *x: Tensor, n_samples: int = 1, generator: torch.Generator | None = None) -> ElboTerms:
        """The loss of each unlabelled example in the place of the reconstruction, and no KL. -> (B,), (B,)."""
        *columns, y = self.buffers()
        alike = len(x) == len(columns) and all(part.shape[1] == self.n_pixels for part in x)
        require(alike, f"SemiSupervised.loss_terms: x must be {len(columns)} tensors (B, P), as x_labelled is.")
        rows = torch.randint(len(y), (min(self.batch, len(y)),), generator=generator, device=y.device)
        known, y = (column[rows] for column in columns), y[rows].unsqueeze(1)
        both = drawn(*(torch.cat(pair) for pair in zip(x, known, strict=True)), generator=generator)
        bounds, log_qy, n = self.model.bounds(both, generator=generator), self.model.log_qy(both), len(x[0])
        known = (of[n:].gather(1, y).mean() for of in (bounds, log_qy))
        loss = loss_of_each(unlabelled_bound(bounds[:n], log_qy[:n].exp()), *known, self.share, self.alpha)
        return ElboTerms(loss, torch.zeros_like(loss))


@checked(mu="B P", logvar="B P")
def drawn(mu: Tensor, logvar: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
    """A draw from N(μ, σ²), `mu` itself where there is no `logvar`. Shapes: (B, P), (B, P) -> (B, P)."""
    return mu if logvar is None else reparametrize(mu, logvar, generator=generator)


@torch.no_grad()
@checked(x="unit B P", threshold="nonnegative")
def m1_codes(model: VAE, x: Tensor, threshold: float = 0.01) -> tuple[Tensor, Tensor, Tensor]:
    """M1's features: μ and log σ² in the dimensions whose μ varies by more than `threshold`, and which they are.

    Shapes: (B, P) -> (B, A), (B, A), (D,) bool.
    """
    require(isinstance(model, VAE), f"m1_codes: model must be a VAE, not {type(model).__name__}.")
    mu, logvar = model.encode(x)
    active = mu.var(0, correction=0) > threshold
    require(bool(active.any()), "m1_codes: no dimension is in use: the posterior has collapsed.")
    return mu[:, active], logvar[:, active], active


@torch.no_grad()
@checked(log_qy="B C", y="whole B")
def error_percent(log_qy: Tensor, y: Tensor) -> float:
    """The share of examples whose most probable class is not y, in per cent. Shapes: (B, C), (B,) -> float."""
    require_within(y, 0, log_qy.shape[1] - 1, "error_percent: y")
    return 100 * (log_qy.argmax(1) != y).double().mean().item()


def _under_every_class(network: nn.Sequential, x: Tensor, n_classes: int) -> Tensor:
    """Its answers to x with each class behind it, x through the first layer once. (B, 1 or C, P) -> (B, C, ...)."""
    first, rest = network[0], network[1:]
    of_x, of_y = first.weight.split([x.shape[-1], n_classes], 1)
    return rest(F.linear(x, of_x, first.bias) + of_y.T)
