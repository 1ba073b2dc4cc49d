"""A network of one hidden layer that a student's function built: its weights, and what it makes of them.

Whatever the weights are, W₂ f(W₁ x + b₁) + b₂ can be worked out from them: a network that differs is compared with the
same weights under other activations, and told which of them it has.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, permutations
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_lib.testing.calls import told
from vae_lib.testing.compare import Mismatch
from vae_lib.testing.shown import both, shape
from vae_lib.testing.signature import Signature

INSIDE = {
    "a ReLU": F.relu,
    "no activation": lambda a: a,
    "a leaky ReLU": F.leaky_relu,
    "an ELU": F.elu,
    "a GELU": F.gelu,
    "a SiLU": F.silu,
    "a softplus": F.softplus,
    "a tanh": torch.tanh,
    "a sigmoid": torch.sigmoid,
    "a ReLU that is cut at 6": F.relu6,
    "the absolute value": torch.abs,
}
ENDS = {
    "nothing": lambda a: a,
    "a sigmoid": torch.sigmoid,
    "a ReLU": F.relu,
    "a tanh": torch.tanh,
    "a softmax over the row": lambda a: torch.softmax(a, 1),
    "a softmax over the batch": lambda a: torch.softmax(a, 0),
    "a clamp to 0 and 1": lambda a: a.clamp(0, 1),
    "a softplus": F.softplus,
    "an exponential": torch.exp,
    "two sigmoids": lambda a: torch.sigmoid(torch.sigmoid(a)),
    "a hard sigmoid": F.hardsigmoid,
    "1 minus the sigmoid": lambda a: torch.sigmoid(-a),
    "the logarithm of the sigmoid": F.logsigmoid,
    "a tanh that is halved and moved to 0 to 1": lambda a: (1 + torch.tanh(a)) / 2,
    "a ReLU and then a sigmoid": lambda a: torch.sigmoid(F.relu(a)),
    "a sigmoid and then a ReLU": lambda a: F.relu(torch.sigmoid(a)),
    "a softmax's logarithm": lambda a: torch.log_softmax(a, 1),
    "the absolute value": torch.abs,
}
CLOSE = 1e-4


class Weights(NamedTuple):
    """W₁ (h, in), b₁ (h,), W₂ (out, h), b₂ (out,), in float64."""

    first: Tensor
    first_bias: Tensor
    second: Tensor
    second_bias: Tensor

    def output(self, x: Tensor, inside: Callable, end: Callable) -> Tensor:
        """end(W₂ inside(W₁ x + b₁) + b₂). (B, in) -> (B, out)."""
        return end(inside(x @ self.first.T + self.first_bias) @ self.second.T + self.second_bias)


def examine_network(signature: Signature, function: Callable, sizes: tuple[int, int, int], end: str) -> None:
    """Raise `Mismatch` unless the function builds in -> h, ReLU, -> out, and then `end`, a key of ENDS."""
    network = _built(signature, function, sizes)
    weights = _weights(network, sizes)
    x = _rows(sizes[0])
    found = _called(signature, network, x, (len(x), sizes[2]))
    wanted = weights.output(x.double(), F.relu, ENDS[end])
    if not _near(found, wanted):
        _explain(weights, x, found, wanted, end)
    _check_slope(network, weights, x[:6], end)
    _check_own(network, _built(signature, function, sizes))


def _built(signature: Signature, function: Callable, sizes: tuple[int, int, int]) -> nn.Module:
    """The network that the function builds; Mismatch where it builds something else."""
    names = [slot.name for slot in signature.takes]
    network = _answer(signature, dict(zip(names, sizes, strict=True)), lambda: function(*sizes))
    if network is None:
        _fail("The function returned None; is a `return` missing?")
    if isinstance(network, type) and issubclass(network, nn.Module):
        _fail(f"The answer is the class {network.__name__} itself: a network is made by calling it.")
    if not isinstance(network, nn.Module):
        _fail(f"The answer is a {type(network).__name__}, it should be an nn.Module.")
    return network


def _rows(n: int) -> Tensor:
    """Rows near 0 and far from it, where activations differ and where they are at their limits. (15, n)."""
    unit = (torch.arange(15 * n) * 1.7 + 1).sin().reshape(15, n)
    return unit * torch.tensor([0.3, 1.0, 3.0, 10.0, 30.0]).repeat_interleave(3)[:, None]


def _answer(signature: Signature, arguments: dict, call: Callable) -> object:
    try:
        return call()
    except Exception as error:
        raise told(error, signature, arguments) from None


def _called(signature: Signature, network: nn.Module, x: Tensor, size: tuple[int, int]) -> Tensor:
    """The network's answer for x; Mismatch where it is no (B, out) of its own that depends on each row alone."""
    given = x.clone()
    first, again, alone = (
        _answer(signature, {}, lambda rows=rows: network(rows)) for rows in (given, x.clone(), x[4:5].clone())
    )
    if not isinstance(first, Tensor):
        _fail(f"What the network makes is a {type(first).__name__}, it should be one tensor.")
    if first.shape != size:
        _fail(f"What the network makes of {shape(x)} has the shape {shape(first)}, it should be {size}.")
    if first.dtype != x.dtype:
        _fail(f"What the network makes of float32 is {str(first.dtype).removeprefix('torch.')}.")
    if not torch.equal(given, x):
        _fail("What is handed to the network is changed: the first activation works in place on it.")
    if not torch.allclose(first, again, equal_nan=True):
        _fail("The network makes something else of the same rows each time: it draws noise of its own (a dropout?).")
    if not torch.allclose(first[4:5], alone, rtol=CLOSE, atol=1e-5, equal_nan=True):
        _fail("What the network makes of a row depends on the others in the batch.")
    return first.detach().double()


