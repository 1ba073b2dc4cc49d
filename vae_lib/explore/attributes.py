"""An explorer of directions: a code, attributes that are added to it in amounts by sliders, and what is decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import anywidget
import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.figure import Figure
from torch import nn

from vae_lib.arrays import Values, as_array
from vae_lib.checks import checked, require, require_unit_interval, require_words
from vae_lib.explore import page
from vae_lib.explore.decoding import PictureDecoder, travel
from vae_lib.explore.traits import Amounts, Whole
from vae_lib.figures import plot_images

ALONG = 7  # decoded pictures along an attribute, in the figure


class AttributeExplorer(page.Shown, anywidget.AnyWidget):
    """See `attribute_explorer`. `choice` and `kind`, as numbers, and `amounts` can be read, set and observed."""

    FLOATS = ("_codes", "_directions", "_data")
    TRAITS = ("choice", "kind", "amounts", "_spec", "_pictures", *FLOATS)
    NAME = "Attribute explorer"
    _esm = page.module("numbers", "choices", "attributes")
    _css = page.text("explorers.css")

    choice = Whole(0).tag(sync=True)
    kind = Whole(0).tag(sync=True)
    amounts = Amounts().tag(sync=True)
    _spec = traitlets.Dict().tag(sync=True)
    _data = traitlets.Bytes().tag(sync=True)
    _codes = traitlets.Bytes().tag(sync=True)
    _directions = traitlets.Bytes().tag(sync=True)
    _pictures = traitlets.Bytes().tag(sync=True)

    def __init__(
        self, decoder: PictureDecoder, codes: np.ndarray, directions: np.ndarray, pictures: np.ndarray, told: dict
    ) -> None:
        self.decoder, self.codes, self.directions, self.pictures, self.told = decoder, codes, directions, pictures, told
        way = travel(decoder, told["limit"])
        exact = way.kind == "mlp"
        require(exact, "attribute_explorer: the decoder must be linear layers with activations, to run in a browser.")
        spec = told | way.spec | {"dim": decoder.latent_dim, "image_shape": list(decoder.image_shape)}
        sent = {"_codes": codes.tobytes(), "_directions": directions.tobytes(), "_data": way.data}
        levels = np.rint(255 * pictures).astype(np.uint8).tobytes()
        super().__init__(amounts=[0.0] * len(directions), _spec=spec, _pictures=levels, **sent)

    @traitlets.validate("choice", "kind")
    def _known(self, proposal: dict) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        most = self.codes.shape[1 - (name == "kind")] - 1
        require(0 <= value <= most, f"attribute_explorer: {name} must lie in 0 to {most}, not {value}.")
        return value

    @property
    def z(self) -> np.ndarray:
        """The code that is decoded: the chosen one, with the directions in their amounts. (D,)."""
        return self.codes[self.kind, self.choice] + np.array(self.amounts) @ self.directions

    def picture(self) -> np.ndarray:
        """The decoded picture at `z`: (rows, columns), 0 to 1."""
        return self.decoder(self.z[None])[0].reshape(self.decoder.image_shape)

    def figure(self) -> Figure:
        """Each attribute by itself, from −limit to limit, on the chosen code; a row for each."""
        limit, names = self.told["limit"], self.told["attributes"]
        steps = np.linspace(-limit, limit, ALONG)
        rows = self.z + steps[None, :, None] * self.directions[:, None]
        fig, ax = plt.subplots(figsize=(7.5, 0.98 * len(names) + 0.7), layout="constrained")
        columns = [f"{step:+g}".replace("-", "−") if step else "0" for step in steps]
        pictures = self.decoder(rows.reshape(-1, rows.shape[-1]))
        plot_images(pictures, self.decoder.image_shape, n_columns=ALONG, rows=names, columns=columns, ax=ax)
        return fig

    def describe(self) -> str:
        """The figure in a sentence."""
        name, kind, limit = (self.told[k] for k in ("names", "kinds", "limit"))
        rows = ", ".join(self.told["attributes"])
        where = f"{self.told['noun']} {name[self.choice]} in {kind[self.kind]}"
        return f"{self.NAME} at rest: the {where}, moved from −{limit:g} to {limit:g} along each of {rows}."


@checked(choice="count 0", image_shape="image", limit="positive")
def attribute_explorer(
    model: nn.Module,
    codes: Mapping[str, Values],
    names: Sequence[str],
    directions: Mapping[str, Values],
    image_shape: tuple[int, int] = (28, 28),
    *,
    pictures: Mapping[str, Values] | None = None,
    noun: str = "letter",
    choice: int = 0,
    limit: float = 1.5,
) -> AttributeExplorer:
    """Attributes as directions: z plus so much of each, by sliders from −limit to limit, decoded in the browser.

    `codes` has for each kind, such as a typeface, a code for each of the `names` (L, D), and `pictures`, if given, the
    true pictures (L, P) that stand beside the decoded ones. `directions` are the attributes' (D,). One name is moved
    large, all of them small below; a key, or a button, chooses the one that is called so. `noun` is what they are.
    Raises InputError where these do not fit each other.
    """
    for what, given in {"codes": codes, "directions": directions, "pictures": pictures or {}}.items():
        known = isinstance(given, Mapping)
        require(known, f"attribute_explorer: {what} must be a dictionary, not {type(given).__name__}.")
    require(len(codes) > 0 and len(directions) > 0, "attribute_explorer: give codes of a kind, and a direction.")
    require_words([*names] if isinstance(names, str) else names, "attribute_explorer: names", least=1)  # or letters
    require(isinstance(noun, str) and noun != "", f"attribute_explorer: noun must be a word, not {noun!r}.")
    arrays = [_read(f"codes of {kind}", z, (len(names), None)) for kind, z in codes.items()]
    dim = arrays[0].shape[1]
    ways = np.stack([_read(f"direction of {name}", d, (dim,)) for name, d in directions.items()])
    decoder = PictureDecoder(model, dim, image_shape, None)
    whole = np.stack([_read(f"codes of {kind}", z, (len(names), dim)) for kind, z in codes.items()])
    told = {"names": [*names], "kinds": [*codes], "attributes": [*directions], "limit": float(limit), "noun": noun}
    made = AttributeExplorer(decoder, whole, ways, _true(pictures, codes, len(names), image_shape), told)
    made.choice = int(choice)
    return made


def _read(name: str, value: Values, shape: tuple[int | None, ...]) -> np.ndarray:
    return as_array(value, f"attribute_explorer: {name}", shape)


def _true(pictures: Mapping[str, Values] | None, codes: Mapping, n: int, shape: tuple[int, int]) -> np.ndarray:
    """(F, L, P), or nothing. Raises InputError unless there is one for each code, in [0, 1]."""
    if not pictures:
        return np.zeros(0, np.float32)
    require(list(pictures) == list(codes), "attribute_explorer: pictures must be of the same kinds as the codes.")
    size = int(np.prod(shape))
    found = np.stack([_read(f"pictures of {kind}", x, (n, size)) for kind, x in pictures.items()])
    require_unit_interval(found, "attribute_explorer: pictures")
    return found
