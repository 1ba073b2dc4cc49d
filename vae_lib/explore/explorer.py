"""`LatentExplorer`: a widget whose browser side decodes by itself wherever it can."""

from __future__ import annotations

from numbers import Integral

import anywidget
import numpy as np
import traitlets
from matplotlib.figure import Figure
from torch import nn

from vae_lib.checks import require, require_at_least_zero, require_count, require_positive
from vae_lib.explore import page, still
from vae_lib.explore.codes import Codes, Values, encode, read_codes
from vae_lib.explore.decoding import PictureDecoder, Travel, atlas, mlp_layers, owner_of, to_bytes, travel
from vae_lib.explore.traits import Number, Numbers, Words
from vae_lib.figures import CLASS_COLORS

LAYERS = ("codes", "prior", "manifold", "density", "errors", "path", "draws", "sliders", "traversals")
PARTS = ("numbers", "kernel", "codes", "ground", "classes", "path", "traversals", "hand", "explorer")
PARTS += ("choices", "conditional", "show")  # of the browser's side
SETTINGS = ("axes", "title", "group", "order")
ORDER = {"index", "note", "dead"}  # what is said of a slider
LIMIT = 3.5  # the plane runs from −limit to limit, and further where codes lie further out


class LatentExplorer(page.Shown, anywidget.AnyWidget):
    """The plane of codes beside the decoded picture: drag, touch, or use the arrow keys (Shift: larger steps).

    `model_or_decode` is a model with `decode_mean`, a decoder module, or a function of codes (N, D) that returns
    pictures (N, P) or (N, rows, columns) in [0, 1]; for logits say ``output="sigmoid"``. Linear layers with the usual
    activations are decoded exactly in the browser; another two-dimensional decoder by an atlas of its pictures, and
    the exact picture follows when the hand rests; any other by the kernel. They are read when the explorer is made:
    `update()` after further training.

    `codes` (N, D) are drawn as points, by class where `labels` (N,), whole numbers 0 to 9, are given; `logvars`
    (N, D) are those of q(z|x), `errors` (N,) the reconstruction errors. From `images` (N, P) the model computes all
    three. Of more than 10,000 codes a sample is shown. `z` can be read, set as a whole, and observed; so can `layers`
    (any of `LAYERS`), `sigma`, and the ends `a` and `b` of the path. `limit` is half the width of the plane, `axes` are
    the two dimensions that it shows first, and explorers of one `group` go to the same digit.
    Raises InputError, in one sentence, where these do not fit each other.
    """

    FLOATS = ("_codes", "_scales", "_errors")
    TRAITS = ("z", "a", "b", "layers", "sigma", "_spec", "_data", "_labels", *FLOATS)
    _esm = page.module(*PARTS)
    _css = page.text("explorers.css")

    z = Numbers().tag(sync=True)
    a = Numbers().tag(sync=True)
    b = Numbers().tag(sync=True)
    layers = Words(LAYERS).tag(sync=True)
    sigma = Number(0.5).tag(sync=True)
    _spec = traitlets.Dict().tag(sync=True)
    _data = traitlets.Bytes().tag(sync=True)
    _codes = traitlets.Bytes().tag(sync=True)
    _labels = traitlets.Bytes().tag(sync=True)
    _scales = traitlets.Bytes().tag(sync=True)
    _errors = traitlets.Bytes().tag(sync=True)

    def __init__(
        self,
        model_or_decode: object,
        codes: Values | None = None,
        labels: Values | None = None,
        image_shape: tuple[int, int] = (28, 28),
        *,
        images: Values | None = None,
        logvars: Values | None = None,
        errors: Values | None = None,
        output: str | None = None,
        latent_dim: int | None = None,
        limit: float | None = None,
        z: Values | list[float] | None = None,
        layers: list[str] | None = None,
        **settings: object,
    ) -> None:
        self.latent_dim = _latent_dim(owner_of(model_or_decode), codes, latent_dim)
        self.decoder = PictureDecoder(model_or_decode, self.latent_dim, image_shape, output)
        if images is not None:
            require(codes is None, "LatentExplorer: give images, from which codes are computed, or codes, not both.")
            codes, logvars, errors = encode(self.decoder.model, self.decoder, images)
        self.known = read_codes(codes, labels, logvars, errors, self.latent_dim)
        unknown = sorted(set(settings) - set(SETTINGS))
        require(
            not unknown, f"LatentExplorer: there is no argument {', '.join(unknown)}; others: {', '.join(SETTINGS)}."
        )
        self._settings = _settings(self.latent_dim, **settings) | {"limit": _limit(limit, self.known)}
        ends = _ends(self.known, self.latent_dim)
        shown = [*(["codes"] if len(self.known.values) else []), "prior", *(["sliders"] if self.latent_dim > 2 else [])]
        start = {"z": np.zeros(self.latent_dim) if z is None else z, "a": ends[0], "b": ends[1]}
        super().__init__(layers=shown if layers is None else layers, **self._sent(), **self.known.sent(), **start)
        self.on_msg(self._answer)

    @traitlets.validate("sigma")
    def _sigma_above_zero(self, proposal: dict) -> float:
        require_at_least_zero(proposal["value"], "LatentExplorer: sigma")
        return proposal["value"]

    def update(self) -> None:
        """Read the model again, after further training."""
        sent = self._sent()
        self._spec = sent["_spec"]
        self._data = sent["_data"]

    def picture(self) -> np.ndarray:
        """The decoded picture at `z`: (rows, columns), 0 to 1."""
        return self.decoder(np.array([self.z]))[0].reshape(self.decoder.image_shape)

    def view(self) -> still.View:
        """What a figure shows of it."""
        told = {name: self._spec[name] for name in ("axes", "limit", "title", "order")}
        ends = np.array([self.a, self.b])
        return still.View(self.decoder, self.known, np.array(self.z), ends, tuple(self.layers), self.sigma, **told)

    def figure(self) -> Figure:
        """What the explorer shows, as a figure that stays: the plane with its layers, and the picture at `z`."""
        return still.draw(self.view())

    def describe(self) -> str:
        """The figure in a sentence."""
        i, j = self._spec["axes"]
        *first, last = still.words(self.view()) or ["nothing"]
        shown = f"{', '.join(first)} and {last}" if first else last
        rows = f" Below them {still.ALONG} pictures along each dimension." if "traversals" in self.layers else ""
        return (
            f"{self._spec['title'] or self.NAME} at rest: {shown} in the plane of z{i + 1} and z{j + 1}, "
            f"and the picture decoded at ({self.z[i]:.2f}, {self.z[j]:.2f}).{rows}"
        )

    def state(self) -> dict:
        """What the browser is told, as JSON; for what only a kernel decodes, an atlas of the plane through z."""
        state, spec = super().state(), self._spec
        if spec["kind"] == "mlp":
            state["_data"] = page.floats_as_text(self._data)
        if spec["kind"] == "kernel":
            way = atlas(self.decoder, spec["limit"], np.array(self.z), tuple(spec["axes"]))
            state["_spec"] = spec | way.spec | {"kind": way.kind, "slice": self.z}
            state["_data"] = page.as_text(way.data)
        return state

    def _sent(self) -> dict:
        """How the decoder travels, as traits."""
        way = self._travel()
        shape = {"dim": self.latent_dim, "image_shape": list(self.decoder.image_shape), "kind": way.kind}
        return {"_spec": self._settings | shape | way.spec, "_data": way.data}

    def _travel(self) -> Travel:
        return travel(self.decoder, self._settings["limit"])

    def _answer(self, _widget: object, content: dict, buffers: list) -> None:
        """Decode what a view asks for; its `tag` and `id` go back with the bytes, a failure as its message."""
        if not isinstance(content, dict) or content.get("type") != "decode":
            return
        reply = {"tag": content.get("tag"), "id": content.get("id")}
        try:
            z = np.frombuffer(buffers[0], np.float32).reshape(-1, self.latent_dim)
            pictures = to_bytes(self.decoder, z)
        except Exception as error:
            self.send(reply | {"type": "failed", "message": f"{type(error).__name__}: {error}"})
        else:
            self.send(reply | {"type": "decoded"}, [pictures])


