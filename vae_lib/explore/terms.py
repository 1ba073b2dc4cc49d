"""One latent dimension: q against the prior, and what the divergence between them is made of."""

from __future__ import annotations

import math
from typing import NamedTuple

import anywidget
import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae_lib.checks import is_number, require
from vae_lib.explore import page
from vae_lib.explore.traits import Number
from vae_lib.figures import BLUE, GREEN, ORANGE, SKY

LIMIT = 3.0  # of μ, up and down
SIGMAS = (0.05, 2.0)
GREY = "#8a8a8a"


class KlTerms(NamedTuple):
    """KL(N(μ, σ²) ‖ N(0, 1)) = ½ μ² + ½ σ² − ½ log σ² − ½ term by term, in nats."""

    mean: float
    variance: float
    logvar: float
    constant: float

    @property
    def kl(self) -> float:
        """Their sum, 0 or above."""
        return sum(self)

    @property
    def width(self) -> float:
        """½ (σ² − log σ² − 1): what a width away from 1 costs, 0 or above; ½ μ² is the rest."""
        return self.kl - self.mean


def kl_terms(mu: float, sigma: float) -> KlTerms:
    """The four terms of one dimension. Source: Kingma and Welling (2013), appendix B."""
    return KlTerms(0.5 * mu**2, 0.5 * sigma**2, -math.log(sigma), -0.5)


class TermExplorer(page.Shown, anywidget.AnyWidget):
    """See `term_explorer`. `mu` and `sigma` can be read, set and observed; `terms` are the KL's, in nats."""

    TRAITS = ("mu", "sigma", "_spec")
    NAME = "Divergence explorer"
    _esm = page.module("terms")
    _css = page.text("explorers.css")

    mu = Number().tag(sync=True)
    sigma = Number().tag(sync=True)
    _spec = traitlets.Dict({"limit": LIMIT, "sigmas": list(SIGMAS)}).tag(sync=True)

    @traitlets.validate("mu", "sigma")
    def _within(self, proposal: dict) -> float:
        name, value = proposal["trait"].name, proposal["value"]
        low, high = (-LIMIT, LIMIT) if name == "mu" else SIGMAS
        require(low <= value <= high, f"term_explorer: {name} must lie between {low:g} and {high:g}, not {value!r}.")
        return value

    @property
    def terms(self) -> KlTerms:
        """The terms of the KL at `mu` and `sigma`."""
        return kl_terms(self.mu, self.sigma)

    def figure(self) -> Figure:
        """What the explorer shows, as a figure that stays: both densities, and the terms as bars."""
        figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained", width_ratios=(3, 2))
        _draw_densities(left, self.mu, self.sigma)
        _draw_bars(right, self.terms)
        return figure

    def describe(self) -> str:
        """The figure in a sentence."""
        return (
            f"{self.NAME} at rest: the density of q with mean {self.mu:.2f} and standard deviation {self.sigma:.2f} "
            f"against the standard normal, and the four terms of their divergence of {self.terms.kl:.3f} nats as bars."
        )


def term_explorer(mu: float = 1.0, sigma: float = 0.5) -> TermExplorer:
    """What one latent dimension costs: μ and σ of q = N(μ, σ²) by slider, KL(q ‖ N(0, 1)) = ½ (μ² + σ² − log σ² − 1)
    with its terms as bars, in nats, and q against the prior as curves. It needs no model, and no kernel in a page.

    Raises InputError where μ is not within ±3 or σ not within 0.05 and 2.
    """
    for name, value in {"mu": mu, "sigma": sigma}.items():
        require(is_number(value), f"term_explorer: {name} must be a number, not {value!r}.")
    return TermExplorer(mu=float(mu), sigma=float(sigma))


def _draw_densities(ax: Axes, mu: float, sigma: float) -> None:
    z = np.sort(np.concatenate([np.linspace(-5, 5, 201), mu + sigma * np.linspace(-4, 4, 161)]))
    z = z[np.abs(z) <= 5]
    curves = {"q = N(μ, σ²)": (mu, sigma, "-", BLUE), "prior N(0, 1)": (0.0, 1.0, "--", "0.35")}
    for label, (m, s, style, color) in curves.items():
        density = np.exp(-0.5 * ((z - m) / s) ** 2) / (s * math.sqrt(2 * math.pi))
        ax.plot(z, density, style, color=color, label=label)
    ax.set(xlabel="$z$", ylabel="density", xlim=(-5, 5), ylim=(0, None))
    ax.set_title(f"μ = {mu:.2f}, σ = {sigma:.2f}", loc="left")
    ax.legend(frameon=False)


def _draw_bars(ax: Axes, terms: KlTerms) -> None:
    names = ("½ μ²", "½ σ²", "−½ log σ²", "−½", "KL")
    values = (*terms, terms.kl)
    bars = ax.barh(names, values, color=(ORANGE, SKY, GREEN, GREY, BLUE))
    ax.bar_label(bars, fmt="%.3f", padding=3)
    ax.axvline(0, color="0.35", linewidth=0.8)
    ax.invert_yaxis()
    ax.margins(x=0.35)
    ax.set(xlabel="nats")
    ax.set_title("The KL and its terms", loc="left")
