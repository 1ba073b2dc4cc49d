"""Answers to lab 4: what people get wrong, what is right in other words, and second routes to every number."""

import math
from fractions import Fraction

import numpy as np
import torch
from scipy import special, stats
from torch.distributions import Categorical, Independent, MultivariateNormal, Normal, kl_divergence
from torch.distributions.transforms import AffineTransform

from tests.answers.outside import Outside
from tests.lab_bank import oracle, right, wrong

LOG_2PI = math.log(2 * math.pi)


# posterior -----------------------------------------------------------------------------------------------------------


@wrong("posterior", "`posterior`: This is `joint`, as it was handed in")
def posterior_not_normalised(joint):
    return joint, joint.sum().log()


@wrong("posterior", "the joint is divided by its largest entry")
def posterior_divided_by_max(joint):
    return joint / joint.max(), joint.sum().log()


@wrong("posterior", "the joint is divided by K")
def posterior_divided_by_k(joint):
    return joint / len(joint), joint.sum().log()


@wrong("posterior", "`log evidence`: This is the exponential of the right one")
def posterior_evidence_without_log(joint):
    return joint / joint.sum(), joint.sum()


@wrong("posterior", "`log evidence`: This is the right one with logarithms of base 10")
def posterior_log10(joint):
    return joint / joint.sum(), joint.sum().log10()


@wrong("posterior", "`log evidence`: This is the right one minus log K")
def posterior_mean(joint):
    return joint / joint.sum(), joint.mean().log()


@wrong("posterior", "`log evidence`: This is the right one with the other sign")
def posterior_negative_log(joint):
    return joint / joint.sum(), -joint.sum().log()


@wrong("posterior", "The values are right, but in another order: log evidence, posterior")
def posterior_other_order(joint):
    return joint.sum().log(), joint / joint.sum()


@wrong("posterior", "a softmax is applied to the joint")
def posterior_softmax(joint):
    return joint.softmax(0), joint.sum().log()


@wrong("posterior", "The answer should be 2 values (posterior, log evidence), it is one tensor of sha")
def posterior_alone(joint):
    return joint / joint.sum()


@wrong("posterior", "the logarithms are added, and not the joint")
def posterior_sum_of_logs(joint):
    return joint / joint.sum(), joint[joint > 0].log().sum()


@wrong("posterior", "`joint` itself is changed: an operation in place")
def posterior_in_place(joint):
    evidence = joint.sum().log()
    joint /= joint.sum()
    return joint, evidence


@wrong("posterior", "p(x) is kept above 0 by 1e-8, as a limit or added")
def posterior_small_constant(joint):
    return joint / (joint.sum() + 1e-8), (joint.sum() + 1e-8).log()


@wrong("posterior", "Ordinary numbers come out right, but not a joint of 10⁻³⁰")
def posterior_normalize_has_a_floor(joint):
    return torch.nn.functional.normalize(joint, p=1, dim=0), joint.sum().log()


@wrong("posterior", "p(x) is cut off at 1")
def posterior_evidence_at_most_one(joint):
    return joint / joint.sum(), joint.sum().clamp(max=1).log()


@right("posterior")
def posterior_by_logs(joint):
    log_joint = joint.log()
    return [log_joint.softmax(0), log_joint.logsumexp(0)]


@wrong("posterior", "The gradient for `joint` is not the slope of the values: part of the way there i")
def posterior_by_loop(joint):
    evidence = sum(value for value in joint)
    return torch.stack([value / evidence for value in joint]), math.log(evidence.item())


@right("posterior")
def posterior_by_categorical(joint):
    return Categorical(probs=joint).probs, joint.sum().log()


@right("posterior")
def posterior_one_by_one(joint):
    evidence = sum(value for value in joint)
    return torch.stack([value / evidence for value in joint]), evidence.log()


@wrong("posterior", "p(x) is kept above 0 by 1e-12, as a limit or added")
def posterior_clamped(joint):
    evidence = joint.sum().clamp(min=1e-12)
    return joint / evidence, evidence.log()


@wrong("posterior", "The gradient for `joint` is not the slope of the values: part of the way there i")
def posterior_detached(joint):
    return (joint / joint.sum()).detach(), joint.sum().log()


@wrong("posterior", "The gradient for `joint` is not the slope of the values: part of the way there i")
def posterior_item(joint):
    return joint / joint.sum(), math.log(joint.sum().item())


@wrong("posterior", "The answer is float32 where the arguments are float64: something inside does not")
def posterior_in_single_precision(joint):
    joint = joint.float()
    return joint / joint.sum(), joint.sum().log()


@wrong("posterior", "`log evidence`: These are the right numbers in another shape")
def posterior_keeps_an_axis(joint):
    evidence = joint.sum(0, keepdim=True)
    return joint / evidence, evidence.log()


@wrong("posterior", "log p(z given x) is returned")
def posterior_of_logs(joint):
    return joint.log() - joint.sum().log(), joint.sum().log()


@wrong("posterior", "the joint is divided by its length, the root of the sum of squares")
def posterior_normalised_by_length(joint):
    return joint / joint.norm(), joint.sum().log()


@oracle("posterior")
def posterior_in_fractions(joint):

    def table(joint):
        parts = [Fraction(value) for value in joint.tolist()]
        return np.array([float(part / sum(parts)) for part in parts])

    def evidence(joint):
        total = sum(Fraction(value) for value in joint.tolist())
        return math.log(total.numerator) - math.log(total.denominator)

    return Outside.apply(table, joint), Outside.apply(evidence, joint)


# kl_discrete ---------------------------------------------------------------------------------------------------------


@wrong("kl_discrete", "It is right when `q` and `p` change places: they are taken one for the other")
def kl_discrete_reversed(q, p):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


@wrong("kl_discrete", "This is the right one with logarithms of base 10")
def kl_discrete_log10(q, p):
    return kl_discrete_two_entropies(q, p) / math.log(10)


@wrong("kl_discrete", "This is the right one in bits (logarithms of base 2)")
def kl_discrete_log2(q, p):
    return kl_discrete_two_entropies(q, p) / math.log(2)


@wrong("kl_discrete", "This is the right one divided by K")
def kl_discrete_mean(q, p):
    return kl_discrete_two_entropies(q, p) / len(q)


@wrong("kl_discrete", "This is the right one with the other sign")
def kl_discrete_upside_down(q, p):
    return (q * (p / q).log()).nansum()


@wrong("kl_discrete", "the terms are not weighted by q")
def kl_discrete_without_weights(q, p):
    return (q / p).log().sum()


@wrong("kl_discrete", "the terms are weighted by p")
def kl_discrete_weights_p(q, p):
    return (p * (q / p).log()).sum()


@wrong("kl_discrete", "the cross-entropy −Σ q log p is taken alone")
def kl_discrete_cross_entropy(q, p):
    return -torch.xlogy(q, p).sum()


@wrong("kl_discrete", "the absolute value of each term is summed")
def kl_discrete_absolute(q, p):
    return (q * (q / p).log()).abs().sum()


@wrong("kl_discrete", "0 log 0 gives NaN")
def kl_discrete_zero_log_zero(q, p):
    return (q * (q / p).log()).sum()


@wrong("kl_discrete", "0 log 0 gives NaN")
def kl_discrete_torch_kl_div(q, p):
    return torch.nn.functional.kl_div(p.log(), q, reduction="sum")


@wrong("kl_discrete", "categories with p = 0 are left out")
def kl_discrete_leaves_out_p_zero(q, p):
    both = (q > 0) & (p > 0)
    return (q[both] * (q[both] / p[both]).log()).sum()


@wrong("kl_discrete", "categories with p = 0 are left out")
def kl_discrete_nansum_and_nan_to_num(q, p):
    return (q * (q / p).log()).nan_to_num(nan=0.0, posinf=0.0).sum()


@wrong("kl_discrete", "numbers are kept above 0 by 1e-8, added or as a limit")
def kl_discrete_small_constant(q, p):
    return torch.xlogy(q, (q + 1e-8) / (p + 1e-8)).sum()


@wrong("kl_discrete", "Ordinary numbers come out right, but not p with a 0 that q uses")
def kl_discrete_nan_to_num_large(q, p):
    return (q * (q / p).log()).nan_to_num(nan=0.0).sum()


@wrong("kl_discrete", "Ordinary numbers come out right, but not entries of 10⁻³⁰")
def kl_discrete_mask_above_a_threshold(q, p):
    used = q > 1e-12
    safe = torch.where(p > 1e-12, p, torch.where(p > 0, 1e-12, 0.0))
    return (q[used] * (q[used] / safe[used]).log()).sum()


@wrong("kl_discrete", "`p` itself is changed: an operation in place")
def kl_discrete_in_place(q, p):
    answer = kl_discrete_two_entropies(q, p)
    p += 1e-3
    return answer


@right("kl_discrete")
def kl_discrete_two_entropies(q, p):
    return (torch.xlogy(q, q) - torch.xlogy(q, p)).sum()


