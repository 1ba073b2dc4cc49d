"""What a training is told, and what it tells: `TrainConfig` and `History`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from vae_lib.checks import require, require_at_least_zero, require_count, require_positive
from vae_lib.errors import Brief
from vae_lib.optimization import SCHEDULES


@dataclass(frozen=True)
class TrainConfig:
    """How to train. The loss is `reconstruction_weight` · reconstruction + `beta` · KL, by Adam."""

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-3
    beta: float = 1.0
    reconstruction_weight: float = 1.0
    schedule: str = "constant"  # or "cosine": the learning rate falls to 0 along half a cosine
    warmup: float = 0.0  # share of the steps over which the learning rate rises
    averaging: float = (
        0.0  # decay, a step, of the mean of the weights that is scored and kept; 0: the weights themselves
    )
    patience: int = (
        0  # stop after so many epochs without a better test loss, and keep the best; 0: never, keep the last
    )
    shifted: float = 0.0  # share of the (square) pictures that are moved by a pixel, anew for every batch
    n_samples: int = 1  # draws of z for each example and step
    dynamic_binarization: bool = False  # pixels drawn anew as 0 or 1 for every batch
    seed: int = 0  # order of the batches and all noise; the weights' start is the model's
    device: str = "auto"  # "auto" takes CUDA, then MPS, then the CPU
    progress: bool = True

    def __post_init__(self) -> None:
        for name, least in {"epochs": 1, "batch_size": 1, "patience": 0, "n_samples": 1, "seed": 0}.items():
            require_count(getattr(self, name), f"TrainConfig: {name}", least)
        for name, kind in {"dynamic_binarization": bool, "progress": bool, "device": str}.items():
            value = getattr(self, name)
            require(isinstance(value, kind), f"TrainConfig: {name} must be a {kind.__name__}, not {value!r}.")
        known = f"TrainConfig: schedule must be one of {', '.join(SCHEDULES)}, not {self.schedule!r}."
        require(isinstance(self.schedule, str) and self.schedule in SCHEDULES, known)
        require_positive(self.learning_rate, "TrainConfig: learning_rate")
        for name in ("warmup", "averaging", "shifted"):
            require_at_least_zero(getattr(self, name), f"TrainConfig: {name}")
            below = getattr(self, name) < 1 or (name == "shifted" and self.shifted == 1)
            require(below, f"TrainConfig: {name} must be less than 1, not {getattr(self, name)!r}.")
        for name in ("beta", "reconstruction_weight"):
            require_at_least_zero(getattr(self, name), f"TrainConfig: {name}")
        require(self.beta + self.reconstruction_weight > 0, "TrainConfig: the two weights must not both be 0.")


class History(NamedTuple):
    """One value an epoch, each a mean over examples in nats (squared error for an autoencoder).

    The test lists are empty without test data, `seconds` is wall time, and `interrupted` is True after Ctrl-C:
    then too only whole epochs are listed. With `averaging` the training lists are of the weights on their way, the
    test lists of their mean.
    """

    loss: list[float]
    reconstruction: list[float]
    kl: list[float]
    test_loss: list[float]
    test_reconstruction: list[float]
    test_kl: list[float]
    seconds: list[float]
    interrupted: bool = False


class TrainingDiverged(Brief, ArithmeticError):
    """The loss became NaN or infinite; the message says at which step."""
