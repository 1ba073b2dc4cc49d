"""Flows against Jacobians by autograd, transforms of torch.distributions, root finding of scipy, and quadrature."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.optimize import brentq
from torch import distributions, tensor
from torch.autograd.functional import jacobian

import vae_lib as lib
from vae_lib.beyond import flows

DIMS = 3


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


def roughened(module, rng, size=0.4):
    """The module in float64, its weights away from their start."""
    module = module.double()
    with torch.no_grad():
        for weight in module.parameters():
            weight += size * torch.randn(weight.shape, generator=rng, dtype=weight.dtype)
    return module


def layer(kind, rng):
    made = {
        "planar": lambda: flows.Planar(DIMS, rng),
        "coupling": lambda: flows.Coupling([1, 0, 0], (8,), generator=rng),
        "affine": lambda: flows.Affine(DIMS),
    }
    return roughened(made[kind](), rng)


KINDS = pytest.mark.parametrize("kind", ["planar", "coupling", "affine"])


@KINDS
def test_log_det_is_that_of_the_jacobian(kind, rng):
    module, x = layer(kind, rng), 2 * torch.randn(6, DIMS, generator=rng, dtype=torch.float64)
    matrices = [jacobian(lambda row: module(row[None]).y[0], row) for row in x]
    expected = torch.linalg.slogdet(torch.stack(matrices)).logabsdet
    assert torch.allclose(module(x).log_det, expected, rtol=1e-12, atol=1e-12)


@KINDS
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_inverses_bring_back_what_went_in(kind, scale, rng):
    module, x = layer(kind, rng), scale * torch.randn(50, DIMS, generator=rng, dtype=torch.float64)
    assert torch.allclose(module.inverse(module(x).y), x, rtol=1e-11, atol=1e-11)


def test_coupling_is_the_affine_transform_of_what_the_mask_leaves(rng):
    """The mask keeps the first entry, which alone s and t see; the rest is x e^s + t, as torch has it."""
    x, mask = torch.randn(5, DIMS, generator=rng, dtype=torch.float64), tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    weight = torch.randn(2, DIMS, DIMS, generator=rng, dtype=torch.float64)
    scale, shift = (lambda h: torch.tanh(h @ weight[0])), (lambda h: torch.cos(h @ weight[1]))
    seen = torch.cat([x[:, :1], torch.zeros(5, 2, dtype=torch.float64)], 1)
    transform = distributions.AffineTransform(shift(seen)[:, 1:], scale(seen)[:, 1:].exp(), event_dim=1)
    y, log_det = flows.affine_coupling(x, mask, scale, shift)
    assert torch.equal(y[:, 0], x[:, 0])
    assert torch.allclose(y[:, 1:], transform(x[:, 1:]), rtol=1e-12)
    assert torch.allclose(log_det, transform.log_abs_det_jacobian(x[:, 1:], y[:, 1:]), rtol=1e-12)
    assert torch.allclose(flows.affine_coupling_inverse(y, mask, scale, shift), x, rtol=1e-12)


def test_planar_inverse_finds_scipys_root():
    u, w, b = tensor([0.9, -1.4], dtype=torch.float64), tensor([1.3, 0.6], dtype=torch.float64), tensor(0.2).double()
    y = tensor([[0.3, -2.0], [5.0, 1.0], [-0.4, 0.1]], dtype=torch.float64)
    for row, z in zip(y, flows.planar_inverse(y, u, w, b), strict=True):
        along, target = float(u @ w), float(row @ w)
        root = brentq(lambda a, s=along, t=target: a + s * math.tanh(a + 0.2) - t, -50, 50, xtol=1e-14)
        assert torch.allclose(z, row - u * math.tanh(root + float(b)), rtol=1e-6, atol=1e-7)


def test_planar_inverse_has_the_slope_of_the_inverse(rng):
    """The inverse function's Jacobian is the inverse of the function's."""
    module, y = layer("planar", rng), tensor([0.4, -1.2, 0.7], dtype=torch.float64)
    back = jacobian(lambda row: module.inverse(row[None])[0], y)
    there = jacobian(lambda row: module(row[None]).y[0], module.inverse(y[None])[0].detach())
    assert torch.allclose(back @ there, torch.eye(DIMS, dtype=torch.float64), atol=1e-9)


@pytest.mark.parametrize("along", [-30.0, -1.0, 0.0, 0.7, 30.0])
def test_what_keeps_a_planar_layer_invertible(along):
    """uᵀw ends as log(1 + e^{uᵀw}) − 1, and what is orthogonal to w stays."""
    w, across = tensor([3.0, 4.0], dtype=torch.float64), tensor([-4.0, 3.0], dtype=torch.float64)
    u = along * w / 25 + 0.3 * across
    moved = flows.keep_invertible(u, w)
    assert math.isclose(float(moved @ w), math.log1p(math.exp(along)) - 1, rel_tol=1e-9)
    assert float(moved @ w) >= -1
    assert math.isclose(float(moved @ across), float(u @ across), rel_tol=1e-9)


def mixed_flow(rng, dims=2):
    parts = [flows.Affine(dims), *flows.coupling_layers(dims, 2, (16,), rng), flows.Planar(dims, rng)]
    return roughened(flows.Flow(dims, parts), rng, 0.3)


def grid(limit, steps):
    axis = torch.linspace(-limit, limit, steps, dtype=torch.float64)
    return torch.cartesian_prod(axis, axis), (axis[1] - axis[0]).item() ** 2


def test_a_flow_is_a_density_and_its_draws_are_from_it(rng):
    """Its integral by quadrature is 1; the draws' means are those of the density (a failure in 10,000: 4 errors)."""
    flow = mixed_flow(rng)
    points, area = grid(40, 801)
    with torch.no_grad():
        density = flow.log_prob(points).exp()
    assert math.isclose(float(density.sum() * area), 1, abs_tol=1e-3)
    draws = flow.sample(4000, rng)
    for what in (lambda x: x, lambda x: x.square(), lambda x: x.prod(1, keepdim=True)):
        mean = (density[:, None] * what(points)).sum(0) * area
        error = what(draws).std(0) / math.sqrt(len(draws))
        assert ((what(draws).mean(0) - mean).abs() < 4 * error + 1e-3).all()


