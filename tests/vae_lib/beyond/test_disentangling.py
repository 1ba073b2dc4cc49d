"""The KL's parts against mixtures of torch.distributions and all of the data, information against scikit-learn, and
sprites against what is known of them."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import mutual_info_score
from torch import tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal, kl_divergence
from torch.testing import assert_close

import vae_lib as lib
from vae_lib.beyond import disentangling
from vae_lib.beyond.sprites import FACTORS, sprites

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


def test_sprites_are_all_different_and_lie_within_the_picture():
    pictures, factors = sprites()
    assert pictures.shape == (math.prod(FACTORS.values()), 24 * 24)
    assert len(pictures.unique(dim=0)) == len(factors.unique(dim=0)) == len(pictures)
    assert pictures.min() == 0
    assert pictures.max() == 1
    rim = pictures.view(-1, 24, 24).clone()
    rim[:, 1:-1, 1:-1] = 0
    assert rim.max() == 0


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