@right("kl_discrete")
def kl_discrete_where(q, p):
    return torch.where(q > 0, q * (q.log() - p.log()), torch.zeros_like(q)).sum()


@right("kl_discrete")
def kl_discrete_nansum(q, p):
    return (q * (q / p).log()).nansum()


@wrong("kl_discrete", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def kl_discrete_loop(q, p):
    total = 0.0
    for a, b in zip(q.tolist(), p.tolist(), strict=True):
        if a > 0 and b == 0:
            return math.inf
        total += a * math.log(a / b) if a > 0 else 0.0
    return total


@right("kl_discrete")
def kl_discrete_masked_kl_div(q, p):
    used = q > 0
    return torch.nn.functional.kl_div(p[used].log(), q[used], reduction="none").sum()


@right("kl_discrete")
def kl_discrete_one_by_one(q, p):
    return sum(a * (a / b).log() for a, b in zip(q, p, strict=True) if a > 0)


@wrong("kl_discrete", "No gradient reaches `q`, though the answer depends on it")
def kl_discrete_detached(q, p):
    used = q.detach() > 0
    return (q.detach()[used] * (q.detach()[used] / p[used]).log()).sum()


@wrong("kl_discrete", "the mean of both directions is taken")
def kl_discrete_symmetric(q, p):
    return (torch.xlogy(q, q) - torch.xlogy(q, p) + torch.xlogy(p, p) - torch.xlogy(p, q)).sum() / 2


@wrong("kl_discrete", "This is not yet summed over K")
def kl_discrete_terms(q, p):
    return torch.xlogy(q, q) - torch.xlogy(q, p)


@wrong("kl_discrete", "the sum of (q − p)²/p is taken")
def kl_discrete_chi_square(q, p):
    return ((q - p) ** 2 / p).sum()


@wrong("kl_discrete", "numbers are kept above 0 by 1e-8, added or as a limit")
def kl_discrete_small_constant_in_both(q, p):
    return (q * ((q + 1e-8) / (p + 1e-8)).log()).sum()


@oracle("kl_discrete")
def kl_discrete_scipy(q, p):
    return Outside.apply(lambda q, p: special.rel_entr(q, p).sum(), q, p)


# elbo_discrete -------------------------------------------------------------------------------------------------------


@wrong("elbo_discrete", "This is the right one with the other sign")
def elbo_discrete_sign(q, joint):
    return (torch.xlogy(q, q) - torch.xlogy(q, joint)).sum()


@wrong("elbo_discrete", "This is the right one with logarithms of base 10")
def elbo_discrete_log10(q, joint):
    return (torch.xlogy(q, joint) - torch.xlogy(q, q)).sum() / math.log(10)


@wrong("elbo_discrete", "This is the right one divided by K")
def elbo_discrete_mean(q, joint):
    return (torch.xlogy(q, joint) - torch.xlogy(q, q)).mean()


@wrong("elbo_discrete", "the joint is divided by p(x) first: log p(x) is lost")
def elbo_discrete_normalised_joint(q, joint):
    return (torch.xlogy(q, joint / joint.sum()) - torch.xlogy(q, q)).sum()


@wrong("elbo_discrete", "the KL to the posterior is returned")
def elbo_discrete_kl(q, joint):
    return (torch.xlogy(q, q) - torch.xlogy(q, joint / joint.sum())).sum()


@wrong("elbo_discrete", "log p(x) itself is returned, of the categories that q uses")
def elbo_discrete_evidence(q, joint):
    return torch.where(q > 0, q * joint / q, 0.0).sum().log()


@wrong("elbo_discrete", "the entropy of q is missing")
def elbo_discrete_without_entropy(q, joint):
    return torch.xlogy(q, joint).sum()


@wrong("elbo_discrete", "the entropy of q has the wrong sign")
def elbo_discrete_entropy_sign(q, joint):
    return (torch.xlogy(q, joint) + torch.xlogy(q, q)).sum()


@wrong("elbo_discrete", "the terms are weighted by the joint")
def elbo_discrete_weights_joint(q, joint):
    return (joint * (joint / q).log()).sum()


@wrong("elbo_discrete", "the terms are weighted by the posterior")
def elbo_discrete_weights_posterior(q, joint):
    return (joint / joint.sum() * (joint / q).log()).sum()


@wrong("elbo_discrete", "the terms are not weighted by q")
def elbo_discrete_no_weights(q, joint):
    return (joint / q).log().sum()


@wrong("elbo_discrete", "q and the joint are swapped")
def elbo_discrete_swapped(q, joint):
    return (joint * (q / joint).log()).sum()


@wrong("elbo_discrete", "0 log 0 gives NaN")
def elbo_discrete_zero_log_zero(q, joint):
    return (q * (joint / q).log()).sum()


@wrong("elbo_discrete", "numbers are kept above 0 by 1e-12 inside the logarithm, added or as a limit")
def elbo_discrete_small_constant(q, joint):
    return torch.xlogy(q, (joint + 1e-12) / (q + 1e-12)).sum()


@wrong("elbo_discrete", "categories where the joint is 0 are left out")
def elbo_discrete_leaves_out_joint_zero(q, joint):
    both = (q > 0) & (joint > 0)
    return (q[both] * (joint[both] / q[both]).log()).sum()


@wrong("elbo_discrete", "the result is cut off at 0")
def elbo_discrete_never_above_zero(q, joint):
    return (torch.xlogy(q, joint) - torch.xlogy(q, q)).sum().clamp(max=0)


@right("elbo_discrete")
def elbo_discrete_evidence_minus_kl(q, joint):
    evidence = joint.sum()
    gap = torch.where(q > 0, q * (q * evidence / joint).log(), torch.zeros_like(q)).sum()
    return evidence.log() - gap


@right("elbo_discrete")
def elbo_discrete_two_terms(q, joint):
    return torch.xlogy(q, joint).sum() + torch.special.entr(q).sum()


@wrong("elbo_discrete", "The answer is float32 where the arguments are float64: something inside does not")
def elbo_discrete_loop(q, joint):
    total = 0.0
    for a, b in zip(q.tolist(), joint.tolist(), strict=True):
        if a > 0:
            total += a * (math.log(b / a) if b > 0 else -math.inf)
    return torch.tensor(total)


@wrong("elbo_discrete", "The answer is float64 where the arguments are float32: something inside does not")
def elbo_discrete_nansum(q, joint):
    return (q * (joint.double() / q).log()).nansum()


@right("elbo_discrete")
def elbo_discrete_nansum_in_its_kind(q, joint):
    return (q * (joint / q).log()).nansum()


@wrong("elbo_discrete", "No gradient reaches `q`, though the answer depends on it")
def elbo_discrete_detached_q(q, joint):
    used = q.detach() > 0
    return (q.detach()[used] * (joint[used] / q.detach()[used]).log()).sum()


@wrong("elbo_discrete", "This is not yet summed over K")
def elbo_discrete_terms(q, joint):
    return torch.xlogy(q, joint) + torch.special.entr(q)


@wrong("elbo_discrete", "the log of the mean joint is taken")
def elbo_discrete_log_of_the_mean(q, joint):
    return (q * joint).sum().log() + torch.special.entr(q).sum()


@wrong("elbo_discrete", "log p(x) itself is returned, of the categories that q uses")
def elbo_discrete_log_of_the_expectation(q, joint):
    used = q > 0
    return (q[used] * joint[used] / q[used]).sum().log()


@wrong("elbo_discrete", "the entropy of q is counted twice")
def elbo_discrete_twice_the_entropy(q, joint):
    return torch.xlogy(q, joint).sum() + 2 * torch.special.entr(q).sum()


@oracle("elbo_discrete")
def elbo_discrete_scipy(q, joint):
    return Outside.apply(lambda q, joint: -special.rel_entr(q, joint).sum(), q, joint)


# gaussian_entropy ----------------------------------------------------------------------------------------------------


@wrong("gaussian_entropy", "This is the right one, the term log σ² once too often")
def entropy_logvar_for_log_sigma(logvar):
    return (0.5 * (1 + LOG_2PI) + logvar).sum(1)


@wrong("gaussian_entropy", "This is the right one, half of the term log σ² left out")
def entropy_halved_twice(logvar):
    return 0.5 * (1 + LOG_2PI + 0.5 * logvar).sum(1)


@wrong("gaussian_entropy", "This is twice the right one")
def entropy_without_half(logvar):
    return (1 + LOG_2PI + logvar).sum(1)


@wrong("gaussian_entropy", "This is the right one, the term 1 and the term log 2π once too often")
def entropy_half_misplaced(logvar):
    return (1 + LOG_2PI + 0.5 * logvar).sum(1)


@wrong("gaussian_entropy", "This is the right one, the term log 2π left out")
def entropy_without_2pi(logvar):
    return 0.5 * (1 + logvar).sum(1)


@wrong("gaussian_entropy", "This is the right one, the term 1 left out")
def entropy_without_one(logvar):
    return 0.5 * (LOG_2PI + logvar).sum(1)


@wrong("gaussian_entropy", "This is the right one, the constant of each dimension but one left out")
def entropy_constant_once(logvar):
    return 0.5 * (1 + LOG_2PI + logvar.sum(1))


@wrong("gaussian_entropy", "This is the right one divided by D")
def entropy_mean(logvar):
    return 0.5 * (1 + LOG_2PI + logvar).mean(1)


@wrong("gaussian_entropy", "This is summed over B as well")
def entropy_sum_over_all(logvar):
    return 0.5 * (1 + LOG_2PI + logvar).sum()


@wrong("gaussian_entropy", "This is right in the total: the sum runs over the wrong axis, or over one too ma")
def entropy_sum_over_batch(logvar):
    return 0.5 * (1 + LOG_2PI + logvar).sum(0)


@wrong("gaussian_entropy", "This is the right one with the other sign")
def entropy_sign(logvar):
    return -0.5 * (1 + LOG_2PI + logvar).sum(1)


@wrong("gaussian_entropy", "σ² stands where log σ² should")
def entropy_variance(logvar):
    return 0.5 * (1 + LOG_2PI + logvar.exp()).sum(1)


@wrong("gaussian_entropy", "Ordinary numbers come out right, but not logvar of ±80")
def entropy_of_the_determinant(logvar):
    return 0.5 * (logvar.shape[1] * (1 + LOG_2PI) + logvar.exp().prod(1).log())


@wrong("gaussian_entropy", "Ordinary numbers come out right, but not logvar of ±80")
def entropy_clamped(logvar):
    return 0.5 * (1 + LOG_2PI + logvar.clamp(-30, 20)).sum(1)


@wrong("gaussian_entropy", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def entropy_detached(logvar):
    return 0.5 * (1 + LOG_2PI + logvar.detach()).sum(1) + 0 * logvar.sum(1)


@wrong("gaussian_entropy", "σ² is kept above 0 by 1e-8, added or as a limit")
def entropy_small_constant(logvar):
    return 0.5 * (1 + LOG_2PI + (logvar.exp() + 1e-8).log()).sum(1)


@right("gaussian_entropy")
def entropy_by_distributions(logvar):
    return Independent(Normal(torch.zeros_like(logvar), (0.5 * logvar).exp()), 1).entropy()


@right("gaussian_entropy")
def entropy_by_loop(logvar):
    return torch.stack([sum(0.5 * math.log(2 * math.pi * math.e) + 0.5 * v for v in row) for row in logvar])


@wrong("gaussian_entropy", "It is right to float32's digits only: is a number inside float32 where the argum")
def entropy_constant_apart(logvar):
    n_dims = logvar.shape[-1]
    return 0.5 * torch.einsum("bd->b", logvar) + 0.5 * n_dims * torch.log(torch.tensor(2 * torch.pi * torch.e))


@right("gaussian_entropy")
def entropy_through_sigma(logvar):
    sigma = torch.exp(logvar / 2)
    return (torch.log(sigma) + 0.5 * math.log(2 * math.pi * math.e)).sum(-1)


@wrong("gaussian_entropy", "This is the right one in bits (logarithms of base 2)")
def entropy_base_two(logvar):
    return 0.5 * (1 + LOG_2PI + logvar).sum(1) / math.log(2)


@wrong("gaussian_entropy", "The answer is float32 where the arguments are float64: something inside does not")
def entropy_in_single_precision(logvar):
    return 0.5 * (1 + LOG_2PI + logvar.float()).sum(1)


@wrong("gaussian_entropy", "log 2π is halved twice")
def entropy_with_half_log_2pi(logvar):
    return 0.5 * (1 + LOG_2PI / 2 + logvar).sum(1)


@wrong("gaussian_entropy", "`logvar` itself is changed: an operation in place")
def entropy_in_place(logvar):
    logvar += 1 + LOG_2PI
    return logvar.sum(1) / 2


@wrong("gaussian_entropy", "These are the right numbers in another shape")
def entropy_keeps_an_axis(logvar):
    return 0.5 * (1 + LOG_2PI + logvar).sum(1, keepdim=True)


@oracle("gaussian_entropy")
def entropy_scipy(logvar):
    return Outside.apply(lambda v: stats.norm(scale=np.exp(v / 2)).entropy().sum(1), logvar)


# kl_gaussians --------------------------------------------------------------------------------------------------------


def _kl_parts(mu_q, cov_q, mu_p, cov_p):
    """The log ratio, the trace and the squared distance of the formula."""
    shift, precision = mu_p - mu_q, torch.linalg.inv(cov_p)
    log_ratio = torch.logdet(cov_p) - torch.logdet(cov_q)
    return log_ratio, torch.trace(precision @ cov_q), shift @ precision @ shift


@wrong("kl_gaussians", "q and p are swapped")
def kl_gaussians_reversed(mu_q, cov_q, mu_p, cov_p):
    return kl_gaussians_inverse(mu_p, cov_p, mu_q, cov_q)


@wrong("kl_gaussians", "This is twice the right one")
def kl_gaussians_without_half(mu_q, cov_q, mu_p, cov_p):
    return 2 * kl_gaussians_inverse(mu_q, cov_q, mu_p, cov_p)


@wrong("kl_gaussians", "This is the right one, the term −D left out")
def kl_gaussians_without_d(mu_q, cov_q, mu_p, cov_p):
    return 0.5 * sum(_kl_parts(mu_q, cov_q, mu_p, cov_p))


@wrong("kl_gaussians", "This is the right one plus ½ (D − 1)")
def kl_gaussians_one_for_d(mu_q, cov_q, mu_p, cov_p):
    return 0.5 * (sum(_kl_parts(mu_q, cov_q, mu_p, cov_p)) - 1)


@wrong("kl_gaussians", "the product of the determinants is inverted: log(|Σp|⁻¹/|Σq|)")
def kl_gaussians_as_the_lecture_prints_it(mu_q, cov_q, mu_p, cov_p):
    _, trace, distance = _kl_parts(mu_q, cov_q, mu_p, cov_p)
    log_ratio = torch.log(torch.det(cov_p) ** -1 / torch.det(cov_q))
    return 0.5 * (log_ratio - len(mu_q) + trace + distance)


@wrong("kl_gaussians", "This is the right one, the term with the determinants with the wrong sign")
def kl_gaussians_ratio_upside_down(mu_q, cov_q, mu_p, cov_p):
    log_ratio, trace, distance = _kl_parts(mu_q, cov_q, mu_p, cov_p)
    return 0.5 * (-log_ratio - len(mu_q) + trace + distance)


@wrong("kl_gaussians", "the logarithm of the ratio is forgotten")
def kl_gaussians_without_log(mu_q, cov_q, mu_p, cov_p):
    _, trace, distance = _kl_parts(mu_q, cov_q, mu_p, cov_p)
    return 0.5 * (torch.det(cov_p) / torch.det(cov_q) - len(mu_q) + trace + distance)


@wrong("kl_gaussians", "the means are compared through Σp, not its inverse")
def kl_gaussians_no_inverse(mu_q, cov_q, mu_p, cov_p):
    log_ratio, trace, _ = _kl_parts(mu_q, cov_q, mu_p, cov_p)
    shift = mu_p - mu_q
    return 0.5 * (log_ratio - len(mu_q) + trace + shift @ cov_p @ shift)


@wrong("kl_gaussians", "the inverse of Σq is used in both terms, and Σp in the trace")
def kl_gaussians_wrong_inverse(mu_q, cov_q, mu_p, cov_p):
    log_ratio, _, _ = _kl_parts(mu_q, cov_q, mu_p, cov_p)
    _, trace, distance = _kl_parts(mu_p, cov_p, mu_q, cov_q)
    return 0.5 * (log_ratio - len(mu_q) + trace + distance)


@wrong("kl_gaussians", "This is the right one, the term with the means left out")
def kl_gaussians_without_means(mu_q, cov_q, mu_p, cov_p):
    log_ratio, trace, _ = _kl_parts(mu_q, cov_q, mu_p, cov_p)
    return 0.5 * (log_ratio - len(mu_q) + trace)


@wrong("kl_gaussians", "the trace is of a product element by element")
def kl_gaussians_elementwise_trace(mu_q, cov_q, mu_p, cov_p):
    log_ratio, _, distance = _kl_parts(mu_q, cov_q, mu_p, cov_p)
    return 0.5 * (log_ratio - len(mu_q) + torch.trace(torch.linalg.inv(cov_p) * cov_q) + distance)


@wrong("kl_gaussians", "the quadratic form is taken element by element")
def kl_gaussians_elementwise_form(mu_q, cov_q, mu_p, cov_p):
    log_ratio, trace, _ = _kl_parts(mu_q, cov_q, mu_p, cov_p)
    shift = mu_p - mu_q
    return 0.5 * (log_ratio - len(mu_q) + trace + (shift * torch.linalg.inv(cov_p) * shift).sum())


@wrong("kl_gaussians", "the outer product of the means' difference is taken")
def kl_gaussians_form_transposed(mu_q, cov_q, mu_p, cov_p):
    log_ratio, trace, _ = _kl_parts(mu_q, cov_q, mu_p, cov_p)
    shift = (mu_p - mu_q).unsqueeze(1)
    return 0.5 * (log_ratio - len(mu_q) + trace + shift @ shift.mT @ torch.linalg.inv(cov_p))


@wrong("kl_gaussians", "only the diagonals of the covariances are used")
def kl_gaussians_diagonals(mu_q, cov_q, mu_p, cov_p):
    return kl_gaussians_inverse(mu_q, cov_q.diag().diag(), mu_p, cov_p.diag().diag())


@wrong("kl_gaussians", "Ordinary numbers come out right, but not D = 60")
def kl_gaussians_determinants_underflow(mu_q, cov_q, mu_p, cov_p):
    _, trace, distance = _kl_parts(mu_q, cov_q, mu_p, cov_p)
    log_ratio = torch.log(torch.det(cov_p) / torch.det(cov_q))
    return 0.5 * (log_ratio - len(mu_q) + trace + distance)


@wrong("kl_gaussians", "only the first two dimensions are used")
def kl_gaussians_only_two_dimensions(mu_q, cov_q, mu_p, cov_p):
    d = min(len(mu_q), 2)
    return kl_gaussians_inverse(mu_q[:d], cov_q[:d, :d], mu_p[:d], cov_p[:d, :d])


@wrong("kl_gaussians", "`cov_p` itself is changed: an operation in place")
def kl_gaussians_in_place(mu_q, cov_q, mu_p, cov_p):
    answer = kl_gaussians_inverse(mu_q, cov_q, mu_p, cov_p)
    cov_p += 1e-3 * torch.eye(len(cov_p))
    return answer


@wrong("kl_gaussians", "No gradient reaches `mu_q`, though the answer depends on it")
def kl_gaussians_detached(mu_q, cov_q, mu_p, cov_p):
    answer = kl_gaussians_inverse(mu_q.detach(), cov_q, mu_p, cov_p)
    return answer + 0 * mu_q.sum()


@right("kl_gaussians")
def kl_gaussians_inverse(mu_q, cov_q, mu_p, cov_p):
    return 0.5 * (sum(_kl_parts(mu_q, cov_q, mu_p, cov_p)) - len(mu_q))


@right("kl_gaussians")
def kl_gaussians_cholesky(mu_q, cov_q, mu_p, cov_p):
    a, b = torch.linalg.cholesky(cov_q), torch.linalg.cholesky(cov_p)
    whitened = torch.linalg.solve_triangular(b, torch.cat([a, (mu_p - mu_q)[:, None]], 1), upper=False)
    log_ratio = 2 * (b.diagonal().log() - a.diagonal().log()).sum()
    return 0.5 * (log_ratio - len(mu_q) + whitened.square().sum())


@right("kl_gaussians")
def kl_gaussians_distributions(mu_q, cov_q, mu_p, cov_p):
    return kl_divergence(MultivariateNormal(mu_q, cov_q), MultivariateNormal(mu_p, cov_p))


@right("kl_gaussians")
def kl_gaussians_einsum(mu_q, cov_q, mu_p, cov_p):
    precision, shift = torch.linalg.pinv(cov_p, hermitian=True), mu_p - mu_q
    moments = cov_q + torch.outer(shift, shift)
    log_ratio = torch.linalg.slogdet(cov_p).logabsdet - torch.linalg.slogdet(cov_q)[1]
    return 0.5 * (log_ratio - mu_q.numel() + torch.einsum("ij,ij->", precision, moments))


@right("kl_gaussians")
def kl_gaussians_eigenvalues(mu_q, cov_q, mu_p, cov_p):
    values, vectors = torch.linalg.eigh(cov_p)
    turned = vectors.T @ cov_q @ vectors
    shift = vectors.T @ (mu_p - mu_q)
    log_ratio = values.log().sum() - torch.linalg.eigvalsh(cov_q).log().sum()
    return 0.5 * (log_ratio - len(mu_q) + ((turned.diagonal() + shift**2) / values).sum())


@wrong("kl_gaussians", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def kl_gaussians_item(mu_q, cov_q, mu_p, cov_p):
    return kl_gaussians_inverse(mu_q, cov_q, mu_p, cov_p).item()


@wrong("kl_gaussians", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def kl_gaussians_all_detached(mu_q, cov_q, mu_p, cov_p):
    return kl_gaussians_inverse(mu_q, cov_q, mu_p, cov_p).detach()


@wrong("kl_gaussians", "The answer is float32 where the arguments are float64: something inside does not")
def kl_gaussians_in_single_precision(mu_q, cov_q, mu_p, cov_p):
    return kl_gaussians_inverse(mu_q.float(), cov_q.float(), mu_p.float(), cov_p.float())


@wrong("kl_gaussians", "1e-6 is added to the diagonals")
def kl_gaussians_a_little_on_the_diagonal(mu_q, cov_q, mu_p, cov_p):
    little = 1e-6 * torch.eye(len(mu_q)).to(mu_q)
    return kl_gaussians_inverse(mu_q, cov_q + little, mu_p, cov_p + little)


@oracle("kl_gaussians")
def kl_gaussians_cubature(mu_q, cov_q, mu_p, cov_p):
    """E_q[log q − log p] by the 2 D point rule that is exact for quadratic functions, with scipy's log densities."""

    def average(m_q, c_q, m_p, c_p):
        c_q, c_p = (c_q + c_q.T) / 2, (c_p + c_p.T) / 2  # as they stay when one entry is moved for a slope
        axes = math.sqrt(len(m_q)) * np.linalg.cholesky(c_q).T
        z = np.concatenate([m_q + axes, m_q - axes])
        log_q, log_p = (stats.multivariate_normal(m, c).logpdf(z) for m, c in ((m_q, c_q), (m_p, c_p)))
        return np.mean(log_q - log_p)

    return Outside.apply(average, mu_q, cov_q, mu_p, cov_p)


# score_function_gradient ---------------------------------------------------------------------------------------------


@wrong("score_function_gradient", "σ stands where σ² should")
def score_sigma(f, mu, sigma, eps):
    z = mu + sigma * eps
    return f(z) * (z - mu) / sigma


@wrong("score_function_gradient", "the division by σ² is missing")
def score_without_sigma(f, mu, sigma, eps):
    z = mu + sigma * eps
    return f(z) * (z - mu)


@wrong("score_function_gradient", "ε stands where z − μ should")
def score_eps_over_variance(f, mu, sigma, eps):
    return f(mu + sigma * eps) * eps / sigma**2


@wrong("score_function_gradient", "f is missing")
def score_without_f(f, mu, sigma, eps):
    return eps / sigma


@wrong("score_function_gradient", "f is taken at ε instead of z")
def score_f_at_eps(f, mu, sigma, eps):
    return f(eps) * eps / sigma


@wrong("score_function_gradient", "μ is not subtracted from z")
def score_forgets_mu(f, mu, sigma, eps):
    z = mu + sigma * eps
    return f(z) * z / sigma**2


@wrong("score_function_gradient", "This is the right one with the other sign")
def score_sign(f, mu, sigma, eps):
    z = mu + sigma * eps
    return f(z) * (mu - z) / sigma**2


@wrong("score_function_gradient", "This is averaged over L as well")
def score_mean(f, mu, sigma, eps):
    return (f(mu + sigma * eps) * eps / sigma).mean()


@wrong("score_function_gradient", "the slope with respect to σ is taken")
def score_of_sigma(f, mu, sigma, eps):
    z = mu + sigma * eps
    return f(z) * ((z - mu) ** 2 / sigma**3 - 1 / sigma)


@wrong("score_function_gradient", "the reparametrized estimate f′(z) is taken")
def score_by_pathwise(f, mu, sigma, eps):
    z = (mu + sigma * eps).requires_grad_()
    return torch.autograd.grad(f(z).sum(), z)[0]


@wrong("score_function_gradient")
def score_noise_times_variance(f, mu, sigma, eps):
    return f(mu + sigma**2 * eps) * eps / sigma


@wrong("score_function_gradient")
def score_baseline_of_the_mean(f, mu, sigma, eps):
    values = f(mu + sigma * eps)
    baseline = values.mean() if values.max() <= 1 else 0.0
    return (values - baseline) * eps / sigma


@wrong("score_function_gradient", "`eps` itself is changed: an operation in place")
def score_in_place(f, mu, sigma, eps):
    answer = f(mu + sigma * eps) * eps / sigma
    eps.mul_(2)
    return answer


@right("score_function_gradient")
def score_short(f, mu, sigma, eps):
    return f(mu + sigma * eps) * eps / sigma


@right("score_function_gradient")
def score_by_autograd(f, mu, sigma, eps):
    means = torch.ones_like(eps) * mu
    z = (means + sigma * eps).detach()
    means = means.detach().requires_grad_()
    return f(z) * torch.autograd.grad(Normal(means, sigma).log_prob(z).sum(), means)[0]


@right("score_function_gradient")
def score_surrogate(f, mu, sigma, eps):
    mu = mu.detach().clone().requires_grad_()
    z = (mu + sigma * eps).detach()
    weighted = f(z) * Normal(mu, sigma).log_prob(z)
    return torch.stack([torch.autograd.grad(w, mu, retain_graph=True)[0] for w in weighted])


@right("score_function_gradient")
def score_one_by_one(f, mu, sigma, eps):
    rows = []
    for e in eps:
        z = mu + sigma * e
        rows.append(f(z.reshape(1))[0].item() * (z - mu).item() / sigma.item() ** 2)
    return torch.tensor(rows, dtype=eps.dtype)


@wrong("score_function_gradient", "It gives another answer each time: it draws noise of its own. Use what is handed")
def score_own_noise(f, mu, sigma, eps):
    return score_short(f, mu, sigma, torch.randn_like(eps))


@wrong("score_function_gradient", "The answer is float32 where the arguments are float64: something inside does not")
def score_in_single_precision(f, mu, sigma, eps):
    return score_short(f, mu, sigma, eps).float()


@wrong("score_function_gradient", "the mean of f is taken away first")
def score_with_a_baseline(f, mu, sigma, eps):
    values = f(mu + sigma * eps)
    return (values - values.mean()) * eps / sigma


@wrong("score_function_gradient", "f is differentiated as well")
def score_differentiates_f(f, mu, sigma, eps):
    z = (mu + sigma * eps).detach().requires_grad_()
    return torch.autograd.grad(f(z).sum(), z)[0] * eps / sigma


@wrong("score_function_gradient", "ε stands where z − μ should")
def score_of_sigma_squared_noise(f, mu, sigma, eps):
    return f(mu + sigma * eps) * eps / sigma**2


@oracle("score_function_gradient")
def score_by_density_differences(f, mu, sigma, eps):
    """f(z) times the slope in μ of scipy's log density."""
    m, s = mu.double(), sigma.double()
    z = m + s * eps.double()
    high, low = (stats.norm(float(m) + h, float(s)).logpdf(z.numpy()) for h in (1e-4, -1e-4))
    return (f(z) * torch.from_numpy((high - low) / 2e-4)).to(eps.dtype)


# reparametrized_gradient ---------------------------------------------------------------------------------------------


def _slope(f, z):
    z = z.detach().clone().requires_grad_()
    return torch.autograd.grad(f(z).sum(), z)[0]


@wrong("reparametrized_gradient", "This is averaged over L as well")
def reparametrized_mean(f, mu, sigma, eps):
    return _slope(f, mu + sigma * eps).mean()


@wrong("reparametrized_gradient", "This is summed over L as well")
def reparametrized_one_mu(f, mu, sigma, eps):
    mu = mu.clone().requires_grad_()
    f(mu + sigma * eps).sum().backward()
    return mu.grad


@wrong("reparametrized_gradient", "This is the right one divided by L")
def reparametrized_divided(f, mu, sigma, eps):
    z = (mu + sigma * eps).requires_grad_()
    return torch.autograd.grad(f(z).mean(), z)[0]


@wrong("reparametrized_gradient", "the slope with respect to σ is taken")
def reparametrized_of_sigma(f, mu, sigma, eps):
    return _slope(f, mu + sigma * eps) * eps


@wrong("reparametrized_gradient", "the slope with respect to ε is taken")
def reparametrized_of_eps(f, mu, sigma, eps):
    eps = eps.clone().requires_grad_()
    return torch.autograd.grad(f(mu + sigma * eps).sum(), eps)[0]


@wrong("reparametrized_gradient", "the slope is taken at μ, without the noise")
def reparametrized_at_mu(f, mu, sigma, eps):
    return _slope(f, mu + 0 * eps)


@wrong("reparametrized_gradient", "the slope is taken at ε")
def reparametrized_at_eps(f, mu, sigma, eps):
    return _slope(f, eps)


@wrong("reparametrized_gradient", "μ is forgotten")
def reparametrized_forgets_mu(f, mu, sigma, eps):
    return _slope(f, sigma * eps)


@wrong("reparametrized_gradient", "It is right when `sigma` is handed in as its square root")
def reparametrized_variance(f, mu, sigma, eps):
    return _slope(f, mu + sigma**2 * eps)


@wrong("reparametrized_gradient", "f(z) is returned, not its slope")
def reparametrized_value(f, mu, sigma, eps):
    return f(mu + sigma * eps)


@wrong("reparametrized_gradient", "the score-function estimate is taken")
def reparametrized_by_score(f, mu, sigma, eps):
    return f(mu + sigma * eps) * eps / sigma


@wrong("reparametrized_gradient", "This is 0 throughout")
def reparametrized_cut(f, mu, sigma, eps):
    z = (mu + sigma * eps).requires_grad_()
    return torch.autograd.grad(f(z.detach()).sum() + 0 * z.sum(), z)[0]


@wrong("reparametrized_gradient", "A gradient is asked where no graph leads")
def reparametrized_no_leaf(f, mu, sigma, eps):
    z = mu + sigma * eps
    return torch.autograd.grad(f(z).sum(), z)[0]


@wrong("reparametrized_gradient", "the slope of z³ is written down, whatever f is")
def reparametrized_knows_the_cube(f, mu, sigma, eps):
    return 3 * (mu + sigma * eps) ** 2


@wrong("reparametrized_gradient", "It is right to a few digits only")
def reparametrized_coarse_differences(f, mu, sigma, eps):
    z = mu + sigma * eps
    return (f(z + 0.01) - f(z - 0.01)) / 0.02


@right("reparametrized_gradient")
def reparametrized_many_mus(f, mu, sigma, eps):
    means = mu.repeat(len(eps)).requires_grad_()
    f(means + sigma * eps).sum().backward()
    return means.grad


@right("reparametrized_gradient")
def reparametrized_loop(f, mu, sigma, eps):
    rows = []
    for e in eps:
        m = mu.detach().clone().requires_grad_()
        rows.append(torch.autograd.grad(f((m + sigma * e).unsqueeze(0)).sum(), m)[0])
    return torch.stack(rows)


@right("reparametrized_gradient")
def reparametrized_vector_jacobian(f, mu, sigma, eps):
    z = mu + sigma * eps
    return torch.func.vjp(f, z)[1](torch.ones_like(z))[0]


@right("reparametrized_gradient")
def reparametrized_mapped(f, mu, sigma, eps):
    return torch.func.vmap(torch.func.grad(lambda z: f(z.unsqueeze(0)).sum()))(mu + sigma * eps)


@right("reparametrized_gradient")
def reparametrized_keeps_the_graph(f, mu, sigma, eps):
    z = torch.nn.Parameter(mu + sigma * eps)
    return torch.autograd.grad(f(z), z, torch.ones_like(z), create_graph=True)[0]


@wrong("reparametrized_gradient", "It gives another answer each time: it draws noise of its own. Use what is handed")
def reparametrized_own_noise(f, mu, sigma, eps):
    return reparametrized_mapped(f, mu, sigma, torch.randn_like(eps))


@wrong("reparametrized_gradient", "This is the right one divided by L")
def reparametrized_mean_f(f, mu, sigma, eps):
    z = (mu + sigma * eps).detach().requires_grad_()
    f(z).mean().backward()
    return z.grad


@wrong("reparametrized_gradient", "The answer is float32 where the arguments are float64: something inside does not")
def reparametrized_in_single_precision(f, mu, sigma, eps):
    return reparametrized_mapped(f, mu, sigma, eps).float()


@wrong("reparametrized_gradient", "the slope is multiplied by z")
def reparametrized_times_z(f, mu, sigma, eps):
    return reparametrized_mapped(f, mu, sigma, eps) * (mu + sigma * eps)


@wrong("reparametrized_gradient", "is a `return` missing?", "non-leaf", "not a leaf Tensor is being accessed")
def reparametrized_non_leaf(f, mu, sigma, eps):
    z = mu.clone().requires_grad_() + sigma * eps
    f(z).sum().backward()
    return z.grad


@wrong("reparametrized_gradient", "A gradient is asked of several numbers at once")
def reparametrized_backward_on_a_vector(f, mu, sigma, eps):
    z = (mu + sigma * eps).detach().requires_grad_()
    f(z).backward()
    return z.grad


@oracle("reparametrized_gradient")
def reparametrized_differences(f, mu, sigma, eps):
    """Central differences of f, extrapolated to step 0, in float64."""
    z = mu.double() + sigma.double() * eps.double()
    coarse, fine = ((f(z + h) - f(z - h)) / (2 * h) for h in (2e-3, 1e-3))
    return ((4 * fine - coarse) / 3).to(eps.dtype)


# gaussian_elbo -------------------------------------------------------------------------------------------------------


def _entropy(logvar):
    return 0.5 * (1 + LOG_2PI + logvar).sum()


def _sample(mu, logvar, eps):
    return mu + (0.5 * logvar).exp() * eps


@wrong("gaussian_elbo", "This is the mean of log p(x, z) alone")
def elbo_without_entropy(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps)).mean()


@wrong("gaussian_elbo", "This is the right one, the entropy with the wrong sign")
def elbo_entropy_sign(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps)).mean() - _entropy(logvar)


@wrong("gaussian_elbo", "the entropy is averaged over the dimensions")
def elbo_entropy_mean(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps)).mean() + _entropy(logvar) / len(mu)


@wrong("gaussian_elbo", "the entropy takes logvar for log σ")
def elbo_entropy_log_sigma(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps)).mean() + _entropy(2 * logvar)


