"""Answers to lab 3: the usual mistakes, right answers written otherwise, and second routes to its numbers."""

import math
from fractions import Fraction
from itertools import combinations, permutations
from statistics import fmean

import mpmath
import numpy as np
import torch
from scipy import interpolate as scipy_interpolate
from scipy import stats
from scipy.spatial import distance
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import MinMaxScaler

from tests.lab_bank import oracle, right, wrong


def exact(x):
    """Nested lists of the exact fractions that a tensor's floats are."""
    return [exact(row) for row in x] if x.ndim else Fraction(x.item())


# perturb --------------------------------------------------------------------------------------------


@wrong("perturb", names="σ² stands in the place of σ")
def perturb_by_the_variance(z, sigma, eps):
    return z + sigma**2 * eps


@wrong("perturb", names="σ is taken for a variance")
def perturb_takes_sigma_for_a_variance(z, sigma, eps):
    return z + math.sqrt(sigma) * eps


@wrong("perturb", names="σ is left out")
def perturb_without_sigma(z, sigma, eps):
    return z + eps


@wrong("perturb", names="this is the noise alone")
def perturb_noise_alone(z, sigma, eps):
    return sigma * eps


@wrong("perturb", names="the noise is subtracted")
def perturb_subtracts(z, sigma, eps):
    return z - sigma * eps


@wrong("perturb", names="σ multiplies the code as well")
def perturb_scales_the_code(z, sigma, eps):
    return sigma * (z + eps)


@wrong("perturb", names="multiplied by the code")
def perturb_multiplies(z, sigma, eps):
    return z * (1 + sigma * eps)


@wrong("perturb", names="all codes get the same noise")
def perturb_one_noise_for_all_codes(z, sigma, eps):
    return z + sigma * eps[:, :1]


@wrong("perturb", names="all dimensions get the same noise")
def perturb_one_noise_for_all_dimensions(z, sigma, eps):
    return z + sigma * eps[..., :1]


@wrong("perturb", names="all copies get the same noise")
def perturb_one_noise_for_all_copies(z, sigma, eps):
    return torch.stack([z + sigma * eps[0] for _ in eps])


@wrong("perturb", names="only the first copy")
def perturb_one_copy(z, sigma, eps):
    return z + sigma * eps[0]


@wrong("perturb", names="the copies are averaged")
def perturb_averages(z, sigma, eps):
    return (z + sigma * eps).mean(dim=0)


@wrong("perturb", names="the L copies should come first")
def perturb_puts_the_codes_first(z, sigma, eps):
    return z[:, None] + sigma * eps.transpose(0, 1)


@wrong("perturb", names="`eps` is reshaped")
def perturb_reshapes(z, sigma, eps):
    return z[:, None] + sigma * eps.reshape(len(z), len(eps), -1)


@wrong("perturb", names="size of tensor")
def perturb_adds_along_the_wrong_axis(z, sigma, eps):
    return z.unsqueeze(1) + sigma * eps


@wrong("perturb", names="cut off at 0 and 1")
def perturb_clamps(z, sigma, eps):
    return (z + sigma * eps).clamp(0, 1)


@wrong("perturb", names="values are off")
def perturb_draws_its_own_noise(z, sigma, eps):
    return z + sigma * torch.randn_like(eps)


@wrong("perturb", names="`perturb` changes `eps` itself")
def perturb_scales_eps_in_place(z, sigma, eps):
    eps *= sigma
    return z + eps


@wrong("perturb", names="`perturb` writes its result into `eps`")
def perturb_writes_into_eps(z, sigma, eps):
    return eps.mul_(sigma).add_(z)


@wrong("perturb", names="is a `return` missing")
def perturb_forgets_to_return(z, sigma, eps):
    z + sigma * eps


@wrong("perturb")
def perturb_keeps_the_noise_within_three_sigma(z, sigma, eps):
    return z + sigma * eps.clamp(-3, 3)


@wrong("perturb")
def perturb_has_a_least_sigma(z, sigma, eps):
    return z + max(sigma, 1e-3) * eps


@right("perturb")
def perturb_loops(z, sigma, eps):
    out = torch.zeros_like(eps)
    for copy in range(eps.shape[0]):
        for b in range(eps.shape[1]):
            out[copy, b] = z[b] + sigma * eps[copy, b]
    return out


@right("perturb")
def perturb_stacks(z, sigma, eps):
    return torch.stack([torch.add(z, noise, alpha=sigma) for noise in eps])


