"""MNIST and Fashion-MNIST on disk: found, verified, read, downloaded, or taken from files that somebody carried.

We write DIR/MNIST/raw/train-images-idx3-ubyte and so on, as torchvision does. We read the files also packed (.gz),
under their dotted names (train-images.idx3-ubyte), in DIR/MNIST and in DIR itself.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import os
import shutil
import struct
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from torch import Tensor

from vae_lib.checks import InputError, require
from vae_lib.download import fetch

TITLES = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}
# MD5 of the unpacked files: those of the packed ones depend on who packed them.
# Fashion-MNIST's are those of github.com/datasets-mila/datasets--fashionmnist (git-annex keys).
MD5 = {
    "mnist": {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    },
    "fashion_mnist": {
        "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
        "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
        "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
    },
}
# Without TLS too, since a Python on macOS may lack the certificates: the checksums vouch for what comes.
MIRRORS = {
    "mnist": (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    "fashion_mnist": (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
}
PACKED = {"mnist": 11_594_722, "fashion_mnist": 30_878_645}  # bytes of the four files as the mirrors have them
_ABSENT = "is absent"
_LARGEST = 64 * 1024**2  # bytes of a file that are read; train-images has 47,040,016
_SCRATCH = ".incoming-"
_DAY = 86_400  # seconds; no download takes as long


def read(name: str, home: Path, advice: str) -> list[Tensor]:
    """Train images (N, 28, 28) and labels (N,), then test images and labels, all uint8.

    Raises InputError, which ends in `advice`, unless all four files are in `home` and sound.
    """
    return [_tensor(content) for content in _sound_contents(name, home, advice).values()]


def take(name: str, folder: Path, home: Path) -> None:
    """Copy the four files from `folder`, packed or not, under either name, to where `read` finds them in `home`.

    Raises InputError, and leaves `home` as it was, unless all four are there and sound.
    """
    require(folder.is_dir(), f"{folder} is not a folder; name the one that holds {TITLES[name]}'s files.")
    needed = f"needed are {', '.join(MD5[name])}, each as it is, as .gz, or with a dot for the second hyphen."
    contents = _sound_contents(name, folder, needed)
    with _storing(name, home, f"{TITLES[name]} could not be stored", "nothing was changed.") as fresh:
        _write(contents, fresh)


def download(name: str, home: Path, advice: str) -> None:
    """Fetch the four files and store them in `home`, saying so in one line.

    Raises InputError, which ends in `advice`, and leaves `home` as it was, unless all four came and are sound.
    """
    print(f"Fetching {TITLES[name]} ({PACKED[name] >> 20} MB) into {home} …", flush=True)
    with _storing(name, home, f"{TITLES[name]} could not be fetched", advice) as fresh:
        smallest_first = list(MD5[name])[::-1]
        _write(fetch(MIRRORS[name], smallest_first, functools.partial(_accept, name), PACKED[name]), fresh)


def find_faults(name: str, home: Path) -> dict[str, str]:
    """What is wrong with each file that is not sound; empty where the data set can be read."""
    return {file: fault for file in MD5[name] if (fault := _find(name, home, file)[1])}


def is_absent(faults: dict[str, str]) -> bool:
    """None of the four files is there."""
    return [fault.endswith(_ABSENT) for fault in faults.values()] == [True] * 4


def _sound_contents(name: str, folder: Path, advice: str) -> dict[str, bytes]:
    faults = find_faults(name, folder)
    what = f"is not in {folder}" if is_absent(faults) else f"in {folder} is faulty: {' and '.join(faults.values())}"
    require(not faults, f"{TITLES[name]} {what}; {advice}")
    return {file: _content(_find(name, folder, file)[0]) for file in MD5[name]}


def _find(name: str, folder: Path, file: str) -> tuple[Path, str]:
    """The first sound copy and "", or else a path and what is wrong with it."""
    faults = {}
    for place in (f"{TITLES[name]}/raw", TITLES[name], ""):
        for title in (file, file.replace("-idx", ".idx")):
            for path in (folder / place / title, folder / place / f"{title}.gz"):
                if not (fault := _fault(path, MD5[name][file])):
                    return path, ""
                faults[path] = f"{path.relative_to(folder)} {fault}"
    present = [one for one in faults.items() if not one[1].endswith(_ABSENT)]
    return present[0] if present else (folder / file, f"{file} {_ABSENT}")


def _fault(path: Path, md5: str) -> str:
    try:
        stat = path.stat()
        found = _md5(path, stat.st_size, stat.st_mtime_ns)
    except (FileNotFoundError, NotADirectoryError):
        return _ABSENT
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if found == md5:
        return ""
    others = {one for sums in MD5.values() for one in sums.values()}
    return _ABSENT if found in others else f"is damaged or incomplete ({stat.st_size:,} bytes)"


@functools.lru_cache(maxsize=64)
def _md5(path: Path, size: int, mtime_ns: int) -> str:
    """Of the unpacked content; a file whose size and time have not changed is hashed once in a process."""
    return _digest(_content(path))


def _digest(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return _unpacked(file.read(_LARGEST))


def _unpacked(content: bytes) -> bytes:
    """By what the bytes are, since a browser may unpack a .gz and keep its name; nothing where they are damaged."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            return packed.read(_LARGEST)
    except (OSError, EOFError, zlib.error):
        return b""


def _accept(name: str, file: str, received: bytes) -> bytes:
    content = _unpacked(received)
    if _digest(content) != MD5[name][file]:
        raise ValueError(f"what came is not {TITLES[name]}'s {file}")
    return content


def _tensor(content: bytes) -> Tensor:
    """An IDX file as uint8: the fourth byte counts the axes, four bytes each give their sizes."""
    shape = struct.unpack_from(f">{content[3]}I", content, offset=4)
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=4 + 4 * len(shape)).view(shape)


@contextmanager
def _storing(name: str, home: Path, what: str, advice: str) -> Iterator[Path]:
    """A folder beside the target, moved there when the block has filled it, and gone however the block ends."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        _sweep(home)
        with tempfile.TemporaryDirectory(dir=home, prefix=_SCRATCH) as scratch:
            fresh = Path(scratch) / "raw"
            fresh.mkdir()
            yield fresh
            _move(fresh, home / TITLES[name] / "raw", MD5[name])
    except OSError as error:
        reason = f"{error.strerror}: {home}" if error.strerror else error
        raise InputError(f"{what} ({reason}); {advice}") from error


def _sweep(home: Path) -> None:
    """Remove what a killed download left."""
    for old in home.glob(f"{_SCRATCH}*"):
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > _DAY:
                shutil.rmtree(old)


def _write(contents: dict[str, bytes], fresh: Path) -> None:
    for file, content in contents.items():
        with (fresh / file).open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())  # some disks say only here that they are full


def _move(fresh: Path, raw: Path, sums: dict[str, str]) -> None:
    """One rename of the folder; where one is there already, file by file, each whole at any time."""
    raw.parent.mkdir(exist_ok=True)
    try:
        os.replace(fresh, raw)
    except OSError:
        for file, md5 in sums.items():
            if _fault(raw / file, md5):  # a sound one may be in use, which Windows does not replace
                os.replace(fresh / file, raw / file)