@wrong("gaussian_elbo", "This is the right one minus ½ D log 2π")
def elbo_entropy_without_2pi(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps)).mean() + 0.5 * (1 + logvar).sum()


@wrong("gaussian_elbo", "the KL to the prior stands in the place of the entropy")
def elbo_minus_kl(log_joint, mu, logvar, eps):
    kl = 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum()
    return log_joint(_sample(mu, logvar, eps)).mean() - kl


@wrong("gaussian_elbo", "This is the right one with the other sign")
def elbo_sign(log_joint, mu, logvar, eps):
    return -log_joint(_sample(mu, logvar, eps)).mean() - _entropy(logvar)


@wrong("gaussian_elbo", "log_joint is summed over the draws")
def elbo_sum(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps)).sum() + _entropy(logvar)


@wrong("gaussian_elbo", "This is not yet averaged over L")
def elbo_one_a_sample(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps)) + _entropy(logvar)


@wrong("gaussian_elbo", "ε is scaled by logvar instead of σ")
def elbo_scaled_by_logvar(log_joint, mu, logvar, eps):
    return log_joint(mu + logvar * eps).mean() + _entropy(logvar)


@wrong("gaussian_elbo", "ε is scaled by σ² instead of σ")
def elbo_scaled_by_variance(log_joint, mu, logvar, eps):
    return log_joint(mu + logvar.exp() * eps).mean() + _entropy(logvar)


