"""Explorers: values are read and set, and what does not fit is refused in a sentence."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

import vae_lib as lib
from vae_lib.checks import InputError
from vae_lib.explore import LatentExplorer

SHAPE = (4, 3)


def test_z_is_read_set_and_observed(vae):
    explorer, seen = LatentExplorer(vae, image_shape=SHAPE), []
    explorer.observe(lambda change: seen.append(change.new), "z")
    explorer.z = torch.tensor([0.5, -0.25])
    explorer.set_state({"z": [1, 2]})  # as the browser does
    assert seen == [[0.5, -0.25], [1, 2]]
    expected = vae.decode_mean(torch.tensor([[1.0, 2.0]])).detach().reshape(SHAPE)
    np.testing.assert_allclose(explorer.picture(), expected, atol=1e-6)


@pytest.mark.parametrize("bad", [[0.0], [0, 0, 0], [float("nan"), 0], ["a", "b"], None])
def test_a_z_of_another_kind_is_refused(vae, bad):
    explorer = LatentExplorer(vae, image_shape=SHAPE)
    with pytest.raises(InputError, match=r"LatentExplorer: z must"):
        explorer.z = bad
    assert explorer.z == [0, 0]


def test_images_give_codes_logvars_and_errors(vae, images):
    explorer = LatentExplorer(vae, images=images, labels=torch.arange(40) % 10, image_shape=SHAPE)
    mu, logvar = vae.encode(images)
    errors = (images - vae.reconstruct(images)).square().sum(1)
    for name, expected in {"_codes": mu, "_scales": (logvar / 2).exp(), "_errors": errors}.items():
        sent = np.frombuffer(getattr(explorer, name), np.float32)
        np.testing.assert_allclose(sent, expected.detach().flatten(), rtol=1e-5)
    assert list(explorer._labels) == [i % 10 for i in range(40)]
    assert explorer.layers == ["codes", "prior"]


def test_an_autoencoder_has_no_scales(images):
    explorer = LatentExplorer(lib.Autoencoder(12, 2, (9,)), images=images, image_shape=SHAPE)
    assert (explorer._scales, len(explorer._errors)) == (b"", 4 * 40)


def test_of_many_codes_every_kth_is_shown(vae):
    codes = torch.randn(20_001, 2)
    explorer = LatentExplorer(vae, codes, torch.arange(20_001) % 10, SHAPE)
    sent = np.frombuffer(explorer._codes, np.float32).reshape(-1, 2)
    np.testing.assert_array_equal(sent, codes[::3])
    assert list(explorer._labels[:4]) == [0, 3, 6, 9]


def test_the_plane_reaches_as_far_as_the_codes(vae):
    assert LatentExplorer(vae, image_shape=SHAPE)._spec["limit"] == 3.5
    assert LatentExplorer(vae, 10 * torch.rand(500, 2), image_shape=SHAPE)._spec["limit"] == pytest.approx(11, abs=0.2)


def test_after_more_training_it_is_read_again(vae):
    explorer = LatentExplorer(vae, image_shape=SHAPE)
    before = explorer._data
    with torch.no_grad():
        vae.decoder.layers[0].weight += 1
    explorer.update()
    assert explorer._data != before


CODES = torch.zeros(5, 2)
REFUSED = {
    "neither a model nor a function": {"model_or_decode": 3},
    "set image_shape": {"image_shape": (28, 28)},
    "image_shape must be": {"image_shape": 28},
    "at least 2": {"model_or_decode": lib.VAE(12, 1, (5,))},
    "codes must have shape": {"codes": torch.zeros(5, 3)},
    "codes has values": {"codes": CODES / 0},
    "labels must have shape": {"codes": CODES, "labels": torch.zeros(4)},
    "whole numbers from 0 to 9": {"codes": CODES, "labels": torch.full((5,), 10)},
    "without codes": {"labels": torch.zeros(4)},
    "logvars must have shape": {"codes": CODES, "logvars": torch.zeros(5, 1)},
    "not both": {"codes": CODES, "images": torch.zeros(5, 12)},
    "images must have shape": {"images": torch.zeros(5, 11)},
    "with latent_dim": {"model_or_decode": lambda z: z @ torch.zeros(3, 12)},
    "output must be": {"output": "softmax"},
    'output="sigmoid"': {"model_or_decode": lambda z: z.new_full((len(z), 12), -4)},
    "NaN": {"model_or_decode": lambda z: z.new_full((len(z), 12), float("nan"))},
    "need a model": {"model_or_decode": lambda z: z.new_zeros(len(z), 12), "images": torch.zeros(5, 12)},
    "axes must be": {"axes": (0, 2)},
    "limit": {"limit": -1},
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_does_not_fit_is_refused_in_a_sentence(message, vae):
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        LatentExplorer(**{"model_or_decode": vae, "image_shape": SHAPE, **REFUSED[message]})
    assert "\n" not in str(refused.value)
