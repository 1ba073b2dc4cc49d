"""`make site`: every page whole, and read by a real browser on a phone without a network."""

from __future__ import annotations

import importlib.util
import os
import re
import zipfile
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from unittest.mock import patch
from urllib.parse import unquote, urldefrag, urlparse

import nbformat
import pytest

from tests.accessibility import DESK, PHONE, violations
from tests.test_glossary import ENTRIES

ROOT = Path(__file__).parent.parent
# Pages that axe looks at; at every page, for two minutes more, with VAE_AXE=every. A lecture with a film, a lab, prose,
# a page of widgets, and a table.
OF_EACH_KIND = {"index", "02_autoencoder", "07_explorer", "lab1_pca", "notation", "instructors"}
# Each explorer beyond the core by its page: a control that a key moves, and the picture or the words that follow.
BEYOND = {
    "08_conditional": [(".vx-plane", "3", ".vx-right > .vx-picture")],
    "09_disentangling": [(".vx-along input", "End", ".vx-right > .vx-picture")],
    "10_flows": [(".vx-winding input", "End", ".vx-square canvas")],
    "12_beyond_pictures": [
        (".vx-sentences input", "End", ".vx-sentence"),
        (".vx-attributes input", "End", ".vx-attributes canvas[aria-label='moved picture']"),
    ],
}
OF_EACH_KIND |= set(BEYOND)


