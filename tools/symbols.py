"""Where a page first uses a symbol of the notation, the symbol links to its row there; a line below the title has all
that the page uses, those that stand in longer formulas only among them."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CELL = r"\$[^$]+\$|`[^`]+`"
BULLET = re.compile(r"^- .*(?:\n  .*)*", re.MULTILINE)
HERE = re.compile(r"\bin ((?:lecture|lab) \d+(?:(?:,| and) (?:lecture|lab) \d+)*)")
INDICES = set("bijdlk")  # they number what a capital counts; a page may take them for something else
ALGEBRA = {("lecture", 1), ("lecture", 2), ("lab", 1)}  # the pages that mean a matrix of that section
TOKEN = re.compile(
    r"\\(?:mathrm|mathcal|mathbb|operatorname|text)\s*(?:\{[^}]*\}|\w)|\\[A-Za-z]+|\\.|[^\s\\]", re.DOTALL
)
SPACES = {r"\,", r"\;", r"\!", r"\:", r"\ ", r"\big", r"\Big", r"\bigl", r"\bigr", r"\left", r"\right"}
# What is passed over, or else a formula or a word of code that stands alone
PIECE = re.compile(
    r"```.*?```|^#.*?$|^\|.*?$|\$\$.*?\$\$|\[[^\]]*\]\([^)]*\)|<a\b.*?</a>|\$[^$]+\$|`[^`]+`", re.DOTALL | re.MULTILINE
)
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+)\$", re.DOTALL)
SPELLED = {r"\mid": "|", r"\int": "∫", r"\Vert": "‖", r"\lVert": "‖", r"\rVert": "‖", r"\top": "ᵀ"}
MARKS = {r"\hat": "\u0302", r"\tilde": "\u0303", r"\bar": "\u0304"}


class Symbol(NamedTuple):
    """What the notation says of a symbol: of its own row, or of one page."""

    written: str
    meaning: str
    anchor: str
    section: str

    @property
    def tokens(self) -> tuple[str, ...]:
        """Its formula; of a function the name alone, whatever stands in the bracket."""
        parts = tokens(self.written[1:-1])
        return parts[:2] if parts[0].startswith((r"\mathrm", r"\mathcal")) and "(" in parts else parts


def tokens(tex: str) -> tuple[str, ...]:
    """The formula's letters and commands; spaces and the sizes of brackets say nothing."""
    found = (re.sub(r"[\s{}]", "", one) if len(one) > 2 else one for one in TOKEN.findall(tex))
    return tuple(one for one in found if one not in SPACES)


def rows(notation: str) -> Iterator[tuple[str, list[str], str, str]]:
    """Of each line of the tables: the line, its symbols, what they mean, and the section."""
    section = ""
    for line in notation.splitlines():
        section = line.removeprefix("## ") if line.startswith("## ") else section
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
        if line.startswith("|") and (found := re.findall(CELL, cells[1])):
            yield line, found, cells[2], section


def elsewhere(notation: str) -> Iterator[tuple[str, list[str], list[tuple[str, int]]]]:
    """Of each second meaning: its bullet, the symbols that open its clauses, and the pages."""
    for bullet in BULLET.findall(notation.partition("## A second meaning")[2]):
        clauses = re.split(r";\s+", bullet.removeprefix("- "))
        opening = [re.match(rf"(?:(?:{CELL})(?:,? and |, )?)+", clause) for clause in clauses]
        found = [symbol for lead in opening if lead for symbol in re.findall(CELL, lead[0])]
        pages = [page for listed in HERE.findall(bullet) for page in re.findall(r"(lecture|lab) (\d+)", listed)]
        yield bullet, found, [(kind, int(number)) for kind, number in pages]


def anchor(symbol: str) -> str:
    return "symbol-" + re.sub(r"\W+", "-", symbol.replace(r"\mid", "|")).strip("-")


def with_anchors(notation: str) -> str:
    """The notation's source, each symbol and each second meaning a place that can be linked to."""
    for line, found, _, _ in list(rows(notation)):
        marks = "".join(f'<span id="{anchor(symbol)}"></span>' for symbol in found)
        notation = notation.replace(line, line.replace("| ", f"| {marks}", 1), 1)
    for number, (bullet, _, _) in enumerate(list(elsewhere(notation))):
        notation = notation.replace(bullet, f'- <span id="second-{number}"></span>{bullet[2:]}', 1)
    return notation


def known(notation: str, page: tuple[str, int]) -> list[Symbol]:
    """The symbols that a page may use, in the notation's order, as that page means them."""
    own = {}
    for number, (bullet, found, pages) in enumerate(elsewhere(notation)):
        if page in pages:
            said = re.sub(r"\s+", " ", bullet[2:])
            own |= {symbol: Symbol(symbol, said, f"second-{number}", "") for symbol in found}
    table = [Symbol(s, said, anchor(s), section) for _, found, said, section in rows(notation) for s in found]
    return [own.get(one.written, one) for one in table if one.written in own or is_meant(one, page)]


