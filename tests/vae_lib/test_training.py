"""Training: repeats by its seed, goes on from a checkpoint, survives Ctrl-C, and says what is wrong."""

import math
import resource
import signal
import threading
import time

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

import vae_lib as lib
from vae_lib.checkpoint import Checkpoint
from vae_lib.training import UNITS, History, TrainConfig, TrainingDiverged, fit, pick_device

QUIET = {"epochs": 3, "batch_size": 16, "progress": False, "device": "cpu"}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(n: int = 40, seed: int = 1) -> torch.Tensor:
    return torch.rand(n, 6, generator=seeded(seed))


def vae(**options) -> lib.VAE:
    return lib.VAE(6, 2, (5,), generator=seeded(), **options)


def autoencoder() -> lib.Autoencoder:
    return lib.Autoencoder(6, 2, (5,), generator=seeded())


MODELS = {
    "vae": vae,
    "autoencoder": autoencoder,
    "gaussian": lambda: vae(likelihood=lib.Gaussian(0.5)),
    "identity": lambda: vae(likelihood=lib.Gaussian(0.5, "identity")),
}
OPTIONS = {
    "plain": {},
    "dynamic": {"dynamic_binarization": True},
    "samples": {"n_samples": 3},
    "weights": {"beta": 0.0, "reconstruction_weight": 2.0},
}


def train(model, *, data=None, test=None, on_epoch=None, checkpoint=None, **options) -> History:
    data = pictures() if data is None else data
    return fit(model, data, TrainConfig(**QUIET | options), test=test, on_epoch=on_epoch, checkpoint=checkpoint)


def weights(model) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def numbers(history: History) -> list[list[float]]:
    """All but the wall time."""
    return [column for name, column in history._asdict().items() if name not in ("seconds", "interrupted")]


# ---------------------------------------------------------------- the same numbers again


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_seed_repeats_a_run_to_the_bit(make, options):
    one, two = make(), make()
    first = train(one, test=pictures(9, 2), **options)
    torch.manual_seed(99)  # the global state plays no part
    second = train(two, test=pictures(9, 2), **options)
    assert numbers(first) == numbers(second)
    assert torch.equal(weights(one), weights(two))
    assert [len(column) for column in first[:7]] == [3] * 7


def test_another_seed_is_another_run_and_the_global_state_is_left_alone():
    one, two = vae(), vae()
    before = torch.get_rng_state()
    first, second = train(one, test=pictures(9, 2)), train(two, test=pictures(9, 2), seed=1)
    assert first.loss != second.loss
    assert first.test_loss != second.test_loss
    assert not torch.equal(weights(one), weights(two))
    assert torch.equal(before, torch.get_rng_state())


def test_test_data_and_callbacks_change_nothing_in_training():
    one, two = vae(), vae()
    alone = train(one)
    watched = train(two, test=pictures(9, 2), on_epoch=lambda epoch, model, history: model.eval())
    assert alone.loss == watched.loss
    assert torch.equal(weights(one), weights(two))
    assert alone.test_loss == alone.test_kl == []


# ---------------------------------------------------------------- the right numbers


def still(**options):
    """A step so small that no float32 weight moves: history is then one pass over the starting model."""
    return {"epochs": 1, "learning_rate": 1e-30, **options}


@pytest.mark.parametrize("batch_size", [1, 16, 40, 1000])
def test_history_weighs_examples_alike_whatever_the_last_batch_holds(batch_size):
    model, x = autoencoder(), pictures()
    expected = ((x - model.reconstruct(x)) ** 2).sum(1).mean().item()
    history = train(model, test=x, batch_size=batch_size, **still())
    assert history.loss == pytest.approx([expected])
    assert history.test_loss == pytest.approx([expected])
    assert history.kl == history.test_kl == [0]


def test_loss_is_the_two_terms_by_their_weights():
    history = train(vae(), test=pictures(9, 2), beta=3.0, reconstruction_weight=0.5)
    for prefix in ("", "test_"):
        loss, reconstruction, kl = (getattr(history, prefix + name) for name in ("loss", "reconstruction", "kl"))
        assert loss == pytest.approx([0.5 * r + 3 * k for r, k in zip(reconstruction, kl, strict=True)])
        assert min(kl) > 0


