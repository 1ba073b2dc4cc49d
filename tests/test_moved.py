"""Pictures moved at random, and M1+M2 with a classifier that sees them."""

from __future__ import annotations

import math

import torch

from benchmarks.moved import SHIFT, Moved, moved
from vae_lib.beyond.semi_supervised import M2, CodeGaussian
from vae_lib.data import load
from vae_lib.networks import mlp

SIDE = 28


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def spots(n):
    """A round spot in the middle of n pictures."""
    place = torch.arange(SIDE) - (SIDE - 1) / 2
    spot = torch.exp(-(place[:, None] ** 2 + place**2) / 8)
    return spot.flatten().repeat(n, 1)


def centres(x):
    """Mean column and row of the ink, from the middle, in pixels."""
    place = torch.arange(SIDE) - (SIDE - 1) / 2
    x = x.view(-1, SIDE, SIDE)
    return torch.stack([(x.sum(1) * place).sum(1), (x.sum(2) * place).sum(1)], 1) / x.sum((1, 2))[:, None]


def test_no_strength_leaves_pictures_as_they_are():
    x = torch.rand(3, SIDE**2, generator=seeded())
    torch.testing.assert_close(moved(x, seeded(), strength=0), x, atol=1e-5, rtol=0)


def test_a_spot_goes_as_far_as_the_shift_on_either_side():
    off = centres(moved(spots(2000), seeded()))
    most = SHIFT * SIDE / 2
    assert off.abs().max() < 1.45 * most  # stretched and sheared, too
    assert off.abs().amax(0).min() > 0.9 * most
    assert off.mean(0).abs().max() < 4 * most / math.sqrt(3 * 2000)


def test_a_bar_is_turned_both_ways_and_not_far():
    x = torch.zeros(1000, SIDE, SIDE)
    x[:, 4:24, 13:15] = 1
    out = moved(x.flatten(1), seeded()).view_as(x)
    place = torch.arange(SIDE) - (SIDE - 1) / 2
    column = (out * place).sum(2) / out.sum(2).clamp(min=1e-6)
    lean = torch.atan((column[:, 20] - column[:, 7]) / 13)
    assert lean.abs().max() < math.radians(12) + 0.12 + 0.08
    assert lean.max() > 0.2
    assert lean.min() < -0.2


def test_pixels_stay_between_0_and_1_and_the_seed_decides():
    x = load("digits").x_train[:50]
    one, two, other = moved(x, seeded(1)), moved(x, seeded(1)), moved(x, seeded(2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert one.min() >= 0
    assert one.max() <= 1


def test_the_bounds_teach_the_classifier_once_they_have_a_meaning():
    g = seeded()
    model = M2(4, 2, (8,), 10, CodeGaussian(), mlp([64, 8, 10], g), generator=g)
    columns = torch.randn(20, 4, generator=g), torch.randn(20, 4, generator=g), torch.rand(20, 64, generator=g)
    both = Moved(model, tuple(c[:10] for c in columns), torch.arange(10), share=0.5, alpha=0.0)
    both.teaching = 1

    def pull():
        model.zero_grad(set_to_none=True)
        both.loss_terms(*columns, generator=seeded()).reconstruction.mean().backward()
        return [p.grad for p in model.classifier.parameters()]

    assert all(grad is None or not grad.any() for grad in pull())
    assert all(grad.any() for grad in pull())
    assert model.decoder[0].weight.grad.any()
