"""Answers to lab 3: the usual mistakes, right answers written otherwise, and second routes to its numbers.

The second routes are NumPy, SciPy, scikit-learn, mpmath and exact fractions; their slopes are central differences.
"""

import math
from fractions import Fraction
from itertools import combinations, permutations
from statistics import fmean

import mpmath
import numpy as np
import torch
from scipy import interpolate as scipy_interpolate
from scipy import linalg, stats
from scipy.spatial import distance
from sklearn.covariance import EmpiricalCovariance
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import MinMaxScaler
from torch.distributions import MultivariateNormal

from tests.answers.outside import Outside
from tests.lab_bank import oracle, right, wrong


def exact(x):
    """Nested lists of the exact fractions that a tensor's floats are."""
    return [exact(row) for row in x] if x.ndim else Fraction(x.item())


def outside(function, *tensors):
    """`function` of float64 tensors, through NumPy: nothing that autograd would see."""

    def of_arrays(*arrays):
        return function(*(torch.as_tensor(array) for array in arrays)).numpy()

    return Outside.apply(of_arrays, *tensors)


# perturb --------------------------------------------------------------------------------------------


@wrong("perturb", "It is right when `sigma` is handed in as its square root")
def perturb_by_the_variance(z, sigma, eps):
    return z + sigma**2 * eps


@wrong("perturb", "It is right when `sigma` is handed in squared")
def perturb_takes_sigma_for_a_variance(z, sigma, eps):
    return z + math.sqrt(sigma) * eps


@wrong("perturb", "The answer does not depend on `sigma`")
def perturb_without_sigma(z, sigma, eps):
    return z + eps


@wrong("perturb", "The answer does not depend on `z`")
def perturb_noise_alone(z, sigma, eps):
    return sigma * eps


@wrong("perturb", "It is right when `sigma` is handed in with the other sign")
def perturb_subtracts(z, sigma, eps):
    return z - sigma * eps


@wrong("perturb", "σ multiplies the code as well")
def perturb_scales_the_code(z, sigma, eps):
    return sigma * (z + eps)


@wrong("perturb", "the noise is multiplied by the code")
def perturb_multiplies(z, sigma, eps):
    return z * (1 + sigma * eps)


@wrong("perturb", "Of `eps` only the first along B makes a difference")
def perturb_one_noise_for_all_codes(z, sigma, eps):
    return z + sigma * eps[:, :1]


@wrong("perturb", "Of `eps` only the first along D makes a difference")
def perturb_one_noise_for_all_dimensions(z, sigma, eps):
    return z + sigma * eps[..., :1]


@wrong("perturb", "This is the first of L in the place of all")
def perturb_one_noise_for_all_copies(z, sigma, eps):
    return torch.stack([z + sigma * eps[0] for _ in eps])


@wrong("perturb", "This is the first of L in the place of all")
def perturb_one_copy(z, sigma, eps):
    return z + sigma * eps[0]


@wrong("perturb", "This is averaged over L as well")
def perturb_averages(z, sigma, eps):
    return (z + sigma * eps).mean(dim=0)


@wrong("perturb", "This is the right one with its axes in another order")
def perturb_puts_the_codes_first(z, sigma, eps):
    return z[:, None] + sigma * eps.transpose(0, 1)


@wrong("perturb", "`eps` is reshaped, which shuffles it")
def perturb_reshapes(z, sigma, eps):
    return z[:, None] + sigma * eps.reshape(len(z), len(eps), -1)


@wrong("perturb", "Shapes do not fit, an axis of 2 (B) meets one of 4 (L)")
def perturb_adds_along_the_wrong_axis(z, sigma, eps):
    return z.unsqueeze(1) + sigma * eps


@wrong("perturb", "the result is cut off at 0 and 1: codes are not pixels")
def perturb_clamps(z, sigma, eps):
    return (z + sigma * eps).clamp(0, 1)


@wrong("perturb", "It gives another answer each time: it draws noise of its own. Use what is handed")
def perturb_draws_its_own_noise(z, sigma, eps):
    return z + sigma * torch.randn_like(eps)


@wrong("perturb", "`eps` itself is changed: an operation in place")
def perturb_scales_eps_in_place(z, sigma, eps):
    eps *= sigma
    return z + eps


@wrong("perturb", "`eps` itself is changed: an operation in place")
def perturb_writes_into_eps(z, sigma, eps):
    return eps.mul_(sigma).add_(z)


@wrong("perturb", "The function returned None; is a `return` missing?")
def perturb_forgets_to_return(z, sigma, eps):
    z + sigma * eps


@wrong("perturb", "the noise is cut off at ±3")
def perturb_keeps_the_noise_within_three_sigma(z, sigma, eps):
    return z + sigma * eps.clamp(-3, 3)


@wrong("perturb", "Ordinary numbers come out right, but not σ = 0")
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

    def quantiles(z, eps):
        z, eps = np.broadcast_arrays(z.numpy(), eps.numpy())
        scale = sigma or 1e-300
        upper = stats.norm.isf(stats.norm.sf(eps), loc=z, scale=scale)
        lower = stats.norm.ppf(stats.norm.cdf(eps), loc=z, scale=scale)
        return torch.from_numpy(np.where(eps > 0, upper, lower))

    return outside(quantiles, z, eps)


@oracle("perturb")
def perturb_by_fractions(z, sigma, eps):

    def sums(z, eps):
        z, rows = exact(z), range(len(z))
        copies = [
            [[a + Fraction(sigma) * e for a, e in zip(z[b], c[b], strict=True)] for b in rows] for c in exact(eps)
        ]
        return torch.tensor([[[float(v) for v in row] for row in c] for c in copies], dtype=torch.float64)

    return outside(sums, z, eps)


# bounding_box ---------------------------------------------------------------------------------------


@wrong("bounding_box", "The values are right, but in another order: high, low")
def bounding_box_swapped(Z):
    return Z.max(0).values, Z.min(0).values


@wrong("bounding_box", "one minimum and one maximum are taken of all the numbers")
def bounding_box_of_all_numbers(Z):
    return Z.min(), Z.max()


@wrong("bounding_box", "all dimensions get the same bounds")
def bounding_box_a_cube(Z):
    return Z.min().repeat(Z.shape[1]), Z.max().repeat(Z.shape[1])


@wrong("bounding_box", "It is right when `Z` is handed in transposed")
def bounding_box_over_dimensions(Z):
    return Z.min(1).values, Z.max(1).values


@wrong("bounding_box", "the search starts from 0, which is not a code")
def bounding_box_searches_from_zero(Z):
    low, high = torch.zeros_like(Z[0]), torch.zeros_like(Z[0])
    for z in Z:
        low, high = torch.minimum(low, z), torch.maximum(high, z)
    return low, high


@wrong("bounding_box", "the box is made symmetric around 0")
def bounding_box_symmetric(Z):
    bound = Z.abs().max(0).values
    return -bound, bound


@wrong("bounding_box", "the codes lowest and highest in the first dimension come out")
def bounding_box_two_codes(Z):
    order = Z[:, 0].argsort()
    return Z[order[0]], Z[order[-1]]


@wrong("bounding_box", "the first and the last code are returned")
def bounding_box_ends_of_the_list(Z):
    return Z[0], Z[-1]


def _deviation(Z):
    """As `Z.std(0)`, which warns where there is one code."""
    return ((Z - Z.mean(0)).square().sum(0) / (len(Z) - 1)).sqrt()


@wrong("bounding_box", "mean ± standard deviation is returned")
def bounding_box_one_sigma(Z):
    return Z.mean(0) - _deviation(Z), Z.mean(0) + _deviation(Z)


@wrong("bounding_box", "mean ± 2 standard deviations is returned")
def bounding_box_two_sigma(Z):
    return Z.mean(0) - 2 * _deviation(Z), Z.mean(0) + 2 * _deviation(Z)


@wrong("bounding_box", "the width is returned in the place of `high`")
def bounding_box_low_and_width(Z):
    return Z.min(0).values, Z.max(0).values - Z.min(0).values


