"""Training: one configuration, one function, one history. Data stay in memory and batches are index slices."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from vae_lib.checks import (
    Brief,
    InputError,
    check_shapes,
    require,
    require_at_least_zero,
    require_count,
    require_positive,
    require_unit_interval,
    trusted,
)
from vae_lib.likelihood import Bernoulli
from vae_lib.models import VAE, Autoencoder
from vae_lib.objective import ElboTerms, elbo_terms

EVALUATION_BATCH = 1000  # test examples decoded at a time: bounds the memory, changes no figure


@dataclass(frozen=True)
class TrainConfig:
    """How to train. The loss is `reconstruction_weight` · reconstruction + `beta` · KL, by Adam."""

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-3
    beta: float = 1.0
    reconstruction_weight: float = 1.0
    n_samples: int = 1  # draws of z for each example and step
    dynamic_binarization: bool = False  # pixels drawn anew as 0 or 1 for every batch
    seed: int = 0  # order of the batches and all noise; the weights' start is the model's
    device: str = "auto"  # "auto" takes CUDA, then MPS, then the CPU
    progress: bool = True

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "n_samples"):
            require_count(getattr(self, name), f"TrainConfig: {name}")
        require_positive(self.learning_rate, "TrainConfig: learning_rate")
        for name in ("beta", "reconstruction_weight"):
            require_at_least_zero(getattr(self, name), f"TrainConfig: {name}")
        require(self.beta + self.reconstruction_weight > 0, "TrainConfig: the two weights must not both be 0.")
        require_count(self.seed, "TrainConfig: seed", least=0)
        require(isinstance(self.device, str), f"TrainConfig: device must be a name such as 'cpu', not {self.device!r}.")


class History(NamedTuple):
    """One value an epoch, each a mean over examples in nats (squared error for an autoencoder); `seconds` is wall time.

    The test lists are empty without test data. `interrupted` is True after Ctrl-C: only whole epochs are listed.
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


def fit(
    model: VAE | Autoencoder,
    data: Tensor,
    config: TrainConfig | None = None,
    *,
    test: Tensor | None = None,
    on_epoch: Callable[[int, nn.Module, History], None] | None = None,
    checkpoint: str | Path | None = None,
) -> History:
    """Train `model` in place on `data` (N, P) and return the history; `test` (M, P) is scored after each epoch.

    `on_epoch(epoch, model, history)` is called after each epoch, epochs counted from 1. With `checkpoint`, a file,
    the run is
    saved after each epoch, and goes on where the file stopped. Ctrl-C returns what is trained so far. The same seed,
    start
    and machine give the same numbers. Raises `InputError` for data or a checkpoint that do not fit,
    `TrainingDiverged` for NaN.
    """
    config = TrainConfig() if config is None else config
    require(isinstance(config, TrainConfig), f"fit: config must be a TrainConfig, not {type(config).__name__}.")
    require(on_epoch is None or callable(on_epoch), f"fit: on_epoch must be a function, not {on_epoch!r}.")
    named = checkpoint is None or isinstance(checkpoint, (str, os.PathLike))
    require(named, f"fit: checkpoint must be the path of a file, not {checkpoint!r}.")
    for name, x in {"data": data, "test": test}.items():
        _check_data(model, name, x)
    run = _Run(model, data, test, config)
    home = next(model.parameters()).device
    model.to(run.device)
    try:
        return _epochs(run, on_epoch, Path(checkpoint) if checkpoint else None)
    finally:
        model.to(home)


class _Run:
    """What a run needs from one epoch to the next."""

    def __init__(self, model: nn.Module, data: Tensor, test: Tensor | None, config: TrainConfig) -> None:
        self.config, self.model = config, model
        self.device = pick_device(config.device)
        self.data = data.to(self.device)
        self.test = None if test is None else test.to(self.device)
        model.to(self.device)
        self.optimizer = torch.optim.Adam(
            model.parameters(), lr=config.learning_rate, fused=self.device.type in ("cpu", "cuda")
        )
        self.generator = torch.Generator(self.device).manual_seed(config.seed)
        self.history = History([], [], [], [], [], [], [])


