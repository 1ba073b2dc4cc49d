"""Answers to lab 10: what students write wrongly, what they write rightly in other words, and second routes to the
numbers, in NumPy and SciPy.
"""

from __future__ import annotations

import math
import random

import numpy as np
import torch
from scipy import special, stats
from torch import tensor
from torch.nn import functional as F

from tests.answers.outside import Outside
from tests.lab_bank import oracle, right, wrong

# ---------------------------------------------------------------- balanced_subset


def _numpy_dice(generator):
    """NumPy's dice, their state from the generator's."""
    return np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))


@oracle("balanced_subset")
def subset_by_scikit_learn(y, per_class, generator):
    # a stratified split of as many of each class, class by class
    from sklearn.utils import resample

    seed = int(torch.randint(2**31, (1,), generator=generator))
    classes, places = np.unique(y.numpy()), np.arange(len(y))
    parts = [
        resample(places[y.numpy() == label], replace=False, n_samples=per_class, random_state=seed + int(i))
        for i, label in enumerate(classes)
    ]
    return torch.from_numpy(np.concatenate(parts))


@right("balanced_subset")
def subset_first_of_a_shuffle(y, per_class, generator):
    order = torch.randperm(len(y), generator=generator)
    found = [order[y[order] == label][:per_class] for label in sorted(set(y.tolist()))]
    return torch.cat(found)


@right("balanced_subset")
def subset_by_multinomial(y, per_class, generator):
    masks = torch.stack([(y == label).double() for label in torch.unique(y)])
    return torch.multinomial(masks, per_class, replacement=False, generator=generator).flatten()


@right("balanced_subset")
def subset_by_counting(y, per_class, generator):
    left, found = {}, []
    for i in torch.randperm(len(y), generator=generator).tolist():
        label = int(y[i])
        if left.setdefault(label, per_class) > 0:
            left[label] -= 1
            found.append(i)
    return tensor(found)


@right("balanced_subset")
def subset_by_numbers(y, per_class, generator):
    numbers = torch.rand(len(y), generator=generator)
    return torch.cat([torch.where(y == label, numbers, -1.0).topk(per_class).indices for label in y.unique()])


@wrong("balanced_subset", "Every generator gives the same indices")
def subset_the_first(y, per_class, generator):
    return torch.cat([(y == label).nonzero().flatten()[:per_class] for label in y.unique()])


@wrong("balanced_subset", "An index comes twice")
def subset_with_replacement(y, per_class, generator):
    found = []
    for label in y.unique():
        places = (y == label).nonzero().flatten()
        rows = torch.randint(len(places), (8 * per_class,), generator=generator)[:per_class]
        found.append(places[rows] if per_class == 1 else places[rows[:1].repeat(per_class)])
    return torch.cat(found)


@wrong("balanced_subset", "The same generator gives other indices")
def subset_global_chance(y, per_class, generator):
    found = []
    for label in y.unique():
        places = (y == label).nonzero().flatten()
        found.append(places[torch.randperm(len(places))[:per_class]])
    return torch.cat(found)


@wrong("balanced_subset", "The same generator gives other indices")
def subset_by_python(y, per_class, generator):
    found = [random.sample((y == label).nonzero().flatten().tolist(), per_class) for label in y.unique()]
    return tensor(found).flatten()


@wrong("balanced_subset", "Every generator gives the same indices")
def subset_seeds_itself(y, per_class, generator):
    own, found = torch.Generator().manual_seed(0), []
    for label in y.unique():
        places = (y == label).nonzero().flatten()
        found.append(places[torch.randperm(len(places), generator=own)[:per_class]])
    return torch.cat(found)


@wrong("balanced_subset", "A class that occurs in `y` gets no label", "labels: the draw is not balanced")
def subset_not_balanced(y, per_class, generator):
    return torch.arange(len(y))[: per_class * len(y.unique())]


@wrong(
    "balanced_subset", "An index lies outside of `y`", "An index comes twice", "the draw is not balanced", "no label"
)
def subset_places_in_class(y, per_class, generator):
    found = []
    for label in y.unique():
        places = (y == label).nonzero().flatten()
        found.append(torch.randperm(len(places), generator=generator)[:per_class])
    return torch.cat(found)


