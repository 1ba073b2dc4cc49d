"""The two models of the course: an autoencoder and a variational autoencoder, both of MLPs of any depth."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vae_lib.checks import checked, require, require_near_unit_interval, require_same_place
from vae_lib.gaussian import reparametrize
from vae_lib.likelihood import Bernoulli, Likelihood
from vae_lib.networks import Decoder, Encoder, mlp, require_architecture


class Autoencoder(nn.Module):
    """x -> code -> x̂ with squared error. `hidden` sizes run from the pixels to the code and are mirrored in the
    decoder.

    With ``hidden=()`` and ``output="identity"`` both maps are linear and the optimum spans PCA's subspace.
    """

    def __init__(
        self,
        n_pixels: int,
        latent_dim: int,
        hidden: Sequence[int] = (400,),
        output: str = "sigmoid",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        known = ("sigmoid", "identity")
        require(output in known, f"Autoencoder: output must be one of {known}, not {output!r}.")
        require_architecture("Autoencoder", n_pixels, hidden, latent_dim)
        self.n_pixels, self.latent_dim, self.hidden = n_pixels, latent_dim, tuple(hidden)
        self.output = output
        self.encoder = mlp([n_pixels, *hidden, latent_dim], generator)
        self.decoder = Decoder(latent_dim, tuple(hidden)[::-1], n_pixels, generator)

    @checked(x="B P")
    def encode(self, x: Tensor) -> Tensor:
        """The codes. Shapes: (B, P) -> (B, D)."""
        _require_fits(self, x, "x", self.n_pixels, "pixels")
        if self.output == "sigmoid":
            require_near_unit_interval(x, "Autoencoder.encode: x")
        return self.encoder(x)

    @checked(z="... B D")
    def decode(self, z: Tensor) -> Tensor:
        """The decoder's logits, before `output` is applied. Shapes: (..., B, D) -> (..., B, P)."""
        _require_fits(self, z, "z", self.latent_dim, "latent dimensions")
        return self.decoder(z)

    def decode_mean(self, z: Tensor) -> Tensor:
        """The decoded pixels x̂. Shapes: (..., B, D) -> (..., B, P)."""
        return torch.sigmoid(self.decode(z)) if self.output == "sigmoid" else self.decode(z)

    def reconstruct(self, x: Tensor) -> Tensor:
        """x̂ of the code of x. Shapes: (B, P) -> (B, P)."""
        return self.decode_mean(self.encode(x))

    forward = reconstruct


class VAE(nn.Module):
    """q_φ(z|x) = N(μ(x), diag σ²(x)), p(z) = N(0, I), p_θ(x|z) by `likelihood` from the decoder's logits.

    Source: Kingma and Welling (2013). `hidden` sizes run from the pixels to the code and are mirrored in the decoder.
    """

    def __init__(
        self,
        n_pixels: int,
        latent_dim: int,
        hidden: Sequence[int] = (400,),
        likelihood: Likelihood | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        require_architecture("VAE", n_pixels, hidden, latent_dim)
        self.n_pixels, self.latent_dim, self.hidden = n_pixels, latent_dim, tuple(hidden)
        self.likelihood = Bernoulli() if likelihood is None else likelihood
        require(
            isinstance(self.likelihood, Likelihood),
            f"VAE: likelihood must be Bernoulli(), Gaussian(sigma) or LearnedGaussian(), not {likelihood!r}.",
        )
        self.encoder = Encoder(n_pixels, self.hidden, latent_dim, generator)
        self.decoder = Decoder(latent_dim, self.hidden[::-1], n_pixels, generator)

    @checked(x="B P")
    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """μ and log σ² of q(z|x). Shapes: (B, P) -> (B, D), (B, D)."""
        _require_fits(self, x, "x", self.n_pixels, "pixels")
        if getattr(self.likelihood, "mean_function", "sigmoid") == "sigmoid":
            require_near_unit_interval(x, "VAE.encode: x")
        return self.encoder(x)

    @checked(z="... B D")
    def decode(self, z: Tensor) -> Tensor:
        """The logits of p(x|z). Shapes: (..., B, D) -> (..., B, P)."""
        _require_fits(self, z, "z", self.latent_dim, "latent dimensions")
        return self.decoder(z)

    def decode_mean(self, z: Tensor) -> Tensor:
        """The mean of p(x|z). Shapes: (..., B, D) -> (..., B, P)."""
        return self.likelihood.mean(self.decode(z))

    def reconstruct(self, x: Tensor) -> Tensor:
        """The mean of p(x|z) at z = μ(x). Shapes: (B, P) -> (B, P)."""
        return self.decode_mean(self.encode(x)[0])

    @checked(n="count")
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """The means of p(x|z) for n draws of z from the prior. -> (n, P)."""
        weight = next(self.decoder.parameters())
        z = torch.randn(n, self.latent_dim, dtype=weight.dtype, device=weight.device, generator=generator)
        return self.decode_mean(z)

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """logits at one draw of z, μ and log σ². Shapes: (B, P), (..., B, D) -> (..., B, P), (B, D), (B, D)."""
        mu, logvar = self.encode(x)
        return self.decode(reparametrize(mu, logvar, eps)), mu, logvar


def _require_fits(model: nn.Module, given: Tensor, name: str, size: int, what: str) -> None:
    label = f"{type(model).__name__}: {name}"
    require(given.shape[-1] == size, f"{label} has {given.shape[-1]} on its last axis, the model has {size} {what}.")
    require_same_place(label, given, model)
