"""MNIST from disk, or random pictures in MNIST's file format where it is absent: both can be read by torchvision."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from vae_lib import data, mnist


def has_mnist() -> bool:
    """All four files of MNIST are on disk and sound."""
    return not mnist.find_faults("mnist", data.data_home())


@contextmanager
def training_pictures(n: int) -> Iterator[tuple[Path, Tensor]]:
    """The folder for `torchvision.datasets.MNIST`, and the same `n` pictures as (n, 784) in [0, 1]."""
    with TemporaryDirectory() as folder:
        if has_mnist():  # perhaps packed, or under names that torchvision does not know
            mnist.take("mnist", data.data_home(), Path(folder))
            yield Path(folder), data.load("mnist").x_train[:n]
        else:
            yield Path(folder), write_random(Path(folder), n).flatten(1) / 255


def write_random(folder: Path, n: int) -> Tensor:
    """MNIST's four files with random pictures, a fifth of their pixels grey as in MNIST. -> train (n, 28, 28) uint8."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (n, 28, 28), dtype=torch.uint8, generator=generator)
    pixels *= torch.rand(n, 28, 28, generator=generator) < 0.2
    labels = torch.zeros(n, dtype=torch.uint8)
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in mnist.MD5["mnist"]:
        _write_idx(raw / name, pixels if "images" in name else labels)
    return pixels


def _write_idx(path: Path, x: Tensor) -> None:
    """Two zero bytes, 8 for unsigned bytes, the number of axes, their sizes, and the values."""
    head = struct.pack(f">BBBB{x.ndim}I", 0, 0, 8, x.ndim, *x.shape)
    path.write_bytes(head + x.numpy().tobytes())
