"""What `make bench` measures is what it says, tried on small settings."""

from __future__ import annotations

import argparse
import asyncio
import re

import psutil
import pytest
import torch

from benchmarks import __main__ as command
from benchmarks import epoch, explorers, figures, labs, lectures, pictures, threads
from vae_lib.data import Dataset


@pytest.fixture
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))


def test_random_pictures_are_what_torchvision_reads(tmp_path):
    from torchvision import datasets  # here, since it costs every worker a second

    written = pictures.write_random(tmp_path, 50)
    read = datasets.MNIST(tmp_path, train=True)
    assert torch.equal(read.data, written)
    assert 0.1 < (written > 0).double().mean() < 0.3


def test_the_three_loops_see_the_same_pictures(offline):
    from torchvision import datasets

    with pictures.training_pictures(300) as (folder, x):
        runs = epoch.loops(folder, x)
        usual = datasets.MNIST(folder, train=True).data.flatten(1) / 255
        assert torch.equal(usual, x)
        taken = epoch.rounds(runs, repeats=2)
    assert {name: len(spent) for name, spent in taken.items()} == {"ours": 2, "usual": 2, "products": 2}
    assert all(t > 0 for spent in taken.values() for t in spent)


def test_the_matrix_products_are_all_of_a_step():
    """Counted by torch: of the weights, 2 B floating-point operations each forward, as many for their gradients, and
    as many for the inputs' except the first layer's."""
    from torch.utils.flop_counter import FlopCounterMode

    x = torch.rand(epoch.BATCH, 784)
    with FlopCounterMode(display=False) as ours:
        epoch.matrix_products(x)()
    model = torch.nn.Sequential(*(torch.nn.Linear(a, b) for a, b in ((784, 400), (400, 40))))
    decoder = torch.nn.Sequential(*(torch.nn.Linear(a, b) for a, b in ((20, 400), (400, 784))))
    with FlopCounterMode(display=False) as step:
        mu, logvar = model(x).chunk(2, -1)
        decoder(mu + logvar).sum().backward()
    assert ours.get_total_flops() == step.get_total_flops()


def test_the_usual_loop_learns(offline):
    with pictures.training_pictures(1000) as (folder, _):
        from benchmarks.usual import UsualLoop

        loop = UsualLoop(folder, 1000)
        first, *_, last = (loop.epoch() for _ in range(4))
    assert last < first


def test_pca_error_is_the_discarded_variance():
    """On the data it was fitted to: the sum of the covariance's other eigenvalues, times (n − 1) / n."""
    x = torch.rand(200, 16, generator=torch.Generator().manual_seed(0))
    labels = torch.zeros(200, dtype=torch.long)
    data = Dataset("random", x, labels, x, labels, (4, 4))
    rest = torch.linalg.eigvalsh(torch.cov(x.T))[:-3].sum() * 199 / 200
    assert figures.pca_error(data, 3) == pytest.approx(rest.item(), rel=1e-4)


def test_what_cannot_be_measured_is_said(offline, capsys):
    command.main(["machine", "figures"])
    printed = capsys.readouterr().out
    assert "torch" in printed
    assert "not on disk" in printed


@pytest.mark.parametrize("arguments", [["speed"], ["--epochs", "0"], ["--repeats", "many"]])
def test_bad_arguments_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main(arguments)
    assert stopped.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_a_table_is_printed(offline, capsys):
    command.main(["epoch", "--pictures", "256", "--repeats", "1"])
    printed = capsys.readouterr().out
    assert "the usual loop" in printed
    assert "at most 0.45" in printed


@pytest.mark.slow
def test_a_labs_graded_path_runs(capsys):
    labs.show(argparse.Namespace(quick=True))
    assert re.search(r"lab1_\w+ +\d+\.\d s, at most 5: .*; +\d+\.\d s, at most 40", capsys.readouterr().out)


@pytest.mark.slow
def test_a_lecture_runs(capsys):
    lectures.show(argparse.Namespace(quick=True))
    assert re.search(r"00_start_here +\d+\.\d s, at most 60: .*\n  the first 1 together", capsys.readouterr().out)


@pytest.mark.mnist
@pytest.mark.slow
def test_the_figures_are_printed_with_what_is_expected(capsys):
    command.main(["figures", "--epochs", "1"])
    printed = capsys.readouterr().out
    for expected in ("43.645", "18.454", "13.866"):
        assert printed.count(expected) == 2  # as measured and as expected


@pytest.mark.slow
@pytest.mark.sandbox
def test_a_small_class_is_graded_by_both_with_the_same_scores(offline, monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.grading.ROUNDS", 1)
    command.main(["grading", "--class-size", "2", "--sample", "1"])
    printed = capsys.readouterr().out
    assert "Grading 2 honest hand-ins" in printed
    assert re.search(r"one hand-in alone, .*: \d+\.\d s, \d+\.\d times `import torch`", printed)
    assert "same scores: True" in printed


def test_without_a_browser_explorers_are_left_out(monkeypatch, capsys):
    monkeypatch.setattr(explorers.shutil, "which", lambda name: None)
    explorers.show(argparse.Namespace(quick=True))
    assert "no chromium" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # playwright's use of asyncio
def test_explorers_are_measured_in_jupyterlab(tmp_path):
    amounts = explorers.Amounts(drags=1, seconds=1, moves=4, many=20)

    async def measured() -> list[dict[str, float]]:
        with explorers._server(tmp_path) as address:
            async with explorers._page() as page:
                cells = [explorers.CELLS[name] for name in ("weights in the browser", "by the kernel")]
                return [await explorers.measure(page, address, tmp_path, cell, amounts) for cell in cells]

    for found in asyncio.run(measured()):
        assert 0 < found["median"] <= found["95 %"] < 1000
        assert 0 < found["rate"] <= 65
        assert 0 < found["fast"] <= 65  # a screen of 60 frames a second shows no more


def test_a_hand_moves_as_often_as_it_is_told(capsys):
    """Counted on a page that only counts; the second rate has a line of its own."""

    class Page:
        def __init__(self):
            self.moves, self.mouse = 0, self

        async def move(self, x, y):
            self.moves += 1

        async def evaluate(self, code):
            return 0

        async def wait_for_timeout(self, ms):
            pass

    box = {"x": 0, "y": 0, "width": 9, "height": 9}
    for rate, page in ((60, Page()), (120, Page())):
        asyncio.run(explorers.drag(page, box, 0.25, rate))
        assert page.moves == rate // 4
    explorers._print_fast({"fast": 59.5, "fast settles": 20.0})
    assert re.fullmatch(r" +at 120 a second +59\.5 +20\n", capsys.readouterr().out)


@pytest.mark.slow
def test_an_epoch_beside_a_busy_process_is_timed_and_the_other_is_gone():
    before = set(psutil.Process().children())
    assert threads.seconds("PASSIVE", busy=1, pictures=200) > 0
    assert set(psutil.Process().children()) == before
