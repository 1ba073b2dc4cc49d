"""Lecture 12: letters of sixteen typefaces; some letters are kept for test in all of them."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor, nn

from vae_lib.beyond.fonts import EM, SIDE, glyphs, halves
from vae_lib.data import Dataset
from vae_lib.models import VAE
from vae_lib.objective import elbo_terms, squared_error
from vae_lib.run import Columns
from vae_lib.zoo.recipe import ChapterRecipe

SIZES = (EM, EM - 2, EM - 4)  # of the type, in pixels


def pictures_alone(x: Tensor, y: Tensor) -> Columns:
    """Without the letter."""
    return (x,)


def _letters(data_dir: str | os.PathLike | None) -> Dataset:
    """To train on, each letter in every typeface and size, one letter after the other; for test, in the largest."""
    parts = [halves(glyphs(em))[0] for em in SIZES]
    x, y = (torch.stack([part[k] for part in parts], 1).flatten(0, 1) for k in (0, 1))
    test = halves(glyphs())[1]
    return Dataset("fonts", x, y, test.pictures, test.letters, (SIDE, SIDE))


@torch.no_grad()
def _score(model: nn.Module, dataset: Dataset) -> dict[str, Any]:
    """The ELBO and its terms in nats and the squared error of reconstructions, on letters that were not trained on."""
    x = dataset.x_test
    terms = elbo_terms(model, x, generator=torch.Generator().manual_seed(0))
    errors = squared_error(x, model.reconstruct(x))
    named = {"elbo": terms.elbo, "reconstruction": terms.reconstruction, "kl": terms.kl, "squared_error": errors}
    figures = {}
    for name, values in named.items():
        figures |= {name: round(values.mean().item(), 4)}
        figures |= {f"{name}_se": round((values.std() / len(values) ** 0.5).item(), 4)}
    return figures


RECIPES = {
    "vae-fonts": ChapterRecipe(
        VAE,
        {"n_pixels": SIDE * SIDE, "latent_dim": 24, "hidden": [192, 96], "likelihood": "LearnedGaussian"},
        "fonts",
        "VAE of letters in 16 typefaces, 24 latent dimensions, learned σ_x",
        _score,
        pictures_alone,
        made=_letters,
        epochs=30,
        most_rounds=4,
        options={"batch_size": 128, "learning_rate": 3e-3, "shifted": 0.5},
    )
}
