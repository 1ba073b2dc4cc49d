"""A small VAE of 4 × 3 pictures, and pictures for it; pages in Chromium without a network."""

from __future__ import annotations

import re

import pytest
import torch

import vae_lib as lib

PIXELS = """canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
  copy.drawImage(canvas, 0, 0);
  const {data} = copy.getImageData(0, 0, canvas.width, canvas.height);
  return [...data].filter((_, i) => i % 4 == 0);
}"""  # the grey levels of a canvas


@pytest.fixture
def vae(generator):
    return lib.VAE(12, 2, hidden=(9,), generator=generator)


@pytest.fixture
def images(generator):
    return torch.rand(40, 12, generator=generator)


@pytest.fixture
def visit(browser, tmp_path):
    """A function that opens HTML without a network; nothing may go wrong on the page, and nothing be asked for."""
    contexts, wrong = [], []

    def visit(html, width=900, scheme="light"):
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, has_touch=True
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: None if re.match("file:|data:|blob:", r.url) else wrong.append(r.url))
        page.goto((tmp_path / "page.html").as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()
    assert wrong == []
