"""Small molecules as labelled graphs: six atoms of carbon, nitrogen or oxygen with single bonds, all of them known.

Hydrogen fills what is left of each atom's valence and is not drawn. The skeletons are the connected graphs of six nodes
with no degree above 4 in networkx's atlas (Read and Wilson 1998); an atom may have at most VALENCES bonds. The
molecules that can be built so are listed once each, so that "valid", "novel" and "how many are left" are exact.

A graph of six nodes has up to 6! = 720 tables, one for each order of its nodes. `canonical` picks one of them: the
order in which the upper triangle of the bonds, read row by row, is the largest binary number, and among those the one
whose atoms are the largest number of base 3.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations, product
from typing import NamedTuple

import torch
from torch import Tensor

from vae_lib.checks import check_shapes, checked, require, require_within

ATOMS, VALENCES, N_ATOMS = "CNO", (4, 3, 2), 6
ROWS, COLUMNS = torch.triu_indices(N_ATOMS, N_ATOMS, 1)  # the 15 pairs of atoms, row by row
N_PAIRS, N_KINDS = len(ROWS), len(ATOMS)
ORDERS = torch.tensor(list(permutations(range(N_ATOMS))))  # (720, 6)
BITS, DIGITS = 2 ** torch.arange(N_PAIRS).flip(0), N_KINDS ** torch.arange(N_ATOMS).flip(0)


class Molecules(NamedTuple):
    """`atoms` (N, 6) int64, an index into ATOMS each, and `bonds` (N, 6, 6) int64, symmetric tables of 0 and 1."""

    atoms: Tensor
    bonds: Tensor

    def at(self, index: Tensor | slice) -> Molecules:
        """Some of them."""
        return Molecules(self.atoms[index], self.bonds[index])


def require_molecules(value: object, label: str) -> None:
    """`value` are `Molecules`, their atoms and bonds what these are said to be; `label` names it in the message."""
    require(isinstance(value, Molecules), f"{label} must be Molecules, not {type(value).__name__}.")
    check_shapes(label, {"atoms": "whole N 6", "bonds": "binary N 6 6"}, value._asdict())
    require_within(value.atoms, 0, N_KINDS - 1, f"{label}: atoms")
    require(torch.equal(value.bonds, value.bonds.mT), f"{label}: bonds must be symmetric.")


def _order_keys(molecules: Molecules, orders: Tensor) -> Tensor:
    """The number of each molecule's table under each order of its atoms. (N molecules), (M, 6) -> (N, M) int64."""
    bits = molecules.bonds[:, orders[:, ROWS], orders[:, COLUMNS]] @ BITS
    return bits * N_KINDS**N_ATOMS + molecules.atoms[:, orders] @ DIGITS


@checked(molecules=require_molecules)
def keys(molecules: Molecules) -> Tensor:
    """A whole number for each molecule, the same for two exactly where one is the other with its atoms reordered; of a
    canonical table the table read as a number. -> (N,) int64."""
    parts = zip(*(part.split(500) for part in molecules), strict=True)  # 720 orders each: bounds the memory
    return torch.cat([_order_keys(Molecules(*part), ORDERS).amax(1) for part in parts])


