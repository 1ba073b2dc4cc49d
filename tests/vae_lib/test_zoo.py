"""The zoo: every entry loads without data, says the truth about itself, and is refused once a bit of it has changed."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy_with_logits, conv2d, max_pool2d
from torch.testing import assert_close

import vae_lib as lib
from tests.test_imports import HEAVY, ROOT
from tests.tiny_mnist import one_sentence, write
from vae_lib import data, mnist, zoo
from vae_lib.checks import InputError
from vae_lib.classifier import Classifier
from vae_lib.zoo import training
from vae_lib.zoo.__main__ import main
from vae_lib.zoo.card import last_gain

FAMILY = [
    "ae-{}-2d",
    "ae-{}-4d",
    "ae-{}-8d",
    "ae-{}-30d",
    "vae-{}-2d",
    "vae-{}-5d",
    "vae-{}-8d",
    "vae-{}-10d",
    "vae-{}-20d",
]
FAMILY += ["vae-{}-gaussian", "classifier-{}"]
NAMES = [name.format(kind) for kind in ("mnist", "digits") for name in FAMILY]
CHAPTERS = list(zoo.chapters.CHAPTERS)
CODED = [name for name in NAMES if not name.startswith("classifier")]
VAES = [name for name in NAMES if name.startswith("vae")]
NAME = "vae-mnist-2d"
KINDS = {"ae": lib.Autoencoder, "vae": lib.VAE, "classifier": Classifier}
CARD = ["name", "summary", "command", "data", "image_shape", "architecture", "training", "test", "parameters"]
CARD += ["dtype", "torch", "threads", "bytes", "sha256"]
STILL_GAINING = {"ae-mnist-2d", "ae-mnist-8d", "ae-mnist-30d", "ae-digits-30d", "vae-mnist-gaussian"}
STILL_GAINING |= {"classifier-mnist"}
MOST_BYTES, MOST_BYTES_OF_CHAPTERS = 16e6, 12e6
HALF = 2.0**-10  # float16 has 11 significant bits; rounding costs at most half of the last


def files(folder, name=NAME):
    return folder / f"{name}.safetensors", folder / f"{name}.json"


@pytest.fixture
def copied(tmp_path):
    """One entry in a folder where it may be damaged."""
    for path in files(zoo.HOME):
        shutil.copy(path, tmp_path)
    return tmp_path


def check_refused(folder, name=NAME):
    with pytest.raises(InputError) as caught:
        zoo.load(name, folder)
    text = str(caught.value)
    assert one_sentence(text.replace(str(folder), "FOLDER"))
    assert f'`python -m vae_lib.zoo train {name} --folder "{folder}"`' in text
    return text


def numpy_forward(x, tensors, part):
    """The layers of `part` by hand: W h + b, and max(0, ·) between them."""
    found = {key: value.float().numpy() for key, value in tensors.items() if key.startswith(part)}
    weights = [found[key] for key in sorted(found) if key.endswith("weight")]
    biases = [found[key] for key in sorted(found) if key.endswith("bias")]
    for i, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        x = (np.maximum(x, 0) if i else x) @ weight.T + bias
    return x


# what comes with the library


def test_the_names():
    assert list(zoo.names()) == [*NAMES, *CHAPTERS]


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_loads(name):
    entry, (kind, of, _) = zoo.load(name), f"{name}-".split("-")[:3]
    shape, n = ((28, 28), 2000) if of == "mnist" else ((8, 8), 297)
    assert type(entry.model) is KINDS[kind]
    assert not entry.model.training
    assert (entry.model.n_pixels, entry.image_shape) == (shape[0] * shape[1], shape)
    assert {p.dtype for p in entry.model.parameters()} == {torch.float32}
    assert name in repr(entry)
    assert len(repr(entry)) < 120
    if kind == "classifier":
        assert entry.codes.numel() == entry.labels.numel() == entry.errors.numel() == 0
        return
    assert entry.model.latent_dim == (10 if name.endswith("gaussian") else int(name.split("-")[-1][:-1]))
    assert (entry.codes.shape, entry.codes.dtype) == ((n, entry.model.latent_dim), torch.float32)
    assert (entry.labels.shape, entry.labels.dtype) == ((n,), torch.int64)
    assert entry.labels.unique().tolist() == list(range(10))
    assert (entry.errors.shape, entry.errors.dtype) == ((n,), torch.float32)
    if of == "mnist":
        assert entry.labels[:8].tolist() == [7, 2, 1, 0, 4, 1, 4, 9]  # MNIST's first test pictures


@pytest.mark.parametrize("name", CHAPTERS)
def test_an_entry_of_a_chapter_loads(name):
    entry, recipe = zoo.load(name), zoo.RECIPES[name]
    assert type(entry.model) is recipe.model
    assert not entry.model.training
    assert {p.dtype for p in entry.model.parameters()} == {torch.float32}
    assert len(repr(entry)) < 120
    assert len(entry.codes) == len(entry.labels) or not len(entry.labels)
    json.dumps(recipe.sizes)


@pytest.mark.parametrize("name", [*NAMES, *CHAPTERS])
def test_a_card_says_how_it_was_made(name):
    card, content = zoo.load(name).card, files(zoo.HOME, name)[0].read_bytes()
    assert card["command"] == f"python -m vae_lib.zoo train {name}"
    assert card["sha256"] == hashlib.sha256(content).hexdigest()
    assert card["bytes"] == len(content)
    assert card["parameters"] == sum(p.numel() for p in zoo.load(name).model.parameters())
    assert list(card) == CARD
    assert all(f"{key}_se" in card["test"] for key in ("squared_error", "elbo", "error_percent") if key in card["test"])


@pytest.mark.parametrize("name", [*NAMES, *CHAPTERS])
def test_a_model_was_trained_until_a_round_gained_little_or_its_rounds_were_used_up(name):
    rounds = zoo.load(name).card["training"]["rounds"]
    assert len(rounds) > 1  # one round alone cannot show that a longer one gains no more
    best = [one["best"] for one in rounds]
    first = zoo.RECIPES[name].epochs
    assert [one["epochs"] for one in rounds] == [first * 2**k for k in range(len(rounds))]
    for one in rounds:
        assert len(one["curve"]) == one["epochs"] // one["every"] <= 40
        assert one["best"] <= min(one["curve"]) + 0.005
    gains = [(a - b) / abs(a) for a, b in pairwise(best)]
    assert all(gain >= training.LEAST_GAIN for gain in gains[:-1])
    assert len(rounds) == zoo.RECIPES[name].most_rounds or gains[-1] < training.LEAST_GAIN
    assert last_gain(zoo.load(name).card) == pytest.approx(100 * gains[-1])


def test_the_core_models_that_a_longer_training_would_still_change():
    gains = {name: last_gain(zoo.load(name).card) for name in NAMES}
    still = {name for name, gain in gains.items() if gain >= 100 * training.LEAST_GAIN}
    assert still == STILL_GAINING


def test_all_of_it_is_small():
    stored = {path: path.stat().st_size for path in zoo.HOME.iterdir()}
    assert {path.stem for path in stored} == {*NAMES, *CHAPTERS}
    assert sum(size for path, size in stored.items() if path.stem in NAMES) < MOST_BYTES
    assert sum(size for path, size in stored.items() if path.stem in CHAPTERS) < MOST_BYTES_OF_CHAPTERS


@pytest.mark.parametrize("name", CODED)
def test_the_decoder_gives_what_its_weights_say(name, generator):
    from safetensors.torch import load_file

    entry, tensors = zoo.load(name), load_file(files(zoo.HOME, name)[0])
    z = torch.randn(50, entry.model.latent_dim, generator=generator)
    logits = numpy_forward(z.numpy(), tensors, "decoder.")
    assert_close(entry.model.decode_mean(z).detach(), torch.sigmoid(torch.tensor(logits)), rtol=0, atol=1e-5)


def test_the_stored_codes_decode_to_their_digits():
    """The nearest class mean of decoded pictures, taken from the other half, names most digits of a 10-number code."""
    entry = zoo.load("vae-mnist-10d")
    pictures = entry.model.decode_mean(entry.codes).detach()
    means = torch.stack([pictures[1000:][entry.labels[1000:] == digit].mean(0) for digit in range(10)])
    found = torch.cdist(pictures[:1000], means).argmin(1)
    assert (found == entry.labels[:1000]).float().mean() > 0.75


def test_the_codes_of_a_vae_fill_the_prior():
    """For every dimension in use the variances of q and of its means add up to about the prior's 1."""
    codes = zoo.load(NAME).codes
    assert codes.mean(0).abs().max() < 0.3
    assert 0.6 < codes.var(0).min() <= codes.var(0).max() < 1.4


