"""Errors of Python and PyTorch, met in a student's function, as one sentence that says the cause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import TracebackType

from torch import Tensor

from vae_lib.testing.shown import shape
from vae_lib.testing.signature import Signature

_MEETING = re.compile(r"tensor a \((\d+)\) must match the size of tensor b \((\d+)\)")
_SHAPES = re.compile(
    r"must match|cannot be multiplied|is invalid for input|same as input size|Dimension out of range|size mismatch"
    r"|[Ee]xpected size|must have same|shape mismatch|broadcast|subscript|Sizes of tensors|must have shape"
    r"|equal size|same size|inconsistent tensor size|\d+D tensors? expected|must be a matrix|too many indices"
    r"|exceeds dimension|tuple index out of range|does not match the shape|Tensors must have same number of dimensions"
)
_OUTSIDE = re.compile(
    r"index (-?\d+) is out of bounds for dimension \d+ with size (\d+)|Target (-?\d+) is out of bounds"
)

# a word or two of the message, and what it means; the first that is found is said
CAUSES = {
    r"leaf Variable that requires grad|modified by an inplace operation|leaf variable that require": (
        "Something is changed in place that autograd still needs (an argument, or a parameter before `backward`)."
    ),
    r"got input: .*target: |Expected target size|0D or 1D target|multi-target|Expected input batch_size": (
        "`F.cross_entropy` takes the classes on the second axis, and a target that has all other axes: give the target "
        "every axis in front (`expand`), then flatten both, or move the axis of the classes."
    ),
    r"index tensor of type LongTensor|dtype int64 for index|indices must be long|must be.* of type.* torch.int64"
    r"|scalar type Long|expected scalar type Long|'torch.(Int|Long)Tensor'|only integers?, slices"
    r"|slice indices must be integers|target dtype to be Long|nll_loss.*not implemented for"
    r"|class probabilities, got Long": (
        "Real numbers stand where an index should, or a target of classes: these are whole numbers (`.long()`); an "
        "index may be of True and False as well (`.bool()`)."
    ),
    r"same number of dimensions as (self|input)|same dimensions as|Index tensor must have": (
        "The index of `gather` and `scatter` needs as many axes as the tensor: `.unsqueeze(…)` adds one."
    ),
    r"got: (bool|long|int)|!= (bool|long|int)|can't be cast to": (
        "True and False, or whole numbers, stand where real numbers are needed: `.to(x.dtype)` makes them of x's kind."
    ),
    r"same dtype|[Ee]xpected scalar type|dtype.*(double|Double|float)|Found dtype": (
        "Real numbers of two kinds meet: a tensor that is made inside is float32, the arguments are float64."
    ),
    r"grad can be implicitly created only for scalar": (
        "A gradient is asked of several numbers at once: take their sum first."
    ),
    r"does not require grad": (
        "A gradient is asked where no graph leads: what it is taken by needs `requires_grad_()` before the function "
        "is called, and no `.item()`, `.detach()`, `no_grad` or `tensor(…)` may stand between."
    ),
    r"not to have been used in the graph": (
        "A gradient is asked by a tensor that the answer was not made of: it must be handed to the function itself."
    ),
    r"on Tensor that requires grad|requires grad.* to (numpy|a scalar)": (
        "NumPy or `math` is handed a tensor that carries a graph: use PyTorch's own functions."
    ),
    r"backward through the graph a second time": "A second gradient is taken of one graph: call the function again.",
    r"Boolean value of Tensor": (
        "`if`, `and`, `or`, `not`, `in`, `min` and `max` ask for one truth value, and a tensor has many: for tensors "
        "there are `&`, `|`, `~`, `torch.where`, `torch.isin` and `clamp`."
    ),
    r"operator, (with|on) a bool tensor": "A tensor of True and False is subtracted: `~` turns it round.",
    r"bitwise_\w+_cpu|operator\.invert": (
        "`~`, `&` and `|` are for True and False: real numbers take `1 - m` and a product."
    ),
    r"only integer tensors of a single element|only one element tensors|can only convert an array of size 1"
    r"|with \d+ elements cannot be converted to Scalar": (
        "Several numbers stand where Python needs one: `math` takes single numbers, `torch.cat` and `torch.stack` join "
        "a list of tensors, and the places that `torch.where(…)` finds are in a tuple."
    ),
    r"Class values must be non-negative": "`F.one_hot` is handed a negative number, which is no class.",
    r"batch2 tensor|t\(\) expects a tensor with": (
        "A product of tables does not fit: `@` sums over the last axis on its left and the last but one on its right. "
        "`.mT` exchanges the last two axes, and `.T` and `.t()` are for tables without an axis in front."
    ),
    r"non-empty|empty list": "Nothing is there to be joined: a list is empty in this case.",
    r"tuple of Tensors, not Tensor|argument 'tensors'": "`torch.cat` and `torch.stack` take a list of tensors.",
    r"argument '\w+' .*must be Tensor, not (int|float|list|bool)|expected Tensor as element"
    r"|must be (tuple of ints|int), not float": (
        "A function of PyTorch is handed a number or a list of Python's where it takes a tensor: `tensor(…)` makes "
        "one, and `math` has functions of numbers."
    ),
    r"must be real number, not Tensor|only tensors can be converted": (
        "A function of Python's or NumPy's is handed a tensor: use PyTorch's own."
    ),
    r"invalid combination of arguments": (
        "A function of PyTorch is called with arguments that it does not take in this order or of this kind."
    ),
    r"unsupported operand.*NoneType|'NoneType' object": (
        "There is None where a tensor should be: is a `return` missing, or is this the `.grad` of something that is "
        "no leaf or was not reached by `backward`?"
    ),
    r"unsupported operand.*'(tuple|torch\.return_types|list)|multiply sequence by"
    r"|'(tuple|list|\w*return_types[\w.]*)' object": (
        "A tuple or a list is used as if it were a tensor: take one of its values first."
    ),
    r"unsupported operand.*'function'|'function' object is not subscriptable": (
        "A function is used as if it were a tensor: call it first."
    ),
    r"'(float|int)' object": "A number of Python's stands where a tensor should: `.item()` makes one of a tensor.",
    r"is not a Module subclass": "`nn.Sequential` takes modules, not functions: a loop calls one after the other.",
    r"unexpected keyword argument": "A function is called with an argument that it does not have, or is not PyTorch's.",
    r"object is not callable": "Something that is no function is called.",
    r"unpack": "As many names stand on the left as the right has not: look at what the call returns.",
    r"before assignment|not associated with a value": (
        "A name has no value yet: a loop gives it one, and in this case the loop does not run at all."
    ),
    r"within the support|satisfy the constraint": (
        "`torch.distributions` refuses what is handed in here: a value that cannot occur, or a parameter that is NaN."
    ),
    r"division by zero": "It is divided by a 0 here.",
    r"Can't call numpy|numpy\(\)": "NumPy is handed a tensor that carries a graph: use PyTorch's own functions.",
}
_CAUSES = [(re.compile(words), text) for words, text in CAUSES.items()]
_LIBRARYS = "The library's own function is handed something else than it takes. It says:"


def sentence(kind: str, message: str, signature: Signature, arguments: dict, where: TracebackType | None = None) -> str:
    """What an error means; `where` is its traceback, if there is one."""
    if kind == "InputError":
        return f"{_LIBRARYS} {message}"
    if outside := _OUTSIDE.search(message):
        return _outside(outside, signature, arguments)
    told = next((text for words, text in _CAUSES if words.search(message)), None)
    if told:
        return told
    if _SHAPES.search(message) and kind in ("RuntimeError", "ValueError", "IndexError"):
        known = _shapes(signature, arguments)
        return f"Shapes do not fit{_axes(message, signature, arguments)}{_inside(arguments, where)}: {known}."
    if kind == "TypeError" and "positional argument" in message and (name := _called(message, arguments)):
        return f"`{name}` is called with more arguments, or fewer, than it takes."
    return f"{signature.name} stops with an error: {kind}: {message}"


def _outside(found: re.Match, signature: Signature, arguments: dict) -> str:
    place, size, target = found.groups()
    places = "place 0 alone" if size == "1" else f"the places 0 to {int(size or 1) - 1}"
    where = f"an axis that has {places}" if size else "a class, and there is none"
    return f"{place or target} is used as the index of {where}: {_shapes(signature, arguments)}."


def _axes(message: str, signature: Signature, arguments: dict) -> str:
    met = _MEETING.search(message)
    if not met:
        return ""
    letters = {size: name for name, size in signature.sizes(arguments).items()}
    one, two = (f"{size} ({letters[int(size)]})" if int(size) in letters else size for size in met.groups())
    return f", an axis of {one} meets one of {two}"


def _shapes(signature: Signature, arguments: dict) -> str:
    """The arguments' shapes, and the whole numbers that may be the length of an axis."""
    tensors = [
        f"`{slot.name}` is {shape(arguments[slot.name])} = ({', '.join(slot.labels(arguments[slot.name].ndim))})"
        for slot in signature.takes
        if isinstance(arguments.get(slot.name), Tensor)
    ]
    whole = [
        f"`{slot.name}` is {arguments[slot.name]}"
        for slot in signature.takes
        if slot.kind == "whole" and type(arguments.get(slot.name)) is int
    ]
    return ", ".join(tensors + whole)


def _inside(arguments: dict, where: TracebackType | None) -> str:
    """Which of the functions that are handed in met the error, and the shape that it was given."""
    for name, given in _handed(arguments, where):
        return f" inside `{name}`, which is given {shape(given)}"
    return ""


def _handed(arguments: dict, where: TracebackType | None) -> Iterator[tuple[str, Tensor]]:
    """The functions among the arguments that were running, and their first tensor."""
    functions: dict[object, str] = {
        code: name for name, value in arguments.items() if (code := getattr(value, "__code__", None)) is not None
    }
    while where is not None:
        code = where.tb_frame.f_code
        values = [where.tb_frame.f_locals.get(n) for n in code.co_varnames[: code.co_argcount]]
        if code in functions and (tensors := [v for v in values if isinstance(v, Tensor)]):
            yield functions[code], tensors[0]
        where = where.tb_next


def _called(message: str, arguments: dict) -> str | None:
    """The function among the arguments that a TypeError names."""
    functions: dict[str, Callable] = {name: value for name, value in arguments.items() if callable(value)}
    return next((n for n, f in functions.items() if getattr(f, "__qualname__", "?") in message), None)
