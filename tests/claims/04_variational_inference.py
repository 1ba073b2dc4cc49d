"""Claims of lecture 4: divergences, the bound and its gap, mean field, gradients of an expectation.

Oracles are `torch.distributions`, scipy's optimisers, quadrature and fresh draws; where chance plays a part, several
seeds or standard errors decide.
"""

import math

import numpy as np
import torch
from scipy import integrate, optimize, stats

from tests.claims import claim

HERMITE_NODES, HERMITE_WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
HERMITE_WEIGHTS = HERMITE_WEIGHTS / HERMITE_WEIGHTS.sum()
LINE = np.linspace(-30, 30, 12_001)


def fresh_shortfalls(nb, D, n_draws, seed, terms=None):
    """Of 20 new models: log p(x) less its estimate from `n_draws`."""
    torch.manual_seed(seed)
    models = [nb.draw_model(D) for _ in range(20)]
    return np.array([nb.shortfall(*m, (terms or nb.log_likelihoods)(*m, n_draws)) for m in models])


def two_bumps(centre, width):
    return np.logaddexp(*(stats.norm.logpdf(LINE, c, width) for c in (-centre, centre))) - math.log(2)


def divergence(parameters, log_p, forward=False):
    """KL(q‖p) or KL(p‖q) on a line, for q = N(parameters[0], exp(parameters[1])²)."""
    log_q = stats.norm.logpdf(LINE, parameters[0], math.exp(parameters[1]))
    first, second = (log_p, log_q) if forward else (log_q, log_p)
    return integrate.trapezoid(np.exp(first) * (first - second), LINE)


def least(log_p, start, forward=False):
    """Nelder and Mead's search, which uses no gradient."""
    options = {"xatol": 1e-6, "fatol": 1e-10, "maxiter": 2000}
    return optimize.minimize(divergence, start, (log_p, forward), method="Nelder-Mead", options=options)


def random_tables(n, k, seed):
    return torch.from_numpy(np.random.default_rng(seed).dirichlet(np.ones(k), n))


def random_covariance(D, rng):
    root = rng.standard_normal((D, D + 1))
    return torch.from_numpy(root @ root.T / D + 0.05 * np.eye(D))


def exact_variance(values, score):
    """Variance of f · score under a standard normal ε, by quadrature: no draws."""
    product = values(HERMITE_NODES) * score(HERMITE_NODES)
    return HERMITE_WEIGHTS @ product**2 - (HERMITE_WEIGHTS @ product) ** 2


@claim(
    "Up to $D=3$ the 10,000 draws come within half a nat for most models",
    "a hundred times as many draws only about halved the shortfall",
    "at $D=20$ one term makes up almost the whole sum",
    "Nearly all draws explain $x$ so badly that they do not count, and the codes that explain it well are missed",
)
def draws_from_the_prior_fail_in_twenty_dimensions(nb):
    for seed in range(3):
        assert all((abs(fresh_shortfalls(nb, D, 10_000, seed)) < 0.5).mean() > 0.7 for D in (1, 2, 3))
        few, many = (np.median(fresh_shortfalls(nb, 20, n, seed)) for n in (100, 10_000))
        assert 0.35 < many / few < 0.7
        torch.manual_seed(seed)
        models = [nb.draw_model(20) for _ in range(20)]
        terms = [nb.log_likelihoods(*m, 10_000) for m in models]
        assert np.median([t.softmax(0).max() for t in terms]) > 0.99
        assert np.median([(t > t.max() - 7).sum() for t in terms]) <= 10  # of 10,000: within a factor of 1,000
        at_mean = [-nb.lib.gaussian_nll(x, m.posterior(x).mean @ m.W.mT, 1.0) for m, x in models]
        missed = [good - t.max() for good, t in zip(at_mean, terms, strict=True)]
        assert np.median(missed) > 100


@claim("this even reverses the order of the two", "The divergence is *not symmetric*", "It is never negative")
def the_divergence_of_tables(nb):
    P, Q = nb.posterior.numpy(), np.full(3, 1 / 3)
    assert stats.entropy(P, Q) < stats.entropy(Q, P)
    rounded = np.full(3, 0.33)
    printed = [np.sum(a * np.log10(a / b)) for a, b in ((P, rounded), (rounded, P))]
    assert np.allclose(printed, [0.0414, 0.0375], atol=1e-4)
    assert printed[0] > printed[1]
    q, p = random_tables(2000, 5, 0), random_tables(2000, 5, 1)
    assert min(nb.kl(a, b) for a, b in zip(q, p, strict=True)) > 0
    assert abs(nb.kl(q[0], q[0])) < 1e-15