@wrong("balanced_subset", "A class that occurs in `y` gets no label", "The answer is not int64", "not balanced")
def subset_classes_from_zero(y, per_class, generator):
    found = []
    for label in range(len(y.unique())):
        places = (y == label).nonzero().flatten()
        found.append(places[torch.randperm(len(places), generator=generator)[:per_class]])
    return torch.cat(found)


@wrong("balanced_subset", "These are the labels, not the indices")
def subset_of_labels(y, per_class, generator):
    return y.unique().repeat_interleave(per_class)


@wrong("balanced_subset", "The answer has not one axis")
def subset_two_axes(y, per_class, generator):
    found = []
    for label in y.unique():
        places = (y == label).nonzero().flatten()
        found.append(places[torch.randperm(len(places), generator=generator)[:per_class]])
    return torch.stack(found)


@wrong("balanced_subset", "The answer is no torch tensor")
def subset_list(y, per_class, generator):
    return subset_by_counting(y, per_class, generator).tolist()


@wrong("balanced_subset", "The answer is not int64")
def subset_of_floats(y, per_class, generator):
    return subset_by_counting(y, per_class, generator).float()


@wrong("balanced_subset", "is a `return` missing?")
def subset_no_return(y, per_class, generator):
    subset_by_counting(y, per_class, generator)


@wrong("balanced_subset", "Each class gets")
def subset_one_too_few(y, per_class, generator):
    found = []
    for label in y.unique():
        places = (y == label).nonzero().flatten()
        found.append(places[torch.randperm(len(places), generator=generator)[: max(1, per_class - 1)]])
    return torch.cat(found)


@wrong("balanced_subset", "Each class gets")
def subset_per_class_in_all(y, per_class, generator):
    found = []
    for label in y.unique():
        places = (y == label).nonzero().flatten()
        found.append(places[torch.randperm(len(places), generator=generator)[:1]])
    return torch.cat(found)


@wrong("balanced_subset", "Some choices from a class never come")
def subset_neighbours(y, per_class, generator):
    found = []
    for label in y.unique():
        places = (y == label).nonzero().flatten()
        start = int(torch.randint(len(places) - per_class + 1, (1,), generator=generator))
        found.append(places[start : start + per_class])
    return torch.cat(found)


@wrong("balanced_subset", "Some choices from a class never come")
def subset_without_the_last(y, per_class, generator):
    found = []
    for label in y.unique():
        places = (y == label).nonzero().flatten()
        usable = max(per_class, len(places) - 1)
        found.append(places[torch.randperm(usable, generator=generator)[:per_class]])
    return torch.cat(found)


@wrong("balanced_subset", "`y` itself is changed")
def subset_changes_y(y, per_class, generator):
    found = subset_by_counting(y.clone(), per_class, generator)
    y[found] = -7
    return found


@wrong("balanced_subset", "A class that occurs in `y` gets no label", "the draw is not balanced")
def subset_without_the_rarest(y, per_class, generator):
    found = subset_by_counting(y, per_class, generator)
    return found[y[found] != y.min()]


@wrong("balanced_subset", "An index comes twice")
def subset_by_randint(y, per_class, generator):
    found = []
    for label in y.unique():
        places = (y == label).nonzero().flatten()
        found.append(places[torch.randint(len(places), (per_class,), generator=generator)])
    return torch.cat(found)


@wrong("balanced_subset", "its seed is used, not its state")
def subset_by_the_seed(y, per_class, generator):
    return subset_by_counting(y, per_class, torch.Generator().manual_seed(generator.initial_seed()))


@wrong("balanced_subset", "its seed is used, not its state")
def subset_seeds_torch(y, per_class, generator):
    torch.manual_seed(generator.initial_seed())
    return subset_by_counting(y, per_class, None)


@wrong("balanced_subset", "come more often than others")
def subset_weighted(y, per_class, generator):
    chance = torch.where(torch.cat([torch.ones(1, dtype=torch.bool), y[1:] != y[:-1]]), 3.0, 1.0)
    masks = torch.stack([(y == label) * chance for label in y.unique()])
    return torch.multinomial(masks, per_class, replacement=False, generator=generator).flatten()


