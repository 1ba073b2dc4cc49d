"""Answers to lab 6: what students write wrongly, what they write rightly in other words, and second routes to the
numbers.

The second routes are NumPy and SciPy. Their slopes are central differences, so they share neither a formula nor a
derivative with the solutions.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy import special, stats
from torch.nn import functional as F

from tests.answers.outside import Outside
from tests.lab_bank import oracle, right, wrong

# ---------------------------------------------------------------- generate


@oracle("generate")
def generate_scipy(decode, eps):
    def pixels(eps):
        with torch.no_grad():
            return special.expit(decode(torch.as_tensor(eps).to(dtype)).double().numpy())

    dtype = eps.dtype
    return Outside.apply(pixels, eps)


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
def generate_by_scaled_draw(decode, eps):
    return F.sigmoid(decode(0.0 + 1.0 * eps))


@wrong("generate", "the sigmoid is missing")
def generate_logits(decode, eps):
    return decode(eps)


@wrong("generate", "the sigmoid is taken twice")
def generate_sigmoid_twice(decode, eps):
    return torch.sigmoid(torch.sigmoid(decode(eps)))


@wrong("generate", "the softmax is taken")
def generate_softmax(decode, eps):
    return torch.softmax(decode(eps), dim=1)


@wrong("generate", "the right one rounded")
def generate_rounded(decode, eps):
    return (decode(eps) > 0).to(eps.dtype)


@wrong("generate", "the right one rounded", "torch.bool")
def generate_thresholded(decode, eps):
    return decode(eps) > 0


@wrong("generate", "the exponential is taken")
def generate_exponential(decode, eps):
    return decode(eps).exp()


@wrong("generate", "the tanh is taken")
def generate_tanh(decode, eps):
    return decode(eps).tanh()


@wrong("generate", "one minus the right one")
def generate_complement(decode, eps):
    return 1 - torch.sigmoid(decode(eps))


@wrong("generate", "before decoding")
def generate_sigmoid_of_code(decode, eps):
    return decode(torch.sigmoid(eps))


@wrong("generate", "before decoding and after it")
def generate_sigmoid_around(decode, eps):
    return torch.sigmoid(decode(torch.sigmoid(eps)))


@wrong("generate", "averaged over B as well")
def generate_mean(decode, eps):
    return torch.sigmoid(decode(eps)).mean(0)


@wrong("generate", "averaged over P as well")
def generate_mean_pixel(decode, eps):
    return torch.sigmoid(decode(eps)).mean(1)


@wrong("generate", "draws noise of its own")
def generate_own_noise(decode, eps):
    return torch.sigmoid(decode(torch.randn_like(eps)))


@wrong("generate", "draws noise of its own")
def generate_draws_pixels(decode, eps):
    return torch.bernoulli(torch.sigmoid(decode(eps)))


@wrong("generate", "does not depend on `eps`")
def generate_the_mean_picture(decode, eps):
    return torch.sigmoid(decode(torch.zeros_like(eps)))


@wrong("generate", "the first of B in the place of all")
def generate_one_code_for_all(decode, eps):
    return torch.sigmoid(decode(eps[:1].expand_as(eps)))


@wrong("generate", "is a `return` missing?")
def generate_nothing(decode, eps):
    torch.sigmoid(decode(eps))


@wrong("generate", "e^ℓ overflows")
def generate_unstable(decode, eps):
    grown = decode(eps).exp()
    return grown / (1 + grown)


@wrong("generate")
def generate_clipped(decode, eps):
    return torch.sigmoid(decode(eps)).clamp(0.05, 0.95)


@wrong("generate", "but not logits of ±1000")
def generate_kept_off_the_ends(decode, eps):
    return torch.sigmoid(decode(eps)).clamp(1e-3, 1 - 1e-3)


@wrong("generate", "cut off from its arguments")
def generate_without_gradients(decode, eps):
    with torch.no_grad():
        return torch.sigmoid(decode(eps))


@wrong("generate", "cut off from its arguments")
def generate_detached(decode, eps):
    return torch.sigmoid(decode(eps)).detach()


@wrong("generate", "float32 where the arguments are float64")
def generate_float(decode, eps):
    return torch.sigmoid(decode(eps)).float()


@wrong("generate", "Shapes do not fit")
def generate_transposed_code(decode, eps):
    return torch.sigmoid(decode(eps.T))


@wrong("generate", "transposed")
def generate_transposed(decode, eps):
    return torch.sigmoid(decode(eps)).T


@wrong("generate", "in another shape")
def generate_flat(decode, eps):
    return torch.sigmoid(decode(eps)).flatten()


@wrong("generate", "`eps` itself is changed")
def generate_in_place(decode, eps):
    pixels = torch.sigmoid(decode(eps))
    eps.mul_(0)
    return pixels


@wrong("generate", "with the other sign", "one minus the right one")
def generate_minus_code(decode, eps):
    return torch.sigmoid(decode(-eps))


# ---------------------------------------------------------------- latent_grid


def points(rows):
    return torch.tensor([list(point) for point in rows])


def ticks_of(n, limit):
    return torch.linspace(-limit, limit, n)


def on_page(ticks):
    ticks = torch.as_tensor(ticks)
    z2, z1 = torch.meshgrid(ticks.flip(0), ticks, indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@oracle("latent_grid")
def grid_numpy(n, limit=3.0):
    y, x = np.mgrid[limit : -limit : n * 1j, -limit : limit : n * 1j]
    return torch.from_numpy(np.column_stack([x.ravel(), y.ravel()]))


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


@wrong("latent_grid", "the rows run upwards")
def grid_upwards(n, limit=3.0):
    z2, z1 = torch.meshgrid(ticks_of(n, limit), ticks_of(n, limit), indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@wrong("latent_grid", "down the columns")
def grid_by_columns(n, limit=3.0):
    t = ticks_of(n, limit)
    z1, z2 = torch.meshgrid(t, t.flip(0), indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@wrong("latent_grid", "up the columns")
def grid_cartesian_product(n, limit=3.0):
    return torch.cartesian_prod(ticks_of(n, limit), ticks_of(n, limit))


@wrong("latent_grid", "from right to left")
def grid_mirrored(n, limit=3.0):
    t = ticks_of(n, limit).flip(0)
    z2, z1 = torch.meshgrid(t, t, indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@wrong("latent_grid", "z₁ and z₂ have changed places")
def grid_swapped(n, limit=3.0):
    t = ticks_of(n, limit)
    z2, z1 = torch.meshgrid(t.flip(0), t, indexing="ij")
    return torch.stack([z2.flatten(), z1.flatten()], 1)


@wrong("latent_grid", "in reverse along points")
def grid_both_reversed(n, limit=3.0):
    return grid_right_by_loop(n, limit).flip(0)


@wrong("latent_grid", "make n·n points of it")
def grid_not_flat(n, limit=3.0):
    t = ticks_of(n, limit)
    z2, z1 = torch.meshgrid(t.flip(0), t, indexing="ij")
    return torch.stack([z1, z2], -1)


@wrong("latent_grid", "transposed", "in another shape")
def grid_transposed(n, limit=3.0):
    t = ticks_of(n, limit)
    z2, z1 = torch.meshgrid(t.flip(0), t, indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()])


@wrong("latent_grid", "does not depend on `limit`")
def grid_without_limit(n, limit=3.0):
    return on_page(ticks_of(n, 3.0))


@wrong("latent_grid", "half the right one")
def grid_half(n, limit=3.0):
    return grid_right_by_loop(n, limit / 2)


@wrong("latent_grid", "only the n ticks")
def grid_ticks(n, limit=3.0):
    return ticks_of(n, limit)


@wrong("latent_grid", "n points of the diagonal")
def grid_diagonal(n, limit=3.0):
    return torch.stack([ticks_of(n, limit), ticks_of(n, limit)], 1)


@wrong("latent_grid", "the end is left out")
def grid_without_its_end(n, limit=3.0):
    t = torch.arange(n) * (2 * limit / n) - limit
    return torch.stack([on_page(t)[:, 0], on_page(t)[:, 1]], 1)


@wrong("latent_grid", "the square is [0, limit]²")
def grid_of_one_quarter(n, limit=3.0):
    return on_page(torch.linspace(0, limit, n))


@wrong("latent_grid", "but not calls without a limit")
def grid_of_another_default(n, limit=2.0):
    return on_page(ticks_of(n, limit))


@wrong("latent_grid", "`n` is handed in minus 1")
def grid_of_one_more(n, limit=3.0):
    return on_page(ticks_of(n + 1, limit))


@wrong("latent_grid", "a list")
def grid_as_list(n, limit=3.0):
    return grid_right_by_loop(n, limit).tolist()


@wrong("latent_grid", "a tuple")
def grid_as_two(n, limit=3.0):
    t = ticks_of(n, limit)
    return torch.meshgrid(t, t.flip(0), indexing="xy")


@wrong("latent_grid", "a ndarray")
def grid_as_array(n, limit=3.0):
    return grid_numpy(n, limit).numpy()


@wrong("latent_grid")
def grid_of_whole_numbers(n, limit=3.0):
    return on_page(ticks_of(n, limit).long())


@wrong("latent_grid", "the first of coordinates in the place of all")
def grid_of_z1_twice(n, limit=3.0):
    t = ticks_of(n, limit)
    return torch.stack([t.repeat(n), t.repeat(n)], 1)


@wrong("latent_grid")
def grid_three_coordinates(n, limit=3.0):
    grid = grid_right_by_loop(n, limit)
    return torch.cat([grid, torch.zeros(n * n, 1)], 1)


# ---------------------------------------------------------------- quantile_grid


def middles(n):
    return (torch.arange(n) + 0.5) / n


@oracle("quantile_grid")
def quantiles_scipy(n):
    t = stats.norm.ppf((np.arange(n) + 0.5) / n)
    return torch.from_numpy(np.array([[z1, z2] for z2 in t[::-1] for z1 in t]))


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


@wrong("quantile_grid", "begins at Φ⁻¹(0)")
def quantiles_from_zero(n):
    return on_page(torch.special.ndtri(torch.arange(n) / n))


@wrong("quantile_grid", "ends at Φ⁻¹(1)")
def quantiles_to_one(n):
    return on_page(torch.special.ndtri((torch.arange(n) + 1) / n))


@wrong("quantile_grid", "(i + 1)/(n + 1) is taken")
def quantiles_without_ends(n):
    return on_page(torch.special.ndtri((torch.arange(n) + 1) / (n + 1)))


@wrong("quantile_grid", "(i + ½)/(n + 1) is taken")
def quantiles_of_one_share_too_many(n):
    return on_page(torch.special.ndtri((torch.arange(n) + 0.5) / (n + 1)))


@wrong("quantile_grid", "brackets are missing")
def quantiles_without_brackets(n):
    return on_page(torch.special.ndtri(torch.arange(n) + 0.5 / n))


@wrong("quantile_grid", "not its inverse")
def quantiles_forward(n):
    return on_page(torch.special.ndtr(middles(n)))


@wrong("quantile_grid", "without Φ⁻¹")
def quantiles_are_probabilities(n):
    return on_page(middles(n))


@wrong("quantile_grid", "evenly spaced from −3 to 3")
def quantiles_even(n):
    return on_page(torch.linspace(-3, 3, n))


@wrong("quantile_grid", "evenly spaced between the outer two")
def quantiles_even_between_the_outer(n):
    outer = torch.special.ndtri(middles(n))
    return on_page(torch.linspace(float(outer[0]), float(outer[-1]), n))


@wrong("quantile_grid", "run from 0.05 to 0.95")
def quantiles_between_percentiles(n):
    return on_page(torch.special.ndtri(torch.linspace(0.05, 0.95, n)))


@wrong("quantile_grid", "divided by √2")
def quantiles_without_root(n):
    return on_page(torch.erfinv(2 * middles(n) - 1))


@wrong("quantile_grid", "the rows run upwards")
def quantiles_upwards(n):
    t = torch.special.ndtri(middles(n))
    z2, z1 = torch.meshgrid(t, t, indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@wrong("quantile_grid", "down the columns")
def quantiles_by_columns(n):
    t = torch.special.ndtri(middles(n))
    z1, z2 = torch.meshgrid(t, t.flip(0), indexing="ij")
    return torch.stack([z1.flatten(), z2.flatten()], 1)


@wrong("quantile_grid", "up the columns")
def quantiles_product(n):
    t = torch.special.ndtri(middles(n))
    return torch.cartesian_prod(t, t)


@wrong("quantile_grid", "changed places")
def quantiles_swapped(n):
    return on_page(torch.special.ndtri(middles(n))).flip(1)


@wrong("quantile_grid", "make n·n points of it")
def quantiles_not_flat(n):
    return quantiles_by_erfinv(n).reshape(n, n, 2)


@wrong("quantile_grid", "only the n ticks")
def quantiles_ticks(n):
    return torch.special.ndtri(middles(n))


@wrong("quantile_grid", "the other sign", "in reverse along points")
def quantiles_minus(n):
    return -quantiles_by_erfinv(n)


@wrong("quantile_grid")
def quantiles_cut_off(n):
    return on_page(torch.special.ndtri(middles(n).clamp(0.15, 0.85)))


@wrong("quantile_grid", "draws noise of its own")
def quantiles_drawn(n):
    t = torch.randn(n).sort().values
    return on_page(t)


# ---------------------------------------------------------------- slerp


def steps_of(steps, like):
    return torch.linspace(0, 1, steps, dtype=like.dtype).unsqueeze(1)


def angle(a, b):
    return torch.arccos((a @ b / (a.norm() * b.norm())).clamp(-1, 1))


def turned(a, b, t, omega):
    return (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)


def flat(a, b):
    return a.norm() * b.norm() == 0 or bool(torch.sin(angle(a, b)) < 1e-3)


def line(a, b, steps):
    t = steps_of(steps, a)
    return (1 - t) * a + t * b


@oracle("slerp")
def slerp_by_rotation(z_start, z_end, steps):
    """The solution of z″ = −Ω² z with the two ends given."""

    def angle_between(a, b):
        a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
        return 2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))

    def walk(a, b):
        t = np.linspace(0, 1, steps)[:, None]
        if straight:
            return a + t * (b - a)
        omega = angle_between(a, b)
        speed = (b - np.cos(omega) * a) / np.sin(omega)
        return np.cos(t * omega) * a + np.sin(t * omega) * speed

    ends = z_start.detach().double().numpy(), z_end.detach().double().numpy()
    straight = not all(map(np.any, ends)) or np.sin(angle_between(*ends)) < 1e-3
    return Outside.apply(walk, z_start, z_end)


@right("slerp")
def slerp_by_steps(z_start, z_end, steps):
    rows = []
    for i in range(steps):
        t = i / (steps - 1)
        if flat(z_start, z_end):
            rows.append((1 - t) * z_start + t * z_end)
        else:
            omega = angle(z_start, z_end)
            start, end = ((1 - t) * omega).sin(), (t * omega).sin()
            rows.append((start * z_start + end * z_end) / omega.sin())
    return torch.stack(rows)


@right("slerp")
def slerp_in_a_basis(z_start, z_end, steps):
    """Cosine along the start, sine along what is perpendicular to it, lengths as the formula has them."""
    t = steps_of(steps, z_start)
    if flat(z_start, z_end):
        return torch.lerp(z_start, z_end, t)
    omega = angle(z_start, z_end)
    left, right_part = torch.sin((1 - t) * omega), torch.sin(t * omega)
    return torch.cat([left, right_part], 1) @ torch.stack([z_start, z_end]) / torch.sin(omega)


@right("slerp")
def slerp_by_atan2(z_start, z_end, steps):
    dot, lengths = z_start @ z_end, z_start.norm() * z_end.norm()
    t = steps_of(steps, z_start)
    if bool(lengths**2 - dot**2 <= 1e-6 * lengths**2):
        return (1 - t) * z_start + t * z_end
    omega = torch.atan2((lengths**2 - dot**2).sqrt(), dot)
    return turned(z_start, z_end, t, omega)


@right("slerp")
def slerp_with_cosine_similarity(z_start, z_end, steps):
    cosine = F.cosine_similarity(z_start, z_end, dim=0)
    t = steps_of(steps, z_start)
    if cosine.abs() > 1 - 1e-6 or not z_start.any() or not z_end.any():
        return z_start + t * (z_end - z_start)
    return turned(z_start, z_end, t, torch.acos(cosine))


@wrong("slerp", "the line is straight")
def slerp_straight(z_start, z_end, steps):
    return line(z_start, z_end, steps)


@wrong("slerp", "division by sin Ω is missing")
def slerp_without_division(z_start, z_end, steps):
    t = steps_of(steps, z_start)
    if flat(z_start, z_end):
        return line(z_start, z_end, steps)
    omega = angle(z_start, z_end)
    return torch.sin((1 - t) * omega) * z_start + torch.sin(t * omega) * z_end


@wrong("slerp", "both ends are brought to length 1")
def slerp_of_unit_vectors(z_start, z_end, steps):
    t = steps_of(steps, z_start)
    if flat(z_start, z_end):
        return line(z_start, z_end, steps)
    return turned(z_start / z_start.norm(), z_end / z_end.norm(), t, angle(z_start, z_end))


@wrong("slerp", "change places", "swapped", "in reverse along steps")
def slerp_backwards(z_start, z_end, steps):
    return slerp_by_steps(z_end, z_start, steps)


@wrong("slerp", "change places", "swapped", "in reverse along steps")
def slerp_weights_swapped(z_start, z_end, steps):
    t = 1 - steps_of(steps, z_start)
    return line(z_end, z_start, steps) if flat(z_start, z_end) else turned(z_start, z_end, t, angle(z_start, z_end))


@wrong("slerp", "cos Ω lacks the division by the lengths")
def slerp_of_raw_product(z_start, z_end, steps):
    if flat(z_start, z_end):
        return line(z_start, z_end, steps)
    return turned(z_start, z_end, steps_of(steps, z_start), torch.arccos(z_start @ z_end))


@wrong("slerp", "cos Ω lacks the division by the lengths, and is cut off at 1")
def slerp_of_clamped_product(z_start, z_end, steps):
    if flat(z_start, z_end):
        return line(z_start, z_end, steps)
    return turned(z_start, z_end, steps_of(steps, z_start), torch.arccos((z_start @ z_end).clamp(-1, 1)))


@wrong("slerp", "the arccos is missing")
def slerp_with_cosine_for_angle(z_start, z_end, steps):
    if flat(z_start, z_end):
        return line(z_start, z_end, steps)
    return turned(z_start, z_end, steps_of(steps, z_start), angle(z_start, z_end).cos())


@wrong("slerp", "the arcsine is taken")
def slerp_by_arcsine(z_start, z_end, steps):
    if flat(z_start, z_end):
        return line(z_start, z_end, steps)
    return turned(z_start, z_end, steps_of(steps, z_start), math.pi / 2 - angle(z_start, z_end))


@wrong("slerp", "the end is left out")
def slerp_without_end(z_start, z_end, steps):
    t = torch.arange(steps, dtype=z_start.dtype).unsqueeze(1) / steps
    if flat(z_start, z_end):
        return (1 - t) * z_start + t * z_end
    return turned(z_start, z_end, t, angle(z_start, z_end))


@wrong("slerp", "`steps` is handed in minus 1")
def slerp_one_step_more(z_start, z_end, steps):
    return slerp_by_steps(z_start, z_end, steps + 1)


@wrong("slerp", "the arccos is missing")
def slerp_without_arccos(z_start, z_end, steps):
    if flat(z_start, z_end):
        return line(z_start, z_end, steps)
    t = steps_of(steps, z_start)
    cosine = z_start @ z_end / (z_start.norm() * z_end.norm())
    return (torch.sin((1 - t) * cosine) * z_start + torch.sin(t * cosine) * z_end) / torch.sin(angle(z_start, z_end))


@wrong("slerp", "multiplies instead of dividing")
def slerp_multiplied(z_start, z_end, steps):
    if flat(z_start, z_end):
        return line(z_start, z_end, steps)
    t, omega = steps_of(steps, z_start), angle(z_start, z_end)
    return (torch.sin((1 - t) * omega) * z_start + torch.sin(t * omega) * z_end) * torch.sin(omega)


@wrong("slerp", "cosines are taken")
def slerp_by_cosines(z_start, z_end, steps):
    if flat(z_start, z_end):
        return line(z_start, z_end, steps)
    t, omega = steps_of(steps, z_start), angle(z_start, z_end)
    return (torch.cos((1 - t) * omega) * z_start + torch.cos(t * omega) * z_end) / torch.sin(omega)


@wrong("slerp", "Ordinary numbers come out right")
def slerp_without_fallback(z_start, z_end, steps):
    omega = torch.arccos((z_start @ z_end / (z_start.norm() * z_end.norm())).clamp(-1, 1))
    return turned(z_start, z_end, steps_of(steps, z_start), omega)


@wrong("slerp", "Ordinary numbers come out right")
def slerp_without_clamp(z_start, z_end, steps):
    cosine = z_start @ z_end / (z_start.norm() * z_end.norm())
    omega = torch.arccos(cosine)
    if z_start.norm() * z_end.norm() == 0 or torch.sin(omega) < 1e-3:
        return line(z_start, z_end, steps)
    return turned(z_start, z_end, steps_of(steps, z_start), omega)


@wrong("slerp", "stays at the start")
def slerp_that_stays(z_start, z_end, steps):
    if flat(z_start, z_end):
        return z_start.expand(steps, -1)
    return turned(z_start, z_end, steps_of(steps, z_start), angle(z_start, z_end))


@wrong("slerp", "Ordinary numbers come out right")
def slerp_only_same_direction_is_parallel(z_start, z_end, steps):
    """Forgets that opposite codes have sin Ω = 0 as well."""
    if z_start.norm() * z_end.norm() == 0 or angle(z_start, z_end) < 1e-3:
        return line(z_start, z_end, steps)
    return turned(z_start, z_end, steps_of(steps, z_start), angle(z_start, z_end))


@wrong("slerp", "Ordinary numbers come out right")
def slerp_only_exactly_parallel(z_start, z_end, steps):
    """Nearly opposite codes are sent round half a circle."""
    if z_start.norm() * z_end.norm() == 0 or torch.sin(angle(z_start, z_end)) < 1e-9:
        return line(z_start, z_end, steps)
    return turned(z_start, z_end, steps_of(steps, z_start), angle(z_start, z_end))


@wrong("slerp", "Ordinary numbers come out right")
def slerp_without_zero(z_start, z_end, steps):
    cosine = z_start @ z_end / (z_start.norm() * z_end.norm())
    if cosine.abs() > 1 - 1e-6:
        return line(z_start, z_end, steps)
    return turned(z_start, z_end, steps_of(steps, z_start), torch.arccos(cosine.clamp(-1, 1)))


@wrong("slerp", "Ordinary numbers come out right")
def slerp_with_eps_in_the_length(z_start, z_end, steps):
    cosine = z_start @ z_end / (z_start.norm() * z_end.norm() + 1e-20)
    if cosine.abs() > 1 - 1e-6:
        return line(z_start, z_end, steps)
    return turned(z_start, z_end, steps_of(steps, z_start), torch.arccos(cosine))


@wrong("slerp", "gradient")
def slerp_by_where(z_start, z_end, steps):
    """Both branches are computed, and the NaN of the one not taken spoils the gradient."""
    cosine = (z_start @ z_end / (z_start.norm() * z_end.norm())).clamp(-1, 1)
    omega = torch.arccos(cosine)
    arc = turned(z_start, z_end, steps_of(steps, z_start), omega)
    ok = torch.isfinite(omega) & (torch.sin(omega) >= 1e-3)
    return torch.where(ok, arc, line(z_start, z_end, steps))


@wrong("slerp", "gradient")
def slerp_with_a_detached_angle(z_start, z_end, steps):
    if flat(z_start, z_end):
        return line(z_start, z_end, steps)
    return turned(z_start, z_end, steps_of(steps, z_start), angle(z_start, z_end).detach())


@wrong("slerp", "cut off from its arguments")
def slerp_detached(z_start, z_end, steps):
    return slerp_by_steps(z_start, z_end, steps).detach()


@wrong("slerp", "transposed")
def slerp_transposed(z_start, z_end, steps):
    return slerp_by_steps(z_start, z_end, steps).T


@wrong("slerp", "kind", "kinds")
def slerp_with_float32_times(z_start, z_end, steps):
    t = torch.linspace(0, 1, steps).unsqueeze(1)
    if flat(z_start, z_end):
        return ((1 - t) * z_start + t * z_end).float()
    return turned(z_start, z_end, t, angle(z_start, z_end)).float()


@wrong("slerp", "float32's digits")
def slerp_with_rounded_times(z_start, z_end, steps):
    t = torch.linspace(0, 1, steps).unsqueeze(1).to(z_start.dtype)
    if flat(z_start, z_end):
        return (1 - t) * z_start + t * z_end
    return turned(z_start, z_end, t, angle(z_start, z_end))


@wrong("slerp", "Shapes do not fit")
def slerp_without_unsqueeze(z_start, z_end, steps):
    t = torch.linspace(0, 1, steps, dtype=z_start.dtype)
    return turned(z_start, z_end, t, angle(z_start, z_end))


@wrong("slerp", "`z_start` itself is changed", "`z_end` itself is changed")
def slerp_normalizes_in_place(z_start, z_end, steps):
    walk = slerp_by_steps(z_start.clone(), z_end.clone(), steps)
    with torch.no_grad():
        z_end /= z_end.norm() + 1e-9
    return walk


@wrong("slerp", "only the directions turn")
def slerp_of_equal_lengths(z_start, z_end, steps):
    """Turns the direction, and lets the length grow in a straight line: right for ends of one length only."""
    if flat(z_start, z_end):
        return line(z_start, z_end, steps)
    t = steps_of(steps, z_start)
    ends = z_start / z_start.norm(), z_end / z_end.norm()
    lengths = (1 - t) * z_start.norm() + t * z_end.norm()
    return turned(*ends, t, angle(z_start, z_end)) * lengths


@wrong("slerp")
def slerp_rescaled_line(z_start, z_end, steps):
    """The straight line, brought to the length of the start."""
    if flat(z_start, z_end):
        return line(z_start, z_end, steps)
    walk = line(z_start, z_end, steps)
    return walk / walk.norm(dim=1, keepdim=True) * z_start.norm()


@wrong("slerp")
def slerp_without_both_ends(z_start, z_end, steps):
    t = torch.linspace(0, 1, steps + 2, dtype=z_start.dtype)[1:-1].unsqueeze(1)
    if flat(z_start, z_end):
        return (1 - t) * z_start + t * z_end
    return turned(z_start, z_end, t, angle(z_start, z_end))


# ---------------------------------------------------------------- log_importance_weights

LOG_2PI = math.log(2 * math.pi)


def log_normal(z, mu, logvar):
    return -0.5 * (LOG_2PI + logvar + (z - mu) ** 2 / logvar.exp()).sum(-1)


def log_standard(z):
    return -0.5 * (LOG_2PI + z**2).sum(-1)


@oracle("log_importance_weights")
def weights_scipy(log_px_given_z, z, mu, logvar):
    def weigh(log_px, z, mu, logvar):
        ratio = stats.norm.logpdf(z) - stats.norm.logpdf(z, mu, np.exp(logvar / 2))
        return log_px + ratio.sum(-1)

    return Outside.apply(weigh, log_px_given_z, z, mu, logvar)


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
def weights_by_independent(log_px_given_z, z, mu, logvar):
    q = torch.distributions.Independent(torch.distributions.Normal(mu, logvar.exp().sqrt()), 1)
    return log_px_given_z - 0.5 * (LOG_2PI * z.shape[-1] + z.square().sum(-1)) - q.log_prob(z)


@wrong("log_importance_weights", "log p(z) left out")
def weights_without_prior(log_px_given_z, z, mu, logvar):
    return log_px_given_z - log_normal(z, mu, logvar)


@wrong("log_importance_weights", "log q(z given x) left out")
def weights_without_q(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z)


@wrong("log_importance_weights", "log p(x given z) left out", "does not depend on `log_px_given_z`")
def weights_without_likelihood(log_px_given_z, z, mu, logvar):
    return log_standard(z) - log_normal(z, mu, logvar)


@wrong("log_importance_weights", "log q(z given x) with the wrong sign")
def weights_with_q_added(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z) + log_normal(z, mu, logvar)


@wrong("log_importance_weights", "log p(z) with the wrong sign")
def weights_with_prior_subtracted(log_px_given_z, z, mu, logvar):
    return log_px_given_z - log_standard(z) - log_normal(z, mu, logvar)


@wrong("log_importance_weights", "log p(z) and log q(z given x) with the wrong sign")
def weights_the_wrong_way(log_px_given_z, z, mu, logvar):
    return log_px_given_z - log_standard(z) + log_normal(z, mu, logvar)


@wrong("log_importance_weights", "log p(x given z) with the wrong sign", "with the other sign")
def weights_of_a_loss(log_px_given_z, z, mu, logvar):
    return -log_px_given_z + log_standard(z) - log_normal(z, mu, logvar)


@wrong("log_importance_weights", "with the other sign")
def weights_negative(log_px_given_z, z, mu, logvar):
    return -(log_px_given_z + log_standard(z) - log_normal(z, mu, logvar))


@wrong("log_importance_weights", "the log 2π of p(z) left out", "plus ½ D log 2π")
def weights_prior_without_constant(log_px_given_z, z, mu, logvar):
    return log_px_given_z - 0.5 * (z**2).sum(-1) - log_normal(z, mu, logvar)


@wrong("log_importance_weights", "the log 2π of q left out", "minus ½ D log 2π", "log 2π of p(z) once too often")
def weights_q_without_constant(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (logvar + (z - mu) ** 2 / logvar.exp()).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", "log 2π")
def weights_constant_once(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (LOG_2PI + (logvar + (z - mu) ** 2 / logvar.exp()).sum(-1))
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", "the term log σ² left out")
def weights_without_log_variance(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (LOG_2PI + (z - mu) ** 2 / logvar.exp()).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", "the term log σ² once too often")
def weights_log_variance_without_half(log_px_given_z, z, mu, logvar):
    log_q = -(0.5 * LOG_2PI + logvar + 0.5 * (z - mu) ** 2 / logvar.exp()).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", "the term log σ² with the wrong sign")
def weights_log_variance_added(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (LOG_2PI - logvar + (z - mu) ** 2 / logvar.exp()).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", "the squares of q once too often")
def weights_squares_without_half(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (LOG_2PI + logvar + 2 * (z - mu) ** 2 / logvar.exp()).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", "the squares of p(z) once too often")
def weights_prior_without_half(log_px_given_z, z, mu, logvar):
    return log_px_given_z - (0.5 * LOG_2PI + z**2).sum(-1) - log_normal(z, mu, logvar)


@wrong("log_importance_weights", "not divided by σ²")
def weights_without_variance(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (LOG_2PI + logvar + (z - mu) ** 2).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", "divided by σ, not by σ²")
def weights_divided_by_deviation(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (LOG_2PI + logvar + (z - mu) ** 2 / (0.5 * logvar).exp()).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", "divided by logvar")
def weights_divided_by_log(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (LOG_2PI + logvar + (z - mu) ** 2 / logvar).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", "does not depend on `mu`")
def weights_without_mean(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z) - log_normal(z, 0 * mu, logvar)


@wrong("log_importance_weights", "the prior is taken at z − μ")
def weights_prior_around_mu(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z - mu) - log_normal(z, mu, logvar)


@wrong("log_importance_weights", "the mean over the D dimensions")
def weights_mean_over_dimensions(log_px_given_z, z, mu, logvar):
    difference = -0.5 * (z**2) + 0.5 * (logvar + (z - mu) ** 2 / logvar.exp())
    return log_px_given_z + difference.mean(-1)


@wrong("log_importance_weights", "averaged over K as well")
def weights_averaged(log_px_given_z, z, mu, logvar):
    return (log_px_given_z + log_standard(z) - log_normal(z, mu, logvar)).mean(0)


@wrong("log_importance_weights", "summed over B as well")
def weights_summed_over_batch(log_px_given_z, z, mu, logvar):
    return (log_px_given_z + log_standard(z) - log_normal(z, mu, logvar)).sum(1)


@wrong("log_importance_weights", "σ² is taken for the standard deviation")
def weights_scale_is_variance(log_px_given_z, z, mu, logvar):
    log_q = torch.distributions.Normal(mu, logvar.exp()).log_prob(z).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights")
def weights_per_dimension(log_px_given_z, z, mu, logvar):
    normal = torch.distributions.Normal
    ratio = normal(0.0, 1.0).log_prob(z) - normal(mu, (0.5 * logvar).exp()).log_prob(z)
    return log_px_given_z.unsqueeze(-1) + ratio


@wrong("log_importance_weights", "the KL stands in the place")
def weights_with_kl(log_px_given_z, z, mu, logvar):
    return log_px_given_z - 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(-1)


@wrong("log_importance_weights", "the exponential of the right one")
def weights_not_logs(log_px_given_z, z, mu, logvar):
    return (log_px_given_z + log_standard(z) - log_normal(z, mu, logvar)).exp()


@wrong("log_importance_weights", "`z` itself is changed")
def weights_that_change_z(log_px_given_z, z, mu, logvar):
    log_prior = log_standard(z)
    z -= mu
    return log_px_given_z + log_prior + 0.5 * (LOG_2PI + logvar + z**2 / logvar.exp()).sum(-1)


@wrong("log_importance_weights", "but not logvar of ±80")
def weights_with_clamped_variance(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z) - log_normal(z, mu, logvar.clamp(-20, 20))


@wrong("log_importance_weights", "but not logvar of ±80")
def weights_with_epsilon(log_px_given_z, z, mu, logvar):
    log_q = -0.5 * (LOG_2PI + logvar + (z - mu) ** 2 / (logvar.exp() + 1e-30)).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


@wrong("log_importance_weights", "No gradient reaches `mu`")
def weights_without_slope_of_mu(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z) - log_normal(z, mu.detach(), logvar)


@wrong("log_importance_weights", "No gradient reaches `z`")
def weights_without_slope_of_z(log_px_given_z, z, mu, logvar):
    z = z.detach()
    return log_px_given_z + log_standard(z) - log_normal(z, mu, logvar)


@wrong("log_importance_weights", "No gradient reaches `logvar`", "No gradient reaches `mu` and `logvar`")
def weights_with_detached_q(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z) - log_normal(z, mu.data, logvar.data)


@wrong("log_importance_weights", "kind", "float32's digits")
def weights_with_a_float32_constant(log_px_given_z, z, mu, logvar):
    constant = torch.tensor([2 * math.pi]).log()
    log_q = -0.5 * (logvar + (z - mu) ** 2 / logvar.exp() + LOG_2PI).sum(-1)
    return log_px_given_z - 0.5 * (constant + z**2).sum(-1) - log_q


@wrong("log_importance_weights", "Of `z` only the first along K")
def weights_of_the_first_draw(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z[0]) - log_normal(z[0], mu, logvar)


@wrong("log_importance_weights", "`logvar` is handed in with the other sign")
def weights_with_inverse_variance(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z) - log_normal(z, mu, -logvar)


@wrong("log_importance_weights", "`logvar` is handed in as its logarithm", "`logvar` is handed in as")
def weights_variance_for_log_variance(log_px_given_z, z, mu, logvar):
    log_q = torch.distributions.Normal(mu, (logvar**2).sqrt()).log_prob(z).sum(-1)
    return log_px_given_z + log_standard(z) - log_q


# ---------------------------------------------------------------- importance_weighted_bound


@oracle("importance_weighted_bound")
def bound_scipy(log_weights):
    def bound(log_weights):
        return special.logsumexp(log_weights, axis=0) - math.log(len(log_weights))

    return Outside.apply(bound, log_weights)


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
    return total - math.log(len(log_weights))


@right("importance_weighted_bound")
def bound_with_detached_shift(log_weights):
    shift = log_weights.detach().amax(0)
    return (log_weights - shift).exp().mean(0).log() + shift


@wrong("importance_weighted_bound", "that is the ELBO")
def bound_elbo(log_weights):
    return log_weights.mean(0)


@wrong("importance_weighted_bound", "subtract log K")
def bound_sum(log_weights):
    return torch.logsumexp(log_weights, 0)


@wrong("importance_weighted_bound", "the log is missing")
def bound_mean_weight(log_weights):
    return log_weights.exp().mean(0)


@wrong("importance_weighted_bound", "the logs are taken for the weights")
def bound_of_logs(log_weights):
    return log_weights.mean(0).log()


@wrong("importance_weighted_bound", "the largest weight alone")
def bound_largest(log_weights):
    return log_weights.amax(0)


@wrong("importance_weighted_bound", "the largest weight alone is taken, less log K")
def bound_largest_less(log_weights):
    return log_weights.amax(0) - math.log(len(log_weights))


@wrong("importance_weighted_bound", "values and their positions", "max(…, dim)")
def bound_max_with_positions(log_weights):
    return log_weights.max(0)


@wrong("importance_weighted_bound", "log K is added")
def bound_log_added(log_weights):
    return torch.logsumexp(log_weights, 0) + math.log(len(log_weights))


@wrong("importance_weighted_bound", "K is subtracted, not its log")
def bound_count_subtracted(log_weights):
    return torch.logsumexp(log_weights, 0) - len(log_weights)


@wrong("importance_weighted_bound", "the log of the sum is divided by K")
def bound_log_divided(log_weights):
    return torch.logsumexp(log_weights, 0) / len(log_weights)


@wrong("importance_weighted_bound", "over the batch is taken")
def bound_other_axis(log_weights):
    return torch.logsumexp(log_weights, 1) - math.log(log_weights.shape[1])


@wrong("importance_weighted_bound", "log B is subtracted")
def bound_less_log_batch(log_weights):
    return torch.logsumexp(log_weights, 0) - math.log(log_weights.shape[1])


@wrong("importance_weighted_bound", "averaged over B as well")
def bound_one_number(log_weights):
    return (torch.logsumexp(log_weights, 0) - math.log(len(log_weights))).mean()


@wrong("importance_weighted_bound", "the weights of the whole batch are averaged")
def bound_of_everything(log_weights):
    return torch.logsumexp(log_weights.flatten(), 0) - math.log(log_weights.numel())


@wrong("importance_weighted_bound", "with the other sign")
def bound_as_loss(log_weights):
    return math.log(len(log_weights)) - torch.logsumexp(log_weights, 0)


@wrong("importance_weighted_bound", "rounded to 0")
def bound_unstable(log_weights):
    return log_weights.exp().mean(0).log()


@wrong("importance_weighted_bound", "one largest log is taken out of the whole batch")
def bound_shifted_by_one_maximum(log_weights):
    largest = log_weights.max()
    return largest + (log_weights - largest).exp().mean(0).log()


@wrong("importance_weighted_bound", "far above it e overflows")
def bound_shifted_by_the_mean(log_weights):
    shift = log_weights.mean(0)
    return shift + (log_weights - shift).exp().mean(0).log()


@wrong("importance_weighted_bound", "1e-8 is added")
def bound_with_epsilon(log_weights):
    return (log_weights.exp().mean(0) + 1e-8).log()


@wrong("importance_weighted_bound", "but not logs of ±1000")
def bound_clamped(log_weights):
    return torch.logsumexp(log_weights.clamp(-700, 700), 0) - math.log(len(log_weights))


@wrong("importance_weighted_bound", "cut off from its arguments")
def bound_without_gradient(log_weights):
    return torch.logsumexp(log_weights.detach(), 0) - math.log(len(log_weights)) + 0 * log_weights.sum(0)


@wrong("importance_weighted_bound", "The gradient for `log_weights` is not the slope")
def bound_with_detached_weights(log_weights):
    value = torch.logsumexp(log_weights, 0) - math.log(len(log_weights))
    return value.detach() + log_weights.mean(0) - log_weights.mean(0).detach()


@wrong("importance_weighted_bound", "in another shape")
def bound_keepdim(log_weights):
    return torch.logsumexp(log_weights, 0, keepdim=True) - math.log(len(log_weights))


@wrong("importance_weighted_bound", "`log_weights` itself is changed")
def bound_shifts_in_place(log_weights):
    largest = log_weights.max(0).values
    with torch.no_grad():
        log_weights -= largest
    return log_weights.exp().mean(0).log() + largest


@wrong("importance_weighted_bound", "float32's digits", "kind")
def bound_float_inside(log_weights):
    return (torch.logsumexp(log_weights.float(), 0) - math.log(len(log_weights))).to(log_weights.dtype)


@wrong("importance_weighted_bound", "base 2")
def bound_in_bits(log_weights):
    return (torch.logsumexp(log_weights, 0) - math.log(len(log_weights))) / math.log(2)


# ---------------------------------------------------------------- active_units


@oracle("active_units")
def units_numpy(mu, threshold=0.01):
    return int(np.count_nonzero(np.var(mu.numpy(), axis=0) > threshold))


@right("active_units")
def units_by_mean_square(mu, threshold=0.01):
    return ((mu - mu.mean(0)).square().mean(0) > threshold).sum().item()


@right("active_units")
def units_biased(mu, threshold=0.01):
    return int(torch.count_nonzero(mu.var(0, unbiased=False) > threshold))


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


@wrong("active_units", "standard deviation")
def units_by_deviation(mu, threshold=0.01):
    return int((mu.std(0, correction=0) > threshold).sum())


@wrong("active_units", "divides by B − 1")
def units_unbiased(mu, threshold=0.01):
    return int((mu.var(0) > threshold).sum())


@wrong("active_units", "mean of μ²")
def units_by_square(mu, threshold=0.01):
    return int((mu.square().mean(0) > threshold).sum())


@wrong("active_units", "the sum of the squares is compared")
def units_by_sum(mu, threshold=0.01):
    return int(((mu - mu.mean(0)).square().sum(0) > threshold).sum())


@wrong("active_units", "not in use are counted")
def units_inactive(mu, threshold=0.01):
    return int((mu.var(0, correction=0) <= threshold).sum())


@wrong("active_units", "a variance equal to the threshold")
def units_at_least(mu, threshold=0.01):
    return int((mu.var(0, correction=0) >= threshold).sum())


@wrong("active_units", "the mean of μ is compared")
def units_by_mean(mu, threshold=0.01):
    return int((mu.mean(0) > threshold).sum())


@wrong("active_units", "absolute μ")
def units_by_absolute(mu, threshold=0.01):
    return int((mu.abs().mean(0) > threshold).sum())


@wrong("active_units", "the range of μ")
def units_by_range(mu, threshold=0.01):
    return int((mu.max(0).values - mu.min(0).values > threshold).sum())


@wrong("active_units", "all dimensions are counted")
def units_all(mu, threshold=0.01):
    return mu.shape[1]


@wrong("active_units", "the examples are counted")
def units_of_examples(mu, threshold=0.01):
    return int((mu.var(1, correction=0) > threshold).sum())


@wrong("active_units", "a Tensor")
def units_marked(mu, threshold=0.01):
    return mu.var(0, correction=0) > threshold


@wrong("active_units", "a Tensor")
def units_as_tensor(mu, threshold=0.01):
    return (mu.var(0, correction=0) > threshold).sum()


@wrong("active_units", "a float")
def units_as_float(mu, threshold=0.01):
    return float((mu.var(0, correction=0) > threshold).sum())


@wrong("active_units", "a list")
def units_listed(mu, threshold=0.01):
    return [d for d, v in enumerate(mu.var(0, correction=0)) if v > threshold]


@wrong("active_units", "a Tensor")
def units_summed(mu, threshold=0.01):
    return mu.var(0, correction=0).sum()


@wrong("active_units", "a float")
def units_share(mu, threshold=0.01):
    return (mu.var(0, correction=0) > threshold).float().mean().item()


@wrong("active_units", "the threshold is ignored", "does not depend on `threshold`")
def units_fixed_threshold(mu, threshold=0.01):
    return int((mu.var(0, correction=0) > 0.01).sum())


@wrong("active_units", "the numbers above the threshold")
def units_of_numbers(mu, threshold=0.01):
    return int((mu > threshold).sum())


@wrong("active_units")
def units_at_least_one(mu, threshold=0.01):
    return max(1, int((mu.var(0, correction=0) > threshold).sum()))


@wrong("active_units", "`mu` itself is changed")
def units_that_centre_in_place(mu, threshold=0.01):
    mu -= mu.mean(0)
    return int((mu.square().mean(0) > threshold).sum())


@wrong("active_units", "the standard deviation is compared")
def units_by_squared_threshold(mu, threshold=0.01):
    return int((mu.var(0, correction=0) > threshold**2).sum())


@wrong("active_units", "but not calls without a threshold")
def units_of_another_default(mu, threshold=0.1):
    return int((mu.var(0, correction=0) > threshold).sum())


# ---------------------------------------------------------------- slips that were tried on the finished checks


@wrong("generate", "in another shape")
def generate_squeezed(decode, eps):
    return torch.sigmoid(decode(eps)).squeeze()


@wrong("generate", "what lies beyond ±1 makes no difference")
def generate_of_truncated_codes(decode, eps):
    return torch.sigmoid(decode(eps.clamp(-1, 1)))


@wrong("generate", "the logarithm of the right one")
def generate_log_probabilities(decode, eps):
    return F.logsigmoid(decode(eps))


@wrong("generate", "at half its logit")
def generate_half_as_sure(decode, eps):
    return torch.sigmoid(decode(eps) / 2)


@wrong("latent_grid", "the square is [−limit, 0]²")
def grid_of_half_steps(n, limit=3.0):
    return on_page(-limit + torch.arange(n) * limit / (n - 1))


@wrong("latent_grid", "the middles of n equal parts")
def grid_of_middles(n, limit=3.0):
    return on_page((2 * middles(n) - 1) * limit)


@wrong("quantile_grid", "the exponential of the right one")
def quantiles_of_a_log_normal(n):
    return on_page(torch.special.ndtri(middles(n)).exp())


@wrong("slerp", "Ω is taken in degrees")
def slerp_in_degrees(z_start, z_end, steps):
    if flat(z_start, z_end):
        return line(z_start, z_end, steps)
    return turned(z_start, z_end, steps_of(steps, z_start), angle(z_start, z_end).rad2deg())


@wrong("slerp", "but not ends that are not quite opposite")
def slerp_that_gives_up_early(z_start, z_end, steps):
    if not z_start.any() or not z_end.any() or angle(z_start, z_end).sin() < 0.1:
        return line(z_start, z_end, steps)
    return turned(z_start, z_end, steps_of(steps, z_start), angle(z_start, z_end))


@wrong("slerp", "times a number of its own for each of steps")
def slerp_of_length_one(z_start, z_end, steps):
    walk = slerp_by_steps(z_start, z_end, steps)
    return walk / walk.norm(dim=1, keepdim=True)


@wrong("log_importance_weights", "Of `mu` only the first along B")
def weights_by_the_first_q(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_standard(z) - log_normal(z, mu[:1], logvar[:1])


@wrong("log_importance_weights", "the weights are divided by their sum")
def weights_normalized(log_px_given_z, z, mu, logvar):
    return weights_by_loop(log_px_given_z, z, mu, logvar).log_softmax(0)


@wrong("log_importance_weights", "the mean over the K draws is taken already")
def weights_as_bound(log_px_given_z, z, mu, logvar):
    return weights_by_loop(log_px_given_z, z, mu, logvar).logsumexp(0) - math.log(len(z))


@wrong("log_importance_weights", "the prior is given q's variance")
def weights_prior_as_wide_as_q(log_px_given_z, z, mu, logvar):
    return log_px_given_z + log_normal(z, torch.zeros_like(mu), logvar) - log_normal(z, mu, logvar)


@wrong("importance_weighted_bound", "the right one plus 0.405")
def bound_by_one_draw_less(log_weights):
    return torch.logsumexp(log_weights, 0) - math.log(max(len(log_weights) - 1, 1))


@wrong("active_units")
def units_by_rounded_variance(mu, threshold=0.01):
    return int((mu.var(0, correction=0).round(decimals=2) > threshold).sum())
