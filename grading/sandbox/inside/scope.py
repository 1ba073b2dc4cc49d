"""A plain test's variables, which a student's functions do not have for theirs.

What the test binds and the lab's own imports, helpers and numbers are here; behind them stands the notebook. So a
function that sets a global name, or a notebook that has another `abs`, changes nothing of what a test uses.
"""

import builtins
import copy
from typing import Any

from torch import Tensor

COPIED = ("__main__", "builtins", "collections", "numpy", "pandas")  # whose objects are data


class Scope(dict):
    """`live` are the notebook's variables; those in `needs` are the student's, wherever they are set or deleted, and
    those in `shared`, which are the lab's set-up's, the notebook sees when a test sets them."""

    def __init__(self, live: dict[str, Any], needs: set[str], shared: set[str]):
        super().__init__({"__name__": "__main__", "__builtins__": builtins})
        self.live, self.needs, self.shared, self.own = live, needs, shared, True

    def seen(self, name: str) -> bool:
        return name in self.live and (name in self.needs or not hasattr(builtins, name))

    def __missing__(self, name: str) -> Any:
        if self.seen(name):
            return self.live[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self.seen(name)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __setitem__(self, name: str, value: Any) -> None:
        if self.own or name not in self.needs:
            super().__setitem__(name, value)
        if not self.own and name in self.needs | self.shared:
            self.live[name] = value

    def __delitem__(self, name: str) -> None:
        if super().__contains__(name):
            super().__delitem__(name)
        elif self.seen(name):
            del self.live[name]
        else:
            raise KeyError(name)


def copies(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they are now: data are copied, as far as they can be, each object once."""
    memo: dict[int, Any] = {}
    return {name: copied(value, memo) for name, value in values.items()}


def copied(value: Any, memo: dict[int, Any]) -> Any:
    data = type(value) is Tensor or str(type(value).__module__).partition(".")[0] in COPIED
    if not data or callable(value):
        return value
    try:
        return copy.deepcopy(value, memo)
    except Exception:  # it holds a file, a generator …
        return value
