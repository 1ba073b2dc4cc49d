"""Time to quality: seconds until the 784-400-20 VAE has a test −ELBO of 105.6 nats, by the usual loop and by ours."""

from __future__ import annotations

import argparse
import time
from typing import NamedTuple

import torch
from torch import Tensor

import vae_lib as lib
from benchmarks.pictures import has_mnist
from vae_lib.data import Dataset, data_home, load
from vae_lib.training import TrainConfig, fit

GOAL = 105.6  # nats: what pytorch/examples prints after ten epochs
BOUND = 0.2  # ours may take at most this share of the usual loop's seconds
MOST_EPOCHS = 20  # of the usual loop, which needs ten or eleven
# Found on the last 5,000 training pictures: 3e-3 and 5e-3 leave 1.6 and 0.6 nats more after five epochs.
FAST = {"epochs": 5, "learning_rate": 8e-3, "schedule": "cosine", "warmup": 0.03, "averaging": 0.99}


class Reached(NamedTuple):
    """Training seconds, without those of scoring, the epochs they were, and the test −ELBO at their end."""

    seconds: float
    epochs: int
    minus_elbo: float


def show(options: argparse.Namespace) -> None:
    if not has_mnist():
        print("Time to quality: left out, since MNIST is not on disk (`python -m vae_lib.data mnist` downloads it)")
        return
    mnist = load("mnist")
    goal = GOAL if not options.quick else 250.0
    print(f"Time to a test −ELBO of {goal} nats, {torch.get_num_threads()} threads")
    ours, theirs = ours_to(mnist, options.pictures), usual_to(mnist, goal, options.pictures)
    for name, found in {"usual loop, Adam 1e-3": theirs, "fit, Adam 8e-3 by a cosine": ours}.items():
        print(f"  {name:<27}  {found.epochs:>2} epochs  {found.seconds:>6.1f} s  {found.minus_elbo:.2f} nats")
    ratio = ours.seconds / theirs.seconds
    holds = ratio <= BOUND and ours.minus_elbo <= goal and theirs.minus_elbo <= goal
    print(f"  ours / the usual loop: {ratio:.2f}, at most {BOUND}: {'holds' if holds else 'does not hold'}", flush=True)


def ours_to(mnist: Dataset, n: int) -> Reached:
    """A run of `FAST`, whose length is set before it starts."""
    model = lib.VAE(784, 20, generator=torch.Generator().manual_seed(0))
    history = fit(model, mnist.x_train[:n], TrainConfig(**FAST, device="cpu", progress=False))
    return Reached(sum(history.seconds), len(history.seconds), minus_elbo(model, mnist.x_test))


def usual_to(mnist: Dataset, goal: float, n: int) -> Reached:
    """The usual loop, scored after each epoch, until it is there."""
    from benchmarks.usual import UsualLoop  # torchvision, needed here only

    torch.manual_seed(0)
    loop, seconds, reached = UsualLoop(data_home(), n), 0.0, float("inf")
    epochs = 0
    while reached > goal and epochs < MOST_EPOCHS:
        epochs += 1
        start = time.perf_counter()
        loop.epoch()
        seconds += time.perf_counter() - start
        reached = usual_minus_elbo(loop.model, mnist.x_test)
    return Reached(seconds, epochs, reached)


@torch.no_grad()
def minus_elbo(model: lib.VAE, x: Tensor) -> float:
    """Grey pixels, one draw of z a picture by a fixed seed."""
    return -lib.elbo_terms(model, x, generator=torch.Generator().manual_seed(0)).elbo.mean().item()


@torch.no_grad()
def usual_minus_elbo(model: torch.nn.Module, x: Tensor) -> float:
    """The same figure of the usual loop's model, its layers put into ours."""
    twin = lib.VAE(784, 20)
    encoder, decoder = twin.encoder.layers, twin.decoder.layers
    for ours, theirs in {encoder[0]: model.fc1, decoder[0]: model.fc3, decoder[2]: model.fc4}.items():
        ours.load_state_dict(theirs.state_dict())
    encoder[2].weight.copy_(torch.cat([model.fc21.weight, model.fc22.weight]))
    encoder[2].bias.copy_(torch.cat([model.fc21.bias, model.fc22.bias]))
    return minus_elbo(twin, x)
