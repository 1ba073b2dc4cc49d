"""The judge: values, gradients, networks and functions cross as they are."""

from __future__ import annotations

import pytest

from grading.course.folder import GradingError
from grading.course.lab import read_release
from grading.judge.result import CRASHED
from grading.judge.run import grade
from tests.handins import (
    answered,
    hand_in,
    points,
    solved,
    tiny,
)

pytestmark = pytest.mark.sandbox


# Stand-ins

CASES = {
    "numbers": ("f()", "return 1, 2.5, True, None, 'a', float('inf')", "(1, 2.5, True, None, 'a', float('inf'))"),
    "nested": ("f()", "return [1, (2, {'a': [3]})]", "[1, (2, {'a': [3]})]"),
    "keywords": ("f(1, *[2], k=3)", "return arguments", "(1, 2, 3)"),
    "int64": ("f().dtype", "return torch.arange(3)", "torch.int64"),
    "bfloat16": ("f().tolist()", "return torch.ones(2, dtype=torch.bfloat16)", "[1.0, 1.0]"),
    "empty": ("tuple(f().shape)", "return torch.empty(0, 3)", "(0, 3)"),
    "transposed": ("f().tolist()", "return torch.arange(4).reshape(2, 2).T", "[[0, 2], [1, 3]]"),
    "array": ("type(f()).__name__", "import numpy; return numpy.ones(2)", "'ndarray'"),
    "numpy": ("type(f()).__name__", "import numpy; return numpy.float32(1)", "'float32'"),
    "object": ("type(f()).__name__", "return type('Lie', (), {'__eq__': lambda *a: True})()", "'Lie'"),
    "subclass": ("type(f()).__name__", "return torch.ones(2).as_subclass(type('Lie', (torch.Tensor,), {}))", "'Lie'"),
    "torch_result": ("type(f()).__module__", "return torch.ones(2).min(0)", "'torch.return_types'"),
    "sparse": ("f().layout", "return torch.ones(2).to_sparse()", "torch.sparse_coo"),
    "function": ("f()(20)", "return lambda x: x + 1", "21"),
    "dtype": ("f(torch.float64)", "return str(arguments[0])", "'torch.float64'"),
    "generator": (
        "f(torch.Generator().manual_seed(3))",
        "return torch.rand(1, generator=arguments[0]).item()",
        "torch.rand(1, generator=torch.Generator().manual_seed(3)).item()",
    ),
    "strides": (
        "f(torch.zeros(3, 2).T, torch.zeros(1, 2).expand(3, 2))",
        "return [a.stride() for a in arguments]",
        "[(1, 2), (0, 1)]",
    ),
    "leaf": (
        "f(torch.ones(1, requires_grad=True) * 2)",
        "return arguments[0].is_leaf, arguments[0].requires_grad",
        "(False, True)",
    ),
    "same": ("f(*[torch.ones(2)] * 2)", "return arguments[0] is arguments[1]", "True"),
}


@pytest.mark.parametrize("case", CASES)
def test_values_cross_as_they_are(sandbox, case):
    call, body, value = CASES[case]
    release = tiny(f"got = {call}\nassert got == {value}, got")
    source = f"import torch\ndef f(*arguments, k=None):\n    arguments = arguments + ((k,) if k else ())\n    {body}"
    result = grade(hand_in(release, source), release, sandbox)
    assert points(result) == {"f": 2.0}, result


def test_changed_arguments_are_seen(sandbox):
    release = tiny("x = torch.ones(2, 3)\nf(x[0])\nexpect(x, [[2.0, 2.0, 2.0], [1.0, 1.0, 1.0]])")
    assert points(grade(hand_in(release, "def f(x):\n    x += 1"), release, sandbox)) == {"f": 2.0}
    assert points(grade(hand_in(release, "def f(x):\n    x + 1"), release, sandbox)) == {"f": 0.0}


