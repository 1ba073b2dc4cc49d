"""Lecture 8: VAEs that are told the class beside one of equal size that is not, and two that fill in quadrants."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from vae_lib.beyond.completion import CompletionNetwork, CompletionVAE, seen_quadrants
from vae_lib.beyond.conditional import ConditionalVAE
from vae_lib.data import Dataset
from vae_lib.models import VAE
from vae_lib.objective import elbo_terms
from vae_lib.run import Columns
from vae_lib.zoo.recipe import ChapterRecipe, bound_with_errors, with_error

# more pictures a step than the family's; at most three rounds, four for the two of a pair that are compared
OPTIONS = {"mnist": {"batch_size": 256, "learning_rate": 3e-3, "averaging": 0.998}, "digits": {}}
HIDDEN = {"mnist": [128, 128], "digits": [96, 48]}


def pictures_alone(x: Tensor, y: Tensor) -> Columns:
    """Without their classes."""
    return (x,)


@torch.no_grad()
def score_bound(model: nn.Module, dataset: Dataset) -> dict[str, Any]:
    """The ELBO and its terms in nats, one draw of z a picture by a fixed seed."""
    generator = torch.Generator().manual_seed(0)
    if isinstance(model, VAE):
        return bound_with_errors(elbo_terms(model, dataset.x_test, generator=generator))
    return bound_with_errors(model.loss_terms(dataset.x_test, dataset.y_test, generator=generator))


@torch.no_grad()
def score_completion(model: nn.Module, dataset: Dataset) -> dict[str, Any]:
    """The bound on −log p of the missing pixels in nats, for one, two and three quadrants observed."""
    found = {}
    for n in (1, 2, 3):
        seen, generator = seen_quadrants(n, len(dataset.x_test)), torch.Generator().manual_seed(0)
        if isinstance(model, CompletionVAE):
            cost = -model.elbo_terms(dataset.x_test, seen, generator=generator).elbo
        else:
            cost = model.nll(dataset.x_test, seen)
        found |= with_error(f"nll_{n}", cost)
    return found


def _recipes(data: str, n_pixels: int, side: int, epochs: tuple[int, int]) -> dict[str, ChapterRecipe]:
    """The four models of one data set; `epochs` of all but the network, and of the network."""
    hidden, options = HIDDEN[data], OPTIONS[data]
    shared = {"data": data, "options": options, "most_rounds": 3}
    longer = shared | {"most_rounds": 4}
    codes = {"n_pixels": n_pixels, "latent_dim": 10, "hidden": hidden}
    shape, small = [side, side], [112, 112] if data == "mnist" else hidden
    filling = {"image_shape": shape, "latent_dim": 16 if data == "mnist" else 10, "hidden": small}
    alone = {"columns": pictures_alone, **shared}
    return {
        f"cvae-{data}": ChapterRecipe(
            ConditionalVAE,
            codes | {"n_classes": 10},
            summary="VAE that is told the class, 10 latent dimensions",
            score=score_bound,
            epochs=epochs[0],
            **longer,
        ),
        f"cvae-{data}-untold": ChapterRecipe(
            VAE,
            codes,
            summary="VAE of the same size that is not told",
            score=score_bound,
            epochs=epochs[0],
            columns=pictures_alone,
            **longer,
        ),
        f"completion-{data}": ChapterRecipe(
            CompletionVAE,
            filling,
            summary="VAE that fills in missing quadrants",
            score=score_completion,
            epochs=epochs[0],
            **alone,
        ),
        f"completion-{data}-network": ChapterRecipe(
            CompletionNetwork,
            {"image_shape": shape, "hidden": [96, 96] if data == "mnist" else [64, 64]},
            summary="network that fills in missing quadrants, pixel by pixel",
            score=score_completion,
            epochs=epochs[1],
            **alone,
        ),
    }


RECIPES = _recipes("mnist", 784, 28, (25, 20)) | _recipes("digits", 64, 8, (400, 200))
