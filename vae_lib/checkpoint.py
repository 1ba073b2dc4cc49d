"""Checkpoints of `training.fit`: written whole or not at all, and taken up only by a run of the same kind.

A run has config, model, optimizer, generator, history, data, test and device.
"""

from __future__ import annotations

import io
import os
import time
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vae_lib.checks import InputError, require

MAY_DIFFER = ("epochs", "device", "progress")  # of the configuration, between a run and the one that goes on
PARTS = {"identity", "model", "optimizer", "generator", "history", "best"}
# a model's names for the columns that it takes
UNITS = {"n_pixels": "pixels", "n_dims": "dimensions", "n_positions": "positions"}


class Checkpoint:
    """The file `path` of one run."""

    def __init__(self, run: Any, path: Path) -> None:
        self.run, self.path, self.identity = run, path, _identity(run)
        self.epochs, self.saved, self.took = -1, 0.0, 0.0  # epochs in the file; when it was written, in what time

    def open(self) -> None:
        """Go on from the file where there is one, else write it: a bad path is known before training."""
        if self.path.exists():
            self.resume()
        else:
            self.save()

    def keep_up(self) -> None:
        """Save, unless that took more than a tenth of the time: of short epochs several are saved at once."""
        if time.perf_counter() - self.saved >= 10 * self.took:
            self.save()

    def save(self) -> None:
        """Write what the file has not got, beside it, and rename: a run killed here leaves the earlier one whole."""
        if self.epochs == len(self.run.history.loss):
            return
        started = time.perf_counter()
        self._write()
        self.epochs, self.saved = len(self.run.history.loss), time.perf_counter()
        self.took = self.saved - started

    def _write(self) -> None:
        run, buffer, beside = self.run, io.BytesIO(), self.path.with_name(self.path.name + ".part")
        state = {"identity": self.identity, "model": run.model.state_dict(), "optimizer": run.optimizer.state_dict()}
        state |= {"generator": run.generator.get_state(), "history": run.history._asdict()}
        state["best"] = run.best
        torch.save(state, buffer)  # into memory first: a full disk then fails in one place, as an OSError
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(buffer.getbuffer())
            os.replace(beside, self.path)
        except OSError as error:
            why = f"The checkpoint {self.path} could not be written ({error.strerror})"
            raise InputError(f"{why}; the model keeps what it has learnt. Name another file or make room.") from error
        finally:
            _remove(beside)

    def resume(self) -> None:
        """Put the run where the file's stood. Raises `InputError` unless the file is sound and of such a run."""
        run, state, was = self.run, _read(self.path), f"The checkpoint {self.path} was made with"
        for name, now in self.identity.items():
            then = state["identity"].get(name)
            require(now == then, f"{was} {name} = {then}, not {now}; use another file.")
        try:
            run.model.load_state_dict(state["model"])
            run.optimizer.load_state_dict(state["optimizer"])
            run.generator.set_state(state["generator"])
            run.history, run.best = run.history._replace(**state["history"]), state["best"]
        except Exception as error:  # the right names with something else behind them
            raise InputError(_not_ours(self.path)) from error
        self.epochs = done = len(run.history.loss)
        require(done <= run.config.epochs, f"{was} {done} epochs, more than the {run.config.epochs} asked for.")


def _identity(run: Any) -> dict[str, Any]:
    """What two runs must share for one to go on where the other stopped."""
    # the learning rate of a schedule depends on how many epochs there will be
    free = MAY_DIFFER if run.config.schedule == "constant" and not run.config.warmup else MAY_DIFFER[1:]
    identity = {name: value for name, value in asdict(run.config).items() if name not in free}
    data = {name: _fingerprint(getattr(run, name)) for name in ("data", "test")}
    return {"model": _describe(run.model), **identity, **data, "device": run.device.type}


def _describe(model: nn.Module) -> str:
    options = (*UNITS, "latent_dim", "hidden", "likelihood", "output", "channels")
    given = [f"{name}={getattr(model, name)!r}" for name in options if hasattr(model, name)]
    return f"{type(model).__name__}({', '.join(given)}) in {next(model.parameters()).dtype}"


def _fingerprint(columns: tuple[Tensor, ...] | None) -> str:
    """Shape, dtype and CRC-32 of the content of each."""
    texts = []
    for x in columns or ():
        content = x.cpu().contiguous().view(torch.uint8).numpy()
        texts.append(f"{tuple(x.shape)} {x.dtype} with checksum {zlib.crc32(content):08x}")
    return " and ".join(texts) or "none"


def _read(path: Path) -> dict[str, Any]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged zip, a pickle of something else: torch has many words for it
        raise InputError(_not_ours(path)) from error
    whole = isinstance(state, dict) and set(state) >= PARTS and isinstance(state["identity"], dict)
    require(whole, _not_ours(path))
    return state


def _not_ours(path: Path) -> str:
    return f"{path} is not a whole checkpoint of vae_lib.fit; delete it or use another file."


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # its folder is no folder: nothing was written
        return
