"""Explorers on a phone and in a page that is written from right to left."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import vae_lib as lib
from tests.accessibility import PHONE, violations
from tests.vae_lib.explore.conftest import PIXELS
from vae_lib.explore import LatentExplorer, compare_explorer, slider_explorer, term_explorer
from vae_lib.explore.page import to_html

pytestmark = [pytest.mark.slow, pytest.mark.browser]
Z = "document.querySelectorAll('.vx-text')[0].textContent.match(/= \\(([^)]*)\\)/)[1].replaceAll('−', '-')"


def model(latent_dim=2, seed=3):
    vae = lib.VAE(784, latent_dim, (64,), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        vae.decoder.layers[-1].weight *= 6  # pictures with contrast
    return vae


def shown(page):
    return [float(x) for x in page.evaluate(Z).split(",")]


def from_right_to_left(html):
    """The page as a Hebrew or an Arabic one would hold it."""
    assert html.count('<html lang="en">') == 1
    return html.replace('<html lang="en">', '<html lang="ar" dir="rtl">').replace("<body>", '<body dir="rtl">')


@pytest.fixture
def codes():
    return torch.randn(60, 2, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("width", [390, 900])
def test_right_is_more_for_the_pointer_and_the_keys_in_a_page_from_right_to_left(visit, codes, width):
    explorer = LatentExplorer(model(), codes, torch.arange(60) % 10, layers=["codes", "path", "draws", "sliders"])
    page = visit(from_right_to_left(explorer.to_html()), width)
    plane = page.get_by_label("latent plane")
    box = plane.bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.02 * box["height"])
    assert shown(page)[0] == pytest.approx(1.75, abs=0.1)
    plane.press("Home")
    plane.press("Shift+ArrowRight")
    assert shown(page) == pytest.approx([0.5, 0])
    for name in ("z 1", "sigma", "position on the path"):
        slider = page.get_by_role("slider", name=name, exact=True)
        slider.scroll_into_view_if_needed()
        box, seen = slider.bounding_box(), []
        for share in (0.2, 0.8):
            page.mouse.click(box["x"] + share * box["width"], box["y"] + 0.5 * box["height"])
            seen.append(float(slider.input_value()))
        slider.press("ArrowRight")
        seen.append(float(slider.input_value()))
        assert seen == sorted(set(seen)), name
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelector('.vx').scrollWidth <= document.querySelector('.vx').clientWidth")


def test_a_picture_is_the_same_from_right_to_left(visit):
    """Plane, strip and text are not mirrored either: one page beside the other."""
    html = slider_explorer(model(3), kl=[0.1, 2.0, 1.0], layers=["traversals", "path"]).to_html()
    drawn = [
        [canvas.evaluate(PIXELS) for canvas in visit(page).locator(".vx-picture, .vx-strip").all()]
        for page in (html, from_right_to_left(html))
    ]
    assert len(drawn[0]) > 3
    for one, other in zip(*drawn, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_terms_grow_to_the_right_in_a_page_from_right_to_left(visit):
    page = visit(from_right_to_left(term_explorer(1.0, 1.0).to_html()), 390)
    mu = page.get_by_role("slider", name="mu", exact=True)
    mu.press("ArrowRight")
    assert float(mu.input_value()) > 1
    term, track = (page.locator(f".vx-{part}").first.bounding_box() for part in ("term", "part .vx-track"))
    assert track["x"] <= term["x"] <= term["x"] + term["width"] <= track["x"] + track["width"] + 1


def test_a_comparison_fits_a_phone_and_each_shows_the_others_picture(visit, codes):
    both = compare_explorer(model(), model(seed=4), codes=(codes, codes.flip(1)), labels=torch.arange(60) % 10)
    page = visit(to_html(both.parts), PHONE["width"])
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    insets, own = page.get_by_label("picture of the other model"), page.get_by_label("decoded picture", exact=True)
    assert insets.count() == own.count() == 2
    for k in (0, 1):
        plane, inset = page.get_by_label("latent plane").nth(k), insets.nth(k)
        plane.press("Shift+ArrowRight")
        plane.press("Shift+ArrowUp")
        assert inset.is_visible()
        assert inset.evaluate(PIXELS) == own.nth(1 - k).evaluate(PIXELS)
        page.evaluate("node => node.scrollIntoView()", plane.element_handle())
        boxes = [part.bounding_box() for part in (plane, own.nth(k), inset)]
        assert max(box["y"] + box["height"] for box in boxes) <= PHONE["height"]
        assert min(box["x"] for box in boxes) >= 0
        assert max(box["x"] + box["width"] for box in boxes) <= PHONE["width"]
    names = page.locator(".vx-inset figcaption").all_text_contents()
    titles = page.locator(".vx-title").all_text_contents()
    assert names == titles[::-1]
    assert violations(page, (PHONE, "light"), (PHONE, "dark")) == []
