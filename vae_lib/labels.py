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
    """The places (N, 2) pushed away from each other until any two are `gap` apart, so that no name hides another."""
    angles = np.arange(len(places))
    places = places + 1e-6 * gap * np.stack([np.cos(angles), np.sin(angles)], axis=1)  # two at one place part
    for _ in range(500):
        between = places[:, None] - places[None]
        distance = np.linalg.norm(between, axis=2)
        missing = np.clip(gap - distance, 0, None) * (1 - np.eye(len(places)))
        if missing.max() <= 0.01 * gap:  # both are 0 where all places are one
            break
        places = places + 0.5 * (between * (missing / np.maximum(distance, 1e-9 * gap))[..., None]).sum(axis=1)
    return places
