"""Answers to lab 9, wrong and right, and second routes to its reference numbers."""

import math

import numpy as np
import torch
from scipy import stats
from torch.distributions import AffineTransform, Independent, MultivariateNormal, Normal
from torch.nn import functional as F

from tests.answers.outside import Outside
from tests.lab_bank import oracle, right, wrong

LOG_2PI = math.log(2 * math.pi)

NO_GRADIENT = "The answer is cut off from its arguments, so nothing can be learned: no gradient"
SINGLE = "The answer is float32 where the arguments are float64: something inside does not"
OWN_NOISE = "It gives another answer each time: it draws noise of its own. Use what is handed"

# affine_coupling -----------------------------------------------------------------------------------------------------


def _couple(x, mask, scale, shift, seen=None):
    h = mask * x if seen is None else seen
    return mask * x + (1 - mask) * (x * scale(h).exp() + shift(h)), ((1 - mask) * scale(h)).sum(1)


@wrong("affine_coupling", "s and t see all of x, and not m·x")
def coupling_sees_all(x, mask, scale, shift):
    return _couple(x, mask, scale, shift, seen=x)


@wrong("affine_coupling", "s and t see what is changed, (1−m)·x, and not what is kept")
def coupling_sees_the_changed(x, mask, scale, shift):
    return _couple(x, mask, scale, shift, seen=(1 - mask) * x)


@wrong("affine_coupling", "1 and 0 of the mask change places")
def coupling_mask_inverted(x, mask, scale, shift):
    return _couple(x, 1 - mask, scale, shift)


@wrong("affine_coupling", "the exponential of s is missing")
def coupling_without_exp(x, mask, scale, shift):
    s, t = scale(mask * x), shift(mask * x)
    return mask * x + (1 - mask) * (x * s + t), ((1 - mask) * s).sum(1)


@wrong("affine_coupling", "the exponential of s is missing, and its log is taken")
def coupling_without_exp_with_its_own_log(x, mask, scale, shift):
    s, t = scale(mask * x), shift(mask * x)
    return mask * x + (1 - mask) * (x * s + t), ((1 - mask) * s.abs().log()).sum(1)


@wrong("affine_coupling", "the shift is added before x is stretched")
def coupling_shift_first(x, mask, scale, shift):
    s, t = scale(mask * x), shift(mask * x)
    return mask * x + (1 - mask) * (x + t) * s.exp(), ((1 - mask) * s).sum(1)


@wrong("affine_coupling", "`y`: This is the right one, the shift left out")
def coupling_without_shift(x, mask, scale, shift):
    s = scale(mask * x)
    return mask * x + (1 - mask) * x * s.exp(), ((1 - mask) * s).sum(1)


@wrong("affine_coupling", "`y`: This is the right one, the shift with the wrong sign")
def coupling_shift_subtracted(x, mask, scale, shift):
    s, t = scale(mask * x), shift(mask * x)
    return mask * x + (1 - mask) * (x * s.exp() - t), ((1 - mask) * s).sum(1)


@wrong("affine_coupling", "`y`: This is the right one, what the mask keeps left out")
def coupling_forgets_the_kept(x, mask, scale, shift):
    s, t = scale(mask * x), shift(mask * x)
    return (1 - mask) * (x * s.exp() + t), ((1 - mask) * s).sum(1)


@wrong("affine_coupling", "the entries that are kept are changed as well")
def coupling_changes_all(x, mask, scale, shift):
    s, t = scale(mask * x), shift(mask * x)
    return x * s.exp() + t, ((1 - mask) * s).sum(1)


@wrong("affine_coupling", "the entries that are kept are changed as well, and count in the determinant")
def coupling_changes_and_counts_all(x, mask, scale, shift):
    s, t = scale(mask * x), shift(mask * x)
    return x * s.exp() + t, s.sum(1)


@wrong("affine_coupling", "s is summed over all entries, the kept ones too")
def coupling_counts_all(x, mask, scale, shift):
    return _couple(x, mask, scale, shift)[0], scale(mask * x).sum(1)


@wrong("affine_coupling", "s is summed over the entries that are kept")
def coupling_counts_the_kept(x, mask, scale, shift):
    return _couple(x, mask, scale, shift)[0], (mask * scale(mask * x)).sum(1)


@wrong("affine_coupling", "the determinant is returned, not its log")
def coupling_determinant(x, mask, scale, shift):
    y, log_det = _couple(x, mask, scale, shift)
    return y, log_det.exp()


@wrong("affine_coupling", "e^s is summed, which is no determinant")
def coupling_sum_of_exp(x, mask, scale, shift):
    return _couple(x, mask, scale, shift)[0], ((1 - mask) * scale(mask * x).exp()).sum(1)


@wrong("affine_coupling", "the absolute value of s is summed")
def coupling_absolute(x, mask, scale, shift):
    return _couple(x, mask, scale, shift)[0], ((1 - mask) * scale(mask * x).abs()).sum(1)


@wrong("affine_coupling", "`log det`: This is the right one with the other sign")
def coupling_log_det_sign(x, mask, scale, shift):
    y, log_det = _couple(x, mask, scale, shift)
    return y, -log_det


@wrong("affine_coupling", "`log det`: This is the right one divided by D")
def coupling_log_det_mean(x, mask, scale, shift):
    return _couple(x, mask, scale, shift)[0], ((1 - mask) * scale(mask * x)).mean(1)


@wrong("affine_coupling", "`log det`: This is not yet summed over D")
def coupling_log_det_each(x, mask, scale, shift):
    return _couple(x, mask, scale, shift)[0], (1 - mask) * scale(mask * x)


@wrong("affine_coupling", "`log det`: This is summed over B as well")
def coupling_log_det_of_the_batch(x, mask, scale, shift):
    y, log_det = _couple(x, mask, scale, shift)
    return y, log_det.sum()


@wrong("affine_coupling", "The answer should be 2 values (y, log det)")
def coupling_without_log_det(x, mask, scale, shift):
    return _couple(x, mask, scale, shift)[0]


@wrong("affine_coupling", "The values are right, but in another order")
def coupling_other_order(x, mask, scale, shift):
    return _couple(x, mask, scale, shift)[::-1]


@wrong("affine_coupling", "this is the inverse layer")
def coupling_inverted(x, mask, scale, shift):
    s, t = scale(mask * x), shift(mask * x)
    return mask * x + (1 - mask) * (x - t) * (-s).exp(), -((1 - mask) * s).sum(1)


@wrong("affine_coupling", "this is the inverse layer, with the log determinant of the layer")
def coupling_inverted_but_for_the_determinant(x, mask, scale, shift):
    s, t = scale(mask * x), shift(mask * x)
    return mask * x + (1 - mask) * (x - t) * (-s).exp(), ((1 - mask) * s).sum(1)