@right("perturb")
def perturb_by_addcmul(z, sigma, eps):
    return torch.addcmul(z, eps, torch.full_like(eps, sigma))


@right("perturb")
def perturb_in_float64_on_a_copy(z, sigma, eps):
    out = eps.double().clone()
    out *= sigma
    out += z
    return out.to(z.dtype)


@right("perturb")
def perturb_not_contiguous(z, sigma, eps):
    return (z[:, None] + sigma * eps.permute(1, 0, 2)).permute(1, 0, 2)


@right("perturb")
def perturb_with_tensor_sigma_and_gradient(z, sigma, eps):
    sigma = torch.nn.Parameter(torch.tensor(float(sigma), dtype=z.dtype))
    return z.expand(len(eps), -1, -1) + sigma * eps


@right("perturb")
def perturb_by_a_transform(z, sigma, eps):
    return torch.distributions.AffineTransform(loc=z, scale=sigma)(eps)


@oracle("perturb")
def perturb_by_quantiles(z, sigma, eps):
    """The same quantile of N(z, σ²) as eps is of N(0, 1); from the nearer tail, to keep the digits."""
    z, eps = np.broadcast_arrays(z.double().numpy(), eps.double().numpy())
    scale = sigma or 1e-12
    upper = stats.norm.isf(stats.norm.sf(eps), loc=z, scale=scale)
    lower = stats.norm.ppf(stats.norm.cdf(eps), loc=z, scale=scale)
    return torch.from_numpy(np.where(eps > 0, upper, lower))


@oracle("perturb")
def perturb_by_fractions(z, sigma, eps):
    z, sigma, rows = exact(z), Fraction(sigma), range(len(z))
    copies = [[[a + sigma * e for a, e in zip(z[b], c[b], strict=True)] for b in rows] for c in exact(eps)]
    return torch.tensor([[[float(v) for v in row] for row in c] for c in copies], dtype=torch.float64)


# bounding_box ---------------------------------------------------------------------------------------


@wrong("bounding_box", names="`high` comes first")
def bounding_box_swapped(Z):
    return Z.max(0).values, Z.min(0).values


@wrong("bounding_box", names="one minimum and one maximum are taken of all the numbers")
def bounding_box_of_all_numbers(Z):
    return Z.min(), Z.max()


@wrong("bounding_box", names="all dimensions get the same bounds")
def bounding_box_a_cube(Z):
    return Z.min().repeat(Z.shape[1]), Z.max().repeat(Z.shape[1])


@wrong("bounding_box", names="the bounds are those of each code")
def bounding_box_over_dimensions(Z):
    return Z.min(1).values, Z.max(1).values


@wrong("bounding_box", names="the search starts from 0")
def bounding_box_searches_from_zero(Z):
    low, high = torch.zeros(Z.shape[1]), torch.zeros(Z.shape[1])
    for z in Z:
        low, high = torch.minimum(low, z), torch.maximum(high, z)
    return low, high


@wrong("bounding_box", names="symmetric around 0")
def bounding_box_symmetric(Z):
    bound = Z.abs().max(0).values
    return -bound, bound


@wrong("bounding_box", names="lowest and highest in the first dimension")
def bounding_box_two_codes(Z):
    order = Z[:, 0].argsort()
    return Z[order[0]], Z[order[-1]]


@wrong("bounding_box", names="the first and the last code")
def bounding_box_ends_of_the_list(Z):
    return Z[0], Z[-1]


@wrong("bounding_box", names="mean ± standard deviation")
def bounding_box_one_sigma(Z):
    return Z.mean(0) - Z.std(0), Z.mean(0) + Z.std(0)


@wrong("bounding_box", names="mean ± 2 standard deviations")
def bounding_box_two_sigma(Z):
    return Z.mean(0) - 2 * Z.std(0), Z.mean(0) + 2 * Z.std(0)


@wrong("bounding_box", names="the widths are returned in the place of `high`")
def bounding_box_low_and_width(Z):
    return Z.min(0).values, Z.max(0).values - Z.min(0).values


@wrong("bounding_box", names="the widths alone")
def bounding_box_widths(Z):
    return Z.max(0).values - Z.min(0).values


@wrong("bounding_box", names="one tensor of two rows")
def bounding_box_one_tensor(Z):
    return torch.stack([Z.min(0).values, Z.max(0).values])


