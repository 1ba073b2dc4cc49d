"""Data sets as tensors in memory: digits (8×8), MNIST and Fashion-MNIST (28×28).

The digits are inside scikit-learn; the other two are read from disk. `python -m vae_lib.data mnist` puts MNIST there,
as the first `make lab` does, and so does `load("mnist", download=True)`; nothing else downloads.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from vae_lib import mnist
from vae_lib.checks import InputError, checked, require


class Dataset(NamedTuple):
    """Pictures x (N, P), float32 in [0, 1], and classes y (N,), int64; P is rows times columns."""

    name: str
    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor
    image_shape: tuple[int, int]

    def __repr__(self) -> str:
        counts = f"{len(self.x_train):,} train, {len(self.x_test):,} test"
        return f"Dataset({self.name!r}: {counts}, {'×'.join(map(str, self.image_shape))} pixels)"


@checked(seed="count 0", download="flag")
def load(
    name: str = "auto",
    *,
    binarize: str | None = None,
    seed: int = 0,
    download: bool = False,
    data_dir: str | os.PathLike | None = None,
) -> Dataset:
    """The data set "digits", "mnist", "fashion_mnist", or "auto": MNIST if on disk, else digits.

    `binarize="fixed"` draws each pixel once, by `seed`: 0 or 1, its grey value the probability.
    `download=True` fetches what is absent or damaged. `data_dir` stands for `data_home()`.
    Raises InputError, in one sentence that says what to do, where the data cannot be had.
    """
    names = ("auto", "digits", *mnist.TITLES)
    require(name in names, f"load: name must be one of {', '.join(names)}, not {name!r}.")
    known = 'None or "fixed" (for a new draw of each batch, call binarize on the batch)'
    require(binarize in (None, "fixed"), f"load: binarize must be {known}, not {binarize!r}.")
    auto = 'load: "auto" downloads nothing; ask for load("mnist", download=True).'
    require(not (download and name == "auto"), auto)
    home = data_home(data_dir)
    dataset = _auto(home) if name == "auto" else _named(name, home, download)
    return _binarized(dataset, seed) if binarize else dataset


@checked(x="unit ...")
def binarize(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Pixels 0 or 1, drawn anew at each call with probability x in [0, 1]: (...) -> (...)."""
    uniform = torch.rand(x.shape, dtype=x.dtype, device=x.device, generator=generator)
    return (uniform < x).to(x.dtype)


def data_home(data_dir: str | os.PathLike | None = None) -> Path:
    """The folder of MNIST/ and FashionMNIST/: `data_dir`, else VAE_DATA_DIR, else the cache."""
    valid = data_dir is None or (isinstance(data_dir, (str, os.PathLike)) and str(data_dir))
    require(valid, f"data_dir must be the path of a folder, not {data_dir!r}.")
    caches = {
        "win32": os.environ.get("LOCALAPPDATA") or "~/AppData/Local",
        "darwin": "~/Library/Caches",
    }
    cache = caches.get(sys.platform) or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    path = data_dir or os.environ.get("VAE_DATA_DIR") or os.path.join(cache, "vae_course")
    return Path(os.path.abspath(os.path.expanduser(path)))


def _auto(home: Path) -> Dataset:
    """Damaged files are an error, never a reason to take other data."""
    if not mnist.is_absent(mnist.find_faults("mnist", home)):
        dataset = _from_disk("mnist", home)
        print("Data: MNIST.")
        return dataset
    print(f"Data: the 8×8 digits, since MNIST is not on disk; {_call('mnist', home)} fetches it.")
    print("The text is written for MNIST: every cell runs on the digits too, with other numbers and pictures.")
    return _digits()


def _named(name: str, home: Path, download: bool) -> Dataset:
    if name == "digits":
        return _digits()
    if download and mnist.find_faults(name, home):
        mnist.download(name, home, _advice(name, home))
    return _from_disk(name, home)


