"""The site's links from a page's symbols to course/notation.md."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools import symbols

ROOT = Path(__file__).resolve().parent.parent
NOTATION = (ROOT / "course" / "notation.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("course/*.ipynb"), *ROOT.glob("labs/*/*.ipynb")])
LINK = re.compile(r'<a class="symbol" href="([^"#]*)#([^"]+)" title="([^"]+)">(.*?)</a>', re.DOTALL)


def linked(*texts, page="05_vae"):
    cells = [{"cell_type": "markdown", "source": text} for text in texts]
    symbols.link({"cells": cells}, Path(f"{page}.ipynb"), NOTATION)
    return [cell["source"] for cell in cells]


def line(text):
    """The symbols in the line below the title."""
    shown = re.search(r"^:::\{container\} symbols\nSymbols: (.*)\n:::$", text, re.MULTILINE)
    return [found[3] for found in LINK.findall(shown[1])] if shown else []


def test_the_first_use_is_a_link_with_the_meaning_and_the_second_is_none():
    _, text = linked("# Title", "A code $z$, and $z$ again, and `logvar`.")
    assert [found[1:] for found in LINK.findall(text)] == [
        ("symbol-z", "z: the latent variables of one example, D numbers; its code", "$z$"),
        ("symbol-logvar", "logvar: logσ², what the encoder returns beside μ", "`logvar`"),
    ]
    assert ", and $z$ again" in text


def test_headings_links_tables_and_code_stay_as_they_are():
    kept = ["## Draw $z$", "[see $z$](05.md)", "| $z$ | 1 |", "```\n$z$\n```", "$$z$$"]
    _, *after = linked("# Title $z$", *kept)
    assert after == kept


def test_spaces_and_the_functions_argument_make_no_other_symbol():
    first, *_ = linked(
        "# T\n\n*an hour*\n\nOf $q_\\phi( z \\mid x)$: $$\\mathrm{KL}\\big(q_\\phi(z\\mid x)\\,\\Vert\\,p(z)\\big)$$"
    )
    assert line(first) == ["$p(z)$", r"$q_\phi(z\mid x)$", r"$\mathrm{KL}(q\,\Vert\,p)$"]
    assert first.startswith("# T\n\n*an hour*\n\n:::{container} symbols\n")


def test_in_a_formula_a_letter_may_be_any_and_a_part_of_a_symbol_is_none():
    first, *_ = linked("# T\n\n$$a_B + D\\sigma_x + A_x$$ $\\hat x$")
    assert line(first) == [r"$\hat x$", r"$\sigma_x$"]


def test_indices_are_not_linked_nor_are_matrices_beyond_the_linear_lectures():
    assert linked("# T", "$i$ of $W$")[1] == "$i$ of $W$"
    assert "symbol-W" in linked("# T", "$i$ of $W$", page="02_autoencoder")[1]


@pytest.mark.parametrize(
    ("page", "symbol", "said"),
    [
        ("10_flows", "$y$", "what it makes of x"),
        ("lab9_normalizing_flow", "$K$", "the layers of a flow"),
        ("11_semi_supervised", r"$\mathcal L$", "costs, as in Kingma"),
        ("12_beyond_pictures", "$A$", "symbols, and a rule"),
        ("09_disentangling", "$f$", "which factor and how many"),
    ],
)
def test_where_a_page_means_something_else_the_link_leads_there(page, symbol, said):
    ((to, anchor, title, _),) = LINK.findall(linked("# T", f"{symbol} is", page=page)[1])
    assert said in title
    assert to == ("../../course/notation.html" if page.startswith("lab") else "notation.html")
    assert re.search(rf'<span id="{anchor}"></span>.*{re.escape(symbol)}', symbols.with_anchors(NOTATION))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_each_page_links_what_it_uses_and_every_anchor_is_there(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    symbols.link(notebook, path, NOTATION)
    text = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    found = LINK.findall(text)
    anchors = set(re.findall(r'<span id="([^"]+)"', symbols.with_anchors(NOTATION)))
    assert {anchor for _, anchor, _, _ in found} <= anchors
    assert not any("\\" in title or "$" in title for _, _, title, _ in found)
    assert MAIN.get(path.stem, {"$z$"}) <= set(line(text))


MAIN = {
    "01_pca": {"$x$", r"$\bar x$", "$C$", r"$\lambda_i$", "$W$"},
    "02_autoencoder": {r"$\operatorname{enc}_\phi$", r"$\operatorname{dec}_\theta$", r"$\hat x$"},
    "03_perturbing_z": {"$z$", r"$\sigma$", r"$\varepsilon$"},
    "04_variational_inference": {r"$p_\theta(x)$", r"$\mathrm{KL}(q\,\Vert\,p)$", r"$\mathcal L$", r"$\mathrm H(q)$"},
    "05_vae": {r"$q_\phi(z\mid x)$", r"$p_\theta(x\mid z)$", "$p(z)$", r"$\mu$", "`logvar`", r"$\varepsilon$"},
    "06_generation": {"$p(z)$", r"$\mathcal L_K$", r"$\mathrm I(x;z)$", r"$p_\theta(x)$"},
    "08_conditional": {"$y$", r"$q_\phi(z\mid x)$"},
    "09_disentangling": {r"$\mathrm I(x;z)$", r"$q_\phi(z\mid x)$", "$f$"},
    "10_flows": {r"$\varepsilon$", "$p(z)$", "$y$"},
    "11_semi_supervised": {"$y$", r"$\mathcal L$", r"$\mathrm H(q)$"},
    "13_family": {r"$p_{\text{data}}$", r"$\mathrm{KL}(q\,\Vert\,p)$"},
}


def test_a_symbol_that_the_notation_does_not_have_is_no_link():
    assert linked("# T", r"$\zeta$ and `zeta`")[1] == r"$\zeta$ and `zeta`"
