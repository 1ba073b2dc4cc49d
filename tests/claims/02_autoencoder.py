"""Claims of lecture 2: the linear case, bends against components, and bare ground."""

import math

import torch
from torch.distributions import Normal

import vae_lib as lib
from tests.claims import claim
from tests.claims.cards import gains


@claim("at $\\sigma_x^2=E/P$, the squared error per pixel")
def the_best_variance(nb):
    rebuilt = nb.mean.expand_as(nb.x_test)
    nll = {
        f: -Normal(rebuilt, math.sqrt(f * nb.mean_error / nb.P)).log_prob(nb.x_test).sum(1).mean().item()
        for f in (0.9, 1, 1.1)
    }
    assert nll[1] < min(nll[0.9], nll[1.1])
    assert nb.nll[1] < min(nb.nll[0.5], nb.nll[2])


@claim("Two linear maps with $D=P$ can both be the identity")
def nothing_is_lost_without_a_bottleneck(nb):
    assert abs(nb.nothing_lost) < 1e-6 * nb.pca_loss


@claim("The plane turns into PCA's.", "Without hidden layers the plane found is PCA's")
def training_finds_the_plane(nb):
    best = torch.linalg.svdvals(nb.X)[2:].square().sum().item() / len(nb.X)
    assert abs(nb.losses[-1] - best) < 1e-6 * best
    assert nb.angles[-1][1] < 1e-3 < 0.5 < nb.angles[0][1]


@claim("there are no *false* minima here", "or by fewer, and from there a small step leads down")
def a_saddle_and_not_a_minimum(nb):
    assert nb.slope < 1e-8

    def loss(turn):
        tilted = nb.U[:, 1] * math.cos(turn) + nb.U[:, 0] * math.sin(turn)
        V = torch.stack([tilted, nb.U[:, 2]], 1)
        return lib.squared_error(nb.X, nb.X @ V @ V.T).mean().item()

    turned = [loss(turn) for turn in (0.0, 0.01, 0.1, 0.5)]
    assert turned == sorted(turned, reverse=True)
    for first in (0, 1):  # by fewer: one component alone, stationary too; a step adds a little of another
        at = [torch.stack([nb.U[:, first], step * nb.U[:, 2]], 1) for step in (0.0, 0.01, 0.1)]
        alone = [V.clone().requires_grad_() for V in (at[0].T, at[0])]
        nb.linear_loss(*alone).backward()
        assert max(V.grad.abs().max() for V in alone) < 1e-8
        losses = [nb.linear_loss(V.T, V).item() for V in at]
        assert losses == sorted(losses, reverse=True)


def order(t, z):
    """The rank correlation of code and place, without its sign."""
    ranks = torch.stack([t, z]).argsort(1).argsort(1).double()
    return abs(torch.corrcoef(ranks)[0, 1])


@claim(
    "Plain training tears the spiral",
    "The guided network keeps the spiral whole, with no code decoded far from the data and an error no larger.",
    "So it is not the network that is too small to follow the spiral from end to end",
    on="mnist",
)
def training_tears_what_the_network_can_hold(nb):
    """The stored start; starts 1 and 2 with draws of their own tore too, with a rank correlation of 0.49 and 0.44."""
    assert order(nb.t, nb.z_spiral["plain"]) < 0.95
    assert nb.empty["plain"] > 0.02
    assert order(nb.t, nb.z_spiral["guided"]) > 0.99
    assert nb.empty["guided"] == 0
    assert nb.curve_error["guided"] <= nb.curve_error["plain"] < 0.02 * nb.line_error


