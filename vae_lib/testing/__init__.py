"""Checks of what students wrote: `Lab.check` for an exercise's cases, `expect` for one number."""

from vae_lib.testing.case import Case
from vae_lib.testing.compare import Mismatch, expect
from vae_lib.testing.lab import Lab

__all__ = ["Case", "Lab", "Mismatch", "expect"]
