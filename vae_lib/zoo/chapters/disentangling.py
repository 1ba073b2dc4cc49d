"""Lecture 9: a VAE, a β-VAE and a total-correlation VAE on sprites from several starts each, and a sweep of β.

The data set is finite and known to its last picture, so that nothing is kept from the training: every step takes all of
it, and what other models hold back is here the same pictures once more.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from vae_lib.beyond.disentangling import TcVAE, exact_information, kl_decomposition, mutual_information_gap
from vae_lib.beyond.sprites import sprites
from vae_lib.data import Dataset
from vae_lib.gaussian import reparametrize
from vae_lib.models import VAE
from vae_lib.objective import elbo_terms
from vae_lib.run import Columns
from vae_lib.zoo.recipe import ChapterRecipe

SIDE, KEPT = 20, {"shape": 2, "angle": 0}  # an upright L of 3 sizes at 6 × 6 places
N = 108
SEEDS = 6
BETA_VAE, BETA_TC = 4.0, 6.0
SWEEP = (0.25, 0.5, 2.0, 8.0, 16.0)  # with seed 0; 1 and BETA_VAE are there already
AGAINST_ONE = 2.0  # the β of the sweep that is nearest to the VAE, from every start
DRAWS = 100
SIZES = {"n_pixels": SIDE**2, "latent_dim": 5, "hidden": [128]}
OPTIONS = {"batch_size": N, "learning_rate": 2e-2, "averaging": 0.99, "patience": 0}


def pictures_alone(x: Tensor, y: Tensor) -> Columns:
    """Without their factors."""
    return (x,)


def all_sprites(data_dir: str | os.PathLike | None) -> Dataset:
    """The 108 pictures, and all of them once more at the end, where a recipe holds back; `y` numbers them."""
    x, n = sprites(SIDE, **KEPT).pictures, torch.arange(N)
    return Dataset("sprites", x.repeat(2, 1), n.repeat(2), x, n, (SIDE, SIDE))


@torch.no_grad()
def score(model: nn.Module, dataset: Dataset) -> dict[str, Any]:
    """The ELBO over all pictures, the parts of its KL, means of 100 draws in nats, and the mutual information gap."""
    vae, x, generator = getattr(model, "vae", model), dataset.x_test, torch.Generator().manual_seed(0)
    mu, logvar = vae.encode(x)
    elbo = torch.stack([elbo_terms(vae, x, generator=generator).elbo.mean() for _ in range(DRAWS)])
    draws = [reparametrize(mu, logvar, generator=generator) for _ in range(DRAWS)]
    parts = [torch.stack(kl_decomposition(z, mu, logvar, len(x), "stratified")) for z in draws]
    gap = mutual_information_gap(*exact_information(mu, logvar, sprites(8, 1, **KEPT).factors))
    found = {"elbo": elbo.mean(), "elbo_se": elbo.std() / DRAWS**0.5, "gap": gap}
    names = ("information", "total_correlation", "dimension_wise")
    found |= dict(zip(names, torch.stack(parts).mean(0), strict=True))
    return {name: round(float(value), 4) for name, value in found.items()}


def _recipe(model: Callable, summary: str, seed: int, weights: dict[str, Any], sizes: dict[str, Any]) -> ChapterRecipe:
    return ChapterRecipe(
        *(model, SIZES | sizes, f"sprites, an upright L, all {N} of them, held back as well"),
        *(f"{summary}, start {seed}", score, pictures_alone),
        made=all_sprites,
        epochs=8000,
        most_rounds=2,
        held_back=N,
        followed=("elbo", "gap"),
        options=OPTIONS | weights,
        seed=seed,
    )


def _weighted(beta: float, seed: int) -> ChapterRecipe:
    """A VAE with β before its KL."""
    return _recipe(VAE, f"β-VAE on sprites, β = {beta:g}", seed, {"beta": beta}, {})


def _recipes() -> dict[str, ChapterRecipe]:
    found, sizes = {}, {"beta": BETA_TC, "n_data": N}
    for seed in range(SEEDS):
        found[f"vae-sprites-{seed}"] = _recipe(VAE, "VAE on sprites", seed, {}, {})
        found[f"bvae-sprites-{seed}"] = _weighted(BETA_VAE, seed)
        summary = f"total-correlation VAE on sprites, β = {BETA_TC:g}"
        found[f"tcvae-sprites-{seed}"] = _recipe(TcVAE, summary, seed, {}, sizes)
        if seed:
            found[f"sweep-sprites-{AGAINST_ONE:g}-{seed}"] = _weighted(AGAINST_ONE, seed)
    return found | {f"sweep-sprites-{beta:g}": _weighted(beta, 0) for beta in SWEEP}


RECIPES = _recipes()
