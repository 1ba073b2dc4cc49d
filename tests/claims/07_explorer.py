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


@claim(
    "Outside the third circle it changes more slowly than inside the second",
    "so a small step of the ring is a small change of the picture",
)
def less_changes_outside(nb):
    """Along rays, from 3 to 4 against from 1 to 2."""
    angle = torch.linspace(0, 2 * math.pi, 73)[:-1]
    rays = torch.stack([angle.cos(), angle.sin()], 1)
    with torch.no_grad():
        at = [nb.vae.model.decode_mean(r * rays) for r in (1.0, 2.0, 3.0, 4.0)]
    inside, outside = (at[1] - at[0]).square().sum(1).mean(), (at[3] - at[2]).square().sum(1).mean()
    assert outside < 0.5 * inside
    with torch.no_grad():
        small = nb.vae.model.decode_mean(1.001 * rays) - nb.vae.model.decode_mean(rays)
    assert small.square().sum(1).max() < 0.001 * inside  # a step of 0.001, at whichever angle


@claim("Where you hesitate, the neighbours tend to disagree.")
def unsure_pictures_have_mixed_neighbours(nb):
    """Three sets of 2,000 draws, the classifier in the hand's place."""
    for seed in (1, 2, 3):
        z = torch.randn(2000, 2, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            sure = nb.judge(nb.judging, nb.vae.model.decode_mean(z)).confidence > 0.9
        near = nb.vae.labels[torch.cdist(z, nb.vae.codes).topk(20, largest=False).indices]
        share = torch.stack([(near == c).double().mean(1) for c in range(10)]).amax(0)
        error = (share[sure].var() / sure.sum() + share[~sure].var() / (~sure).sum()) ** 0.5
        assert share[sure].mean() - share[~sure].mean() > 5 * error
        for group, own in ((share[sure], nb.sure), (share[~sure], ~nb.sure)):  # what the lecture prints
            assert abs(group.mean() - nb.commonest[own].mean()) < 4 * group.std() / len(group) ** 0.5


@claim(
    "The error of a torn digit is half as large again as that of a sure one",
    "Without them the torn digits still have a fifth more",
    "come back with an error a fifth larger, the easy 1s set aside: 33.2 against 27.2",
)
def borders_cost(nb):
    sure, torn = (nb.vae.errors[nb.groups[name]] for name in ("sure", "torn"))
    assert 1.4 < torn.mean() / sure.mean() < 1.6
    sure, torn = (nb.vae.errors[nb.groups[name] & (nb.vae.labels != 1)] for name in ("sure", "torn"))
    assert 1.15 < torn.mean() / sure.mean() < 1.25
    assert [round(group.mean().item(), 1) for group in (torn, sure)] == [33.2, 27.2]
    error = (torn.var() / len(torn) + sure.var() / len(sure)) ** 0.5
    assert torn.mean() - sure.mean() > 5 * error


@claim("in six of the seven the torn ones come back worse; the 4s are the exception")
def borders_cost_within_a_class(nb):
    worse = {}
    for c in range(10):
        sure, torn = (nb.vae.errors[nb.groups[name] & (nb.vae.labels == c)] for name in ("sure", "torn"))
        if min(len(sure), len(torn)) >= 20:
            worse[c] = (torn.mean() > sure.mean()).item()
    assert len(worse) == 7
    assert [c for c, more in worse.items() if not more] == [4]


@claim("1s come back well and lie apart")
def ones_are_easy(nb):
    one = nb.vae.labels == 1
    assert nb.vae.errors[one].mean() < 0.7 * nb.vae.errors[~one].mean()
    sure = nb.groups["sure"]
    assert sure[one].float().mean() > sure[~one].float().mean() + 0.2


@claim("So a code's own cloud is small beside the prior's")
def clouds_are_small(nb):
    assert nb.high < 0.1
    assert abs(1 / nb.middle**2 - 1600) < 160


@claim(
    "more fall into holes than of the VAE's from its prior, here 30 % against 12 %.",
    "The shares depend on the codes at hand, but each set of them gives the autoencoder more",
)
def the_autoencoder_has_more_holes(nb):
    """Three sets of draws, and other sets of codes; both get their best Gaussian, the VAE the prior as well."""
    g = torch.Generator().manual_seed(5)

    def share(codes, z):
        gap, usual = nb.distances(z, codes)
        return (gap > usual).float().mean().item()

    def fitted(codes, eps):
        return codes.mean(0) + eps @ torch.linalg.cholesky(torch.cov(codes.T)).T

    seen = []
    for eps in torch.randn(3, 4000, 2, generator=g):
        for part in torch.randperm(2000, generator=g).split(1000):
            seen.append(share(nb.ae.codes[part], fitted(nb.ae.codes[part], eps)))
            assert seen[-1] > share(nb.vae.codes[part], eps) + 4 * (0.25 / 4000) ** 0.5
        assert share(nb.ae.codes, fitted(nb.ae.codes, eps)) > 1.5 * share(nb.vae.codes, fitted(nb.vae.codes, eps))
    assert max(seen) - min(seen) > 6 * (0.25 / 4000) ** 0.5  # more than the draws can do
    assert [round(100 * shares[0]) for shares in nb.shares.values()] == [30, 12]
    assert all(a > b for a, b in zip(*nb.shares.values(), strict=True))


@claim("By a yardstick like lecture 6's, with only 2,000 codes, a draw is in a *hole*")
def the_yardstick(nb):
    """Lecture 6's compares new codes with training codes; this one the codes with each other."""
    for name, entry in (("autoencoder", nb.ae), ("VAE", nb.vae)):
        assert len(entry.codes) == 2000
        nearest = torch.stack(
            [lib.nearest_distance(entry.codes[i : i + 1], _without(entry.codes, i)) for i in range(200)]
        )
        beyond = (nearest > nb.edges[name]).double().mean()
        assert abs(beyond - 0.05) < 4 * (0.05 * 0.95 / 200) ** 0.5


def _without(codes, i):
    return torch.cat([codes[:i], codes[i + 1 :]])


@claim(
    "The pictures are no greyer in holes than elsewhere.",
    "The classifier is less often sure in the VAE's holes, and *more* often in the autoencoder's",
    "of all pictures that it is unsure of, about four in five come from no hole",
    "The distance between codes does.",
    "in the autoencoder's holes it was a clear digit more often than elsewhere",
    "So a picture does not show whether its code lies in a hole.",
    "Digits, for the most part.",
)
def a_picture_does_not_tell(nb):
    """Three more sets of draws beside the lecture's."""
    assert max(nb.grey[1] - nb.grey[0], nb.grey[3] - nb.grey[2]) < 0.01
    for seed in (1, 2, 3):
        eps = torch.randn(4000, 2, generator=torch.Generator().manual_seed(seed))
        for name, entry in (("autoencoder", nb.ae), ("VAE", nb.vae)):
            z = nb.ae.codes.mean(0) + eps @ nb.root.T if name == "autoencoder" else eps
            hole = torch.cdist(z, entry.codes).min(1).values > nb.edges[name]
            with torch.no_grad():
                sure = nb.judge(nb.judging, entry.model.decode_mean(z)).confidence > 0.9
            inside, outside = sure[hole].double().mean(), sure[~hole].double().mean()
            assert inside > 0.7
            assert (inside > outside + 0.03) if name == "autoencoder" else (inside < outside - 0.03)
            assert 0.74 < (~hole)[~sure].double().mean() < 0.88


@claim("The sum is never below zero, though two of its terms can be.")
def a_divergence_is_not_negative(nb):
    mu, sigma = torch.meshgrid(torch.linspace(-3, 3, 61), torch.linspace(0.05, 3, 60), indexing="ij")
    terms = [mu**2 / 2, sigma**2 / 2, -sigma.log(), torch.full_like(mu, -0.5)]
    assert sum(terms).min() > -1e-5
    assert [bool(term.min() < 0) for term in terms] == [False, False, True, True]


@claim("the width cost 3.2 nats", "That makes 3.7 nats for a dimension.")
def what_a_width_costs(nb):
    width = (nb.middle**2 - math.log(nb.middle**2) - 1) / 2
    assert round(width, 1) == 3.2
    low, high = (f(nb.vae.card["test"]["kl_per_dim"]) for f in (min, max))
    assert low < width + 0.5 < high


@claim("Halving a small $\\sigma$ adds $\\log2=0.69$ nats each time")
def a_factor_costs_its_logarithm(nb):
    logvar = 2 * torch.tensor([[0.02], [0.01]]).log()
    cost = lib.gaussian_kl(torch.zeros(2, 1), logvar)
    assert abs(cost[1] - cost[0] - math.log(2)) < 1e-3
    shown = lib.gaussian_kl(torch.zeros(1, 1), torch.tensor([[2 * math.log(nb.sigma)]]))
    assert abs(nb.terms.terms.kl - shown.item()) < 1e-6


@claim("With ten dimensions each costs less.", "All of them together cost 11.8 nats more and save 47")
def ten_are_cheaper_each(nb):
    two, ten = (entry.card["test"] for entry in (nb.vae, nb.ten))
    assert max(ten["kl_per_dim"]) < min(two["kl_per_dim"])
    assert abs(ten["kl"] - two["kl"] - 11.8) < 0.05
    assert round(two["reconstruction"] - ten["reconstruction"]) == 47


@claim("on 55,000 of its training pictures, while 5,000 were held back to judge the training by")
def what_the_models_were_trained_on(nb):
    for entry in nb.models.values():
        assert "55,000 to train on, 5,000 held back" in entry.card["data"]


@claim("The ten of one model cost 1.29 to 2.64 each")
def what_each_of_ten_costs(nb):
    costs = nb.ten.card["test"]["kl_per_dim"]
    assert len(costs) == 10
    assert [round(f(costs), 2) for f in (min, max)] == [1.29, 2.64]


@claim(
    "with 5, 8 and 20 dimensions the rank correlation is at least 0.97",
    "what costs more changes more of the picture",
)
def price_and_use_go_together(nb):
    assert stats.spearmanr(nb.kl, nb.change).statistic > 0.9
    for D in (5, 8, 20):
        entry = nb.zoo.load(f"vae-mnist-{D}d")
        codes, change = entry.codes[:500], []
        with torch.no_grad():
            before = entry.model.decode_mean(codes)
            for d in range(D):
                step = torch.eye(D)[d] * 2 * codes[:, [d]].sign()
                change.append((entry.model.decode_mean(codes - step) - before).square().sum().item())
        assert stats.spearmanr(entry.card["test"]["kl_per_dim"], change).statistic >= 0.98


@claim("Nearly half of the straight paths pass through lengths that only one code in twenty has.")
def straight_paths_are_short(nb):
    shares = {}
    for walk in (lib.interpolate, lib.slerp):
        middles = torch.stack([walk(a, b, 3)[1] for a, b in nb.pairs]).norm(dim=1)
        shares[walk.__name__] = (middles < nb.short).float().mean()
    assert 0.4 < shares["interpolate"] < 0.5
    assert shares["slerp"] < 0.05
