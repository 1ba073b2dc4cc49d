"""Every public function refuses what it cannot use, in one sentence: a table, so that none is forgotten."""

from __future__ import annotations

import inspect
import math
import re

import numpy as np
import pytest
import torch

import vae_lib as lib
from tests.vae_lib.doors import DAMAGES, Table, faults, parameters, with_generator
from vae_lib import InputError, zoo
from vae_lib.checks import check_shapes, trusted
from vae_lib.data import binarize
from vae_lib.training import pick_device

B, P, D, L, K, N = 3, 5, 2, 4, 6, 7


def draw(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(sum(shape))) * 0.8 + 0.1


def covariance():
    return torch.eye(D) + 0.1


def decode(z):
    return z @ torch.ones(D, P)


VAE = lib.VAE(P, D, (4,), generator=torch.Generator().manual_seed(0))
AE = lib.Autoencoder(P, D, (4,), generator=torch.Generator().manual_seed(0))
SOLVABLE = lib.LinearGaussian(draw(P, D), draw(P), 0.5)
CONFIG = lib.TrainConfig(epochs=1, progress=False)

# a call that is right, by the names of its arguments
CALLS = {
    "reparametrize": (lib.reparametrize, {"mu": draw(B, D), "logvar": draw(B, D), "eps": draw(L, B, D)}),
    "gaussian_kl": (lib.gaussian_kl, {"mu": draw(B, D), "logvar": draw(B, D)}),
    "gaussian_kl_per_dim": (lib.gaussian_kl_per_dim, {"mu": draw(B, D), "logvar": draw(B, D)}),
    "kl_gaussians": (
        lib.kl_gaussians,
        {"mu_q": draw(D), "cov_q": covariance(), "mu_p": draw(D), "cov_p": covariance()},
    ),
    "entropy": (lib.entropy, {"logvar": draw(B, D)}),
    "log_prob": (lib.log_prob, {"z": draw(L, B, D), "mu": draw(B, D), "logvar": draw(B, D)}),
    "center": (lib.center, {"X": draw(B, P)}),
    "covariance": (lib.covariance, {"Xc": draw(B, P)}),
    "principal_components": (lib.principal_components, {"C": covariance(), "k": 1}),
    "pca_encode": (lib.pca_encode, {"X": draw(B, P), "mean": draw(P), "U": draw(P, D)}),
    "pca_decode": (lib.pca_decode, {"Z": draw(B, D), "mean": draw(P), "U": draw(P, D)}),
    "reconstruction_error": (lib.reconstruction_error, {"X": draw(B, P), "X_hat": draw(B, P)}),
    "components_needed": (lib.components_needed, {"variances": draw(P), "fraction": 0.9}),
    "fit_pca": (lib.fit_pca, {"X": draw(B, P), "k": 2}),
    "perturb": (lib.perturb, {"z": draw(B, D), "sigma": 0.5, "eps": draw(L, B, D)}),
    "bounding_box": (lib.bounding_box, {"Z": draw(B, D)}),
    "sample_box": (lib.sample_box, {"low": torch.zeros(D), "high": torch.ones(D), "u": draw(B, D)}),
    "interpolate": (lib.interpolate, {"z_start": draw(D), "z_end": -draw(D), "steps": 3}),
    "slerp": (lib.slerp, {"z_start": draw(D), "z_end": -draw(D), "steps": 3}),
    "latent_grid": (lib.latent_grid, {"n": 3, "limit": 2.0}),
    "quantile_grid": (lib.quantile_grid, {"n": 3}),
    "nearest_distance": (lib.nearest_distance, {"samples": draw(B, P), "data": draw(N, P)}),
    "diversity": (lib.diversity, {"samples": draw(B, P)}),
    "bernoulli_nll": (lib.bernoulli_nll, {"x": draw(B, P), "logits": draw(L, B, P)}),
    "gaussian_nll": (lib.gaussian_nll, {"x": draw(B, P), "mean": draw(L, B, P), "sigma": 0.5}),
    "squared_error": (lib.squared_error, {"x": draw(B, P), "x_hat": draw(B, P)}),
    "reconstruction_loss": (
        lib.reconstruction_loss,
        {"decode": decode, "x": draw(B, P), "mu": draw(B, D), "logvar": draw(B, D), "eps": draw(L, B, D)},
    ),
    "vae_loss": (
        lib.vae_loss,
        {"decode": decode, "x": draw(B, P), "mu": draw(B, D), "logvar": draw(B, D), "eps": draw(L, B, D), "beta": 1.0},
    ),
    "elbo_terms": (lib.elbo_terms, {"model": VAE, "x": draw(B, P), "eps": draw(L, B, D), "n_samples": 1}),
    "log_importance_weights": (
        lib.log_importance_weights,
        {"log_px_given_z": draw(K, B), "z": draw(K, B, D), "mu": draw(B, D), "logvar": draw(B, D)},
    ),
    "importance_weighted_bound": (lib.importance_weighted_bound, {"log_weights": draw(K, B)}),
    "log_evidence": (lib.log_evidence, {"model": VAE, "x": draw(B, P), "n_samples": 3}),
    "gaussian_elbo": (
        lib.gaussian_elbo,
        {"log_joint": lambda z: z.sum(1), "mu": draw(D), "logvar": draw(D), "eps": draw(L, D)},
    ),
    "active_units": (lib.active_units, {"mu": draw(B, D), "threshold": 0.01}),
    "fit": (lib.fit, {"model": VAE, "data": draw(B, P), "config": CONFIG, "test": draw(N, P)}),
    "mlp": (lib.mlp, {"sizes": [P, D]}),
    "Encoder": (lib.Encoder, {"n_pixels": P, "hidden": (4,), "latent_dim": D}),
    "Decoder": (lib.Decoder, {"latent_dim": D, "hidden": (4,), "n_pixels": P}),
    "Autoencoder": (lib.Autoencoder, {"n_pixels": P, "latent_dim": D, "hidden": (4,), "output": "sigmoid"}),
    "VAE": (lib.VAE, {"n_pixels": P, "latent_dim": D, "hidden": (4,), "likelihood": lib.Bernoulli()}),
    "Gaussian": (lib.Gaussian, {"sigma": 1.0, "mean_function": "sigmoid"}),
    "LinearGaussian": (lib.LinearGaussian, {"W": draw(P, D), "b": draw(P), "variance": 0.5}),
    "LearnedGaussian": (lib.LearnedGaussian, {"sigma": 1.0}),
    "TrainConfig": (
        lib.TrainConfig,
        {
            "epochs": 1,
            "batch_size": 2,
            "learning_rate": 0.1,
            "beta": 1.0,
            "reconstruction_weight": 1.0,
            "n_samples": 1,
            "seed": 3,
            "device": "cpu",
        },
    ),
    "VAE.encode": (VAE.encode, {"x": draw(B, P)}),
    "VAE.decode": (VAE.decode, {"z": draw(L, B, D)}),
    "VAE.decode_mean": (VAE.decode_mean, {"z": draw(B, D)}),
    "VAE.reconstruct": (VAE.reconstruct, {"x": draw(B, P)}),
    "VAE.sample": (VAE.sample, {"n": 2}),
    "VAE.forward": (VAE.forward, {"x": draw(B, P), "eps": draw(B, D)}),
    "Autoencoder.encode": (AE.encode, {"x": draw(B, P)}),
    "Autoencoder.decode": (AE.decode, {"z": draw(B, D)}),
    "Autoencoder.decode_mean": (AE.decode_mean, {"z": draw(B, D)}),
    "Autoencoder.reconstruct": (AE.reconstruct, {"x": draw(B, P)}),
    "LinearGaussian.log_marginal": (SOLVABLE.log_marginal, {"x": draw(B, P)}),
    "LinearGaussian.posterior": (SOLVABLE.posterior, {"x": draw(B, P)}),
    "LinearGaussian.best_diagonal": (SOLVABLE.best_diagonal, {"x": draw(B, P)}),
    "LinearGaussian.log_joint": (SOLVABLE.log_joint, {"x": draw(B, P), "z": draw(L, B, D)}),
    "LinearGaussian.sample": (SOLVABLE.sample, {"n": 2}),
    "Bernoulli.sample": (lib.Bernoulli().sample, {"logits": draw(L, B, P)}),
    "Gaussian.sample": (lib.Gaussian().sample, {"logits": draw(L, B, P)}),
    "LearnedGaussian.sample": (lib.LearnedGaussian().sample, {"logits": draw(L, B, P)}),
    "binarize": (binarize, {"x": draw(B, P)}),
    "pick_device": (pick_device, {"name": "cpu"}),
    "zoo.load": (zoo.load, {"name": "vae-mnist-2d"}),
}
# what holds results only, or has no input of its own to refuse
NO_INPUT = {"InputError", "TrainingDiverged", "PCA", "ElboTerms", "History", "Bernoulli"}