def test_loading_leaves_the_noise_alone_and_gives_a_model_of_its_own():
    before = torch.get_rng_state()
    first = zoo.load(NAME)
    assert torch.equal(torch.get_rng_state(), before)
    with torch.no_grad():
        first.model.decoder.layers[0].weight.zero_()
    first.codes.zero_()
    again = zoo.load(NAME)
    assert again.model.decoder.layers[0].weight.any()
    assert again.codes.any()
    assert all(p.requires_grad for p in again.model.parameters())


def test_a_loaded_model_can_be_trained_further(generator):
    model = zoo.load("ae-mnist-4d").model
    x = torch.rand(20, 784, generator=generator)
    history = lib.fit(model, x, lib.TrainConfig(epochs=20, progress=False, device="cpu"))
    assert history.loss[-1] < history.loss[0]
    assert not model.training


def test_loading_needs_no_data_and_no_heavy_library():
    code = (
        "import sys, torch; before = set(sys.modules)\n"
        "from vae_lib import zoo; [zoo.load(name) for name in zoo.names()]\n"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    environment = {**os.environ, "VAE_DATA_DIR": "/nowhere"}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    assert not set(done.stdout.split()) & HEAVY
    assert done.stderr == ""


# what is refused


@pytest.mark.parametrize("where", [0, 9, 200, 5_000, 0.5, -20_000, -1])
def test_a_flipped_bit_of_the_weights_is_refused(copied, where):
    weights, _ = files(copied)
    content = bytearray(weights.read_bytes())
    content[int(where * len(content)) if isinstance(where, float) else where] ^= 1
    weights.write_bytes(content)
    assert "does not match its card" in check_refused(copied)


@pytest.mark.parametrize("keep", [0, 5, 100, 400_000])
def test_half_a_file_is_refused(copied, keep):
    weights, card = files(copied)
    weights.write_bytes(weights.read_bytes()[:keep])
    check_refused(copied)
    edited = json.loads(card.read_text()) | {"sha256": hashlib.sha256(weights.read_bytes()).hexdigest(), "bytes": keep}
    card.write_text(json.dumps(edited))
    assert "does not match its card" in check_refused(copied)


@pytest.mark.parametrize("key", CARD)
@pytest.mark.parametrize("edit", ["changed", "gone"])
def test_an_edited_card_is_refused(copied, key, edit):
    _, card = files(copied)
    content = json.loads(card.read_text())
    removed = content.pop(key)
    if edit == "changed":
        content[key] = removed + 1 if isinstance(removed, int) else "something else"
    card.write_text(json.dumps(content))
    assert "does not match its card" in check_refused(copied)


def test_a_figure_improved_by_hand_is_refused(copied):
    _, card = files(copied)
    content = json.loads(card.read_text())
    content["test"]["elbo"] += 10
    card.write_text(json.dumps(content))
    check_refused(copied)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '"card"', "{}", "\ud800"])