@claim(
    "On MNIST the network is ahead at each of the four sizes",
    "58 % of PCA's error with two numbers, 50 % with four, 36 % with eight, 17 % with thirty",
    "In 2006 it was 22 % with thirty",
    "leave 58 to 17 % of PCA's error on MNIST",
    on="mnist",
)
def the_share_falls(nb):
    shares = []
    for entry in nb.stored.values():
        test = entry.card["test"]
        with torch.no_grad():
            error = lib.squared_error(nb.x_test, entry.model.reconstruct(nb.x_test)).mean().item()
        assert abs(error - test["squared_error"]) < 0.01
        assert error + 10 * test["squared_error_se"] < test["pca_squared_error"]
        shares.append(error / test["pca_squared_error"])
    assert shares == sorted(shares, reverse=True)
    assert [round(100 * share) for share in shares] == [58, 50, 36, 17]
    assert round(100 * 3.00 / 13.87) == 22
    assert error + 3 * test["squared_error_se"] < 3.00


@claim(
    "each round twice as long as the one before. The last took 1.6, 0.2, 0.9 and 7.0 % off the error on held-back "
    "pictures, for 2, 4, 8 and 30 numbers",
    "whose last round of training gained 1.6 %",
    on="mnist",
)
def what_the_last_round_gained(nb):
    assert [gains(f"ae-mnist-{D}d")[-1] for D in (2, 4, 8, 30)] == [1.6, 0.2, 0.9, 7.0]


@claim(
    "PCA beside them sees all training pictures",
    "Grey lines lead to the code sizes where PCA is as good as each network.",
    on="mnist",
)
def one_pca_for_table_and_figure(nb):
    """The curve is that of the cards, and crosses each network's error where the grey line ends."""
    for D, entry in nb.stored.items():
        assert abs(nb.pca_curve[D - 1] - entry.card["test"]["pca_squared_error"]) < 0.001
        k = nb.as_good[D]
        assert nb.pca_curve[k - 1] <= nb.ae_error[D] < nb.pca_curve[k - 2]


@claim("PCA with thirty numbers is ahead of the stored network, 0.21 to 0.34")
def few_pictures_favour_pca(nb):
    test = nb.zoo.load("ae-digits-30d").card["test"]
    assert (round(test["pca_squared_error"], 2), round(test["squared_error"], 2)) == (0.21, 0.34)
    assert test["pca_squared_error"] + 5 * test["squared_error_se"] < test["squared_error"]


@claim("fewer of its pixels are a middling grey than of PCA's, at each of the three sizes")
def strokes_and_blur(nb):
    def grey(pictures):
        return ((pictures > 0.25) & (pictures < 0.75)).double().mean(1)

    some = nb.x_test[:1000]
    for D in (2, 4, 8):
        assert nb.grey[D][1] < nb.grey[D][0]  # as printed
        difference = grey(nb.pca_through(some, D)) - grey(nb.models[D].reconstruct(some))
        assert difference.mean() > 5 * difference.std() / len(some) ** 0.5


@claim("it may draw *another* digit, in firm strokes", "A sharp reconstruction is not a faithful one.")
def firm_and_wrong(nb):
    """Beside it, the classifier's error on the pictures themselves."""
    some, labels = nb.x_test[:2000], nb.y_test[:2000]
    seen = nb.judge(nb.judging, some)
    wrong = (seen.label != labels)[seen.confidence > 0.9].double().mean()
    assert nb.other > 0.05 > 2 * wrong


@claim("more than one of the four changes it")
def no_number_is_the_class(nb):
    """For the ten best-rebuilt 2s, and not for the one that is shown alone."""
    more = []
    for i in nb.best[2][:10]:
        rows = nb.ae.encode(nb.x_test[[i]]).repeat(4, 9, 1)
        for d in range(4):
            rows[d, :, d] = torch.linspace(nb.low4[d], nb.high4[d], 9)
        kinds = [len(nb.judge(nb.judging, nb.ae.decode_mean(walk)).label.unique()) for walk in rows]
        more.append(sum(k > 1 for k in kinds))
    assert min(more) > 1
    assert nb.changed > 1


@claim("PCA's numbers came sorted by variance, uncorrelated and with mean 0. These need be none of it", on="mnist")
def codes_have_no_order(nb):
    z = nb.z_all
    correlation = torch.corrcoef(z.T) - torch.eye(4)
    assert correlation.abs().max() > 0.1
    assert (z.mean(0).abs() > 0.2 * z.std(0)).any()
    assert z.std(0).tolist() != sorted(z.std(0).tolist(), reverse=True)


