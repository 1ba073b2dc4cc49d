"""Explorers where people meet them: moved in a real JupyterLab from both sides, and in a page that nbconvert wrote."""

from __future__ import annotations

import os
import subprocess
import sys

import nbformat
import pytest

from benchmarks import explorers
from grading.course.folder import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.browser]

CELL = """
from vae_lib import zoo
from vae_lib.explore import LatentExplorer
entry = zoo.load("vae-mnist-2d")
explorer = LatentExplorer(entry.model, entry.codes, entry.labels)
seen = []
explorer.observe(lambda change: seen.append(change.new), "z")
explorer
"""
# Code for the kernel of the notebook that is open, and what it prints.
ASK = """code => new Promise(resolve => {
  const {kernel} = jupyterapp.shell.currentWidget.context.sessionContext.session;
  const future = kernel.requestExecute({code});
  let said = "";
  future.onIOPub = ({header, content}) => (said += header.msg_type == "stream" ? content.text : "");
  future.done.then(() => resolve(said));
})"""
PICTURE = "document.querySelector('.vx-picture').toDataURL()"


def write(path, *sources):
    """A notebook of these cells, with a kernel named: Lab would ask for one."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)


@pytest.fixture(scope="module")
def lab(tmp_path_factory, browser):
    """A page with a running notebook that shows an explorer."""
    folder = tmp_path_factory.mktemp("lab")
    with explorers._server(folder) as address:
        page, wrong = browser.new_page(viewport={"width": 1200, "height": 1000}), []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        write(folder / "try.ipynb", CELL)
        page.goto(f"{address}/lab/tree/try.ipynb?reset")
        page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context?.sessionContext", timeout=60_000)
        page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.ready.then(() => 0)")
        page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
        page.locator(".vx-plane").wait_for(timeout=60_000)
        yield page
        page.close()
        assert wrong == []


def test_what_python_sets_the_page_shows(lab):
    before = lab.evaluate(PICTURE)
    lab.evaluate(ASK, "explorer.z = [1.25, -0.5]")
    lab.wait_for_function("document.querySelector('.vx-text').textContent.startsWith('z = (1.25, −0.50)')")
    assert lab.evaluate(PICTURE) != before


def test_what_the_hand_does_python_reads(lab):
    lab.evaluate(ASK, "explorer.z = [0, 0]; seen.clear()")
    lab.wait_for_function("document.querySelector('.vx-text').textContent.startsWith('z = (0.00, 0.00)')")
    before, box = lab.evaluate(PICTURE), lab.locator(".vx-plane").bounding_box()
    lab.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    lab.mouse.down()
    lab.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"], steps=5)
    lab.mouse.up()
    lab.wait_for_timeout(1000)
    z = [float(x) for x in lab.evaluate(ASK, "print(*explorer.z, *seen[-1])").split()]
    assert z == pytest.approx([1.75, 1.75, 1.75, 1.75], abs=0.03)
    assert lab.evaluate(PICTURE) != before


def test_keys_move_the_plane_and_not_the_notebook(lab):
    lab.evaluate(ASK, "explorer.z = [0, 0]")
    lab.wait_for_function("document.querySelector('.vx-text').textContent.startsWith('z = (0.00, 0.00)')")
    lab.locator(".vx-plane").focus()
    cells = lab.locator(".jp-Notebook-cell").count()
    for key in ("ArrowDown", "Shift+ArrowRight", "a", "b"):
        lab.keyboard.press(key)
    lab.wait_for_timeout(1000)
    assert lab.evaluate(ASK, "print(*explorer.z)").split() == ["0.5", "-0.05"]
    assert lab.locator(".jp-Notebook-cell").count() == cells


def test_a_page_by_nbconvert_works_without_a_kernel_and_a_network(tmp_path, browser):
    write(tmp_path / "try.ipynb", CELL, "from vae_lib.explore import term_explorer", "term_explorer()")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", str(tmp_path / "try.ipynb")]
    environment = {**os.environ, "VAE_EXPLORE": "page", "PYTHONPATH": str(ROOT)}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    context = browser.new_context(offline=True)
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto((tmp_path / "try.html").as_uri())
    before = page.evaluate(PICTURE)
    page.locator(".vx-plane").press("Shift+ArrowRight")
    assert page.evaluate(PICTURE) != before
    page.get_by_role("slider", name="mu", exact=True).fill("2")
    assert page.locator(".vx-nats").first.text_content() == "2.000"
    assert wrong == []
    context.close()
