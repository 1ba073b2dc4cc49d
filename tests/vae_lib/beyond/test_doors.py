"""What the chapters' functions cannot use is refused where it comes in, in one sentence that names the argument."""

from __future__ import annotations

import pytest
import torch
from torch import tensor

import vae_lib as lib
from tests.vae_lib.doors import Table, faults, modules, parameters, public_names, seeded, with_generator
from vae_lib import InputError
from vae_lib.beyond import (
    adversarial,
    autoregressive,
    completion,
    conditional,
    densities,
    diffusion,
    disentangling,
    family,
    flow_layers,
    flow_terms,
    flows,
    fonts,
    grammar,
    graphs,
    label_bounds,
    molecules,
    semi_supervised,
    sequence_terms,
    sequences,
    sprites,
)

B, P, D, L, C, V, T, G = 4, 6, 2, 5, 3, 7, 8, 9


def draw(*shape):
    return torch.rand(*shape, generator=seeded(sum(shape))) * 0.8 + 0.1


MASK, WHOLE, SMALL = tensor([1.0, 0.0]), tensor([0, 2, 1, 0]), tensor([[0, 1, 1], [1, 0, 0], [2, 1, 0], [1, 1, 1]])
ONE_HOT = torch.eye(C)[WHOLE]
TOKENS = tensor([[1, 2, 0, *[-1] * 5], [*[3, 6, 5, 1] * 2], [4, 0, *[-1] * 6], [4, 0, *[-1] * 6]])
ADJACENCY = (torch.eye(G).roll(1, 0) + torch.eye(G).roll(-1, 0)).contiguous()
SOME = molecules.all_molecules().at(slice(0, B))
ROWS = molecules.to_rows(SOME)
LETTERS = fonts.Glyphs(draw(B, 576), tensor([0, 1, 10, 2]), tensor([0, 1, 2, 3]), WHOLE > 0, WHOLE > 1)
ENGLISH = grammar.small_english()
SENTENCES, _ = ENGLISH.sample(2, seeded())

PAIR = adversarial.Adversarial(P, D, (4,), generator=seeded()).eval()
ONE_BY_ONE = autoregressive.Autoregressive(P, (4,), 2, seeded())
MIXTURE = ONE_BY_ONE.factors(draw(B, P))
FILLER = completion.CompletionVAE((2, 3), D, (4,), seeded())
NETWORK = completion.CompletionNetwork((2, 3), (4,), seeded())
CVAE = conditional.ConditionalVAE(P, C, D, (4,), seeded())
CURVE = densities.Curve(draw(9, 2), 0.3)
BOARD = densities.Checkerboard()
STEPS = diffusion.Diffusion(D, (4,), 3, generator=seeded()).eval()
TC = disentangling.TcVAE(P, D, (4,), 2.0, 10, seeded())
DIAGONAL = family.DiagonalGaussian(P)
G_VAE = family.GaussianVAE(P, D, (4,), seeded()).eval()
PLANAR = flow_layers.Planar(D, seeded())
COUPLING = flow_layers.Coupling([1, 0], (4,), generator=seeded())
AFFINE = flow_layers.Affine(D)
FLOW = flows.CouplingFlow(D, 2, (4,), seeded())
POSTERIOR = flows.FlowPosterior(D, [flow_layers.Affine(D)])
NODES = graphs.NodeVAE(G, D, 3, generator=seeded())
WHOLE_GRAPHS = graphs.MoleculeVAE(D, (4,), generator=seeded())
PROPERTY = graphs.PropertyNetwork(D, (4,), generator=seeded())
M2 = semi_supervised.M2(P, D, (4,), C, generator=seeded())
FEW = semi_supervised.SemiSupervised(M2, draw(4, P), tensor([0, 1, 2, 0]), 0.1)
CODES = semi_supervised.CodeGaussian()
WRITER = sequences.LanguageModel(T, V, 3, 5, generator=seeded())
TOLD = sequences.LanguageModel(T, V, 3, 5, D, seeded())
SENTENCE_VAE = sequences.SequenceVAE(T, V, D, 3, 5, generator=seeded())
VAE = lib.VAE(P, D, (4,), generator=seeded())


def as_encoder(x):
    return x[..., :D], x[..., :D]


def as_decoder(z):
    return z.sum(-1, keepdim=True).expand(*z.shape[:-1], P)


def log_joint(z):
    return -z.square().sum(1)


