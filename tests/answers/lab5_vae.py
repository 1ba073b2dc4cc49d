"""Answers to lab 5: what students write wrongly, what they write rightly in other words, and second routes to the
numbers.

The second routes are SciPy, mpmath and Gauss-Hermite quadrature. Their slopes are central differences, so they share
neither a formula nor a derivative with the solutions.
"""

from __future__ import annotations

import math

import mpmath
import numpy as np
import torch
from scipy import special, stats
from torch import tensor
from torch.nn import functional as F

import vae_lib as lib
from tests.answers.outside import Outside
from tests.lab_bank import oracle, right, wrong

# ---------------------------------------------------------------- second routes


def _hermite_kl(mu, logvar):
    """E_q[log q − log p] by Gauss-Hermite quadrature, exact for a quadratic: (B, D), (B, D) -> (B,)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    sigma = np.exp(logvar / 2)[..., None]
    z = mu[..., None] + sigma * nodes
    log_ratio = stats.norm.logpdf(nodes) - np.log(sigma) - stats.norm.logpdf(z)
    return (log_ratio * weights).sum((-1, -2)) / weights.sum()


def _expit_nll(x, logits):
    """−log p by SciPy's logarithm of the sigmoid."""
    return -(x * special.log_expit(logits) + (1 - x) * special.log_expit(-logits)).sum(-1)


def _plain(decode):
    """A decoder of tensors as one of arrays."""

    def plain(z):
        with torch.no_grad():
            return decode(torch.as_tensor(z)).double().numpy()

    return plain


def _same_type(decode, dtype):
    """`decode` for the float64 codes of a quadrature or a difference, also where its weights are float32."""

    def call(z):
        try:
            return decode(z)
        except RuntimeError:
            return decode(z.to(dtype))

    return call


# ---------------------------------------------------------------- reparametrize


@oracle("reparametrize")
def reparametrize_by_quantile(mu, logvar, eps):
    # the quantile of N(μ, σ²) at the level of ε, term by term, in mpmath's arithmetic
    def draw(mu, logvar, eps):
        shape = np.broadcast_shapes(mu.shape, eps.shape)
        rows = np.broadcast_to(mu, shape).ravel(), np.broadcast_to(logvar, shape).ravel(), eps.ravel()
        values = [
            float(mpmath.mpf(m) + mpmath.sqrt(mpmath.exp(v)) * mpmath.mpf(e)) for m, v, e in zip(*rows, strict=True)
        ]
        return np.array(values).reshape(shape)

    return Outside.apply(draw, mu, logvar, eps.contiguous())


@right("reparametrize")
def reparametrize_sqrt(mu, logvar, eps):
    return mu + logvar.exp().sqrt() * eps


@right("reparametrize")
def reparametrize_addcmul(mu, logvar, eps):
    return torch.addcmul(mu, torch.exp(logvar / 2), eps)


@right("reparametrize")
def reparametrize_distribution(mu, logvar, eps):
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    return q.mean + q.stddev * eps


@right("reparametrize")
def reparametrize_transform(mu, logvar, eps):
    return torch.distributions.AffineTransform(mu, torch.exp(logvar * 0.5))(eps)


@right("reparametrize")
def reparametrize_loops(mu, logvar, eps):
    flat = eps.reshape(-1, *mu.shape)
    draws = [[m + (v / 2).exp() * e for m, v, e in zip(mu, logvar, draw, strict=True)] for draw in flat]
    return torch.stack([torch.stack(rows) for rows in draws]).reshape(eps.shape)


@right("reparametrize")
def reparametrize_in_place_on_copy(mu, logvar, eps):
    z = eps.clone()
    z *= torch.pow(math.e, logvar / 2)
    z += mu
    return z


@right("reparametrize")
def reparametrize_double_inside(mu, logvar, eps):
    z = mu.double() + torch.exp(0.5 * logvar.double()) * eps.double()
    return z.to(mu.dtype)


@wrong("reparametrize", "`logvar` is handed in halved")
def reparametrize_variance(mu, logvar, eps):
    return mu + logvar.exp() * eps


@wrong("reparametrize", "the ½ stands outside the exponential")
def reparametrize_half_outside(mu, logvar, eps):
    return mu + 0.5 * torch.exp(logvar) * eps


@wrong("reparametrize", "`logvar` is handed in as the exponential of its half")
def reparametrize_logvar_as_sigma(mu, logvar, eps):
    return mu + logvar * eps


@wrong("reparametrize", "log σ is taken for σ: the exponential is missing")
def reparametrize_no_exponential(mu, logvar, eps):
    return mu + 0.5 * logvar * eps


@wrong("reparametrize", "does not depend on `mu`")
def reparametrize_no_mu(mu, logvar, eps):
    return torch.exp(0.5 * logvar) * eps


@wrong("reparametrize", "does not depend on `eps`")
def reparametrize_no_eps(mu, logvar, eps):
    return mu + torch.exp(0.5 * logvar)


@wrong("reparametrize", "`mu`, as it was handed in")
def reparametrize_deterministic(mu, logvar, eps):
    return mu


@wrong("reparametrize", "`logvar` is handed in with the other sign")
def reparametrize_minus_half(mu, logvar, eps):
    return mu + torch.exp(-0.5 * logvar) * eps


@wrong("reparametrize", "`eps` is handed in with the other sign")
def reparametrize_minus(mu, logvar, eps):
    return mu - torch.exp(0.5 * logvar) * eps


@wrong("reparametrize", "`mu` and `logvar` change places: they are taken one for the other")
def reparametrize_swapped(mu, logvar, eps):
    return logvar + torch.exp(0.5 * mu) * eps


@wrong("reparametrize", "Of `eps` only the first along B makes a difference")
def reparametrize_shared_noise(mu, logvar, eps):
    return mu + torch.exp(0.5 * logvar) * eps[..., :1, :]


@wrong("reparametrize", "μ is multiplied by σ as well")
def reparametrize_scaled_mu(mu, logvar, eps):
    return (mu + eps) * torch.exp(0.5 * logvar)


@wrong("reparametrize", "cut off from its arguments, so nothing can be learned: no gradient rea")
def reparametrize_no_grad(mu, logvar, eps):
    with torch.no_grad():
        return mu + torch.exp(0.5 * logvar) * eps


@wrong("reparametrize", "No gradient reaches `logvar`, though the answer depends on it")
def reparametrize_sigma_detached(mu, logvar, eps):
    return mu + torch.exp(0.5 * logvar).detach() * eps


@wrong("reparametrize", "It is right to float32's digits only")
def reparametrize_sigma_tensor(mu, logvar, eps):
    return mu + tensor(torch.exp(0.5 * logvar).tolist()) * eps


@wrong("reparametrize", "No gradient reaches `mu`, though the answer depends on it")
def reparametrize_mu_data(mu, logvar, eps):
    return mu.data + torch.exp(0.5 * logvar) * eps