@checked(numbers="whole N")
def from_keys(numbers: Tensor) -> Molecules:
    """The canonical tables that `keys` numbers."""
    require_within(numbers, 0, N_KINDS**N_ATOMS << N_PAIRS, "from_keys: numbers")
    atoms = numbers[:, None] % N_KINDS**N_ATOMS // DIGITS % N_KINDS
    return Molecules(atoms, _symmetric(numbers[:, None] // N_KINDS**N_ATOMS // BITS % 2))


def canonical(molecules: Molecules) -> Molecules:
    """Each molecule in its canonical order."""
    return from_keys(keys(molecules))


@lru_cache(maxsize=1)
def all_molecules() -> Molecules:
    """Every valid molecule once, in canonical order, sorted by `keys`: skeletons' namings, up to their symmetries."""
    names = torch.tensor(list(product(range(N_KINDS), repeat=N_ATOMS)))
    found = []
    for skeleton in _skeletons():
        bits = _order_keys(Molecules(0 * names[:1], skeleton[None]), ORDERS)[0]
        best = ORDERS[bits.argmax()]
        bonds = skeleton[best][:, best]
        fits = names[(bonds.sum(0) <= torch.tensor(VALENCES)[names]).all(1)]
        symmetries = ORDERS[(bonds[ORDERS[:, :, None], ORDERS[:, None]] == bonds).all((1, 2))]
        found.append(_order_keys(Molecules(fits, bonds.expand(len(fits), -1, -1)), symmetries).amax(1).unique())
    return from_keys(torch.cat(found).sort().values)


def halves() -> tuple[Molecules, Molecules]:
    """All molecules in an order that looks random and is the same everywhere: one half to train on, one for test."""
    every, largest = all_molecules(), 2**31 - 1
    numbers = _order_keys(every, ORDERS[:1])[:, 0]  # their keys, since the order is the canonical one
    mixed = numbers * 48271 % largest  # a step of Lehmer's generator, then bits that fold, then another
    order = ((mixed ^ mixed >> 15) * 16807 % largest).argsort(stable=True)
    return every.at(order[: len(order) // 2]), every.at(order[len(order) // 2 :])


def _skeletons() -> Tensor:
    """The connected graphs of six nodes with no degree above 4, one table each. -> (78, 6, 6) int64."""
    import networkx as nx  # a tenth of a second

    graphs = [graph for graph in nx.graph_atlas_g() if len(graph) == N_ATOMS and nx.is_connected(graph)]
    tables = torch.stack([torch.from_numpy(nx.to_numpy_array(graph, dtype=int)) for graph in graphs])
    return tables[tables.sum(2).amax(1) <= max(VALENCES)]


@checked(molecules=require_molecules)
def keeps_valences(molecules: Molecules) -> Tensor:
    """Whether no atom has more bonds than its valence. -> (N,) bool."""
    return (molecules.bonds.sum(2) <= torch.tensor(VALENCES)[molecules.atoms]).all(1)


@checked(molecules=require_molecules)
def distances(molecules: Molecules) -> Tensor:
    """Bonds on the shortest way between any two atoms; N_ATOMS where there is none. -> (N, 6, 6) int64."""
    steps = torch.where(molecules.bonds > 0, 1, N_ATOMS) * (1 - torch.eye(N_ATOMS, dtype=torch.long))
    for k in range(N_ATOMS):  # Floyd's algorithm: ways through the first k atoms
        steps = torch.minimum(steps, steps[:, :, k : k + 1] + steps[:, k : k + 1])
    return steps.clamp(max=N_ATOMS)


def is_connected(molecules: Molecules) -> Tensor:
    """Whether each is one piece. -> (N,) bool."""
    return (distances(molecules) < N_ATOMS).all((1, 2))


def is_valid(molecules: Molecules) -> Tensor:
    """Whether each is one piece and keeps its valences. -> (N,) bool."""
    return is_connected(molecules) & keeps_valences(molecules)


def wiener_index(molecules: Molecules) -> Tensor:
    """Σ_{i<j} of the distances, in bonds: 35 for a chain of six. -> (N,) int64. Source: Wiener (1947)."""
    return distances(molecules).sum((1, 2)) // 2


@checked(molecules=require_molecules)
def rings(molecules: Molecules) -> Tensor:
    """Bonds beyond those that a tree of six atoms has, for molecules of one piece. -> (N,) int64."""
    return molecules.bonds.sum((1, 2)) // 2 - (N_ATOMS - 1)


@checked(like=require_molecules, n="count")
def random_molecules(like: Molecules, n: int, generator: torch.Generator) -> Molecules:
    """n graphs with bonds as dense, and atoms as frequent, as in `like`, each drawn by itself."""
    density = like.bonds.sum() / (len(like.bonds) * 2 * N_PAIRS)
    frequency = torch.bincount(like.atoms.flatten(), minlength=N_KINDS).float()
    bonds = torch.rand(n, N_PAIRS, generator=generator) < density
    atoms = torch.multinomial(frequency.expand(n, -1), N_ATOMS, True, generator=generator)
    return Molecules(atoms, _symmetric(bonds.long()))


@checked(molecules=require_molecules)
def to_rows(molecules: Molecules) -> Tensor:
    """Atoms as rows of the identity, then the upper triangle of the bonds. -> (N, 33) float32."""
    atoms = torch.eye(N_KINDS)[molecules.atoms].flatten(1)
    return torch.cat([atoms, molecules.bonds[:, ROWS, COLUMNS].float()], 1)


@checked(rows="unit N 33")
def from_rows(rows: Tensor) -> Molecules:
    """The molecules of rows as `to_rows` makes them."""
    atoms = rows[:, :-N_PAIRS].unflatten(1, (N_ATOMS, N_KINDS)).argmax(2)
    return Molecules(atoms, _symmetric(rows[:, -N_PAIRS:].long()))


@checked(bonds="binary ... 6 6")
def allowed(bonds: Tensor) -> Tensor:
    """Which atoms have the valence for their bonds; only carbon where none has. (..., 6, 6) -> (..., 6, 3) bool."""
    fits = bonds.sum(-1, keepdim=True) <= torch.tensor(VALENCES)
    return fits | (torch.arange(N_KINDS) == 0)


@checked(rows="N 33", valences="flag")
def assemble(
    rows: Tensor, drawn: tuple[str, ...] = (), valences: bool = True, generator: torch.Generator | None = None
) -> Molecules:
    """The molecules that logits (N, 33), ordered as in `to_rows`, say: first the bonds, then an atom at each node.
    What is named in `drawn`, "atoms" or "bonds", is drawn from its probabilities; the rest is the likeliest. With
    `valences` an atom is chosen among those that are `allowed` at its bonds.
    """
    known = f'assemble: drawn must name "atoms", "bonds", both or neither, not {drawn!r}.'
    require(isinstance(drawn, tuple) and set(drawn) <= {"atoms", "bonds"}, known)
    atoms, pairs = rows[:, :-N_PAIRS].unflatten(1, (N_ATOMS, N_KINDS)), torch.sigmoid(rows[:, -N_PAIRS:])
    threshold = torch.rand(pairs.shape, generator=generator) if "bonds" in drawn else 0.5
    bonds = _symmetric((pairs > threshold).long())
    if valences:
        atoms = atoms.masked_fill(~allowed(bonds), -torch.inf)
    if "atoms" in drawn:  # Gumbel's trick: the largest of logits with such noise is a draw
        atoms = atoms - torch.rand(atoms.shape, generator=generator).log().neg().log()
    return Molecules(atoms.argmax(2), bonds)


def _symmetric(upper: Tensor) -> Tensor:
    """(N, 15) -> (N, 6, 6)."""
    bonds = upper.new_zeros(len(upper), N_ATOMS, N_ATOMS)
    bonds[:, ROWS, COLUMNS] = upper
    return bonds + bonds.mT
