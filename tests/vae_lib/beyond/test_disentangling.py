"""The KL's parts against mixtures of torch.distributions and all of the data, information against scikit-learn, and
sprites against what is known of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from sklearn.metrics import mutual_info_score
from torch import tensor
from torch.distributions import Bernoulli, Categorical, Independent, MixtureSameFamily, Normal, kl_divergence
from torch.testing import assert_close

import vae_lib as lib
from vae_lib import zoo
from vae_lib.beyond import disentangling
from vae_lib.beyond.sprites import FACTORS, sprites
from vae_lib.zoo.training import split

N, D = 40, 3


@pytest.fixture
def posteriors(generator):
    """Means, log variances and one draw each, in float64."""
    mu, logvar, eps = (torch.randn(N, D, generator=generator, dtype=torch.float64) for _ in range(3))
    return mu + torch.exp(logvar / 2) * eps, mu, logvar


def mixture(mu, logvar):
    """q(z), all of the data in equal shares."""
    parts = Independent(Normal(mu, torch.exp(logvar / 2)), mu.ndim - 1)
    return MixtureSameFamily(Categorical(torch.ones(len(mu), dtype=torch.float64)), parts)


def exact(z, mu, logvar):
    """The parts at these draws, by densities of torch.distributions."""
    own = Normal(mu, torch.exp(logvar / 2)).log_prob(z).sum(1)
    joint = mixture(mu, logvar).log_prob(z)
    apart = sum(mixture(mu[:, d], logvar[:, d]).log_prob(z[:, d]) for d in range(D))
    return own - joint, joint - apart, apart - Normal(0.0, 1.0).log_prob(z).sum(1)


def test_pairwise_densities_are_those_of_torch_distributions(posteriors):
    z, mu, logvar = posteriors
    found = disentangling.pairwise_log_density(z, mu, logvar)
    assert_close(found, Normal(mu[None], torch.exp(logvar / 2)[None]).log_prob(z[:, None]))


def test_with_all_data_as_the_batch_the_stratified_parts_are_exact(posteriors):
    found = disentangling.kl_decomposition(*posteriors, N, "stratified")
    for one, other in zip(found, exact(*posteriors), strict=True):
        assert_close(one, other.mean())


def test_with_all_data_as_the_batch_the_weighted_parts_are_off_by_multiples_of_log_n(posteriors):
    found = disentangling.kl_decomposition(*posteriors, N)
    wanted = [part.mean() for part in exact(*posteriors)]
    for one, other, times in zip(found, wanted, (1, D - 1, -D), strict=True):
        assert_close(one, other + times * math.log(N))


@pytest.mark.parametrize("sampling", disentangling.SAMPLINGS)
def test_the_sum_of_the_parts_is_the_kl_at_these_draws(posteriors, sampling):
    z, mu, logvar = (part[:7] for part in posteriors)
    log_ratio = Normal(mu, torch.exp(logvar / 2)).log_prob(z) - Normal(0.0, 1.0).log_prob(z)
    assert_close(sum(disentangling.kl_decomposition(z, mu, logvar, 500, sampling)), log_ratio.sum(1).mean())


def test_stratified_weights_give_the_density_without_bias(posteriors, generator):
    """Over all batches with the first example, q(z_1) comes out on average; |z| > 4.5 once in 150,000 runs."""
    z, mu, logvar = posteriors
    wanted, found = mixture(mu, logvar).log_prob(z[:1]).exp(), []
    for _ in range(1500):
        rows = torch.cat([tensor([0]), 1 + torch.randperm(N - 1, generator=generator)[:4]])
        pairs = disentangling.pairwise_log_density(z[rows], mu[rows], logvar[rows]).sum(2)
        weights = disentangling._log_weights(5, N, "stratified").double()
        found.append(torch.logsumexp(pairs[0] + weights[0], 0).exp())
    found = torch.stack(found)
    assert abs(found.mean() - wanted) < 4.5 * found.std() / len(found) ** 0.5


def test_the_parts_of_a_code_that_ignores_the_picture_are_nothing(generator):
    z = torch.randn(N, D, generator=generator, dtype=torch.float64)
    parts = disentangling.kl_decomposition(z, torch.zeros_like(z), torch.zeros_like(z), N, "stratified")
    assert_close(torch.stack(parts), torch.zeros(3, dtype=torch.float64), rtol=0, atol=1e-12)


def test_a_sampling_that_is_none_is_refused(posteriors):
    with pytest.raises(lib.InputError, match="sampling must be one of"):
        disentangling.kl_decomposition(*posteriors, N, "importance")
    with pytest.raises(lib.InputError, match=f"n_data must be a whole number of at least {N}"):
        disentangling.kl_decomposition(*posteriors, N - 1)


def test_the_loss_weighs_the_total_correlation_alone():
    parts = [tensor(value) for value in (80.0, 3.0, 0.5, 2.0)]
    assert disentangling.tc_vae_loss(*parts, 1.0) == 85.5
    assert disentangling.tc_vae_loss(*parts, 6.0) == 88.0


def test_at_beta_1_the_model_is_the_vae_within(generator):
    model = disentangling.TcVAE(12, 2, (8,), 1.0, 100, generator=generator)
    x = torch.rand(9, 12, generator=generator)
    terms = model.loss_terms(x, generator=torch.Generator().manual_seed(3))
    mu, logvar = model.vae.encode(x)
    eps = torch.randn(mu.shape, generator=torch.Generator().manual_seed(3))
    wanted = lib.elbo_terms(model.vae, x, eps=eps[None])
    assert_close(terms.reconstruction, wanted.reconstruction)
    kl = kl_divergence(Normal(mu, torch.exp(logvar / 2)), Normal(0.0, 1.0)).sum(1)
    assert_close(terms.kl, kl)


def test_a_weight_on_the_total_correlation_lowers_it(generator):
    x = torch.rand(300, 1, generator=generator).expand(300, 12) * torch.rand(300, 12, generator=generator)
    config = lib.TrainConfig(epochs=12, batch_size=50, learning_rate=5e-3, device="cpu", progress=False)
    left = {}
    for beta in (1.0, 40.0):
        model = disentangling.TcVAE(12, 3, (16,), beta, len(x), generator=torch.Generator().manual_seed(1))
        lib.fit(model, x, config)
        with torch.no_grad():
            mu, logvar = model.vae.encode(x)
        z = lib.reparametrize(mu, logvar, generator=torch.Generator().manual_seed(2))
        left[beta] = disentangling.kl_decomposition(z, mu, logvar, len(x), "stratified").total_correlation.item()
    assert left[40.0] < left[1.0]


def test_mutual_information_is_scikit_learns(generator):
    a, b = torch.randint(0, 4, (300,), generator=generator), torch.randint(0, 3, (300,), generator=generator)
    b = torch.where(torch.rand(300, generator=generator) < 0.5, a % 3, b)
    table = disentangling._counts(a, b)
    assert_close(disentangling.mutual_information(table).item(), mutual_info_score(a, b))
    assert_close(disentangling.mutual_information(table.long()).item(), mutual_info_score(a, b), rtol=1e-5, atol=1e-6)


def test_mutual_information_of_tables_that_are_known():
    assert_close(disentangling.mutual_information(torch.eye(4)), tensor(math.log(4)))
    assert_close(disentangling.mutual_information(torch.ones(3, 5)), tensor(0.0), rtol=0, atol=1e-6)
    for bad in (torch.tensor([[1.0, -1.0]]), torch.zeros(2, 2), torch.ones(3)):
        with pytest.raises(lib.InputError):
            disentangling.mutual_information(bad)


def test_the_gap_is_1_for_a_code_of_the_factors_and_0_for_two_of_each(generator):
    factors = torch.stack([torch.arange(120) % 3, torch.arange(120) // 3 % 4], 1)
    noise = torch.rand(120, 1, generator=generator)
    mi, entropy = disentangling.information_table(factors.float(), factors)
    assert_close(entropy, tensor([math.log(3), math.log(4)], dtype=torch.float64))
    assert_close(disentangling.mutual_information_gap(mi, entropy).item(), 1.0)
    twice = torch.cat([factors.float(), -2 * factors.float(), noise], 1)
    mi, entropy = disentangling.information_table(twice, factors)
    assert_close(disentangling.mutual_information_gap(mi, entropy).item(), 0.0)


def information_by_scipy(mu, logvar, column):
    """I(z; factor) of one dimension as the mean divergence of q(z | value) from q(z), by scipy's quadrature."""
    mu, sigma = mu.numpy(), torch.exp(logvar / 2).numpy()
    low, high = (mu - 9 * sigma).min(), (mu + 9 * sigma).max()
    total = 0.0
    for value in column.unique():
        rows = (column == value).numpy()

        def integrand(z, rows=rows):
            density = stats.norm.pdf(z, mu, sigma)
            one, all_ = density[rows].mean(), density.mean()
            return one * (np.log(one) - np.log(all_)) if one > 0 else 0.0

        total += rows.mean() * integrate.quad(integrand, low, high, limit=400)[0]
    return total


