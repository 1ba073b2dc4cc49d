"""Explorers without a kernel: a page that holds all that it needs."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest
import torch

import vae_lib as lib
from vae_lib import zoo
from vae_lib.checks import InputError
from vae_lib.explore import LatentExplorer, compare_explorer, page, term_explorer

SHAPE = (4, 3)


def test_while_nbgrader_runs_it_is_the_figure_alone(vae, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    explorer = LatentExplorer(vae, image_shape=SHAPE)
    explorer.z = [1, 1]
    assert explorer.comm is None
    assert set(explorer._repr_mimebundle_()[0]) == {"image/png", "text/plain"}


def page_state(explorer):
    return json.loads(re.search(r"for \(const state of (\[.*\])\) \{", explorer.to_html())[1])[0]


def test_a_page_holds_all_that_it_needs(vae, images, tmp_path):
    explorer = LatentExplorer(vae, images=images, image_shape=SHAPE)
    explorer.z = [0.5, 1]
    explorer.save_html(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "export default" not in text
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    state = page_state(explorer)
    assert base64.b64decode(state["_data"]["base64"]) == explorer._data
    assert state["z"] == [0.5, 1]


def test_a_page_of_a_kernels_decoder_has_an_atlas_of_its_plane(generator):
    vae = lib.VAE(12, 3, (9,), generator=generator)
    explorer = LatentExplorer(lambda z: vae.decode_mean(z), latent_dim=3, image_shape=SHAPE, axes=(0, 2), z=[0, 1, 0])
    state = page_state(explorer)
    n = state["_spec"]["n"]
    top_right = np.frombuffer(base64.b64decode(state["_data"]["base64"]), np.uint8).reshape(n, n, 12)[0, -1]
    expected = 255 * vae.decode_mean(torch.tensor([[3.5, 1.0, 3.5]])).detach().numpy()[0]
    assert np.abs(top_right - expected).max() <= 0.51


MADE = {
    "one": lambda vae, images: LatentExplorer(vae, images=images, image_shape=SHAPE),
    "two": lambda vae, images: compare_explorer(vae, vae, images, image_shape=SHAPE),
    "terms": lambda vae, images: term_explorer(),
}


@pytest.mark.parametrize("kind", MADE)
def test_what_is_shown_and_stored_is_chosen_by_a_variable(kind, vae, images, monkeypatch):
    kinds = {"page": {"text/html"}, "figure": set()}
    for way, more in kinds.items():
        monkeypatch.setenv("VAE_EXPLORE", way)
        explorer = MADE[kind](vae, images)
        assert explorer.comm is None
        assert set(explorer._repr_mimebundle_()[0]) == {"image/png", "text/plain"} | more
    monkeypatch.setenv("VAE_EXPLORE", "film")
    with pytest.raises(InputError, match="widget, page, figure, not 'film'"):
        MADE[kind](vae, images)


def test_values_that_float16_holds_travel_in_half_the_size():
    halves = np.array([0, 1, -0.333, 65504, 6e-8, -6.1e-5], np.float16).astype(np.float32)
    assert set(page.floats_as_text(halves.tobytes())) == {"half"}
    for other in (0.1, 1e6, 1e-9):
        assert set(page.floats_as_text(np.append(halves, np.float32(other)).tobytes())) == {"base64"}


def test_a_model_of_the_zoo_is_a_page_under_a_megabyte():
    entry = zoo.load("vae-mnist-2d")
    explorer = LatentExplorer(entry.model, entry.codes, entry.labels, errors=entry.errors)
    assert len(explorer.to_html()) < 1e6
    data = page_state(explorer)["_data"]["half"]
    widened = np.frombuffer(base64.b64decode(data), np.float16).astype(np.float32)
    np.testing.assert_array_equal(widened, np.frombuffer(explorer._data, np.float32))
