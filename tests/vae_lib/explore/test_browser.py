"""Explorers in a real Chromium, as pages without a network: the hand moves, the picture follows."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
import torch

import vae_lib as lib
from tests.accessibility import DESK, PHONE, violations
from tests.vae_lib.explore.conftest import PIXELS
from vae_lib.explore import LatentExplorer, slider_explorer, term_explorer
from vae_lib.explore.explorer import LAYERS
from vae_lib.explore.page import EXPORT, to_html
from vae_lib.explore.terms import TermExplorer

pytestmark = [pytest.mark.slow, pytest.mark.browser]

COLORS = """[getComputedStyle(document.querySelector(".vx")).color,
  getComputedStyle(document.querySelector(".vx-plane")).backgroundColor]"""
# A kernel that takes 60 ms, played by the page: a picture's one grey level is the sigmoid of z's first number.
SLOW = """
function slowKernel(state) {
  const model = pageModel(state), on = model.on;
  window.log = { flying: 0, most: 0, asked: 0 };
  model.on = (name, f) => (on(name, f), name == "msg:custom" && (window.reply = f));
  model.send = (content, _, [z]) => {
    log.asked++;
    log.most = Math.max(log.most, ++log.flying);
    const level = Math.round(255 / (1 + Math.exp(-new Float32Array(z)[0])));
    setTimeout(() => {
      log.flying--;
      reply({ ...content, type: "decoded" }, [new DataView(new Uint8Array(784).fill(level).buffer)]);
    }, 400); // slow enough that three wait even on a busy machine
  };
  return model;
}
"""


def model(latent_dim=2):
    vae = lib.VAE(784, latent_dim, (64,), generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        vae.decoder.layers[-1].weight *= 6  # pictures with contrast
    return vae


@pytest.fixture(scope="module")
def vae():
    return model()


@pytest.fixture(scope="module")
def codes():
    return torch.randn(60, 2, generator=torch.Generator().manual_seed(0))


def picture(page, k=0):
    return page.get_by_label("decoded picture", exact=True).nth(k).evaluate(PIXELS)


def shown(page, k=0):
    """The numbers of z in the text."""
    text = page.locator(".vx-text").nth(k).text_content().replace("−", "-")
    return [float(x) for x in re.search(r"= \(([^)]*)\)", text)[1].split(",")]


def drag(page, start, end, k=0, steps=5):
    """On the plane, from and to places as fractions of it."""
    box = page.get_by_label("latent plane").nth(k).bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=steps)
    page.mouse.up()


def test_dragging_moves_the_picture(visit, vae):
    explorer = LatentExplorer(vae)
    page = visit(explorer.to_html())
    before = picture(page)
    drag(page, (0.5, 0.5), (0.75, 0.25))
    assert shown(page) == pytest.approx([1.75, 1.75], abs=0.02)
    assert picture(page) != before


def test_so_does_a_finger(visit, vae):
    page = visit(LatentExplorer(vae).to_html())
    box = page.get_by_label("latent plane").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.wait_for_function("document.querySelector('.vx-text').textContent.includes('−1.7')")
    assert shown(page) == pytest.approx([-1.75, 0], abs=0.02)


def test_so_do_the_keys(visit, vae):
    page = visit(LatentExplorer(vae).to_html())
    before = picture(page)
    page.keyboard.press("Tab")  # the plane is the first thing that has the focus
    for key in ("ArrowRight", "Shift+ArrowUp", "Shift+ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    assert shown(page) == pytest.approx([0.05, 0.95])
    assert picture(page) != before
    page.keyboard.press("Home")
    assert picture(page) == before


def test_a_click_on_a_code_goes_to_it(visit, vae, codes):
    page = visit(LatentExplorer(vae, codes, torch.full((60,), 7)).to_html())
    x, y = ((codes[5] / 3.5 + 1) / 2).tolist()
    drag(page, (x + 0.004, 1 - y), (x + 0.004, 1 - y), steps=1)
    assert shown(page) == pytest.approx(codes[5].tolist(), abs=0.006)
    assert "a 7, 0.00 away" in page.locator(".vx-text").text_content()


def test_the_picture_is_torchs_to_one_grey_level(visit, vae):
    z = torch.randn(200, 2, generator=torch.Generator().manual_seed(1))
    page = visit(LatentExplorer(vae, layers=["sliders"]).to_html())
    levels = page.evaluate(
        f"""zs => zs.map(z => {{
          const canvas = document.querySelector(".vx-picture");
          document.querySelectorAll(".vx-sliders input").forEach((input, d) => {{
            input.step = "any";
            input.value = z[d];
            input.dispatchEvent(new Event("input"));
          }});
          return ({PIXELS})(canvas);
        }})""",
        z.clamp(-3.4, 3.4).tolist(),
    )
    expected = 255 * vae.decode_mean(z.clamp(-3.4, 3.4)).detach().numpy()
    assert np.abs(np.array(levels) - expected).max() <= 1
    assert np.ptp(expected) > 200


def test_an_atlas_is_close_and_says_so(visit, vae):
    explorer = LatentExplorer(lambda z: vae.decode_mean(z))
    page = visit(explorer.to_html())
    drag(page, (0.5, 0.5), (0.613, 0.271))
    exact = 255 * vae.decode_mean(torch.tensor([shown(page)])).detach().numpy()[0]
    assert np.abs(np.array(picture(page)) - exact).mean() < 3
    assert page.get_by_text("interpolated").is_visible()


def test_names_for_those_who_do_not_see_it(visit, vae, codes):
    page = visit(LatentExplorer(vae, codes, layers=["codes", "path", "draws", "sliders"]).to_html())
    plane = page.get_by_role("slider", name="latent plane")
    assert plane.get_attribute("aria-valuetext").startswith("z = (0.00, 0.00)")
    for name in ("decoded picture", "16 decoded draws around z", "decoded pictures from A to B"):
        assert page.get_by_role("img", name=name, exact=True).is_visible()
    for name in ("z 1", "z 2", "sigma", "position on the path"):
        assert page.get_by_role("slider", name=name, exact=True).is_visible()
    plane.press("ArrowRight")
    page.wait_for_function("document.querySelector('[aria-live=polite]').textContent.startsWith('z = (0.05')")


def test_axe_finds_nothing_on_an_explorers_page(visit, vae, codes):
    both = to_html(
        [LatentExplorer(vae, codes, codes[:, 0] > 0, errors=codes[:, 0] ** 2, layers=LAYERS, title="VAE")] * 2
    )
    for html in (both, term_explorer().to_html()):
        page = visit(html, width=390)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(page, (PHONE, "light"), (DESK, "dark")) == []


def test_layers_are_switched_by_their_boxes(visit, vae, codes):
    images = vae.decode_mean(codes).detach()
    page = visit(LatentExplorer(vae, images=images, labels=torch.arange(60) % 10).to_html())
    ground = page.locator(".vx-ground")
    seen = [ground.evaluate("canvas => canvas.toDataURL()")]
    for name in ("codes by class", "prior: 1, 2, 3σ", "decoded pictures", "density of q(z)", "reconstruction error"):
        page.get_by_role("checkbox", name=name).click()
        page.wait_for_timeout(100)
        seen.append(ground.evaluate("canvas => canvas.toDataURL()"))
    assert all(a != b for a, b in pairwise(seen))
    assert page.get_by_text("squared error").is_visible()
    for name, part in {
        "path A to B": ".vx-path",
        "draws around z": ".vx-draws",
        "sliders": ".vx-sliders",
        "traversals": ".vx-traversals",
    }.items():
        assert not page.locator(part).is_visible()
        page.get_by_role("checkbox", name=name).click()
        assert page.locator(part).is_visible()


def test_the_path_is_played_and_scrubbed(visit, vae):
    page = visit(LatentExplorer(vae, layers=["path"]).to_html())
    scrub = page.get_by_role("slider", name="position on the path")
    scrub.fill("0.5")
    assert shown(page) == pytest.approx([0, 0], abs=0.01)
    scrub.fill("1")
    strip = np.array(page.get_by_label("decoded pictures from A to B").evaluate(PIXELS)).reshape(28, -1)
    np.testing.assert_array_equal(strip[:, -28:].ravel(), picture(page))
    page.get_by_role("button", name="play").click()
    page.wait_for_function("document.querySelector('.vx-path input').value < 0.9")
    page.get_by_role("button", name="pause").click()
    drag(page, (0.5 + 1.5 / 7, 0.5), (0.5, 0.2))  # B by its handle, so that z stays
    assert page.locator("[data-end=b]").get_attribute("transform") != page.locator("[data-end=a]").get_attribute(
        "transform"
    )


def test_a_spherical_path_turns_and_stretches_evenly(visit, vae):
    """Between ends of lengths 2 and 4, nearly opposite, half the way is 3 long; z goes along when the box is ticked."""
    explorer = LatentExplorer(vae, layers=["path"], limit=5)
    explorer.a, explorer.b = [2.0, 0.0], [-4.0, 0.04]
    page = visit(explorer.to_html())
    page.get_by_role("slider", name="position on the path").fill("0.5")
    assert shown(page) == pytest.approx([-1.0, 0.02], abs=0.01)
    page.get_by_role("checkbox", name="spherical").click()
    assert shown(page) == pytest.approx([0.02, 3.0], abs=0.03)


def test_a_class_is_hidden_by_its_button_and_is_then_near_nothing(visit, vae):
    codes = torch.tensor([[0.1, 0.0], [1.0, 1.0]])
    page = visit(LatentExplorer(vae, codes, [3, 8]).to_html())
    assert "a 3, 0.10 away" in page.locator(".vx-text").text_content()
    page.get_by_role("button", name="class 3").click()
    assert "an 8, 1.41 away" in page.locator(".vx-text").text_content()
    assert page.get_by_role("button", name="class 3").get_attribute("aria-pressed") == "false"


def test_sigma_goes_down_to_two_hundredths_by_its_logarithm(visit, vae):
    page = visit(LatentExplorer(vae, layers=["draws"]).to_html())
    sigma = page.get_by_role("slider", name="sigma")
    sigma.press("Home")
    assert sigma.get_attribute("aria-valuetext") == "0.02"
    sigma.fill("0")
    assert sigma.get_attribute("aria-valuetext") == "1.00"


def without_kernel(html, send="throw Error()"):
    """The page with a kernel that cannot be asked, or that does with what it is asked as `send` says."""
    gone = f"function gone(state) {{ const m = pageModel(state); m.send = () => {{ {send}; }}; return m; }}\n"
    html = html.replace("pageModel(state), el", "gone(state), el")
    return html.replace("for (const state of", f"{gone}for (const state of")


def test_a_kernel_that_is_gone_is_said(visit):
    explorer = LatentExplorer(lambda z: z[:, :1].sigmoid().expand(-1, 784), latent_dim=3)
    page = visit(without_kernel(explorer.to_html().replace('"kind": "atlas"', '"kind": "kernel"')))
    assert page.locator(".vx-note").text_content() == (
        "The kernel does not answer, and only it can decode: run the cell again."
    )


@pytest.mark.parametrize("send", ["throw Error()", ""])
def test_an_atlas_goes_on_without_a_kernel_and_says_what_it_lacks(visit, vae, send):
    """At once where nothing can be sent, and after a few seconds where nobody answers."""
    page = visit(without_kernel(LatentExplorer(lambda z: vae.decode_mean(z)).to_html(), send))
    before = picture(page)
    drag(page, (0.5, 0.5), (0.7, 0.3))
    page.get_by_text("does not answer").wait_for()
    assert picture(page) != before
    assert page.locator(".vx-note").text_content() == (
        "interpolated; the kernel, which has the exact picture, does not answer: run the cell again"
    )


def test_traversals_follow_the_hand(visit):
    """Rows in their order, torch's pictures; a click on a picture goes there, and the other rows follow."""
    vae = model(3)
    page = visit(slider_explorer(vae, kl=[0.1, 2.0, 1.0], limit=4.5, layers=["traversals"]).to_html())
    assert page.locator(".vx-along span").all_text_contents() == ["z₂ 2.00 nats", "z₃ 1.00 nats", "z₁ 0.10 nats"]
    strip = page.locator(".vx-along .vx-strip")
    box = strip.nth(1).bounding_box()
    strip.nth(1).click(position={"x": box["width"] * 7.5 / 9, "y": 5})
    assert shown(page) == pytest.approx([0, 0, 3], abs=0.01)
    page.get_by_role("slider", name="along z 1").fill("-1.5")
    page.wait_for_timeout(300)
    assert shown(page) == pytest.approx([-1.5, 0, 3], abs=0.01)
    for row, d in enumerate((1, 2, 0)):
        codes = torch.tensor([-1.5, 0.0, 3.0]).repeat(9, 1)
        codes[:, d] = torch.arange(-4.0, 5.0)
        sheet = np.array(strip.nth(row).evaluate(PIXELS)).reshape(28, -1)
        for k, expected in enumerate(vae.decode_mean(codes).detach().reshape(9, 28, 28).numpy()):
            assert np.abs(sheet[:, 29 * k : 29 * k + 28] - 255 * expected).max() <= 1