def website():
    spec = importlib.util.spec_from_file_location("website", ROOT / "tools" / "website.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    with patch.dict(os.environ, {"SITE_URL": "https://example.org/vae/"}):
        assert website().build(folder) == 0
    return folder / "_build" / "html"


class Page(HTMLParser):
    """The links, pictures and anchors of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.files, self.images, self.anchors = [], [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[key] for key in ("id", "name") if given.get(key)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("script", "img") and given.get("src"):
            self.files.append(given["src"])
        if tag == "link" and given.get("rel") != "canonical":
            self.files.append(given.get("href", ""))
        if tag == "img":
            self.images.append(given)


read = lru_cache(maxsize=None)(Page)


def pages(site):
    return sorted([site / "index.html", *site.glob("course/*.html"), *site.glob("labs/*/*.html")])


def is_elsewhere(address):
    return bool(urlparse(address).scheme)


@pytest.mark.slow
def test_the_site_has_every_chapter(site):
    built = {page.stem for page in pages(site)}
    chapters = [*ROOT.glob("course/*.ipynb"), *ROOT.glob("labs/*/*.ipynb"), *ROOT.glob("course/*.md")]
    assert {path.stem for path in chapters} - {"students"} <= built  # that page is the student edition's README
    assert (site / "index.html").exists()


@pytest.mark.slow
def test_no_link_and_no_picture_is_missing(site):
    for page in pages(site):
        for target in [*read(page).links, *read(page).files]:
            address, anchor = urldefrag(target)
            if is_elsewhere(target):
                continue
            file = (page.parent / unquote(address.split("?")[0])).resolve() if address else page.resolve()
            assert file.exists(), f"{page.name}: {target}"
            if anchor and file.suffix == ".html":
                assert unquote(anchor) in read(file).anchors, f"{page.name}: {target}"


@pytest.mark.slow
def test_nothing_on_a_page_comes_from_another_server(site):
    for page in pages(site):
        assert [file for file in read(page).files if is_elsewhere(file) and not file.startswith("data:")] == []


@pytest.mark.slow
def test_a_link_to_a_page_shows_its_title_and_a_picture(site):
    text = (site / "course" / "05_vae.html").read_text(encoding="utf-8")
    told = dict(re.findall(r'<meta property="(og:[a-z:_]+)" content="([^"]*)"', text))
    assert "variational autoencoder" in told["og:title"].lower()
    assert "<" not in unescape(told["og:title"])
    assert told["og:site_name"] == "Variational autoencoders, hands on"
    assert told["og:url"] == "https://example.org/vae/course/05_vae.html"
    assert told["og:image"] == "https://example.org/vae/plane.png"
    assert (site / "plane.png").is_file()


@pytest.mark.slow
def test_lectures_and_labs_say_in_a_sentence_what_they_are(site):
    known = set()
    for page in [*site.glob("course/[0-9]*.html"), *site.glob("labs/*/*.html")]:
        text = page.read_text(encoding="utf-8")
        (said,) = re.findall(r'<meta name="description" content="([^"]*)"', text)
        assert len(said.split()) > 6, page.name
        assert said not in known, page.name
        known.add(said)
        assert " · " not in said, page.name  # the line of how long it takes says not what it is
        assert "&lt;" not in said, page.name  # a link to the glossary or the notation
        assert f'<meta property="og:description" content="{said}"' in text


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize(("size", "name"), [(PHONE, "Toggle primary sidebar"), (DESK, "Download this page")])
def test_who_goes_by_keyboard_sees_where(site, browser, size, name):
    page, _ = open_page(browser, site / "course" / "01_pca.html")
    page.set_viewport_size(size)
    page.keyboard.press("Tab")  # from here on, focus is shown
    button = page.get_by_role("button", name=name).locator("visible=true").first
    button.focus()
    assert button.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.close()


@pytest.mark.slow
def test_a_term_links_to_its_sentence_where_it_is_introduced(site):
    """Those that the text emphasises; each once. Where the links lead is tested above."""
    places = [
        link for page in site.glob("course/*.html") for link in re.findall(TERM, page.read_text(encoding="utf-8"))
    ]
    assert len(places) == len(set(places))
    known = {entry.term for entry in ENTRIES}
    assert 0.8 * len(known) < len(places) <= len(known)


@pytest.mark.slow
def test_symbols_link_to_the_notation(site):
    """Where they lead is tested above, and which ones in tests/test_symbols.py."""
    for page in [*site.glob("course/[0-9]*.html"), *site.glob("labs/*/*.html")]:
        found = re.findall(SYMBOL, page.read_text(encoding="utf-8"))
        assert len(found) > 1, page.name
        assert not [said for said, inside in found if "$" in inside], page.name


SYMBOL = r'<a class="symbol" href="[^"]*notation\.html#[^"]+" title="([^"]+)">(.*?)</a>'
TERM = r'<a class="term" href="glossary\.html#([^"]+)" title="[^"]+\."'


@pytest.mark.slow
def test_every_picture_of_a_lecture_says_what_it_shows(site):
    for page in site.glob("course/*.html"):
        for image in read(page).images:
            if "_images/" in image.get("src", "_images/"):  # an animation's picture gets its source by script
                assert len(image["alt"].split()) > 4, f"{page.name}: {image}"


def open_page(browser, path, scheme="light"):
    """The page on a phone, and what went wrong on the way."""
    page, wrong = browser.new_page(viewport=PHONE, color_scheme=scheme), []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on("request", lambda r: None if re.match("file:|data:|blob:", r.url) else wrong.append(r.url))
    page.goto(path.as_uri())
    page.wait_for_function("!window.MathJax || (MathJax.startup && MathJax.startup.document)", timeout=20_000)
    page.wait_for_timeout(500)
    return page, wrong


@pytest.mark.slow
@pytest.mark.browser
def test_pages_open_without_an_error_fit_a_phone_and_leave_nobody_out(site, browser):
    for path in pages(site):
        page, wrong = open_page(browser, path)
        assert wrong == [], path.name
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path.name
        assert page.locator("mjx-merror").count() == 0, path.name
        formulas = path.read_text(encoding="utf-8").count('class="math')
        assert page.locator("mjx-container").count() >= min(formulas, 1), path.name
        broken = page.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)")
        assert broken == [], path.name
        if path.stem in OF_EACH_KIND or os.environ.get("VAE_AXE") == "every":
            assert violations(page, (PHONE, "light"), (DESK, "dark")) == [], path.name
        page.close()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("name", ["notation", "glossary"])
def test_on_a_phone_no_word_of_a_table_is_broken(site, browser, name):
    page, _ = open_page(browser, site / "course" / f"{name}.html")
    assert page.evaluate(BROKEN) == []
    page.close()


BROKEN = """[...document.querySelectorAll("article td, article th")].flatMap(cell => {
  const found = [], walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    if (node.parentElement.closest("mjx-container, code")) continue;
    for (const word of node.data.matchAll(/[\\p{L}\\d]+/gu)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1) found.push(word[0]);
    }
  }
  return found;
})"""


@pytest.mark.slow
@pytest.mark.browser
def test_the_first_page_moves_and_leads_on(site, browser):
    page, wrong = open_page(browser, site / "index.html")
    before = page.evaluate(PICTURE)
    page.locator(".vx-plane").press("Shift+ArrowRight")
    assert page.evaluate(PICTURE) != before
    links = read(site / "index.html").links
    assert {"vae-course.zip", "course/00_start_here.html", "course/instructors.html"} <= set(links)
    assert "CC BY 4.0" in page.locator("body").inner_text()
    assert page.locator("meta[name=description]").count() == 1
    with zipfile.ZipFile(site / "vae-course.zip") as packed:
        assert "vae-course/start.py" in packed.namelist()
    assert wrong == []
    page.close()


PICTURE = "document.querySelector('.vx-picture').toDataURL()"


@pytest.mark.slow
@pytest.mark.browser
def test_search_from_disk_finds_without_an_error(site, browser):
    page, wrong = browser.new_page(), []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(f"{(site / 'search.html').as_uri()}?q=encoder")
    page.locator("#search-results li").first.wait_for()
    assert wrong == []
    page.close()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize(
    "name",
    ["course/01_pca", "course/05_vae", "course/07_explorer", "labs/lab4_variational_inference", "course/notation"],
)
def test_paper_is_white_cuts_nothing_off_and_folds_nothing(site, browser, name):
    (path,) = [path for path in pages(site) if name in (f"course/{path.stem}", f"labs/{path.stem}")]
    page, _ = open_page(browser, path, "dark")
    folded = page.locator("article details:not([open])").count()
    assert bool(folded) == (name != "course/notation")
    page.set_viewport_size({"width": 700, "height": 1000})  # a sheet of A4
    page.emulate_media(media="print")
    page.wait_for_function("document.documentElement.dataset.theme == 'light'")
    page.wait_for_timeout(300)  # the explorers are drawn for their new width
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(NOT_SEEN) == []
    assert page.locator("article details.hide summary").locator("visible=true").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") in (
        "rgb(255, 255, 255)",
        "rgba(0, 0, 0, 0)",
    )
    page.emulate_media(media="screen")
    page.wait_for_function("document.documentElement.dataset.theme == 'dark'")
    assert page.locator("article details:not([open])").count() == folded
    page.close()


CUT_OFF = """[...document.querySelectorAll("article :is(pre, img, table, mjx-container, .vx, .vx-plane)")].filter(
  e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX != "visible"
    || e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 120))"""
# An animation is printed as it begins, and the theme's begins unseen.
NOT_SEEN = """[...document.querySelectorAll("article pre")].filter(
  e => !e.checkVisibility({opacityProperty: true}) || e.closest(".cell_input")?.getAnimations().length
    || getComputedStyle(e.closest("details > *") ?? e).animationName != "none").map(e => e.innerText.slice(0, 60))"""


@pytest.mark.slow
def test_formulas_in_captions_are_set(site):
    """What a figure says below itself is Markdown as the text is."""
    shown = 0
    for page in site.glob("course/*.html"):
        captions = re.findall(CAPTION, page.read_text(encoding="utf-8"))
        assert not [said for said in captions if "$" in said], page.name
        shown += sum('class="math' in said for said in captions)
    assert shown > 10


CAPTION = r'<p><em>([^<]*(?:<span class="math[^>]*>[^<]*</span>[^<]*)*)</em></p>'


@pytest.mark.slow
@pytest.mark.browser
def test_animations_play(site, browser):
    """Every animation's picture changes while it plays, each beside the others on its page."""
    moving = [path for path in site.glob("course/*.html") if 'class="animation"' in path.read_text(encoding="utf-8")]
    for path in moving:
        page, wrong = open_page(browser, path)
        for animation in page.locator("div.animation").all():
            picture = animation.locator("img").first
            animation.locator("input[type=range]").first.wait_for()
            animation.locator("button[title=Pause], button[title=Play]").last.click()
            seen = set()
            for _ in range(20):
                seen.add(picture.get_attribute("src")[-80:])
                if len(seen) > 1:
                    break
                page.wait_for_timeout(100)
            assert len(seen) > 1, path.name
        assert wrong == [], path.name
        page.close()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_explorers_work_without_a_kernel(site, browser, scheme):
    """Stored as figures, on the page they move: a finger's drag in the plane, a slider, and their linked neighbours."""
    path = site / "course" / "07_explorer.html"
    page, wrong = open_page(browser, path, scheme)
    assert page.locator(".vx-page").count() == len(explorers_of("07_explorer")) == 4
    planes, pictures = page.get_by_label("latent plane"), page.locator(".vx-main > .vx-right > .vx-picture")
    assert planes.count() == pictures.count() == 4  # the comparison has two
    seen = [picture.evaluate("canvas => canvas.toDataURL()") for picture in pictures.all()]
    planes.nth(1).scroll_into_view_if_needed()
    box = planes.nth(1).bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.35 * box["height"], steps=4)
    page.mouse.up()
    now = [picture.evaluate("canvas => canvas.toDataURL()") for picture in pictures.all()]
    assert [a != b for a, b in zip(seen, now, strict=True)] == [False, True, True, False]
    page.get_by_role("slider", name="sigma", exact=True).last.fill("1")
    ink, paper = (sum(map(int, re.findall(r"\d+", color)[:3])) for color in page.evaluate(COLORS))
    assert (ink < 250 < 500 < paper) if scheme == "light" else (paper < 250 < 500 < ink)
    assert wrong == []
    page.close()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("name", BEYOND)
