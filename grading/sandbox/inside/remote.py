"""Functions that a test hands to a student's function: they stay with the judge, and are called from the child.

So a test's lambda, and all that it closes over, never enters the student's process. It behaves as a function of
tensors: it can be differentiated, by asking the judge for the vector-Jacobian product, and goes through torch.func and
torch.vmap (a batch is called one by one).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from grading.sandbox.inside.errors import Elsewhere
from grading.sandbox.inside.lacks import NO_SLOPES, NOT_CARRIED
from grading.sandbox.wire import Reader, WireError, Writer, rebuild


class Context:
    """How to reach the judge, and the parameters whose values travel with each call."""

    request: Callable[[dict, list[bytes]], tuple[dict, list[bytes]]]

    def __init__(self):
        self.parameters: list[Tensor] = []

    @contextmanager
    def mirroring(self, parameters: list[Tensor]) -> Iterator[None]:
        before, self.parameters = self.parameters, parameters
        try:
            yield
        finally:
            self.parameters = before


context = Context()


class Order:
    """What one call asks of the judge, and the form of its answer, apart from the tensors."""

    def __init__(self, number: int, tree: dict, count: int):
        self.number, self.tree, self.count = number, tree, count
        self.answer: Any = None
        self.unused: set[int] = set()


class Evaluate(torch.autograd.Function):
    """The call's number, for its slopes, and the tensors of its answer."""

    @staticmethod
    def forward(order: Order, *tensors: Tensor) -> tuple[Tensor, ...]:
        writer = Writer(refuse)
        places = [writer.tensor(tensor)["i"] for tensor in tensors]
        header = {"op": "callback", "id": order.number, "arguments": order.tree, "count": order.count}
        reply, blobs = ask(header | {"places": places, "tensors": writer.metas}, writer.blobs)
        order.answer = reply["answer"]
        outputs = [rebuild(meta, blob) for meta, blob in zip(reply["tensors"], blobs, strict=True)]
        return torch.tensor(reply["call"]), *outputs

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        ctx.order = inputs[0]
        ctx.save_for_backward(output[0])
        ctx.mark_non_differentiable(*(o for o in output if not o.is_floating_point()))

    @staticmethod
    def backward(ctx: Any, _: Tensor, *slopes: Tensor) -> tuple:
        found = Slopes.apply(ctx.order, ctx.saved_tensors[0], *slopes)
        return None, *(None if place in ctx.order.unused else slope for place, slope in enumerate(found))

    @staticmethod
    def vmap(info: Any, in_dims: tuple, order: Order, *tensors: Tensor) -> tuple:
        return one_by_one(Evaluate, info, in_dims, order, tensors)


class Slopes(torch.autograd.Function):
    """The vector-Jacobian product of an earlier `Evaluate`, for each of its tensors; zeros where it plays no part."""

    @staticmethod
    def forward(order: Order, call: Tensor, *slopes: Tensor) -> tuple[Tensor, ...]:
        writer = Writer(refuse)
        places = [writer.tensor(slope)["i"] for slope in slopes]
        header = {"op": "callback slopes", "call": int(call), "places": places, "tensors": writer.metas}
        reply, blobs = ask(header, writer.blobs)
        order.unused = set(reply["unused"])
        return tuple(rebuild(meta, blob) for meta, blob in zip(reply["tensors"], blobs, strict=True))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple:
        raise RuntimeError(f"{NO_SLOPES} {NOT_CARRIED}.")

    @staticmethod
    def vmap(info: Any, in_dims: tuple, order: Order, *tensors: Tensor) -> tuple:
        return one_by_one(Slopes, info, in_dims, order, tensors)


def one_by_one(kind: type, info: Any, in_dims: tuple, order: Order, tensors: tuple[Tensor, ...]) -> tuple:
    """The rule for torch.vmap: each example by itself."""
    rows = []
    for place in range(info.batch_size):
        chosen = [t if d is None else t.select(d, place) for t, d in zip(tensors, in_dims[1:], strict=True)]
        rows.append(kind.apply(order, *chosen))
    stacked = tuple(torch.stack(column) for column in zip(*rows, strict=True))
    return stacked, (0,) * len(stacked)


def ask(header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
    reply, blobs = context.request(header, blobs)
    if "error" in reply:
        raise Elsewhere(reply["error"])
    return reply, blobs


def refuse(writer: Writer, value: object) -> Any:
    raise TypeError(f"Call this function with tensors and numbers, not with a {type(value).__name__}.")


def remote_function(number: int, name: str) -> Callable:
    """The judge's function of this number."""

    def function(*arguments: Any, **options: Any) -> Any:
        return evaluate(number, arguments, options, context.parameters)

    function.__name__ = function.__qualname__ = name
    return function


def evaluate(number: int, arguments: tuple, options: dict, parameters: list[Tensor]) -> Any:
    writer = Collector()
    tree = {"positional": writer.value(list(arguments)), "named": writer.value(options)}
    order = Order(number, tree, len(writer.tensors))
    _, *outputs = Evaluate.apply(order, *writer.tensors, *parameters)
    return Reader(outputs, unknown).value(order.answer)


class Collector(Writer):
    """A writer that keeps tensors as they are, since those inside torch.func have no numbers yet."""

    def __init__(self):
        super().__init__(refuse)

    def tensor(self, tensor: Tensor) -> dict:
        for place, known in enumerate(self.tensors):
            if known is tensor:
                return {"t": "tensor", "i": place}
        self.tensors.append(tensor)
        return {"t": "tensor", "i": len(self.tensors) - 1}

    def value(self, value: object) -> Any:
        return self.tensor(value) if isinstance(value, Tensor) else super().value(value)


def unknown(reader: Reader, tree: dict) -> Any:
    raise WireError("The judge's answer cannot be read.")


class RemoteNetwork(nn.Module):
    """A network that a test wrote itself: its parameters are here, it is evaluated where the judge has it."""

    def __init__(self, number: int, parameters: dict, buffers: dict, training: bool):
        super().__init__()
        self.number = number
        for name, parameter in parameters.items():
            self.register_parameter(name.replace(".", "_"), parameter)
        for name, buffer in buffers.items():
            self.register_buffer(name.replace(".", "_"), buffer)
        self.train(training)

    def forward(self, *arguments: Any, **options: Any) -> Any:
        return evaluate(self.number, arguments, options, context.parameters)
