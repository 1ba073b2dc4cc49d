"""Answers to lab 1: the usual mistakes, right answers written otherwise, and second routes to its numbers."""

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

# center ---------------------------------------------------------------------------------------------


@wrong("center", names="the mean runs over the pixels of each sample")
def center_over_pixels(X):
    mean = X.mean(1, keepdim=True)
    return X - mean, mean


@wrong("center", names="the mean runs over the pixels, not over the samples")
def center_over_pixels_flat(X):
    return X - X.mean(1)[:, None], X.mean(1)


@wrong("center", names="one mean is taken over all the numbers")
def center_over_everything(X):
    return X - X.mean(), X.mean()


@wrong("center", names="the mean is added")
def center_adds(X):
    return X + X.mean(0), X.mean(0)


@wrong("center", names="the standard deviation is divided out")
def center_standardises(X):
    return (X - X.mean(0)) / X.std(0), X.mean(0)


@wrong("center", names="the mean comes first")
def center_swaps_its_results(X):
    return X.mean(0), X - X.mean(0)


@wrong("center", names="the centred data come without their mean")
def center_alone(X):
    return X - X.mean(0)


@wrong("center", names="`keepdim`")
def center_keeps_an_axis(X):
    mean = X.mean(0, keepdim=True)
    return X - mean, mean


@wrong("center", names="`center` changes X itself")
def center_in_place(X):
    mean = X.mean(0)
    X -= mean
    return X, mean


@wrong("center", names="the mean is taken anew after centring")
def center_returns_the_mean_of_the_centred(X):
    X = X - X.mean(0)
    return X, X.mean(0)


@wrong("center", names="values are off")
def center_by_the_median(X):
    return X - X.median(0).values, X.median(0).values


@wrong("center")
def center_with_a_fixed_number_of_samples(X):
    mean = X.sum(0) / 5
    return X - mean, mean


@right("center")
def center_in_a_loop(X):
    mean = torch.zeros(X.shape[1])
    for x in X:
        mean += x / len(X)
    centred = torch.zeros(X.shape)
    for b in range(len(X)):
        centred[b] = X[b] - mean
    return centred, mean


@right("center")
def center_in_double_precision(X):
    mean = X.double().sum(0) / X.shape[0]
    return [X.double() - mean, mean]


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
def center_with_gradients(X):
    X = X.clone().requires_grad_()
    return X - X.mean(-2), X.mean(-2)


@oracle("center")
def center_by_scikit_learn(X):
    scaler = StandardScaler(with_std=False).fit(X.double().numpy())
    return torch.from_numpy(scaler.transform(X.double().numpy())), torch.from_numpy(scaler.mean_)


# covariance -----------------------------------------------------------------------------------------


@wrong("covariance", names="divided by B − 1")
def covariance_unbiased(Xc):
    return Xc.T @ Xc / (len(Xc) - 1)


@wrong("covariance", names="divided by B − 1")
def covariance_by_torch_as_it_comes(Xc):
    return torch.cov(Xc.T)


@wrong("covariance", names="is not divided by B")
def covariance_not_divided(Xc):
    return Xc.T @ Xc


@wrong("covariance", names="divided by P")
def covariance_divided_by_pixels(Xc):
    return Xc.T @ Xc / Xc.shape[1]


@wrong("covariance", names="samples are multiplied with samples (and divided by B)")
def covariance_of_samples(Xc):
    return Xc @ Xc.T / len(Xc)


@wrong("covariance", names="samples are multiplied with samples, not")
def covariance_of_samples_not_divided(Xc):
    return Xc @ Xc.T


@wrong("covariance", names="only the variances")
def covariance_diagonal(Xc):
    return Xc.var(0, correction=0)


@wrong("covariance", names="the correlations")
def covariance_as_correlation(Xc):
    return torch.corrcoef(Xc.T)


@wrong("covariance", names="The shape is (5, 5)")
def covariance_of_rows(Xc):
    return torch.cov(Xc, correction=0)