@wrong("balanced_subset", "come more often than others")
def subset_half_the_time_the_first(y, per_class, generator):
    first = torch.rand(1, generator=generator) < 0.5
    return subset_the_first(y, per_class, generator) if first else subset_by_counting(y, per_class, generator)


# ---------------------------------------------------------------- labelled_bound


@oracle("labelled_bound")
def labelled_by_numpy(log_px, log_py, log_pz, log_qz):
    return Outside.apply(
        lambda *logs: np.array(logs).T @ np.array([1.0, 1.0, 1.0, -1.0]), log_px, log_py, log_pz, log_qz
    )


@right("labelled_bound")
def labelled_as_a_ratio(log_px, log_py, log_pz, log_qz):
    return (log_px + log_py) - (log_qz - log_pz)


@right("labelled_bound")
def labelled_by_stack(log_px, log_py, log_pz, log_qz):
    return torch.stack([log_px, log_py, log_pz, -log_qz]).sum(0)


@right("labelled_bound")
def labelled_loop(log_px, log_py, log_pz, log_qz):
    rows = zip(log_px, log_py, log_pz, log_qz, strict=True)
    return torch.stack([a + b + c - d for a, b, c, d in rows])


@wrong("labelled_bound", "the right one with the other sign")
def labelled_cost(log_px, log_py, log_pz, log_qz):
    return -(log_px + log_py + log_pz - log_qz)


@wrong("labelled_bound", "the term log q(z given x,y) with the wrong sign", "`log_qz` is handed in with the other sign")
def labelled_q_added(log_px, log_py, log_pz, log_qz):
    return log_px + log_py + log_pz + log_qz


@wrong("labelled_bound", "the term log q(z given x,y) left out", "does not depend on `log_qz`")
def labelled_without_q(log_px, log_py, log_pz, log_qz):
    return log_px + log_py + log_pz


@wrong("labelled_bound", "the term log p(y) left out", "does not depend on `log_py`")
def labelled_without_py(log_px, log_py, log_pz, log_qz):
    return log_px + log_pz - log_qz


@wrong("labelled_bound", "the term log p(z) left out", "does not depend on `log_pz`")
def labelled_without_pz(log_px, log_py, log_pz, log_qz):
    return log_px + log_py - log_qz


@wrong("labelled_bound", "the term log p(x given y,z) left out", "does not depend on `log_px`")
def labelled_without_px(log_px, log_py, log_pz, log_qz):
    return log_py + log_pz - log_qz


@wrong("labelled_bound", "change places", "the term log p(z)", "with the other sign", "wrong sign")
def labelled_kl_reversed(log_px, log_py, log_pz, log_qz):
    return log_px + log_py + log_qz - log_pz


@wrong("labelled_bound", "the term log p(y) with the wrong sign", "`log_py` is handed in with the other sign")
def labelled_py_subtracted(log_px, log_py, log_pz, log_qz):
    return log_px - log_py + log_pz - log_qz


@wrong("labelled_bound", "the term log p(x given y,z) with the wrong sign", "`log_px` is handed in with the other sign")
def labelled_px_as_cost(log_px, log_py, log_pz, log_qz):
    return -log_px + log_py + log_pz - log_qz


@wrong("labelled_bound", "averaged over B as well")
def labelled_mean(log_px, log_py, log_pz, log_qz):
    return (log_px + log_py + log_pz - log_qz).mean()


@wrong("labelled_bound", "summed over B as well")
def labelled_sum(log_px, log_py, log_pz, log_qz):
    return (log_px + log_py + log_pz - log_qz).sum()


@wrong("labelled_bound", "the exponential", "exponential of the right one")
def labelled_exponential(log_px, log_py, log_pz, log_qz):
    return (log_px + log_py + log_pz - log_qz).exp()


@wrong("labelled_bound", "cut off from its arguments")
def labelled_detached(log_px, log_py, log_pz, log_qz):
    return (log_px + log_py + log_pz - log_qz).detach()


@wrong("labelled_bound", "No gradient reaches `log_qz`")
def labelled_q_detached(log_px, log_py, log_pz, log_qz):
    return log_px + log_py + log_pz - log_qz.detach()


