"""The labs as people meet them: run whole in a kernel, and graded by nbgrader itself."""

from __future__ import annotations

import os
import re
import shutil
from functools import cache
from unittest.mock import patch

import nbformat
import pytest
import torch

from benchmarks import stock
from grading.course.folder import ROOT
from tests import meter
from tests.lab_bank import LABS, bank, load
from vae_lib import data


def source(lab):
    return nbformat.read(ROOT / "solutions" / lab / f"{lab}.ipynb", as_version=4)


def graded_path(notebook):
    """The notebook without the cells that only show things."""
    notebook.cells = [cell for cell in notebook.cells if "explore" not in cell.metadata.get("tags", [])]
    return notebook


WRONG_IN_THE_END = {
    "lab2_autoencoder": (
        "encoder_with_tanh_inside",
        "decoder_without_sigmoid",
        "error_halved",
        "step_uphill",
        "angle_smallest",
    ),
    "lab3_perturbing_z": (
        "perturb_by_the_variance",
        "bounding_box_two_sigma",
        "sample_box_from_high",
        "interpolate_without_the_end",
        "nearest_squared",
        "diversity_sum_over_pairs",
        "fit_independent",
        "gaussian_without_mean",
    ),
    "lab4_variational_inference": (
        "posterior_not_normalised",
        "kl_discrete_reversed",
        "elbo_discrete_sign",
        "entropy_without_half",
        "kl_gaussians_without_half",
        "score_without_sigma",
        "reparametrized_of_sigma",
        "elbo_without_entropy",
        "fit_only_mu",
    ),
    "lab5_vae": (
        "reparametrize_variance",
        "kl_no_half",
        "bernoulli_mean_pixels",
        "gaussian_no_half",
        "reconstruction_sum",
        "loss_kl_subtracted",
        "step_uphill",
    ),
    "lab6_generation": (
        "generate_complement",
        "grid_upwards",
        "quantiles_upwards",
        "slerp_straight",
        "weights_without_prior",
        "bound_elbo",
        "units_all",
    ),
    "lab7_conditional_vae": (
        "one_hot_from_the_end",
        "condition_zeros",
        "loss_kl_subtracted",
        "generate_any_class",
        "style_backwards",
        "posterior_of_costs",
    ),
    "lab8_disentangling": (
        "information_in_bits",
        "pairs_without_logvar",
        "parts_with_one_weight_for_all_dimensions",
        "loss_of_a_beta_vae",
        "gap_of_the_largest",
    ),
    "lab9_normalizing_flow": (
        "coupling_counts_all",
        "inverse_shift_last",
        "flow_base_at_x",
        "planar_without_slope",
        "elbo_without_log_q",
    ),
    "lab10_semi_supervised": (
        "subset_not_balanced",
        "labelled_q_added",
        "unlabelled_mean_over_classes",
        "loss_supervised",
    ),
    "lab11_beyond_pictures": (
        "sequence_pads_as_zero",
        "weight_falls",
        "bits_ceiling",
        "dropout_above",
        "adjacency_cosines",
        "graph_with_loops",
        "direction_backwards",
        "climb_the_mean",
    ),
}


def last_figures(lab, namespace):
    """The numbers of a lab's last figures, on few pictures of the small digits, and few steps."""
    cells = {cell.id: cell.source for cell in source(lab).cells}
    digits = data.load("digits")
    few = digits._replace(x_train=digits.x_train[:200], y_train=digits.y_train[:200])
    few = few._replace(x_test=digits.x_test[:250], y_test=digits.y_test[:250])
    with patch.object(data, "load", lambda name: few), patch.object(torch, "randperm", lambda n, **_: torch.arange(n)):
        return LAST_FIGURES[lab](cells, namespace)


def last_of_lab_2(cells, namespace):
    """Errors by epoch, and angles while the linear autoencoder turns."""
    exec(cells["bar-pca"], namespace)
    exec(cells["two-train"].replace("epochs=40", "epochs=3"), namespace)
    exec(cells["turn"].replace("range(400)", "range(5)"), namespace)
    return torch.tensor([*namespace["errors"], *namespace["angles"], *namespace["losses"]])


def last_of_lab_3(cells, namespace):
    """Distances on the walk and the fade, and the table."""
    for name in ("model", "walk", "beat-table"):
        exec(cells[name], namespace)
    walk, table = torch.cat(list(namespace["levels"].values())).flatten(), torch.tensor(namespace["rows"]).flatten()
    return torch.cat([walk, table])


def last_of_lab_4(cells, namespace):
    """Both estimates' variances, the table of the gap, and that of the two bumps."""
    for name in ("two-estimators", "gap", "bumps"):
        exec(cells[name], namespace)
    spread = torch.stack([estimate.var() for estimate in namespace["estimates"].values()])
    return torch.cat([spread, torch.tensor(namespace["rows"]).flatten(), torch.tensor(namespace["table"]).flatten()])