@wrong("affine_coupling", "s stands for log σ²: its half is taken")
def coupling_half(x, mask, scale, shift):
    return _couple(x, mask, lambda h: scale(h) / 2, shift)


@wrong("affine_coupling", "scale and shift change places")
def coupling_swapped(x, mask, scale, shift):
    return _couple(x, mask, shift, scale)


@wrong("affine_coupling", NO_GRADIENT)
def coupling_detached(x, mask, scale, shift):
    y, log_det = _couple(x, mask, scale, shift)
    return y.detach(), log_det.detach()


@wrong("affine_coupling", "The gradient for `x` is not the slope of the values: part of the way there is cut")
def coupling_scale_detached(x, mask, scale, shift):
    return _couple(x, mask, lambda h: scale(h).detach(), shift)


@wrong("affine_coupling", "`x` itself is changed: an operation in place")
def coupling_in_place(x, mask, scale, shift):
    y, log_det = _couple(x, mask, scale, shift)
    x *= mask
    return y, log_det


@wrong("affine_coupling", SINGLE)
def coupling_in_single_precision(x, mask, scale, shift):
    y, log_det = _couple(x, mask, scale, shift)
    return y.float(), log_det.float()


@right("affine_coupling")
def coupling_by_where(x, mask, scale, shift):
    kept = torch.where(mask.bool(), x, torch.zeros_like(x))
    s = torch.where(mask.bool(), torch.zeros_like(x), scale(kept))
    return torch.where(mask.bool(), x, x * s.exp() + shift(kept)), s.sum(-1)


@right("affine_coupling")
def coupling_by_torchs_transform(x, mask, scale, shift):
    h = x * mask
    s, t = (1 - mask) * scale(h), (1 - mask) * shift(h)
    step = AffineTransform(t, s.exp(), event_dim=1)
    y = step(x)
    return y, step.log_abs_det_jacobian(x, y)


@right("affine_coupling")
def coupling_by_entries(x, mask, scale, shift):
    s, t = scale(mask * x), shift(mask * x)
    changed = [d for d in range(x.shape[1]) if mask[d] == 0]
    columns = [s[:, d].exp() * x[:, d] + t[:, d] if d in changed else x[:, d] for d in range(x.shape[1])]
    return torch.stack(columns, 1), sum(s[:, d] for d in changed)


@right("affine_coupling")
def coupling_row_by_row(x, mask, scale, shift):
    rows = [_couple(row[None], mask, scale, shift) for row in x]
    return torch.cat([y for y, _ in rows]), torch.cat([log_det for _, log_det in rows])


@right("affine_coupling")
def coupling_as_a_list(x, mask, scale, shift):
    return list(_couple(x, mask, scale, shift))


@oracle("affine_coupling")
def coupling_by_numpy(x, mask, scale, shift):
    """Row by row in NumPy; the determinant is that of the matrix of differences."""
    kept = mask.numpy().astype(bool)

    def of(function, row):
        return function(torch.from_numpy(np.where(kept, row, 0.0)[None])).numpy()[0]

    def move(row):
        return np.where(kept, row, row * np.exp(of(scale, row)) + of(shift, row))

    def log_det(array):
        found = []
        for row in array:
            steps = 1e-6 * np.eye(len(row))
            matrix = [(move(row + step) - move(row - step)) / 2e-6 for step in steps]
            found.append(np.linalg.slogdet(np.array(matrix))[1])
        return np.array(found)

    exact = np.array([np.log(np.exp(of(scale, row))[~kept]).sum() for row in x.detach().double().numpy()])
    assert np.allclose(log_det(x.detach().double().numpy()), exact, atol=1e-7)
    y = Outside.apply(lambda a: np.stack([move(row) for row in a]), x)
    return y, Outside.apply(lambda a: np.array([of(scale, row)[~kept].sum() for row in a]), x)


# affine_coupling_inverse ---------------------------------------------------------------------------------------------


def _back(y, mask, scale, shift, seen=None):
    h = mask * y if seen is None else seen
    return mask * y + (1 - mask) * (y - shift(h)) * (-scale(h)).exp()


@wrong("affine_coupling_inverse", "s and t see all of y, and not m·y")
def inverse_sees_all(y, mask, scale, shift):
    return _back(y, mask, scale, shift, seen=y)


@wrong("affine_coupling_inverse", "s and t see (1−m)·y, which was changed on the way")
def inverse_sees_the_changed(y, mask, scale, shift):
    return _back(y, mask, scale, shift, seen=(1 - mask) * y)


@wrong("affine_coupling_inverse", "1 and 0 of the mask change places")
def inverse_mask_inverted(y, mask, scale, shift):
    return _back(y, 1 - mask, scale, shift)


@wrong("affine_coupling_inverse", "the shift is taken away after the stretching is undone")
def inverse_shift_last(y, mask, scale, shift):
    return mask * y + (1 - mask) * (y * (-scale(mask * y)).exp() - shift(mask * y))


@wrong("affine_coupling_inverse", "the shift is added again, not taken away")
def inverse_shift_added(y, mask, scale, shift):
    return _back(y, mask, scale, lambda h: -shift(h))


@wrong("affine_coupling_inverse", "the stretching is done again, not undone")
def inverse_stretched_again(y, mask, scale, shift):
    return _back(y, mask, lambda h: -scale(h), shift)


@wrong("affine_coupling_inverse", "the stretching is not undone")
def inverse_without_scale(y, mask, scale, shift):
    return mask * y + (1 - mask) * (y - shift(mask * y))


@wrong("affine_coupling_inverse", "the shift is not undone")
def inverse_without_shift(y, mask, scale, shift):
    return mask * y + (1 - mask) * y * (-scale(mask * y)).exp()


@wrong("affine_coupling_inverse", "it is divided by s, and not by e^s")
def inverse_divides_by_s(y, mask, scale, shift):
    return mask * y + (1 - mask) * (y - shift(mask * y)) / scale(mask * y)


@wrong("affine_coupling_inverse", "this is the layer itself, not its inverse")
def inverse_is_the_layer(y, mask, scale, shift):
    return _couple(y, mask, scale, shift)[0]


@wrong("affine_coupling_inverse", "the entries that are kept are changed as well")
def inverse_changes_all(y, mask, scale, shift):
    return (y - shift(mask * y)) * (-scale(mask * y)).exp()


@wrong("affine_coupling_inverse", "This is the right one, what the mask keeps left out")
def inverse_forgets_the_kept(y, mask, scale, shift):
    return (1 - mask) * (y - shift(mask * y)) * (-scale(mask * y)).exp()


@wrong("affine_coupling_inverse", "s stands for log σ²: its half is taken")
def inverse_half(y, mask, scale, shift):
    return _back(y, mask, lambda h: scale(h) / 2, shift)


