"""Lecture 12's sequence models: a plain VAE, three with a cure against collapse, and a language model without a code.

Each is trained from three starts, to the end of its schedule: the cures pay for their code, so that the epoch of the
best bound is not the one that they are trained for.
"""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor, nn

from vae_lib.beyond.grammar import LONGEST, small_english
from vae_lib.beyond.sequences import LanguageModel, SequenceVAE
from vae_lib.data import Dataset
from vae_lib.gaussian import gaussian_kl_per_dim
from vae_lib.objective import active_units
from vae_lib.run import Columns
from vae_lib.zoo.recipe import ChapterRecipe

N_TRAIN, N_TEST, SEEDS = 12_000, 4_000, 3
LENGTH = LONGEST + 1  # with the token that closes a sentence
OPTIONS = {"batch_size": 200, "learning_rate": 1e-2, "patience": 0}  # the last epoch is kept
# of the first round: a cure takes longer to settle, and word dropout stands still for long
EPOCHS = {"lm": 20, "plain": 20, "annealed": 40, "freebits": 40, "dropout": 80}
LAST = 320  # epochs of the last round at most
RISE = 1080  # steps over which the KL is annealed: 20 epochs
SIZES = {"n_positions": LENGTH, "n_words": 38, "embedding": 16, "hidden": 40}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("sequence VAE", {}),
    "annealed": ("sequence VAE, KL annealed over 20 epochs", {"warmup": RISE}),
    "dropout": ("sequence VAE, half of the words hidden from the decoder", {"dropout": 0.5}),
    "freebits": ("sequence VAE, half a nat free in each dimension", {"floor": 0.5}),
}


def sentences(data_dir: str | os.PathLike | None = None) -> Dataset:
    """Tokens as floats, and each sentence's kind: the number of the rule that it began with."""
    grammar, columns = small_english(), []
    for seed, n in ((0, N_TRAIN), (1, N_TEST)):
        drawn, kinds = grammar.sample(n, torch.Generator().manual_seed(seed))
        columns += [grammar.encode(drawn, LENGTH).float(), torch.tensor(kinds)]
    return Dataset("small English", *columns, (1, LENGTH))


def tokens_alone(x: Tensor, y: Tensor) -> Columns:
    """Without their kinds."""
    return (x,)


@torch.no_grad()
def _score(model: nn.Module, dataset: Dataset) -> dict[str, Any]:
    """The ELBO and its terms in nats by one draw of z a sentence, beside the grammar's entropy."""
    terms = model.loss_terms(dataset.x_test, generator=torch.Generator().manual_seed(0))
    figures = {"entropy": small_english().entropy()}
    for name, values in {"elbo": terms.elbo, "reconstruction": terms.reconstruction, "kl": terms.kl}.items():
        figures |= {name: values.mean().item(), f"{name}_se": (values.std() / len(values) ** 0.5).item()}
    figures = {key: round(value, 4) for key, value in figures.items()}
    if isinstance(model, SequenceVAE):
        mu, logvar = model.encode(dataset.x_test.long())
        figures["kl_per_dim"] = [round(v, 4) for v in gaussian_kl_per_dim(mu, logvar).mean(0).tolist()]
        figures["active_units"] = active_units(mu)
    return figures


def _recipe(kind: str, model: type[nn.Module], summary: str, options: dict[str, Any], seed: int) -> ChapterRecipe:
    return ChapterRecipe(
        *(model, SIZES | options, "small English", summary, _score, tokens_alone),
        made=sentences,
        epochs=EPOCHS[kind],
        most_rounds=(LAST // EPOCHS[kind]).bit_length(),
        options=OPTIONS,
        seed=seed,
    )


def _recipes() -> dict[str, ChapterRecipe]:
    found = {}
    for seed in range(SEEDS):
        for kind, (summary, cure) in KINDS.items():
            found[f"sequence-{kind}-{seed}"] = _recipe(kind, SequenceVAE, summary, {"latent_dim": 8} | cure, seed)
        found[f"sequence-lm-{seed}"] = _recipe("lm", LanguageModel, "language model without a code", {}, seed)
    return found


RECIPES = _recipes()
