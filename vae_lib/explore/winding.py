"""An explorer of a flow in the plane: points of the base wound back through its layers and forward, by one slider."""

from __future__ import annotations

import colorsys
import math

import anywidget
import matplotlib.pyplot as plt
import numpy as np
import torch
import traitlets
from matplotlib.figure import Figure
from torch import Tensor, nn

from vae_lib.checks import checked, require
from vae_lib.explore import page
from vae_lib.explore.decoding import at_rest
from vae_lib.explore.traits import Number

CELLS = 80  # of the density, a row
SHOWN = 4  # stages in the figure
MOST = 20_000  # points
CHUNK = 5000  # points that go through the layers at once


class Atlas:
    """What was computed of a flow with K layers: where N points of the base stand after so many layers are undone,
    `points` (K + 1, N, 2), and the density there, `densities` (K + 1, cells, cells), the top row first."""

    def __init__(self, flow: nn.Module, z: Tensor, limit: float) -> None:
        with at_rest(flow), torch.no_grad():
            layers = list(flow.layers)
            stages = [z]
            for layer in reversed(layers):
                stages.append(layer.inverse(stages[-1]))
            self.points = torch.stack(stages).float().cpu().numpy()
            rest = [layers[len(layers) - k :] for k in range(len(layers) + 1)]
            self.densities = np.stack([density(part, limit, z) for part in rest])
        self.notes = [_note(layer) for layer in reversed(layers)]


def density(layers: list, limit: float, like: Tensor, cells: int = CELLS) -> np.ndarray:
    """exp(log N(y; 0, I) + Σ log |det|) where the layers take the middles of cells² squares in [−limit, limit]² to y,
    of the dtype and on the device of `like`. -> (cells, cells), the top row first."""
    middles = ((2 * torch.arange(cells) + 1) / cells - 1).to(like) * limit
    up, right = torch.meshgrid(middles.flip(0), middles, indexing="ij")
    parts = []
    for y in torch.stack([right.flatten(), up.flatten()], 1).split(CHUNK):
        total = y.new_zeros(len(y))
        for layer in layers:
            y, log_det = layer(y)
            total = total + log_det
        parts.append((total - 0.5 * y.square().sum(1) - math.log(2 * math.pi)).exp())
    return torch.cat(parts).reshape(cells, cells).float().cpu().numpy()


