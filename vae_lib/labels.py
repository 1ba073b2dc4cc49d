"""Where the names of classes stand in a plane of codes."""

from __future__ import annotations

import numpy as np


def densest(points: np.ndarray, most: int = 500) -> np.ndarray:
    """The mean of the largest neighbourhood in points (N, 2), of which evenly spaced ones are looked at."""
    points = points[:: -(-len(points) // most)]
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    others = distances[~np.eye(len(points), dtype=bool)]
    near = distances <= (np.median(others) / 4 if others.size else 0)
    return points[near[near.sum(1).argmax()]].mean(0)


def apart(places: np.ndarray, gap: float) -> np.ndarray:
    """Places (N, 2), of which those closer than `gap` are moved apart, each by as much."""
    places = places + 1e-3 * gap * np.arange(2 * len(places)).reshape(-1, 2)[:, ::-1]  # no two at one place
    for _ in range(200):
        steps = places[:, None] - places[None]
        lengths = np.linalg.norm(steps, axis=-1) + np.eye(len(places)) * 2 * gap
        close = np.clip(gap - lengths, 0, None)
        if not close.any():
            break
        places += 0.5 * (steps * (close / np.maximum(lengths, 1e-9 * gap))[..., None]).sum(1)
    return places
