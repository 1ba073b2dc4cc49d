"""What the chapters' functions cannot use is refused where it comes in, in one sentence that names the argument."""

from __future__ import annotations

import math

import pytest
import torch
from torch import tensor

from vae_lib import InputError
from vae_lib.beyond import disentangling, flows, semi_supervised, sequences
from vae_lib.beyond.diffusion import Diffusion

LOGITS, TOKENS = torch.zeros(2, 3, 4), tensor([[1, 2, -1], [3, 0, -1]])
MI = tensor([[0.5, 0.1], [0.2, 0.3]])

REFUSED = {
    "tokens that are no whole numbers": (lambda: sequences.sequence_nll(LOGITS, TOKENS.float()), "tokens"),
    "a token beyond V": (lambda: sequences.sequence_nll(LOGITS, TOKENS + 3), "tokens"),
    "a token below 0 that is no pad": (lambda: sequences.sequence_nll(LOGITS, TOKENS - 1), "tokens"),
    "tokens of another length": (lambda: sequences.sequence_nll(LOGITS, TOKENS[:, :2]), "tokens"),
    "logits as a list": (lambda: sequences.sequence_nll(LOGITS.tolist(), TOKENS), "logits"),
    "a step below 0": (lambda: sequences.kl_weight(-5, 10), "step"),
    "a step that is NaN": (lambda: sequences.kl_weight(math.nan, 10), "step"),
    "a warm-up in words": (lambda: sequences.kl_weight(5, "ten"), "warmup"),
    "a floor below 0": (lambda: sequences.free_bits(torch.ones(2, 3), -1.0), "floor"),
    "a KL that is NaN": (lambda: sequences.free_bits(torch.full((2, 3), math.nan), 0.5), "kl_per_dim"),
    "a KL as a list": (lambda: sequences.free_bits([[1.0]], 0.5), "kl_per_dim"),
    "a rate above 1": (lambda: sequences.word_dropout(TOKENS, 7, torch.zeros(2, 3), 9, []), "rate"),
    "u of another shape": (lambda: sequences.word_dropout(TOKENS, 0.5, torch.zeros(2, 4), 9, []), "u must"),
    "information that is NaN": (lambda: disentangling.mutual_information_gap(MI * math.nan, torch.ones(2)), "mi"),
    "information as a list": (lambda: disentangling.mutual_information_gap(MI.tolist(), torch.ones(2)), "mi"),
    "entropies of other factors": (lambda: disentangling.mutual_information_gap(MI, torch.ones(3)), "entropy"),
    "factors below 0": (lambda: disentangling.information_table(torch.rand(3, 2), tensor([[0], [-1], [1]])), "factors"),
    "w that is 0": (lambda: flows.keep_invertible(torch.ones(2), torch.zeros(2)), "w must"),
    "rows with more columns": (lambda: flows.CouplingFlow(2).log_prob(torch.zeros(3, 3)), "2 columns, not 3"),
    "rows of another dtype": (lambda: flows.CouplingFlow(2).log_prob(torch.zeros(3, 2).double()), "float64"),
    "codes as a list": (lambda: flows.CouplingFlow(2).layers[0].inverse([[0.0, 0.0]]), "must be a torch tensor"),
    "no draws": (lambda: flows.FlowPosterior(2).fit(lambda z: z.sum(1), n_samples=0), "n_samples"),
    "fewer labels than rows": (lambda: semi_supervised.error_percent(torch.zeros(3, 2), tensor([1])), "log_qy"),
    "no rows": (lambda: semi_supervised.error_percent(torch.zeros(0, 2), tensor([]).long()), "one at least"),
    "a share in words": (
        lambda: semi_supervised.SemiSupervised(semi_supervised.M2(4, 2, (3,)), torch.rand(2, 4), tensor([0, 1]), "x"),
        "share",
    ),
    "a time before the first": (lambda: Diffusion(2, (4,)).mean_back(torch.zeros(1, 2), 0), "t must lie in 1 to 100"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_in_one_sentence(what):
    call, named = REFUSED[what]
    with pytest.raises(InputError) as caught:
        call()
    text = str(caught.value)
    assert named in text
    assert text.endswith(".")
    assert "\n" not in text


def test_what_is_right_passes():
    assert sequences.sequence_nll(LOGITS, TOKENS).shape == (2,)
    assert sequences.sequence_nll(LOGITS, TOKENS.where(TOKENS >= 0, 7), pad=7).shape == (2,)
    assert sequences.kl_weight(5, 0) == 1.0
    assert sequences.word_dropout(TOKENS, 1.0, torch.zeros(2, 3), 9, [1]).tolist() == [[1, 9, 9], [9, 9, 9]]
    assert 0 <= disentangling.mutual_information_gap(MI, torch.ones(2)) <= 1
