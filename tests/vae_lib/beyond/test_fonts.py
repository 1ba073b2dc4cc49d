"""Letters of matplotlib's typefaces against Pillow's drawing, measures against closed forms, directions of style."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

import vae_lib as lib
from vae_lib.beyond import fonts
from vae_lib.beyond.fonts import attribute_direction, draw, glyphs, ink, of_equal_length, slant


@pytest.fixture(scope="module")
def every():
    return glyphs()


def test_letters_are_as_pillow_draws_them():
    """Another program, the same outlines: placed by hand, on average within a hundredth of a pixel's white."""
    home = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for letter, file in (("g", "DejaVuSerif-Italic"), ("R", "DejaVuSans-Bold"), ("ψ", "STIXGeneral")):
        font = ImageFont.truetype(str(home / f"{file}.ttf"), 4 * 19)
        canvas = Image.new("L", (96, 96))
        ImageDraw.Draw(canvas).text((30, 72), letter, fill=255, font=font, anchor="ls")
        columns = np.nonzero(np.asarray(canvas).any(0))[0]
        middle = np.roll(canvas, (96 - len(columns)) // 2 - columns[0], 1)
        theirs = middle.reshape(24, 4, 24, 4).mean((1, 3)) / 255
        ours = draw(letter, file).reshape(24, 24).numpy()
        assert np.abs(ours - theirs).mean() < 0.01


def test_the_set_is_whole_and_nothing_is_cut_off(every):
    n = len(fonts.LETTERS)
    assert len(set(fonts.LETTERS)) == n
    assert every.pictures.shape == (16 * n, 576)
    assert every.bold.sum() == every.slanted.sum() == 8 * n
    tables = every.pictures.view(-1, 24, 24)
    rim = torch.cat([tables[:, 0], tables[:, -1], tables[:, :, 0], tables[:, :, -1]], 1)
    assert rim.sum(1).max() < 1
    assert (every.pictures.amin(), every.pictures.amax()) == (0, 1)
    assert len(every.at(every.bold).pictures) == 8 * n


def test_bold_has_more_ink_and_slanted_leans(every):
    styles = {(b, s): every.at((every.bold == b) & (every.slanted == s)).pictures for b in (0, 1) for s in (0, 1)}
    for s in (0, 1):
        assert (ink(styles[1, s]) > ink(styles[0, s])).float().mean() > 0.99
    for b in (0, 1):
        assert (slant(styles[b, 1]) > slant(styles[b, 0])).float().mean() > 0.95


def test_letters_for_test_are_in_no_typeface_of_the_training(every):
    train, test = fonts.halves(every)
    assert len(train.letters) + len(test.letters) == len(every.letters)
    assert {fonts.LETTERS[i] for i in test.letters.tolist()} == set(fonts.HELD_OUT)
    assert not set(train.letters.tolist()) & set(test.letters.tolist())
    assert (
        train.letters.unique_consecutive().numel() == train.letters.unique().numel()
    )  # the last rows are whole letters
    nearest = torch.cdist(test.pictures, train.pictures).square().min(1).values
    between = torch.cdist(test.pictures, test.pictures).square().fill_diagonal_(999).min(1).values
    assert nearest.median() > 3
    assert between.median() < nearest.median()  # of another typeface the same letter is nearer


def sheared(bar, s):
    """Each row moved right by s for each row that it is higher than the middle."""
    rows = torch.arange(24)
    moves = (s * (12 - rows)).round().int().tolist()
    return torch.stack([row.roll(move) for row, move in zip(bar, moves, strict=True)])


def test_shearing_adds_to_the_slant():
    bar = torch.zeros(24, 24)
    bar[4:21, 11:14] = 1
    leaning = torch.stack([sheared(bar, s).flatten() for s in (0.0, 0.25, -0.5)])
    assert torch.allclose(slant(leaning), torch.tensor([0.0, 0.25, -0.5]), atol=0.02)
    letter = draw("L", "DejaVuSans").reshape(24, 24)
    lean = slant(torch.stack([letter, sheared(letter, 1.0)]).flatten(1).double())
    assert abs(lean[1] - lean[0] - 1) < 1e-6  # whole steps: exact
    assert torch.allclose(slant(0.3 * leaning), slant(leaning), atol=1e-5)
    assert torch.allclose(ink(leaning), torch.tensor(51.0))


def test_a_direction_is_a_difference_of_means():
    codes = torch.tensor([[1.0, 0.0], [3.0, 4.0], [0.0, 1.0], [2.0, -3.0], [1.0, 1.0]])
    has = torch.tensor([True, True, False, False, False])
    assert torch.allclose(attribute_direction(codes, has), torch.tensor([1.0, 2 + 1 / 3]))


def test_random_directions_are_as_long():
    direction = torch.tensor([3.0, 0.0, 4.0])
    noise = of_equal_length(direction, 2000, torch.Generator().manual_seed(0))
    assert torch.allclose(noise.norm(dim=1), torch.tensor(5.0))
    assert noise.mean(0).abs().max() < 5 * 5 / (3 * 2000) ** 0.5  # five standard errors of a coordinate's mean


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: draw("ab", "DejaVuSans"), "letter must be one letter, not 'ab'"),
        (lambda: draw("Ω", "cmr10"), "cmr10 has no letter 'Ω'"),
        (lambda: draw("a", "Garamond"), "no font file Garamond.ttf"),
        (lambda: attribute_direction(torch.zeros(2, 2), torch.tensor([1, 0])), "has must be True or False"),
        (
            lambda: attribute_direction(torch.zeros(2, 2), torch.tensor([True, True])),
            "False for some",
        ),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(lib.InputError, match=sentence):
        call()