class FlowExplorer(page.Shown, anywidget.AnyWidget):
    """See `flow_explorer`. `depth`, how many layers are undone, can be read, set and observed."""

    FLOATS = ("_points",)
    TRAITS = ("depth", "_spec", "_points", "_densities", "_colors")
    NAME = "Flow explorer"
    _esm = page.module("numbers", "winding")
    _css = page.text("explorers.css")

    depth = Number(0.0).tag(sync=True)
    _spec = traitlets.Dict().tag(sync=True)
    _points = traitlets.Bytes().tag(sync=True)
    _densities = traitlets.Bytes().tag(sync=True)
    _colors = traitlets.Bytes().tag(sync=True)

    def __init__(self, atlas: Atlas, limit: float) -> None:
        self.atlas, self.limit = atlas, limit
        tops = atlas.densities.max((1, 2))
        levels = np.rint(255 * atlas.densities / np.maximum(tops, 1e-30)[:, None, None]).astype(np.uint8)
        spec = {"limit": limit, "cells": CELLS, "tops": tops.tolist(), "notes": atlas.notes}
        places = atlas.points.astype(np.float16).astype(
            np.float32
        )  # to a thousandth: a page holds them in half the size
        colors = np.rint(255 * _colors(atlas.points[0])).astype(np.uint8)
        sent = {"_points": places.tobytes(), "_densities": levels.tobytes(), "_colors": colors.tobytes()}
        super().__init__(_spec=spec, **sent)

    @traitlets.validate("depth")
    def _within(self, proposal: dict) -> float:
        most, value = len(self.atlas.notes), proposal["value"]
        require(0 <= value <= most, f"flow_explorer: depth must lie in 0 to {most}, the layers, not {value!r}.")
        return value

    def points(self) -> np.ndarray:
        """Where the points stand at `depth`, between two layers on the straight line from one to the other: (N, 2)."""
        k = min(int(self.depth), len(self.atlas.notes) - 1)
        share = self.depth - k
        return (1 - share) * self.atlas.points[k] + share * self.atlas.points[k + 1]

    def figure(self) -> Figure:
        """Four stages from the base to the data: the points above, their density below."""
        atlas, limit = self.atlas, self.limit
        fig, axes = plt.subplots(2, SHOWN, figsize=(8, 4.4), sharex=True, sharey=True, layout="constrained")
        for (above, below), k in zip(axes.T, np.linspace(0, len(atlas.notes), SHOWN).round().astype(int), strict=True):
            above.scatter(*atlas.points[k].T, c=_colors(atlas.points[0]), s=2)
            below.imshow(atlas.densities[k], cmap="magma", vmin=0, extent=[-limit, limit] * 2)
            above.set(title=f"{k} of {len(atlas.notes)} layers undone", aspect="equal")
            below.set(xlabel="$x_1$", xlim=(-limit, limit), ylim=(-limit, limit))
        for ax in axes[:, 0]:
            ax.set_ylabel("$x_2$")
        return fig

    def describe(self) -> str:
        """The figure in a sentence."""
        return (
            f"{self.NAME} at rest: {self.atlas.points.shape[1]} points of the base and their density at "
            f"{SHOWN} stages, from none to all of the {len(self.atlas.notes)} layers undone."
        )


@checked(n="count", limit="positive")
def flow_explorer(
    flow: nn.Module, n: int = 1000, *, limit: float = 4.0, generator: torch.Generator | None = None
) -> FlowExplorer:
    """n draws of N(0, I) in the plane, wound back through a flow's layers to the data and forward again by a slider,
    beside the density at each layer. All is computed once, in Python; the browser moves it.

    `flow` has `layers` that run from the data to the base; each maps (N, 2) to where it takes them and log |det| (N,),
    and has an `inverse`: `beyond.flows.Flow` does. Points keep the colour of their angle at the base. Between two
    layers they go in a straight line, and the density shown is that of the nearer layer. `limit` is half the width of
    the plane. Raises InputError where these do not fit.
    """
    layers = getattr(flow, "layers", None)
    known = isinstance(flow, nn.Module) and isinstance(layers, nn.ModuleList) and len(layers) > 0
    require(known, f"flow_explorer: flow must be a module with layers, not {type(flow).__name__}.")
    fit = all(callable(getattr(layer, "inverse", None)) for layer in flow.layers)
    require(fit, "flow_explorer: every layer of the flow must have an inverse.")
    require(
        getattr(flow, "n_dims", 2) == 2, "flow_explorer: the flow must have 2 dimensions, to be drawn in the plane."
    )
    require(n <= MOST, f"flow_explorer: n must be at most {MOST}, which a browser still moves, not {n}.")
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    z = torch.randn(n, 2, generator=generator).to(next(flow.parameters()))
    return FlowExplorer(Atlas(flow, z, float(limit)), float(limit))


def _note(layer: nn.Module) -> str:
    """What kind of layer it is, and of a coupling what it moves."""
    mask = getattr(layer, "mask", None)
    if mask is None:
        return f"{type(layer).__name__.lower()} layer"
    return f"coupling that moves {', '.join('x' + '₁₂'[d] for d in range(2) if not mask[d])}"


def _colors(z: np.ndarray) -> np.ndarray:
    """A colour for each point, round the circle by its angle: (N, 2) -> (N, 3), 0 to 1."""
    turns = np.arctan2(z[:, 1], z[:, 0]) / (2 * np.pi) % 1
    return np.array([colorsys.hls_to_rgb(turn, 0.5, 0.7) for turn in turns])
