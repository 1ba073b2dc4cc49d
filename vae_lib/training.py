"""Training: one configuration, one function, one history. Data stay in memory and batches are index slices."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vae_lib.checkpoint import Checkpoint
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

EVALUATION_BATCH = 1000  # test examples decoded at a time: bounds the memory


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
        for name, least in {"epochs": 1, "batch_size": 1, "n_samples": 1, "seed": 0}.items():
            require_count(getattr(self, name), f"TrainConfig: {name}", least)
        for name, kind in {"dynamic_binarization": bool, "progress": bool, "device": str}.items():
            value = getattr(self, name)
            require(isinstance(value, kind), f"TrainConfig: {name} must be a {kind.__name__}, not {value!r}.")
        require_positive(self.learning_rate, "TrainConfig: learning_rate")
        for name in ("beta", "reconstruction_weight"):
            require_at_least_zero(getattr(self, name), f"TrainConfig: {name}")
        require(self.beta + self.reconstruction_weight > 0, "TrainConfig: the two weights must not both be 0.")


class History(NamedTuple):
    """One value an epoch, each a mean over examples in nats (squared error for an autoencoder).

    The test lists are empty without test data, `seconds` is wall time, and `interrupted` is True after Ctrl-C:
    then too only whole epochs are listed.
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

    `on_epoch(epoch, model, history)` is called after each epoch, epochs counted from 1. The run is saved in the file
    `checkpoint` after each epoch, and goes on from there where the file exists. Ctrl-C returns what is trained so far.
    The same seed, start and machine give the same numbers. Raises `InputError` for data or a checkpoint that do not
    fit, `TrainingDiverged` for NaN.
    """
    config = TrainConfig() if config is None else config
    require(on_epoch is None or callable(on_epoch), f"fit: on_epoch must be a function, not {on_epoch!r}.")
    named = checkpoint is None or isinstance(checkpoint, (str, Path))
    require(named, f"fit: checkpoint must be the path of a file, not {checkpoint!r}.")
    _check(model, data, test, config)
    device, home, mode = pick_device(config.device), next(model.parameters()).device, model.training
    try:
        run = _Run(model.to(device), data.detach(), None if test is None else test.detach(), config, device)
        with torch.enable_grad():
            return _epochs(run, on_epoch, None if checkpoint is None else Path(checkpoint))
    finally:
        model.zero_grad()
        model.to(home).train(mode)


def pick_device(name: str = "auto") -> torch.device:
    """The device called `name`; "auto" is CUDA where there is one, then Apple's MPS, then the CPU."""
    require(isinstance(name, str), f"pick_device: name must be a text such as 'cpu', not {name!r}.")
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        one = torch.zeros(1, device=name)
        one.item()  # a meta tensor has a device but no values
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"This machine has no device {name!r}; use device='auto' or 'cpu'.") from error
    return one.device


class _Run:
    """What a run needs from one epoch to the next."""

    def __init__(
        self, model: nn.Module, data: Tensor, test: Tensor | None, config: TrainConfig, device: torch.device
    ) -> None:
        self.model, self.config, self.device = model, config, device
        self.data, self.test = data.to(device), None if test is None else test.to(device)
        trained = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(trained, lr=config.learning_rate, fused=device.type in ("cpu", "cuda"))
        self.generator = torch.Generator(device).manual_seed(config.seed)
        self.history = History([], [], [], [], [], [], [])


def _epochs(run: _Run, on_epoch: Callable | None, path: Path | None) -> History:
    from tqdm.auto import tqdm  # in a notebook this imports ipywidgets

    bar = tqdm(total=run.config.epochs, desc="epochs", disable=not run.config.progress, leave=False)
    try:
        file = Checkpoint(run, path) if path else None
        if file:
            file.open()
        bar.update(len(run.history.loss))
        for epoch in range(len(run.history.loss) + 1, run.config.epochs + 1):
            run.history = _one_epoch(run, epoch)
            if file:
                file.save()
            bar.update()
            bar.set_postfix(loss=f"{run.history.loss[-1]:.2f}")
            if on_epoch:
                on_epoch(epoch, run.model, run.history)
    except KeyboardInterrupt:
        return run.history._replace(interrupted=True)
    finally:
        bar.close()
    return run.history


def _one_epoch(run: _Run, epoch: int) -> History:
    start, config = time.perf_counter(), run.config
    with trusted():  # data and model were checked by `fit`
        steps = _train_epoch(run)
        _require_finite(run, steps, epoch)
        row = _scores(config, "", *(steps.sum(0) / len(run.data)).tolist())
        if run.test is not None:
            row |= _scores(config, "test_", *_evaluate(run))
    row["seconds"] = time.perf_counter() - start
    return run.history._replace(**{name: [*getattr(run.history, name), value] for name, value in row.items()})