@wrong("bounding_box", names="`keepdim`")
def bounding_box_keeps_an_axis(Z):
    return Z.amin(0, keepdim=True), Z.amax(0, keepdim=True)


@wrong("bounding_box", names="positions")
def bounding_box_values_with_positions(Z):
    return Z.min(dim=0), Z.max(dim=0)


@wrong("bounding_box", names="should be floating point")
def bounding_box_positions(Z):
    return Z.argmin(0), Z.argmax(0)


@wrong("bounding_box", names="sorts `Z` itself")
def bounding_box_sorts_in_place(Z):
    numbers = Z.numpy()
    numbers.sort(axis=0)
    return Z[0].clone(), Z[-1].clone()


@wrong("bounding_box")
def bounding_box_starts_from_a_thousand(Z):
    low, high = torch.full((Z.shape[1],), 1000.0), torch.full((Z.shape[1],), -1000.0)
    for z in Z:
        low, high = torch.minimum(low, z), torch.maximum(high, z)
    return low.clamp(min=-1000), high.clamp(max=1000)


@wrong("bounding_box")
def bounding_box_of_at_least_two_codes(Z):
    low, high = Z[0].clone(), Z[1].clone()
    for z in Z:
        low, high = torch.minimum(low, z), torch.maximum(high, z)
    return low, high


@right("bounding_box")
def bounding_box_by_aminmax(Z):
    return torch.aminmax(Z, dim=0)


@right("bounding_box")
def bounding_box_as_a_list(Z):
    return [Z.amin(0), Z.amax(0)]


@right("bounding_box")
def bounding_box_loops(Z):
    low, high = Z[0].clone(), Z[0].clone()
    for z in Z[1:]:
        low[z < low] = z[z < low]
        high[z > high] = z[z > high]
    return low, high


@right("bounding_box")
def bounding_box_sorts_a_copy(Z):
    ordered = Z.clone().sort(dim=0).values
    return ordered[0], ordered[-1]


@right("bounding_box")
def bounding_box_by_python_numbers(Z):
    low, high = zip(*((min(column), max(column)) for column in Z.T.tolist()), strict=True)
    return torch.tensor(low, dtype=Z.dtype), torch.tensor(high, dtype=Z.dtype)


@right("bounding_box")
def bounding_box_by_infinities(Z):
    low = torch.full_like(Z[0], math.inf)
    for z in Z:
        low = torch.minimum(low, z)
    return low, -torch.stack([-z for z in Z]).min(0)[0]


@oracle("bounding_box")
def bounding_box_by_sklearn(Z):
    scaler = MinMaxScaler().fit(Z.double().numpy())
    return torch.from_numpy(scaler.data_min_), torch.from_numpy(scaler.data_max_)


# sample_box -----------------------------------------------------------------------------------------


@wrong("sample_box", names="u is multiplied by `high`")
def sample_box_low_plus_high_u(low, high, u):
    return low + high * u


@wrong("sample_box", names="`low` is not added")
def sample_box_without_low(low, high, u):
    return u * (high - low)


@wrong("sample_box", names="`high` is added")
def sample_box_from_high(low, high, u):
    return high + u * (high - low)


@wrong("sample_box", names="swapped")
def sample_box_backwards(low, high, u):
    return u * low + (1 - u) * high


@wrong("sample_box", names="u is taken to lie between −1 and 1")
def sample_box_u_around_the_middle(low, high, u):
    return (low + high) / 2 + u * (high - low) / 2


@wrong("sample_box", names="u is stretched to lie between −1 and 1")
def sample_box_u_stretched(low, high, u):
    return low + (2 * u - 1) * (high - low)


@wrong("sample_box", names="the width is `high + low`")
def sample_box_adds_the_bounds(low, high, u):
    return low + u * (high + low)


@wrong("sample_box", names="all dimensions of a code use the same u")
def sample_box_one_u_for_all_dimensions(low, high, u):
    return low + u[:, :1] * (high - low)


@wrong("sample_box", names="all codes use the same u")
def sample_box_one_u_for_all_codes(low, high, u):
    return (low + u[0] * (high - low)).repeat(len(u), 1)


@wrong("sample_box", names="all dimensions get the bounds of the whole box")
def sample_box_a_cube(low, high, u):
    return low.min() + u * (high.max() - low.min())


@wrong("sample_box", names="u is cut off at the bounds")
def sample_box_clamps(low, high, u):
    return u.clamp(low, high)