@wrong("affine_coupling_inverse", "scale and shift change places")
def inverse_swapped(y, mask, scale, shift):
    return _back(y, mask, shift, scale)


@wrong("affine_coupling_inverse", "This is `y`, as it was handed in")
def inverse_does_nothing(y, mask, scale, shift):
    return y.clone()


@wrong("affine_coupling_inverse", "The answer is a tuple, it should be a torch tensor")
def inverse_with_determinant(y, mask, scale, shift):
    return _back(y, mask, scale, shift), -((1 - mask) * scale(mask * y)).sum(1)


@wrong("affine_coupling_inverse", NO_GRADIENT)
def inverse_without_graph(y, mask, scale, shift):
    with torch.no_grad():
        return _back(y, mask, scale, shift)


@wrong("affine_coupling_inverse", "The gradient for `y` is not the slope of the values: part of the way there is cut")
def inverse_shift_detached(y, mask, scale, shift):
    return _back(y, mask, scale, lambda h: shift(h).detach())


@wrong("affine_coupling_inverse", "`y` itself is changed: an operation in place")
def inverse_in_place(y, mask, scale, shift):
    s, t = scale(mask * y), shift(mask * y)
    y -= (1 - mask) * t
    return mask * y + (1 - mask) * y * (-s).exp()


@wrong("affine_coupling_inverse", SINGLE)
def inverse_in_single_precision(y, mask, scale, shift):
    return _back(y, mask, scale, shift).float()


@right("affine_coupling_inverse")
def inverse_by_division(y, mask, scale, shift):
    kept = y * mask
    return kept + (1 - mask) * (y - shift(kept)) / scale(kept).exp()


@right("affine_coupling_inverse")
def inverse_by_where(y, mask, scale, shift):
    kept = torch.where(mask > 0, y, torch.zeros_like(y))
    return torch.where(mask > 0, y, (y - shift(kept)) * torch.exp(-scale(kept)))


@right("affine_coupling_inverse")
def inverse_by_torchs_transform(y, mask, scale, shift):
    kept = y * mask
    return AffineTransform((1 - mask) * shift(kept), ((1 - mask) * scale(kept)).exp()).inv(y)


@right("affine_coupling_inverse")
def inverse_row_by_row(y, mask, scale, shift):
    return torch.stack([_back(row[None], mask, scale, shift)[0] for row in y])


@oracle("affine_coupling_inverse")
def inverse_by_numpy(y, mask, scale, shift):
    kept = mask.numpy().astype(bool)

    def of(function, row):
        return function(torch.from_numpy(np.where(kept, row, 0.0)[None])).numpy()[0]

    def solve(row):
        """Each entry from the linear equation that the layer is in it."""
        slope, level = np.exp(of(scale, row)), of(shift, row)
        return np.where(kept, row, np.linalg.solve(np.diag(slope), row - level))

    return Outside.apply(lambda a: np.stack([solve(row) for row in a]), y)


# flow_log_prob -------------------------------------------------------------------------------------------------------


def _normal(y):
    return -0.5 * (y**2 + LOG_2PI).sum(1)


def _through(x, layers):
    logs = []
    for layer in layers:
        x, log_det = layer(x)
        logs.append(log_det)
    return x, logs


def _sum(logs, x):
    return sum(logs, torch.zeros_like(x[:, 0]))


@wrong("flow_log_prob", "This is the right one, the sum of the logs of the determinants left out")
def flow_without_determinants(x, layers):
    return _normal(_through(x, layers)[0])


@wrong("flow_log_prob", "This is the right one, the sum of the logs of the determinants with the wrong sign")
def flow_determinants_subtracted(x, layers):
    y, logs = _through(x, layers)
    return _normal(y) - _sum(logs, x)


@wrong("flow_log_prob", "the Gaussian is taken at x, and not where the layers take it")
def flow_base_at_x(x, layers):
    return _normal(x) + _sum(_through(x, layers)[1], x)


@wrong("flow_log_prob", "only the last layer's determinant counts")
def flow_last_determinant(x, layers):
    y, logs = _through(x, layers)
    return _normal(y) + _sum(logs[-1:], x)


@wrong("flow_log_prob", "only the first layer's determinant counts")
def flow_first_determinant(x, layers):
    y, logs = _through(x, layers)
    return _normal(y) + _sum(logs[:1], x)


@wrong("flow_log_prob", "every layer is given x itself, and not what the one before it gave")
def flow_layers_side_by_side(x, layers):
    y, total = x, torch.zeros_like(x[:, 0])
    for layer in layers:
        y, log_det = layer(x)
        total = total + log_det
    return _normal(y) + total


@wrong("flow_log_prob", "the layers are taken in reverse")
def flow_reversed(x, layers):
    y, logs = _through(x, layers[::-1])
    return _normal(y) + _sum(logs, x)


@wrong("flow_log_prob", "the logs of the determinants are averaged over the layers")
def flow_mean_of_determinants(x, layers):
    y, logs = _through(x, layers)
    return _normal(y) + _sum(logs, x) / max(1, len(layers))


@wrong("flow_log_prob", "the sum of the logs has its log taken again")
def flow_log_of_the_log(x, layers):
    y, logs = _through(x, layers)
    return _normal(y) + (_sum(logs, x).abs().log() if layers else 0)


@wrong("flow_log_prob", "the logs of the determinants are multiplied")
def flow_product_of_logs(x, layers):
    y, logs = _through(x, layers)
    return _normal(y) + (torch.stack(logs).prod(0) if layers else 0)


@wrong("flow_log_prob", "the density is returned, not its log")
def flow_density(x, layers):
    return flow_by_distributions(x, layers).exp()


@wrong("flow_log_prob", "log 2π counts once, not for each dimension")
def flow_one_log_2pi(x, layers):
    y, logs = _through(x, layers)
    return -0.5 * (y**2).sum(1) - 0.5 * LOG_2PI + _sum(logs, x)


@wrong("flow_log_prob", "This is the right one, the term −½ D log 2π left out")
def flow_without_log_2pi(x, layers):
    y, logs = _through(x, layers)
    return -0.5 * (y**2).sum(1) + _sum(logs, x)


@wrong("flow_log_prob", "the ½ of y² is missing")
def flow_without_half_of_y(x, layers):
    y, logs = _through(x, layers)
    return -(y**2).sum(1) - 0.5 * LOG_2PI * x.shape[1] + _sum(logs, x)


@wrong("flow_log_prob", "the ½ is missing, of y² and of log 2π")
def flow_without_half(x, layers):
    y, logs = _through(x, layers)
    return 2 * _normal(y) + _sum(logs, x)


