"""Trained models that come with the library: no data set and no training is needed to use them.

Each was trained in rounds, twice as long each, until a part held back of the training set gained little by it or the
rounds were used up; its card has their curves.

Each is one file of weights with the codes of test pictures, and one card that says how both were made.
`python -m vae_lib.zoo list` prints them, `python -m vae_lib.zoo train NAME` makes one anew.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from vae_lib.zoo import chapters
from vae_lib.zoo.files import HOME, read
from vae_lib.zoo.recipe import ChapterRecipe
from vae_lib.zoo.recipes import RECIPES, require_name, start

__all__ = ["HOME", "RECIPES", "ChapterRecipe", "Entry", "chapters", "load", "names"]


class Entry(NamedTuple):
    """What `load` returns.

    `model` is in eval mode; `codes` (N, D) are its codes of the first N test pictures (means of q for a VAE),
    `labels` (N,) int64 their classes, `errors` (N,) the squared error of each reconstruction, each empty where it is
    not stored, as for a classifier; `card` says how all this was made and what it scores.
    """

    model: nn.Module
    codes: Tensor
    labels: Tensor
    card: dict[str, Any]
    image_shape: tuple[int, int]
    errors: Tensor

    def __repr__(self) -> str:
        return f"Entry({self.card['name']!r}: {self.card['summary']})"


def names() -> tuple[str, ...]:
    """The entries that `load` knows."""
    return tuple(RECIPES)


def load(name: str, folder: str | os.PathLike | None = None) -> Entry:
    """The entry `name`, from the library itself or from the `folder` that `train` wrote to.

    Raises InputError for an unknown name, an absent file, and weights that do not match their card.
    """
    require_name("load", name)
    stored, card = read(name, folder)
    tensors = {key: value.float() if value.is_floating_point() else value.long() for key, value in stored.items()}
    codes, labels, errors = (tensors.pop(key, torch.empty(0)) for key in ("codes", "labels", "errors"))
    return Entry(_model(card["architecture"], tensors), codes, labels, card, tuple(card["image_shape"]), errors)


def _model(architecture: dict[str, Any], state: dict[str, Tensor]) -> nn.Module:
    with torch.device("meta"):  # no start is drawn, so that the reader's seed is left alone
        model = start(architecture)
    model.to_empty(device="cpu").load_state_dict(state)  # copied, so that the layout is the model's own
    return model.requires_grad_(True).eval()
