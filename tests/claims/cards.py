"""What a stored model's card says of its training."""

from __future__ import annotations

from itertools import pairwise

from vae_lib import zoo


def gains(name: str) -> list[float]:
    """By how many per cent each round of training lowered the error on held-back pictures, to one digit."""
    rounds = zoo.load(name).card["training"]["rounds"]
    assert all(after["epochs"] == 2 * before["epochs"] for before, after in pairwise(rounds))
    return [round(100 * (1 - after["best"] / before["best"]), 1) for before, after in pairwise(rounds)]
