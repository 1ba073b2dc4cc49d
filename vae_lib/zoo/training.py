"""Training a model of the zoo until a held-back part of the training set no longer gains by it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vae_lib import data
from vae_lib.checks import InputError, require, require_count
from vae_lib.run import Columns
from vae_lib.training import History, TrainConfig, fit
from vae_lib.zoo import Entry, load
from vae_lib.zoo.card import make_card, stored
from vae_lib.zoo.files import home_of, write
from vae_lib.zoo.recipe import ChapterRecipe, Recipe
from vae_lib.zoo.recipes import RECIPES, SHARED, architecture, n_held_back, require_name, start

LEAST_GAIN = 0.005  # of the held-back loss: a round that gains less is the last


class Round(NamedTuple):
    """One training from the start: how many epochs were planned, what it cost, the loss of the held-back part, and the
    test figures that the recipe follows from round to round.
    """

    epochs: int
    seconds: float
    curve: list[float]
    test: dict[str, float]

    @property
    def best(self) -> float:
        """The least held-back loss of an epoch."""
        return min(self.curve)


def train(
    name: str,
    folder: str | os.PathLike | None = None,
    *,
    epochs: int | None = None,
    data_dir: str | os.PathLike | None = None,
) -> Entry:
    """Train the entry `name`, write its two files into `folder` (default: the library's own), and load it.

    Interrupted, it goes on where it was: checkpoints lie in `folder` until the files are written. `epochs` makes one
    round of so many, for a trial in a folder of its own. The same machine, torch and number of threads give the same
    weights. Raises InputError where the data are not on disk or the name is unknown.
    """
    require_name("train", name)
    if epochs is not None:
        require_count(epochs, "train: epochs")
        require(folder is not None, "train: a trial with few epochs needs a folder of its own.")
    recipe, home = RECIPES[name], home_of(folder)
    dataset = recipe.load(data_dir)
    with writing():  # before the hours of training
        home.mkdir(parents=True, exist_ok=True)
    model, rounds = _converged(recipe, dataset, home / f".{name}", epochs)
    model.load_state_dict({key: value.half() for key, value in model.state_dict().items()})  # scored as it is stored
    card = make_card(name, recipe, model, dataset, [round_._asdict() for round_ in rounds], config(recipe, 1), epochs)
    with writing():
        write(home, name, stored(recipe, model, dataset), card)
    for checkpoint in home.glob(f".{name}-*.pt"):
        checkpoint.unlink()
    return load(name, folder)


def config(recipe: Recipe | ChapterRecipe, epochs: int) -> TrainConfig:
    """Adam with a warm-up of 3 % and a cosine; the mean of the weights at its best epoch is kept."""
    shared = {**SHARED.get(recipe.data, SHARED["digits"]), "schedule": "cosine", "warmup": 0.03, "patience": epochs}
    return TrainConfig(epochs=epochs, device="cpu", seed=recipe.seed, **{**shared, **recipe.options})


def split(dataset: data.Dataset, recipe: Recipe | ChapterRecipe) -> tuple[Columns, Columns]:
    """What is trained on and what is held back."""
    n = n_held_back(recipe, dataset)
    columns = recipe.columns(dataset.x_train, dataset.y_train)
    return tuple(column[:-n] for column in columns), tuple(column[-n:] for column in columns)


def _converged(
    recipe: Recipe | ChapterRecipe, dataset: data.Dataset, stem: Path, epochs: int | None
) -> tuple[nn.Module, list[Round]]:
    """The best of several rounds, each from the same start and twice as long as the one before; the last gains less
    than `LEAST_GAIN` over it.
    """
    rounds: list[Round] = []
    best: dict[str, Tensor] = {}
    shape = architecture(recipe, dataset.image_shape)
    for k in range(1 if epochs else recipe.most_rounds):
        planned = epochs or recipe.epochs * 2**k
        model = start(shape, torch.Generator().manual_seed(recipe.seed))
        done = _round(model, dataset, recipe, planned, stem.with_name(f"{stem.name}-{planned}.pt"))
        rounds.append(Round(planned, sum(done.seconds), done.test_loss, _followed(recipe, model, dataset)))
        if rounds[-1].best == min(one.best for one in rounds):
            best = model.state_dict()
        if len(rounds) > 1 and rounds[-2].best - rounds[-1].best < LEAST_GAIN * abs(rounds[-2].best):
            break
    model.load_state_dict(best)
    return model.eval(), rounds


def _round(
    model: nn.Module, dataset: data.Dataset, recipe: Recipe | ChapterRecipe, epochs: int, checkpoint: Path
) -> History:
    fitted, held = (part if len(part) > 1 else part[0] for part in split(dataset, recipe))
    done = fit(model, fitted, config(recipe, epochs), test=held, checkpoint=checkpoint)
    if done.interrupted:
        raise KeyboardInterrupt
    return done


def _followed(recipe: Recipe | ChapterRecipe, model: nn.Module, dataset: data.Dataset) -> dict[str, float]:
    names = getattr(recipe, "followed", ())
    figures = recipe.score(model.eval(), dataset) if names else {}
    return {name: figures[name] for name in names}


@contextmanager
def writing() -> Iterator[None]:
    """Turn an OSError of what is written inside into one sentence that names the file."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{error.filename} could not be written ({error.strerror}); name another folder.") from error
