"""A lab's progress, shown below each check that was right: which exercises are done, and the points so far."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import NamedTuple

# White on Okabe and Ito's blue has a contrast of 5.2; what is open takes the page's own colours, light or dark.
PILL = "display:inline-block;margin:0 4px 4px 0;padding:0 8px;border-radius:9px;line-height:18px;font-size:12px;"
DONE = f"{PILL}background:#0072B2;color:#fff;border:1px solid #0072B2"
OPEN = f"{PILL}border:1px solid currentColor"


class Mark(NamedTuple):
    """One exercise: its number, its function, its points, and whether its check was right when it last ran."""

    number: str
    name: str
    points: float
    right: bool


def strip(marks: Iterable[Mark]) -> str:
    """The marks in a row, and the points, as HTML."""
    marks = list(marks)
    pills = [
        f"<span style='{DONE if m.right else OPEN}' title='{html.escape(m.name)}: {'done' if m.right else 'open'}'>"
        f"{m.number}{' ✓' if m.right else ''}</span>"
        for m in marks
    ]
    earned, whole = sum(m.points for m in marks if m.right), sum(m.points for m in marks)
    return f"<div>{''.join(pills)}<span style='font-size:12px'>{earned:g} of {whole:g} points so far</span></div>"


def show(marks: Iterable[Mark]) -> None:
    from IPython.display import HTML, display

    display(HTML(strip(marks)))