@claim("It costs more to be wide where the other is narrow (0.81) than narrow where the other is wide (0.32)")
def wide_on_narrow_costs_more(nb):
    narrow = torch.distributions.Normal(0.0, 1.0)
    for sigma in np.geomspace(1.01, 100, 50):
        wide = torch.distributions.Normal(0.0, float(sigma))
        kl = torch.distributions.kl_divergence
        assert kl(wide, narrow) > kl(narrow, wide)


@claim(
    "The reverse divergence is *mode-seeking*. Its two best answers are the bumps themselves",
    "Which bump it finds depends on the start",
    "$q$ agrees with one of two equal halves, so $q/p=2$ wherever $q$ has mass",
    "a wide start near the middle stops at a third, local minimum there, at 1.87",
)
def the_reverse_divergence_chooses_a_bump(nb):
    log_p, rng = two_bumps(2, 0.5), np.random.default_rng(0)
    starts = np.column_stack([rng.uniform(-3, 3, 30), rng.uniform(-1.5, 1, 30)])
    best = min((least(log_p, start) for start in starts), key=lambda found: found.fun)
    assert abs(best.fun - math.log(2)) < 1e-3
    assert abs(abs(best.x[0]) - 2) < 1e-3
    assert abs(math.exp(best.x[1]) - 0.5) < 1e-3
    draws = stats.norm.rvs(2, 0.5, size=10_000, random_state=0)
    ratio = np.exp(stats.norm.logpdf(draws, 2, 0.5) - np.interp(draws, LINE, log_p))
    assert np.mean(abs(ratio - 2) < 0.01) > 0.99
    middle = least(log_p, (0.0, math.log(1.7)))
    assert abs(middle.x[0]) < 1e-3
    assert abs(middle.fun - 1.87) < 0.005
    around = [middle.x + 0.02 * np.array([math.cos(t), math.sin(t)]) for t in np.linspace(0, 2 * math.pi, 16)]
    assert all(divergence(point, log_p) > middle.fun for point in around)
    ends = nb.paths["reverse KL($q$‖$p$)"][-1, 0]
    assert torch.allclose(ends, torch.tensor([-2.0, 2.0, 0.0]), atol=0.01)


@claim(
    "The forward divergence is *mass-covering*. It has one minimum, with the mean and the variance of $p$",
    "puts 37 % of $q$ between $-1$ and 1, where $p$ has 2 %",
    "Each answer is bad by the other's measure: 15.3 forward for a bump, 2.10 reverse for the wide Gaussian",
)
def the_forward_divergence_covers_both(nb):
    log_p, rng = two_bumps(2, 0.5), np.random.default_rng(0)
    for start in np.column_stack([rng.uniform(-3, 3, 12), rng.uniform(-1, 1, 12)]):
        found = least(log_p, start, forward=True)
        assert abs(found.x[0]) < 1e-3
        assert abs(math.exp(2 * found.x[1]) - 4.25) < 0.01
    assert abs(np.diff(stats.norm.cdf([-1, 1], 0, 4.25**0.5))[0] - 0.37) < 0.005
    bumps = [stats.norm.cdf([-1, 1], c, 0.5) for c in (-2, 2)]
    assert abs(np.diff(np.mean(bumps, axis=0))[0] - 0.02) < 0.005
    assert abs(divergence((2, math.log(0.5)), log_p, forward=True) - 15.3) < 0.05
    assert abs(divergence((0, 0.5 * math.log(4.25)), log_p) - 2.10) < 0.005


@claim("Up to 2.8 widths the best $q$ covers both bumps, in this direction too. Beyond that distance it chooses one")
def mode_seeking_needs_distance(nb):
    def bump_less_middle(distance):
        log_p = two_bumps(distance, 1.0)
        return least(log_p, (distance, 0.0)).fun - least(log_p, (0.0, math.log(distance))).fun

    assert abs(optimize.brentq(bump_less_middle, 2.6, 3.2, xtol=1e-3) - 2.8) < 0.05
    for distance in (1.0, 1.5, 2.0, 2.5):  # from every start, no bump is better than the middle
        log_p = two_bumps(distance, 1.0)
        found = [least(log_p, (mu, s)) for mu in (0.1, distance, 1.5 * distance) for s in (-0.5, 0.5)]
        assert abs(min(found, key=lambda f: f.fun).x[0]) < 0.01
    for distance in (3.0, 4.0, 6.0):
        log_p = two_bumps(distance, 1.0)
        found = [least(log_p, (mu, s)) for mu in (0.0, 0.1, distance) for s in (0.0, math.log(distance))]
        assert abs(min(found, key=lambda f: f.fun).x[0] - distance) < 0.1


