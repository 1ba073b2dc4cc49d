"""What an explorer's traits take: Python's numbers, and NumPy's and torch's as well."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import NoReturn

import numpy as np
import traitlets
from torch import Tensor

from vae_lib.arrays import as_array
from vae_lib.checks import InputError, is_number, require


def _plain(value: object) -> object:
    """The number in an array or a tensor without axes; anything else as it is."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


class Fixed(list):
    """A trait's list: what is changed inside it would reach neither an observer nor the browser, so nothing can be.

    Its copies are plain lists.
    """

    def __init__(self, values: Iterable, place: str) -> None:
        super().__init__(values)
        self.place = place  # "LatentExplorer.z"

    def __reduce__(self) -> tuple:
        return list, (list(self),)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        owner, name = self.place.split(".")
        way = f"change a copy, {name} = list(explorer.{name}), and set explorer.{name} = {name}"
        raise InputError(f"{owner}: {name} is set as a whole: {way}.")

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = pop = remove = clear = sort = reverse = _refuse


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
        given = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value, np.float64)
        return Fixed(given.tolist(), f"{type(obj).__name__}.{self.name}")

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
        fits = isinstance(value, (list, tuple)) and all(isinstance(w, str) and w in self.known for w in value)
        some = f"{self.name} must be a list of some of {', '.join(self.known)}"
        require(fits, f"{type(obj).__name__}: {some}, not {value!r}.")
        return Fixed(value, f"{type(obj).__name__}.{self.name}")


class Amounts(Numbers):
    """A finite number for each of the explorer's directions."""

    def shape(self, obj: traitlets.HasTraits) -> tuple[int]:
        """One for each direction."""
        return (len(obj.directions),)