@wrong("flow_log_prob", "the Gaussian is averaged over the dimensions")
def flow_mean_over_dimensions(x, layers):
    y, logs = _through(x, layers)
    return _normal(y) / x.shape[1] + _sum(logs, x)


@wrong("flow_log_prob", "This is the sum of the logs of the determinants alone")
def flow_determinants_alone(x, layers):
    return _sum(_through(x, layers)[1], x)


@wrong("flow_log_prob", "This is the right one with the other sign")
def flow_cost(x, layers):
    return -flow_by_distributions(x, layers)


@wrong("flow_log_prob", "This is averaged over B as well")
def flow_mean_over_the_batch(x, layers):
    return flow_by_distributions(x, layers).mean()


@wrong("flow_log_prob", "the right one, the term −½ y² with the wrong sign")
def flow_sign_of_y(x, layers):
    y, logs = _through(x, layers)
    return 0.5 * (y**2).sum(1) - 0.5 * LOG_2PI * x.shape[1] + _sum(logs, x)


@wrong("flow_log_prob", NO_GRADIENT)
def flow_detached(x, layers):
    return flow_by_distributions(x, layers).detach()


@wrong("flow_log_prob", "The gradient for `x` is not the slope of the values: part of the way there is cut")
def flow_determinants_detached(x, layers):
    y, logs = _through(x, layers)
    return _normal(y) + _sum(logs, x).detach()


@wrong("flow_log_prob", SINGLE)
def flow_in_single_precision(x, layers):
    return flow_by_distributions(x, layers).float()


@wrong("flow_log_prob", SINGLE)
def flow_total_in_single_precision(x, layers):
    y, logs = _through(x, layers)
    total = torch.zeros(len(x), dtype=torch.float32)
    for log_det in logs:
        total = (total + log_det).float()
    return _normal(y).float() + total


@wrong("flow_log_prob", "This is not yet summed over D")
def flow_not_summed(x, layers):
    y, logs = _through(x, layers)
    return -0.5 * (y**2 + LOG_2PI) + _sum(logs, x)[:, None] / x.shape[1]


@right("flow_log_prob")
def flow_by_distributions(x, layers):
    y, logs = _through(x, layers)
    zero = torch.zeros(x.shape[1], dtype=x.dtype)
    return Independent(Normal(zero, torch.ones_like(zero)), 1).log_prob(y) + _sum(logs, x)


@right("flow_log_prob")
def flow_by_recursion(x, layers):
    if not layers:
        return _normal(x)
    y, log_det = layers[0](x)
    return log_det + flow_by_recursion(y, layers[1:])


@right("flow_log_prob")
def flow_by_a_multivariate_normal(x, layers):
    y, logs = _through(x, layers)
    eye = torch.eye(x.shape[1], dtype=x.dtype)
    total = torch.stack([MultivariateNormal(torch.zeros_like(eye[0]), eye).log_prob(y), *logs])
    return total.sum(0)


@right("flow_log_prob")
def flow_row_by_row(x, layers):
    return torch.cat([flow_by_distributions(row[None], layers) for row in x])


@oracle("flow_log_prob")
def flow_by_scipy_and_differences(x, layers):
    """The density of scipy at the end, and each row's determinant from differences of the whole way."""

    def gone(array):
        return _through(torch.from_numpy(array), layers)[0].numpy()

    def log_det(row):
        steps = 1e-5 * np.eye(len(row))
        matrix = [
            (
                8 * (gone((row + s)[None]) - gone((row - s)[None]))
                - gone((row + 2 * s)[None])
                + gone((row - 2 * s)[None])
            )[0]
            / 12e-5
            for s in steps
        ]
        return np.linalg.slogdet(np.array(matrix))[1]

    def value(array):
        return stats.norm.logpdf(gone(array)).sum(1) + np.array([log_det(row) for row in array])

    rough = value(x.detach().double().numpy())
    y, logs = _through(x.detach().double(), layers)
    exact = stats.norm.logpdf(y.numpy()).sum(1) + sum((one.numpy() for one in logs), np.zeros(len(x)))
    assert np.allclose(rough, exact, atol=1e-8)  # the layers' own determinants are right
    return Outside.apply(lambda a: stats.norm.logpdf(gone(a)).sum(1) + _logs(a, layers), x)


def _logs(array, layers):
    _, logs = _through(torch.from_numpy(array), layers)
    return sum((one.numpy() for one in logs), np.zeros(len(array)))


# planar --------------------------------------------------------------------------------------------------------------


def _planar(z, u, w, b):
    bend = torch.tanh(z @ w + b)
    return z + bend[:, None] * u, (1 + (u @ w) * (1 - bend**2)).abs().log()


@wrong("planar", "u and w change places")
def planar_swapped(z, u, w, b):
    return _planar(z, w, u, b)


@wrong("planar", "w stands where u should in y")
def planar_along_w(z, u, w, b):
    return z + torch.tanh(z @ w + b)[:, None] * w, _planar(z, u, w, b)[1]


@wrong("planar", "This is what comes out when b is left out.")
def planar_without_b(z, u, w, b):
    return _planar(z, u, w, 0.0)


@wrong("planar", "b is left out of the determinant")
def planar_determinant_without_b(z, u, w, b):
    return _planar(z, u, w, b)[0], _planar(z, u, w, 0.0)[1]


@wrong("planar", "It is right when `b` is handed in with the other sign")
def planar_b_subtracted(z, u, w, b):
    return _planar(z, u, w, -b)


@wrong("planar", "the slope of tanh is taken for tanh itself")
def planar_tanh_for_its_slope(z, u, w, b):
    return _planar(z, u, w, b)[0], (1 + (u @ w) * torch.tanh(z @ w + b)).abs().log()


@wrong("planar", "the slope of tanh is left out: it is not 1")
def planar_without_slope(z, u, w, b):
    return _planar(z, u, w, b)[0], (1 + u @ w).abs().log().expand(len(z))


@wrong("planar", "the slope of tanh is 1 − tanh², not 1 − tanh")
def planar_tanh_not_squared(z, u, w, b):
    return _planar(z, u, w, b)[0], (1 + (u @ w) * (1 - torch.tanh(z @ w + b))).abs().log()


@wrong("planar", "the 1 in the determinant is missing")
def planar_without_one(z, u, w, b):
    return _planar(z, u, w, b)[0], ((u @ w) * (1 - torch.tanh(z @ w + b) ** 2)).abs().log()


@wrong("planar", "the determinant is returned, not its log")
def planar_determinant(z, u, w, b):
    y, log_det = _planar(z, u, w, b)
    return y, log_det.exp()


@wrong("planar", "the determinant is returned, with its sign")
def planar_determinant_with_sign(z, u, w, b):
    return _planar(z, u, w, b)[0], 1 + (u @ w) * (1 - torch.tanh(z @ w + b) ** 2)


