"""Explorers, Python's side: what travels to the browser decodes as torch does, and what does not fit is refused."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

import vae_lib as lib
from vae_lib import zoo
from vae_lib.checks import InputError
from vae_lib.explore import LatentExplorer, compare_explorer, page, slider_explorer, still, term_explorer
from vae_lib.explore.decoding import MOST_WEIGHTS, PictureDecoder, travel
from vae_lib.explore.explorer import LAYERS

SHAPE = (4, 3)


@pytest.fixture
def vae(generator):
    return lib.VAE(12, 2, hidden=(9,), generator=generator)


@pytest.fixture
def images(generator):
    return torch.rand(40, 12, generator=generator)


def by_hand(explorer, z):
    """What the browser is to compute, one unit after another, from the bytes that were sent."""
    values = iter(np.frombuffer(explorer._data, "<f4"))
    x = [float(v) for v in z]
    for step in explorer._spec["steps"]:
        if "linear" in step:
            rows, columns = step["linear"]
            weights = [[float(next(values)) for _ in range(columns)] for _ in range(rows)]
            biases = [float(next(values)) for _ in range(rows)]
            x = [sum(w * v for w, v in zip(row, x, strict=True)) + b for row, b in zip(weights, biases, strict=True)]
        elif step["act"] == "leaky":
            x = [max(v, step["slope"] * v) for v in x]
        else:
            functions = {
                "relu": lambda v: max(v, 0.0),
                "tanh": lambda v: float(torch.tensor(v, dtype=torch.float64).tanh()),
                "sigmoid": lambda v: float(torch.tensor(v, dtype=torch.float64).sigmoid()),
                "silu": lambda v: float(nn.functional.silu(torch.tensor(v, dtype=torch.float64))),
                "softplus": lambda v: float(nn.functional.softplus(torch.tensor(v, dtype=torch.float64))),
            }
            x = [functions[step["act"]](v) for v in x]
    assert next(values, None) is None
    return np.clip(x, 0, 1)


def stack(activation, end=()):
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(2, 7), activation, nn.Dropout(0.5), nn.Linear(7, 12), *end)


MODELS = {
    "vae": lambda: lib.VAE(12, 2, (9, 5)),
    "gaussian": lambda: lib.VAE(12, 2, (9,), lib.Gaussian(mean_function="identity")),
    "autoencoder": lambda: lib.Autoencoder(12, 2, (9,)),
    "linear": lambda: lib.Autoencoder(12, 2, (), output="identity"),
    "ten": lambda: lib.VAE(12, 10, (9,)),
    "decoder": lambda: lib.Decoder(2, (9,), 12),
    "double": lambda: lib.VAE(12, 2, (9,)).double(),
    "tanh": lambda: stack(nn.Tanh(), [nn.Sigmoid()]),
    "leaky": lambda: stack(nn.LeakyReLU(0.2), [nn.Sigmoid()]),
    "silu": lambda: stack(nn.SiLU(), [nn.Sigmoid()]),
    "softplus": lambda: stack(nn.Softplus(), [nn.Sigmoid(), nn.Unflatten(1, SHAPE)]),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_weights_that_travel_decode_as_torch_does(name, generator):
    model = MODELS[name]()
    explorer = LatentExplorer(model, image_shape=SHAPE)
    assert explorer._spec["kind"] == "mlp"
    z = 2 * torch.randn(20, explorer.latent_dim, generator=generator)
    model.eval()
    of_torch = getattr(model, "decode_mean", model)(z.to(next(model.parameters()))).detach().flatten(1)
    if name == "decoder":
        of_torch = of_torch.sigmoid()
    mine = np.stack([by_hand(explorer, row) for row in z.tolist()])
    np.testing.assert_allclose(mine, of_torch.clip(0, 1), atol=1e-5)


def test_a_model_in_training_stays_so():
    model = stack(nn.ReLU(), [nn.Sigmoid()]).train()
    model[2].eval()
    LatentExplorer(model, image_shape=SHAPE)
    assert [m.training for m in model] == [True, True, False, True, True]


class Residual(nn.Module):
    """Linear layers and an activation only, but not one after the other."""

    latent_dim = 2

    def __init__(self):
        super().__init__()
        self.first, self.act, self.second = nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 12)

    def forward(self, z):
        return self.second(z + self.act(self.first(z))).sigmoid().reshape(-1, 1, *SHAPE)


def test_layers_in_another_order_are_found_out():
    explorer = LatentExplorer(Residual(), image_shape=SHAPE)
    assert explorer._spec["kind"] == "atlas"


def test_softplus_of_another_slope_is_found_out():
    assert LatentExplorer(stack(nn.Softplus(beta=3.0), [nn.Sigmoid()]), image_shape=SHAPE)._spec["kind"] == "atlas"


def test_too_many_weights_stay_here(vae, monkeypatch):
    monkeypatch.setattr("vae_lib.explore.decoding.MOST_WEIGHTS", 10)
    assert MOST_WEIGHTS > 2 * 400 + 400 * 784
    assert LatentExplorer(vae, image_shape=SHAPE)._spec["kind"] == "atlas"


def test_an_atlas_holds_the_pictures_of_the_grid(vae):
    explorer = LatentExplorer(lambda z: vae.decode_mean(z), image_shape=SHAPE, limit=3)
    n = explorer._spec["n"]
    pictures = np.frombuffer(explorer._data, np.uint8).reshape(n * n, 12)
    expected = 255 * vae.decode_mean(lib.latent_grid(n, limit=3.0)).detach().numpy()
    assert np.abs(pictures - expected).max() <= 0.51


def test_a_coarse_atlas_is_refined():
    def waves(z):
        return (0.5 + 0.5 * torch.sin(9 * z[:, :1])).expand(-1, 12)

    assert LatentExplorer(waves, image_shape=SHAPE)._spec["n"] == 61


def test_what_neither_serves_is_left_to_the_kernel(generator):
    vae = lib.VAE(12, 3, (9,), generator=generator)
    explorer = LatentExplorer(vae.decode_mean, image_shape=SHAPE)
    assert explorer._spec["kind"] == "mlp"  # a bound method has its model
    explorer = LatentExplorer(lambda z: vae.decode_mean(z), latent_dim=3, image_shape=SHAPE)
    assert (explorer._spec["kind"], explorer._data) == ("kernel", b"")


def asked(explorer, content, *buffers):
    """The replies to one message of a view."""
    replies = []
    explorer.send = lambda content, buffers=None: replies.append((content, buffers))
    explorer._handle_custom_msg(content, [memoryview(b) for b in buffers])
    return replies


def test_the_kernel_answers_a_sheet_of_codes_at_once(vae):
    explorer = LatentExplorer(vae, image_shape=SHAPE)
    z = np.array([[0.5, -1], [2, 0], [0, 0]], np.float32)
    ((content, (pictures,)),) = asked(explorer, {"type": "decode", "id": 7, "tag": "t"}, z.tobytes())
    assert content == {"type": "decoded", "id": 7, "tag": "t"}
    expected = np.rint(255 * vae.decode_mean(torch.tensor(z)).detach().numpy())
    np.testing.assert_array_equal(np.frombuffer(pictures, np.uint8).reshape(3, 12), expected)


def test_a_request_that_cannot_be_answered_is_answered_so(vae):
    explorer = LatentExplorer(vae, image_shape=SHAPE)
    ((content, _),) = asked(explorer, {"type": "decode", "id": 1, "tag": "t"}, b"\0" * 12)
    assert content["type"] == "failed"
    assert "reshape" in content["message"]
    assert asked(explorer, {"type": "other"}) == []


def test_z_is_read_set_and_observed(vae):
    explorer, seen = LatentExplorer(vae, image_shape=SHAPE), []
    explorer.observe(lambda change: seen.append(change.new), "z")
    explorer.z = torch.tensor([0.5, -0.25])
    explorer.set_state({"z": [1, 2]})  # as the browser does
    assert seen == [[0.5, -0.25], [1, 2]]
    expected = vae.decode_mean(torch.tensor([[1.0, 2.0]])).detach().reshape(SHAPE)
    np.testing.assert_allclose(explorer.picture(), expected, atol=1e-6)


@pytest.mark.parametrize("bad", [[0.0], [0, 0, 0], [float("nan"), 0], ["a", "b"], None])
def test_a_z_of_another_kind_is_refused(vae, bad):
    explorer = LatentExplorer(vae, image_shape=SHAPE)
    with pytest.raises(InputError, match=r"LatentExplorer: z must"):
        explorer.z = bad
    assert explorer.z == [0, 0]


def test_images_give_codes_logvars_and_errors(vae, images):
    explorer = LatentExplorer(vae, images=images, labels=torch.arange(40) % 10, image_shape=SHAPE)
    mu, logvar = vae.encode(images)
    errors = (images - vae.reconstruct(images)).square().sum(1)
    for name, expected in {"_codes": mu, "_scales": (logvar / 2).exp(), "_errors": errors}.items():
        sent = np.frombuffer(getattr(explorer, name), np.float32)
        np.testing.assert_allclose(sent, expected.detach().flatten(), rtol=1e-5)
    assert list(explorer._labels) == [i % 10 for i in range(40)]
    assert explorer.layers == ["codes", "prior"]


def test_an_autoencoder_has_no_scales(images):
    explorer = LatentExplorer(lib.Autoencoder(12, 2, (9,)), images=images, image_shape=SHAPE)
    assert (explorer._scales, len(explorer._errors)) == (b"", 4 * 40)


def test_of_many_codes_every_kth_is_shown(vae):
    codes = torch.randn(20_001, 2)
    explorer = LatentExplorer(vae, codes, torch.arange(20_001) % 10, SHAPE)
    sent = np.frombuffer(explorer._codes, np.float32).reshape(-1, 2)
    np.testing.assert_array_equal(sent, codes[::3])
    assert list(explorer._labels[:4]) == [0, 3, 6, 9]


def test_the_plane_reaches_as_far_as_the_codes(vae):
    assert LatentExplorer(vae, image_shape=SHAPE)._spec["limit"] == 3.5
    assert LatentExplorer(vae, 10 * torch.rand(500, 2), image_shape=SHAPE)._spec["limit"] == pytest.approx(11, abs=0.2)


def test_after_more_training_it_is_read_again(vae):
    explorer = LatentExplorer(vae, image_shape=SHAPE)
    before = explorer._data
    with torch.no_grad():
        vae.decoder.layers[0].weight += 1
    explorer.update()
    assert explorer._data != before


CODES = torch.zeros(5, 2)
REFUSED = {
    "neither a model nor a function": {"model_or_decode": 3},
    "set image_shape": {"image_shape": (28, 28)},
    "image_shape must be": {"image_shape": 28},
    "at least 2": {"model_or_decode": lib.VAE(12, 1, (5,))},
    "codes must have shape": {"codes": torch.zeros(5, 3)},
    "codes has values": {"codes": CODES / 0},
    "labels must have shape": {"codes": CODES, "labels": torch.zeros(4)},
    "whole numbers from 0 to 9": {"codes": CODES, "labels": torch.full((5,), 10)},
    "without codes": {"labels": torch.zeros(4)},
    "logvars must have shape": {"codes": CODES, "logvars": torch.zeros(5, 1)},
    "not both": {"codes": CODES, "images": torch.zeros(5, 12)},
    "images must have shape": {"images": torch.zeros(5, 11)},
    "with latent_dim": {"model_or_decode": lambda z: z @ torch.zeros(3, 12)},
    "output must be": {"output": "softmax"},
    'output="sigmoid"': {"model_or_decode": lambda z: z.new_full((len(z), 12), -4)},
    "NaN": {"model_or_decode": lambda z: z.new_full((len(z), 12), float("nan"))},
    "need a model": {"model_or_decode": lambda z: z.new_zeros(len(z), 12), "images": torch.zeros(5, 12)},
    "axes must be": {"axes": (0, 2)},
    "limit": {"limit": -1},
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_does_not_fit_is_refused_in_a_sentence(message, vae):
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        LatentExplorer(**{"model_or_decode": vae, "image_shape": SHAPE, **REFUSED[message]})
    assert "\n" not in str(refused.value)


def test_a_figure_with_words_stands_beside_the_widget(vae, images):
    explorer = LatentExplorer(vae, images=images, image_shape=SHAPE)
    data, metadata = explorer._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == data["text/plain"]
    assert "40 codes" in data["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in data


@pytest.mark.parametrize("layer", [name for name in LAYERS if name != "sliders"])
def test_the_figure_has_the_layers_that_are_on(layer, vae, images):
    """`sliders` stand below the plane; each of the others is seen on it."""
    codes, labels = torch.randn(40, 2, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 10
    given = {"codes": codes, "labels": labels, "errors": torch.rand(40), "image_shape": SHAPE}

    def pixels(layers):
        figure = LatentExplorer(vae, layers=layers, **given).figure()
        figure.set_layout_engine("none")
        figure.canvas.draw()
        return np.asarray(figure.canvas.buffer_rgba())

    assert not np.array_equal(pixels([]), pixels([layer]))
    assert not np.array_equal(pixels([]), pixels(list(LAYERS)))


def test_the_figure_of_all_layers_needs_no_codes(vae):
    assert len(LatentExplorer(vae, image_shape=SHAPE, layers=list(LAYERS)).figure().axes) == 2


def test_a_density_that_is_nowhere_on_the_plane_is_drawn_as_nothing(vae):
    far = torch.full((5, 2), 90.0)
    figure = LatentExplorer(vae, far, image_shape=SHAPE, layers=["density"], limit=1.0).figure()
    figure.canvas.draw()
    assert figure.axes[0].images[0].get_alpha().max() == 0


def test_the_figure_has_as_many_pictures_as_the_browser():
    (tiles,) = re.findall(r"^const TILES = (\d+);", LatentExplorer._esm, re.MULTILINE)
    assert int(tiles) == still.TILES


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (["codes", "prior"], "40 codes and the prior's circles of 1, 2 and 3 standard deviations in the plane of z1"),
        (["errors", "manifold", "path"], "15 by 15 decoded pictures, the reconstruction error of each code and a path"),
        (["draws"], "at rest: a circle of radius 0.5 around z in"),
        (["density", "sliders"], "at rest: the density of the codes in"),
        ([], "at rest: nothing in"),
    ],
)
def test_the_figures_sentence_has_the_layers_that_are_on(layers, words, vae, images):
    assert words in LatentExplorer(vae, images=images, image_shape=SHAPE, layers=layers).describe()


@pytest.mark.parametrize("scales", ["given", "Scott's"])
def test_the_density_is_the_mean_of_the_posteriors(scales, generator):
    codes = 2 * torch.randn(30, 2, generator=generator).double().numpy()
    widths = torch.rand(30, 2, generator=generator).double().numpy() + 0.6
    if scales == "Scott's":
        widths = np.tile([stats.gaussian_kde(x, "scott").factor * x.std() for x in codes.T], (30, 1))
        widths *= 30 ** (-1 / 6 + 1 / 5)  # of two dimensions, not of one
    found = still.density(codes, widths if scales == "given" else None, 3.0, 6)
    for row, column in ((0, 0), (1, 4), (5, 2)):
        z = np.array([-2.5 + column, 2.5 - row])
        each = [stats.multivariate_normal(m, np.diag(s**2)).pdf(z) for m, s in zip(codes, widths, strict=True)]
        assert found[row, column] == pytest.approx(np.mean(each), rel=1e-6)


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


def test_travel_is_measured_against_the_decoder_itself(vae):
    """The model's own answer decides: a decode_mean of another kind than its layers goes as an atlas."""
    vae.decode_mean = lambda z: 1 - torch.sigmoid(vae.decode(z))
    assert travel(PictureDecoder(vae, 2, SHAPE, None), 3.5).kind == "atlas"


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


