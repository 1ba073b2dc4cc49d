"""The table of 2014: what a cell is, that nothing is chosen by the test set, and that a run goes on where it was."""

from __future__ import annotations

import argparse
import json
import math

import pytest
import torch

from benchmarks import __main__ as command
from benchmarks import semi_supervised, tables
from vae_lib.data import load


def asked(tmp_path, **changed):
    chosen = {"methods": ["m1-svm"], "labels": [30], "draws": 2, "first_draw": 0, "cells": str(tmp_path)}
    return argparse.Namespace(**chosen, anew=False, scheduler=None, quick=True, pictures=300, **changed)


@pytest.fixture
def few(monkeypatch):
    """Few steps: whether the methods learn is not asked here."""
    monkeypatch.setitem(semi_supervised.M1_M2_CONFIG, "epochs", 1)
    monkeypatch.setitem(semi_supervised.LONG_CONFIG, "epochs", 2)
    monkeypatch.setitem(semi_supervised.M2_CONFIG, "epochs", 1)
    monkeypatch.setitem(semi_supervised.MOVED_CONFIG, "epochs", 1)
    for name in ("STEPS_ALONE", "STEPS_SUPERVISED"):
        monkeypatch.setattr(semi_supervised, name, 10)


@pytest.mark.parametrize("method", list(semi_supervised.METHODS))
def test_a_cell_learns_from_few_labels_and_scores_both_parts(method, few):
    found = tables.compute(tables.Cell(method, 50, 0, "digits", None, 400))
    assert {"method", "labels", "draw", "held_back_error", "test_error", "cpu_seconds"} <= found.keys()
    assert found["pictures"] == 400
    for name in ("held_back_error", "test_error"):
        assert 0 <= found[name] < 95
    json.dumps(found)


def test_trials_never_see_the_test_pictures():
    found = tables.compute(tables.Cell("m1-svm", 50, tables.TRIAL, "digits"))
    assert "test_error" not in found


def test_methods_are_given_no_test_picture_and_no_held_back_one(monkeypatch):
    data, given = load("digits"), []

    def method(task):
        given.append(task)
        return lambda x: torch.zeros(len(x), dtype=torch.int64)

    monkeypatch.setitem(semi_supervised.METHODS, "m1-svm", method)
    found = tables.compute(tables.Cell("m1-svm", 20, 3, "digits"))
    (task,) = given
    n = len(data.x_train) - tables.held_back(data)
    assert len(task.data.x_test) == 0
    assert torch.equal(task.x, data.x_train[:n])
    assert torch.equal(task.y, data.y_train[task.labelled])
    assert task.y.bincount().tolist() == [2] * 10
    assert found["test_error"] == pytest.approx(100 * (data.y_test != 0).double().mean().item(), abs=1e-3)


def test_the_same_draw_gives_the_same_cell(few):
    cell = tables.Cell("m1-m2", 50, 1, "digits", None, 400)
    one, two = tables.compute(cell), tables.compute(cell)
    assert one["test_error"] == two["test_error"]


@pytest.mark.slow
def test_the_supervised_network_learns():
    found = tables.compute(tables.Cell("supervised", 200, 0, "digits"))
    assert found["test_error"] < 15  # 8 by this draw; guessing is 90


def test_means_and_standard_errors_by_hand():
    cells = [
        {"method": "m2", "labels": 100, "test_error": error, "cpu_seconds": 60.0, "draw": i}
        for i, error in enumerate((5.0, 6.0, 7.0))
    ]
    trial = {"method": "m2", "labels": 100, "held_back_error": 1.0, "cpu_seconds": 1.0, "draw": 100}
    (row,) = tables.summary([*cells, trial])
    assert row["error"] == 6.0
    assert row["standard_error"] == round(1 / math.sqrt(3), 3)
    assert (row["draws"], row["cpu_minutes"], row["published"]) == (3, 1.0, (11.97, 1.71))
    assert "6.00 ± 0.58" in tables.as_text([row])
    (alone,) = tables.summary(cells[:1])
    assert alone["standard_error"] is None


def test_a_run_goes_on_where_it_was(tmp_path, monkeypatch, capsys):
    done = []

    def compute(cell):
        done.append(cell.draw)
        return {"method": cell.method, "labels": cell.labels, "draw": cell.draw, "test_error": 1.0, "cpu_seconds": 1.0}

    monkeypatch.setattr(tables, "compute", compute)
    monkeypatch.setattr(tables, "has_mnist", lambda: True)
    tables.show(asked(tmp_path))
    assert done == [0, 1]
    (tmp_path / "m1-svm-30-1.json").unlink()
    tables.show(asked(tmp_path))
    assert done == [0, 1, 1]
    assert "1.00 ± 0.00" in capsys.readouterr().out


def test_a_quick_trial_leaves_cells_and_table_alone(tmp_path, monkeypatch, capsys):
    row = {"method": "m1-svm", "labels": 30, "test_error": 7.0, "cpu_seconds": 1.0}
    monkeypatch.setattr(tables, "compute", lambda cell: row | {"draw": cell.draw})
    monkeypatch.setattr(tables, "has_mnist", lambda: True)
    for name in ("CELLS", "TABLE"):
        monkeypatch.setattr(tables, name, tmp_path / name)
    for quick, left in ((True, []), (False, ["CELLS", "TABLE"])):
        tables.show(argparse.Namespace(**vars(asked(tables.CELLS)) | {"quick": quick}))
        assert sorted(path.name for path in tmp_path.iterdir()) == left
    assert capsys.readouterr().out.count("7.00 ± 0.00") == 2


def test_without_mnist_the_table_is_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tables, "has_mnist", lambda: False)
    tables.show(asked(tmp_path))
    assert "not on disk" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_the_table_runs_only_when_it_is_asked_for():
    assert "tables" not in command.SECTIONS
    assert command.HOURS["tables"] is tables.show


def test_the_stored_table_is_that_of_the_stored_cells():
    cells = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(tables.CELLS.glob("*.json"))]
    stored = json.loads(tables.TABLE.read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(tables.summary(cells)))
    assert all(cell["draw"] < tables.TRIAL for cell in cells)


def test_the_graph_is_symmetric_and_scikit_learns():
    """Of the ten nearest by scikit-learn, which leaves a picture itself out, on few pictures."""
    from sklearn.neighbors import NearestNeighbors

    data = load("digits")
    graph = semi_supervised.neighbours(data, 200)(None)
    mu = semi_supervised.m1(data, 200).mu.double().numpy()
    theirs = NearestNeighbors(n_neighbors=semi_supervised.N_NEIGHBOURS).fit(mu).kneighbors_graph()
    assert (graph != theirs.maximum(theirs.T)).sum() <= 8  # ties in float32
    assert (graph != graph.T).sum() == 0
    assert graph.diagonal().max() == 0


def test_dropout_is_off_when_classes_are_named(few):
    data = load("digits")
    labelled = torch.arange(50)
    task = semi_supervised.Task(data, data.x_train[:400], labelled, data.y_train[labelled], 0)
    name = semi_supervised.m1_m2(task)
    assert torch.equal(name(data.x_test), name(data.x_test))
