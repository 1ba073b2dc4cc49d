"""VAEs of graphs: against loops, networkx, torch.distributions and closed forms; and the order of the nodes."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch
from torch.distributions import Bernoulli, Categorical

import vae_lib as lib
from tests.vae_lib.beyond.test_molecules import shuffled, some
from vae_lib.beyond import molecules
from vae_lib.beyond.graphs import (
    MoleculeVAE,
    NodeVAE,
    PropertyNetwork,
    adjacency_logits,
    climb,
    graph_nll,
    propagation,
)


def table(graph):
    return torch.from_numpy(nx.to_numpy_array(graph, weight=None)).float()


def test_inner_products_and_their_cost_by_loops():
    g = torch.Generator().manual_seed(0)
    Z = torch.randn(4, 2, 5, 3, generator=g, dtype=torch.float64)
    A = torch.stack([table(nx.gnp_random_graph(5, 0.4, seed=s)) for s in (1, 2)]).double()
    logits = adjacency_logits(Z)
    assert torch.allclose(logits[3, 1, 2, 4], Z[3, 1, 2] @ Z[3, 1, 4])
    cost = graph_nll(logits, A)
    assert cost.shape == (4, 2)
    for draw in range(4):
        for b in range(2):
            pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
            by_hand = -sum(Bernoulli(logits=logits[draw, b, i, j]).log_prob(A[b, i, j]) for i, j in pairs)
            assert torch.allclose(cost[draw, b], by_hand)


def test_the_cost_is_right_at_any_logit_and_reads_no_loops():
    logits = torch.tensor([[[7.0, 1000.0], [1000.0, -7.0]]])
    assert graph_nll(logits, torch.tensor([[[0.0, 1.0], [1.0, 0.0]]])).item() == 0
    assert graph_nll(logits, torch.zeros(1, 2, 2)).item() == 1000


def test_the_propagation_by_the_degrees():
    graph = nx.karate_club_graph()
    ours = propagation(table(graph).double()).numpy()
    degree = np.asarray([d for _, d in graph.degree()]) + 1.0
    by_hand = (nx.to_numpy_array(graph, weight=None) + np.eye(34)) / np.sqrt(np.outer(degree, degree))
    assert np.allclose(ours, by_hand)
    assert abs(np.linalg.eigvalsh(ours).max() - 1) < 1e-9


def test_reordering_the_nodes_reorders_the_codes():
    A, order = table(nx.karate_club_graph()), torch.randperm(34, generator=torch.Generator().manual_seed(1))
    model, features = NodeVAE(34, 3, generator=torch.Generator().manual_seed(0)), torch.eye(34)
    mu, logvar = model.encode(A, features)
    mu_, logvar_ = model.encode(A[order][:, order], features[order])
    assert torch.allclose(mu_, mu[order], atol=1e-6)
    assert torch.allclose(logvar_, logvar[order], atol=1e-6)
    before = graph_nll(adjacency_logits(mu[None]), A[None])
    assert torch.allclose(graph_nll(adjacency_logits(mu_[None]), A[order][:, order][None]), before)
    constant = model.encode(A, torch.ones(34, 34))[0]  # without names, nodes with the same surroundings are the same
    assert torch.allclose(constant[14], constant[15], atol=1e-6)


def test_codes_of_nodes_find_two_groups():
    """Two cliques of eight with one bridge: within a group the decoder is surer of an edge than across."""
    A = table(nx.barbell_graph(8, 0))
    g = torch.Generator().manual_seed(0)
    model = NodeVAE(16, 2, 16, generator=g)
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    for _ in range(60):
        optimizer.zero_grad()
        model.loss_terms(A, torch.eye(16), A, g).loss().backward()
        optimizer.step()
    logits = model.decode(model.encode(A, torch.eye(16))[0]).detach()
    assert logits[:8, :8].min() > logits[:8, 8:].max()
    terms = model.loss_terms(A, torch.eye(16), A, g)
    assert terms.reconstruction.shape == terms.kl.shape == (1,)
    assert model.offset != 0
    assert not NodeVAE(16, 2, offset=False).offset.requires_grad


@pytest.fixture
def model():
    return MoleculeVAE(3, (16,), generator=torch.Generator().manual_seed(0))


def test_the_code_of_a_molecule_does_not_depend_on_the_order(model):
    given = some(50)
    for seed in range(2):
        for ours, theirs in zip(model.encode(shuffled(given, seed)), model.encode(given), strict=True):
            assert torch.equal(ours, theirs)
    assert torch.equal(model.encode(given)[0], model.encoder(molecules.to_rows(given))[0])


def test_the_cost_of_a_molecule_by_torch_distributions(model):
    """The bonds by independent Bernoullis, then atom by atom a Categorical over those with valence enough."""
    given = some(20)
    x, logits = molecules.to_rows(given), 2 * torch.randn(4, 20, 33, generator=torch.Generator().manual_seed(1))
    bonds = Bernoulli(logits=logits[..., 18:]).log_prob(x[:, 18:]).sum(-1)
    free = Categorical(logits=logits[..., :18].reshape(4, 20, 6, 3)).log_prob(given.atoms).sum(-1)
    unaware = MoleculeVAE(3, (16,), valences=False)
    assert torch.allclose(unaware.nll(x, logits), -(free + bonds), atol=1e-4)
    cost = model.nll(x, logits)
    for draw in range(4):
        for b in range(20):
            total = bonds[draw, b]
            for i in range(6):
                valence = int(given.bonds[b, i].sum())
                kinds = logits[draw, b, 3 * i : 3 * i + 3][: sum(v >= valence for v in (4, 3, 2))]
                total = total + Categorical(logits=kinds).log_prob(given.atoms[b, i])
            assert torch.allclose(cost[draw, b], -total, atol=1e-4)
    assert cost.isfinite().all()


def test_fit_trains_it_and_the_bound_falls_below_that_of_independent_atoms_and_bonds():
    """The entropies of the 21 single entries, summed: what independent entries without a code pay at best."""
    x = molecules.to_rows(molecules.halves()[0])[:1500]
    p = x.mean(0).double().numpy()
    atoms, bonds = p[:18], np.clip(p[18:], 1e-12, 1 - 1e-12)
    alone = (
        -(atoms * np.log(np.clip(atoms, 1e-12, 1))).sum()
        - (bonds * np.log(bonds) + (1 - bonds) * np.log1p(-bonds)).sum()
    )
    model = MoleculeVAE(4, (32,), generator=torch.Generator().manual_seed(0))
    config = lib.TrainConfig(epochs=6, batch_size=50, learning_rate=5e-3, schedule="cosine", progress=False)
    history = lib.fit(model, x, config)
    assert history.loss[-1] < alone


def test_a_property_network_learns_a_line():
    g = torch.Generator().manual_seed(0)
    z = torch.randn(500, 2, generator=g)
    y = 10 + 3 * z[:, 0] - 2 * z[:, 1]
    network = PropertyNetwork(2, (16,), center=10.0, scale=4.0, generator=g)
    lib.fit(network, (z, y), lib.TrainConfig(epochs=40, batch_size=50, learning_rate=1e-2, progress=False))
    assert (network(z) - y).abs().mean() < 0.3
    assert network(torch.zeros(7, 5, 2)).shape == (7, 5)


def test_a_climb_of_a_parabola_has_a_closed_form():
    """z_k − a = (1 − r)^k (z_0 − a) for −½ ‖z − a‖²; a row with a slope of its own is not moved by the others."""
    a, z = torch.tensor([1.0, -2.0]), torch.tensor([[0.0, 0.0], [3.0, 1.0], [1.0, -2.0]]).double()
    with torch.no_grad():
        path = climb(lambda at: -0.5 * (at - a).square().sum(1), z, 5, 0.2)
    assert path.shape == (6, 3, 2)
    for k in range(6):
        assert torch.allclose(path[k], a + 0.8**k * (z - a))
    assert not path.requires_grad
    assert torch.equal(climb(lambda at: at.sum(1), z, 0, 0.1)[0], z)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: climb(lambda z: z.sum(1), torch.zeros(2, 2), -1, 0.1), "steps must be a whole number of at least 0"),
        (lambda: PropertyNetwork(2, scale=0.0), "scale must be a positive number"),
        (lambda: NodeVAE(0, 2), "n_features must be a whole number of at least 1"),
        (lambda: adjacency_logits(torch.zeros(3, dtype=torch.int64)), "floating point"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(lib.InputError, match=sentence):
        call()
