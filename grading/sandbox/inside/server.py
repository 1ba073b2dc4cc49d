"""The child's side: run a student's cells, call the student's functions, answer the judge.

Nothing here is trusted by the judge, since the student's code lives in the same process and may rewrite all of it. It
need only be right for honest code.
"""

import ast
import builtins
import linecache
import os
import signal
import socket
import sys
import types
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch
from torch import Tensor, nn

from grading.sandbox.inside.arguments import Arguments
from grading.sandbox.inside.errors import described
from grading.sandbox.inside.plain import PlainTests
from grading.sandbox.inside.remote import context
from grading.sandbox.inside.shell import AWAIT, Shell, close_figures, drawn, played, without_magics
from grading.sandbox.wire import LENGTH, Writer, pack, plain, rebuild, sizes, unpack
from vae_lib.testing.own_work import refused, watch

MOST_BYTES = 1 << 30  # the judge is trusted not to send too much


class Server:
    """Answers the judge's requests, one at a time, until it hangs up."""

    def __init__(self, connection: socket.socket, most_bytes: int):
        self.connection, self.most_bytes = connection, most_bytes
        self.module = types.ModuleType("__main__")
        self.handles: list[Any] = []
        self.busy, self.received = False, bytearray()
        self.looked = False  # for modules of the library, since a cell was run
        self.calls: dict[int, tuple[list[Tensor], list[Tensor]]] = {}
        self.parameters: dict[int, tuple[int, Tensor]] = {}  # by id, which is nobody else's while they are kept
        self.tests = PlainTests(vars(self.module))

    def serve(self) -> None:
        context.request = self.request
        while True:
            header, blobs = self.receive()
            if "reply" not in header:  # an interrupted call no longer waits for what it asked of the judge
                self.answer(header, blobs)

    def request(self, header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        """Ask the judge (a function that a test handed over lives there), and serve it until it answers."""
        self.connection.sendall(pack(header, blobs))
        while True:
            header, blobs = self.receive()
            if "reply" in header:
                return header, blobs
            self.answer(header, blobs)

    def receive(self) -> tuple[dict, list[bytes]]:
        header, body = sizes(self.exactly(LENGTH.size), MOST_BYTES)
        return unpack(self.exactly(header), self.exactly(body))

    def exactly(self, count: int) -> bytes:
        while len(self.received) < count:
            piece = self.connection.recv(1 << 20)
            if not piece:
                os._exit(0)  # the judge is done
            self.received += piece
        taken = bytes(self.received[:count])
        del self.received[:count]
        return taken

    def interrupt(self, *_: object) -> None:
        """The judge's signal that time is up. Between two requests it would tear a message apart."""
        if self.busy:
            raise KeyboardInterrupt("the time was up")

    def answer(self, header: dict, blobs: list[bytes]) -> None:
        operations = {"run": self.run, "bind": self.bind, "read": self.read, "call": self.call, "slopes": self.slopes}
        operations |= {"guard": self.begin, "plain": self.plain, "files": self.files}
        try:
            self.busy = True
            reply, blobs = operations[header["op"]](header, blobs)
        except BaseException as error:  # SystemExit and KeyboardInterrupt too
            reply, blobs = {"error": described(error)}, []
        self.busy = False
        for stream in (sys.stdout, sys.stderr):
            with suppress(BaseException):  # it may be anything by now
                stream.flush()
        message = pack(reply | {"reply": True}, blobs)
        if len(message) > self.most_bytes:
            message = pack({"reply": True, "error": {"type": "ValueError", "message": "The answer is too large."}}, [])
        self.connection.sendall(message)

    def run(self, header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        """Run one cell, and show its last value as Jupyter does."""
        name, self.looked = f"<cell {header['number']}>", False
        source = without_magics(header["source"])
        linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
        tree = ast.parse(source, name)
        self.tests.given.put(tree, vars(self.module))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        played(compile(tree, name, "exec", AWAIT), vars(self.module))
        if last is not None:
            value = played(compile(ast.Expression(last.value), name, "eval", AWAIT), vars(self.module))
            if value is not None and not source.rstrip().endswith(";"):
                print(repr(value))
        pictures = drawn() if header.get("pictures") else []
        close_figures()
        return {}, pictures

    def bind(self, header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        """Handles of what has these names now, null where there is nothing; and which of it is not to be called."""
        found = [vars(self.module).get(name) for name in header["names"]]
        values = [not callable(value) or isinstance(value, nn.Module) for value in found]
        return {"handles": [self.handle(value) for value in found], "values": values}, []

    def read(self, header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        """A variable's value."""
        writer = Writer(self.special)
        tree = writer.value(self.handles[header["handle"]])
        return {"result": tree, "tensors": writer.metas}, writer.blobs

    def files(self, header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        """Put the lab's own files into the child's folder; where there are no walls, into one made for it."""
        if os.getcwd() != os.environ.get("TMPDIR"):
            os.chdir(mkdtemp(prefix="handin-"))
        for name, content in zip(header["names"], blobs, strict=True):
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return {}, []

    def begin(self, header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        """Before the first cell of a notebook that has plain tests."""
        return {"classes": self.tests.begin(header, blobs)}, []

    def plain(self, header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        """Run half of a plain test."""
        look, self.looked = not self.looked, True
        with without(header["refuses"], look):
            reply = self.tests.run(header, blobs)
        close_figures()
        return reply, []

    def handle(self, value: Any) -> int | None:
        if value is None:
            return None
        self.handles.append(value)
        return len(self.handles) - 1

    def call(self, header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        """Call a function of the student's, and say what it returned and which of its arguments it changed."""
        arguments = Arguments(header, blobs, self.handles)
        function = self.handles[header["handle"]]
        if "training" in header and function.training != header["training"]:
            function.train(header["training"])
        look, self.looked = not self.looked, True
        with context.mirroring(arguments.parameters), without(header["refuses"], look):
            result = function(*arguments.positional, **arguments.named)
        writer = Writer(self.special)
        tree = writer.value(result)
        outputs = [tensor for tensor in writer.tensors if tensor.requires_grad]
        self.calls[header["call"]] = outputs, arguments.leaves
        changes = arguments.changes(writer)
        reply = {"result": tree, "changes": changes, "optimizers": arguments.optimizer_states(writer)}
        return reply | {"lists": arguments.list_changes(), "tensors": writer.metas}, writer.blobs

    def slopes(self, header: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        """The vector-Jacobian product of an earlier call."""
        outputs, leaves = self.calls[header["call"]]
        given = [rebuild(meta, blob) for meta, blob in zip(header["tensors"], blobs, strict=True)]
        found = torch.autograd.grad(outputs, leaves, given, allow_unused=True, retain_graph=True)
        writer = Writer(self.special)
        tree = [None if slope is None else writer.value(slope.detach()) for slope in found]
        return {"slopes": tree, "tensors": writer.metas}, writer.blobs

    def special(self, writer: Writer, value: Any) -> dict:
        """What is not plain: networks and functions stay here and get a handle; of the rest, the type's name goes."""
        if isinstance(value, Tensor) and value.layout != torch.strided:
            return {"t": "sparse"}
        kind = {"t": "other", "name": type(value).__name__[:60]}
        if isinstance(value, nn.Module):
            named = [(name, p) for name, p in value.named_parameters(remove_duplicate=False) if plain(p)]
            parameters = [[name, writer.tensor(p), self.which(p), p.requires_grad] for name, p in named]
            return kind | {"t": "network", "h": self.handle(value), "v": parameters, "training": value.training}
        if callable(value) and not isinstance(value, type):
            return kind | {"t": "function", "h": self.handle(value)}
        return kind

    def which(self, parameter: Tensor) -> int:
        """The number of a network's parameter: the same wherever the same one is met again."""
        return self.parameters.setdefault(id(parameter), (len(self.parameters), parameter))[0]


@contextmanager
def without(names: list[tuple[str, list[str]]], look: bool) -> Iterator[None]:
    """Without the library's answers to what is tested."""
    with ExitStack() as stack:
        for exercise, others in names:
            stack.enter_context(refused(exercise, others, look))
        yield


def serve(connection: socket.socket, limits: dict) -> None:
    """Set the scene as a notebook's kernel does, and answer the judge."""
    sys.stdout, sys.stderr = (
        os.fdopen(number, "w", buffering=1, encoding="utf-8", errors="replace") for number in (1, 2)
    )
    sys.stdin = os.fdopen(0)
    server = Server(connection, limits["message_bytes"])
    signal.signal(signal.SIGINT, server.interrupt)
    namespace = vars(server.module)
    sys.modules["__main__"] = server.module
    shell = Shell(namespace)
    namespace["get_ipython"] = lambda: shell
    builtins.display = print
    os.environ["NBGRADER_EXECUTION"] = "autograde"  # as nbgrader says it, for widgets and long loops
    warnings.filterwarnings("ignore", message=".*FigureCanvasAgg is non-interactive.*")
    torch.manual_seed(0)
    watch()
    server.serve()