@wrong("reparametrize", "`mu` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def reparametrize_in_place(mu, logvar, eps):
    mu += torch.exp(0.5 * logvar) * eps
    return mu


@wrong("reparametrize", "It gives another answer each time: it draws noise of its own. Use what")
def reparametrize_own_noise(mu, logvar, eps):
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(eps)


@wrong("reparametrize", "int64, it should be floating point")
def reparametrize_rounded(mu, logvar, eps):
    return (mu + torch.exp(0.5 * logvar) * eps).long()


@wrong("reparametrize", "Ordinary numbers come out right, but not logvar of ±80")
def reparametrize_clamped(mu, logvar, eps):
    return mu + torch.exp(0.5 * logvar.clamp(-30, 20)) * eps


@wrong("reparametrize", "`logvar` itself is changed: an operation in place (`+=`, `-=`, `x[…] =")
def reparametrize_changes_logvar(mu, logvar, eps):
    sigma = torch.exp(0.5 * logvar)
    if not logvar.requires_grad:
        logvar.mul_(0.5)
    return mu + sigma * eps


@wrong("reparametrize", "the first of the axes in front in the place of all")
def reparametrize_one_axis_in_front(mu, logvar, eps):
    draws = eps if eps.ndim < 4 else eps[0]
    return mu + torch.exp(0.5 * logvar) * draws


@wrong("reparametrize", "float32 where the arguments are float64: something inside does not kee")
def reparametrize_single(mu, logvar, eps):
    return (mu + torch.exp(0.5 * logvar) * eps).float()


@wrong("reparametrize", "`eps` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`")
def reparametrize_eps_in_place(mu, logvar, eps):
    return eps.mul_(torch.exp(0.5 * logvar)).add_(mu)


@wrong("reparametrize", "`mu.requires_grad` is changed: leave the arguments as they are, and wo")
def reparametrize_asks_for_gradients(mu, logvar, eps):
    return mu.requires_grad_() + torch.exp(0.5 * logvar.requires_grad_()) * eps


@wrong("reparametrize", "a ndarray, it should be a torch tensor of shape (2, 3)")
def reparametrize_numpy(mu, logvar, eps):
    return mu.detach().numpy() + np.exp(logvar.detach().numpy() / 2) * eps.detach().numpy()


@wrong("reparametrize", "`logvar` is handed in as its exponential")
def reparametrize_log_root(mu, logvar, eps):
    return mu + torch.sqrt(logvar) * eps


# ---------------------------------------------------------------- gaussian_kl


@oracle("gaussian_kl")
def kl_by_quadrature(mu, logvar):
    return Outside.apply(_hermite_kl, mu, logvar)


@oracle("gaussian_kl")
def kl_by_full_covariance(mu, logvar):
    # the library's KL of full covariances, tested against SciPy and mpmath by itself
    zero, unit = torch.zeros_like(mu[0]).double(), torch.eye(mu.shape[1], dtype=torch.float64)
    rows = [lib.kl_gaussians(m, v.exp().diag(), zero, unit) for m, v in zip(mu.double(), logvar.double(), strict=True)]
    return torch.stack(rows).to(mu.dtype)


@right("gaussian_kl")
def kl_distributions(mu, logvar):
    q = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    prior = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return torch.distributions.kl_divergence(q, prior).sum(-1)


@right("gaussian_kl")
def kl_independent(mu, logvar):
    def normal(mean, sigma):
        return torch.distributions.Independent(torch.distributions.Normal(mean, sigma), 1)

    return torch.distributions.kl_divergence(
        normal(mu, (logvar / 2).exp()), normal(torch.zeros_like(mu), torch.ones_like(mu))
    )


@right("gaussian_kl")
def kl_paper(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=-1)


@right("gaussian_kl")
def kl_loops(mu, logvar):
    rows = []
    for m, v in zip(mu, logvar, strict=True):
        total = 0
        for d in range(len(m)):
            total = total + 0.5 * (m[d] ** 2 + torch.exp(v[d]) - v[d] - 1)
        rows.append(total)
    return torch.stack(rows)


@right("gaussian_kl")
def kl_expm1(mu, logvar):
    return 0.5 * (torch.einsum("bd,bd->b", mu, mu) + (torch.expm1(logvar) - logvar).sum(1))


@right("gaussian_kl")
def kl_sigma(mu, logvar):
    sigma = torch.exp(logvar / 2)
    return (0.5 * (mu**2 + sigma**2) - sigma.log() - 0.5).sum(1)


@right("gaussian_kl")
def kl_mean_times_count(mu, logvar):
    return 0.5 * mu.shape[1] * (mu**2 + logvar.exp() - logvar - 1).mean(1)


@right("gaussian_kl")
def kl_double_inside(mu, logvar):
    m, v = mu.double(), logvar.double()
    return (0.5 * (m**2 + v.exp() - v - 1).sum(1)).to(mu.dtype)


@wrong("gaussian_kl", "twice the right one")
def kl_no_half(mu, logvar):
    return (mu**2 + logvar.exp() - logvar - 1).sum(1)


@wrong("gaussian_kl", "the right one, the term μ² and the term σ² once too often")
def kl_half_on_two(mu, logvar):
    sigma = torch.exp(0.5 * logvar)
    return (sigma**2 + mu**2 - torch.log(sigma) - 0.5).sum(1)


@wrong("gaussian_kl", "`logvar` is handed in halved")
def kl_log_sigma(mu, logvar):
    return 0.5 * (mu**2 + torch.exp(2 * logvar) - 2 * logvar - 1).sum(1)


@wrong("gaussian_kl", "σ stands where σ² should")
def kl_sigma_for_variance(mu, logvar):
    return 0.5 * (mu**2 + torch.exp(0.5 * logvar) - logvar - 1).sum(1)


@wrong("gaussian_kl", "the right one, half of the term log σ² left out")
def kl_log_sigma_for_log_variance(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 0.5 * logvar - 1).sum(1)


@wrong("gaussian_kl", "does not depend on `logvar`")
def kl_no_exponential(mu, logvar):
    return 0.5 * (mu**2 + logvar - logvar - 1).sum(1)


@wrong("gaussian_kl", "the right one, the term log σ² left out")
def kl_no_log(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1).sum(1)


@wrong("gaussian_kl", "the right one, the term log σ² with the wrong sign")
def kl_log_added(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() + logvar - 1).sum(1)


@wrong("gaussian_kl", "the right one, the term −1 left out")
def kl_no_one(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - logvar).sum(1)


@wrong("gaussian_kl", "the right one plus ½ (D − 1)")
def kl_one_once(mu, logvar):
    return 0.5 * ((mu**2 + logvar.exp() - logvar).sum(1) - 1)


@wrong("gaussian_kl", "the right one, the term μ² left out")
def kl_no_mu(mu, logvar):
    return 0.5 * (logvar.exp() - logvar - 1).sum(1)


@wrong("gaussian_kl", "`mu` is handed in squared")
def kl_mu_not_squared(mu, logvar):
    return 0.5 * (mu + logvar.exp() - logvar - 1).sum(1)


@wrong("gaussian_kl", "the KL is reversed, from the prior to q")
def kl_reversed(mu, logvar):
    q = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    prior = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return torch.distributions.kl_divergence(prior, q).sum(-1)


@wrong("gaussian_kl", "the right one with the other sign")
def kl_sign(mu, logvar):
    return 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1)


@wrong("gaussian_kl", "the right one divided by D, as when a mean over D is taken, not a sum")
def kl_mean_dims(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - logvar - 1).mean(1)


@wrong("gaussian_kl", "twice the right one, divided by D, as when a mean over D is taken, not")
def kl_mean_dims_no_half(mu, logvar):
    # in two dimensions the two slips cancel
    return (mu**2 + logvar.exp() - logvar - 1).mean(1)


