"""The conditional explorer: the code by hand, the label by a key, torch's picture of both."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.accessibility import DESK, PHONE, violations
from tests.vae_lib.explore.conftest import PIXELS
from vae_lib.beyond.conditional import ConditionalVAE
from vae_lib.checks import InputError
from vae_lib.explore import conditional_explorer


@pytest.fixture(scope="module")
def told():
    vae = ConditionalVAE(784, 10, 3, (40,), torch.Generator().manual_seed(3))
    with torch.no_grad():
        vae.decoder.layers[-1].weight *= 6  # pictures with contrast
    return vae


@pytest.fixture(scope="module")
def explorer(told):
    g = torch.Generator().manual_seed(1)
    return conditional_explorer(told, torch.rand(60, 784, generator=g), torch.arange(60) % 10, start=4)


def of_torch(told, z, label):
    with torch.no_grad():
        return told.decode_mean(torch.tensor([z]).float(), torch.tensor([label]))[0].numpy()


def test_codes_are_those_of_each_picture_with_its_label(told):
    x, y = torch.rand(20, 784, generator=torch.Generator().manual_seed(2)), torch.arange(20) % 10
    made = conditional_explorer(told, x, y, start=7)
    mu, logvar = told.encode(x, y)
    np.testing.assert_allclose(made.known.values, mu.detach(), rtol=1e-5)
    np.testing.assert_allclose(made.known.logvars, logvar.detach(), rtol=1e-5)
    assert made.label == 7
    assert made.z == pytest.approx(mu[7].tolist(), abs=1e-5)


def test_label_and_code_are_set_and_the_picture_follows(told, explorer):
    for label, z in ((0, [0.0, 0.0, 0.0]), (9, [1.0, -2.0, 0.5])):
        explorer.set_state({"label": label})  # as the browser does
        explorer.z = z
        np.testing.assert_allclose(explorer.picture().ravel(), of_torch(told, z, label), atol=1e-5)
        all_ten = np.stack([of_torch(told, z, c) for c in range(10)])
        np.testing.assert_allclose(explorer.under_all(), all_ten, atol=1e-5)


def test_what_does_not_fit_is_refused_in_a_sentence(told, explorer, vae):
    x, y = torch.rand(4, 784), torch.arange(4)
    for arguments, words in {
        (vae, x, y): "has no n_classes",
        (lambda z: z, x, y): "model must be a module",
        (told, x, y[:3]): r"labels must have shape \(4,\), not \(3,\)",
        (told, x, "abcd"): "labels must be a tensor or an array, not str",
    }.items():
        with pytest.raises(InputError, match=words):
            conditional_explorer(*arguments)
    with pytest.raises(InputError, match="start must lie in 0 to 3, not 4"):
        conditional_explorer(told, x, y, start=4)
    with pytest.raises(InputError, match="label must lie in 0 to 9, not 10"):
        conditional_explorer(told, x, y, label=10)
    with pytest.raises(InputError, match="label must lie in 0 to 9, not -1"):
        explorer.label = -1
    bent = ConditionalVAE(784, 10, 3, (40,))
    bent.decoder = torch.nn.Sequential(torch.nn.Linear(13, 784), torch.nn.GELU())
    with pytest.raises(InputError, match="must be linear layers with activations"):
        conditional_explorer(bent, x, y)


def test_a_figure_stands_where_no_widget_can(told, monkeypatch):
    monkeypatch.setenv("VAE_EXPLORE", "figure")
    made = conditional_explorer(told, torch.rand(20, 784), torch.arange(20) % 10, label=3)
    data, metadata = made._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert "decoded under the label 3" in metadata["image/png"]["alt"]
    sheet = made.figure().axes[-1].images[0].get_array()
    right = np.asarray(sheet)[:28, -28:]
    np.testing.assert_allclose(right.ravel(), of_torch(told, made.z, 9), atol=1e-5)


@pytest.mark.slow
@pytest.mark.browser
class TestPage:
    def test_keys_and_buttons_choose_the_label_and_torch_decodes_the_same(self, visit, told, explorer):
        explorer.z, explorer.label = [0.5, -1.0, 1.5], 4
        page = visit(explorer.to_html())
        big = page.get_by_label("decoded picture", exact=True)
        page.keyboard.press("Tab")  # to the plane
        for label, press in ((4, None), (7, "7"), (0, "0")):
            if press:
                page.keyboard.press(press)
            assert np.abs(big.evaluate(PIXELS) - 255 * of_torch(told, explorer.z, label)).max() <= 1
        page.get_by_role("radio", name="label 2").check()
        assert np.abs(big.evaluate(PIXELS) - 255 * of_torch(told, explorer.z, 2)).max() <= 1
        page.keyboard.press("ArrowRight")  # from one button to the next
        assert page.get_by_role("radio", name="label 3").is_checked()
        assert page.locator(".vx-text").text_content().startswith("label 3, z = (0.50, −1.00, 1.50)")
        page.wait_for_function("document.querySelector('[aria-live=polite]').textContent.startsWith('label 3')")

    def test_the_pictures_under_all_labels_follow_the_hand(self, visit, told, explorer):
        explorer.z, explorer.label = [0.5, -1.0, 1.5], 4
        page = visit(explorer.to_html())
        slider = page.get_by_role("slider", name="z 3", exact=True)
        slider.fill("-1.25")
        tiles = page.locator(".vx-tiles canvas")
        assert tiles.count() == 10
        for label in range(10):
            expected = 255 * of_torch(told, [0.5, -1.0, -1.25], label)
            assert np.abs(tiles.nth(label).evaluate(PIXELS) - expected).max() <= 1
        page.get_by_label("latent plane").press("8")
        assert page.get_by_role("radio", name="label 8").is_checked()
        shown = page.locator(".vx-text").text_content()
        assert "(0.50, −1.00, −1.25)" in shown  # the style stays

    def test_it_fits_a_desk_and_a_phone_and_axe_finds_nothing(self, visit, explorer):
        page = visit(explorer.to_html(), width=390)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(page, (PHONE, "light"), (DESK, "dark")) == []
        assert page.evaluate("document.documentElement.scrollHeight") <= DESK["height"]
