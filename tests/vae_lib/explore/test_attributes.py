"""The attribute explorer: a code plus directions in amounts, decoded in the browser as torch decodes it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import vae_lib as lib
from tests.accessibility import DESK, PHONE, violations
from tests.vae_lib.explore.conftest import PIXELS
from vae_lib.checks import InputError
from vae_lib.explore import attribute_explorer

NAMES = [*"ABc7"]


@pytest.fixture(scope="module")
def vae():
    made = lib.VAE(100, 5, (30,), generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        made.decoder.layers[-1].weight *= 6  # pictures with contrast
    return made


@pytest.fixture(scope="module")
def given():
    g = torch.Generator().manual_seed(1)
    return {
        "codes": {kind: torch.randn(4, 5, generator=g) for kind in ("thin", "wide")},
        "directions": {name: torch.randn(5, generator=g) for name in ("bold", "slanted", "serif")},
        "pictures": {kind: torch.rand(4, 100, generator=g) for kind in ("thin", "wide")},
    }


def made_of(vae, given, **other):
    named = {**given, **other}
    return attribute_explorer(vae, named["codes"], NAMES, named["directions"], (10, 10), pictures=named["pictures"])


def of_torch(vae, given, kind, choice, amounts):
    moved = [x * d for x, d in zip(amounts, given["directions"].values(), strict=True)]
    with torch.no_grad():
        return vae.decode_mean((given["codes"][kind][choice] + sum(moved))[None])[0].numpy()


def test_choice_kind_and_amounts_are_set_and_the_picture_follows(vae, given):
    explorer = made_of(vae, given)
    assert (explorer.choice, explorer.kind, explorer.amounts) == (0, 0, [0.0, 0.0, 0.0])
    explorer.set_state({"choice": 2, "kind": 1, "amounts": [0.5, -1.0, 1.5]})  # as the browser does
    expected = of_torch(vae, given, "wide", 2, [0.5, -1.0, 1.5])
    np.testing.assert_allclose(explorer.picture().ravel(), expected, atol=1e-5)


def test_numpys_numbers_are_amounts_and_choices(vae, given):
    explorer = made_of(vae, given)
    explorer.amounts, explorer.choice = np.array([0.5, 0, 1], np.float32), np.int64(1)
    assert (explorer.amounts, explorer.choice) == ([0.5, 0.0, 1.0], 1)


def test_what_does_not_fit_is_refused_in_a_sentence(vae, given):
    explorer = made_of(vae, given)
    for name, value in {"choice": 4, "kind": 2, "amounts": [1.0]}.items():
        with pytest.raises(InputError, match=f"(?i)attribute_?explorer: {name} must"):
            setattr(explorer, name, value)
    with pytest.raises(InputError, match="amounts must be finite"):
        explorer.amounts = [0.0, float("nan"), 0.0]
    wrong = {
        "codes must be a dictionary": {"codes": given["codes"]["thin"]},
        "give codes of a kind": {"codes": {}},
        "codes of thin must have shape": {"codes": {"thin": torch.zeros(3, 5)}},
        "direction of bold must have shape": {"directions": {"bold": torch.zeros(4)}},
        "pictures must be of the same kinds": {"pictures": {"thin": torch.zeros(4, 100)}},
        "pictures of thin must have shape": {"pictures": dict.fromkeys(given["codes"], torch.zeros(4, 99))},
        "must lie in": {"pictures": dict.fromkeys(given["codes"], torch.full((4, 100), 1.5))},
    }
    for words, other in wrong.items():
        with pytest.raises(InputError, match=words):
            made_of(vae, given, **other)
    bent = torch.nn.Sequential(torch.nn.Linear(5, 100), torch.nn.Softsign())
    with pytest.raises(InputError, match="must be linear layers with activations"):
        made_of(bent, given)


def test_a_figure_stands_where_no_widget_can(vae, given, monkeypatch):
    monkeypatch.setenv("VAE_EXPLORE", "figure")
    explorer = made_of(vae, given)
    data, metadata = explorer._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert "letter A in thin, moved from −1.5 to 1.5 along each of bold, slanted, serif" in metadata["image/png"]["alt"]
    sheet = np.asarray(explorer.figure().axes[0].images[0].get_array())
    np.testing.assert_allclose(sheet[-10:, -10:].ravel(), of_torch(vae, given, "thin", 0, [0, 0, 1.5]), atol=1e-5)


@pytest.mark.slow
@pytest.mark.browser
class TestPage:
    def test_what_is_decoded_is_torchs(self, visit, vae, given):
        page = visit(made_of(vae, given).to_html())
        page.get_by_role("combobox", name="kind").select_option("wide")
        amounts = [0.5, -1.0, 1.5]
        for name, x in zip(given["directions"], amounts, strict=True):
            page.get_by_role("slider", name=name).fill(str(x))
        page.keyboard.press("c")  # wherever the focus is
        picture = {name: page.get_by_label(f"{name} picture").evaluate(PIXELS) for name in ("true", "decoded", "moved")}
        assert np.abs(picture["moved"] - 255 * of_torch(vae, given, "wide", 2, amounts)).max() <= 1
        assert np.abs(picture["decoded"] - 255 * of_torch(vae, given, "wide", 2, [0, 0, 0])).max() <= 1
        assert np.abs(picture["true"] - 255 * given["pictures"]["wide"][2].numpy()).max() <= 1
        for k in range(4):
            tile = page.locator(".vx-tiles canvas").nth(k).evaluate(PIXELS)
            assert np.abs(tile - 255 * of_torch(vae, given, "wide", k, amounts)).max() <= 1
        said = "c in wide: z + 0.50 bold − 1.00 slanted + 1.50 serif"
        assert page.locator(".vx-text").text_content() == said
        page.wait_for_function(f"document.querySelector('[aria-live=polite]').textContent === {said!r}")

    def test_keys_reach_every_control(self, visit, vae, given):
        page = visit(made_of(vae, given).to_html())
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("slider", name="bold").input_value() == "0.05"
        for _ in range(3):
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == "SELECT"
        page.keyboard.press("w")  # the kind that begins so, and no letter
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.locator(".vx-text").text_content() == "A in wide: z, not moved"
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("radio", name="letter B").is_checked()

    def test_it_fits_a_desk_and_a_phone_and_axe_finds_nothing(self, visit, vae, given):
        page = visit(made_of(vae, given).to_html(), width=390)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(page, (PHONE, "light"), (DESK, "dark")) == []
        assert page.evaluate("document.documentElement.scrollHeight") <= DESK["height"]