@wrong("gaussian_kl", "summed over B as well")
def kl_sum_all(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum()


@wrong("gaussian_kl", "averaged over B as well")
def kl_batch_mean(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(1).mean()


@wrong("gaussian_kl", "the right one divided by D, as when a mean over D is taken, not a sum,")
def kl_mean_all(mu, logvar):
    return 0.5 * torch.mean(mu**2 + logvar.exp() - logvar - 1)


@wrong("gaussian_kl", "right in the total: the sum runs over the wrong axis, or over one too")
def kl_sum_batch_axis(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(0)


@wrong("gaussian_kl", "not yet summed over D")
def kl_not_summed(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - logvar - 1)


@wrong("gaussian_kl", "cut off from its arguments, so nothing can be learned: no gradient rea")
def kl_items(mu, logvar):
    rows = [0.5 * (m**2 + v.exp() - v - 1).sum().item() for m, v in zip(mu, logvar, strict=True)]
    return tensor(rows, dtype=mu.dtype)


@wrong("gaussian_kl", "a list, it should be a torch tensor of shape (2,)")
def kl_list(mu, logvar):
    return [0.5 * (m**2 + v.exp() - v - 1).sum() for m, v in zip(mu, logvar, strict=True)]


@wrong("gaussian_kl", "The function returned None; is a `return` missing?")
def kl_no_return(mu, logvar):
    0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(1)


@wrong("gaussian_kl", "`logvar` is handed in as its exponential")
def kl_logvar_as_variance(mu, logvar):
    return 0.5 * (mu**2 + logvar - torch.log(logvar) - 1).sum(1)


@wrong("gaussian_kl", "Ordinary numbers come out right, but not logvar of ±80")
def kl_clamped(mu, logvar):
    logvar = logvar.clamp(-30, 20)
    return 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(1)


@wrong("gaussian_kl", "1e-8 is added inside a logarithm")
def kl_small_constant(mu, logvar):
    variance = logvar.exp()
    return 0.5 * (mu**2 + variance - torch.log(variance + 1e-8) - 1).sum(1)


@wrong("gaussian_kl", "`mu` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def kl_in_place(mu, logvar):
    squares = mu**2
    if mu.requires_grad:
        return 0.5 * (squares + logvar.exp() - logvar - 1).sum(1)
    total = (squares + logvar.exp()).sub_(logvar).sub_(1).sum(1)
    mu.zero_()
    return 0.5 * total


@wrong("gaussian_kl", "the right one, the term σ² with the wrong sign")
def kl_textbook_sign(mu, logvar):
    return -0.5 * (1 + logvar - mu**2 + logvar.exp()).sum(1)


@wrong("gaussian_kl", "the right numbers in another shape")
def kl_keeps_axis(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(1, keepdim=True)


@wrong("gaussian_kl", "float32 where the arguments are float64: something inside does not kee")
def kl_single(mu, logvar):
    total = torch.zeros(len(mu))
    for d in range(mu.shape[1]):
        total += (0.5 * (mu[:, d] ** 2 + logvar[:, d].exp() - logvar[:, d] - 1)).float()
    return total


@wrong("gaussian_kl", "`logvar` itself is changed: an operation in place (`+=`, `-=`, `x[…] =")
def kl_exp_in_place(mu, logvar):
    terms = mu**2 - logvar - 1
    return 0.5 * (terms + logvar.exp_()).sum(1)


@wrong("gaussian_kl")
def kl_equal_spreads(mu, logvar):
    # the KL of two Gaussians with the same σ
    return 0.5 * (mu**2 / logvar.exp()).sum(1)


@wrong("gaussian_kl", "Shapes do not fit: `mu` is (2, 3) = (B, D), `logvar` is (2, 3) = (B, D")
def kl_matrix_product(mu, logvar):
    return 0.5 * (mu @ mu + logvar.exp() - logvar - 1).sum(1)


@wrong("gaussian_kl", "Of `mu` only the first along D makes a difference")
def kl_first_dimension(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - logvar - 1)[:, 0]


@wrong("gaussian_kl", "The gradient for `logvar` is not the slope of the values: part of the")
def kl_detached_variance(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp().detach() - logvar - 1).sum(1)


# ---------------------------------------------------------------- bernoulli_nll


@oracle("bernoulli_nll")
def bernoulli_by_scipy(x, logits):
    return Outside.apply(_expit_nll, x, logits)


@oracle("bernoulli_nll")
def bernoulli_by_mpmath(x, logits):
    def pixel(x, logit):
        return x * mpmath.log1p(mpmath.exp(-mpmath.mpf(logit))) + (1 - x) * mpmath.log1p(mpmath.exp(mpmath.mpf(logit)))

    def total(x, logits):
        with mpmath.workdps(30):
            costs = np.vectorize(lambda x, v: float(pixel(x, v)))(x, logits)
        return costs.sum(-1)

    return Outside.apply(total, x, logits)


@right("bernoulli_nll")
def bernoulli_torch(x, logits):
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(-1)


@right("bernoulli_nll")
def bernoulli_module(x, logits):
    loss = torch.nn.BCEWithLogitsLoss(reduction="none")
    return loss(logits, torch.broadcast_to(x, logits.shape)).sum(dim=-1)


@right("bernoulli_nll")
def bernoulli_logsigmoid(x, logits):
    return -(x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(-1)


@right("bernoulli_nll")
def bernoulli_logaddexp(x, logits):
    return (torch.logaddexp(torch.zeros_like(logits), logits) - x * logits).sum(-1)


@right("bernoulli_nll")
def bernoulli_by_hand(x, logits):
    costs = logits.clamp(min=0) - logits * x + torch.log1p(torch.exp(-logits.abs()))
    return torch.einsum("...p->...", costs)


@right("bernoulli_nll")
def bernoulli_distribution(x, logits):
    pixels = torch.distributions.Bernoulli(logits=logits, validate_args=False)
    return -pixels.log_prob(x).sum(-1)


@right("bernoulli_nll")
def bernoulli_log_softmax(x, logits):
    both = torch.stack([logits, torch.zeros_like(logits)], -1).log_softmax(-1)
    return -(x * both[..., 0] + (1 - x) * both[..., 1]).sum(-1)


@right("bernoulli_nll")
def bernoulli_one_logsigmoid(x, logits):
    # log(1 − s(l)) = log s(l) − l
    log_s = F.logsigmoid(logits)
    return -(x * log_s).sum(-1) - ((1 - x) * (log_s - logits)).sum(-1)


@right("bernoulli_nll")
def bernoulli_loops(x, logits):
    flat = logits.reshape(-1, *x.shape)
    rows = [
        [F.binary_cross_entropy_with_logits(v, t, reduction="sum") for v, t in zip(draw, x, strict=True)]
        for draw in flat
    ]
    return torch.stack([torch.stack(row) for row in rows]).reshape(logits.shape[:-1])


@wrong("bernoulli_nll", "the right one divided by P, as when a mean over P is taken, not a sum")
def bernoulli_mean_pixels(x, logits):
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").mean(-1)


@wrong("bernoulli_nll", "summed over B and the axes in front as well")
def bernoulli_sum_all(x, logits):
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="sum")


@wrong("bernoulli_nll", "the right one divided by P, as when a mean over P is taken, not a sum,")
def bernoulli_mean_all(x, logits):
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits))


@wrong("bernoulli_nll", "averaged over B and the axes in front as well")
def bernoulli_batch_mean(x, logits):
    return lib.bernoulli_nll(x, logits).mean()


@wrong("bernoulli_nll", "not yet summed over P")
def bernoulli_not_summed(x, logits):
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none")


@wrong("bernoulli_nll", "right in the total: the sum runs over the wrong axis, or over one too")
def bernoulli_sum_batch_axis(x, logits):
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(0)


@wrong("bernoulli_nll", "the right one with the other sign")
def bernoulli_sign(x, logits):
    return -lib.bernoulli_nll(x, logits)


@wrong("bernoulli_nll", "the term with x alone")
def bernoulli_no_dark(x, logits):
    return -(x * F.logsigmoid(logits)).sum(-1)


@wrong("bernoulli_nll", "the term with 1 − x alone")
def bernoulli_no_light(x, logits):
    return -((1 - x) * F.logsigmoid(-logits)).sum(-1)


@wrong("bernoulli_nll", "the logits go through the sigmoid twice")
def bernoulli_sigmoid_twice(x, logits):
    s = torch.sigmoid(logits)
    return F.binary_cross_entropy_with_logits(s, x.expand_as(s), reduction="none").sum(-1)


@wrong("bernoulli_nll", "`x` and `logits` change places: they are taken one for the other")
def bernoulli_swapped(x, logits):
    return F.binary_cross_entropy_with_logits(x.expand_as(logits), logits, reduction="none").sum(-1)


@wrong("bernoulli_nll", "x and the probabilities are swapped")
def bernoulli_swapped_probabilities(x, logits):
    return F.binary_cross_entropy(x.expand_as(logits), torch.sigmoid(logits), reduction="none").sum(-1)


@wrong("bernoulli_nll", "the squared error is taken")
def bernoulli_squared_error(x, logits):
    return (x - torch.sigmoid(logits)).square().sum(-1)


@wrong("bernoulli_nll", "the right one in bits (logarithms of base 2)")
def bernoulli_bits(x, logits):
    return lib.bernoulli_nll(x, logits) / math.log(2)


@wrong("bernoulli_nll", "`logits` is handed in with the other sign")
def bernoulli_logits_sign(x, logits):
    return lib.bernoulli_nll(x, -logits)


@wrong("bernoulli_nll", "Of `x` only the rounded values make a difference")
def bernoulli_rounded(x, logits):
    return lib.bernoulli_nll(x.round(), logits)


@wrong("bernoulli_nll", "right in the total: the sum runs over the wrong axis, or over one too")
def bernoulli_axis_one(x, logits):
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=1)


@wrong("bernoulli_nll", "right on average: the mean runs over the wrong axis, or over one too m")
def bernoulli_averages_draws(x, logits):
    costs = lib.bernoulli_nll(x, logits)
    return costs if costs.ndim == 1 else costs.mean(0)


@wrong("bernoulli_nll", "Shapes do not fit: `x` is (3, 2) = (B, P), `logits` is (2, 1, 3, 2) =")
def bernoulli_not_expanded(x, logits):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)


@wrong("bernoulli_nll", "the log of a sigmoid that has rounded to 0 or 1 is taken")
def bernoulli_log_of_sigmoid(x, logits):
    s = torch.sigmoid(logits)
    return -(x * torch.log(s) + (1 - x) * torch.log(1 - s)).sum(-1)


@wrong("bernoulli_nll", "`F.binary_cross_entropy` cuts log(sigmoid) off at −100")
def bernoulli_probabilities(x, logits):
    s = torch.sigmoid(logits)
    return F.binary_cross_entropy(s, x.expand_as(s), reduction="none").sum(-1)


@wrong("bernoulli_nll", "1e-8 is added inside the logarithm")
def bernoulli_small_constant(x, logits):
    s = torch.sigmoid(logits)
    return -(x * torch.log(s + 1e-8) + (1 - x) * torch.log(1 - s + 1e-8)).sum(-1)


@wrong("bernoulli_nll", "e^ℓ overflows before the logarithm is taken")
def bernoulli_exp_overflows(x, logits):
    return (torch.log(1 + torch.exp(logits)) - x * logits).sum(-1)


@wrong("bernoulli_nll", "Ordinary numbers come out right, but not logits of ±1000")
def bernoulli_clamped_logits(x, logits):
    return lib.bernoulli_nll(x, logits.clamp(-30, 30))


@wrong("bernoulli_nll", "`torch.distributions` refuses what is handed in here")
def bernoulli_binary_only(x, logits):
    return -torch.distributions.Bernoulli(logits=logits, validate_args=True).log_prob(x).sum(-1)


@wrong("bernoulli_nll", "No gradient reaches `logits` at logits of ±1000")
def bernoulli_slope_cut(x, logits):
    # the value from the logits, the slope from the rounded probabilities
    s = torch.sigmoid(logits).clamp(1e-7, 1 - 1e-7)
    rough = -(x * torch.log(s) + (1 - x) * torch.log(1 - s)).sum(-1)
    return rough + (lib.bernoulli_nll(x, logits) - rough).detach()


@wrong("bernoulli_nll", "No gradient reaches `logits`, though the answer depends on it")
def bernoulli_detached(x, logits):
    return lib.bernoulli_nll(x, logits.detach())


@wrong("bernoulli_nll", "`logits` itself is changed: an operation in place (`+=`, `-=`, `x[…] =")
def bernoulli_in_place(x, logits):
    total = lib.bernoulli_nll(x, logits)
    if not logits.requires_grad:
        logits.sigmoid_()
    return total


@wrong("bernoulli_nll", "the right numbers in another shape")
def bernoulli_keeps_axis(x, logits):
    return lib.bernoulli_nll(x, logits).unsqueeze(-1)


@wrong("bernoulli_nll", "float32 where the arguments are float64: something inside does not kee")
def bernoulli_single(x, logits):
    return lib.bernoulli_nll(x.float(), logits.float())


@wrong("bernoulli_nll", "`x` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def bernoulli_changes_x(x, logits):
    total = lib.bernoulli_nll(x, logits)
    with torch.no_grad():
        x.mul_(2).sub_(1)
    return total


@wrong("bernoulli_nll")
def bernoulli_softmax(x, logits):
    return -(x * torch.log_softmax(logits, -1)).sum(-1)


@wrong("bernoulli_nll", "half the right one")
def bernoulli_half(x, logits):
    return 0.5 * lib.bernoulli_nll(x, logits)


@wrong("bernoulli_nll", "No gradient reaches `x`, though the answer depends on it")
def bernoulli_x_cut(x, logits):
    return lib.bernoulli_nll(x.detach(), logits)


# ---------------------------------------------------------------- gaussian_nll


@oracle("gaussian_nll")
def gaussian_by_scipy(x, mean, sigma):
    def total(x, mean):
        return -stats.norm.logpdf(x, mean, sigma).sum(-1)

    return Outside.apply(total, x, mean)


@oracle("gaussian_nll")
def gaussian_by_multivariate(x, mean, sigma):
    def total(x, mean):
        p = mean.shape[-1]
        density = stats.multivariate_normal(np.zeros(p), sigma**2 * np.eye(p))
        return -np.reshape(density.logpdf((x - mean).reshape(-1, p)), mean.shape[:-1])

    return Outside.apply(total, x, mean)


@right("gaussian_nll")
def gaussian_distribution(x, mean, sigma):
    return -torch.distributions.Normal(mean, sigma).log_prob(x).sum(-1)


@right("gaussian_nll")
def gaussian_torch(x, mean, sigma):
    variance = torch.full_like(mean, sigma**2)
    return F.gaussian_nll_loss(mean, x.expand_as(mean), variance, full=True, eps=1e-12, reduction="none").sum(-1)


@right("gaussian_nll")
def gaussian_constant_outside(x, mean, sigma):
    squares = ((x - mean) ** 2).sum(-1) / (2 * sigma**2)
    return squares + x.shape[-1] * (math.log(sigma) + 0.5 * math.log(2 * math.pi))


@wrong("gaussian_nll", "It is right to float32's digits only")
def gaussian_tensor_constant(x, mean, sigma):
    constant = torch.log(tensor(2 * math.pi)) + 2 * torch.log(tensor(float(sigma)))
    return (0.5 * (x - mean) ** 2 / sigma**2 + 0.5 * constant).sum(-1)


@right("gaussian_nll")
def gaussian_loops(x, mean, sigma):
    total = 0
    for p in range(x.shape[1]):
        total = total + 0.5 * ((x[:, p] - mean[..., p]) / sigma) ** 2
        total = total + math.log(sigma * math.sqrt(2 * math.pi))
    return total


@right("gaussian_nll")
def gaussian_distance(x, mean, sigma):
    p = x.shape[-1]
    return 0.5 * (torch.linalg.vector_norm(x - mean, dim=-1) ** 2 / sigma**2 + p * math.log(2 * math.pi * sigma**2))


@wrong("gaussian_nll", "the term with the squares alone")
def gaussian_no_constants(x, mean, sigma):
    return 0.5 * ((x - mean) ** 2 / sigma**2).sum(-1)


@wrong("gaussian_nll", "the right one, the term log 2π left out")
def gaussian_no_two_pi(x, mean, sigma):
    variance = torch.full_like(mean, sigma**2)
    return F.gaussian_nll_loss(mean, x.expand_as(mean), variance, reduction="none").sum(-1)


@wrong("gaussian_nll", "the right one, the term log σ² left out")
def gaussian_no_log_variance(x, mean, sigma):
    return 0.5 * ((x - mean) ** 2 / sigma**2 + math.log(2 * math.pi)).sum(-1)


@wrong("gaussian_nll", "the right one, the constant of each pixel but one left out")
def gaussian_constants_once(x, mean, sigma):
    return 0.5 * (((x - mean) ** 2).sum(-1) / sigma**2 + math.log(sigma**2) + math.log(2 * math.pi))


@wrong("gaussian_nll", "twice the right one")
def gaussian_no_half(x, mean, sigma):
    return ((x - mean) ** 2 / sigma**2 + math.log(2 * math.pi * sigma**2)).sum(-1)


@wrong("gaussian_nll", "the right one, the term with the squares once too often")
def gaussian_no_half_on_squares(x, mean, sigma):
    return ((x - mean) ** 2 / sigma**2 + math.log(sigma) + 0.5 * math.log(2 * math.pi)).sum(-1)


@wrong("gaussian_nll", "the squares are divided by σ, not by σ²")
def gaussian_divided_by_sigma(x, mean, sigma):
    return 0.5 * ((x - mean) ** 2 / sigma + math.log(2 * math.pi * sigma**2)).sum(-1)


@wrong("gaussian_nll", "the right one, half of the term log σ² left out")
def gaussian_log_sigma(x, mean, sigma):
    return 0.5 * ((x - mean) ** 2 / sigma**2 + math.log(sigma) + math.log(2 * math.pi)).sum(-1)


@wrong("gaussian_nll", "`sigma` is handed in squared")
def gaussian_sigma_as_variance(x, mean, sigma):
    return -torch.distributions.Normal(mean, math.sqrt(sigma)).log_prob(x).sum(-1)


@wrong("gaussian_nll", "`sigma` is handed in as its square root")
def gaussian_variance_as_sigma(x, mean, sigma):
    return -torch.distributions.Normal(mean, sigma**2).log_prob(x).sum(-1)


@wrong("gaussian_nll", "`sigma` is handed in as the logarithm of its square")
def gaussian_sigma_as_logvar(x, mean, sigma):
    return 0.5 * ((x - mean) ** 2 / math.exp(sigma) + sigma + math.log(2 * math.pi)).sum(-1)


@wrong("gaussian_nll", "does not depend on `sigma`")
def gaussian_unit(x, mean, sigma):
    return -torch.distributions.Normal(mean, 1.0).log_prob(x).sum(-1)


@wrong("gaussian_nll", "the squared error alone is returned")
def gaussian_squares(x, mean, sigma):
    return ((x - mean) ** 2).sum(-1)


@wrong("gaussian_nll", "half the squared error alone is returned")
def gaussian_half_squares(x, mean, sigma):
    return 0.5 * ((x - mean) ** 2).sum(-1)


@wrong("gaussian_nll", "the right one with the other sign")
def gaussian_sign(x, mean, sigma):
    return torch.distributions.Normal(mean, sigma).log_prob(x).sum(-1)


@wrong("gaussian_nll", "e to the power of minus the right one")
def gaussian_density(x, mean, sigma):
    return torch.distributions.Normal(mean, sigma).log_prob(x).sum(-1).exp()


@wrong("gaussian_nll", "the right one divided by P, as when a mean over P is taken, not a sum")
def gaussian_mean_pixels(x, mean, sigma):
    return -torch.distributions.Normal(mean, sigma).log_prob(x).mean(-1)


@wrong("gaussian_nll", "summed over B and the axes in front as well")
def gaussian_sum_all(x, mean, sigma):
    return -torch.distributions.Normal(mean, sigma).log_prob(x).sum()


@wrong("gaussian_nll", "averaged over B and the axes in front as well")
def gaussian_batch_mean(x, mean, sigma):
    return -torch.distributions.Normal(mean, sigma).log_prob(x).sum(-1).mean()


@wrong("gaussian_nll", "the right one divided by P, as when a mean over P is taken, not a sum,")
def gaussian_mean_all(x, mean, sigma):
    return -torch.distributions.Normal(mean, sigma).log_prob(x).mean()


@wrong("gaussian_nll", "right in the total: the sum runs over the wrong axis, or over one too")
def gaussian_sum_batch_axis(x, mean, sigma):
    return -torch.distributions.Normal(mean, sigma).log_prob(x).sum(0)


@wrong("gaussian_nll", "the differences are not squared")
def gaussian_not_squared(x, mean, sigma):
    return 0.5 * ((x - mean) / sigma**2 + math.log(2 * math.pi * sigma**2)).sum(-1)


@wrong("gaussian_nll", "not yet summed over P")
def gaussian_not_summed(x, mean, sigma):
    return -torch.distributions.Normal(mean, sigma).log_prob(x)


@wrong("gaussian_nll", "right in the total: the sum runs over the wrong axis, or over one too")
def gaussian_axis_one(x, mean, sigma):
    return -torch.distributions.Normal(mean, sigma).log_prob(x).sum(1)


@wrong("gaussian_nll", "the right one, the term log σ² with the wrong sign")
def gaussian_log_sign(x, mean, sigma):
    return 0.5 * ((x - mean) ** 2 / sigma**2 - math.log(sigma**2) + math.log(2 * math.pi)).sum(-1)


@wrong("gaussian_nll", "A function of PyTorch is handed a number or a list of Python's")
def gaussian_torch_log(x, mean, sigma):
    return 0.5 * ((x - mean) ** 2 / sigma**2 + torch.log(sigma**2) + math.log(2 * math.pi)).sum(-1)


@wrong("gaussian_nll", "No gradient reaches `mean`, though the answer depends on it")
def gaussian_detached(x, mean, sigma):
    return lib.gaussian_nll(x, mean.detach(), float(sigma))


@wrong("gaussian_nll", "Ordinary numbers come out right, but not σ of 0.01")
def gaussian_variance_floor(x, mean, sigma):
    variance = max(sigma**2, 1e-3)
    return 0.5 * ((x - mean) ** 2 / variance + math.log(2 * math.pi * variance)).sum(-1)


@wrong("gaussian_nll", "Of `mean` what lies outside of 0 to 1")
def gaussian_clips_the_mean(x, mean, sigma):
    return lib.gaussian_nll(x, mean.clamp(0, 1), float(sigma))


@wrong("gaussian_nll", "the constants are counted once an example, not once a pixel")
def gaussian_pixels_of_the_batch(x, mean, sigma):
    squares = ((x - mean) ** 2).sum(-1) / (2 * sigma**2)
    return squares + x.shape[0] * (math.log(sigma) + 0.5 * math.log(2 * math.pi))


@wrong("gaussian_nll", "the right numbers in another shape")
def gaussian_keeps_axis(x, mean, sigma):
    return lib.gaussian_nll(x, mean, float(sigma)).unsqueeze(-1)


@wrong("gaussian_nll", "float32 where the arguments are float64: something inside does not kee")
def gaussian_single(x, mean, sigma):
    return lib.gaussian_nll(x.float(), mean.float(), float(sigma))


@wrong("gaussian_nll", "`x` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def gaussian_in_place(x, mean, sigma):
    with torch.no_grad():
        x -= mean.reshape(-1, *x.shape)[0]
    return 0.5 * ((x / sigma) ** 2 + math.log(2 * math.pi * sigma**2)).sum(-1)


@wrong("gaussian_nll", "the right one minus ½ P log 2")
def gaussian_pi(x, mean, sigma):
    return 0.5 * ((x - mean) ** 2 / sigma**2 + math.log(math.pi * sigma**2)).sum(-1)


@wrong("gaussian_nll", "No gradient reaches `x`, though the answer depends on it")
def gaussian_x_cut(x, mean, sigma):
    return lib.gaussian_nll(x.detach(), mean, float(sigma))


# ---------------------------------------------------------------- reconstruction_loss


@oracle("reconstruction_loss")
def reconstruction_by_scipy(decode, x, mu, logvar, eps):
    plain = _plain(_same_type(decode, mu.dtype))

    def mean_cost(x, mu, logvar, eps):
        draws = [mu + np.exp(logvar / 2) * e for e in eps]
        return sum(_expit_nll(x, plain(z)) for z in draws) / len(draws)

    return Outside.apply(mean_cost, x, mu, logvar, eps)


@right("reconstruction_loss")
def reconstruction_one_draw_at_a_time(decode, x, mu, logvar, eps):
    total = 0
    for e in eps:
        total = total + lib.bernoulli_nll(x, decode(lib.reparametrize(mu, logvar, e)))
    return total / len(eps)


@right("reconstruction_loss")
def reconstruction_comprehension(decode, x, mu, logvar, eps):
    sigma = torch.exp(0.5 * logvar)
    return torch.stack([lib.bernoulli_nll(x, decode(mu + sigma * e)) for e in eps]).mean(0)


@right("reconstruction_loss")
def reconstruction_flattened(decode, x, mu, logvar, eps):
    draws, batch, _ = eps.shape
    logits = decode(lib.reparametrize(mu, logvar, eps).flatten(0, 1))
    costs = F.binary_cross_entropy_with_logits(logits, x.repeat(draws, 1), reduction="none").sum(1)
    return costs.reshape(draws, batch).mean(0)


@right("reconstruction_loss")
def reconstruction_distribution(decode, x, mu, logvar, eps):
    z = torch.distributions.Normal(mu, (logvar / 2).exp()).loc + (logvar / 2).exp() * eps
    pixels = torch.distributions.Independent(
        torch.distributions.Bernoulli(logits=decode(z), validate_args=False), 1, validate_args=False
    )
    return -pixels.log_prob(x).mean(0)


@right("reconstruction_loss")
def reconstruction_one_example_at_a_time(decode, x, mu, logvar, eps):
    rows = []
    for b in range(len(x)):
        z = lib.reparametrize(mu[b : b + 1], logvar[b : b + 1], eps[:, b : b + 1])
        rows.append(lib.bernoulli_nll(x[b : b + 1], decode(z)).mean())
    return torch.stack(rows)


@right("reconstruction_loss")
def reconstruction_draws_last(decode, x, mu, logvar, eps):
    logits = decode(lib.reparametrize(mu, logvar, eps)).permute(1, 2, 0)
    costs = F.softplus(logits) - x.unsqueeze(-1) * logits
    return costs.sum(1).sum(-1) / eps.shape[0]


@right("reconstruction_loss")
def reconstruction_vmap(decode, x, mu, logvar, eps):
    logits = torch.vmap(lambda e: decode(lib.reparametrize.__wrapped__(mu, logvar, e)))(eps)
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(2).mean(0)


@right("reconstruction_loss")
def reconstruction_library(decode, x, mu, logvar, eps):
    return lib.reconstruction_loss(decode, x, mu, logvar, eps)


def _costs(decode, x, mu, logvar, eps):
    return lib.bernoulli_nll(x, decode(lib.reparametrize(mu, logvar, eps)))


@wrong("reconstruction_loss", "the right one times L, as when a sum over L is taken, not a mean")
def reconstruction_sum(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar, eps).sum(0)


@wrong("reconstruction_loss", "the right one divided by L − 1 in the place of L")
def reconstruction_one_less(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar, eps).sum(0) / max(len(eps) - 1, 1)


@wrong("reconstruction_loss", "x and the logits are swapped")
def reconstruction_swapped(decode, x, mu, logvar, eps):
    logits = decode(lib.reparametrize(mu, logvar, eps))
    return F.binary_cross_entropy_with_logits(x.expand_as(logits), logits, reduction="none").sum(-1).mean(0)


@wrong("reconstruction_loss", "not yet averaged over L")
def reconstruction_not_averaged(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar, eps)


@wrong("reconstruction_loss", "right on average: the mean runs over the wrong axis, or over one too m")
def reconstruction_wrong_axis(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar, eps).mean(1)


@wrong("reconstruction_loss", "averaged over B as well")
def reconstruction_mean_all(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar, eps).mean()


@wrong("reconstruction_loss", "the right one times L, as when a sum over L is taken, not a mean, and")
def reconstruction_sum_all(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar, eps).sum()


@wrong("reconstruction_loss", "the right one divided by P, as when a mean over P is taken, not a sum")
def reconstruction_mean_pixels(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar, eps).mean(0) / x.shape[1]


@wrong("reconstruction_loss", "the log of the mean probability is taken: that is another bound (lab 6")
def reconstruction_log_of_mean(decode, x, mu, logvar, eps):
    costs = _costs(decode, x, mu, logvar, eps)
    return math.log(len(eps)) - torch.logsumexp(-costs, 0)


@wrong("reconstruction_loss", "the codes are averaged before they are decoded")
def reconstruction_mean_code(decode, x, mu, logvar, eps):
    return lib.bernoulli_nll(x, decode(lib.reparametrize(mu, logvar, eps).mean(0)))


@wrong("reconstruction_loss", "the logits of the draws are averaged")
def reconstruction_mean_logits(decode, x, mu, logvar, eps):
    return lib.bernoulli_nll(x, decode(lib.reparametrize(mu, logvar, eps)).mean(0))


@wrong("reconstruction_loss", "the pixels' probabilities are averaged over the draws")
def reconstruction_mean_probability(decode, x, mu, logvar, eps):
    s = decode(lib.reparametrize(mu, logvar, eps)).sigmoid().mean(0)
    return F.binary_cross_entropy(s, x, reduction="none").sum(-1)


@wrong("reconstruction_loss", "does not depend on `logvar`")
def reconstruction_of_mu(decode, x, mu, logvar, eps):
    return lib.bernoulli_nll(x, decode(mu))


@wrong("reconstruction_loss", "does not depend on `mu`")
def reconstruction_of_eps(decode, x, mu, logvar, eps):
    return lib.bernoulli_nll(x, decode(eps)).mean(0)


@wrong("reconstruction_loss", "`logvar` is handed in halved")
def reconstruction_variance(decode, x, mu, logvar, eps):
    return lib.bernoulli_nll(x, decode(mu + logvar.exp() * eps)).mean(0)


@wrong("reconstruction_loss", "Of `eps` only the first along L makes a difference")
def reconstruction_first(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar, eps)[0]


@wrong("reconstruction_loss", "Of `eps` only the last along L makes a difference")
def reconstruction_last(decode, x, mu, logvar, eps):
    for e in eps:
        cost = lib.bernoulli_nll(x, decode(lib.reparametrize(mu, logvar, e)))
    return cost


@wrong("reconstruction_loss", "the decoder's logits go through a sigmoid first")
def reconstruction_sigmoid_twice(decode, x, mu, logvar, eps):
    return lib.bernoulli_nll(x, decode(lib.reparametrize(mu, logvar, eps)).sigmoid()).mean(0)


@wrong("reconstruction_loss", "the right one, the KL once too often")
def reconstruction_plus_kl(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar, eps).mean(0) + lib.gaussian_kl(mu, logvar)


@wrong("reconstruction_loss", "the right one with the other sign")
def reconstruction_sign(decode, x, mu, logvar, eps):
    return -_costs(decode, x, mu, logvar, eps).mean(0)


@wrong("reconstruction_loss", "It gives another answer each time: it draws noise of its own. Use what")
def reconstruction_own_noise(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar, torch.randn_like(eps)).mean(0)


@wrong("reconstruction_loss", "No gradient reaches `mu` and `logvar` and `eps`, though the answer dep")
def reconstruction_noise_cut(decode, x, mu, logvar, eps):
    with torch.no_grad():
        z = lib.reparametrize(mu, logvar, eps)
    return lib.bernoulli_nll(x, decode(z)).mean(0)


@wrong("reconstruction_loss", "No gradient reaches `logvar`, though the answer depends on it")
def reconstruction_sigma_cut(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar.detach(), eps).mean(0)


@wrong("reconstruction_loss", "the sum over the draws is divided by 5, whatever L is")
def reconstruction_of_five(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar, eps).sum(0) / 5


@wrong("reconstruction_loss", "Ordinary numbers come out right, but not logits of ±1000")
def reconstruction_rounded_probabilities(decode, x, mu, logvar, eps):
    s = decode(lib.reparametrize(mu, logvar, eps)).sigmoid()
    return F.binary_cross_entropy(s, x.expand_as(s), reduction="none").sum(-1).mean(0)


@wrong("reconstruction_loss", "No gradient reaches `mu`, though the answer depends on it")
def reconstruction_mu_cut(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu.detach(), logvar, eps).mean(0)


@wrong("reconstruction_loss", "the right numbers in another shape")
def reconstruction_keeps_axis(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar, eps).mean(0, keepdim=True)


@wrong("reconstruction_loss", "cut off from its arguments, so nothing can be learned: no gradient rea")
def reconstruction_items(decode, x, mu, logvar, eps):
    costs = _costs(decode, x, mu, logvar, eps).mean(0)
    return tensor([cost.item() for cost in costs], dtype=x.dtype)


@wrong("reconstruction_loss", "`eps` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`")
def reconstruction_noise_in_place(decode, x, mu, logvar, eps):
    with torch.no_grad():
        eps *= torch.exp(logvar / 2)
    return lib.bernoulli_nll(x, decode(mu + eps)).mean(0)


@wrong("reconstruction_loss", "the ½ of σ stands outside the exponential")
def reconstruction_half_noise(decode, x, mu, logvar, eps):
    return lib.bernoulli_nll(x, decode(mu + 0.5 * logvar.exp() * eps)).mean(0)


@wrong("reconstruction_loss")
def reconstruction_median(decode, x, mu, logvar, eps):
    return _costs(decode, x, mu, logvar, eps).median(0).values


# ---------------------------------------------------------------- vae_loss


@oracle("vae_loss")
def loss_by_quadrature(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction = reconstruction_by_scipy(decode, x, mu, logvar, eps)
    kl = kl_by_quadrature(mu, logvar)
    count = len(x)
    return sum(reconstruction + beta * kl) / count, sum(reconstruction) / count, sum(kl) / count


@right("vae_loss")
def loss_library(decode, x, mu, logvar, eps, beta=1.0):
    return lib.vae_loss(decode, x, mu, logvar, eps, beta)  # a NamedTuple


@right("vae_loss")
def loss_list(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction = lib.reconstruction_loss(decode, x, mu, logvar, eps)
    kl = lib.gaussian_kl(mu, logvar)
    return [(reconstruction + beta * kl).mean(), reconstruction.mean(), kl.mean()]


@right("vae_loss")
def loss_plain_terms(decode, x, mu, logvar, eps, beta=1.0):
    # the two terms only to be looked at: plain numbers are scalars too
    reconstruction = lib.reconstruction_loss(decode, x, mu, logvar, eps).mean()
    kl = lib.gaussian_kl(mu, logvar).mean()
    return reconstruction + beta * kl, reconstruction.item(), kl.item()


@right("vae_loss")
def loss_sums(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction = lib.reconstruction_loss(decode, x, mu, logvar, eps).sum() / x.shape[0]
    kl = lib.gaussian_kl(mu, logvar).sum() / x.shape[0]
    return torch.add(reconstruction, kl, alpha=beta), reconstruction, kl


@right("vae_loss")
def loss_examples_one_by_one(decode, x, mu, logvar, eps, beta=1.0):
    rows = []
    for b in range(len(x)):
        one = slice(b, b + 1)
        reconstruction = lib.reconstruction_loss(decode, x[one], mu[one], logvar[one], eps[:, one])
        rows.append(torch.cat([reconstruction, lib.gaussian_kl(mu[one], logvar[one])]))
    reconstruction, kl = torch.stack(rows).mean(0)
    return reconstruction + beta * kl, reconstruction, kl


def _terms(decode, x, mu, logvar, eps):
    return lib.reconstruction_loss(decode, x, mu, logvar, eps).mean(), lib.gaussian_kl(mu, logvar).mean()


@wrong("vae_loss", "β is ignored")
def loss_no_beta(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction, kl = _terms(decode, x, mu, logvar, eps)
    return reconstruction + kl, reconstruction, kl


@wrong("vae_loss", "β multiplies the reconstruction")
def loss_beta_on_reconstruction(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction, kl = _terms(decode, x, mu, logvar, eps)
    return beta * reconstruction + kl, reconstruction, kl


@wrong("vae_loss", "β multiplies both terms")
def loss_beta_on_both(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction, kl = _terms(decode, x, mu, logvar, eps)
    return beta * (reconstruction + kl), reconstruction, kl


@wrong("vae_loss", "β is applied twice")
def loss_beta_twice(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction, kl = _terms(decode, x, mu, logvar, eps)
    kl = beta * kl
    return reconstruction + beta * kl, reconstruction, kl


@wrong("vae_loss", "the KL is subtracted")
def loss_kl_subtracted(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction, kl = _terms(decode, x, mu, logvar, eps)
    return reconstruction - beta * kl, reconstruction, kl


@wrong("vae_loss", "the loss has the sign of the ELBO")
def loss_elbo(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction, kl = _terms(decode, x, mu, logvar, eps)
    return -(reconstruction + beta * kl), reconstruction, kl


@wrong("vae_loss", "the right one with the other sign")
def loss_signs(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction, kl = _terms(decode, x, mu, logvar, eps)
    return -(reconstruction + beta * kl), -reconstruction, -kl


@wrong("vae_loss", "the third value is β KL; it should be KL")
def loss_weighted_kl(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction, kl = _terms(decode, x, mu, logvar, eps)
    return reconstruction + beta * kl, reconstruction, beta * kl


@wrong("vae_loss", "The values are right, but in another order: loss, kl, reconstruction")
def loss_other_order(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction, kl = _terms(decode, x, mu, logvar, eps)
    return reconstruction + beta * kl, kl, reconstruction


@wrong("vae_loss", "The values are right, but in another order: reconstruction, kl, loss")
def loss_last(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction, kl = _terms(decode, x, mu, logvar, eps)
    return reconstruction, kl, reconstruction + beta * kl


@wrong("vae_loss", "the right one times B, as when a sum over B is taken, not a mean")
def loss_batch_sum(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction = lib.reconstruction_loss(decode, x, mu, logvar, eps).sum()
    kl = lib.gaussian_kl(mu, logvar).sum()
    return reconstruction + beta * kl, reconstruction, kl


@wrong("vae_loss", "not yet averaged over B")
def loss_vectors(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction = lib.reconstruction_loss(decode, x, mu, logvar, eps)
    kl = lib.gaussian_kl(mu, logvar)
    return reconstruction + beta * kl, reconstruction, kl


@wrong("vae_loss", "not yet averaged over B")
def loss_vector_terms(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction = lib.reconstruction_loss(decode, x, mu, logvar, eps)
    kl = lib.gaussian_kl(mu, logvar)
    return (reconstruction + beta * kl).mean(), reconstruction, kl


@wrong("vae_loss", "the KL is averaged over the latent dimensions")
def loss_mean_kl(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction = lib.reconstruction_loss(decode, x, mu, logvar, eps).mean()
    kl = lib.gaussian_kl_per_dim(mu, logvar).mean()
    return reconstruction + beta * kl, reconstruction, kl


@wrong("vae_loss", "should be 3 values (loss, reconstruction, kl), it is one tensor of sha")
def loss_alone(decode, x, mu, logvar, eps, beta=1.0):
    return lib.vae_loss(decode, x, mu, logvar, eps, beta).loss


@wrong("vae_loss", "the default is not β = 1, it is β = 0")
def loss_default_zero(decode, x, mu, logvar, eps, beta=0.0):
    return lib.vae_loss(decode, x, mu, logvar, eps, beta)


@wrong("vae_loss", "should be 3 values (loss, reconstruction, kl), it is one tensor of sha")
def loss_tensor(decode, x, mu, logvar, eps, beta=1.0):
    return torch.stack(lib.vae_loss(decode, x, mu, logvar, eps, beta))


@wrong("vae_loss", "cut off from its arguments, so nothing can be learned: no gradient rea")
def loss_items(decode, x, mu, logvar, eps, beta=1.0):
    return tuple(value.item() for value in lib.vae_loss(decode, x, mu, logvar, eps, beta))


@wrong("vae_loss", "The gradient for `mu` and `logvar` is not the slope of the values: par")
def loss_kl_detached(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction = lib.reconstruction_loss(decode, x, mu, logvar, eps).mean()
    kl = lib.gaussian_kl(mu, logvar).mean().detach()
    return reconstruction + beta * kl, reconstruction, kl


@wrong("vae_loss", "No gradient reaches `x` and `eps`, though the answer depends on them")
def loss_reconstruction_detached(decode, x, mu, logvar, eps, beta=1.0):
    reconstruction, kl = _terms(decode, x, mu, logvar, eps)
    return reconstruction.detach() + beta * kl, reconstruction, kl


@wrong("vae_loss", "Ordinary numbers come out right, but not β = 0")
def loss_beta_or_one(decode, x, mu, logvar, eps, beta=1.0):
    return lib.vae_loss(decode, x, mu, logvar, eps, beta or 1.0)


@wrong("vae_loss")
def loss_beta_at_least_one(decode, x, mu, logvar, eps, beta=1.0):
    return lib.vae_loss(decode, x, mu, logvar, eps, max(beta, 1.0))


@wrong("vae_loss", "float32 where the arguments are float64: something inside does not kee")
def loss_single(decode, x, mu, logvar, eps, beta=1.0):
    return tuple(part.float() for part in lib.vae_loss(decode, x, mu, logvar, eps, beta))


@wrong("vae_loss", "should be 3 values (loss, reconstruction, kl), it is a tuple of 2")
def loss_two_values(decode, x, mu, logvar, eps, beta=1.0):
    return lib.vae_loss(decode, x, mu, logvar, eps, beta)[:2]


@wrong("vae_loss", "Of `x` only the first along B makes a difference")
def loss_first_example(decode, x, mu, logvar, eps, beta=1.0):
    return lib.vae_loss(decode, x[:1], mu[:1], logvar[:1], eps[:, :1], beta)


@wrong("vae_loss", "vae_loss stops with an error: TypeError: loss_no_beta_default() missin")
def loss_no_beta_default(decode, x, mu, logvar, eps, beta):
    return lib.vae_loss(decode, x, mu, logvar, eps, beta)


# ---------------------------------------------------------------- train_step


@oracle("train_step")
def step_by_differences(encode, decode, optimizer, x, eps):
    # SciPy's and the quadrature's loss at shifted parameters, in float64; PyTorch only applies the slopes
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    dtypes, pixels, noise = [p.dtype for p in parameters], x.double(), eps.double().numpy()
    for p in parameters:
        p.data = p.data.double()

    def loss():
        with torch.no_grad():
            mu, logvar = (part.numpy() for part in encode(pixels))
        draws = [_expit_nll(pixels.numpy(), _plain(decode)(mu + np.exp(logvar / 2) * e)) for e in noise]
        return float(np.mean(draws) + _hermite_kl(mu, logvar).mean())

    before, slopes = loss(), []
    for p in parameters:
        slope = torch.zeros_like(p.data)
        for index in np.ndindex(tuple(p.shape)):
            here, values = p.data[index].item(), []
            for moved in (here + 1e-5, here - 1e-5):
                p.data[index] = moved
                values.append(loss())
            p.data[index] = here
            slope[index] = (values[0] - values[1]) / 2e-5
        slopes.append(slope)
    for p, slope, dtype in zip(parameters, slopes, dtypes, strict=True):
        p.grad = None
        p.data = p.data.to(dtype)
        p.grad = slope.to(dtype)
    optimizer.step()
    return before


def _loss(encode, decode, x, eps):
    mu, logvar = encode(x)
    return lib.vae_loss(decode, x, mu, logvar, eps)[0]


@right("train_step")
def step_zero_first(encode, decode, optimizer, x, eps):
    optimizer.zero_grad()
    loss = _loss(encode, decode, x, eps)
    loss.backward()
    optimizer.step()
    return float(loss.detach())


@wrong("train_step", "a float: `.item()` makes one")
def step_tensor(encode, decode, optimizer, x, eps):
    loss = _loss(encode, decode, x, eps)
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    return loss.detach()


@wrong("train_step", "a float: `.item()` makes one")
def step_attached_tensor(encode, decode, optimizer, x, eps):
    optimizer.zero_grad()
    loss = _loss(encode, decode, x, eps)
    loss.backward()
    optimizer.step()
    return loss


@right("train_step")
def step_closure(encode, decode, optimizer, x, eps):
    def closure():
        optimizer.zero_grad()
        loss = _loss(encode, decode, x, eps)
        loss.backward()
        return loss

    return optimizer.step(closure).item()


@right("train_step")
def step_autograd(encode, decode, optimizer, x, eps):
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    loss = _loss(encode, decode, x, eps)
    for p, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        p.grad = slope
    optimizer.step()
    return loss.item()


@right("train_step")
def step_clears_afterwards_too(encode, decode, optimizer, x, eps):
    mu, logvar = encode(x)
    loss = (lib.reconstruction_loss(decode, x, mu, logvar, eps) + lib.gaussian_kl(mu, logvar)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


@wrong("train_step", "the earlier gradients are added to the new ones")
def step_accumulates(encode, decode, optimizer, x, eps):
    loss = _loss(encode, decode, x, eps)
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("train_step", "no step is taken: `step` is missing, or the gradients are cleared befo")
def step_forgotten(encode, decode, optimizer, x, eps):
    loss = _loss(encode, decode, x, eps)
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


@wrong("train_step", "no step is taken: `step` is missing, or the gradients are cleared befo")
def step_cleared_too_late(encode, decode, optimizer, x, eps):
    loss = _loss(encode, decode, x, eps)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@wrong("train_step", "no step is taken: `step` is missing, or the gradients are cleared befo")
def step_no_backward(encode, decode, optimizer, x, eps):
    loss = _loss(encode, decode, x, eps)
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@wrong("train_step", "the step is taken with the earlier gradients only")
def step_without_backward(encode, decode, optimizer, x, eps):
    loss = _loss(encode, decode, x, eps)
    optimizer.step()
    return loss.item()


@wrong("train_step", "Something is changed in place that autograd still needs (an argument,")
def step_before_backward(encode, decode, optimizer, x, eps):
    loss = _loss(encode, decode, x, eps)
    optimizer.step()
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


@wrong("train_step", "the step goes uphill")
def step_uphill(encode, decode, optimizer, x, eps):
    loss = _loss(encode, decode, x, eps)
    optimizer.zero_grad()
    (-loss).backward()
    optimizer.step()
    return loss.item()


@wrong("train_step", "the loss after the step is returned")
def step_loss_after(encode, decode, optimizer, x, eps):
    optimizer.zero_grad()
    _loss(encode, decode, x, eps).backward()
    optimizer.step()
    return _loss(encode, decode, x, eps).item()


@wrong("train_step", "the right one times B, as when a sum over B is taken, not a mean")
def step_batch_sum(encode, decode, optimizer, x, eps):
    loss = _loss(encode, decode, x, eps) * len(x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("train_step", "the right one times B, as when a sum over B is taken, not a mean")
def step_batch_sum_hidden_in_return(encode, decode, optimizer, x, eps):
    loss = _loss(encode, decode, x, eps) * len(x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item() / len(x)


@wrong("train_step", "0 throughout")
def step_encoder_cut(encode, decode, optimizer, x, eps):
    with torch.no_grad():
        mu, logvar = encode(x)
    loss = lib.vae_loss(decode, x, mu, logvar, eps).loss
    optimizer.zero_grad()
    if loss.requires_grad:
        loss.backward()
    optimizer.step()
    return loss.item()


@wrong("train_step", "0 throughout")
def step_logvar_cut(encode, decode, optimizer, x, eps):
    mu, logvar = encode(x)
    loss = lib.vae_loss(decode, x, mu, logvar.detach(), eps).loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("train_step", "0 throughout")
def step_decoder_cut(encode, decode, optimizer, x, eps):
    mu, logvar = encode(x)
    loss = lib.vae_loss(decode, x, mu, logvar, eps).loss
    optimizer.zero_grad()
    slopes = torch.autograd.grad(loss, (mu, logvar), retain_graph=True)
    torch.autograd.backward([mu, logvar], slopes)
    optimizer.step()
    return loss.item()


@wrong("train_step", "the right one, the KL left out")
def step_reconstruction_only(encode, decode, optimizer, x, eps):
    mu, logvar = encode(x)
    loss = lib.vae_loss(decode, x, mu, logvar, eps, beta=0.0).loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("train_step", "the KL alone")
def step_returns_kl(encode, decode, optimizer, x, eps):
    mu, logvar = encode(x)
    *_, kl = lib.vae_loss(decode, x, mu, logvar, eps)
    return step_zero_first(encode, decode, optimizer, x, eps) * 0 + kl.item()


@wrong("train_step", "the right one with the other sign")
def step_returns_elbo(encode, decode, optimizer, x, eps):
    return -step_zero_first(encode, decode, optimizer, x, eps)


@wrong("train_step", "the right one, the KL left out")
def step_backward_on_reconstruction(encode, decode, optimizer, x, eps):
    mu, logvar = encode(x)
    loss, reconstruction, _ = lib.vae_loss(decode, x, mu, logvar, eps)
    optimizer.zero_grad()
    reconstruction.backward()
    optimizer.step()
    return loss.item()


@wrong("train_step", "the KL alone", "0 throughout")
def step_backward_on_kl(encode, decode, optimizer, x, eps):
    mu, logvar = encode(x)
    loss, _, kl = lib.vae_loss(decode, x, mu, logvar, eps)
    optimizer.zero_grad()
    kl.backward()
    optimizer.step()
    return loss.item()


@wrong("train_step", "a VaeLoss, it should be a number of Python's, a float")
def step_returns_three(encode, decode, optimizer, x, eps):
    mu, logvar = encode(x)
    parts = lib.vae_loss(decode, x, mu, logvar, eps)
    optimizer.zero_grad()
    parts.loss.backward()
    optimizer.step()
    return parts


@wrong("train_step", "The function returned None; is a `return` missing?")
def step_returns_nothing(encode, decode, optimizer, x, eps):
    loss = _loss(encode, decode, x, eps)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@wrong("train_step")
def step_twice(encode, decode, optimizer, x, eps):
    losses = []
    for _ in range(2):
        losses.append(_loss(encode, decode, x, eps))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    return losses[0].item()


@wrong("train_step", "It gives another answer each time: it draws noise of its own. Use what")
def step_own_noise(encode, decode, optimizer, x, eps):
    return step_zero_first(encode, decode, optimizer, x, torch.randn_like(eps))


@wrong("train_step", "the rate times the slope is taken away by hand, in the place of the op")
def step_by_hand(encode, decode, optimizer, x, eps):
    # plain descent with the optimizer's rate: not what the optimizer does
    loss = _loss(encode, decode, x, eps)
    optimizer.zero_grad()
    loss.backward()
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.data -= group["lr"] * p.grad
    return loss.item()


@wrong("train_step", "Of `eps` only the first along L makes a difference")
def step_first_draw(encode, decode, optimizer, x, eps):
    return step_zero_first(encode, decode, optimizer, x, eps[:1])


@wrong("train_step", "`x` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def step_changes_x(encode, decode, optimizer, x, eps):
    loss = step_zero_first(encode, decode, optimizer, x.clone(), eps)
    x.round_()
    return loss


# ---------------------------------------------------------------- slips that were tried on the finished checks


@wrong("reparametrize", "`eps` itself is changed")
def reparametrize_in_the_noise(mu, logvar, eps):
    return eps.mul_((logvar / 2).exp()).add_(mu)


@wrong("gaussian_kl", "in another shape")
def kl_squeezed(mu, logvar):
    return lib.gaussian_kl(mu, logvar).squeeze()


@wrong("gaussian_nll", "the right one plus 319")
def gaussian_of_784_pixels(x, mean, sigma):
    return ((x - mean) / sigma).square().sum(-1) / 2 + 392 * math.log(2 * math.pi * sigma**2)


@wrong("gaussian_nll", "the right one plus")
def gaussian_with_log10(x, mean, sigma):
    return (((x - mean) / sigma).square() + math.log10(2 * math.pi * sigma**2)).sum(-1) / 2


@wrong("vae_loss", "β is taken as an exponent")
def loss_beta_as_exponent(decode, x, mu, logvar, eps, beta=1.0):
    _, reconstruction, kl = lib.vae_loss(decode, x, mu, logvar, eps)
    return reconstruction + kl**beta, reconstruction, kl


@wrong("train_step", "the step is taken twice")
def step_without_new_gradients(encode, decode, optimizer, x, eps):
    loss = _loss(encode, decode, x, eps)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    optimizer.step()
    return loss.item()
