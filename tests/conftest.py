"""What every test shares: one torch thread, no windows, seeded noise, and reasons for skipping."""

import os
import runpy
import shlex
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib as mpl
import pytest
import torch

mpl.use("Agg")  # before pyplot is imported anywhere: no test opens a window
torch.set_num_threads(1)  # sums in one order, and no fight over the cores
sys.modules.setdefault("rfc3987_syntax", None)  # a grammar: nbformat's import builds it for a second, for nobody
os.environ["OMP_NUM_THREADS"] = "1"  # nor in the kernels and commands that tests start: a lab ran seven times as long
# What a worker or a kernel has freed it keeps: glibc otherwise hands each large tensor back, and the pages' return took
# a fifth of the lectures' time.
os.environ |= {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**30)}


def pytest_xdist_auto_num_workers() -> int:
    """One more than the cores, since tests of time limits, servers and browsers mostly wait."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object | None:
    """With `--dist loadfile` a file is one worker's, except that each execution of a lecture may be another's, and
    each lab's bank."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith("tests/test_answers.py"):
                return nodeid.split("[")[-1].split("-")[0].rstrip("]")
            return nodeid.rsplit("::", 1)[0] if nodeid.startswith("tests/claims/") else super()._split_scope(nodeid)

    return Scheduling(config, log)


def mnist_reason() -> str | None:
    """Why MNIST cannot be read, or None where it can."""
    folder = os.environ.get("VAE_DATA_DIR")
    if not folder:
        return "VAE_DATA_DIR is not set"
    if not (Path(folder).expanduser() / "MNIST" / "raw").is_dir():
        return f"VAE_DATA_DIR={folder} has no folder MNIST/raw"
    return None


def gpu_reason() -> str | None:
    """Why no test can use a GPU, or None where one can."""
    return None if torch.cuda.is_available() else "torch sees no CUDA device"


def browser_reason() -> str | None:
    """Why no test can drive a browser, or None where one can."""
    found = any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    return None if found else "there is no chromium on the PATH"


def sandbox_reason() -> str | None:
    """Why nothing can be sandboxed, or None where it can: namespaces within namespaces, as a container may forbid."""
    if not shutil.which("bwrap"):
        return "there is no bwrap (bubblewrap) on the PATH"
    trial = [
        "bwrap",
        "--unshare-all",
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "unshare",
        "--user",
        "--map-root-user",
        "true",
    ]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    return f"bubblewrap cannot work here: {done.stderr.strip()}" if done.returncode else None


REASONS = {"mnist": mnist_reason, "gpu": gpu_reason, "browser": browser_reason, "sandbox": sandbox_reason}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)  # the quick files last, so that no worker ends long after others
    reasons = {marker: reason() for marker, reason in REASONS.items()}
    for item in items:
        for marker, reason in reasons.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium; closed with the module, since playwright's loop must not outlive it."""
    playwright = pytest.importorskip("playwright.sync_api")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # playwright's use of asyncio
        with playwright.sync_playwright() as driver:
            chromium = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
            yield chromium
            chromium.close()


@pytest.fixture
def whole(tmp_path):
    """`whole(*arguments)`: a folder that start.py takes for a whole environment. Its Python is this one, which
    goes before what it is told with these arguments."""
    root = Path(__file__).resolve().parent.parent
    start = runpy.run_path(str(root / "start.py"))

    def make(*arguments):
        python = tmp_path / "venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, *arguments])} "$@"\n')
        python.chmod(0o755)
        for part in ("lab", "data", "test"):
            (tmp_path / "venv" / f".installed-{part}").write_text(start["fingerprint"]())
        return tmp_path / "venv"

    return make


@pytest.fixture
def generator() -> torch.Generator:
    """Noise that is the same in every run."""
    return torch.Generator().manual_seed(20240)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
