"""What each model of the zoo is and how it is trained."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from vae_lib.checks import require
from vae_lib.classifier import Classifier
from vae_lib.data import Dataset
from vae_lib.likelihood import LearnedGaussian
from vae_lib.models import VAE, Autoencoder
from vae_lib.zoo.chapters import CHAPTERS, CLASSES
from vae_lib.zoo.recipe import ChapterRecipe, Recipe


def start(architecture: dict, generator: torch.Generator | None = None) -> nn.Module:
    """The model that an architecture of a card describes, its weights drawn from `generator`."""
    sizes = {key: value for key, value in architecture.items() if key not in ("class", "likelihood", "output")}
    kind = architecture["class"]
    if kind in CLASSES.keys() - {"VAE"}:
        return CLASSES[kind](**sizes, generator=generator)
    if kind == "Classifier":
        return Classifier(**sizes, generator=generator)
    if kind == "Autoencoder":
        return Autoencoder(**sizes, output=architecture["output"], generator=generator)
    likelihood = LearnedGaussian() if architecture.get("likelihood") == "LearnedGaussian" else None
    return VAE(**sizes, likelihood=likelihood, generator=generator)


def architecture(recipe: Recipe | ChapterRecipe, image_shape: tuple[int, int]) -> dict:
    """What `start` needs, in words and numbers that JSON holds."""
    if isinstance(recipe, ChapterRecipe):
        return {"class": recipe.model.__name__, **recipe.sizes}
    if recipe.kind == "Classifier":
        return {"class": "Classifier", "image_shape": list(image_shape), "channels": list(CHANNELS)}
    sizes = {"n_pixels": image_shape[0] * image_shape[1], "latent_dim": recipe.latent_dim}
    sizes |= {"hidden": list(recipe.hidden)}
    if recipe.kind == "Autoencoder":
        return {"class": "Autoencoder", **sizes, "output": "sigmoid"}
    return {"class": "VAE", **sizes, "likelihood": "LearnedGaussian" if recipe.learned_sigma else "Bernoulli"}


CHANNELS = (16, 32, 64)
HELD_BACK = {"mnist": 5000, "digits": 150, "codes-mnist": 2500, "codes-digits": 150}
SHARED = {  # options of TrainConfig by data set; what the chapters draw by code is as small as the digits
    "mnist": {"batch_size": 128, "learning_rate": 2e-3, "averaging": 0.999},
    "digits": {"batch_size": 64, "learning_rate": 2e-3, "averaging": 0.99},
}


class Sizes(NamedTuple):
    """Hidden layers of the models of one data set, and the epochs of their first round."""

    narrow: tuple[int, ...]
    wide: tuple[int, ...]
    deep: tuple[int, ...]  # for a plane of codes, which is more folded than a space of more dimensions
    widest: tuple[int, ...]
    epochs: int


SIZES = {
    "mnist": Sizes((256, 128), (336, 168), (336, 168, 84), (720, 360), 40),
    "digits": Sizes((96, 48), (96, 48), (96, 48, 24), (128, 64), 200),
}


def _family(data: str, sizes: Sizes) -> dict[str, Recipe]:
    """Autoencoders, VAEs and a classifier of one data set; only MNIST's pictures have the empty rim to be moved in."""
    moved = {"shifted": 0.5} if data == "mnist" else {}
    found = {}
    for d in (2, 4, 8, 30):
        hidden, options = {2: (sizes.deep, {}), 30: (sizes.widest, moved)}.get(d, (sizes.wide, {}))
        summary = f"autoencoder, {d} numbers a picture"
        found[f"ae-{data}-{d}d"] = Recipe("Autoencoder", data, summary, d, hidden, sizes.epochs, options)
    for d in (2, 5, 8, 10, 20):
        hidden, summary = sizes.deep if d == 2 else sizes.wide, f"VAE, {d} latent dimensions"
        found[f"vae-{data}-{d}d"] = Recipe("VAE", data, summary, d, hidden, sizes.epochs)
    summary = "VAE, 10 latent dimensions, Gaussian likelihood of learned σ_x"
    gaussian = Recipe("VAE", data, summary, 10, sizes.narrow, sizes.epochs, learned_sigma=True)
    judge = Recipe("Classifier", data, "classifier, the judge of validity", epochs=sizes.epochs // 5, options=moved)
    return found | {f"vae-{data}-gaussian": gaussian, f"classifier-{data}": judge}


FAMILY = {name: recipe for data, sizes in SIZES.items() for name, recipe in _family(data, sizes).items()}
RECIPES: dict[str, Recipe | ChapterRecipe] = {**FAMILY, **CHAPTERS}


def n_held_back(recipe: Recipe | ChapterRecipe, dataset: Dataset) -> int:
    """How many of the last training pictures stop the training and choose the round, and are never trained on."""
    n = len(dataset.x_train)
    return getattr(recipe, "held_back", 0) or min(HELD_BACK.get(dataset.name, n // 10), n // 4)


def require_name(function: str, name: object) -> None:
    """`name` is one of the zoo's."""
    known = isinstance(name, str) and name in RECIPES
    advice = "zoo.names() lists the models, such as 'vae-mnist-2d'"
    require(known, f"zoo.{function}: there is no model {name!r}; {advice}.")