def _train_epoch(run: _Run) -> Tensor:
    """One pass over the data in a new order. -> (steps, 2), each batch's summed reconstruction and KL."""
    config, rows = run.config, []
    run.model.train()
    order = torch.randperm(len(run.data), device=run.device, generator=run.generator)
    for step, batch in enumerate(order.split(config.batch_size)):
        if step % 100 == 0:
            _drop_denormals(run.optimizer)
        x = run.data.index_select(0, batch)
        if config.dynamic_binarization:
            x = torch.bernoulli(x, generator=run.generator)
        terms = elbo_terms(run.model, x, n_samples=config.n_samples, generator=run.generator)
        run.optimizer.zero_grad()
        loss = config.reconstruction_weight * terms.reconstruction.mean() + config.beta * terms.kl.mean()
        loss.backward()
        run.optimizer.step()
        rows.append(torch.stack([terms.reconstruction.detach().sum(), terms.kl.detach().sum()]))
    return torch.stack(rows)  # read once an epoch: a GPU need not wait at every step


def _drop_denormals(optimizer: torch.optim.Optimizer) -> None:
    """Set first moments to 0 that are too small to move a weight.

    Where a pixel is seldom on, Adam's mean gradient shrinks by a tenth a step until it is below 1e-38, where
    processors compute up to a hundred times slower. From 1e-30 that takes 180 steps.
    """
    for state in optimizer.state.values():
        mean = state["exp_avg"]
        mean.masked_fill_(mean.abs() < 1e-30, 0)


@torch.no_grad()
def _evaluate(run: _Run) -> list[float]:
    """Mean reconstruction and KL of the test data, with the same noise after each epoch so that epochs compare."""
    run.model.eval()
    generator = torch.Generator(run.device).manual_seed(run.config.seed)
    parts = [elbo_terms(run.model, x, generator=generator) for x in run.test.split(EVALUATION_BATCH)]
    terms = ElboTerms(*(torch.cat(column) for column in zip(*parts, strict=True)))
    return [terms.reconstruction.mean().item(), terms.kl.mean().item()]


def _scores(config: TrainConfig, prefix: str, reconstruction: float, kl: float) -> dict[str, float]:
    loss = config.reconstruction_weight * reconstruction + config.beta * kl
    return {f"{prefix}loss": loss, f"{prefix}reconstruction": reconstruction, f"{prefix}kl": kl}


def _require_finite(run: _Run, steps: Tensor, epoch: int) -> None:
    """Every loss of the epoch, and the weights after it, since the last step's loss does not show its own update."""
    bad = (~torch.isfinite(steps)).any(1).nonzero()
    sound = all(p.isfinite().all() for p in run.model.parameters())
    if len(bad) or not sound:
        step = int(bad[0]) + 1 if len(bad) else len(steps)
        what = "The loss is" if len(bad) else "The weights are"
        total = (epoch - 1) * len(steps) + step
        raise TrainingDiverged(
            f"{what} NaN or infinite at step {step} of epoch {epoch} (step {total} of the run); "
            "try a smaller learning_rate, and look at the data's range."
        )


def _check(model: nn.Module, data: Tensor, test: Tensor | None, config: TrainConfig) -> None:
    kinds = (VAE, Autoencoder)
    require(isinstance(model, kinds), f"fit: model must be a VAE or an Autoencoder, not {type(model).__name__}.")
    require(isinstance(config, TrainConfig), f"fit: config must be a TrainConfig, not {type(config).__name__}.")
    require(any(p.requires_grad for p in model.parameters()), "fit: no parameter of the model requires a gradient.")
    given = {"data": data} if test is None else {"data": data, "test": test}
    check_shapes("fit", {"data": "N P", "test": "M P"}, given)
    require(data is not None, "fit: data must be a torch tensor, not NoneType.")
    n, dtype = model.n_pixels, next(model.parameters()).dtype
    require(data.shape[1] == n, f"fit: the model has {n} pixels, data has {data.shape[1]} columns.")
    require(data.dtype == dtype, f"fit: data is {data.dtype}, the model is {dtype}; give both the same dtype.")
    coins = isinstance(model, VAE) and isinstance(model.likelihood, Bernoulli)
    if coins or config.dynamic_binarization:
        for name, x in given.items():
            reason = "with a Bernoulli likelihood" if coins else "with dynamic_binarization"
            require_unit_interval(x, f"fit: {reason} {name}")
