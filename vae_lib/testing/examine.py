"""A student's function against the cases of a check: the fault that a reader should see first."""

from __future__ import annotations

from collections.abc import Callable

from vae_lib.testing.case import Case
from vae_lib.testing.compare import Mismatch
from vae_lib.testing.explain import Hints, explained
from vae_lib.testing.signature import Signature
from vae_lib.testing.slopes import check_slopes
from vae_lib.testing.tried import Tried, attempt, check_noise, kinds, right, values


def examine(signature: Signature, function: Callable, cases: tuple[Case, ...], hints: Hints) -> None:
    """Raise `Mismatch` unless every case is right: values, kinds, arguments left alone, slopes."""
    kept = []
    for case in cases:
        for dtype in kinds(signature, case):
            tried = attempt(function, signature, case, dtype)
            kept.append(tried)
            wrong = [place for place in range(len(tried.values)) if not right(tried, place)]
            if wrong:
                check_noise(tried, function, signature)
                raise explained(tried, wrong[0], signature, function, cases, hints)
    _check_kept(kept, signature)
    check_slopes(function, signature, cases)


def _check_kept(kept: list[Tried], signature: Signature) -> None:
    """Mismatch where an answer that was right is another one now: its memory is used again by later calls."""
    for tried in kept:
        if tried.case.build or tried.case.view:  # what was built lives on
            continue
        tried.values = values(tried, signature)
        if not all(right(tried, place) for place in range(len(tried.values))):
            text = "An answer is right, but a later call changes it: each call must make a tensor of its own."
            raise Mismatch(text, "memory", [text])