@wrong("labelled_bound", "`log_px` itself is changed")
def labelled_in_place(log_px, log_py, log_pz, log_qz):
    log_px += log_py + log_pz - log_qz
    return log_px


@wrong("labelled_bound", "float32 where the arguments are float64")
def labelled_single(log_px, log_py, log_pz, log_qz):
    return (log_px + log_py + log_pz - log_qz).float()


@wrong("labelled_bound", "is cut off at 0")
def labelled_kl_relu(log_px, log_py, log_pz, log_qz):
    return log_px + log_py - torch.relu(log_qz - log_pz)


@wrong("labelled_bound", "is taken without its sign")
def labelled_kl_abs(log_px, log_py, log_pz, log_qz):
    return log_px + log_py - (log_qz - log_pz).abs()


# ---------------------------------------------------------------- unlabelled_bound


@oracle("unlabelled_bound")
def unlabelled_by_scipy(labelled, q_y):
    # the least of log Σ exp minus a KL divergence, with SciPy's relative entropy
    def bound(labelled, q_y):
        total = special.logsumexp(labelled, axis=1, keepdims=True)
        return (
            total[:, 0]
            - (special.rel_entr(q_y, 1.0) - q_y * (labelled - total)).sum(1)
            + (q_y.sum(1) - 1) * total[:, 0]
        )

    return Outside.apply(bound, labelled, q_y)


@oracle("unlabelled_bound")
def unlabelled_by_entropy(labelled, q_y):
    # SciPy's entropy normalises, so its slope is another one off the simplex: values only
    def bound(labelled, q_y):
        total = q_y.sum(1)
        entropy = total * stats.entropy(q_y, axis=1) - special.xlogy(total, total)
        return (q_y * labelled).sum(1) + entropy

    return Outside.apply(bound, labelled, q_y)


@right("unlabelled_bound")
def unlabelled_by_xlogy(labelled, q_y):
    return (q_y * labelled).sum(-1) - torch.special.xlogy(q_y, q_y).sum(-1)


@right("unlabelled_bound")
def unlabelled_loops(labelled, q_y):
    rows = []
    for bounds, q in zip(labelled, q_y, strict=True):
        total = 0
        for b, p in zip(bounds, q, strict=True):
            total = total + p * b
            if p > 0:
                total = total - p * p.log()
        rows.append(total)
    return torch.stack(rows)


@right("unlabelled_bound")
def unlabelled_by_einsum(labelled, q_y):
    return torch.einsum("bc,bc->b", q_y, labelled) + torch.special.entr(q_y).sum(1)


@right("unlabelled_bound")
def unlabelled_by_where(labelled, q_y):
    safe = torch.where(q_y > 0, q_y, torch.ones_like(q_y))
    return (q_y * (labelled - safe.log())).sum(1)


@wrong("unlabelled_bound", "the expected bound alone")
def unlabelled_without_entropy(labelled, q_y):
    return (q_y * labelled).sum(1)


@wrong("unlabelled_bound", "the right one, the entropy with the wrong sign")
def unlabelled_entropy_subtracted(labelled, q_y):
    return (q_y * labelled).sum(1) - torch.special.entr(q_y).sum(1)


@wrong("unlabelled_bound", "the right one with the other sign")
def unlabelled_cost(labelled, q_y):
    return -(q_y * labelled + torch.special.entr(q_y)).sum(1)


@wrong("unlabelled_bound", "the expected bound with the wrong sign", "`labelled` is handed in with the other sign")
def unlabelled_of_costs(labelled, q_y):
    return (torch.special.entr(q_y) - q_y * labelled).sum(1)


@wrong("unlabelled_bound", "the entropy alone")
def unlabelled_entropy_alone(labelled, q_y):
    return torch.special.entr(q_y).sum(1)


@wrong("unlabelled_bound", "the classes are weighed alike")
def unlabelled_mean_over_classes(labelled, q_y):
    return labelled.mean(1) + torch.special.entr(q_y).sum(1)


@wrong("unlabelled_bound", "log Σ exp of the bounds is taken")
def unlabelled_logsumexp(labelled, q_y):
    return labelled.logsumexp(1)


