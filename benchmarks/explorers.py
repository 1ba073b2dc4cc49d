"""From a pointer's move to changed pixels: explorers in a real Chromium on a real JupyterLab server."""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import NamedTuple

import nbformat

ROOT = Path(__file__).resolve().parent.parent
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
RATE = 60  # moves a second, one for each frame
FAST = 120  # of a newer mouse or pen: two for each frame
BOUNDS = {
    "weights in the browser": (10, 17, 58),
    "by the kernel": (math.inf, 70, 50),
}  # median ms, 95 % ms, pictures a second


def show(options: argparse.Namespace) -> None:
    if not _chromium():
        print("Explorers: left out, since there is no chromium on the PATH")
        return
    amounts = Amounts(1, 1, 15, 200) if options.quick else Amounts(3, 5, 120, 5000)
    drags, seconds, moves, many = amounts
    print(f"Explorers, decoder 2-400-784, headless Chromium on JupyterLab: the median of {drags} drags of {seconds} s")
    print(f"at {RATE} moves a second ({FAST} in the line below), {moves} single moves, and what memory {many} take")
    print(f"  {'':<24}  {'median ms':>9}  {'95 % ms':>8}  {'pictures/s':>10}  {'settles ms':>10}  {'grows MB':>8}")
    asyncio.run(_measure_all(amounts))


class Amounts(NamedTuple):
    """How many drags of how many seconds, how many single moves, how many moves for the memory."""

    drags: int
    seconds: float
    moves: int
    many: int


async def _measure_all(amounts: Amounts) -> None:
    with TemporaryDirectory() as folder, _server(Path(folder)) as address:
        async with _page() as page:
            for name, cell in CELLS.items():
                ours = "Explorer" in cell  # memory is not asked of the others
                wanted = amounts if ours else amounts._replace(many=0)
                found = await measure(page, address, Path(folder), cell, wanted)
                _print(name, found)
                _print_fast(found)


async def measure(page, address: str, folder: Path, cell: str, amounts: Amounts) -> dict[str, float]:
    """Pictures a second over drags and their ends, latencies of single moves, and the growth of the page's heap."""
    track = await run_notebook(page, address, folder, cell)
    # one drag alone may lose a sixth of its pictures: 60 moves a second beat against 60 frames a second
    rates, settles = await drags(page, track, amounts, RATE)
    fast, fast_settles = await drags(page, track, amounts, FAST)
    latencies = await single_moves(page, track, amounts.moves)
    before = await _heap(page)
    for k in range(amounts.many):
        await page.mouse.move(*_place(track, 0.3 + 0.2 * (k % 100) / 100))
    await page.wait_for_timeout(1000)
    growth = (await _heap(page) - before) / 2**20 if amounts.many else math.nan
    await page.mouse.up()
    worst = quantiles(latencies, n=20, method="inclusive")[-1]
    singles = {"median": median(latencies), "95 %": worst}
    dragged = {"rate": median(rates), "settles": median(settles)}
    return singles | dragged | {"fast": median(fast), "fast settles": median(fast_settles), "growth": growth}


async def run_notebook(page, address: str, folder: Path, cell: str) -> dict:
    """Run a notebook of these cells, wait for the picture, take hold of the plane or slider. -> its box."""
    cells = [nbformat.v4.new_code_cell(text) for text in (SETUP, cell)]
    kernel = {  # or Lab asks for one
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
    }
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "explorer.ipynb")
    await page.goto(f"{address}/lab/tree/explorer.ipynb?reset")
    await page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context?.sessionContext", timeout=60_000)
    await page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.ready.then(() => 0)")
    await page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
    await page.locator(".vx-plane, .noUi-handle").first.wait_for(timeout=60_000)
    await page.locator(".vx-picture, .jp-OutputArea-output img").first.wait_for(timeout=60_000)
    await page.wait_for_timeout(1500)
    await page.evaluate(PROBE.read_text(encoding="utf-8"))
    track = await page.locator(".vx-plane, .noUi-target").first.bounding_box()
    await page.mouse.move(*_place(track, 0.5))
    await page.mouse.down()
    return track


