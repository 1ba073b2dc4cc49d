"""Sequence models against torch's cross-entropy, loops over words, and a sum over all sentences."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import tensor
from torch.nn import functional as F

import vae_lib as lib
from vae_lib.beyond import sequences
from vae_lib.beyond.grammar import END, PAD

T, V, D = 4, 3, 2
SENTENCES = tensor([[1, 2, END, PAD], [2, END, PAD, PAD], [1, 1, 2, END]])


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


def vae(rng, **cure):
    return sequences.SequenceVAE(T, V, D, embedding=5, hidden=7, generator=rng, **cure).double()


def language_model(rng):
    return sequences.LanguageModel(T, V, embedding=5, hidden=7, generator=rng).double()


# ------------------------------------------------------------------ functions


def test_sequence_nll_is_torchs_cross_entropy_without_the_pads(rng):
    logits = torch.randn(5, 3, T, V, generator=rng, dtype=torch.float64)
    expected = F.cross_entropy(
        logits.movedim(-1, 1), SENTENCES.expand(5, 3, T), ignore_index=PAD, reduction="none"
    ).sum(-1)
    assert torch.allclose(sequences.sequence_nll(logits, SENTENCES), expected, rtol=1e-12)


def test_a_pad_costs_nothing_whatever_its_logits():
    logits = torch.zeros(1, 2, 3, dtype=torch.float64).index_fill(1, tensor([1]), -math.inf)
    cost = sequences.sequence_nll(logits, tensor([[2, 7]]), pad=7)
    assert cost.tolist() == pytest.approx([math.log(3)])


def test_sequence_nll_is_right_at_large_logits():
    cost = sequences.sequence_nll(tensor([[[1000.0, 0.0], [0.0, 1000.0]]]), tensor([[0, 0]]))
    assert cost.tolist() == [1000.0]


@pytest.mark.parametrize(
    ("step", "warmup", "weight"), [(0, 4, 0.0), (1, 4, 0.25), (4, 4, 1.0), (9, 4, 1.0), (0, 0, 1.0)]
)
def test_kl_weight_rises_in_a_straight_line(step, warmup, weight):
    assert sequences.kl_weight(step, warmup) == weight


def test_free_bits_by_hand():
    kl = tensor([[0.2, 1.0, 0.0], [0.6, 3.0, 0.1]])  # means 0.4, 2.0, 0.05
    assert sequences.free_bits(kl, 0.5).item() == pytest.approx(0.5 + 2.0 + 0.5)
    assert sequences.free_bits(kl, 0.0).item() == pytest.approx(2.45)


def test_word_dropout_hides_what_the_noise_says():
    u = tensor([[0.1, 0.4, 0.0, 0.9], [0.39, 0.2, 0.7, 0.3], [0.5, 0.1, 0.41, 0.05]])
    hidden = sequences.word_dropout(SENTENCES, 0.4, u, unknown=9, keep=[END, PAD])
    assert hidden.tolist() == [[9, 2, END, PAD], [9, END, PAD, PAD], [1, 9, 2, END]]


# ------------------------------------------------------------------ models


def test_a_language_models_probabilities_sum_to_one(rng):
    """All that can be written in four positions: sentences that end, and those that are cut off."""
    model = language_model(rng)
    rows = set()
    for words in itertools.product(range(V), repeat=T):
        stop = words.index(END) + 1 if END in words else T
        rows.add(words[:stop] + (PAD,) * (T - stop))
    tokens = tensor(sorted(rows))
    nll = sequences.sequence_nll(model.logits(model.read(tokens)), tokens)
    assert nll.neg().exp().sum().item() == pytest.approx(1, rel=1e-12)


def test_a_word_is_scored_by_those_before_it_alone(rng):
    model, z = vae(rng), torch.randn(1, D, generator=rng, dtype=torch.float64)
    first, other = tensor([[1, 2, 1, END]]), tensor([[1, 2, 2, 2]])
    a, b = model.decode(z, first), model.decode(z, other)
    assert torch.equal(a[:, :3], b[:, :3])
    assert not torch.allclose(a[:, 3], b[:, 3])


def test_logits_are_those_of_a_walk_word_by_word(rng):
    """A GRU's formulas written out, one sentence, one position at a time."""
    model, z = vae(rng).writer, torch.randn(D, generator=rng, dtype=torch.float64)
    h, gru, found = torch.zeros(7, dtype=torch.float64), model.gru, []
    for token in (model.begin, 1, 2, END):
        x = torch.cat([model.embed.weight[token], z])
        a = (gru.weight_ih_l0 @ x + gru.bias_ih_l0).chunk(3)
        b = (gru.weight_hh_l0 @ h + gru.bias_hh_l0).chunk(3)
        reset, update = torch.sigmoid(a[0] + b[0]), torch.sigmoid(a[1] + b[1])
        h = (1 - update) * torch.tanh(a[2] + reset * b[2]) + update * h
        found.append(model.out.weight @ h + model.out.bias)
    logits = model.logits(model.read(SENTENCES[:1]), z.expand(2, 1, D))
    assert torch.allclose(logits, torch.stack(found).expand(2, 1, T, V), rtol=1e-10)