TENSORS = [(name, key) for name, (_, given) in CALLS.items() for key, v in given.items() if isinstance(v, torch.Tensor)]
# one column more is another right call where nothing else says how many there are
FREE = {"center", "covariance", "entropy", "components_needed", "fit_pca", "bounding_box", "diversity", "active_units"}
FREE |= {"importance_weighted_bound", "binarize", "Bernoulli.sample", "Gaussian.sample", "LearnedGaussian.sample"}
FREE_COLUMNS = {("pca_encode", "U"), ("LinearGaussian", "W")}

NUMBERS = {
    "principal_components": {"k": [0, -1, 3, 1.5, "1", None, True]},
    "fit_pca": {"k": [0, 9, 2.0, None]},
    "components_needed": {"fraction": [0, -0.1, 1.1, math.nan, "all", None]},
    "perturb": {"sigma": [-1, math.nan, math.inf, "a", None]},
    "interpolate": {"steps": [1, 0, 2.0, "3", None]},
    "slerp": {"steps": [1, 0, 2.0, "3", None]},
    "latent_grid": {"n": [1, 0, 2.5, None], "limit": [0, -1, math.nan, math.inf, "3"]},
    "quantile_grid": {"n": [0, -1, 1.5, None]},
    "gaussian_nll": {"sigma": [0, -1, math.nan, "1", None]},
    "vae_loss": {"beta": [-1, math.nan, math.inf, "1", None]},
    "elbo_terms": {"n_samples": [0, 1.5, None], "model": [None, lambda x: x]},
    "log_evidence": {"n_samples": [0, 1.5, None], "model": [None, AE]},
    "active_units": {"threshold": [-1, math.nan, "a", None]},
    "fit": {"model": [None, torch.nn.Linear(P, P)], "config": [3, {"epochs": 3}], "on_epoch": [3], "checkpoint": [3]},
    "mlp": {"sizes": [[], [3], [3, 0], [3, 1.5], 3, None]},
    "Encoder": {"n_pixels": [0, 1.5, None], "hidden": [(0,), 4, None], "latent_dim": [0, 1.5, None]},
    "Decoder": {"n_pixels": [0, 1.5, None], "hidden": [(0,), 4, None], "latent_dim": [0, 1.5, None]},
    "Autoencoder": {
        "n_pixels": [0, 1.5, None],
        "hidden": [(0,), 4, None],
        "latent_dim": [0, 1.5, None],
        "output": ["softmax", None],
    },
    "VAE": {
        "n_pixels": [0, 1.5, None],
        "hidden": [(0,), 4, None],
        "latent_dim": [0, 1.5, None],
        "likelihood": ["bernoulli", lib.Bernoulli],
    },
    "Gaussian": {"sigma": [0, -1, math.nan, "1", None], "mean_function": ["tanh", None]},
    "LinearGaussian": {"variance": [0, -1, math.nan, "1", None]},
    "LearnedGaussian": {"sigma": [0, -1.0, "x", None]},
    "TrainConfig": {
        "epochs": [0, -1, 1.5, "3", None, True],
        "batch_size": [0, 1.5, None],
        "learning_rate": [0, -1, math.nan, math.inf, "1e-3", None],
        "beta": [-1, math.nan, math.inf, "1", None],
        "reconstruction_weight": [-1, math.nan, "1", None],
        "n_samples": [0, 1.5, None],
        "seed": [0.5, -1, "a", None],
        "device": [3, None],
    },
    "VAE.sample": {"n": [0, -1, 1.5, None]},
    "LinearGaussian.sample": {"n": [0, 1.5, None]},
    "pick_device": {"name": ["toaster", "cuda:99", 3, None]},
    "zoo.load": {"name": ["vae-mnist-3d", "vae-mnist-2d.json", "", 3, None, ["vae-mnist-2d"]], "folder": [3, "/none"]},
}
CALLABLES = {
    "reconstruction_loss": {"decode": [None, lambda z: z, lambda z: z.sum(), lambda z: "x"]},
    "vae_loss": {"decode": [None, lambda z: z, lambda z: z.sum()]},
    "gaussian_elbo": {"log_joint": [None, lambda z: z, lambda z: z.sum(), lambda z: 3.0]},
}


