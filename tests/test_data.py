"""Data: what is loaded, and what happens to files that are damaged, absent or badly downloaded."""

import contextlib
import gc
import gzip
import hashlib
import http.server
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from vae_lib import data, mnist
from vae_lib.checks import InputError
from vae_lib.data import Dataset, binarize, data_home, load

# urllib leaves the socket of a broken answer to the garbage collector, which warns
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

FILES = list(mnist.MD5["mnist"])
IMAGES, LABELS = FILES[0], FILES[1]


def idx(array: np.ndarray) -> bytes:
    """The IDX format, by its specification: 0, 0, 8 for bytes, the number of axes, the sizes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def small(monkeypatch) -> dict[str, np.ndarray]:
    """A data set of 30 and 20 pictures under MNIST's names, its checksums in place of MNIST's."""
    draw = np.random.default_rng(0).integers
    arrays = {}
    for split, n in (("train", 30), ("t10k", 20)):
        arrays[f"{split}-images-idx3-ubyte"] = draw(0, 256, (n, 28, 28)).astype(np.uint8)
        arrays[f"{split}-labels-idx1-ubyte"] = draw(0, 10, n).astype(np.uint8)
    sums = {file: hashlib.md5(idx(arrays[file])).hexdigest() for file in FILES}
    for name in mnist.MD5:
        monkeypatch.setitem(mnist.MD5, name, sums)
    monkeypatch.delenv("VAE_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/nowhere")
    return arrays


def write(home: Path, arrays: dict[str, np.ndarray], title: str = "MNIST") -> Path:
    raw = home / title / "raw"
    raw.mkdir(parents=True)
    for file, array in arrays.items():
        (raw / file).write_bytes(idx(array))
    return raw


def snapshot(home: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(home)): p.read_bytes() if p.is_file() else None for p in home.rglob("*")}


def check_loaded(dataset: Dataset, arrays: dict[str, np.ndarray]) -> None:
    for split, x, y in (
        ("train", dataset.x_train, dataset.y_train),
        ("t10k", dataset.x_test, dataset.y_test),
    ):
        pixels = arrays[f"{split}-images-idx3-ubyte"].reshape(-1, 784) / 255
        assert_close(x, torch.tensor(pixels, dtype=torch.float32))
        assert_close(y, torch.tensor(arrays[f"{split}-labels-idx1-ubyte"].astype(np.int64)))
    assert dataset.image_shape == (28, 28)


def one_sentence(message: str) -> bool:
    return "\n" not in message and message.endswith(".") and ". " not in message


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
def test_files_are_read_without_torchvision(name, title, small, tmp_path, monkeypatch):
    write(tmp_path, small, title)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    check_loaded(load(name, data_dir=tmp_path), small)
    check_loaded(load(name, data_dir=str(tmp_path), download=True), small)
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    check_loaded(load(name), small)


def absent(raw):
    for file in FILES:
        (raw / file).unlink()


def truncated(raw):
    (raw / IMAGES).write_bytes((raw / IMAGES).read_bytes()[:5000])


def emptied(raw):
    (raw / LABELS).write_bytes(b"")


def one_bit_off(raw):
    content = bytearray((raw / IMAGES).read_bytes())
    content[9000] ^= 1
    (raw / IMAGES).write_bytes(content)


def one_missing(raw):
    (raw / LABELS).unlink()


def a_folder(raw):
    (raw / LABELS).unlink()
    (raw / LABELS).mkdir()


DAMAGES = {
    truncated: f"{IMAGES} is damaged or incomplete (5,000 bytes)",
    emptied: f"{LABELS} is damaged or incomplete (0 bytes)",
    one_bit_off: f"{IMAGES} is damaged",
    one_missing: f"{LABELS} is absent",
    a_folder: f"{LABELS} cannot be read",
}


@pytest.mark.parametrize(("damage", "words"), [(absent, "MNIST is not in"), *DAMAGES.items()])
def test_faulty_files_give_one_sentence_and_stay_as_they_are(damage, words, small, tmp_path):
    raw = write(tmp_path, small)
    load("mnist", data_dir=tmp_path)
    damage(raw)
    before = snapshot(tmp_path)
    with pytest.raises(InputError) as caught:
        load("mnist", data_dir=tmp_path)
    message = str(caught.value)
    for part in (words, str(raw), "`python -m vae_lib.data mnist", 'load("digits")'):
        assert part in message
    assert one_sentence(message.replace(str(raw), "DIR"))
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
        with pytest.raises(InputError, match=r"cannot be read \(Permission denied\).*; download"):
            load(name, data_dir=tmp_path)
    assert capsys.readouterr().out == ""


def test_the_command_names_the_folder_only_where_it_must(small, tmp_path, monkeypatch):
    with pytest.raises(InputError, match=f'--data-dir "{tmp_path}"`'):
        load("fashion_mnist", data_dir=tmp_path)
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    with pytest.raises(InputError, match=r"`python -m vae_lib\.data fashion_mnist`"):
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


# auto


def test_auto_takes_digits_where_there_is_no_mnist_and_says_so(small, tmp_path, capsys):
    dataset = load("auto", data_dir=tmp_path)
    out = capsys.readouterr().out
    assert dataset.name == "digits"
    assert out == ("Data: digits, since MNIST is not on disk (`python -m vae_lib.data mnist` downloads it).\n")
    assert not list(tmp_path.iterdir())


def test_auto_takes_mnist_where_it_is_and_says_so(small, tmp_path, capsys):
    write(tmp_path, small)
    check_loaded(load(data_dir=tmp_path), small)
    assert capsys.readouterr().out == "Data: MNIST, since it is on disk.\n"


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


# downloads, from a server on this machine that plays torchvision's mirrors


class Mirror:
    """Serves `files`; `answer` may change what goes out. `requests` are the paths asked for."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.files = {f"{file}.gz": gzip.compress(idx(array)) for file, array in arrays.items()}
        self.requests: list[str] = []
        self.answer = None
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.requests.append(self.path)
                with contextlib.suppress(ConnectionError):  # torchvision asks twice, reads once
                    (mirror.answer or mirror.send)(self, mirror.files[self.path.lstrip("/")])

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @staticmethod
    def send(handler, body: bytes, length: int | None = None) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(length or len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def resources(self) -> list[tuple[str, str]]:
        return [(name, hashlib.md5(packed).hexdigest()) for name, packed in self.files.items()]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def mirror(small, monkeypatch):
    from torchvision import datasets

    server = Mirror(small)
    monkeypatch.setenv("no_proxy", "*")
    for dataset in (datasets.MNIST, datasets.FashionMNIST):
        monkeypatch.setattr(dataset, "mirrors", [server.url])
        monkeypatch.setattr(dataset, "resources", server.resources())
    yield server
    server.close()


@pytest.fixture(scope="module", autouse=True)
def collected():
    """Broken answers' sockets go while this module's filter still holds."""
    yield
    gc.collect()


def files_in(home: Path) -> list[str]:
    return sorted(str(p.relative_to(home)) for p in home.rglob("*") if p.is_file())


@pytest.mark.parametrize(("name", "title"), mnist.TITLES.items())
def test_a_download_leaves_the_four_files_and_happens_once(name, title, mirror, small, tmp_path):
    home = tmp_path / "not" / "yet"
    check_loaded(load(name, data_dir=home, download=True), small)
    assert files_in(home) == sorted(f"{title}/raw/{file}" for file in FILES)
    assert [p.name for p in home.iterdir()] == [title]
    assert socket.getdefaulttimeout() is None
    asked = len(mirror.requests)
    load(name, data_dir=home, download=True)
    check_loaded(load(name, data_dir=home), small)
    assert len(mirror.requests) == asked


def test_nothing_is_downloaded_unasked(mirror, tmp_path):
    with pytest.raises(InputError):
        load("mnist", data_dir=tmp_path)
    load("auto", data_dir=tmp_path)
    assert mirror.requests == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_download_mends_damaged_files_and_keeps_the_others(damage, mirror, small, tmp_path):
    raw = write(tmp_path, small)
    (raw / "notes.txt").write_text("mine")
    damage(raw)
    if damage is a_folder:
        (raw / LABELS).rmdir()
    check_loaded(load("mnist", data_dir=tmp_path, download=True), small)
    assert files_in(tmp_path) == sorted(f"MNIST/raw/{file}" for file in [*FILES, "notes.txt"])


def cut_short(handler, body):
    Mirror.send(handler, body[: len(body) // 2], len(body))


def other_content(handler, body):
    Mirror.send(handler, gzip.compress(b"something else"))


def not_found(handler, body):
    handler.send_error(404)


def hang_up(handler, body):
    handler.connection.close()


def stall(handler, body):
    time.sleep(5)


BAD_ANSWERS = {
    cut_short: "",
    other_content: "corrupted",
    not_found: "HTTP Error 404",
    hang_up: "",
    stall: "timed out",
}


@pytest.mark.parametrize("occupied", [False, True])
@pytest.mark.parametrize(("answer", "words"), BAD_ANSWERS.items())
def test_a_failed_download_changes_nothing(answer, words, occupied, mirror, small, tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "TIMEOUT", 0.3)
    home = tmp_path / "home"
    home.mkdir()
    if occupied:
        truncated(write(home, small))
    before = snapshot(home)
    mirror.answer = answer
    start = time.monotonic()
    with pytest.raises(InputError) as caught:
        load("mnist", data_dir=home, download=True)
    message = str(caught.value)
    assert time.monotonic() - start < 4
    for part in ("MNIST could not be downloaded (", words, 'load("digits")', str(home)):
        assert part in message
    assert "\n" not in message
    assert snapshot(home) == before
    assert socket.getdefaulttimeout() is None


def test_a_failure_in_the_last_file_changes_nothing(mirror, tmp_path):
    def last_one_cut(handler, body):
        (cut_short if handler.path.startswith("/t10k-labels") else Mirror.send)(handler, body)

    mirror.answer = last_one_cut
    with pytest.raises(InputError):
        load("mnist", data_dir=tmp_path, download=True)
    assert snapshot(tmp_path) == {}
    mirror.answer = None
    assert len(load("mnist", data_dir=tmp_path, download=True).x_train) == 30


def test_a_mirror_with_other_data_under_its_own_checksum_is_refused(mirror, small, tmp_path, monkeypatch):
    from torchvision import datasets

    small[LABELS][0] ^= 1
    mirror.files[f"{LABELS}.gz"] = gzip.compress(idx(small[LABELS]))
    monkeypatch.setattr(datasets.MNIST, "resources", mirror.resources())
    with pytest.raises(InputError, match="what came is not the data set"):
        load("mnist", data_dir=tmp_path, download=True)
    assert snapshot(tmp_path) == {}


def test_no_connection_gives_one_sentence(small, tmp_path, monkeypatch):
    from torchvision import datasets

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/"
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(datasets.MNIST, "mirrors", [closed, closed])
    with pytest.raises(InputError) as caught:
        load("mnist", data_dir=tmp_path, download=True)
    message = str(caught.value)
    assert "Connection refused" in message
    assert message.count("refused") == 1
    assert one_sentence(message)
    assert snapshot(tmp_path) == {}


def test_an_interrupted_download_changes_nothing(small, tmp_path, monkeypatch):
    from torchvision import datasets

    def half(root, download):
        raw = Path(root) / "MNIST" / "raw"
        raw.mkdir(parents=True)
        (raw / IMAGES).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets, "MNIST", half)
    with pytest.raises(KeyboardInterrupt):
        load("mnist", data_dir=tmp_path, download=True)
    assert snapshot(tmp_path) == {}
    assert socket.getdefaulttimeout() is None


def test_a_folder_that_cannot_be_made_gives_one_sentence(mirror, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"could not be downloaded \(.*; download it with"):
        load("mnist", data_dir=tmp_path / "file" / "home", download=True)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise RuntimeError('operator torchvision::nms does not exist')", "nms does not exist"),
        ("raise ImportError('libtorch_cuda.so: cannot open')", "libtorch_cuda.so"),
        ("raise AttributeError('partially initialized module')", "partially initialized"),
        (None, "torchvision"),
    ],
)
def test_a_torchvision_that_does_not_load_gives_one_sentence(source, reason, small, tmp_path, monkeypatch):
    for module in [m for m in sys.modules if m.split(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, module)
    if source is None:
        monkeypatch.setitem(sys.modules, "torchvision", None)
    else:
        (tmp_path / "torchvision").mkdir()
        (tmp_path / "torchvision" / "__init__.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError) as caught:
        load("mnist", data_dir=tmp_path / "home", download=True)
    message = str(caught.value)
    assert f"torchvision does not load beside torch {torch.__version__}" in message
    assert reason in message
    assert 'load("digits")' in message
    assert not (tmp_path / "home").exists()


# the command


def test_the_command_downloads_and_says_where(mirror, tmp_path, capsys):
    assert data.main(["fashion_mnist", "--data-dir", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "'fashion_mnist': 30 train, 20 test, 28×28 pixels" in out
    assert str(tmp_path) in out


def test_the_command_fails_in_one_line(mirror, tmp_path, capsys):
    mirror.answer = not_found
    assert data.main(["mnist", "--data-dir", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1].startswith("MNIST could not be downloaded (")


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
@pytest.mark.slow
def test_the_real_files_pass_through_a_download(tmp_path, monkeypatch):
    """Packed here, so that only the packed files' checksums, which gzip's version sets, are ours."""
    from torchvision import datasets

    raw = Path(os.environ["VAE_DATA_DIR"]).expanduser() / "MNIST" / "raw"
    server = Mirror({})
    server.files = {f"{f}.gz": gzip.compress((raw / f).read_bytes(), 1) for f in FILES}
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(datasets.MNIST, "mirrors", [server.url])
    monkeypatch.setattr(datasets.MNIST, "resources", server.resources())
    try:
        dataset = load("mnist", data_dir=tmp_path, download=True)
    finally:
        server.close()
    assert torch.equal(dataset.x_test, load("mnist").x_test)


@pytest.mark.mnist
@pytest.mark.slow
def test_the_command_as_typed_downloads_nothing_that_is_there():
    command = [sys.executable, "-W", "error", "-m", "vae_lib.data", "mnist"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "'mnist': 60,000 train, 10,000 test" in done.stdout
    assert done.stderr == ""