@pytest.mark.parametrize("batch_size", [40, 1000])
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_one_step_is_adams_by_hand(make, batch_size):
    """Adam's first step moves each weight by the learning rate against the sign of its gradient."""
    model, other, x = make(), make(), pictures()
    start, generator = weights(model), seeded()
    order = torch.randperm(len(x), generator=generator)
    eps = torch.randn(1, len(x), 2, generator=generator)
    mean = (model.likelihood if isinstance(model, lib.VAE) else None) and model.likelihood.mean
    if mean is None:
        loss = ((x[order] - other.reconstruct(x[order])) ** 2).sum(1).mean()
    else:
        mu, logvar = other.encode(x[order])
        logits = other.decode(mu + torch.exp(logvar / 2) * eps)[0]
        pixel = mean(logits)
        coins = -(x[order] * pixel.log() + (1 - x[order]) * (1 - pixel).log())
        bell = (x[order] - pixel) ** 2 / (2 * 0.25)
        cost = coins if isinstance(model.likelihood, lib.Bernoulli) else bell
        loss = (cost.sum(1) + 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(1)).mean()
    loss.backward()
    gradient = torch.cat([p.grad.flatten() for p in other.parameters()])
    train(model, batch_size=batch_size, epochs=1, learning_rate=1e-3)
    clear = gradient.abs() > 1e-4  # beside it Adam's epsilon and rounding show
    assert clear.float().mean() > 0.3
    torch.testing.assert_close((weights(model) - start)[clear], -1e-3 * gradient.sign()[clear], rtol=1e-2, atol=0)


def test_frozen_parts_stay_and_the_rest_trains():
    model = vae()
    model.decoder.requires_grad_(False)
    encoder, decoder = weights(model.encoder), weights(model.decoder)
    train(model)
    assert torch.equal(weights(model.decoder), decoder)
    assert not torch.equal(weights(model.encoder), encoder)


def test_double_precision_and_no_grad_outside():
    model = vae().double()
    with torch.no_grad():
        history = train(model, data=pictures().double(), test=pictures(9, 2).double())
    assert weights(model).dtype == torch.float64
    assert history.loss[-1] < history.loss[0]


def test_dynamic_binarization_trains_on_coins():
    x, seen = torch.full((64, 6), 0.5), []
    model = vae()
    model.encoder.register_forward_pre_hook(lambda module, given: seen.append(given[0].clone()))
    train(model, data=x, dynamic_binarization=True, epochs=2, batch_size=64)
    assert len(seen) == 2
    for drawn in seen:
        assert set(drawn.unique().tolist()) == {0.0, 1.0}
        assert abs(drawn.mean().item() - 0.5) < 5 * 0.5 / math.sqrt(64 * 6)  # 5 errors: fails once in 1.7 million
    assert not torch.equal(seen[0], seen[1])


@pytest.mark.slow
def test_a_linear_vae_reaches_the_evidence_of_linear_gaussian_data():
    """W has orthogonal columns, so the posterior is diagonal and the bound can be tight.

    At the optimum the ELBO is the evidence: at least the true parameters' mean log p(x), up to the 0.02 nats that Adam
    leaves, and at most that of scikit-learn's maximum likelihood, which fits the noise as well. The standard error is
    that of the mean over 400 draws of all noise; 5 of them fail once in 1.7 million runs.
    """
    generator = seeded(3)
    W = torch.tensor([[2.0, 0, 0, 1, 0], [0, 1.5, 0, 0, 0.5]]).T
    x, _ = lib.LinearGaussian(W, torch.zeros(5), 0.25).sample(1000, generator)
    model = lib.VAE(5, 2, (), lib.Gaussian(0.5, "identity"), generator=generator)
    for learning_rate in (2e-2, 2e-3, 2e-4):
        train(model, data=x, epochs=40, batch_size=100, learning_rate=learning_rate, n_samples=8)
    with torch.no_grad():
        draws = torch.stack([lib.elbo_terms(model, x, generator=generator).elbo.mean() for _ in range(400)])
    elbo, error = draws.mean().item(), draws.std().item() / math.sqrt(len(draws))
    best = PCA(2).fit(x.numpy().astype(np.float64)).score(x.numpy())
    known = lib.LinearGaussian(W, torch.zeros(5), 0.25).log_marginal(x).mean().item()
    assert error < 0.002
    assert known - 0.02 - 5 * error < elbo < best + 5 * error
    assert best < known + 0.02


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_training_lowers_the_loss(make):
    history = train(make(), test=pictures(9, 2), epochs=40, learning_rate=1e-2)
    assert history.loss[-1] < history.loss[0]
    assert history.test_loss[-1] < history.test_loss[0]


