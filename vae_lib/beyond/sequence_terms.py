"""What a sentence costs, and the cures for a code that is not used: annealing, free bits, word dropout. In nats."""

from __future__ import annotations

from numbers import Integral

import torch
from torch import Tensor

from vae_lib.beyond.grammar import PAD
from vae_lib.checks import check_shapes, checked, checking, require, require_within


def _require_pad(value: object, label: str) -> None:
    require(
        isinstance(value, Integral) and not isinstance(value, bool), f"{label} must be a whole number, not {value!r}."
    )


@checked(logits="scores ... B T V", tokens="whole B T", pad=_require_pad)
def sequence_nll(logits: Tensor, tokens: Tensor, pad: int = PAD) -> Tensor:
    """−Σ_t log p(x_t | x_<t) over the positions that are not `pad`; logits at t score token t.

    (..., B, T, V), (B, T) int -> (..., B).
    """
    kept = tokens != pad
    if checking():  # a pad costs nothing, whatever its logits
        check_shapes("sequence_nll", {"logits": "... B T V"}, {"logits": logits.where(kept.unsqueeze(-1), 0)})
    words = torch.where(kept, tokens, 0)
    require_within(words, 0, logits.shape[-1] - 1, f"sequence_nll: tokens other than the pad {pad}")
    picked = words.expand(logits.shape[:-1]).unsqueeze(-1)
    cost = -torch.log_softmax(logits, -1).gather(-1, picked).squeeze(-1)
    return torch.where(kept, cost, 0.0).sum(-1)


@checked(step="nonnegative", warmup="nonnegative")
def kl_weight(step: int, warmup: int) -> float:
    """min(1, step / warmup), and 1 without a warm-up. Source: Bowman et al. (2016), section 3.1."""
    return 1.0 if step >= warmup else step / warmup


@checked(kl_per_dim="B D", floor="nonnegative")
def free_bits(kl_per_dim: Tensor, floor: float) -> Tensor:
    """Σ_d max(floor, batch mean of KL_d): below the floor a dimension's KL is free. (B, D), float -> scalar.

    Source: Kingma et al. (2016), appendix C.8.
    """
    return kl_per_dim.mean(0).clamp(min=floor).sum()


@checked(tokens="whole B T", rate="share", u="unit B T", unknown="count 0")
def word_dropout(tokens: Tensor, rate: float, u: Tensor, unknown: int, keep: list[int]) -> Tensor:
    """`unknown` where u < rate, but never for a token in `keep`. (B, T) int, float, (B, T), int, list -> (B, T).

    Source: Bowman et al. (2016), section 3.2.
    """
    listed = isinstance(keep, (list, tuple)) and all(isinstance(token, int) for token in keep)
    require(listed, f"word_dropout: keep must be a list of whole numbers, not {keep!r}.")
    kept = torch.isin(tokens, torch.tensor(keep, dtype=tokens.dtype, device=tokens.device))
    return torch.where((u < rate) & ~kept, unknown, tokens)