def test_what_is_no_card_is_refused(copied, text):
    files(copied)[1].write_bytes(text.encode(errors="surrogatepass"))
    check_refused(copied)


def test_a_card_laid_out_otherwise_is_the_same_card(copied):
    _, card = files(copied)
    content = json.loads(card.read_text())
    card.write_text(json.dumps(dict(reversed(content.items()))))
    assert zoo.load(NAME, copied).card == content


@pytest.mark.parametrize("which", [0, 1])
def test_an_absent_file_is_named(copied, which):
    path = files(copied)[which]
    path.unlink()
    assert f"{path} cannot be read" in check_refused(copied)


def test_another_entry_under_this_name_is_refused(copied):
    for own, other in zip(files(copied), files(zoo.HOME, "ae-mnist-2d"), strict=True):
        shutil.copy(other, own)
    check_refused(copied)


@pytest.mark.parametrize("name", ["vae-mnist-3d", "", "../vae-mnist-2d", None, 3])
def test_an_unknown_name_is_refused(name):
    for function in (zoo.load, training.train):
        with pytest.raises(InputError, match=f"there is no model {name!r}; zoo.names") as caught:
            function(name)
        assert one_sentence(str(caught.value))


# training


@pytest.fixture
def small_mnist(tmp_path, monkeypatch):
    """300 and 60 pictures of blots, ten kinds, in MNIST's place."""
    rng, arrays = np.random.default_rng(0), {}
    kinds = rng.integers(0, 2, (10, 4, 4)).repeat(7, axis=1).repeat(7, axis=2)
    for split, n in (("train", 300), ("t10k", 60)):
        labels = np.arange(n, dtype=np.uint8) % 10
        arrays[f"{split}-images-idx3-ubyte"] = (kinds[labels] * rng.integers(100, 256, (n, 1, 1))).astype(np.uint8)
        arrays[f"{split}-labels-idx1-ubyte"] = labels
    raw = write(tmp_path / "home", arrays)
    sums = {file: hashlib.md5((raw / file).read_bytes()).hexdigest() for file in arrays}
    monkeypatch.setitem(mnist.MD5, "mnist", sums)
    return tmp_path / "home"


