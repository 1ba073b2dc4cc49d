"""What comes out of a student's process, rebuilt: plain tensors, an error's text, the name of a type."""

import builtins
import re
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from grading.sandbox.wire import Reader, WireError, Writer, clean, is_list_of, rebuild

PLACE = re.compile(r"[A-Za-z0-9_]{1,60}(\.[A-Za-z0-9_]{1,60}){0,20}")


class Raised(Exception):
    """The student's function raised an error: its type's name, its message, the line where it arose.

    `from_reply` makes it an error of Python's own nearest kind as well, so that a test may catch it by kind.
    """

    def __init__(self, kind: str, message: str, line: str = ""):
        super().__init__()
        self.kind, self.line = kind, line
        self.text = f"{kind}: {message}" if message else kind

    def __str__(self) -> str:
        return self.text

    @classmethod
    def from_reply(cls, error: object) -> "Raised":
        """The error in a child's reply, whatever stands there."""
        fields = error if isinstance(error, dict) else {}
        words = (clean(str(fields.get(key, "")))[:2000] for key in ("type", "message", "line"))
        return kind_of_raised(str(fields.get("base", "")))(*words)


@lru_cache(maxsize=128)
def kind_of_raised(base: str) -> type[Raised]:
    """Raised as a kind of Python's own error of this name.

    Not StopIteration: it would end a test's loop over answers (`for got in map(f, xs)`) without a word.
    """
    own = getattr(builtins, base, None)
    if not (isinstance(own, type) and issubclass(own, Exception)) or own in (Exception, StopIteration):
        return Raised
    try:
        kind = type(f"Raised{base}", (Raised, own), {})
        kind("", "")
    except TypeError:  # it wants arguments of its own, or is laid out otherwise
        return Raised
    return kind


def read_tensors(header: dict, blobs: list[bytes]) -> list[Tensor]:
    metas = header.get("tensors")
    if not is_list_of(metas, dict) or len(metas) != len(blobs):
        raise WireError("The answer cannot be read.")
    return [rebuild(meta, blob) for meta, blob in zip(metas, blobs, strict=True)]


def pack_all(tensors: Any) -> tuple[list[dict], list[bytes]]:
    """Tensors one by one, also where one occurs twice."""
    writer = Writer(refuse)
    for tensor in tensors:
        writer.tensor(tensor.detach())
    return writer.metas, writer.blobs


class Sent(NamedTuple):
    """A parameter of a network that is inside: its numbers, which one it is there, whether it asks for gradients."""

    value: Tensor
    which: int
    trains: bool


def network_parameters(reader: Reader, rows: list) -> dict[str, Sent]:
    found = {}
    for row in rows:
        if not (isinstance(row, list) and [*map(type, row)] == [str, dict, int, bool] and PLACE.fullmatch(row[0])):
            raise WireError("The network's parameters cannot be read.")
        name, tree, which, trains = row
        value = reader.value(tree)
        if not isinstance(value, Tensor):
            raise WireError("The network's parameters cannot be read.")
        found[name] = Sent(value.detach(), which, trains and value.is_floating_point())
    return found


def odd(reader: Reader, tree: dict) -> Any:
    """An object that is nothing but the name of a type, so that a test can say what was returned."""
    if tree.get("t") == "sparse":
        return torch.zeros(1).to_sparse()
    name = str(tree.get("name", ""))
    return type(name if re.fullmatch(r"\w{1,60}", name) else "object", (), {})()


def refuse(writer: Writer, value: object) -> Any:
    raise WireError(f"A {type(value).__name__} cannot be sent.")