@wrong("covariance")
def covariance_in_place(Xc):
    Xc /= len(Xc) ** 0.5
    return Xc.T @ Xc


@wrong("covariance")
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
    C = torch.zeros(P, P)
    for p in range(P):
        for q in range(P):
            C[p, q] = (Xc[:, p] * Xc[:, q]).sum() / B
    return C


@right("covariance")
def covariance_as_a_mean_of_outer_products(Xc):
    return torch.stack([torch.outer(x, x) for x in Xc]).mean(0)


@right("covariance")
def covariance_centred_once_more(Xc):
    Xc = (Xc - Xc.mean(0)).double()
    return (Xc.T / len(Xc)) @ Xc


@oracle("covariance")
def covariance_by_scikit_learn(Xc):
    twice = Xc.double().repeat(2, 1).numpy()  # the same C; scikit-learn warns of a single sample
    fitted = EmpiricalCovariance(assume_centered=True).fit(twice)
    return torch.from_numpy(fitted.covariance_)


@oracle("covariance")
def covariance_by_exact_fractions(Xc):
    columns = [[Fraction(v) for v in column] for column in Xc.T.tolist()]
    return torch.tensor(
        [[float(sum(a * b for a, b in zip(p, q, strict=True)) / len(p)) for q in columns] for p in columns]
    )


# principal_components -------------------------------------------------------------------------------


@wrong("principal_components", names="the variances come smallest first")
def components_smallest_first(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:, -k:], variances[-k:]


@wrong("principal_components", names="the smallest variances are kept")
def components_of_smallest_variance(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:, :k], variances[:k]


@wrong("principal_components", names="`torch.linalg.eig` does not sort")
def components_unsorted(C, k):
    variances, vectors = torch.linalg.eig(C)
    return vectors.real[:, :k], variances.real[:k]


@wrong("principal_components", names="standard deviations are returned")
def components_with_standard_deviations(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :k], variances.flip(0)[:k].clamp(min=0).sqrt()


@wrong("principal_components", names="each variance is divided by their sum")
def components_with_shares(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :k], variances.flip(0)[:k] / variances.sum()


@wrong("principal_components", names="all P variances are returned, not k")
def components_all(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1), variances.flip(0)


