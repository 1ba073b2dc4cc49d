"""Claims of lecture 9: information without bins, the KL's parts, rate and distortion, gaps over starts, turned codes.

What can be enumerated is computed a second way; draws are made anew with other seeds than the lecture's.
"""

import math

import numpy as np
import torch
from scipy import stats
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

import vae_lib as lib
from tests.claims import claim
from vae_lib.beyond.sprites import sprites

KINDS = ("VAE", "β-VAE", "TC-VAE")


def posterior(nb, model):
    mu, logvar = model.encode(nb.x)
    return mu.double(), torch.exp(logvar.double() / 2)


def mixture(mu, sigma):
    """q(z) of these pictures, by torch.distributions; (N,) is one dimension of it."""
    return MixtureSameFamily(Categorical(torch.ones(len(mu))), Independent(Normal(mu, sigma), mu.ndim - 1))


def exact_parts(nb, model, seed=77, n_draws=40):
    """Information, total correlation, dimension-wise KL. -> means (3,) and standard errors (3,)."""
    mu, sigma = posterior(nb, model)
    eps = torch.randn(n_draws, *mu.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    z = mu + sigma * eps
    joint = mixture(mu, sigma).log_prob(z)
    marginals = sum(mixture(mu[:, d], sigma[:, d]).log_prob(z[..., d]) for d in range(mu.shape[1]))
    own, prior = Normal(mu, sigma).log_prob(z).sum(2), Normal(0.0, 1.0).log_prob(z).sum(2)
    parts = torch.stack([own - joint, joint - marginals, marginals - prior]).mean(2)
    return parts.mean(1), parts.std(1) / n_draws**0.5


def over_starts(nb, of):
    """of(model) for each kind and start. -> {kind: (6, ...)}"""
    return {kind: torch.stack([of(nb.models[kind, s]) for s in range(6)]) for kind in KINDS}


def ahead(a, b):
    """Mean of the paired differences, in standard errors."""
    d = (a - b).double()
    return (d.mean() / (d.std() / len(d) ** 0.5)).item()
