"""Answers to lab 11: what students write wrongly, what they write rightly in other words, and second routes to the
numbers, in NumPy and SciPy.
"""

from __future__ import annotations

import copy
import math

import numpy as np
import torch
from scipy import special, stats
from torch import tensor
from torch.nn import functional as F

from tests.answers.outside import Outside
from tests.lab_bank import oracle, right, wrong

# ---------------------------------------------------------------- sequence_nll


@oracle("sequence_nll")
def sequence_by_scipy(logits, tokens, pad):
    def cost(logits):
        found = np.zeros(logits.shape[:-2])
        for index in np.ndindex(found.shape):
            for t, token in enumerate(tokens[index[-1]].tolist()):
                if token != pad:
                    row = logits[(*index, t)]
                    found[index] += special.logsumexp(row) - row[token]
        return found

    return Outside.apply(cost, logits)


@right("sequence_nll")
def sequence_by_cross_entropy(logits, tokens, pad):
    flat = logits.flatten(0, -2)
    words = tokens.expand(logits.shape[:-1]).flatten()
    cost = F.cross_entropy(flat, words, ignore_index=pad, reduction="none")
    return cost.view(logits.shape[:-1]).sum(-1)


@right("sequence_nll")
def sequence_by_categorical(logits, tokens, pad):
    there = tokens != pad
    safe = logits.masked_fill(~there.unsqueeze(-1), 0.0)
    log_p = torch.distributions.Categorical(logits=safe).log_prob(tokens.masked_fill(~there, 0).expand(safe.shape[:-1]))
    return -log_p.masked_fill(~there, 0.0).sum(-1)


@right("sequence_nll")
def sequence_loops(logits, tokens, pad):
    columns = []
    for b, row in enumerate(tokens.tolist()):
        total = logits.new_zeros(logits.shape[:-3])
        for t, token in enumerate(row):
            if token != pad:
                total = total + logits[..., b, t, :].logsumexp(-1) - logits[..., b, t, token]
        columns.append(total)
    return torch.stack(columns, -1)


@right("sequence_nll")
def sequence_by_one_hot(logits, tokens, pad):
    there = tokens != pad
    safe = torch.where(there[..., None], logits, torch.zeros_like(logits))
    chosen = F.one_hot(torch.where(there, tokens, 0), logits.shape[-1]) * there[..., None]
    return (torch.logsumexp(safe, -1) * there).sum(-1) - (safe * chosen).sum((-1, -2))


def _cost(logits, tokens, pad=None):
    """The cost of every place, pads counted as word 0."""
    words = tokens if pad is None else torch.where(tokens == pad, 0, tokens)
    return -logits.log_softmax(-1).gather(-1, words.expand(logits.shape[:-1]).unsqueeze(-1)).squeeze(-1)


def _over(cost, there):
    return torch.where(there, cost, 0.0).sum(-1)


@wrong("sequence_nll", "pads are counted as word 0")
def sequence_pads_as_zero(logits, tokens, pad):
    return _cost(logits, tokens, pad).sum(-1)


@wrong("sequence_nll", "pads are counted as the last word")
def sequence_pads_as_last(logits, tokens, pad):
    words = torch.where(tokens == pad, logits.shape[-1] - 1, tokens)
    return _cost(logits, words).sum(-1)


@wrong("sequence_nll", "pads are taken out by a product")
def sequence_pads_by_product(logits, tokens, pad):
    return (_cost(logits, tokens, pad) * (tokens != pad)).sum(-1)


@wrong("sequence_nll", "a pad is −1, whatever `pad` says", "does not depend on `pad`")
def sequence_pad_is_minus_one(logits, tokens, pad):
    return _over(_cost(logits, tokens, -1), tokens != -1)


@wrong("sequence_nll", "averaged over the tokens of a sentence")
def sequence_mean_over_tokens(logits, tokens, pad):
    there = tokens != pad
    return _over(_cost(logits, tokens, pad), there) / there.sum(-1).clamp(min=1)


@wrong("sequence_nll", "divided by T, as when a mean over T is taken")
def sequence_mean_over_places(logits, tokens, pad):
    return torch.where(tokens != pad, _cost(logits, tokens, pad), 0.0).mean(-1)


@wrong("sequence_nll", "not yet summed over T")
def sequence_not_summed(logits, tokens, pad):
    return torch.where(tokens != pad, _cost(logits, tokens, pad), 0.0)


@wrong("sequence_nll", "summed over B as well")
def sequence_summed_over_batch(logits, tokens, pad):
    return _over(_cost(logits, tokens, pad), tokens != pad).sum(-1)


@wrong("sequence_nll", "averaged over the axes in front as well")
def sequence_mean_over_draws(logits, tokens, pad):
    cost = _over(_cost(logits, tokens, pad), tokens != pad)
    return cost.flatten(0, -2).mean(0) if cost.ndim > 1 else cost


@wrong("sequence_nll", "the right one with the other sign")
def sequence_log_likelihood(logits, tokens, pad):
    return -_over(_cost(logits, tokens, pad), tokens != pad)


@wrong("sequence_nll", "e to the power of minus the right one")
def sequence_probability(logits, tokens, pad):
    return (-_over(_cost(logits, tokens, pad), tokens != pad)).exp()


@wrong("sequence_nll", "the right one in bits")
def sequence_in_bits(logits, tokens, pad):
    return _over(_cost(logits, tokens, pad), tokens != pad) / math.log(2)


@wrong("sequence_nll", "the logits at t score token t + 1")
def sequence_shifted(logits, tokens, pad):
    return _over(_cost(logits[..., :-1, :], tokens[:, 1:], pad), tokens[:, 1:] != pad)


@wrong("sequence_nll", "the softmax is missing")
def sequence_raw_logits(logits, tokens, pad):
    words = torch.where(tokens == pad, 0, tokens).expand(logits.shape[:-1])
    return _over(-logits.gather(-1, words.unsqueeze(-1)).squeeze(-1), tokens != pad)


@wrong("sequence_nll", "the softmax runs over the positions")
def sequence_softmax_over_positions(logits, tokens, pad):
    words = torch.where(tokens == pad, 0, tokens).expand(logits.shape[:-1])
    return _over(-logits.log_softmax(-2).gather(-1, words.unsqueeze(-1)).squeeze(-1), tokens != pad)


@wrong("sequence_nll", "minus the probabilities are summed")
def sequence_no_logarithm(logits, tokens, pad):
    words = torch.where(tokens == pad, 0, tokens).expand(logits.shape[:-1])
    return _over(-logits.softmax(-1).gather(-1, words.unsqueeze(-1)).squeeze(-1), tokens != pad)


@wrong("sequence_nll", "Ordinary numbers come out right, but not logits of ±1000")
def sequence_log_of_softmax(logits, tokens, pad):
    words = torch.where(tokens == pad, 0, tokens).expand(logits.shape[:-1])
    return _over(-logits.softmax(-1).log().gather(-1, words.unsqueeze(-1)).squeeze(-1), tokens != pad)


@wrong("sequence_nll", "a small constant inside the logarithm", "right to float32's digits")
def sequence_epsilon(logits, tokens, pad):
    words = torch.where(tokens == pad, 0, tokens).expand(logits.shape[:-1])
    return _over(-(logits.softmax(-1) + 1e-8).log().gather(-1, words.unsqueeze(-1)).squeeze(-1), tokens != pad)


@wrong("sequence_nll", "the likeliest word is scored")
def sequence_greedy(logits, tokens, pad):
    return _over(-logits.log_softmax(-1).amax(-1), tokens != pad)


@wrong("sequence_nll", "a sentence ends at its first pad")
def sequence_until_first_pad(logits, tokens, pad):
    return _over(_cost(logits, tokens, pad), (tokens != pad).cumprod(-1) > 0)