@wrong("principal_components", names="all P variances are returned, and smallest first")
def components_all_smallest_first(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors, variances


@wrong("principal_components", names="all P directions are returned")
def components_all_with_k_variances(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1), variances.flip(0)[:k]


@wrong("principal_components", names="directions of smallest variance")
def components_turned_round_by_half(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:, :k], variances.flip(0)[:k]


@wrong("principal_components", names="the opposite order of the variances")
def components_and_variances_in_different_orders(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:, -k:], variances.flip(0)[:k]


@wrong("principal_components", names="the components are the rows of U")
def components_as_rows(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :k].T, variances.flip(0)[:k]


@wrong("principal_components", names="k rows of the matrix of eigenvectors are taken")
def components_rows_for_columns(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:k], variances.flip(0)[:k]


@wrong("principal_components", names="k rows of the matrix of eigenvectors are transposed")
def components_rows_transposed(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors[:k].T, variances.flip(0)[:k]


@wrong("principal_components", names="the standard deviations as lengths")
def components_scaled(C, k):
    variances, vectors = torch.linalg.eigh(C)
    variances, vectors = variances.flip(0)[:k], vectors.flip(1)[:, :k]
    return vectors * variances.clamp(min=0).sqrt(), variances


@wrong("principal_components", names="minus signs inside a column are lost")
def components_without_signs(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :k].abs(), variances.flip(0)[:k]


@wrong("principal_components", names="2 of 9 values are off")
def components_oblique_where_variances_are_equal(C, k):  # as torch.linalg.eig may return them
    variances, vectors = torch.linalg.eigh(C)
    variances, vectors = variances.flip(0), vectors.flip(1)
    for i in range(1, len(C)):
        if abs(variances[i] - variances[i - 1]) < 1e-5:
            mixed = vectors[:, i] + 0.2 * vectors[:, i - 1]
            vectors[:, i] = mixed / mixed.norm()
    return vectors[:, :k], variances[:k]


@wrong("principal_components", names="should be (2,)")
def components_after_variances(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return variances.flip(0)[:k], vectors.flip(1)[:, :k]


@wrong("principal_components")
def components_without_their_last_axis(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :k].squeeze(), variances.flip(0)[:k].squeeze()


@wrong("principal_components", names="it should be (3,)")
def components_always_two(C, k):
    variances, vectors = torch.linalg.eigh(C)
    return vectors.flip(1)[:, :2], variances.flip(0)[:2]


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
    variances, vectors = torch.linalg.eigh(C.double())
    signs = -vectors.sum(0).sign().where(vectors.sum(0) != 0, torch.ones(()).double())
    return (vectors * signs).flip(1)[:, :k], variances.flip(0)[:k].clamp(min=0)


@right("principal_components")
def components_by_numpy_inside(C, k):
    variances, vectors = np.linalg.eigh(C.numpy())
    return torch.tensor(vectors[:, ::-1][:, :k].copy()), torch.tensor(variances[::-1][:k].copy())


@right("principal_components")
def components_by_power_iteration(C, k):
    rest, U, variances = C.double().clone(), [], []
    for i in range(k):
        u = torch.arange(1, len(C) + 1).double().pow(i + 1).sin()
        for done in U:  # keep to the complement, where C may be zero
            u = u - (done @ u) * done
        u = u / u.norm()
        for _ in range(400):
            v = rest @ u
            for done in U:
                v = v - (done @ v) * done
            if v.norm() < 1e-9:
                break
            u = v / v.norm()
        U.append(u)
        variances.append(u @ C.double() @ u)
        rest = rest - variances[-1] * torch.outer(u, u)
    return torch.stack(U, 1), torch.stack(variances)


@right("principal_components")
def components_one_by_one(C, k):
    variances, vectors = torch.linalg.eigh(C)
    P = len(C)
    U, kept = torch.zeros(P, k), torch.zeros(k)
    for i in range(k):
        U[:, i] = vectors[:, P - 1 - i]
        kept[i] = variances[P - 1 - i]
    return U, kept


@oracle("principal_components")
def components_by_scikit_learn(C, k):
    # data whose covariance is C = L D Lᵀ: the rows of √D Lᵀ with both signs, so that their mean is 0
    L, D, _ = scipy.linalg.ldl(C.double().numpy())
    root = np.sqrt(len(C) * np.diag(D).clip(0))[:, None] * L.T
    X = np.concatenate([root, -root])
    pca = PCA(k, svd_solver="full").fit(X)
    return (
        torch.from_numpy(pca.components_.T.copy()),
        torch.from_numpy(pca.explained_variance_ * (len(X) - 1) / len(X)),
    )


@oracle("principal_components")
def components_by_mpmath(C, k):
    if len(C) > 10:  # the digits: minutes in mpmath; LAPACK's bisection instead
        P = len(C)
        values, vectors = scipy.linalg.eigh(C.double().numpy(), subset_by_index=[P - k, P - 1], driver="evx")
        return torch.from_numpy(vectors[:, ::-1].copy()), torch.from_numpy(values[::-1].copy())
    values, vectors = mpmath.eigsy(mpmath.matrix(C.double().tolist()))
    order = sorted(range(len(C)), key=lambda i: -values[i])[:k]
    U = [[float(vectors[p, i]) for i in order] for p in range(len(C))]
    return torch.tensor(U), torch.tensor([float(values[i]) for i in order])


# pca_encode -----------------------------------------------------------------------------------------


@wrong("pca_encode", names="the mean is not subtracted")
def encode_without_mean(X, mean, U):
    return X @ U


@wrong("pca_encode", names="the mean is added")
def encode_adds_the_mean(X, mean, U):
    return (X + mean) @ U


@wrong("pca_encode", names="not the `mean` handed in")
def encode_from_its_own_mean(X, mean, U):
    return (X - X.mean(0)) @ U


@wrong("pca_encode", names="X is subtracted from the mean")
def encode_reversed(X, mean, U):
    return (mean - X) @ U


@wrong("pca_encode", names="the codes are the columns of Z")
def encode_transposed(X, mean, U):
    return U.T @ (X - mean).T


@wrong("pca_encode", names="the codes are decoded again")
def encode_and_decode(X, mean, U):
    return (X - mean) @ U @ U.T


@wrong("pca_encode", names="cannot be multiplied")
def encode_with_u_transposed(X, mean, U):
    return (X - mean) @ U.T


@wrong("pca_encode", names="expected [0.4, -0.1")
def encode_with_u_reshaped_twice(X, mean, U):
    return (X - mean) @ U.reshape(U.shape[1], U.shape[0]).T


@wrong("pca_encode")
def encode_in_place(X, mean, U):
    X -= mean
    return X @ U


@wrong("pca_encode")
def encode_always_two(X, mean, U):
    return torch.stack([(X - mean) @ U[:, 0], (X - mean) @ U[:, -1]], 1)


@right("pca_encode")
def encode_by_einsum(X, mean, U):
    return torch.einsum("bp,pk->bk", X - mean, U)


@right("pca_encode")
def encode_in_loops(X, mean, U):
    Z = torch.zeros(len(X), U.shape[1])
    for b in range(len(X)):
        for i in range(U.shape[1]):
            Z[b, i] = torch.dot(X[b] - mean, U[:, i])
    return Z


@right("pca_encode")
def encode_by_the_transposed_product(X, mean, U):
    return (U.T @ (X - mean).T).T


@right("pca_encode")
def encode_mean_and_data_apart(X, mean, U):
    return X.double() @ U.double() - mean.double() @ U.double()


@right("pca_encode")
def encode_by_least_squares(X, mean, U):
    return torch.linalg.lstsq(U, (X - mean).T).solution.T


@oracle("pca_encode")
def encode_by_scikit_learn(X, mean, U):
    return torch.from_numpy(_fitted(mean, U).transform(X.double().numpy()))


def _fitted(mean, U):
    """scikit-learn's PCA, as if it had been fitted to data with this mean and these components."""
    pca = PCA(U.shape[1])
    pca.mean_, pca.components_ = mean.double().numpy(), U.double().numpy().T
    pca.explained_variance_ = np.ones(U.shape[1])
    return pca


# pca_decode -----------------------------------------------------------------------------------------


@wrong("pca_decode", names="the mean is not added back")
def decode_without_mean(Z, mean, U):
    return Z @ U.T


@wrong("pca_decode", names="the mean is subtracted")
def decode_subtracts_the_mean(Z, mean, U):
    return Z @ U.T - mean


@wrong("pca_decode", names="cut off at 0 and 1")
def decode_clamped(Z, mean, U):
    return (Z @ U.T + mean).clamp(0, 1)


@wrong("pca_decode", names="U is reshaped")
def decode_with_u_reshaped(Z, mean, U):
    return Z @ U.reshape(U.shape[1], -1) + mean


@wrong("pca_decode", names="the pictures are the columns")
def decode_transposed(Z, mean, U):
    return (Z @ U.T + mean).T


@wrong("pca_decode", names="the mean goes through U Uᵀ too")
def decode_with_the_mean_in_the_codes(Z, mean, U):
    return (Z + mean @ U) @ U.T


@wrong("pca_decode", names="cannot be multiplied")
def decode_with_u_not_transposed(Z, mean, U):
    return Z @ U + mean


@wrong("pca_decode", names="values are off")
def decode_through_a_sigmoid(Z, mean, U):
    return torch.sigmoid(Z @ U.T + mean)


@wrong("pca_decode")
def decode_in_place(Z, mean, U):
    mean += 0 * mean
    Z *= 1.5
    return Z @ U.T / 1.5 + mean


@wrong("pca_decode")
def decode_two_components_only(Z, mean, U):
    return Z[:, :1] * U[:, 0] + Z[:, -1:] * U[:, -1] + mean


@right("pca_decode")
def decode_by_einsum(Z, mean, U):
    return torch.einsum("bk,pk->bp", Z, U) + mean


@right("pca_decode")
def decode_component_by_component(Z, mean, U):
    X_hat = mean.repeat(len(Z), 1)
    for i in range(U.shape[1]):
        X_hat += Z[:, i : i + 1] * U[:, i]
    return X_hat


@right("pca_decode")
def decode_by_the_transposed_product(Z, mean, U):
    return (U @ Z.T + mean[:, None]).T


@right("pca_decode")
def decode_by_the_pseudo_inverse(Z, mean, U):
    return Z.double() @ torch.linalg.pinv(U.double()) + mean.double()


@right("pca_decode")
def decode_by_a_linear_layer(Z, mean, U):
    return torch.nn.functional.linear(Z, U, bias=mean)


@oracle("pca_decode")
def decode_by_scikit_learn(Z, mean, U):
    return torch.from_numpy(_fitted(mean, U).inverse_transform(Z.double().numpy()))


# reconstruction_error -------------------------------------------------------------------------------


@wrong("reconstruction_error", names="averaged over the pixels too")
def error_averaged_over_pixels(X, X_hat):
    return torch.nn.functional.mse_loss(X_hat, X)


@wrong("reconstruction_error", names="summed over the samples, not averaged")
def error_summed_over_samples(X, X_hat):
    return ((X - X_hat) ** 2).sum()


@wrong("reconstruction_error", names="the sum runs over the samples and the mean over the pixels")
def error_with_the_axes_swapped(X, X_hat):
    return ((X - X_hat) ** 2).sum(0).mean()


@wrong("reconstruction_error", names="of the distances, without the square")
def error_of_distances(X, X_hat):
    return (X - X_hat).norm(dim=1).mean()


@wrong("reconstruction_error", names="a square root is taken at the end")
def error_with_a_root(X, X_hat):
    return ((X - X_hat) ** 2).sum(1).mean().sqrt()


@wrong("reconstruction_error", names="absolute values are summed")
def error_absolute(X, X_hat):
    return (X - X_hat).abs().sum(1).mean()


@wrong("reconstruction_error", names="there is a factor ½")
def error_halved(X, X_hat):
    return 0.5 * ((X - X_hat) ** 2).sum(1).mean()


@wrong("reconstruction_error", names="divided by B − 1")
def error_unbiased(X, X_hat):
    return ((X - X_hat) ** 2).sum() / (len(X) - 1)


@wrong("reconstruction_error", names="added up before they are squared")
def error_of_sums(X, X_hat):
    return ((X - X_hat).sum(1) ** 2).mean()


@wrong("reconstruction_error", names="the mean over the samples is missing")
def error_per_sample(X, X_hat):
    return ((X - X_hat) ** 2).sum(1)


@wrong("reconstruction_error", names="Got 1.8466")
def error_as_a_norm(X, X_hat):
    return torch.linalg.norm(X - X_hat)


@wrong("reconstruction_error")
def error_in_place(X, X_hat):
    X_hat -= X
    return X_hat.square().sum(1).mean()


@wrong("reconstruction_error")
def error_with_a_fixed_number_of_pixels(X, X_hat):
    return 3 * ((X - X_hat) ** 2).mean()


@right("reconstruction_error")
def error_as_a_python_number(X, X_hat):
    return ((X - X_hat) ** 2).sum().item() / len(X)


@right("reconstruction_error")
def error_by_squared_norms(X, X_hat):
    return torch.linalg.norm(X_hat - X, dim=1).pow(2).mean()


@right("reconstruction_error")
def error_by_mse_times_pixels(X, X_hat):
    return X.shape[1] * torch.nn.functional.mse_loss(X_hat, X)


@right("reconstruction_error")
def error_in_loops(X, X_hat):
    total = 0.0
    for x, x_hat in zip(X.tolist(), X_hat.tolist(), strict=True):
        for a, b in zip(x, x_hat, strict=True):
            total += (a - b) ** 2
    return total / len(X)


@right("reconstruction_error")
def error_as_a_trace(X, X_hat):
    difference = X - X_hat
    return torch.trace(difference @ difference.T) / len(X)


@oracle("reconstruction_error")
def error_by_scikit_learn(X, X_hat):
    return float(mean_squared_error(X.double().numpy(), X_hat.double().numpy(), multioutput="raw_values").sum())


@oracle("reconstruction_error")
def error_by_scipy(X, X_hat):
    return float(np.diag(cdist(X.double().numpy(), X_hat.double().numpy(), "sqeuclidean")).mean())


# components_needed ----------------------------------------------------------------------------------


@wrong("components_needed", names="the index is returned")
def needed_as_an_index(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return int((share >= fraction).int().argmax())


@wrong("components_needed", names="one component too many")
def needed_one_too_many(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return int((share < fraction).sum()) + 2


@wrong("components_needed", names="“at least” is read as “more than”")
def needed_strictly(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return int((share <= fraction).sum()) + 1


@wrong("components_needed", names="the components left out are asked to hold the fraction")
def needed_for_the_remaining_fraction(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return int((share < 1 - fraction).sum()) + 1


@wrong("components_needed", names="not divided by their total")
def needed_without_the_total(variances, fraction):
    return int((variances.cumsum(0) < fraction).sum()) + 1


@wrong("components_needed", names="standard deviations are added up")
def needed_by_standard_deviations(variances, fraction):
    return needed_by_search(variances.sqrt(), fraction)


@wrong("components_needed", names="squared before they are added up")
def needed_by_squares(variances, fraction):
    return needed_by_search(variances**2, fraction)


@wrong("components_needed", names="multiplied by the fraction and rounded up")
def needed_of_the_count(variances, fraction):
    return int(np.ceil(fraction * len(variances)))


@wrong("components_needed", names="multiplied by the fraction and rounded down")
def needed_of_the_count_rounded_down(variances, fraction):
    return int(fraction * len(variances))


@wrong("components_needed", names="the smallest variances are added up first")
def needed_from_the_smallest(variances, fraction):
    return needed_by_search(variances.sort().values, fraction)


@wrong("components_needed", names="the fraction each by itself")
def needed_each_by_itself(variances, fraction):
    return int((variances / variances.sum() >= fraction).sum())


@wrong("components_needed", names="it should be () (a single number)")
def needed_as_a_list(variances, fraction):
    share = variances.cumsum(0) / variances.sum()
    return (share >= fraction).nonzero()[0] + 1


@wrong("components_needed", names="The shape is (9,)")
def needed_as_the_shares(variances, fraction):
    return variances.cumsum(0) / variances.sum()


@wrong("components_needed")
def needed_in_place(variances, fraction):
    variances /= variances.sum()
    return int((variances.cumsum(0) < fraction).sum()) + 1


@wrong("components_needed")
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
    return torch.searchsorted(share, torch.tensor(fraction, dtype=share.dtype)) + 1


@right("components_needed")
def needed_by_argmax(variances, fraction):
    share = variances.double().cumsum(0) / variances.double().sum()
    return (share >= fraction).int().argmax().item() + 1


@right("components_needed")
def needed_by_nonzero(variances, fraction):
    share = torch.cumsum(variances, 0) / torch.sum(variances)
    return torch.nonzero(share >= fraction)[0, 0] + 1


@right("components_needed")
def needed_by_numpy_inside(variances, fraction):
    share = np.cumsum(variances.numpy()) / variances.numpy().sum()
    return np.argmax(share >= fraction) + 1


@right("components_needed")
def needed_by_what_is_left(variances, fraction):
    k, left = 0, float(variances.sum())
    allowed = (1 - fraction) * left
    while left > allowed:
        left -= float(variances[k])
        k += 1
    return k


@oracle("components_needed")
def needed_by_exact_fractions(variances, fraction):
    exact = [Fraction(v) for v in variances.tolist()]
    return next(k for k in range(1, len(exact) + 1) if sum(exact[:k]) >= Fraction(fraction) * sum(exact))
