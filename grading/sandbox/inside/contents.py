"""What an object holds, by its true type and whatever its class says of it."""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from grading.sandbox.inside.guard import mro_of

BOXES = (list, tuple, set, frozenset, dict, deque)
SCALARS = {int, float, bool, str, bytes, complex, type(None)}


def parts(value: Any, mro: tuple[type, ...]) -> Iterator[Any]:
    """What a container holds, one of each kind of plain things."""
    if dict in mro:
        yield from of_each_kind(dict.keys(value))
        yield from of_each_kind(dict.values(value))
    elif any(box in mro for box in BOXES):
        yield from of_each_kind(next(box for box in BOXES if box in mro).__iter__(value))
    elif type(value) is np.ndarray and value.dtype.hasobject:
        yield from of_each_kind(value.ravel().tolist())


def of_each_kind(items: Any) -> Iterator[Any]:
    items = list(items)
    if not set(map(type, items)) <= SCALARS:
        yield from items


def own_names(value: Any) -> dict[str, Any]:
    """The names that an object has besides its class's."""
    try:
        found = object.__getattribute__(value, "__dict__")
    except (AttributeError, TypeError):
        return {}
    return found if type(found) is dict else {}


def attributes(value: Any) -> Iterator[Any]:
    """What an object has noted, whatever its class says of it."""
    yield from list(own_names(value).values())
    for kind in mro_of(type(value)):
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            with suppress(AttributeError):
                yield object.__getattribute__(value, name)
