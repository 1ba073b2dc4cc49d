"""An explorer without a kernel: as a page of its own, and as a figure where no widget can run."""

from __future__ import annotations

import base64
import html
import io
import json
import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from string import Template

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from vae_lib.checks import InputError, as_path, require

WAYS = ("widget", "page", "figure")
BROWSER = Path(__file__).parent / "browser"
MARK = "vae_explore"  # in an output's metadata: here an explorer is shown
EXPORT = "export default { render, pageModel };"


def way() -> str:
    """How explorers are shown: as a "widget"; as a "page", stored with all that it needs; or as a "figure".

    The environment variable VAE_EXPLORE says which. While nbgrader executes the notebook it is the figure: the other
    two would store all that is sent. Raises InputError for another word.
    """
    chosen = "figure" if os.environ.get("NBGRADER_EXECUTION") else os.environ.get("VAE_EXPLORE") or "widget"
    require(chosen in WAYS, f"VAE_EXPLORE must be one of {', '.join(WAYS)}, not {chosen!r}.")
    return chosen


class Shown:
    """What explorers have in common, put before the widget's class: a page, a figure and a sentence of each."""

    TRAITS: tuple[str, ...] = ()  # those that a page is made of
    FLOATS: tuple[str, ...] = ()  # those of them that are float32 values
    NAME = "Latent explorer"

    @property
    def parts(self) -> Sequence[Shown]:
        """The widgets with a browser side of their own."""
        return [self]

    def figure(self) -> Figure:
        """What the explorer shows, as a figure that stays."""
        raise NotImplementedError

    def describe(self) -> str:
        """The figure in a sentence."""
        raise NotImplementedError

    def state(self) -> dict:
        """What the browser is told, as JSON."""
        values = {name: getattr(self, name) for name in self.TRAITS}
        return {name: (floats_as_text if name in self.FLOATS else as_text)(value) for name, value in values.items()}

    def to_html(self) -> str:
        """A whole page that needs neither a kernel nor a network."""
        return to_html(self.parts, self.NAME)

    def save_html(self, path: str | os.PathLike) -> None:
        """Write `to_html()` to a file."""
        file = as_path(path, "save_html: path")
        try:
            file.write_text(self.to_html(), encoding="utf-8")
        except OSError as error:
            raise InputError(f"save_html: path {file} cannot be written ({error.strerror}); name a file.") from error

    def open(self) -> None:
        """Meet the browser, where a widget is shown."""
        if way() == "widget":
            super().open()

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        """The widget, or a page within the page; with a figure and a sentence for where neither can run."""
        data, metadata = {}, {}
        if way() == "widget":
            shown = super()._repr_mimebundle_(**kwargs)
            data, metadata = shown if isinstance(shown, tuple) else (shown or {}, {})
        elif way() == "page":
            data = {"text/html": fragment(self.parts)}
        alt, figure = self.describe(), self.figure()
        figure.supxlabel("a still picture: run the cell to move it", fontsize=9)
        still = {"image/png": _png(figure), "text/plain": alt}
        return {**data, **still}, {**metadata, "image/png": {"alt": alt}, MARK: True}


def text(name: str) -> str:
    """A file of the browser's side."""
    return (BROWSER / name).read_text(encoding="utf-8")


def module(*parts: str) -> str:
    """An explorer's ES module, one text: what all of them share, then its own parts."""
    return "\n".join(text(f"{part}.js") for part in ("shared", *parts))


def to_html(parts: Sequence[Shown], title: str = Shown.NAME) -> str:
    """One page with these explorers side by side; scripts, style, weights and codes are inside it."""
    return Template(text("page.html")).substitute(title=html.escape(title), fragment=fragment(parts))


def fragment(parts: Sequence[Shown]) -> str:
    """The same as a piece of another page. All parts are of one class."""
    states = json.dumps([part.state() for part in parts]).replace("<", "\\u003c")
    script = parts[0]._esm.replace(EXPORT, "")
    given = {"css": parts[0]._css, "name": f"vx-{uuid.uuid4().hex}", "module": script, "states": states}
    return Template(text("fragment.html")).substitute(given)


def as_text(value: object) -> object:
    """Bytes as base64; anything else as it is."""
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def floats_as_text(value: bytes) -> dict[str, str]:
    """float32 values as base64; in half the size where float16 holds each of them exactly, as the zoo's do."""
    whole = np.frombuffer(value, np.float32)
    with np.errstate(over="ignore"):
        half = whole.astype(np.float16)
    exact = np.isfinite(half).all() and (half.astype(np.float32) == whole).all()
    return {"half": base64.b64encode(half.tobytes()).decode()} if exact else as_text(value)


def _png(figure: Figure) -> str:
    """The figure in base64, and closed."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=80)
    plt.close(figure)
    return base64.b64encode(file.getvalue()).decode()