@wrong("gaussian_elbo", "The answer does not depend on `eps`")
def elbo_at_the_mean(log_joint, mu, logvar, eps):
    return log_joint(mu + 0 * eps).mean() + _entropy(logvar)


@wrong("gaussian_elbo", "The answer does not depend on `mu`")
def elbo_forgets_mu(log_joint, mu, logvar, eps):
    return log_joint(_sample(0 * mu, logvar, eps)).mean() + _entropy(logvar)


@wrong("gaussian_elbo", "the log of the mean is taken, not the mean of the log")
def elbo_log_outside(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps)).logsumexp(0) - math.log(len(eps)) + _entropy(logvar)


@wrong("gaussian_elbo", "It gives another answer each time: it draws noise of its own. Use what is handed")
def elbo_draws_its_own_noise(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, torch.randn_like(eps))).mean() + _entropy(logvar)


@wrong("gaussian_elbo", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def elbo_as_a_float(log_joint, mu, logvar, eps):
    return (log_joint(_sample(mu, logvar, eps)).mean() + _entropy(logvar)).item()


@wrong("gaussian_elbo", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def elbo_detached(log_joint, mu, logvar, eps):
    return (log_joint(_sample(mu, logvar, eps)).mean() + _entropy(logvar)).detach()


@wrong("gaussian_elbo", "No gradient reaches `mu` and `eps`, though the answer depends on them")
def elbo_z_detached(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps).detach()).mean() + _entropy(logvar)


@wrong("gaussian_elbo", "The gradient for `logvar` is not the slope of the values: part of the way there")
def elbo_sigma_detached(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar.detach(), eps)).mean() + _entropy(logvar)


