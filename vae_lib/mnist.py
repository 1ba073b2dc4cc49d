"""MNIST and Fashion-MNIST on disk, in torchvision's layout: verified, read, downloaded when asked.

The files are DIR/MNIST/raw/train-images-idx3-ubyte and so on. torchvision is imported here and
nowhere else, and only to download.
"""

from __future__ import annotations

import functools
import hashlib
import os
import socket
import struct
import tempfile
from pathlib import Path

import torch
from torch import Tensor

from vae_lib.checks import InputError, require

TIMEOUT = 20  # seconds without a byte after which a download gives up
TITLES = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}
# MD5 of the unpacked files: torchvision knows only the packed ones', and accepts a damaged file.
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
_ABSENT = "is absent"


def read(name: str, home: Path, advice: str) -> list[Tensor]:
    """Train images (N, 28, 28) and labels (N,), then test images and labels, all uint8.

    Raises InputError, which ends in `advice`, unless all four files in `home` are sound.
    """
    faults, raw = find_faults(name, home), _raw(name, home)
    listed = " and ".join(f"{file} {fault}" for file, fault in list(faults.items())[:2])
    what = f"is not in {raw}" if is_absent(faults) else f"in {raw} is faulty: {listed}"
    require(not faults, f"{TITLES[name]} {what}; {advice}")
    return [_read_idx(raw / file) for file in MD5[name]]


def find_faults(name: str, home: Path) -> dict[str, str]:
    """What is wrong with each file that is not sound; empty where the data set can be read."""
    found = {file: _fault(_raw(name, home) / file, md5) for file, md5 in MD5[name].items()}
    return {file: fault for file, fault in found.items() if fault}


def is_absent(faults: dict[str, str]) -> bool:
    """None of the four files is there."""
    return list(faults.values()) == [_ABSENT] * 4


def download(name: str, home: Path, advice: str) -> None:
    """torchvision's downloader, in a folder beside the target; only sound files are moved in.

    Raises InputError, which ends in `advice`, and then leaves `home` as it was.
    """
    timeout = socket.getdefaulttimeout()
    step = f"torchvision does not load beside torch {torch.__version__}: "
    try:
        from torchvision import datasets

        step = ""
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=f".{name}-") as scratch:
            socket.setdefaulttimeout(TIMEOUT)  # torchvision sets none and could wait for ever
            getattr(datasets, TITLES[name])(scratch, download=True)
            require(not find_faults(name, Path(scratch)), "what came is not the data set")
            _move(_raw(name, Path(scratch)), _raw(name, home))
    except Exception as error:  # torchvision's, the network's and the disk's are of many classes
        why = f"{TITLES[name]} could not be downloaded ({step}{_in_one_line(error)})"
        raise InputError(f"{why}, and nothing was changed; {advice}") from error
    finally:
        socket.setdefaulttimeout(timeout)


def _raw(name: str, home: Path) -> Path:
    return home / TITLES[name] / "raw"


def _fault(path: Path, md5: str) -> str:
    try:
        stat = path.stat()
        sound = _md5(path, stat.st_size, stat.st_mtime_ns) == md5
    except (FileNotFoundError, NotADirectoryError):
        return _ABSENT
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if sound else f"is damaged or incomplete ({stat.st_size:,} bytes)"


@functools.lru_cache(maxsize=32)
def _md5(path: Path, size: int, mtime_ns: int) -> str:
    """Of the content; a file whose size and time have not changed is hashed once in a process."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _read_idx(path: Path) -> Tensor:
    """An IDX file as uint8: the fourth byte counts the axes, four bytes each give their sizes."""
    content = bytearray(path.read_bytes())
    shape = struct.unpack_from(f">{content[3]}I", content, offset=4)
    return torch.frombuffer(content, dtype=torch.uint8, offset=4 + 4 * len(shape)).view(shape)


def _move(fresh: Path, raw: Path) -> None:
    """One rename of the folder; where one is there already, file by file, each whole at any time."""
    for packed in fresh.glob("*.gz"):
        packed.unlink()
    raw.parent.mkdir(exist_ok=True)
    try:
        os.replace(fresh, raw)
    except OSError:
        for file in fresh.iterdir():
            os.replace(file, raw / file.name)


def _in_one_line(error: Exception) -> str:
    """An error's reasons; torchvision lists those of its mirrors, a line each."""
    lines = [line.strip("<>. ") for line in str(error).splitlines()]
    reasons = [line for line in lines if not line.startswith(("Error downloading", "Tried"))]
    return "; ".join(dict.fromkeys(filter(None, reasons))) or type(error).__name__
