"""Answers to lab 1: the usual mistakes, right answers written otherwise, and second routes to its numbers.

The second routes are scikit-learn, SciPy, mpmath and exact fractions. Their slopes are central differences, so they
share neither a formula nor a derivative with the solutions.
"""

from fractions import Fraction

import mpmath
import numpy as np
import scipy.linalg
import torch
from scipy.spatial.distance import cdist
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA
from sklearn.metrics import mean_squared_error
from sklearn.preprocessing import StandardScaler

from tests.lab_bank import oracle, right, wrong


class _Outside(torch.autograd.Function):
    """A function of NumPy arrays as one of tensors, its slope by central differences."""

    @staticmethod
    def forward(ctx, function, *tensors):
        ctx.function, ctx.arrays = function, [t.detach().double().numpy() for t in tensors]
        ctx.dtypes = [t.dtype for t in tensors]
        return torch.as_tensor(np.asarray(function(*ctx.arrays))).to(tensors[0].dtype)

    @staticmethod
    def backward(ctx, upstream):
        weights, slopes = upstream.double().numpy(), []
        for position, array in enumerate(ctx.arrays):
            slope = np.zeros_like(array)
            for index in np.ndindex(array.shape):
                values = []
                for step in (1e-5, -1e-5):
                    moved = [a.copy() for a in ctx.arrays]
                    moved[position][index] += step
                    values.append(ctx.function(*moved))
                slope[index] = (weights * (values[0] - values[1])).sum() / 2e-5
            slopes.append(torch.as_tensor(slope))
        return None, *(s.to(d) for s, d in zip(slopes, ctx.dtypes, strict=True))


# center ---------------------------------------------------------------------------------------------


@wrong("center", "the mean runs over the pixels of each sample (and keeps that axis)")
def center_over_pixels(X):
    mean = X.mean(1, keepdim=True)
    return X - mean, mean


@wrong("center", "the mean runs over the pixels of each sample, not over the samples")
def center_over_pixels_flat(X):
    return X - X.mean(1)[:, None], X.mean(1)


@wrong("center", "one mean is taken over all the numbers")
def center_over_everything(X):
    return X - X.mean(), X.mean()


@wrong("center", "the mean is added, not subtracted")
def center_adds(X):
    return X + X.mean(0), X.mean(0)


@wrong("center", "the standard deviation (with B) is divided out as well")
def center_standardises(X):
    return (X - X.mean(0)) / X.std(0, correction=0), X.mean(0)


@wrong("center", "The values are right, but in another order: mean, centred")
def center_swaps_its_results(X):
    return X.mean(0), X - X.mean(0)


@wrong("center", "The answer should be 2 values (centred, mean), it is one tensor of shape (5, 3)")
def center_alone(X):
    return X - X.mean(0)


@wrong("center", "`mean`: These are the right numbers in another shape")
def center_keeps_an_axis(X):
    mean = X.mean(0, keepdim=True)
    return X - mean, mean


@wrong("center", "`X` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`, `add_`,")
def center_in_place(X):
    mean = X.mean(0)
    X -= mean
    return X, mean


@wrong("center", "The gradient for `X` is not the slope of the values: part of the way there is")
def center_with_data(X):
    mean = X.data.mean(0)
    return X - mean, mean


@wrong("center", "The answer is cut off from its arguments, so nothing can be learned: no")
def center_without_gradient(X):
    with torch.no_grad():
        return X - X.mean(0), X.mean(0)


@wrong("center", "The answer is cut off from its arguments, so nothing can be learned: no")
def center_by_numpy(X):
    mean = X.detach().numpy().mean(0)
    return torch.from_numpy(X.detach().numpy() - mean), torch.from_numpy(mean)


@wrong("center", "The answer is a ndarray, it should be a torch tensor of shape (5, 3)")
def center_returns_arrays(X):
    mean = X.detach().numpy().mean(0)
    return X.detach().numpy() - mean, mean


@wrong("center", "The answer is float32 where the arguments are float64: something inside does")
def center_single(X):
    X = X.float()
    return X - X.mean(0), X.mean(0)


@wrong("center", "The answer is float64 where the arguments are float32: something inside does")
def center_double(X):
    X = X.double()
    return X - X.mean(0), X.mean(0)


@wrong("center", "`mean`: These are the right numbers in another shape")
def center_with_float32_inside(X):
    mean = torch.zeros(X.shape[1])
    for x in X:
        mean = mean + x / len(X)
    return X - mean.float().to(X.dtype), mean.float().to(X.dtype)


@wrong("center", "the sum is taken for the mean")
def center_by_the_sum(X):
    return X - X.sum(0), X.sum(0)


@wrong("center", "X is subtracted from the mean")
def center_reversed(X):
    return X.mean(0) - X, X.mean(0)


@wrong("center", "`mean`: This is the right one divided by B − 1 in the place of B")
def center_unbiased(X):
    mean = X.sum(0) / max(len(X) - 1, 1)
    return X - mean, mean


@wrong("center", "Shapes do not fit, an axis of 3 (P) meets one of 5 (B): `X` is (5, 3) = (B, P)")
def center_of_two_axes_confused(X):
    return X - X.mean(1), X.mean(1)


@wrong("center", "The answer should be 2 values (centred, mean), it is one tensor of shape (6, 3)")
def center_as_one_tensor(X):
    mean = X.mean(0, keepdim=True)
    return torch.cat([X - mean, mean])


@wrong("center", "The function returned None; is a `return` missing?")
def center_forgotten(X):
    X - X.mean(0)


@wrong("center")
def center_rounded(X):
    return (X - X.mean(0)).round(decimals=2), X.mean(0)


@wrong("center", "the first sample is subtracted, not the mean")
def center_by_the_first_sample(X):
    return X - X[0], X[0]


@wrong("center", "`centred`: This is the right one transposed")
def center_transposed(X):
    return (X - X.mean(0)).T, X.mean(0)


@wrong("center", "Ordinary numbers come out right, but not single samples")
def center_of_one_sample_skipped(X):
    return (X, X.mean(0)) if len(X) == 1 else (X - X.mean(0), X.mean(0))


@wrong("center", "`centred`: These are the right numbers in another shape")
def center_of_single_sample_squeezed(X):
    return (X - X.mean(0)).squeeze(0), X.mean(0)


@wrong("center", "the mean is taken again after centring, when it is 0")
def center_returns_the_mean_of_the_centred(X):
    X = X - X.mean(0)
    return X, X.mean(0)


@wrong("center", "the median is taken, not the mean")
def center_by_the_median(X):
    return X - X.median(0).values, X.median(0).values


@wrong("center", "the sum is divided by 5, whatever B is")
def center_with_a_fixed_number_of_samples(X):
    mean = X.sum(0) / 5
    return X - mean, mean


@right("center")
def center_in_a_loop(X):
    mean = torch.zeros(X.shape[1], dtype=X.dtype)
    for x in X:
        mean = mean + x / len(X)
    return torch.stack([x - mean for x in X]), mean


@right("center")
def center_in_double_precision(X):
    mean = X.double().sum(0) / X.shape[0]
    return [(X.double() - mean).to(X.dtype), mean.to(X.dtype)]


