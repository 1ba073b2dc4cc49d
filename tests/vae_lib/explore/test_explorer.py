"""Explorers: values are read and set, and what does not fit is refused in a sentence."""

from __future__ import annotations

import copy
import json
import re

import numpy as np
import pytest
import torch

import vae_lib as lib
from vae_lib.checks import InputError
from vae_lib.explore import LatentExplorer, term_explorer

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


@pytest.mark.parametrize(
    "change",
    [
        "explorer.z[0] = 1",
        "explorer.z[:] = [1, 2]",
        "explorer.a += [1]",
        "explorer.b.reverse()",
        "del explorer.z[0]",
        "explorer.layers.append('draws')",
        "explorer.layers.remove('prior')",
        "explorer.layers *= 2",
    ],
)
def test_a_change_inside_a_value_which_nobody_would_hear_of_is_refused_with_the_way_out(vae, change):
    explorer = LatentExplorer(vae, image_shape=SHAPE)
    kept = [list(explorer.trait_values()[name]) for name in ("z", "a", "b", "layers")]
    with pytest.raises(InputError, match=r"^LatentExplorer: (\w+) is set as a whole: .*set explorer\.\1 = \1\.$"):
        exec(change, {"explorer": explorer})
    assert [explorer.z, explorer.a, explorer.b, explorer.layers] == kept


def test_the_way_out_works_and_a_copy_is_a_list(vae):
    explorer, seen = LatentExplorer(vae, image_shape=SHAPE), []
    explorer.observe(lambda change: seen.append(change.new), "z")
    z = copy.deepcopy(explorer.z)
    z[0] = 1.0
    explorer.z = z
    layers = list(explorer.layers)
    layers.append("draws")
    explorer.layers = layers
    assert seen == [[1, 0]]
    assert explorer.layers == ["prior", "draws"]
    assert json.loads(json.dumps(explorer.get_state(["z", "layers"]))) == {"z": [1, 0], "layers": layers}


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


def test_of_many_codes_a_sample_is_shown(vae):
    """Every class comes, whatever the order; codes and labels stay together, and the sample is always the same."""
    labels = torch.arange(20_000) % 10  # every second code would be of an even class
    codes = torch.stack([labels.float(), torch.arange(20_000.0)], 1)
    explorer, again = (LatentExplorer(vae, codes, labels, SHAPE) for _ in range(2))
    sent = np.frombuffer(explorer._codes, np.float32).reshape(-1, 2)
    assert len(np.unique(sent[:, 1])) == len(sent) == 10_000
    np.testing.assert_array_equal(sent[:, 0], list(explorer._labels))
    shares = np.bincount(list(explorer._labels), minlength=10) / 1000
    assert abs(shares - 1).max() < 5 * (0.5 * 0.9 / 1000) ** 0.5  # five standard deviations
    assert explorer._codes == again._codes


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"labels": ["a", "b", "c"]}, "labels"),
        ({"codes": [[1.0, 2.0], [3.0]], "labels": None}, "codes"),
        ({"colour": "red"}, "no argument colour"),
        ({"axes": 3}, "axes"),
        ({"codes": None, "labels": None, "images": 255 * torch.rand(5, 12)}, "images must lie in"),
        ({"codes": None, "labels": None, "images": [[0.5] * 12]}, "images must be a tensor"),
    ],
)
def test_every_door_refuses_what_does_not_fit(vae, given, named):
    with pytest.raises(InputError, match=named) as caught:
        LatentExplorer(vae, **{"codes": torch.randn(3, 2), "labels": [0, 1, 2], "image_shape": SHAPE, **given})
    assert re.fullmatch(r"LatentExplorer: [^\n]+\.", str(caught.value))


@pytest.mark.parametrize("sigma", [float("nan"), float("inf"), -1.0])
def test_a_sigma_that_is_none_is_refused(vae, sigma):
    explorer = LatentExplorer(vae, image_shape=SHAPE)
    with pytest.raises(InputError, match="LatentExplorer: sigma must be a number of at least 0"):
        explorer.sigma = sigma
    assert explorer.sigma == 0.5


@pytest.mark.parametrize("half", [np.float32(0.5), np.array(0.5), torch.tensor(0.5)])
def test_numpys_and_torchs_numbers_are_numbers(vae, half):
    explorer, terms = LatentExplorer(vae, image_shape=SHAPE), term_explorer()
    explorer.sigma, terms.mu = half, half
    assert (explorer.sigma, terms.mu) == (0.5, 0.5)
    assert type(explorer.sigma) is float


@pytest.mark.parametrize("sigma", ["wide", None, True, [0.5]])
def test_a_sigma_that_is_no_number_is_refused(vae, sigma):
    with pytest.raises(InputError, match="LatentExplorer: sigma must be a number, not "):
        LatentExplorer(vae, image_shape=SHAPE).sigma = sigma


def test_numpys_numbers_are_sizes_and_axes(vae):
    shape = tuple(np.array(SHAPE))
    explorer = LatentExplorer(vae, image_shape=shape, axes=(np.int64(1), np.int64(0)))
    assert explorer._spec["axes"] == [1, 0]


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
    "codes must be finite": {"codes": CODES / 0},
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
    "order must list": {"order": "x"},
    "index in 0 to 1": {"order": [{"index": 2, "note": "", "dead": False}]},
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_does_not_fit_is_refused_in_a_sentence(message, vae):
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        LatentExplorer(**{"model_or_decode": vae, "image_shape": SHAPE, **REFUSED[message]})
    assert "\n" not in str(refused.value)
