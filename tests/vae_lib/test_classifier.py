"""The classifier: layers by hand, its loss, and training by `fit` on pictures and classes."""

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from scipy.special import log_softmax

import vae_lib as lib
from vae_lib.classifier import Classifier, judge
from vae_lib.training import TrainConfig, fit

SHAPE = (6, 5)


def small(**options) -> Classifier:
    return Classifier(SHAPE, channels=(3, 4), n_classes=3, generator=torch.Generator().manual_seed(0), **options)


def halved(planes: np.ndarray) -> np.ndarray:
    """The largest of each 2 × 2, those at the rim of what is there."""
    c, h, w = planes.shape
    padded = np.full((c, h + h % 2, w + w % 2), -np.inf)
    padded[:, :h, :w] = planes
    return padded.reshape(c, (h + 1) // 2, 2, (w + 1) // 2, 2).max((2, 4))


def by_hand(model: Classifier, x: torch.Tensor) -> np.ndarray:
    state = {key: value.double().numpy() for key, value in model.state_dict().items()}
    planes = x.double().numpy().reshape(1, *SHAPE)
    for place in (0, 3):
        weight, bias = state[f"layers.{place}.weight"], state[f"layers.{place}.bias"]
        sums = [sum(correlate2d(p, k, "same") for p, k in zip(planes, row, strict=True)) for row in weight]
        planes = halved(np.maximum(np.stack(sums) + bias[:, None, None], 0))
    return state["layers.7.weight"] @ planes.ravel() + state["layers.7.bias"]


def test_the_logits_are_those_of_scipys_correlation(generator):
    model, x = small(), torch.rand(4, 30, generator=generator)
    expected = np.stack([by_hand(model, row) for row in x])
    assert np.allclose(model(x).detach().numpy(), expected, atol=1e-5)
    y = torch.tensor([0, 1, 2, 1])
    terms = model.loss_terms(x, y)
    assert np.allclose(terms.reconstruction.detach().numpy(), -log_softmax(expected, 1)[range(4), y], atol=1e-5)
    assert not terms.kl.any()


def striped(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures whose class is the row or column that is bright."""
    noise = torch.rand(n, 6, 5, generator=torch.Generator().manual_seed(seed)) / 2
    y = torch.arange(n) % 3
    for kind in (0, 1, 2):
        noise[y == kind, 2 * kind] = 1.0
    return noise.flatten(1), y


def test_fit_trains_it_on_pictures_and_classes():
    model, (x, y) = small(), striped(300, 1)
    config = TrainConfig(epochs=8, batch_size=30, learning_rate=5e-3, progress=False, device="cpu")
    history = fit(model, (x, y), config, test=striped(60, 2))
    assert history.test_loss[-1] < 0.2 * history.test_loss[0]
    found = judge(model, striped(60, 3)[0])
    assert torch.equal(found.label, torch.arange(60) % 3)
    assert (found.confidence > 0.5).all()


def test_judging_leaves_the_mode_and_fits_the_probabilities():
    model, x = small().train(), striped(7, 4)[0]
    found = judge(model, x, batch=2)
    assert model.training
    table = model.probabilities(x)
    assert torch.equal(found.label, table.argmax(1))
    assert torch.allclose(found.confidence, table.amax(1))
    assert torch.allclose(table.sum(1), torch.ones(7))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda m: m(torch.rand(2, 29)), "the model has n_pixels = 30"),
        (lambda m: Classifier((6,)), r"image_shape must be \(rows, columns\)"),
        (lambda m: Classifier(SHAPE, channels=()), "channels must be a list or tuple of at least 1"),
        (lambda m: fit(m, (torch.rand(4, 30), torch.zeros(3, dtype=torch.long))), "one row each for every example"),
        (lambda m: fit(m, (torch.rand(4, 29), torch.zeros(4, dtype=torch.long))), "30 pixels, data has 29 columns"),
        (lambda m: fit(m, "pictures"), "must be a tensor, or a tuple of tensors"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(lib.InputError, match=sentence):
        call(small())
