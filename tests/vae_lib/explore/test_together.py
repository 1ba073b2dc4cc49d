"""Explorers put together: two models, and a slider for each dimension."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import vae_lib as lib
from vae_lib.checks import InputError
from vae_lib.explore import compare_explorer, slider_explorer, traversal_explorer

SHAPE = (4, 3)


def test_a_comparison_is_two_explorers_of_one_group(vae, images, monkeypatch):
    both = compare_explorer(lib.Autoencoder(12, 2, (9,)), vae, images, image_shape=SHAPE)
    first, second = (explorer._spec for explorer in both.explorers)
    assert first["group"] == second["group"] != ""
    assert (first["title"], second["title"]) == ("autoencoder", "VAE")
    assert both.children == both.explorers
    data, _ = both._repr_mimebundle_()
    assert {"image/png", "application/vnd.jupyter.widget-view+json"} <= set(data)
    assert data["text/plain"].startswith("autoencoder at rest: 40 codes")
    other = compare_explorer(vae, vae, images, image_shape=SHAPE)
    assert other.explorers[0]._spec["group"] != first["group"]
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    graded = compare_explorer(vae, vae, images, image_shape=SHAPE)
    assert set(graded._repr_mimebundle_()[0]) == {"image/png", "text/plain"}
    assert graded.comm is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"titles": ("a",)}, "titles must be a pair"),
        ({"titles": 3}, "titles must be a pair"),
        ({"title": "a"}, "no argument title; titles has"),
        ({"group": "a"}, "no argument group"),
    ],
)
def test_a_comparison_refuses_in_a_sentence(vae, images, given, words):
    with pytest.raises(InputError, match=f"^compare_explorer: .*{words}"):
        compare_explorer(vae, vae, images, image_shape=SHAPE, **given)


@pytest.mark.parametrize("kl", ["abc", ["a", "b"], [1.0, float("nan")], [[1.0], [1.0, 2.0]]])
def test_a_kl_that_is_no_numbers_is_refused(vae, kl):
    with pytest.raises(InputError, match="slider_explorer: kl must be "):
        slider_explorer(vae, kl=kl, image_shape=SHAPE)


def test_sliders_are_sorted_by_kl_and_the_unused_are_marked(generator, images):
    vae = lib.VAE(12, 24, (9,), generator=generator)
    with torch.no_grad():
        last = vae.encoder.layers[-1]
        last.weight.zero_()
        last.bias.zero_()
        last.bias[5], last.bias[2] = 2.0, 1.0  # KL = μ²/2: 2 and 0.5 nats, 0 elsewhere
    explorer = slider_explorer(vae, images, image_shape=SHAPE)
    order = explorer._spec["order"]
    assert [one["index"] for one in order[:2]] == [5, 2] == explorer._spec["axes"]
    assert [one["note"] for one in order[:3]] == ["2.00 nats", "0.50 nats", "unused"]
    assert [one["dead"] for one in order] == [False] * 2 + [True] * 18
    with pytest.raises(InputError, match="an autoencoder has no KL"):
        slider_explorer(lib.Autoencoder(12, 3, (9,)), images, image_shape=SHAPE)


def test_without_pictures_a_comparison_takes_codes_of_both(vae):
    codes = torch.randn(20, 2), 3 * torch.randn(20, 2)
    both = compare_explorer(lib.Autoencoder(12, 2, (9,)), vae, codes=codes, image_shape=SHAPE)
    for explorer, expected in zip(both.explorers, codes, strict=True):
        np.testing.assert_array_equal(explorer.known.values, expected)
    for wrong in ({}, {"codes": codes[:1]}, {"codes": (codes[0], codes[1][:5])}, {"images": codes[0], "codes": codes}):
        with pytest.raises(InputError, match="compare_explorer: "):
            compare_explorer(vae, vae, image_shape=SHAPE, **wrong)


def test_without_pictures_sliders_take_the_kl(generator):
    vae = lib.VAE(12, 3, (9,), generator=generator)
    explorer = slider_explorer(vae, kl=[0.5, 0.001, 2.0], codes=torch.zeros(4, 3), image_shape=SHAPE)
    assert [one["note"] for one in explorer._spec["order"]] == ["2.00 nats", "0.50 nats", "unused"]
    assert (explorer._spec["axes"], len(explorer.known.values)) == ([2, 0], 4)
    for wrong in ({}, {"kl": [1.0, 2.0]}, {"kl": 1.0}, {"kl": [1.0, 2.0, 3.0], "images": torch.zeros(4, 12)}):
        with pytest.raises(InputError, match="slider_explorer: "):
            slider_explorer(vae, image_shape=SHAPE, **wrong)


def test_traversals_are_sorted_by_information_or_by_kl(generator, images):
    vae = lib.VAE(12, 3, (9,), generator=generator)
    mu, logvar = (part.detach() for part in vae.encode(images))
    kl = torch.distributions.kl_divergence(
        torch.distributions.Normal(mu, torch.exp(logvar / 2)), torch.distributions.Normal(0.0, 1.0)
    ).mean(0)
    explorer = traversal_explorer(vae, images, image_shape=SHAPE, threshold=0.0)
    assert [one["index"] for one in explorer._spec["order"]] == kl.argsort(descending=True).tolist()
    assert explorer._spec["order"][0]["note"] == f"{kl.max():.2f} nats"
    assert explorer.layers == ["codes", "prior", "traversals"]
    np.testing.assert_array_equal(explorer.known.values, mu)
    told = traversal_explorer(vae, images, image_shape=SHAPE, information=[0.2, 0.0, 1.3], notes=["x", "y", ""])
    assert [one["note"] for one in told._spec["order"]] == ["1.30 nats", "0.20 nats, x", "unused, y"]
    with pytest.raises(InputError, match=r"information must have shape \(3,\), not \(1,\)"):
        traversal_explorer(vae, images, image_shape=SHAPE, information=[1.0])
    with pytest.raises(InputError, match=r"notes must have one for each dimension, not shape \(1,\)"):
        traversal_explorer(vae, images, image_shape=SHAPE, notes=["x"])
    with pytest.raises(InputError, match="an autoencoder has no KL"):
        traversal_explorer(lib.Autoencoder(12, 3, (9,)), images, image_shape=SHAPE)
