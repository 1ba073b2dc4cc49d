"""What an explorer is told of a data set: codes, labels, log σ² and errors, checked against each other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from vae_lib.arrays import Values, as_array, read_images
from vae_lib.checks import require
from vae_lib.explore.decoding import PictureDecoder, at_rest

MOST = 10_000  # codes that are shown; of more, a sample: every k-th of codes in order of class would miss classes


class Codes(NamedTuple):
    """Codes (N, D), classes (N,), log σ² (N, D) and errors (N,); what is not known is empty."""

    values: np.ndarray
    labels: np.ndarray
    logvars: np.ndarray
    errors: np.ndarray

    def sent(self) -> dict[str, bytes]:
        """The traits as bytes; σ goes in place of log σ²."""
        scales = np.exp(0.5 * self.logvars).astype(np.float32)
        return {
            "_codes": self.values.tobytes(),
            "_labels": self.labels.astype(np.uint8).tobytes(),
            "_scales": scales.tobytes(),
            "_errors": self.errors.tobytes(),
        }


def read_codes(
    codes: Values | None, labels: Values | None, logvars: Values | None, errors: Values | None, dim: int
) -> Codes:
    """The four as arrays, at most 10,000 of each. Raises InputError where they do not fit each other."""
    empty, door = np.zeros((0, dim), np.float32), "LatentExplorer: "
    values = empty if codes is None else as_array(codes, door + "codes", (None, dim))
    n = len(values)
    given = {"labels": (labels, (n,)), "logvars": (logvars, (n, dim)), "errors": (errors, (n,))}
    for name, (value, _) in given.items():
        require(value is None or codes is not None, f"LatentExplorer: {name} without codes; give the codes as well.")
    rest = [empty[:, 0] if v is None else as_array(v, door + k, s, flags=k == "labels") for k, (v, s) in given.items()]
    require(bool(np.isin(rest[0], range(10)).all()), "LatentExplorer: labels must be whole numbers from 0 to 9.")
    shown = np.sort(np.random.default_rng(0).choice(n, min(n, MOST), replace=False))
    return Codes(*(a[shown] if len(a) else a for a in (values, rest[0].astype(np.int64), *rest[1:])))


def encode(model: object, decoder: PictureDecoder, images: Values) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Codes (N, D), log σ² (N, D) where the encoder gives it, and the squared error (N,) of each picture (N, P)."""
    require(hasattr(model, "encode"), "LatentExplorer: images need a model with `encode`; give codes instead.")
    x = read_images(images, "LatentExplorer", int(np.prod(decoder.image_shape)))
    first = next(iter(model.parameters()), torch.zeros(1)) if isinstance(model, nn.Module) else torch.zeros(1)
    with at_rest(model), torch.no_grad():
        encoded = model.encode(x.to(first))
    mu, logvar = encoded if isinstance(encoded, tuple) else (encoded, None)
    codes = mu.float().cpu().numpy()
    errors = ((decoder(codes) - x.numpy()) ** 2).sum(1)
    return codes, None if logvar is None else logvar.float().cpu().numpy(), errors
