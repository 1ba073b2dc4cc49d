"""Claims of lecture 1: what PCA explains, that nothing linear does better, and what a Gaussian of codes misses.

Each has its fair comparison beside it: another basis of the same size, new digits, a Gaussian with the same covariance.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy import optimize, stats

import vae_lib as lib
from tests.claims import claim

SEEDS = range(5)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def paired(a, b):
    """Mean of a − b over examples, and its standard error."""
    difference = (a - b).double()
    return difference.mean().item(), (difference.std() / len(difference) ** 0.5).item()


@claim(
    "The discriminative model is certain that it is the second variety.",
    "Only the generative model notices that no apple weighs 400 g: its log-density is 89 lower there than at 200 g.",
)
def only_the_density_tells_400_g_from_an_apple(nb):
    varieties = [stats.norm(150, 15), stats.norm(200, 15)]
    at_400, at_200, at_230, between = (np.logaddexp(*(v.logpdf(x) for v in varieties)) for x in (400, 200, 230, 175))
    second = {x: 1 / (1 + np.exp(varieties[0].logpdf(x) - varieties[1].logpdf(x))) for x in (230, 400)}
    assert abs(nb.log_p[1] - nb.log_p[2] - 89) < 0.5
    assert abs((at_200 - at_400) - 89) < 0.5
    assert at_200 - at_230 < 3  # a heavy apple, and the least likely weight between the two
    assert at_200 - between < 1
    assert min(second.values()) > 0.999  # the classifier cannot tell that apple from the object


@claim(
    "The pairs that were drawn agree with the sum over colours.",
    "The independent model has the right share of every single variety and the wrong pairs.",
)
def pairs_follow_the_latent_colour(nb):
    possible = nb.pairs > 0
    for seed in range(10):
        z = torch.multinomial(nb.colours, 10_000, replacement=True, generator=seeded(seed))
        x = torch.multinomial(nb.varieties[z], 2, replacement=True, generator=seeded(seed + 100))
        counts = torch.bincount(4 * x[:, 0] + x[:, 1], minlength=16).view(4, 4)
        assert counts[~possible].sum() == 0
        seen, expected = counts[possible].double().numpy(), 10_000 * nb.pairs[possible].double().numpy()
        assert stats.chisquare(seen, expected * seen.sum() / expected.sum()).pvalue > 1e-5
        independent = 10_000 * torch.outer(nb.single, nb.single)
        assert ((counts - independent) ** 2 / independent).sum() > 1000  # 15 would be usual
        assert ((counts.sum(1) / 10_000 - nb.single).abs() < 0.025).all()  # five standard errors


@claim("The latent variable accounts for all of the dependence.")
def no_information_is_left_given_the_colour(nb):
    def information(joint):
        alone = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
        return torch.xlogy(joint, joint / alone).nansum().item()

    given = [information(torch.outer(row, row)) for row in nb.varieties.double()]
    assert max(map(abs, given)) < 1e-7
    assert abs(information(nb.pairs.double()) - 0.69) < 0.005
    assert abs(nb.information.item() - information(nb.pairs.double())) < 1e-5


@claim("A scrambled picture is twice as far from the nearest digit as a new digit is.", on="mnist")
def scrambled_pictures_are_far_from_digits(nb):
    train, n = nb.data.x_train, 100
    for seed in range(3):
        some = torch.randperm(len(nb.data.x_test), generator=seeded(seed))[:n]
        which = torch.randint(len(train), (n, nb.P), generator=seeded(seed))
        scrambled = lib.nearest_distance(train.gather(0, which), train)
        new = lib.nearest_distance(nb.data.x_test[some], train)
        assert 1.85 < scrambled.mean() / new.mean() < 2.25


@claim("Most explained variance (Hotelling, 1933) and least squared error (Pearson, 1901) are the same direction.")
def least_error_found_by_a_search_is_the_first_component(nb):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((200, 4)) @ rng.standard_normal((4, 4))
        X -= X.mean(0)

        def error(v, X=X):
            u = v / np.linalg.norm(v)
            return np.square(X - np.outer(X @ u, u)).sum(1).mean()

        found = min((optimize.minimize(error, rng.standard_normal(4)) for _ in range(5)), key=lambda f: f.fun)
        u, _ = lib.principal_components(torch.from_numpy(X.T @ X / len(X)), 1)
        assert abs(found.x @ u[:, 0].numpy()) / np.linalg.norm(found.x) > 1 - 1e-5


@claim(
    "if no two eigenvalues are equal, the first component is the maximum, the last one the minimum, and all between "
    "them are saddle points"
)
def eigenvectors_between_are_saddle_points(nb):
    some = nb.variances[:10]
    assert (some.diff() < -1e-6).all()  # ten that differ; a pixel that is never inked gives an eigenvalue of 0
    for i, variance in enumerate(some):
        curvature = torch.cat([some[:i], some[i + 1 :]]) - variance  # along the sphere, towards each other one, halved
        up, down = (curvature > 0).any(), (curvature < 0).any()
        assert (up, down) == (i > 0, i < 9)
        for j in {0, 9} - {i}:  # and by a step: it goes up towards the first and down towards the last
            turned = nb.U[:, i] * math.cos(0.1) + nb.U[:, j] * math.sin(0.1)
            assert torch.sign(turned @ nb.C @ turned - variance) == torch.sign(some[j] - variance)


@claim("is the variance left out, $\\lambda_{k+1}+\\dots+\\lambda_P$, and no other subspace has less")
def no_subspace_leaves_less(nb):
    total = nb.C.trace()
    for k in (1, 2, 20):
        least = nb.variances[k:].sum()
        x_hat = lib.pca_decode(nb.X @ nb.U[:, :k], nb.mean, nb.U[:, :k]) - nb.mean
        assert abs(lib.reconstruction_error(nb.X, x_hat) - least) < 1e-8
        for seed in SEEDS:
            noise = torch.randn(nb.P, k, dtype=torch.float64, generator=seeded(seed))
            for near in (0, 0.3, 3):  # a random subspace, and two that were turned away a little
                V = torch.linalg.qr(near * nb.P**0.5 * nb.U[:, :k] + noise).Q
                assert total - (V.T @ nb.C @ V).trace() > least
        for _ in range(100):  # power iteration climbs, to the bound and no higher
            V = torch.linalg.qr(nb.C @ V).Q
        assert least - 1e-9 < total - (V.T @ nb.C @ V).trace() < 1.02 * least


@claim(
    "Hinton and Salakhutdinov (2006) print 13.87 for 30 components on MNIST's test pictures; it is the same number.",
    on="mnist",
)
def the_published_error_is_met(nb):
    assert f"{nb.test_error[30].item():.2f}" == "13.87"
    _, _, Vt = torch.linalg.svd(nb.X[:5000], full_matrices=False)  # another route, on some of the pictures
    x = nb.x_test - nb.mean
    assert abs((x - x @ Vt[:30].T @ Vt[:30]).square().sum(1).mean() - 13.87) < 0.4


@claim("Twenty numbers are enough for nine in ten, and 50 for nearly all.", on="mnist")
def a_classifier_reads_reconstructions(nb):
    x, y = nb.data.x_test[2000:5000].double(), nb.data.y_test[2000:5000]
    right = {k: (nb.read(nb.reconstruct(x, k)).label == y).double().mean() for k in (2, 20, 50)}
    originals = (nb.read(x).label == y).double().mean()
    assert abs(right[20] - 0.92) < 0.04  # a standard error is 0.005
    assert originals - 0.03 < right[50] < originals
    assert right[2] < 0.5


@claim("PCA is below the others at every $k$ shown", on="mnist")
def pca_leaves_less_than_three_other_bases_on_new_pictures(nb):
    last = 200
    for name in ("pixels", "cosines"):
        assert (nb.error["PCA"][:last] < nb.error[name][:last]).all()
    x = nb.x_test - nb.mean
    for seed in SEEDS:
        V = torch.linalg.qr(torch.randn(nb.P, nb.P, dtype=torch.float64, generator=seeded(seed))).Q
        left = x.square().sum(1).mean() - nb.by_variance(V).T.matmul(x.T).square().mean(1).cumsum(0)
        assert (nb.error["PCA"][:last] < left[:last]).all()


@claim("with 20 numbers it leaves half the error of the cosines", on="mnist")
def half_the_error_of_cosines(nb):
    V = nb.bases["cosines"]
    x = nb.x_test - nb.mean
    assert (V.T @ V - torch.eye(nb.P)).abs().max() < 1e-10
    by_cosines, by_pca = ((x - x @ V[:, :20] @ V[:, :20].T).square().sum(1) for V in (V, nb.U))
    difference, error = paired(by_pca, by_cosines / 2)
    assert abs(difference) < 0.05 * by_pca.mean()
    assert error < 0.1


@claim("Two components do better than the two best pixels or the best two of 784 random directions", on="mnist")
def components_keep_classes_better_than_pixels_and_random_directions(nb):
    def hits(V):
        new, old = ((X @ V).float() for X in (nb.centred[2000:6000], nb.X[::3]))
        return (nb.data.y_train[::3][torch.cdist(new, old).argmin(1)] == nb.data.y_test[2000:6000]).double()

    by_pca = hits(nb.U[:, :2])
    others = [nb.bases["pixels"][:, :2]]
    for seed in SEEDS:
        V = torch.linalg.qr(torch.randn(nb.P, nb.P, dtype=torch.float64, generator=seeded(seed))).Q
        others.append(nb.by_variance(V)[:, :2])
    for V in others:
        difference, error = paired(by_pca, hits(V))
        assert difference > 0.05 > 4 * error


@claim("with 20 the nearest code is right as often as the nearest whole picture", on="mnist")
def twenty_numbers_keep_the_class(nb):
    new, old = nb.centred[2000:6000], nb.X[:20_000]
    labels, truth = nb.data.y_train[:20_000], nb.data.y_test[2000:6000]

    def hits(encode):
        return (labels[torch.cdist(encode(new).float(), encode(old).float()).argmin(1)] == truth).double()

    two, twenty = (hits(lambda x, k=k: x @ nb.U[:, :k]) for k in (2, 20))
    difference, error = paired(twenty, hits(lambda x: x))
    assert abs(difference) < 0.01 > 2 * error
    assert two.mean() < 0.5  # two numbers do not


@claim("A linear function of Gaussian variables is Gaussian. Its mean is $\\bar x$, and its covariance")
def draws_of_the_model_have_the_derived_covariance(nb):
    W = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]], dtype=torch.float64)
    n, noise = 200_000, 0.5
    expected = W @ W.T + noise**2 * torch.eye(3)
    without_noise = W @ W.T
    for seed in SEEDS:
        x, _ = lib.LinearGaussian(W, torch.zeros(3).double(), noise**2).sample(n, seeded(seed))
        drawn = x.T @ x / n
        error = ((expected**2 + torch.outer(expected.diag(), expected.diag())) / n).sqrt()  # Isserlis
        assert ((drawn - expected).abs() < 5 * error).all()
        assert ((drawn - without_noise).abs() > 5 * error).any()
        assert stats.kstest((x[:, 0] / expected[0, 0] ** 0.5).numpy(), "norm").pvalue > 1e-5


@claim("Tipping and Bishop prove the rest: no $\\Sigma$ with other eigenvectors does better.")
def a_search_for_the_likelihood_ends_at_the_closed_form(nb):
    k, x = 2, nb.X[:2000, nb.C.diag().argsort(descending=True)[:8]]
    x, _ = lib.center(x)
    C = lib.covariance(x)
    lam = torch.linalg.eigvalsh(C).flip(0)
    noise = lam[k:].mean()
    best = -0.5 * (8 * math.log(2 * math.pi) + lam[:k].log().sum() + (8 - k) * noise.log() + 8)

    def loss(values):
        values = torch.tensor(values, requires_grad=True)
        sigma = values[:16].view(8, k) @ values[:16].view(8, k).T + values[16].exp() * torch.eye(8)
        value = 0.5 * (8 * math.log(2 * math.pi) + torch.logdet(sigma) + torch.trace(torch.linalg.solve(sigma, C)))
        value.backward()
        return value.item(), values.grad.numpy()

    ends = []
    for seed in SEEDS:
        start = np.append(0.3 * np.random.default_rng(seed).standard_normal(16), -2.0)
        ends.append(-optimize.minimize(loss, start, jac=True, method="L-BFGS-B").fun)
    assert max(ends) < best + 1e-8
    assert max(ends) > best - 1e-4


@claim(
    "Only differences count: twenty components raise the mean $\\log p(x)$ of the test pictures by 362 nats over none.",
    on="mnist",
)
def twenty_components_raise_the_likelihood_whatever_the_unit(nb):
    def log_p(k, unit):
        nu = torch.cat([nb.variances[:k], nb.variances[k:].mean().expand(nb.P - k)]) * unit**2
        z = unit * (nb.centred @ nb.U)
        return -0.5 * ((2 * math.pi * nu).log() + z.square() / nu).sum(1)

    for unit in (1, 255):
        gain, error = paired(log_p(20, unit), log_p(0, unit))
        assert abs(gain - 362) < 0.5
        assert error < 3
    assert abs((log_p(20, 1) - log_p(20, 255)).mean() - 4344) < 1


@claim(
    "The classifier is sure of 82 % of the reconstructions, with a probability above 0.9, and of 29 % of the draws.",
    on="mnist",
)
def few_draws_are_read_with_confidence(nb):
    def sure(codes):
        return (nb.read(nb.mean + codes @ nb.U[:, :20].T).confidence > 0.9).double().mean()

    for seed in SEEDS:
        z = torch.randn(1000, 20, dtype=torch.float64, generator=seeded(seed)) * nb.spread
        assert 0.22 < sure(z) < 0.38  # a standard error is 0.015
    for start in (2000, 4000, 6000):
        assert 0.75 < sure(nb.codes[start : start + 1000]) < 0.95
    assert (nb.read(nb.data.x_test[1000:4000]).confidence > 0.9).double().mean() > 0.95  # of the originals


@claim(
    "A draw is twice as far from the nearest training code as a new digit is, "
    "and nine draws in ten are farther out than all but 5 % of new digits.",
    "The shuffled codes are just as far off.",
)
def draws_lie_where_no_digit_does(nb):
    new = torch.cdist(nb.codes[:2000], nb.train_codes).amin(1)
    usual = new.quantile(0.95)
    for seed in SEEDS:
        z = torch.randn(600, 20, dtype=torch.float64, generator=seeded(seed))
        drawn = torch.cdist(z * nb.spread, nb.train_codes).amin(1)
        other = torch.randint(len(nb.X), (600, 20), generator=seeded(seed))
        shuffled = torch.cdist(nb.train_codes.gather(0, other), nb.train_codes).amin(1)
        assert 1.75 < drawn.mean() / new.mean() < 2.1
        assert (drawn > usual).double().mean() > 0.86
        assert abs(shuffled.mean() / drawn.mean() - 1) < 0.05
        # were the digits Gaussian, a draw would be no farther from them than one of them from the others
        gaussian = torch.randn(len(nb.X), 20, dtype=torch.float64, generator=seeded(seed + 100)) * nb.spread
        among = torch.cdist(z * nb.spread, gaussian).amin(1)
        assert among.mean() > 1.5 * new.mean()


@claim(
    "PCA makes them *uncorrelated*, which is less than independent, and a Gaussian has no other way to be dependent."
)
def codes_are_uncorrelated_and_dependent(nb):
    correlation = torch.corrcoef(nb.train_codes.T) - torch.eye(20)
    assert correlation.abs().max() < 1e-8
    size = torch.corrcoef((nb.train_codes / nb.variances[:20].sqrt()).square().T) - torch.eye(20)
    assert size.abs().max() > 0.15  # that of squares is not 0: five standard errors are 0.02 on MNIST, 0.13 on digits


@claim(
    "Brightness moves a picture along a straight line, and one component is enough. "
    "Moving and turning take a dozen or more.",
    on="mnist",
)
def a_curve_takes_many_components_and_a_line_one(nb):
    assert nb.family_needs["brightness"] == 1
    assert min(nb.family_needs["position"], nb.family_needs["angle"]) >= 12
    for c in range(10):  # the same for one digit of each class, moved
        digit = nb.data.x_test[nb.data.y_test == c][1].view(28, 28).double()
        moved = torch.stack([digit.roll(i, dims=1).flatten() for i in range(28)])
        brighter = torch.stack([digit.flatten() * (i + 1) / 28 for i in range(28)])
        assert lib.components_needed(lib.fit_pca(moved, 27).variances, 0.95) >= 8
        assert lib.components_needed(lib.fit_pca(brighter, 27).variances, 0.95) == 1


@claim("half-way along that line is not a 3 moved by half, but two 3s at half strength")
def halfway_is_a_double_exposure(nb):
    start, half, end = nb.family[0], nb.family[nb.width // 4], nb.family[nb.width // 2]
    middle = (start + end) / 2
    assert torch.equal(2 * middle, start + end)
    nearest = torch.cdist(middle[None], nb.family).min()
    assert (middle - half).norm() > 0.9 * nearest  # no nearer to the 3 in the middle than to any other
    assert nearest > 0.4 * start.norm()


@claim(
    "The narrow sheet is seen from its end: the order along the spiral stays, and $h$ is gone. "
    "The wide sheet is seen from its side: $h$ stays, and the layers lie over one another."
)
def a_plane_of_the_roll_loses_one_of_two_latent_variables(nb):
    def measured(t, h, roll):
        flat = lib.fit_pca(roll, 2)
        plane = lib.pca_encode(roll, flat.mean, flat.components)
        h_hat = lib.pca_decode(plane, flat.mean, flat.components)[:, 1]
        mixed = [((t - t[nb.neighbour(x)]).abs() > math.pi).double().mean().item() for x in (plane, roll)]
        return 1 - ((h - h_hat).square().mean() / h.var()).item(), *mixed

    for seed in range(10):
        torch.manual_seed(seed)
        explained, in_plane, in_space = measured(*nb.swiss_roll(15))
        assert explained < 0.05 and in_plane < 0.01 and in_space < 0.01  # noqa: PT018
        explained, in_plane, in_space = measured(*nb.swiss_roll(30))
        assert explained > 0.9 and in_plane > 0.15 and in_space < 0.01  # noqa: PT018


@claim("this implies $p(r_2/r_1>a)=a^{-d}$, whatever the density")
def the_ratio_of_distances_follows_its_law(nb):
    for seed in SEEDS:
        clouds = {
            3: torch.randn(20_000, 3, generator=seeded(seed)),
            2: torch.rand(20_000, 2, generator=seeded(seed)) ** 2,
        }
        for d, points in clouds.items():  # one density is a Gaussian, one has its mass in a corner
            r = torch.cdist(points[:400], points).topk(3, largest=False).values
            ratio = (r[:, 2] / r[:, 1]).numpy()
            assert stats.kstest(ratio, stats.pareto(d).cdf).pvalue > 1e-4
            assert stats.kstest(ratio, stats.pareto(2 * d).cdf).pvalue < 1e-6


@claim(
    "The estimate finds the two dimensions of the roll and the ten of the Gaussian.",
    "PCA sees no difference between 10,000 digits and the Gaussian like them",
)
def digits_are_of_fewer_dimensions_than_their_gaussian(nb):
    for seed in range(2):
        torch.manual_seed(seed)
        assert abs(nb.local_dimension(nb.swiss_roll(30)[2]) - 2) < 0.25
        assert abs(nb.local_dimension(torch.randn(len(nb.digits), 10)) - 10) < 1.2
        like = nb.gaussian_like(nb.digits)
        assert nb.local_dimension(like) > 2 * nb.local_dimension(nb.digits)
        theirs, ours = (lib.fit_pca(x, 20).variances.sum() for x in (like, nb.digits))
        assert abs(theirs / ours - 1) < 0.05  # PCA explains as much of either with 20 numbers


@claim("It falls short of more", "where there are 40", "where there are 80")
def many_dimensions_are_read_too_low(nb):
    """With 2,000 points asked, an estimate d has a standard error of d / √2000."""
    torch.manual_seed(2)
    for d in (40, 80):
        read = nb.dimension[f"Gaussian in {d} dimensions"]
        again = nb.local_dimension(torch.randn(len(nb.digits), d))
        assert max(read, again) < 0.85 * d
        assert abs(read - again) < 5 * again * (2 / min(2000, len(nb.digits))) ** 0.5


@claim("it reads 30 where there are 40, and 47 where there are 80", on="mnist")
def the_two_readings(nb):
    assert [round(nb.dimension[f"Gaussian in {d} dimensions"]) for d in (40, 80)] == [30, 47]


@claim(
    "grows from 11 to 14 with the number of pictures",
    "11 to 14 are left locally, by an estimate that grows with the number of pictures",
    on="mnist",
)
def more_pictures_more_dimensions(nb):
    read = [nb.dimension[f"{n:,} digits"] for n in (2_000, 10_000, 60_000)]
    assert [round(value) for value in read] == [11, 13, 14]
    g = seeded(3)
    some = nb.data.x_train[torch.randperm(len(nb.data.x_train), generator=g)]
    again = [nb.local_dimension(some[:n]) for n in (2_000, 10_000, 60_000)]
    assert again == sorted(again)  # a standard error is 0.3
    for a, b in zip(read, again, strict=True):
        assert abs(a - b) < 5 * b * (2 / 2000) ** 0.5


@claim(
    "the estimate is 13 for the digits, and 43 for the Gaussian, "
    "which by the two readings above means more than 40 dimensions",
    "by the estimate that gives 10,000 digits 13 dimensions, "
    "as many draws from a Gaussian with their covariance have 43",
    on="mnist",
)
def thirteen_against_forty_three(nb):
    like = nb.dimension["Gaussian like the digits"]
    assert [round(value) for value in (nb.dimension["10,000 digits"], like)] == [13, 43]
    assert like > nb.dimension["Gaussian in 40 dimensions"]
    torch.manual_seed(1)
    digits = nb.data.x_train[40_000:50_000]  # the lecture's are the first
    assert abs(nb.local_dimension(digits) - 13) < 1
    again = nb.local_dimension(nb.gaussian_like(digits))
    assert abs(again - like) < 5 * again * (2 / 2000) ** 0.5
    assert again > nb.local_dimension(torch.randn(10_000, 40))
    # codes of which each number is right by itself, but comes from another picture
    fitted = lib.fit_pca(digits, nb.P)
    codes = lib.pca_encode(digits, fitted.mean, fitted.components)
    shuffled = codes.gather(0, torch.randint(len(digits), codes.shape))
    assert nb.local_dimension(shuffled) > 35


@claim(
    "A class alone has 13 to 17 dimensions by this estimate, and a Gaussian like it 32 to 41.",
    "The 14 of all 60,000 digits lie in that range.",
    "each class has its 6,000 or so, and the two nearest neighbours of a digit are nearly always of its own class",
    on="mnist",
)
def within_each_class_too(nb):
    """A class has some 6,000 pictures; the estimate's standard error is d / √1000."""
    digits, gaussian = zip(*nb.of_class.values(), strict=True)
    assert [round(f(digits)) for f in (min, max)] == [13, 17]
    assert [round(f(gaussian)) for f in (min, max)] == [32, 41]
    torch.manual_seed(0)
    for c, (ours, theirs) in nb.of_class.items():
        assert ours < 0.6 * theirs
        alone = nb.data.x_train[nb.data.y_train == c]
        shuffled = alone[torch.randperm(len(alone))]
        assert abs(nb.local_dimension(shuffled, 1000) - ours) < 5 * ours * (2 / 1000) ** 0.5
    whole = nb.dimension["60,000 digits"]
    assert min(digits) < whole < max(digits)
    x, y = nb.data.x_train, nb.data.y_train
    assert 5_000 < y.bincount().min() < y.bincount().max() < 7_000
    some = torch.randperm(len(x))[:300]
    two = torch.cdist(x[some], x).topk(3, largest=False).indices[:, 1:]  # after the picture itself
    assert (y[two] == y[some, None]).double().mean() > 0.95