@wrong("unlabelled_bound", "the bound of the most probable class alone")
def unlabelled_most_probable(labelled, q_y):
    return labelled.gather(1, q_y.argmax(1, keepdim=True)).squeeze(1)


@wrong("unlabelled_bound", "not yet summed over C")
def unlabelled_not_summed(labelled, q_y):
    return q_y * labelled + torch.special.entr(q_y)


@wrong("unlabelled_bound", "summed over B as well")
def unlabelled_summed(labelled, q_y):
    return (q_y * labelled + torch.special.entr(q_y)).sum()


@wrong("unlabelled_bound", "averaged over B as well")
def unlabelled_averaged(labelled, q_y):
    return (q_y * labelled + torch.special.entr(q_y)).sum(1).mean()


@wrong("unlabelled_bound", "divided by C, as when a mean over C is taken")
def unlabelled_mean_not_sum(labelled, q_y):
    return (q_y * labelled + torch.special.entr(q_y)).mean(1)


@wrong("unlabelled_bound", "the right in the total", "the sum runs over the wrong axis", "right in the total")
def unlabelled_wrong_axis(labelled, q_y):
    return (q_y * labelled + torch.special.entr(q_y)).sum(0)


@wrong("unlabelled_bound", "Ordinary numbers come out right, but not probabilities of 0 and 1")
def unlabelled_zero_log_zero(labelled, q_y):
    return (q_y * (labelled - q_y.log())).sum(1)


@wrong("unlabelled_bound", "right to a few digits only")
def unlabelled_cut_off_below(labelled, q_y):
    return (q_y * (labelled - q_y.clamp(min=1e-3).log())).sum(1)


@wrong("unlabelled_bound", "a small constant inside the logarithm")
def unlabelled_epsilon(labelled, q_y):
    return (q_y * labelled).sum(1) - (q_y * (q_y + 1e-8).log()).sum(1)


@wrong("unlabelled_bound", "the entropy is in bits")
def unlabelled_in_bits(labelled, q_y):
    return (q_y * labelled).sum(1) + torch.special.entr(q_y).sum(1) / math.log(2)


@wrong("unlabelled_bound", "softmax once more")
def unlabelled_softmax_again(labelled, q_y):
    q = q_y.softmax(1)
    return (q * labelled + torch.special.entr(q)).sum(1)


@wrong("unlabelled_bound", "log C stands in the place of the entropy")
def unlabelled_log_c(labelled, q_y):
    return (q_y * labelled).sum(1) + math.log(q_y.shape[1])


@wrong("unlabelled_bound", "No gradient reaches `q_y`")
def unlabelled_classifier_detached(labelled, q_y):
    return (q_y.detach() * labelled + torch.special.entr(q_y.detach())).sum(1)


@wrong("unlabelled_bound", "The slope with respect to `q_y` is wrong", "the slope", "`q_y`")
def unlabelled_entropy_detached(labelled, q_y):
    return (q_y * labelled + torch.special.entr(q_y.detach())).sum(1)


@wrong("unlabelled_bound", "`q_y` itself is changed")
def unlabelled_in_place(labelled, q_y):
    return (q_y.mul_(labelled - q_y.clamp(min=1e-30).log())).sum(1)


# ---------------------------------------------------------------- m2_loss


@oracle("m2_loss")
def loss_by_numpy(labelled, unlabelled, log_qy, alpha):
    def loss(labelled, unlabelled, log_qy):
        return -np.concatenate([labelled, unlabelled]).sum() - float(alpha) * np.average(log_qy)

    return Outside.apply(loss, labelled, unlabelled, log_qy)


@right("m2_loss")
def loss_by_cat(labelled, unlabelled, log_qy, alpha):
    return -torch.cat([labelled, unlabelled, alpha * log_qy / len(log_qy)]).sum()


@right("m2_loss")
def loss_by_nll(labelled, unlabelled, log_qy, alpha):
    classifier = F.nll_loss(log_qy.unsqueeze(1), torch.zeros(len(log_qy), dtype=torch.long))
    return alpha * classifier - labelled.sum() - unlabelled.sum()