@wrong("bounding_box", "The answer should be 2 values (low, high), it is one tensor of shape (3,)")
def bounding_box_widths(Z):
    return Z.max(0).values - Z.min(0).values


@wrong("bounding_box", "The answer should be 2 values (low, high), it is one tensor of shape (2, 3)")
def bounding_box_one_tensor(Z):
    return torch.stack([Z.min(0).values, Z.max(0).values])


@wrong("bounding_box", "`low`, `high`: These are the right numbers in another shape")
def bounding_box_keeps_an_axis(Z):
    return Z.amin(0, keepdim=True), Z.amax(0, keepdim=True)


@wrong("bounding_box", "The answer holds values and their positions, as torch.min(…, dim) gives them; ta")
def bounding_box_values_with_positions(Z):
    return Z.min(dim=0), Z.max(dim=0)


@wrong("bounding_box", "The answer is int64, it should be floating point: are these positions, as argmin")
def bounding_box_positions(Z):
    return Z.argmin(0), Z.argmax(0)


@wrong("bounding_box", "`Z` itself is changed: an operation in place")
def bounding_box_sorts_in_place(Z):
    numbers = Z.numpy()
    numbers.sort(axis=0)
    return Z[0].clone(), Z[-1].clone()


@wrong("bounding_box", "Ordinary numbers come out right, but not numbers of 10³⁰")
def bounding_box_starts_from_a_thousand(Z):
    low, high = torch.full_like(Z[0], 1000.0), torch.full_like(Z[0], -1000.0)
    for z in Z:
        low, high = torch.minimum(low, z), torch.maximum(high, z)
    return low.clamp(min=-1000), high.clamp(max=1000)


@wrong("bounding_box", "1 is used as the index of an axis that has place 0 alone: `Z` is (1, 3)")
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


