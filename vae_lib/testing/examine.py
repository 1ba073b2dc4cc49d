"""A student's function against the cases of a check: the fault that a reader should see first."""

from __future__ import annotations

from collections.abc import Callable

from vae_lib.testing.case import Case
from vae_lib.testing.explain import Hints, explained
from vae_lib.testing.signature import Signature
from vae_lib.testing.slopes import check_slopes
from vae_lib.testing.tried import attempt, check_noise, kinds, right


def examine(signature: Signature, function: Callable, cases: tuple[Case, ...], hints: Hints) -> None:
    """Raise `Mismatch` unless every case is right: values, kinds, arguments left alone, slopes."""
    for case in cases:
        for dtype in kinds(signature, case):
            tried = attempt(function, signature, case, dtype)
            wrong = [place for place in range(len(tried.values)) if not right(tried, place)]
            if wrong:
                check_noise(tried, function, signature)
                raise explained(tried, wrong[0], signature, function, cases, hints)
    check_slopes(function, signature, cases)