@wrong("planar", "uᵀw is taken by its absolute value")
def planar_absolute_product(z, u, w, b):
    return _planar(z, u, w, b)[0], (1 + (u @ w).abs() * (1 - torch.tanh(z @ w + b) ** 2)).log()


@wrong("planar", "wᵀw stands where uᵀw should")
def planar_w_squared(z, u, w, b):
    return _planar(z, u, w, b)[0], (1 + (w @ w) * (1 - torch.tanh(z @ w + b) ** 2)).log()


@wrong("planar", "uᵀu stands where uᵀw should")
def planar_u_squared(z, u, w, b):
    return _planar(z, u, w, b)[0], (1 + (u @ u) * (1 - torch.tanh(z @ w + b) ** 2)).log()


@wrong("planar", "the absolute value is missing")
def planar_without_absolute(z, u, w, b):
    return _planar(z, u, w, b)[0], (1 + (u @ w) * (1 - torch.tanh(z @ w + b) ** 2)).log()


@wrong("planar", "a sigmoid stands where tanh should")
def planar_sigmoid(z, u, w, b):
    bend = torch.sigmoid(z @ w + b)
    return z + bend[:, None] * u, (1 + (u @ w) * bend * (1 - bend)).abs().log()


@wrong("planar", "tanh is missing: the layer is linear")
def planar_linear(z, u, w, b):
    return z + (z @ w + b)[:, None] * u, (1 + u @ w).abs().log().expand(len(z))


@wrong("planar", "`y`: This is the right one, z left out")
def planar_without_z(z, u, w, b):
    y, log_det = _planar(z, u, w, b)
    return y - z, log_det


@wrong("planar", "It is right when `u` is handed in with the other sign")
def planar_backwards(z, u, w, b):
    return _planar(z, -u, w, b)


@wrong("planar", "`log det`: This is the right one with the other sign")
def planar_log_det_sign(z, u, w, b):
    y, log_det = _planar(z, u, w, b)
    return y, -log_det


@wrong("planar", "`log det`: This is summed over B as well")
def planar_log_det_of_the_batch(z, u, w, b):
    y, log_det = _planar(z, u, w, b)
    return y, log_det.sum()


@wrong("planar", "the products u_d w_d have a log each, instead of their sum")
def planar_log_each(z, u, w, b):
    slope = 1 - torch.tanh(z @ w + b) ** 2
    return _planar(z, u, w, b)[0], (1 + u * w * slope[:, None]).abs().log().sum(1)


@wrong("planar", "1e-8 is added inside the logarithm")
def planar_small_constant(z, u, w, b):
    return _planar(z, u, w, b)[0], ((1 + (u @ w) * (1 - torch.tanh(z @ w + b) ** 2)).abs() + 1e-8).log()


@wrong("planar", "Ordinary numbers come out right, but not wᵀz + b of ±1000")
def planar_tanh_by_exponentials(z, u, w, b):
    a = z @ w + b
    bend = (a.exp() - (-a).exp()) / (a.exp() + (-a).exp())
    return z + bend[:, None] * u, (1 + (u @ w) * (1 - bend**2)).abs().log()


@wrong("planar", "The answer should be 2 values (y, log det)")
def planar_without_log_det(z, u, w, b):
    return _planar(z, u, w, b)[0]


@wrong("planar", "The values are right, but in another order")
def planar_other_order(z, u, w, b):
    return _planar(z, u, w, b)[::-1]


@wrong("planar", "Shapes do not fit")
def planar_shapes_do_not_fit(z, u, w, b):
    bend = torch.tanh(z @ w + b)
    return z + torch.cat([bend, bend]) * u, bend


@wrong("planar", NO_GRADIENT)
def planar_detached(z, u, w, b):
    y, log_det = _planar(z, u, w, b)
    return y.detach(), log_det.detach()


@wrong("planar", "The gradient for `z` and `w` and `b` is not the slope of the values: part of the way")
def planar_slope_detached(z, u, w, b):
    bend = torch.tanh(z @ w + b)
    return z + bend[:, None] * u, (1 + (u @ w) * (1 - bend.detach() ** 2)).abs().log()


@wrong("planar", "No gradient reaches `b`")
def planar_b_as_a_number(z, u, w, b):
    return _planar(z, u, w, b.item())


@wrong("planar", "`z` itself is changed: an operation in place")
def planar_in_place(z, u, w, b):
    bend = torch.tanh(z @ w + b)
    z += bend[:, None] * u
    return z, (1 + (u @ w) * (1 - bend**2)).abs().log()


@wrong("planar", SINGLE)
def planar_in_single_precision(z, u, w, b):
    y, log_det = _planar(z, u, w, b)
    return y.float(), log_det.float()


@right("planar")
def planar_by_outer(z, u, w, b):
    a = (z * w).sum(1) + b
    return z + torch.outer(a.tanh(), u), torch.log(torch.abs(1 + torch.dot(u, w) * (1 - a.tanh().square())))


@right("planar")
def planar_by_determinants(z, u, w, b):
    bend = torch.tanh(z @ w + b)
    eye = torch.eye(len(u), dtype=z.dtype)
    matrices = eye + (1 - bend**2)[:, None, None] * torch.outer(u, w)
    return z + bend.unsqueeze(-1) * u, torch.linalg.slogdet(matrices).logabsdet


@right("planar")
def planar_by_sigmoid(z, u, w, b):
    a = F.linear(z, w[None], b[None])[:, 0]
    bend = 2 * torch.sigmoid(2 * a) - 1
    slope = 4 * torch.sigmoid(2 * a) * torch.sigmoid(-2 * a)
    return z + bend.reshape(-1, 1) * u, (1 + slope * (u * w).sum()).abs().log()


@right("planar")
def planar_row_by_row(z, u, w, b):
    rows = [_planar(row[None], u, w, b) for row in z]
    return torch.cat([y for y, _ in rows]), torch.cat([log_det for _, log_det in rows])


@oracle("planar")
def planar_by_numpy(z, u, w, b):
    def bend(z, w, b):
        return np.sin(np.arctan(np.sinh(np.clip(z @ w + b, -300, 300))))  # the Gudermannian's sine is tanh

    def y(z, u, w, b):
        return z + np.outer(bend(z, w, b), u)

    def log_det(z, u, w, b):
        matrices = [np.eye(len(u)) + (1 - t**2) * np.outer(u, w) for t in bend(z, w, b)]
        return np.array([np.log(abs(np.linalg.det(m))) for m in matrices])

    return Outside.apply(y, z, u, w, b), Outside.apply(log_det, z, u, w, b)


# flow_elbo -----------------------------------------------------------------------------------------------------------


def _start(mu, logvar, eps):
    return mu + (0.5 * logvar).exp() * eps