def without_seconds(card):
    """The card without what differs from run to run: wall times, and what depends on their digits."""
    rounds = [{**one, "seconds": 0} for one in card["training"]["rounds"]]
    own = {key: value for key, value in card.items() if key not in ("bytes", "sha256")}
    return {**own, "training": {**card["training"], "rounds": rounds}}


@pytest.mark.parametrize("name", ["ae-mnist-4d", "vae-mnist-2d", "vae-mnist-gaussian", "classifier-mnist"])
def test_what_is_trained_can_be_loaded_and_training_repeats(name, small_mnist, tmp_path, capsys):
    command = ["train", name, "--epochs", "6", "--data-dir", str(small_mnist), "--folder"]
    for folder in ("a", "b"):
        assert main([*command, str(tmp_path / folder)]) == 0
        torch.rand(3)  # the global noise plays no part
    entry, again = zoo.load(name, tmp_path / "a"), zoo.load(name, tmp_path / "b")
    assert without_seconds(entry.card) == without_seconds(again.card)
    for one, other in zip(entry.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert entry.card["command"] == f"python -m vae_lib.zoo train {name} --epochs 6"
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [f"{name}.json", f"{name}.safetensors"]
    curve = entry.card["training"]["rounds"][0]["curve"]
    assert min(curve) < curve[0]
    assert f"| {name} | " in capsys.readouterr().out


def test_stored_codes_and_errors_are_the_models(small_mnist, tmp_path):
    entry = training.train("ae-mnist-4d", tmp_path, epochs=4, data_dir=small_mnist)
    x, y = (data.load("mnist", data_dir=small_mnist)[i] for i in (3, 4))
    assert torch.equal(entry.labels, y)
    with torch.no_grad():
        assert_close(entry.codes, entry.model.encode(x), rtol=HALF, atol=1e-3)
        assert_close(entry.errors, (entry.model.reconstruct(x) - x).square().sum(1), rtol=HALF, atol=0.01)


def test_the_last_pictures_are_held_back(small_mnist):
    dataset = data.load("mnist", data_dir=small_mnist)
    (x, y), (held_x, held_y) = training.split(dataset, zoo.RECIPES["classifier-mnist"])
    assert (len(x), len(held_x)) == (225, 75)
    assert torch.equal(torch.cat([x, held_x]), dataset.x_train)
    assert torch.equal(torch.cat([y, held_y]), dataset.y_train)


@pytest.mark.parametrize(
    ("losses", "kept", "n"), [([10.0, 9.0, 8.99], 2, 3), ([10.0, 10.4], 0, 2), ([-10.0, -11.0, -11.01], 2, 3)]
)
def test_rounds_double_until_one_gains_too_little_and_the_best_is_kept(losses, kept, n, monkeypatch, tmp_path):
    planned = []

    def fake_round(model, dataset, recipe, epochs, checkpoint):
        planned.append(epochs)
        with torch.no_grad():
            next(model.parameters()).fill_(float(len(planned)))
        return lib.History([0.0], [], [], [losses[len(planned) - 1]], [], [], [1.0])

    monkeypatch.setattr(training, "_round", fake_round)
    recipe = zoo.RECIPES["ae-digits-2d"]
    model, rounds = training._converged(recipe, data.load("digits"), tmp_path / ".x", None)
    assert planned == [recipe.epochs * 2**k for k in range(n)]
    assert [one.best for one in rounds] == losses
    assert next(model.parameters()).unique().tolist() == [kept + 1.0]


def test_a_card_follows_the_figures_of_every_round(tmp_path, monkeypatch):
    """Those of the model as it stood after each: of a round of one step, and of one of two."""
    recipe = replace(zoo.RECIPES["vae-sprites-0"], epochs=1)
    monkeypatch.setitem(zoo.RECIPES, "vae-sprites-0", recipe)
    rounds = training.train("vae-sprites-0", tmp_path).card["training"]["rounds"]
    assert [one["epochs"] for one in rounds] == [1, 2]
    alone = training.train("vae-sprites-0", tmp_path / "alone", epochs=1).card
    assert rounds[0]["test"] == alone["training"]["rounds"][0]["test"] != rounds[1]["test"]
    for name in recipe.followed:
        assert rounds[0]["test"][name] == pytest.approx(alone["test"][name], abs=0.05)  # which is of float16


def test_an_interrupted_training_goes_on_to_the_same_weights(small_mnist, tmp_path, monkeypatch):
    name = "vae-mnist-2d"
    whole = training.train(name, tmp_path / "whole", epochs=3, data_dir=small_mnist)
    true_fit, seen = training.fit, []

    def stopping(epoch, model, history):
        seen.append(epoch)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "fit", lambda *args, **more: true_fit(*args, **more, on_epoch=stopping))
    command = ["train", name, "--epochs", "3", "--data-dir", str(small_mnist), "--folder", str(tmp_path / "cut")]
    assert main(command) == 130
    assert not files(tmp_path / "cut", name)[0].exists()
    monkeypatch.setattr(training, "fit", true_fit)
    assert main(command) == 0
    for one, other in zip(whole.model.parameters(), zoo.load(name, tmp_path / "cut").model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert seen == [1]


class Means(torch.nn.Module):
    """The mean picture of each class: a chapter's model as small as can be."""

    def __init__(self, n_pixels, generator=None):
        super().__init__()
        self.n_pixels = n_pixels
        self.means = torch.nn.Parameter(torch.rand(10, n_pixels, generator=generator))

    def loss_terms(self, x, y, n_samples=1, generator=None):
        loss = (x - self.means[y]).square().sum(1)
        return lib.ElboTerms(loss, torch.zeros_like(loss))


def mean_error(model, dataset):
    loss = model.loss_terms(dataset.x_test, dataset.y_test).reconstruction.detach()
    return {"loss": loss.mean().item(), "loss_se": (loss.std() / len(loss) ** 0.5).item()}


def as_codes(model, dataset):
    return {"codes": dataset.x_test[:, :2], "labels": dataset.y_test}


@pytest.mark.parametrize("made", [None, lambda data_dir: data.load("digits")._replace(name="drawn")])
def test_a_chapters_model_is_trained_and_stored_like_any(made, tmp_path, monkeypatch):
    """Fitted means are those of the classes; its sizes, figures and codes come back."""
    recipe = zoo.ChapterRecipe(
        Means,
        {"n_pixels": 64},
        "digits" if made is None else "drawn",
        "means",
        mean_error,
        tensors=as_codes,
        made=made,
        options={"learning_rate": 0.02},
    )
    monkeypatch.setitem(zoo.RECIPES, "means", recipe)
    monkeypatch.setitem(zoo.chapters.CLASSES, "Means", Means)
    entry = training.train("means", tmp_path, epochs=60)
    digits = data.load("digits")
    n_held = 150 if made is None else len(digits.x_train) // 10
    expected = torch.stack([digits.x_train[:-n_held][digits.y_train[:-n_held] == k].mean(0) for k in range(10)])
    assert_close(entry.model.means.detach(), expected, rtol=0, atol=0.05)
    assert entry.card["architecture"] == {"class": "Means", "n_pixels": 64}
    assert entry.card["test"] == pytest.approx(mean_error(entry.model, digits), rel=1e-3)
    assert_close(entry.codes, digits.x_test[:, :2])
    assert torch.equal(entry.labels, digits.y_test)
    assert entry.errors.numel() == 0


def test_an_entry_of_the_library_is_not_overwritten_by_a_trial(small_mnist):
    before = {path: path.read_bytes() for path in zoo.HOME.iterdir()}
    for epochs in (1, 0, 1.5, "3"):
        with pytest.raises(InputError, match=r"^train: "):
            training.train(NAME, epochs=epochs, data_dir=small_mnist)
    assert {path: path.read_bytes() for path in zoo.HOME.iterdir()} == before


def test_training_without_data_says_what_to_do(tmp_path, capsys):
    assert main(["train", NAME, "--data-dir", str(tmp_path / "none"), "--folder", str(tmp_path / "out")]) == 1
    assert "MNIST is not in" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named(small_mnist, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="could not be written") as caught:
        training.train(NAME, tmp_path / "file", epochs=1, data_dir=small_mnist)
    assert one_sentence(str(caught.value))


def test_the_list_is_a_table_of_all(capsys):
    assert main(["list"]) == 0
    heading, _, *rows = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[0].strip("| ") for row in rows] == [*NAMES, *CHAPTERS]
    assert {row.count("|") for row in (heading, *rows)} == {heading.count("|")}
    assert [("ELBO" in row) for row in rows[: len(NAMES)]] == [name in VAES for name in NAMES]