def test_two_on_a_page_do_not_disturb_each_other(visit, vae):
    page = visit(to_html([LatentExplorer(vae, title="one"), LatentExplorer(model(3), title="two")]))
    before = picture(page, 0), picture(page, 1)
    drag(page, (0.5, 0.5), (0.3, 0.3), k=1)
    assert picture(page, 0) == before[0]
    assert picture(page, 1) != before[1]
    assert shown(page, 0) == [0, 0]


def test_a_group_goes_to_the_same_digit(visit, vae, codes):
    other = codes.flip(1) * 0.5
    page = visit(to_html([LatentExplorer(vae, codes, group="g"), LatentExplorer(vae, other, group="g")]))
    drag(page, (0.5, 0.5), (0.6, 0.4))
    index = (codes - torch.tensor(shown(page, 0))).norm(dim=1).argmin()
    assert shown(page, 1) == pytest.approx(other[index].tolist(), abs=0.006)


@pytest.mark.parametrize("width", [400, 900])
def test_light_and_dark(visit, vae, codes, width):
    html = LatentExplorer(vae, codes, layers=["codes", "path", "draws", "sliders"]).to_html()
    papers = {}
    for scheme in ("light", "dark"):
        page = visit(html, width, scheme)
        colors = page.evaluate(COLORS)
        ink, paper = (sum(map(int, re.findall(r"\d+", c)[:3])) for c in colors)
        assert abs(ink - paper) > 380
        papers[scheme] = paper
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert papers["light"] > papers["dark"]