@wrong("sample_box", names="u is left as it is")
def sample_box_returns_u(low, high, u):
    return u


@wrong("sample_box", names="values are off")
def sample_box_draws_its_own(low, high, u):
    return low + torch.rand_like(u) * (high - low)


@wrong("sample_box", names="size of tensor")
def sample_box_along_the_wrong_axis(low, high, u):
    return low[:, None] + u * (high - low)[:, None]


@wrong("sample_box", names="writes its result into `u`")
def sample_box_writes_into_u(low, high, u):
    return u.mul_(high - low).add_(low)


@wrong("sample_box", names="`sample_box` changes `u` itself")
def sample_box_scales_u_in_place(low, high, u):
    u *= high - low
    return low + u


@wrong("sample_box", names="`sample_box` changes `high` itself")
def sample_box_changes_high(low, high, u):
    high -= low
    return low + u * high


@wrong("sample_box")
def sample_box_keeps_a_margin(low, high, u):
    return low + u.clamp(0.0, 0.99) * (high - low)


@wrong("sample_box")
def sample_box_rounds(low, high, u):
    return ((low + u * (high - low)) * 1e4).round() / 1e4


@right("sample_box")
def sample_box_by_lerp(low, high, u):
    return torch.lerp(low.expand_as(u), high.expand_as(u), u)


@right("sample_box")
def sample_box_by_a_distribution(low, high, u):
    return torch.distributions.Uniform(low, high).icdf(u)


@right("sample_box")
def sample_box_weighs_the_ends(low, high, u):
    return (1 - u) * low + u * high


@right("sample_box")
def sample_box_loops(low, high, u):
    rows = [[a + s * (b - a) for a, b, s in zip(low, high, row, strict=True)] for row in u]
    return torch.stack([torch.stack(row) for row in rows])


@right("sample_box")
def sample_box_around_the_middle(low, high, u):
    return (low + high) / 2 + (u - 0.5) * (high - low)


@right("sample_box")
def sample_box_in_float64_on_a_copy(low, high, u):
    z = u.double().clone()
    z *= high.double() - low.double()
    z += low
    return z


@oracle("sample_box")
def sample_box_by_quantiles(low, high, u):
    low, high, u = (x.double().numpy() for x in (low, high, u))
    return torch.from_numpy(stats.uniform.ppf(u, loc=low, scale=high - low))


@oracle("sample_box")
def sample_box_by_fractions(low, high, u):
    low, high = exact(low), exact(high)
    rows = [[float(a + s * (b - a)) for a, b, s in zip(low, high, row, strict=True)] for row in exact(u)]
    return torch.tensor(rows, dtype=torch.float64)


# interpolate ----------------------------------------------------------------------------------------


def line(z_start, z_end, t):
    """The points at the values t."""
    t = torch.as_tensor(t, dtype=z_start.dtype)[:, None]
    return z_start + t * (z_end - z_start)


@wrong("interpolate", names="the end is left out")
def interpolate_without_the_end(z_start, z_end, steps):
    return line(z_start, z_end, [i / steps for i in range(steps)])


@wrong("interpolate", names="the end is left out")
def interpolate_arange(z_start, z_end, steps):
    return line(z_start, z_end, torch.arange(0, 1, 1 / steps))


@wrong("interpolate", names="the start is left out")
def interpolate_without_the_start(z_start, z_end, steps):
    return line(z_start, z_end, [(i + 1) / steps for i in range(steps)])


@wrong("interpolate", names="both ends are left out")
def interpolate_inside(z_start, z_end, steps):
    return line(z_start, z_end, [(i + 1) / (steps + 1) for i in range(steps)])


@wrong("interpolate", names="`steps` + 1 points")
def interpolate_one_point_too_many(z_start, z_end, steps):
    return line(z_start, z_end, torch.linspace(0, 1, steps + 1))


@wrong("interpolate", names="only the points between")
def interpolate_between(z_start, z_end, steps):
    return line(z_start, z_end, torch.linspace(0, 1, steps))[1:-1]


@wrong("interpolate", names="the path runs backwards")
def interpolate_backwards(z_start, z_end, steps):
    t = torch.linspace(0, 1, steps)[:, None]
    return t * z_start + (1 - t) * z_end


@wrong("interpolate", names="it is not divided by `steps` - 1")
def interpolate_whole_steps(z_start, z_end, steps):
    return line(z_start, z_end, torch.arange(steps))