def test_a_last_batch_of_one_and_data_of_one():
    assert len(train(vae(), data=pictures(17)).loss) == 3
    assert len(train(vae(), data=pictures(1), test=pictures(1)).test_loss) == 3


# ---------------------------------------------------------------- watching and stopping


def test_on_epoch_sees_each_epoch_once_with_its_history():
    seen, model = [], vae()

    def look(epoch, given, history):
        seen.append((epoch, given is model, [len(column) for column in history[:7]], history.interrupted))

    final = train(model, test=pictures(9, 2), on_epoch=look)
    assert seen == [(k, True, [k] * 7, False) for k in (1, 2, 3)]
    assert not final.interrupted
    assert all(second > 0 for second in final.seconds)


def test_a_history_kept_from_an_epoch_is_not_changed_later():
    kept = []
    train(vae(), on_epoch=lambda epoch, model, history: kept.append(history))
    assert [len(history.loss) for history in kept] == [1, 2, 3]


def test_a_callback_may_use_the_model_and_its_checks():
    def look(epoch, model, history):
        model.sample(2, seeded())
        with pytest.raises(lib.InputError):
            model.encode(torch.full((2, 6), math.nan))

    train(vae(), on_epoch=look)


def stop_after(epochs):
    def stop(epoch, model, history):
        if epoch == epochs:
            raise KeyboardInterrupt

    return stop


def stop_at_step(model, step):
    """Raise KeyboardInterrupt in the middle of an epoch: at the encoder's `step`-th call."""
    calls = iter(range(1, 10_000))

    def hook(module, given):
        if next(calls) == step:
            raise KeyboardInterrupt

    return model.encoder.register_forward_pre_hook(hook)


def test_interrupt_from_a_callback_returns_the_epochs_done():
    history = train(vae(), test=pictures(9, 2), on_epoch=stop_after(2))
    assert history.interrupted
    assert [len(column) for column in history[:7]] == [2] * 7


@pytest.mark.parametrize(("step", "whole"), [(1, 0), (2, 0), (4, 0), (5, 1), (8, 1), (10, 2)])
def test_interrupt_within_an_epoch_leaves_whole_epochs_and_a_model_to_use(step, whole):
    model = vae()
    hook = stop_at_step(model, step)
    history = train(model, test=pictures(9, 2))  # 3 steps and 1 test batch an epoch
    hook.remove()
    assert history.interrupted
    assert [len(column) for column in history[:7]] == [whole] * 7
    assert numbers(history) == [column[:whole] for column in numbers(train(vae(), test=pictures(9, 2)))]
    assert model.reconstruct(pictures()).isfinite().all()
    assert all(p.grad is None for p in model.parameters())
    assert model.training
    assert len(train(model).loss) == 3


