"""What a test itself puts into the place of something, while it does: `with patch("builtins.input", …)`."""

from typing import Any
from unittest import mock

from grading.sandbox.inside.guard import Guard


class Patched:
    """`unittest.mock`'s patch, of which the guard knows; what it puts there the test has made."""

    def __init__(self, patch: Any, guard: Guard, made: Any):
        self.patch, self.guard, self.made = patch, guard, made

    def __enter__(self) -> Any:
        value = self.patch.__enter__()
        self.place = id(self.patch.target), self.patch.attribute
        self.guard.allowed[self.place] = vars(self.patch.target).get(self.patch.attribute)
        return self.made(value)

    def __exit__(self, *error: Any) -> Any:
        del self.guard.allowed[self.place]
        return self.patch.__exit__(*error)


def patched(value: Any, guard: Guard, made: Any) -> Any:
    """A manager of a `with` as the guard is to know it; all others as they are."""
    return Patched(value, guard, made) if type(value) is mock._patch else value