@claim(
    "whatever raises the ELBO by 0.05 lowers the divergence by 0.05",
    "All four end at $\\log p(x)$, which knows nothing of $q$",
)
def evidence_is_bound_plus_divergence(nb):
    for q in random_tables(500, 3, 2):
        elbo = (q * (nb.joint / q).log()).sum()
        assert abs(elbo + stats.entropy(q, nb.posterior) - nb.evidence.log()) < 1e-12


@claim(
    "Jensen's inequality says only that there is a gap; (4) says which: the divergence",
    "It vanishes if all weights are equal, that is if $q(z)\\propto p(x,z)$",
)
def the_gap_of_jensen_is_the_divergence(nb):
    joints = 0.3 * random_tables(300, 4, 3)
    for q, joint in zip(random_tables(300, 4, 4), joints, strict=True):
        w = joint / q
        gap = (q * w).sum().log() - (q * w.log()).sum()
        assert abs(gap - stats.entropy(q, joint / joint.sum())) < 1e-12
        equal = joint / (joint / joint.sum())
        assert equal.std() < 1e-12


@claim(
    "the mean weight of draws from $q$ estimates $p(x)$ without bias",
    "So a good $q$ gives not only a bound but also a far better estimate of the evidence",
)
def importance_sampling(nb):
    model, x = nb.draw_model(3)
    weights = (nb.log_weights(model, x, 200_000) - model.log_marginal(x)).exp()
    assert abs(weights.mean() - 1) < 5 * weights.std() / len(weights) ** 0.5
    for seed in range(5):  # 100 models, each with a hundredth of the prior's draws
        near = fresh_shortfalls(nb, 20, 100, seed, nb.log_weights)
        prior = fresh_shortfalls(nb, 20, 10_000, seed)
        assert (near < 0.1 * prior).all()
        assert np.median(near) < 2


@claim("Certainty about the best guess, $q(7)=1$, is the worst of the four")
def certainty_is_worst(nb):
    assert max(nb.gaps, key=lambda name: nb.gaps[name]) == "the 7 alone"
    assert abs(nb.gaps["the 7 alone"] + nb.posterior[1].log()) < 1e-12


@claim(
    "the two slopes cancel: the energy rises by $2\\sigma$ per unit of width, the entropy by $1/\\sigma$",
    "There the free energy touches $-\\log p(x)$, since this family contains the posterior",
)
def energy_and_entropy_balance(nb):
    entropy = lambda s: stats.norm(0, s).entropy()  # noqa: E731
    free_energy = lambda s: nb.energy(0.5, s) - entropy(s)  # noqa: E731
    found = optimize.minimize_scalar(free_energy, bounds=(0.05, 3), method="bounded", options={"xatol": 1e-9})
    assert abs(found.x - 0.5**0.5) < 1e-5
    assert abs(found.fun + stats.norm(0, 2**0.5).logpdf(1)) < 1e-9
    for s in (0.3, 0.7, 1.5):
        assert abs(optimize.approx_fprime([s], lambda v: nb.energy(0.5, v[0]))[0] - 2 * s) < 1e-5
        assert abs(optimize.approx_fprime([s], lambda v: entropy(v[0]))[0] - 1 / s) < 1e-5


@claim("the ELBO is known in closed form", "never the posterior or $\\log p(x)$")
def the_closed_form_of_the_bound(nb):
    assert torch.allclose(nb.M, torch.linalg.inv(nb.truth.cov))  # made from W alone, and the right one
    torch.manual_seed(3)
    for _ in range(10):
        mu, logvar = torch.randn(1, 2), torch.randn(1, 2)
        q = torch.distributions.Independent(torch.distributions.Normal(mu, (0.5 * logvar).exp()), 1)
        z = q.sample((40_000,))
        draws = nb.model.log_joint(nb.x, z) - q.log_prob(z)
        assert abs(draws.mean() - nb.elbo_of(mu[0], logvar[0])) < 5 * draws.std() / len(draws) ** 0.5


