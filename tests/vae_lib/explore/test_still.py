"""Explorers at rest: a figure with words beside every widget."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest
import torch
from scipy import stats

import vae_lib as lib
from vae_lib.explore import LatentExplorer, slider_explorer, still
from vae_lib.explore.explorer import LAYERS

SHAPE = (4, 3)


def test_a_figure_with_words_stands_beside_the_widget(vae, images):
    explorer = LatentExplorer(vae, images=images, image_shape=SHAPE)
    data, metadata = explorer._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == data["text/plain"]
    assert "40 codes" in data["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in data


@pytest.mark.parametrize("layer", [name for name in LAYERS if name not in ("sliders", "traversals")])
def test_the_figure_has_the_layers_that_are_on(layer, vae, images):
    """`sliders` and `traversals` stand below the plane; each of the others is seen on it."""
    codes, labels = torch.randn(40, 2, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 10
    given = {"codes": codes, "labels": labels, "errors": torch.rand(40), "image_shape": SHAPE}

    def pixels(layers):
        figure = LatentExplorer(vae, layers=layers, **given).figure()
        figure.set_layout_engine("none")
        figure.canvas.draw()
        return np.asarray(figure.canvas.buffer_rgba())

    assert not np.array_equal(pixels([]), pixels([layer]))
    assert not np.array_equal(pixels([]), pixels([name for name in LAYERS if name != "traversals"]))


def test_the_figure_of_all_layers_needs_no_codes(vae):
    assert len(LatentExplorer(vae, image_shape=SHAPE, layers=list(LAYERS)).figure().axes) == 3


def test_the_figures_traversals_are_decoded_along_each_dimension(generator):
    """The rows in the order that the explorer has, the pictures in the middles of nine parts of the plane's width."""
    model, z = lib.VAE(12, 3, (9,), generator=generator), [0.5, -1.0, 0.25]
    explorer = slider_explorer(
        model, kl=[0.1, 2.0, 1.0], image_shape=SHAPE, z=z, limit=4.5, layers=["traversals"], notes=["a", "b", "c"]
    )
    ax = explorer.figure().axes[2]
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "$z_{2}$ 2.00 nats, b",
        "$z_{3}$ 1.00 nats, c",
        "$z_{1}$ 0.10 nats, a",
    ]
    sheet = np.asarray(ax.images[0].get_array(), dtype=float)
    for row, d in enumerate((1, 2, 0)):
        codes = torch.tensor(z).repeat(9, 1)
        codes[:, d] = torch.arange(-4.0, 5.0)
        for k, expected in enumerate(model.decode_mean(codes).detach().reshape(9, *SHAPE).numpy()):
            top, left = row * (SHAPE[0] + 1), k * (SHAPE[1] + 1)
            shown = sheet[top : top + SHAPE[0], left : left + SHAPE[1]]
            np.testing.assert_allclose(shown, expected, atol=1e-6)


def test_a_density_that_is_nowhere_on_the_plane_is_drawn_as_nothing(vae):
    far = torch.full((5, 2), 90.0)
    figure = LatentExplorer(vae, far, image_shape=SHAPE, layers=["density"], limit=1.0).figure()
    figure.canvas.draw()
    assert figure.axes[0].images[0].get_alpha().max() == 0


def test_the_figure_has_as_many_pictures_as_the_browser():
    for name, number in {"TILES": still.TILES, "ALONG": still.ALONG}.items():
        (found,) = re.findall(rf"^const {name} = (\d+);", LatentExplorer._esm, re.MULTILINE)
        assert int(found) == number


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (["codes", "prior"], "40 codes and the prior's circles of 1, 2 and 3 standard deviations in the plane of z1"),
        (["errors", "manifold", "path"], "15 by 15 decoded pictures, the reconstruction error of each code and a path"),
        (["draws"], "at rest: a circle of radius 0.5 around z in"),
        (["density", "sliders"], "at rest: the density of the codes in"),
        (["prior", "traversals"], "Below them 9 pictures along each dimension."),
        ([], "at rest: nothing in"),
    ],
)
def test_the_figures_sentence_has_the_layers_that_are_on(layers, words, vae, images):
    assert words in LatentExplorer(vae, images=images, image_shape=SHAPE, layers=layers).describe()


@pytest.mark.parametrize("scales", ["given", "Scott's"])
def test_the_density_is_the_mean_of_the_posteriors(scales, generator):
    codes = 2 * torch.randn(30, 2, generator=generator).double().numpy()
    widths = torch.rand(30, 2, generator=generator).double().numpy() + 0.6
    if scales == "Scott's":
        widths = np.tile([stats.gaussian_kde(x, "scott").factor * x.std() for x in codes.T], (30, 1))
        widths *= 30 ** (-1 / 6 + 1 / 5)  # of two dimensions, not of one
    found = still.density(codes, widths if scales == "given" else None, 3.0, 6)
    for row, column in ((0, 0), (1, 4), (5, 2)):
        z = np.array([-2.5 + column, 2.5 - row])
        each = [stats.multivariate_normal(m, np.diag(s**2)).pdf(z) for m, s in zip(codes, widths, strict=True)]
        assert found[row, column] == pytest.approx(np.mean(each), rel=1e-6)