def _log_q(logvar, eps):
    return -0.5 * (LOG_2PI + logvar + eps**2).sum(1)


def _parts(log_joint, mu, logvar, eps, layers):
    """log p(x, z_K), log q_0(z_0) and the sum of the logs of the determinants, (L,) each."""
    z, logs = _through(_start(mu, logvar, eps), layers)
    return log_joint(z), _log_q(logvar, eps), _sum(logs, eps)


@wrong("flow_elbo", "This is the right one, the sum of the logs of the determinants left out")
def elbo_without_determinants(log_joint, mu, logvar, eps, layers):
    joint, log_q, _ = _parts(log_joint, mu, logvar, eps, layers)
    return (joint - log_q).mean()


@wrong("flow_elbo", "This is the right one, the sum of the logs of the determinants with the wrong sign")
def elbo_determinants_sign(log_joint, mu, logvar, eps, layers):
    joint, log_q, logs = _parts(log_joint, mu, logvar, eps, layers)
    return (joint - log_q - logs).mean()


@wrong("flow_elbo", "This is the right one, the term log q₀ left out")
def elbo_without_log_q(log_joint, mu, logvar, eps, layers):
    joint, _, logs = _parts(log_joint, mu, logvar, eps, layers)
    return (joint + logs).mean()


@wrong("flow_elbo", "This is the right one, the term log q₀ with the wrong sign")
def elbo_log_q_added(log_joint, mu, logvar, eps, layers):
    joint, log_q, logs = _parts(log_joint, mu, logvar, eps, layers)
    return (joint + log_q + logs).mean()


@wrong("flow_elbo", "This is the mean of log p(x, z) alone")
def elbo_joint_alone(log_joint, mu, logvar, eps, layers):
    return _parts(log_joint, mu, logvar, eps, layers)[0].mean()


@wrong("flow_elbo", "the entropy of q₀ stands in the place of −log q₀ at the draws")
def elbo_with_the_entropy(log_joint, mu, logvar, eps, layers):
    joint, _, logs = _parts(log_joint, mu, logvar, eps, layers)
    return (joint + logs).mean() + 0.5 * (1 + LOG_2PI + logvar).sum()


@wrong("flow_elbo", "log_joint is taken at z₀, before the layers")
def elbo_joint_at_the_start(log_joint, mu, logvar, eps, layers):
    _, log_q, logs = _parts(log_joint, mu, logvar, eps, layers)
    return (log_joint(_start(mu, logvar, eps)) - log_q + logs).mean()


@wrong("flow_elbo", "the layers are left out altogether")
def elbo_without_layers(log_joint, mu, logvar, eps, layers):
    return (log_joint(_start(mu, logvar, eps)) - _log_q(logvar, eps)).mean()


@wrong("flow_elbo", "log q₀ is taken at z_K, and not at z₀")
def elbo_log_q_at_the_end(log_joint, mu, logvar, eps, layers):
    z, logs = _through(_start(mu, logvar, eps), layers)
    log_q = Normal(mu, (logvar / 2).exp()).log_prob(z).sum(1) - _sum(logs, eps)
    return (log_joint(z) - log_q).mean()


@wrong("flow_elbo", "log q₀ is that of N(0, I) at ε: log σ is missing")
def elbo_log_q_of_the_noise(log_joint, mu, logvar, eps, layers):
    joint, _, logs = _parts(log_joint, mu, logvar, eps, layers)
    return (joint - _normal(eps) + logs).mean()


@wrong("flow_elbo", "log q₀ is that of N(0, I) at z₀")
def elbo_log_q_of_the_prior(log_joint, mu, logvar, eps, layers):
    joint, _, logs = _parts(log_joint, mu, logvar, eps, layers)
    return (joint - _normal(_start(mu, logvar, eps)) + logs).mean()


@wrong("flow_elbo", "log N(z_K; 0, I) stands in the place of log q₀")
def elbo_log_q_of_a_density_flow(log_joint, mu, logvar, eps, layers):
    z, logs = _through(_start(mu, logvar, eps), layers)
    return (log_joint(z) - _normal(z) + _sum(logs, eps)).mean()


@wrong("flow_elbo", "log σ² stands where log σ should in log q₀")
def elbo_log_sigma(log_joint, mu, logvar, eps, layers):
    joint, log_q, logs = _parts(log_joint, mu, logvar, eps, layers)
    return (joint - log_q + logs).mean() + 0.5 * logvar.sum()


@wrong("flow_elbo", "ε is scaled by logvar instead of σ")
def elbo_scaled_by_logvar(log_joint, mu, logvar, eps, layers):
    z, logs = _through(mu + logvar * eps, layers)
    return (log_joint(z) - _log_q(logvar, eps) + _sum(logs, eps)).mean()


@wrong("flow_elbo", "ε is scaled by σ² instead of σ")
def elbo_scaled_by_variance(log_joint, mu, logvar, eps, layers):
    z, logs = _through(mu + logvar.exp() * eps, layers)
    return (log_joint(z) - _log_q(logvar, eps) + _sum(logs, eps)).mean()


@wrong("flow_elbo", "only the last layer's determinant counts")
def elbo_last_determinant(log_joint, mu, logvar, eps, layers):
    z, logs = _through(_start(mu, logvar, eps), layers)
    return (log_joint(z) - _log_q(logvar, eps) + _sum(logs[-1:], eps)).mean()


@wrong("flow_elbo", "every layer is given z₀, and not what the one before it gave")
def elbo_layers_side_by_side(log_joint, mu, logvar, eps, layers):
    start = _start(mu, logvar, eps)
    z, total = start, torch.zeros_like(eps[:, 0])
    for layer in layers:
        z, log_det = layer(start)
        total = total + log_det
    return (log_joint(z) - _log_q(logvar, eps) + total).mean()


@wrong("flow_elbo", "log_joint is summed over the draws, the rest averaged")
def elbo_joint_summed(log_joint, mu, logvar, eps, layers):
    joint, log_q, logs = _parts(log_joint, mu, logvar, eps, layers)
    return joint.sum() + (logs - log_q).mean()


@wrong("flow_elbo", "the logs of the determinants are summed over the draws")
def elbo_logs_summed(log_joint, mu, logvar, eps, layers):
    joint, log_q, logs = _parts(log_joint, mu, logvar, eps, layers)
    return (joint - log_q).mean() + logs.sum()


@wrong("flow_elbo", "the log of the mean weight is taken: that is the bound of lab 6")
def elbo_log_outside(log_joint, mu, logvar, eps, layers):
    joint, log_q, logs = _parts(log_joint, mu, logvar, eps, layers)
    return (joint - log_q + logs).logsumexp(0) - math.log(len(eps))


