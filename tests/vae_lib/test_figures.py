"""Figures: what is drawn is what was handed in, and `show` keeps the words with the picture."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.animation import FuncAnimation
from matplotlib.image import imread

from vae_lib import latent_grid
from vae_lib.checks import InputError
from vae_lib.figures import (
    play,
    plot_history,
    plot_images,
    plot_kl_per_dim,
    plot_latent_grid,
    plot_latent_scatter,
    plot_spectrum,
    set_style,
    show,
)
from vae_lib.training import History

HISTORY = History(
    [9.0, 7.0, 6.0], [8.0, 5.0, 4.0], [1.0, 2.0, 2.0], [8.5, 7.5, 6.5], [8.0, 6.0, 5.0], [0.5, 1.5, 1.5], [1.0] * 3
)


@pytest.fixture(autouse=True)
def figures_closed():
    with plt.rc_context():
        plt.switch_backend("agg")
        yield
    plt.close("all")


def test_a_sheet_holds_the_pictures_in_reading_order_with_white_gaps():
    ax = plot_images(torch.arange(10).reshape(5, 2) / 10, (1, 2), n_columns=3)
    sheet = np.asarray(ax.images[0].get_array().filled(np.nan))
    nan = np.nan
    first = [0.0, 0.1, nan, 0.2, 0.3, nan, 0.4, 0.5]
    last = [0.6, 0.7, nan, 0.8, 0.9, nan, nan, nan]
    np.testing.assert_allclose(sheet, [first, [nan] * 8, last], rtol=1e-6)
    assert ax.images[0].get_clim() == (0, 1)


def test_signed_pictures_have_white_at_zero():
    ax = plot_images(torch.tensor([[-2.0, 0, 1, 0.5]]), signed=True)
    assert ax.images[0].get_clim() == (-2, 2)
    assert ax.images[0].cmap(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.05)


def test_rows_and_columns_are_named_at_their_middles():
    ax = plot_images(torch.rand(6, 9), n_columns=3, rows=["a", "b"], columns=["x", "y", "z"])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["x", "y", "z"]
    assert list(ax.get_xticks()) == [1, 5, 9]  # three pixels and a gap of one
    assert list(ax.get_yticks()) == [1, 5]


@pytest.mark.parametrize("center", [(0.0, 0.0), (10.0, -3.0)])
def test_the_plane_has_each_picture_where_its_code_lies(center):
    n, limit = 5, 2.0
    around_0 = latent_grid(n, limit)
    codes = around_0 + torch.tensor(center)
    pictures = ((around_0[:, :1] + limit) / (2 * limit)).repeat(1, 4)  # as bright as z₁ is large
    pictures[:, 0] = (around_0[:, 1] + limit) / (2 * limit)
    ax = plot_latent_grid(pictures, limit=limit, center=center)
    sheet = ax.images[0].get_array()
    left, right, bottom, top = ax.images[0].get_extent()
    assert (left, right, bottom, top) == pytest.approx([c + edge for c in center for edge in (-2.5, 2.5)])
    side = sheet.shape[0] / n
    for z, picture in zip(codes, pictures, strict=True):
        row, column = (top - z[1]) / (top - bottom) * n - 0.5, (z[0] - left) / (right - left) * n - 0.5
        corner = sheet[round(side * float(row)) + 1, round(side * float(column)) + 1]
        assert corner == pytest.approx(float(picture[0]))


def test_quantile_plane_runs_from_0_to_1():
    ax = plot_latent_grid(torch.rand(9, 4))
    assert tuple(ax.images[0].get_extent()) == (0, 1, 0, 1)
    assert "quantile" in ax.get_xlabel()


def test_history_stacks_the_two_terms():
    ax = plot_history(HISTORY)
    tops = [max(p.get_paths()[0].vertices[:, 1]) for p in ax.collections]
    assert tops == [8, 9]
    assert list(ax.lines[0].get_ydata()) == HISTORY.test_loss
    assert all(tick == int(tick) for tick in ax.get_xticks())


def test_history_of_an_autoencoder_has_no_divergence():
    plain = HISTORY._replace(loss=[3.0, 2.0], kl=[0.0, 0.0], test_loss=[])
    ax = plot_history(plain)
    assert not ax.collections
    assert [list(line.get_ydata()) for line in ax.lines] == [[3, 2]]


def test_classes_are_named_where_most_of_them_lie():
    z = torch.tensor([[0.0, 1], [0.2, 1], [4, 8], [-1, -1]])
    ax = plot_latent_scatter(z, torch.tensor([3, 3, 3, 7]), prior=True)
    places = {t.get_text(): t.get_position() for t in ax.texts}
    assert places == {"3": pytest.approx((0.1, 1), abs=0.01), "7": pytest.approx((-1, -1), abs=0.01)}
    assert [c.radius for c in ax.patches] == [1, 2, 3]
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), z)


def test_class_labels_of_the_scatter_do_not_hide_each_other():
    z = torch.randn(300, 2, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(300) % 10  # ten classes with nearly one middle, and two with the same
    z[labels == 9] = z[labels == 8]
    ax = plot_latent_scatter(z, labels)
    places = np.array([text.get_position() for text in ax.texts])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(10)
    assert apart.min() > 0.065 * np.ptp(z.numpy(), axis=0).max()
    assert np.abs(places).max() < 2  # still in the middle
    lone = plot_latent_scatter(z * 100, labels * 0)
    assert np.linalg.norm(lone.texts[0].get_position()) < 100  # one standard deviation: where most of it lies


def test_kl_bars_are_sorted_and_unused_ones_grey():
    ax = plot_kl_per_dim(torch.tensor([0.002, 3.0, 1.0]))
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([3, 1, 0.002])
    assert [t.get_text() for t in ax.get_xticklabels()] == ["2", "3", "1"]
    assert ax.patches[2].get_facecolor() != ax.patches[0].get_facecolor()


def test_spectrum_sums_to_a_hundred():
    ax = plot_spectrum(torch.tensor([6.0, 3, 1]), marks=(2,))
    assert list(ax.lines[0].get_ydata()) == pytest.approx([60, 90, 100])
    assert ax.texts[0].get_text() == "2: 90 %"


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plot_images(torch.rand(2, 4), ax=ax),
        lambda ax: plot_history(HISTORY, ax=ax),
        lambda ax: plot_latent_scatter(torch.rand(3, 2), torch.tensor([0, 1, 2]), ax=ax),
        lambda ax: plot_latent_grid(torch.rand(4, 4), ax=ax),
        lambda ax: plot_kl_per_dim(torch.rand(3), ax=ax),
        lambda ax: plot_spectrum(torch.rand(3), ax=ax),
    ],
)
def test_axes_can_be_handed_in_and_come_back(draw):
    set_style()
    _, ax = plt.subplots()
    assert draw(ax) is ax
    assert len(plt.get_fignums()) == 1
    ax.figure.savefig(io.BytesIO())


@pytest.fixture
def shown(monkeypatch):
    """The bundles displayed, each with its options."""
    found = []
    monkeypatch.setattr("IPython.display.display", lambda *a, **k: found.append((*a, k)))
    return found


def test_show_displays_the_picture_with_its_words_then_the_caption_and_closes(shown, capsys):
    figure, ax = plt.subplots()
    ax.plot([1, 2])
    show(figure, "A line\nthat rises.", "The slope is\n$1$.")
    (picture, options), (caption, _) = shown
    assert options["metadata"] == {"image/png": {"alt": "A line that rises."}}
    assert imread(io.BytesIO(picture["image/png"])).ndim == 3
    assert caption == {"text/markdown": "*The slope is $1$.*", "text/plain": "The slope is $1$."}
    assert capsys.readouterr().out == ""
    assert plt.get_fignums() == []


def test_the_words_are_the_caption_where_none_is_given(shown):
    show(plt.figure(), "A line.")
    assert shown[1][0]["text/plain"] == "A line."


def test_a_film_has_words_and_a_caption_too(shown, capsys):
    figure, ax = plt.subplots()
    play(FuncAnimation(figure, lambda i: ax.plot([0, i]), frames=2), 'A "line".', "It turns.")
    (film, _), (caption, _) = shown
    assert 'alt="A &quot;line&quot;."' in film["text/html"]
    assert "https://" not in film["text/html"]
    assert caption["text/markdown"] == "*It turns.*"
    assert capsys.readouterr().out == ""
    assert plt.get_fignums() == []


@pytest.mark.parametrize("layout", ["none", "constrained"])
def test_a_film_keeps_its_axes_in_place(layout, monkeypatch):
    monkeypatch.setattr("IPython.display.display", lambda *a, **k: None)
    set_style()
    figure, (left, right) = plt.subplots(1, 2, layout=layout)
    left.set(xlabel="a name", aspect="equal")
    places = []

    def draw(frame):
        right.set_title(f"frame {frame}")

    figure.canvas.mpl_connect(
        "draw_event", lambda event: places.append([ax.get_position().bounds for ax in (left, right)])
    )
    play(FuncAnimation(figure, draw, frames=3), "Two axes that stay where they are.")
    np.testing.assert_allclose(places, [places[-1]] * len(places), atol=1e-6)


def test_show_takes_axes_too(monkeypatch):
    monkeypatch.setattr("IPython.display.display", lambda *a, **k: None)
    show(plot_kl_per_dim(torch.rand(3)), "Bars.")
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: show(plt.figure(), " "), "alt must be a sentence"),
        (lambda: show(plt.figure(), None), "alt must be a sentence"),
        (lambda: show(plt.figure(), "A line.", " "), "caption must be a sentence"),
        (lambda: play("film", "A line."), "must be an animation, not 'film'"),
        (lambda: show("figure", "A line."), "must be a figure, not str"),
        (lambda: plot_images(torch.rand(2, 5)), "5 pixels are not 2×2; give image_shape"),
        (lambda: plot_images(torch.rand(2, 6), (2, 2)), "6 pixels are not 2×2"),
        (lambda: plot_images(torch.rand(4)), "must have shape (N, P), not (4,)"),
        (lambda: plot_images(torch.rand(0, 4)), "must have shape (N, P), not (0, 4)"),
        (lambda: plot_images(torch.rand(2, 4), n_columns=0), "n_columns must be a whole number of at least 1, not 0"),
        (lambda: plot_latent_grid(torch.rand(5, 4)), "must be a square, not 5"),
        (lambda: plot_latent_scatter(torch.rand(5, 3), torch.zeros(5)), "must have shape (N, 2), not (5, 3)"),
        (lambda: plot_latent_scatter(torch.rand(5, 2), torch.zeros(4)), "must have shape (5,), not (4,)"),
        (lambda: plot_latent_scatter(torch.rand(1, 2), torch.tensor([10])), "from 0 to 9"),
        (lambda: plot_latent_scatter(torch.rand(0, 2), torch.zeros(0)), "must have shape (N, 2), not (0, 2)"),
        (lambda: plot_history(History([], [], [], [], [], [], [])), "history has no epoch"),
        (lambda: plot_kl_per_dim(torch.rand(2, 2)), "must have shape (D,), not (2, 2)"),
        (lambda: plot_spectrum(torch.rand(3), marks=[4]), "between 1 and 3, not 4"),
        (lambda: plot_spectrum(torch.rand(2, 2)), "must have shape (P,), not (2, 2)"),
    ],
)
def test_bad_input_gets_one_sentence(call, words):
    with pytest.raises(InputError) as caught:
        call()
    assert words in str(caught.value)
    assert str(caught.value).count(". ") == 0


def test_a_class_in_two_parts_is_named_in_the_larger_and_labels_do_not_hide_each_other(generator):
    """Class 0: 300 codes around (5, 0), 100 around (−5, 0), so that neither mean nor median is where it lies."""
    noise = 0.3 * torch.randn(800, 2, generator=generator)
    middles = torch.tensor([[5.0, 0]]).repeat(300, 1), torch.tensor([[-5.0, 0]]).repeat(500, 1)
    z, labels = torch.cat(middles) + noise, torch.zeros(800, dtype=torch.long)
    labels[400:600], labels[600:] = 1, 2  # both where the smaller part of class 0 is
    places = {text.get_text(): np.array(text.get_position()) for text in plot_latent_scatter(z, labels).texts}
    assert np.linalg.norm(places["0"] - [5, 0]) < 0.5
    assert all(np.linalg.norm(places[name] - [-5, 0]) < 1 for name in "12")
    span = np.ptp(z.numpy(), axis=0).max()
    assert np.linalg.norm(places["1"] - places["2"]) > 0.059 * span
