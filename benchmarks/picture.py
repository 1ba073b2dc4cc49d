"""The README's picture, from the zoo's VAE of two latent dimensions: `python -m benchmarks.picture`."""

import sys
from pathlib import Path

import torch
from matplotlib import pyplot as plt

import vae_lib as lib
from vae_lib import zoo
from vae_lib.figures import plot_latent_grid, plot_latent_scatter, set_style

PLACE = Path(__file__).parent.parent / "course" / "images" / "plane.png"


def draw(entry: zoo.Entry) -> plt.Figure:
    """Where the model puts test pictures, and what it draws at each place."""
    with torch.no_grad():
        pictures = entry.model.decode_mean(lib.latent_grid(20, limit=2.5))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.9), layout="constrained")
    plot_latent_scatter(entry.codes, entry.labels, prior=True, ax=left)
    left.set(title="2,000 test digits: the means of q(z|x)", xlim=(-3.6, 3.6), ylim=(-3.6, 3.6))
    plot_latent_grid(pictures, entry.image_shape, limit=2.5, ax=right)
    right.set_title("What the decoder draws at each point")
    return figure


if __name__ == "__main__":
    set_style()
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else PLACE
    place.parent.mkdir(parents=True, exist_ok=True)
    draw(zoo.load("vae-mnist-2d")).savefig(place)
    print(f"Written to {place.name}.")
