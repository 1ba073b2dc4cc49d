"""M1, M2 and M1+M2 against enumeration, torch.distributions and identities that hold exactly."""

from __future__ import annotations

import math

import pytest
import torch
from torch import distributions as D

import vae_lib as lib
from vae_lib.beyond.semi_supervised import (
    M2,
    CodeGaussian,
    SemiSupervised,
    balanced_subset,
    drawn,
    error_percent,
    labelled_bound,
    m1_codes,
    m2_loss,
    unlabelled_bound,
)


def double(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def model(likelihood=None, classes=3, seed=0):
    m2 = M2(6, 2, (5,), classes, likelihood, generator=torch.Generator().manual_seed(seed))
    return m2.double()


# ------------------------------------------------------------------ the parts of the bound


def test_a_subset_has_as_many_of_each_class_and_none_twice():
    y = torch.tensor([2, 7, 2, 2, 7, 4, 4, 4, 7, 2])
    found = balanced_subset(y, 2, torch.Generator().manual_seed(1))
    assert found.dtype == torch.int64
    assert len(set(found.tolist())) == 6
    assert sorted(y[found].tolist()) == [2, 2, 4, 4, 7, 7]
    again = balanced_subset(y, 2, torch.Generator().manual_seed(1))
    assert torch.equal(found, again)


def test_each_example_of_a_class_is_as_likely_in_a_subset():
    """χ² of how often each of 8 is drawn among 2, over 2000 subsets: fails once in 10,000."""
    y, g = torch.tensor([0] * 8 + [1] * 3), torch.Generator().manual_seed(0)
    counts = torch.zeros(8)
    for _ in range(2000):
        found = balanced_subset(y, 2, g)
        counts[found[found < 8]] += 1
    assert ((counts - 500) ** 2 / (2000 * 0.25 * 0.75)).sum() < 29.9  # 7 degrees of freedom, p = 1e-4


def test_too_small_a_class_is_named():
    with pytest.raises(lib.InputError, match="class 1 has 1 examples, fewer than 2"):
        balanced_subset(torch.tensor([0, 0, 1]), 2)


def test_the_labelled_bound_at_the_exact_posterior_is_the_evidence():
    """In a linear Gaussian model under each class, log p(x, y) for every draw of z."""
    loc, scale = torch.tensor([0.7, -1.1], dtype=torch.float64), 0.6
    x, log_py = torch.tensor([1.3, -0.4, 0.2], dtype=torch.float64), math.log(0.5)
    for m in loc:  # z ~ N(0, 1), x | z ~ N(m + z, s²)
        variance = scale**2 / (1 + scale**2)
        q = D.Normal((x - m) * variance / scale**2, variance**0.5)
        z = q.mean + q.stddev * double(3)
        parts = D.Normal(m + z, scale).log_prob(x), torch.full((3,), log_py).double(), D.Normal(0.0, 1.0).log_prob(z)
        exact = D.Normal(m, (1 + scale**2) ** 0.5).log_prob(x) + log_py
        torch.testing.assert_close(labelled_bound(*parts, q.log_prob(z)), exact)


def test_the_unlabelled_bound_is_largest_at_bayes_rule_where_it_is_a_logsumexp():
    labelled = 5 * double(4, 3)
    best = unlabelled_bound(labelled, labelled.softmax(1))
    torch.testing.assert_close(best, torch.logsumexp(labelled, 1))
    for seed in range(20):
        q = double(4, 3, seed=seed + 1).softmax(1)
        by_kl = torch.logsumexp(labelled, 1) - D.kl_divergence(D.Categorical(probs=q), D.Categorical(logits=labelled))
        torch.testing.assert_close(unlabelled_bound(labelled, q), by_kl)
        assert (unlabelled_bound(labelled, q) <= best + 1e-12).all()


def test_a_sure_classifier_has_the_labelled_bound_itself():
    labelled = double(2, 3)
    sure = torch.eye(3, dtype=torch.float64)[[2, 0]]
    assert torch.equal(unlabelled_bound(labelled, sure), labelled[[0, 1], [2, 0]])


def test_a_classifier_too_sure_for_float32_still_has_a_slope():
    """q underflows to 0, where the entropy's own slope is infinite."""
    logits = torch.tensor([[300.0, 0.0, -1.0]], requires_grad=True)
    unlabelled_bound(torch.tensor([[-80.0, -20.0, -90.0]]), logits.softmax(1)).sum().backward()
    assert logits.grad.isfinite().all()


def test_the_loss_sums_the_bounds_and_averages_what_the_labels_say():
    labelled, unlabelled, log_qy = double(2), double(5, seed=1), -double(2, seed=2).abs()
    by_hand = -sum(labelled.tolist()) - sum(unlabelled.tolist()) - 0.3 * sum(log_qy.tolist()) / 2
    assert m2_loss(labelled, unlabelled, log_qy, 0.3).item() == pytest.approx(by_hand, rel=1e-12)
    with pytest.raises(lib.InputError, match="alpha"):
        m2_loss(labelled, unlabelled, log_qy, -1.0)


# ------------------------------------------------------------------ the models


def slow_bounds(m2, x, eps):
    """−L(x, y), a class at a time, by torch.distributions."""
    rows = []
    for y in range(m2.n_classes):
        told = torch.eye(m2.n_classes, dtype=x.dtype)[y].expand(len(x), -1)
        mu, logvar = m2.encoder(torch.cat([x, told], 1)).chunk(2, 1)
        q = D.Normal(mu, (logvar / 2).exp())
        outputs = m2.decoder(torch.cat([mu + q.stddev * eps[:, y], told], 1))
        if isinstance(m2.likelihood, CodeGaussian):
            mean, wide = outputs[:, : m2.n_pixels], outputs[:, m2.n_pixels :]
            log_px = D.Normal(mean, (wide / 2).exp()).log_prob(x).sum(1)
        else:
            log_px = -torch.nn.BCEWithLogitsLoss(reduction="none")(outputs, x).sum(1)
        rows.append(log_px - math.log(m2.n_classes) - D.kl_divergence(q, D.Normal(0.0, 1.0)).sum(1))
    return torch.stack(rows, 1)


@pytest.mark.parametrize("likelihood", [None, CodeGaussian()])
def test_the_bounds_are_those_of_each_class_alone(likelihood):
    m2, x, eps = model(likelihood), double(4, 6).sigmoid(), double(4, 3, 2, seed=3)
    torch.testing.assert_close(m2.bounds(x, eps), slow_bounds(m2, x, eps))
    torch.testing.assert_close(m2.log_qy(x).exp().sum(1), torch.ones(4, dtype=torch.float64))


def test_the_mean_under_a_class():
    m2, z = model(), double(4, 2)
    told = torch.tensor([[0.0, 1.0, 0.0]] * 4, dtype=torch.float64)
    torch.testing.assert_close(m2.decode_mean(z, 1), m2.decoder(torch.cat([z, told], 1)).sigmoid())


def test_the_mean_of_the_training_loss_is_the_papers_divided_by_the_unlabelled():
    """Every labelled example in each step: the loss without chance, but for the draws of z, which are turned off."""
    m2, x_l, y_l, x_u = model(), double(3, 6).sigmoid(), torch.tensor([0, 2, 1]), double(7, 6, seed=1).sigmoid()
    for network in (m2.encoder, m2.decoder):  # one z for all: no noise reaches the loss
        torch.nn.init.zeros_(network[-1].weight)
    task = SemiSupervised(m2, x_l, y_l, share=3 / 7, alpha=0.1)
    generator, rows = torch.Generator().manual_seed(0), torch.Generator().manual_seed(0)
    drawn_rows = torch.randint(3, (3,), generator=rows)
    terms = task.loss_terms(x_u, generator=generator)
    none = torch.zeros(7, 3, 2, dtype=torch.float64)
    bounds_u, bounds_l = slow_bounds(m2, x_u, none), slow_bounds(m2, x_l, none[:3])[range(3), y_l][drawn_rows]
    log_qy = m2.log_qy(x_l)[range(3), y_l][drawn_rows]
    paper = m2_loss(bounds_l, unlabelled_bound(bounds_u, m2.log_qy(x_u).exp()), log_qy, 0.1 * 7) / 7
    assert terms.kl.abs().sum() == 0
    torch.testing.assert_close(terms.reconstruction.mean(), paper)


def test_two_clusters_and_one_label_each_are_told_apart_by_fit():
    """Four hundred points in two clusters that their labelled points hardly show; a sure classifier is right of all."""
    g = torch.Generator().manual_seed(0)
    side = torch.randint(2, (400,), generator=g)
    x = 0.4 * torch.randn(400, 2, generator=g) + torch.stack([4.0 * side - 2, torch.zeros(400)], 1)
    x[:, 1] *= 4
    m2 = M2(2, 1, (16,), 2, CodeGaussian(), generator=torch.Generator().manual_seed(1))
    rows = balanced_subset(side, 1, g)
    task = SemiSupervised(m2, x[rows], side[rows], share=2 / 400)
    lib.fit(task, x, lib.TrainConfig(epochs=40, batch_size=50, learning_rate=0.01, device="cpu", progress=False))
    assert error_percent(m2.log_qy(x), side) < 2


def test_codes_of_m1_are_those_in_use_and_are_drawn_anew():
    vae = lib.VAE(6, 3, (5,), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        vae.encoder.layers[-1].weight[1] = 0  # the second dimension ignores the picture
    x = double(50, 6).sigmoid().float()
    mu, logvar, used = m1_codes(vae, x, 1e-6)
    assert used.tolist() == [True, False, True]
    torch.testing.assert_close(mu, vae.encode(x)[0][:, [0, 2]].detach())
    assert drawn(mu) is mu
    draws = torch.stack([drawn(mu, logvar, torch.Generator().manual_seed(i)) for i in range(2000)])
    z = (draws.mean(0) - mu) / (logvar / 2).exp() * 2000**0.5
    assert z.abs().max() < 5  # 100 standard normals: fails once in 17,000
    with pytest.raises(lib.InputError, match="no dimension is in use"):
        m1_codes(vae, x, 1e6)


def test_the_error_in_per_cent():
    log_qy = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]).log()
    assert error_percent(log_qy, torch.tensor([1, 1, 1])) == pytest.approx(100 / 3)
