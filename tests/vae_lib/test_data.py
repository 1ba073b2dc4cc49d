"""Data: what is loaded, from which files, and what happens where they are damaged or absent."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from tests import tiny_mnist
from tests.tiny_mnist import DAMAGES, FILES, IMAGES, LABELS, files_in, idx, one_bit_off, one_sentence, snapshot, write
from vae_lib import data, mnist
from vae_lib.checks import InputError
from vae_lib.data import Dataset, binarize, data_home, load


@pytest.fixture
def small(monkeypatch) -> dict[str, np.ndarray]:
    return tiny_mnist.in_place_of_mnist(monkeypatch)


def check_loaded(dataset: Dataset, arrays: dict[str, np.ndarray]) -> None:
    for split, x, y in (
        ("train", dataset.x_train, dataset.y_train),
        ("t10k", dataset.x_test, dataset.y_test),
    ):
        pixels = arrays[f"{split}-images-idx3-ubyte"].reshape(-1, 784) / 255
        assert_close(x, torch.tensor(pixels, dtype=torch.float32))
        assert_close(y, torch.tensor(arrays[f"{split}-labels-idx1-ubyte"].astype(np.int64)))
    assert dataset.image_shape == (28, 28)


# digits


def test_digits_are_scikit_learns_each_once():
    from sklearn.datasets import load_digits

    theirs = np.column_stack(load_digits(return_X_y=True))
    d = load("digits")
    x, y = torch.cat([d.x_train, d.x_test]), torch.cat([d.y_train, d.y_test])
    ours = np.column_stack([x.double() * 16, y])
    assert np.array_equal(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])


def test_digits_split():
    d = load("digits")
    assert (d.x_train.shape, d.x_test.shape) == ((1500, 64), (297, 64))
    assert (d.y_train.shape, d.y_test.shape) == ((1500,), (297,))
    assert (d.x_train.dtype, d.y_train.dtype) == (torch.float32, torch.int64)
    assert (d.x_train.min(), d.x_train.max()) == (0, 1)
    assert (d.name, d.image_shape) == ("digits", (8, 8))
    assert d.y_test.bincount().min() >= 20


def test_digits_split_is_the_same_everywhere_and_leaves_the_global_noise_alone():
    before = load("digits")
    torch.manual_seed(7)
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    after = load("digits")
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002
    assert torch.equal(before.x_train, after.x_train)
    assert before.y_train[:12].tolist() == [2, 8, 2, 6, 6, 7, 1, 9, 8, 5, 2, 8]
    assert before.y_test[:6].tolist() == [2, 2, 9, 8, 8, 3]


def test_digits_without_the_file_come_from_load_digits(monkeypatch):
    expected = load("digits")
    monkeypatch.setattr(data, "find_spec", lambda name: None)
    assert torch.equal(load("digits").x_train, expected.x_train)


def test_repr_is_short():
    text = "Dataset('digits': 1,500 train, 297 test, 8×8 pixels)"
    assert (repr(load("digits")), f"{load('digits')}") == (text, text)


# binarisation


def test_binarize_draws_zero_or_one_with_probability_x(generator):
    n = 200_000
    for p in (0.1, 0.5, 0.83):
        mean = binarize(torch.full((n,), p), generator).mean().item()
        # 5 standard errors: fails by chance once in 1.7 million
        assert abs(mean - p) < 5 * (p * (1 - p) / n) ** 0.5
    x = torch.rand(50, 7, generator=generator)
    assert set(binarize(x, generator).unique().tolist()) == {0, 1}


def test_binarize_keeps_black_and_white_shape_and_type(generator):
    ends = torch.tensor([0.0, 1.0]).repeat(5000)
    assert torch.equal(binarize(ends, generator), ends)
    x = torch.full((2, 3, 4), 0.5, dtype=torch.float64)
    out = binarize(x)
    assert (out.shape, out.dtype) == (x.shape, torch.float64)
    assert torch.equal(x, torch.full((2, 3, 4), 0.5, dtype=torch.float64))


def test_binarize_is_a_new_draw_at_each_call_and_repeats_with_its_generator():
    x = torch.full((1000,), 0.5)
    assert not torch.equal(binarize(x), binarize(x))
    draws = [binarize(x, torch.Generator().manual_seed(3)) for _ in range(2)]
    assert torch.equal(*draws)


def test_fixed_binarisation_is_one_draw_by_seed():
    grey, d, again = load("digits"), *(load("digits", binarize="fixed") for _ in range(2))
    assert torch.equal(d.x_train, again.x_train)
    assert torch.equal(d.x_test, again.x_test)
    assert set(d.x_train.unique().tolist()) == {0, 1}
    assert not torch.equal(d.x_train, load("digits", binarize="fixed", seed=1).x_train)
    assert torch.equal(d.x_train[grey.x_train == 1], torch.ones(int((grey.x_train == 1).sum())))
    assert d.x_train[grey.x_train == 0].sum() == 0
    assert torch.equal(d.y_train, grey.y_train)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (torch.tensor([0.2, 1.5]), "must lie in [0, 1], it runs from 0.2 to 1.5"),
        (torch.tensor([-0.1]), "must lie in [0, 1]"),
        (torch.tensor([float("nan")]), "NaN or infinite"),
        (torch.tensor([1, 0]), "floating point"),
        (torch.empty(0, 4), "empty"),
        ([0.5], "must be a torch tensor"),
    ],
)
def test_binarize_refuses(x, words):
    with pytest.raises(InputError) as caught:
        binarize(x)
    assert words in str(caught.value)


# files on disk


@pytest.mark.parametrize(("name", "title"), mnist.TITLES.items())
def test_files_are_read_from_either_folder(name, title, small, tmp_path, monkeypatch):
    write(tmp_path, small, title)
    check_loaded(load(name, data_dir=tmp_path), small)
    check_loaded(load(name, data_dir=str(tmp_path), download=True), small)
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    check_loaded(load(name), small)


PLACES = ("", "MNIST", "MNIST/raw")
FORMS = {  # what the four files are called, and what is in them
    "raw": (lambda file: file, bytes),
    "gz": (lambda file: f"{file}.gz", gzip.compress),
    "dotted": (lambda file: file.replace("-idx", ".idx"), bytes),
    "dotted gz": (lambda file: f"{file.replace('-idx', '.idx')}.gz", gzip.compress),
    "gz that a browser unpacked": (lambda file: f"{file}.gz", bytes),
}


def carry(folder: Path, arrays: dict[str, np.ndarray], form: str) -> None:
    name, pack = FORMS[form]
    folder.mkdir(parents=True, exist_ok=True)
    for file, array in arrays.items():
        (folder / name(file)).write_bytes(pack(idx(array)))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", FORMS)
def test_files_are_read_as_they_lie_in_the_data_folder(form, place, small, tmp_path, capsys):
    carry(tmp_path / place, small, form)
    before = snapshot(tmp_path)
    check_loaded(load(data_dir=tmp_path), small)
    assert data.main(["mnist", "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"Data: MNIST.\nMNIST is in {tmp_path} already.\n"
    assert snapshot(tmp_path) == before


def test_a_sound_copy_is_taken_before_a_damaged_one(small, tmp_path):
    one_bit_off(write(tmp_path, small))
    carry(tmp_path / "MNIST/raw", small, "gz")
    check_loaded(load("mnist", data_dir=tmp_path), small)


def test_another_data_sets_files_are_no_damage(small, tmp_path, monkeypatch, capsys):
    carry(tmp_path, small, "gz")
    monkeypatch.setitem(mnist.MD5, "mnist", dict.fromkeys(FILES, "0" * 32))
    assert load(data_dir=tmp_path).name == "digits"
    check_loaded(load("fashion_mnist", data_dir=tmp_path), small)


def absent(raw):
    for file in FILES:
        (raw / file).unlink()


def packed_and_cut(raw):
    content = (raw / IMAGES).read_bytes()
    (raw / IMAGES).unlink()
    (raw / f"{IMAGES}.gz").write_bytes(gzip.compress(content)[:9000])


SEEN = {
    absent: "MNIST is not in ",
    packed_and_cut: f"MNIST/raw/{IMAGES}.gz is damaged or incomplete (9,000 bytes)",
    **DAMAGES,
}


@pytest.mark.parametrize(("damage", "words"), SEEN.items())
def test_faulty_files_give_one_sentence_and_stay_as_they_are(damage, words, small, tmp_path):
    raw = write(tmp_path, small)
    load("mnist", data_dir=tmp_path)
    damage(raw)
    before = snapshot(tmp_path)
    with pytest.raises(InputError) as caught:
        load("mnist", data_dir=tmp_path)
    message = str(caught.value)
    for part in (words, str(tmp_path), 'load("mnist", download=True', "its four files (.gz will do)", 'load("digits")'):
        assert part in message
    assert one_sentence(message.replace(".gz", ""))
    assert snapshot(tmp_path) == before


@pytest.fixture
def not_root():
    """Root reads anything, so the test goes on as nobody."""
    if not hasattr(os, "geteuid"):
        pytest.skip("no POSIX permissions here")
    if root := os.geteuid() == 0:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


def test_files_without_permission_give_one_sentence(small, tmp_path, request, capsys):
    raw = write(tmp_path, small)
    tmp_path.parent.chmod(0o755)
    (raw / LABELS).chmod(0)
    request.getfixturevalue("not_root")
    for name in ("mnist", "auto"):
        with pytest.raises(InputError, match=r"cannot be read \(Permission denied\).*; fetch"):
            load(name, data_dir=tmp_path)
    assert capsys.readouterr().out == ""


def test_the_advice_names_the_folder_only_where_it_must(small, tmp_path, monkeypatch):
    with pytest.raises(InputError, match=rf'load\("fashion_mnist", download=True, data_dir="{tmp_path}"\)'):
        load("fashion_mnist", data_dir=tmp_path)
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    with pytest.raises(InputError, match=r'load\("fashion_mnist", download=True\)'):
        load("fashion_mnist")


def test_a_second_load_hashes_nothing_and_a_change_is_seen(small, tmp_path):
    raw = write(tmp_path, small)
    load("mnist", data_dir=tmp_path)
    misses = mnist._md5.cache_info().misses
    load("mnist", data_dir=tmp_path)
    assert mnist._md5.cache_info().misses == misses
    one_bit_off(raw)
    os.utime(raw / IMAGES, ns=(0, 1))  # the clock of a file system may be coarser than this test
    with pytest.raises(InputError, match="damaged"):
        load("mnist", data_dir=tmp_path)


# files that somebody carried


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", FORMS)
def test_carried_files_are_copied_to_where_torchvision_finds_them_too(form, place, small, tmp_path, capsys):
    carry(tmp_path / "stick" / place, small, form)
    before = snapshot(tmp_path / "stick")
    command = ["mnist", "--from", str(tmp_path / "stick"), "--data-dir", str(tmp_path / "home")]
    assert data.main(command) == 0
    assert capsys.readouterr().out == f"MNIST is in {tmp_path / 'home'}, whole.\n"
    expected = {"MNIST": None, "MNIST/raw": None, **{f"MNIST/raw/{f}": idx(a) for f, a in small.items()}}
    assert snapshot(tmp_path / "home") == expected
    assert snapshot(tmp_path / "stick") == before


def test_carried_files_may_be_of_several_forms(small, tmp_path):
    for (file, array), form in zip(small.items(), FORMS, strict=False):
        carry(tmp_path / "stick", {file: array}, form)
    mnist.take("mnist", tmp_path / "stick", tmp_path / "home")
    check_loaded(load("mnist", data_dir=tmp_path / "home"), small)


@pytest.mark.parametrize(("damage", "words"), SEEN.items())
def test_what_is_missing_or_damaged_is_named_and_nothing_is_moved(damage, words, small, tmp_path, capsys):
    damage(write(tmp_path / "stick", small))
    command = ["mnist", "--from", str(tmp_path / "stick"), "--data-dir", str(tmp_path / "home")]
    assert data.main(command) == 1
    said = capsys.readouterr()
    assert said.out == ""
    for part in (words, str(tmp_path / "stick"), "needed are train-images-idx3-ubyte, ", "as .gz, or with a dot"):
        assert part in said.err
    assert one_sentence(said.err.rstrip("\n").replace(".gz", ""))
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("name", ["not there", "a file"])
def test_what_is_no_folder_is_said(name, small, tmp_path, capsys):
    (tmp_path / "a file").touch()
    assert data.main(["mnist", "--from", str(tmp_path / name), "--data-dir", str(tmp_path / "home")]) == 1
    assert capsys.readouterr().err.startswith(f"{tmp_path / name} is not a folder; name the one that holds MNIST's")


def test_carried_files_mend_damaged_ones(small, tmp_path):
    one_bit_off(write(tmp_path / "home", small))
    carry(tmp_path / "stick", small, "dotted gz")
    mnist.take("mnist", tmp_path / "stick", tmp_path / "home")
    check_loaded(load("mnist", data_dir=tmp_path / "home"), small)


# auto


def test_auto_takes_digits_where_there_is_no_mnist_and_says_what_that_means(small, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    dataset = load("auto")
    assert dataset.name == "digits"
    assert capsys.readouterr().out.splitlines() == [
        'Data: the 8×8 digits, since MNIST is not on disk; load("mnist", download=True) fetches it.',
        "The text is written for MNIST: every cell runs on the digits too, with other numbers and pictures.",
    ]
    assert not list(tmp_path.iterdir())


def test_auto_takes_mnist_where_it_is_and_says_so(small, tmp_path, capsys):
    write(tmp_path, small)
    check_loaded(load(data_dir=tmp_path), small)
    assert capsys.readouterr().out == "Data: MNIST.\n"


@pytest.mark.parametrize("damage", DAMAGES)
def test_auto_never_swaps_damaged_mnist_for_digits(damage, small, tmp_path, capsys):
    damage(write(tmp_path, small))
    with pytest.raises(InputError, match="faulty"):
        load("auto", data_dir=tmp_path)
    assert capsys.readouterr().out == ""


# arguments


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "cifar"}, "name must be one of auto, digits, mnist, fashion_mnist, not 'cifar'"),
        ({"name": None}, "name must be one of"),
        ({"name": "digits", "binarize": "dynamic"}, "call binarize on the batch"),
        ({"name": "digits", "binarize": True}, 'must be None or "fixed"'),
        ({"name": "digits", "seed": 0.5}, "seed must be a whole number"),
        ({"name": "auto", "download": True}, '"auto" downloads nothing'),
        ({"name": "mnist", "data_dir": 3}, "must be the path of a folder, not 3"),
        ({"name": "mnist", "data_dir": ""}, "must be the path of a folder, not ''"),
    ],
)
def test_load_refuses(arguments, words):
    with pytest.raises(InputError) as caught:
        load(**arguments)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("linux", {}, "~/.cache/vae_course"),
        ("linux", {"XDG_CACHE_HOME": "/c"}, "/c/vae_course"),
        ("linux", {"XDG_CACHE_HOME": "/c", "VAE_DATA_DIR": "~/d"}, "~/d"),
        ("linux", {"VAE_DATA_DIR": "here"}, "here"),
        ("darwin", {}, "~/Library/Caches/vae_course"),
        ("win32", {}, "~/AppData/Local/vae_course"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/vae_course"),
    ],
)
def test_where_data_lie(platform, environment, folder, monkeypatch):
    for variable in ("VAE_DATA_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert data_home() == Path(folder).expanduser().absolute()


# the command


def test_the_command_refuses_other_names(capsys):
    with pytest.raises(SystemExit):
        data.main(["digits"])
    assert "invalid choice" in capsys.readouterr().err


def test_importing_data_is_cheap():
    code = "import sys, torch; a = set(sys.modules); import vae_lib.data; print(set(sys.modules) - a)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("sklearn", "torchvision", "matplotlib", "PIL"):
        assert f"'{heavy}'" not in out


# the real files


@pytest.mark.mnist
def test_mnist_is_mnist():
    """Counts, labels and moments that anyone who has loaded MNIST knows."""
    d = load("mnist")
    assert (d.x_train.shape, d.x_test.shape) == ((60_000, 784), (10_000, 784))
    assert d.y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert d.y_test[:5].tolist() == [7, 2, 1, 0, 4]
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert d.y_train.bincount().tolist() == counts
    assert d.y_test.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert abs(d.x_train.double().mean() - 0.1307) < 5e-5
    assert abs(d.x_train.double().std() - 0.3081) < 5e-5
    assert (d.x_train.min(), d.x_train.max()) == (0, 1)


@pytest.mark.mnist
def test_mnist_agrees_with_torchvisions_reader():
    from torchvision import datasets

    home = Path(os.environ["VAE_DATA_DIR"]).expanduser()
    d = load("mnist")
    for train, x, y in ((True, d.x_train, d.y_train), (False, d.x_test, d.y_test)):
        theirs = datasets.MNIST(home, train=train)
        assert torch.equal((x * 255).round().to(torch.uint8), theirs.data.flatten(1))
        assert torch.equal(y, theirs.targets)


@pytest.mark.mnist
def test_the_real_files_can_be_carried(tmp_path):
    """Dotted and packed, as they come from a browser."""
    raw = Path(os.environ["VAE_DATA_DIR"]).expanduser() / "MNIST" / "raw"
    for file in FILES:
        packed = gzip.compress((raw / file).read_bytes(), 1)
        (tmp_path / f"{file.replace('-idx', '.idx')}.gz").write_bytes(packed)
    mnist.take("mnist", tmp_path, tmp_path / "home")
    assert files_in(tmp_path / "home") == sorted(f"MNIST/raw/{file}" for file in FILES)
    assert torch.equal(load("mnist", data_dir=tmp_path).x_test, load("mnist").x_test)


@pytest.mark.mnist
@pytest.mark.slow
def test_the_command_as_typed_does_nothing_where_all_is_there():
    command = [sys.executable, "-W", "error", "-m", "vae_lib.data", "mnist"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"MNIST is in {data_home()} already.\n"
    assert done.stderr == ""