@pytest.mark.parametrize(("mu", "sigma"), [(0.0, 1.0), (1.0, 0.5), (-2.3, 0.05), (3.0, 2.0)])
def test_the_terms_of_a_divergence_are_those_of_torch(mu, sigma):
    explorer = term_explorer(mu, sigma)
    normal = torch.distributions.Normal
    p, q = (normal(*torch.tensor(both, dtype=torch.float64)) for both in ((0.0, 1.0), (mu, sigma)))
    kl = torch.distributions.kl_divergence(q, p).item()
    of_library = lib.gaussian_kl(*torch.tensor([[[mu]], [[2 * np.log(sigma)]]], dtype=torch.float64))
    assert explorer.terms.kl == pytest.approx(kl, abs=1e-12)
    assert explorer.terms.kl == pytest.approx(of_library.item(), abs=1e-12)
    assert explorer.terms.width == pytest.approx(torch.distributions.kl_divergence(normal(p.loc, q.scale), p).item())
    assert min(explorer.terms.kl, explorer.terms.width) >= -1e-12


def test_mu_and_sigma_are_read_set_and_observed():
    explorer, seen = term_explorer(), []
    explorer.observe(lambda change: seen.append((change.name, change.new)), ["mu", "sigma"])
    explorer.mu = -1
    explorer.set_state({"sigma": 0.25})  # as the browser does
    assert seen == [("mu", -1), ("sigma", 0.25)]
    assert explorer.terms.kl == pytest.approx(0.5 * (1 + 0.0625 - np.log(0.0625) - 1))


@pytest.mark.parametrize("bad", [{"mu": 3.1}, {"sigma": 0.0}, {"sigma": 2.1}, {"mu": float("nan")}, {"mu": "1"}])
def test_a_q_that_the_sliders_do_not_reach_is_refused(bad):
    with pytest.raises(InputError, match=f"term_explorer: {next(iter(bad))} must"):
        term_explorer(**bad)


def test_a_figure_of_the_terms_stands_beside_the_widget(monkeypatch):
    explorer = term_explorer(1.0, 0.5)
    data, metadata = explorer._repr_mimebundle_()
    assert {"image/png", "application/vnd.jupyter.widget-view+json"} <= set(data)
    assert "0.818 nats" in metadata["image/png"]["alt"] == data["text/plain"]
    bars = explorer.figure().axes[1].patches
    assert [bar.get_width() for bar in bars] == pytest.approx([0.5, 0.125, 0.693147, -0.5, 0.818147], abs=1e-6)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    graded = term_explorer()
    assert graded.comm is None
    assert set(graded._repr_mimebundle_()[0]) == {"image/png", "text/plain"}


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
