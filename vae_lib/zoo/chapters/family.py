"""Lecture 13's models: five kinds of equal size on two moons, three seeds each, and on the 8 × 8 digits.

Digits are brought from 17 levels to real numbers by uniform noise, so that every kind that has a density has one of the
same thing (Theis, van den Oord and Bethge 2016).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from vae_lib import data
from vae_lib.beyond.adversarial import Adversarial
from vae_lib.beyond.autoregressive import Autoregressive
from vae_lib.beyond.densities import divergence, moons
from vae_lib.beyond.diffusion import Diffusion
from vae_lib.beyond.family import GaussianVAE, cost, dequantize, energy_distance
from vae_lib.beyond.flows import CouplingFlow
from vae_lib.data import Dataset
from vae_lib.run import Columns
from vae_lib.zoo.recipe import ChapterRecipe

DATA = ("moons", "digits")
SEEDS = (0, 1, 2)
DRAWS = 20_000  # of the moons
LEVELS, COPIES = 17, 4  # of a pixel; of each digit in training, each with noise of its own
KINDS: dict[str, Callable[..., nn.Module]] = {
    "vae": GaussianVAE,
    "flow": CouplingFlow,
    "autoregressive": Autoregressive,
    "adversarial": Adversarial,
    "diffusion": Diffusion,
}
SIZES: dict[str, dict[str, dict[str, Any]]] = {
    "moons": {
        "vae": {"n_pixels": 2, "latent_dim": 2, "hidden": [44, 44]},
        "flow": {"n_dims": 2, "n_layers": 8, "hidden": [21, 21]},
        "autoregressive": {"n_dims": 2, "hidden": [52, 52], "n_components": 10},
        "adversarial": {"n_dims": 2, "latent_dim": 2, "hidden": [45, 45], "penalty": 0.5},
        "diffusion": {"n_dims": 2, "hidden": [59, 59], "steps": 100, "first": 1e-3, "last": 0.4},
    },
    "digits": {
        "vae": {"n_pixels": 64, "latent_dim": 10, "hidden": [150, 80]},
        "flow": {"n_dims": 64, "n_layers": 8, "hidden": [56]},
        "autoregressive": {"n_dims": 64, "hidden": [98], "n_components": 4},
        "adversarial": {"n_dims": 64, "latent_dim": 16, "hidden": [118, 118], "penalty": 0.5},
        "diffusion": {"n_dims": 64, "hidden": [155, 155], "steps": 100, "first": 5e-4, "last": 0.4},
    },
}
OPTIONS = {
    "moons": {"batch_size": 250, "learning_rate": 4e-3, "averaging": 0.99},
    "digits": {"batch_size": 100, "learning_rate": 2e-3, "averaging": 0.99},
}
SLOWER = {"learning_rate": 2e-3}  # at the others' rate the two players circle


def points_alone(x: Tensor, y: Tensor) -> Columns:
    """Without classes."""
    return (x,)


def _moons(data_dir: str | os.PathLike | None) -> Dataset:
    generator = torch.Generator().manual_seed(0)
    x, x_test = (moons().sample(DRAWS, generator) for _ in range(2))
    return Dataset("moons", x, torch.zeros(DRAWS), x_test, torch.zeros(DRAWS), (1, 2))


def _digits(data_dir: str | os.PathLike | None) -> Dataset:
    """Copies of those that are trained on, then copies of the last tenth, which is held back."""
    digits, generator = data.load("digits", data_dir=data_dir), torch.Generator().manual_seed(0)
    n = len(digits.x_train) // 10
    order = torch.cat([torch.arange(len(digits.x_train))[part].repeat(COPIES) for part in (slice(-n), slice(-n, None))])
    x, x_test = (dequantize(x, LEVELS, generator) for x in (digits.x_train[order], digits.x_test))
    return digits._replace(name="dequantized digits", x_train=x, y_train=digits.y_train[order], x_test=x_test)


@torch.no_grad()
def _score(model: nn.Module, dataset: Dataset) -> dict[str, Any]:
    """The `cost` of the test points; of draws the energy distance to them; on the moons, from a density, the KL."""
    generator = torch.Generator().manual_seed(1)  # the data are drawn with 0: a bound by the same draws is biased
    costs = cost(model, dataset.x_test, generator)
    x = dataset.x_test[:5000]
    figures = {
        "cost": costs.mean().item(),
        "cost_se": (costs.std() / len(costs) ** 0.5).item(),
        "energy_distance": energy_distance(x, model.sample(len(x), generator)).item(),
    }
    if dataset.name == "moons" and hasattr(model, "log_prob"):
        figures["kl"] = divergence(moons(), model.log_prob)
    return {key: round(value, 5) for key, value in figures.items()}


MADE = {"moons": _moons, "digits": _digits}
EPOCHS = {"moons": 320, "digits": 80}  # a VAE of the moons leaves a plateau late
ROUNDS = {"moons": 3, "digits": 7}


def _recipes() -> dict[str, ChapterRecipe]:
    found = {}
    for of, seeds in (("moons", SEEDS), ("digits", SEEDS[:1])):
        for kind, model in KINDS.items():
            for seed in seeds:
                summary = f"{kind}, {'two moons' if of == 'moons' else f'dequantized, {COPIES} copies each'}"
                found[f"family-{kind}-{of}" + f"-{seed}" * (of == "moons")] = ChapterRecipe(
                    *(model, SIZES[of][kind], of, summary, _score, points_alone),
                    made=MADE[of],
                    epochs=EPOCHS[of],
                    most_rounds=ROUNDS[of],
                    options=OPTIONS[of] | (SLOWER if kind == "adversarial" else {}),
                    seed=seed,
                )
    return found


RECIPES = _recipes()
