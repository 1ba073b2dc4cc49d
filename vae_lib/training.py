"""Training: one configuration, one function, one history. Data stay in memory and batches are index slices."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from vae_lib.checkpoint import UNITS, Checkpoint
from vae_lib.checks import InputError, as_path, check_shapes, require, require_unit_interval
from vae_lib.config import History, TrainConfig, TrainingDiverged
from vae_lib.models import VAE, Autoencoder
from vae_lib.objective import bounded
from vae_lib.run import Columns, Run, one_epoch

__all__ = ["History", "TrainConfig", "TrainingDiverged", "fit", "pick_device"]


def fit(
    model: nn.Module,
    data: Tensor | tuple[Tensor, ...],
    config: TrainConfig | None = None,
    *,
    test: Tensor | tuple[Tensor, ...] | None = None,
    on_epoch: Callable[[int, nn.Module, History], bool | None] | None = None,
    checkpoint: str | Path | None = None,
) -> History:
    """Train `model` in place on `data` (N, P) and return the history; `test` (M, P) is scored after each epoch.

    `model` is a VAE, an Autoencoder, or any module with a method `loss_terms(*batch, n_samples, generator)` that
    returns `ElboTerms`; for such a one `data` may be a tuple of tensors with a row each for every example. Where it
    has `n_pixels`, `n_dims` or `n_positions`, its data must have so many columns.
    With `averaging` or `patience` the model ends with the mean of its weights, or those of its best epoch by `test`.
    `on_epoch(epoch, model, history)` is called after each epoch, epochs counted from 1; where it returns True, of
    Python, NumPy or torch, the run ends there. The run is saved in the file `checkpoint` after each epoch (after
    several where they are as short as the saving), and goes on from there where the file exists. Ctrl-C returns what
    is trained so far. The same seed, start and machine give the same numbers. Raises `InputError` for data or a
    checkpoint that do not fit, `TrainingDiverged` for NaN.
    """
    config = TrainConfig() if config is None else config
    require(on_epoch is None or callable(on_epoch), f"fit: on_epoch must be a function, not {on_epoch!r}.")
    file = None if checkpoint is None else as_path(checkpoint, "fit: checkpoint")
    _check(model, data, test, config)
    device, home, mode = pick_device(config.device), next(model.parameters()).device, model.training
    try:
        run = Run(model.to(device), _columns(data), None if test is None else _columns(test), config, device)
        with torch.enable_grad():
            return _epochs(run, on_epoch, file)
    finally:
        model.zero_grad()
        model.to(home).train(mode)


def _epochs(run: Run, on_epoch: Callable | None, path: Path | None) -> History:
    bar = _bar(run.config)
    try:
        file = Checkpoint(run, path) if path else None
        if file:
            file.open()
        bar.update(len(run.history.loss))
        while not run.over:
            epoch = len(run.history.loss) + 1
            run.history = one_epoch(run, epoch)
            run.keep_best()
            if file:
                file.keep_up()
            bar.update()
            bar.set_postfix(loss=f"{run.history.loss[-1]:.2f}")
            if on_epoch and _is_true(on_epoch(epoch, run.model, run.history)):
                break
        if file:
            file.save()
    except KeyboardInterrupt:
        return run.history._replace(interrupted=True)
    finally:
        bar.close()
        run.settle()
    return run.history


def _bar(config: TrainConfig) -> tqdm:
    """A bar of text: a saved notebook would show an error in a widget's place, and stderr on a red ground."""
    in_notebook = type(sys.stdout).__module__.startswith("ipykernel")
    file = sys.stdout if in_notebook else sys.stderr
    return tqdm(total=config.epochs, desc="epochs", disable=not config.progress, leave=False, file=file)


def _is_true(said: object) -> bool:
    """Whether it is a truth value, and true: what a callback returns by the way, a model or a number, ends no run."""
    truth = said.item() if getattr(said, "ndim", None) == 0 else said
    return truth is True


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


def _columns(data: Tensor | tuple[Tensor, ...]) -> Columns:
    return tuple(column.detach() for column in (data if isinstance(data, (tuple, list)) else (data,)))


def _check(model: nn.Module, data: object, test: object, config: TrainConfig) -> None:
    require(not torch.is_inference_mode_enabled(), "fit: a training needs gradients; leave torch.inference_mode().")
    inner = next((name for name in ("_orig_mod", "module") if isinstance(getattr(model, name, None), nn.Module)), None)
    advice = f"hand in what it wraps, model.{inner}, whose weights are the same"
    require(inner is None, f"fit: model is wrapped as {type(model).__name__}; {advice}.")
    ours = isinstance(model, (VAE, Autoencoder))
    known = ours or (isinstance(model, nn.Module) and callable(getattr(model, "loss_terms", None)))
    require(known, f"fit: model must be a VAE or an Autoencoder, not {type(model).__name__}.")
    require(isinstance(config, TrainConfig), f"fit: config must be a TrainConfig, not {type(config).__name__}.")
    require(any(p.requires_grad for p in model.parameters()), "fit: no parameter of the model requires a gradient.")
    require(not config.patience or test is not None, "fit: patience needs `test`, the data that it is measured on.")
    given = {"data": data} if test is None else {"data": data, "test": test}
    if not ours:
        given = {name: _first_of(name, columns) for name, columns in given.items()}
    _check_pictures(model, given, config)


def _first_of(name: str, columns: object) -> object:
    """The pictures of a tuple of tensors, each with a row for every example."""
    listed = columns if isinstance(columns, (tuple, list)) and len(columns) else (columns,)
    sizes = {len(column) for column in listed if isinstance(column, Tensor) and column.ndim}
    fits = all(isinstance(column, Tensor) for column in listed) and len(sizes) == 1
    require(fits, f"fit: {name} must be a tensor, or a tuple of tensors with one row each for every example.")
    return listed[0]


def _check_pictures(model: nn.Module, given: dict[str, object], config: TrainConfig) -> None:
    check_shapes("fit", {name: axes for name, axes in {"data": "N P", "test": "M P"}.items() if name in given}, given)
    data, dtype = given["data"], next(model.parameters()).dtype
    n = data.shape[1]
    for name, unit in UNITS.items():
        own = getattr(model, name, n)
        require(own == n, f"fit: the model has {own} {unit}, data has {n} columns.")
    require(data.dtype == dtype, f"fit: data is {data.dtype}, the model is {dtype}; give both the same dtype.")
    square = math.isqrt(n) ** 2 == n or not config.shifted
    require(square, f"fit: `shifted` moves square pictures, and {n} pixels are none.")
    reason = "with dynamic_binarization" if config.dynamic_binarization else bounded(model)
    for name, x in given.items() if reason else ():
        require_unit_interval(x, f"fit: {reason} {name}")
