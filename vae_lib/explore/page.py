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

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from vae_lib.checks import require

WAYS = ("widget", "page", "figure")
HERE = Path(__file__).parent
STYLE = (HERE / "explore.css").read_text(encoding="utf-8")
MARK = "vae_explore"  # in an output's metadata: here an explorer is shown
EXPORT = "export default { render, pageModel };"
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root {{ color-scheme: light dark; }}
body {{ margin: 12px; font: 14px/1.4 system-ui, sans-serif; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #181818; color: #ddd; }} }}
</style></head><body>
<noscript>The explorer needs JavaScript.</noscript>
{fragment}
</body></html>
"""
FRAGMENT = """<style>
{css}</style>
<div class="vx-page" id="{name}"></div>
<script type="module">
{module}
for (const state of {states}) {{
  const el = document.getElementById("{name}").appendChild(document.createElement("div"));
  render({{ model: pageModel(state), el }});
}}
</script>"""


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
        return {name: as_text(getattr(self, name)) for name in self.TRAITS}

    def to_html(self) -> str:
        """A whole page that needs neither a kernel nor a network."""
        return to_html(self.parts, self.NAME)

    def save_html(self, path: str | os.PathLike) -> None:
        """Write `to_html()` to a file."""
        Path(path).write_text(self.to_html(), encoding="utf-8")

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
        alt = self.describe()
        still = {"image/png": _png(self.figure()), "text/plain": alt}
        return {**data, **still}, {**metadata, "image/png": {"alt": alt}, MARK: True}


def module(name: str) -> str:
    """An explorer's ES module, after what all of them share."""
    return "".join((HERE / file).read_text(encoding="utf-8") for file in ("parts.js", name))


def to_html(parts: Sequence[Shown], title: str = Shown.NAME) -> str:
    """One page with these explorers side by side; scripts, style, weights and codes are inside it."""
    return PAGE.format(title=html.escape(title), fragment=fragment(parts))


def fragment(parts: Sequence[Shown]) -> str:
    """The same as a piece of another page. All parts are of one class."""
    states = json.dumps([part.state() for part in parts]).replace("<", "\\u003c")
    script = parts[0]._esm.replace(EXPORT, "")
    return FRAGMENT.format(css=parts[0]._css, name=f"vx-{uuid.uuid4().hex}", module=script, states=states)


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