def _settings(
    dim: int,
    axes: tuple[int, int] = (0, 1),
    title: str = "",
    group: str = "",
    order: list[dict] | None = None,
) -> dict:
    """The rest of what the browser is told. `order`: the sliders, each {"index", "note", "dead"}."""
    valid = (
        isinstance(axes, (tuple, list))
        and len(axes) == 2
        and axes[0] != axes[1]
        and all(isinstance(k, Integral) and 0 <= k < dim for k in axes)
    )
    require(valid, f"LatentExplorer: axes must be two different numbers of 0 to {dim - 1}, not {axes!r}.")
    for name, words in {"title": title, "group": group}.items():
        require(isinstance(words, str), f"LatentExplorer: {name} must be a text, not {words!r}.")
    order = [{"index": d, "note": "", "dead": False} for d in range(dim)] if order is None else order
    require(
        _is_order(order, dim),
        f"LatentExplorer: order must list {{index, note, dead}}, index in 0 to {dim - 1}, not {order!r}.",
    )
    return {
        "axes": [int(k) for k in axes],
        "title": title,
        "group": group,
        "order": order,
        "colors": list(CLASS_COLORS),
        "unit": LIMIT,
    }


def _is_order(order: object, dim: int) -> bool:
    """Whether it lists sliders, each of a dimension of the code."""
    listed = isinstance(order, (list, tuple)) and all(isinstance(one, dict) and set(one) == ORDER for one in order)
    return listed and all(isinstance(one["index"], Integral) and 0 <= one["index"] < dim for one in order)


def _latent_dim(model: object, codes: Values | None, given: int | None) -> int:
    """What was given, what the model says, the width of its first layer or of the codes; else 2."""
    layers = [m for m in mlp_layers(model) or [] if isinstance(m, nn.Linear)]
    said = [given, getattr(model, "latent_dim", None), layers[0].in_features if layers else None]
    width = codes.shape[1] if getattr(codes, "ndim", 0) == 2 else 2
    dim = next((n for n in said if n is not None), width)
    require_count(dim, "LatentExplorer: latent_dim, the number of latent dimensions,", least=2)
    return int(dim)


def _limit(given: float | None, known: Codes) -> float:
    if given is not None:
        require_positive(given, "LatentExplorer: limit")
        return float(given)
    reach = float(np.quantile(np.abs(known.values), 0.995)) if known.values.size else 0.0
    return max(LIMIT, round(1.1 * reach, 1))


def _ends(known: Codes, dim: int) -> np.ndarray:
    """Two places for A and B: codes of the first two classes that differ, else one step left and right of 0. (2, D)."""
    other = np.flatnonzero(known.labels != known.labels[0]) if known.labels.size else []
    if len(other):
        return known.values[[0, other[0]]]
    return np.outer([-1.5, 1.5], np.arange(dim) == 0)
