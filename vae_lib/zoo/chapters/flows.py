"""Lecture 10's models: flows on known densities in the plane, and flows as priors of stored models' codes."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from vae_lib import data
from vae_lib.beyond.densities import KNOWN, divergence, entropy
from vae_lib.beyond.flows import CouplingFlow
from vae_lib.data import Dataset
from vae_lib.gaussian import reparametrize
from vae_lib.models import VAE
from vae_lib.run import Columns
from vae_lib.zoo.recipe import ChapterRecipe

DRAWS = 20_000  # of a density, or codes of training pictures
STARTS = 3  # of each density's flow
FINER = {"checkerboard": {"limit": 2.0, "cells": 600}}  # a flow's cracks there are narrower than the usual grid
OPTIONS = {"batch_size": 1000, "learning_rate": 5e-3}


def points_alone(x: Tensor, y: Tensor) -> Columns:
    """What a flow is trained on."""
    return (x,)


def _drawn(name: str, data_dir: str | os.PathLike | None) -> Dataset:
    density, generator = KNOWN[name](), torch.Generator().manual_seed(0)
    x, x_test = (density.sample(DRAWS, generator) for _ in range(2))
    return Dataset(name, x, torch.zeros(DRAWS), x_test, torch.zeros(DRAWS), (1, 2))


@torch.no_grad()
def codes_of(model: nn.Module, x: Tensor, seed: int = 0) -> Tensor:
    """The codes of pictures, one draw of q(z|x) each for a VAE. (B, P) -> (B, D)."""
    if not isinstance(model, VAE):
        return model.encode(x)
    return reparametrize(*model.encode(x), generator=torch.Generator().manual_seed(seed))


def _encoded(name: str, data_dir: str | os.PathLike | None) -> Dataset:
    from vae_lib.zoo import load

    pictures, model = data.load(name.split("-")[1], data_dir=data_dir), load(name).model
    x, x_test = codes_of(model, pictures.x_train[:DRAWS]), codes_of(model, pictures.x_test, seed=1)
    return Dataset(name, x, pictures.y_train[:DRAWS], x_test, pictures.y_test, (1, x.shape[1]))


@torch.no_grad()
def _score(model: nn.Module, dataset: Dataset) -> dict[str, Any]:
    """−log p of test points in nats; where the density is known, its entropy and the gap, both by quadrature."""
    cost = -model.log_prob(dataset.x_test)
    figures = {"nll": cost.mean().item(), "nll_se": (cost.std() / len(cost) ** 0.5).item()}
    if dataset.name in KNOWN:
        density = KNOWN[dataset.name]()
        figures |= {
            "entropy": entropy(density),
            "kl": divergence(density, model.log_prob, **FINER.get(dataset.name, {})),
        }
    return {key: round(value, 4) for key, value in figures.items()}


def _recipe(
    sizes: dict, name: str, summary: str, made: Callable, epochs: int, seed: int, most_rounds: int
) -> ChapterRecipe:
    return ChapterRecipe(
        *(CouplingFlow, sizes, name, summary, _score, points_alone),
        made=partial(made, name),
        epochs=epochs,
        most_rounds=most_rounds,
        options=OPTIONS,
        seed=seed,
    )


def _on_densities() -> dict[str, ChapterRecipe]:
    found = {}
    sizes = {"n_dims": 2, "n_layers": 8, "hidden": [32, 32]}
    for name in KNOWN:
        for seed in range(STARTS):
            own, start = (f"-{seed}", f", start {seed}") if seed else ("", "")
            summary = f"flow of 8 couplings, {name}{start}"
            found[f"flow-{name}{own}"] = _recipe(sizes, name, summary, _drawn, 240, seed, 4)
    return found


def _as_priors() -> dict[str, ChapterRecipe]:
    found = {}
    for pictures, epochs in (("mnist", 60), ("digits", 50)):
        for kind, n_dims in (("vae", 2), ("vae", 8), ("ae", 8)):
            name = f"{kind}-{pictures}-{n_dims}d"
            sizes = {"n_dims": n_dims, "n_layers": 8, "hidden": [32, 32]}
            found[f"prior-{name}"] = _recipe(sizes, name, f"flow on codes of {name}", _encoded, epochs, 0, 6)
    return found


RECIPES = _on_densities() | _as_priors()
