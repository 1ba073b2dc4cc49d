"""Doors of figures, data, the classifier and what stands beside them: what they cannot use, in one sentence."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.animation import FuncAnimation
from torch import tensor

import vae_lib as lib
from tests.vae_lib.doors import Table, faults, parameters, public_names, seeded, with_generator
from vae_lib import InputError, augmentation, captions, classifier, data, figures
from vae_lib.zoo.training import train

B, P = 4, 9


def draw(*shape):
    return torch.rand(*shape, generator=seeded(sum(shape))) * 0.8 + 0.1


AX = plt.subplots(figsize=(1, 1))[1]
JUDGE = classifier.Classifier((3, 3), (2,), 3, seeded())
FILM = FuncAnimation(AX.figure, lambda i: [], frames=1)
FILM._draw_was_started = True  # else matplotlib warns where it is never played
HISTORY = lib.History([2.0], [1.5], [0.5], [2.0], [1.5], [0.5], [0.1])

CALLS = {
    "figures.plot_images": (
        figures.plot_images,
        {
            "images": draw(B, P),
            "image_shape": (3, 3),
            "n_columns": 2,
            "rows": ["a", "b"],
            "columns": ["c", "d"],
            "signed": False,
            "ax": plt.subplots()[1],
        },
    ),
    "figures.plot_history": (figures.plot_history, {"history": HISTORY, "ax": plt.subplots()[1]}),
    "figures.plot_latent_scatter": (
        figures.plot_latent_scatter,
        {"z": draw(B, 2), "labels": tensor([0, 1, 1, 0]), "prior": True, "ax": plt.subplots()[1]},
    ),
    "figures.plot_latent_grid": (
        figures.plot_latent_grid,
        {"pictures": draw(B, P), "image_shape": (3, 3), "limit": 2.0, "center": (0.5, 0.5), "ax": plt.subplots()[1]},
    ),
    "figures.plot_kl_per_dim": (figures.plot_kl_per_dim, {"kl": draw(B), "threshold": 0.01, "ax": plt.subplots()[1]}),
    "figures.plot_spectrum": (figures.plot_spectrum, {"variances": draw(B), "marks": [1, 2], "ax": plt.subplots()[1]}),
    "figures.set_style": (figures.set_style, {}),
    "captions.show": (captions.show, {"figure": AX.figure, "alt": "A line.", "caption": "A line."}),
    "captions.play": (captions.play, {"animation": FILM, "alt": "A line.", "caption": "A line.", "fps": 4.0}),
    "data.load": (
        data.load,
        {"name": "digits", "binarize": "fixed", "seed": 0, "download": False, "data_dir": "somewhere"},
    ),
    "data.binarize": (data.binarize, {"x": draw(B, P)}),
    "data.data_home": (data.data_home, {"data_dir": "somewhere"}),
    "classifier.Classifier": (
        classifier.Classifier,
        {"image_shape": (3, 3), "channels": (2,), "n_classes": 3},
    ),
    "classifier.Classifier.forward": (JUDGE.forward, {"x": draw(B, P)}),
    "classifier.Classifier.probabilities": (JUDGE.probabilities, {"x": draw(B, P)}),
    "classifier.Classifier.loss_terms": (JUDGE.loss_terms, {"x": draw(B, P), "y": tensor([0, 1, 2, 0])}),
    "classifier.judge": (classifier.judge, {"classifier": JUDGE, "x": draw(B, P), "batch": 2}),
    "augmentation.shift_pixels": (augmentation.shift_pixels, {"x": draw(B, P), "share": 0.5}),
}
OF_ARRAYS = {"a list", "whole numbers", "an array", "a tuple"}  # whatever holds numbers is drawn
NAMES = {"[]", "[0]", "[-1, 2]", "[1.5, 2.5]", "['a', 'b']"}
FREE = {
    "images": OF_ARRAYS | {"truth values"},  # a mask
    "pictures": OF_ARRAYS | {"truth values"},
    "z": OF_ARRAYS,
    "kl": OF_ARRAYS,
    "variances": OF_ARRAYS,
    "plot_latent_scatter.labels": {"a list", "an array", "a tuple", "floating"},
    "plot_images.rows": NAMES,
    "plot_images.columns": NAMES,
    "center": {"(-1, 2)", "(1.5, 2.5)"},
    "marks": {"[]"},
    "alt": {"'toaster'"},
    "caption": {"'toaster'"},
    "seed": {"0"},
    "data_dir": {"'toaster'", "'x'"},
    "binarize.x": {"one axis more"},
}
SAID = {
    "images": "pictures|pixels",
    "pictures": "pictures|pixels",
    "plot_images.image_shape": "image_shape|pixels",
    "plot_latent_grid.image_shape": "image_shape|pixels",
    "plot_latent_scatter.z": "z|labels",
    "figure": "first argument",
    "animation": "first argument",
}
TABLE = Table(with_generator(CALLS), FREE, SAID)
TRAINING = {"name": "vae-digits-2d", "folder": Path("somewhere"), "epochs": 1, "data_dir": Path("somewhere")}
ZOO = Table(
    {"zoo.train": (train, TRAINING)},
    {"epochs": {"None"}},
    {"name": "model"},
)
NO_DOOR = {
    "data.main": "is a command",
    "data.Dataset": "holds what the library made",
    "classifier.Validity": "holds what the library made",
    "captions.offline": "changes matplotlib's own page",
}
MODULES = ("figures", "captions", "data", "classifier", "augmentation")


@pytest.fixture(autouse=True)
def _nothing_is_displayed(monkeypatch):
    monkeypatch.setattr("IPython.display.display", lambda *shown, **options: None)


def test_the_table_has_every_public_name():
    found = {f"{m}.{name}" for m in MODULES for name in public_names(f"vae_lib.{m}")}
    assert found == TABLE.calls.keys() | NO_DOOR.keys()


@pytest.mark.parametrize("name", CALLS)
def test_a_right_call_passes(name):
    function, given = TABLE.calls[name]
    assert parameters(function).keys() <= given.keys() | {"n_samples"}, "an argument is left out"
    function(**given)


@pytest.mark.parametrize(("name", "key"), TABLE.arguments())
def test_what_does_not_fit_is_refused(name, key):
    assert faults(TABLE, name, key) == []


@pytest.mark.parametrize("key", TRAINING)
def test_the_zoo_does_not_begin_to_train_on_what_does_not_fit(key, monkeypatch):
    """Nothing is trained here: what is not refused beforehand fails."""
    monkeypatch.setattr("vae_lib.zoo.training._converged", None)
    assert faults(ZOO, "zoo.train", key) == []


@pytest.mark.parametrize(("name", "key"), [("figures.plot_latent_grid", "pictures"), ("classifier.judge", "x")])
def test_bytes_for_pixels_are_refused(name, key):
    function, given = TABLE.calls[name]
    with pytest.raises(InputError, match=r"(run|runs) from .* to 2\d\d"):
        function(**given | {key: 255 * draw(B, P)})


def test_a_picture_that_is_nan_as_a_whole_is_a_gap():
    pictures = draw(B, P)
    pictures[1] = math.nan
    sheet = figures.plot_images(pictures, n_columns=B).images[0].get_array()
    assert np.ma.masked_invalid(sheet)[:, 4:7].mask.all()
    assert np.isfinite(sheet[:, :3]).all()
    with pytest.raises(InputError, match="must be finite"):
        figures.plot_images(pictures * math.nan)
