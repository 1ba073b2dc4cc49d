"""Where a lecture introduces a term of the glossary, its page links to it and shows the sentence under the pointer."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import NamedTuple

ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| \[\d+\]\((\w+)\.ipynb\) \|$", re.MULTILINE)


class Term(NamedTuple):
    """A row of the glossary."""

    name: str
    sentence: str
    lecture: str

    @property
    def anchor(self) -> str:
        return "term-" + re.sub(r"\W+", "-", self.name.lower())


def terms(glossary: str) -> list[Term]:
    return [Term(*row) for row in ROW.findall(glossary)]


def with_anchors(glossary: str) -> str:
    """The glossary's source, each row a place that can be linked to."""
    names = {term.name: term.anchor for term in terms(glossary)}
    return ROW.sub(lambda row: row[0].replace(row[1], f'<span id="{names[row[1]]}"></span>{row[1]}', 1), glossary)


def link(notebook: dict, lecture: str, glossary: Path) -> None:
    """In a lecture's text, the first emphasis of each term that it introduces becomes a link."""
    texts = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    for term in terms(glossary.read_text(encoding="utf-8")):
        if term.lecture == lecture:
            words = r"\s+".join(map(re.escape, term.name.split()))
            first = re.compile(rf"(?<![\*\[])\*({words}(?:s|es)?)\*(?![\*\]])", re.IGNORECASE)
            cell = next((cell for cell in texts if first.search("".join(cell["source"]))), None)
            if cell is not None:
                cell["source"] = first.sub(_linked(term), "".join(cell["source"]), count=1)


def _linked(term: Term):
    """The emphasised word as a link to its row."""
    where = f'href="glossary.html#{term.anchor}" title="{html.escape(term.sentence)}"'
    return lambda found: f'<a class="term" {where}><em>{html.escape(found[1])}</em></a>'
