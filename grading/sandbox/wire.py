"""How values cross between the judge and a student's process: JSON and raw numbers, never a pickle.

Both sides use this module. The judge trusts nothing that it reads: a `Reader` builds plain numbers, strings, tuples,
lists, dictionaries and plain tensors, whatever it is sent, or raises `WireError`.
"""

import json
import re
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

LENGTH = struct.Struct("!II")
MOST_HEADER, MOST_VALUES, LONGEST_TEXT = 1 << 23, 100_000, 20_000
DTYPES = {
    str(t).removeprefix("torch."): t
    for t in (
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128),
        *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool),
    )
}
ARRAY_KINDS = "biufc"


class WireError(Exception):
    """The other side sent what is no message."""


def pack(header: dict, blobs: list[bytes]) -> bytes:
    """One message: the lengths of its header and of the numbers behind it, the header as JSON, the numbers."""
    text = json.dumps(header | {"sizes": [len(blob) for blob in blobs]}).encode()
    return b"".join([LENGTH.pack(len(text), sum(map(len, blobs))), text, *blobs])


def sizes(start: bytes, most: int) -> tuple[int, int]:
    """The two lengths at a message's start; WireError above `most` bytes."""
    header, body = LENGTH.unpack(start)
    if header > MOST_HEADER or body > most:
        raise WireError("The answer is too large.")
    return header, body


def unpack(text: bytes, body: bytes) -> tuple[dict, list[bytes]]:
    """The header and the numbers of a message."""
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise WireError("The answer cannot be read.") from None
    lengths = header.get("sizes") if isinstance(header, dict) else None
    if not is_list_of(lengths, int) or min(lengths, default=0) < 0 or sum(lengths) != len(body):
        raise WireError("The answer cannot be read.")
    blobs, place = [], 0
    for length in lengths:
        blobs.append(body[place : place + length])
        place += length
    return header, blobs