@claim(
    "so that $0.3^2D$ of it passes on average: 0.72 with eight numbers",
    "add up, by Pythagoras. For the network they need not.",
)
def what_a_projection_passes(nb):
    for D in (8, nb.as_good[8]):
        name, passes = f"PCA, {D}", 0.09 * D
        assert abs(nb.moved[name] - passes) < 5 * passes * (2 / D / len(nb.clean)) ** 0.5
        assert abs(nb.lost[name] + nb.moved[name] - nb.left_over[name]) < 1e-3
    apart = nb.lost["network, 8"] + nb.moved["network, 8"] - nb.left_over["network, 8"]
    assert abs(apart) > 0.1  # for the network they need not


def denoised(nb, seed):
    """What the noise moves and what is left over, picture by picture, for fresh noise."""
    noisy = nb.clean + 0.3 * torch.randn(nb.clean.shape, generator=torch.Generator().manual_seed(seed))
    after = {name: nb.pca_through(noisy, int(name.split()[1])) for name in nb.both if name.startswith("PCA")}
    after["network, 8"] = nb.models[8].reconstruct(noisy)
    moved = {name: lib.squared_error(nb.both[name][0], x_hat) for name, x_hat in after.items()}
    return moved, {name: lib.squared_error(nb.clean, x_hat) for name, x_hat in after.items()}


@claim(
    "It lets far more of the noise through than PCA does",
    "only because it loses so much less of a clean one",
    "ends nearer to the clean digit than PCA with eight numbers, 26.8 against 30.0",
    "3.78 with 42",
    "PCA with 42 numbers loses as little, and ends at 14.6",
    on="mnist",
)
def noise_and_what_the_code_loses(nb):
    printed = {name: round(value, 1) for name, value in nb.left_over.items()}
    assert printed == {"PCA, 8": 30.0, "PCA, 42": 14.6, "network, 8": 26.8}
    assert nb.lost["network, 8"] < 0.5 * nb.lost["PCA, 8"]
    for seed in (1, 2):
        _, left = denoised(nb, seed)
        gain = left["PCA, 8"] - left["network, 8"]
        assert gain.mean() > 5 * gain.std() / len(gain) ** 0.5


@claim("**At equal loss PCA is the better denoiser by far.**")
def pca_of_equal_loss_denoises_better(nb):
    pca, net = f"PCA, {nb.as_good[8]}", "network, 8"
    equal = lib.squared_error(nb.clean, nb.both[pca][0]) - lib.squared_error(nb.clean, nb.both[net][0])
    assert equal.mean() < 5 * equal.std() / len(equal) ** 0.5
    for seed in (1, 2):
        moved, left = denoised(nb, seed)
        for measured, times in ((moved, 2), (left, 1.5)):
            difference = measured[net] - times * measured[pca]
            assert difference.mean() > 5 * difference.std() / len(difference) ** 0.5


def of_its_class(codes, labels):
    """The share of codes whose nearest other code has their class."""
    distances = torch.cdist(codes, codes).fill_diagonal_(math.inf)
    return (labels[distances.argmin(1)] == labels).double().mean().item()


@claim("the nearest other code is more often of the same class than before")
def classes_draw_apart(nb):
    first, last = (of_its_class(nb.frames[i], nb.few_classes) for i in (0, -1))
    assert last > first + 0.1


@claim("and more often than in PCA's plane", on="mnist")
def more_separate_than_in_pca(nb):
    components = lib.pca_encode(nb.few, nb.whole.mean, nb.whole.components[:, :2])
    ours, theirs = (of_its_class(z, nb.few_classes) for z in (nb.frames[-1], components))
    assert ours > theirs + 3 * (2 * 0.25 / len(nb.few)) ** 0.5