@wrong("sequence_nll", "cut off from its arguments")
def sequence_detached(logits, tokens, pad):
    return _over(_cost(logits, tokens, pad), tokens != pad).detach()


@wrong("sequence_nll", "`tokens` itself is changed")
def sequence_changes_tokens(logits, tokens, pad):
    there = tokens != pad
    tokens[~there] = 0
    return _over(_cost(logits, tokens), there)


@wrong("sequence_nll", "`logits` itself is changed", "Something is changed in place")
def sequence_changes_logits(logits, tokens, pad):
    logits[..., tokens == pad, :] = 0.0
    return _over(_cost(logits, tokens, pad), tokens != pad)


@wrong("sequence_nll", "Shapes do not fit", "is used as the index of an axis", "stops with an error", "Dimension")
def sequence_no_axes_in_front(logits, tokens, pad):
    there = tokens != pad
    words = torch.where(there, tokens, 0)
    rows = torch.arange(len(tokens))[:, None], torch.arange(tokens.shape[1])
    return _over(-logits.log_softmax(-1)[(*rows, words)], there)


@wrong("sequence_nll", "-1 is used as the index of an axis that has the places 0 to 3: `logits` is (2, 3, 4)")
def sequence_pad_is_looked_up(logits, tokens, pad):
    words = tokens.expand(logits.shape[:-1]).unsqueeze(-1)
    return _over(-logits.log_softmax(-1).gather(-1, words).squeeze(-1), tokens != pad)


@wrong("sequence_nll", "the logits of pads are set to 0, and cost log V each")
def sequence_pads_cost_log_v(logits, tokens, pad):
    return _cost(torch.where((tokens != pad)[..., None], logits, 0.0), tokens, pad).sum(-1)


@wrong("sequence_nll", "all tokens of the batch are averaged, as F.cross_entropy does")
def sequence_default_cross_entropy(logits, tokens, pad):
    return F.cross_entropy(logits.flatten(0, -2), tokens.expand(logits.shape[:-1]).flatten(), ignore_index=pad)


@wrong("sequence_nll", "the perplexity is returned")
def sequence_perplexity(logits, tokens, pad):
    there = tokens != pad
    return (_over(_cost(logits, tokens, pad), there) / there.sum(-1).clamp(min=1)).exp()


@wrong("sequence_nll", "the end of a sentence, word 0, is not counted")
def sequence_without_the_end(logits, tokens, pad):
    return _over(_cost(logits, tokens, pad), (tokens != pad) & (tokens != 0))


@wrong("sequence_nll", "every word has a sigmoid of its own")
def sequence_by_bce(logits, tokens, pad):
    words = F.one_hot(torch.where(tokens == pad, 0, tokens), logits.shape[-1]).to(logits.dtype).expand_as(logits)
    return _over(F.binary_cross_entropy_with_logits(logits, words, reduction="none").sum(-1), tokens != pad)


@wrong("sequence_nll", "Ordinary numbers come out right, but not logits of ±1000")
def sequence_clamped(logits, tokens, pad):
    words = torch.where(tokens == pad, 0, tokens).expand(logits.shape[:-1])
    return _over(-logits.softmax(-1).clamp(min=1e-12).log().gather(-1, words[..., None])[..., 0], tokens != pad)


@right("sequence_nll")
def sequence_by_clamp(logits, tokens, pad):
    real = tokens != pad
    logp = torch.log_softmax(logits.masked_fill(~real[..., None], 0.0), -1)
    index = tokens.clamp(min=0).expand(logits.shape[:-1])[..., None]
    return -logp.gather(-1, index)[..., 0].masked_fill(~real, 0.0).sum(-1)


@right("sequence_nll")
def sequence_by_one_hot_of_a_clamp(logits, tokens, pad):
    real = (tokens != pad)[..., None]
    logp = torch.log_softmax(logits.masked_fill(~real, 0.0), -1)
    return -(logp * F.one_hot(tokens.clamp(min=0), logits.shape[-1]) * real).sum((-1, -2))


@wrong("sequence_nll", "only words whose number is above the pad's are counted")
def sequence_words_above_the_pad(logits, tokens, pad):
    return _over(_cost(logits, tokens, pad), tokens > pad)


# ---------------------------------------------------------------- kl_weight


@oracle("kl_weight")
def weight_by_scipy(step, warmup):
    # the share of a uniform distribution on [0, warmup] that lies below the step
    return float(stats.uniform(0, warmup).cdf(step)) if warmup else 1.0


@right("kl_weight")
def weight_by_min(step, warmup):
    return min(1, step / warmup) if warmup > 0 else 1


@right("kl_weight")
def weight_by_try(step, warmup):
    try:
        return min(1.0, step / warmup)
    except ZeroDivisionError:
        return 1.0


@right("kl_weight")
def weight_by_the_smaller_step(step, warmup):
    if warmup == 0:
        return 1.0
    return min(step, warmup) / warmup


@wrong("kl_weight", "nothing stops the weight at 1")
def weight_without_end(step, warmup):
    return step / warmup if warmup else 1.0


@wrong("kl_weight", "It is divided by a 0 here")
def weight_divides_by_zero(step, warmup):
    return min(1.0, step / warmup)


@wrong("kl_weight", "a warm-up of 0 counts as 1")
def weight_of_at_least_one_step(step, warmup):
    return min(1.0, step / max(warmup, 1))


@wrong("kl_weight", "a warm-up of 0 switches the KL off")
def weight_off_at_zero(step, warmup):
    return min(1.0, step / warmup) if warmup else 0.0


@wrong("kl_weight", "steps are counted from 1")
def weight_from_one(step, warmup):
    return min(1.0, (step + 1) / warmup) if warmup else 1.0


@wrong("kl_weight", "the warm-up lasts one step too long")
def weight_one_too_long(step, warmup):
    return min(1.0, step / (warmup + 1)) if warmup else 1.0


@wrong("kl_weight", "the weight falls, from 1 to 0")
def weight_falls(step, warmup):
    return max(0.0, 1 - step / warmup) if warmup else 1.0


