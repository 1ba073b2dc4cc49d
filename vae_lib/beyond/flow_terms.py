"""What a flow's costs are made of: points taken through its layers, and their density. In nats."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from vae_lib.beyond.flow_layers import Layer, Moved
from vae_lib.checks import InputError, checked, require_pair, require_returned
from vae_lib.gaussian import LOG_2PI, log_prob, reparametrize


@checked(x="B D")
def through(layers: Sequence[Layer], x: Tensor) -> Moved:
    """One layer after the other; the logs of their determinants add up. (B, D) -> (B, D), (B,)."""
    require_layers("through", layers)
    total = x.new_zeros(len(x))
    for layer in layers:
        moved = layer(x)
        require_pair(moved, "y and log |det|", "through: each of layers")
        x, log_det = moved
        total = total + log_det
    return Moved(x, total)


@checked(x="B D")
def flow_log_prob(x: Tensor, layers: Sequence[Layer]) -> Tensor:
    """log p(x) = log N(y; 0, I) + Σ log |det|, with y where the layers take x. (B, D) -> (B,)."""
    y, log_det = through(layers, x)
    return log_det - 0.5 * (y.square() + LOG_2PI).sum(-1)


@checked(log_joint="function", mu="D", logvar="D", eps="L D")
def flow_elbo(
    log_joint: Callable[[Tensor], Tensor], mu: Tensor, logvar: Tensor, eps: Tensor, layers: Sequence[Layer]
) -> Tensor:
    """(1/L) Σ_l log p(x, z_l) − log q(z_l): the layers take z_0 = μ + σ ε to z, log q(z) = log q_0(z_0) − Σ log |det|.

    log_joint: (L, D) -> (L,); (D,), (D,), (L, D) -> scalar. Source: Rezende and Mohamed (2015), equation 15.
    """
    start = reparametrize(mu[None], logvar[None], eps[:, None])
    z, log_det = through(layers, start[:, 0])
    joint = log_joint(z)
    require_returned(joint, (len(z),), "flow_elbo: log_joint")
    return (joint - log_prob(start, mu[None], logvar[None])[:, 0] + log_det).mean()


def require_layers(function: str, layers: object) -> None:
    """`layers` is a list of what can be called; `function` is the name in the message."""
    listed = isinstance(layers, (list, tuple, nn.ModuleList)) and all(map(callable, layers))
    if not listed:  # a module's repr takes longer than its step
        raise InputError(f"{function}: layers must be a list of layers, not {layers!r}.")
