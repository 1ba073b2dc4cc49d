"""Lecture 11: M2 on the codes of the stored VAE, with few labels, with and without the classifier's own term."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from vae_lib import data
from vae_lib.beyond.semi_supervised import (
    M2,
    CodeGaussian,
    balanced_subset,
    drawn,
    loss_of_each,
    m1_codes,
    unlabelled_bound,
)
from vae_lib.data import Dataset
from vae_lib.networks import mlp
from vae_lib.objective import ElboTerms
from vae_lib.run import Columns
from vae_lib.zoo.recipe import ChapterRecipe, with_error

PICTURES = {"mnist": 10_000, "digits": 1_350}  # that are trained on
HELD_BACK = {"mnist": 2_500, "digits": 150}  # which stop the training
PER_CLASS = {"mnist": 10, "digits": 2}  # labels
IN_USE = {"mnist": 14, "digits": 4}  # dimensions of the stored VAE with 20
DROPOUT = 0.3


class CodesM2(M2):
    """M2 on codes of `n_pixels` numbers, trained on pairs: beside each picture without a label stands one with."""

    def __init__(
        self,
        n_pixels: int,
        latent_dim: int,
        hidden: list[int],
        width: int,
        share: float,
        alpha: float,
        generator: torch.Generator | None = None,
    ) -> None:
        classifier = dropout_classifier(n_pixels, width, generator)
        super().__init__(n_pixels, latent_dim, hidden, 10, CodeGaussian(), classifier, generator)
        self.share, self.alpha = share, alpha

    def loss_terms(
        self, mu: Tensor, logvar: Tensor, mu_known: Tensor, logvar_known: Tensor, y: Tensor, *, generator=None, **_: int
    ) -> ElboTerms:
        """U(x) + share · L(x', y') − α log q(y'|x') of each pair, in the place of the reconstruction. -> (B,), (B,)."""
        x, known = drawn(mu, logvar, generator), drawn(mu_known, logvar_known, generator)
        bounds, log_qy = self.bounds(torch.cat([x, known]), generator=generator), self.log_qy(known)
        unlabelled = unlabelled_bound(bounds[: len(x)], self.log_qy(x).exp())
        labelled, log_qy = (of.gather(1, y.unsqueeze(1)).squeeze(1) for of in (bounds[len(x) :], log_qy))
        loss = loss_of_each(unlabelled, labelled, log_qy, self.share, self.alpha)
        return ElboTerms(loss, torch.zeros_like(loss))


def dropout_classifier(n_pixels: int, width: int, generator: torch.Generator | None = None) -> nn.Sequential:
    """Two hidden layers of `width`, of whose units three in ten are left out at random in each training step."""
    first, relu, second, relu_too, last = mlp([n_pixels, width, width, 10], generator)
    return nn.Sequential(first, relu, nn.Dropout(DROPOUT), second, relu_too, nn.Dropout(DROPOUT), last)


def labelled_rows(y: Tensor, per_class: int, seed: int) -> Tensor:
    """The lecture's draw of labels: as many of each class. (N,) -> (10·per_class,)."""
    return balanced_subset(y, per_class, torch.Generator().manual_seed(seed))


def _pairs(pictures: str, seed: int, x: Tensor, y: Tensor) -> Columns:
    """Beside the code of each picture that of one with a label, in turn, in an order of chance."""
    rows = labelled_rows(y[: PICTURES[pictures]], PER_CLASS[pictures], seed)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    beside = rows.repeat(-(-len(x) // len(rows)))[: len(x)][order]
    mu, logvar = x.chunk(2, -1)
    return mu, logvar, mu[beside], logvar[beside], y[beside]


def _codes(pictures: str, data_dir: str | os.PathLike | None) -> Dataset:
    """μ and log σ² of M1, side by side, of the pictures that are trained on, with those held back at the end."""
    from vae_lib.zoo import load

    model, found, n = load(f"vae-{pictures}-20d").model, data.load(pictures, data_dir=data_dir), PICTURES[pictures]
    held = slice(len(found.x_train) - HELD_BACK[pictures], None)
    x, y = (torch.cat([part[:n], part[held]]) for part in (found.x_train, found.y_train))
    _, _, used = m1_codes(model, x[:n])
    with torch.no_grad():
        x, x_test = (torch.cat([part[:, used] for part in model.encode(part)], 1) for part in (x, found.x_test))
    return Dataset(f"codes-{pictures}", x, y, x_test, found.y_test, (1, x.shape[1]))


@torch.no_grad()
def _score(model: nn.Module, dataset: Dataset) -> dict[str, Any]:
    """The error on the test pictures in per cent, and U in nats by one draw of z for each class."""
    mu, generator = dataset.x_test.chunk(2, -1)[0], torch.Generator().manual_seed(0)
    log_qy = model.log_qy(mu)
    cost = -unlabelled_bound(model.bounds(mu, generator=generator), log_qy.exp())
    wrong = (log_qy.argmax(1) != dataset.y_test).double() * 100
    return with_error("error_percent", wrong) | with_error("unlabelled", cost)


def _recipes(pictures: str, alpha: float, name: str, epochs: int) -> dict[str, ChapterRecipe]:
    """One for each of three draws of labels."""
    sizes = {"n_pixels": IN_USE[pictures], "latent_dim": 5, "hidden": [96], "width": 128}
    sizes |= {"share": 10 * PER_CLASS[pictures] / PICTURES[pictures], "alpha": alpha}
    return {
        f"m1-m2-{pictures}-{name}{seed}": ChapterRecipe(
            CodesM2,
            sizes,
            f"codes-{pictures}",
            f"M1+M2 with {10 * PER_CLASS[pictures]} labels, draw {seed + 1}, α = {alpha} N",
            _score,
            partial(_pairs, pictures, seed),
            made=partial(_codes, pictures),
            epochs=epochs,
            most_rounds=2,
            options={"batch_size": 250 if pictures == "mnist" else 100, "learning_rate": 3e-3},
            seed=seed,
        )
        for seed in range(3)
    }


RECIPES = {
    **_recipes("mnist", 0.1, "", 80),
    **_recipes("mnist", 0.0, "free-", 80),
    **_recipes("digits", 0.1, "", 100),
    **_recipes("digits", 0.0, "free-", 100),
}