@claim("The divergence stops at 0.0286 nats, which is $\\tfrac12\\log\\tfrac{18}{17}$", "More steps do not help")
def the_gap_that_stays(nb):
    posterior = torch.distributions.MultivariateNormal(*nb.true)

    def gap(parameters):
        mu, log_sigma = torch.tensor(parameters).split(2)
        q = torch.distributions.MultivariateNormal(mu, (2 * log_sigma).exp().diag())
        return torch.distributions.kl_divergence(q, posterior).item()

    rng = np.random.default_rng(0)
    for start in rng.standard_normal((5, 4)):
        found = optimize.minimize(gap, start, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12})
        assert abs(found.fun - 0.5 * math.log(18 / 17)) < 1e-7
    assert abs(nb.gap[-1] - 0.5 * math.log(18 / 17)) < 1e-4
    assert abs(nb.full_elbo - nb.log_px) < 1e-12


@claim(
    "**Mean field is too narrow.**",
    "the uncertainties of a mean-field $q$ are too small wherever a Gaussian posterior is correlated",
    "for a Gaussian it is never larger than the *marginal* variance of $z_d$",
    "The forward divergence keeps the true width of each dimension",
)
def mean_field_is_too_narrow(nb):
    rng = np.random.default_rng(1)
    for _ in range(200):
        cov = random_covariance(int(rng.integers(2, 9)), rng)
        assert (1 / torch.linalg.inv(cov).diagonal() < cov.diagonal()).all()
    alone = torch.diag(torch.rand(4) + 0.1)  # without correlation it is right
    assert torch.allclose(1 / torch.linalg.inv(alone).diagonal(), alone.diagonal())
    for seed in range(5):
        cov = random_covariance(2, np.random.default_rng(seed))
        posterior = torch.distributions.MultivariateNormal(torch.zeros(2, dtype=cov.dtype), cov)

        def searched(forward, posterior=posterior):
            def cost(logvar):
                q = torch.distributions.MultivariateNormal(posterior.mean, torch.tensor(logvar).exp().diag())
                pair = (posterior, q) if forward else (q, posterior)
                return torch.distributions.kl_divergence(*pair).item()

            return torch.tensor(optimize.minimize(cost, np.zeros(2), method="Nelder-Mead").x).exp()

        assert torch.allclose(searched(False), 1 / torch.linalg.inv(cov).diagonal(), rtol=1e-3)
        assert torch.allclose(searched(True), cov.diagonal(), rtol=1e-3)


@claim(
    "any constant $c$, a *baseline*, may be subtracted from $f$ without changing the mean",
    "Without a baseline the score's variance is 30. With the mean of $f$ as the baseline, $c=2$, it is 18; "
    "the best constant is $c=4$, with 14",
    "the same mean, with variance $30+800+10{,}000=10{,}830$ in place of 30",
)
def baselines(nb):
    for b in (-100.0, 0.0, 2.0, 4.0, 7.0):
        estimate = lambda e, b=b: ((1 + e) ** 2 - b) * e  # noqa: E731
        assert abs(HERMITE_WEIGHTS @ estimate(HERMITE_NODES) - 2) < 1e-9
        assert abs(exact_variance(estimate, np.ones_like) - (30 - 8 * b + b**2)) < 1e-6 * (1 + b**2)
    expected = {"score function": 30, "score, baseline 2": 18, "score, baseline 4": 14, "reparametrized": 4}
    for name, g in nb.estimates.items():
        squares = (g - g.mean()) ** 2
        assert abs(squares.mean() - expected[name]) < 5 * squares.std() / len(g) ** 0.5