@wrong("kl_weight", "whole numbers are divided without a rest")
def weight_whole_division(step, warmup):
    return float(min(1, step // warmup)) if warmup else 1.0


@wrong("kl_weight", "the weight starts anew after each warm-up")
def weight_in_cycles(step, warmup):
    return step % warmup / warmup if warmup else 1.0


@wrong("kl_weight", "at the end of the warm-up the weight falls back to 0")
def weight_zero_after(step, warmup):
    return step / warmup if step < warmup else float(warmup == 0)


@wrong("kl_weight", "the weight rises as a square")
def weight_square(step, warmup):
    return min(1.0, step / warmup) ** 2 if warmup else 1.0


@wrong("kl_weight", "the weight rises in a wave of a cosine")
def weight_cosine(step, warmup):
    return (1 - math.cos(math.pi * min(1.0, step / warmup))) / 2 if warmup else 1.0


@wrong("kl_weight", "max stands where min should")
def weight_max(step, warmup):
    return max(1.0, step / warmup) if warmup else 1.0


@wrong("kl_weight", "1 at every step", "does not depend on")
def weight_one(step, warmup):
    return 1.0


@wrong("kl_weight", "the weight is in percent")
def weight_percent(step, warmup):
    return 100 * min(1.0, step / warmup) if warmup else 100.0


@wrong("kl_weight", "The answer is a Tensor, it should be a number of Python's")
def weight_tensor(step, warmup):
    return tensor(step / warmup).clamp(max=1) if warmup else tensor(1.0)


@wrong("kl_weight", "It is right when `step` is handed in plus 1")
def weight_one_late(step, warmup):
    return min(1.0, max(0.0, (step - 1) / warmup)) if warmup else 1.0


@wrong("kl_weight", "the first step has the weight 1")
def weight_first_step_counts(step, warmup):
    return min(1.0, step / warmup) if step and warmup else 1.0


@wrong("kl_weight", "the weight rises as a sigmoid")
def weight_sigmoid(step, warmup):
    return 1 / (1 + math.exp(-10 * (step / warmup - 0.5))) if warmup else 1.0


@right("kl_weight")
def weight_by_or(step, warmup):
    return step >= warmup or step / warmup  # True at the end


@wrong("kl_weight", "right to a few digits only")
def weight_rounded_to_three_digits(step, warmup):
    return round(min(1.0, step / warmup), 3) if warmup else 1.0


@wrong("kl_weight", "The answer is a list, it should be a number of Python's")
def weight_in_a_list(step, warmup):
    return [min(1.0, step / warmup) if warmup else 1.0]


# ---------------------------------------------------------------- free_bits


@oracle("free_bits")
def bits_by_numpy(kl_per_dim, floor):
    return Outside.apply(lambda kl: np.maximum(np.average(kl, axis=0), float(floor)).sum(), kl_per_dim)


@right("free_bits")
def bits_loops(kl_per_dim, floor):
    total = 0
    for column in kl_per_dim.T:
        mean = column.sum() / len(column)
        total = total + (mean if mean > floor else torch.full_like(mean, floor))
    return total


@right("free_bits")
def bits_by_maximum(kl_per_dim, floor):
    means = torch.einsum("bd->d", kl_per_dim) / kl_per_dim.shape[0]
    return torch.maximum(means, torch.as_tensor(floor, dtype=means.dtype)).sum()


@right("free_bits")
def bits_by_relu(kl_per_dim, floor):
    return (F.relu(kl_per_dim.mean(0) - floor) + floor).sum()


@right("free_bits")
def bits_by_where(kl_per_dim, floor):
    means = kl_per_dim.mean(0)
    return torch.where(means > floor, means, floor).sum()


@wrong("free_bits", "the floor is put under every example, and the mean taken after it")
def bits_floor_first(kl_per_dim, floor):
    return kl_per_dim.clamp(min=floor).mean(0).sum()


@wrong("free_bits", "the floor is put under the sum of all dimensions")
def bits_floor_of_the_sum(kl_per_dim, floor):
    return kl_per_dim.mean(0).sum().clamp(min=floor)


@wrong("free_bits", "the floor is put under the sum of all dimensions, D times as high")
def bits_floor_d_times(kl_per_dim, floor):
    return kl_per_dim.sum(1).mean().clamp(min=floor * kl_per_dim.shape[1])


@wrong("free_bits", "the floor is put under each example's sum")
def bits_floor_of_each_sum(kl_per_dim, floor):
    return kl_per_dim.sum(1).clamp(min=floor).mean()


@wrong("free_bits", "min stands where max should")
def bits_ceiling(kl_per_dim, floor):
    return kl_per_dim.mean(0).clamp(max=floor).sum()


@wrong("free_bits", "only what lies above the floor is paid")
def bits_above_alone(kl_per_dim, floor):
    return (kl_per_dim.mean(0) - floor).clamp(min=0).sum()


@wrong("free_bits", "dimensions below the floor cost nothing at all")
def bits_below_costs_nothing(kl_per_dim, floor):
    means = kl_per_dim.mean(0)
    return means[means > floor].sum()


@wrong("free_bits", "there is no floor", "does not depend on `floor`")
def bits_without_floor(kl_per_dim, floor):
    return kl_per_dim.sum(1).mean()


@wrong("free_bits", "the batch is summed, not averaged")
def bits_batch_summed(kl_per_dim, floor):
    return kl_per_dim.sum(0).clamp(min=floor).sum()


@wrong("free_bits", "divided by D, as when a mean over D is taken")
def bits_mean_over_dimensions(kl_per_dim, floor):
    return kl_per_dim.mean(0).clamp(min=floor).mean()


@wrong("free_bits", "not yet summed over D")
def bits_not_summed(kl_per_dim, floor):
    return kl_per_dim.mean(0).clamp(min=floor)


@wrong("free_bits", "the mean runs over the dimensions")
def bits_axes_exchanged(kl_per_dim, floor):
    return kl_per_dim.mean(1).clamp(min=floor).sum()


@wrong("free_bits", "the floor is read in bits")
def bits_in_bits(kl_per_dim, floor):
    return kl_per_dim.mean(0).clamp(min=floor * math.log(2)).sum()


@wrong("free_bits", "the floor is added to every dimension")
def bits_floor_added(kl_per_dim, floor):
    return (kl_per_dim.mean(0) + floor).sum()


@wrong("free_bits", "The gradient for `kl_per_dim` is not the slope", "The gradient for `kl_per_dim` is wrong")
def bits_gradient_below_the_floor(kl_per_dim, floor):
    means = kl_per_dim.mean(0)
    return (means + (floor - means).clamp(min=0).detach()).sum()


@wrong("free_bits", "cut off from its arguments")
def bits_python_numbers(kl_per_dim, floor):
    return sum(tensor(max(mean, floor), dtype=kl_per_dim.dtype) for mean in kl_per_dim.mean(0).tolist())


@wrong("free_bits", "`kl_per_dim` itself is changed", "Something is changed in place")
def bits_in_place(kl_per_dim, floor):
    kl_per_dim /= len(kl_per_dim)
    return kl_per_dim.sum(0).clamp(min=floor).sum()


@wrong("free_bits", "the floor is put under the batch's sum, and the mean taken after it")
def bits_divided_later(kl_per_dim, floor):
    return kl_per_dim.sum(0).clamp(min=floor).sum() / len(kl_per_dim)


@wrong("free_bits", "the batch is divided by B − 1")
def bits_divided_by_one_less(kl_per_dim, floor):
    return (kl_per_dim.sum(0) / (len(kl_per_dim) - 1)).clamp(min=floor).sum()


@wrong("free_bits", "and the floor once, not for each dimension")
def bits_floor_added_once(kl_per_dim, floor):
    return F.relu(kl_per_dim.mean(0) - floor).sum() + floor


@wrong("free_bits", "a softplus stands where the maximum should")
def bits_softplus(kl_per_dim, floor):
    means = kl_per_dim.mean(0)
    return (means + F.softplus(floor - means)).sum()


# ---------------------------------------------------------------- word_dropout


@oracle("word_dropout")
def dropout_by_numpy(tokens, rate, u, unknown, keep):
    hidden = np.less(u.numpy(), rate) & np.isin(tokens.numpy(), keep, invert=True)
    return torch.from_numpy(np.choose(hidden, [tokens.numpy(), unknown]))


@right("word_dropout")
def dropout_loops(tokens, rate, u, unknown, keep):
    pairs = zip(tokens.tolist(), u.tolist(), strict=True)
    rows = [[unknown if b < rate and a not in keep else a for a, b in zip(*pair, strict=True)] for pair in pairs]
    return tensor(rows)


@right("word_dropout")
def dropout_masked_fill(tokens, rate, u, unknown, keep):
    kept = torch.zeros_like(tokens, dtype=torch.bool)
    for token in keep:
        kept |= tokens == token
    return tokens.masked_fill((u < rate) & ~kept, unknown)


@right("word_dropout")
def dropout_on_a_copy(tokens, rate, u, unknown, keep):
    made = tokens.clone()
    made[u < rate] = unknown
    for token in keep:
        made[tokens == token] = token
    return made


@right("word_dropout")
def dropout_by_arithmetic(tokens, rate, u, unknown, keep):
    hidden = (u < rate).long()
    for token in keep:
        hidden = hidden * (tokens != token)
    return hidden * unknown + (1 - hidden) * tokens


def _kept(tokens, keep):
    return torch.isin(tokens, tensor(keep, dtype=tokens.dtype))


@wrong("word_dropout", "tokens in `keep` are hidden as well")
def dropout_keeps_nothing(tokens, rate, u, unknown, keep):
    return torch.where(u < rate, unknown, tokens)


@wrong("word_dropout", "only tokens in `keep` are hidden")
def dropout_of_keep_alone(tokens, rate, u, unknown, keep):
    return torch.where((u < rate) & _kept(tokens, keep), unknown, tokens)


@wrong("word_dropout", "≤ stands for <")
def dropout_at_most(tokens, rate, u, unknown, keep):
    return torch.where((u <= rate) & ~_kept(tokens, keep), unknown, tokens)


@wrong("word_dropout", "tokens whose u is above the rate are hidden")
def dropout_above(tokens, rate, u, unknown, keep):
    return torch.where((u > rate) & ~_kept(tokens, keep), unknown, tokens)


@wrong("word_dropout", "the rate says how many stay")
def dropout_rate_of_staying(tokens, rate, u, unknown, keep):
    return torch.where((u >= rate) & ~_kept(tokens, keep), unknown, tokens)


@wrong("word_dropout", "only the first of `keep` is kept")
def dropout_first_of_keep(tokens, rate, u, unknown, keep):
    return torch.where((u < rate) & ~_kept(tokens, keep[:1]), unknown, tokens)


@wrong("word_dropout", "`keep` is read as places in the sentence")
def dropout_keep_as_places(tokens, rate, u, unknown, keep):
    hidden = u < rate
    for place in keep:
        if place < tokens.shape[1]:
            hidden[:, place] = False
    return torch.where(hidden, unknown, tokens)


@wrong("word_dropout", "a 0 stands where `unknown` should")
def dropout_by_a_product(tokens, rate, u, unknown, keep):
    return tokens * ((u >= rate) | _kept(tokens, keep))


@wrong("word_dropout", "every token that is not in `keep` is hidden")
def dropout_of_all(tokens, rate, u, unknown, keep):
    return torch.where(_kept(tokens, keep), tokens, unknown)


@wrong("word_dropout", "`unknown` is added to the token")
def dropout_adds(tokens, rate, u, unknown, keep):
    return tokens + unknown * ((u < rate) & ~_kept(tokens, keep))


@wrong("word_dropout", "The answer is float")
def dropout_of_floats(tokens, rate, u, unknown, keep):
    hidden = ((u < rate) & ~_kept(tokens, keep)).to(u)
    return hidden * unknown + (1 - hidden) * tokens


@wrong("word_dropout", "It gives another answer each time")
def dropout_own_noise(tokens, rate, u, unknown, keep):
    return torch.where((torch.rand(tokens.shape) < rate) & ~_kept(tokens, keep), unknown, tokens)


@wrong("word_dropout", "`tokens` itself is changed")
def dropout_in_place(tokens, rate, u, unknown, keep):
    tokens[(u < rate) & ~_kept(tokens, keep)] = unknown
    return tokens


@wrong("word_dropout", "the first u of a sentence decides for all of it")
def dropout_of_sentences(tokens, rate, u, unknown, keep):
    return torch.where((u[:, :1] < rate) & ~_kept(tokens, keep), unknown, tokens)


@wrong("word_dropout", "The answer is torch.bool")
def dropout_mask(tokens, rate, u, unknown, keep):
    return (u < rate) & ~_kept(tokens, keep)


@wrong("word_dropout", "u is rounded", "does not depend on `rate`")
def dropout_by_rounding(tokens, rate, u, unknown, keep):
    return torch.where((u.round() == 0) & ~_kept(tokens, keep), unknown, tokens)


@wrong("word_dropout", "`rate` is handed in as one minus it")
def dropout_keeps_by_the_rate(tokens, rate, u, unknown, keep):
    return torch.where((u < 1 - rate) & ~_kept(tokens, keep), unknown, tokens)


@wrong("word_dropout", "a token is kept only if it is every one of `keep`")
def dropout_one_of_keep_at_a_time(tokens, rate, u, unknown, keep):
    made = tokens
    for token in keep:
        made = torch.where((u < rate) & (tokens != token), unknown, made)
    return made


@wrong("word_dropout", "only the last of `keep` is kept")
def dropout_last_of_keep(tokens, rate, u, unknown, keep):
    hidden = u < rate
    for token in keep:
        hidden = (u < rate) & (tokens != token)
    return torch.where(hidden, unknown, tokens)


@wrong("word_dropout", "`u` itself is changed")
def dropout_changes_u(tokens, rate, u, unknown, keep):
    u[_kept(tokens, keep)] = 1.0
    return torch.where(u < rate, unknown, tokens)


@wrong("word_dropout", "tokens of 0 and below are kept", "tokens below 1 are kept")
def dropout_of_positive_tokens(tokens, rate, u, unknown, keep):
    return torch.where((u < rate) & (tokens > 0) & ~torch.isin(tokens, tensor(keep)), unknown, tokens)


@wrong("word_dropout", "`keep` itself is changed")
def dropout_appends_to_keep(tokens, rate, u, unknown, keep):
    keep.append(unknown)
    return torch.where((u < rate) & ~torch.isin(tokens, tensor(keep)), unknown, tokens)


# ---------------------------------------------------------------- adjacency_logits


@oracle("adjacency_logits")
def adjacency_by_numpy(Z):
    return Outside.apply(lambda Z: np.stack([np.tensordot(one, one, axes=(1, 1)) for one in Z]), Z)


@right("adjacency_logits")
def adjacency_by_einsum(Z):
    return torch.einsum("bid,bjd->bij", Z, Z)


@right("adjacency_logits")
def adjacency_by_bmm(Z):
    return torch.bmm(Z, Z.transpose(1, 2))


@right("adjacency_logits")
def adjacency_loops(Z):
    return torch.stack([torch.stack([torch.stack([(p * q).sum() for q in one]) for p in one]) for one in Z])


@right("adjacency_logits")
def adjacency_from_distances(Z):
    squares = Z.square().sum(-1)
    between = (Z[:, :, None] - Z[:, None]).square().sum(-1)
    return (squares[:, :, None] + squares[:, None] - between) / 2


@wrong("adjacency_logits", "the products run over the nodes", "The shape is")
def adjacency_of_dimensions(Z):
    return Z.mT @ Z


@wrong("adjacency_logits", "cosines")
def adjacency_cosines(Z):
    unit = F.normalize(Z, dim=-1)
    return unit @ unit.mT


@wrong("adjacency_logits", "these are probabilities")
def adjacency_probabilities(Z):
    return (Z @ Z.mT).sigmoid()


@wrong("adjacency_logits", "a softmax is taken over the nodes")
def adjacency_attention(Z):
    return (Z @ Z.mT).softmax(-1)


@wrong("adjacency_logits", "divided by √D")
def adjacency_scaled(Z):
    return Z @ Z.mT / Z.shape[-1] ** 0.5


@wrong("adjacency_logits", "divided by D, as when a mean over D is taken")
def adjacency_mean(Z):
    return (Z[:, :, None] * Z[:, None]).mean(-1)


@wrong("adjacency_logits", "the diagonal is set to 0")
def adjacency_without_loops(Z):
    return Z @ Z.mT * (1 - torch.eye(Z.shape[1], dtype=Z.dtype))


@wrong("adjacency_logits", "only the upper triangle is filled")
def adjacency_triangle(Z):
    return (Z @ Z.mT).triu()


@wrong("adjacency_logits", "minus the squared distances")
def adjacency_distances(Z):
    return -(Z[:, :, None] - Z[:, None]).square().sum(-1)


@wrong("adjacency_logits", "every graph gets the sum of all tables", "summed over B")
def adjacency_of_all_graphs(Z):
    return torch.einsum("bid,cjd->bij", Z, Z) * 0 + (Z @ Z.mT).sum(0)


@wrong("adjacency_logits", "not yet summed over D")
def adjacency_not_summed(Z):
    return Z[:, :, None] * Z[:, None]


@wrong("adjacency_logits", "the codes are added, not multiplied")
def adjacency_added(Z):
    return (Z[:, :, None] + Z[:, None]).sum(-1)


@wrong("adjacency_logits", "The gradient for `Z` is not the slope")
def adjacency_half_detached(Z):
    return Z @ Z.detach().mT


@wrong("adjacency_logits", "cut off from its arguments")
def adjacency_detached(Z):
    return tensor((Z @ Z.mT).tolist(), dtype=Z.dtype)


@wrong("adjacency_logits", "float32 where the arguments are float64")
def adjacency_single(Z):
    return (Z @ Z.mT).float()


@wrong("adjacency_logits", "A product of tables does not fit")
def adjacency_other_graphs(Z):
    return Z @ Z.T


@wrong("adjacency_logits", "each node meets itself alone")
def adjacency_of_each_with_itself(Z):
    return torch.einsum("bid,bid->bi", Z, Z)


@wrong("adjacency_logits", "the distances are taken, not the products")
def adjacency_cdist(Z):
    return torch.cdist(Z, Z)


@wrong("adjacency_logits")
def adjacency_correlations(Z):
    return torch.stack([torch.corrcoef(torch.cat([one, one.square()], 1)) for one in Z])


# ---------------------------------------------------------------- graph_nll


@oracle("graph_nll")
def graph_by_scipy(logits, adjacency):
    def cost(logits, adjacency):
        i, j = np.triu_indices(adjacency.shape[-1], 1)
        x, a = logits[..., i, j], adjacency[..., i, j]
        return -(special.xlogy(a, 1) + a * special.log_expit(x) + (1 - a) * special.log_expit(-x)).sum(-1)

    return Outside.apply(cost, logits, adjacency)


@right("graph_nll")
def graph_by_bce(logits, adjacency):
    cost = F.binary_cross_entropy_with_logits(logits, adjacency.expand_as(logits), reduction="none")
    return cost.triu(1).sum((-1, -2))


@right("graph_nll")
def graph_by_bernoulli(logits, adjacency):
    above = torch.ones_like(adjacency[0], dtype=torch.bool).triu(1)
    return -torch.distributions.Bernoulli(logits=logits[..., above]).log_prob(adjacency[..., above]).sum(-1)


@right("graph_nll")
def graph_loops(logits, adjacency):
    total = 0
    for j in range(adjacency.shape[-1]):
        for i in range(j):
            edge = adjacency[:, i, j]
            total = total - edge * F.logsigmoid(logits[..., i, j]) - (1 - edge) * F.logsigmoid(-logits[..., i, j])
    return total


@right("graph_nll")
def graph_by_where(logits, adjacency):
    cost = torch.where(adjacency == 1, F.softplus(-logits), F.softplus(logits))
    place = torch.arange(adjacency.shape[-1])
    return torch.where(place[:, None] < place, cost, 0.0).sum((-1, -2))


def _pairs(logits, adjacency):
    return F.softplus((1 - 2 * adjacency) * logits)


@wrong("graph_nll", "the whole table counts, the diagonal too")
def graph_whole_table(logits, adjacency):
    return _pairs(logits, adjacency).sum((-1, -2))


@wrong("graph_nll", "every pair counts twice", "twice the right one")
def graph_pairs_twice(logits, adjacency):
    beside = 1 - torch.eye(adjacency.shape[-1], dtype=logits.dtype)
    return (_pairs(logits, adjacency) * beside).sum((-1, -2))


@wrong("graph_nll", "half of both triangles is taken")
def graph_half_of_both(logits, adjacency):
    beside = 1 - torch.eye(adjacency.shape[-1], dtype=logits.dtype)
    return (_pairs(logits, adjacency) * beside).sum((-1, -2)) / 2


@wrong("graph_nll", "half of the whole table is taken")
def graph_half_of_all(logits, adjacency):
    return _pairs(logits, adjacency).sum((-1, -2)) / 2


@wrong("graph_nll", "the diagonal counts as well")
def graph_with_loops(logits, adjacency):
    return _pairs(logits, adjacency).triu().sum((-1, -2))


@wrong("graph_nll", "the lower triangle is read")
def graph_lower_triangle(logits, adjacency):
    return _pairs(logits, adjacency).tril(-1).sum((-1, -2))


@wrong("graph_nll", "the zeros left cost log 2 each")
def graph_triangle_first(logits, adjacency):
    return _pairs(logits.triu(1), adjacency.triu(1)).sum((-1, -2))


@wrong("graph_nll", "averaged over the pairs")
def graph_mean_over_pairs(logits, adjacency):
    i, j = torch.triu_indices(*adjacency.shape[-2:], 1)
    return _pairs(logits, adjacency)[..., i, j].mean(-1)


@wrong("graph_nll", "the cost of pairs without an edge left out", "the edges' cost alone")
def graph_edges_alone(logits, adjacency):
    return -(adjacency * F.logsigmoid(logits)).triu(1).sum((-1, -2))


@wrong("graph_nll", "the cost of pairs without an edge alone", "the edges' cost left out")
def graph_others_alone(logits, adjacency):
    return -((1 - adjacency) * F.logsigmoid(-logits)).triu(1).sum((-1, -2))


@wrong("graph_nll", "the right one with the other sign")
def graph_log_likelihood(logits, adjacency):
    return -_pairs(logits, adjacency).triu(1).sum((-1, -2))


@wrong("graph_nll", "taken one for the other", "`logits` is handed in with the other sign")
def graph_sign(logits, adjacency):
    return _pairs(-logits, adjacency).triu(1).sum((-1, -2))


@wrong("graph_nll", "the sigmoid is taken twice")
def graph_sigmoid_twice(logits, adjacency):
    return _pairs(logits.sigmoid(), adjacency).triu(1).sum((-1, -2))


@wrong("graph_nll", "Ordinary numbers come out right, but not logits of ±1000")
def graph_log_of_sigmoid(logits, adjacency):
    p = logits.sigmoid()
    return -(adjacency * p.log() + (1 - adjacency) * (1 - p).log()).triu(1).sum((-1, -2))


@wrong("graph_nll", "Ordinary numbers come out right, but not logits of ±1000")
def graph_bce_of_probabilities(logits, adjacency):
    cost = F.binary_cross_entropy(logits.sigmoid(), adjacency.expand_as(logits), reduction="none")
    return cost.triu(1).sum((-1, -2))


@wrong("graph_nll", "the square of A − σ(ℓ)")
def graph_squares(logits, adjacency):
    return (adjacency - logits.sigmoid()).square().triu(1).sum((-1, -2))


@wrong("graph_nll", "summed over B as well")
def graph_summed(logits, adjacency):
    return _pairs(logits, adjacency).triu(1).sum((-1, -2, -3))


@wrong("graph_nll", "in bits")
def graph_in_bits(logits, adjacency):
    return _pairs(logits, adjacency).triu(1).sum((-1, -2)) / math.log(2)


@wrong("graph_nll", "cut off from its arguments", "No gradient reaches `logits`")
def graph_detached(logits, adjacency):
    return _pairs(logits, adjacency).triu(1).sum((-1, -2)).detach()


@wrong("graph_nll", "`adjacency` itself is changed")
def graph_changes_adjacency(logits, adjacency):
    adjacency.mul_(2).sub_(1)
    return F.softplus(-adjacency * logits).triu(1).sum((-1, -2))


@wrong("graph_nll", "the cost is divided by the number of edges")
def graph_mean_over_edges(logits, adjacency):
    edges = adjacency.triu(1).sum((-1, -2)).clamp(min=1)
    return _pairs(logits, adjacency).triu(1).sum((-1, -2)) / edges


@wrong("graph_nll", "plus ½ G log 2")
def graph_loops_of_zero(logits, adjacency):
    logits = logits * (1 - torch.eye(adjacency.shape[-1], dtype=logits.dtype))
    return _pairs(logits, adjacency).sum((-1, -2)) / 2


@wrong("graph_nll", "Ordinary numbers come out right, but not tables that differ below the diagonal")
def graph_symmetrised(logits, adjacency):
    return _pairs((logits + logits.mT) / 2, adjacency).triu(1).sum((-1, -2))


@wrong("graph_nll", "Shapes do not fit")
def graph_no_axes_in_front(logits, adjacency):
    return F.binary_cross_entropy_with_logits(logits, adjacency, reduction="none").triu(1).sum((-1, -2))


# ---------------------------------------------------------------- attribute_direction


@oracle("attribute_direction")
def direction_by_least_squares(codes, has):
    # the slope of a regression on 0 and 1
    def slope(codes):
        return np.polyfit(has.numpy().astype(float), codes, 1)[0]

    return Outside.apply(slope, codes)


@right("attribute_direction")
def direction_by_weights(codes, has):
    with_it = has.to(codes.dtype)
    return with_it @ codes / with_it.sum() - (1 - with_it) @ codes / (1 - with_it).sum()


@right("attribute_direction")
def direction_loops(codes, has):
    sums, counts = {True: 0, False: 0}, {True: 0, False: 0}
    for code, one in zip(codes, has.tolist(), strict=True):
        sums[one], counts[one] = sums[one] + code, counts[one] + 1
    return sums[True] / counts[True] - sums[False] / counts[False]


@right("attribute_direction")
def direction_from_the_mean(codes, has):
    return (codes[has].mean(0) - codes.mean(0)) * len(has) / (~has).sum()


@wrong("attribute_direction", "the right one with the other sign")
def direction_backwards(codes, has):
    return codes[~has].mean(0) - codes[has].mean(0)


@wrong("attribute_direction", "the sums are taken, not the means")
def direction_of_sums(codes, has):
    return codes[has].sum(0) - codes[~has].sum(0)


@wrong("attribute_direction", "both sums are divided by N")
def direction_divided_by_n(codes, has):
    with_it = has.to(codes.dtype)[:, None]
    return (codes * with_it).mean(0) - (codes * (1 - with_it)).mean(0)


@wrong("attribute_direction", "the mean of all codes is taken away")
def direction_from_all(codes, has):
    return codes[has].mean(0) - codes.mean(0)


@wrong("attribute_direction", "the direction is scaled to length 1")
def direction_of_unit_length(codes, has):
    return F.normalize(codes[has].mean(0) - codes[~has].mean(0), dim=0)


@wrong("attribute_direction", "the mean with the attribute alone", "the mean without it left out")
def direction_without_the_others(codes, has):
    return codes[has].mean(0)


@wrong("attribute_direction", "the means are added", "the mean without it with the wrong sign")
def direction_added(codes, has):
    return codes[has].mean(0) + codes[~has].mean(0)


@wrong("attribute_direction", "the medians are taken")
def direction_of_medians(codes, has):
    return codes[has].median(0).values - codes[~has].median(0).values


@wrong("attribute_direction", "True and False are taken for the indices 1 and 0")
def direction_by_indices(codes, has):
    return codes[has.long()].mean(0) - codes[(~has).long()].mean(0)


@wrong("attribute_direction", "averaged over D as well")
def direction_one_number(codes, has):
    return codes[has].mean() - codes[~has].mean()


@wrong("attribute_direction", "the difference is divided by the spread")
def direction_standardised(codes, has):
    return (codes[has].mean(0) - codes[~has].mean(0)) / codes.std(0)


@wrong("attribute_direction", "the first of each kind are compared")
def direction_of_the_first(codes, has):
    return codes[has][0] - codes[~has][0]


@wrong("attribute_direction", "the mean runs over the wrong axis, or over one too many")
def direction_over_dimensions(codes, has):
    return codes[has].mean(1).mean() - codes[~has].mean(1).mean() + 0 * codes[:, 0]


@wrong("attribute_direction", "cut off from its arguments")
def direction_by_numpy(codes, has):
    table = codes.detach().numpy()
    return torch.from_numpy(table[has.numpy()].mean(0) - table[~has.numpy()].mean(0))


@wrong("attribute_direction", "The gradient for `codes` is not the slope")
def direction_half_detached(codes, has):
    return codes[has].mean(0) - codes[~has].detach().mean(0)


@wrong("attribute_direction", "Real numbers of two kinds meet", "float32 where the arguments are float64")
def direction_in_single(codes, has):
    with_it = has.float()
    return with_it @ codes / with_it.sum() - (1 - with_it) @ codes / (1 - with_it).sum()


@wrong("attribute_direction", "each sum is divided by the number of the other kind")
def direction_counts_exchanged(codes, has):
    return codes[has].sum(0) / (~has).sum() - codes[~has].sum(0) / has.sum()


@wrong("attribute_direction", "divided by N₁ − 1 and N₀ − 1")
def direction_one_less(codes, has):
    counts = [(one.sum() - 1).clamp(min=1) for one in (has, ~has)]
    return codes[has].sum(0) / counts[0] - codes[~has].sum(0) / counts[1]


@wrong("attribute_direction", "half the right one")
def direction_halved(codes, has):
    return (codes[has].mean(0) - codes[~has].mean(0)) / 2


# ---------------------------------------------------------------- climb


@oracle("climb")
def climb_by_differences(predict, z, steps, learning_rate):
    # each row alone, its slope by differences at three widths, extrapolated (Richardson)
    function = copy.deepcopy(predict).double() if isinstance(predict, torch.nn.Module) else predict

    def slope(row):
        steps = np.eye(len(row))[None] * 0.02 * 0.5 ** np.arange(3)[:, None, None]
        up, down = (function(tensor(row + s * steps).view(-1, len(row))).view(3, -1).detach().numpy() for s in (1, -1))
        d = (up - down) / (0.04 * 0.5 ** np.arange(3)[:, None])
        return (d[0] - 20 * d[1] + 64 * d[2]) / 45

    path = [z.detach().double().numpy()]
    for _ in range(steps):
        path.append(path[-1] + learning_rate * np.stack([slope(row) for row in path[-1]]))
    return torch.from_numpy(np.stack(path)).to(z.dtype)


@right("climb")
def climb_row_by_row(predict, z, steps, learning_rate):
    columns = []
    for row in z.detach():
        places = [row]
        for _ in range(steps):
            here = places[-1][None].clone().requires_grad_(True)
            (slope,) = torch.autograd.grad(predict(here)[0], here)
            places.append((here + learning_rate * slope).detach()[0])
        columns.append(torch.stack(places))
    return torch.stack(columns, 1)


@right("climb")
def climb_by_functional(predict, z, steps, learning_rate):
    path = [z.detach().clone()]
    for _ in range(steps):
        slope = torch.autograd.functional.jacobian(lambda here: predict(here).sum(), path[-1])
        path.append(path[-1] + learning_rate * slope)
    return torch.stack(path)


@right("climb")
def climb_with_weights_of_one(predict, z, steps, learning_rate):
    here, path = z.detach().clone().requires_grad_(), [z.detach().clone()]
    for _ in range(steps):
        value = predict(here)
        slope = torch.autograd.grad(value, here, torch.ones_like(value))[0]
        with torch.no_grad():
            here += learning_rate * slope
        path.append(here.detach().clone())
    return torch.stack(path)


@right("climb")
def climb_into_a_table(predict, z, steps, learning_rate):
    path = z.new_empty(steps + 1, *z.shape)
    path[0] = z.detach()
    for k in range(steps):
        here = path[k].clone().requires_grad_()
        path[k + 1] = path[k] + learning_rate * torch.autograd.grad(predict(here).sum(), here)[0]
    return path


def _walk(predict, z, steps, move, total=torch.sum):
    path = [z.detach()]
    for k in range(steps):
        here = path[-1].clone().requires_grad_()
        path.append(move(path[-1], torch.autograd.grad(total(predict(here)), here)[0], k))
    return torch.stack(path)


@wrong("climb", "it goes downhill", "`learning_rate` is handed in with the other sign")
def climb_down(predict, z, steps, learning_rate):
    return _walk(predict, z, steps, lambda z, slope, k: z - learning_rate * slope)


@wrong("climb", "the mean of the predictions is climbed")
def climb_the_mean(predict, z, steps, learning_rate):
    return _walk(predict, z, steps, lambda z, slope, k: z + learning_rate * slope, torch.mean)


@wrong("climb", "all rows go by the sum of their slopes")
def climb_together(predict, z, steps, learning_rate):
    return _walk(predict, z, steps, lambda z, slope, k: z + learning_rate * slope.sum(0))


@wrong("climb", "only the first row's prediction is climbed")
def climb_first_row(predict, z, steps, learning_rate):
    return _walk(predict, z, steps, lambda z, slope, k: z + learning_rate * slope, lambda y: y[0])


@wrong("climb", "the slope at the start is used at every step")
def climb_by_the_first_slope(predict, z, steps, learning_rate):
    here = z.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(predict(here).sum(), here)
    return torch.stack([z + k * learning_rate * slope for k in range(steps + 1)])


@wrong("climb", "each slope is scaled to length 1")
def climb_unit_steps(predict, z, steps, learning_rate):
    return _walk(predict, z, steps, lambda z, slope, k: z + learning_rate * F.normalize(slope, dim=1))


@wrong("climb", "the learning rate is left out", "does not depend on `learning_rate`")
def climb_without_rate(predict, z, steps, learning_rate):
    return _walk(predict, z, steps, lambda z, slope, k: z + slope)


@wrong("climb", "slopes pile up")
def climb_slopes_pile_up(predict, z, steps, learning_rate):
    here, path = z.detach().clone().requires_grad_(), [z.detach().clone()]
    held = torch.zeros_like(z)
    for _ in range(steps):
        held = held + torch.autograd.grad(predict(here).sum(), here)[0]
        here = (here + learning_rate * held).detach().requires_grad_()
        path.append(here.detach())
    return torch.stack(path)


@wrong("climb", "the start is missing")
def climb_without_the_start(predict, z, steps, learning_rate):
    return _walk(predict, z, steps, lambda z, slope, k: z + learning_rate * slope)[1:]


@wrong("climb", "the last of steps in the place of all", "The shape is", "The last")
def climb_end_alone(predict, z, steps, learning_rate):
    return _walk(predict, z, steps, lambda z, slope, k: z + learning_rate * slope)[-1]


@wrong("climb", "when `steps` is handed in minus 1")
def climb_one_step_more(predict, z, steps, learning_rate):
    return _walk(predict, z, steps + 1, lambda z, slope, k: z + learning_rate * slope)


@wrong("climb", "with its axes in another order", "The shape is")
def climb_rows_first(predict, z, steps, learning_rate):
    return _walk(predict, z, steps, lambda z, slope, k: z + learning_rate * slope).transpose(0, 1)


@wrong("climb", "all places of the path hold the end")
def climb_one_memory(predict, z, steps, learning_rate):
    here, path = z.detach().clone(), []
    path.append(here)
    for _ in range(steps):
        leaf = here.clone().requires_grad_()
        here += learning_rate * torch.autograd.grad(predict(leaf).sum(), leaf)[0]
        path.append(here)
    return torch.stack(path)


@wrong("climb", "still carries a graph")
def climb_with_graph(predict, z, steps, learning_rate):
    path = [z.detach().clone().requires_grad_()]
    for _ in range(steps):
        (slope,) = torch.autograd.grad(predict(path[-1]).sum(), path[-1])
        path.append(path[-1] + learning_rate * slope)
    return torch.stack(path)


@wrong("climb", "`z.requires_grad` is changed")
def climb_marks_z(predict, z, steps, learning_rate):
    path, here = [z.detach().clone()], z.requires_grad_()
    for _ in range(steps):
        (slope,) = torch.autograd.grad(predict(here).sum(), here)
        here = (here + learning_rate * slope).detach().requires_grad_()
        path.append(here.detach())
    return torch.stack(path)


@wrong("climb", "`z` itself is changed")
def climb_moves_z(predict, z, steps, learning_rate):
    path = [z.clone()]
    for _ in range(steps):
        here = z.clone().requires_grad_()
        z += learning_rate * torch.autograd.grad(predict(here).sum(), here)[0]
        path.append(z.clone())
    return torch.stack(path)


@wrong("climb", "The parameters of `predict` have a `grad` now")
def climb_by_backward(predict, z, steps, learning_rate):
    path = [z.detach().clone()]
    for _ in range(steps):
        here = path[-1].clone().requires_grad_()
        predict(here).sum().backward()
        path.append(path[-1] + learning_rate * here.grad)
    return torch.stack(path)


@wrong("climb", "there is a momentum of 0.9")
def climb_with_momentum(predict, z, steps, learning_rate):
    path, speed = [z.detach()], torch.zeros_like(z)
    for _ in range(steps):
        here = path[-1].clone().requires_grad_()
        speed = 0.9 * speed + torch.autograd.grad(predict(here).sum(), here)[0]
        path.append(path[-1] + learning_rate * speed)
    return torch.stack(path)


@wrong("climb", "It gives another answer each time")
def climb_with_noise(predict, z, steps, learning_rate):
    return _walk(predict, z, steps, lambda z, slope, k: z + learning_rate * slope + 0.1 * torch.randn_like(z))


@wrong("climb", "the right one with steps shifted by one", "the start comes twice", "This is right in")
def climb_records_too_early(predict, z, steps, learning_rate):
    path, here = [z.detach()], z.detach()
    for _ in range(steps):
        path.append(here)
        leaf = here.clone().requires_grad_()
        here = here + learning_rate * torch.autograd.grad(predict(leaf).sum(), leaf)[0]
    return torch.stack(path)


@wrong("climb", "The answer is a list")
def climb_list(predict, z, steps, learning_rate):
    return list(_walk(predict, z, steps, lambda z, slope, k: z + learning_rate * slope))


@wrong("climb", "a slope longer than 1 is cut to length 1")
def climb_clipped(predict, z, steps, learning_rate):
    def move(z, slope, k):
        return z + learning_rate * slope / slope.norm(dim=1, keepdim=True).clamp(min=1)

    return _walk(predict, z, steps, move)


@wrong("climb", "the log density of the prior is climbed as well")
def climb_with_a_prior(predict, z, steps, learning_rate):
    return _walk(predict, z, steps, lambda z, slope, k: z + learning_rate * (slope - z))


@wrong("climb", "this is Adam")
def climb_by_adam(predict, z, steps, learning_rate):
    here = z.detach().clone().requires_grad_()
    adam, path = torch.optim.Adam([here], lr=learning_rate, maximize=True), [z.detach().clone()]
    for _ in range(steps):
        here.grad = torch.autograd.grad(predict(here).sum(), here)[0]
        adam.step()
        path.append(here.detach().clone())
    return torch.stack(path)


@wrong("climb", "the right numbers in another shape")
def climb_rows_in_a_row(predict, z, steps, learning_rate):
    return torch.cat(list(_walk(predict, z, steps, lambda z, slope, k: z + learning_rate * slope)))


@wrong("climb", "the right one in reverse along steps")
def climb_end_first(predict, z, steps, learning_rate):
    return _walk(predict, z, steps, lambda z, slope, k: z + learning_rate * slope).flip(0)


@wrong("climb", "each place is kept within ±3")
def climb_within_three(predict, z, steps, learning_rate):
    return _walk(predict, z, steps, lambda z, slope, k: (z + learning_rate * slope).clamp(-3, 3))


# ---------------------------------------------------------------- what readers of the labs tried


@wrong("sequence_nll", "The index of `gather`")
def sequence_gather_two_axes(logits, tokens, pad):
    lp = logits.log_softmax(-1)
    return -lp.gather(-1, tokens).sum(-1)


@wrong("sequence_nll", "takes the classes on the second axis")
def sequence_cross_entropy_as_it_is(logits, tokens, pad):
    return F.cross_entropy(logits, tokens, ignore_index=pad)


@wrong("sequence_nll", "`torch.distributions` refuses")
def sequence_categorical(logits, tokens, pad):
    return -(torch.distributions.Categorical(logits=logits).log_prob(tokens) * (tokens != pad)).sum(-1)


@wrong("sequence_nll", "`F.one_hot` is handed a negative number")
def sequence_one_hot_of_pads(logits, tokens, pad):
    lp = logits.log_softmax(-1)
    return -(F.one_hot(tokens, logits.shape[-1]) * lp).sum((-1, -2))


@wrong("sequence_nll", "Real numbers stand where an index should")
def sequence_real_targets(logits, tokens, pad):
    return (
        F.cross_entropy(
            logits.flatten(0, -2),
            tokens.expand(logits.shape[:-1]).flatten().float(),
            ignore_index=pad,
            reduction="none",
        )
        .view(logits.shape[:-1])
        .sum(-1)
    )


@wrong("sequence_nll", "Several numbers stand where Python needs one")
def sequence_tensor_of_tensors(logits, tokens, pad):
    out = []
    for b in range(len(tokens)):
        tot = 0
        for i in range(tokens.shape[1]):
            if tokens[b, i] != pad:
                tot = tot - logits[..., b, i, :].log_softmax(-1)[..., tokens[b, i]]
        out.append(tot)
    return torch.tensor(out)


@wrong("free_bits", "A function of PyTorch is called with arguments")
def bits_torch_max(kl_per_dim, floor):
    return torch.max(kl_per_dim.mean(0), floor).sum()


@wrong("free_bits", "A function of PyTorch is handed a number")
def bits_torch_maximum(kl_per_dim, floor):
    return torch.maximum(kl_per_dim.mean(0), floor).sum()


@wrong("free_bits", "ask for one truth value")
def bits_pythons_max(kl_per_dim, floor):
    return max(kl_per_dim.mean(0), floor).sum()


@wrong("free_bits", "the floor is put under the mean of everything")
def bits_of_one_mean(kl_per_dim, floor):
    return max(kl_per_dim.mean(), floor)


@wrong("free_bits", "the batch is summed before the floor")
def bits_of_a_sum(kl_per_dim, floor):
    return kl_per_dim.sum(0).clamp(min=floor).mean()


@wrong("word_dropout", "the last two of `torch.where` change places")
def dropout_where_reversed(tokens, rate, u, unknown, keep):
    return torch.where((u < rate) & ~torch.isin(tokens, tensor(keep, dtype=tokens.dtype)), tokens, unknown)


@wrong("word_dropout", "ask for one truth value")
def dropout_not_in(tokens, rate, u, unknown, keep):
    return torch.where((u < rate) & (tokens not in keep), unknown, tokens)


@wrong("adjacency_logits", "A product of tables does not fit")
def adjacency_t(Z):
    return Z @ Z.t()


@wrong("adjacency_logits", "the mean code is taken off first")
def adjacency_centred(Z):
    Zc = Z - Z.mean(1, keepdim=True)
    return Zc @ Zc.mT


@wrong("adjacency_logits", "the nodes of a graph meet those of all graphs")
def adjacency_all_graphs(Z):
    return torch.einsum("bgd,chd->bgh", Z, Z)


@wrong("adjacency_logits", "correlations are taken")
def adjacency_corrcoef(Z):
    return torch.stack([torch.corrcoef(z) for z in Z])


@wrong("graph_nll", "1 − log σ(ℓ) stands")
def graph_one_minus_log_sigmoid(logits, adjacency):
    return -(adjacency * F.logsigmoid(logits) + (1 - adjacency) * (1 - F.logsigmoid(logits))).triu(1).sum((-1, -2))


@wrong("attribute_direction", "`~` is taken of whole numbers")
def direction_tilde_of_numbers(codes, has):
    has = has.long()
    return codes[has].mean(0) - codes[~has].mean(0)


@wrong("attribute_direction", "A tensor of True and False is subtracted")
def direction_one_minus_bool(codes, has):
    return codes[has].mean(0) - codes[1 - has].mean(0)


@wrong("attribute_direction", "stand where real numbers are needed")
def direction_bool_product(codes, has):
    return has @ codes / has.sum() - ~has @ codes / (~has).sum()


@wrong("climb", "A gradient is asked of several numbers")
def climb_backward_of_several(predict, z, steps, learning_rate):
    p = [z]
    for _ in range(steps):
        h = p[-1].detach().requires_grad_()
        predict(h).backward()
        p.append(h.detach() + learning_rate * h.grad)
    return torch.stack(p)


@wrong("climb", "A gradient is asked where no graph leads")
def climb_without_requires_grad(predict, z, steps, learning_rate):
    p = [z]
    for _ in range(steps):
        g = torch.autograd.grad(predict(p[-1]).sum(), p[-1])[0]
        p.append(p[-1] + learning_rate * g)
    return torch.stack(p)


@wrong("climb", "A tuple or a list is used")
def climb_adds_a_tuple(predict, z, steps, learning_rate):
    p = [z]
    for _ in range(steps):
        h = p[-1].detach().clone().requires_grad_()
        g = torch.autograd.grad(predict(h).sum(), h)
        p.append(h.detach() + learning_rate * g)
    return torch.stack(p)


@wrong("climb", "There is None where a tensor should be")
def climb_grad_of_no_leaf(predict, z, steps, learning_rate):
    h = z.detach().clone().requires_grad_()
    p = [h.detach()]
    for _ in range(steps):
        predict(h).sum().backward()
        h = h + learning_rate * h.grad
        p.append(h.detach())
    return torch.stack(p)


@wrong("climb", "slopes pile up")
def climb_backward_piles_up(predict, z, steps, learning_rate):
    h = z.detach().clone().requires_grad_()
    p = [h.detach().clone()]
    for _ in range(steps):
        predict(h).sum().backward()
        with torch.no_grad():
            h += learning_rate * h.grad
        p.append(h.detach().clone())
    return torch.stack(p)


@wrong("climb", "A number of Python's stands where")
def climb_item(predict, z, steps, learning_rate):
    h = z.detach().clone()
    p = [h]
    for _ in range(steps):
        h = h.clone().requires_grad_()
        g = torch.autograd.grad(predict(h).sum().item(), h)[0]
        h = (h + learning_rate * g).detach()
        p.append(h)
    return torch.stack(p)