def test_composed_densities_are_torchs_transformed_distribution(rng):
    """Two triangular layers and a planar one, whose Jacobian is left to autograd."""
    flow = roughened(flows.Flow(2, [flows.Affine(2), flows.Affine(2)]), rng)
    first, second = flow.layers
    matrix = torch.linalg.inv(second.A @ first.A)
    mean = matrix @ (-second.A @ first.c - second.c)
    x = torch.randn(7, 2, generator=rng, dtype=torch.float64)
    expected = distributions.MultivariateNormal(mean, matrix @ matrix.T).log_prob(x)
    assert torch.allclose(flow.log_prob(x), expected, rtol=1e-10)
    assert torch.allclose(flow.inverse(flow(x).y), x, atol=1e-10)


def test_fit_finds_the_gaussian_of_greatest_likelihood(rng):
    """A triangular layer is a Gaussian, whose maximum likelihood is known: −½ (D + log |2π Σ|) a row."""
    x = torch.randn(400, 2, generator=rng) @ tensor([[1.5, 0.8], [0.0, 0.4]]) + tensor([1.0, -2.0])
    covariance = torch.cov(x.T, correction=0)
    best = 0.5 * float(2 + torch.logdet(2 * math.pi * covariance))
    flow = flows.Flow(2, [flows.Affine(2)])
    settings = lib.TrainConfig(epochs=100, batch_size=50, learning_rate=0.1, schedule="cosine", progress=False)
    lib.fit(flow, x, settings)
    assert -1e-6 < -float(flow.log_prob(x).mean().detach()) - best < 1e-3


W, X = tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]], dtype=torch.float64), tensor([[1.0, 2.0, 3.0]], dtype=torch.float64)


def test_a_flow_that_is_the_posterior_has_no_gap(rng):
    """In the linear Gaussian model every draw gives log p(x), by whatever layers: a planar one and its inverse too."""
    model = lib.LinearGaussian(W, torch.zeros(3, dtype=torch.float64), 1.0)
    exact = model.posterior(X)
    whole = flows.Affine(2).double()
    factor = torch.linalg.cholesky(exact.cov)
    with torch.no_grad():
        whole.raw.copy_(factor.tril(-1) + factor.diagonal().log().diag())
        whole.c.copy_(exact.mean[0])
    bend = roughened(flows.Planar(2, rng), rng)
    there_and_back = [bend, lambda z: flows.Moved(bend.inverse(z), -bend(bend.inverse(z)).log_det)]
    zero, eps = torch.zeros(2, dtype=torch.float64), torch.randn(5, 2, generator=rng, dtype=torch.float64)
    bound = flows.flow_elbo(
        lambda z: model.log_joint(X, z[:, None])[:, 0], zero, zero, eps, [*there_and_back, whole, *there_and_back]
    )
    assert math.isclose(float(bound.detach()), -5.34989285987742, rel_tol=1e-9)


