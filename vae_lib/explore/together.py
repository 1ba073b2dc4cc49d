"""Explorers put together: two models at the same digit, a slider or a traversal for each dimension by its KL."""

from __future__ import annotations

import uuid

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from vae_lib.arrays import Values, as_array, read_images
from vae_lib.checks import require, require_at_least_zero, require_words
from vae_lib.explore import page, still
from vae_lib.explore.decoding import at_rest
from vae_lib.explore.explorer import LatentExplorer
from vae_lib.gaussian import gaussian_kl_per_dim

SLIDERS = 20


class Comparison(page.Shown, ipywidgets.GridBox):
    """Explorers side by side; `explorers` has them, and any of them can be read and set."""

    def __init__(self, *explorers: LatentExplorer) -> None:
        self.explorers = explorers
        columns = ipywidgets.Layout(grid_template_columns="repeat(auto-fit, minmax(320px, 1fr))", grid_gap="16px")
        super().__init__(list(explorers) if page.way() == "widget" else [], layout=columns)

    @property
    def parts(self) -> tuple[LatentExplorer, ...]:
        """The explorers."""
        return self.explorers

    def figure(self) -> Figure:
        """What the explorers show, one below the other, as a figure that stays."""
        return still.draw(*(explorer.view() for explorer in self.explorers))

    def describe(self) -> str:
        """The figure in a sentence for each explorer."""
        return " ".join(explorer.describe() for explorer in self.explorers)


def compare_explorer(
    ae: object,
    vae: object,
    images: Values | None = None,
    labels: Values | None = None,
    image_shape: tuple[int, int] = (28, 28),
    *,
    codes: tuple[Values, Values] | None = None,
    titles: tuple[str, str] = ("autoencoder", "VAE"),
    **options: object,
) -> Comparison:
    """Two models at the same digit: where the hand moves in one plane, the other goes to its own code of the digit
    that is nearest. Between the autoencoder's codes lie holes, and the pictures there are no digits.

    `images` (N, P) are encoded by both; or `codes` are both models' of the same digits, (N, D) each, in the same
    order. Further `options` are those of `LatentExplorer`. Raises InputError where these do not fit.
    """
    require((images is None) != (codes is None), "compare_explorer: give images, or codes of both models.")
    pair = isinstance(codes, (tuple, list)) and len(codes) == 2
    lengths = {np.atleast_1d(as_array(one, "compare_explorer: codes")).shape[0] for one in codes} if pair else set()
    two = codes is None or len(lengths) == 1
    require(two, "compare_explorer: codes must be a pair, as many codes of the one model as of the other.")
    named = isinstance(titles, (tuple, list)) and len(titles) == 2 and all(isinstance(t, str) for t in titles)
    require(named, f"compare_explorer: titles must be a pair, one for each model, not {titles!r}.")
    own = sorted({"title", "group"} & set(options))
    require(not own, f"compare_explorer: there is no argument {', '.join(own)}; titles has a title for each model.")
    group = uuid.uuid4().hex
    models = zip((ae, vae), codes or (None, None), titles, strict=True)
    return Comparison(
        *(
            LatentExplorer(m, c, labels, image_shape, images=images, title=t, group=group, **options)
            for m, c, t in models
        )
    )


def slider_explorer(
    vae: object,
    images: Values | None = None,
    labels: Values | None = None,
    image_shape: tuple[int, int] = (28, 28),
    *,
    kl: Values | list[float] | None = None,
    threshold: float = 0.01,
    notes: list[str] | None = None,
    **options: object,
) -> LatentExplorer:
    """A slider for each dimension, the largest KL E[KL(q(z_d|x) ‖ p(z_d))] first, in nats; the plane has the first
    two. Those below `threshold` are marked unused: the decoder does not need them. At most 20 are shown.

    `vae` has an `encode` that returns μ and log σ² of `images` (N, P); or `kl` (D,) is what they cost. `notes` (D,)
    stand beside them. `options` are those of `LatentExplorer`. Raises InputError where these do not fit.
    """
    require_at_least_zero(threshold, "slider_explorer: threshold")
    require((images is None) != (kl is None), "slider_explorer: give images, or kl, the KL of each dimension.")
    costs = mean_kl(*_encoded(vae, images)) if kl is None else as_array(kl, "slider_explorer: kl")
    require_words(() if notes is None else notes, "slider_explorer: notes")
    for name, given in {"kl": costs, "notes": np.asarray([""] * costs.size if notes is None else notes)}.items():
        fits = given.shape == (getattr(vae, "latent_dim", len(given)),) if given.ndim == 1 else False
        require(fits, f"slider_explorer: {name} must have one for each dimension, not shape {given.shape}.")
    chosen = sliders(costs, threshold, notes)
    known = images is not None or options.get("codes") is not None
    settings = chosen | {"layers": [*(["codes"] if known else []), "prior", "sliders"]}
    return LatentExplorer(vae, labels=labels, image_shape=image_shape, images=images, **settings | options)


def sliders(kl: np.ndarray, threshold: float = 0.01, notes: list[str] | None = None) -> dict:
    """Settings: a slider for each dimension, the largest KL (D,) in nats first, and on the plane the first two."""
    ranks = np.argsort(-kl, kind="stable")[:SLIDERS].tolist()
    said = [f"{kl[d]:.2f} nats" if kl[d] >= threshold else "unused" for d in ranks]
    more = [f", {notes[d]}" if notes and notes[d] else "" for d in ranks]
    order = [{"index": d, "note": n + m, "dead": n == "unused"} for d, n, m in zip(ranks, said, more, strict=True)]
    return {"order": order, "axes": tuple(ranks[:2])}


def traversal_explorer(
    vae: object,
    images: Values,
    labels: Values | None = None,
    image_shape: tuple[int, int] = (28, 28),
    *,
    information: Values | list[float] | None = None,
    **options: object,
) -> LatentExplorer:
    """A row of pictures for each dimension, decoded while it moves and the others stay as `z` has them; each row has
    a slider below it, and where one moves, the other rows follow. They are sorted by `information` (D,), in nats: the
    mean KL over the images, which is no less than what a dimension tells of its picture, or another number such as
    `beyond.disentangling.exact_information` gives. The rest is as in `slider_explorer`.
    """
    mu, logvar = _encoded(vae, images)
    nats = mean_kl(mu, logvar) if information is None else information
    shown = {"codes": mu, "logvars": logvar, "layers": ["codes", "prior", "traversals"]}
    nats = as_array(nats, "traversal_explorer: information", (mu.shape[1],))
    return slider_explorer(vae, None, labels, image_shape, kl=nats, **shown | options)


def _encoded(vae: object, images: Values) -> tuple[Tensor, Tensor]:
    """μ and log σ² of the images."""
    known = hasattr(vae, "encode") and not isinstance(vae, str)
    require(known, "slider_explorer: the model needs `encode`, which returns μ and log σ².")
    x = read_images(images, "slider_explorer")
    first = next(vae.parameters()) if isinstance(vae, nn.Module) else x
    with at_rest(vae), torch.no_grad():
        encoded = vae.encode(x.to(first))
    both = isinstance(encoded, tuple) and len(encoded) == 2
    require(both, "slider_explorer: `encode` must return μ and log σ²; an autoencoder has no KL.")
    return encoded


def mean_kl(mu: Tensor, logvar: Tensor) -> np.ndarray:
    """The mean over the images of each dimension's KL. -> (D,)."""
    return gaussian_kl_per_dim(mu, logvar).mean(0).cpu().numpy()
