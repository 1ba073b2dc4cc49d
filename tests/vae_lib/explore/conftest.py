"""A small VAE of 4 × 3 pictures, and pictures for it."""

from __future__ import annotations

import pytest
import torch

import vae_lib as lib


@pytest.fixture
def vae(generator):
    return lib.VAE(12, 2, hidden=(9,), generator=generator)


@pytest.fixture
def images(generator):
    return torch.rand(40, 12, generator=generator)