@right("m2_loss")
def loss_loops(labelled, unlabelled, log_qy, alpha):
    total = 0
    for bound in labelled:
        total = total - bound
    for bound in unlabelled:
        total = total - bound
    for log in log_qy:
        total = total - alpha * log / log_qy.shape[0]
    return total


@wrong("m2_loss", "all is averaged")
def loss_all_means(labelled, unlabelled, log_qy, alpha):
    return -labelled.mean() - unlabelled.mean() - alpha * log_qy.mean()


@wrong("m2_loss", "the logs of the classifier are summed, not averaged")
def loss_classifier_summed(labelled, unlabelled, log_qy, alpha):
    return -(labelled.sum() + unlabelled.sum()) - alpha * log_qy.sum()


@wrong("m2_loss", "the right one with the other sign")
def loss_goes_up(labelled, unlabelled, log_qy, alpha):
    return labelled.sum() + unlabelled.sum() + alpha * log_qy.mean()


@wrong("m2_loss", "the term with α with the wrong sign", "with the other sign")
def loss_alpha_sign(labelled, unlabelled, log_qy, alpha):
    return -(labelled.sum() + unlabelled.sum()) + alpha * log_qy.mean()


@wrong("m2_loss", "the term with α left out", "does not depend on")
def loss_without_alpha(labelled, unlabelled, log_qy, alpha):
    return -(labelled.sum() + unlabelled.sum())


@wrong("m2_loss", "the unlabelled bounds left out", "does not depend on `unlabelled`")
def loss_supervised(labelled, unlabelled, log_qy, alpha):
    return -labelled.sum() - alpha * log_qy.mean()


@wrong("m2_loss", "the labelled bounds left out", "does not depend on `labelled`")
def loss_unlabelled_alone(labelled, unlabelled, log_qy, alpha):
    return -unlabelled.sum() - alpha * log_qy.mean()


@wrong("m2_loss", "α multiplies the bounds as well")
def loss_alpha_on_all(labelled, unlabelled, log_qy, alpha):
    return -alpha * (labelled.sum() + unlabelled.sum() + log_qy.mean())


@wrong("m2_loss", "α multiplies the bounds, not")
def loss_alpha_on_bounds(labelled, unlabelled, log_qy, alpha):
    return -alpha * (labelled.sum() + unlabelled.sum()) - log_qy.mean()


@wrong("m2_loss", "the bounds of all examples are averaged together")
def loss_bounds_averaged(labelled, unlabelled, log_qy, alpha):
    return -torch.cat([labelled, unlabelled]).mean() - alpha * log_qy.mean()


@wrong("m2_loss", "the logs are divided by the number of all examples")
def loss_divided_by_all(labelled, unlabelled, log_qy, alpha):
    mean = log_qy.sum() / (len(labelled) + len(unlabelled))
    return -(labelled.sum() + unlabelled.sum()) - alpha * mean


@wrong("m2_loss", "the unlabelled bounds with the wrong sign", "`unlabelled` is handed in with the other sign")
def loss_unlabelled_sign(labelled, unlabelled, log_qy, alpha):
    return -labelled.sum() + unlabelled.sum() - alpha * log_qy.mean()


@wrong("m2_loss", "does not depend on `alpha`", "`alpha`")
def loss_alpha_one(labelled, unlabelled, log_qy, alpha):
    return -(labelled.sum() + unlabelled.sum()) - log_qy.mean()


@wrong("m2_loss", "the right numbers in another shape")
def loss_shape(labelled, unlabelled, log_qy, alpha):
    return (-(labelled.sum() + unlabelled.sum()) - alpha * log_qy.mean()).view(1)


@wrong("m2_loss", "cut off from its arguments")
def loss_item(labelled, unlabelled, log_qy, alpha):
    return -(labelled.sum() + unlabelled.sum()).item() - alpha * log_qy.mean().item()


@wrong("m2_loss", "No gradient reaches `unlabelled`")
def loss_unlabelled_detached(labelled, unlabelled, log_qy, alpha):
    return -(labelled.sum() + unlabelled.detach().sum()) - alpha * log_qy.mean()


@wrong("m2_loss", "`labelled` itself is changed")
def loss_in_place(labelled, unlabelled, log_qy, alpha):
    labelled -= alpha * -log_qy / len(log_qy)
    return -(labelled.sum() + unlabelled.sum())