CALLS = {
    "adversarial.discriminator_cost": (adversarial.discriminator_cost, {"real": draw(B), "fake": draw(B)}),
    "adversarial.generator_cost": (adversarial.generator_cost, {"fake": draw(B)}),
    "adversarial.Adversarial": (
        adversarial.Adversarial,
        {"n_dims": P, "latent_dim": D, "hidden": (4,), "penalty": 0.1},
    ),
    "adversarial.Adversarial.logit": (PAIR.logit, {"x": draw(B, P)}),
    "adversarial.Adversarial.forward": (PAIR.forward, {"z": draw(B, D)}),
    "adversarial.Adversarial.sample": (PAIR.sample, {"n": 2}),
    "adversarial.Adversarial.loss_terms": (PAIR.loss_terms, {"x": draw(B, P)}),
    "autoregressive.Mixture.log_prob": (MIXTURE.log_prob, {"x": draw(B, P)}),
    "autoregressive.Autoregressive": (
        autoregressive.Autoregressive,
        {"n_dims": P, "hidden": (4,), "n_components": 2},
    ),
    "autoregressive.Autoregressive.masks": (ONE_BY_ONE.masks, {}),
    "autoregressive.Autoregressive.factors": (ONE_BY_ONE.factors, {"x": draw(B, P)}),
    "autoregressive.Autoregressive.log_prob": (ONE_BY_ONE.log_prob, {"x": draw(B, P)}),
    "autoregressive.Autoregressive.forward": (ONE_BY_ONE.forward, {"x": draw(B, P)}),
    "autoregressive.Autoregressive.sample": (ONE_BY_ONE.sample, {"n": 2}),
    "autoregressive.Autoregressive.loss_terms": (ONE_BY_ONE.loss_terms, {"x": draw(B, P)}),
    "completion.seen_quadrants": (completion.seen_quadrants, {"n": 1, "n_examples": 2}),
    "completion.quadrant_pixels": (completion.quadrant_pixels, {"image_shape": (2, 3)}),
    "completion.CompletionVAE": (
        completion.CompletionVAE,
        {"image_shape": (2, 3), "latent_dim": D, "hidden": (4,)},
    ),
    **{
        f"completion.CompletionVAE.{method.__name__}": (method, {"x": draw(B, P), "seen": draw(B, 4).round()} | more)
        for method, more in {
            FILLER.prior: {},
            FILLER.encode: {},
            FILLER.fill: {},
            FILLER.elbo_terms: {"n_samples": 1},
            FILLER.nll: {"n_samples": 2},
        }.items()
    },
    "completion.CompletionVAE.loss_terms": (FILLER.loss_terms, {"x": draw(B, P), "n_samples": 1}),
    "completion.CompletionNetwork": (completion.CompletionNetwork, {"image_shape": (2, 3), "hidden": (4,)}),
    "completion.CompletionNetwork.nll": (NETWORK.nll, {"x": draw(B, P), "seen": draw(B, 4).round()}),
    "completion.CompletionNetwork.fill": (NETWORK.fill, {"x": draw(B, P), "seen": draw(B, 4).round()}),
    "completion.CompletionNetwork.loss_terms": (NETWORK.loss_terms, {"x": draw(B, P)}),
    "completion.kl_diagonal": (
        completion.kl_diagonal,
        {"mu_q": draw(B, D), "logvar_q": draw(B, D), "mu_p": draw(B, D), "logvar_p": draw(B, D)},
    ),
    "conditional.one_hot": (conditional.one_hot, {"y": WHOLE, "n_classes": C}),
    "conditional.condition": (conditional.condition, {"x": draw(B, P), "y_onehot": ONE_HOT}),
    "conditional.cvae_loss": (
        conditional.cvae_loss,
        {
            "encode": as_encoder,
            "decode": as_decoder,
            "x": draw(B, P),
            "y_onehot": ONE_HOT,
            "eps": draw(L, B, D),
        },
    ),
    "conditional.generate_class": (
        conditional.generate_class,
        {"decode": as_decoder, "label": 1, "n_classes": C, "eps": draw(B, D)},
    ),
    "conditional.same_style": (conditional.same_style, {"decode": as_decoder, "z": draw(B, D), "n_classes": C}),
    "conditional.class_posterior": (
        conditional.class_posterior,
        {"log_px_given_y": -draw(C, B), "log_py": -draw(C)},
    ),
    "conditional.ConditionalVAE": (
        conditional.ConditionalVAE,
        {"n_pixels": P, "n_classes": C, "latent_dim": D, "hidden": (4,)},
    ),
    "conditional.ConditionalVAE.encode": (CVAE.encode, {"x": draw(B, P), "y": WHOLE}),
    "conditional.ConditionalVAE.decode": (CVAE.decode, {"z": draw(B, D), "y": WHOLE}),
    "conditional.ConditionalVAE.decode_mean": (CVAE.decode_mean, {"z": draw(B, D), "y": WHOLE}),
    "conditional.ConditionalVAE.sample": (CVAE.sample, {"y": WHOLE}),
    "conditional.ConditionalVAE.loss_terms": (
        CVAE.loss_terms,
        {"x": draw(B, P), "y": WHOLE, "n_samples": 1},
    ),
    "conditional.log_px_given_y": (
        conditional.log_px_given_y,
        {"model": CVAE, "x": draw(B, P), "n_samples": 2},
    ),
    "densities.Curve": (densities.Curve, {"points": draw(9, 2), "width": 0.3}),
    "densities.Curve.log_prob": (CURVE.log_prob, {"x": draw(B, 2)}),
    "densities.Curve.sample": (CURVE.sample, {"n": 2}),
    "densities.Checkerboard.log_prob": (BOARD.log_prob, {"x": draw(B, 2)}),
    "densities.Checkerboard.sample": (BOARD.sample, {"n": 2}),
    "densities.moons": (densities.moons, {}),
    "densities.ring": (densities.ring, {}),
    "densities.spiral": (densities.spiral, {}),
    "densities.grid": (densities.grid, {"limit": 2.0, "cells": 4}),
    "densities.entropy": (densities.entropy, {"density": CURVE, "limit": 2.0, "cells": 4}),
    "densities.divergence": (
        densities.divergence,
        {"density": CURVE, "log_q": log_joint, "limit": 2.0, "cells": 4},
    ),
    "densities.divergences": (
        densities.divergences,
        {"density": CURVE, "models": {"flow": log_joint}, "limit": 2.0, "cells": 4},
    ),
    "diffusion.noised": (diffusion.noised, {"x": draw(B, D), "kept": draw(B), "eps": draw(B, D)}),
    "diffusion.Diffusion": (
        diffusion.Diffusion,
        {"n_dims": D, "hidden": (4,), "steps": 3, "first": 0.1, "last": 0.2},
    ),
    "diffusion.Diffusion.noise": (STEPS.noise, {"x": draw(B, D), "t": WHOLE + 1}),
    "diffusion.Diffusion.mean_back": (STEPS.mean_back, {"x": draw(B, D), "t": 1}),
    "diffusion.Diffusion.path": (STEPS.path, {"n": 2}),
    "diffusion.Diffusion.sample": (STEPS.sample, {"n": 2}),
    "diffusion.Diffusion.log_importance_weights": (
        STEPS.log_importance_weights,
        {"x": draw(B, D), "n_samples": 2},
    ),
    "diffusion.Diffusion.encode": (STEPS.encode, {"x": draw(B, D)}),
    "diffusion.Diffusion.decode": (STEPS.decode, {"z": draw(B, D)}),
    "diffusion.Diffusion.step_cost": (STEPS.step_cost, {"square": draw(B), "t": WHOLE + 1}),
    "diffusion.Diffusion.bound": (STEPS.bound, {"x": draw(B, D)}),
    "diffusion.Diffusion.loss_terms": (STEPS.loss_terms, {"x": draw(B, D)}),
    "disentangling.pairwise_log_density": (
        disentangling.pairwise_log_density,
        {"z": draw(B, D), "mu": draw(B, D), "logvar": draw(B, D)},
    ),
    "disentangling.kl_decomposition": (
        disentangling.kl_decomposition,
        {"z": draw(B, D), "mu": draw(B, D), "logvar": draw(B, D), "n_data": 9, "sampling": "weighted"},
    ),
    "disentangling.tc_vae_loss": (
        disentangling.tc_vae_loss,
        {"reconstruction": draw(1)[0], "mi": draw(1)[0], "tc": draw(1)[0], "dwkl": draw(1)[0], "beta": 2.0},
    ),
    "disentangling.TcVAE": (
        disentangling.TcVAE,
        {"n_pixels": P, "latent_dim": D, "hidden": (4,), "beta": 2.0, "n_data": 9},
    ),
    "disentangling.TcVAE.loss_terms": (TC.loss_terms, {"x": draw(B, P)}),
    "disentangling.mutual_information": (disentangling.mutual_information, {"table": draw(D, 3)}),
    "disentangling.mutual_information_gap": (
        disentangling.mutual_information_gap,
        {"mi": draw(D, 3), "entropy": draw(3)},
    ),
    "disentangling.information_table": (
        disentangling.information_table,
        {"codes": draw(B, D), "factors": SMALL, "bins": 2},
    ),
    "disentangling.exact_information": (
        disentangling.exact_information,
        {"mu": draw(B, D), "logvar": draw(B, D), "factors": SMALL},
    ),
    "family.DiagonalGaussian": (family.DiagonalGaussian, {"n_dims": P}),
    "family.DiagonalGaussian.nll": (DIAGONAL.nll, {"x": draw(B, P), "logits": draw(L, B, P)}),
    "family.DiagonalGaussian.mean": (DIAGONAL.mean, {"logits": draw(B, P)}),
    "family.DiagonalGaussian.sample": (DIAGONAL.sample, {"logits": draw(B, P)}),
    "family.GaussianVAE": (family.GaussianVAE, {"n_pixels": P, "latent_dim": D, "hidden": (4,)}),
    "family.GaussianVAE.sample": (G_VAE.sample, {"n": 2}),
    "family.n_weights": (family.n_weights, {"model": G_VAE}),
    "family.dequantize": (family.dequantize, {"x": draw(B, P), "levels": 16}),
    "family.quantize": (family.quantize, {"x": draw(B, P), "levels": 16}),
    "family.cost": (family.cost, {"model": G_VAE, "x": draw(B, P)}),
    "family.energy_score": (family.energy_score, {"x": draw(B, D), "draws": draw(L, D)}),
    "family.energy_distance": (family.energy_distance, {"x": draw(B, D), "draws": draw(L, D)}),
    "family.neighbours": (family.neighbours, {"x": draw(B, D), "draws": draw(B, D), "k": 1}),
    "flow_layers.affine_coupling": (
        flow_layers.affine_coupling,
        {"x": draw(B, D), "mask": MASK, "scale": torch.tanh, "shift": torch.tanh},
    ),
    "flow_layers.affine_coupling_inverse": (
        flow_layers.affine_coupling_inverse,
        {"y": draw(B, D), "mask": MASK, "scale": torch.tanh, "shift": torch.tanh},
    ),
    "flow_layers.planar": (
        flow_layers.planar,
        {"z": draw(B, D), "u": draw(D), "w": draw(D), "b": draw(1)[0]},
    ),
    "flow_layers.keep_invertible": (flow_layers.keep_invertible, {"u": draw(D), "w": draw(D)}),
    "flow_layers.planar_inverse": (
        flow_layers.planar_inverse,
        {"y": draw(B, D), "u": draw(D), "w": draw(D), "b": draw(1)[0]},
    ),
    "flow_layers.Planar": (flow_layers.Planar, {"n_dims": D}),
    "flow_layers.Planar.forward": (PLANAR.forward, {"z": draw(B, D)}),
    "flow_layers.Planar.inverse": (PLANAR.inverse, {"y": draw(B, D)}),
    "flow_layers.Coupling": (flow_layers.Coupling, {"mask": [0, 1], "hidden": (4,), "most": 2.0}),
    "flow_layers.Coupling.forward": (COUPLING.forward, {"x": draw(B, D)}),
    "flow_layers.Coupling.inverse": (COUPLING.inverse, {"y": draw(B, D)}),
    "flow_layers.Affine": (flow_layers.Affine, {"n_dims": D}),
    "flow_layers.Affine.forward": (AFFINE.forward, {"x": draw(B, D)}),
    "flow_layers.Affine.inverse": (AFFINE.inverse, {"y": draw(B, D)}),
    "flow_layers.coupling_layers": (
        flow_layers.coupling_layers,
        {"n_dims": D, "n_layers": 2, "hidden": (4,)},
    ),
    "flow_terms.through": (flow_terms.through, {"layers": FLOW.layers, "x": draw(B, D)}),
    "flow_terms.flow_log_prob": (flow_terms.flow_log_prob, {"x": draw(B, D), "layers": FLOW.layers}),
    "flow_terms.flow_elbo": (
        flow_terms.flow_elbo,
        {"log_joint": log_joint, "mu": draw(D), "logvar": draw(D), "eps": draw(L, D), "layers": FLOW.layers},
    ),
    "flows.Flow": (flows.Flow, {"n_dims": D, "layers": [AFFINE]}),
    "flows.Flow.log_prob": (FLOW.log_prob, {"x": draw(B, D)}),
    "flows.Flow.forward": (FLOW.forward, {"x": draw(B, D)}),
    "flows.Flow.inverse": (FLOW.inverse, {"z": draw(B, D)}),
    "flows.Flow.sample": (FLOW.sample, {"n": 2}),
    "flows.Flow.loss_terms": (FLOW.loss_terms, {"x": draw(B, D)}),
    "flows.CouplingFlow": (flows.CouplingFlow, {"n_dims": D, "n_layers": 2, "hidden": (4,)}),
    "flows.PlanarFlow": (flows.PlanarFlow, {"n_dims": D, "n_layers": 2}),
    "flows.FlowPosterior": (flows.FlowPosterior, {"n_dims": D, "layers": [AFFINE]}),
    "flows.FlowPosterior.elbo": (POSTERIOR.elbo, {"log_joint": log_joint, "n_samples": 3}),
    "flows.FlowPosterior.sample": (POSTERIOR.sample, {"n": 2}),
    "flows.FlowPosterior.log_prob": (POSTERIOR.log_prob, {"z": draw(B, D)}),
    "flows.FlowPosterior.fit": (
        POSTERIOR.fit,
        {"log_joint": log_joint, "steps": 1, "learning_rate": 0.01, "n_samples": 3},
    ),
    "flows.prior_terms": (flows.prior_terms, {"model": VAE, "prior": FLOW, "x": draw(B, P)}),
    "fonts.halves": (fonts.halves, {"every": LETTERS}),
    "fonts.draw": (fonts.draw, {"letter": "a", "file": "DejaVuSans", "em": 19.0}),
    "fonts.ink": (fonts.ink, {"x": draw(B, 576)}),
    "fonts.slant": (fonts.slant, {"x": draw(B, 576)}),
    "fonts.attribute_direction": (fonts.attribute_direction, {"codes": draw(B, D), "has": WHOLE > 0}),
    "fonts.of_equal_length": (fonts.of_equal_length, {"direction": draw(D), "n": 2}),
    "grammar.Grammar": (grammar.Grammar, {"rules": {"S": [(0.5, "a"), (0.5, "b S")]}, "start": "S"}),
    "grammar.Grammar.entropy": (ENGLISH.entropy, {"symbol": "W"}),
    "grammar.Grammar.sample": (ENGLISH.sample, {"n": 2}),
    "grammar.Grammar.log_prob": (ENGLISH.log_prob, {"sentence": ("the", "fox"), "beginning": True}),
    "grammar.Grammar.encode": (ENGLISH.encode, {"sentences": SENTENCES, "length": 12}),
    "grammar.Grammar.decode": (ENGLISH.decode, {"tokens": TOKENS}),
    "grammar.small_english": (grammar.small_english, {}),
    "graphs.adjacency_logits": (graphs.adjacency_logits, {"Z": draw(B, G, D)}),
    "graphs.graph_nll": (graphs.graph_nll, {"logits": draw(2, G, G), "adjacency": ADJACENCY.expand(2, G, G)}),
    "graphs.propagation": (graphs.propagation, {"adjacency": ADJACENCY}),
    "graphs.NodeVAE": (graphs.NodeVAE, {"n_features": G, "latent_dim": D, "hidden": 3, "offset": True}),
    "graphs.NodeVAE.encode": (NODES.encode, {"adjacency": ADJACENCY, "features": torch.eye(G)}),
    "graphs.NodeVAE.decode": (NODES.decode, {"z": draw(G, D)}),
    "graphs.NodeVAE.loss_terms": (
        NODES.loss_terms,
        {"adjacency": ADJACENCY, "features": torch.eye(G), "target": ADJACENCY},
    ),
    "graphs.MoleculeVAE": (graphs.MoleculeVAE, {"latent_dim": D, "hidden": (4,), "valences": True}),
    "graphs.MoleculeVAE.encode": (WHOLE_GRAPHS.encode, {"molecules": SOME}),
    "graphs.MoleculeVAE.decode": (WHOLE_GRAPHS.decode, {"z": draw(B, D)}),
    "graphs.MoleculeVAE.nll": (WHOLE_GRAPHS.nll, {"x": ROWS, "logits": draw(L, B, 33)}),
    "graphs.MoleculeVAE.loss_terms": (WHOLE_GRAPHS.loss_terms, {"x": ROWS, "n_samples": 1}),
    "graphs.PropertyNetwork": (
        graphs.PropertyNetwork,
        {"latent_dim": D, "hidden": (4,), "center": 0.5, "scale": 1.0},
    ),
    "graphs.PropertyNetwork.forward": (PROPERTY.forward, {"z": draw(B, D)}),
    "graphs.PropertyNetwork.loss_terms": (PROPERTY.loss_terms, {"z": draw(B, D), "y": draw(B)}),
    "graphs.climb": (graphs.climb, {"predict": log_joint, "z": draw(B, D), "steps": 1, "learning_rate": 0.1}),
    **{
        f"molecules.{function.__name__}": (function, {"molecules": SOME})
        for function in (
            molecules.keys,
            molecules.canonical,
            molecules.keeps_valences,
            molecules.distances,
            molecules.is_connected,
            molecules.is_valid,
            molecules.wiener_index,
            molecules.rings,
            molecules.to_rows,
        )
    },
    "molecules.from_keys": (molecules.from_keys, {"numbers": molecules.keys(SOME)}),
    "molecules.all_molecules": (molecules.all_molecules, {}),
    "molecules.halves": (molecules.halves, {}),
    "molecules.random_molecules": (molecules.random_molecules, {"like": SOME, "n": 2}),
    "molecules.from_rows": (molecules.from_rows, {"rows": ROWS}),
    "molecules.allowed": (molecules.allowed, {"bonds": SOME.bonds}),
    "molecules.assemble": (molecules.assemble, {"rows": ROWS, "drawn": ("atoms",), "valences": True}),
    "semi_supervised.balanced_subset": (
        semi_supervised.balanced_subset,
        {"y": tensor([0, 1, 0, 1]), "per_class": 1},
    ),
    "label_bounds.labelled_bound": (
        label_bounds.labelled_bound,
        {"log_px": draw(B), "log_py": draw(B), "log_pz": draw(B), "log_qz": draw(B)},
    ),
    "label_bounds.unlabelled_bound": (
        label_bounds.unlabelled_bound,
        {"labelled": draw(B, C), "q_y": draw(B, C).softmax(1)},
    ),
    "label_bounds.m2_loss": (
        label_bounds.m2_loss,
        {"labelled": draw(B), "unlabelled": draw(L), "log_qy": draw(B), "alpha": 0.1},
    ),
    "label_bounds.loss_of_each": (
        label_bounds.loss_of_each,
        {"unlabelled": draw(B), "labelled": draw(B), "log_qy": draw(B), "share": 0.1, "alpha": 0.1},
    ),
    "semi_supervised.CodeGaussian.nll": (CODES.nll, {"x": draw(B, P), "outputs": draw(B, 2 * P)}),
    "semi_supervised.CodeGaussian.mean": (CODES.mean, {"outputs": draw(B, 2 * P)}),
    "semi_supervised.M2": (
        semi_supervised.M2,
        {
            "n_pixels": P,
            "latent_dim": D,
            "hidden": (4,),
            "n_classes": C,
            "likelihood": lib.Bernoulli(),
            "classifier": torch.nn.Linear(P, C),
        },
    ),
    "semi_supervised.M2.log_qy": (M2.log_qy, {"x": draw(B, P)}),
    "semi_supervised.M2.bounds": (M2.bounds, {"x": draw(B, P), "eps": draw(B, C, D)}),
    "semi_supervised.M2.decode_mean": (M2.decode_mean, {"z": draw(B, D), "label": 1}),
    "semi_supervised.SemiSupervised": (
        semi_supervised.SemiSupervised,
        {"model": M2, "x_labelled": draw(B, P), "y_labelled": WHOLE, "share": 0.1, "alpha": 0.1},
    ),
    "semi_supervised.SemiSupervised.loss_terms": (lambda x, **rest: FEW.loss_terms(x, **rest), {"x": draw(B, P)}),
    "semi_supervised.drawn": (semi_supervised.drawn, {"mu": draw(B, P), "logvar": draw(B, P)}),
    "semi_supervised.m1_codes": (semi_supervised.m1_codes, {"model": VAE, "x": draw(B, P), "threshold": 0.0}),
    "semi_supervised.error_percent": (
        semi_supervised.error_percent,
        {"log_qy": draw(B, C), "y": WHOLE},
    ),
    "sequence_terms.sequence_nll": (
        sequence_terms.sequence_nll,
        {"logits": draw(B, T, V), "tokens": TOKENS, "pad": -1},
    ),
    "sequence_terms.kl_weight": (sequence_terms.kl_weight, {"step": 3, "warmup": 10}),
    "sequence_terms.free_bits": (sequence_terms.free_bits, {"kl_per_dim": draw(B, D), "floor": 0.1}),
    "sequence_terms.word_dropout": (
        sequence_terms.word_dropout,
        {"tokens": TOKENS, "rate": 0.5, "u": draw(B, T), "unknown": 9, "keep": [1, 2]},
    ),
    "sequences.LanguageModel": (
        sequences.LanguageModel,
        {"n_positions": T, "n_words": V, "embedding": 3, "hidden": 5, "latent_dim": D},
    ),
    "sequences.LanguageModel.read": (WRITER.read, {"tokens": TOKENS}),
    "sequences.LanguageModel.logits": (TOLD.logits, {"read": TOLD.read(TOKENS), "z": draw(B, D)}),
    "sequences.LanguageModel.write": (TOLD.write, {"n": B, "z": draw(B, D), "greedy": True}),
    "sequences.LanguageModel.loss_terms": (WRITER.loss_terms, {"x": TOKENS.float()}),
    "sequences.SequenceVAE": (
        sequences.SequenceVAE,
        {
            "n_positions": T,
            "n_words": V,
            "latent_dim": D,
            "embedding": 3,
            "hidden": 5,
            "warmup": 2,
            "dropout": 0.1,
            "floor": 0.1,
        },
    ),
    "sequences.SequenceVAE.encode": (SENTENCE_VAE.encode, {"tokens": TOKENS}),
    "sequences.SequenceVAE.decode": (SENTENCE_VAE.decode, {"z": draw(B, D), "tokens": TOKENS}),
    "sequences.SequenceVAE.write": (SENTENCE_VAE.write, {"z": draw(B, D), "greedy": True}),
    "sequences.SequenceVAE.loss_terms": (SENTENCE_VAE.loss_terms, {"x": TOKENS.float(), "n_samples": 1}),
    "sprites.sprites": (sprites.sprites, {"side": 8, "detail": 1, "shape": 1, "size": 1, "angle": 1}),
}
MORE_AXES = {"one axis more"}  # a front that may have any number of axes
FREE = {
    "hidden": {"()"},  # one linear map
    "condition.x": {"one axis more", "float64"},  # the table is brought to its dtype
    "y_onehot": {"whole numbers", "truth values", "float64"},
    "label": {"0"},
    "ConditionalVAE.decode.z": MORE_AXES,
    "ConditionalVAE.decode_mean.z": MORE_AXES,
    "Diffusion.step_cost.square": {"float64"},
    "mutual_information.table": {"whole numbers", "truth values"},  # counts
    "factors": {"huge"},
    "DiagonalGaussian.nll.logits": MORE_AXES,
    "DiagonalGaussian.mean.logits": MORE_AXES,
    "DiagonalGaussian.sample.logits": MORE_AXES,
    "family.n_weights.model": {"Identity()"},
    "dequantize.x": MORE_AXES,
    "quantize.x": {"one number", "one axis more"},
    "Flow.layers": {"[]"},
    "FlowPosterior.layers": {"[]"},
    "fonts.halves.every": {"pictures: float64", "letters: huge"},
    "ink.x": MORE_AXES,
    "slant.x": MORE_AXES,
    "Grammar.log_prob.sentence": {"()", "('a', 'b')", "'x'"},  # no such sentence: its probability is 0
    "adjacency_logits.Z": MORE_AXES,
    "graph_nll.logits": MORE_AXES,
    "NodeVAE.decode.z": MORE_AXES,
    "MoleculeVAE.decode.z": MORE_AXES,
    "MoleculeVAE.nll.logits": MORE_AXES,
    "PropertyNetwork.center": {"-1.0"},
    "PropertyNetwork.forward.z": MORE_AXES,
    "climb.steps": {"0"},
    "climb.learning_rate": {"-1.0"},
    "from_keys.numbers": {"below 0", "huge"},  # still a molecule's
    "allowed.bonds": {"one axis more", "one row more"},
    "assemble.drawn": {"()"},
    "sprites.shape": {"0"},
    "sprites.size": {"0"},
    "sprites.angle": {"0"},
    "balanced_subset.y": {"huge"},
    "CodeGaussian.nll.x": MORE_AXES,
    "CodeGaussian.mean.outputs": MORE_AXES,
    "M2.classifier": {"Identity()"},
    "loss_of_each.labelled": {"one number"},  # a mean
    "loss_of_each.log_qy": {"one number"},
    "sequence_nll.logits": MORE_AXES,
    "sequence_nll.pad": {"-1"},
    "kl_weight.step": {"1.5", "0"},
    "kl_weight.warmup": {"1.5", "0"},
    "word_dropout.tokens": {"below 0", "huge"},
    "word_dropout.unknown": {"0"},
    "word_dropout.keep": {"[]", "[0]", "[-1, 2]"},
    "LanguageModel.latent_dim": {"0"},
    "read.tokens": {"one column more"},  # a longer sentence
    "logits.read": {"one column more"},
    "logits.z": MORE_AXES,
    "LanguageModel.loss_terms.x": {"one column more", "float64"},
    "SequenceVAE.loss_terms.x": {"one column more", "float64"},
    "SequenceVAE.warmup": {"0"},
    "SequenceVAE.encode.tokens": {"one column more"},
    "SequenceVAE.decode.z": MORE_AXES,
    "SequenceVAE.decode.tokens": {"one column more"},
}
SAID = {
    "y": "y|y_onehot",  # what labels are made into
    "cvae_loss.decode": "logits|decode",
    "Grammar.rules": "rules?",
}
TABLE = Table(with_generator(CALLS), FREE, SAID)
NO_DOOR = {
    "fonts.Glyphs.at": "indexes as a tensor does",
    "molecules.Molecules.at": "indexes as a tensor does",
    "fonts.glyphs": "draws 1,500 letters at its right call",
    "fonts.require_glyphs": "is a check",
    "molecules.require_molecules": "is a check",
    "flow_terms.require_layers": "is a check",
    **dict.fromkeys(
        (
            "autoregressive.Mixture",
            "densities.Checkerboard",
            "diffusion.Schedule",
            "disentangling.KlParts",
            "family.Neighbours",
            "flow_layers.Moved",
            "fonts.Glyphs",
            "molecules.Molecules",
            "semi_supervised.CodeGaussian",
            "sprites.Sprites",
        ),
        "holds what the library made",
    ),
}


