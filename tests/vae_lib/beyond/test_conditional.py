"""Conditional VAEs against quadrature over a one-dimensional code, brute force over classes, and a toy whose law is
known."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats

import vae_lib as lib
from vae_lib.beyond.conditional import (
    ConditionalVAE,
    class_posterior,
    condition,
    cvae_loss,
    generate_class,
    log_px_given_y,
    one_hot,
    same_style,
)


@pytest.fixture
def model(generator) -> ConditionalVAE:
    """Three classes, four pixels, a code of one number, weights large enough to matter."""
    made = ConditionalVAE(4, 3, 1, hidden=(5,), generator=generator)
    with torch.no_grad():
        for weight in made.decoder.parameters():
            weight.mul_(2)
    return made.requires_grad_(False)


def layers_of(network):
    return [
        (layer.weight.double().numpy(), layer.bias.double().numpy())
        for layer in network.layers
        if isinstance(layer, torch.nn.Linear)
    ]


def forward(network, rows):
    """A multilayer perceptron of arrays (N, …)."""
    *hidden, (weight, bias) = layers_of(network)
    for w, b in hidden:
        rows = np.maximum(rows @ w.T + b, 0)
    return rows @ weight.T + bias


GRID = np.linspace(-10, 10, 8001)  # for integrals over a code by the trapezoid rule


def log_pixels(x, logits):
    """log p of independent coins, summed over the last axis."""
    return (x * special.log_expit(logits) + (1 - x) * special.log_expit(-logits)).sum(-1)


def log_joint(model, x, label):
    """log p(x, z|y) on the grid."""
    y = np.tile(np.eye(model.n_classes)[label], (len(GRID), 1))
    logits = forward(model.decoder, np.column_stack([GRID, y]))
    return log_pixels(x, logits) + stats.norm.logpdf(GRID)


def log_evidence(model, x, label):
    """log p(x|y) by quadrature over z."""
    return math.log(integrate.trapezoid(np.exp(log_joint(model, x, label)), GRID))


def test_labels_become_rows_of_the_identity_and_stand_behind():
    y = torch.tensor([2, 0], dtype=torch.uint8)
    rows = one_hot(y, 4)
    assert rows.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0]]
    assert rows.dtype == torch.float32
    z = torch.arange(12, dtype=torch.float64).reshape(3, 2, 2)
    joined = condition(z, rows)
    assert joined.dtype == torch.float64
    for draw in range(3):
        for b in range(2):
            assert joined[draw, b].tolist() == z[draw, b].tolist() + rows[b].tolist()


def test_the_importance_weighted_bound_meets_the_integral(model, generator):
    x = torch.tensor([[0.0, 1.0, 0.3, 1.0], [1.0, 1.0, 0.0, 0.6]])
    found = log_px_given_y(model, x, 200, generator)
    exact = [[log_evidence(model, row, c) for row in x.double().numpy()] for c in range(3)]
    assert found.shape == (3, 2)
    assert np.allclose(found.numpy(), exact, atol=0.25)  # five times the spread over seeds


def test_the_elbo_is_below_by_the_divergence_to_the_posterior(model, generator):
    """log p(x|y) − ELBO = KL(q(z|x, y) ‖ p(z|x, y)), by quadrature."""
    x, y = torch.tensor([[0.2, 1.0, 0.0, 0.7]]), torch.tensor([1])
    terms = model.loss_terms(x, y, 20_000, generator)
    mu, logvar = (float(part) for part in model.encode(x, y))
    q, row = stats.norm(mu, math.exp(logvar / 2)), x[0].double().numpy()
    excess = q.pdf(GRID) * (log_joint(model, row, 1) - q.logpdf(GRID))
    exact = integrate.trapezoid(excess, GRID)
    assert abs(terms.elbo.item() - exact) < 0.03  # the standard error is 0.006
    assert exact <= log_evidence(model, row, 1)


def test_the_loss_is_the_mean_of_the_models_terms(model):
    x, y = torch.rand(6, 4), torch.tensor([0, 1, 2, 2, 1, 0])
    eps = torch.randn(2, 6, 1, generator=torch.Generator().manual_seed(4))
    terms = model.loss_terms(x, y, 2, torch.Generator().manual_seed(4))
    loss = cvae_loss(model.encoder, model.decoder, x, one_hot(y, 3), eps)
    assert torch.allclose(loss, terms.loss())


def test_generation_under_one_label_and_under_all(model):
    z = torch.tensor([[0.4], [-1.3]])
    table = same_style(model.decoder, z, 3)
    assert table.shape == (3, 2, 4)
    for label in range(3):
        for b, code in enumerate(z.double().numpy()):
            exact = special.expit(forward(model.decoder, np.concatenate([code, np.eye(3)[label]])))
            assert np.allclose(table[label, b].numpy(), exact, atol=1e-6)
        assert torch.equal(generate_class(model.decoder, label, 3, z), table[label])
    drawn = model.sample(torch.tensor([2, 0, 1]), torch.Generator().manual_seed(1))
    noise = torch.randn(3, 1, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(drawn, torch.sigmoid(model.decode(noise, torch.tensor([2, 0, 1]))))


def test_bayes_rule_by_fractions_and_at_extremes():
    table, prior = torch.tensor([[0.2, 0.1], [0.1, 0.5], [0.4, 0.3]]), torch.tensor([0.5, 0.3, 0.2])
    exact = [[10 / 21, 3 / 21, 8 / 21], [5 / 26, 15 / 26, 6 / 26]]
    assert torch.allclose(class_posterior(table.log(), prior.log()), torch.tensor(exact))
    far = class_posterior(torch.tensor([[-2000.0], [-2001.0]]), torch.log(torch.tensor([0.5, 0.5])))
    assert torch.allclose(far, torch.tensor([[special.expit(1.0), special.expit(-1.0)]], dtype=torch.float32))


def test_trained_on_a_known_law_it_finds_the_posterior_of_the_class():
    """Two classes of independent pixels, with these probabilities: Bayes' rule has a closed form."""
    g = torch.Generator().manual_seed(0)
    law = torch.tensor([[0.9, 0.5, 0.2, 0.3], [0.3, 0.5, 0.6, 0.4]])
    y = torch.randint(2, (3000,), generator=g)
    x = torch.bernoulli(law[y], generator=g)
    model = ConditionalVAE(4, 2, 1, hidden=(8,), generator=g)
    config = lib.TrainConfig(epochs=6, batch_size=50, learning_rate=1e-2, schedule="cosine", progress=False)
    history = lib.fit(model, (x, y), config)
    every = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4)
    found = class_posterior(log_px_given_y(model, every, 200, g), torch.full((2,), 0.5).log())
    likelihoods = stats.bernoulli.pmf(every.numpy()[:, None], law.numpy()).prod(-1)
    exact = likelihoods / likelihoods.sum(1, keepdims=True)
    assert np.abs(found.numpy() - exact).max() < 0.1  # 0.05 of it by the 3,000 examples
    entropy = stats.bernoulli.entropy(law.numpy()).sum(1).mean()
    assert abs(history.loss[-1] - entropy) < 0.1  # no code could say more than the label does


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda m: one_hot(torch.tensor([0, 4]), 4), "y must lie in 0 to 3, not 0 to 4"),
        (lambda m: one_hot(torch.tensor([0.0]), 4), "y must be whole numbers, not torch.float32"),
        (
            lambda m: condition(torch.zeros(2, 4), torch.eye(3)),
            r"shape \(B, C\), not \(3, 3\): x has B = 2",
        ),
        (lambda m: ConditionalVAE(4, 1, 2), "n_classes must be a whole number of at least 2, not 1"),
        (lambda m: log_px_given_y(lib.VAE(4, 1), torch.zeros(2, 4)), "model must be a ConditionalVAE"),
        (lambda m: m.encode(torch.zeros(2, 5), torch.tensor([0, 1])), "the model has n_pixels = 4"),
        (lambda m: same_style(m.decoder, torch.zeros(2, 1), 0), "n_classes must be a whole number of at least 1"),
        (lambda m: class_posterior(torch.zeros(3, 2), torch.zeros(2)), "C = 3"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(model, call, sentence):
    with pytest.raises(lib.InputError, match=sentence):
        call(model)
