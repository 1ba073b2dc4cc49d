"""Claims of chapter 7: the planes, on models that come with the library and know their test digits."""

import math

import torch
from scipy import stats

import vae_lib as lib
from tests.claims import claim


@claim("the second has lost a few in a hundred to places further out")
def the_second_circle_is_too_empty(nb):
    """Within the first radius the share is the prior's, up to chance; within the second it is less."""
    asked = [1 - math.exp(-(r**2) / 2) for r in (1, 2)]
    found = [(nb.length < r).float().mean().item() for r in (1, 2)]
    error = [(p * (1 - p) / len(nb.length)) ** 0.5 for p in asked]
    assert abs(found[0] - asked[0]) < 3 * error[0]
    assert found[1] < asked[1] - 3 * error[1]


@claim("`plane.picture()` is the picture that you see there")
def the_explorer_shows_what_the_model_decodes(nb):
    assert nb.difference < 1e-5


@claim("Outside the third circle the picture hardly changes any more")
def less_changes_outside(nb):
    """Along rays, from 3 to 4 against from 1 to 2."""
    angle = torch.linspace(0, 2 * math.pi, 73)[:-1]
    rays = torch.stack([angle.cos(), angle.sin()], 1)
    with torch.no_grad():
        at = [nb.vae.model.decode_mean(r * rays) for r in (1.0, 2.0, 3.0, 4.0)]
    inside, outside = (at[1] - at[0]).square().sum(1).mean(), (at[3] - at[2]).square().sum(1).mean()
    assert outside < 0.5 * inside


@claim("The error of a digit at a border is half as large again.", "without them it is a fifth larger still")
def borders_cost(nb):
    sure, torn = (nb.vae.errors[nb.groups[name]] for name in ("sure", "torn"))
    assert 1.4 < torn.mean() / sure.mean() < 1.6
    sure, torn = (nb.vae.errors[nb.groups[name] & (nb.vae.labels != 1)] for name in ("sure", "torn"))
    assert 1.15 < torn.mean() / sure.mean() < 1.25
    error = (torn.var() / len(torn) + sure.var() / len(sure)) ** 0.5
    assert torn.mean() - sure.mean() > 5 * error


@claim("1s are simple and lie apart")
def ones_are_easy(nb):
    one = nb.vae.labels == 1
    assert nb.vae.errors[one].mean() < 0.7 * nb.vae.errors[~one].mean()
    sure = nb.groups["sure"]
    assert sure[one].float().mean() > sure[~one].float().mean() + 0.2


@claim("So a digit's own cloud is small beside the prior's")
def clouds_are_small(nb):
    assert nb.high < 0.1
    assert abs(1 / nb.middle**2 - 1600) < 160


@claim("The share of draws that fall into holes does.")
def the_autoencoder_has_more_holes(nb):
    """Three sets of draws; both get their best Gaussian, the VAE the prior as well."""
    g = torch.Generator().manual_seed(5)

    def share(entry, z):
        between = torch.cdist(entry.codes, entry.codes).fill_diagonal_(torch.inf).min(1).values
        return (torch.cdist(z, entry.codes).min(1).values > between.quantile(0.95)).float().mean()

    def fitted(entry, eps):
        return entry.codes.mean(0) + eps @ torch.linalg.cholesky(torch.cov(entry.codes.T)).T

    for eps in torch.randn(3, 4000, 2, generator=g):
        holes = share(nb.ae, fitted(nb.ae, eps))
        assert holes > 1.5 * share(nb.vae, eps)
        assert holes > 1.5 * share(nb.vae, fitted(nb.vae, eps))


@claim("A decoder does not blur where it knows nothing")
def holes_are_as_crisp(nb):
    assert max(nb.grey[1] - nb.grey[0], nb.grey[3] - nb.grey[2]) < 0.05


@claim("Halving a small $\\sigma$ adds $\\log2=0.69$ nats each time")
def a_factor_costs_its_logarithm(nb):
    logvar = 2 * torch.tensor([[0.02], [0.01]]).log()
    cost = lib.gaussian_kl(torch.zeros(2, 1), logvar)
    assert abs(cost[1] - cost[0] - math.log(2)) < 1e-3
    shown = lib.gaussian_kl(torch.zeros(1, 1), torch.tensor([[2 * math.log(nb.sigma)]]))
    assert abs(nb.terms.terms.kl - shown.item()) < 1e-6


@claim("With ten dimensions each costs less.", "All of them together cost 11.8 nats more and save 46.8")
def ten_are_cheaper_each(nb):
    two, ten = (entry.card["test"] for entry in (nb.vae, nb.ten))
    assert max(ten["kl_per_dim"]) < min(two["kl_per_dim"])
    assert abs(ten["kl"] - two["kl"] - 11.8) < 0.05
    assert abs(two["reconstruction"] - ten["reconstruction"] - 46.8) < 0.1


@claim("what costs more changes more of the picture")
def price_and_use_go_together(nb):
    assert stats.spearmanr(nb.kl, nb.change).statistic > 0.9


@claim("Nearly half of the straight paths pass through lengths that one code in twenty has.")
def straight_paths_are_short(nb):
    shares = {}
    for walk in (lib.interpolate, lib.slerp):
        middles = torch.stack([walk(a, b, 3)[1] for a, b in nb.pairs]).norm(dim=1)
        shares[walk.__name__] = (middles < nb.short).float().mean()
    assert 0.4 < shares["interpolate"] < 0.5
    assert shares["slerp"] < 0.05
