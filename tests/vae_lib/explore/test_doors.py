"""Doors of the explorers, their methods and what can be set of them: what cannot be used, in one sentence."""

from __future__ import annotations

import inspect
import os
from pathlib import Path

import pytest
import torch
import traitlets
from torch import tensor

import vae_lib as lib
from tests.vae_lib.doors import Table, faults, seeded, with_generator
from vae_lib import InputError, explore
from vae_lib.beyond.conditional import ConditionalVAE
from vae_lib.beyond.flows import CouplingFlow
from vae_lib.beyond.sequences import SequenceVAE

B, P, D, C = 5, 12, 3, 4


def draw(*shape):
    return torch.rand(*shape, generator=seeded(sum(shape))) * 0.8 + 0.1


def read(tokens):
    return [tuple(str(token) for token in row) for row in tokens.tolist()]


def note(words):
    return words[0]


VAE = lib.VAE(P, D, (6,), generator=seeded())
OTHER = lib.Autoencoder(P, D, (6,), generator=seeded())
CVAE = ConditionalVAE(P, C, D, (6,), seeded())
FLOW = CouplingFlow(2, 2, (4,), seeded())
WRITER = SequenceVAE(6, 7, D, 3, 5, generator=seeded())
TOKENS = tensor([[1, 2, 3, 0, -1, -1], [4, 5, 0, -1, -1, -1]])
LABELS = tensor([0, 1, 2, 3, 0])
ORDER = [{"index": d, "note": "", "dead": False} for d in range(D)]

LATENT = explore.LatentExplorer(VAE, draw(B, D), LABELS, (4, 3))
CONDITIONAL = explore.conditional_explorer(CVAE, draw(B, P), LABELS, (4, 3))
ATTRIBUTES = explore.attribute_explorer(VAE, {"k": draw(2, D)}, ["a", "b"], {"d": draw(D)}, (4, 3))
WINDING = explore.flow_explorer(FLOW, 8)
SENTENCES = explore.sentence_explorer(WRITER, TOKENS, read, steps=3)
TERMS = explore.term_explorer()


def setting(explorer, name):
    """A door: what is set of an explorer."""
    return lambda value: setattr(explorer, name, value)