def last_of_lab_5(cells, namespace):
    """The training's history, and the cost by width."""
    exec(cells["finale-train"].replace("40_000", "2_000"), namespace)
    exec(cells["finale-sigma"].split("best =")[0], namespace)
    return torch.cat([namespace["history"].flatten(), namespace["costs"]])


def last_of_lab_6(cells, namespace):
    """The page about a model: pictures, score, live dimensions."""
    for name in ("models", "weigh", "finale-page"):
        exec(cells[name], namespace)
    found = namespace["pages"][20]
    pictures = [*found["planes"], found["draws"], found["walk"]]
    return torch.cat([*(part.flatten() for part in pictures), found["bounds"], torch.tensor([float(found["live"])])])


def last_of_lab_7(cells, namespace):
    """The terms, one hand under ten labels, the number in four hands, and the classes by Bayes' rule."""
    for name in ("finale-train", "finale-terms", "finale-hand", "finale-number", "classify"):
        few_steps = cells[name].replace("3, 400", "3, 8").replace("150", "5")
        exec(few_steps.split("ax = plot_images")[0], namespace)
    both = torch.tensor([namespace["terms"](name) for name in namespace["models"]]).flatten()
    pictures = [namespace[name].flatten() for name in ("rows", "digits", "posterior")]
    return torch.cat([both, *pictures])


def last_of_lab_8(cells, namespace):
    """The rows of the table, after one epoch on the first sprites."""
    exec(cells["sprites"].split("shown =")[0] + "x, factors = x[::9], factors[::9]", namespace)
    exec(cells["train"].replace("epochs=25", "epochs=1"), namespace)
    exec(cells["table"].replace("[:1000]", "[:200]"), namespace)
    return torch.tensor(namespace["rows"]).flatten()


def last_of_lab_9(cells, namespace):
    """The cost and the draws of the moons, and the gaps by number of planar layers, after few steps."""
    exec(cells["moons-train"].replace("steps=300", "steps=3"), namespace)
    exec(cells["banana-fit"].replace("steps=400", "steps=3").replace("(0, 1, 4, 16)", "(0, 2)"), namespace)
    with torch.no_grad():
        cost = namespace["cost"](namespace["test_moons"], namespace["layers_of"](namespace["flow"])).mean()
    return torch.cat([cost[None], namespace["draws"].flatten(), torch.tensor(namespace["gaps"])])


def last_of_lab_10(cells, namespace):
    """Both runs' errors on the way, and what the trained models say of the test pictures' codes."""
    exec(cells["few"].replace("600", "40"), namespace)
    exec(cells["train"], namespace)
    models = [model for model, _ in namespace["runs"].values()]
    return torch.cat([model.log_qy(namespace["test_codes"]).flatten() for model in models])


def last_of_lab_11(cells, namespace):
    """What the models of sentences measure after few steps, the club's codes, the ways of molecules and letters."""
    exec(cells["language"].replace("20_000", "300").replace("1_000", "200"), namespace)
    exec(cells["train"].replace("D, steps = 2, 400", "D, steps = 2, 6").replace("(0, 1, 2, 4, 9)", "(1, 9)"), namespace)
    exec(cells["cures"], namespace)
    exec(cells["club"].replace("range(300)", "range(5)"), namespace)
    for name in ("molecule", "letters", "uphill"):
        exec(cells[name], namespace)
    said = [namespace["measures"](model) for model in namespace["cured"].values()]
    moved = [place.flatten() for place in (namespace["way"], *namespace["ends"].values())]
    return torch.cat([torch.tensor(said).flatten(), namespace["mu"].detach().flatten(), *moved])


LAST_FIGURES = {
    "lab2_autoencoder": last_of_lab_2,
    "lab3_perturbing_z": last_of_lab_3,
    "lab4_variational_inference": last_of_lab_4,
    "lab5_vae": last_of_lab_5,
    "lab6_generation": last_of_lab_6,
    "lab7_conditional_vae": last_of_lab_7,
    "lab8_disentangling": last_of_lab_8,
    "lab9_normalizing_flow": last_of_lab_9,
    "lab10_semi_supervised": last_of_lab_10,
    "lab11_beyond_pictures": last_of_lab_11,
}


@pytest.mark.slow
@pytest.mark.parametrize(("lab", "name"), [(lab, name) for lab, names in WRONG_IN_THE_END.items() for name in names])
def test_the_end_of_a_lab_is_made_by_the_students_functions(lab, name):
    """Each of the lab's functions, replaced by a wrong one, changes the figures."""
    book, answers = load(lab), {a.function.__name__: a for a in bank(lab)}
    wrong = answers[name]
    found = last_figures(lab, book.namespace | {wrong.exercise: wrong.function})
    assert not torch.allclose(found, right_figures(lab))


