"""Lecture 12: one code for each small molecule, and a property of molecules as a function of the code."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor, nn

from vae_lib.beyond.graphs import MoleculeVAE, PropertyNetwork
from vae_lib.beyond.molecules import assemble, halves, is_valid, to_rows, wiener_index
from vae_lib.data import Dataset
from vae_lib.gaussian import reparametrize
from vae_lib.objective import importance_weighted_bound, log_importance_weights
from vae_lib.run import Columns
from vae_lib.zoo.recipe import ChapterRecipe, bound_with_errors, with_error

LATENT_DIM = 3


def rows_alone(x: Tensor, y: Tensor) -> Columns:
    """Without the property."""
    return (x,)


def _molecules(data_dir: str | os.PathLike | None) -> Dataset:
    """Half of all molecules, and the other half for test; y is the Wiener index."""
    (x, y), (x_test, y_test) = ((to_rows(half), wiener_index(half).float()) for half in halves())
    return Dataset("molecules", x, y, x_test, y_test, (1, x.shape[1]))


def _codes(data_dir: str | os.PathLike | None) -> Dataset:
    """A draw of q(z|x) for each molecule, by the stored model."""
    from vae_lib.zoo import load

    model, molecules = load("vae-molecules").model, _molecules(data_dir)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        x, x_test = (
            reparametrize(*model.encoder(x), generator=generator) for x in (molecules.x_train, molecules.x_test)
        )
    return Dataset("codes", x, molecules.y_train, x_test, molecules.y_test, (1, x.shape[1]))


@torch.no_grad()
def _score(model: nn.Module, dataset: Dataset) -> dict[str, Any]:
    """The bounds in nats, one draw and 100, and the share of 4,000 draws that are molecules, by the likeliest bonds."""
    x, generator = dataset.x_test, torch.Generator().manual_seed(0)
    terms = model.loss_terms(x, generator=generator)
    mu, logvar = model.encoder(x)
    z = reparametrize(mu, logvar, torch.randn(100, *mu.shape, generator=generator))
    weights = log_importance_weights(-model.nll(x, model.decode(z)), z, mu, logvar)
    drawn = model.decode(torch.randn(4000, model.latent_dim, generator=generator))
    figures = bound_with_errors(terms)
    return (
        figures
        | with_error("nll_100", -importance_weighted_bound(weights))
        | with_error("valid_percent", 100 * is_valid(assemble(drawn, ("atoms",), model.valences, generator)).float())
    )


@torch.no_grad()
def _score_property(model: nn.Module, dataset: Dataset) -> dict[str, Any]:
    """The absolute error, in bonds, and that of the mean, which needs no code."""
    y = dataset.y_test
    return with_error("absolute_error", (model(dataset.x_test) - y).abs()) | with_error(
        "absolute_error_of_mean", (y.mean() - y).abs()
    )


def _recipe(summary: str, valences: bool) -> ChapterRecipe:
    return ChapterRecipe(
        MoleculeVAE,
        {"latent_dim": LATENT_DIM, "hidden": [128, 128], "valences": valences},
        "molecules",
        summary,
        _score,
        rows_alone,
        made=_molecules,
        epochs=60,
        most_rounds=4,
        options={"batch_size": 128, "learning_rate": 4e-3},
    )


RECIPES = {
    "vae-molecules": _recipe("VAE of molecules of six atoms, 3 latent dimensions", True),
    "vae-molecules-free": _recipe("the same with atoms that do not know their bonds", False),
    "property-molecules": ChapterRecipe(
        PropertyNetwork,
        {"latent_dim": LATENT_DIM, "hidden": [64, 64], "center": 26.0, "scale": 4.0},
        "codes",
        "network that predicts a molecule's Wiener index from its code",
        _score_property,
        made=_codes,
        epochs=60,
        most_rounds=4,
        options={"batch_size": 256, "learning_rate": 5e-3},
    ),
}