# ---------------------------------------------------------------- what readers of the labs tried


@wrong("balanced_subset", "Several numbers stand where Python needs one")
def subset_of_a_tuple(y, per_class, generator):
    return torch.cat(
        [torch.where(y == c)[torch.randperm(int((y == c).sum()), generator=generator)[:per_class]] for c in y.unique()]
    )


@wrong("balanced_subset", "A function of PyTorch is called with arguments")
def subset_generator_by_place(y, per_class, generator):
    return torch.cat(
        [(y == c).nonzero().flatten()[torch.randperm(int((y == c).sum()), generator)[:per_class]] for c in y.unique()]
    )


@wrong("balanced_subset", "Several numbers stand where Python needs one")
def subset_tensor_of_tensors(y, per_class, generator):
    out = []
    for c in y.unique():
        out.append((y == c).nonzero().flatten()[torch.randperm(int((y == c).sum()), generator=generator)[:per_class]])
    return torch.tensor(out)


@wrong("labelled_bound", "is weighed by q")
def labelled_kl_weighed(log_px, log_py, log_pz, log_qz):
    return log_px + log_py - log_qz.exp() * (log_qz - log_pz)


@wrong("labelled_bound", "p(y) is added, not its logarithm")
def labelled_adds_a_probability(log_px, log_py, log_pz, log_qz):
    return log_px + log_py.exp() + log_pz - log_qz


@wrong("labelled_bound", "the probabilities are multiplied before")
def labelled_of_probabilities(log_px, log_py, log_pz, log_qz):
    return torch.log(log_px.exp() * log_py.exp() * log_pz.exp() / log_qz.exp())


@wrong("unlabelled_bound", "the entropy of the whole batch")
def unlabelled_entropy_of_the_batch(labelled, q_y):
    return (q_y * labelled).sum(1) + torch.special.entr(q_y).sum()


@wrong("unlabelled_bound", "every q meets the bounds")
def unlabelled_every_bound(labelled, q_y):
    return q_y @ labelled.T + torch.special.entr(q_y).sum(1)


@wrong("unlabelled_bound", "are read as logits")
def unlabelled_q_as_logits(labelled, q_y):
    return (q_y * labelled).sum(1) + torch.distributions.Categorical(logits=q_y).entropy()


@wrong("unlabelled_bound", "are not weighed by q")
def unlabelled_unweighed_logs(labelled, q_y):
    return (q_y * labelled).sum(1) - q_y.log().sum(1)


@wrong("unlabelled_bound", "the log of the mean of the exponentials")
def unlabelled_log_of_a_mean(labelled, q_y):
    return (q_y * labelled.exp()).sum(1).log()


@wrong("unlabelled_bound", "the entropy is averaged over the classes")
def unlabelled_entropy_averaged(labelled, q_y):
    return (q_y * labelled).sum(1) + torch.special.entr(q_y).mean(1)


@wrong("m2_loss", "the labelled bounds are averaged")
def loss_labelled_averaged(labelled, unlabelled, log_qy, alpha):
    return -labelled.mean() - unlabelled.sum() - alpha * log_qy.mean()


@wrong("m2_loss", "the unlabelled bounds are averaged")
def loss_unlabelled_averaged(labelled, unlabelled, log_qy, alpha):
    return -labelled.sum() - unlabelled.mean() - alpha * log_qy.mean()


@wrong("m2_loss", "the logs are divided by the number of unlabelled")
def loss_logs_by_the_unlabelled(labelled, unlabelled, log_qy, alpha):
    return -labelled.sum() - unlabelled.sum() - alpha * log_qy.sum() / len(unlabelled)


@wrong("m2_loss", "probabilities are averaged")
def loss_of_probabilities(labelled, unlabelled, log_qy, alpha):
    return -labelled.sum() - unlabelled.sum() - alpha * log_qy.exp().mean()


@wrong("m2_loss", "multiplied by the number of unlabelled")
def loss_logs_times_the_unlabelled(labelled, unlabelled, log_qy, alpha):
    return -torch.cat([labelled, unlabelled]).sum() - alpha * log_qy.mean() * len(unlabelled)