@cache
def right_figures(lab):
    """Those of the lab's own solution."""
    return last_figures(lab, dict(load(lab).namespace))


@pytest.mark.slow
@pytest.mark.parametrize("lab", WRONG_IN_THE_END)
def test_the_end_of_a_lab_comes_out_again(lab):
    """Else the test above could not fail."""
    assert torch.allclose(last_figures(lab, dict(load(lab).namespace)), right_figures(lab))


@pytest.mark.parametrize("lab", WRONG_IN_THE_END)
def test_the_end_of_a_lab_is_tried_without_each_function(lab):
    answers = {a.function.__name__: a.exercise for a in bank(lab)}
    assert {answers[name] for name in WRONG_IN_THE_END[lab]} == set(load(lab).exercises)


# The course forgives what a student's cell writes to stderr; its own labs must write nothing there.
STRICT = "\nc.Execute.extra_arguments = []\nc.IgnorePattern.enabled = False\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course folder in which nbgrader has graded the solutions (ann) and the untouched labs (bob), and the scores."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("solutions", "labs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8") + STRICT
    (folder / "nbgrader_config.py").write_text(config, encoding="utf-8")
    for lab in LABS:
        for student, origin in (("ann", "solutions"), ("bob", "labs")):
            shutil.copytree(folder / origin / lab, folder / "submitted" / student / lab)
        _drop_marks(folder / "submitted" / "ann" / lab / f"{lab}.ipynb")
        _drop_explore(folder / "submitted" / "bob" / lab / f"{lab}.ipynb")
    empty = folder / "no_mnist"  # on the digits, which take a third of the time of MNIST's pictures
    empty.mkdir()
    with patch.dict(os.environ, {"VAE_DATA_DIR": str(empty)} | meter.environment(folder)):
        return folder, stock.autograde(folder)


def _drop_marks(path):
    """The solution as a student would hand it in: the answer without the author's marks."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        marks = ("### BEGIN SOLUTION", "### END SOLUTION")
        cell.source = "\n".join(line for line in cell.source.splitlines() if not line.strip().startswith(marks))
    nbformat.write(notebook, path)


def _drop_explore(path):
    """Without the cells that only show things, which have run in ann's."""
    nbformat.write(graded_path(nbformat.read(path, as_version=4)), path)


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_the_whole_lab_runs_and_shows_pictures_with_words(lab, course):
    """As nbgrader has run it for ann, the cells that only show things too."""
    folder = course[0] / "grading_out" / "autograded" / "ann" / lab
    cells = nbformat.read(folder / f"{lab}.ipynb", as_version=4).cells
    assert all(cell.execution_count for cell in cells if cell.cell_type == "code" and cell.source)
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert pictures
    assert all(picture.metadata["image/png"]["alt"] for picture in pictures)
    wrong = [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    assert not wrong, wrong
    written = [path for path in folder.rglob("*") if path.name not in (f"{lab}.ipynb", "timestamp.txt")]
    assert written == []  # nothing is written, nothing is downloaded


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_a_lab_takes_seconds(lab, course):
    """On the graded path at most 4.8 of a quiet core, in all 48 (lab 10, 51 beside busy neighbours)."""
    folder = course[0] / "grading_out" / "autograded" / "ann" / lab
    whole = nbformat.read(folder / f"{lab}.ipynb", as_version=4)
    whole.cells = [cell for cell in whole.cells if cell.cell_type == "code" and cell.source.strip()]
    assert 0 < meter.quiet_seconds(course[0], whole.cells, folder) < 80
    assert 0 < meter.quiet_seconds(course[0], graded_path(whole).cells, folder) < 10


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_nbgrader_gives_solutions_every_point_and_released_labs_none(lab, course):
    points = sum(exercise.points for exercise in load(lab).exercises.values())
    assert course[1]["ann", lab] == points
    assert course[1]["bob", lab] == 0


def test_the_table_for_instructors_has_each_labs_points():
    table = (ROOT / "course" / "instructors.md").read_text(encoding="utf-8")
    stated = {f"lab{n}": int(points) for n, points in re.findall(r"\| lab (\d+) \| (\d+) \|", table)}
    held = {}
    for path in sorted((ROOT / "labs").glob("lab*_*/lab*_*.ipynb")):
        graded = [cell.metadata.get("nbgrader", {}) for cell in nbformat.read(path, as_version=4).cells]
        held[path.stem.split("_")[0]] = sum(int(cell["points"]) for cell in graded if cell.get("grade"))
    assert stated == held