@right("center")
def center_by_a_matrix(X):
    B = len(X)
    H = torch.eye(B, dtype=X.dtype) - torch.ones(B, B, dtype=X.dtype) / B
    return H @ X, torch.ones(B, dtype=X.dtype) @ X / B


@right("center")
def center_on_a_copy(X):
    X = X.clone()
    mean = X.mean(0, keepdim=True)
    X -= mean
    return X, mean.squeeze(0)


@right("center")
def center_by_einsum(X):
    mean = torch.einsum("bp->p", X) / len(X)
    return X.sub(mean), mean


@oracle("center")
def center_by_scikit_learn(X):
    def fitted(X):
        return StandardScaler(with_std=False).fit(X)

    return (
        _Outside.apply(lambda X: fitted(X).transform(X), X),
        _Outside.apply(lambda X: fitted(X).mean_, X),
    )


# covariance -----------------------------------------------------------------------------------------


@wrong("covariance", "the right one divided by B − 1 in the place of B")
def covariance_unbiased(Xc):
    return Xc.T @ Xc / (len(Xc) - 1)


@wrong("covariance", "the right one divided by B − 1 in the place of B")
def covariance_by_torch_as_it_comes(Xc):
    return torch.cov(Xc.T)


@wrong("covariance", "the right one times B, as when a sum over B is taken, not a mean")
def covariance_not_divided(Xc):
    return Xc.T @ Xc


@wrong("covariance", "the sum is divided by P, the number of pixels")
def covariance_divided_by_pixels(Xc):
    return Xc.T @ Xc / Xc.shape[1]


@wrong("covariance", "samples are multiplied with samples (and divided by B)")
def covariance_of_samples(Xc):
    return Xc @ Xc.T / len(Xc)


@wrong("covariance", "samples are multiplied with samples, not pixels with pixels")
def covariance_of_samples_not_divided(Xc):
    return Xc @ Xc.T


@wrong("covariance", "only the variances are returned, the diagonal of C")
def covariance_diagonal(Xc):
    return Xc.var(0, correction=0)


@wrong("covariance", "C is divided by the standard deviations: the correlations")
def covariance_as_correlation(Xc):
    return torch.corrcoef(Xc.T)


@wrong("covariance", "samples are taken for pixels: `torch.cov` wants a pixel in each row")
def covariance_of_rows(Xc):
    return torch.cov(Xc, correction=0)


