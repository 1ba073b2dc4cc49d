"""What an explorer's traits take: Python's numbers, and NumPy's and torch's as well."""

from __future__ import annotations

from numbers import Integral

import numpy as np
import traitlets
from torch import Tensor

from vae_lib.arrays import as_array
from vae_lib.checks import is_number, require


def _plain(value: object) -> object:
    """The number in an array or a tensor without axes; anything else as it is."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


class Number(traitlets.Float):
    """A real number."""

    def validate(self, obj: traitlets.HasTraits, value: object) -> float:
        """The value as a float; InputError where it is no number."""
        number = _plain(value)
        require(is_number(number), f"{type(obj).__name__}: {self.name} must be a number, not {value!r}.")
        return float(number)


class Whole(traitlets.Int):
    """A whole number."""

    def validate(self, obj: traitlets.HasTraits, value: object) -> int:
        """The value as an int; InputError where it is none."""
        number = _plain(value)
        whole = isinstance(number, Integral) and not isinstance(number, bool)
        require(whole, f"{type(obj).__name__}: {self.name} must be a whole number, not {value!r}.")
        return int(number)


class Numbers(traitlets.List):
    """A list of finite numbers; tensors and arrays are taken as well."""

    def validate(self, obj: traitlets.HasTraits, value: object) -> list[float]:
        """The value as a list; InputError where it is none."""
        label = f"{type(obj).__name__}: {self.name}"
        as_array(value, label, self.shape(obj))
        return np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value, np.float64).tolist()

    def shape(self, obj: traitlets.HasTraits) -> tuple[int]:
        """What it must be of `obj`: one number for each dimension of the code."""
        return (obj.latent_dim,)


class Words(traitlets.List):
    """A list of words that are `known`."""

    def __init__(self, known: tuple[str, ...]) -> None:
        super().__init__()
        self.known = known

    def validate(self, obj: traitlets.HasTraits, value: object) -> list[str]:
        """The value as a list; InputError where it is none, or has another word."""
        listed = isinstance(value, (list, tuple)) and all(
            isinstance(word, str) and word in self.known for word in value
        )
        known = ", ".join(self.known)
        require(listed, f"{type(obj).__name__}: {self.name} must be a list of some of {known}, not {value!r}.")
        return [*value]


class Amounts(Numbers):
    """A finite number for each of the explorer's directions."""

    def shape(self, obj: traitlets.HasTraits) -> tuple[int]:
        """One for each direction."""
        return (len(obj.directions),)
