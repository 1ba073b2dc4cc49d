"""The flow explorer: where points stand after so many layers, and the density there, as autograd has it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.accessibility import DESK, PHONE, violations
from vae_lib.beyond.flows import CouplingFlow, PlanarFlow
from vae_lib.checks import InputError
from vae_lib.explore import flow_explorer
from vae_lib.explore.winding import CELLS

LAYERS = 5


@pytest.fixture(scope="module")
def flow():
    g = torch.Generator().manual_seed(3)
    made = CouplingFlow(2, LAYERS - 1, (8,), g)
    with torch.no_grad():
        made.layers[0].c.copy_(torch.tensor([0.5, -0.25]))
        for layer in made.layers[1:]:
            layer.network[-1].weight.normal_(std=0.3, generator=g)
    return made.requires_grad_(False)


@pytest.fixture(scope="module")
def explorer(flow):
    return flow_explorer(flow, 12, generator=torch.Generator().manual_seed(0))


def density_by_autograd(flow, k, x):
    """N(y; 0, 1) |det dy/dx| where the last k layers take x to y; the determinant of the whole map at once."""

    def onwards(point):
        for layer in list(flow.layers)[LAYERS - k :]:
            point = layer(point[None])[0][0]
        return point

    y = onwards(x)
    slopes = torch.autograd.functional.jacobian(onwards, x)
    return math.exp(-0.5 * float(y @ y)) / (2 * math.pi) * abs(float(slopes.det()))


def middles(limit):
    return ((2 * np.arange(CELLS) + 1) / CELLS - 1) * limit


@pytest.mark.parametrize("k", range(LAYERS + 1))
def test_points_and_density_at_every_stage(flow, explorer, k):
    x = torch.tensor(explorer.atlas.points[k])
    for layer in list(flow.layers)[LAYERS - k :]:
        x = layer(x)[0]
    np.testing.assert_allclose(x, explorer.atlas.points[0], atol=1e-5)  # forward again
    grid, at = explorer.atlas.densities[k], middles(4.0)
    for row, column in ((40, 40), (30, 52), (55, 35)):
        exact = density_by_autograd(flow, k, torch.tensor([at[column], -at[row]]).float())
        assert grid[row, column] == pytest.approx(exact, rel=1e-4)
    assert 0.9 < grid.sum() * (8 / CELLS) ** 2 < 1.01  # a tenth lies further out


def test_between_two_layers_points_go_straight(explorer):
    explorer.set_state({"depth": 2.25})  # as the browser does
    before, after = explorer.atlas.points[2:4]
    np.testing.assert_allclose(explorer.points(), 0.75 * before + 0.25 * after, atol=1e-6)
    explorer.depth = np.float32(LAYERS)
    np.testing.assert_allclose(explorer.points(), explorer.atlas.points[-1], atol=1e-6)


def test_it_says_what_each_layer_moves(flow, explorer):
    z, *stages = explorer.atlas.points
    for note, before, after in zip(explorer.atlas.notes, [z, *stages], stages, strict=False):
        moved = np.abs(after - before).max(0) > 1e-6
        expected = {"coupling that moves x₁": [1, 0], "coupling that moves x₂": [0, 1], "affine layer": [1, 1]}[note]
        assert moved.tolist() == [bool(x) for x in expected]


def test_what_does_not_fit_is_refused_in_a_sentence(flow, explorer):
    for depth in (-0.1, LAYERS + 0.1, float("nan")):
        with pytest.raises(InputError, match=f"depth must lie in 0 to {LAYERS}"):
            explorer.depth = depth
    for wrong, words in {
        (torch.nn.Linear(2, 2), 10, 4.0): "must be a module with layers",
        (CouplingFlow(3, 2), 10, 4.0): "must have 2 dimensions",
        (flow, 0, 4.0): "flow_explorer: n must",
        (flow, 10**9, 4.0): "flow_explorer: n must be at most",
        (flow, 10, -1.0): "limit",
    }.items():
        with pytest.raises(InputError, match=words):
            flow_explorer(*wrong[:2], limit=wrong[2])


def test_planar_layers_are_wound_as_well():
    explorer = flow_explorer(PlanarFlow(2, 3, torch.Generator().manual_seed(1)), 20)
    assert explorer.atlas.notes == ["planar layer"] * 3 + ["affine layer"]
    assert np.isfinite(explorer.atlas.points).all()


def test_a_figure_stands_where_no_widget_can(flow, monkeypatch):
    monkeypatch.setenv("VAE_EXPLORE", "figure")
    data, metadata = flow_explorer(flow, 30)._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert (
        f"30 points of the base and their density at 4 stages, from none to all of the {LAYERS} layers"
        in data["text/plain"]
    )
    assert metadata["image/png"]["alt"] == data["text/plain"]


AT = """(canvas, [x, y]) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
  copy.drawImage(canvas, 0, 0);
  return [...copy.getImageData(x * canvas.width, y * canvas.height, 1, 1).data];
}"""


@pytest.mark.slow
@pytest.mark.browser
class TestPage:
    def test_points_and_density_are_where_python_has_them(self, visit, explorer):
        explorer.depth = 0
        page = visit(explorer.to_html())
        slider = page.get_by_role("slider", name="layers undone")
        colors = np.frombuffer(explorer._colors, np.uint8).reshape(-1, 3)
        for depth in (0, 2.6, LAYERS):
            slider.fill(str(depth))
            explorer.depth = depth
            points = explorer.points()
            apart = np.linalg.norm(points[:, None] - points, axis=-1) + 9 * np.eye(len(points))
            alone = [i for i in range(len(points)) if apart[i].min() > 0.35 and np.abs(points[i]).max() < 3.4]
            assert len(alone) >= 4
            for i in alone:
                x, y = points[i] / 8 + 0.5
                red, green, blue, opaque = page.locator("canvas").nth(0).evaluate(AT, [float(x), float(1 - y)])
                assert opaque == 255
                assert np.abs(np.array([red, green, blue]) - colors[i]).max() <= 2
            grid = explorer.atlas.densities[round(depth)]
            row, column = np.unravel_index(grid.argmax(), grid.shape)
            for place, lit in (((row, column), True), ((2, 70), False)):
                at = [(place[1] + 0.5) / CELLS, (place[0] + 0.5) / CELLS]
                assert (sum(page.locator("canvas").nth(1).evaluate(AT, at)[:3]) > 600) == lit
            assert f"density with {round(depth)} layers undone" in page.locator("figcaption").nth(1).text_content()

    def test_keys_buttons_and_play(self, visit, explorer):
        explorer.depth = 0
        page = visit(explorer.to_html())
        page.keyboard.press("Tab")
        page.keyboard.press("End")
        assert page.locator(".vx-text").text_content() == "5 of 5 layers undone, the last of them the affine layer"
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        assert (
            page.locator(".vx-text").text_content().startswith("0.05 of 5 layers undone, in the coupling that moves x")
        )
        page.get_by_role("button", name="a layer on to the data").click()
        assert page.locator(".vx-text").text_content().startswith("1 of 5")
        page.wait_for_function("document.querySelector('[aria-live=polite]').textContent.startsWith('1 of 5')")
        page.get_by_role("button", name="a layer back to the base").press("Enter")
        assert page.locator(".vx-text").text_content() == "0 of 5 layers undone"
        page.get_by_role("button", name="play").click()
        page.wait_for_function("parseFloat(document.querySelector('output').textContent) > 0.3")
        page.get_by_role("button", name="pause").click()

    def test_it_fits_a_desk_and_a_phone_and_axe_finds_nothing(self, visit, explorer):
        page = visit(explorer.to_html(), width=390)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(page, (PHONE, "light"), (DESK, "dark")) == []
        assert page.evaluate("document.documentElement.scrollHeight") <= DESK["height"]
