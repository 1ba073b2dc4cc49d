"""What each lecture's prose says, as code: one module a lecture, `NN_name.py` beside `course/NN_name.ipynb`.

A claim is a function of the notebook's variables after the whole notebook has run, with the sentence that it decides:

    @claim("PCA at k = 20 keeps more of the variance than …")
    def share_kept(nb):
        assert nb.share[20] > …

`python -m tests.claims course/01_pca.ipynb` prints the sentences that interpret and that no claim covers.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

ON = ("mnist", "digits", "any")
FOLDER = Path(__file__).parent


class Claim(NamedTuple):
    """The sentences or clauses as the lecture has them, and the data on which the function decides them."""

    quotes: tuple[str, ...]
    on: str
    function: Callable[[Namespace], None]


class VariableError(AttributeError):
    """A claim asks for what the notebook does not have, or sets what is the notebook's."""


class Namespace:
    """The variables of a notebook that has run, as attributes to be read."""

    def __init__(self, variables: dict[str, Any]) -> None:
        object.__setattr__(self, "_variables", variables)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self._variables:
            raise VariableError(f"The notebook has no variable {name!r} after it has run.")
        return self._variables[name]

    def __setattr__(self, name: str, value: Any) -> None:
        raise VariableError(f"nb.{name} cannot be set: a claim reads the notebook's variables and leaves them alone.")


def claim(*quotes: str, on: str = "any") -> Callable[[Callable], Callable]:
    """Mark a function as the evidence of `quotes`, on "mnist", on "digits", or on "any" data."""
    if not quotes or not all(isinstance(quote, str) and quote.strip() for quote in quotes):
        raise ValueError('A claim quotes the lecture: @claim("the sentence as it stands there").')
    if on not in ON:
        raise ValueError(f"A claim's on must be one of {', '.join(ON)}, not {on!r}.")

    def mark(function: Callable) -> Callable:
        function.claim = Claim(quotes, on, function)
        return function

    return mark


def load(path: Path, prepare: Callable[[ModuleType, Path], None] | None = None) -> dict[str, Claim]:
    """The claims of a module, by name, in the order in which they stand there.

    `prepare` fills the module in place of the usual import.
    """
    spec = importlib.util.spec_from_file_location(f"tests.claims.{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    if prepare:
        prepare(module, path)
    else:
        spec.loader.exec_module(module)
    return {
        name: value.claim for name, value in vars(module).items() if isinstance(getattr(value, "claim", None), Claim)
    }