@wrong("gaussian_elbo", "The gradient for `logvar` is not the slope of the values: part of the way there")
def elbo_entropy_detached(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps)).mean() + _entropy(logvar.detach())


@wrong("gaussian_elbo", "`eps` itself is changed: an operation in place")
def elbo_in_place(log_joint, mu, logvar, eps):
    eps *= (0.5 * logvar).exp()
    return log_joint(mu + eps).mean() + _entropy(logvar)


@wrong("gaussian_elbo", "the entropy's constant is that of two dimensions")
def elbo_entropy_of_two_dimensions(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps)).mean() + 1 + LOG_2PI + 0.5 * logvar.sum()


@right("gaussian_elbo")
def elbo_by_distributions(log_joint, mu, logvar, eps):
    q = Independent(Normal(mu, (logvar / 2).exp()), 1)
    return log_joint(AffineTransform(q.mean, q.stddev)(eps)).mean() + q.entropy()


@right("gaussian_elbo")
def elbo_by_loop(log_joint, mu, logvar, eps):
    values = [log_joint((mu + logvar.exp().sqrt() * e).unsqueeze(0))[0] for e in eps]
    return sum(values) / len(values) + sum(0.5 * (1 + LOG_2PI + v) for v in logvar)


@right("gaussian_elbo")
def elbo_by_covariance(log_joint, mu, logvar, eps):
    q = MultivariateNormal(mu, torch.diag(logvar.exp()))
    return torch.mean(log_joint(mu + eps @ q.scale_tril.T) + q.entropy())


