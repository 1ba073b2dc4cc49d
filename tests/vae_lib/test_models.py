"""The models: shapes, links, seeds and what they refuse."""

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

import vae_lib as lib
from vae_lib.training import TrainConfig, fit


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("hidden", [(), (7,), (9, 5)])
@pytest.mark.parametrize("model_class", [lib.VAE, lib.Autoencoder])
def test_shapes_at_any_depth(model_class, hidden):
    model = model_class(12, 3, hidden)
    x = torch.rand(4, 12)
    code = model.encode(x)[0] if model_class is lib.VAE else model.encode(x)
    assert code.shape == (4, 3)
    assert model.decode(torch.zeros(2, 4, 3)).shape == (2, 4, 12)
    assert model.reconstruct(x).shape == x.shape
    layers = sum(p.ndim == 2 for p in model.parameters())
    assert layers == 2 * (len(hidden) + 1)


def test_decoder_mirrors_the_encoder():
    shapes = [tuple(p.shape) for p in lib.VAE(12, 3, (9, 5)).parameters() if p.ndim == 2]
    assert shapes == [(9, 12), (5, 9), (6, 5), (5, 3), (9, 5), (12, 9)]


def test_a_generator_fixes_the_start():
    one, same, other = (lib.VAE(12, 3, generator=seeded(s)).state_dict() for s in (1, 1, 2))
    assert all(torch.equal(one[k], same[k]) for k in one)
    assert not any(torch.equal(one[k], other[k]) for k in one)


def test_start_has_the_spread_of_torch_linear():
    layer = lib.mlp([400, 300], seeded(0))[0]
    assert layer.weight.abs().max() <= 1 / 20
    assert layer.weight.std().item() == pytest.approx(1 / 20 / np.sqrt(3), rel=0.02)


def test_decoded_means_follow_the_likelihood():
    z = torch.randn(5, 2)
    bernoulli = lib.VAE(6, 2, generator=seeded(0))
    assert torch.equal(bernoulli.decode_mean(z), bernoulli.decode(z).sigmoid())
    free = lib.VAE(6, 2, likelihood=lib.Gaussian(1.0, "identity"), generator=seeded(0))
    assert torch.equal(free.decode_mean(z), free.decode(z))


def test_samples_are_decoded_prior_draws():
    model = lib.VAE(6, 2, generator=seeded(0))
    z = torch.randn(5, 2, generator=seeded(3))
    assert torch.equal(model.sample(5, seeded(3)), model.decode_mean(z))


def test_a_linear_autoencoder_spans_pcas_subspace():
    X = torch.randn(600, 3, generator=seeded(1)) @ torch.randn(3, 8, generator=seeded(2)) * torch.tensor([2.0])
    X = X + 0.1 * torch.randn(600, 8, generator=seeded(3))
    model = lib.Autoencoder(8, 2, (), output="identity", generator=seeded(4))
    fit(model, X - X.mean(0), TrainConfig(epochs=150, batch_size=100, learning_rate=3e-3, progress=False))
    spanned = model.decoder.layers[0].weight.detach().numpy()
    assert subspace_angles(spanned, PCA(2).fit(X.numpy()).components_.T).max() < 0.02


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda m: m.encode(torch.rand(4, 5)), "VAE: x has 5 on its last axis, the model has 6 pixels"),
        (lambda m: m.decode(torch.rand(4, 5)), "VAE: z has 5 on its last axis, the model has 2 latent dimensions"),
        (lambda m: m.encode(torch.rand(6)), r"encode: x must have shape \(B, P\), not \(6,\)"),
        (lambda m: m.sample(0), "n must be a whole number of at least 1, not 0"),
        (lambda m: lib.VAE(6, 0), "must be a whole number of at least 1"),
        (lambda m: lib.VAE(6, 2, likelihood="bernoulli"), r"likelihood must be Bernoulli"),
        (lambda m: lib.Autoencoder(6, 2, output="tanh"), "output must be one of .* not 'tanh'"),
        (lambda m: lib.Gaussian(0.0), "sigma must be a positive number"),
        (lambda m: lib.Gaussian(1.0, "relu"), "mean_function must be one of"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(lib.InputError, match=sentence) as caught:
        call(lib.VAE(6, 2))
    assert "\n" not in str(caught.value)
