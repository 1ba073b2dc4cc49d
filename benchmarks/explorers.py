"""From a pointer's move to changed pixels: explorers in a real Chromium on a real JupyterLab server."""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import nbformat

PROBE = Path(__file__).with_suffix(".js")
SETUP = """
import io, ipywidgets, numpy as np, torch, vae_lib as lib
from PIL import Image
from matplotlib import pyplot as plt
from vae_lib.explore import LatentExplorer
torch.set_num_threads(1)
vae = lib.VAE(784, 2, (400,), generator=torch.Generator().manual_seed(0))
with torch.no_grad():
    vae.decoder.layers[-1].weight *= 6  # pictures with contrast
def picture(x, y=0.0):
    with torch.no_grad():
        return vae.decode_mean(torch.tensor([[x, y]]))[0].reshape(28, 28).numpy()
"""
SLIDER = "ipywidgets.FloatSlider(min=-3, max=3, step=0.01, layout=ipywidgets.Layout(width='600px'))"
CELLS = {
    "weights in the browser": "LatentExplorer(vae, layers=[])",
    "atlas in the browser": "LatentExplorer(lambda z: vae.decode_mean(z), layers=[])",
    "by the kernel": ("LatentExplorer(lambda z: vae.decode_mean(z[:, :2]), latent_dim=3, layers=[])"),
    "Image widget, PNG": f"""
s, out = {SLIDER}, ipywidgets.Image(width=224, height=224)
def show(change):
    file = io.BytesIO()
    Image.fromarray(np.uint8(255 * picture(s.value))).resize((224, 224), 0).save(file, "PNG")
    out.value = file.getvalue()
s.observe(show, "value"); show(None); ipywidgets.VBox([s, out])""",
    "interact, matplotlib": f"""
%matplotlib inline
def show(x):
    plt.figure(figsize=(2.5, 2.5)); plt.imshow(picture(x), cmap="gray", vmin=0, vmax=1); plt.axis("off"); plt.show()
ipywidgets.interact(show, x={SLIDER});""",
}
BOUNDS = {
    "weights in the browser": (10, 17, 58),
    "by the kernel": (None, 70, 50),
}  # median ms, 95 % ms, pictures a second


def show(options: argparse.Namespace) -> None:
    if not _chromium():
        print("Explorers: left out, since there is no chromium on the PATH")
        return
    moves, seconds, many = (15, 1, 200) if options.quick else (60, 5, 5000)
    print(f"Explorers, decoder 2-400-784, headless Chromium on JupyterLab, {moves} moves and a drag of {seconds} s")
    print(f"  {'':<24}  {'median ms':>9}  {'95 % ms':>8}  {'pictures/s':>10}  growth over {many} moves, MB")
    with TemporaryDirectory() as folder, _server(Path(folder)) as address, _page() as page:
        for name, cell in CELLS.items():
            _print(name, measure(page, address, Path(folder), cell, (moves, seconds, many)))


def measure(page, address: str, folder: Path, cell: str, amounts: tuple[int, int, int]) -> dict[str, float]:
    """Latencies of single moves, pictures a second over a drag, and the growth of the page's heap, of one notebook."""
    moves, seconds, many = amounts
    run_notebook(page, address, folder, cell)
    latencies = single_moves(page, moves)
    rate = drag(page, seconds)
    before = _heap(page)
    for k in range(many):
        page.mouse.move(*_place(page.track, 0.3 + 0.2 * (k % 100) / 100))
    page.wait_for_timeout(1000)
    growth = (_heap(page) - before) / 2**20
    page.mouse.up()
    return {"median": median(latencies), "95 %": quantiles(latencies, n=20)[-1], "rate": rate, "growth": growth}


def run_notebook(page, address: str, folder: Path, cell: str) -> None:
    """Open a notebook with these cells, run it, wait for the picture, and take hold of the plane or the slider."""
    cells = [nbformat.v4.new_code_cell(text) for text in (SETUP, cell)]
    kernel = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
    }  # or Lab asks for one
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "explorer.ipynb")
    page.goto(f"{address}/lab/tree/explorer.ipynb?reset")
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context?.sessionContext", timeout=60_000)
    page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.ready.then(() => 0)")
    page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
    handle = page.locator(".vx-plane, .noUi-handle").first
    handle.wait_for(timeout=60_000)
    page.locator(".vx-picture, .jp-OutputArea-output img").first.wait_for(timeout=60_000)
    page.wait_for_timeout(1500)
    page.evaluate(PROBE.read_text(encoding="utf-8"))
    page.track = page.locator(".vx-plane, .noUi-target").first.bounding_box()
    page.mouse.move(*_place(page.track, 0.5))
    page.mouse.down()


def single_moves(page, moves: int) -> list[float]:
    """Milliseconds from each move's event to the first frame with other pixels, the next move after a pause."""
    taken = []
    for k in range(moves):
        page.evaluate("probe.arm()")
        page.mouse.move(*_place(page.track, 0.35 + 0.3 * ((k * 7) % moves) / moves))
        taken.append(page.evaluate("probe.changed()"))
        page.wait_for_timeout(300)  # the exact picture that follows an interpolated one is not counted
    return [t for t in taken if t is not None]


def drag(page, seconds: int) -> float:
    """Different pictures a second while the pointer moves sixty times a second."""
    page.evaluate("probe.count()")
    start = time.perf_counter()
    k = 0
    while (now := time.perf_counter() - start) < seconds:
        page.mouse.move(*_place(page.track, 0.5 + 0.3 * ((now / 2) % 1 - 0.5)))
        k += 1
        time.sleep(max(0.0, k / 60 - (time.perf_counter() - start)))
    return page.evaluate("probe.counted()") / seconds


def _place(box: dict, x: float) -> tuple[float, float]:
    return box["x"] + x * box["width"], box["y"] + 0.5 * box["height"]


def _heap(page) -> float:
    """Bytes of the page's JavaScript heap after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used


def _print(name: str, found: dict[str, float]) -> None:
    line = (
        f"  {name:<24}  {found['median']:>9.1f}  {found['95 %']:>8.1f}  {found['rate']:>10.1f}  {found['growth']:.1f}"
    )
    if name in BOUNDS:
        most, worst, least = BOUNDS[name]
        holds = (most is None or found["median"] <= most) and found["95 %"] <= worst and found["rate"] >= least
        wanted = [f"median at most {most}"] if most else []
        wanted += [f"95 % at most {worst}", f"at least {least} a second"]
        line += f"  ({', '.join(wanted)}: {'holds' if holds else 'does not hold'})"
    print(line, flush=True)


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def _page() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1200, "height": 1000})
        browser.close()


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """JupyterLab as it comes, with its application within reach of the page. -> its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", f"--port={port}", "--no-browser", "--allow-root"]
    command += ["--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder}"]
    command += ["--LabApp.expose_app_in_browser=True"]
    root = str(Path(__file__).resolve().parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api/status")
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(address: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