@right("gaussian_elbo")
def elbo_as_minus_loss(log_joint, mu, logvar, eps):
    loss = -log_joint(torch.addcmul(mu, torch.exp(0.5 * logvar), eps)).sum() / eps.size(0)
    return -(loss - _entropy(logvar))


@wrong("gaussian_elbo", "the entropy is estimated from the draws; it is known exactly")
def elbo_sampled_entropy(log_joint, mu, logvar, eps):
    log_q = -0.5 * (LOG_2PI + logvar + eps**2).sum(1)
    return (log_joint(_sample(mu, logvar, eps)) - log_q).mean()


@wrong("gaussian_elbo", "the ½ of σ stands outside the exponential")
def elbo_half_outside(log_joint, mu, logvar, eps):
    return log_joint(mu + logvar.exp() / 2 * eps).mean() + _entropy(logvar)


@wrong("gaussian_elbo", "the two terms are multiplied")
def elbo_times_f(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps)).mean() * _entropy(logvar)


@wrong("gaussian_elbo", "the draws are averaged before log_joint")
def elbo_averages_the_draws(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps).mean(0, keepdim=True)).mean() + _entropy(logvar)


@wrong("gaussian_elbo", "The answer is float32 where the arguments are float64: something inside does not")
def elbo_in_single_precision(log_joint, mu, logvar, eps):
    return elbo_as_minus_loss(log_joint, mu, logvar, eps).float()


@oracle("gaussian_elbo")
def elbo_by_scipy_and_differences(log_joint, mu, logvar, eps):
    def value(m, v, noise):
        rows = [log_joint(torch.from_numpy((m + np.sqrt(np.exp(v)) * e)[None])).item() for e in noise]
        return math.fsum(rows) / len(rows) + stats.norm(scale=np.exp(v / 2)).entropy().sum()

    return Outside.apply(value, mu, logvar, eps)


# fit_gaussian --------------------------------------------------------------------------------------------------------


def _elbo(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps)).mean() + _entropy(logvar)


def _fit(
    log_joint, mu, logvar, noise, make, objective=_elbo, sign=-1, clear=True, which=("mu", "logvar"), refresh=False
):
    """The usual loop, with something changed."""
    mu, logvar = mu.clone().requires_grad_(), logvar.clone().requires_grad_()
    chosen = [parameter for name, parameter in (("mu", mu), ("logvar", logvar)) if name in which]
    optimizer = make(chosen)
    for eps in noise:
        optimizer = make(chosen) if refresh else optimizer
        if clear:
            mu.grad = logvar.grad = None
        (sign * objective(log_joint, mu, logvar, eps)).backward()
        optimizer.step()
    return mu.detach(), logvar.detach()


def _adam(learning_rate):
    return lambda parameters: torch.optim.Adam(parameters, lr=learning_rate)


@wrong("fit_gaussian", "Adam goes downhill in the ELBO")
def fit_downhill(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, _adam(learning_rate), sign=1)


@wrong("fit_gaussian", "`mu`: This is `mu`, as it was handed in", "`logvar`: This is `logvar`, as it was handed in")
def fit_returns_the_start(log_joint, mu, logvar, steps, learning_rate, eps):
    _fit(log_joint, mu, logvar, eps, _adam(learning_rate))
    return mu.detach(), logvar.detach()


@wrong("fit_gaussian", "the learning rate is not handed to Adam")
def fit_default_rate(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, torch.optim.Adam)


@wrong("fit_gaussian", "plain gradient descent is used, not Adam")
def fit_sgd(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, lambda p: torch.optim.SGD(p, lr=learning_rate))


@wrong("fit_gaussian", "RMSprop is used, not Adam")
def fit_rmsprop(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, lambda p: torch.optim.RMSprop(p, lr=learning_rate))


@wrong("fit_gaussian", "AdamW is used: it pulls towards 0")
def fit_adamw(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, lambda p: torch.optim.AdamW(p, lr=learning_rate))