@wrong("flow_elbo", "log 2π counts once, not for each dimension")
def elbo_one_log_2pi(log_joint, mu, logvar, eps, layers):
    joint, _, logs = _parts(log_joint, mu, logvar, eps, layers)
    return (joint + 0.5 * (logvar + eps**2).sum(1) + logs).mean() + 0.5 * LOG_2PI


@wrong("flow_elbo", "This is the right one minus ½ D log 2π")
def elbo_without_log_2pi(log_joint, mu, logvar, eps, layers):
    joint, _, logs = _parts(log_joint, mu, logvar, eps, layers)
    return (joint + 0.5 * (logvar + eps**2).sum(1) + logs).mean()


@wrong("flow_elbo", "This is the right one with the other sign")
def elbo_as_a_loss(log_joint, mu, logvar, eps, layers):
    return -elbo_by_distributions(log_joint, mu, logvar, eps, layers)


@wrong("flow_elbo", "This is the right one times L")
def elbo_summed(log_joint, mu, logvar, eps, layers):
    return elbo_by_distributions(log_joint, mu, logvar, eps, layers) * len(eps)


@wrong("flow_elbo", "This is not yet averaged over L")
def elbo_each(log_joint, mu, logvar, eps, layers):
    joint, log_q, logs = _parts(log_joint, mu, logvar, eps, layers)
    return joint - log_q + logs


@wrong("flow_elbo", OWN_NOISE)
def elbo_draws_its_own_noise(log_joint, mu, logvar, eps, layers):
    return elbo_by_distributions(log_joint, mu, logvar, torch.randn_like(eps), layers)


@wrong("flow_elbo", "The answer does not depend on `mu`")
def elbo_forgets_mu(log_joint, mu, logvar, eps, layers):
    return elbo_by_distributions(log_joint, 0 * mu, logvar, eps, layers)


@wrong("flow_elbo", "No gradient reaches `mu`, though the answer depends on it")
def elbo_mu_detached(log_joint, mu, logvar, eps, layers):
    return elbo_by_distributions(log_joint, mu.detach(), logvar, eps, layers)


@wrong("flow_elbo", "is not the slope of the values: part of the way there is cut")
def elbo_determinants_detached(log_joint, mu, logvar, eps, layers):
    joint, log_q, logs = _parts(log_joint, mu, logvar, eps, layers)
    return (joint - log_q + logs.detach()).mean()


@wrong("flow_elbo", NO_GRADIENT)
def elbo_as_a_float(log_joint, mu, logvar, eps, layers):
    return elbo_by_distributions(log_joint, mu, logvar, eps, layers).item()


@wrong("flow_elbo", "`eps` itself is changed: an operation in place")
def elbo_in_place(log_joint, mu, logvar, eps, layers):
    log_q = _log_q(logvar, eps)
    eps *= (0.5 * logvar).exp()
    z, logs = _through(mu + eps, layers)
    return (log_joint(z) - log_q + _sum(logs, eps)).mean()


@wrong("flow_elbo", SINGLE)
def elbo_in_single_precision(log_joint, mu, logvar, eps, layers):
    return elbo_by_distributions(log_joint, mu, logvar, eps, layers).float()


@right("flow_elbo")
def elbo_by_distributions(log_joint, mu, logvar, eps, layers):
    q = Independent(Normal(mu, (logvar / 2).exp()), 1)
    start = _start(mu, logvar, eps)
    z, logs = _through(start, layers)
    return (log_joint(z) - q.log_prob(start) + _sum(logs, eps)).mean()


@right("flow_elbo")
def elbo_by_a_covariance(log_joint, mu, logvar, eps, layers):
    q = MultivariateNormal(mu, logvar.exp().diag())
    start = mu + eps @ q.scale_tril.mT
    z, logs = _through(start, layers)
    return log_joint(z).mean() - q.log_prob(start).mean() + sum(one.mean() for one in logs)


@right("flow_elbo")
def elbo_draw_by_draw(log_joint, mu, logvar, eps, layers):
    values = [elbo_by_distributions(log_joint, mu, logvar, one[None], layers) for one in eps]
    return sum(values) / len(values)


@right("flow_elbo")
def elbo_by_recursion(log_joint, mu, logvar, eps, layers):
    def rest(z, layers):
        if not layers:
            return log_joint(z)
        y, log_det = layers[0](z)
        return log_det + rest(y, layers[1:])

    return (rest(_start(mu, logvar, eps), layers) - _log_q(logvar, eps)).mean()


@oracle("flow_elbo")
def elbo_by_scipy(log_joint, mu, logvar, eps, layers):
    def value(mu, logvar, eps):
        rows = []
        for noise in eps:
            start = mu + np.sqrt(np.exp(logvar)) * noise
            z, logs = _through(torch.from_numpy(start[None]), layers)
            q = stats.multivariate_normal(mu, np.diag(np.exp(logvar))).logpdf(start)
            rows.append(log_joint(z).item() - q + sum(one.item() for one in logs))
        return math.fsum(rows) / len(rows)

    return Outside.apply(value, mu, logvar, eps)


# ---------------------------------------------------------------- added: what a reader of the checks tried


@wrong("flow_log_prob", "the absolute value of each log determinant")
def flow_absolute_logs(x, layers):
    total = torch.zeros_like(x[:, 0])
    for layer in layers:
        x, log_det = layer(x)
        total = total + log_det.abs()
    return _normal(x) + total


@wrong("flow_log_prob", "`layers` itself is changed: an item of the list is taken out")
def flow_empties_the_list(x, layers):
    total = torch.zeros_like(x[:, 0])
    while layers:
        x, log_det = layers.pop(0)(x)
        total = total + log_det
    return _normal(x) + total


@wrong("flow_elbo", "`layers` itself is changed: an item of the list is taken out")
def elbo_empties_the_list(log_joint, mu, logvar, eps, layers):
    z = mu + (logvar / 2).exp() * eps
    total = (math.log(2 * math.pi) + logvar + eps**2).sum(1) / 2
    while layers:
        z, log_det = layers.pop(0)(z)
        total = total + log_det
    return (log_joint(z) + total).mean()


@wrong("affine_coupling", "the shift is added to the kept entries as well")
def coupling_shifts_everything(x, mask, scale, shift):
    s, t = scale(mask * x), shift(mask * x)
    return mask * x + (1 - mask) * x * s.exp() + t, ((1 - mask) * s).sum(1)


@wrong("affine_coupling", "x is divided by e^s")
def coupling_divides(x, mask, scale, shift):
    s, t = scale(mask * x), shift(mask * x)
    return mask * x + (1 - mask) * (x * (-s).exp() + t), ((1 - mask) * s).sum(1)


def _elbo(log_joint, mu, logvar, eps, layers, surprise):
    z, total = mu + (logvar / 2).exp() * eps, surprise
    for layer in layers:
        z, log_det = layer(z)
        total = total + log_det
    return (log_joint(z) + total).mean()


