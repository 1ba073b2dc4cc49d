"""The zoo: every entry loads without data, says the truth about itself, and is refused once a bit of it has changed."""

import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.testing import assert_close

import vae_lib as lib
from tests.test_data import one_sentence, write
from tests.test_imports import HEAVY, ROOT
from vae_lib import data, mnist, zoo
from vae_lib.checks import InputError

NAMES = ["vae-mnist-2d", "ae-mnist-2d", "vae-mnist-10d", "ae-mnist-4d"]
VAES = [name for name in NAMES if name.startswith("vae")]
NAME = "vae-mnist-2d"
CARD = ["name", "summary", "command", "data", "image_shape", "architecture", "training", "test", "parameters"]
CARD += ["dtype", "torch", "threads", "bytes", "sha256"]
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
    assert list(zoo.names()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_loads(name):
    entry = zoo.load(name)
    dims = int(name.split("-")[-1][:-1])
    assert type(entry.model) is (lib.VAE if name in VAES else lib.Autoencoder)
    assert not entry.model.training
    assert (entry.model.n_pixels, entry.model.latent_dim, entry.image_shape) == (784, dims, (28, 28))
    assert {p.dtype for p in entry.model.parameters()} == {torch.float32}
    assert (entry.codes.shape, entry.codes.dtype) == ((2000, dims), torch.float32)
    assert (entry.labels.shape, entry.labels.dtype) == ((2000,), torch.int64)
    assert entry.labels.unique().tolist() == list(range(10))
    assert (entry.errors.shape, entry.errors.dtype) == ((2000,), torch.float32)
    assert entry.labels[:8].tolist() == [7, 2, 1, 0, 4, 1, 4, 9]  # MNIST's first test pictures
    assert name in repr(entry)
    assert len(repr(entry)) < 120


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_how_it_was_made(name):
    card, content = zoo.load(name).card, files(zoo.HOME, name)[0].read_bytes()
    assert card["command"] == f"python -m vae_lib.zoo train {name}"
    assert card["sha256"] == hashlib.sha256(content).hexdigest()
    assert card["bytes"] == len(content)
    assert card["parameters"] == sum(p.numel() for p in zoo.load(name).model.parameters())
    assert list(card) == CARD
    assert [stage["epochs"] for stage in card["training"]["stages"]] == [n for n, _ in zoo.RECIPES[name].stages]
    assert tuple(card["architecture"]["hidden"]) == zoo.RECIPES[name].hidden


def test_all_of_it_is_small():
    stored = list(zoo.HOME.iterdir())
    assert {path.stem for path in stored} == set(NAMES)
    assert sum(path.stat().st_size for path in stored) < 4e6


@pytest.mark.parametrize("name", NAMES)
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
    for function in (zoo.load, zoo.train):
        with pytest.raises(InputError, match=f"must be one of {', '.join(NAMES)}, not {name!r}") as caught:
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


@pytest.mark.parametrize("name", NAMES)
def test_what_is_trained_can_be_loaded_and_training_repeats(name, small_mnist, tmp_path, capsys):
    command = ["train", name, "--epochs", "10", "--data-dir", str(small_mnist), "--folder"]
    for folder in ("a", "b"):
        assert zoo.main([*command, str(tmp_path / folder)]) == 0
        torch.rand(3)  # the global noise plays no part
    for one, other in zip(files(tmp_path / "a", name), files(tmp_path / "b", name), strict=True):
        assert one.read_bytes() == other.read_bytes()
    entry, home = zoo.load(name, tmp_path / "a"), data.load("mnist", data_dir=small_mnist)
    assert entry.card["command"] == f"python -m vae_lib.zoo train {name} --epochs 10"
    assert torch.equal(entry.labels, home.y_test)
    with torch.no_grad():
        errors = (entry.model.reconstruct(home.x_test) - home.x_test).square().sum(1)
    assert_close(entry.errors, errors, rtol=HALF, atol=0.01)
    untrained = (home.x_test - 0.5).square().sum(1).mean()
    assert errors.mean() < 0.9 * untrained
    assert capsys.readouterr().out.startswith(f"{name}: ")


def test_an_entry_of_the_library_is_not_overwritten_by_a_trial(small_mnist):
    before = {path: path.read_bytes() for path in zoo.HOME.iterdir()}
    for epochs in (1, 0, 1.5, "3"):
        with pytest.raises(InputError, match=r"^train: "):
            zoo.train(NAME, epochs=epochs, data_dir=small_mnist)
    assert {path: path.read_bytes() for path in zoo.HOME.iterdir()} == before


def test_training_without_data_says_what_to_do(tmp_path, capsys):
    assert zoo.main(["train", NAME, "--data-dir", str(tmp_path / "none"), "--folder", str(tmp_path / "out")]) == 1
    assert "MNIST is not in" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named(small_mnist, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="could not be written") as caught:
        zoo.train(NAME, tmp_path / "file", epochs=1, data_dir=small_mnist)
    assert one_sentence(str(caught.value))


def test_the_list(capsys):
    assert zoo.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == NAMES
    assert [("ELBO" in line) for line in lines] == [name in VAES for name in NAMES]


# against MNIST


@pytest.fixture(scope="module")
def test_split():
    d = data.load("mnist")
    return d.x_test, d.y_test


def encoded(name, x):
    """Codes, and for a VAE log σ² too, by hand from the stored weights."""
    from safetensors.torch import load_file

    tensors = load_file(files(zoo.HOME, name)[0])
    out = torch.tensor(numpy_forward(x.numpy(), tensors, "encoder."))
    mu, logvar = out.chunk(2, 1) if name in VAES else (out, None)
    return mu, logvar, tensors


@pytest.mark.mnist
@pytest.mark.parametrize("name", NAMES)
def test_the_stored_codes_are_the_encoders(name, test_split):
    (x, y), entry = test_split, zoo.load(name)
    assert torch.equal(entry.labels, y[:2000])
    code, _, tensors = encoded(name, x[:2000])
    assert_close(entry.codes, code, rtol=HALF, atol=1e-4)
    error = (torch.sigmoid(torch.tensor(numpy_forward(code.numpy(), tensors, "decoder."))) - x[:2000]).square().sum(1)
    assert_close(entry.errors, error, rtol=HALF, atol=1e-3)


@pytest.mark.mnist
@pytest.mark.parametrize("name", NAMES)
def test_the_squared_error_is_what_the_card_says(name, test_split):
    x = test_split[0]
    code, _, tensors = encoded(name, x)
    pictures = torch.sigmoid(torch.tensor(numpy_forward(code.numpy(), tensors, "decoder.")))
    assert (pictures - x).square().sum(1).mean().item() == pytest.approx(
        zoo.load(name).card["test"]["squared_error"], 1e-4
    )


@pytest.mark.mnist
@pytest.mark.parametrize("name", VAES)
def test_the_elbo_is_what_the_card_says(name, test_split, generator):
    """KL by torch.distributions, to rounding. The reconstruction by other draws of z: the standard error of the two
    means' difference comes from pairs of draws; beyond 5 of it once in two million runs.
    """
    x, said = test_split[0], zoo.load(name).card["test"]
    mu, logvar, tensors = encoded(name, x)
    q = Normal(mu, (logvar / 2).exp())
    kl = kl_divergence(q, Normal(torch.zeros_like(mu), torch.ones_like(mu)))
    assert kl.mean(0).tolist() == pytest.approx(said["kl_per_dim"], abs=2e-4)
    assert kl.sum(1).mean().item() == pytest.approx(said["kl"], abs=5e-4)
    draws = []
    for _ in range(2):
        z = mu + (logvar / 2).exp() * torch.randn(mu.shape, generator=generator)
        logits = torch.tensor(numpy_forward(z.numpy(), tensors, "decoder."))
        draws.append(binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1))
    error = ((draws[0] - draws[1]).std() / len(x) ** 0.5).item()  # of the difference of two means of one draw each
    assert abs(draws[0].mean().item() - said["reconstruction"]) < 5 * error
    assert said["elbo"] == pytest.approx(-said["reconstruction"] - said["kl"], abs=1e-3)
    assert said["active_units"] == int((mu.var(0) > 0.01).sum())
