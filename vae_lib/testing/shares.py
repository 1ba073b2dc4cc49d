"""Points for the parts of a test: each part that fails costs its own share, and the others are tried all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Share(NamedTuple):
    """One part of a test: its name, its points, and the error that cost them, or None."""

    name: str
    points: float
    error: Exception | None


class Earned(float):
    """The points that a test has given, with its shares. To nbgrader it is a number, which is partial credit there."""

    shares: tuple[Share, ...] = ()


class Shares:
    """A test cell whose parts have points of their own:

        parts = Shares()
        with parts(1, "whole numbers"):
            assert double(2) == 4
        with parts(1, "negative numbers"):
            assert double(-2) == -4
        parts.earned()

    The last line is the cell's score, for nbgrader as well; the shares should come to the cell's points.
    """

    def __init__(self) -> None:
        self.tried: list[Share] = []

    @contextmanager
    def __call__(self, points: float, name: str) -> Iterator[None]:
        """A part of this name, for so many points; an error in it ends the part, and no more."""
        error = None
        try:
            yield
        except Exception as caught:
            error = caught
        self.tried.append(Share(name, points, error))
        reason = "" if error is None else f" ({str(error) or type(error).__name__})"
        print(f"{'✗' if error else '✓'} {0 if error else points:g} of {points:g}: {name}{reason}")

    def earned(self) -> Earned:
        """The points of the parts that hold."""
        total = Earned(sum(share.points for share in self.tried if share.error is None))
        total.shares = tuple(self.tried)
        return total
