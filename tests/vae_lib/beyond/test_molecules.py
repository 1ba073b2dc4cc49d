"""Small molecules: counted, told apart and measured against networkx, whatever the order of their atoms."""

from __future__ import annotations

import networkx as nx
import pytest
import torch

import vae_lib as lib
from vae_lib.beyond import molecules as m
from vae_lib.beyond.molecules import Molecules, all_molecules, canonical, keys


def shuffled(given, seed):
    """Each molecule with its atoms in a random order."""
    g = torch.Generator().manual_seed(seed)
    orders = [torch.randperm(m.N_ATOMS, generator=g) for _ in given.atoms]
    pairs = list(zip(given.atoms, given.bonds, orders, strict=True))
    return Molecules(torch.stack([a[o] for a, _, o in pairs]), torch.stack([b[o][:, o] for _, b, o in pairs]))


def some(n, seed=0):
    return all_molecules().at(
        torch.randperm(len(all_molecules().atoms), generator=torch.Generator().manual_seed(seed))[:n]
    )


def graph(given, index):
    """The same for networkx."""
    found = nx.from_numpy_array(given.bonds[index].numpy())
    nx.set_node_attributes(found, dict(enumerate(given.atoms[index].tolist())), "atom")
    return found


def anything(n=300, seed=1):
    """Graphs that need be no molecules."""
    return m.random_molecules(all_molecules(), n, torch.Generator().manual_seed(seed))


def test_there_are_as_many_as_burnside_counts():
    """Namings of the atoms up to symmetry: the mean, over a skeleton's symmetries, of the namings that each leaves."""
    total = 0
    for skeleton in nx.graph_atlas_g():
        degrees = dict(skeleton.degree())
        if len(skeleton) != 6 or not nx.is_connected(skeleton) or max(degrees.values()) > 4:
            continue
        fixed, symmetries = 0, 0
        for symmetry in nx.isomorphism.GraphMatcher(skeleton, skeleton).isomorphisms_iter():
            cycles = nx.connected_components(nx.Graph(symmetry.items()))
            namings = 1
            for cycle in cycles:
                namings *= sum(valence >= degrees[next(iter(cycle))] for valence in m.VALENCES)
            fixed, symmetries = fixed + namings, symmetries + 1
        total += fixed // symmetries
    assert len(all_molecules().atoms) == total == 6614


def test_the_isomers_of_hexane():
    """Carbon alone, without a ring: hexane, its two methylpentanes and two dimethylbutanes; Wiener's own figures."""
    every = all_molecules()
    alkanes = every.at((every.atoms == 0).all(1) & (m.rings(every) == 0))
    assert sorted(m.wiener_index(alkanes).tolist()) == [28, 29, 31, 32, 35]


def test_all_are_valid_and_sorted_and_none_is_there_twice():
    every = all_molecules()
    assert m.is_valid(every).all()
    numbers = keys(every.at(slice(None, None, 3)))
    assert (numbers.diff() > 0).all()
    again = m.from_keys(numbers)
    assert torch.equal(again.bonds, every.bonds[::3])
    assert torch.equal(again.atoms, every.atoms[::3])


def test_halves_are_all_and_share_none():
    parts = [keys(half) for half in m.halves()]
    assert len(parts[0]) == len(parts[1]) == 3307
    assert len(torch.cat(parts).unique()) == 6614
    sizes = [half.bonds.sum().item() / 2 / 3307 for half in m.halves()]
    assert abs(sizes[0] - sizes[1]) < 0.1  # neither is the half with more bonds


def test_the_order_of_the_atoms_does_not_count():
    given = some(200)
    for seed in range(2):
        back = canonical(shuffled(given, seed))
        assert torch.equal(back.atoms, given.atoms)
        assert torch.equal(back.bonds, given.bonds)


def test_keys_are_the_same_exactly_where_networkx_finds_the_same_molecule():
    given = anything(40)
    given = Molecules(given.atoms.clamp(max=1), given.bonds)  # two kinds, so that some are the same
    both = [torch.cat(pair) for pair in zip(given, shuffled(given, 3), strict=True)]
    both = Molecules(*both)
    numbers, graphs = keys(both), [graph(both, i) for i in range(80)]
    same_atom = nx.isomorphism.categorical_node_match("atom", None)
    for i in range(0, 40, 2):
        for j in range(40, 80):
            assert (numbers[i] == numbers[j]).item() == nx.is_isomorphic(graphs[i], graphs[j], node_match=same_atom)