def test_without_layers_the_bound_is_that_of_a_gaussian(rng):
    """−KL(q ‖ N(0, I)) for a log joint that is the prior: closed form, against draws (a failure in 10,000)."""
    q = flows.FlowPosterior(2)
    with torch.no_grad():
        q.mu.copy_(tensor([0.5, -1.0]))
        q.logvar.copy_(tensor([-1.0, 0.4]))
    prior = distributions.Independent(distributions.Normal(torch.zeros(2), 1.0), 1)
    values = torch.stack([q.elbo(prior.log_prob, 100, rng) for _ in range(50)]).detach()
    exact = -distributions.kl_divergence(
        distributions.MultivariateNormal(q.mu, q.logvar.exp().diag()),
        distributions.MultivariateNormal(torch.zeros(2), torch.eye(2)),
    )
    assert abs(float(values.mean() - exact.detach())) < 4 * float(values.std()) / math.sqrt(50)


def test_a_posterior_knows_the_density_of_its_draws(rng):
    """log q integrates to 1, and its mean at its own draws is minus its entropy, by quadrature."""
    q = roughened(flows.FlowPosterior(2, [flows.Planar(2, rng), *flows.coupling_layers(2, 2, (8,), rng)]), rng, 0.3)
    points, area = grid(12, 481)
    density = q.log_prob(points).exp()
    assert math.isclose(float(density.sum() * area), 1, abs_tol=1e-3)
    at_draws = q.log_prob(q.sample(4000, rng))
    entropy = -float(torch.xlogy(density, density).sum() * area)
    assert abs(float(at_draws.mean()) + entropy) < 4 * float(at_draws.std()) / math.sqrt(4000)


def test_layers_close_the_gap_of_a_bent_posterior(rng):
    """log joint = log N(z₁; 0, 1) + log N(z₂; z₁², ½²): log p(x) is 0, and a coupling reaches it where a Gaussian
    cannot."""

    def banana(z):
        first, second = distributions.Normal(0.0, 1.0), distributions.Normal(z[:, 0] ** 2, 0.5)
        return first.log_prob(z[:, 0]) + second.log_prob(z[:, 1])

    bounds = {}
    for name, layers in {"gaussian": [flows.Affine(2)], "flow": flows.coupling_layers(2, 2, (16,), rng)}.items():
        q = flows.FlowPosterior(2, layers)
        bounds[name] = sum(q.fit(banana, 400, 0.03, 100, rng)[-20:]) / 20
    assert bounds["gaussian"] < -0.4
    assert -0.15 < bounds["flow"] < 0.02


def test_a_flow_that_is_the_identity_is_the_usual_prior(rng):
    """The mean of log q − log p at draws is the analytic KL (a failure in 10,000), the reconstruction the usual one."""
    vae = lib.VAE(6, 2, (5,), generator=rng)
    x = torch.rand(3, 6, generator=rng).repeat(2000, 1)
    terms = flows.prior_terms(vae, flows.Flow(2, [flows.Affine(2)]), x, rng)
    spread = terms.kl.reshape(2000, 3)
    exact = lib.gaussian_kl(*vae.encode(x[:3])).detach()
    assert ((spread.mean(0) - exact).abs() < 4 * spread.std(0) / math.sqrt(2000)).all()
    usual = lib.elbo_terms(vae, x[:3], n_samples=2000, generator=rng).reconstruction.detach()
    assert torch.allclose(terms.reconstruction.reshape(2000, 3).mean(0), usual, rtol=0.05)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: flows.planar_inverse(torch.ones(1, 2), tensor([-1.0, -1.0]), torch.ones(2), tensor(0.0)), "above −1"),
        (lambda: flows.Coupling([1, 1, 1]), "a list of 0 and 1"),
        (lambda: flows.Coupling([1, 0], most=0.0), "positive"),
        (lambda: flows.coupling_layers(1, 2), "at least 2"),
        (lambda: flows.flow_log_prob(torch.zeros(3), []), "must have shape"),
        (lambda: flows.prior_terms(lib.VAE(4, 3, (2,)), flows.Flow(2, []), torch.rand(2, 4)), "3 dimensions"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(call, words):
    with pytest.raises(lib.InputError, match=words):
        call()
