"""An explorer of a decoder that is told a label: the hand has the style, keys and buttons the label."""

from __future__ import annotations

from numbers import Integral

import numpy as np
import torch
import traitlets
from matplotlib.figure import Figure
from torch import Tensor, nn

from vae_lib.arrays import Values, as_array, read_images
from vae_lib.checks import require, require_count
from vae_lib.explore import still
from vae_lib.explore.decoding import PictureDecoder, Travel, at_rest, travel
from vae_lib.explore.explorer import LatentExplorer
from vae_lib.explore.together import mean_kl, sliders
from vae_lib.explore.traits import Whole

MOST_CLASSES = 10  # each has a key


class ConditionalExplorer(LatentExplorer):
    """See `conditional_explorer`. `label` can be read, set and observed, as `z` can."""

    TRAITS = (*LatentExplorer.TRAITS, "label")
    NAME = "Conditional explorer"

    label = Whole(0).tag(sync=True)

    def __init__(self, model: nn.Module, label: int, image_shape: tuple[int, int], **options: object) -> None:
        self.n_classes = model.n_classes
        self.told = _Told(model, label)
        self.whole = PictureDecoder(model.decoder, model.latent_dim + model.n_classes, image_shape, "sigmoid")
        super().__init__(self.told, image_shape=image_shape, latent_dim=model.latent_dim, **options)
        self.label = label

    @traitlets.validate("label")
    def _a_class(self, proposal: dict) -> int:
        return _class(proposal["value"], self.n_classes)

    @traitlets.observe("label")
    def _tell(self, change: dict) -> None:
        self.told.label = change["new"]

    def under_all(self) -> np.ndarray:
        """The pictures at `z` under every label: (C, P), 0 to 1."""
        codes = np.hstack([np.tile(self.z, (self.n_classes, 1)), np.eye(self.n_classes)])
        return self.whole(codes)

    def figure(self) -> Figure:
        """The plane and the picture at `z` under `label`; below them the pictures under every label."""
        names = [str(label) for label in range(self.n_classes)]
        return still.draw(self.view(), below=still.Sheet(self.under_all(), names, "the same z under every label"))

    def describe(self) -> str:
        """The figure in a sentence."""
        said = (
            super().describe().replace("the picture decoded at", f"the picture decoded under the label {self.label} at")
        )
        return f"{said} Below them the pictures at the same z under the labels 0 to {self.n_classes - 1}."

    def _sent(self) -> dict:
        sent = super()._sent()
        sent["_spec"]["classes"] = self.n_classes
        return sent

    def _travel(self) -> Travel:
        way = travel(self.whole, self._settings["limit"])
        exact = way.kind == "mlp"
        require(exact, "conditional_explorer: the decoder must be linear layers with activations, to run in a browser.")
        return way


def conditional_explorer(
    model: nn.Module,
    images: Values,
    labels: Values,
    image_shape: tuple[int, int] = (28, 28),
    *,
    label: int | None = None,
    start: int = 0,
    **options: object,
) -> ConditionalExplorer:
    """What a conditional VAE makes of one code under each label: the code by hand on the plane and by sliders, the
    label by the keys 0 to 9 or its button. A click on a code takes over its style, and leaves the label.

    `model` has `latent_dim`, `n_classes`, `encode(x, y)`, which returns μ and log σ², `decode_mean(z, y)`, and as its
    `decoder` the layers from (N, D + C), code and one-hot label, to logits: `beyond.conditional.ConditionalVAE` does.
    `images` (N, P) are encoded with their `labels` (N,); z starts at the code of the one at `start`, under its label
    or under `label`. `options` are those of `LatentExplorer`. Raises InputError where these do not fit.
    """
    needed = ("latent_dim", "n_classes", "encode", "decode_mean", "decoder")
    lacks = [name for name in needed if not hasattr(model, name)]
    require(isinstance(model, nn.Module), f"conditional_explorer: model must be a module, not {type(model).__name__}.")
    require(not lacks, f"conditional_explorer: the model has no {', '.join(lacks)}.")
    few = model.n_classes <= MOST_CLASSES
    require(few, f"conditional_explorer: at most {MOST_CLASSES} labels have keys, not {model.n_classes}.")
    x = read_images(images, "conditional_explorer")
    y = _labels(labels, len(x), model.n_classes)
    require_count(start, "conditional_explorer: start", least=0)
    require(start < len(y), f"conditional_explorer: start must lie in 0 to {len(y) - 1}, not {start!r}.")
    mu, logvar = _encoded(model, x, y)
    settings = {"codes": mu, "logvars": logvar, "labels": y, "z": mu[start], **sliders(mean_kl(mu, logvar))}
    settings["layers"] = ["codes", "prior", "sliders"]
    chosen = _class(int(y[start]) if label is None else label, model.n_classes)
    return ConditionalExplorer(model, chosen, image_shape, **settings | options)


def _labels(labels: Values, n: int, n_classes: int) -> Tensor:
    y = as_array(labels, "conditional_explorer: labels", (n,))
    known = bool(np.isin(y, range(n_classes)).all())
    require(known, f"conditional_explorer: labels must be whole numbers from 0 to {n_classes - 1}, one for each image.")
    return torch.from_numpy(y).long()


def _class(label: int, n_classes: int) -> int:
    within = isinstance(label, Integral) and not isinstance(label, bool) and 0 <= label < n_classes
    require(within, f"conditional_explorer: label must lie in 0 to {n_classes - 1}, not {label!r}.")
    return int(label)


def _encoded(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """μ and log σ² of the images with their labels."""
    first = next(model.parameters())
    with at_rest(model), torch.no_grad():
        mu, logvar = model.encode(x.to(first), y.to(first.device))
    return mu.float().cpu(), logvar.float().cpu()


class _Told(nn.Module):
    """The model under one label, as a decoder of codes alone."""

    def __init__(self, model: nn.Module, label: int) -> None:
        super().__init__()
        self.model, self.label = model, label

    def decode_mean(self, z: Tensor) -> Tensor:
        """(N, D) -> (N, P)."""
        return self.model.decode_mean(z, torch.full((len(z),), self.label, device=z.device))