def test_the_table_has_every_public_name():
    found = {f"{m.rsplit('.', 1)[1]}.{name}" for m in modules("vae_lib.beyond") for name in public_names(m)}
    assert found == TABLE.calls.keys() | NO_DOOR.keys()


@pytest.mark.parametrize("name", CALLS)
def test_a_right_call_passes(name):
    function, given = TABLE.calls[name]
    ignored = {"n_samples", "fixed", "rest"}  # the first by the `loss_terms` that draw no code
    assert parameters(function).keys() <= given.keys() | ignored, "an argument is left out"
    function(**given)


@pytest.mark.parametrize(("name", "key"), TABLE.arguments())
def test_what_does_not_fit_is_refused(name, key):
    assert faults(TABLE, name, key) == []


def test_what_no_kind_of_damage_covers_is_refused():
    diffused = diffusion.Diffusion(2, (4,))
    for call in (
        lambda: flow_layers.keep_invertible(torch.ones(2), torch.zeros(2)),
        lambda: sequences.LanguageModel(T, V, 3, 5).logits(TOKENS.clamp(min=0), draw(B, D)),
        lambda: TOLD.logits(TOKENS.clamp(min=0)),
        lambda: diffused.mean_back(torch.zeros(1, 2), 101),
        lambda: family.energy_distance(draw(1, 2), draw(3, 2)),
        lambda: fonts.glyphs(-1.0),
        lambda: molecules.keys(SOME._replace(bonds=SOME.bonds.triu())),
    ):
        with pytest.raises(InputError):
            call()


def test_what_is_right_passes():
    logits, tokens = torch.zeros(2, 3, 4), tensor([[1, 2, -1], [3, 0, -1]])
    assert sequences.sequence_nll(logits, tokens.where(tokens >= 0, 7), pad=7).shape == (2,)
    assert sequences.kl_weight(5, 0) == 1.0
    assert sequences.word_dropout(tokens, 1.0, torch.zeros(2, 3), 9, [1]).tolist() == [[1, 9, 9], [9, 9, 9]]
    assert 0 <= disentangling.mutual_information_gap(tensor([[0.5, 0.1], [0.2, 0.3]]), torch.ones(2)) <= 1