def _digits() -> Dataset:
    import numpy as np

    try:  # the file that load_digits reads, without the second that importing scikit-learn takes
        folder = Path(find_spec("sklearn").origin).parent / "datasets" / "data"
        table = np.loadtxt(folder / "digits.csv.gz", delimiter=",")
    except (AttributeError, OSError):
        from sklearn.datasets import load_digits

        table = np.column_stack(load_digits(return_X_y=True))
    # NumPy has promised never to change this stream: the split is the same everywhere.
    table = torch.from_numpy(table[np.random.RandomState(0).permutation(len(table))])
    x, y = (table[:, :-1] / 16).float(), table[:, -1].long()
    return Dataset("digits", x[:1500], y[:1500], x[1500:], y[1500:], (8, 8))


def _from_disk(name: str, home: Path) -> Dataset:
    images, labels, test_images, test_labels = mnist.read(name, home, _advice(name, home))
    x_train, x_test = (pixels.flatten(1).float().div_(255) for pixels in (images, test_images))
    shape = tuple(images.shape[1:])
    return Dataset(name, x_train, labels.long(), x_test, test_labels.long(), shape)


def _advice(name: str, home: Path) -> str:
    files = "put its four files (.gz will do) there"
    return f'fetch it with {_call(name, home)}, {files}, or use load("digits"), which is always there.'


def _call(name: str, home: Path) -> str:
    """What fetches it, to be typed in a notebook, where `python` may be another one."""
    option = "" if home == data_home() else f', data_dir="{home}"'
    return f'load("{name}", download=True{option})'


def _binarized(dataset: Dataset, seed: int) -> Dataset:
    generator = torch.Generator().manual_seed(seed)
    x_train, x_test = (binarize(x, generator) for x in (dataset.x_train, dataset.x_test))
    return dataset._replace(x_train=x_train, x_test=x_test)


def main(arguments: list[str] | None = None) -> int:
    """Put a data set where `load` finds it, unless it is there and sound, and say where it lies."""
    parser = argparse.ArgumentParser(prog="python -m vae_lib.data", description=main.__doc__)
    parser.add_argument("name", choices=list(mnist.TITLES))
    parser.add_argument("--from", dest="source", metavar="FOLDER", help="take its four files from here, packed or not")
    parser.add_argument("--data-dir", help="where to put it (default: VAE_DATA_DIR, else the user's cache)")
    parser.add_argument("--at-setup", action="store_true", help="do without where it cannot be had, and go on")
    options = parser.parse_args(arguments)
    try:
        print(_provide(options.name, data_home(options.data_dir), options.source, options.at_setup))
    except InputError as error:
        print(error, file=sys.stdout if options.at_setup else sys.stderr)
        return 0 if options.at_setup else 1
    except KeyboardInterrupt:
        print("Interrupted; nothing was changed.", file=sys.stderr)
        return 130
    return 0


def _provide(name: str, home: Path, source: str | None, at_setup: bool) -> str:
    """What is true afterwards, in a line."""
    title, there = mnist.TITLES[name], not mnist.find_faults(name, home)
    if there:
        return f"{title} is in {home} already."
    if source is None:
        carried = "or with --from FOLDER takes files that you have."
        later = f"the 8×8 digits serve instead, and `{_command(name)}` fetches it later, {carried}"
        again = f"`{_command(name)}` tries again, {carried}"
        mnist.download(name, home, later if at_setup else again)
    else:
        mnist.take(name, Path(source).expanduser(), home)
    return f"{title} is in {home}, whole."


def _command(name: str) -> str:
    """This command, to be typed in this folder, where `python` may be another one."""
    here, python = Path.cwd(), Path(sys.executable)
    short = str(python.relative_to(here) if python.is_relative_to(here) else python)
    return f'"{short}" -m vae_lib.data {name}' if " " in short else f"{short} -m vae_lib.data {name}"


if __name__ == "__main__":
    sys.exit(main())
