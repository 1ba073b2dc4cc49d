"""What each model of the zoo is and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn

from vae_lib.checks import require
from vae_lib.classifier import Classifier
from vae_lib.data import Dataset
from vae_lib.likelihood import LearnedGaussian
from vae_lib.models import VAE, Autoencoder


@dataclass(frozen=True)
class Recipe:
    """A model and its training: rounds of `epochs`, twice that, and so on (see `vae_lib.zoo.training`)."""

    kind: str  # VAE, Autoencoder or Classifier
    data: str
    summary: str
    latent_dim: int = 0
    hidden: tuple[int, ...] = ()
    epochs: int = 40
    options: dict = field(default_factory=dict)  # of TrainConfig, besides those that all share
    most_rounds: int = 4
    learned_sigma: bool = False
    seed: int = 0


def start(architecture: dict, generator: torch.Generator | None = None) -> nn.Module:
    """The model that an architecture of a card describes, its weights drawn from `generator`."""
    sizes = {key: value for key, value in architecture.items() if key not in ("class", "likelihood", "output")}
    kind = architecture["class"]
    if kind == "Classifier":
        return Classifier(**sizes, generator=generator)
    if kind == "Autoencoder":
        return Autoencoder(**sizes, output=architecture["output"], generator=generator)
    likelihood = LearnedGaussian() if architecture["likelihood"] == "LearnedGaussian" else None
    return VAE(**sizes, likelihood=likelihood, generator=generator)


def architecture(recipe: Recipe, image_shape: tuple[int, int]) -> dict:
    """What `start` needs, in words and numbers that JSON holds."""
    if recipe.kind == "Classifier":
        return {"class": "Classifier", "image_shape": list(image_shape), "channels": list(CHANNELS)}
    sizes = {"n_pixels": image_shape[0] * image_shape[1], "latent_dim": recipe.latent_dim}
    sizes |= {"hidden": list(recipe.hidden)}
    if recipe.kind == "Autoencoder":
        return {"class": "Autoencoder", **sizes, "output": "sigmoid"}
    return {"class": "VAE", **sizes, "likelihood": "LearnedGaussian" if recipe.learned_sigma else "Bernoulli"}


CHANNELS = (16, 32, 64)
NARROW, WIDE, DEEP, WIDEST = (
    (256, 128),
    (336, 168),
    (336, 168, 84),
    (720, 360),
)  # a plane of digits is folded: one layer more
HELD_BACK = {"mnist": 5000, "digits": 150}
SHARED = {
    "mnist": {"batch_size": 128, "learning_rate": 2e-3, "averaging": 0.999},
    "digits": {"batch_size": 64, "learning_rate": 2e-3, "averaging": 0.99},
}


def _family(
    data: str, narrow: tuple, wide: tuple, deep: tuple, widest: tuple, shifted: float, epochs: int
) -> dict[str, Recipe]:
    recipes = {}
    for d in (2, 4, 8, 30):
        hidden, options = (deep if d == 2 else wide), {}
        if d == 30:
            hidden, options = widest, {"shifted": shifted}
        summary = f"autoencoder, {d} numbers a picture"
        recipes[f"ae-{data}-{d}d"] = Recipe("Autoencoder", data, summary, d, hidden, epochs, options)
    for d in (2, 5, 8, 10, 20):
        summary = f"VAE, {d} latent dimensions"
        recipes[f"vae-{data}-{d}d"] = Recipe("VAE", data, summary, d, deep if d == 2 else wide, epochs)
    summary = "VAE, 10 latent dimensions, Gaussian likelihood of learned σ_x"
    recipes[f"vae-{data}-gaussian"] = Recipe("VAE", data, summary, 10, narrow, epochs, learned_sigma=True)
    options = {"shifted": shifted}
    recipes[f"classifier-{data}"] = Recipe(
        "Classifier", data, "classifier, the judge of validity", epochs=epochs // 5, options=options, most_rounds=2
    )
    return recipes


RECIPES = _family("mnist", NARROW, WIDE, DEEP, WIDEST, 0.5, 40) | _family(
    "digits", (96, 48), (96, 48), (96, 48, 24), (128, 64), 0.0, 200
)


def n_held_back(dataset: Dataset) -> int:
    """How many of the last training pictures stop the training and choose the round, and are never trained on."""
    return min(HELD_BACK[dataset.name], len(dataset.x_train) // 4)


def require_name(function: str, name: object) -> None:
    """`name` is one of the zoo's."""
    known = isinstance(name, str) and name in RECIPES
    require(known, f"zoo.{function}: name must be one of {', '.join(RECIPES)}, not {name!r}.")