@wrong("bounding_box", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
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
    ends = ("data_min_", "data_max_")
    return tuple(outside(lambda Z, end=end: torch.from_numpy(getattr(MinMaxScaler().fit(Z), end)), Z) for end in ends)


# sample_box -----------------------------------------------------------------------------------------


@wrong("sample_box", "u is multiplied by `high`, not by the width")
def sample_box_low_plus_high_u(low, high, u):
    return low + high * u


@wrong("sample_box", "This is the right one, `low` left out")
def sample_box_without_low(low, high, u):
    return u * (high - low)


@wrong("sample_box", "`high` is added in the place of `low`")
def sample_box_from_high(low, high, u):
    return high + u * (high - low)


@wrong("sample_box", "It is right when `low` and `high` change places: they are taken one for the othe")
def sample_box_backwards(low, high, u):
    return u * low + (1 - u) * high


@wrong("sample_box", "u is taken to lie between −1 and 1")
def sample_box_u_around_the_middle(low, high, u):
    return (low + high) / 2 + u * (high - low) / 2


@wrong("sample_box", "u is stretched to lie between −1 and 1")
def sample_box_u_stretched(low, high, u):
    return low + (2 * u - 1) * (high - low)


@wrong("sample_box", "the width is `high + low`")
def sample_box_adds_the_bounds(low, high, u):
    return low + u * (high + low)


@wrong("sample_box", "Of `u` only the first along D makes a difference")
def sample_box_one_u_for_all_dimensions(low, high, u):
    return low + u[:, :1] * (high - low)


@wrong("sample_box", "This is the first of B in the place of all")
def sample_box_one_u_for_all_codes(low, high, u):
    return (low + u[0] * (high - low)).repeat(len(u), 1)


@wrong("sample_box", "all dimensions get the bounds of the whole box")
def sample_box_a_cube(low, high, u):
    return low.min() + u * (high.max() - low.min())


@wrong("sample_box", "u is cut off at the bounds of the box")
def sample_box_clamps(low, high, u):
    return u.clamp(low, high)


@wrong("sample_box", "This is `u`, as it was handed in")
def sample_box_returns_u(low, high, u):
    return u


@wrong("sample_box", "It gives another answer each time: it draws noise of its own. Use what is handed")
def sample_box_draws_its_own(low, high, u):
    return low + torch.rand_like(u) * (high - low)


@wrong("sample_box", "Shapes do not fit, an axis of 4 (B) meets one of 3 (D)")
def sample_box_along_the_wrong_axis(low, high, u):
    return low[:, None] + u * (high - low)[:, None]


@wrong("sample_box", "`u` itself is changed: an operation in place")
def sample_box_writes_into_u(low, high, u):
    return u.mul_(high - low).add_(low)


@wrong("sample_box", "`u` itself is changed: an operation in place")
def sample_box_scales_u_in_place(low, high, u):
    u *= high - low
    return low + u


@wrong("sample_box", "`high` itself is changed: an operation in place")
def sample_box_changes_high(low, high, u):
    high -= low
    return low + u * high


@wrong("sample_box", "u is cut off at 0.99")
def sample_box_keeps_a_margin(low, high, u):
    return low + u.clamp(0.0, 0.99) * (high - low)


@wrong("sample_box", "the result is rounded to four digits")
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


@wrong("sample_box", "The answer is float64 where the arguments are float32: something inside does not")
def sample_box_in_float64_on_a_copy(low, high, u):
    z = u.double().clone()
    z *= high.double() - low.double()
    z += low
    return z


@oracle("sample_box")
def sample_box_by_quantiles(low, high, u):
    return outside(
        lambda low, high, u: torch.from_numpy(stats.uniform.ppf(u, loc=low.numpy(), scale=(high - low).numpy())),
        low,
        high,
        u,
    )


@oracle("sample_box")
def sample_box_by_fractions(low, high, u):

    def draws(low, high, u):
        low, high = exact(low), exact(high)
        rows = [[float(a + s * (b - a)) for a, b, s in zip(low, high, row, strict=True)] for row in exact(u)]
        return torch.tensor(rows, dtype=torch.float64)

    return outside(draws, low, high, u)


# interpolate ----------------------------------------------------------------------------------------


def _t(z, steps):
    return torch.linspace(0, 1, steps, dtype=z.dtype)[:, None]


def line(z_start, z_end, t):
    """The points at the values t."""
    t = torch.as_tensor(t, dtype=z_start.dtype)[:, None]
    return z_start + t * (z_end - z_start)


@wrong("interpolate", "the end is left out: t = i / steps stops before 1")
def interpolate_without_the_end(z_start, z_end, steps):
    return line(z_start, z_end, [i / steps for i in range(steps)])


@wrong("interpolate", "the end is left out: t = i / steps stops before 1")
def interpolate_arange(z_start, z_end, steps):
    return line(z_start, z_end, torch.arange(0, 1, 1 / steps))


@wrong("interpolate", "the start is left out: t begins after 0")
def interpolate_without_the_start(z_start, z_end, steps):
    return line(z_start, z_end, [(i + 1) / steps for i in range(steps)])


@wrong("interpolate", "both ends are left out")
def interpolate_inside(z_start, z_end, steps):
    return line(z_start, z_end, [(i + 1) / (steps + 1) for i in range(steps)])


@wrong("interpolate", "`steps` + 1 points are returned")
def interpolate_one_point_too_many(z_start, z_end, steps):
    return line(z_start, z_end, [i / steps for i in range(steps + 1)])


@wrong("interpolate", "only the points between the two ends are returned")
def interpolate_between(z_start, z_end, steps):
    return line(z_start, z_end, _t(z_start, steps)[:, 0])[1:-1]


@wrong("interpolate", "This is the right one in reverse along steps")
def interpolate_backwards(z_start, z_end, steps):
    t = _t(z_start, steps)
    return t * z_start + (1 - t) * z_end


@wrong("interpolate", "t is 0, 1, 2, …: it is not divided by `steps` − 1")
def interpolate_whole_steps(z_start, z_end, steps):
    return line(z_start, z_end, torch.arange(steps))


@wrong("interpolate", "t is rounded down to a whole number")
def interpolate_integer_division(z_start, z_end, steps):
    return line(z_start, z_end, [i // (steps - 1) for i in range(steps)])


@wrong("interpolate", "`z_start` is not added")
def interpolate_from_zero(z_start, z_end, steps):
    return _t(z_start, steps) * (z_end - z_start)


@wrong("interpolate", "`z_start` lacks its factor 1 − t")
def interpolate_keeps_the_start(z_start, z_end, steps):
    return z_start + _t(z_start, steps) * z_end


@wrong("interpolate", "all rows are one tensor, moved in place: append a copy")
def interpolate_appends_one_tensor(z_start, z_end, steps):
    path, z, delta = [], z_start.clone(), (z_end - z_start) / (steps - 1)
    for _ in range(steps):
        path.append(z)
        z += delta
    return torch.stack(path)


@wrong("interpolate", "This is the last of steps in the place of all")
def interpolate_appends_one_tensor_up_to_the_end(z_start, z_end, steps):
    z, delta = z_start.clone(), (z_end - z_start) / (steps - 1)
    path = [z]
    for _ in range(steps - 1):
        z += delta
        path.append(z)
    return torch.stack(path)


@wrong("interpolate", "This is the right one transposed")
def interpolate_columns(z_start, z_end, steps):
    return line(z_start, z_end, _t(z_start, steps)[:, 0]).T


@wrong("interpolate", "the path is an arc (spherical), not a straight line")
def interpolate_slerp(z_start, z_end, steps):
    omega = torch.arccos(z_start @ z_end / z_start.norm() / z_end.norm())
    t = _t(z_start, steps)
    return (((1 - t) * omega).sin() * z_start + (t * omega).sin() * z_end) / omega.sin()


@wrong("interpolate", "The answer is a list, it should be a torch tensor of shape (4, 3)")
def interpolate_a_list(z_start, z_end, steps):
    return list(line(z_start, z_end, _t(z_start, steps)[:, 0]))


@wrong("interpolate", "`z_start` itself is changed: an operation in place")
def interpolate_moves_the_start(z_start, z_end, steps):
    path, z, delta = [], z_start, (z_end - z_start) / (steps - 1)
    for _ in range(steps):
        path.append(z.clone())
        z += delta
    return torch.stack(path)


@wrong("interpolate", "`z_start` itself is changed: an operation in place")
def interpolate_moves_the_start_up_to_the_end(z_start, z_end, steps):
    path, delta = [z_start.clone()], (z_end - z_start) / (steps - 1)
    for _ in range(steps - 1):
        path.append(z_start.add_(delta).clone())
    return torch.stack(path)


@wrong("interpolate", "It gives another answer each time: it draws noise of its own. Use what is handed")
def interpolate_random_points(z_start, z_end, steps):
    return line(z_start, z_end, torch.rand(steps).sort().values)


@wrong("interpolate")
def interpolate_arange_by_rounded_steps(z_start, z_end, steps):
    """Right for 4 steps; 1/6, 1/9, 1/21 and 1/49 are rounded, and a point beyond the end comes in."""
    return line(z_start, z_end, torch.arange(0, 1 + 1 / (steps - 1), 1 / (steps - 1)))


@wrong("interpolate", "there are four points, whatever `steps` is")
def interpolate_always_four_points(z_start, z_end, steps):
    return line(z_start, z_end, [0, 1 / 3, 2 / 3, 1])


@right("interpolate")
def interpolate_by_lerp(z_start, z_end, steps):
    return torch.stack([torch.lerp(z_start, z_end, i / (steps - 1)) for i in range(steps)])


@wrong("interpolate", "It is right to float32's digits only: is a number inside float32 where the argum")
def interpolate_by_outer_product(z_start, z_end, steps):
    t = torch.arange(steps) / (steps - 1)  # float32, also for codes in float64
    return z_start + torch.outer(t.to(z_start.dtype), z_end - z_start)


@wrong("interpolate", "It is right to float32's digits only: is a number inside float32 where the argum")
def interpolate_with_float32_weights(z_start, z_end, steps):
    t = torch.linspace(0, 1, steps).unsqueeze(1)
    return z_start * (1 - t) + z_end * t


@wrong("interpolate", "The answer is float64 where the arguments are float32: something inside does not")
def interpolate_adds_steps_to_a_copy(z_start, z_end, steps):
    z, delta = z_start.double().clone(), (z_end.double() - z_start.double()) / (steps - 1)
    path = []
    for _ in range(steps):
        path.append(z.clone())
        z += delta
    return torch.stack(path)


@wrong("interpolate", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def interpolate_each_dimension(z_start, z_end, steps):
    lines = [torch.linspace(a, b, steps, dtype=z_start.dtype) for a, b in zip(z_start, z_end, strict=True)]
    return torch.stack(lines, dim=1)


@right("interpolate")
def interpolate_by_outer_product_in_its_kind(z_start, z_end, steps):
    t = torch.arange(steps, dtype=z_start.dtype) / (steps - 1)
    return z_start + torch.outer(t, z_end - z_start)


@right("interpolate")
def interpolate_adds_steps_to_a_clone(z_start, z_end, steps):
    z, delta, path = z_start.clone(), (z_end - z_start) / (steps - 1), []
    for _ in range(steps):
        path.append(z)
        z = z + delta
    return torch.stack(path)


@right("interpolate")
def interpolate_einsum(z_start, z_end, steps):
    t = torch.linspace(0, 1, steps, dtype=z_start.dtype)
    return torch.einsum("ks,kd->sd", torch.stack([1 - t, t]), torch.stack([z_start, z_end]))


@oracle("interpolate")
def interpolate_by_numpy(z_start, z_end, steps):
    return outside(lambda a, b: torch.from_numpy(np.linspace(a.numpy(), b.numpy(), steps)), z_start, z_end)


@oracle("interpolate")
def interpolate_by_scipy(z_start, z_end, steps):

    def spline(a, b):
        piece = scipy_interpolate.make_interp_spline([0, steps - 1], np.stack([a.numpy(), b.numpy()]), k=1)
        return torch.from_numpy(piece(np.arange(steps)))

    return outside(spline, z_start, z_end)


# nearest_distance -----------------------------------------------------------------------------------


@wrong("nearest_distance", "the square root is missing")
def nearest_squared(samples, data):
    return ((samples[:, None] - data) ** 2).sum(2).min(1).values


@wrong("nearest_distance", "the distance to all data points is averaged")
def nearest_mean_distance(samples, data):
    return torch.cdist(samples, data).mean(1)


@wrong("nearest_distance", "the distances to all data points are added")
def nearest_summed_distance(samples, data):
    return torch.cdist(samples, data).sum(1)


@wrong("nearest_distance", "the farthest data point is taken")
def nearest_is_farthest(samples, data):
    return torch.cdist(samples, data).max(1).values


@wrong("nearest_distance", "The answer does not depend on `data`")
def nearest_within_the_batch(samples, data):
    among = torch.cdist(samples, samples)
    return among.fill_diagonal_(math.inf).min(1).values


@wrong("nearest_distance", "the distance to the nearest other sample is taken")
def nearest_to_itself(samples, data):
    return torch.cdist(samples, samples).min(1).values


@wrong("nearest_distance", "the nearest sample of each data point is sought")
def nearest_for_each_data_point(samples, data):
    return torch.cdist(samples, data).min(0).values


@wrong("nearest_distance", "sample b is compared with data point b only")
def nearest_pairs_rows(samples, data):
    n = min(len(samples), len(data))
    return (samples[:n] - data[:n]).norm(dim=1)


@wrong("nearest_distance", "data point b is left out for sample b")
def nearest_skips_the_diagonal(samples, data):
    return torch.cdist(samples, data).fill_diagonal_(math.inf).min(1).values


@wrong("nearest_distance", "Of `data` only the first along N makes a difference")
def nearest_to_the_first(samples, data):
    return (samples - data[0]).norm(dim=1)


@wrong("nearest_distance", "the second nearest data point is taken")
def nearest_second(samples, data):
    return torch.cdist(samples, data).sort(1).values[:, 1]


@wrong("nearest_distance", "absolute differences are added (city-block distance)")
def nearest_city_block(samples, data):
    return torch.cdist(samples, data, p=1).min(1).values


@wrong("nearest_distance", "only the largest difference counts (maximum distance)")
def nearest_maximum_norm(samples, data):
    return torch.cdist(samples, data, p=math.inf).min(1).values


@wrong("nearest_distance", "This is the right one divided by √P")
def nearest_root_mean_square(samples, data):
    return ((samples[:, None] - data) ** 2).mean(2).sqrt().min(1).values


@wrong("nearest_distance", "each pixel seeks its own nearest data point")
def nearest_each_pixel(samples, data):
    return (samples[:, None] - data).abs().min(1).values.norm(dim=1)


@wrong("nearest_distance", "the distance to the mean of the data is taken")
def nearest_to_the_mean(samples, data):
    return (samples - data.mean(0)).norm(dim=1)


@wrong("nearest_distance", "This is averaged over B as well")
def nearest_averaged_over_samples(samples, data):
    return torch.cdist(samples, data).min(1).values.mean()


@wrong("nearest_distance", "the smallest distance of all is returned: return all B")
def nearest_of_all(samples, data):
    return torch.cdist(samples, data).min()


@wrong("nearest_distance", "all B times N distances are returned: the minimum is missing")
def nearest_all_distances(samples, data):
    return torch.cdist(samples, data)


@wrong("nearest_distance", "The answer is int64, it should be floating point: are these positions, as argmin")
def nearest_position(samples, data):
    return torch.cdist(samples, data).argmin(1)


@wrong("nearest_distance", "The answer holds values and their positions, as torch.min(…, dim) gives them; ta")
def nearest_with_positions(samples, data):
    return torch.cdist(samples, data).min(dim=1)


@wrong("nearest_distance", "a distance of 0 is skipped: a copy of a data point should get 0")
def nearest_skips_zero(samples, data):
    distances = torch.cdist(samples, data)
    return torch.where(distances == 0, math.inf, distances).min(1).values


@wrong("nearest_distance", "distances are cut off at 1000")
def nearest_starts_from_a_thousand(samples, data):
    nearest = torch.full((len(samples),), 1000.0).to(samples)
    for x in data:
        nearest = torch.minimum(nearest, (samples - x).norm(dim=1))
    return nearest


@wrong("nearest_distance", "These are the right numbers in another shape")
def nearest_squeezes_its_answer(samples, data):
    return torch.cdist(samples, data).min(1).values.squeeze()


@right("nearest_distance")
def nearest_broadcasts(samples, data):
    return (samples[:, None, :] - data[None, :, :]).norm(dim=2).amin(dim=1)


@wrong("nearest_distance", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
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


@wrong("nearest_distance", "Ordinary numbers come out right, but not equal points, and points close to or far from e")
def nearest_expands_the_square(samples, data):
    squares = (samples**2).sum(1, keepdim=True) + (data**2).sum(1) - 2 * samples @ data.T
    return squares.clamp(min=0).min(1).values.sqrt()


@wrong("nearest_distance", "nearest_distance stops with an error: RuntimeError: minimum(): functions with ou")
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

    def search(samples, data):
        tree = NearestNeighbors(n_neighbors=1, algorithm="kd_tree").fit(data.numpy())
        return torch.from_numpy(tree.kneighbors(samples.numpy())[0][:, 0])

    return outside(search, samples, data)


@oracle("nearest_distance")
def nearest_by_mpmath(samples, data):
    """Exact fractions under one root each."""

    def roots(samples, data):
        points = exact(data)
        squares = [min(sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) for y in points) for x in exact(samples)]
        found = [float(mpmath.sqrt(mpmath.mpf(s.numerator) / s.denominator)) for s in squares]
        return torch.tensor(found, dtype=torch.float64)

    return outside(roots, samples, data)


# diversity ------------------------------------------------------------------------------------------


@wrong("diversity", "This is the right one divided by B in the place of B − 1")
def diversity_over_all_entries(samples):
    return torch.cdist(samples, samples).mean()


@wrong("diversity", "the pairs b < c are added and divided by B²")
def diversity_of_the_upper_triangle(samples):
    return torch.cdist(samples, samples).triu().mean()


@wrong("diversity", "each sample is paired with itself too, at distance 0")
def diversity_with_the_diagonal(samples):
    b = len(samples)
    return torch.cdist(samples, samples).triu().sum() / (b * (b + 1) / 2)


@wrong("diversity", "the pairs are added, not averaged")
def diversity_sum_over_pairs(samples):
    return torch.pdist(samples).sum()


@wrong("diversity", "all ordered pairs are added, not averaged")
def diversity_sum_over_ordered_pairs(samples):
    return torch.cdist(samples, samples).sum()


@wrong("diversity", "This is twice the right one")
def diversity_twice(samples):
    b = len(samples)
    return torch.cdist(samples, samples).sum() / (b * (b - 1) / 2)


@wrong("diversity", "the sum over the pairs is divided by B")
def diversity_divided_by_b(samples):
    return torch.pdist(samples).sum() / len(samples)


@wrong("diversity", "the sum over all ordered pairs is divided by B")
def diversity_ordered_pairs_divided_by_b(samples):
    return torch.cdist(samples, samples).sum() / len(samples)


@wrong("diversity", "squared distances are averaged")
def diversity_squared(samples):
    return (torch.pdist(samples) ** 2).mean()


@wrong("diversity", "squared distances are averaged, and the root taken at the end")
def diversity_root_mean_square(samples):
    return (torch.pdist(samples) ** 2).mean().sqrt()


@wrong("diversity", "the standard deviation of each pixel is averaged")
def diversity_is_pixel_spread(samples):
    return samples.std(0).mean()


@wrong("diversity", "the standard deviation (divided by B) of each pixel is averaged")
def diversity_is_pixel_spread_by_b(samples):
    return samples.std(0, correction=0).mean()


@wrong("diversity", "the variance of each pixel is averaged")
def diversity_is_pixel_variance(samples):
    return samples.var(0).mean()


@wrong("diversity", "one standard deviation is taken of all the numbers")
def diversity_is_spread(samples):
    return samples.std()


@wrong("diversity", "only neighbours in the list are paired")
def diversity_of_neighbours(samples):
    return (samples[1:] - samples[:-1]).norm(dim=1).mean()


@wrong("diversity", "only pairs with the first sample are taken")
def diversity_from_the_first(samples):
    return (samples[1:] - samples[0]).norm(dim=1).mean()


@wrong("diversity", "only the nearest other sample counts")
def diversity_of_nearest_others(samples):
    return torch.cdist(samples, samples).fill_diagonal_(math.inf).min(1).values.mean()


@wrong("diversity", "the distance to the mean sample is averaged")
def diversity_around_the_mean(samples):
    return (samples - samples.mean(0)).norm(dim=1).mean()


@wrong("diversity", "the largest distance is returned")
def diversity_is_the_diameter(samples):
    return torch.pdist(samples).max()


@wrong("diversity", "absolute differences are added (city-block distance)")
def diversity_city_block(samples):
    return torch.pdist(samples, p=1).mean()


@wrong("diversity", "This is the right one divided by √P")
def diversity_per_pixel(samples):
    return torch.pdist(samples).mean() / samples.shape[1] ** 0.5


@wrong("diversity", "This is not yet averaged over B")
def diversity_of_each_sample(samples):
    return torch.cdist(samples, samples).sum(1) / (len(samples) - 1)


@wrong("diversity", "the distances of the pairs are returned, not their mean")
def diversity_all_pairs(samples):
    return torch.pdist(samples)


@wrong("diversity", "pairs of equal samples are left out")
def diversity_leaves_out_zeros(samples):
    distances = torch.cdist(samples, samples)
    return distances[distances > 0].mean()


@wrong("diversity", "pairs of equal samples are left out")
def diversity_of_unique_samples(samples):
    return torch.pdist(samples.unique(dim=0)).mean()


@wrong("diversity", "`samples` itself is changed: an operation in place")
def diversity_centres_in_place(samples):
    distances = torch.pdist(samples)
    samples -= samples.mean(0)
    return distances.mean()


@wrong("diversity", "only the first four samples are paired")
def diversity_of_at_most_four_samples(samples):
    return torch.pdist(samples[:4]).mean()


@right("diversity")
def diversity_by_pdist(samples):
    return torch.pdist(samples).mean()


@right("diversity")
def diversity_by_cdist(samples):
    b = len(samples)
    return torch.cdist(samples, samples).sum() / (b * (b - 1))


@wrong("diversity", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
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


@wrong("diversity", "The gradient for `samples` is NaN or infinite: a step on the way has no slope, a")
def diversity_by_a_mask(samples):
    differences = samples[:, None] - samples[None]
    above = torch.ones(len(samples), len(samples), dtype=torch.bool).triu(1)
    return differences.pow(2).sum(-1).sqrt()[above].mean()


@right("diversity")
def diversity_by_combinations(samples):
    pairs = torch.combinations(torch.arange(len(samples)))
    return (samples[pairs[:, 0]] - samples[pairs[:, 1]]).norm(dim=-1).mean()


@wrong("diversity", "The answer is float64 where the arguments are float32: something inside does not")
def diversity_by_permutations_in_float64(samples):
    first, second = zip(*permutations(samples.double(), 2), strict=True)
    return torch.nn.functional.pairwise_distance(torch.stack(first), torch.stack(second), eps=0).mean()


@oracle("diversity")
def diversity_by_scipy(samples):
    return outside(lambda x: torch.tensor(distance.pdist(x.numpy()).mean()), samples)


@oracle("diversity")
def diversity_by_python(samples):
    """`fmean` of `math.hypot` over the exact differences."""

    def mean(samples):
        pairs = combinations(exact(samples), 2)
        lengths = (math.hypot(*(float(a - b) for a, b in zip(x, y, strict=True))) for x, y in pairs)
        return torch.tensor(fmean(lengths), dtype=torch.float64)

    return outside(mean, samples)


# more slips of the kinds that beginners make -----------------------------------------------------------


@wrong("perturb", "No gradient reaches `z`, though the answer depends on it")
def perturb_detaches_the_code(z, sigma, eps):
    return z.detach() + sigma * eps


@wrong("perturb", "It is right to float32's digits only: is a number inside float32 where the argum")
def perturb_in_single_precision(z, sigma, eps):
    return z + (sigma * eps).float()


@wrong("perturb", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def perturb_by_numpy(z, sigma, eps):
    return torch.from_numpy(z.detach().numpy() + sigma * eps.detach().numpy())


@wrong("perturb", "These are the right numbers in another shape")
def perturb_flattens_the_copies(z, sigma, eps):
    return (z + sigma * eps).reshape(-1, z.shape[1])


@wrong("perturb", "the copies' noise is centred first")
def perturb_centres_the_noise(z, sigma, eps):
    return z + sigma * (eps - eps.mean(0))


@wrong("perturb", "the codes are weighted by 1 − σ")
def perturb_mixes_code_and_noise(z, sigma, eps):
    return (1 - sigma) * z + sigma * eps


@wrong("perturb", "`z` itself is changed: an operation in place")
def perturb_writes_into_z(z, sigma, eps):
    z += sigma * eps.mean(0)
    return z + sigma * eps


@wrong("bounding_box", "the right one plus -1e-06", "the right one plus 1e-06", "the right one minus 1e-06")
def bounding_box_widens_a_little(Z):
    return Z.min(0).values - 1e-6, Z.max(0).values + 1e-6


@wrong("bounding_box", "the 5 % and 95 % quantiles are returned")
def bounding_box_of_quantiles(Z):
    return Z.quantile(0.05, 0), Z.quantile(0.95, 0)


@wrong("bounding_box", "the middle and half the width are returned")
def bounding_box_middle_and_half_width(Z):
    low, high = Z.min(0).values, Z.max(0).values
    return (low + high) / 2, (high - low) / 2


@wrong("bounding_box", "the codes of least and greatest length are returned")
def bounding_box_by_lengths(Z):
    length = Z.norm(dim=1)
    return Z[length.argmin()], Z[length.argmax()]


@wrong("bounding_box", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def bounding_box_detached(Z):
    Z = Z.detach()
    return Z.min(0).values, Z.max(0).values


@wrong("bounding_box", "The answer is a list, it should be a torch tensor of shape (3,)")
def bounding_box_of_lists(Z):
    return Z.min(0).values.tolist(), Z.max(0).values.tolist()


@wrong("bounding_box", "ask for one truth value, and a tensor has many")
def bounding_box_by_builtin_min(Z):
    return min(Z), max(Z)


@wrong("sample_box", "No gradient reaches `low` and `high`, though the answer depends on them")
def sample_box_detaches_the_bounds(low, high, u):
    return low.detach() + u * (high - low).detach()


@wrong("sample_box", "The answer is float32 where the arguments are float64: something inside does not")
def sample_box_in_single_precision(low, high, u):
    return (low + u * (high - low)).float()


@wrong("sample_box", "`high` is handed over as a width")
def sample_box_takes_high_for_a_width(low, high, u):
    return low * (1 - u) + u * (high - low)


@wrong("sample_box")
def sample_box_ends_only(low, high, u):
    return torch.where(u < 0.5, low, high)


@wrong("sample_box", "This is the right one transposed")
def sample_box_transposed(low, high, u):
    return (low + u * (high - low)).T


@wrong("sample_box", "This is the first of B in the place of all")
def sample_box_one_code(low, high, u):
    return (low + u * (high - low))[0]


@wrong("interpolate", "the steps follow a cosine; they should be equal")
def interpolate_follows_a_cosine(z_start, z_end, steps):
    return line(z_start, z_end, [(1 - math.cos(math.pi * i / (steps - 1))) / 2 for i in range(steps)])


@wrong("interpolate", "`z_start` is counted twice")
def interpolate_start_twice(z_start, z_end, steps):
    return 2 * z_start + _t(z_start, steps) * (z_end - z_start)


@wrong("interpolate", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def interpolate_detached(z_start, z_end, steps):
    return line(z_start.detach(), z_end.detach(), [i / (steps - 1) for i in range(steps)])


@wrong("interpolate", "No gradient reaches `z_end`, though the answer depends on it")
def interpolate_detaches_the_end(z_start, z_end, steps):
    return line(z_start, z_end.detach(), [i / (steps - 1) for i in range(steps)])


@wrong("interpolate", "interpolate stops with an error: RuntimeError: linspace only supports 0-dimensio")
def interpolate_linspace_of_tensors(z_start, z_end, steps):
    return torch.linspace(z_start, z_end, steps)


@wrong("interpolate", "The answer is float32 where the arguments are float64: something inside does not")
def interpolate_into_a_float32_table(z_start, z_end, steps):
    path = torch.zeros(steps, len(z_start))
    for i in range(steps):
        path[i] = z_start + i / (steps - 1) * (z_end - z_start)
    return path


@wrong("interpolate")
def interpolate_rounds(z_start, z_end, steps):
    return (line(z_start, z_end, [i / (steps - 1) for i in range(steps)]) * 100).round() / 100


@wrong("nearest_distance", "the difference of the lengths is taken")
def nearest_of_lengths(samples, data):
    return (samples.norm(dim=1)[:, None] - data.norm(dim=1)).abs().min(1).values


@wrong("nearest_distance", "the square is kept above 0 by 1e-8, added or as a limit")
def nearest_with_a_constant_under_the_root(samples, data):
    return (((samples[:, None] - data) ** 2).sum(2).min(1).values + 1e-8).sqrt()


@wrong("nearest_distance", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def nearest_detached(samples, data):
    return torch.cdist(samples.detach(), data.detach()).min(1).values


@wrong("nearest_distance", "No gradient reaches `data`, though the answer depends on it")
def nearest_detaches_the_data(samples, data):
    return torch.cdist(samples, data.detach()).min(1).values


@wrong("nearest_distance", "The answer is float32 where the arguments are float64: something inside does not")
def nearest_in_single_precision(samples, data):
    return torch.cdist(samples.float(), data.float()).min(1).values


@wrong("nearest_distance", "The answer is a list, it should be a torch tensor of shape (3,)")
def nearest_as_a_list(samples, data):
    return [torch.linalg.norm(data - x, dim=1).min() for x in samples]


@wrong("nearest_distance", "Shapes do not fit, an axis of 3 (B) meets one of 5 (N)")
def nearest_without_an_axis(samples, data):
    return (samples - data).norm(dim=1).min()


@wrong("diversity", "B(B − 1) is divided by in the wrong place: 2 / B * (B − 1)")
def diversity_divides_in_the_wrong_place(samples):
    b = len(samples)
    return 2 / b * (b - 1) * torch.pdist(samples).sum()


@wrong("diversity", "the median is taken, not the mean")
def diversity_is_a_median(samples):
    return torch.pdist(samples).median()


@wrong("diversity", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def diversity_detached(samples):
    return torch.pdist(samples.detach()).mean()


@wrong("diversity", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def diversity_by_item(samples):
    return torch.pdist(samples).mean().item()


@wrong("diversity", "Ordinary numbers come out right, but not two equal samples")
def diversity_expands_the_square(samples):
    squares = (samples**2).sum(1)
    distances = (squares[:, None] + squares - 2 * samples @ samples.T).clamp(min=1e-12).sqrt()
    return distances.triu(1).sum() * 2 / len(samples) / (len(samples) - 1)


@wrong("diversity", "the pairs b < c are added and divided by B²")
def diversity_with_half_the_pairs_twice(samples):
    return torch.pdist(samples).sum() / len(samples) ** 2


# fit_gaussian_codes ---------------------------------------------------------------------------------


def _fit(Z):
    centred = Z - Z.mean(0)
    return Z.mean(0), centred.mT @ centred / len(Z)


@wrong("fit_gaussian_codes", "`covariance`: This is the right one divided by B − 1 in the place of B")
def fit_by_b_minus_one(Z):
    return Z.mean(0), torch.cov(Z.mT).reshape(Z.shape[1], Z.shape[1])


@wrong("fit_gaussian_codes", "the mean is not subtracted: this is the mean of z zᵀ")
def fit_without_centring(Z):
    return Z.mean(0), Z.mT @ Z / len(Z)


@wrong("fit_gaussian_codes", "the mean of z zᵀ less m mᵀ is taken, whose digits cancel")
def fit_by_raw_moments(Z):
    mean = Z.mean(0)
    return mean, Z.mT @ Z / len(Z) - mean[:, None] * mean


@wrong("fit_gaussian_codes", "`covariance`: This is the right one times B")
def fit_sum_of_products(Z):
    mean, covariance = _fit(Z)
    return mean, covariance * len(Z)


@wrong("fit_gaussian_codes", "the variances alone are returned")
def fit_variances(Z):
    return Z.mean(0), Z.var(0, correction=0)


@wrong("fit_gaussian_codes", "the standard deviations alone are returned")
def fit_deviations(Z):
    return Z.mean(0), Z.std(0, correction=0)


@wrong("fit_gaussian_codes", "the covariances of different dimensions are left out")
def fit_independent(Z):
    return Z.mean(0), Z.var(0, correction=0).diag()


@wrong("fit_gaussian_codes", "the correlations are returned")
def fit_correlations(Z):
    mean, covariance = _fit(Z)
    deviation = covariance.diag().sqrt()
    return mean, covariance / deviation[:, None] / deviation


@wrong("fit_gaussian_codes", "the inverse of the covariance is returned")
def fit_inverse(Z):
    mean, covariance = _fit(Z)
    return mean, torch.linalg.pinv(covariance)


@wrong("fit_gaussian_codes", "the products of codes are taken, not of dimensions: (B, B)")
def fit_products_of_codes(Z):
    centred = Z - Z.mean(0)
    return Z.mean(0), centred @ centred.mT / len(Z)


@wrong("fit_gaussian_codes", "the mean runs over D, not over B")
def fit_mean_of_each_code(Z):
    return Z.mean(1), _fit(Z)[1]


@wrong("fit_gaussian_codes", "the codes' mean over D is subtracted, not over B")
def fit_centres_by_code(Z):
    centred = Z - Z.mean(1, keepdim=True)
    return Z.mean(0), centred.mT @ centred / len(Z)


@wrong("fit_gaussian_codes", "one mean of all the numbers is subtracted")
def fit_centres_by_one_number(Z):
    centred = Z - Z.mean()
    return Z.mean(0), centred.mT @ centred / len(Z)


@wrong("fit_gaussian_codes", "one mean is taken of all the numbers")
def fit_one_mean(Z):
    return Z.mean(), _fit(Z)[1]


@wrong("fit_gaussian_codes", "the median is taken for the mean")
def fit_median(Z):
    return Z.median(0).values, _fit(Z)[1]


@wrong("fit_gaussian_codes", "`mean`: This is the right one times B")
def fit_sum_for_mean(Z):
    return Z.sum(0), _fit(Z)[1]


@wrong("fit_gaussian_codes", "The values are right, but in another order: covariance, mean")
def fit_swapped(Z):
    return _fit(Z)[::-1]


@wrong("fit_gaussian_codes", "The answer should be 2 values (mean, covariance), it is one tensor of shape (3,")
def fit_covariance_alone(Z):
    return _fit(Z)[1]


@wrong("fit_gaussian_codes", "1e-6 is added to the diagonal")
def fit_adds_to_the_diagonal(Z):
    mean, covariance = _fit(Z)
    return mean, covariance + 1e-6 * torch.eye(Z.shape[1]).to(Z)


@wrong("fit_gaussian_codes", "the products are added and divided by D")
def fit_divided_by_d(Z):
    mean, covariance = _fit(Z)
    return mean, covariance * len(Z) / Z.shape[1]


@wrong("fit_gaussian_codes", "`covariance`: These are the right numbers in another shape")
def fit_scalar_for_one_dimension(Z):
    return Z.mean(0), torch.cov(Z.mT, correction=0)


@wrong("fit_gaussian_codes", "`mean`: These are the right numbers in another shape")
def fit_keeps_an_axis(Z):
    mean = Z.mean(0, keepdim=True)
    return mean, (Z - mean).mT @ (Z - mean) / len(Z)


@wrong("fit_gaussian_codes", "`Z` itself is changed: an operation in place")
def fit_centres_in_place(Z):
    mean = Z.mean(0)
    Z -= mean
    return mean, Z.mT @ Z / len(Z)


@wrong("fit_gaussian_codes", "The answer is cut off from its arguments, so nothing can be learned: no gradient")
def fit_detached(Z):
    return _fit(Z.detach())


@wrong("fit_gaussian_codes", "The gradient for `Z` is not the slope of the values: part of the way there is cu")
def fit_detaches_the_covariance(Z):
    mean, covariance = _fit(Z)
    return mean, covariance.detach()


@wrong("fit_gaussian_codes", "The answer is float64 where the arguments are float32: something inside does not")
def fit_by_numpy(Z):
    values = Z.detach().numpy()
    return torch.from_numpy(values.mean(0)), torch.from_numpy(np.cov(values.T, bias=True).reshape(2 * [Z.shape[1]]))


@wrong("fit_gaussian_codes", "The answer is float32 where the arguments are float64: something inside does not")
def fit_with_a_float32_sum(Z):
    total = torch.zeros(Z.shape[1], Z.shape[1])
    for z in Z - Z.mean(0):
        total += z[:, None] * z
    return Z.mean(0), total / len(Z)


@wrong("fit_gaussian_codes", "`covariance`: This is 0 throughout")
def fit_deviations_without_the_square(Z):
    return Z.mean(0), (Z - Z.mean(0)).mT @ torch.ones_like(Z) / len(Z)


@wrong("fit_gaussian_codes", "The function returned None; is a `return` missing?")
def fit_forgets_to_return(Z):
    _fit(Z)


@right("fit_gaussian_codes")
def fit_by_cov(Z):
    return Z.mean(0), torch.cov(Z.mT, correction=0).reshape(Z.shape[1], Z.shape[1])


@right("fit_gaussian_codes")
def fit_by_loops(Z):
    mean = sum(Z) / len(Z)
    return [mean, sum(torch.outer(z - mean, z - mean) for z in Z) / len(Z)]


@right("fit_gaussian_codes")
def fit_by_einsum(Z):
    mean = torch.einsum("bd->d", Z) / Z.shape[0]
    return mean, torch.einsum("bi,bj->ij", Z - mean, Z - mean) / Z.shape[0]


@right("fit_gaussian_codes")
def fit_by_broadcasting(Z):
    centred = Z - Z.mean(dim=0, keepdim=True)
    return Z.mean(dim=0), (centred[:, :, None] * centred[:, None, :]).mean(dim=0)


@oracle("fit_gaussian_codes")
def fit_by_sklearn(Z):
    def fitted(name):
        return outside(lambda Z: torch.from_numpy(getattr(EmpiricalCovariance().fit(Z), name)), Z)

    return fitted("location_"), fitted("covariance_")


@oracle("fit_gaussian_codes")
def fit_by_fractions(Z):
    def mean(Z):
        rows = exact(Z)
        return [sum(column) / len(rows) for column in zip(*rows, strict=True)]

    def covariance(Z):
        rows, middle = exact(Z), mean(Z)
        centred = [[a - m for a, m in zip(row, middle, strict=True)] for row in rows]
        columns = list(zip(*centred, strict=True))
        table = [[float(sum(a * b for a, b in zip(x, y, strict=True)) / len(rows)) for y in columns] for x in columns]
        return torch.tensor(table, dtype=torch.float64)

    return outside(lambda Z: torch.tensor([float(m) for m in mean(Z)], dtype=torch.float64), Z), outside(covariance, Z)


# sample_gaussian ------------------------------------------------------------------------------------


@wrong("sample_gaussian", "`eps @ L` is taken, and not `eps @ L.T`")
def gaussian_wrong_side(mean, covariance, eps):
    return mean + eps @ torch.linalg.cholesky(covariance)


@wrong("sample_gaussian", "the covariance stands where L should")
def gaussian_covariance_for_factor(mean, covariance, eps):
    return mean + eps @ covariance


@wrong("sample_gaussian", "the square root is taken of each entry of the covariance")
def gaussian_root_of_each_entry(mean, covariance, eps):
    return mean + eps @ covariance.sqrt().mT


@wrong("sample_gaussian", "the correlations are left out: only the standard deviations are used")
def gaussian_deviations_only(mean, covariance, eps):
    return mean + eps * covariance.diag().sqrt()


@wrong("sample_gaussian", "the variances stand where standard deviations should")
def gaussian_variances_only(mean, covariance, eps):
    return mean + eps * covariance.diag()


@wrong("sample_gaussian", "the mean is left out")
def gaussian_without_mean(mean, covariance, eps):
    return eps @ torch.linalg.cholesky(covariance).mT


@wrong("sample_gaussian", "the covariance is left out: L is the identity")
def gaussian_without_covariance(mean, covariance, eps):
    return mean + eps


@wrong("sample_gaussian", "`L Lᵀ`: This is 0 throughout")
def gaussian_mean_alone(mean, covariance, eps):
    return mean.expand_as(eps)


@wrong("sample_gaussian", "the covariance is inverted")
def gaussian_inverse(mean, covariance, eps):
    return mean + eps @ torch.linalg.cholesky(torch.linalg.inv(covariance)).mT


@wrong("sample_gaussian")
def gaussian_inverse_factor(mean, covariance, eps):
    return mean + torch.linalg.solve(torch.linalg.cholesky(covariance), eps.mT).mT


@wrong("sample_gaussian", "the mean is multiplied by L as well")
def gaussian_factor_on_the_mean_too(mean, covariance, eps):
    return (mean + eps) @ torch.linalg.cholesky(covariance).mT


@wrong("sample_gaussian", "the covariance stands where L should")
def gaussian_eigenvalues_without_root(mean, covariance, eps):
    values, vectors = torch.linalg.eigh(covariance)
    return mean + eps @ (vectors * values).mT


@wrong("sample_gaussian", "the covariance is left out: L is the identity")
def gaussian_eigenvectors_alone(mean, covariance, eps):
    return mean + eps @ torch.linalg.eigh(covariance).eigenvectors.mT


@wrong("sample_gaussian", "the roots of the eigenvalues are used without the eigenvectors")
def gaussian_eigen_wrong_side(mean, covariance, eps):
    values, vectors = torch.linalg.eigh(covariance)
    return mean + eps @ (vectors * values.sqrt())


@wrong("sample_gaussian", "the roots of the eigenvalues are used without the eigenvectors")
def gaussian_scales_rows_of_the_eigenvectors(mean, covariance, eps):
    values, vectors = torch.linalg.eigh(covariance)
    return mean + eps @ (vectors * values.sqrt()[:, None]).mT


@wrong("sample_gaussian", "`eps @ L` is taken, and not `eps @ L.T`")
def gaussian_upper_factor(mean, covariance, eps):
    return mean + eps @ torch.linalg.cholesky(covariance, upper=True).mT


@wrong("sample_gaussian", "It gives another answer each time: it draws noise of its own. Use what is handed")
def gaussian_own_noise(mean, covariance, eps):
    return mean + torch.randn_like(eps) @ torch.linalg.cholesky(covariance).mT


@wrong("sample_gaussian", "It gives another answer each time: it draws noise of its own. Use what is handed")
def gaussian_samples_itself(mean, covariance, eps):
    return MultivariateNormal(mean, covariance).sample((len(eps),))


@wrong("sample_gaussian", "`L Lᵀ`: This is 0 throughout")
def gaussian_one_noise_for_all(mean, covariance, eps):
    return mean + (eps[:1] @ torch.linalg.cholesky(covariance).mT).expand_as(eps)


@wrong("sample_gaussian", "The shape is (3,), it should be (4, 3)")
def gaussian_one_draw(mean, covariance, eps):
    return mean + torch.linalg.cholesky(covariance) @ eps[0]


@wrong("sample_gaussian", "The shape is (3, 4), it should be (4, 3)")
def gaussian_columns(mean, covariance, eps):
    return mean[:, None] + torch.linalg.cholesky(covariance) @ eps.mT


@wrong("sample_gaussian", "Shapes do not fit")
def gaussian_shapes_do_not_fit(mean, covariance, eps):
    return mean + torch.linalg.cholesky(covariance) @ eps


@wrong("sample_gaussian", "the noise is cut off at ±2")
def gaussian_clamps_the_noise(mean, covariance, eps):
    return mean + eps.clamp(-2, 2) @ torch.linalg.cholesky(covariance).mT


@wrong("sample_gaussian", "the size of the noise is used, without its sign")
def gaussian_size_of_the_noise(mean, covariance, eps):
    return mean + eps.abs() @ torch.linalg.cholesky(covariance).mT


@wrong("sample_gaussian", "the noise is standardised first: use it as it is")
def gaussian_standardises_the_noise(mean, covariance, eps):
    return mean + (eps - eps.mean(0)) / eps.std(0) @ torch.linalg.cholesky(covariance).mT


@wrong("sample_gaussian", "1e-6 is added to the diagonal")
def gaussian_adds_to_the_diagonal(mean, covariance, eps):
    return mean + eps @ torch.linalg.cholesky(covariance + 1e-6 * torch.eye(len(mean)).to(mean)).mT


@wrong("sample_gaussian", "`eps` itself is changed: an operation in place")
def gaussian_scales_eps_in_place(mean, covariance, eps):
    eps *= covariance.diag().sqrt()
    return mean + eps


@wrong("sample_gaussian", "No gradient reaches `covariance`, though the answer depends on it")
def gaussian_detaches_the_factor(mean, covariance, eps):
    return mean + eps @ torch.linalg.cholesky(covariance).detach().mT


@wrong("sample_gaussian", "No gradient reaches `mean` and `covariance`, though the answer depends on them")
def gaussian_detached(mean, covariance, eps):
    return (mean + eps @ torch.linalg.cholesky(covariance).mT).detach()


@wrong("sample_gaussian", "The answer is float32 where the arguments are float64: something inside does not")
def gaussian_in_single_precision(mean, covariance, eps):
    return (mean + eps @ torch.linalg.cholesky(covariance).mT).float()


@wrong("sample_gaussian", "It is right to float32's digits only: is a number inside float32 where the argum")
def gaussian_float32_factor(mean, covariance, eps):
    return mean + (eps.float() @ torch.linalg.cholesky(covariance.float()).mT).to(mean.dtype)


@wrong("sample_gaussian", "No gradient reaches `covariance`, though the answer depends on it")
def gaussian_by_numpy(mean, covariance, eps):
    root = linalg.sqrtm(covariance.detach().numpy()).real
    return mean + eps @ torch.from_numpy(root).to(mean.dtype)


@wrong("sample_gaussian", "The function returned None; is a `return` missing?")
def gaussian_forgets_to_return(mean, covariance, eps):
    mean + eps @ torch.linalg.cholesky(covariance).mT


@right("sample_gaussian")
def gaussian_by_eigenvectors(mean, covariance, eps):
    values, vectors = torch.linalg.eigh(covariance)
    return mean + eps @ (vectors * values.sqrt()).mT


@right("sample_gaussian")
def gaussian_by_symmetric_root(mean, covariance, eps):
    values, vectors = torch.linalg.eigh(covariance)
    return mean + eps @ (vectors @ values.sqrt().diag() @ vectors.mT)


@right("sample_gaussian")
def gaussian_by_upper_factor(mean, covariance, eps):
    return torch.matmul(eps, torch.linalg.cholesky(covariance, upper=True)) + mean


@right("sample_gaussian")
def gaussian_by_distribution(mean, covariance, eps):
    q = MultivariateNormal(mean, covariance)
    return q.loc + torch.einsum("ij,bj->bi", q.scale_tril, eps)


@right("sample_gaussian")
def gaussian_by_loop(mean, covariance, eps):
    L = torch.linalg.cholesky(covariance)
    return torch.stack([mean + L @ e for e in eps])


@right("sample_gaussian")
def gaussian_negative_root(mean, covariance, eps):
    return mean - eps @ torch.linalg.cholesky(covariance).mT


@oracle("sample_gaussian")
def gaussian_by_scipy(mean, covariance, eps):
    """Another factor than the solution's: SciPy's symmetric root."""

    def draws(mean, covariance, eps):
        symmetric = (covariance + covariance.mT) / 2  # as it stays when one entry is moved for a slope
        return mean + eps @ torch.from_numpy(linalg.sqrtm(symmetric.numpy()).real).mT

    return outside(draws, mean, covariance, eps)


@wrong("perturb", "the noise is averaged over the dimensions")
def perturb_averages_the_noise_over_dimensions(z, sigma, eps):
    return z + sigma * eps.mean(-1, keepdim=True)


@wrong("perturb", "It is right to a few digits only")
def perturb_rounds(z, sigma, eps):
    return (z + sigma * eps).round(decimals=3)


@wrong("sample_box", "`high` lacks its factor u")
def sample_box_high_without_its_factor(low, high, u):
    return (1 - u) * low + high


@wrong("sample_box", "u is rounded to 0 or 1")
def sample_box_rounds_u(low, high, u):
    return low + u.round() * (high - low)


@wrong("interpolate", "The answer does not depend on `z_start`")
def interpolate_forgets_the_start_in_the_difference(z_start, z_end, steps):
    return torch.stack([z_start + i / (steps - 1) * z_end - z_start for i in range(steps)])


@wrong("nearest_distance", "1e-6 is added to each difference, as `pairwise_distance` does")
def nearest_by_pairwise_distance(samples, data):
    return torch.nn.functional.pairwise_distance(samples[:, None], data[None]).min(1).values


@wrong("nearest_distance", "the square is kept above 0 by 1e-8, added or as a limit")
def nearest_clamped(samples, data):
    return ((samples[:, None] - data) ** 2).sum(2).min(1).values.clamp(min=1e-8).sqrt()


@wrong("diversity", "the standard deviation of the distances is taken")
def diversity_is_the_spread_of_distances(samples):
    distances = torch.pdist(samples)
    return ((distances - distances.mean()).square().sum() / (len(distances) - 1)).sqrt()


@wrong("diversity", "the median is taken of all entries")
def diversity_is_the_median_of_all_entries(samples):
    return torch.cdist(samples, samples).median()


@wrong("diversity", "It is right to a few digits only")
def diversity_rounds_the_samples(samples):
    return torch.pdist(samples.round(decimals=2)).mean()


@wrong("fit_gaussian_codes", "the products are added and divided by B + 1")
def fit_by_b_plus_one(Z):
    mean, covariance = _fit(Z)
    return mean, covariance * len(Z) / (len(Z) + 1)


@wrong("sample_gaussian", "`L Lᵀ`: This is a quarter of the right one")
def gaussian_half_the_width(mean, covariance, eps):
    return mean + eps @ torch.linalg.cholesky(covariance).mT / 2


@wrong("sample_gaussian")
def gaussian_squares_the_noise(mean, covariance, eps):
    return mean + (eps * eps.abs()) @ torch.linalg.cholesky(covariance).mT


# slips that were tried when this bank had none of them ------------------------------------------------------


@wrong("perturb", "It is right when `sigma` is handed in squared.")
def perturb_sqrt_sigma(z, sigma, eps):
    return z + sigma**0.5 * eps


@wrong("perturb")
def perturb_normalised_noise(z, sigma, eps):
    return z + sigma * eps / eps.norm(dim=-1, keepdim=True)


@wrong("perturb", "It is right when `sigma` is handed in with the other sign.")
def perturb_subtracts_too(z, sigma, eps):
    return z - sigma * eps


@wrong("bounding_box")
def box_sorted_wrong(Z):
    s = Z.sort(0).values
    return s[1], s[-2]


@wrong("sample_box", "It is right when `u` is handed in as its square root.")
def sample_box_squared(low, high, u):
    return low + (high - low) * u**2


@wrong("interpolate", "This is the right one in reverse along steps.")
def interpolate_from_end(z_start, z_end, steps):
    t = torch.linspace(0, 1, steps, dtype=z_start.dtype)[:, None]
    return z_end + t * (z_start - z_end)


@wrong("interpolate", "This is right in the first and the last of steps alone.")
def interpolate_squared_t(z_start, z_end, steps):
    t = torch.linspace(0, 1, steps, dtype=z_start.dtype)[:, None] ** 2
    return (1 - t) * z_start + t * z_end


@wrong("nearest_distance", "This is the right one divided by √P.")
def nearest_mean_sq(samples, data):
    return (samples[:, None] - data).square().mean(-1).sqrt().amin(1)


@wrong("fit_gaussian_codes", "`covariance`: This is right on the diagonal, and wrong beside it.")
def fit_abs_covariance(Z):
    m = Z.mean(0)
    c = (Z - m).abs()
    return m, c.T @ c / len(Z)


@wrong("fit_gaussian_codes", "`covariance`: This is right on and below the diagonal, and wrong above it.")
def fit_lower(Z):
    m = Z.mean(0)
    c = Z - m
    return m, torch.tril(c.T @ c / len(Z))


@wrong("sample_gaussian")
def gaussian_scaled_by_trace(mean, covariance, eps):
    return mean + covariance.trace().sqrt() * eps


@wrong("sample_gaussian", "`eps` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def gaussian_mean_in_place(mean, covariance, eps):
    mean += 0
    eps.mul_(2)
    return mean + eps @ torch.linalg.cholesky(covariance).T / 2