CALLS = {
    "LatentExplorer": (
        explore.LatentExplorer,
        {
            "model_or_decode": VAE,
            "codes": draw(B, D),
            "labels": LABELS,
            "image_shape": (4, 3),
            "logvars": draw(B, D),
            "errors": draw(B),
            "output": "identity",
            "latent_dim": D,
            "limit": 3.0,
            "z": draw(D),
            "layers": ["codes", "prior"],
            "axes": (0, 1),
            "title": "VAE",
            "group": "one",
            "order": ORDER,
        },
    ),
    "LatentExplorer of images": (
        explore.LatentExplorer,
        {"model_or_decode": VAE, "images": draw(B, P), "image_shape": (4, 3)},
    ),
    "compare_explorer": (
        explore.compare_explorer,
        {"ae": OTHER, "vae": VAE, "images": draw(B, P), "labels": LABELS, "image_shape": (4, 3), "titles": ("a", "b")},
    ),
    "compare_explorer of codes": (
        lambda first, image_shape: explore.compare_explorer(
            OTHER, VAE, codes=(first, draw(B, D)), image_shape=image_shape
        ),
        {"first": draw(B, D), "image_shape": (4, 3)},
    ),
    "slider_explorer": (
        explore.slider_explorer,
        {
            "vae": VAE,
            "images": draw(B, P),
            "labels": LABELS,
            "image_shape": (4, 3),
            "threshold": 0.01,
            "notes": ["a", "b", "c"],
        },
    ),
    "slider_explorer of costs": (explore.slider_explorer, {"vae": VAE, "kl": draw(D), "image_shape": (4, 3)}),
    "traversal_explorer": (
        explore.traversal_explorer,
        {
            "vae": VAE,
            "images": draw(B, P),
            "labels": LABELS,
            "image_shape": (4, 3),
            "information": draw(D),
        },
    ),
    "conditional_explorer": (
        explore.conditional_explorer,
        {
            "model": CVAE,
            "images": draw(B, P),
            "labels": LABELS,
            "image_shape": (4, 3),
            "label": 1,
            "start": 1,
        },
    ),
    "attribute_explorer": (
        explore.attribute_explorer,
        {
            "model": VAE,
            "codes": {"k": draw(2, D)},
            "names": ["a", "b"],
            "directions": {"d": draw(D)},
            "image_shape": (4, 3),
            "pictures": {"k": draw(2, P)},
            "noun": "letter",
            "choice": 1,
            "limit": 1.5,
        },
    ),
    "attribute_explorer of one": (
        lambda z, direction, picture: explore.attribute_explorer(
            VAE, {"k": z}, ["a", "b"], {"d": direction}, (4, 3), pictures={"k": picture}
        ),
        {"z": draw(2, D), "direction": draw(D), "picture": draw(2, P)},
    ),
    "flow_explorer": (explore.flow_explorer, {"flow": FLOW, "n": 8, "limit": 4.0}),
    "sentence_explorer": (
        explore.sentence_explorer,
        {"model": WRITER, "tokens": TOKENS, "read": read, "note": note, "steps": 3},
    ),
    "term_explorer": (explore.term_explorer, {"mu": 1.0, "sigma": 0.5}),
    "LatentExplorer.z": (setting(LATENT, "z"), {"value": draw(D)}),
    "LatentExplorer.a": (setting(LATENT, "a"), {"value": draw(D)}),
    "LatentExplorer.b": (setting(LATENT, "b"), {"value": draw(D)}),
    "LatentExplorer.sigma": (setting(LATENT, "sigma"), {"value": 0.5}),
    "LatentExplorer.layers": (setting(LATENT, "layers"), {"value": ["codes", "prior"]}),
    "ConditionalExplorer.label": (setting(CONDITIONAL, "label"), {"value": 1}),
    "AttributeExplorer.choice": (setting(ATTRIBUTES, "choice"), {"value": 1}),
    "AttributeExplorer.kind": (setting(ATTRIBUTES, "kind"), {"value": 0}),
    "AttributeExplorer.amounts": (setting(ATTRIBUTES, "amounts"), {"value": draw(1)}),
    "FlowExplorer.depth": (setting(WINDING, "depth"), {"value": 1.0}),
    "SentenceExplorer.a": (setting(SENTENCES, "a"), {"value": 1}),
    "SentenceExplorer.b": (setting(SENTENCES, "b"), {"value": 1}),
    "SentenceExplorer.t": (setting(SENTENCES, "t"), {"value": 0.5}),
    "TermExplorer.mu": (setting(TERMS, "mu"), {"value": 1.0}),
    "TermExplorer.sigma": (setting(TERMS, "sigma"), {"value": 0.5}),
    "save_html": (TERMS.save_html, {"path": Path(os.devnull)}),
}
OF_ARRAYS = {"a list", "whole numbers", "an array", "a tuple", "float64"}  # whatever holds numbers is shown
WORDS = {"'toaster'", "''"}
FREE = {
    **dict.fromkeys(("codes", "logvars", "errors", "z", "kl", "information", "first"), OF_ARRAYS),
    "direction": OF_ARRAYS,
    "picture": OF_ARRAYS,
    **dict.fromkeys([f"LatentExplorer.{name}.value" for name in "zab"], OF_ARRAYS - {"float64"}),
    "amounts.value": OF_ARRAYS - {"float64"},
    "images": OF_ARRAYS - {"a list", "a tuple"},
    "labels": {"a list", "an array", "a tuple", "floating", "truth values"},
    "LatentExplorer.layers": {"[]"},
    "layers.value": {"[]"},
    "title": WORDS,
    "group": WORDS,
    "order": {"None", "[]"},
    "compare_explorer.titles": {"('a', 'b')"},
    "label": {"0"},
    "start": {"0"},
    "choice": {"0"},
    "label.value": {"0"},
    "choice.value": {"0"},
    "kind.value": {"0"},
    "SentenceExplorer.a.value": {"0"},
    "SentenceExplorer.b.value": {"0"},
    "attribute_explorer.names": {"['a', 'b']"},
    "attribute_explorer.pictures": {"[]", "{}"},
    "noun": {"'toaster'"},
    "tokens": {"one column more"},
    "note": {"returns_a_word"},
    "mu": {"-1.0"},
    "TermExplorer.mu.value": {"-1.0"},
}
A_MODEL = "decoder|model|encode"  # what is said of it
SAID = {
    **dict.fromkeys(("model_or_decode", "ae", "vae", "model"), A_MODEL),
    "images": "images|labels",  # which of the two there are too many of
    "LatentExplorer.codes": "codes|labels",
    "compare_explorer of codes.first": "codes",
    "attribute_explorer of one.z": "codes|direction",
    "attribute_explorer of one.picture": "pictures",
    "names": "names|codes",
    "directions": "directions?",
    **{f"{name}.value": name for name in ("z", "a", "b", "sigma", "layers", "label", "choice", "kind")},
    **{f"{name}.value": name for name in ("amounts", "depth", "t", "mu")},
}
TABLE = Table(with_generator(CALLS), FREE, SAID)
EXPLORERS = (
    explore.LatentExplorer,
    *(type(explorer) for explorer in (CONDITIONAL, ATTRIBUTES, WINDING, SENTENCES, TERMS)),
)


def test_the_table_has_every_public_name():
    assert set(explore.__all__) <= TABLE.calls.keys()


def test_it_has_all_that_can_be_set_of_an_explorer():
    for kind in EXPLORERS:
        own = {name for name, trait in vars(kind).items() if isinstance(trait, traitlets.TraitType)}
        for name in own - {name for name in own if name.startswith("_")}:
            assert f"{kind.__name__}.{name}" in TABLE.calls


def test_its_methods_take_nothing():
    """But for the path of a page: what an explorer shows is its own."""
    for kind in EXPLORERS:
        for name in dir(kind):
            if not name.startswith("_") and name in vars(kind) and inspect.isfunction(vars(kind)[name]):
                assert list(inspect.signature(vars(kind)[name]).parameters) == ["self"], f"{kind.__name__}.{name}"


@pytest.mark.parametrize("name", CALLS)
def test_a_right_call_passes(name):
    function, given = TABLE.calls[name]
    function(**given)


@pytest.mark.parametrize(("name", "key"), TABLE.arguments())
def test_what_does_not_fit_is_refused(name, key):
    assert faults(TABLE, name, key) == []


@pytest.mark.parametrize(
    "door", ["LatentExplorer of images", "slider_explorer", "traversal_explorer", "conditional_explorer"]
)
def test_bytes_for_pixels_are_refused(door):
    function, given = TABLE.calls[door]
    with pytest.raises(InputError, match=r"images must lie in \[0, 1\], it runs from .* to 2"):
        function(**given | {"images": 255 * draw(B, P)})


def test_a_page_is_not_written_to_a_folder(tmp_path):
    with pytest.raises(InputError, match=r"save_html: path .* cannot be written \(Is a directory\); name a file\.$"):
        TERMS.save_html(tmp_path)


def test_nobody_else_takes_an_unknown_word():
    for name in ("compare_explorer", "slider_explorer", "traversal_explorer", "conditional_explorer"):
        function, given = TABLE.calls[name]
        with pytest.raises(InputError, match="there is no argument colour"):
            function(**given, colour="red")