def test_explorers_beyond_the_core_obey_the_keys_on_their_page(site, browser, name):
    page, wrong = open_page(browser, site / "course" / f"{name}.html")
    assert page.locator(".vx-page").count() == len(explorers_of(name)) == len(BEYOND[name])
    for control, key, follows in BEYOND[name]:
        shown = page.locator(follows).first
        before = shown.evaluate(SHOWN)
        page.locator(control).first.press(key)
        assert shown.evaluate(SHOWN) != before
    assert wrong == []
    page.close()


@pytest.mark.slow
@pytest.mark.browser
def test_explorers_fit_a_laptops_screen(site, browser):
    for name in (*BEYOND, "07_explorer"):
        page, _ = open_page(browser, site / "course" / f"{name}.html")
        page.set_viewport_size({"width": 1400, "height": 900})
        for explorer in page.locator(".vx").all():
            assert explorer.bounding_box()["height"] <= 900, name
        page.close()


SHOWN = "node => node.tagName == 'CANVAS' ? node.toDataURL() : node.textContent"
# the text's colour, and that of the first ground below it that is not transparent
COLORS = """() => {
  const at = document.querySelector(".vx-text"), seen = (e) => getComputedStyle(e).backgroundColor;
  let ground = at;
  while (ground.parentElement && /, 0\\)$|transparent/.test(seen(ground))) ground = ground.parentElement;
  return [getComputedStyle(at).color, seen(ground)];
}"""


def explorers_of(name):
    """The outputs of a lecture as it is stored, where an explorer is shown."""
    cells = nbformat.read(ROOT / "course" / f"{name}.ipynb", as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output for output in outputs if "vae_explore" in output.get("metadata", {})]
