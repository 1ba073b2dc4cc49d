"""What moves the weights: Adam, a learning rate that may rise and fall, and an average of the weights on their way."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn

SCHEDULES = ("constant", "cosine")
TINY = 1e-30  # first moments below it cannot move a weight


def rate_factor(schedule: str, warmup: float, step: int, n_steps: int) -> float:
    """What the learning rate is multiplied by at `step` of `n_steps`, counted from 1: in (0, 1].

    It rises in a straight line over the share `warmup` of the steps. "constant" then stays at 1; "cosine" falls from
    there along half a cosine, ½ (1 + cos πt) with t from 0 to 1. Source: Loshchilov
    and Hutter (2017).
    """
    first = warmup * n_steps
    if step < first:
        return step / first
    if schedule == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * (step - first) / (n_steps - first + 1)))


class Optimizer:
    """Adam on the parameters of `model` that require a gradient, by a `TrainConfig`, over `n_steps` steps."""

    def __init__(self, model: nn.Module, config, n_steps: int, fused: bool) -> None:
        self.model, self.config, self.n_steps, self.n_done = model, config, n_steps, 0
        trained = [p for p in model.parameters() if p.requires_grad]
        self.adam = torch.optim.Adam(trained, lr=config.learning_rate, fused=fused)
        self.average = copy.deepcopy(model).requires_grad_(False) if config.averaging else None

    @property
    def scored(self) -> nn.Module:
        """The model whose weights count: the average where there is one."""
        return self.model if self.average is None else self.average

    def step(self, loss: Tensor) -> None:
        """One step down the gradient of the batch's `loss`, a scalar."""
        if self.n_done % 100 == 0:
            self._drop_denormals()
        self.n_done += 1
        factor = rate_factor(self.config.schedule, self.config.warmup, self.n_done, self.n_steps)
        for group in self.adam.param_groups:
            group["lr"] = self.config.learning_rate * factor
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        if self.average is not None:
            self._follow()

    @torch.no_grad()
    def _follow(self) -> None:
        """average ← decay · average + (1 − decay) · weights; the plain mean while fewer steps than that were made."""
        share = max(1 - self.config.averaging, 1 / (self.n_done + 1))
        for mean, now in zip(self.average.parameters(), self.model.parameters(), strict=True):
            mean.lerp_(now, share)

    def _drop_denormals(self) -> None:
        """Set first moments to 0 that are too small to move a weight.

        Where a pixel is seldom on, Adam's mean gradient shrinks by a tenth a step until it is below 1e-38, where
        processors compute up to a hundred times slower. From 1e-30 that takes 180 steps.
        """
        for state in self.adam.state.values():
            mean = state["exp_avg"]
            mean.masked_fill_(mean.abs() < TINY, 0)

    def state_dict(self) -> dict:
        """What a checkpoint keeps."""
        average = None if self.average is None else self.average.state_dict()
        return {"adam": self.adam.state_dict(), "average": average, "n_done": self.n_done}

    def load_state_dict(self, state: dict) -> None:
        """Go on where `state_dict` was taken."""
        self.adam.load_state_dict(state["adam"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.n_done = int(state["n_done"])
