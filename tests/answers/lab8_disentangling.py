"""Answers to lab 8: usual mistakes, right answers written otherwise, and second routes to the reference numbers."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.distributions import Normal

from tests.lab_bank import oracle, right, wrong

LOG_2PI = math.log(2 * math.pi)


# mutual_information ----------------------------------------------------------------------------------------------


def _xlogy(p, q):
    """p log q with 0 log 0 = 0, its slope too."""
    return torch.where(p > 0, p * torch.log(torch.where(p > 0, q, 1.0)), 0.0).sum()


def _shares(table):
    p = table / table.sum()
    return p, p.sum(1, keepdim=True), p.sum(0, keepdim=True)


@wrong("mutual_information", "but not cells without a count")
def information_with_nan(table):
    p, rows, columns = _shares(table)
    return (p * torch.log(p / (rows * columns))).sum()


@wrong("mutual_information", "base 2")
def information_in_bits(table):
    p, rows, columns = _shares(table)
    return _xlogy(p, p / (rows * columns)) / math.log(2)


@wrong("mutual_information", "base 10")
def information_to_base_10(table):
    p, rows, columns = _shares(table)
    return _xlogy(p, p / (rows * columns)) / math.log(10)


@wrong("mutual_information", "not divided by their sum")
def information_of_counts(table):
    return _xlogy(table, table / (table.sum(1, keepdim=True) * table.sum(0, keepdim=True)))


@wrong("mutual_information", "the shares stand in front")
def information_with_shares_in_front_only(table):
    p, *_ = _shares(table)
    return _xlogy(p, table / (table.sum(1, keepdim=True) * table.sum(0, keepdim=True)))


@wrong("mutual_information", "with the other sign")
def information_negative(table):
    p, rows, columns = _shares(table)
    return -_xlogy(p, p / (rows * columns))


@wrong("mutual_information", "the entropy of the table")
def entropy_of_the_table(table):
    p, *_ = _shares(table)
    return -_xlogy(p, p)


@wrong("mutual_information", "the entropy of the rows")
def entropy_of_the_rows(table):
    _, rows, _ = _shares(table)
    return -_xlogy(rows, rows)


@wrong("mutual_information", "columns' entropy once the row is known")
def conditional_entropy(table):
    p, rows, _ = _shares(table)
    return -_xlogy(p, p / rows)


@wrong("mutual_information", "by the rows' alone")
def information_divided_by_the_rows_alone(table):
    p, rows, _ = _shares(table)
    return _xlogy(p, p / rows)


@wrong("mutual_information", "right in the total: a sum over several axes is missing")
def information_not_summed(table):
    p, rows, columns = _shares(table)
    return torch.where(p > 0, p * torch.log(torch.where(p > 0, p / (rows * columns), 1.0)), 0.0)


@wrong("mutual_information", "the mean over the cells")
def information_as_a_mean(table):
    p, rows, columns = _shares(table)
    return _xlogy(p, p / (rows * columns)) / table.numel()


@wrong("mutual_information", "cut off from its arguments")
def information_as_a_number(table):
    p, rows, columns = _shares(table)
    return _xlogy(p, p / (rows * columns)).item()


@wrong("mutual_information", "but not cells without a count")
def information_with_a_small_constant(table):
    p, rows, columns = _shares(table)
    return (p * torch.log((p + 1e-8) / (rows * columns + 1e-8))).sum()


@wrong("mutual_information", "`table` itself is changed")
def information_in_place(table):
    table /= table.sum()
    return _xlogy(table, table / (table.sum(1, keepdim=True) * table.sum(0, keepdim=True)))


@wrong("mutual_information", "is a `return` missing")
def information_forgotten(table):
    p, rows, columns = _shares(table)
    _xlogy(p, p / (rows * columns))


@wrong("mutual_information", "cut off from its arguments")
def information_detached(table):
    p, rows, columns = _shares(table.detach())
    return _xlogy(p, p / (rows * columns))


@right("mutual_information")
def information_by_entropies(table):
    p, rows, columns = _shares(table)
    return _xlogy(p, p) - _xlogy(rows, rows) - _xlogy(columns, columns)


@right("mutual_information")
def information_by_xlogy(table):
    p, rows, columns = _shares(table)
    return (torch.xlogy(p, p) - torch.xlogy(p, rows) - torch.xlogy(p, columns)).sum()


@right("mutual_information")
def information_cell_by_cell(table):
    total, answer = table.sum(), 0.0
    for i, row in enumerate(table):
        for j, count in enumerate(row):
            if count > 0:
                p = count / total
                answer = answer + p * torch.log(p * total * total / (table[i].sum() * table[:, j].sum()))
    return answer


@oracle("mutual_information")
def information_as_a_kl(table):
    """KL of the joint to the product of its marginals, by torch.distributions, empty cells left out."""
    counts = table.double() if table.is_floating_point() else table.float()
    joint = torch.distributions.Categorical(probs=(counts + 1e-300 * (counts == 0)).flatten())
    rows, columns = counts.sum(1), counts.sum(0)
    product = torch.distributions.Categorical(probs=(torch.outer(rows, columns) + 1e-300).flatten())
    return torch.distributions.kl_divergence(joint, product).to(
        table.dtype if table.is_floating_point() else counts.dtype
    )


# pairwise_log_density --------------------------------------------------------------------------------------------


def _pairs(z, mu, logvar):
    return Normal(mu[None], torch.exp(0.5 * logvar)[None]).log_prob(z[:, None])


@wrong("pairwise_log_density", "axes in another order")
def pairs_transposed(z, mu, logvar):
    return _pairs(z, mu, logvar).transpose(0, 1)


@wrong("pairwise_log_density", "summed over D as well")
def pairs_summed(z, mu, logvar):
    return _pairs(z, mu, logvar).sum(-1)


@wrong("pairwise_log_density", "log σ")
def pairs_by_log_sigma(z, mu, logvar):
    return Normal(mu[None], torch.exp(logvar)[None]).log_prob(z[:, None])


@wrong("pairwise_log_density", "taken under its own posterior.")
def pairs_own_only(z, mu, logvar):
    own = Normal(mu, torch.exp(0.5 * logvar)).log_prob(z)
    return own[:, None].expand(-1, len(z), -1)


@wrong("pairwise_log_density", "under its own posterior alone")
def pairs_not_crossed(z, mu, logvar):
    return Normal(mu, torch.exp(0.5 * logvar)).log_prob(z)


@wrong("pairwise_log_density", "log 2π is left out")
def pairs_without_2pi(z, mu, logvar):
    return _pairs(z, mu, logvar) + 0.5 * LOG_2PI


@wrong("pairwise_log_density", "log σ² is left out")
def pairs_without_logvar(z, mu, logvar):
    return _pairs(z, mu, logvar) + 0.5 * logvar[None]


@wrong("pairwise_log_density", "the factor ½ of log σ²")
def pairs_half_of_the_squares_only(z, mu, logvar):
    return -0.5 * (z[:, None] - mu[None]) ** 2 * torch.exp(-logvar)[None] - logvar[None] - LOG_2PI


@wrong("pairwise_log_density", "twice the right one")
def pairs_without_half(z, mu, logvar):
    return 2 * _pairs(z, mu, logvar)


@wrong("pairwise_log_density", "with the other sign")
def pairs_negative(z, mu, logvar):
    return -_pairs(z, mu, logvar)


@wrong("pairwise_log_density", "not its logarithm")
def pairs_as_densities(z, mu, logvar):
    return _pairs(z, mu, logvar).exp()


@wrong("pairwise_log_density", "but not draws far from the means")
def pairs_by_the_density(z, mu, logvar):
    squares = (z[:, None] - mu[None]) ** 2 * torch.exp(-logvar)[None]
    return torch.log(torch.exp(-0.5 * squares) / torch.sqrt(2 * math.pi * torch.exp(logvar))[None])


@wrong("pairwise_log_density", "`z` and `mu` change places")
def pairs_with_z_and_mu_swapped(z, mu, logvar):
    return Normal(z[None], torch.exp(0.5 * logvar)[None]).log_prob(mu[:, None])


@wrong("pairwise_log_density", "the draw's own posterior")
def pairs_by_the_draws_variance(z, mu, logvar):
    return Normal(mu[None], torch.exp(0.5 * logvar)[:, None]).log_prob(z[:, None])


@wrong("pairwise_log_density", "No gradient reaches `z`")
def pairs_detached(z, mu, logvar):
    return _pairs(z.detach(), mu, logvar)


@wrong("pairwise_log_density", "`z` itself is changed")
def pairs_in_place(z, mu, logvar):
    z -= 0.0 * z + 1e-3
    return _pairs(z + 1e-3, mu, logvar)


@right("pairwise_log_density")
def pairs_by_torch_distributions(z, mu, logvar):
    return _pairs(z, mu, logvar)


@right("pairwise_log_density")
def pairs_by_loops(z, mu, logvar):
    rows = [[-0.5 * ((a - m) ** 2 / v.exp() + v + LOG_2PI) for m, v in zip(mu, logvar, strict=True)] for a in z]
    return torch.stack([torch.stack(row) for row in rows])


@right("pairwise_log_density")
def pairs_by_unsqueeze_and_gaussian_nll(z, mu, logvar):
    shape = (len(z), len(z), z.shape[1])
    spread = logvar.unsqueeze(0).expand(shape)
    loss = nn.functional.gaussian_nll_loss
    far = loss(
        mu.unsqueeze(0).expand(shape),
        z.unsqueeze(1).expand(shape),
        spread.exp(),
        full=True,
        eps=1e-30,
        reduction="none",
    )
    return -far


@oracle("pairwise_log_density")
def pairs_by_a_multivariate_normal(z, mu, logvar):
    columns = []
    for d in range(z.shape[1]):
        cov = logvar[:, d].exp()[:, None, None]
        q = torch.distributions.MultivariateNormal(mu[:, d, None], cov)
        columns.append(q.log_prob(z[:, None, d, None]))
    return torch.stack(columns, -1)


# kl_decomposition ------------------------------------------------------------------------------------------------


def _logs(z, mu, logvar, n_data, share=None):
    """Own, joint, marginal and prior log densities, each (B,)."""
    pairs, share = _pairs(z, mu, logvar), math.log(len(z) * n_data) if share is None else share
    joint = pairs.sum(2).logsumexp(1) - share
    marginals = (pairs.logsumexp(1) - share).sum(1)
    return pairs.diagonal().sum(0), joint, marginals, Normal(0.0, 1.0).log_prob(z).sum(1)


def _parts(own, joint, marginals, prior):
    return (own - joint).mean(), (joint - marginals).mean(), (marginals - prior).mean()


@wrong("kl_decomposition", "the weight is 1/B")
def parts_with_the_batch_alone(z, mu, logvar, n_data):
    return _parts(*_logs(z, mu, logvar, n_data, math.log(len(z))))


@wrong("kl_decomposition", "the weight is 1/N")
def parts_with_the_data_alone(z, mu, logvar, n_data):
    return _parts(*_logs(z, mu, logvar, n_data, math.log(n_data)))


@wrong("kl_decomposition", "no weight is there")
def parts_without_weight(z, mu, logvar, n_data):
    return _parts(*_logs(z, mu, logvar, n_data, 0.0))


@wrong("kl_decomposition", "taken off once")
def parts_with_one_weight_for_all_dimensions(z, mu, logvar, n_data):
    own, joint, _, prior = _logs(z, mu, logvar, n_data)
    marginals = _pairs(z, mu, logvar).logsumexp(1).sum(1) - math.log(len(z) * n_data)
    return _parts(own, joint, marginals, prior)


@wrong("kl_decomposition", "`TC`: This is 0 throughout")
def parts_with_the_sum_before_the_logsumexp(z, mu, logvar, n_data):
    own, joint, _, prior = _logs(z, mu, logvar, n_data)
    return _parts(own, joint, joint, prior)


@wrong("kl_decomposition", "the sums run over the draws i")
def parts_over_the_draws(z, mu, logvar, n_data):
    pairs, share = _pairs(z, mu, logvar), math.log(len(z) * n_data)
    joint, marginals = pairs.sum(2).logsumexp(0) - share, (pairs.logsumexp(0) - share).sum(1)
    return _parts(pairs.diagonal().sum(0), joint, marginals, Normal(0.0, 1.0).log_prob(z).sum(1))


@wrong("kl_decomposition", "another order")
def parts_in_another_order(z, mu, logvar, n_data):
    information, tc, rest = _parts(*_logs(z, mu, logvar, n_data))
    return tc, information, rest


@wrong("kl_decomposition", "`TC`: This is the right one with the other sign")
def parts_with_tc_reversed(z, mu, logvar, n_data):
    information, tc, rest = _parts(*_logs(z, mu, logvar, n_data))
    return information, -tc, rest


@wrong("kl_decomposition", "times B")
def parts_summed_over_the_batch(z, mu, logvar, n_data):
    return tuple(len(z) * part for part in _parts(*_logs(z, mu, logvar, n_data)))


@wrong("kl_decomposition", "not yet averaged over B")
def parts_not_averaged(z, mu, logvar, n_data):
    own, joint, marginals, prior = _logs(z, mu, logvar, n_data)
    return own - joint, joint - marginals, marginals - prior


@wrong("kl_decomposition", "but not draws far from every mean")
def parts_by_densities(z, mu, logvar, n_data):
    pairs, share = _pairs(z, mu, logvar), math.log(len(z) * n_data)
    joint, marginals = pairs.sum(2).exp().sum(1).log() - share, (pairs.exp().sum(1).log() - share).sum(1)
    return _parts(pairs.diagonal().sum(0), joint, marginals, Normal(0.0, 1.0).log_prob(z).sum(1))


@wrong("kl_decomposition", "the prior's density is left out")
def parts_without_the_prior(z, mu, logvar, n_data):
    own, joint, marginals, _ = _logs(z, mu, logvar, n_data)
    return _parts(own, joint, marginals, 0.0)


@wrong("kl_decomposition", "the KL in closed form")
def parts_with_the_analytic_kl(z, mu, logvar, n_data):
    information, tc, _ = _parts(*_logs(z, mu, logvar, n_data))
    return information, tc, 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(1).mean()


@wrong("kl_decomposition", "The answer should be 3 values")
def parts_as_their_sum(z, mu, logvar, n_data):
    return sum(_parts(*_logs(z, mu, logvar, n_data)))


@wrong("kl_decomposition", "No gradient reaches `z`")
def parts_detached(z, mu, logvar, n_data):
    return _parts(*_logs(z.detach(), mu, logvar, n_data))


@right("kl_decomposition")
def parts_by_means_first(z, mu, logvar, n_data):
    own, joint, marginals, prior = (part.mean() for part in _logs(z, mu, logvar, n_data))
    return own - joint, joint - marginals, marginals - prior


@right("kl_decomposition")
def parts_with_the_weight_inside(z, mu, logvar, n_data):
    pairs = _pairs(z, mu, logvar)
    share = torch.full((len(z),), -math.log(len(z) * n_data), dtype=z.dtype)
    joint = (pairs.sum(2) + share).logsumexp(1)
    marginals = sum((pairs[:, :, d] + share).logsumexp(1) for d in range(z.shape[1]))
    return _parts(pairs.diagonal().sum(0), joint, marginals, Normal(0.0, 1.0).log_prob(z).sum(1))


@right("kl_decomposition")
def parts_as_a_list(z, mu, logvar, n_data):
    return list(_parts(*_logs(z, mu, logvar, n_data)))


@oracle("kl_decomposition")
def parts_by_a_mixture(z, mu, logvar, n_data):
    """q(z) as a mixture of torch.distributions, in equal shares: its density times 1/N."""
    mixture = torch.distributions.MixtureSameFamily
    shares = torch.distributions.Categorical(torch.ones(len(z), dtype=z.dtype))
    whole = mixture(shares, torch.distributions.Independent(Normal(mu, (logvar / 2).exp()), 1))
    one = [mixture(shares, Normal(mu[:, d], (logvar[:, d] / 2).exp())) for d in range(z.shape[1])]
    joint = whole.log_prob(z) - math.log(n_data)
    marginals = sum(q.log_prob(z[:, d]) - math.log(n_data) for d, q in enumerate(one))
    own = Normal(mu, (logvar / 2).exp()).log_prob(z).sum(1)
    return _parts(own, joint, marginals, Normal(0.0, 1.0).log_prob(z).sum(1))


# tc_vae_loss -----------------------------------------------------------------------------------------------------


@wrong("tc_vae_loss", "on the whole KL")
def loss_of_a_beta_vae(reconstruction, mi, tc, dwkl, beta):
    return reconstruction + beta * (mi + tc + dwkl)


@wrong("tc_vae_loss", "on the information")
def loss_with_beta_on_the_information(reconstruction, mi, tc, dwkl, beta):
    return reconstruction + beta * mi + tc + dwkl


@wrong("tc_vae_loss", "on the dimension-wise KL")
def loss_with_beta_on_the_rest(reconstruction, mi, tc, dwkl, beta):
    return reconstruction + mi + tc + beta * dwkl


@wrong("tc_vae_loss", "on the reconstruction")
def loss_with_beta_on_the_reconstruction(reconstruction, mi, tc, dwkl, beta):
    return beta * reconstruction + mi + tc + dwkl


@wrong("tc_vae_loss", "a loss that has TC already")
def loss_with_beta_added(reconstruction, mi, tc, dwkl, beta):
    return reconstruction + mi + tc + dwkl + beta * tc


@wrong("tc_vae_loss", "β is left out")
def loss_without_beta(reconstruction, mi, tc, dwkl, beta):
    return reconstruction + mi + tc + dwkl


@wrong("tc_vae_loss", "the information is left out")
def loss_without_information(reconstruction, mi, tc, dwkl, beta):
    return reconstruction + beta * tc + dwkl


@wrong("tc_vae_loss", "the dimension-wise KL is left out")
def loss_without_the_rest(reconstruction, mi, tc, dwkl, beta):
    return reconstruction + mi + beta * tc


@wrong("tc_vae_loss", "is subtracted")
def loss_with_tc_subtracted(reconstruction, mi, tc, dwkl, beta):
    return reconstruction + mi - beta * tc + dwkl


@wrong("tc_vae_loss", "with the other sign")
def loss_as_a_bound(reconstruction, mi, tc, dwkl, beta):
    return -(reconstruction + mi + beta * tc + dwkl)


@wrong("tc_vae_loss", "cut off from its arguments")
def loss_as_a_number(reconstruction, mi, tc, dwkl, beta):
    return (reconstruction + mi + beta * tc + dwkl).item()


@wrong("tc_vae_loss", "No gradient reaches `tc`")
def loss_with_tc_detached(reconstruction, mi, tc, dwkl, beta):
    return reconstruction + mi + beta * tc.detach() + dwkl


@wrong("tc_vae_loss", "the right numbers in another shape")
def loss_with_an_axis(reconstruction, mi, tc, dwkl, beta):
    return (reconstruction + mi + beta * tc + dwkl)[None]


@wrong("tc_vae_loss", "`reconstruction` itself is changed")
def loss_in_place(reconstruction, mi, tc, dwkl, beta):
    total = reconstruction.detach()
    total += (mi + beta * tc + dwkl).detach()
    return total + 0 * (reconstruction + mi + tc + dwkl)


@right("tc_vae_loss")
def loss_by_beta_minus_one(reconstruction, mi, tc, dwkl, beta):
    return reconstruction + (mi + tc + dwkl) + (beta - 1) * tc


@right("tc_vae_loss")
def loss_by_a_stack(reconstruction, mi, tc, dwkl, beta):
    return torch.stack([reconstruction, mi, beta * tc, dwkl]).sum()


@right("tc_vae_loss")
def loss_by_a_dot_product(reconstruction, mi, tc, dwkl, beta):
    weights = torch.tensor([1.0, 1.0, beta, 1.0], dtype=tc.dtype)
    return torch.stack([reconstruction, mi, tc, dwkl]) @ weights


@oracle("tc_vae_loss")
def loss_by_addcmul(reconstruction, mi, tc, dwkl, beta):
    return torch.add(torch.add(torch.add(reconstruction, mi), dwkl), tc, alpha=beta)


@wrong("tc_vae_loss", "a negative total correlation is cut off at 0")
def loss_cut_off_at_0(reconstruction, mi, tc, dwkl, beta):
    return reconstruction + mi + beta * tc.clamp(min=0) + dwkl


@wrong("tc_vae_loss", "the weight of the total correlation is β − 1")
def loss_of_the_rest_of_beta(reconstruction, mi, tc, dwkl, beta):
    return reconstruction + mi + (beta - 1) * tc + dwkl


# mutual_information_gap ------------------------------------------------------------------------------------------


@wrong("mutual_information_gap", "the first two dimensions")
def gap_of_the_first_two(mi, entropy):
    return ((mi[0] - mi[1]) / entropy).mean()


@wrong("mutual_information_gap", "the best and the worst")
def gap_to_the_worst(mi, entropy):
    return ((mi.amax(0) - mi.amin(0)) / entropy).mean()


@wrong("mutual_information_gap", "no entropy divides")
def gap_without_entropy(mi, entropy):
    first, second = mi.topk(2, 0).values
    return (first - second).mean()


@wrong("mutual_information_gap", "the largest alone")
def gap_of_the_largest(mi, entropy):
    return (mi.amax(0) / entropy).mean()


@wrong("mutual_information_gap", "the sums are divided")
def gap_of_sums(mi, entropy):
    first, second = mi.topk(2, 0).values
    return (first - second).sum() / entropy.sum()


@wrong("mutual_information_gap", "times F")
def gap_summed(mi, entropy):
    first, second = mi.topk(2, 0).values
    return ((first - second) / entropy).sum()


@wrong("mutual_information_gap", "not yet averaged over F")
def gap_of_each_factor(mi, entropy):
    first, second = mi.topk(2, 0).values
    return (first - second) / entropy


@wrong("mutual_information_gap", "with the other sign")
def gap_the_other_way(mi, entropy):
    ordered = mi.sort(0).values
    return ((ordered[-2] - ordered[-1]) / entropy).mean()


@wrong("mutual_information_gap", "`mi` is handed in with the other sign")
def gap_of_the_smallest_two(mi, entropy):
    ordered = mi.sort(0).values
    return ((ordered[1] - ordered[0]) / entropy).mean()


@wrong("mutual_information_gap", "Shapes do not fit")
def gap_along_the_factors(mi, entropy):
    first, second = mi.topk(2, 1).values.T
    return ((first - second) / entropy).mean()


@wrong("mutual_information_gap", "but not two dimensions that know equally much")
def gap_to_the_next_value(mi, entropy):
    first = mi.amax(0)
    second = torch.where(mi == first, -torch.inf, mi).amax(0)
    return ((first - second) / entropy).mean()


@wrong("mutual_information_gap", "floating point")
def gap_of_positions(mi, entropy):
    return mi.argmax(0).sum()


@wrong("mutual_information_gap", "No gradient reaches `entropy`")
def gap_with_entropy_detached(mi, entropy):
    first, second = mi.topk(2, 0).values
    return ((first - second) / entropy.detach()).mean()


@wrong("mutual_information_gap", "`mi` itself is changed")
def gap_in_place(mi, entropy):
    mi /= entropy
    first, second = mi.topk(2, 0).values
    return (first - second).mean()


@right("mutual_information_gap")
def gap_by_topk(mi, entropy):
    first, second = mi.topk(2, dim=0).values
    return ((first - second) / entropy).mean()


@right("mutual_information_gap")
def gap_by_shares(mi, entropy):
    ordered = (mi / entropy).sort(dim=0).values
    return (ordered[-1] - ordered[-2]).sum() / mi.shape[1]


@right("mutual_information_gap")
def gap_by_loops(mi, entropy):
    gaps = []
    for column, h in zip(mi.T, entropy, strict=True):
        best = int(column.argmax())
        others = torch.cat([column[:best], column[best + 1 :]])
        gaps.append((column[best] - others.max()) / h)
    return torch.stack(gaps).mean()


@oracle("mutual_information_gap")
def gap_by_kthvalue(mi, entropy):
    d = len(mi)
    return ((mi.kthvalue(d, 0).values - mi.kthvalue(d - 1, 0).values) / entropy).sum() / len(entropy)


# added: what a reader of the checks tried ---------------------------------------------------------------------------


@wrong("mutual_information", "The answer for a table of whole numbers is float64")
def information_of_whole_numbers_in_double(table):
    table = table if table.is_floating_point() else table.double()
    p, rows, columns = _shares(table)
    return _xlogy(p, p / (rows * columns))


@wrong("pairwise_log_density", "The shape is", "the right numbers in another shape")
def density_squeezed(z, mu, logvar):
    return (-0.5 * ((z[:, None] - mu) ** 2 / logvar.exp() + logvar + LOG_2PI)).squeeze()


@wrong("tc_vae_loss", "a negative dimension-wise KL is cut off at 0")
def loss_without_negative_kl(reconstruction, mi, tc, dwkl, beta):
    return reconstruction + mi + beta * tc + dwkl.clamp(min=0)


@wrong("mutual_information_gap", "divided by D, not by F")
def gap_divided_by_dimensions(mi, entropy):
    first, second = mi.sort(dim=0, descending=True).values[:2]
    return ((first - second) / entropy).sum() / len(mi)


@wrong("mutual_information_gap", "the same two dimensions")
def gap_of_the_same_two(mi, entropy):
    first, second = mi[mi.sum(1).topk(2).indices]
    return ((first - second) / entropy).mean()


@wrong("mutual_information", "the entropy of the columns is returned")
def information_as_the_columns_entropy(table):
    _, _, columns = _shares(table)
    return -_xlogy(columns, columns)


@wrong("mutual_information", "the KL is reversed")
def information_reversed(table):
    p, rows, columns = _shares(table)
    apart = rows * columns
    return torch.where(p > 0, apart * torch.log(apart / torch.where(p > 0, p, 1.0)).nan_to_num(), 0.0).sum()


@wrong("pairwise_log_density", "σ stands where σ² should")
def density_with_sigma(z, mu, logvar):
    return -0.5 * ((z[:, None] - mu) ** 2 / (logvar / 2).exp() + logvar + LOG_2PI)


@wrong("pairwise_log_density", "the ½ of the square is missing")
def density_with_whole_squares(z, mu, logvar):
    return -((z[:, None] - mu) ** 2) / logvar.exp() - 0.5 * (logvar + LOG_2PI)


def _parts_by_hand(z, mu, logvar, share, own=True):
    pairs = -0.5 * ((z[:, None] - mu) ** 2 / logvar.exp() + logvar + LOG_2PI)
    known, others = pairs.diagonal().sum(0), pairs
    if not own:
        others = pairs.masked_fill(torch.eye(len(z), dtype=torch.bool)[..., None], -math.inf)
    joint = others.sum(2).logsumexp(1) + share
    marginals = (others.logsumexp(1) + share).sum(1)
    prior = -0.5 * (z**2 + LOG_2PI).sum(1)
    return (known - joint).mean(), (joint - marginals).mean(), (marginals - prior).mean()


@wrong("kl_decomposition", "log(BN) is added, not taken off")
def parts_with_the_weight_added(z, mu, logvar, n_data):
    return _parts_by_hand(z, mu, logvar, math.log(len(z) * n_data))


@wrong("kl_decomposition", "the own density is left out of the sum")
def parts_without_the_own(z, mu, logvar, n_data):
    return _parts_by_hand(z, mu, logvar, -math.log(len(z) * n_data), own=False)


# ---------------------------------------------------------------- what readers of the labs tried


@wrong("mutual_information", "the shares of the rows are taken twice")
def information_of_rows_twice(table):
    p = table / table.sum()
    a = p.sum(1, keepdim=True) * p.sum(1, keepdim=True)
    m = p > 0
    return (p * torch.where(m, p / a, 1.0).log()).sum()


@wrong("mutual_information", "each row is divided by its own sum")
def information_by_rows(table):
    p = table / table.sum(1, keepdim=True)
    a = p.sum(1, keepdim=True) * p.sum(0, keepdim=True)
    m = p > 0
    return (p[m] * (p[m] / a[m]).log()).sum()


@wrong("pairwise_log_density", "A function of PyTorch is handed a number")
def pairwise_torch_log(z, mu, logvar):
    return -0.5 * ((z[:, None] - mu[None]) ** 2 / logvar.exp()[None] + logvar[None] + torch.log(2 * math.pi))


@wrong("pairwise_log_density", "log σ² has the wrong sign")
def pairwise_minus_logvar(z, mu, logvar):
    return -0.5 * ((z[:, None] - mu[None]) ** 2 / logvar.exp()[None] - logvar[None] + math.log(2 * math.pi))


@wrong("pairwise_log_density", "is not squared")
def pairwise_without_square(z, mu, logvar):
    return -0.5 * ((z[:, None] - mu[None]) / logvar.exp()[None] + logvar[None] + math.log(2 * math.pi))


@wrong("pairwise_log_density", "the square is divided by log σ²")
def pairwise_by_logvar(z, mu, logvar):
    return -0.5 * ((z[:, None] - mu[None]) ** 2 / logvar[None] + logvar[None] + math.log(2 * math.pi))


@wrong("pairwise_log_density", "the square is multiplied by σ²")
def pairwise_times_variance(z, mu, logvar):
    return -0.5 * ((z[:, None] - mu[None]) ** 2 * logvar.exp()[None] + logvar[None] + math.log(2 * math.pi))


@wrong("kl_decomposition", "is the mean over all posteriors")
def parts_own_is_the_mean(z, mu, logvar, n_data):
    p = _pairs(z, mu, logvar)
    sh = math.log(len(z) * n_data)
    own = p.sum(2).mean(1)
    j = p.sum(2).logsumexp(1) - sh
    m = (p.logsumexp(1) - sh).sum(1)
    pr = -0.5 * (z**2 + math.log(2 * math.pi)).sum(1)
    return ((own - j).mean(), (j - m).mean(), (m - pr).mean())


@wrong("kl_decomposition", "the weight is 1/(B + N)")
def parts_weight_of_a_sum(z, mu, logvar, n_data):
    p = _pairs(z, mu, logvar)
    sh = math.log(len(z) + n_data)
    own = p.diagonal().sum(0)
    j = p.sum(2).logsumexp(1) - sh
    m = (p.logsumexp(1) - sh).sum(1)
    pr = -0.5 * (z**2 + math.log(2 * math.pi)).sum(1)
    return ((own - j).mean(), (j - m).mean(), (m - pr).mean())


@wrong("tc_vae_loss", "the parts of the KL are taken away")
def tc_loss_minus_the_parts(reconstruction, mi, tc, dwkl, beta):
    return reconstruction - mi - beta * tc - dwkl


@wrong("mutual_information_gap", "the values and the places that `topk` returns")
def gap_of_the_pair(mi, entropy):
    t = mi.topk(2, dim=0)
    return ((t[0] - t[1]) / entropy).mean()


@wrong("mutual_information_gap", "all values and all places")
def gap_of_all_places(mi, entropy):
    t = mi.sort(dim=0, descending=True)
    return ((t[0] - t[1]) / entropy).mean()


@wrong("mutual_information_gap", "A tuple or a list is used")
def gap_of_sorts(mi, entropy):
    t = torch.sort(mi, 0, descending=True)
    return ((t - t) / entropy).mean()


@wrong("mutual_information_gap", "the smallest two are taken")
def gap_rising(mi, entropy):
    t = mi.sort(dim=0).values
    return ((t[0] - t[1]) / entropy).mean()


@wrong("mutual_information_gap", "each dimension's row is put in order")
def gap_of_sorted_rows(mi, entropy):
    t = mi.sort(dim=-1, descending=True).values
    return ((t[0] - t[1]) / entropy).mean()


@wrong("mutual_information_gap", "the places of the two best")
def gap_of_places(mi, entropy):
    t = mi.topk(2, 0).indices
    return ((t[0] - t[1]) / entropy).mean()


@wrong("mutual_information_gap", "the second smallest is taken away")
def gap_to_the_second_smallest(mi, entropy):
    return ((mi.max(0).values - mi.kthvalue(2, 0).values) / entropy).mean()


@wrong("mutual_information_gap", "ask for one truth value")
def gap_by_sorted(mi, entropy):
    t = sorted(mi, reverse=True)
    return ((t[0] - t[1]) / entropy).mean()
