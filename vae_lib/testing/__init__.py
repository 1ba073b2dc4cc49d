"""Checks of what students wrote: `Lab.check` for an exercise's cases, `expect` for one number, `Shares` for points
of a test's parts."""

from vae_lib.testing.case import Case
from vae_lib.testing.compare import Mismatch, expect
from vae_lib.testing.lab import Lab
from vae_lib.testing.shares import Shares

__all__ = ["Case", "Lab", "Mismatch", "Shares", "expect"]