@wrong("flow_elbo", "½ε² is missing in log q₀")
def elbo_without_squares(log_joint, mu, logvar, eps, layers):
    return _elbo(log_joint, mu, logvar, eps, layers, (math.log(2 * math.pi) + logvar).sum() / 2)


@wrong("flow_elbo", "the ½ of ε² is missing in log q₀")
def elbo_with_whole_squares(log_joint, mu, logvar, eps, layers):
    return _elbo(log_joint, mu, logvar, eps, layers, (math.log(2 * math.pi) / 2 + logvar / 2 + eps**2).sum(1))


@wrong("flow_elbo", "the layers are taken in reverse")
def elbo_backwards(log_joint, mu, logvar, eps, layers):
    surprise = (math.log(2 * math.pi) + logvar + eps**2).sum(1) / 2
    return _elbo(log_joint, mu, logvar, eps, layers[::-1], surprise)


# ---------------------------------------------------------------- what readers of the labs tried


@wrong("affine_coupling", "x is added as a whole")
def coupling_adds_x(x, mask, scale, shift):
    a, b = (scale(mask * x), shift(mask * x))
    return (x + (1 - mask) * (x * a.exp() + b), ((1 - mask) * a).sum(1))


@wrong("affine_coupling", "t sees all of x")
def coupling_shift_sees_all(x, mask, scale, shift):
    a, b = (scale(mask * x), shift(x))
    return (mask * x + (1 - mask) * (x * a.exp() + b), ((1 - mask) * a).sum(1))


@wrong("affine_coupling", "s sees all of x")
def coupling_scale_sees_all(x, mask, scale, shift):
    a, b = (scale(x), shift(mask * x))
    return (mask * x + (1 - mask) * (x * a.exp() + b), ((1 - mask) * a).sum(1))


@wrong("affine_coupling", "the log of a sum of e^s")
def coupling_log_of_a_sum(x, mask, scale, shift):
    a, b = (scale(mask * x), shift(mask * x))
    return (mask * x + (1 - mask) * (x * a.exp() + b), ((1 - mask) * a.exp()).sum(1).log())


@wrong("affine_coupling", "are for True and False")
def coupling_tilde(x, mask, scale, shift):
    a, b = (scale(mask * x), shift(mask * x))
    return (mask * x + ~mask * (x * a.exp() + b), ((1 - mask) * a).sum(1))


@wrong("affine_coupling", "Real numbers stand where an index should")
def coupling_mask_as_index(x, mask, scale, shift):
    k = x[:, mask]
    a, b = (scale(k), shift(k))
    return (mask * x + (1 - mask) * (x * a.exp() + b), ((1 - mask) * a).sum(1))


@wrong("affine_coupling_inverse", "y is added as a whole")
def inverse_adds_y(y, mask, scale, shift):
    k = mask * y
    return y + (1 - mask) * (y - shift(k)) * (-scale(k)).exp()


@wrong("affine_coupling_inverse", "it is divided by log s")
def inverse_by_log_s(y, mask, scale, shift):
    k = mask * y
    return k + (1 - mask) * (y - shift(k)) / scale(k).log()


@wrong("affine_coupling_inverse", "only the shift is divided")
def inverse_divides_the_shift(y, mask, scale, shift):
    k = mask * y
    return k + (1 - mask) * (y - shift(k) * (-scale(k)).exp())


@wrong("flow_log_prob", "summed over the batch as well")
def flow_sums_the_batch(x, layers):
    tot = 0
    for f in layers:
        x, ld = f(x)
        tot = tot + ld.sum()
    return tot - 0.5 * (x**2 + math.log(2 * math.pi)).sum(1)


@wrong("flow_log_prob", "the log is taken of what is")
def flow_log_of_logs(x, layers):
    tot = 0
    for f in layers:
        x, ld = f(x)
        tot = tot + ld.log()
    return tot - 0.5 * (x**2 + math.log(2 * math.pi)).sum(1)


@wrong("flow_log_prob", "A tuple or a list is used")
def flow_of_pairs(x, layers):
    tot = 0
    for f in layers:
        x = f(x)
        tot = tot + 0
    return tot - 0.5 * (x**2 + math.log(2 * math.pi)).sum(1)


@wrong("flow_log_prob", "Nothing is there to be joined")
def flow_stacks_nothing(x, layers):
    lds = []
    for f in layers:
        x, ld = f(x)
        lds.append(ld)
    return torch.stack(lds).sum(0) - 0.5 * (x**2 + math.log(2 * math.pi)).sum(1)


@wrong("flow_log_prob", "A function of PyTorch is handed a number")
def flow_torch_log(x, layers):
    tot = 0
    for f in layers:
        x, ld = f(x)
        tot = tot + ld
    return tot - 0.5 * (x**2).sum(1) - 0.5 * x.shape[1] * torch.log(2 * torch.pi)


@wrong("flow_log_prob", "`nn.Sequential` takes modules")
def flow_sequential(x, layers):
    y, ld = torch.nn.Sequential(*layers)(x)
    return ld - 0.5 * (y**2 + math.log(2 * math.pi)).sum(1)


@wrong("flow_log_prob", "Several numbers stand where Python needs one")
def flow_tensor_of_tensors(x, layers):
    lds = []
    for f in layers:
        x, ld = f(x)
        lds.append(ld)
    return torch.tensor(lds).sum() - 0.5 * (x**2 + math.log(2 * math.pi)).sum(1)


@wrong("planar", "w z is taken entry by entry")
def planar_entry_by_entry(z, u, w, b):
    a = torch.tanh(w * z + b)
    return (z + a * u, (1 + u @ w * (1 - a**2)).abs().log())


@wrong("planar", "not 1 + tanh²")
def planar_one_plus(z, u, w, b):
    a = torch.tanh(z @ w + b)
    return (z + torch.outer(a, u), (1 + u @ w * (1 + a**2)).abs().log())


@wrong("flow_elbo", "the KL of q₀ to N(0, I) in closed form")
def elbo_closed_kl(log_joint, mu, logvar, eps, layers):
    z = mu + (logvar / 2).exp() * eps
    kl = 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum()
    tot = 0
    for g in layers:
        z, ld = g(z)
        tot = tot + ld
    return (log_joint(z) + tot).mean() - kl


@wrong("flow_elbo", "σ² stands where σ should in log q₀")
def elbo_variance_for_sigma(log_joint, mu, logvar, eps, layers):
    z = mu + (logvar / 2).exp() * eps
    lq = torch.distributions.Normal(mu, logvar.exp()).log_prob(z).sum(1)
    for g in layers:
        z, ld = g(z)
        lq = lq - ld
    return (log_joint(z) - lq).mean()