def is_list_of(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(type(item) is kind for item in value)


class Writer:
    """Turns values into JSON (`value`) beside a list of tensors (`metas`, `blobs`), each tensor once.

    `special` says how to send what is not plain; it gets the writer and the value, and returns JSON.
    """

    def __init__(self, special: Callable[["Writer", object], Any]):
        self.special = special
        self.tensors: list[Tensor] = []
        self.metas: list[dict] = []
        self.blobs: list[bytes] = []
        self.count = 0

    def value(self, value: object) -> Any:
        self.count += 1
        if self.count > MOST_VALUES:
            raise WireError("The answer has too many parts.")
        kind = type(value)
        if value is None or kind in (bool, float):
            return value
        if kind is int and abs(value) < 1 << 63:
            return value
        if kind is str:
            return {"t": "str", "v": value[:LONGEST_TEXT]}
        return self._compound(value, kind)

    def _compound(self, value: Any, kind: type) -> Any:
        if kind is list:
            return {"t": "list", "v": [self.value(item) for item in value]}
        if kind is dict:
            return {"t": "dict", "v": [[self.value(k), self.value(v)] for k, v in value.items()]}
        if issubclass(kind, tuple):
            return {"t": "tuple", "v": [self.value(item) for item in value]} | torch_result(kind)
        if kind in (Tensor, nn.Parameter) and plain(value):
            return self.tensor(value)
        if kind is np.ndarray and value.dtype.kind in ARRAY_KINDS:
            return self.tensor(torch.from_numpy(np.array(value))) | {"t": "array"}
        if isinstance(value, np.generic) and value.dtype.kind in ARRAY_KINDS:
            return self.tensor(torch.from_numpy(np.array(value))) | {"t": "numpy"}
        return self.special(self, value)

    def tensor(self, tensor: Tensor) -> dict:
        """A tensor's place among those of this message; it is added if it is new."""
        for place, known in enumerate(self.tensors):
            if known is tensor:
                return {"t": "tensor", "i": place}
        self.tensors.append(tensor)
        self.metas.append(describe(tensor))
        self.blobs.append(content(tensor))
        return {"t": "tensor", "i": len(self.tensors) - 1}


def torch_result(kind: type) -> dict:
    """torch.min(…, dim) and others answer with tuples that have a name; `expect` has a word on them."""
    return {"name": kind.__name__} if kind.__module__ == "torch.return_types" else {}


def plain(tensor: Tensor) -> bool:
    """Whether a tensor is numbers in memory: not sparse, quantized, or without data."""
    return tensor.layout == torch.strided and not tensor.is_quantized and tensor.device.type == "cpu"


def describe(tensor: Tensor) -> dict:
    return {
        "shape": list(tensor.shape),
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "strides": list(tensor.stride()),
        "grad": tensor.requires_grad,
        "leaf": tensor.is_leaf,
        "parameter": isinstance(tensor, nn.Parameter),
    }


def content(tensor: Tensor) -> bytes:
    """A tensor's numbers, row by row, as they lie in memory."""
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if tensor.dtype == torch.bfloat16:  # NumPy has none
        tensor = tensor.clone(memory_format=torch.contiguous_format).view(torch.int16)
    return tensor.numpy().tobytes()


def rebuild(meta: object, blob: bytes) -> Tensor:
    """The plain tensor of a description and its numbers; WireError where the two do not fit."""
    shape = meta.get("shape") if isinstance(meta, dict) else None
    dtype = DTYPES.get(str(meta.get("dtype"))) if isinstance(meta, dict) else None
    if dtype is None or not is_list_of(shape, int) or len(shape) > 32 or min(shape, default=0) < 0:
        raise WireError("The answer holds a tensor that cannot be read.")
    count = int(np.prod(shape, dtype=object)) if shape else 1
    if count * dtype.itemsize != len(blob):
        raise WireError("The answer holds a tensor that cannot be read.")
    if not count:
        return torch.empty(shape, dtype=dtype)
    numbers = torch.frombuffer(bytearray(blob), dtype=torch.uint8)
    numbers = numbers != 0 if dtype == torch.bool else numbers.view(dtype)  # a byte of 7 would be true and count as 7
    return numbers.reshape(shape)


class Reader:
    """Turns what a `Writer` wrote into values again; `special` builds what is not plain, from its JSON."""

    def __init__(self, tensors: list[Tensor], special: Callable[["Reader", dict], Any]):
        self.tensors, self.special = tensors, special

    def value(self, tree: Any) -> Any:
        if tree is None or type(tree) in (bool, int, float):
            return tree
        if not isinstance(tree, dict):
            raise WireError("The answer cannot be read.")
        kind = tree.get("t")
        if kind in ("tensor", "array", "numpy"):
            return self._numbers(kind, tree)
        inside = tree.get("v")
        if kind == "str" and isinstance(inside, str):
            return clean(inside)
        if kind in ("list", "tuple") and isinstance(inside, list):
            items = [self.value(item) for item in inside]
            return items if kind == "list" else named_tuple(tree.get("name"), items)
        if kind == "dict" and isinstance(inside, list) and all(is_pair(pair) for pair in inside):
            return self._dictionary(inside)
        return self.special(self, tree)

    def _dictionary(self, pairs: list) -> dict:
        try:
            return {self.value(key): self.value(item) for key, item in pairs}
        except TypeError:  # a key that cannot be one
            raise WireError("The answer cannot be read.") from None

    def _numbers(self, kind: str, tree: dict) -> Any:
        place = tree.get("i")
        if type(place) is not int or not 0 <= place < len(self.tensors):
            raise WireError("The answer cannot be read.")
        tensor = self.tensors[place]
        if kind == "tensor":
            return tensor
        try:
            array = tensor.detach().numpy()
            return array if kind == "array" else array.reshape(())[()]
        except (TypeError, ValueError):
            raise WireError("The answer cannot be read.") from None


def clean(text: str) -> str:
    """Text that any file and terminal can take: no lone surrogates, no control characters but line ends and tabs."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2


def named_tuple(name: object, items: list) -> tuple:
    if not (isinstance(name, str) and re.fullmatch(r"\w{1,60}", name)):
        return tuple(items)
    return type(name, (tuple,), {"__module__": "torch.return_types"})(items)