@claim(
    "74 % of its answers pass for clear digits, where at codes 94 % do",
    "on average 3.6 from the nearest training picture, and 3.4 at codes",
    "the classifier lets three bare places in four pass, and the distance between pictures hardly differs",
    "most of what is decoded there passes for clear digits",
    on="mnist",
)
def bare_ground_gives_clear_digits(nb):
    """With other points, other test pictures for the edge, and other codes beside them."""
    for seed in (1, 2):
        g = torch.Generator().manual_seed(seed)
        edge_of = nb.x_test[torch.randperm(len(nb.x_test), generator=g)[:1500]]
        z_test = nb.flat.encode(edge_of)
        points = nb.low + (nb.high - nb.low) * torch.rand(3000, 2, generator=g)
        far = lib.nearest_distance(points, nb.z)
        bare = points[far > lib.nearest_distance(z_test, nb.z).quantile(0.95)]
        codes = nb.z[torch.randperm(len(nb.z), generator=g)[:1000]]
        pictures = {"bare": nb.flat.decode_mean(bare), "codes": nb.flat.decode_mean(codes)}
        clear = {name: (nb.judge(nb.judging, p).confidence > 0.9).double().mean() for name, p in pictures.items()}
        assert abs(clear["bare"] - nb.clear["bare"]) < 5 * 0.45 * (1 / len(bare) + 1 / len(nb.places["bare"])) ** 0.5
        assert abs(clear["codes"] - nb.clear["codes"]) < 5 * 0.24 * (2 / 1000) ** 0.5
    assert [f"{nb.clear[name]:.0%}" for name in ("bare", "codes")] == ["74%", "94%"]
    assert 0.05 < nb.bare < 0.3
    assert nb.picture_distance["codes"] < nb.picture_distance["bare"] < 1.15 * nb.picture_distance["codes"]


@claim(
    "nine in ten of the clear ones are 1s, 2s, 4s or 7s, and none is a 3 or an 8",
    on="mnist",
)
def bare_ground_is_of_few_kinds(nb):
    """As printed, and of fresh points, where a 3 or an 8 is rare, if not ruled out."""
    kinds = torch.tensor(nb.by_kind["bare"]).double()
    assert kinds[[3, 8]].sum() == 0
    g = torch.Generator().manual_seed(1)
    points = nb.low + (nb.high - nb.low) * torch.rand(3000, 2, generator=g)
    fresh = nb.judge(nb.judging, nb.flat.decode_mean(points[lib.nearest_distance(points, nb.z) > nb.edge]))
    again = torch.bincount(fresh.label[fresh.confidence > 0.9], minlength=10).double()
    for counts in (kinds, again):
        share = counts[[1, 2, 4, 7]].sum() / counts.sum()
        assert abs(share - 0.9) < 5 * 0.3 / counts.sum() ** 0.5
    codes = torch.tensor(nb.by_kind["codes"]).double()
    assert codes.min() > 0.05 * codes.sum()  # the codes' own pictures are of every kind


@claim(
    "Of the turned digits 57 % raise it, of the same digits moved back 36 %, "
    "and of upright digits moved by that one pixel 25 %",
    "fewer than one in ten of the turned 0s, 1s, 6s and 9s are noticed",
    "upside down 0s and 1s look as before, and 6s and 9s change places",
    "Of the 3s and 4s seven in ten are noticed.",
    "nor does a high one show that it is not",
    on="mnist",
)
def the_alarm_hears_the_place(nb):
    """As printed, and for the next 1,000 digits against the bound of the first."""
    printed = {name: f"{shares[0]:.0%}" for name, shares in nb.by_class.items()}
    assert printed == {"turned": "57%", "turned, moved back": "36%", "upright, moved": "25%", "upright": "5%"}
    others = nb.x_test[1000:2000].view(-1, 28, 28)
    turned = others.rot90(2, (1, 2))
    sets = {"turned": turned, "turned, moved back": turned.roll((1, 1), (1, 2))}
    sets["upright, moved"] = others.roll((-1, -1), (1, 2))
    for name, pictures in sets.items():
        share = nb.alarm(pictures.flatten(1)).double().mean()
        assert abs(share - nb.by_class[name][0]) < 5 * 0.5 * (2 / 1000) ** 0.5
    back = nb.by_class["turned, moved back"][1:]
    assert max(back[c] for c in (0, 1, 6, 9)) < 0.1
    assert [round(10 * back[c]) for c in (3, 4)] == [7, 7]
    seen = nb.judge(nb.judging, nb.sets["turned, moved back"]).label
    for was, looks in ((0, 0), (1, 1), (6, 9), (9, 6)):
        assert (seen[nb.y_test[:1000] == was] == looks).double().mean() > 0.7