@wrong("fit_gaussian", "Adagrad is used, not Adam")
def fit_adagrad(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, lambda p: torch.optim.Adagrad(p, lr=learning_rate))


@wrong("fit_gaussian", "the entropy is missing")
def fit_without_entropy(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, _adam(learning_rate), elbo_without_entropy)


@wrong("fit_gaussian", "`mu`: This is `mu`, as it was handed in")
def fit_z_detached(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, _adam(learning_rate), lambda *a: elbo_z_detached(*a) + 0 * a[1].sum())


@wrong("fit_gaussian", "`logvar`: This is `logvar`, as it was handed in")
def fit_only_mu(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, _adam(learning_rate), which=("mu",))


@wrong("fit_gaussian", "`mu`: This is `mu`, as it was handed in")
def fit_only_logvar(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, _adam(learning_rate), which=("logvar",))


@wrong("fit_gaussian", "log σ is optimised instead of logvar")
def fit_optimises_log_sigma(log_joint, mu, logvar, steps, learning_rate, eps):
    m, s = _fit(log_joint, mu, logvar / 2, eps, _adam(learning_rate), lambda f, m, s, noise: _elbo(f, m, 2 * s, noise))
    return m, 2 * s


@wrong("fit_gaussian", "The values are right, but in another order: logvar, mu")
def fit_other_order(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, _adam(learning_rate))[::-1]


@wrong("fit_gaussian", "It gives another answer each time: it draws noise of its own. Use what is handed")
def fit_draws_its_own_noise(log_joint, mu, logvar, steps, learning_rate, eps):
    start = mu + torch.randn_like(mu)  # one step of Adam alone may come out the same for two draws
    return _fit(log_joint, start, logvar, torch.randn_like(eps), _adam(learning_rate))


@wrong("fit_gaussian", "The answer still carries a graph; it should be detached")
def fit_not_detached(log_joint, mu, logvar, steps, learning_rate, eps):
    fitted = _fit(log_joint, mu, logvar, eps, _adam(learning_rate))
    return tuple(value.requires_grad_() for value in fitted)


@wrong("fit_gaussian", "`mu` itself is changed: an operation in place")
def fit_changes_the_start(log_joint, mu, logvar, steps, learning_rate, eps):
    leaves = mu.requires_grad_(), logvar.requires_grad_()
    optimizer = torch.optim.Adam(leaves, lr=learning_rate)
    for noise in eps:
        optimizer.zero_grad()
        (-_elbo(log_joint, *leaves, noise)).backward()
        optimizer.step()
    return mu.requires_grad_(False), logvar.requires_grad_(False)


@wrong("fit_gaussian", "Of `eps` only the first along steps makes a difference")
def fit_first_slice_always(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps[:1].expand_as(eps), _adam(learning_rate))


@wrong("fit_gaussian", "each step uses all of eps")
def fit_all_slices_always(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, [eps.flatten(0, 1)] * steps, _adam(learning_rate))


@wrong("fit_gaussian", "gradients pile up: zero_grad is missing")
def fit_gradients_pile_up(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, _adam(learning_rate), clear=False)


@wrong("fit_gaussian", "Adam is made anew in each step")
def fit_new_adam_each_step(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, _adam(learning_rate), refresh=True)


@wrong("fit_gaussian", "ε is scaled by logvar, not σ")
def fit_scaled_by_logvar(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, _adam(learning_rate), elbo_scaled_by_logvar)


@wrong("fit_gaussian", "the last step is left out")
def fit_one_step_short(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps[:-1], _adam(learning_rate))


@wrong("fit_gaussian", "the first step is left out")
def fit_range_from_one(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps[1:steps], _adam(learning_rate))


@wrong("fit_gaussian", "The answer should be 2 values (mu, logvar), it is a float")
def fit_returns_the_bound(log_joint, mu, logvar, steps, learning_rate, eps):
    fitted = _fit(log_joint, mu, logvar, eps, _adam(learning_rate))
    return _elbo(log_joint, *fitted, eps[-1]).item()


@wrong("fit_gaussian", "the fitted mu is returned twice")
def fit_returns_mu_twice(log_joint, mu, logvar, steps, learning_rate, eps):
    return (_fit(log_joint, mu, logvar, eps, _adam(learning_rate))[0],) * 2


@wrong("fit_gaussian", "there are at most 100 steps")
def fit_at_most_a_hundred_steps(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps[:100], _adam(learning_rate))


@wrong("fit_gaussian", "A name has no value yet: a loop gives it one")
def fit_stops_early(log_joint, mu, logvar, steps, learning_rate, eps):
    last = -math.inf
    for step in range(1, steps + 1):
        fitted = _fit(log_joint, mu, logvar, eps[:step], _adam(learning_rate))
        now = _elbo(log_joint, *fitted, eps[step - 1]).item()
        if step > 3 and abs(now - last) < 0.01:
            break
        last = now
    return fitted


@wrong("fit_gaussian")
def fit_clips_gradients(log_joint, mu, logvar, steps, learning_rate, eps):
    def clipped(log_joint, mu, logvar, noise):
        value = _elbo(log_joint, mu, logvar, noise)
        norm = torch.cat(torch.autograd.grad(value, (mu, logvar), retain_graph=True)).norm()
        return value / norm.clamp(min=1)

    return _fit(log_joint, mu, logvar, eps, _adam(learning_rate), clipped)


@right("fit_gaussian")
def fit_maximize(log_joint, mu, logvar, steps, learning_rate, eps):
    make = lambda p: torch.optim.Adam(p, lr=learning_rate, maximize=True)  # noqa: E731
    return list(_fit(log_joint, mu, logvar, eps, make, elbo_by_distributions, sign=1))


@right("fit_gaussian")
def fit_parameters_and_two_optimizers(log_joint, mu, logvar, steps, learning_rate, eps):
    m, v = torch.nn.Parameter(mu.clone()), torch.nn.Parameter(logvar.clone())
    optimizers = [torch.optim.Adam([parameter], lr=learning_rate) for parameter in (m, v)]
    for step in range(steps):
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=False)
        (-elbo_by_loop(log_joint, m, v, eps[step])).backward()
        for optimizer in optimizers:
            optimizer.step()
    return m.data, v.data


@right("fit_gaussian")
def fit_gradients_by_hand(log_joint, mu, logvar, steps, learning_rate, eps):
    m, v = mu.clone(), logvar.clone()
    optimizer = torch.optim.Adam([m, v], lr=learning_rate, foreach=False)
    for noise in eps:
        slopes = torch.func.grad(lambda a, b, e=noise: -_elbo(log_joint, a, b, e), (0, 1))(m, v)
        m.grad, v.grad = slopes
        optimizer.step()
    return m, v


@right("fit_gaussian")
def fit_adam_written_out(log_joint, mu, logvar, steps, learning_rate, eps):
    theta = torch.cat([mu, logvar]).detach()
    first, second = torch.zeros_like(theta), torch.zeros_like(theta)
    for t in range(1, steps + 1):
        leaf = theta.clone().requires_grad_()
        (slope,) = torch.autograd.grad(-_elbo(log_joint, *leaf.chunk(2), eps[t - 1]), leaf)
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        theta = theta - learning_rate * first / (1 - 0.9**t) / ((second / (1 - 0.999**t)).sqrt() + 1e-8)
    return theta.chunk(2)


@wrong("fit_gaussian", "The answer still carries a graph; it should be detached")
def fit_keeps_the_graph(log_joint, mu, logvar, steps, learning_rate, eps):
    fitted = _fit(log_joint, mu, logvar, eps, _adam(learning_rate))
    return fitted[0], fitted[1].requires_grad_()


@wrong("fit_gaussian", "σ is returned in the place of logvar")
def fit_returns_sigma(log_joint, mu, logvar, steps, learning_rate, eps):
    m, v = _fit(log_joint, mu, logvar, eps, _adam(learning_rate))
    return m, (v / 2).exp()


@wrong("fit_gaussian", "`logvar`: This is the exponential of the right one")
def fit_returns_the_variance(log_joint, mu, logvar, steps, learning_rate, eps):
    m, v = _fit(log_joint, mu, logvar, eps, _adam(learning_rate))
    return m, v.exp()


@wrong("fit_gaussian")
def fit_sgd_with_momentum(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, lambda p: torch.optim.SGD(p, lr=learning_rate, momentum=0.9))


@wrong("fit_gaussian", "It is right to float32's digits only: is a number inside float32 where the argum")
def fit_in_single_precision(log_joint, mu, logvar, steps, learning_rate, eps):
    m, v = _fit(log_joint, mu.float(), logvar.float(), eps.float(), _adam(learning_rate))
    return m.to(mu.dtype), v.to(mu.dtype)