def test_of_moves_the_latest_wins_and_three_are_in_flight(visit):
    """A slow kernel, played by the page: it never has more than three requests, and the last move is shown."""
    explorer = LatentExplorer(lambda z: z[:, :1].sigmoid().expand(-1, 784), latent_dim=3)
    assert explorer._spec["kind"] == "kernel"
    html = (
        explorer.to_html().replace('"kind": "atlas"', '"kind": "kernel"').replace('"slice": [0.0, 0.0, 0.0]', '"x": 0')
    )
    html = html.replace("pageModel(state), el", "slowKernel(state), el").replace(
        "for (const state of", f"{SLOW}for (const state of"
    )
    page = visit(html)
    drag(page, (0.2, 0.5), (0.9, 0.5), steps=80)
    page.wait_for_function("log.flying == 0")
    log = page.evaluate("log")
    assert log["most"] == 3
    assert log["asked"] < 80
    expected = 255 * torch.tensor(shown(page)[0]).sigmoid().item()
    assert np.abs(np.array(picture(page)) - expected).max() < 1.5


def kl_shown(page):
    """The numbers beside the bars: four terms and their sum."""
    return [float(text.replace("−", "-")) for text in page.locator(".vx-nats").all_text_contents()]


def test_the_terms_of_a_divergence_follow_the_sliders(visit):
    page = visit(term_explorer(1.0, 0.5).to_html())
    mu, sigma = (page.get_by_role("slider", name=name, exact=True) for name in ("mu", "sigma"))
    curve = page.locator(".vx-q")
    for m, s in ((1.0, 0.5), (-2.5, 0.05), (0.37, 2.0), (0.0, 1.0)):
        before = curve.get_attribute("d")
        mu.fill(str(m))
        sigma.fill(str(s))
        *terms, kl = kl_shown(page)
        q, p = torch.distributions.Normal(m, s), torch.distributions.Normal(0.0, 1.0)
        assert kl == pytest.approx(torch.distributions.kl_divergence(q, p).item(), abs=6e-4)
        assert sum(terms) == pytest.approx(kl, abs=2.1e-3)
        assert (curve.get_attribute("d") == before) == ((m, s) == (1.0, 0.5))
        places = page.evaluate("[...document.querySelectorAll('.vx-term')].map(e => [e.style.left, e.style.width])")
        (left, width) = (float(x.removesuffix("%")) for x in places[-1])
        assert 0 <= left <= left + width <= 100