@pytest.fixture
def heeds_ctrl_c():
    """As in a terminal: a suite that was started in the background ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_itself_stops_a_run(heeds_ctrl_c):
    press = threading.Timer(0.2, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT))
    history = train(vae(), epochs=1_000_000, on_epoch=lambda epoch, *_: press.start() if epoch == 1 else None)
    press.join()
    assert history.interrupted
    assert 0 < len(history.loss) == len(history.kl) == len(history.seconds)


def test_other_errors_of_a_callback_come_through_and_leave_the_model_as_it_was_found():
    def fail(epoch, model, history):
        raise LookupError("mine")

    model = vae().eval()
    with pytest.raises(LookupError, match="mine"):
        train(model, on_epoch=fail)
    assert not model.training
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize("training", [True, False])
def test_model_comes_back_in_its_mode_and_trains_in_the_right_one(training):
    model, modes = vae().train(training), []
    model.encoder.register_forward_pre_hook(lambda module, given: modes.append(module.training))
    train(model, test=pictures(9, 2), on_epoch=lambda epoch, model, history: model.eval())
    assert model.training == model.encoder.training == training
    assert modes == [True, True, True, False] * 3


@pytest.mark.parametrize("true", [True, np.True_, torch.tensor(True), np.float32(2) > 1])
def test_on_epoch_ends_a_run_by_a_true_of_any_library(true):
    assert len(train(vae(), epochs=3, on_epoch=lambda *_: true).loss) == 1


@pytest.mark.parametrize("other", [None, False, np.False_, torch.tensor(False), 1, "stop", torch.ones(2)])
def test_what_else_on_epoch_returns_ends_no_run(other):
    assert len(train(vae(), epochs=3, on_epoch=lambda *_: other).loss) == 3


def test_on_epoch_ends_a_run_by_saying_true():
    history = train(vae(), epochs=5, on_epoch=lambda epoch, model, history: epoch == 2)
    assert len(history.loss) == 2
    assert not history.interrupted
    assert len(train(vae(), epochs=3, on_epoch=lambda epoch, model, history: epoch).loss) == 3


# ---------------------------------------------------------------- checkpoints


def test_a_tilde_is_the_readers_home_in_every_path(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    train(vae(), checkpoint="~/run.pt")
    assert (tmp_path / "run.pt").exists()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "run.pt"


def displaced(make):
    """A model of the same kind with other weights: the checkpoint's must replace them."""
    model = make()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(1)
    return model


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_resumed_run_is_the_uninterrupted_one_to_the_bit(make, options, file):
    whole, first, second = make(), make(), displaced(make)
    uninterrupted = train(whole, test=pictures(9, 2), epochs=4, **options)
    train(first, test=pictures(9, 2), epochs=2, checkpoint=file, **options)
    resumed = train(second, test=pictures(9, 2), epochs=4, checkpoint=str(file), **options)
    assert numbers(resumed) == numbers(uninterrupted)
    assert torch.equal(weights(second), weights(whole))


@pytest.mark.parametrize("step", [2, 4, 6, 8])
def test_a_run_stopped_within_an_epoch_resumes_to_the_same_bits(step, file):
    whole, model = vae(), vae()
    uninterrupted = train(whole, test=pictures(9, 2))
    hook = stop_at_step(model, step)
    assert train(model, test=pictures(9, 2), checkpoint=file).interrupted
    hook.remove()
    resumed = train(model, test=pictures(9, 2), checkpoint=file)
    assert numbers(resumed) == numbers(uninterrupted)
    assert torch.equal(weights(model), weights(whole))
    assert not resumed.interrupted


def test_callbacks_count_on_after_a_resume_and_a_finished_run_only_loads(file):
    train(vae(), epochs=2, checkpoint=file)
    seen, model = [], vae()
    train(model, epochs=3, checkpoint=file, on_epoch=lambda epoch, model, history: seen.append(epoch))
    assert seen == [3]
    loaded = displaced(vae)
    history = train(loaded, epochs=3, checkpoint=file, on_epoch=lambda *_: seen.append("called"))
    assert seen == [3]
    assert len(history.loss) == 3
    assert torch.equal(weights(loaded), weights(model))