async def single_moves(page, track: dict, moves: int) -> list[float]:
    """Milliseconds from each move's event to the first frame with other pixels.

    Moves are spread over the time between two frames, each after a pause in which the exact picture can follow the
    interpolated one.
    """
    taken = []
    for k in range(moves):
        await page.evaluate("probe.arm()")
        await page.wait_for_timeout(300 + 1000 / 60 * (0.618 * k % 1))
        await page.mouse.move(*_place(track, 0.35 + 0.3 * ((k * 7) % moves) / moves))
        taken.append(await page.evaluate("probe.wait(performance.now() + 1000)"))
    return [t for t in taken if t is not None]


async def drags(page, track: dict, amounts: Amounts, rate: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Of each drag at `rate` moves a second: pictures a second, and how long it settles."""
    return tuple(zip(*[await drag(page, track, amounts.seconds, rate) for _ in range(amounts.drags)], strict=True))


async def drag(page, track: dict, seconds: float, rate: int = RATE) -> tuple[float, float]:
    """Different pictures a second while the pointer moves, and milliseconds from the last move to the last picture.

    As a hand would, the pointer does not wait until the page has answered.
    """
    await page.evaluate("probe.seen = 0")
    start, sent = time.perf_counter(), []
    for k in range(int(seconds * rate)):
        x = 0.5 + 0.3 * ((k / rate / 2) % 1 - 0.5)
        sent.append(asyncio.ensure_future(page.mouse.move(*_place(track, x))))
        await asyncio.sleep(max(0.0, start + (k + 1) / rate - time.perf_counter()))
    seen = await page.evaluate("probe.seen")
    spent = time.perf_counter() - start
    await asyncio.gather(*sent)
    await page.wait_for_timeout(1000)
    return seen / spent, await page.evaluate("probe.changed - probe.moved")


def _place(box: dict, x: float) -> tuple[float, float]:
    return box["x"] + x * box["width"], box["y"] + 0.5 * box["height"]


async def _heap(page) -> float:
    """Bytes of the page's JavaScript heap after a collection."""
    session = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.collectGarbage")
    used = (await session.send("Runtime.getHeapUsage"))["usedSize"]
    await session.detach()
    return used


def _print(name: str, found: dict[str, float]) -> None:
    line = f"  {name:<24}  {found['median']:>9.1f}  {found['95 %']:>8.1f}  {found['rate']:>10.1f}"
    line += f"  {found['settles']:>10.0f}  {found['growth']:>8.1f}"
    if name in BOUNDS:
        most, worst, least = BOUNDS[name]
        holds = found["median"] <= most and found["95 %"] <= worst and found["rate"] >= least
        wanted = [f"median at most {most}"] if most < math.inf else []
        wanted += [f"95 % at most {worst}", f"at least {least} a second"]
        line += f"  ({', '.join(wanted)}: {'holds' if holds else 'does not hold'})"
    print(line, flush=True)


def _print_fast(found: dict[str, float]) -> None:
    line = f"    at {FAST} a second".ljust(48)
    print(f"{line}{found['fast']:>9.1f}  {found['fast settles']:>10.0f}", flush=True)


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@asynccontextmanager
async def _page() -> AsyncIterator:
    from playwright.async_api import async_playwright

    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        yield await browser.new_page(viewport={"width": 1200, "height": 1000})
        await browser.close()


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """JupyterLab as `make lab` sets it up, and Notebook 7, within reach of the page. -> the address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", f"--port={port}", "--no-browser", "--allow-root"]
    command += ["--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder}"]
    command += [f"--{name}.expose_app_in_browser=True" for name in ("LabApp", "JupyterNotebookApp")]
    paths = {"PYTHONPATH": [ROOT], "JUPYTER_CONFIG_PATH": [ROOT / ".jupyter" / name for name in ("student", "shared")]}
    before = {name: filter(None, [os.environ.get(name)]) for name in paths}
    environment = os.environ | {name: os.pathsep.join(map(str, [*paths[name], *before[name]])) for name in paths}
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