def test_pads_do_not_change_the_code(rng):
    model = vae(rng)
    short = tensor([[2, END]])
    assert torch.allclose(model.encode(SENTENCES)[0][1], model.encode(short)[0][0], rtol=1e-12)


def test_greedy_writing_takes_the_likeliest_word_each_time(rng):
    model, z = vae(rng), 3 * torch.randn(6, D, generator=rng, dtype=torch.float64)
    written = model.write(z)
    chosen = model.decode(z, written).argmax(-1)
    real = written != PAD
    assert torch.equal(chosen[real], written[real])
    ends = (written == END).int().cumsum(1)
    assert torch.equal(written == PAD, (ends - (written == END).int()) > 0)


def test_draws_have_the_models_probabilities(rng):
    """The mean of −log p of 4,000 draws is the entropy, from all sentences written out (a failure in 10,000)."""
    model = language_model(rng)
    drawn = model.write(4000, generator=rng)
    with torch.no_grad():
        cost = sequences.sequence_nll(model.logits(model.read(drawn)), drawn)
        rows = tensor(sorted({tuple(row) for row in drawn.tolist()}))
        nll = sequences.sequence_nll(model.logits(model.read(rows)), rows)
    assert nll.neg().exp().sum() > 0.99
    exact = (nll.neg().exp() * nll).sum()
    assert abs(cost.mean() - exact) < 4 * cost.std() / 4000**0.5 + 0.05


def test_terms_are_those_of_the_bound(rng):
    """In eval mode, whatever the cure: cross-entropy at draws by the same noise, and torch's KL."""
    model = vae(rng, warmup=10, dropout=0.5, floor=2.0).eval()
    terms = model.loss_terms(SENTENCES.double(), 3, torch.Generator().manual_seed(5))
    eps = torch.randn(3, 3, D, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    mu, logvar = model.encode(SENTENCES)
    logits = model.decode(mu + (logvar / 2).exp() * eps, SENTENCES)
    nll = F.cross_entropy(logits.flatten(0, 1).mT, SENTENCES.repeat(3, 1), ignore_index=PAD, reduction="none").sum(-1)
    assert torch.allclose(terms.reconstruction, nll.reshape(3, 3).mean(0))
    q = torch.distributions.Normal(mu, (logvar / 2).exp())
    exact = torch.distributions.kl_divergence(q, torch.distributions.Normal(torch.zeros_like(mu), 1.0)).sum(1)
    assert torch.allclose(terms.kl, exact)


def test_annealing_pays_more_at_each_step_and_then_all(rng):
    model = vae(rng, warmup=4)
    exact = model.eval().loss_terms(SENTENCES.double()).kl.detach()
    model.train()
    shares = [(model.loss_terms(SENTENCES.double()).kl.detach() / exact).mean().item() for _ in range(7)]
    assert shares == pytest.approx([0, 0.25, 0.5, 0.75, 1, 1, 1])


def test_free_bits_pay_the_floor_at_least(rng):
    model = vae(rng, floor=2.0)
    assert model.loss_terms(SENTENCES.double()).kl.tolist() == pytest.approx([2.0 * D] * 3)


def test_dropout_hides_words_in_training_only(rng):
    """With all words hidden the cost of a sentence does not depend on what was read before: only on position and z."""
    model = vae(rng, dropout=1.0)
    with torch.no_grad():
        model.code.weight.zero_()
        model.code.bias.copy_(tensor([0.3, -0.2, -60.0, -60.0]))  # one code for all, without noise
    terms = model.loss_terms(SENTENCES.double())
    read = torch.full((3, T), model.writer.unknown)
    read[:, 0] = model.writer.begin
    z = tensor([[0.3, -0.2]], dtype=torch.float64).expand(3, D)
    expected = sequences.sequence_nll(model.writer.logits(read, z), SENTENCES)
    assert torch.allclose(terms.reconstruction, expected)
    assert not torch.allclose(model.eval().loss_terms(SENTENCES.double()).reconstruction, expected)


def test_fit_learns_what_a_code_can_say(rng):
    """Two sentences by turns: with free bits the code tells them apart, and greedy writing gives each back."""
    tokens = tensor([[1, 1, END, PAD], [2, 2, 2, END]]).repeat(100, 1)
    model = sequences.SequenceVAE(T, V, 1, 5, 12, floor=0.7, generator=rng)
    settings = lib.TrainConfig(epochs=30, batch_size=50, learning_rate=0.03, progress=False, device="cpu")
    history = lib.fit(model, tokens.float(), settings)
    assert history.loss[-1] < history.loss[0]
    mu, _ = model.eval().encode(tokens[:2])
    assert torch.equal(model.write(mu), tokens[:2])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sequences.SequenceVAE(4, 3, 0), "latent_dim"),
        (lambda: sequences.SequenceVAE(4, 3, 2, dropout=1.5), r"lie in \[0, 1\]"),
        (lambda: sequences.SequenceVAE(4, 3, 2, floor=-1.0), "floor"),
        (lambda: sequences.SequenceVAE(4, 3, 2, warmup=0.5), "warmup"),
        (lambda: sequences.LanguageModel(0, 3), "n_positions"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(call, words):
    with pytest.raises(lib.InputError, match=words):
        call()