def test_of_epochs_shorter_than_the_saving_several_are_saved_at_once(file, monkeypatch):
    written, write = [], Checkpoint._write

    def slowly(self):
        written.append(len(self.run.history.loss))
        time.sleep(0.02)
        write(self)

    monkeypatch.setattr(Checkpoint, "_write", slowly)
    train(vae(), epochs=30, checkpoint=file)
    assert written[0] == 0
    assert written[-1] == 30  # the last epoch is never left out
    assert len(written) < 20
    assert len(train(vae(), epochs=30, checkpoint=file).loss) == 30
    assert len(written) < 20  # what the file has is not written again


def test_checkpoint_folders_are_made_and_nothing_else_is_left(tmp_path):
    train(vae(), checkpoint=tmp_path / "a" / "b" / "run.pt")
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["run.pt"]


def test_epochs_progress_and_device_may_change_on_resume(file):
    train(vae(), epochs=1, checkpoint=file)
    assert len(train(vae(), epochs=2, checkpoint=file, device=str(pick_device("cpu"))).loss) == 2


CHANGES = {
    "batch_size": {"batch_size": 8},
    "learning_rate": {"learning_rate": 1e-2},
    "beta": {"beta": 2.0},
    "reconstruction_weight": {"reconstruction_weight": 2.0},
    "n_samples": {"n_samples": 2},
    "dynamic_binarization": {"dynamic_binarization": True},
    "seed": {"seed": 5},
    "data": {"data": pictures(seed=7)},
    "test": {"test": pictures(9, 2)},
}


@pytest.mark.parametrize(("name", "change"), CHANGES.items(), ids=CHANGES)
def test_a_checkpoint_of_another_run_is_refused(name, change, file):
    train(vae(), checkpoint=file)
    model = vae()
    with pytest.raises(lib.InputError, match=f"was made with {name} = .*, not .*; use another file") as caught:
        train(model, checkpoint=file, **change)
    assert "\n" not in str(caught.value)
    assert torch.equal(weights(model), weights(vae()))


OTHERS = {
    "sizes": lambda: lib.VAE(6, 3, (5,)),
    "depth": lambda: lib.VAE(6, 2, (5, 5)),
    "likelihood": lambda: vae(likelihood=lib.Gaussian(1.0)),
    "class": autoencoder,
}


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_a_checkpoint_of_another_model_is_refused(make, file):
    train(vae(), checkpoint=file)
    with pytest.raises(lib.InputError, match=r"was made with model = VAE\(n_pixels=6, latent_dim=2, .* use another"):
        train(make(), checkpoint=file)


def test_a_checkpoint_of_another_precision_is_refused(file):
    train(vae(), checkpoint=file)
    with pytest.raises(lib.InputError, match=r"in torch.float32, not VAE.* in torch.float64"):
        train(vae().double(), data=pictures().double(), checkpoint=file)


def test_a_checkpoint_with_more_epochs_than_asked_for_is_refused(file):
    train(vae(), checkpoint=file)
    with pytest.raises(lib.InputError, match="was made with 3 epochs, more than the 2 asked for"):
        train(vae(), epochs=2, checkpoint=file)


