"""Claims of lecture 13: sizes, nats, draws and times of five kinds, then three tricks against their closed forms.

Draws are made anew with other seeds than the lecture's; models of three seeds each, so that a claim about a kind holds
for all three or is about their mean.
"""

import math
import time

import pytest
import torch
from scipy import stats
from torch.distributions import Normal

import vae_lib as lib
from tests.claims import claim


def error_of(values):
    return (values.double().std() / len(values) ** 0.5).item()
