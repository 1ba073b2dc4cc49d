"""A lab's progress, shown below each check that was right: which exercises are done, and the points so far."""

from __future__ import annotations

import html
from collections.abc import Mapping

# Okabe and Ito's blue on white has a contrast of 5.2; what is open takes the page's own colours, light or dark.
PILL = "display:inline-block;margin:0 4px 4px 0;padding:0 8px;border-radius:9px;line-height:18px;font-size:12px;"
DONE = PILL + "background:#0072B2;color:#fff;border:1px solid #0072B2"
OPEN = PILL + "border:1px solid currentColor"


def strip(exercises: Mapping[str, tuple[str, float, bool]]) -> str:
    """A row of marks as HTML. exercises: each function's number, its points, and whether its check was right."""
    marks = [_mark(name, number, right) for name, (number, _, right) in exercises.items()]
    earned = sum(points for _, points, right in exercises.values() if right)
    whole = sum(points for _, points, _ in exercises.values())
    return f"<div>{''.join(marks)}<span style='font-size:12px'>{earned:g} of {whole:g} points</span></div>"


def _mark(name: str, number: str, right: bool) -> str:
    state, words = ("done", f"{number} ✓") if right else ("open", number)
    return f"<span style='{DONE if right else OPEN}' title='{html.escape(name)}: {state}'>{words}</span>"


def show(exercises: Mapping[str, tuple[str, float, bool]]) -> None:
    """Display the row."""
    from IPython.display import HTML, display

    display(HTML(strip(exercises)))