def _near(found: Tensor, wanted: Tensor) -> bool:
    """To float32's digits, of the size of each row."""
    return bool(((found - wanted).abs() <= CLOSE * wanted.abs().amax(1, keepdim=True) + 1e-6).all())


def _weights(network: nn.Module, sizes: tuple[int, int, int]) -> Weights:
    """The two matrices and the two biases, whichever way they are stored; Mismatch where there are others."""
    n_in, n_hidden, n_out = sizes
    held = [p.detach().double().squeeze() for p in network.parameters()]
    wanted = {n_in * n_hidden: (n_hidden, n_in), n_hidden: (n_hidden,), n_hidden * n_out: (n_out, n_hidden)}
    wanted[n_out] = (n_out,)
    if sorted(p.numel() for p in held) != sorted(wanted):
        _fail(_otherwise([p.numel() for p in held], sizes))
    if any(p.ndim == 2 and p.numel() > 1 and bool((p == p.flatten()[0]).all()) for p in held):
        _fail("All weights of a layer start equal: its units get equal gradients and stay copies of one another.")
    by_size = {p.numel(): p for p in held}
    found = [by_size[n] if by_size[n].shape == form else by_size[n].T for n, form in wanted.items()]
    return Weights(*found)


def _otherwise(held: list[int], sizes: tuple[int, int, int]) -> str:
    """What these numbers of weights say of a network that should go from in through h to out."""
    n_in, n_hidden, n_out = sizes
    right = layers(sizes)
    known = {
        "It has no weights: layers that are kept in a plain list, or in a function, are found by no optimizer": [],
        "There is no hidden layer": layers((n_in, n_out)),
        "There are two hidden layers": layers((n_in, n_hidden, n_hidden, n_out)),
        "The layers have no biases": [n_in * n_hidden, n_hidden * n_out],
        "The first layer has no bias": [n_in * n_hidden, n_hidden * n_out, n_out],
        "The last layer has no bias": [n_in * n_hidden, n_hidden, n_hidden * n_out],
        f"It has {2 * n_hidden} weights too many, two for each hidden unit (a batch normalization?)": [
            *right,
            n_hidden,
            n_hidden,
        ],
    }
    way = " through ".join(map(str, sizes[:2])) + f" to {n_out}"
    for a, b, c in permutations(sizes):
        if (a, b, c) != sizes:
            known[f"The layers lead from {a} through {b} to {c}, they should lead from {way}"] = layers((a, b, c))
    said = next((text for text, numbers in known.items() if sorted(numbers) == sorted(held)), None)
    if said is None:
        return f"It has {sum(held)} weights, in parts of {sorted(held)}; from {way} there are {sorted(right)}."
    return f"{said}."


def layers(sizes: tuple[int, ...]) -> list[int]:
    """How many numbers the matrix and the bias of each layer have."""
    return [n for a, b in pairwise(sizes) for n in (a * b, b)]


def _explain(weights: Weights, x: Tensor, found: Tensor, wanted: Tensor, end: str) -> None:
    """Mismatch that names the activations with which the same weights give what was found."""
    for inside, f in INSIDE.items():
        for last, g in ENDS.items():
            if _near(found, weights.output(x.double(), f, g)):
                between = f"{inside} between the two layers, where a ReLU should be"
                after = f"{last} at the end, where {end} should be"
                wrong = [text for text, differs in ((between, inside != "a ReLU"), (after, last != end)) if differs]
                _fail(f"There is {', and '.join(wrong)}.")
    before = weights.output(x.double().relu(), INSIDE["no activation"], ENDS[end])
    if _near(found, before):
        _fail("The ReLU works on what comes in, before the first layer.")
    text = "With its own weights in the formula something else comes out."
    raise Mismatch(f"{text} For the first rows:\n{both(found[:3], wanted[:3])}", "value", [])


def _check_slope(network: nn.Module, weights: Weights, x: Tensor, end: str) -> None:
    """Mismatch unless the gradient passes through the network to what is handed in, ordinary rows: the slope of a
    sigmoid that is written out is NaN far from 0."""
    leaf, known = x.clone().requires_grad_(), x.double().requires_grad_()
    made = network(leaf)
    found = torch.autograd.grad(made.sum(), leaf, allow_unused=True)[0] if made.requires_grad else None
    slope = torch.zeros_like(x) if found is None else found
    wanted = torch.autograd.grad(weights.output(known, F.relu, ENDS[end]).sum(), known)[0]
    if not _near(slope.double(), wanted):
        _fail("No gradient, or a wrong one, passes through the network: something in it is cut out of the graph.")


def _check_own(network: nn.Module, other: nn.Module) -> None:
    """Mismatch where a layer cannot be trained, or where the network that is built next has this one's weights."""
    if not all(p.requires_grad for p in network.parameters()):
        _fail("The weights of a layer ask for no gradient (`requires_grad` is off): it would never be trained.")
    mine = {id(p) for p in network.parameters()}
    if any(id(p) in mine for p in other.parameters()):
        _fail("Two calls give the same weights to train: each call should make layers of its own.")


def _fail(text: str) -> None:
    raise Mismatch(text, "network", [text])