def test_a_list_that_is_changed_is_seen(sandbox):
    release = tiny("x = [torch.ones(2), 5, 7]\nf(x)\nassert x[1:] == [5, 7] and len(x) == 3, x")
    for body, earned in {"x.pop(1)": 0.0, "x.append(5)": 0.0, "x.reverse()": 0.0, "list(x).pop()": 2.0}.items():
        assert points(grade(hand_in(release, f"def f(x):\n    {body}"), release, sandbox)) == {"f": earned}, body


def test_the_labs_own_data_are_the_same_for_every_hand_in(sandbox):
    release = tiny("expect(f(data), 3.0)\nexpect(f(pair[0]), 3.0)", set_up="data = torch.ones(3)\npair = [data, 1]")
    handin = hand_in(release, "def f(x):\n    total = x.sum()\n    x += 1\n    return total")
    for _ in range(2):
        assert points(grade(handin, release, sandbox)) == {"f": 2.0}


def test_a_set_up_that_does_not_run_is_said(sandbox):
    release = tiny("expect(f(), 1.0)", set_up="raise ValueError('no data')")
    with pytest.raises(GradingError, match="The set-up of tiny does not run, so nobody is graded: code cell 1"):
        grade(hand_in(release, "def f():\n    return 1.0"), release, sandbox)


GRADIENTS = """
x, y = tensor([1.0, 2.0], requires_grad=True), tensor([3.0, 4.0])
value, other = f(x, y)
expect(torch.autograd.grad(value.sum(), x)[0], [6.0, 16.0])
assert not other.requires_grad
expect(torch.autograd.grad((3 * f(2 * x, y)[0])[0], x)[0], [72.0, 0.0])
f(x, y)[0].sum().backward()
expect(x.grad, [6.0, 16.0])
"""


def test_stand_ins_can_be_differentiated(sandbox):
    release = tiny(GRADIENTS)
    assert points(grade(hand_in(release, "def f(x, y):\n    return x**2 * y, y + 1"), release, sandbox)) == {"f": 2.0}
    assert points(grade(hand_in(release, "def f(x, y):\n    return (x**2 * y).detach(), y + 1"), release, sandbox)) == {
        "f": 0.0
    }


CALLBACKS = {
    "twice": "return g(g(x)), x",
    "grad": "x = x.detach().requires_grad_(); return g(x), torch.autograd.grad(g(x).sum(), x)[0]",
    "vjp": "value, pull = torch.func.vjp(g, x); return value, pull(torch.ones_like(x))[0]",
    "vmap_grad": "return g(x), torch.vmap(torch.func.grad(lambda v: g(v[None]).sum()))(x)",
    "jacobian": "return g(x), torch.func.jacrev(g)(x).diagonal()",
    "nothing": "torch.no_grad().__enter__(); return g(x), 3 * x**2",
}


@pytest.mark.parametrize("how", CALLBACKS)
def test_functions_handed_over_stay_with_the_judge(sandbox, how):
    release = tiny(
        "scale = tensor([2.0, 3.0])\nvalue, slope = f(lambda z: z**3, tensor([1.0, 2.0]))\n"
        + ("expect(value, [1.0, 512.0])" if how == "twice" else "expect(value, [1.0, 8.0])\nexpect(slope, [3.0, 12.0])")
    )
    result = grade(hand_in(release, f"import torch\ndef f(g, x):\n    {CALLBACKS[how]}"), release, sandbox)
    assert points(result) == {"f": 2.0}, result


TRAINING = """
class Own(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(2, 1)
    def forward(self, x):
        return self.inner(x) ** 2

own, whole = Own(), torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
import copy
twins = copy.deepcopy(own), copy.deepcopy(whole)
optimizer = torch.optim.Adam([*own.parameters(), *whole.parameters()], lr=0.1)
beside = torch.optim.Adam([*twins[0].parameters(), *twins[1].parameters()], lr=0.1)
x = tensor([[1.0, 2.0], [0.5, -1.0]])
for _ in range(3):
    loss = twins[1](twins[0](x)).square().mean()
    beside.zero_grad()
    loss.backward()
    beside.step()
    expect(f(own, whole, optimizer, x), loss.item())
for one, other in zip([*own.parameters(), *whole.parameters()], beside.param_groups[0]["params"], strict=True):
    expect(one, other, rtol=1e-5)
"""
STEP = """
def f(own, whole, optimizer, x):
    loss = whole(own(x)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
"""


