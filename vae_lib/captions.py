"""A figure or a film in a notebook: the picture with its alt text, and a caption below it."""

from __future__ import annotations

import html
import io
import json
import re
from typing import TYPE_CHECKING

from vae_lib.checks import checked, require

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def show(figure: Figure | Axes, alt: str, caption: str | None = None) -> None:
    """Show the figure once with `caption` below it, keep `alt` with the picture, then close the figure.

    `alt` says in a sentence what the picture shows, for those who do not see it; where no caption is given it is the
    caption too. The caption is Markdown, so `$…$` is a formula in it.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    figure = figure.figure if isinstance(figure, Axes) else figure
    require(isinstance(figure, Figure), f"show: the first argument must be a figure, not {type(figure).__name__}.")
    alt, caption = _words("show", alt, caption)
    png = io.BytesIO()
    figure.savefig(png, format="png")
    plt.close(figure)
    display({"image/png": png.getvalue(), "text/plain": alt}, metadata={"image/png": {"alt": alt}}, raw=True)
    _show_caption(caption)


@checked(fps="positive")
def play(animation: FuncAnimation, alt: str, caption: str | None = None, fps: float = 4.0) -> None:
    """Show the animation with buttons that need neither a kernel nor a network, a caption below, and close its figure.

    `alt` and `caption` as in `show`; `fps` in frames per second.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display
    from matplotlib.animation import FuncAnimation

    alt, caption = _words("play", alt, caption)
    require(isinstance(animation, FuncAnimation), f"play: the first argument must be an animation, not {animation!r}.")
    figure = animation._fig
    figure.canvas.draw_idle = lambda: None  # each frame is drawn when it is saved, and not before that as well
    figure.canvas.mpl_connect("draw_event", lambda _: figure.set_layout_engine(None))  # axes stay after the first
    with plt.rc_context({"figure.constrained_layout.use": False}):  # else saving turns it on after the first frame
        page = animation.to_jshtml(fps=fps)
    plt.close(figure)
    display({"text/html": offline(page, alt), "text/plain": alt}, raw=True)
    _show_caption(caption)


def _words(function: str, alt: str, caption: str | None) -> tuple[str, str]:
    """Both on one line; the alt text where there is no caption."""
    said = isinstance(alt, str) and bool(alt.strip())
    require(said, f"{function}: alt must be a sentence that says what is to be seen.")
    fits = caption is None or (isinstance(caption, str) and bool(caption.strip()))
    require(fits, f"{function}: caption must be a sentence, or None for the alt text.")
    return " ".join(alt.split()), " ".join((caption or alt).split())


def _show_caption(caption: str) -> None:
    """A second output, of a kind that JupyterLab, nbconvert, GitHub and the site all draw as text."""
    from IPython.display import display

    display({"text/markdown": f"*{caption}*", "text/plain": caption}, metadata={"caption": True}, raw=True)


def offline(page: str, alt: str) -> str:
    """Matplotlib's player, changed in a few ways.

    It fetches no font for its buttons, which get signs, and its slider has a name. And before any script runs, or where
    none may, as in a notebook that is not trusted yet, it is its first frame with `alt` as the alternative text,
    and has no buttons.
    """
    page = re.sub(r'<link rel="stylesheet"\s+href="https://[^"]*font-awesome[^"]*">', "", page)
    page = re.sub(r'<i class="fa ([\w -]+)"></i>', lambda found: _SIGNS[found[1]], page)
    page = page.replace('type="range" class', 'type="range" aria-label="frame" class')
    page = page.replace('<form title="Repetition mode" aria-label="Repetition mode"', "<form")  # else a landmark
    first = re.search(r'frames\[0\] = "([^"]*)"', page)
    controls = re.search(r'<div class="anim-controls">.*</form>\s*</div>', page, re.DOTALL)
    start = (
        "setTimeout(function() {\n        const image = document.getElementById(img_id);\n"
        "        frames[0] = image.src;\n"
        f'        image.insertAdjacentHTML("afterend", {json.dumps(controls[0])});'
    )
    page = page.replace(first[0], "").replace(controls[0], "").replace("setTimeout(function() {", start)
    frame = "".join(first[1].replace("\\", "").split())
    picture = f'<img alt="{html.escape(alt)}" src="{frame}" id="_anim'
    return page.replace('<img id="_anim', picture)


_SIGNS = {
    "fa-minus": "−",
    "fa-fast-backward": "|◁◁",
    "fa-step-backward": "|◁",
    "fa-play fa-flip-horizontal": "◀",
    "fa-pause": "❚❚",
    "fa-play": "▶",
    "fa-step-forward": "▷|",
    "fa-fast-forward": "▷▷|",
    "fa-plus": "+",
}