def cut(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file):
    content = bytearray(file.read_bytes())
    content[: len(content) // 2] = b"x" * (len(content) // 2)
    file.write_bytes(content)


def change(**parts):
    def spoil(file):
        torch.save(torch.load(file, weights_only=True) | parts, file)

    return spoil


DAMAGE = {
    "cut": cut,
    "empty": lambda file: file.write_bytes(b""),
    "overwritten": flip,
    "text": lambda file: file.write_text("a note to myself"),
    "another object": lambda file: torch.save([1, 2, 3], file),
    "a model's weights": lambda file: torch.save(vae().state_dict(), file),
    "a pickle of code": lambda file: torch.save(seeded, file),
    "identity": change(identity=3),
    "weights": change(model={"one": torch.zeros(1)}),
    "optimizer": change(optimizer={"state": {}}),
    "generator": change(generator=torch.zeros(3, dtype=torch.uint8)),
    "history": change(history={"loss": [], "accuracy": []}),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.parametrize("spoil", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_or_foreign_file_is_refused_and_kept(spoil, file):
    train(vae(), checkpoint=file)
    spoil(file)
    before = file.is_file() and file.read_bytes()
    with pytest.raises(lib.InputError, match=r"is not a whole checkpoint of vae_lib.fit; delete it or use") as caught:
        train(vae(), checkpoint=file)
    assert "\n" not in str(caught.value)
    assert (file.is_file() and file.read_bytes()) == before


def test_a_half_written_file_beside_the_checkpoint_does_no_harm(file):
    train(vae(), epochs=1, checkpoint=file)
    file.with_name("run.pt.part").write_bytes(b"half")
    assert len(train(vae(), epochs=2, checkpoint=file).loss) == 2


def test_a_path_that_cannot_be_written_is_known_before_training(tmp_path):
    (tmp_path / "note").write_text("a file")
    model = vae()
    with pytest.raises(lib.InputError, match=r"note/run.pt could not be written \(.+\); the model keeps") as caught:
        train(model, checkpoint=tmp_path / "note" / "run.pt")
    assert "\n" not in str(caught.value)
    assert torch.equal(weights(model), weights(vae()))


def test_a_full_disk_is_one_sentence_and_the_old_checkpoint_stays(file):
    train(vae(), epochs=1, checkpoint=file)
    before, limits = file.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    model = vae()
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # a write beyond 1000 bytes fails, as when full
        with pytest.raises(lib.InputError, match=r"run.pt could not be written \(.+\); the model keeps") as caught:
            train(model, epochs=3, checkpoint=file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(caught.value)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["run.pt"]
    assert not torch.equal(weights(model), weights(vae()))
    assert len(train(vae(), epochs=3, checkpoint=file).loss) == 3


# ---------------------------------------------------------------- NaN


def poison(model, step):
    """Make the `step`-th loss NaN, by the encoder's output."""
    calls = iter(range(1, 10_000))

    def hook(module, given, output):
        return (output[0] * math.nan, output[1]) if next(calls) == step else None

    return model.encoder.register_forward_hook(hook)


@pytest.mark.parametrize(("step", "where"), [(1, "step 1 of epoch 1 (step 1"), (8, "step 2 of epoch 3 (step 8")])
def test_nan_names_step_and_epoch(step, where):
    model = vae()
    poison(model, step)
    with pytest.raises(TrainingDiverged) as caught:
        train(model)
    assert f"NaN or infinite at {where} of the run); try a smaller learning_rate" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nan_after_a_resume_counts_from_the_start_and_spares_the_checkpoint(file):
    train(vae(), epochs=2, checkpoint=file)
    before, model = file.read_bytes(), vae()
    poison(model, 3)
    with pytest.raises(TrainingDiverged, match=r"step 3 of epoch 3 \(step 9 of the run\)"):
        train(model, epochs=4, checkpoint=file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("make", [vae, autoencoder])
def test_a_far_too_large_learning_rate_is_named(make):
    with pytest.raises(TrainingDiverged, match=r"NaN or infinite at step .* try a smaller learning_rate"):
        train(make(), learning_rate=1e38, epochs=20)


def test_weights_that_the_last_step_spoils_are_seen():
    model = vae()
    with pytest.raises(TrainingDiverged, match="The weights are NaN or infinite at step 1 of epoch 1"):
        train(model, data=pictures(1), epochs=1, learning_rate=1e39)


def test_a_notebook_shows_nan_as_one_sentence():
    model = vae()
    poison(model, 1)
    with pytest.raises(TrainingDiverged) as caught:
        train(model)
    shown = caught.value._render_traceback_()
    assert shown[-1].startswith("TrainingDiverged: The loss is NaN")
    assert len(shown) <= 2


# ---------------------------------------------------------------- devices


def test_devices_by_name():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda", "mps")
    auto = train(vae(), device="auto")
    assert len(auto.loss) == 3


@pytest.mark.parametrize(("cuda", "mps", "kind"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")])
def test_auto_takes_cuda_then_mps_then_cpu(cuda, mps, kind, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device("auto").type == kind


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "meta", "", "cpu:x"])
def test_an_unknown_device_is_one_sentence_and_moves_nothing(name):
    model = vae()
    with pytest.raises(lib.InputError, match=f"no device '{name}'; use device='auto' or 'cpu'") as caught:
        train(model, device=name)
    assert "\n" not in str(caught.value)
    assert weights(model).device.type == "cpu"


@pytest.mark.gpu
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_gpu_trains_the_same_model_and_gives_it_back(make, file):
    on_gpu, on_cpu, again = make(), make(), make()
    options = {"epochs": 60, "learning_rate": 1e-2, "test": pictures(9, 2)}
    history = train(on_gpu, device="cuda", **options)
    assert weights(on_gpu).device.type == "cpu"
    reference = train(on_cpu, **options)  # other noise, the same optimum
    assert history.loss[-1] == pytest.approx(reference.loss[-1], rel=0.2)
    train(again, device="cuda", checkpoint=file, **options | {"epochs": 30})
    assert numbers(train(again, device="cuda", checkpoint=file, **options)) == pytest.approx(numbers(history))
    with pytest.raises(lib.InputError, match="was made with device = cuda, not cpu"):
        train(make(), checkpoint=file, **options)


# ---------------------------------------------------------------- progress


def test_progress_is_on_stderr_or_nowhere(capfd):
    train(vae(), progress=True)
    shown = capfd.readouterr()
    assert "epochs" in shown.err
    assert "3/3" in shown.err
    assert "loss=" in shown.err
    train(vae(), progress=False)
    quiet = capfd.readouterr()
    assert shown.out == quiet.out == quiet.err == ""


def test_progress_counts_on_after_a_resume(capfd, file):
    train(vae(), epochs=2, checkpoint=file)
    train(vae(), epochs=3, checkpoint=file, progress=True)
    assert "3/3" in capfd.readouterr().err


# ---------------------------------------------------------------- what is refused

BAD_DATA = {
    "none": (None, "fit: data must be a torch tensor, not NoneType"),
    "list": ([[0.5] * 6], "fit: data must be a torch tensor, not list"),
    "numpy": (np.zeros((4, 6)), "fit: data must be a torch tensor, not ndarray"),
    "integers": (
        torch.zeros(4, 6, dtype=torch.uint8),
        r"data must be floating point, not torch.uint8; call",
    ),
    "flat": (torch.rand(6), r"data must have shape \(N, P\), not \(6,\)"),
    "square pictures": (torch.rand(4, 2, 3), r"data must have shape \(N, P\), not \(4, 2, 3\)"),
    "empty": (torch.rand(0, 6), r"data is empty, its shape is \(0, 6\)"),
    "columns": (torch.rand(4, 7), "the model has 6 pixels, data has 7 columns"),
    "nan": (torch.full((4, 6), math.nan), "data has 24 of 24 values that are NaN or infinite"),
    "range": (torch.rand(4, 6) * 255 + 1, r"Bernoulli likelihood data must lie in \[0, 1\], it runs from"),
    "negative": (torch.rand(4, 6) - 1, r"data must lie in \[0, 1\]"),
    "precision": (torch.rand(4, 6).double(), "data is torch.float64, the model is torch.float32"),
}


@pytest.mark.parametrize(("data", "sentence"), BAD_DATA.values(), ids=BAD_DATA)
def test_bad_data_is_refused_in_one_sentence(data, sentence):
    with pytest.raises(lib.InputError, match=sentence) as caught:
        fit(vae(), data, TrainConfig(**QUIET))
    assert "\n" not in str(caught.value)


BAD_TEST = {
    "columns": (torch.rand(4, 7), "test must have shape .*: data has P = 6"),
    "list": ([[0.5] * 6], "test must be a torch tensor, not list"),
    "empty": (torch.rand(0, 6), "test is empty"),
    "nan": (torch.full((4, 6), math.inf), "test has 24 of 24 values that are NaN or infinite"),
    "range": (torch.rand(4, 6) + 1, r"Bernoulli likelihood test must lie in \[0, 1\]"),
    "precision": (torch.rand(4, 6).double(), "data is torch.float32 and test is torch.float64"),
}


@pytest.mark.parametrize(("test", "sentence"), BAD_TEST.values(), ids=BAD_TEST)
def test_bad_test_data_is_refused_in_one_sentence(test, sentence):
    with pytest.raises(lib.InputError, match=sentence) as caught:
        train(vae(), test=test)
    assert "\n" not in str(caught.value)


def test_coins_cannot_be_drawn_from_values_outside_the_unit_interval():
    with pytest.raises(lib.InputError, match=r"with dynamic_binarization data must lie in \[0, 1\]"):
        train(autoencoder(), data=pictures() * 3, dynamic_binarization=True)


class Middle(torch.nn.Module):
    """A model from elsewhere: one vector, at half the squared distance of the data."""

    def __init__(self, width):
        super().__init__()
        self.vector = torch.nn.Parameter(torch.zeros(width))

    def loss_terms(self, x, n_samples=1, generator=None):
        loss = 0.5 * (x - self.vector).square().sum(1)
        return lib.ElboTerms(loss, torch.zeros_like(loss))


def test_a_model_from_elsewhere_need_not_say_how_many_columns_it_takes():
    model, x = Middle(7), pictures(40).repeat(1, 2)[:, :7]
    fit(model, x, TrainConfig(**QUIET | {"epochs": 100, "learning_rate": 0.05, "batch_size": 40}))
    assert torch.allclose(model.vector, x.mean(0), atol=0.01)


@pytest.mark.parametrize("name", UNITS)
def test_the_columns_that_a_model_says_it_takes_are_asked_for(name):
    model = Middle(6)
    setattr(model, name, 6)
    with pytest.raises(lib.InputError, match=f"the model has 6 {UNITS[name]}, data has 7 columns"):
        fit(model, torch.rand(4, 7), TrainConfig(**QUIET))
    assert not model.vector.any()


@pytest.mark.parametrize("model", [torch.nn.Linear(6, 6), None, lib.VAE])
def test_other_models_are_refused(model):
    with pytest.raises(lib.InputError, match="fit: model must be a VAE or an Autoencoder, not"):
        train(model)


def test_a_model_without_anything_to_train_is_refused():
    with pytest.raises(lib.InputError, match="no parameter of the model requires a gradient"):
        train(vae().requires_grad_(False))


def test_another_configuration_is_refused():
    with pytest.raises(lib.InputError, match="config must be a TrainConfig, not dict"):
        fit(vae(), pictures(), {"epochs": 3})


COUNTS = [0, -1, 1.5, 2.0, "3", True, None, math.nan]
REALS = [-1.0, math.nan, math.inf, "0.1", True, None]
BAD_CONFIG = [
    *[(name, value) for name in ("epochs", "batch_size", "n_samples") for value in COUNTS],
    *[("seed", value) for value in COUNTS if value != 0 or isinstance(value, float)],
    *[(name, value) for name in ("learning_rate", "beta", "reconstruction_weight") for value in REALS],
    ("learning_rate", 0),
    ("learning_rate", 0.0),
    *[(name, value) for name in ("dynamic_binarization", "progress") for value in (1, 0, "yes", None, math.nan)],
    *[("device", value) for value in (0, None, True, math.nan, torch.device("cpu"))],
]


@pytest.mark.parametrize(("name", "value"), BAD_CONFIG)
def test_each_bad_field_is_refused_by_name(name, value):
    with pytest.raises(lib.InputError, match=f"TrainConfig: {name} must be .*, not ") as caught:
        TrainConfig(**{name: value})
    assert "\n" not in str(caught.value)


def test_both_weights_cannot_be_0_but_either_can():
    with pytest.raises(lib.InputError, match="the two weights must not both be 0"):
        TrainConfig(beta=0, reconstruction_weight=0)
    assert TrainConfig(beta=0).reconstruction_weight == TrainConfig(reconstruction_weight=0.0).beta == 1


def test_a_configuration_cannot_be_changed():
    with pytest.raises(AttributeError):
        TrainConfig().epochs = 3