@wrong("covariance", "`Xc` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def covariance_in_place(Xc):
    Xc /= len(Xc) ** 0.5
    return Xc.T @ Xc


@wrong("covariance", "the right one divided by P")
def covariance_mean_over_everything(Xc):
    return Xc.T @ Xc / Xc.numel()


@wrong("covariance", "the right one with the other sign")
def covariance_negative(Xc):
    return -(Xc.T @ Xc) / len(Xc)


@wrong("covariance", "the square root of the right one")
def covariance_rooted(Xc):
    return (Xc.T @ Xc / len(Xc)).sqrt()


@wrong("covariance", "only the variances are kept, and 0 beside the diagonal")
def covariance_diagonal_as_a_matrix(Xc):
    return Xc.square().mean(0).diag()


@wrong("covariance", "each number is multiplied with itself only")
def covariance_products_of_entries(Xc):
    return Xc * Xc / len(Xc)


@wrong("covariance", "only the total variance is returned")
def covariance_as_a_number(Xc):
    return (Xc * Xc).sum() / len(Xc)


@wrong("covariance", "Shapes do not fit: `Xc` is (5, 3) = (B, P)")
def covariance_not_transposed(Xc):
    return Xc @ Xc / len(Xc)


@wrong("covariance", "only the last sample's products are kept")
def covariance_last_sample(Xc):
    for x in Xc:
        C = torch.outer(x, x) / len(Xc)
    return C


@wrong("covariance", "not yet summed over B")
def covariance_per_sample(Xc):
    return torch.einsum("bp,bq->bpq", Xc, Xc) / len(Xc)


@wrong("covariance", "The answer is float32 where the arguments are float64: something inside does")
def covariance_single(Xc):
    return (Xc.float().T @ Xc.float()) / len(Xc)


@wrong("covariance", "The answer is float32 where the arguments are float64: something inside does")
def covariance_float32_inside(Xc):
    C = torch.zeros(Xc.shape[1], Xc.shape[1])
    for x in Xc:
        C += torch.outer(x, x) / len(Xc)
    return C


@wrong("covariance", "The answer is cut off from its arguments, so nothing can be learned: no")
def covariance_detached(Xc):
    return Xc.detach().T @ Xc.detach() / len(Xc)


@wrong("covariance", "The gradient for `Xc` is not the slope of the values: part of the way there")
def covariance_half_detached(Xc):
    return Xc.detach().T @ Xc / len(Xc)


@wrong("covariance", "The answer is cut off from its arguments, so nothing can be learned: no")
def covariance_by_numpy(Xc):
    return torch.from_numpy(np.cov(Xc.detach().numpy().T, bias=True)).to(Xc.dtype)


@wrong("covariance", "The function returned None; is a `return` missing?")
def covariance_forgotten(Xc):
    Xc.T @ Xc / len(Xc)


@wrong("covariance", "only one half of C is filled")
def covariance_upper_triangle(Xc):
    return (Xc.T @ Xc / len(Xc)).triu()


@wrong("covariance", "the square of the right one")
def covariance_squared_twice(Xc):
    return (Xc.T @ Xc / len(Xc)).square()


@wrong("covariance")
def covariance_by_floor_division(Xc):
    return Xc.T @ Xc // len(Xc)


@wrong("covariance", "the right one times 1.11 (1.2 in another case)")
def covariance_of_doubled_samples(Xc):
    return torch.cov(torch.cat([Xc, Xc]).T)


@wrong("covariance", "the sum is divided by 5, whatever B is")
def covariance_with_a_fixed_number_of_samples(Xc):
    return Xc.T @ Xc / 5


@right("covariance")
def covariance_by_einsum(Xc):
    return torch.einsum("bp,bq->pq", Xc, Xc) / Xc.shape[0]


@right("covariance")
def covariance_by_torch(Xc):
    return torch.cov(Xc.T, correction=0)


@right("covariance")
def covariance_in_loops(Xc):
    B, P = Xc.shape
    rows = [[(Xc[:, p] * Xc[:, q]).sum() / B for q in range(P)] for p in range(P)]
    return torch.stack([torch.stack(row) for row in rows])


@right("covariance")
def covariance_as_a_mean_of_outer_products(Xc):
    return torch.stack([torch.outer(x, x) for x in Xc]).mean(0)


@right("covariance")
def covariance_centred_once_more(Xc):
    return ((Xc - Xc.mean(0)).T / len(Xc)) @ Xc


@oracle("covariance")
def covariance_by_scikit_learn(Xc):
    return _Outside.apply(lambda X: EmpiricalCovariance(assume_centered=True).fit(X).covariance_, Xc)


@oracle("covariance")
def covariance_by_exact_fractions(Xc):
    def exactly(X):
        columns = [[Fraction(v) for v in column] for column in X.T.tolist()]
        return np.array(
            [[float(sum(a * b for a, b in zip(p, q, strict=True)) / len(p)) for q in columns] for p in columns]
        )

    return _Outside.apply(exactly, Xc)


# principal_components -------------------------------------------------------------------------------


@wrong("principal_components", "both come smallest first: `eigh` sorts upwards")
def components_smallest_first(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:, -k:], variances[-k:]


@wrong("principal_components", "the k smallest variances are kept, not the largest")
def components_of_smallest_variance(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:, :k], variances[:k]


@wrong("principal_components", "`torch.linalg.eig` does not sort")
def components_unsorted(C, k):
    variances, vectors = torch.linalg.eig(C)
    return vectors.real[:, :k], variances.real[:k]


@wrong("principal_components", "standard deviations are returned, not variances")
def components_with_standard_deviations(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :k], variances.flip(0)[:k].clamp(min=0).sqrt()


@wrong("principal_components", "each variance is divided by their sum")
def components_with_shares(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :k], variances.flip(0)[:k] / variances.sum()


@wrong("principal_components", "all P are returned, not k")
def components_all(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1), variances.flip(0)


@wrong("principal_components", "all P are returned, and smallest first")
def components_all_smallest_first(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors, variances


@wrong("principal_components", "all P directions are returned, not k")
def components_all_with_k_variances(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1), variances.flip(0)[:k]


@wrong("principal_components", "the variances are turned round, but U is not: it keeps the directions of")
def components_turned_round_by_half(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:, :k], variances.flip(0)[:k]


@wrong("principal_components", "the columns stand in the opposite order of the variances")
def components_and_variances_in_different_orders(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:, -k:], variances.flip(0)[:k]


@wrong("principal_components", "the components are the rows of U, they should be its columns")
def components_as_rows(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :k].T, variances.flip(0)[:k]


@wrong("principal_components", "k rows of the unsorted matrix of eigenvectors are taken")
def components_rows_for_columns(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:k], variances.flip(0)[:k]


@wrong("principal_components", "k rows of the unsorted matrix of eigenvectors are taken, and transposed")
def components_rows_transposed(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:k].T, variances.flip(0)[:k]


@wrong("principal_components", "the columns have the standard deviations as lengths")
def components_scaled(C, k):
    variances, vectors = torch.linalg.eigh(C)
    variances, vectors = variances.flip(0)[:k], vectors.flip(1)[:, :k]
    return vectors * variances.clamp(min=0).sqrt(), variances


@wrong("principal_components", "minus signs inside a column are lost")
def components_without_signs(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :k].abs(), variances.flip(0)[:k]


@wrong("principal_components", "Ordinary numbers come out right, but not variances that occur twice (shown: U Uᵀ)")
def components_oblique_where_variances_are_equal(C, k):  # as torch.linalg.eig may return them
    variances, vectors = torch.linalg.eigh(C)
    variances, vectors = variances.flip(0), vectors.flip(1)
    for i in range(1, len(C)):
        if abs(variances[i] - variances[i - 1]) < 1e-5:
            mixed = vectors[:, i] + 0.2 * vectors[:, i - 1]
            vectors[:, i] = mixed / mixed.norm()
    return vectors[:, :k], variances[:k]


@wrong("principal_components", "The values are right, but in another order: variances, U")
def components_after_variances(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return variances.flip(0)[:k], vectors.flip(1)[:, :k]


@wrong("principal_components", "`variances`: These are the right numbers in another shape")
def components_without_their_last_axis(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :k].squeeze(), variances.flip(0)[:k].squeeze()


@wrong("principal_components", "The answer does not depend on `k`")
def components_always_two(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :2], variances.flip(0)[:2]


@wrong("principal_components", "the rows of U are turned round (`flip(0)`), not its columns")
def components_rows_turned_round(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(0)[:, :k], variances.flip(0)[:k]


@wrong("principal_components", "the rows of U are turned round as well as its columns")
def components_turned_both_ways(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(0, 1)[:, :k], variances.flip(0)[:k]


@wrong("principal_components", "Shapes do not fit: `C` is (3, 3) = (P, P)")
def components_of_swapped_eigh(C, k):
    vectors, variances = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :k], variances.flip(0)[:k]


@wrong("principal_components", "The answer does not depend on `k`")
def components_of_swapped_eigh_as_they_come(C, k):
    U, variances = torch.linalg.eigh(C)
    return U, variances


@wrong("principal_components", "principal_components stops with an error: ValueError: step must be greater")
def components_by_slices_backwards(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:, ::-1][:, :k], variances[::-1][:k]


@wrong("principal_components", "the components are the rows of U, they should be its columns")
def components_rows_of_vh(C, k):
    _, S, Vh = torch.linalg.svd(C)
    return Vh[:k], S[:k]


@wrong("principal_components", "columns of `Vh` are taken: its rows are the components")
def components_columns_of_vh(C, k):
    _, S, Vh = torch.linalg.svd(C)
    return Vh[:, :k], S[:k]


@wrong("principal_components", "`variances`: This is the square of the right one")
def components_with_squared_variances(C, k):
    U, S, _ = torch.linalg.svd(C)
    return U[:, :k], S[:k] ** 2


@wrong("principal_components", "the columns have the variances as lengths")
def components_with_variances_as_lengths(C, k):
    variances, vectors = torch.linalg.eigh(C)
    variances, vectors = variances.flip(0)[:k], vectors.flip(1)[:, :k]
    return vectors * variances, variances


@wrong("principal_components", "the slice ends before the last one: `[-k:-1]`")
def components_without_the_last(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:, -k:-1].flip(1), variances[-k:-1].flip(0)


@wrong("principal_components", "It is right when `k` is handed in minus 1")
def components_with_one_too_many(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, : k + 1], variances.flip(0)[: k + 1]


@wrong("principal_components", "The answer should be 2 values (U, variances), it is one tensor of shape (3, 2)")
def components_without_variances(C, k):
    return torch.linalg.eigh(C).eigenvectors.flip(1)[:, :k]


@wrong("principal_components", "the k pixels of largest variance are taken, not directions")
def components_by_pixels(C, k):
    order = C.diagonal().argsort(descending=True)[:k]
    return torch.eye(len(C), dtype=C.dtype)[:, order], C.diagonal()[order]


@wrong("principal_components", "The answer is torch.complex64, it should be made of real numbers")
def components_by_magnitude_of_eig(C, k):
    values, vectors = torch.linalg.eig(C)
    order = values.abs().argsort(descending=True)[:k]
    return vectors[:, order], values[order]


@wrong("principal_components", "The answer is float32 where the arguments are float64: something inside does")
def components_single(C, k):
    variances, vectors = torch.linalg.eigh(C.float())
    return vectors.flip(1)[:, :k], variances.flip(0)[:k]


@wrong("principal_components", "C is turned into float32")
def components_single_and_back(C, k):
    variances, vectors = torch.linalg.eigh(C.float())
    return vectors.flip(1)[:, :k].to(C.dtype), variances.flip(0)[:k].to(C.dtype)


@wrong("principal_components", "The answer is cut off from its arguments, so nothing can be learned: no")
def components_by_numpy(C, k):
    variances, vectors = np.linalg.eigh(C.detach().numpy())
    return torch.tensor(vectors[:, ::-1][:, :k].copy()), torch.tensor(variances[::-1][:k].copy())


@wrong("principal_components", "The gradient for `C` is not the slope of the values: part of the way there is")
def components_with_detached_directions(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :k].detach(), variances.flip(0)[:k]


@wrong("principal_components", "`C` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`, `add_`,")
def components_in_place(C, k):
    C /= C.trace()
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :k], variances.flip(0)[:k]


@wrong("principal_components")
def components_of_the_precision(C, k):
    variances, vectors = torch.linalg.eigh(torch.linalg.pinv(C))
    return vectors.flip(1)[:, :k], variances.flip(0)[:k]


@wrong("principal_components")
def components_by_four_power_steps(C, k):
    U = torch.eye(len(C), k, dtype=C.dtype)
    for _ in range(4):
        U = torch.linalg.qr(C @ U).Q
    return U, (U * (C @ U)).sum(0)


@wrong("principal_components", "It gives another answer each time: it draws noise of its own. Use what is")
def components_randomised(C, k):
    U, S, _ = torch.svd_lowrank(C + 0 * C, q=k, niter=0)
    return U, S


@wrong("principal_components", "each column is divided by its sum: it should have the length 1")
def components_made_to_sum_to_one(C, k):
    variances, vectors = torch.linalg.eigh(C)
    U = vectors.flip(1)[:, :k]
    return U / U.sum(0), variances.flip(0)[:k]


@right("principal_components")
def components_by_svd(C, k):
    U, S, _ = torch.linalg.svd(C)
    return U[:, :k], S[:k]


@right("principal_components")
def components_by_sorting_eig(C, k):
    values, vectors = torch.linalg.eig(C)
    order = values.real.argsort(descending=True)[:k]
    return torch.linalg.qr(vectors.real[:, order])[0], values.real[order]


@right("principal_components")
def components_with_other_signs(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return -vectors.flip(1)[:, :k], variances.flip(0)[:k].clamp(min=0)


@right("principal_components")
def components_by_argsort(C, k):
    variances, vectors = torch.linalg.eigh(C, UPLO="U")
    order = torch.argsort(variances, descending=True)[:k]
    return vectors[:, order], variances[order]


@right("principal_components")
def components_by_power_iteration(C, k):
    rest, U, variances = C.clone(), [], []
    for i in range(k):
        u = torch.arange(1, len(C) + 1, dtype=C.dtype).pow(i + 1).sin()
        for done in U * 2:  # keep to the complement, where C may be zero; twice, for the digits
            u = u - (done @ u) * done
        u = u / u.norm()
        for _ in range(400):
            v = rest @ u
            for done in U * 2:
                v = v - (done @ v) * done
            if v.norm() < 1e-6:
                break
            u = v / v.norm()
        U.append(u)
        variances.append(u @ C @ u)
        rest = rest - variances[-1] * torch.outer(u, u)
    return torch.stack(U, 1), torch.stack(variances)


@right("principal_components")
def components_one_by_one(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return torch.stack([vectors[:, -1 - i] for i in range(k)], 1), torch.stack([variances[-1 - i] for i in range(k)])


@oracle("principal_components")
def components_by_scikit_learn(C, k):
    # data whose covariance is C = L D Lᵀ: the rows of √D Lᵀ with both signs, so that their mean is 0
    def fitted(C):
        L, D, _ = scipy.linalg.ldl(C)
        root = np.sqrt(len(C) * np.diag(D).clip(0))[:, None] * L.T
        return PCA(k, svd_solver="full").fit(np.concatenate([root, -root])), 2 * len(C)

    def directions(C):
        U = fitted(C)[0].components_.T.copy()
        return U * np.sign(U[np.abs(U).argmax(0), range(k)])  # one sign on both sides of a difference

    def variances(C):
        pca, count = fitted(C)
        return pca.explained_variance_ * (count - 1) / count

    return _Outside.apply(directions, C), _Outside.apply(variances, C)


@oracle("principal_components")
def components_by_mpmath(C, k):
    def sorted_pairs(C):
        values, vectors = mpmath.eigsy(mpmath.matrix(((C + C.T) / 2).tolist()))
        order = sorted(range(len(C)), key=lambda i: -values[i])[:k]
        return np.array([[float(vectors[p, i]) for i in order] for p in range(len(C))]), [
            float(values[i]) for i in order
        ]

    def directions(C):
        U = sorted_pairs(C)[0]
        return U * np.sign(U[np.abs(U).argmax(0), range(k)])

    return _Outside.apply(directions, C), _Outside.apply(lambda C: np.array(sorted_pairs(C)[1]), C)


# pca_encode -----------------------------------------------------------------------------------------


@wrong("pca_encode", "the mean is not subtracted")
def encode_without_mean(X, mean, U):
    return X @ U


@wrong("pca_encode", "It is right when `mean` is handed in with the other sign")
def encode_adds_the_mean(X, mean, U):
    return (X + mean) @ U


@wrong("pca_encode", "the mean of X is subtracted, not the `mean` handed in")
def encode_from_its_own_mean(X, mean, U):
    return (X - X.mean(0)) @ U


@wrong("pca_encode", "the right one with the other sign")
def encode_reversed(X, mean, U):
    return (mean - X) @ U


@wrong("pca_encode", "the right one transposed")
def encode_transposed(X, mean, U):
    return U.T @ (X - mean).T


@wrong("pca_encode", "the codes are decoded again: stop after the k numbers")
def encode_and_decode(X, mean, U):
    return (X - mean) @ U @ U.T


@wrong("pca_encode", "Shapes do not fit: `X` is (4, 3) = (B, P), `mean` is (3,) = (P), `U` is (3,")
def encode_with_u_transposed(X, mean, U):
    return (X - mean) @ U.T


@wrong("pca_encode", "U is reshaped, which shuffles its entries")
def encode_with_u_reshaped_twice(X, mean, U):
    return (X - mean) @ U.reshape(U.shape[1], U.shape[0]).T


@wrong("pca_encode", "`X` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`, `add_`,")
def encode_in_place(X, mean, U):
    X -= mean
    return X @ U


@wrong("pca_encode", "`mean` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def encode_changes_the_mean(X, mean, U):
    return (X + mean.neg_()) @ U


@wrong("pca_encode", "The answer does not depend on `U`")
def encode_without_u(X, mean, U):
    return X - mean


@wrong("pca_encode", "Of `U` only the first along k makes a difference")
def encode_first_component_only(X, mean, U):
    return (X - mean) @ U[:, :1]


@wrong("pca_encode", "each code is divided by its standard deviation")
def encode_whitened(X, mean, U):
    Z = (X - mean) @ U
    return Z / Z.std(0, correction=0)


@wrong("pca_encode", "the codes are scaled to length 1")
def encode_normalised(X, mean, U):
    Z = (X - mean) @ U
    return Z / Z.norm(dim=1, keepdim=True)


@wrong("pca_encode", "the right one without its sign")
def encode_absolute(X, mean, U):
    return ((X - mean) @ U).abs()


@wrong("pca_encode", "Shapes do not fit, an axis of 4 (B) meets one of 3 (P): `X` is (4, 3) = (B,")
def encode_by_an_outer_product_of_the_mean(X, mean, U):
    return (X - mean[:, None]) @ U


@wrong("pca_encode", "Shapes do not fit, an axis of 2 (k) meets one of 3 (P): `X` is (4, 3) = (B,")
def encode_with_the_mean_after(X, mean, U):
    return X @ U - mean


@wrong("pca_encode", "one mean is subtracted from all pixels")
def encode_with_one_mean(X, mean, U):
    return (X - mean.mean()) @ U


@wrong("pca_encode", "the right one in reverse along k")
def encode_columns_turned(X, mean, U):
    return (X - mean) @ U.flip(1)


@wrong("pca_encode", "the codes are decoded again, and the mean added")
def encode_decoded_with_mean(X, mean, U):
    return (X - mean) @ U @ U.T + mean


@wrong("pca_encode", "The answer is float32 where the arguments are float64: something inside does")
def encode_single(X, mean, U):
    return (X.float() - mean.float()) @ U.float()


@wrong("pca_encode", "The answer is float32 where the arguments are float64: something inside does")
def encode_into_float32(X, mean, U):
    Z = torch.zeros(len(X), U.shape[1])
    for b in range(len(X)):
        Z[b] = (X[b] - mean) @ U
    return Z


@wrong("pca_encode", "It is right to float32's digits only: is a number inside float32 where the")
def encode_with_a_float32_mean(X, mean, U):
    return (X - torch.tensor(mean.tolist())) @ U


@wrong("pca_encode", "The answer is cut off from its arguments, so nothing can be learned: no")
def encode_detached(X, mean, U):
    return ((X - mean) @ U).detach()


@wrong("pca_encode", "No gradient reaches `mean`, though the answer depends on it")
def encode_with_a_fixed_mean(X, mean, U):
    return (X - mean.detach()) @ U


@wrong("pca_encode", "No gradient reaches `U`, though the answer depends on it")
def encode_with_fixed_components(X, mean, U):
    return (X - mean) @ U.data


@wrong("pca_encode", "The answer is cut off from its arguments, so nothing can be learned: no")
def encode_by_numpy(X, mean, U):
    return torch.from_numpy((X.detach().numpy() - mean.detach().numpy()) @ U.detach().numpy())


@wrong("pca_encode", "The function returned None; is a `return` missing?")
def encode_forgotten(X, mean, U):
    (X - mean) @ U


@wrong("pca_encode", "Shapes do not fit, an axis of 3 (P) meets one of 2 (k): `X` is (4, 3) = (B,")
def encode_elementwise(X, mean, U):
    return (X - mean) * U


@wrong("pca_encode", "the square of the right one")
def encode_squared(X, mean, U):
    return ((X - mean) @ U) ** 2


@wrong("pca_encode", "only the first and the last component are used")
def encode_always_two(X, mean, U):
    return torch.stack([(X - mean) @ U[:, 0], (X - mean) @ U[:, -1]], 1)


@right("pca_encode")
def encode_by_einsum(X, mean, U):
    return torch.einsum("bp,pk->bk", X - mean, U)


@right("pca_encode")
def encode_in_loops(X, mean, U):
    rows = [[torch.dot(x - mean, U[:, i]) for i in range(U.shape[1])] for x in X]
    return torch.stack([torch.stack(row) for row in rows])


@right("pca_encode")
def encode_by_the_transposed_product(X, mean, U):
    return (U.T @ (X - mean).T).T


@right("pca_encode")
def encode_mean_and_data_apart(X, mean, U):
    return X @ U - mean @ U


@right("pca_encode")
def encode_by_least_squares(X, mean, U):
    return torch.linalg.lstsq(U, (X - mean).T).solution.T


@oracle("pca_encode")
def encode_by_scikit_learn(X, mean, U):
    return _Outside.apply(lambda X, mean, U: _fitted(mean, U).transform(X), X, mean, U)


def _fitted(mean, U):
    """scikit-learn's PCA, as if it had been fitted to data with this mean and these components."""
    pca = PCA(U.shape[1])
    pca.mean_, pca.components_ = mean, U.T
    pca.explained_variance_ = np.ones(U.shape[1])
    return pca


# pca_decode -----------------------------------------------------------------------------------------


@wrong("pca_decode", "the right one, the mean left out")
def decode_without_mean(Z, mean, U):
    return Z @ U.T


@wrong("pca_decode", "the right one, the mean with the wrong sign")
def decode_subtracts_the_mean(Z, mean, U):
    return Z @ U.T - mean


@wrong("pca_decode", "the result is cut off at 0 and 1")
def decode_clamped(Z, mean, U):
    return (Z @ U.T + mean).clamp(0, 1)


@wrong("pca_decode", "U is reshaped, which shuffles its entries; it should be transposed")
def decode_with_u_reshaped(Z, mean, U):
    return Z @ U.reshape(U.shape[1], -1) + mean


@wrong("pca_decode", "the right one transposed")
def decode_transposed(Z, mean, U):
    return (Z @ U.T + mean).T


@wrong("pca_decode", "the mean goes through U Uᵀ too; add it to the pixels, not to the codes")
def decode_with_the_mean_in_the_codes(Z, mean, U):
    return (Z + mean @ U) @ U.T


@wrong("pca_decode", "Shapes do not fit: `Z` is (4, 2) = (B, k), `mean` is (3,) = (P), `U` is (3,")
def decode_with_u_not_transposed(Z, mean, U):
    return Z @ U + mean


@wrong("pca_decode", "the result goes through a sigmoid")
def decode_through_a_sigmoid(Z, mean, U):
    return torch.sigmoid(Z @ U.T + mean)


@wrong("pca_decode", "`Z` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`, `add_`,")
def decode_in_place(Z, mean, U):
    mean += 0 * mean
    Z *= 1.5
    return Z @ U.T / 1.5 + mean


@wrong("pca_decode", "`mean` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def decode_adds_into_the_mean(Z, mean, U):
    for z in Z:
        mean += U @ z
    return mean


@wrong("pca_decode", "only the first component is used")
def decode_first_component_only(Z, mean, U):
    return Z[:, :1] * U[:, 0] + mean


@wrong("pca_decode", "the result is cut off at 0")
def decode_clamped_below(Z, mean, U):
    return (Z @ U.T + mean).relu()


@wrong("pca_decode", "the mean is multiplied, not added")
def decode_times_the_mean(Z, mean, U):
    return Z @ U.T * mean


@wrong("pca_decode", "the mean is added before the codes are decoded, and subtracted after")
def decode_mean_before_and_after(Z, mean, U):
    return (Z + mean @ U) @ U.T - mean


@wrong("pca_decode", "the right one, the mean once too often")
def decode_mean_twice(Z, mean, U):
    return Z @ U.T + 2 * mean


@wrong("pca_decode", "the mean alone")
def decode_returns_the_mean(Z, mean, U):
    return mean.expand(len(Z), -1)


@wrong("pca_decode", "It is right when `Z` is handed in with the other sign")
def decode_negative(Z, mean, U):
    return mean - Z @ U.T


@wrong("pca_decode", "the first of B in the place of all")
def decode_by_the_first_sample(Z, mean, U):
    return Z[0] @ U.T + mean


@wrong("pca_decode", "the columns of U are in reverse")
def decode_columns_turned(Z, mean, U):
    return Z @ U.flip(1).T + mean


@wrong("pca_decode", "one mean is added to all pixels")
def decode_with_one_mean(Z, mean, U):
    return Z @ U.T + mean.mean()


@wrong("pca_decode", "The answer is float32 where the arguments are float64: something inside does")
def decode_single(Z, mean, U):
    return (Z.float() @ U.float().T) + mean.float()


@wrong("pca_decode", "The answer is float32 where the arguments are float64: something inside does")
def decode_into_float32(Z, mean, U):
    X_hat = torch.zeros(len(Z), len(mean))
    for b in range(len(Z)):
        X_hat[b] = U @ Z[b] + mean
    return X_hat


@wrong("pca_decode", "The answer is cut off from its arguments, so nothing can be learned: no")
def decode_detached(Z, mean, U):
    with torch.no_grad():
        return Z @ U.T + mean


@wrong("pca_decode", "No gradient reaches `mean`, though the answer depends on it")
def decode_with_a_fixed_mean(Z, mean, U):
    return Z @ U.T + torch.tensor(mean.tolist(), dtype=Z.dtype)


@wrong("pca_decode", "No gradient reaches `U`, though the answer depends on it")
def decode_with_fixed_components(Z, mean, U):
    return Z @ U.T.detach() + mean


@wrong("pca_decode", "The answer is cut off from its arguments, so nothing can be learned: no")
def decode_by_numpy(Z, mean, U):
    return torch.from_numpy(Z.detach().numpy() @ U.detach().numpy().T + mean.detach().numpy())


@wrong("pca_decode", "The function returned None; is a `return` missing?")
def decode_forgotten(Z, mean, U):
    Z @ U.T + mean


@wrong("pca_decode", "the right one rounded")
def decode_rounded(Z, mean, U):
    return (Z @ U.T + mean).round()


@wrong("pca_decode", "Shapes do not fit, an axis of 4 (B) meets one of 3 (P): `Z` is (4, 2) = (B,")
def decode_mean_on_the_wrong_axis(Z, mean, U):
    return Z @ U.T + mean[:, None]


@wrong("pca_decode", "only the first and the last component are used")
def decode_two_components_only(Z, mean, U):
    return Z[:, :1] * U[:, 0] + Z[:, -1:] * U[:, -1] + mean


@right("pca_decode")
def decode_by_einsum(Z, mean, U):
    return torch.einsum("bk,pk->bp", Z, U) + mean


@right("pca_decode")
def decode_component_by_component(Z, mean, U):
    X_hat = mean.repeat(len(Z), 1)
    for i in range(U.shape[1]):
        X_hat = X_hat + Z[:, i : i + 1] * U[:, i]
    return X_hat


@right("pca_decode")
def decode_by_the_transposed_product(Z, mean, U):
    return (U @ Z.T + mean[:, None]).T


@right("pca_decode")
def decode_by_matmul_and_add(Z, mean, U):
    return torch.addmm(mean, Z, U.mT)


@right("pca_decode")
def decode_by_a_linear_layer(Z, mean, U):
    return torch.nn.functional.linear(Z, U, bias=mean)


@oracle("pca_decode")
def decode_by_scikit_learn(Z, mean, U):
    return _Outside.apply(lambda Z, mean, U: _fitted(mean, U).inverse_transform(Z), Z, mean, U)


# reconstruction_error -------------------------------------------------------------------------------


@wrong("reconstruction_error", "the mean is taken over the pixels as well, as `mse_loss` does")
def error_averaged_over_pixels(X, X_hat):
    return torch.nn.functional.mse_loss(X_hat, X)


@wrong("reconstruction_error", "the right one times B, as when a sum over B is taken, not a mean")
def error_summed_over_samples(X, X_hat):
    return ((X - X_hat) ** 2).sum()


@wrong("reconstruction_error", "the sum runs over the samples and the mean over the pixels")
def error_with_the_axes_swapped(X, X_hat):
    return ((X - X_hat) ** 2).sum(0).mean()


@wrong("reconstruction_error", "the mean is taken of the distances, without the square")
def error_of_distances(X, X_hat):
    return (X - X_hat).norm(dim=1).mean()


@wrong("reconstruction_error", "a square root is taken at the end")
def error_with_a_root(X, X_hat):
    return ((X - X_hat) ** 2).sum(1).mean().sqrt()


@wrong("reconstruction_error", "absolute values are summed, not squares")
def error_absolute(X, X_hat):
    return (X - X_hat).abs().sum(1).mean()


@wrong("reconstruction_error", "half the right one")
def error_halved(X, X_hat):
    return 0.5 * ((X - X_hat) ** 2).sum(1).mean()


@wrong("reconstruction_error", "the right one divided by B − 1 in the place of B")
def error_unbiased(X, X_hat):
    return ((X - X_hat) ** 2).sum() / (len(X) - 1)


@wrong("reconstruction_error", "the differences are added up before they are squared")
def error_of_sums(X, X_hat):
    return ((X - X_hat).sum(1) ** 2).mean()


@wrong("reconstruction_error", "the mean over the samples is missing")
def error_per_sample(X, X_hat):
    return ((X - X_hat) ** 2).sum(1)


@wrong("reconstruction_error", "the distance of all pixels together is taken, with a square root")
def error_as_a_norm(X, X_hat):
    return torch.linalg.norm(X - X_hat)


@wrong("reconstruction_error", "`X_hat` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def error_in_place(X, X_hat):
    X_hat -= X
    return X_hat.square().sum(1).mean()


@wrong("reconstruction_error", "the distances are averaged, and squared after")
def error_by_norms_squared(X, X_hat):
    return (X - X_hat).norm(dim=1).mean() ** 2


@wrong("reconstruction_error", "The gradient for `X` is NaN or infinite at perfect reconstructions")
def error_by_the_root_squared(X, X_hat):
    return ((X - X_hat) ** 2).sum(1).sqrt().pow(2).mean()  # the slope of the root at 0 is infinite


@wrong("reconstruction_error", "the differences are not squared")
def error_not_squared(X, X_hat):
    return (X - X_hat).sum(1).mean()


@wrong("reconstruction_error", "the squares are subtracted, not the numbers")
def error_of_squares_apart(X, X_hat):
    return (X**2 - X_hat**2).sum(1).mean()


@wrong("reconstruction_error", "the mean runs over the samples, but the pixels are not summed")
def error_per_pixel(X, X_hat):
    return ((X - X_hat) ** 2).mean(0)


@wrong("reconstruction_error", "nothing is summed")
def error_of_everything(X, X_hat):
    return (X - X_hat) ** 2


@wrong("reconstruction_error", "the largest error of a sample is taken, not their mean")
def error_largest(X, X_hat):
    return ((X - X_hat) ** 2).sum(1).max()


@wrong("reconstruction_error", "the right numbers in another shape")
def error_keeps_an_axis(X, X_hat):
    return ((X - X_hat) ** 2).sum(1).mean(0, keepdim=True)


@wrong("reconstruction_error", "the right one with the other sign")
def error_negative(X, X_hat):
    return -((X - X_hat) ** 2).sum(1).mean()


@wrong("reconstruction_error", "The answer is cut off from its arguments, so nothing can be learned: no")
def error_as_a_python_number(X, X_hat):
    return ((X - X_hat) ** 2).sum().item() / len(X)


@wrong("reconstruction_error", "The answer is cut off from its arguments, so nothing can be learned: no")
def error_by_numpy(X, X_hat):
    return torch.tensor(((X.detach().numpy() - X_hat.detach().numpy()) ** 2).sum(1).mean())


@wrong("reconstruction_error", "The answer is float32 where the arguments are float64: something inside does")
def error_single(X, X_hat):
    return ((X.float() - X_hat.float()) ** 2).sum(1).mean()


@wrong("reconstruction_error", "No gradient reaches `X_hat`, though the answer depends on it")
def error_with_a_fixed_x_hat(X, X_hat):
    return ((X - X_hat.detach()) ** 2).sum(1).mean()


@wrong("reconstruction_error", "No gradient reaches `X`, though the answer depends on it")
def error_with_a_fixed_x(X, X_hat):
    return ((X.data - X_hat) ** 2).sum(1).mean()


@wrong("reconstruction_error", "The function returned None; is a `return` missing?")
def error_forgotten(X, X_hat):
    ((X - X_hat) ** 2).sum(1).mean()


@wrong("reconstruction_error", "it is divided by the mean square of X: a relative error")
def error_relative(X, X_hat):
    return ((X - X_hat) ** 2).sum(1).mean() / (X**2).sum(1).mean()


@wrong("reconstruction_error", "the sum is divided by 5, whatever B is")
def error_with_a_fixed_number_of_samples(X, X_hat):
    return ((X - X_hat) ** 2).sum() / 5


@wrong("reconstruction_error", "the mean of the differences is taken away first: a variance")
def error_as_variance(X, X_hat):
    return (X - X_hat).var(0, correction=0).sum()


@wrong("reconstruction_error", "Of `X` only the first along B makes a difference")
def error_first_sample(X, X_hat):
    return ((X[0] - X_hat[0]) ** 2).sum()


@wrong("reconstruction_error", "the mean over the pixels is multiplied by 3, whatever P is")
def error_with_a_fixed_number_of_pixels(X, X_hat):
    return 3 * ((X - X_hat) ** 2).mean()


@right("reconstruction_error")
def error_by_a_vector_product(X, X_hat):
    difference = (X_hat - X).flatten()
    return difference @ difference / X.shape[0]


@right("reconstruction_error")
def error_in_loops(X, X_hat):
    total = 0.0
    for x, x_hat in zip(X, X_hat, strict=True):
        for a, b in zip(x, x_hat, strict=True):
            total = total + (a - b) ** 2
    return total / len(X)


@right("reconstruction_error")
def error_by_mse_times_pixels(X, X_hat):
    return X.shape[1] * torch.nn.functional.mse_loss(X_hat, X)


@right("reconstruction_error")
def error_as_a_trace(X, X_hat):
    difference = X - X_hat
    return torch.trace(difference @ difference.T) / len(X)


@oracle("reconstruction_error")
def error_by_scikit_learn(X, X_hat):
    return _Outside.apply(lambda X, Y: mean_squared_error(X, Y, multioutput="raw_values").sum(), X, X_hat)


@oracle("reconstruction_error")
def error_by_scipy(X, X_hat):
    return _Outside.apply(lambda X, Y: np.diag(cdist(X, Y, "sqeuclidean")).mean(), X, X_hat)


# components_needed ----------------------------------------------------------------------------------


@wrong("components_needed", "the index is returned, which counts from 0")
def needed_as_an_index(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return int((share >= fraction).int().argmax())


@wrong("components_needed", "one component too many is counted")
def needed_one_too_many(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return int((share < fraction).sum()) + 2


@wrong("components_needed", "“at least” is read as “more than”: the fraction may be met exactly")
def needed_strictly(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return int((share <= fraction).sum()) + 1


@wrong("components_needed", "the components left out are asked to hold the fraction")
def needed_for_the_remaining_fraction(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return int((share < 1 - fraction).sum()) + 1


@wrong("components_needed", "the variances are not divided by their total")
def needed_without_the_total(variances, fraction):
    return int((variances.cumsum(0) < fraction).sum()) + 1


@wrong("components_needed", "It is right when `variances` is handed in squared")
def needed_by_standard_deviations(variances, fraction):
    return needed_by_search(variances.sqrt(), fraction)


@wrong("components_needed", "It is right when `variances` is handed in as its square root")
def needed_by_squares(variances, fraction):
    return needed_by_search(variances**2, fraction)


@wrong("components_needed", "the number of components is multiplied by the fraction and rounded up")
def needed_of_the_count(variances, fraction):
    return int(np.ceil(fraction * len(variances)))


@wrong("components_needed", "the number of components is multiplied by the fraction and rounded down")
def needed_of_the_count_rounded_down(variances, fraction):
    return int(fraction * len(variances))


@wrong("components_needed", "the smallest variances are added up first")
def needed_from_the_smallest(variances, fraction):
    share = variances.flip(0).cumsum(0) / variances.sum()
    return int((share < fraction).sum()) + 1


@wrong("components_needed", "those components are counted that hold the fraction each by itself")
def needed_each_by_itself(variances, fraction):
    return int((variances / variances.sum() >= fraction).sum())


@wrong("components_needed", "The answer is a Tensor, it should be a whole number of Python's, an int")
def needed_as_a_list(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return (share >= fraction).nonzero()[0] + 1


@wrong("components_needed", "The answer is a Tensor, it should be a whole number of Python's, an int")
def needed_as_the_shares(variances, fraction):
    return variances.cumsum(0) / variances.sum()


@wrong("components_needed", "`variances` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def needed_in_place(variances, fraction):
    variances /= variances.sum()
    return int((variances.cumsum(0) < fraction).sum()) + 1


@wrong("components_needed", "The answer is a Tensor, it should be a whole number of Python's, an int")
def needed_as_a_tensor(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return (share < fraction).sum() + 1


@wrong("components_needed", "The answer is a float, it should be a whole number of Python's, an int")
def needed_as_a_float(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return float((share < fraction).sum() + 1)


@wrong("components_needed", "The answer is a int64, it should be a whole number of Python's, an int")
def needed_as_numpy(variances, fraction):
    share = np.cumsum(variances.numpy()) / variances.numpy().sum()
    return np.argmax(share >= fraction) + 1


@wrong("components_needed", "those components are counted with which the fraction is reached, not those")
def needed_that_reach(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return int((share >= fraction).sum())


@wrong("components_needed", "the components are counted that do not exceed the fraction, without the one")
def needed_without_the_last(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return int((share <= fraction).sum())


@wrong("components_needed", "the k whose sum comes nearest to the fraction is taken, from above or below")
def needed_by_argmin(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return int((share - fraction).abs().argmin()) + 1


@wrong("components_needed", "each variance is compared with the fraction of the largest")
def needed_by_the_largest(variances, fraction):
    return int((variances < fraction * variances[0]).sum()) + 1


@wrong("components_needed", "1 is returned whatever the variances: the sums are compared with too little,")
def needed_relative_to_the_largest(variances, fraction):
    return int((variances.cumsum(0) < fraction * variances[0]).sum()) + 1


@wrong("components_needed", "1 is returned whatever the variances: the sums are compared with too little,")
def needed_of_the_mean(variances, fraction):
    return int((variances.cumsum(0) < fraction * variances.mean()).sum()) + 1


@wrong("components_needed", "all components are counted")
def needed_all(variances, fraction):
    return len(variances)


@wrong("components_needed", "The answer is a float, it should be a whole number of Python's, an int")
def needed_as_the_share(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return float(share[int((share < fraction).sum())])


@wrong("components_needed", "The answer is a NoneType, it should be a whole number of Python's, an int")
def needed_forgotten(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    int((share < fraction).sum()) + 1


@wrong("components_needed", "Ordinary numbers come out right, but not fractions of 1")
def needed_all_for_one(variances, fraction):
    if fraction == 1:
        return len(variances)
    share = variances.cumsum(0) / variances.sum()
    return int((share < fraction).sum()) + 1


@wrong("components_needed", "1 is returned whatever the variances: the sums are compared with too little,")
def needed_in_percent(variances, fraction):
    share = 100 * variances.cumsum(0) / variances.sum()
    return int((share < fraction).sum()) + 1


@wrong("components_needed", "the sums are rounded before they are compared")
def needed_by_rounding(variances, fraction):
    share = (variances.cumsum(0) / variances.sum()).round(decimals=1)
    return int((share < fraction).sum()) + 1


@wrong("components_needed", "a small constant is added to the total: a fraction of 1 is never reached")
def needed_with_a_small_constant(variances, fraction):
    share = variances.cumsum(0) / (variances.sum() + 1e-8)
    return min(int((share < fraction).sum()) + 1, len(variances))


@right("components_needed")
def needed_in_a_loop(variances, fraction):
    total, held = sum(variances.tolist()), 0.0
    for k, variance in enumerate(variances.tolist(), start=1):
        held += variance
        if held >= fraction * total:
            return k
    return len(variances)


@right("components_needed")
def needed_by_search(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return int(torch.searchsorted(share, torch.tensor(fraction, dtype=share.dtype))) + 1


@right("components_needed")
def needed_by_argmax(variances, fraction):
    share = variances.double().cumsum(0) / variances.double().sum()
    return (share >= fraction).int().argmax().item() + 1


@right("components_needed")
def needed_by_nonzero(variances, fraction):
    share = torch.cumsum(variances, 0) / torch.sum(variances)
    return torch.nonzero(share >= fraction)[0, 0].item() + 1


@right("components_needed")
def needed_by_numpy_inside(variances, fraction):
    share = np.cumsum(variances.numpy()) / variances.numpy().sum()
    return int(np.argmax(share >= fraction)) + 1


@right("components_needed")
def needed_by_trying(variances, fraction):
    k = 1
    while variances[:k].sum() < fraction * variances.sum():
        k += 1
    return k


@oracle("components_needed")
def needed_by_exact_fractions(variances, fraction):
    exact = [Fraction(v) for v in variances.tolist()]
    return next(k for k in range(1, len(exact) + 1) if sum(exact[:k]) >= Fraction(fraction) * sum(exact))


# slips that were tried when this bank had none of them ------------------------------------------------------


@wrong("center", "`centred`: This is the right one plus a number of its own for each of P.")
def center_by_the_middle(X):
    m = (X.amax(0) + X.amin(0)) / 2
    return X - m, m


@wrong("center", "`centred`: This is the right one plus a number of its own for each of P.")
def center_twice_the_mean(X):
    m = X.mean(0)
    return X - 2 * m, m


@wrong("center", "`mean`: This is the right one with the other sign.")
def center_returns_minus_mean(X):
    m = X.mean(0)
    return X - m, -m


@wrong("center", "`centred`: This is the right one plus a number of its own for each of P.")
def center_by_the_last_sample(X):
    return X - X[-1], X.mean(0)


@wrong("covariance", "This is the right one without its sign.")
def covariance_without_off_diagonal_signs(Xc):
    return (Xc.T @ Xc / len(Xc)).abs()


@wrong("covariance", "This is the right one divided by P.")
def covariance_divided_by_both(Xc):
    return Xc.T @ Xc / Xc.numel()


@wrong("covariance", "`Xc` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def covariance_scales_in_place(Xc):
    Xc /= len(Xc) ** 0.5
    return Xc.T @ Xc


@wrong("covariance", "The answer is float32 where the arguments are float64: something inside")
def covariance_into_zeros(Xc):
    C = torch.zeros(Xc.shape[1], Xc.shape[1])
    for x in Xc:
        C += torch.outer(x, x).float()
    return C / len(Xc)


@wrong("principal_components")
def components_in_rows(C, k):
    variances, U = torch.linalg.eigh(C)
    return U.T[-k:].flip(0).T.contiguous(), variances[:k]


@wrong("pca_encode", "It is right when `mean` is handed in with the other sign.")
def encode_adds_mean(X, mean, U):
    return (X + mean) @ U


@wrong("pca_encode", "This is the right one plus a number of its own for each of k.")
def encode_subtracts_after(X, mean, U):
    return X @ U - mean.mean()


@wrong("pca_encode", "`X` itself is changed: an operation in place (`+=`, `-=`, `x[…] = …`,")
def encode_centres_in_place(X, mean, U):
    X.sub_(mean)
    return X @ U


@wrong("pca_encode", "No gradient reaches `U`, though the answer depends on it.")
def encode_detaches_u(X, mean, U):
    return (X - mean) @ U.detach()


@wrong("pca_decode", "This is half the right one.")
def decode_scales_the_mean(Z, mean, U):
    return (Z @ U.T + mean) / 2


@wrong("pca_decode", "This is the first of B in the place of all.")
def decode_of_the_first(Z, mean, U):
    return U @ Z[0] + mean


@wrong("reconstruction_error", "This is the right one times B, as when a sum over B is taken, not a mean.")
def error_sum_of_squares_root(X, X_hat):
    return (X - X_hat).norm() ** 2


@wrong("reconstruction_error")
def error_median(X, X_hat):
    return ((X - X_hat) ** 2).sum(1).median()


@wrong("components_needed", "It is right when `variances` is handed in squared.")
def needed_of_deviations(variances, fraction):
    d = variances.sqrt()
    s = d.cumsum(0) / d.sum()
    return int((s < fraction).sum()) + 1


@wrong("components_needed", "The answer is a int64, it should be a whole number of Python's, an int.")
def needed_as_numpy_too(variances, fraction):
    s = (variances.cumsum(0) / variances.sum()).numpy()
    return np.searchsorted(s, fraction) + 1
