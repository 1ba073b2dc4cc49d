"""A lab's checks: what a test cell calls, what a right answer is told, and the points so far."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import vae_lib
from vae_lib.testing import hand_in, progress
from vae_lib.testing.case import Case
from vae_lib.testing.compare import Mismatch, NotAnswered
from vae_lib.testing.examine import examine
from vae_lib.testing.networks import examine_network
from vae_lib.testing.own_work import guarded
from vae_lib.testing.progress import Mark
from vae_lib.testing.signature import parse

STUB = "put your code in the place of `raise NotImplementedError()`, run that cell, then this one."


class Lab:
    """`Lab(5, reparametrize=2, gaussian_kl=3)`: the lab's number, its exercises in order and their points.

    While an exercise is checked, the library's function of that name refuses to run. `refuses` names what else of the
    library would give it away: {"gaussian_kl": ["gaussian_kl_per_dim"]}, functions or classes.
    """

    def __init__(self, number: int, *, refuses: Mapping[str, Sequence[str]] | None = None, **points: int):
        self.number, self.points, self.refuses = number, points, dict(refuses or {})
        self.right: set[str] = set()

    def check(
        self, signature: str, function: Callable, *cases: Case, hints: Mapping[str, Callable] | None = None
    ) -> None:
        """Try a student's function on the cases: each in float32 and float64, twice, on copies that are compared
        afterwards, with the slope for every argument.

        signature: "gaussian_kl(mu: B D, logvar: B D) -> B" (see `vae_lib.testing.signature`). hints: a mistake in
        words, and the function that makes it; it is shown if it explains every case. Prints "5.2 ✓ gaussian_kl", or
        raises `Mismatch` with one message. The lab's last check prints the points so far as well.
        """
        form = parse(signature)
        self._told(form.name, function, lambda own: examine(form, own, cases, hints or {}))

    def check_network(self, signature: str, function: Callable, *sizes: tuple[int, int, int], end: str) -> None:
        """As `check`, for a function that builds a network: "build(n_in: whole, n_hidden: whole, n_out: whole) ->
        object", one hidden ReLU layer with biases, and `end` after the last ("nothing" or "a sigmoid")."""
        form = parse(signature)

        def tried(own: Callable) -> None:
            for size in sizes:
                examine_network(form, own, size, end)

        self._told(form.name, function, tried)

    def _told(self, name: str, function: Callable, examined: Callable[[Callable], None]) -> None:
        """Examine the function, with the library's own out of reach; say that it is right, or what is wrong."""
        number = self._number(name)
        self.right.discard(name)
        try:
            examined(guarded(function, name, self.refuses.get(name, ())))
        except Mismatch as wrong:
            last = f"\n{self.so_far()}" if name == list(self.points)[-1] else ""
            raise Mismatch(f"{number} ✗ {name}: {wrong}{last}", wrong.kind, wrong.causes) from None
        except NotImplementedError:
            raise NotAnswered(f"{number} {name} is not written yet: {STUB}") from None
        self.right.add(name)
        print(f"{number} ✓ {name}")
        if name == list(self.points)[-1]:
            print(self.so_far())
        if hand_in.notebook_shell() is not None:  # a person is at work
            progress.show(Mark(self._number(n), n, points, n in self.right) for n, points in self.points.items())

    @contextmanager
    def own(self, variables: Mapping[str, object]) -> Iterator[None]:
        """`with lab.own(globals()):` the student's functions stand in the library's place, so that a later one of
        theirs, which imports an earlier one from `vae_lib` or a chapter's module beyond it, gets theirs."""
        chapters = [module for name, module in sys.modules.items() if name.startswith("vae_lib.beyond.")]
        with ExitStack() as stack:
            for module in (vae_lib, *chapters):
                for name in [name for name in self.points if hasattr(module, name)]:
                    stack.enter_context(patch.object(module, name, variables[name]))
            yield

    def hand_in(self) -> None:
        """Say what is open, pack the notebook's file as `submit` does, and show a link to it. Nothing happens where a
        lab is graded."""
        hand_in.hand_in(self.so_far(), {name: self._number(name) for name in self.points})

    def so_far(self) -> str:
        """The points of the exercises whose checks were right when they last ran, and which are open."""
        earned = sum(self.points.get(name, 0) for name in self.right)
        names = list(self.points)
        still = [f"{self._number(name)} {name}" for name in names if name not in self.right]
        rest = f" Open: {', '.join(still)}." if still else " Every check is right; the questions are read by a person."
        return f"Lab {self.number}: {earned} of {sum(self.points.values())} points.{rest}"

    def _number(self, name: str) -> str:
        """5.2 for the second exercise; the bonus has none."""
        names = list(self.points)
        return f"{self.number}.{names.index(name) + 1}" if name in names else "Bonus"