def check_refused(name, key, value):
    function, given = CALLS[name]
    with pytest.raises(InputError) as caught:
        function(**{**given, key: value})
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 250
    assert text.endswith(".")
    assert not re.search(r"\.\s+[A-Z]", text), "more than one sentence"
    return text


def test_the_table_has_every_public_name():
    names = {name for name, value in vars(lib).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert names - NO_INPUT == {name for name in CALLS if "." not in name} - {"binarize", "pick_device"}
    for cls in (lib.VAE, lib.Autoencoder, lib.LinearGaussian):
        own = {n for n, v in vars(cls).items() if not n.startswith("_") and inspect.isfunction(v)}
        assert own - {"forward"} <= {name.split(".")[1] for name in CALLS if name.startswith(cls.__name__ + ".")}


@pytest.mark.parametrize("name", CALLS)
def test_a_right_call_passes(name):
    function, given = CALLS[name]
    function(**given)


DAMAGED = [
    (name, key, damage)
    for name, key in TENSORS
    for damage in DAMAGES
    if not (damage == "one column more" and (name in FREE or (name, key) in FREE_COLUMNS))
    and (name.split(".")[-1], damage) not in {("binarize", "one number"), ("sample", "one number")}  # of any shape
]


@pytest.mark.parametrize(("name", "key", "damage"), DAMAGED, ids=lambda part: part)
def test_a_tensor_that_does_not_fit_is_refused_by_its_name(name, key, damage):
    text = check_refused(name, key, DAMAGES[damage](CALLS[name][1][key]))
    inner = {"fit_pca": "X", "LinearGaussian": key}
    assert re.search(rf"\b({key}|{inner.get(name, key)}|the last axis|model)\b", text), text


VALUES = [
    (name, key, value)
    for table in (NUMBERS, CALLABLES)
    for name, keys in table.items()
    for key, values in keys.items()
    for value in values
]


@pytest.mark.parametrize(("name", "key", "value"), VALUES)
def test_a_value_that_cannot_be_used_is_refused(name, key, value):
    check_refused(name, key, value)


DRAWS = [name for name, (function, _) in CALLS.items() if "generator" in parameters(function)]


@pytest.mark.parametrize("name", DRAWS)
def test_what_is_no_generator_is_refused(name):
    assert faults(Table(with_generator(CALLS), {}, {}), name, "generator") == []


@pytest.mark.parametrize("name", ["gaussian_kl", "squared_error", "bernoulli_nll"])
def test_two_dtypes_are_refused(name):
    first, *_ = CALLS[name][1]
    assert "the same dtype" in check_refused(name, first, CALLS[name][1][first].double())


OF_MODELS = [name for name in CALLS if name.split(".")[0] in ("VAE", "Autoencoder") and "." in name]
OF_MODELS = [(n, k) for n in (*OF_MODELS, "elbo_terms", "log_evidence", "fit") for k in CALLS[n][1] if k in "x z data"]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
@pytest.mark.parametrize(("name", "key"), OF_MODELS)
def test_another_dtype_than_the_models_is_refused(name, key, dtype):
    given = CALLS[name][1] | dict.fromkeys({"eps", "test"} & CALLS[name][1].keys())
    with pytest.raises(InputError, match=rf"is {dtype}, the model is torch.float32") as caught:
        CALLS[name][0](**{**given, key: CALLS[name][1][key].to(dtype)})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model", [AE, lib.VAE(P, D, (4,), likelihood=lib.Gaussian(1.0)), VAE], ids=["ae", "g", "b"])
def test_what_no_pixel_can_reach_is_refused(model):
    for x in (255 * draw(B, P), draw(B, P) - 0.5):
        with pytest.raises(InputError, match=r"data must lie in \[0, 1\]"):
            lib.fit(model, x, CONFIG)


def test_data_without_bounds_are_taken_where_the_model_has_none():
    for model in (
        lib.Autoencoder(P, D, (4,), output="identity"),
        lib.VAE(P, D, (4,), likelihood=lib.Gaussian(1.0, "identity")),
    ):
        lib.fit(model, 3 * draw(B, P), CONFIG)


@pytest.mark.parametrize("name", ["elbo_terms", "log_evidence"])
@pytest.mark.parametrize("likelihood", [lib.Bernoulli(), lib.Gaussian(1.0), lib.LearnedGaussian()])
def test_the_bounds_refuse_the_same(name, likelihood):
    function, model = CALLS[name][0], lib.VAE(P, D, (4,), likelihood=likelihood)
    with pytest.raises(InputError, match=rf"{name}: with a .* x must lie in \[0, 1\]"):
        function(model, 255 * draw(B, P))


def test_so_do_those_of_an_autoencoder():
    with pytest.raises(InputError, match=r"elbo_terms: with output='sigmoid' .* x must lie in \[0, 1\]"):
        lib.elbo_terms(AE, 255 * draw(B, P))
    lib.elbo_terms(lib.Autoencoder(P, D, (4,), output="identity"), 255 * draw(B, P))


def test_finite_values_pass_whatever_their_sum_and_infinite_ones_are_counted():
    check_shapes("f", {"x": "B"}, {"x": torch.full((4,), 3e38)})
    for values in ([math.inf, -math.inf, 1.0, 2.0], [math.nan, 3e38, 3e38, math.inf]):
        with pytest.raises(InputError, match="f: x has 2 of 4 values that are NaN or infinite"):
            check_shapes("f", {"x": "B"}, {"x": torch.tensor(values)})


@pytest.mark.parametrize("model", [AE, VAE, lib.VAE(P, D, (4,), likelihood=lib.LearnedGaussian())])
def test_an_encoder_of_pictures_refuses_bytes_and_takes_noise(model):
    with pytest.raises(InputError, match=r"encode: x must be pixels in \[0, 1\], it runs from .*; scale them"):
        model.encode(255 * draw(B, P))
    model.encode(draw(B, P) + 0.5 * torch.randn(B, P))


def test_an_encoder_of_other_data_takes_any():
    lib.Autoencoder(P, D, (4,), output="identity").encode(255 * draw(B, P))
    lib.VAE(P, D, (4,), likelihood=lib.Gaussian(1.0, "identity")).encode(255 * draw(B, P))


@pytest.mark.parametrize("wrap", [torch.compile, torch.nn.DataParallel])
def test_a_wrapped_model_is_told_the_way_out(wrap):
    model = lib.VAE(P, D, (4,))
    with pytest.raises(InputError, match=r"hand in what it wraps, model\.(_orig_mod|module),") as caught:
        lib.fit(wrap(model), draw(B, P), CONFIG)
    inner = re.search(r"model\.(\w+)", str(caught.value))[1]
    lib.fit(getattr(wrap(model), inner), draw(B, P), CONFIG)


def test_training_within_inference_mode_is_refused():
    with torch.inference_mode(), pytest.raises(InputError, match=r"leave torch\.inference_mode"):
        lib.fit(lib.VAE(P, D, (4,)), draw(B, P), CONFIG)


def test_a_range_is_not_rounded_until_it_is_false():
    x = draw(B, P).index_fill(1, torch.tensor([0]), 1.0000001)
    assert "to 1.00000012" in check_refused("bernoulli_nll", "x", x)


NUMPYS = [(name, key) for name, (_, given) in CALLS.items() for key, v in given.items() if type(v) in (int, float)]


@pytest.mark.parametrize(("name", "key"), NUMPYS)
def test_numpys_numbers_are_numbers(name, key):
    function, given = CALLS[name]
    kinds = (np.int64, np.int32) if isinstance(given[key], int) else (np.float64, np.float32)
    for kind in kinds:
        function(**{**given, key: kind(given[key])})


def test_a_message_names_the_function_the_argument_and_both_shapes():
    mu, logvar = draw(B, D), draw(B, D + 1)
    with pytest.raises(InputError) as caught:
        lib.gaussian_kl(mu, logvar)
    assert str(caught.value) == "gaussian_kl: logvar must have shape (B, D), not (3, 3): mu has D = 2."


@pytest.mark.parametrize("covariance", [torch.tensor([[1.0, 2], [2, 1]]), torch.tensor([[1.0, 0.3], [0, 1]])])
def test_what_is_no_covariance_is_refused(covariance):
    assert "must be a covariance" in check_refused("kl_gaussians", "cov_p", covariance)


@pytest.mark.parametrize(("name", "key"), [("bernoulli_nll", "x"), ("binarize", "x"), ("fit", "data"), ("fit", "test")])
@pytest.mark.parametrize("shift", [-0.5, 0.5])
def test_pixels_outside_the_unit_interval_are_refused(name, key, shift):
    assert "must lie in [0, 1]" in check_refused(name, key, CALLS[name][1][key] + shift)


def test_a_box_upside_down_is_refused():
    assert "low must not exceed high" in check_refused("sample_box", "low", torch.tensor([0.0, 2.0]))


def test_negative_variances_are_refused():
    check_refused("components_needed", "variances", torch.tensor([1.0, -0.5]))
    check_refused("components_needed", "variances", torch.zeros(3))


@pytest.mark.parametrize("name", ["diversity", "active_units"])
def test_one_example_is_too_few_for_a_spread(name):
    (key, x), *_ = CALLS[name][1].items()
    check_refused(name, key, x[:1])


def test_checks_are_off_only_while_the_data_are_trusted():
    bad = torch.full((B, D), math.nan)
    with trusted():
        lib.gaussian_kl(bad, bad)
    with pytest.raises(InputError):
        lib.gaussian_kl(bad, bad)


def test_nothing_that_is_handed_in_is_changed():
    for name, (function, given) in CALLS.items():
        if name == "fit":
            continue
        before = {key: value.clone() for key, value in given.items() if isinstance(value, torch.Tensor)}
        function(**given)
        for key, value in before.items():
            assert torch.equal(given[key], value), f"{name} changed {key}"
