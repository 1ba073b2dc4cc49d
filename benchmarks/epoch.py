"""An epoch of the 784-400-20 VAE at batch 128: ours, the usual loop, and nothing but the matrix products."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor

import vae_lib as lib
from benchmarks.pictures import has_mnist, training_pictures
from vae_lib.training import TrainConfig, fit

BATCH = 128
# Ours divided by it is at most this. A step written by hand without autograd took 1.72 times its products.
BOUNDS = {"usual": 0.45, "products": 2.2}
NAMES = {"ours": "vae_lib.fit", "usual": "the usual loop", "products": "the matrix products"}


def show(options: argparse.Namespace) -> None:
    kind = "MNIST" if has_mnist() else "random pictures, since MNIST is not on disk"
    print(f"Epoch of the 784-400-20 VAE, batch {BATCH}, {options.pictures} pictures ({kind}), {options.repeats} rounds")
    print(f"  {'threads':>7}  {'':<19}  {'median s':>8}  {'least s':>8}  ours / it: median, of least, bound")
    default = torch.get_num_threads()
    with training_pictures(options.pictures) as (folder, x):
        for threads in dict.fromkeys((default, 1)):
            torch.set_num_threads(threads)
            _print(threads, rounds(loops(folder, x), options.repeats))
    torch.set_num_threads(default)


def loops(folder, x: Tensor) -> dict[str, Callable[[], float]]:
    """The three, each a function that runs one epoch and returns its seconds."""
    from benchmarks.usual import UsualLoop  # torchvision, needed here only

    usual, model = UsualLoop(folder, len(x)), lib.VAE(784, 20)
    config = TrainConfig(epochs=1, batch_size=BATCH, device="cpu", progress=False)
    products = matrix_products(x)
    return {
        "ours": lambda: fit(model, x, config).seconds[0],
        "usual": lambda: seconds(usual.epoch),
        "products": lambda: seconds(products),
    }


def matrix_products(x: Tensor) -> Callable[[], None]:
    """A function for all products of an epoch: four forward, and the gradients of four weights and three inputs.

    The pictures are streamed batch by batch; what the other layers would hold is drawn once.
    """
    w1, w2, w3, w4 = (torch.randn(shape) / 20 for shape in ((400, 784), (40, 400), (400, 20), (784, 400)))
    h, z, g_code, g_x = (torch.randn(BATCH, n) for n in (400, 20, 40, 784))

    def epoch() -> None:
        for batch in x.split(BATCH):
            b = len(batch)
            _products(batch, h[:b], z[:b], g_code[:b], g_x[:b], (w1, w2, w3, w4))

    return epoch


def _products(
    x: Tensor, h: Tensor, z: Tensor, g_code: Tensor, g_x: Tensor, weights: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    w1, w2, w3, w4 = weights
    forward = x @ w1.T, h @ w2.T, z @ w3.T, h @ w4.T
    gradients = g_x.T @ h, h.T @ z, g_code.T @ h, h.T @ x  # a step keeps them until its end
    inputs = g_x @ w4, h @ w3, g_code @ w2
    return *forward, *gradients, *inputs


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def rounds(runs: dict[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each, taken in turn so that a slow spell of the machine falls on all; the first round is not kept."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for k in range(repeats + 1):
        for name, run in runs.items():
            spent = run()
            if k > 0:
                taken[name].append(spent)
    return taken


def _print(threads: int, taken: dict[str, list[float]]) -> None:
    ours = taken["ours"]
    for name, spent in taken.items():
        line = f"  {threads:>7}  {NAMES[name]:<19}  {median(spent):>8.2f}  {min(spent):>8.2f}"
        if name in BOUNDS:
            ratio = median(a / b for a, b in zip(ours, spent, strict=True))
            verdict = "holds" if ratio <= BOUNDS[name] else "does not hold"
            line += f"  {ratio:.2f}, {min(ours) / min(spent):.2f}, at most {BOUNDS[name]}: {verdict}"
        print(line, flush=True)