# against MNIST


@pytest.fixture(scope="module", params=[pytest.param("mnist", marks=[pytest.mark.mnist, pytest.mark.slow]), "digits"])
def test_split(request):
    d = data.load(request.param)
    return request.param, d.x_test, d.y_test


def named(of, names):
    return [name for name in names if f"-{of}-" in name]


def encoded(name, x):
    """Codes, and for a VAE log σ² too, by hand from the stored weights."""
    from safetensors.torch import load_file

    tensors = load_file(files(zoo.HOME, name)[0])
    out = torch.tensor(numpy_forward(x.numpy(), tensors, "encoder."))
    mu, logvar = out.chunk(2, 1) if name in VAES else (out, None)
    return mu, logvar, tensors


def test_the_stored_codes_are_the_encoders(test_split):
    of, x, y = test_split
    for name in named(of, CODED):
        entry = zoo.load(name)
        assert torch.equal(entry.labels, y[:2000])
        code, _, tensors = encoded(name, x[:2000])
        assert_close(entry.codes, code, rtol=HALF, atol=2e-3)
        decoded = torch.sigmoid(torch.tensor(numpy_forward(code.numpy(), tensors, "decoder.")))
        assert_close(entry.errors, (decoded - x[:2000]).square().sum(1), rtol=HALF, atol=1e-3)


