"""Explorers: what travels to the browser decodes as torch does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import vae_lib as lib
from vae_lib.explore import LatentExplorer
from vae_lib.explore.decoding import MOST_WEIGHTS, PictureDecoder, travel

SHAPE = (4, 3)


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


def test_travel_is_measured_against_the_decoder_itself(vae):
    """The model's own answer decides: a decode_mean of another kind than its layers goes as an atlas."""
    vae.decode_mean = lambda z: 1 - torch.sigmoid(vae.decode(z))
    assert travel(PictureDecoder(vae, 2, SHAPE, None), 3.5).kind == "atlas"