def test_networks_and_optimizers_are_trained_inside(sandbox):
    release = tiny(TRAINING)
    result = grade(hand_in(release, STEP), release, sandbox)
    assert points(result) == {"f": 2.0}, result
    without = STEP.replace("    optimizer.zero_grad()\n", "")
    assert points(grade(hand_in(release, without), release, sandbox)) == {"f": 0.0}


NETWORK = """
network = f(4)
expect(sum(p.numel() for p in network.parameters()), 15)
assert [name for name, _ in network.named_parameters()] == ["0.weight", "0.bias"]
x = torch.ones(2, 4, requires_grad=True)
expect(network(x), x @ network.get_parameter("0.weight").T + network.get_parameter("0.bias"))
expect(torch.autograd.grad(network(x).sum(), x)[0], network.get_parameter("0.weight").sum(0).expand(2, 4))
expect(network.eval()(x), 2 * x @ network.get_parameter("0.weight").T)
"""


def test_a_network_comes_back_as_a_stand_in(sandbox):
    release = tiny(NETWORK.rpartition("expect(network.eval")[0])
    result = grade(
        hand_in(release, "from torch import nn\ndef f(n):\n    return nn.Sequential(nn.Linear(n, 3))"), release, sandbox
    )
    assert points(result) == {"f": 2.0}, result


ONE_AND_THE_SAME = """
first, second = f(4), f(4)
assert [p.requires_grad for p in first.parameters()] == [True, True]
assert not {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}
"""
LAYERS = {
    "its own": ("nn.Linear(n, 3)", 2.0),
    "frozen": ("nn.Linear(n, 3).requires_grad_(False)", 0.0),
    "one weight frozen": ("(m := nn.Linear(n, 3)).weight.requires_grad_(False) is None or m", 0.0),
    "made once": ("once", 0.0),
    "one weight shared": ("(m := nn.Linear(n, 3)).register_parameter('bias', once.bias) or m", 0.0),
    "tied within": ("nn.Sequential(m := nn.Linear(4, 4), m)", 2.0),
}


@pytest.mark.parametrize("layer", LAYERS)
def test_of_a_network_it_shows_what_is_frozen_and_what_is_one_object(sandbox, layer):
    source, earned = LAYERS[layer]
    release = tiny(ONE_AND_THE_SAME)
    handin = hand_in(release, f"from torch import nn\nonce = nn.Linear(4, 3)\ndef f(n):\n    return {source}")
    assert points(grade(handin, release, sandbox)) == {"f": earned}


def test_a_test_that_hands_over_what_cannot_be_sent_is_the_courses_fault(sandbox):
    release = tiny("f(object())")
    (exercise,) = grade(hand_in(release, "def f(x):\n    return 1"), release, sandbox).exercises
    assert exercise.points is None
    assert exercise.message.startswith("The test itself is at fault, not your answer")


BY_JACOBIANS = """
def affine_coupling(x, mask, scale, shift):
    def one(row):
        kept = (mask * row)[None]
        return mask * row + (1 - mask) * (row * scale(kept)[0].exp() + shift(kept)[0])

    slopes = torch.vmap(torch.func.jacrev(one))(x)
    return torch.vmap(one)(x), torch.linalg.slogdet(slopes)[1]
"""


def test_what_is_not_carried_is_our_limit_and_never_nought(sandbox):
    """Slopes of slopes of the test's own functions: right, and not to be had here, so a person reads it."""
    lab = "lab9_normalizing_flow"
    result = grade(answered(solved(lab), "affine_coupling", BY_JACOBIANS), read_release(lab), sandbox)
    (one,) = (e for e in result.exercises if e.points != e.max_points)
    assert (one.name, one.points, one.state) == ("affine_coupling", None, CRASHED)
    assert "this grader's limit and no mistake of yours" in one.message
    assert "Second derivatives" in one.message