def pick_device(name: str = "auto") -> torch.device:
    """The device called `name`; "auto" is CUDA where there is one, then Apple's MPS, then the CPU."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    require(isinstance(name, str), f"pick_device: name must be a text such as 'cpu', not {name!r}.")
    try:
        return torch.zeros(1, device=name).device
    except (RuntimeError, AssertionError, TypeError) as error:
        raise InputError(f"This machine has no device {name!r}; use device='auto' or 'cpu'.") from error


def _epochs(run: _Run, on_epoch: Callable | None, checkpoint: Path | None) -> History:
    if checkpoint and checkpoint.exists():
        _resume(run, checkpoint)
    done = len(run.history.loss)
    bar = tqdm(total=run.config.epochs, initial=done, desc="epochs", disable=not run.config.progress, leave=False)
    try:
        for epoch in range(done + 1, run.config.epochs + 1):
            _one_epoch(run, epoch)
            if checkpoint:
                _save(run, checkpoint)
            bar.update()
            bar.set_postfix(loss=f"{run.history.loss[-1]:.2f}")
            if on_epoch:
                on_epoch(epoch, run.model, run.history)
    except KeyboardInterrupt:
        return run.history._replace(interrupted=True)
    finally:
        bar.close()
    return run.history


def _one_epoch(run: _Run, epoch: int) -> None:
    start = time.perf_counter()
    with trusted():  # data and model were checked by `fit`
        steps = _train_epoch(run)
        _require_finite(steps, epoch)
        train = steps.sum(0) / len(run.data)
        test = None if run.test is None else _evaluate(run)
    _record(run, train.tolist(), test, time.perf_counter() - start)


def _train_epoch(run: _Run) -> Tensor:
    """One pass over the data in a new order. -> (steps, 2), each batch's summed reconstruction and KL."""
    config, rows = run.config, []
    order = torch.randperm(len(run.data), device=run.device, generator=run.generator)
    for batch in order.split(config.batch_size):
        x = run.data[batch]
        if config.dynamic_binarization:
            x = torch.bernoulli(x, generator=run.generator)
        terms = elbo_terms(run.model, x, n_samples=config.n_samples, generator=run.generator)
        run.optimizer.zero_grad()
        loss = config.reconstruction_weight * terms.reconstruction.mean() + config.beta * terms.kl.mean()
        loss.backward()
        run.optimizer.step()
        rows.append(torch.stack([terms.reconstruction.detach().sum(), terms.kl.detach().sum()]))
    return torch.stack(rows)  # read once an epoch: a GPU need not wait at every step


def _require_finite(steps: Tensor, epoch: int) -> None:
    bad = (~torch.isfinite(steps)).any(1).nonzero()
    if len(bad):
        step = int(bad[0])
        total = (epoch - 1) * len(steps) + step + 1
        raise TrainingDiverged(
            f"The loss is NaN or infinite at step {step + 1} of epoch {epoch} (step {total} of the run); "
            "try a smaller learning_rate, and look at the data's range."
        )


@torch.no_grad()
def _evaluate(run: _Run) -> list[float]:
    """Mean reconstruction and KL of the test data, with the same noise after each epoch so that epochs compare."""
    generator = torch.Generator(run.device).manual_seed(run.config.seed)
    parts = [elbo_terms(run.model, x, generator=generator) for x in run.test.split(EVALUATION_BATCH)]
    terms = ElboTerms(*(torch.cat(column) for column in zip(*parts, strict=True)))
    return [terms.reconstruction.mean().item(), terms.kl.mean().item()]


def _record(run: _Run, train: list[float], test: list[float] | None, seconds: float) -> None:
    history, config = run.history, run.config
    for prefix, terms in {"": train, "test_": test}.items():
        if terms is not None:
            reconstruction, kl = terms
            getattr(history, prefix + "loss").append(config.reconstruction_weight * reconstruction + config.beta * kl)
            getattr(history, prefix + "reconstruction").append(reconstruction)
            getattr(history, prefix + "kl").append(kl)
    history.seconds.append(seconds)


def _save(run: _Run, path: Path) -> None:
    """Write to a file beside and rename it, so that a run killed here leaves the old checkpoint whole."""
    state = {
        "config": asdict(run.config),
        "model": run.model.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "generator": run.generator.get_state(),
        "history": run.history._asdict(),
    }
    beside = path.with_name(path.name + ".part")
    torch.save(state, beside)
    os.replace(beside, path)


def _resume(run: _Run, path: Path) -> None:
    state = _read_checkpoint(path)
    for field in fields(TrainConfig):
        if field.name in ("epochs", "device", "progress"):
            continue
        now, then = getattr(run.config, field.name), state["config"][field.name]
        require(now == then, f"The checkpoint {path} was made with {field.name} = {then}, not {now}; use another file.")
    try:
        run.model.load_state_dict(state["model"])
    except RuntimeError as error:
        raise InputError(f"The checkpoint {path} belongs to a model of another shape; use another file.") from error
    run.optimizer.load_state_dict(state["optimizer"])
    run.generator.set_state(state["generator"].cpu())
    run.history = History(**state["history"])


def _read_checkpoint(path: Path) -> dict[str, Any]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged zip, a pickle of something else: torch has many words for it
        raise InputError(f"{path} is not a checkpoint of vae_lib.fit; delete it or use another file.") from error
    whole = isinstance(state, dict) and {"config", "model", "optimizer", "generator", "history"} <= set(state)
    require(whole, f"{path} is not a checkpoint of vae_lib.fit; delete it or use another file.")
    return state


def _check_data(model: nn.Module, name: str, x: Tensor | None) -> None:
    require(
        isinstance(model, (VAE, Autoencoder)),
        f"fit: model must be a VAE or an Autoencoder, not {type(model).__name__}.",
    )
    if x is None:
        return
    check_shapes("fit", {name: "N P"}, {name: x})
    require(
        x.shape[1] == model.n_pixels, f"fit: the model has {model.n_pixels} pixels, {name} has {x.shape[1]} columns."
    )
    if isinstance(model, VAE) and isinstance(model.likelihood, Bernoulli):
        require_unit_interval(x, f"fit: with a Bernoulli likelihood {name}")