@claim("half a turn takes pixel 14 to pixel 13", on="mnist")
def half_a_turn_moves_the_centre(nb):
    assert nb.step == [-1, -1]
    for pictures, place in ((nb.clean, 14), (nb.turned, 13)):
        assert (nb.centre(pictures) - place).abs().max() < 0.05
    assert (nb.centre(nb.sets["turned, moved back"]) - 14).abs().max() < 0.05


@claim("Here 40 epochs left 2.88, and 160 epochs 2.43", on="mnist")
def fifty_epochs_are_not_the_end(nb):
    first, *_, last = nb.stored[30].card["training"]["rounds"]
    assert [one["epochs"] for one in (first, last)] == [40, 160]
    assert [round(one["best"], 2) for one in (first, last)] == [2.88, 2.43]


@claim("it is a sum over data points, and none of them is encoded there", on="mnist")
def the_crossing_is_empty(nb):
    curve, codes = nb.curves["plain"], nb.z_spiral["plain"].sort().values
    at = torch.linspace(codes[0], codes[-1], 2000)
    away = torch.cdist(curve.decode_mean(at[:, None]), nb.spiral).amin(1) > 0.25
    assert away.any()
    assert not ((codes > at[away].min()) & (codes < at[away].max())).any()


@claim(
    "For any invertible matrix $M$ the pair $WM$, $M^{-1}G$ decodes to the same pictures",
    "So the loss fixes no order",
)
def the_axes_are_free(nb):
    g = torch.Generator().manual_seed(3)
    for _ in range(5):
        M = torch.randn(2, 2, generator=g).double()
        same = nb.X[:50] @ (torch.linalg.inv(M) @ nb.G).T @ (nb.W @ M).T
        assert torch.allclose(same, nb.X[:50] @ nb.G.T @ nb.W.T, atol=1e-8)


@claim("Meanwhile the codes spread")
def codes_spread(nb):
    assert nb.frames[-1].std(0).mean() > 2 * nb.frames[0].std(0).mean()


@claim(
    "The numbers beside the layers are those of the network whose training the film below shows.",
    "The other networks of this lecture have other sizes",
)
def the_other_networks_have_other_sizes(nb):
    def widths(network):
        return [part.out_features for part in network.encoder if isinstance(part, torch.nn.Linear)]

    assert widths(nb.plane) == [256, 128, 2]
    for other in (nb.small, *nb.curves.values(), *nb.models.values()):
        assert widths(other)[:-1] != [256, 128]
    for D, model in nb.models.items():
        ours = lib.Autoencoder(nb.P, D, hidden=(256, 128))
        counts = [sum(p.numel() for p in m.parameters()) for m in (ours, model)]
        assert counts[0] != counts[1] == nb.parameters[D]


@claim(
    "How much is owed to the code the table cannot say: the network with thirty numbers has more than twice the "
    "parameters of any other",
    "it alone was trained on moved pictures too",
    on="mnist",
)
def more_than_the_code_differs(nb):
    sizes = [nb.parameters[D] for D in (2, 4, 8)]
    assert nb.parameters[30] > 2 * max(sizes)
    assert [nb.stored[D].card["training"]["shifted"] > 0 for D in (2, 4, 8, 30)] == [False] * 3 + [True]