def test_the_exact_information_is_scipys(posteriors):
    _, mu, logvar = posteriors
    factors = torch.stack([torch.arange(N) % 4, (torch.arange(N) // 7) * 10], 1)
    mi, entropy = disentangling.exact_information(mu, logvar, factors)
    wanted = [[information_by_scipy(mu[:, d], logvar[:, d], column) for column in factors.T] for d in range(D)]
    assert_close(mi, tensor(wanted, dtype=torch.float64), rtol=1e-5, atol=1e-7)
    assert_close(entropy, tensor([stats.entropy(factors[:, f].unique(return_counts=True)[1]) for f in (0, 1)]).double())


def test_the_exact_information_of_codes_that_are_known():
    """Far apart a value is known, from one and the same posterior nothing is."""
    factors = torch.stack([torch.arange(12) % 3, torch.arange(12) // 3], 1)
    mu = torch.stack([factors[:, 0] * 100.0, torch.zeros(12)], 1)
    mi, entropy = disentangling.exact_information(mu, torch.zeros(12, 2), factors)
    assert_close(mi, tensor([[math.log(3), 0.0], [0.0, 0.0]], dtype=torch.float64), rtol=0, atol=1e-9)
    assert_close(entropy, tensor([math.log(3), math.log(4)], dtype=torch.float64))
    for bad, said in {
        factors.float(): "be whole numbers, not torch.float32",
        factors[:5]: r"have shape \(N, F\), not \(5, 2\)",
        factors[:, 0]: r"have shape \(N, F\), not \(12,\)",
    }.items():
        with pytest.raises(lib.InputError, match=f"factors must {said}"):
            disentangling.exact_information(mu, torch.zeros(12, 2), bad)


def test_few_draws_and_many_bins_find_information_that_is_not_there(posteriors, generator):
    """Mean of the histogram's estimate over draws of a code that knows nothing: about (bins − 1)(values − 1) / 2N."""
    factors = torch.arange(N)[:, None] % 4
    found = [disentangling.information_table(torch.randn(N, 2, generator=generator), factors)[0] for _ in range(50)]
    assert torch.stack(found).mean() > 0.3


def test_sprites_are_all_different_and_lie_within_the_picture():
    pictures, factors = sprites()
    assert pictures.shape == (math.prod(FACTORS.values()), 24 * 24)
    assert len(pictures.unique(dim=0)) == len(factors.unique(dim=0)) == len(pictures)
    assert pictures.min() == 0
    assert pictures.max() == 1
    rim = pictures.view(-1, 24, 24).clone()
    rim[:, 1:-1, 1:-1] = 0
    assert rim.max() == 0


def test_sprites_of_fixed_factors_are_those_of_all():
    pictures, factors = sprites()
    some, left = sprites(shape=2, angle=5, x=1)
    wanted = (factors[:, [0, 2, 3]] == tensor([2, 5, 1])).all(1)
    assert torch.equal(some, pictures[wanted])
    assert torch.equal(left, factors[wanted][:, [1, 4]])
    for wrong, said in (({"colour": 1}, "colour must be one of the factors"), ({"x": 6}, "x must be 0 to 5, not 6")):
        with pytest.raises(lib.InputError, match=said):
            sprites(**wrong)


def test_sprites_follow_their_factors():
    """The centre of mass moves right with x and up with y, the area grows with the size and not with the place."""
    pictures, factors = sprites()
    ink = pictures.view(-1, 24, 24)
    area = ink.sum((1, 2))
    grid = torch.arange(24.0)
    x, y = (ink.sum(1) * grid).sum(1) / area, -(ink.sum(2) * grid).sum(1) / area
    column = dict(zip(FACTORS, factors.T, strict=True))
    for name, value in {"x": x, "y": y, "size": area}.items():
        means = [value[column[name] == step].mean() for step in range(FACTORS[name])]
        assert means == sorted(means)
        assert means[0] < means[-1]
    alike = area.view(*FACTORS.values())
    assert ((alike.amax((3, 4)) - alike.amin((3, 4))) / alike.mean((3, 4))).max() < 0.15


def test_lecture_9s_models_are_trained_on_all_sprites_at_every_step():
    recipe = zoo.RECIPES["tcvae-sprites-0"]
    dataset = recipe.load(None)
    (fitted,), (held,) = split(dataset, recipe)
    assert torch.equal(fitted, sprites(20, shape=2, angle=0).pictures)
    assert recipe.options["batch_size"] == len(fitted) == 108
    assert (torch.cdist(held, fitted).min(1).values == 0).all()  # the same pictures again
    assert zoo.RECIPES["bvae-sprites-0"].options["beta"] == zoo.load("bvae-sprites-0").card["training"]["beta"] == 4


@pytest.mark.parametrize("name", ["vae-sprites-0", "bvae-sprites-1", "tcvae-sprites-2", "sweep-sprites-8"])
def test_the_cards_of_lecture_9s_models_say_what_they_score(name, generator):
    """By other draws and the densities of torch.distributions; |z| > 5 once in a million runs."""
    entry, x = zoo.load(name), sprites(20, shape=2, angle=0).pictures
    vae, card = getattr(entry.model, "vae", entry.model), entry.card["test"]
    with torch.no_grad():
        mu, logvar = (part.double() for part in vae.encode(x))
        eps = torch.randn(40, *mu.shape, generator=generator, dtype=torch.float64)
        draws = mu + torch.exp(logvar / 2) * eps
        log_p = Bernoulli(logits=vae.decode(draws.float()), validate_args=False).log_prob(x).sum(2).mean(1)
    kl = kl_divergence(Normal(mu, torch.exp(logvar / 2)), Normal(0.0, 1.0)).sum(1).mean()
    assert abs(log_p.mean() - kl - card["elbo"]) < 5 * (log_p.std() / 40**0.5 + card["elbo_se"])
    joint = mixture(mu, logvar).log_prob(draws)
    marginals = sum(mixture(mu[:, d], logvar[:, d]).log_prob(draws[..., d]) for d in range(5))
    own = Normal(mu, torch.exp(logvar / 2)).log_prob(draws).sum(2)
    for part, values in (("information", own - joint), ("total_correlation", joint - marginals)):
        values = values.mean(1)
        assert abs(values.mean() - card[part]) < 5 * (1 / 40**0.5 + 1 / 100**0.5) * values.std() + 1e-4