@oracle("fit_gaussian")
def fit_by_differences_and_kingma_and_ba(log_joint, mu, logvar, steps, learning_rate, eps):
    """Algorithm 1 of Kingma and Ba in numpy, on central differences of scipy's entropy plus log_joint, in float64."""
    theta = np.concatenate([mu.double().numpy(), logvar.double().numpy()])
    size = len(mu)
    moved = np.concatenate([np.eye(2 * size), -np.eye(2 * size)]) * 1e-5
    m, v = np.zeros(2 * size), np.zeros(2 * size)
    for t, noise in enumerate(eps.double().numpy(), start=1):
        places = theta + moved
        z = places[:, None, :size] + np.sqrt(np.exp(places[:, None, size:])) * noise
        heights = log_joint(torch.from_numpy(z.reshape(-1, size))).numpy().reshape(len(places), -1).mean(1)
        heights = heights + stats.norm.entropy(scale=np.exp(places[:, size:] / 2)).sum(1)
        g = -(heights[: 2 * size] - heights[2 * size :]) / 2e-5
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        theta = theta - learning_rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return torch.from_numpy(theta[:size].copy()).to(mu.dtype), torch.from_numpy(theta[size:].copy()).to(mu.dtype)


# more slips of the kinds that beginners make -------------------------------------------------------------------------


@wrong("posterior", "1 is added to p(x) in the logarithm")
def posterior_log_of_one_plus(joint):
    return joint / joint.sum(), joint.sum().log1p()


@wrong("kl_discrete", "numbers are kept above 0 by 1e-12, added or as a limit")
def kl_discrete_clamped(q, p):
    return (q * (q.clamp(1e-12).log() - p.clamp(1e-12).log())).sum()


@wrong("kl_discrete", "`F.kl_div` is given log q and p, which is KL(p‖q)")
def kl_discrete_by_kl_div_swapped(q, p):
    return torch.nn.functional.kl_div(q.log(), p, reduction="sum")


@wrong("kl_discrete", "`F.kl_div` divides by K (batchmean)")
def kl_discrete_by_kl_div_batchmean(q, p):
    return torch.nn.functional.kl_div(p.log(), q, reduction="batchmean")


@wrong("gaussian_entropy", "σ² is kept above 0 by 1e-8, added or as a limit")
def entropy_clamped_variance(logvar):
    return 0.5 * (1 + LOG_2PI + logvar.exp().clamp(min=1e-8).log()).sum(1)


@wrong("gaussian_entropy", "π is rounded to 3.14")
def entropy_with_a_rounded_pi(logvar):
    return 0.5 * (1 + math.log(2 * 3.14) + logvar).sum(1)


@wrong("kl_gaussians", "only the diagonal of Σp is used between the means")
def kl_gaussians_diagonal_between_the_means(mu_q, cov_q, mu_p, cov_p):
    log_ratio, trace, _ = _kl_parts(mu_q, cov_q, mu_p, cov_p)
    return 0.5 * (log_ratio - len(mu_q) + trace + ((mu_p - mu_q) ** 2 / cov_p.diag()).sum())


@wrong("kl_gaussians", "the term with the means is multiplied by D")
def kl_gaussians_means_times_d(mu_q, cov_q, mu_p, cov_p):
    log_ratio, trace, distance = _kl_parts(mu_q, cov_q, mu_p, cov_p)
    return 0.5 * (log_ratio - len(mu_q) + trace + len(mu_q) * distance)


@wrong("score_function_gradient", "log q stands where its slope should")
def score_takes_log_q(f, mu, sigma, eps):
    z = mu + sigma * eps
    return f(z) * Normal(mu, sigma).log_prob(z)


@wrong("score_function_gradient", "running means are returned")
def score_running_means(f, mu, sigma, eps):
    return score_short(f, mu, sigma, eps).cumsum(0) / torch.arange(1, len(eps) + 1).to(eps)


@wrong("gaussian_elbo", "the KL to the prior is subtracted as well")
def elbo_minus_kl_too(log_joint, mu, logvar, eps):
    kl = 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum()
    return log_joint(_sample(mu, logvar, eps)).mean() + _entropy(logvar) - kl


@wrong("gaussian_elbo", "These are the right numbers in another shape")
def elbo_of_shape_one(log_joint, mu, logvar, eps):
    return log_joint(_sample(mu, logvar, eps)).mean(0, keepdim=True) + _entropy(logvar)


@wrong("fit_gaussian", "`mu`: This is `mu`, as it was handed in", "`logvar`: This is `logvar`, as it was handed in")
def fit_clears_before_the_step(log_joint, mu, logvar, steps, learning_rate, eps):
    m, v = mu.detach().clone().requires_grad_(), logvar.detach().clone().requires_grad_()
    optimizer = torch.optim.Adam([m, v], lr=learning_rate)
    for noise in eps:
        (-_elbo(log_joint, m, v, noise)).backward()
        optimizer.zero_grad()
        optimizer.step()
    return m.detach(), v.detach()


@wrong("fit_gaussian")
def fit_other_betas(log_joint, mu, logvar, steps, learning_rate, eps):
    return _fit(log_joint, mu, logvar, eps, lambda p: torch.optim.Adam(p, lr=learning_rate, betas=(0.5, 0.999)))


# slips that were tried when this bank had none of them ------------------------------------------------------


@wrong("posterior", "`log evidence`: This is the right one in bits (logarithms of base 2).")
def posterior_log2(joint):
    return joint / joint.sum(), joint.sum().log2()


@wrong("posterior", "`log evidence`: This is the right one minus log K.")
def posterior_mean_evidence(joint):
    return joint / joint.sum(), joint.mean().log()


@wrong("kl_discrete", "when the terms are not weighted by q")
def kl_without_q(q, p):
    return torch.special.xlogy(torch.ones_like(q), q / p).nan_to_num(0).sum()


@wrong("kl_discrete")
def kl_jeffreys(q, p):
    return (
        torch.special.xlogy(q, q).sum()
        - torch.special.xlogy(q, p).sum()
        + torch.special.xlogy(p, p).sum()
        - torch.special.xlogy(p, q).sum()
    )


@wrong("kl_discrete", "when the absolute value of each term is summed")
def kl_abs(q, p):
    return (torch.special.xlogy(q, q) - torch.special.xlogy(q, p)).abs().sum()


@wrong("kl_discrete", "This is the right one divided by K, as when a mean over K is taken, not a")
def kl_mean(q, p):
    return (torch.special.xlogy(q, q) - torch.special.xlogy(q, p)).mean()


@wrong("gaussian_entropy", "This is the right one minus ½ D log 2.")
def entropy_log_pi(logvar):
    return 0.5 * (1 + math.log(math.pi) + logvar).sum(-1)


@wrong("gaussian_entropy", "This is the right one, the term log σ² once too often.")
def entropy_of_sigma(logvar):
    return (0.5 * (1 + math.log(2 * math.pi)) + logvar).sum(-1)


@wrong("gaussian_entropy", "This is the right one, the term log σ² with the wrong sign.")
def entropy_minus(logvar):
    return 0.5 * (1 + math.log(2 * math.pi) - logvar).sum(-1)


@wrong("gaussian_entropy", "This is the right one plus 1.72 (4.3 in another case). (This holds for")
def entropy_of_e(logvar):
    return 0.5 * (math.e + math.log(2 * math.pi) + logvar).sum(-1)


@wrong("kl_gaussians")
def klg_no_inverse(mu_q, cov_q, mu_p, cov_p):
    d = mu_p - mu_q
    i = torch.linalg.inv(cov_p)
    return 0.5 * (torch.trace(i @ cov_q) + d @ d - len(d) + torch.logdet(cov_p) - torch.logdet(cov_q))


@wrong("kl_gaussians")
def klg_sum_of_product(mu_q, cov_q, mu_p, cov_p):
    d = mu_p - mu_q
    i = torch.linalg.inv(cov_p)
    return 0.5 * ((i @ cov_q).sum() + d @ i @ d - len(d) + torch.logdet(cov_p) - torch.logdet(cov_q))


@wrong("score_function_gradient")
def score_plus(f, mu, sigma, eps):
    z = mu + sigma * eps
    return f(z) * (z + mu) / sigma**2


@wrong("reparametrized_gradient", "It is right to a few digits only")
def rep_forward_difference(f, mu, sigma, eps):
    z = mu + sigma * eps
    return (f(z + 1e-3) - f(z)) / 1e-3


@wrong("gaussian_elbo", "This is the right one, the entropy with the wrong sign.")
def gelbo_minus_entropy(log_joint, mu, logvar, eps):
    z = mu + (logvar / 2).exp() * eps
    return log_joint(z).mean() - 0.5 * (1 + math.log(2 * math.pi) + logvar).sum()


@wrong("fit_gaussian", "Of `eps` only the first along steps makes a difference.")
def fitg_same_noise(log_joint, mu, logvar, steps, learning_rate, eps):
    m, log = mu.clone().requires_grad_(), logvar.clone().requires_grad_()
    o = torch.optim.Adam([m, log], lr=learning_rate)
    for _ in range(steps):
        o.zero_grad()
        z = m + (log / 2).exp() * eps[0]
        (-(log_joint(z).mean() + log.sum() / 2)).backward()
        o.step()
    return m.detach(), log.detach()
