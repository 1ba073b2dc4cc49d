"""A training run: its state from one epoch to the next, and an epoch of it."""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor, nn

from vae_lib.augmentation import shift_pixels
from vae_lib.checks import trusted
from vae_lib.config import History, TrainConfig, TrainingDiverged
from vae_lib.models import VAE, Autoencoder
from vae_lib.objective import ElboTerms, elbo_terms
from vae_lib.optimization import Optimizer

Columns = tuple[Tensor, ...]  # pictures, and what else each example has
EVALUATION_BATCH = 1000  # test examples decoded at a time: bounds the memory


class Run:
    """What a run needs from one epoch to the next."""

    def __init__(
        self, model: nn.Module, data: Columns, test: Columns | None, config: TrainConfig, device: torch.device
    ) -> None:
        self.model, self.config, self.device, self.n_examples = model, config, device, len(data[0])
        self.data = tuple(column.to(device) for column in data)
        self.test = None if test is None else tuple(column.to(device) for column in test)
        n_steps = config.epochs * math.ceil(self.n_examples / config.batch_size)
        self.optimizer = Optimizer(model, config, n_steps, fused=device.type in ("cpu", "cuda"))
        self.generator = torch.Generator(device).manual_seed(config.seed)
        self.history = History([], [], [], [], [], [], [])
        self.best: dict[str, Tensor] | None = None  # weights of the best epoch, where patience keeps them

    @property
    def over(self) -> bool:
        """All epochs are done, or the test loss has not improved for as many as patience allows."""
        scores, patience = self.history.test_loss, self.config.patience
        if len(self.history.loss) >= self.config.epochs or not (patience and scores):
            return len(self.history.loss) >= self.config.epochs
        return len(scores) - 1 - scores.index(min(scores)) >= patience

    def keep_best(self) -> None:
        """Remember the weights where the last epoch is the best so far, if patience asks for it."""
        scores = self.history.test_loss
        if self.config.patience and scores[-1] == min(scores):
            self.best = {key: value.clone() for key, value in self.optimizer.scored.state_dict().items()}

    def settle(self) -> None:
        """Give the model the weights that count."""
        self.model.load_state_dict(self.best or self.optimizer.scored.state_dict())


def one_epoch(run: Run, epoch: int) -> History:
    """Train on all data once, score the test data, and return the history with one more value in each list.

    Raises TrainingDiverged where a loss or a weight is not finite.
    """
    start, config = time.perf_counter(), run.config
    with trusted():  # data and model were checked by `fit`
        steps = _train_epoch(run)
        _require_finite(run, steps, epoch)
        row = _scores(config, "", *(steps.sum(0) / run.n_examples).tolist())
        if run.test is not None:
            row |= _scores(config, "test_", *_evaluate(run))
    row["seconds"] = time.perf_counter() - start
    return run.history._replace(**{name: [*getattr(run.history, name), value] for name, value in row.items()})


def _train_epoch(run: Run) -> Tensor:
    """One pass over the data in a new order. -> (steps, 2), each batch's summed reconstruction and KL."""
    config, rows = run.config, []
    run.model.train()
    order = torch.randperm(run.n_examples, device=run.device, generator=run.generator)
    for rows_of_batch in order.split(config.batch_size):
        x, *others = (column.index_select(0, rows_of_batch) for column in run.data)
        if config.shifted:
            x = shift_pixels(x, config.shifted, run.generator)
        if config.dynamic_binarization:
            x = torch.bernoulli(x, generator=run.generator)
        terms = _terms(run.model, (x, *others), config.n_samples, run.generator)
        run.optimizer.step(config.reconstruction_weight * terms.reconstruction.mean() + config.beta * terms.kl.mean())
        rows.append(torch.stack([terms.reconstruction.detach().sum(), terms.kl.detach().sum()]))
    return torch.stack(rows)  # read once an epoch: a GPU need not wait at every step


def _terms(model: nn.Module, batch: Columns, n_samples: int, generator: torch.Generator) -> ElboTerms:
    if isinstance(model, (VAE, Autoencoder)):
        return elbo_terms(model, *batch, n_samples=n_samples, generator=generator)
    return model.loss_terms(*batch, n_samples=n_samples, generator=generator)


@torch.no_grad()
def _evaluate(run: Run) -> list[float]:
    """Mean reconstruction and KL of the test data, with the same noise after each epoch so that epochs compare."""
    model = run.optimizer.scored.eval()
    generator = torch.Generator(run.device).manual_seed(run.config.seed)
    batches = zip(*(column.split(EVALUATION_BATCH) for column in run.test), strict=True)
    parts = [_terms(model, batch, 1, generator) for batch in batches]
    terms = ElboTerms(*(torch.cat(column) for column in zip(*parts, strict=True)))
    return [terms.reconstruction.mean().item(), terms.kl.mean().item()]


def _scores(config: TrainConfig, prefix: str, reconstruction: float, kl: float) -> dict[str, float]:
    loss = config.reconstruction_weight * reconstruction + config.beta * kl
    return {f"{prefix}loss": loss, f"{prefix}reconstruction": reconstruction, f"{prefix}kl": kl}


def _require_finite(run: Run, steps: Tensor, epoch: int) -> None:
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
