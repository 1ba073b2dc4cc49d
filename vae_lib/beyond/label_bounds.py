"""Bounds and losses where some labels are known and most are not, from their terms. In nats.

Source: Kingma, Rezende, Mohamed and Welling (2014), Semi-supervised learning with deep generative models.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vae_lib.checks import checked, require


@checked(log_px="B", log_py="B", log_pz="B", log_qz="B")
def labelled_bound(log_px: Tensor, log_py: Tensor, log_pz: Tensor, log_qz: Tensor) -> Tensor:
    """−L(x, y) = log p(x|y,z) + log p(y) + log p(z) − log q(z|x,y) at one draw of z; its mean is at most log p(x, y).

    Shapes: four times (B,) -> (B,). Source: Kingma et al. (2014), equation 6.
    """
    return log_px + log_py + log_pz - log_qz


@checked(labelled="B C", q_y="unit B C")
def unlabelled_bound(labelled: Tensor, q_y: Tensor) -> Tensor:
    """−U(x) = Σ_y q(y|x) (−L(x, y)) + H(q(y|x)), at most log p(x). Shapes: (B, C), (B, C) -> (B,).

    0 log 0 is 0. At q(y|x) ∝ exp(−L(x, y)) it is log Σ_y exp(−L(x, y)), and nowhere more.
    Source: Kingma et al. (2014), equation 7.
    """
    log_q = q_y.clamp(min=torch.finfo(q_y.dtype).tiny).log()  # entr's slope at 0 is infinite: NaN once q underflows
    return (q_y * (labelled - log_q)).sum(-1)


@checked(labelled="B_l", unlabelled="B_u", log_qy="B_l", alpha="nonnegative")
def m2_loss(labelled: Tensor, unlabelled: Tensor, log_qy: Tensor, alpha: float) -> Tensor:
    """J^α = −(Σ labelled + Σ unlabelled) − α · mean log q(y|x): the bounds summed, the mean over labelled examples.

    Shapes: (B_l,), (B_u,), (B_l,), float -> scalar. Without the last term no label would teach q(y|x) anything.
    Source: Kingma et al. (2014), equations 8 and 9.
    """
    return -(labelled.sum() + unlabelled.sum()) - alpha * log_qy.mean()


@checked(unlabelled="B", labelled="...", log_qy="...", share="nonnegative", alpha="nonnegative")
def loss_of_each(unlabelled: Tensor, labelled: Tensor, log_qy: Tensor, share: float, alpha: float) -> Tensor:
    """J^α / N_u of each unlabelled example, with `share` N_l/N_u; Kingma et al.'s α = 0.1·N is 0.1 here.

    `labelled` and `log_qy` are means, or of one labelled example each. Shapes: (B,), () or (B,), () or (B,) -> (B,).
    """
    fits = all(part.shape in ((), unlabelled.shape) for part in (labelled, log_qy))
    require(fits, "loss_of_each: labelled and log_qy must be scalars, or (B,) as unlabelled is.")
    return -unlabelled - share * labelled - alpha * log_qy
