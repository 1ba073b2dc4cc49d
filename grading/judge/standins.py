"""What a test sees in the place of a student's functions: stand-ins that send arguments in and bring numbers back.

A stand-in can be differentiated (it asks the sandbox for the vector-Jacobian product); arguments that a function
changed are changed here as well; a network that comes back is a stand-in too. Functions among the arguments stay here
and are called from inside. What comes back is plain numbers, tuples, lists, dictionaries and strings, whatever was
returned: of anything else only the name of its type.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn

from grading.judge.receiving import Raised, Sent, network_parameters, odd, pack_all, read_tensors, refuse
from grading.judge.sending import Sending, Standin, change_lists, natural, set_values
from grading.sandbox.session import Session, Stopped
from grading.sandbox.wire import Reader, WireError, Writer

MOST_GRAPHS, MOST_BYTES = 2000, 128 << 20


class Link:
    """The judge's side of one session: calls in, callbacks out."""

    def __init__(self, session: Session):
        self.session = session
        session.handler = self.answer
        self.count = 0
        self.refuses: list[tuple[str, list[str]]] = []  # what the library does not do while a test is run
        self.callbacks: list[tuple[Callable, list[Tensor]]] = []
        self.sizes: dict[int, int] = {}
        self.graphs: dict[int, tuple[list[Tensor], list[Tensor]]] = {}
        self.parameters: WeakValueDictionary[int, nn.Parameter] = WeakValueDictionary()  # of the student's networks

    def forget(self) -> None:
        """Let go of what was handed over: autograd's graphs hide the circle back to here from Python's collector."""
        self.callbacks.clear()
        self.graphs.clear()
        self.sizes.clear()

    def call(self, handle: int, positional: tuple, named: dict, options: dict) -> Any:
        """What the student's function returns for these arguments; Raised, Stopped or WireError."""
        sending = Sending(self.callbacks)
        header = {"op": "call", "handle": handle, "call": self.number(), "refuses": self.refuses} | options
        header |= {"positional": sending.value(list(positional)), "named": sending.value(named)}
        reply, blobs = self.ask(header | {"tensors": sending.metas}, sending.blobs)
        tensors = read_tensors(reply, blobs)
        plain = Reader(tensors, odd)
        sending.take_changes(reply, plain)
        change_lists([value for value in (*positional, *named.values()) if isinstance(value, list)], reply)
        leaves = [tensor for tensor in sending.tensors if tensor.requires_grad]
        joined = self.joined(header["call"], reply, tensors, leaves)
        return Reader(joined, self.special).value(reply.get("result"))

    def read(self, handle: int) -> Any:
        """A variable of the student's, rebuilt from plain numbers as an answer is."""
        reply, blobs = self.ask({"op": "read", "handle": handle}, [])
        return Reader([t.detach() for t in read_tensors(reply, blobs)], self.special).value(reply.get("result"))

    def number(self) -> int:
        self.count += 1
        return self.count

    def ask(self, header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        reply, blobs = self.session.request(header, blobs)
        if "error" in reply:
            raise Raised.from_reply(reply["error"])
        return reply, blobs

    def joined(self, call: int, reply: dict, tensors: list[Tensor], leaves: list[Tensor]) -> list[Tensor]:
        """The tensors, those that carry a graph inside tied to the arguments here."""
        carry = [i for i, meta in enumerate(reply["tensors"]) if meta.get("grad") is True]
        carry = [i for i in carry if tensors[i].is_floating_point()]
        if not carry:
            return tensors
        free = [torch.zeros((), requires_grad=True)]  # so that the graph shows even if no argument needs it
        tied = Answer.apply(self, call, bool(leaves), [tensors[i] for i in carry], *(leaves or free))
        known = dict(zip(carry, tied, strict=True))
        return [known.get(i, tensor) for i, tensor in enumerate(tensors)]

    def slopes(self, call: int, given: tuple[Tensor, ...], leaves: list[Tensor]) -> list[Tensor | None]:
        metas, blobs = pack_all(given)
        reply, blobs = self.ask({"op": "slopes", "call": call, "tensors": metas}, blobs)
        reader, found = Reader(read_tensors(reply, blobs), odd), reply.get("slopes")
        if not isinstance(found, list) or len(found) != len(leaves):
            raise WireError("The gradient cannot be read.")
        slopes = [reader.value(tree) for tree in found]
        for slope, leaf in zip(slopes, leaves, strict=True):
            if slope is not None and not (isinstance(slope, Tensor) and slope.shape == leaf.shape):
                raise WireError("The gradient cannot be read.")
        return [None if s is None else s.to(leaf.dtype) for s, leaf in zip(slopes, leaves, strict=True)]

    def special(self, reader: Reader, tree: dict) -> Any:
        """Stand-ins for what the student returned and what is not plain."""
        handle, name = tree.get("h"), str(tree.get("name", ""))
        if tree.get("t") == "network" and type(handle) is int and isinstance(tree.get("v"), list):
            sent = network_parameters(reader, tree["v"])
            parameters = {name: self.parameter(one) for name, one in sent.items()}
            return StudentNetwork(self, handle, parameters, tree.get("training") is True)
        if tree.get("t") == "function" and type(handle) is int:
            return StudentFunction(lambda: (self, handle), name)
        return odd(reader, tree)

    def parameter(self, sent: Sent) -> nn.Parameter:
        """A parameter of the student's; the one that is here already where it is the same one inside."""
        known = self.parameters.get(sent.which)
        if known is None:
            known = self.parameters[sent.which] = nn.Parameter(sent.value, requires_grad=sent.trains)
        else:
            set_values([known], [sent.value])
        return known.requires_grad_(sent.trains)

    def answer(self, header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        """Call what a test handed over, for the student's code; its errors go back as text."""
        operations = {"callback": self.callback, "callback slopes": self.callback_slopes}
        try:
            return operations[header["op"]](header, blobs)
        except Stopped:
            raise
        except (ValueError, RuntimeError, ArithmeticError) as error:
            return {"error": str(error)[:500]}, []
        except Exception as error:
            return {"error": f"This function was not called as it should be ({type(error).__name__})."}, []

    def callback(self, header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        function, held = self.callbacks[natural(header["id"])]
        tensors, count = read_tensors(header, blobs), natural(header["count"])
        places = [natural(place) for place in header["places"]]
        given, current = [tensors[place] for place in places[:count]], [tensors[place] for place in places[count:]]
        set_values(held, current)
        leaves = [t.detach().requires_grad_() if t.is_floating_point() else t for t in given]
        reader = Reader(leaves, odd)
        result = function(
            *reader.value(header["arguments"]["positional"]), **reader.value(header["arguments"]["named"])
        )
        writer = Writer(refuse)
        tree, call = writer.value(result), self.number()
        self.remember(call, writer.tensors, [*leaves, *held], sum(map(len, (*blobs, *writer.blobs))))
        return {"answer": tree, "call": call, "tensors": writer.metas}, writer.blobs

    def remember(self, call: int, outputs: list[Tensor], leaves: list[Tensor], size: int) -> None:
        """Keep a graph for its slopes; the oldest go when there are too many, or too large ones."""
        self.graphs[call], self.sizes[call] = (outputs, leaves), size
        while len(self.graphs) > MOST_GRAPHS or (sum(self.sizes.values()) > MOST_BYTES and len(self.graphs) > 1):
            oldest = min(self.graphs)
            del self.graphs[oldest], self.sizes[oldest]

    def callback_slopes(self, header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        outputs, leaves = self.graphs[natural(header["call"])]
        tensors = read_tensors(header, blobs)
        given = [tensors[natural(place)] for place in header["places"]]
        pairs = [(o, g.to(o.dtype)) for o, g in zip(outputs, given, strict=True) if o.requires_grad]
        wanted = [i for i, leaf in enumerate(leaves) if leaf.requires_grad]
        found: list[Tensor | None] = [None] * len(leaves)
        if pairs and wanted:
            arguments = [o for o, _ in pairs], [leaves[i] for i in wanted], [g for _, g in pairs]
            slopes = torch.autograd.grad(*arguments, allow_unused=True, retain_graph=True)
            for place, slope in zip(wanted, slopes, strict=True):
                found[place] = slope
        metas, blobs = pack_all([torch.zeros_like(t) if s is None else s for s, t in zip(found, leaves, strict=True)])
        return {"tensors": metas, "unused": [i for i, s in enumerate(found) if s is None]}, blobs


class StudentFunction(Standin):
    """A student's function, as a test sees it; `where` gives the link and the handle that it has now."""

    runs_elsewhere = True  # where the library's answers are kept from it

    def __init__(self, where: Callable[[], tuple[Link, int]], name: str):
        self.where, self.__name__ = where, name

    def student_handle(self) -> int:
        return self.where()[1]

    def __call__(self, *positional: Any, **named: Any) -> Any:
        link, handle = self.where()
        return link.call(handle, positional, named, {})


class StudentNetwork(nn.Module, Standin):
    """A network that a student's function returned: it can be called, and its parameters can be read."""

    def __init__(self, link: Link, handle: int, parameters: dict[str, nn.Parameter], training: bool):
        super().__init__()
        self.link, self.handle = link, handle
        for name, parameter in parameters.items():
            *path, last = name.split(".")
            owner: nn.Module = self
            for step in path:
                if step not in owner._modules:
                    owner.add_module(step, nn.Module())
                owner = owner._modules[step]
            owner._parameters[last] = parameter
        self.train(training)

    def student_handle(self) -> int:
        return self.handle

    def forward(self, *positional: Any, **named: Any) -> Any:
        return self.link.call(self.handle, positional, named, {"training": self.training})


class Answer(torch.autograd.Function):
    """Ties what came back to what was sent in."""

    @staticmethod
    def forward(ctx: Any, link: Link, call: int, tied: bool, values: list[Tensor], *leaves: Tensor) -> tuple:
        ctx.link, ctx.call, ctx.tied, ctx.leaves = link, call, tied, leaves
        return tuple(value.clone() for value in values)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *slopes: Tensor) -> tuple:
        if not ctx.tied:
            return None, None, None, None, None
        return None, None, None, None, *ctx.link.slopes(ctx.call, slopes, ctx.leaves)
