"""axe-core in a page that a browser has open: what a screen reader, a keyboard or weak eyes would miss."""

from __future__ import annotations

from pathlib import Path

import pytest

# Of formulas MathJax makes thousands of boxes, of code each word is one: their colours are looked at once each.
FEWER = """() => {
  document.querySelectorAll("mjx-container > *").forEach(e => e.remove());
  const seen = new Set();
  for (const word of document.querySelectorAll("pre span[class]"))
    seen.has(word.className) ? word.replaceWith(...word.childNodes) : seen.add(word.className);
}"""
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.flatMap(
  ({id, help, nodes}) => nodes.map(node => `${id} (${help}): ${node.html.slice(0, 150)}`))"""
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1400, "height": 900}


def violations(page, *ways):
    """What axe's rules, all of them, find in the page, in each of the `ways` (size, colour scheme) or as it is."""
    package = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    page.evaluate((Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    page.evaluate(FEWER)
    found = []
    for size, scheme in ways or [(page.viewport_size, None)]:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        found += page.evaluate(RUN)
    return found