def is_meant(symbol: Symbol, page: tuple[str, int]) -> bool:
    index = symbol.section.startswith("Counts") and symbol.written[1:-1] in INDICES
    return not index and (page in ALGEBRA or not symbol.section.startswith("Linear algebra"))


def words(meaning: str) -> str:
    """The meaning as text under the pointer: its formulas in Unicode where that can be read."""
    text = re.sub(r"\\(?:mathbb|mathcal|mathrm|operatorname|text)\b\s*\{?([A-Za-z]+)\}?", r"\1", meaning)
    text = re.sub(r"(\\(?:hat|tilde|bar))\s*([A-Za-z])", lambda m: m[2] + MARKS[m[1]], text)
    text = re.sub(r"\\[A-Za-z]+", lambda m: SPELLED.get(m[0]) or greek(m[0][1:]), text)
    text = re.sub(r"\\.|[$`*{}]", "", text).replace(r"^2", "²")
    return re.sub(r"\s+", " ", text).strip()


def greek(name: str) -> str:
    size = "CAPITAL" if name[0].isupper() else "SMALL"
    name = {"varepsilon": "epsilon", "lambda": "lamda"}.get(name.lower(), name)
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {name.upper()}")
    except KeyError:
        return name


def linked(symbol: Symbol, to: str) -> str:
    title = html.escape(
        f"{words(symbol.written)}: {words(symbol.meaning)}" if symbol.section else words(symbol.meaning)
    )
    return f'<a class="symbol" href="{to}#{symbol.anchor}" title="{title}">{symbol.written}</a>'


def link(notebook: dict, path: Path, notation: str) -> None:
    """Link the first use of each symbol that stands alone, and put the line below the title."""
    kind, number = re.match(r"(lab)?(\d+)", path.stem).groups()
    symbols = known(notation, ("lab" if kind else "lecture", int(number)))
    to = "../../course/notation.html" if kind else "notation.html"
    texts = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    used = [one for one in symbols if one in uses(texts, symbols)]
    left = {spelled(one.written): one for one in symbols}
    for cell in texts:
        cell["source"] = PIECE.sub(lambda found: _first(found[0], left, to), "".join(cell["source"]))
    if used:
        line = " ".join(linked(one, to) for one in used)
        texts[0]["source"] = _below_title(texts[0]["source"], f":::{{container}} symbols\nSymbols: {line}\n:::")


def spelled(piece: str) -> str | tuple[str, ...]:
    """What is the same however it is spaced."""
    return tokens(piece[1:-1]) if piece.startswith("$") and not piece.startswith("$$") else piece


def _first(piece: str, left: dict, to: str) -> str:
    symbol = left.pop(spelled(piece), None)
    return linked(symbol, to) if symbol else piece


def uses(texts: list[dict], symbols: list[Symbol]) -> set[Symbol]:
    """The symbols in the texts' formulas, the longest first, so that what is in σ_x is no σ; and code that stands."""
    found, rest = set(), {one for one in symbols if one.written.startswith("$")}
    plain = "\n".join(re.sub(r"^#.*$", "", "".join(cell["source"]), flags=re.MULTILINE) for cell in texts)
    formulas = [tokens(a or b) for a, b in FORMULA.findall(re.sub(r"```.*?```", "", plain, flags=re.DOTALL))]
    for symbol in sorted(rest, key=lambda one: -len(one.tokens)):
        cut = [without(formula, symbol) for formula in formulas]
        if cut != formulas:
            found.add(symbol)
        formulas = cut
    return found | {one for one in set(symbols) - rest if one.written in plain}


def without(formula: tuple[str, ...], symbol: Symbol) -> tuple[str, ...]:
    """The formula with "" where the symbol stood; another letter than x or z in a formula of its own, and p or q before
    what it is the density of, since it may be anything else."""
    parts = symbol.tokens
    doubtful = len(parts) == 1 and re.fullmatch("[A-Za-wy]", parts[0]) and formula != parts
    at, kept = 0, []
    while at < len(formula):
        ahead, behind = formula[at + len(parts) : at + len(parts) + 1], formula[at - 1 : at]
        here = formula[at : at + len(parts)] == parts and behind not in (("_",), ("^",))
        here = here and not (doubtful and not (parts[0] in "pq" and ahead in (("(",), ("_",))))
        kept.append("" if here else formula[at])
        at += len(parts) if here else 1
    return tuple(kept)


def _below_title(text: str, line: str) -> str:
    """After the line in italics that follows the title."""
    parts = text.split("\n\n", 2)
    at = 2 if len(parts) > 1 and parts[1].startswith("*") else 1
    return "\n\n".join([*parts[:at], line, *parts[at:]])