def test_the_terms_have_names_and_obey_the_keys(visit):
    page = visit(term_explorer(0.0, 1.0).to_html())
    assert page.get_by_role("img", name="densities of q and of the prior").is_visible()
    assert page.get_by_role("img", name="½ μ² = 0.000, ½ σ² = 0.500, −½ log σ² = 0.000, −½ = −0.500").is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('[aria-live=polite]').textContent.startsWith('μ = 0.01')")
    page.get_by_role("button", name="q = prior").click()
    assert kl_shown(page)[-1] == 0


@pytest.mark.parametrize("width", [360, 900])
def test_the_terms_in_light_and_dark(visit, width):
    html = term_explorer().to_html()
    for scheme in ("light", "dark"):
        page = visit(html, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        ink = sum(
            map(int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.querySelector('.vx')).color"))[:3])
        )
        assert (ink < 200) == (scheme == "light")


def test_weights_in_half_the_size_decode_the_same(visit, vae):
    halved = model()
    halved.load_state_dict({name: value.half().float() for name, value in halved.state_dict().items()})
    html = LatentExplorer(halved, torch.tensor([[0.5, -1.25]])).to_html()
    assert '"_data": {"half"' in html
    page = visit(html)
    drag(page, (0.5, 0.5), (0.7, 0.3))
    exact = 255 * halved.decode_mean(torch.tensor([shown(page)])).detach().numpy()[0]
    assert np.abs(np.array(picture(page)) - exact).max() < 4  # the text has two digits of z
    away = float(re.search(r"([\d.]+) away", page.locator(".vx-text").text_content())[1])
    assert away == pytest.approx(np.hypot(*(np.array(shown(page)) - [0.5, -1.25])), abs=0.02)


@pytest.mark.parametrize("widget", [LatentExplorer, TermExplorer])
def test_the_module_is_one_export(widget):
    module = widget._esm
    assert module.count("export ") == 1
    assert module.rstrip().endswith(EXPORT)
    assert "import " not in re.sub(r"//.*|/\*\*.*?\*/", "", module)
