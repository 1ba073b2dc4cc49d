"""Places in the latent space: against scipy and by hand."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial import distance
from scipy.stats import norm

from vae_lib import (
    InputError,
    bounding_box,
    diversity,
    interpolate,
    latent_grid,
    nearest_distance,
    perturb,
    quantile_grid,
    sample_box,
    slerp,
)


def test_perturb_adds_sigma_eps_to_every_sample():
    z, eps = torch.tensor([[1.0, 2.0]]), torch.tensor([[[1.0, -1.0]], [[0.0, 4.0]]])
    torch.testing.assert_close(perturb(z, 0.5, eps), torch.tensor([[[1.5, 1.5]], [[1.0, 4.0]]]))


def test_box_is_per_dimension_and_its_samples_fill_it(generator):
    Z = torch.tensor([[0.0, 5.0], [2.0, -1.0], [1.0, 3.0]])
    low, high = bounding_box(Z)
    assert low.tolist() == [0, -1]
    assert high.tolist() == [2, 5]
    corners = sample_box(low, high, torch.tensor([[0.0, 0.0], [0.5, 0.25]]))
    assert corners.tolist() == [[0, -1], [1, 0.5]]
    with pytest.raises(InputError, match="low must not exceed high"):
        sample_box(high, low, torch.rand(3, 2, generator=generator))


def test_line_keeps_both_ends_and_equal_steps():
    path = interpolate(torch.tensor([0.0, 4.0]), torch.tensor([3.0, -2.0]), 4)
    torch.testing.assert_close(path, torch.tensor([[0.0, 4.0], [1.0, 2.0], [2.0, 0.0], [3.0, -2.0]]))
    assert path[[0, -1]].tolist() == [[0, 4], [3, -2]]


def test_slerp_keeps_the_length_and_turns_by_equal_angles():
    start, end = torch.tensor([2.0, 0.0, 0.0], dtype=torch.float64), torch.tensor([0.0, 2.0, 0.0], dtype=torch.float64)
    path = slerp(start, end, 7)
    angles = torch.linspace(0, math.pi / 2, 7, dtype=torch.float64)
    torch.testing.assert_close(path[:, 0], 2 * torch.cos(angles))
    torch.testing.assert_close(path[:, 1], 2 * torch.sin(angles))


@pytest.mark.parametrize("end", [[2.0, 4.0], [-1.0, -2.0], [0.0, 0.0]])
def test_slerp_is_a_straight_line_where_there_is_no_angle(end):
    start, end = torch.tensor([1.0, 2.0]), torch.tensor(end)
    torch.testing.assert_close(slerp(start, end, 5), interpolate(start, end, 5))


def test_slerp_is_shoemakes_formula_with_the_ends_as_they_are():
    """The middle of it is (a + b) / (2 cos(Ω/2)): of nearly opposite ends of two lengths, as its docstring says, far
    beyond both."""
    start, end = (torch.tensor(z, dtype=torch.float64) for z in ([2.0, 0.0], [-4.0, 0.04]))
    angle = math.pi - math.atan(0.01)
    torch.testing.assert_close(slerp(start, end, 3)[1], (start + end) / (2 * math.cos(angle / 2)))
    assert slerp(start, end, 3)[1].norm() > 100


@pytest.mark.parametrize("factor", [0.3, 1.0, -0.7, -2.5])
def test_rounding_does_not_send_parallel_ends_round_the_sphere(factor, generator):
    for start in torch.randn(200, 7, generator=generator):
        torch.testing.assert_close(slerp(start, factor * start, 5), interpolate(start, factor * start, 5))


def test_grids_run_row_by_row_from_the_upper_left():
    grid = latent_grid(3, 2.0).reshape(3, 3, 2)
    assert (grid[0, :, 1] == 2).all()
    assert (grid[:, 0, 0] == -2).all()
    assert grid[2, 2].tolist() == [2, -2]
    ticks = norm.ppf((np.arange(4) + 0.5) / 4)
    quantiles = quantile_grid(4).reshape(4, 4, 2)
    np.testing.assert_allclose(quantiles[0, :, 0], ticks, rtol=1e-6)
    np.testing.assert_allclose(quantiles[:, 0, 1], ticks[::-1], rtol=1e-6)


def test_distances_agree_with_scipy(generator):
    samples, data = torch.rand(4, 3, generator=generator), torch.rand(9, 3, generator=generator)
    every = distance.cdist(samples.numpy(), data.numpy())
    np.testing.assert_allclose(nearest_distance(samples, data), every.min(1), rtol=1e-5)
    np.testing.assert_allclose(diversity(samples), distance.pdist(samples.numpy()).mean(), rtol=1e-5)


def test_nearest_distance_of_a_data_point_is_exactly_zero(generator):
    data = 100 + torch.rand(30, 64, generator=generator)  # where expanding the square would lose it
    assert nearest_distance(data[:5], data).tolist() == [0] * 5


@pytest.mark.parametrize("shift", [0.0, 1e4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_nearest_of_many_pixels_is_as_near_as_scipy_says(shift, dtype, generator):
    samples, data = (torch.rand(n, 784, generator=generator, dtype=dtype) + shift for n in (40, 300))
    expected = distance.cdist(samples.double().numpy(), data.double().numpy()).min(1)
    np.testing.assert_allclose(nearest_distance(samples, data), expected, rtol=20 * torch.finfo(dtype).eps)


def test_the_nearest_is_found_where_rounding_hides_it(generator):
    """Data points at distances of 2⁻¹⁰ n from a sample of length 4,096: their squares agree in every float32 digit."""
    sample = torch.full((1, 64), 512.0)
    data = sample.repeat(9, 1)
    data[:, 0] += torch.arange(9, 0, -1) * 2.0**-10
    far = torch.cat([data, -sample])  # keeps the middle of the data away from the sample
    assert nearest_distance(sample, far).tolist() == [2.0**-10]


@pytest.mark.parametrize("value", [0.0, 1e30])
def test_many_equal_points_and_squares_beyond_the_floats_are_no_trouble(value):
    samples, data = torch.full((3, 784), value), torch.full((100, 784), value)
    assert nearest_distance(samples, data).tolist() == [0, 0, 0]


def test_nearest_distance_has_the_gradient_of_the_distance(generator):
    samples, data = torch.rand(3, 40, generator=generator), torch.rand(9, 40, generator=generator)
    samples.requires_grad_()
    distances = nearest_distance(samples, data)
    distances.sum().backward()
    nearest = data[distance.cdist(samples.detach().numpy(), data.numpy()).argmin(1)]
    expected = (samples.detach() - nearest) / distances.detach()[:, None]
    np.testing.assert_allclose(samples.grad, expected, rtol=1e-5, atol=1e-6)
