"""Models trained on MNIST that come with the library: no data set and no training is needed to use them.

Each is one file of weights with the codes of test pictures, and one card that says how both were made.
`python -m vae_lib.zoo list` prints them, `python -m vae_lib.zoo train NAME` makes one anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_of
from safetensors.torch import save as bytes_of
from torch import Tensor

from vae_lib import data
from vae_lib.checks import InputError, require, require_count
from vae_lib.gaussian import gaussian_kl_per_dim
from vae_lib.models import VAE, Autoencoder
from vae_lib.objective import active_units, elbo_terms, squared_error
from vae_lib.training import TrainConfig, fit

HOME = Path(__file__).parent / "zoo_models"
N_CODES = 2000  # test pictures whose codes are kept
CLASSES = {"VAE": VAE, "Autoencoder": Autoencoder}


class Entry(NamedTuple):
    """What `load` returns.

    `model` is in eval mode; `codes` (N, D) are its codes of MNIST's first N test pictures (means of q for a VAE),
    `labels` (N,) int64 their classes, `errors` (N,) the squared error of each reconstruction; `card` says how all
    this was made and what it scores.
    """

    model: VAE | Autoencoder
    codes: Tensor
    labels: Tensor
    card: dict[str, Any]
    image_shape: tuple[int, int]
    errors: Tensor

    def __repr__(self) -> str:
        return f"Entry({self.card['name']!r}: {self.card['summary']}; {len(self.codes):,} codes)"


@dataclass(frozen=True)
class Recipe:
    """How an entry is made: epochs at a first learning rate, then some at a lower one to settle."""

    kind: str
    latent_dim: int
    summary: str
    hidden: tuple[int, ...] = (256, 128)
    stages: tuple[tuple[int, float], ...] = ((20, 1e-3), (6, 2e-4))  # epochs, learning rate
    seed: int = 0


DEEPER = (256, 128, 64)  # a plane of digits is more folded than a space of four or ten dimensions
LONGER = ((30, 1e-3), (6, 2e-4))
RECIPES = {
    "vae-mnist-2d": Recipe("VAE", 2, "a VAE whose codes lie in a plane", DEEPER, LONGER),
    "ae-mnist-2d": Recipe("Autoencoder", 2, "an autoencoder whose codes lie in a plane", DEEPER),
    "vae-mnist-10d": Recipe("VAE", 10, "a VAE with codes of ten numbers"),
    "ae-mnist-4d": Recipe("Autoencoder", 4, "an autoencoder with codes of four numbers"),
}


def names() -> tuple[str, ...]:
    """The entries that `load` knows."""
    return tuple(RECIPES)


def load(name: str, folder: str | os.PathLike | None = None) -> Entry:
    """The entry `name`, from the library itself or from the `folder` that `train` wrote to.

    Raises InputError for an unknown name, an absent file, and weights that do not match their card.
    """
    _require_name("load", name)
    weights, card_file = _files(name, folder)
    option = "" if folder is None else f' --folder "{folder}"'
    advice = f"restore it, or make it anew with `python -m vae_lib.zoo train {name}{option}`."
    try:
        content, card = weights.read_bytes(), json.loads(card_file.read_bytes())
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read ({error.strerror}); {advice}") from error
    except ValueError as error:  # not JSON, or not text
        raise InputError(f"{card_file} is not a whole card; {advice}") from error
    _require_match(name, content, card, f"{weights} does not match its card {card_file.name}; {advice}")
    tensors = {key: _widened(value) for key, value in tensors_of(content).items()}
    codes, labels, errors = (tensors.pop(key) for key in ("codes", "labels", "errors"))
    return Entry(_model(card["architecture"], tensors), codes, labels, card, tuple(card["image_shape"]), errors)


def train(
    name: str,
    folder: str | os.PathLike | None = None,
    *,
    epochs: int | None = None,
    data_dir: str | os.PathLike | None = None,
) -> Entry:
    """Train the entry `name` on MNIST, write its two files into `folder` (default: the library's own), and load it.

    `epochs` is the most for each learning rate, for a trial in a folder of its own. The same machine, torch and
    number of threads give the same files. Raises InputError where MNIST is not on disk or the name is unknown.
    """
    _require_name("train", name)
    if epochs is not None:
        require_count(epochs, "train: epochs")
        require(folder is not None, "train: a trial with few epochs needs a folder of its own.")
    recipe, dataset = RECIPES[name], data.load("mnist", data_dir=data_dir)
    weights, card_file = _files(name, folder)
    with _writing():  # before the minutes of training
        weights.parent.mkdir(parents=True, exist_ok=True)
    model = _train(recipe, dataset.x_train, epochs)
    tensors = {key: value.half() for key, value in model.state_dict().items()}
    model.load_state_dict(tensors)  # what is scored is what is stored
    codes, errors = _codes_and_errors(model, dataset.x_test[:N_CODES])
    card = _card(name, recipe, model, dataset, epochs)
    tensors |= {"codes": codes.half(), "errors": errors.half(), "labels": dataset.y_test[:N_CODES].to(torch.uint8)}
    _write(tensors, card, weights, card_file)
    return load(name, folder)


def _require_name(function: str, name: object) -> None:
    known = isinstance(name, str) and name in RECIPES
    require(known, f"zoo.{function}: name must be one of {', '.join(RECIPES)}, not {name!r}.")


def _files(name: str, folder: str | os.PathLike | None) -> tuple[Path, Path]:
    require(folder is None or isinstance(folder, (str, os.PathLike)), f"folder must be a path, not {folder!r}.")
    home = HOME if folder is None else Path(folder)
    return home / f"{name}.safetensors", home / f"{name}.json"


def _require_match(name: str, content: bytes, card: object, message: str) -> None:
    """The card is of `name` and has the checksum of the weights, whose header repeats the rest of the card."""
    require(isinstance(card, dict) and card.get("name") == name, message)
    require(card.get("sha256") == hashlib.sha256(content).hexdigest(), message)
    try:
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        inner = json.loads(header["__metadata__"]["card"])
        tensors_of(content)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:  # a checksum of something else
        raise InputError(message) from error
    require(card == {**inner, "bytes": len(content), "sha256": card["sha256"]}, message)


def _widened(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value.long()


def _model(architecture: dict[str, Any], state: dict[str, Tensor]) -> VAE | Autoencoder:
    sizes = {key: architecture[key] for key in ("n_pixels", "latent_dim", "hidden")}
    with torch.device("meta"):  # no start is drawn, so that the reader's seed is left alone
        model = CLASSES[architecture["class"]](**sizes)
    model.load_state_dict(state, assign=True)
    return model.eval()


def _train(recipe: Recipe, x: Tensor, epochs: int | None) -> VAE | Autoencoder:
    start = torch.Generator().manual_seed(recipe.seed)
    model = CLASSES[recipe.kind](x.shape[1], recipe.latent_dim, recipe.hidden, generator=start)
    for stage in _stages(recipe, epochs):
        fit(model, x, TrainConfig(**stage, device="cpu"))
    return model.eval()


def _stages(recipe: Recipe, epochs: int | None) -> list[dict[str, Any]]:
    """Arguments of each `TrainConfig`; a seed for each, so that the batches come in another order."""
    return [
        {"epochs": min(n, epochs or n), "learning_rate": rate, "batch_size": 128, "seed": recipe.seed + i}
        for i, (n, rate) in enumerate(recipe.stages)
    ]


@torch.no_grad()
def _codes_and_errors(model: VAE | Autoencoder, x: Tensor) -> tuple[Tensor, Tensor]:
    """(N, P) -> the codes (N, D), μ for a VAE, and ‖x − x̂‖² (N,) with x̂ decoded from them."""
    codes = model.encode(x)
    codes = codes[0] if isinstance(model, VAE) else codes
    return codes, squared_error(x, model.decode_mean(codes))


@torch.no_grad()
def score(model: VAE | Autoencoder, x: Tensor) -> dict[str, Any]:
    """Means over the pictures x (B, P): the squared error at the code; for a VAE also the ELBO and its two terms in
    nats, with one draw of z by a fixed seed, the KL of each dimension, and how many are in use.
    """
    figures = {"squared_error": _codes_and_errors(model, x)[1].mean().item()}
    if isinstance(model, VAE):
        terms = elbo_terms(model, x, generator=torch.Generator().manual_seed(0))
        mu, logvar = model.encode(x)
        figures |= {"elbo": terms.elbo.mean().item(), "reconstruction": terms.reconstruction.mean().item()}
        figures |= {"kl": terms.kl.mean().item(), "kl_per_dim": gaussian_kl_per_dim(mu, logvar).mean(0).tolist()}
        figures["active_units"] = active_units(mu)
    return figures


def _card(
    name: str, recipe: Recipe, model: VAE | Autoencoder, dataset: data.Dataset, epochs: int | None
) -> dict[str, Any]:
    trial = "" if epochs is None else f" --epochs {epochs}"
    output = {"likelihood": "Bernoulli"} if recipe.kind == "VAE" else {"output": model.output}
    sizes = {"n_pixels": model.n_pixels, "latent_dim": model.latent_dim, "hidden": list(model.hidden)}
    n_codes = min(N_CODES, len(dataset.x_test))
    trained = f"MNIST (LeCun, Cortes and Burges), grey pixels, {len(dataset.x_train):,} training pictures"
    return {
        "name": name,
        "summary": recipe.summary,
        "command": f"python -m vae_lib.zoo train {name}{trial}",
        "data": f"{trained}; figures on {len(dataset.x_test):,} test pictures, codes of the first {n_codes:,}",
        "image_shape": list(dataset.image_shape),
        "architecture": {"class": recipe.kind, **sizes, **output},
        "training": {"start_seed": recipe.seed, "optimizer": "Adam", "stages": _stages(recipe, epochs)},
        "test": {key: _rounded(value) for key, value in score(model, dataset.x_test).items()},
        "parameters": sum(p.numel() for p in model.parameters()),
        "dtype": "float16",
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }


def _rounded(value: float | list[float]) -> float | list[float]:
    return [round(v, 4) for v in value] if isinstance(value, list) else round(value, 4)


def _write(tensors: dict[str, Tensor], card: dict[str, Any], weights: Path, card_file: Path) -> None:
    """The weights carry the card in their header, so that neither can be changed without the other."""
    content = bytes_of(tensors, metadata={"card": json.dumps(card)})
    card = {**card, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    with _writing():
        weights.write_bytes(content)
        card_file.write_text(text, encoding="utf-8")


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{error.filename} could not be written ({error.strerror}); name another folder.") from error


def _line(entry: Entry) -> str:
    test = entry.card["test"]
    elbo = f"test ELBO {test['elbo']:.2f} nats, " if "elbo" in test else ""
    size = f"{entry.card['bytes'] / 1e6:.2f} MB"
    return f"{entry.card['name']}: {entry.card['summary']}; {elbo}squared error {test['squared_error']:.2f}; {size}"


def main(arguments: list[str] | None = None) -> int:
    """List the models of the zoo, or train one on MNIST."""
    parser = argparse.ArgumentParser(prog="python -m vae_lib.zoo", description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="what there is, and what it scores")
    one = commands.add_parser("train", help="train one and write its weights and card")
    one.add_argument("name", choices=list(RECIPES))
    one.add_argument("--folder", help="where to write; default: the library's own folder")
    one.add_argument("--epochs", type=int, help="the most for each learning rate: for a trial, with --folder")
    one.add_argument("--data-dir", help="where MNIST lies; default: VAE_DATA_DIR, else the user's cache")
    chosen = vars(parser.parse_args(arguments))
    try:
        entries = map(load, RECIPES) if chosen.pop("command") == "list" else [train(**chosen)]
        for entry in entries:
            print(_line(entry))
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
