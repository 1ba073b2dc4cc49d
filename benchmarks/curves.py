"""python -m benchmarks.curves: the picture of how the zoo's models were trained, course/images/curves.png."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from vae_lib import figures, zoo

TARGET = Path(__file__).resolve().parent.parent / "course" / "images" / "curves.png"
UNITS = {"ae": "squared error", "vae": "−ELBO (nats)", "classifier": "−log p(y|x) (nats)"}


def draw(names: list[str]) -> plt.Figure:
    """A panel for each model: the held-back loss by epoch, a line for each round."""
    figure, axes = plt.subplots(-(-len(names) // 4), 4, figsize=(11, 13), layout="constrained")
    for ax, name in zip(axes.flat, names, strict=False):
        panel(ax, name)
    for ax in axes.flat[len(names) :]:
        ax.axis("off")
    figure.suptitle("Loss of the held-back part of the training set: each round is a fresh start, twice as long")
    return figure


def panel(ax: Axes, name: str) -> None:
    rounds = zoo.load(name).card["training"]["rounds"]
    for one in rounds:
        epochs = [one["every"] * (i + 1) for i in range(len(one["curve"]))]
        ax.plot(epochs, one["curve"], label=f"{one['epochs']} epochs: {one['best']:.4g}")
    values = sorted(value for one in rounds for value in one["curve"])
    low, high = values[0], values[round(0.9 * len(values))]
    ax.set_ylim(low - 0.05 * (high - low), high + 0.3 * (high - low))
    ax.set_title(name)
    ax.set_xlabel("epochs")
    ax.set_ylabel(UNITS[name.split("-")[0]])
    ax.legend(fontsize=7, loc="upper right")


if __name__ == "__main__":
    figures.set_style()
    draw([name for name in zoo.names() if name not in zoo.chapters.CHAPTERS]).savefig(TARGET)
    print(f"wrote {TARGET.name}")
