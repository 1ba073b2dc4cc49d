"""What a recipe says: a model, its data and its training."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from vae_lib import data
from vae_lib.data import Dataset
from vae_lib.objective import ElboTerms
from vae_lib.run import Columns


def with_error(name: str, values: Tensor) -> dict[str, float]:
    """The mean over test examples and its standard error, as a card has them: under `name` and `name_se`.

    Of a single example the error is not known: NaN is no JSON, so it is 0.
    """
    error = (values.std() / len(values) ** 0.5).item() if len(values) > 1 else 0.0
    return {name: round(values.mean().item(), 4), f"{name}_se": round(error, 4)}


def bound_with_errors(terms: ElboTerms) -> dict[str, float]:
    """The ELBO and its two terms in nats, as a card has them."""
    parts = {"elbo": terms.elbo, "reconstruction": terms.reconstruction, "kl": terms.kl}
    return {key: value for name, part in parts.items() for key, value in with_error(name, part).items()}


@dataclass(frozen=True)
class Recipe:
    """A model of the family and its training: rounds of `epochs`, twice that, and so on (`vae_lib.zoo.training`)."""

    kind: str  # VAE, Autoencoder or Classifier
    data: str
    summary: str
    latent_dim: int = 0
    hidden: tuple[int, ...] = ()
    epochs: int = 40
    options: dict = field(default_factory=dict)  # of TrainConfig, besides those that all share
    learned_sigma: bool = False
    seed: int = 0

    @property
    def most_rounds(self) -> int:
        """What two cores have time for in a night: the digits are small."""
        return 4 if self.data == "digits" else 3

    def load(self, data_dir: str | os.PathLike | None) -> Dataset:
        """The data set, from disk."""
        return data.load(self.data, data_dir=data_dir)

    def columns(self, x: Tensor, y: Tensor) -> Columns:
        """What `fit` is given of pictures (N, P) and classes (N,)."""
        return (x, y) if self.kind == "Classifier" else (x,)


def pictures_and_classes(x: Tensor, y: Tensor) -> Columns:
    """Both, as they are."""
    return x, y


@dataclass(frozen=True)
class ChapterRecipe:
    """A model of a chapter beyond the core, of any class that `fit` trains by its `loss_terms`.

    `model(**sizes, generator=…)` makes it; `sizes` are what JSON holds, lists for tuples. `columns(x, y)` is what of
    pictures and classes it is trained on, `score(model, dataset)` its figures on the test set, each mean with its
    standard error under `…_se`, and `tensors(model, dataset)` what is stored beside the weights: under `codes`,
    `labels` and `errors` alone. `made(data_dir)` gives the data where `vae_lib.data` does not have them. `followed`
    are the figures that the card has of every round, to show what a longer training does to them.
    """

    model: Callable[..., nn.Module]
    sizes: dict[str, Any]
    data: str
    summary: str
    score: Callable[[nn.Module, Dataset], dict[str, Any]]
    columns: Callable[[Tensor, Tensor], Columns] = pictures_and_classes
    tensors: Callable[[nn.Module, Dataset], dict[str, Tensor]] | None = None
    made: Callable[[str | os.PathLike | None], Dataset] | None = None
    epochs: int = 40
    most_rounds: int = 3
    options: dict[str, Any] = field(default_factory=dict)  # of TrainConfig, besides those that all share
    held_back: int = 0  # of the last training examples; 0: a tenth, or what the data set's other models hold back
    followed: tuple[str, ...] = ()
    seed: int = 0

    def load(self, data_dir: str | os.PathLike | None) -> Dataset:
        """The data set, from disk or made by code."""
        return data.load(self.data, data_dir=data_dir) if self.made is None else self.made(data_dir)
