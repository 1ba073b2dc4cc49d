"""Answers to lab 6: usual mistakes, right answers written otherwise, and second routes to the numbers."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy import special, stats

from tests.lab_bank import oracle, right, wrong

# generate


@wrong("generate", names="the sigmoid is missing")
def generate_logits(decode, eps):
    return decode(eps)


@wrong("generate", names="the sigmoid is taken twice")
def generate_sigmoid_twice(decode, eps):
    return torch.sigmoid(torch.sigmoid(decode(eps)))


@wrong("generate", names="softmax")
def generate_softmax(decode, eps):
    return torch.softmax(decode(eps), dim=1)


@wrong("generate", names="rounded")
def generate_rounded(decode, eps):
    return (decode(eps) > 0).float()


@wrong("generate", names="exponential")
def generate_exponential(decode, eps):
    return decode(eps).exp()


@wrong("generate", names="probability of 0")
def generate_complement(decode, eps):
    return 1 - torch.sigmoid(decode(eps))


@wrong("generate", names="before decoding")
def generate_sigmoid_of_code(decode, eps):
    return decode(torch.sigmoid(eps))


@wrong("generate", names="mean over the batch")
def generate_mean(decode, eps):
    return torch.sigmoid(decode(eps)).mean(0)


@wrong("generate", names="off")
def generate_own_noise(decode, eps):
    return torch.sigmoid(decode(torch.randn_like(eps)))


@wrong("generate", names="off")
def generate_draws_pixels(decode, eps):
    return torch.bernoulli(torch.sigmoid(decode(eps)), generator=torch.Generator().manual_seed(0))


@wrong("generate", names="off")
def generate_one_code_for_all(decode, eps):
    return torch.sigmoid(decode(eps[:1].expand_as(eps)))


@wrong("generate", names="returned None")
def generate_nothing(decode, eps):
    torch.sigmoid(decode(eps))


@wrong("generate")
def generate_unstable(decode, eps):
    grown = decode(eps).exp()
    return grown / (1 + grown)


@wrong("generate")
def generate_clipped(decode, eps):
    return torch.sigmoid(decode(eps)).clamp(0.05, 0.95)


@wrong("generate")
def generate_truncates_noise(decode, eps):
    return torch.sigmoid(decode(eps.clamp(-1.5, 1.5))) if eps.dtype == torch.float32 else decode(eps)


@right("generate")
def generate_by_tanh(decode, eps):
    return 0.5 + 0.5 * torch.tanh(0.5 * decode(eps))


@right("generate")
def generate_row_by_row(decode, eps):
    return torch.cat([decode(row.unsqueeze(0)).sigmoid() for row in eps])


@right("generate")
def generate_by_distribution(decode, eps):
    return torch.distributions.Bernoulli(logits=decode(eps)).mean


@right("generate")
def generate_by_reciprocal(decode, eps):
    return 1 / (1 + torch.exp(-decode(eps)))


@right("generate")
def generate_with_gradients_kept(decode, eps):
    return torch.nn.functional.sigmoid(decode(eps.clone().requires_grad_()))


@oracle("generate")
def generate_scipy(decode, eps):
    return torch.from_numpy(special.expit(decode(eps).numpy()))


# latent_grid


def points(rows):
    return torch.tensor([list(point) for point in rows])


def ticks_of(n, limit):
    return torch.linspace(-limit, limit, n)


@wrong("latent_grid", names="the rows run upwards")
def grid_upwards(n, limit=3.0):
    z2, z1 = torch.meshgrid(ticks_of(n, limit), ticks_of(n, limit), indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@wrong("latent_grid", names="down the columns")
def grid_by_columns(n, limit=3.0):
    t = ticks_of(n, limit)
    z1, z2 = torch.meshgrid(t, t.flip(0), indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@wrong("latent_grid", names="up the columns")
def grid_cartesian_product(n, limit=3.0):
    return torch.cartesian_prod(ticks_of(n, limit), ticks_of(n, limit))


@wrong("latent_grid", names="from right to left")
def grid_mirrored(n, limit=3.0):
    t = ticks_of(n, limit).flip(0)
    z2, z1 = torch.meshgrid(t, t, indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@wrong("latent_grid", names="z₁ and z₂ have changed places")
def grid_swapped(n, limit=3.0):
    t = ticks_of(n, limit)
    z2, z1 = torch.meshgrid(t.flip(0), t, indexing="ij")
    return torch.stack([z2.flatten(), z1.flatten()], 1)


@wrong("latent_grid", names="flatten them")
def grid_not_flat(n, limit=3.0):
    t = ticks_of(n, limit)
    z2, z1 = torch.meshgrid(t.flip(0), t, indexing="ij")
    return torch.stack([z1, z2], -1)


@wrong("latent_grid", names="stacked along the first axis")
def grid_transposed(n, limit=3.0):
    t = ticks_of(n, limit)
    z2, z1 = torch.meshgrid(t.flip(0), t, indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()])


@wrong("latent_grid", names="the limit is ignored")
def grid_without_limit(n, limit=3.0):
    t = ticks_of(n, 3.0)
    z2, z1 = torch.meshgrid(t.flip(0), t, indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@wrong("latent_grid", names="half of what it should be")
def grid_half(n, limit=3.0):
    return grid_right_by_loop(n, limit / 2)


@wrong("latent_grid", names="only the ticks")
def grid_ticks(n, limit=3.0):
    return ticks_of(n, limit)


@wrong("latent_grid", names="off")
def grid_without_its_end(n, limit=3.0):
    t = torch.arange(n) * (2 * limit / n) - limit
    z2, z1 = torch.meshgrid(t.flip(0), t, indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@wrong("latent_grid")
def grid_of_three(n, limit=3.0):
    return torch.cat([grid_right_by_loop(3, limit)] + [torch.zeros(n * n - 9, 2)] * (n > 3))


@right("latent_grid")
def grid_right_by_loop(n, limit=3.0):
    step = 2 * limit / (n - 1)
    return points((-limit + step * j, limit - step * i) for i in range(n) for j in range(n))


@right("latent_grid")
def grid_xy_indexing(n, limit=3.0):
    x, y = torch.meshgrid(ticks_of(n, limit), torch.linspace(limit, -limit, n), indexing="xy")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)


@right("latent_grid")
def grid_by_repeat(n, limit=3.0):
    t = torch.linspace(-limit, limit, n, dtype=torch.float64)
    return torch.stack([t.repeat(n), t.flip(0).repeat_interleave(n)], 1)


@right("latent_grid")
def grid_flipped_product(n, limit=3.0):
    return torch.cartesian_prod(torch.linspace(limit, -limit, n), ticks_of(n, limit)).flip(1)


@oracle("latent_grid")
def grid_numpy(n, limit=3.0):
    y, x = np.mgrid[limit : -limit : n * 1j, -limit : limit : n * 1j]
    return torch.from_numpy(np.column_stack([x.ravel(), y.ravel()]))


# quantile_grid


def on_page(ticks):
    ticks = torch.as_tensor(ticks)
    z2, z1 = torch.meshgrid(ticks.flip(0), ticks, indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@wrong("quantile_grid", names="begins at Φ⁻¹(0)")
def quantiles_from_zero(n):
    return on_page(torch.special.ndtri(torch.arange(n) / n))


@wrong("quantile_grid", names="ends at Φ⁻¹(1)")
def quantiles_to_one(n):
    return on_page(torch.special.ndtri((torch.arange(n) + 1) / n))


@wrong("quantile_grid", names="(i + 1)/(n + 1)")
def quantiles_without_ends(n):
    return on_page(torch.special.ndtri((torch.arange(n) + 1) / (n + 1)))


@wrong("quantile_grid", names="not its inverse")
def quantiles_forward(n):
    return on_page(torch.special.ndtr((torch.arange(n) + 0.5) / n))


@wrong("quantile_grid", names="without Φ⁻¹")
def quantiles_are_probabilities(n):
    return on_page((torch.arange(n) + 0.5) / n)


@wrong("quantile_grid", names="evenly spaced from −3 to 3")
def quantiles_even(n):
    return on_page(torch.linspace(-3, 3, n))


@wrong("quantile_grid", names="Φ⁻¹(.05)")
def quantiles_between_percentiles(n):
    return on_page(torch.special.ndtri(torch.linspace(0.05, 0.95, n)))


@wrong("quantile_grid", names="√2")
def quantiles_without_root(n):
    return on_page(torch.erfinv(2 * (torch.arange(n) + 0.5) / n - 1))


@wrong("quantile_grid", names="the rows run upwards")
def quantiles_upwards(n):
    t = torch.special.ndtri((torch.arange(n) + 0.5) / n)
    z2, z1 = torch.meshgrid(t, t, indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@wrong("quantile_grid", names="down the columns")
def quantiles_by_columns(n):
    t = torch.special.ndtri((torch.arange(n) + 0.5) / n)
    z1, z2 = torch.meshgrid(t, t.flip(0), indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@wrong("quantile_grid", names="The shape is (3, 3, 2)")
def quantiles_not_flat(n):
    return quantiles_by_erfinv(n).reshape(n, n, 2)


@wrong("quantile_grid")
def quantiles_cut_at_two_percent(n):
    return on_page(torch.special.ndtri(((torch.arange(n) + 0.5) / n).clamp(0.03, 0.97)))


@right("quantile_grid")
def quantiles_by_erfinv(n):
    return on_page(math.sqrt(2) * torch.erfinv(2 * (torch.arange(n) + 0.5) / n - 1))


@right("quantile_grid")
def quantiles_by_distribution(n):
    p = torch.linspace(0.5 / n, 1 - 0.5 / n, n)
    return on_page(torch.distributions.Normal(0, 1).icdf(p))


@right("quantile_grid")
def quantiles_by_loop(n):
    t = torch.special.ndtri((torch.arange(n, dtype=torch.float64) + 0.5) / n).tolist()
    return points((t[j], t[n - 1 - i]) for i in range(n) for j in range(n))


@oracle("quantile_grid")
def quantiles_scipy(n):
    t = stats.norm.ppf((np.arange(n) + 0.5) / n)
    return torch.from_numpy(np.array([[z1, z2] for z2 in t[::-1] for z1 in t]))


# slerp


def steps_of(steps):
    return torch.linspace(0, 1, steps).unsqueeze(1)


def angle(a, b):
    return torch.arccos((a @ b / (a.norm() * b.norm())).clamp(-1, 1))


def turned(a, b, t, omega):
    return (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)


def parallel(a, b):
    return a.norm() * b.norm() == 0 or bool(torch.sin(angle(a, b)) < 1e-4)


@wrong("slerp", names="the line is straight")
def slerp_straight(z_start, z_end, steps):
    t = steps_of(steps).to(z_start)
    return (1 - t) * z_start + t * z_end


@wrong("slerp", names="division by sin Ω is missing")
def slerp_without_division(z_start, z_end, steps):
    t = steps_of(steps).to(z_start)
    if parallel(z_start, z_end):
        return slerp_straight(z_start, z_end, steps)
    omega = angle(z_start, z_end)
    return torch.sin((1 - t) * omega) * z_start + torch.sin(t * omega) * z_end


@wrong("slerp", names="length 1")
def slerp_of_unit_vectors(z_start, z_end, steps):
    t = steps_of(steps).to(z_start)
    if parallel(z_start, z_end):
        return slerp_straight(z_start, z_end, steps)
    return turned(z_start / z_start.norm(), z_end / z_end.norm(), t, angle(z_start, z_end))


@wrong("slerp", names="starts at z_end")
def slerp_backwards(z_start, z_end, steps):
    return slerp_by_steps(z_end, z_start, steps)


@wrong("slerp", names="arccos(16) is no number")
def slerp_of_raw_product(z_start, z_end, steps):
    return turned(z_start, z_end, steps_of(steps).to(z_start), torch.arccos(z_start @ z_end))


@wrong("slerp", names="the end is left out")
def slerp_without_end(z_start, z_end, steps):
    if parallel(z_start, z_end):
        return slerp_straight(z_start, z_end, steps)
    t = torch.arange(steps).unsqueeze(1).to(z_start) / steps
    return turned(z_start, z_end, t, angle(z_start, z_end))


@wrong("slerp", names="the arccos is missing")
def slerp_without_arccos(z_start, z_end, steps):
    if parallel(z_start, z_end):
        return slerp_straight(z_start, z_end, steps)
    t = steps_of(steps).to(z_start)
    return turned(z_start, z_end, t, z_start @ z_end / (z_start.norm() * z_end.norm()))


@wrong("slerp", names="multiplies instead of dividing")
def slerp_multiplied(z_start, z_end, steps):
    if parallel(z_start, z_end):
        return slerp_straight(z_start, z_end, steps)
    t, omega = steps_of(steps).to(z_start), angle(z_start, z_end)
    return (torch.sin((1 - t) * omega) * z_start + torch.sin(t * omega) * z_end) * torch.sin(omega)


@wrong("slerp", names="0/0 is no number")
def slerp_without_fallback(z_start, z_end, steps):
    omega = torch.arccos((z_start @ z_end / (z_start.norm() * z_end.norm())).clamp(-1, 1))
    return turned(z_start, z_end, steps_of(steps).to(z_start), omega)


@wrong("slerp", names="the start alone")
def slerp_that_stays(z_start, z_end, steps):
    if parallel(z_start, z_end):
        return z_start.expand(steps, -1)
    return turned(z_start, z_end, steps_of(steps).to(z_start), angle(z_start, z_end))


@wrong("slerp", names="cosines")
def slerp_by_cosines(z_start, z_end, steps):
    if parallel(z_start, z_end):
        return slerp_straight(z_start, z_end, steps)
    t, omega = steps_of(steps).to(z_start), angle(z_start, z_end)
    return (torch.cos((1 - t) * omega) * z_start + torch.cos(t * omega) * z_end) / torch.sin(omega)


@wrong("slerp", names="The shape is (3, 4)")
def slerp_transposed(z_start, z_end, steps):
    return slerp_by_steps(z_start, z_end, steps).T


@wrong("slerp")
def slerp_only_same_direction_is_parallel(z_start, z_end, steps):
    """Forgets that opposite codes have sin Ω = 0 as well."""
    if z_start.norm() * z_end.norm() == 0 or angle(z_start, z_end) < 1e-3:
        return slerp_straight(z_start, z_end, steps)
    omega = angle(z_start, z_end)
    arc = torch.sin((1 - steps_of(steps).to(z_start)) * omega) * z_start
    return (arc + torch.sin(steps_of(steps).to(z_start) * omega) * z_end) / torch.sin(omega)


@wrong("slerp")
def slerp_without_zero(z_start, z_end, steps):
    cosine = z_start @ z_end / (z_start.norm() * z_end.norm())
    if cosine.abs() > 1 - 1e-6:
        return slerp_straight(z_start, z_end, steps)
    return turned(z_start, z_end, steps_of(steps).to(z_start), torch.arccos(cosine.clamp(-1, 1)))


@right("slerp")
def slerp_by_steps(z_start, z_end, steps):
    rows = []
    for i in range(steps):
        t = i / (steps - 1)
        if parallel(z_start, z_end):
            rows.append((1 - t) * z_start + t * z_end)
        else:
            omega = angle(z_start, z_end).item()
            start, end = math.sin((1 - t) * omega), math.sin(t * omega)
            rows.append((start * z_start + end * z_end) / math.sin(omega))
    return torch.stack(rows)


@right("slerp")
def slerp_in_a_basis(z_start, z_end, steps):
    """Cosine along the start, sine along what is perpendicular to it, lengths as the formula has them."""
    if parallel(z_start, z_end):
        return torch.lerp(z_start, z_end, steps_of(steps).to(z_start))
    a, b = z_start.double(), z_end.double()
    t, omega = steps_of(steps).double(), angle(a, b)
    left, right_part = torch.sin((1 - t) * omega), torch.sin(t * omega)
    return torch.cat([left, right_part], 1) @ torch.stack([a, b]) / torch.sin(omega)


@right("slerp")
def slerp_by_atan2(z_start, z_end, steps):
    a, b = z_start.double(), z_end.double()
    dot, lengths = a @ b, a.norm() * b.norm()
    omega = torch.atan2((lengths**2 - dot**2).clamp(min=0).sqrt(), dot)
    t = steps_of(steps).double()
    if omega.sin().abs() < 1e-6:
        return (1 - t) * a + t * b
    return turned(a, b, t, omega)


@right("slerp")
def slerp_with_cosine_similarity(z_start, z_end, steps):
    cosine = torch.nn.functional.cosine_similarity(z_start, z_end, dim=0)
    t = steps_of(steps).to(z_start)
    if cosine.abs() > 1 - 1e-6 or not z_start.any() or not z_end.any():
        return z_start + t * (z_end - z_start)
    return turned(z_start, z_end, t, torch.acos(cosine))


@oracle("slerp")
def slerp_by_rotation(z_start, z_end, steps):
    """The solution of z″ = −Ω² z with the two ends given, by power series of the matrix exponential."""
    a, b = z_start.double().numpy(), z_end.double().numpy()
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    omega = np.arccos(np.clip(a @ b / lengths, -1, 1)) if lengths else 0.0
    t = np.linspace(0, 1, steps)[:, None]
    if np.sin(omega) < 1e-7:
        return torch.from_numpy(a + t * (b - a))
    speed = (b - np.cos(omega) * a) / np.sin(omega)
    return torch.from_numpy(np.cos(t * omega) * a + np.sin(t * omega) * speed)


# log_importance_weights

LOG_2PI = math.log(2 * math.pi)


def log_normal(z, mu, logvar):
    return -0.5 * (LOG_2PI + logvar + (z - mu) ** 2 / logvar.exp()).sum(-1)


def log_standard(z):
    return -0.5 * (LOG_2PI + z**2).sum(-1)


@wrong("log_importance_weights", names="log p(z) is missing")
def weights_without_prior(log_px_given_z, z, mu, logvar):
    return log_px_given_z - log_normal(z, mu, logvar)


@wrong("log_importance_weights", names="log q(z|x) is missing")
def weights_without_q(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z)


@wrong("log_importance_weights", names="log p(x|z) is missing")
def weights_without_likelihood(log_px_given_z, z, mu, logvar):
    return log_standard(z) - log_normal(z, mu, logvar)


@wrong("log_importance_weights", names="is added, not subtracted")
def weights_with_q_added(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z) + log_normal(z, mu, logvar)


@wrong("log_importance_weights", names="changed places")
def weights_the_wrong_way(log_px_given_z, z, mu, logvar):
    return log_px_given_z - log_standard(z) + log_normal(z, mu, logvar)


@wrong("log_importance_weights", names="wrong sign")
def weights_of_a_loss(log_px_given_z, z, mu, logvar):
    return -log_px_given_z + log_standard(z) - log_normal(z, mu, logvar)


@wrong("log_importance_weights", names="log 2π of the prior is missing")
def weights_prior_without_constant(log_px_given_z, z, mu, logvar):
    return log_px_given_z - 0.5 * (z**2).sum(-1) - log_normal(z, mu, logvar)


@wrong("log_importance_weights", names="log 2π of q is missing")
def weights_q_without_constant(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (logvar + (z - mu) ** 2 / logvar.exp()).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", names="log σ² is missing")
def weights_without_log_variance(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (LOG_2PI + (z - mu) ** 2 / logvar.exp()).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", names="log σ² has no ½")
def weights_log_variance_without_half(log_px_given_z, z, mu, logvar):
    log_q = -(0.5 * LOG_2PI + logvar + 0.5 * (z - mu) ** 2 / logvar.exp()).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", names="not divided by σ²")
def weights_without_variance(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (LOG_2PI + logvar + (z - mu) ** 2).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", names="divided by σ, not by σ²")
def weights_divided_by_deviation(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (LOG_2PI + logvar + (z - mu) ** 2 / (0.5 * logvar).exp()).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", names="logvar is taken for σ²")
def weights_divided_by_log(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (LOG_2PI + logvar + (z - mu) ** 2 / logvar).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", names="μ is missing")
def weights_without_mean(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z) - log_normal(z, 0 * mu, logvar)


@wrong("log_importance_weights", names="mean over dimensions")
def weights_mean_over_dimensions(log_px_given_z, z, mu, logvar):
    difference = -0.5 * (z**2) + 0.5 * (logvar + (z - mu) ** 2 / logvar.exp())
    return log_px_given_z + difference.mean(-1)


@wrong("log_importance_weights", names="keep them apart")
def weights_averaged(log_px_given_z, z, mu, logvar):
    return (log_px_given_z + log_standard(z) - log_normal(z, mu, logvar)).mean(0)


@wrong("log_importance_weights", names="sum over the batch")
def weights_summed_over_batch(log_px_given_z, z, mu, logvar):
    return (log_px_given_z + log_standard(z) - log_normal(z, mu, logvar)).sum(1)


@wrong("log_importance_weights", names="σ² is taken for the standard deviation")
def weights_scale_is_variance(log_px_given_z, z, mu, logvar):
    log_q = torch.distributions.Normal(mu, logvar.exp()).log_prob(z).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", names="The shape is (3, 2, 4)")
def weights_per_dimension(log_px_given_z, z, mu, logvar):
    normal = torch.distributions.Normal
    ratio = normal(0.0, 1.0).log_prob(z) - normal(mu, (0.5 * logvar).exp()).log_prob(z)
    return log_px_given_z.unsqueeze(-1) + ratio


@wrong("log_importance_weights")
def weights_that_change_z(log_px_given_z, z, mu, logvar):
    log_prior = log_standard(z)
    z -= mu
    return log_px_given_z + log_prior + 0.5 * (LOG_2PI + logvar + z**2 / logvar.exp()).sum(-1)


@wrong("log_importance_weights")
def weights_with_clamped_variance(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z) - log_normal(z, mu, logvar.clamp(-20, 20))


@right("log_importance_weights")
def weights_by_distributions(log_px_given_z, z, mu, logvar):
    normal = torch.distributions.Normal
    log_prior = normal(torch.zeros_like(mu), torch.ones_like(mu)).log_prob(z).sum(-1)
    return log_px_given_z + log_prior - normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(-1)


@right("log_importance_weights")
def weights_without_constants(log_px_given_z, z, mu, logvar):
    return log_px_given_z + 0.5 * ((z - mu).square() * (-logvar).exp() + logvar - z.square()).sum(-1)


@right("log_importance_weights")
def weights_by_loop(log_px_given_z, z, mu, logvar):
    rows = []
    for k in range(len(z)):
        row = log_px_given_z[k].clone()
        for d in range(z.shape[-1]):
            row = row - 0.5 * z[k, :, d] ** 2 + 0.5 * logvar[:, d]
            row = row + 0.5 * (z[k, :, d] - mu[:, d]) ** 2 / logvar[:, d].exp()
        rows.append(row)
    return torch.stack(rows)


@right("log_importance_weights")
def weights_in_double(log_px_given_z, z, mu, logvar):
    z, mu, logvar = z.double(), mu.double(), logvar.double()
    return log_px_given_z.double() + log_standard(z) - log_normal(z, mu, logvar)


@oracle("log_importance_weights")
def weights_scipy(log_px_given_z, z, mu, logvar):
    z, mu, logvar = (part.double().numpy() for part in (z, mu, logvar))
    ratio = stats.norm.logpdf(z).sum(-1) - stats.norm.logpdf(z, mu, np.exp(logvar / 2)).sum(-1)
    return log_px_given_z.double() + torch.from_numpy(ratio)


# importance_weighted_bound


@wrong("importance_weighted_bound", names="that is the ELBO")
def bound_elbo(log_weights):
    return log_weights.mean(0)


@wrong("importance_weighted_bound", names="subtract log K")
def bound_sum(log_weights):
    return torch.logsumexp(log_weights, 0)


@wrong("importance_weighted_bound", names="the log is missing")
def bound_mean_weight(log_weights):
    return log_weights.exp().mean(0)


@wrong("importance_weighted_bound", names="the logs are taken for the weights")
def bound_of_logs(log_weights):
    return log_weights.mean(0).log()


@wrong("importance_weighted_bound", names="the largest weight alone")
def bound_largest(log_weights):
    return log_weights.amax(0)


@wrong("importance_weighted_bound", names="log K is added")
def bound_log_added(log_weights):
    return torch.logsumexp(log_weights, 0) + math.log(len(log_weights))


@wrong("importance_weighted_bound", names="K is subtracted, not its log")
def bound_count_subtracted(log_weights):
    return torch.logsumexp(log_weights, 0) - len(log_weights)


@wrong("importance_weighted_bound", names="divided by K")
def bound_log_divided(log_weights):
    return torch.logsumexp(log_weights, 0) / len(log_weights)


@wrong("importance_weighted_bound", names="over the batch is taken")
def bound_other_axis(log_weights):
    return torch.logsumexp(log_weights, 1) - math.log(log_weights.shape[1])


@wrong("importance_weighted_bound", names="one number for the whole batch")
def bound_one_number(log_weights):
    return (torch.logsumexp(log_weights, 0) - math.log(len(log_weights))).mean()


@wrong("importance_weighted_bound", names="the sign is wrong")
def bound_as_loss(log_weights):
    return math.log(len(log_weights)) - torch.logsumexp(log_weights, 0)


@wrong("importance_weighted_bound", names="rounded to 0")
def bound_unstable(log_weights):
    return log_weights.exp().mean(0).log()


@wrong("importance_weighted_bound")
def bound_without_gradient(log_weights):
    return torch.logsumexp(log_weights.detach(), 0) - math.log(len(log_weights)) + 0 * log_weights.sum(0)


@wrong("importance_weighted_bound")
def bound_shifted_by_the_mean(log_weights):
    shift = log_weights.mean(0)
    return shift + (log_weights - shift).exp().mean(0).log()


@right("importance_weighted_bound")
def bound_by_hand(log_weights):
    largest = log_weights.max(0, keepdim=True).values
    return largest.squeeze(0) + (log_weights - largest).exp().mean(0).log()


@right("importance_weighted_bound")
def bound_of_shifted_logs(log_weights):
    return (log_weights - math.log(len(log_weights))).logsumexp(0)


@right("importance_weighted_bound")
def bound_by_pairs(log_weights):
    total = log_weights[0]
    for row in log_weights[1:]:
        total = torch.logaddexp(total, row)
    return total - torch.tensor(float(len(log_weights))).log()


@right("importance_weighted_bound")
def bound_with_detached_shift(log_weights):
    shift = log_weights.detach().amax(0)
    return (log_weights - shift).exp().mean(0).log() + shift


@oracle("importance_weighted_bound")
def bound_scipy(log_weights):
    """scipy's value; its slope is that of autograd through a plain log of a mean, shifted by scipy's value."""
    value = torch.from_numpy(np.atleast_1d(special.logsumexp(log_weights.detach().double().numpy(), axis=0)))
    value = value - math.log(len(log_weights))
    return (log_weights - value).exp().mean(0).log() + value


# active_units


@wrong("active_units", names="standard deviation")
def units_by_deviation(mu, threshold=0.01):
    return int((mu.std(0, correction=0) > threshold).sum())


@wrong("active_units", names="mean of μ²")
def units_by_square(mu, threshold=0.01):
    return int((mu.square().mean(0) > threshold).sum())


@wrong("active_units", names="not in use are counted")
def units_inactive(mu, threshold=0.01):
    return int((mu.var(0, correction=0) <= threshold).sum())


@wrong("active_units", names="the mean of μ is compared")
def units_by_mean(mu, threshold=0.01):
    return int((mu.mean(0) > threshold).sum())


@wrong("active_units", names="all dimensions are counted")
def units_all(mu, threshold=0.01):
    return mu.shape[1]


@wrong("active_units", names="over the dimensions")
def units_of_examples(mu, threshold=0.01):
    return int((mu.var(1) > threshold).sum())


@wrong("active_units", names="real numbers")
def units_marked(mu, threshold=0.01):
    return mu.var(0) > threshold


@wrong("active_units", names="count them")
def units_marked_by_number(mu, threshold=0.01):
    return (mu.var(0) > threshold).long()


@wrong("active_units", names="summed, not counted")
def units_summed(mu, threshold=0.01):
    return mu.var(0, correction=0).sum()


@wrong("active_units", names="share of active dimensions")
def units_share(mu, threshold=0.01):
    return (mu.var(0) > threshold).float().mean()


@wrong("active_units", names="the threshold is ignored")
def units_fixed_threshold(mu, threshold=0.01):
    return int((mu.var(0) > 0.01).sum())


@wrong("active_units")
def units_at_least_one(mu, threshold=0.01):
    return max(1, int((mu.var(0) > threshold).sum()))


@wrong("active_units")
def units_that_centre_in_place(mu, threshold=0.01):
    mu -= mu.mean(0)
    return int((mu.square().mean(0) > threshold).sum())


@right("active_units")
def units_unbiased(mu, threshold=0.01):
    return (mu.var(0) > threshold).sum().item()


@right("active_units")
def units_as_tensor(mu, threshold=0.01):
    return (mu.var(0, unbiased=False) > threshold).sum()


@right("active_units")
def units_by_loop(mu, threshold=0.01):
    count = 0
    for column in mu.double().T:
        count += float(((column - column.mean()) ** 2).mean()) > threshold
    return count


@right("active_units")
def units_by_covariance(mu, threshold=0.01):
    centred = mu - mu.mean(0)
    return len([v for v in (centred.T @ centred / len(mu)).diagonal() if v > threshold])


@oracle("active_units")
def units_numpy(mu, threshold=0.01):
    return int(np.count_nonzero(np.var(mu.double().numpy(), axis=0) > threshold))
