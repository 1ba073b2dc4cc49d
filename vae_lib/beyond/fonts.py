"""Letters drawn from the typefaces that come with matplotlib, and directions of style in the space of their codes.

Four families (DejaVu Sans, Sans Mono and Serif, and STIX) in four styles each: upright or slanted, regular or bold. A
letter is the same picture on every machine: outlines at four times the size, by matplotlib's own FreeType, averaged.
`slant` is a right or left lean read from the picture. Source of the directions: Carter and Nielsen (2017).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from vae_lib.checks import check_shapes, checked, require, require_within

FAMILIES = {  # files of the four styles: regular, bold, slanted, bold and slanted
    "DejaVu Sans": ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    "DejaVu Sans Mono": (
        "DejaVuSansMono",
        "DejaVuSansMono-Bold",
        "DejaVuSansMono-Oblique",
        "DejaVuSansMono-BoldOblique",
    ),
    "DejaVu Serif": ("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
    "STIX": ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
}
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
GREEK = "ΓΔΘΛΞΠΣΦΨΩαβγδεζηθλμξπρστφχψω"
CYRILLIC = "БДЗИЛУЦЧЬЭЯбвгдзийклмнптцчшщъыьэюя"
LETTERS = LATIN + GREEK + CYRILLIC  # what of Greek and Cyrillic looks like a Latin letter is left out
HELD_OUT = "BGKRSWadegkmty57"  # letters that no model of the zoo was trained on
SIDE, DETAIL, EM, BASELINE = 24, 4, 19, 18  # pixels of a picture and parts of each; the type's size; row of the feet


class Glyphs(NamedTuple):
    """`pictures` (N, 576) in [0, 1], white on black; `letters`, `families` int64; `bold`, `slanted` bool, (N,)."""

    pictures: Tensor
    letters: Tensor
    families: Tensor
    bold: Tensor
    slanted: Tensor

    def at(self, index: Tensor | slice) -> Glyphs:
        """Some of them."""
        return Glyphs(*(column[index] for column in self))


def require_glyphs(value: object, label: str) -> None:
    """`value` are `Glyphs`, each column what it is said to be; `label` names it in the message."""
    require(isinstance(value, Glyphs), f"{label} must be Glyphs, not {type(value).__name__}.")
    columns = {"letters": "whole N", "families": "whole N", "bold": "truth N", "slanted": "truth N"}
    check_shapes(label, {"pictures": "unit N 576", **columns}, value._asdict())
    require_within(value.letters, 0, len(LETTERS) - 1, f"{label}: letters")
    require_within(value.families, 0, len(FAMILIES) - 1, f"{label}: families")


@checked(em="positive")
@lru_cache(maxsize=3)
def glyphs(em: float = EM) -> Glyphs:
    """Every letter in every family and style: letters first, then families, then styles, the last one fastest.

    `em` is the size of the type in pixels.
    """
    rows = [(i, k, s) for i in range(len(LETTERS)) for k in range(len(FAMILIES)) for s in range(4)]
    files = list(FAMILIES.values())
    pictures = torch.stack([draw(LETTERS[i], files[k][s], em) for i, k, s in rows])
    letter, family, style = torch.tensor(rows).T
    return Glyphs(pictures, letter, family, style % 2 == 1, style >= 2)


@checked(every=require_glyphs)
def halves(every: Glyphs) -> tuple[Glyphs, Glyphs]:
    """The letters to train on, in an order that looks random and is the same everywhere, and those of HELD_OUT."""
    held = torch.tensor([letter in HELD_OUT for letter in LETTERS])[every.letters]
    order = ((every.letters + 1) * 48271 * 16807 % (2**31 - 1)).argsort(stable=True)  # two steps of Lehmer's generator
    return every.at(order[~held[order]]), every.at(held)


@lru_cache(maxsize=64)
def _font(file: str):
    import matplotlib
    from matplotlib.ft2font import FT2Font

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{file}.ttf"
    require(path.exists(), f"draw: matplotlib has no font file {file}.ttf; FAMILIES lists some that it has.")
    return FT2Font(str(path))


@checked(em="positive")
def draw(letter: str, file: str, em: float = EM) -> Tensor:
    """A letter in the typeface of a file, its ink in the middle, its feet on the baseline. -> (576,), in [0, 1].

    Raises InputError where the typeface does not have the letter.
    """
    require(isinstance(file, str), f"draw: file must be the name of a typeface, not {file!r}.")
    font = _font(file)
    known = isinstance(letter, str) and len(letter) == 1
    require(known, f"draw: letter must be one letter, not {letter!r}.")
    require(ord(letter) in font.get_charmap(), f"draw: {file} has no letter {letter!r}.")
    font.set_size(em * DETAIL, 72)  # so that a point is a fine pixel
    font.set_text(letter, 0.0)
    top = round(font.load_char(ord(letter)).bbox[3] / 64)  # above the baseline, in fine pixels
    font.draw_glyphs_to_bitmap(antialiased=True)
    ink = torch.from_numpy(font.get_image().copy()).float() / 255
    rows, columns = ink.amax(1).nonzero().squeeze(1), ink.amax(0).nonzero().squeeze(1)
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    fine = torch.zeros(3 * SIDE * DETAIL, 3 * SIDE * DETAIL)  # with room around for what is larger than the picture
    edge, (height, width) = SIDE * DETAIL, ink.shape
    y, x = edge + BASELINE * DETAIL - top, edge + (SIDE * DETAIL - width) // 2
    fine[y : y + height, x : x + width] = ink
    fine = fine[edge : 2 * edge, edge : 2 * edge]
    return fine.reshape(SIDE, DETAIL, SIDE, DETAIL).mean((1, 3)).flatten()


@checked(x="... P")
def ink(x: Tensor) -> Tensor:
    """The sum of the pixels: how many are white. Shapes: (..., P) -> (...)."""
    return x.sum(-1)


@checked(x="... 576")
def slant(x: Tensor) -> Tensor:
    """How far the ink leans to the right a pixel of height: Σ w (c − c̄)(r̄ − r) / Σ w (r − r̄)², w the pixels.

    r and c are rows and columns. An upright letter need not have 0 (an R does not), but shearing a picture by s adds s.
    Shapes: (..., 576) -> (...).
    """
    steps = torch.arange(SIDE, dtype=x.dtype)
    w = x.unflatten(-1, (SIDE, SIDE)) / ink(x)[..., None, None]
    up = -(steps[:, None] - (w * steps[:, None]).sum((-1, -2))[..., None, None])
    right = steps - (w * steps).sum((-1, -2))[..., None, None]
    return (w * up * right).sum((-1, -2)) / (w * up.square()).sum((-1, -2))


@checked(codes="N D", has="truth N")
def attribute_direction(codes: Tensor, has: Tensor) -> Tensor:
    """The mean of the codes that have an attribute minus the mean of those that do not. (N, D), (N,) bool -> (D,)."""
    require(bool(has.any() and not has.all()), "attribute_direction: has must be True for some, and False for some.")
    return codes[has].mean(0) - codes[~has].mean(0)


@checked(direction="D", n="count")
def of_equal_length(direction: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """n random directions as long as the given one: what a move of that length does by itself. (D,) -> (n, D)."""
    noise = torch.randn(n, len(direction), generator=generator, dtype=direction.dtype)
    return noise / noise.norm(dim=1, keepdim=True) * direction.norm()