def test_the_squared_error_is_what_the_card_says_and_so_is_pcas(test_split):
    of, x, _ = test_split
    for name in named(of, CODED):
        code, _, tensors = encoded(name, x)
        pictures = torch.sigmoid(torch.tensor(numpy_forward(code.numpy(), tensors, "decoder.")))
        errors, said = (pictures - x).square().sum(1), zoo.load(name).card["test"]
        assert errors.mean().item() == pytest.approx(said["squared_error"], 1e-3)
        assert errors.std().item() / len(x) ** 0.5 == pytest.approx(said["squared_error_se"], 1e-2, 2e-4)


def test_pcas_error_on_the_cards_is_scikit_learns(test_split):
    of, x, _ = test_split
    names = {zoo.load(name).model.latent_dim: name for name in named(of, CODED)}
    most = PCA(max(names), svd_solver="covariance_eigh").fit(data.load(of).x_train.double().numpy())
    for k, name in names.items():
        centred = x.double().numpy() - most.mean_
        left = (centred**2).sum() - ((centred @ most.components_[:k].T) ** 2).sum()
        assert zoo.load(name).card["test"]["pca_squared_error"] == pytest.approx(left / len(x), 1e-3)


def test_the_elbo_is_what_the_card_says(test_split, generator):
    """KL by torch.distributions, to rounding. The reconstruction by other draws of z: the standard error of the two
    means' difference comes from pairs of draws; beyond 5 of it once in two million runs.
    """
    of, x, _ = test_split
    for name in named(of, VAES):
        said = zoo.load(name).card["test"]
        mu, logvar, tensors = encoded(name, x)
        q = Normal(mu, (logvar / 2).exp())
        kl = kl_divergence(q, Normal(torch.zeros_like(mu), torch.ones_like(mu)))
        assert kl.mean(0).tolist() == pytest.approx(said["kl_per_dim"], rel=1e-3, abs=2e-4)
        assert kl.sum(1).mean().item() == pytest.approx(said["kl"], rel=1e-3)
        draws = [costs(tensors, x, q.sample()) for _ in range(2)]
        error = ((draws[0] - draws[1]).std() / len(x) ** 0.5).item()  # of the difference of two means of one draw each
        assert abs(draws[0].mean().item() - said["reconstruction"]) < 5 * error
        assert said["elbo"] == pytest.approx(-said["reconstruction"] - said["kl"], abs=1e-3)
        assert said["active_units"] == int((mu.var(0) > 0.01).sum())