@wrong("interpolate", names="t is rounded down")
def interpolate_integer_division(z_start, z_end, steps):
    return line(z_start, z_end, [i // (steps - 1) for i in range(steps)])


@wrong("interpolate", names="`z_start` is not added")
def interpolate_from_zero(z_start, z_end, steps):
    return torch.linspace(0, 1, steps)[:, None] * (z_end - z_start)


@wrong("interpolate", names="lacks its factor 1 − t")
def interpolate_keeps_the_start(z_start, z_end, steps):
    return z_start + torch.linspace(0, 1, steps)[:, None] * z_end


@wrong("interpolate", names="append a copy")
def interpolate_appends_one_tensor(z_start, z_end, steps):
    path, z, delta = [], z_start.clone(), (z_end - z_start) / (steps - 1)
    for _ in range(steps):
        path.append(z)
        z += delta
    return torch.stack(path)


@wrong("interpolate", names="moved in place up to the end")
def interpolate_appends_one_tensor_up_to_the_end(z_start, z_end, steps):
    z, delta = z_start.clone(), (z_end - z_start) / (steps - 1)
    path = [z]
    for _ in range(steps - 1):
        z += delta
        path.append(z)
    return torch.stack(path)


@wrong("interpolate", names="they should be the rows")
def interpolate_columns(z_start, z_end, steps):
    return line(z_start, z_end, torch.linspace(0, 1, steps)).T


@wrong("interpolate", names="it should be a straight line")
def interpolate_slerp(z_start, z_end, steps):
    omega = torch.arccos(z_start @ z_end / z_start.norm() / z_end.norm())
    t = torch.linspace(0, 1, steps)[:, None]
    return (((1 - t) * omega).sin() * z_start + (t * omega).sin() * z_end) / omega.sin()


@wrong("interpolate", names="The answer is a list")
def interpolate_a_list(z_start, z_end, steps):
    return list(line(z_start, z_end, torch.linspace(0, 1, steps)))


@wrong("interpolate", names="beyond the end")
def interpolate_moves_the_start(z_start, z_end, steps):
    path, z, delta = [], z_start, (z_end - z_start) / (steps - 1)
    for _ in range(steps):
        path.append(z.clone())
        z += delta
    return torch.stack(path)


@wrong("interpolate", names="up to the end: copy it")
def interpolate_moves_the_start_up_to_the_end(z_start, z_end, steps):
    path, delta = [z_start.clone()], (z_end - z_start) / (steps - 1)
    for _ in range(steps - 1):
        path.append(z_start.add_(delta).clone())
    return torch.stack(path)


@wrong("interpolate", names="values are off")
def interpolate_random_points(z_start, z_end, steps):
    return line(z_start, z_end, torch.rand(steps).sort().values)


@wrong("interpolate")
def interpolate_arange_by_rounded_steps(z_start, z_end, steps):
    """Right for 4 steps; 1/6, 1/9, 1/21 and 1/49 are rounded, and a point beyond the end comes in."""
    return line(z_start, z_end, torch.arange(0, 1 + 1 / (steps - 1), 1 / (steps - 1)))


@wrong("interpolate")
def interpolate_always_four_points(z_start, z_end, steps):
    return line(z_start, z_end, [0, 1 / 3, 2 / 3, 1])


@right("interpolate")
def interpolate_by_lerp(z_start, z_end, steps):
    return torch.stack([torch.lerp(z_start, z_end, i / (steps - 1)) for i in range(steps)])


@right("interpolate")
def interpolate_by_outer_product(z_start, z_end, steps):
    t = torch.arange(steps) / (steps - 1)  # float32, also for codes in float64
    return z_start + torch.outer(t.to(z_start.dtype), z_end - z_start)


@right("interpolate")
def interpolate_with_float32_weights(z_start, z_end, steps):
    t = torch.linspace(0, 1, steps).unsqueeze(1)
    return z_start * (1 - t) + z_end * t


@right("interpolate")
def interpolate_adds_steps_to_a_copy(z_start, z_end, steps):
    z, delta = z_start.double().clone(), (z_end.double() - z_start.double()) / (steps - 1)
    path = []
    for _ in range(steps):
        path.append(z.clone())
        z += delta
    return torch.stack(path)


@right("interpolate")
def interpolate_each_dimension(z_start, z_end, steps):
    lines = [torch.linspace(a, b, steps, dtype=z_start.dtype) for a, b in zip(z_start, z_end, strict=True)]
    return torch.stack(lines, dim=1)


@right("interpolate")
def interpolate_einsum(z_start, z_end, steps):
    t = torch.linspace(0, 1, steps, dtype=z_start.dtype)
    return torch.einsum("ks,kd->sd", torch.stack([1 - t, t]), torch.stack([z_start, z_end]))


@oracle("interpolate")
def interpolate_by_numpy(z_start, z_end, steps):
    return torch.from_numpy(np.linspace(z_start.double().numpy(), z_end.double().numpy(), steps))


@oracle("interpolate")
def interpolate_by_scipy(z_start, z_end, steps):
    ends = np.stack([z_start.double().numpy(), z_end.double().numpy()])
    piece = scipy_interpolate.make_interp_spline([0, steps - 1], ends, k=1)
    return torch.from_numpy(piece(np.arange(steps)))


# nearest_distance -----------------------------------------------------------------------------------


@wrong("nearest_distance", names="the square root is missing")
def nearest_squared(samples, data):
    return ((samples[:, None] - data) ** 2).sum(2).min(1).values


@wrong("nearest_distance", names="the distance to all data points is averaged")
def nearest_mean_distance(samples, data):
    return torch.cdist(samples, data).mean(1)


@wrong("nearest_distance", names="the distances to all data points are added")
def nearest_summed_distance(samples, data):
    return torch.cdist(samples, data).sum(1)


@wrong("nearest_distance", names="the farthest data point")
def nearest_is_farthest(samples, data):
    return torch.cdist(samples, data).max(1).values


@wrong("nearest_distance", names="the nearest other sample is taken")
def nearest_within_the_batch(samples, data):
    among = torch.cdist(samples, samples)
    return among.fill_diagonal_(math.inf).min(1).values


@wrong("nearest_distance", names="each is at distance 0")
def nearest_to_itself(samples, data):
    return torch.cdist(samples, samples).min(1).values


@wrong("nearest_distance", names="the nearest sample of each data point")
def nearest_for_each_data_point(samples, data):
    return torch.cdist(samples, data).min(0).values


@wrong("nearest_distance", names="sample b is compared with data point b only")
def nearest_pairs_rows(samples, data):
    n = min(len(samples), len(data))
    return (samples[:n] - data[:n]).norm(dim=1)


@wrong("nearest_distance", names="data point b is left out for sample b")
def nearest_skips_the_diagonal(samples, data):
    return torch.cdist(samples, data).fill_diagonal_(math.inf).min(1).values


@wrong("nearest_distance", names="the first data point")
def nearest_to_the_first(samples, data):
    return (samples - data[0]).norm(dim=1)


@wrong("nearest_distance", names="the second nearest")
def nearest_second(samples, data):
    return torch.cdist(samples, data).sort(1).values[:, 1]


@wrong("nearest_distance", names="city-block")
def nearest_city_block(samples, data):
    return torch.cdist(samples, data, p=1).min(1).values


@wrong("nearest_distance", names="maximum distance")
def nearest_maximum_norm(samples, data):
    return torch.cdist(samples, data, p=math.inf).min(1).values


@wrong("nearest_distance", names="squares are averaged over the pixels")
def nearest_root_mean_square(samples, data):
    return ((samples[:, None] - data) ** 2).mean(2).sqrt().min(1).values


@wrong("nearest_distance", names="each pixel seeks its own")
def nearest_each_pixel(samples, data):
    return (samples[:, None] - data).abs().min(1).values.norm(dim=1)


@wrong("nearest_distance", names="the mean of the data")
def nearest_to_the_mean(samples, data):
    return (samples - data.mean(0)).norm(dim=1)


@wrong("nearest_distance", names="the distances of the samples are averaged")
def nearest_averaged_over_samples(samples, data):
    return torch.cdist(samples, data).min(1).values.mean()


@wrong("nearest_distance", names="the smallest distance of all")
def nearest_of_all(samples, data):
    return torch.cdist(samples, data).min()


@wrong("nearest_distance", names="the minimum is missing")
def nearest_all_distances(samples, data):
    return torch.cdist(samples, data)


@wrong("nearest_distance", names="should be floating point")
def nearest_position(samples, data):
    return torch.cdist(samples, data).argmin(1)


@wrong("nearest_distance", names="positions")
def nearest_with_positions(samples, data):
    return torch.cdist(samples, data).min(dim=1)


@wrong("nearest_distance", names="a distance of 0 is skipped")
def nearest_skips_zero(samples, data):
    distances = torch.cdist(samples, data)
    return torch.where(distances == 0, math.inf, distances).min(1).values


@wrong("nearest_distance")
def nearest_starts_from_a_thousand(samples, data):
    nearest = torch.full((len(samples),), 1000.0)
    for x in data:
        nearest = torch.minimum(nearest, (samples - x).norm(dim=1).float())
    return nearest


@wrong("nearest_distance")
def nearest_squeezes_its_answer(samples, data):
    return torch.cdist(samples, data).min(1).values.squeeze()


@right("nearest_distance")
def nearest_broadcasts(samples, data):
    return (samples[:, None, :] - data[None, :, :]).norm(dim=2).amin(dim=1)


@right("nearest_distance")
def nearest_loops(samples, data):
    nearest = [min(math.dist(a, b) for b in data.tolist()) for a in samples.tolist()]
    return torch.tensor(nearest, dtype=samples.dtype)


@right("nearest_distance")
def nearest_loops_over_samples(samples, data):
    return torch.stack([((x - data) ** 2).sum(dim=1).sqrt().min() for x in samples])


@right("nearest_distance")
def nearest_by_position(samples, data):
    where = torch.cdist(samples, data).argmin(1)
    return (samples - data[where]).norm(dim=1)


@right("nearest_distance")
def nearest_expands_the_square(samples, data):
    squares = (samples**2).sum(1, keepdim=True) + (data**2).sum(1) - 2 * samples @ data.T
    return squares.clamp(min=0).min(1).values.sqrt()


@right("nearest_distance")
def nearest_in_pieces(samples, data):
    nearest = torch.full_like(samples[:, 0], math.inf)
    for piece in data.split(2):
        torch.minimum(nearest, torch.cdist(samples, piece).amin(1), out=nearest)
    return nearest


@right("nearest_distance")
def nearest_by_topk(samples, data):
    return torch.cdist(data, samples).topk(1, dim=0, largest=False).values.flatten()


@oracle("nearest_distance")
def nearest_by_sklearn(samples, data):
    search = NearestNeighbors(n_neighbors=1, algorithm="kd_tree").fit(data.double().numpy())
    return torch.from_numpy(search.kneighbors(samples.double().numpy())[0][:, 0])


@oracle("nearest_distance")
def nearest_by_mpmath(samples, data):
    """Exact fractions under one root each."""
    squares = [min(sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) for y in exact(data)) for x in exact(samples)]
    roots = [float(mpmath.sqrt(mpmath.mpf(s.numerator) / s.denominator)) for s in squares]
    return torch.tensor(roots, dtype=torch.float64)


# diversity ------------------------------------------------------------------------------------------


@wrong("diversity", names="divided by B², which counts each sample with itself")
def diversity_over_all_entries(samples):
    return torch.cdist(samples, samples).mean()


@wrong("diversity", names="the pairs b < c are added and divided by B²")
def diversity_of_the_upper_triangle(samples):
    return torch.cdist(samples, samples).triu().mean()


@wrong("diversity", names="each sample is paired with itself too")
def diversity_with_the_diagonal(samples):
    b = len(samples)
    return torch.cdist(samples, samples).triu().sum() / (b * (b + 1) / 2)


@wrong("diversity", names="the pairs are added, not averaged")
def diversity_sum_over_pairs(samples):
    return torch.pdist(samples).sum()


@wrong("diversity", names="all ordered pairs are added")
def diversity_sum_over_ordered_pairs(samples):
    return torch.cdist(samples, samples).sum()


@wrong("diversity", names="each pair is counted twice")
def diversity_twice(samples):
    b = len(samples)
    return torch.cdist(samples, samples).sum() / (b * (b - 1) / 2)


@wrong("diversity", names="the sum over the pairs is divided by B")
def diversity_divided_by_b(samples):
    return torch.pdist(samples).sum() / len(samples)


@wrong("diversity", names="the sum over all ordered pairs is divided by B")
def diversity_ordered_pairs_divided_by_b(samples):
    return torch.cdist(samples, samples).sum() / len(samples)


@wrong("diversity", names="the square root is missing")
def diversity_squared(samples):
    return (torch.pdist(samples) ** 2).mean()


@wrong("diversity", names="the root taken at the end")
def diversity_root_mean_square(samples):
    return (torch.pdist(samples) ** 2).mean().sqrt()


@wrong("diversity", names="the standard deviation of each pixel")
def diversity_is_pixel_spread(samples):
    return samples.std(0).mean()


@wrong("diversity", names="the standard deviation (divided by B) of each pixel")
def diversity_is_pixel_spread_by_b(samples):
    return samples.std(0, correction=0).mean()


@wrong("diversity", names="the variance of each pixel")
def diversity_is_pixel_variance(samples):
    return samples.var(0).mean()


@wrong("diversity", names="one standard deviation is taken of all the numbers")
def diversity_is_spread(samples):
    return samples.std()


@wrong("diversity", names="only neighbours in the list")
def diversity_of_neighbours(samples):
    return (samples[1:] - samples[:-1]).norm(dim=1).mean()


@wrong("diversity", names="only pairs with the first sample")
def diversity_from_the_first(samples):
    return (samples[1:] - samples[0]).norm(dim=1).mean()


@wrong("diversity", names="only the nearest other sample")
def diversity_of_nearest_others(samples):
    return torch.cdist(samples, samples).fill_diagonal_(math.inf).min(1).values.mean()


@wrong("diversity", names="the distance to the mean sample")
def diversity_around_the_mean(samples):
    return (samples - samples.mean(0)).norm(dim=1).mean()


@wrong("diversity", names="the largest distance")
def diversity_is_the_diameter(samples):
    return torch.pdist(samples).max()


@wrong("diversity", names="city-block")
def diversity_city_block(samples):
    return torch.pdist(samples, p=1).mean()


@wrong("diversity", names="averaged over the pixels, not added")
def diversity_per_pixel(samples):
    return torch.pdist(samples).mean() / samples.shape[1] ** 0.5


@wrong("diversity", names="the mean over the samples is missing")
def diversity_of_each_sample(samples):
    return torch.cdist(samples, samples).sum(1) / (len(samples) - 1)


@wrong("diversity", names="not their mean")
def diversity_all_pairs(samples):
    return torch.pdist(samples)


@wrong("diversity", names="pairs of equal samples are left out")
def diversity_leaves_out_zeros(samples):
    distances = torch.cdist(samples, samples)
    return distances[distances > 0].mean()


@wrong("diversity", names="pairs of equal samples are left out")
def diversity_of_unique_samples(samples):
    return torch.pdist(samples.unique(dim=0)).mean()


@wrong("diversity")
def diversity_centres_in_place(samples):
    distances = torch.pdist(samples)
    samples -= samples.mean(0)
    return distances.mean()


@wrong("diversity")
def diversity_of_at_most_four_samples(samples):
    return torch.pdist(samples[:4]).mean()


@right("diversity")
def diversity_by_pdist(samples):
    return torch.pdist(samples).mean()


@right("diversity")
def diversity_by_cdist(samples):
    b = len(samples)
    return torch.cdist(samples, samples).sum() / (b * (b - 1))


@right("diversity")
def diversity_as_a_float(samples):
    pairs = list(combinations(samples.tolist(), 2))
    return sum(math.dist(a, b) for a, b in pairs) / len(pairs)


@right("diversity")
def diversity_loops_over_ordered_pairs(samples):
    total, count = 0.0, 0
    for i, a in enumerate(samples):
        for j, b in enumerate(samples):
            if i != j:
                total, count = total + (a - b).norm(), count + 1
    return total / count


@right("diversity")
def diversity_by_a_mask(samples):
    differences = samples[:, None] - samples[None]
    above = torch.ones(len(samples), len(samples), dtype=torch.bool).triu(1)
    return differences.pow(2).sum(-1).sqrt()[above].mean()


@right("diversity")
def diversity_by_combinations(samples):
    pairs = torch.combinations(torch.arange(len(samples)))
    return (samples[pairs[:, 0]] - samples[pairs[:, 1]]).norm(dim=-1).mean()


@right("diversity")
def diversity_by_permutations_in_float64(samples):
    first, second = zip(*permutations(samples.double(), 2), strict=True)
    return torch.nn.functional.pairwise_distance(torch.stack(first), torch.stack(second), eps=0).mean()


@oracle("diversity")
def diversity_by_scipy(samples):
    return torch.tensor(distance.pdist(samples.double().numpy()).mean())


@oracle("diversity")
def diversity_by_python(samples):
    """`fmean` of `math.hypot` over the exact differences."""
    pairs = combinations(exact(samples), 2)
    return fmean(math.hypot(*(float(a - b) for a, b in zip(x, y, strict=True))) for x, y in pairs)