def test_distances_wiener_index_and_rings_by_networkx():
    given = anything()
    connected = m.is_connected(given)
    assert 20 < connected.sum() < 280
    for i in range(len(connected)):
        found = graph(given, i)
        assert connected[i] == nx.is_connected(found)
        if connected[i]:
            assert m.wiener_index(given)[i] == nx.wiener_index(found)
            assert m.rings(given)[i] == len(nx.cycle_basis(found))
        heavy = all(found.degree(a) <= (4, 3, 2)[given.atoms[i, a]] for a in found)
        assert m.keeps_valences(given)[i] == heavy
        assert m.is_valid(given)[i] == (heavy and nx.is_connected(found))


def test_random_graphs_have_the_density_and_the_atoms_of_the_molecules():
    """Within four standard errors: a failure in 16,000 each."""
    drawn, every = anything(20_000), all_molecules()
    share = every.bonds.float().mean().item() / 30 * 36
    assert abs(drawn.bonds.float().mean().item() / 30 * 36 - share) < 4 * (share * (1 - share) / 20_000 / 15) ** 0.5
    for kind in range(3):
        share = (every.atoms == kind).float().mean().item()
        assert abs((drawn.atoms == kind).float().mean().item() - share) < 4 * (share * (1 - share) / 120_000) ** 0.5


def test_rows_are_read_back():
    given = some(300)
    back = m.from_rows(m.to_rows(given))
    assert torch.equal(back.atoms, given.atoms)
    assert torch.equal(back.bonds, given.bonds)
    for valences in (True, False):
        for drawn in ((), ("atoms",), ("atoms", "bonds")):
            made = m.assemble(60 * m.to_rows(given) - 30, drawn, valences, torch.Generator().manual_seed(0))
            assert torch.equal(made.atoms, given.atoms)
            assert torch.equal(made.bonds, given.bonds)


def test_atoms_have_the_valence_for_their_bonds():
    """Nodes of 4, 3, 2, 1, 0 and 5 bonds: C; C or N; any; any; any; and carbon, though it has no fifth bond."""
    bonds = torch.zeros(6, 6, dtype=torch.long)
    for i, degree in enumerate((4, 3, 2, 1, 0, 5)):
        bonds[i, :degree] = 1
    assert torch.equal(m.allowed(bonds)[[0, 2, 3, 4]].sum(1), torch.tensor([1, 3, 3, 3]))
    assert m.allowed(bonds)[1].tolist() == [True, True, False]
    assert m.allowed(bonds)[5].tolist() == [True, False, False]


def test_whatever_the_logits_the_valences_are_kept():
    logits = 3 * torch.randn(500, 33, generator=torch.Generator().manual_seed(0))
    for drawn in ((), ("atoms",), ("bonds",)):
        made = m.assemble(logits, drawn, generator=torch.Generator().manual_seed(1))
        free = m.assemble(logits, drawn, False, torch.Generator().manual_seed(1))
        assert torch.equal(made.bonds, free.bonds)
        assert torch.equal(made.bonds, made.bonds.mT)
        assert torch.equal(m.keeps_valences(made), made.bonds.sum(2).amax(1) <= 4)
        assert 0 < m.keeps_valences(free).sum() < m.keeps_valences(made).sum()


def test_what_is_drawn_has_its_probabilities():
    """Within four standard errors: a failure in 16,000 each."""
    n, row = 20_000, torch.zeros(33)
    row[:3], row[18] = torch.tensor([1.0, 0.0, -1.0]), 0.7
    row[19:] = -40.0
    made = m.assemble(row.expand(n, -1), ("atoms", "bonds"), generator=torch.Generator().manual_seed(0))
    shares = {made.bonds[:, 0, 1].float().mean().item(): torch.sigmoid(torch.tensor(0.7)).item()}
    shares |= {(made.atoms[:, 0] == k).float().mean().item(): row[:3].softmax(0)[k].item() for k in range(3)}
    for found, exact in shares.items():
        assert abs(found - exact) < 4 * (exact * (1 - exact) / n) ** 0.5
    assert made.bonds.sum() == 2 * made.bonds[:, 0, 1].sum()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: m.assemble(torch.zeros(2, 32)), r"shape \(N, 33\)"),
        (lambda: m.assemble(torch.zeros(2, 33), ("nodes",)), "drawn must name"),
        (lambda: m.assemble(torch.zeros(2, 33), "atoms"), "drawn must name"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(lib.InputError, match=sentence):
        call()