@claim(
    "The three variances of the score came out about two standard errors high. All three share the million draws, "
    "and so the error: it is one accident, not three."
)
def three_estimates_share_their_error(nb):
    """On other draws the errors of the three agree in sign and size, and are as often low as high."""
    scores = {"score function": 30, "score, baseline 2": 18, "score, baseline 4": 14}
    for name, expected in scores.items():
        squares = (nb.estimates[name] - nb.estimates[name].mean()).square()
        assert 1.9 < (squares.mean() - expected) * len(squares) ** 0.5 / squares.std() < 2.5
    off = []
    for seed in range(40):
        e = torch.randn(200_000, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        off.append([(((1 + e) ** 2 - b) * e).var().item() - 30 + 8 * b - b**2 for b in (0, 2, 4)])
    off = np.array(off)
    assert np.corrcoef(off.T).min() > 0.8
    assert 8 < (off[:, 0] > 0).sum() < 32  # outside with a probability of 1e-4


@claim(
    "To be as sure as the reparametrized estimate is after 100 draws, the score function takes 750, "
    "and with $c=2$ still 450"
)
def draws_for_the_same_error(nb):
    torch.manual_seed(5)

    def spread(n, estimate):
        return estimate(torch.randn(4000, n)).mean(1).std()

    reparametrized = spread(100, lambda e: 2 * (1 + e))
    for n, b in ((750, 0), (450, 2)):
        ratio = spread(n, lambda e, b=b: ((1 + e) ** 2 - b) * e) / reparametrized
        assert abs(ratio - 1) < 0.08  # 5 standard errors of a ratio of two spreads, 4000 runs each


@claim(
    "With 20 dimensions the gulf widens",
    "in this model the baseline divides the variance by 500, and reparametrization by another 13",
    "the score weighs the noise of one dimension by the value of the whole sum, most of which comes from the others",
    "On the oscillating function the order is reversed",
    "So reparametrization is not always the less noisy one",
    "its slope the same on every draw, so the reparametrized estimate has no noise at all",
    "It pays where the *slope* of $f$ varies little over the width of $q$, compared with $f/\\sigma$",
)
def three_functions(nb):
    score, baseline, pathwise = nb.three_variances(*nb.cases["log p(x, z)"])
    assert 400 < score / baseline < 650
    assert 11 < baseline / pathwise < 15
    for model, x in nb.models[20]:  # every model, and with −log q kept in f as well
        mu, logvar = (t[0] for t in model.best_diagonal(x))

        def log_joint(z, model=model, x=x):
            return model.log_joint(x, z[:, None])[:, 0]

        def with_entropy(z, mu=mu, logvar=logvar, log_joint=log_joint):
            return log_joint(z) - nb.log_normal(z, mu, (0.5 * logvar).exp()).sum(1)

        for f in (log_joint, with_entropy):
            score, baseline, pathwise = nb.three_variances(f, mu, (0.5 * logvar).exp(), 20_000)
            assert score > baseline > pathwise
    one = torch.ones(1)
    ratios = []
    for D in (1, 5, 20):
        ones = torch.ones(D)
        _, baseline, pathwise = nb.three_variances(lambda z: z.square().sum(1), ones, ones)
        ratios.append(baseline / pathwise)
    assert ratios[0] < ratios[1] < ratios[2]
    ones = torch.ones(20)  # without the other 19 terms the same slope costs what it costs in one dimension
    own, whole = (nb.three_variances(f, ones, ones)[1] for f in (lambda z: z[:, 0] ** 2, lambda z: (z**2).sum(1)))
    assert abs(own - 18) < 2
    assert whole > 6 * own
    steep = nb.three_variances(lambda z: 100 * z.sum(1), one, one)
    assert steep[2] < 1e-6 < 1e4 < steep[1]
    pays = (lambda z: 100 * z, lambda z: (0.1 * z).sin(), lambda z: (0.3 * z).sin(), lambda z: 30 * (z + 4) ** 2)
    costs = (lambda z: (10 * z).sin(), lambda z: (30 * z).sin(), lambda z: 0.01 * (100 * z).sin())
    for f in (*pays, *costs):  # steep or flat, what decides is the spread of the slope beside that of f/σ
        z = (1 + torch.randn(100_000)).requires_grad_()
        values = f(z)
        slope = torch.autograd.grad(values.sum(), z)[0]
        ratio = slope.std() / values.detach().std()
        assert ratio < 0.5 if f in pays else ratio > 2
        _, baseline, pathwise = nb.three_variances(lambda z, f=f: f(z).sum(1), one, one)
        assert (pathwise < baseline) == (f in pays)


@claim(
    "The spread is proportional to the root of the variance, to within 10 %",
    "A baseline, which costs one line, removes most of the score function's noise here; reparametrization removes more",
)
def noise_in_the_path(nb):
    ratios = []
    for seed in range(10):
        torch.manual_seed(seed)
        noise = torch.randn(nb.n_steps, 30)
        spread = {
            name: (nb.train(estimate, noise)[200:] - 0.5).square().mean().sqrt()
            for name, estimate in nb.estimators.items()
        }
        assert spread["reparametrized"] < spread["score with baseline"] < spread["score function"]
        ratios.append([spread[name].item() / nb.at_optimum[name].std().item() for name in spread])
    mean = np.mean(ratios, axis=0)
    assert mean.max() / mean.min() < 1.1
    log_joint = lambda e: -math.log(2 * math.pi) - 0.25 - 0.5 * e**2  # noqa: E731
    mean_f = HERMITE_WEIGHTS @ log_joint(HERMITE_NODES)
    score = lambda e: e / 0.5**0.5  # noqa: E731
    alone = exact_variance(log_joint, score)
    with_baseline = exact_variance(lambda e: log_joint(e) - mean_f, score)
    assert with_baseline < 0.2 * alone
    assert with_baseline > 2


@claim(
    "The staircase keeps the spread that one draw per step brings, and the scribble does not",
    "with the baseline subtracted no noise is left",
    "The one-pixel runs above left $-\\log q$ out of $f$, so they kept theirs",
)
def where_only_the_score_works(nb):
    for seed in range(3):
        torch.manual_seed(seed)
        ends = nb.climb_scribble()[-1]
        assert max(stats.entropy(q, nb.posterior) for q in ends) < 1e-4
        late = nb.descend_stairs()[-300:]
        assert abs(late.mean() - 1) < 0.1
        assert late.std() > 0.05
    f = (nb.joint / nb.posterior).log()
    assert (f - f.mean()).abs().max() < 1e-12
    assert (f.mean() - nb.evidence.log()).abs() < 1e-12
    z = torch.randn(1000) * nb.sigma + 0.5
    log_joint = nb.log_normal(z, 0, 1) + nb.log_normal(z, 1, 1)
    assert (log_joint - nb.log_normal(z, 0.5, nb.sigma)).std() < 1e-12
    assert log_joint.std() > 0.5


@claim(
    "so the reparametrized estimate is 0 on every draw, while $\\mathbb E_q[f]$ is smooth in $\\mu$ "
    "and has a minimum at 1"
)
def the_staircase(nb):
    z = torch.linspace(-4, 4, 20_001).requires_grad_()
    assert torch.autograd.grad((z - 1).abs().floor().sum(), z)[0].eq(0).all()
    edges = np.arange(1, 40)

    def expected(mu):  # Σ_k P(|z − 1| ≥ k)
        return sum(stats.norm.sf(edges, mu - 1) + stats.norm.cdf(-edges, mu - 1))

    assert abs(optimize.minimize_scalar(expected, bounds=(-3, 5), method="bounded").x - 1) < 1e-4
    mus = np.linspace(-3, 1, 41)
    assert (np.diff([expected(mu) for mu in mus]) < 0).all()


@claim(
    "The classifier finds the 0.32 with equal numbers, and is off by $\\log3=1.10$ without",
    "At the best $h$ the value is $2\\,\\mathrm{JS}(p,q)-\\log4$",
)
def ratios_from_a_classifier(nb):
    equal, unequal, values = [], [], []
    for seed in range(8):
        torch.manual_seed(seed)
        p, q = nb.log_odds(50_000, 50_000)
        equal.append(p.mean().item())
        values.append((torch.nn.functional.logsigmoid(p).mean() + torch.nn.functional.logsigmoid(-q).mean()).item())
        unequal.append(nb.log_odds(75_000, 25_000)[0].mean().item())
    kl = math.log(2) + 1 / 8 - 0.5
    for found, true in ((equal, kl), (unequal, kl + math.log(3))):
        assert abs(np.mean(found) - true) < 5 * np.std(found, ddof=1) / 8**0.5
    P, Q = stats.norm.pdf(LINE, 0, 1), stats.norm.pdf(LINE, 0, 2)
    middle = (P + Q) / 2
    js = 0.5 * integrate.trapezoid(P * (stats.norm.logpdf(LINE) - np.log(middle)), LINE)
    js += 0.5 * integrate.trapezoid(Q * (stats.norm.logpdf(LINE, 0, 2) - np.log(middle)), LINE)
    assert abs(np.mean(values) - (2 * js - math.log(4))) < 5 * np.std(values, ddof=1) / 8**0.5