def costs(tensors, x, z):
    """−log p(x|z) (B,): coins, or Gaussians by torch.distributions where a log σ_x is stored."""
    logits = torch.tensor(numpy_forward(z.numpy(), tensors, "decoder."))
    if "likelihood.log_sigma" in tensors:
        sigma = tensors["likelihood.log_sigma"].float().exp()
        return -Normal(torch.sigmoid(logits), sigma).log_prob(x).sum(1)
    return binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)


def test_a_classifier_errs_as_its_card_says(test_split):
    from safetensors.torch import load_file

    of, x, y = test_split
    state = {key: value.float() for key, value in load_file(files(zoo.HOME, f"classifier-{of}")[0]).items()}
    side = int(x.shape[1] ** 0.5)
    planes = x.view(-1, 1, side, side)
    for place in (0, 3, 6):
        planes = conv2d(planes, state[f"layers.{place}.weight"], state[f"layers.{place}.bias"], padding=1).relu()
        planes = max_pool2d(planes, 2, ceil_mode=True)
    table = torch.softmax(planes.flatten(1) @ state["layers.10.weight"].T + state["layers.10.bias"], 1)
    said, sure, right = zoo.load(f"classifier-{of}").card["test"], table.amax(1) > 0.9, table.argmax(1) == y
    assert 100 * (~right).float().mean().item() == pytest.approx(said["error_percent"], abs=0.011)
    assert 100 * sure.float().mean().item() == pytest.approx(said["sure_percent"], abs=0.03)
    assert 100 * right[sure].float().mean().item() == pytest.approx(said["right_of_sure_percent"], abs=0.03)
    for name, part in (("right_of_sure_percent", right[sure]), ("sure_percent", sure)):
        share = part.double().mean().item()
        assert said[f"{name}_se"] == pytest.approx(100 * (share * (1 - share) / len(part)) ** 0.5, rel=0.02)


# the aims on MNIST's test set


AIMS = {"vae-mnist-20d": 101, "vae-mnist-10d": 108, "vae-mnist-5d": 122, "vae-mnist-2d": 145}


@pytest.mark.parametrize(("name", "most"), AIMS.items())
def test_a_vae_is_as_good_as_it_should_be(name, most):
    assert -zoo.load(name).card["test"]["elbo"] <= most


def test_the_autoencoders_leave_less_than_pca_at_every_size():
    for d, factor in {2: 0.6, 4: 0.55, 8: 0.4, 30: 0.2}.items():
        said = zoo.load(f"ae-mnist-{d}d").card["test"]
        assert said["squared_error"] <= factor * said["pca_squared_error"]
    assert zoo.load("ae-mnist-30d").card["test"]["squared_error"] <= 3.00  # Hinton and Salakhutdinov (2006)


def test_the_classifier_is_a_judge():
    said = zoo.load("classifier-mnist").card["test"]
    assert said["error_percent"] <= 1.0
    assert said["right_of_sure_percent"] >= 99


def test_the_readme_has_the_table(capsys):
    """The core's rows, as the command prints them."""
    assert main(["list"]) == 0
    shown = {"model", "---", *NAMES}
    lines = [line for line in capsys.readouterr().out.splitlines() if line.split(" | ")[0].strip("| ") in shown]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.split("list` prints -->\n")[1].split("<!-- /zoo -->")[0].splitlines() == lines


def test_a_loaded_classifier_keeps_its_channels_last():
    """Its stored weights lie otherwise, and would cost twice the time."""
    for layer in zoo.load("classifier-digits").model.layers:
        if isinstance(layer, torch.nn.Conv2d):
            assert layer.weight.is_contiguous(memory_format=torch.channels_last)
