"""What a person wrote in Markdown, as HTML that a page without scripts can show: tags are text, links lead to the web
only, formulas are pictures that matplotlib draws.
"""

import base64
import html
import io
import re

from markupsafe import Markup

LONGEST = 20_000  # characters of a comment
MOST_FORMULAS = 100
WEB = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
LATEX = {r"\lVert": r"\Vert", r"\rVert": r"\Vert", r"\lvert": r"\vert", r"\rvert": r"\vert", r"\text": r"\mathrm"}


def shown(text: str) -> Markup:
    """The Markdown as HTML."""
    import mistune
    from mistune.plugins.math import math

    class Renderer(mistune.HTMLRenderer):
        """mistune's, which escapes HTML, with our links, pictures and formulas."""

        formulas = 0

        def link(self, text: str, url: str, title: str | None = None) -> str:
            return f'<a href="{html.escape(url)}" rel="noreferrer">{text}</a>' if WEB.match(url) else text

        def image(self, text: str, url: str, title: str | None = None) -> str:
            return text

        def formula(self, text: str, block: bool = False) -> str:
            self.formulas += 1
            return formula(text, block) if self.formulas <= MOST_FORMULAS else code(text)

    renderer = Renderer(escape=True)
    markdown = mistune.Markdown(renderer, plugins=[math])
    renderer.register("inline_math", lambda one, text: one.formula(text))
    renderer.register("block_math", lambda one, text: f"<p>{one.formula(text, True)}</p>\n")
    return Markup(markdown(text[:LONGEST]))


def formula(text: str, block: bool) -> str:
    """The formula as a picture, or as it was typed where matplotlib does not know a sign of it."""
    import matplotlib
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import math_to_image

    plain = re.sub(r"\\[A-Za-z]+", lambda found: LATEX.get(found[0], found[0]), " ".join(text.split()))
    drawn = io.BytesIO()
    try:
        with matplotlib.rc_context({"mathtext.fontset": "cm", "svg.fonttype": "path"}):
            size = FontProperties(size=13 if block else 12)
            depth = math_to_image(f"${plain}$", drawn, prop=size, format="svg")  # in points
    except (ValueError, RuntimeError, RecursionError):
        return code(text)
    address = base64.b64encode(drawn.getvalue()).decode()
    style = f"vertical-align: -{depth:.1f}pt"
    return f'<img class="formula" style="{style}" alt="{html.escape(text)}" src="data:image/svg+xml;base64,{address}">'


def code(text: str) -> str:
    """The formula as it was typed."""
    return f"<code>{html.escape(f'${text}$')}</code>"
