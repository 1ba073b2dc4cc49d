"""The README's picture: `python -m benchmarks.picture`, two minutes on two cores with MNIST on disk."""

import sys
from pathlib import Path

import torch
from matplotlib import pyplot as plt

import vae_lib as lib
from vae_lib.data import load
from vae_lib.figures import plot_latent_grid, plot_latent_scatter, set_style
from vae_lib.training import TrainConfig, fit

PLACE = Path(__file__).parent.parent / "course" / "images" / "plane.png"


def draw(data, epochs: int):
    """A VAE with two latent dimensions: where it puts the test pictures, and what it draws at each place."""
    vae = lib.VAE(data.x_train.shape[1], latent_dim=2, hidden=(400,), generator=torch.Generator().manual_seed(0))
    fit(vae, data.x_train, TrainConfig(epochs=epochs))
    with torch.no_grad():
        codes, _ = vae.encode(data.x_test)
        pictures = vae.decode_mean(lib.latent_grid(20, limit=2.5))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.9), layout="constrained")
    plot_latent_scatter(codes, data.y_test, prior=True, ax=left)
    left.set(title="The encoder puts digits that look alike together", xlim=(-3.6, 3.6), ylim=(-3.6, 3.6))
    plot_latent_grid(pictures, data.image_shape, limit=2.5, ax=right)
    right.set_title("The decoder draws a digit for every point")
    return figure


if __name__ == "__main__":
    set_style()
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else PLACE
    place.parent.mkdir(parents=True, exist_ok=True)
    draw(load("auto"), epochs=30).savefig(place)
    print(f"Written to {place.name}.")
