"""The card of a model: how it was made, and what it scores on the test set, which chose nothing."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_lib.classifier import Classifier
from vae_lib.data import Dataset
from vae_lib.gaussian import gaussian_kl_per_dim
from vae_lib.models import VAE, Autoencoder
from vae_lib.objective import active_units, elbo_terms, squared_error
from vae_lib.pca import fit_pca, pca_decode, pca_encode
from vae_lib.training import TrainConfig
from vae_lib.zoo.recipe import ChapterRecipe, Recipe, bound_with_errors, with_error
from vae_lib.zoo.recipes import architecture, n_held_back

N_CODES = 2000  # test pictures whose codes are kept
POINTS = 40  # of a curve, which is stored to be drawn
SURE = 0.9  # a classifier that gives its class more than this is sure
TITLES = {
    "mnist": "MNIST (LeCun, Cortes and Burges), grey pixels",
    "digits": "scikit-learn's digits, 8 × 8 grey pixels",
}


def make_card(
    name: str,
    recipe: Recipe | ChapterRecipe,
    model: nn.Module,
    dataset: Dataset,
    rounds: list[dict[str, Any]],
    config: TrainConfig,
    trial: int | None,
) -> dict[str, Any]:
    """Everything about the entry but the checksum, in the order in which a reader asks."""
    title = TITLES.get(recipe.data, recipe.data)
    option = "" if trial is None else f" --epochs {trial}"
    n_train, n_test, n_held = len(dataset.x_train), len(dataset.x_test), n_held_back(recipe, dataset)
    options = ("batch_size", "learning_rate", "schedule", "warmup", "averaging", "shifted", "seed")
    options += ("beta",) if config.beta != 1 else ()
    rounds = [_thinned(**one) for one in rounds]
    return {
        "name": name,
        "summary": recipe.summary,
        "command": f"python -m vae_lib.zoo train {name}{option}",
        "data": f"{title}: {n_train - n_held:,} to train on, {n_held:,} held back, {n_test:,} for test",
        "image_shape": list(dataset.image_shape),
        "architecture": architecture(recipe, dataset.image_shape),
        "training": {"optimizer": "Adam", **{key: getattr(config, key) for key in options}, "rounds": rounds},
        "test": recipe.score(model, dataset) if isinstance(recipe, ChapterRecipe) else score(model, dataset),
        "parameters": sum(p.numel() for p in model.parameters()),
        "dtype": "float16",
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }


def _thinned(epochs: int, seconds: float, curve: list[float], test: dict[str, float]) -> dict[str, Any]:
    """A round with the least of its held-back losses, and those of each `every`-th epoch: at most POINTS of them; and
    its own test figures, where there are any.
    """
    every = -(-len(curve) // POINTS)
    figures = {"epochs": epochs, "seconds": round(seconds), "best": _rounded(min(curve))}
    figures |= {"every": every, "curve": [round(value, 2) for value in curve[every - 1 :: every]]}
    return figures | ({"test": test} if test else {})


def last_gain(card: dict[str, Any]) -> float | None:
    """By how many per cent the last round lowered the least held-back loss; below 0 where it did not.

    None for a single round. A loss in nats of a density may be below 0: its size is what counts.
    """
    *before, last = (one["best"] for one in card["training"]["rounds"])
    return 100 * (min(before) - last) / abs(min(before)) if before else None


def score(model: nn.Module, dataset: Dataset) -> dict[str, Any]:
    """Figures on the test set, each mean with its standard error under `…_se`."""
    if isinstance(model, Classifier):
        return _classification(model, dataset.x_test, dataset.y_test)
    return _reconstruction(model, dataset) | (_bound(model, dataset.x_test) if isinstance(model, VAE) else {})


@torch.no_grad()
def codes_and_errors(model: VAE | Autoencoder, x: Tensor) -> tuple[Tensor, Tensor]:
    """(N, P) -> the codes (N, D), μ for a VAE, and ‖x − x̂‖² (N,) with x̂ decoded from them."""
    codes = model.encode(x)
    codes = codes[0] if isinstance(model, VAE) else codes
    return codes, squared_error(x, model.decode_mean(codes))


def stored(recipe: Recipe | ChapterRecipe, model: nn.Module, dataset: Dataset) -> dict[str, Tensor]:
    """The tensors to store: float16 weights and, but for a classifier, codes, errors and classes of test pictures."""
    tensors = {key: value.half().contiguous() for key, value in model.state_dict().items()}
    if isinstance(recipe, ChapterRecipe):
        further = recipe.tensors(model, dataset) if recipe.tensors else {}
        return tensors | {key: value.contiguous() for key, value in further.items()}
    if isinstance(model, Classifier):
        return tensors
    codes, errors = codes_and_errors(model, dataset.x_test[:N_CODES])
    labels = dataset.y_test[:N_CODES].to(torch.uint8)
    return tensors | {"codes": codes.half(), "errors": errors.half(), "labels": labels}


def _reconstruction(model: VAE | Autoencoder, dataset: Dataset) -> dict[str, Any]:
    """Beside the squared error PCA's of as many numbers a picture, fitted to the same training pictures."""
    x = dataset.x_test
    pca = fit_pca(dataset.x_train, model.latent_dim)
    theirs = (
        squared_error(x, pca_decode(pca_encode(x, pca.mean, pca.components), pca.mean, pca.components)).mean().item()
    )
    figures = with_error("squared_error", codes_and_errors(model, x)[1])
    return figures | {"pca_squared_error": _rounded(theirs)}


@torch.no_grad()
def _bound(model: VAE, x: Tensor) -> dict[str, Any]:
    """The ELBO and its terms in nats, with one draw of z a picture by a fixed seed, and the KL of each dimension."""
    terms = elbo_terms(model, x, generator=torch.Generator().manual_seed(0))
    mu, logvar = model.encode(x)
    figures = bound_with_errors(terms)
    figures["kl_per_dim"] = _rounded(gaussian_kl_per_dim(mu, logvar).mean(0).tolist())
    figures["active_units"] = active_units(mu)
    if hasattr(model.likelihood, "sigma"):
        figures["sigma_x"] = _rounded(model.likelihood.sigma)
    return figures


@torch.no_grad()
def _classification(model: Classifier, x: Tensor, y: Tensor) -> dict[str, Any]:
    logits = torch.cat([model(part) for part in x.split(1000)])
    confidence, label = torch.softmax(logits, 1).max(1)
    right, sure = (label == y).float(), confidence > SURE
    figures = with_error("error_percent", 100 * (1 - right)) | with_error(
        "nll", F.cross_entropy(logits, y, reduction="none")
    )
    shares = {"sure_percent": sure.float(), "right_of_sure_percent": right[sure], "mean_confidence_percent": confidence}
    for name, values in shares.items():
        figures |= with_error(name, 100 * values)
    return figures


def _rounded(value: Any) -> Any:
    return [round(v, 4) for v in value] if isinstance(value, list) else round(value, 4)
