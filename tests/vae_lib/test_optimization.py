"""Learning-rate schedules, the average of the weights, the best epoch: each against its definition by hand."""

import math
from itertools import pairwise

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR

import vae_lib as lib
from tests.vae_lib.test_training import pictures, seeded, train, vae, weights
from vae_lib.augmentation import shift_pixels
from vae_lib.optimization import rate_factor
from vae_lib.training import fit


def test_a_constant_rate_is_the_rate():
    assert [rate_factor("constant", 0.0, step, 10) for step in range(1, 11)] == [1.0] * 10


def test_a_cosine_is_torchs():
    """CosineAnnealingLR over 10 steps, read before each step."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule, expected = CosineAnnealingLR(optimizer, T_max=10), []
    for _ in range(10):
        optimizer.step()
        schedule.step()
        expected.append(schedule.get_last_lr()[0])
    # ours has done one step of eleven when torch's has done one of ten: the last step is not wasted at rate 0
    ours = [rate_factor("cosine", 0.0, step, 9) for step in range(1, 10)]
    assert ours == pytest.approx(expected[:9], abs=1e-12)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_warm_up_rises_in_a_straight_line_and_joins(schedule):
    factors = [rate_factor(schedule, 0.25, step, 100) for step in range(1, 101)]
    assert factors[:24] == pytest.approx([step / 25 for step in range(1, 25)])
    assert max(factors) <= 1
    assert min(factors) > 0
    assert all(abs(a - b) < 0.05 for a, b in pairwise(factors))


def by_hand(n_epochs, factor):
    """The run of `train` again with torch's own schedule, batches by the same generator."""
    model, x, generator = vae(), pictures(), seeded(0)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    schedule = LambdaLR(optimizer, lambda done: factor(done + 1))
    for _ in range(n_epochs):
        for batch in torch.randperm(40, generator=generator).split(16):
            terms = lib.elbo_terms(model, x[batch], generator=generator)
            optimizer.zero_grad()
            terms.loss().backward()
            optimizer.step()
            schedule.step()
    return model


def test_a_run_by_a_cosine_is_torchs():
    model = vae()
    train(model, epochs=4, learning_rate=1e-2, schedule="cosine")
    expected = by_hand(4, lambda step: 0.5 * (1 + math.cos(math.pi * step / 13)))
    assert torch.allclose(weights(model), weights(expected), atol=1e-6)


def test_the_average_is_what_is_kept_and_scored():
    """The definition: decay · mean + (1 − decay) · weights at every step, plain means at first."""
    seen, model = [], vae()
    history = train(model, epochs=3, averaging=0.9, test=pictures(9, 2), on_epoch=lambda e, m, h: seen.append(e))
    by_hand_mean, raw = None, vae()
    x, generator, optimizer = pictures(), seeded(0), torch.optim.Adam(raw.parameters(), lr=1e-3, fused=True)
    by_hand_mean, done = weights(raw), 0
    for _ in range(3):
        for batch in torch.randperm(40, generator=generator).split(16):
            optimizer.zero_grad()
            lib.elbo_terms(raw, x[batch], generator=generator).loss().backward()
            optimizer.step()
            done += 1
            decay = min(0.9, done / (done + 1))
            by_hand_mean = decay * by_hand_mean + (1 - decay) * weights(raw)
    assert torch.allclose(weights(model), by_hand_mean, atol=1e-6)
    assert not torch.allclose(weights(model), weights(raw), atol=1e-5)
    terms = lib.elbo_terms(model, pictures(9, 2), generator=seeded(0))
    assert history.test_loss[-1] == pytest.approx(terms.loss().item(), abs=1e-5)


def test_patience_keeps_the_best_epoch_and_stops():
    """With a rate far too large the loss rises soon: training stops then, and the weights are those of the best."""
    kept, model = {}, vae()
    options = {"epochs": 60, "patience": 4, "learning_rate": 0.3, "test": pictures(9, 2)}
    history = train(model, on_epoch=lambda e, m, h: kept.update({e: weights(m)}), **options)
    best = min(range(len(history.test_loss)), key=history.test_loss.__getitem__)
    assert len(history.loss) == best + 1 + 4 < 60
    assert torch.equal(weights(model), kept[best + 1])
    assert not torch.equal(weights(model), kept[len(history.loss)])


def test_patience_needs_test_data():
    with pytest.raises(lib.InputError, match="patience needs `test`"):
        train(vae(), patience=2)


@pytest.mark.parametrize("stop", [1, 3])
def test_a_resumed_run_keeps_average_best_and_schedule(stop, tmp_path):
    options = {"schedule": "cosine", "warmup": 0.2, "averaging": 0.9, "patience": 5, "epochs": 5}
    whole, other = vae(), vae()
    uninterrupted = train(whole, test=pictures(9, 2), **options)

    def interrupt(epoch, model, history):
        if epoch == stop:
            raise KeyboardInterrupt

    file = tmp_path / "run.pt"
    assert train(other, test=pictures(9, 2), on_epoch=interrupt, checkpoint=file, **options).interrupted
    resumed = train(other, test=pictures(9, 2), checkpoint=file, **options)
    assert resumed.test_loss == uninterrupted.test_loss
    assert torch.equal(weights(other), weights(whole))


def test_another_number_of_epochs_is_another_schedule(tmp_path):
    train(vae(), epochs=2, schedule="cosine", checkpoint=tmp_path / "run.pt")
    with pytest.raises(lib.InputError, match="was made with epochs = 2, not 3"):
        train(vae(), epochs=3, schedule="cosine", checkpoint=tmp_path / "run.pt")


# pictures moved by a pixel


def test_each_picture_moves_by_a_pixel_at_most_and_keeps_its_pixels(generator):
    x = torch.rand(500, 25, generator=generator)
    moved = shift_pixels(x, 1.0, generator).view(-1, 5, 5)
    found = set()
    for before, after in zip(x.view(-1, 5, 5), moved, strict=True):
        steps = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if torch.equal(before.roll((-i, -j), (0, 1)), after)]
        assert len(steps) == 1
        found.add(steps[0])
    assert len(found) == 9  # each of nine in 500 draws: missed once in 10²⁴ runs


def test_the_share_that_moves(generator):
    """8 of 9 draws move; at a share of 0.3 the count of 3,000 has a standard deviation of 24: 5 of it either way."""
    x = torch.rand(3000, 16, generator=generator)
    moved = (shift_pixels(x, 0.3, generator) != x).any(1).sum().item()
    assert abs(moved - 3000 * 0.3 * 8 / 9) < 5 * 24
    assert torch.equal(shift_pixels(x, 0.0, generator), x)


def test_shifts_need_square_pictures():
    with pytest.raises(lib.InputError, match="are no square picture"):
        shift_pixels(torch.rand(2, 6), 0.5)
    with pytest.raises(lib.InputError, match="moves square pictures, and 6 pixels are none"):
        train(vae(), shifted=0.5)


def test_training_on_moved_pictures_is_another_run():
    model, same = lib.VAE(4, 2, (5,), generator=seeded()), lib.VAE(4, 2, (5,), generator=seeded())
    x = torch.rand(40, 4, generator=seeded(1))
    options = {"epochs": 2, "batch_size": 16, "progress": False, "device": "cpu"}
    fit(model, x, lib.TrainConfig(**options, shifted=1.0))
    fit(same, x, lib.TrainConfig(**options))
    assert not torch.equal(weights(model), weights(same))
