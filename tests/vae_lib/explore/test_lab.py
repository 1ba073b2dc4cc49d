"""Explorers where people meet them: moved in a real JupyterLab from both sides, in Notebook 7, and in a page that
nbconvert wrote."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from contextlib import contextmanager

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
BEYOND = (
    """
import torch
from vae_lib import zoo
from vae_lib.beyond.fonts import glyphs
from vae_lib.beyond.grammar import LONGEST, small_english
from vae_lib.explore import attribute_explorer, conditional_explorer, flow_explorer, sentence_explorer
x, y = torch.rand(50, 784), torch.arange(50) % 10
told = conditional_explorer(zoo.load("cvae-mnist").model, x, y)
told
""",
    """
writer = zoo.load("vae-fonts").model
codes = {"all": writer.encode(glyphs().pictures[:64:16])[0].detach()}
letters = attribute_explorer(writer, codes, "abdm", {"bold": torch.ones(24)}, (24, 24))
letters
""",
    """
wound = flow_explorer(zoo.load("flow-moons").model)
wound
""",
    """
from vae_lib.explore import compare_explorer
ae, vae = zoo.load("ae-mnist-2d"), zoo.load("vae-mnist-2d")
compare_explorer(ae.model, vae.model, codes=(ae.codes, vae.codes), labels=vae.labels)
""",
    """
grammar = small_english()
tokens = grammar.encode([text.split() for text in ("the boat waits", "some trees rest today")], LONGEST + 1)
walk = sentence_explorer(zoo.load("sequence-annealed-0").model, tokens, grammar.decode)
walk
""",
)
SMALL = """
import torch, vae_lib as lib
from vae_lib.explore import LatentExplorer
explorer = LatentExplorer(lib.VAE(64, 3, (16,)), torch.randn(60, 3), torch.arange(60) % 10, image_shape=(8, 8))
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
def server(tmp_path_factory):
    """A folder, and the address of the server that serves it."""
    folder = tmp_path_factory.mktemp("notebooks")
    with explorers._server(folder) as address:
        yield folder, address


@contextmanager
def running(server, browser, cells, seen, at="lab/tree/{}.ipynb?reset", width=1200, height=1000):
    """A page with a notebook of these cells that has run, up to where `seen` is shown."""
    (folder, address), name = server, uuid.uuid4().hex
    page, wrong = browser.new_page(viewport={"width": width, "height": height}), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    write(folder / f"{name}.ipynb", *cells)
    page.goto(f"{address}/{at.format(name)}")
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context?.sessionContext", timeout=60_000)
    page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.ready.then(() => 0)")
    wrong.clear()  # Notebook 7 stumbles over settings of other extensions as it starts
    page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
    page.locator(seen).wait_for(timeout=60_000)
    yield page
    page.close()
    assert wrong == []


@pytest.fixture(scope="module")
def lab(server, browser):
    """A page with a running notebook that shows an explorer."""
    with running(server, browser, [CELL], ".vx-plane") as page:
        yield page


@pytest.fixture(scope="module")
def beyond(server, browser):
    """On a laptop's screen, two models beside each other and the explorers beyond the core, all of stored models."""
    with running(server, browser, BEYOND, ".vx-sentence", width=1400, height=900) as page:
        yield page


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


def test_keys_choose_labels_and_letters_and_leave_the_notebook_alone(beyond):
    """In Lab itself 3 makes a heading of a cell, a and b make new cells, d twice takes one away, m makes it text."""
    beyond.locator(".vx-plane").first.press("3")
    beyond.locator(".vx-attributes input[type=range]").press("End")
    for key in "abddm":
        beyond.keyboard.press(key)
    beyond.locator(".vx-winding input").press("End")
    beyond.locator(".vx-sentences input").press("End")
    beyond.wait_for_timeout(1000)
    said = beyond.evaluate(ASK, "print(told.label, letters.choice, letters.amounts[0], wound.depth, walk.t)")
    assert said.split() == ["3", "3", "1.5", "9.0", "1.0"]
    assert beyond.locator(".jp-CodeCell").count() == len(BEYOND)
    assert beyond.locator(".jp-MarkdownCell").count() == 0
    beyond.evaluate(ASK, "told.label = 8; letters.choice = 0; wound.depth = 2; walk.t = 0.0")
    beyond.wait_for_function("document.querySelector('.vx-text').textContent.startsWith('label 8')")
    beyond.wait_for_function("document.querySelector('.vx-attributes .vx-text').textContent.startsWith('a in all')")
    beyond.wait_for_function("document.querySelector('.vx-winding .vx-text').textContent.startsWith('2 of 9')")
    beyond.wait_for_function("document.querySelector('.vx-sentences output').textContent === '0.00'")


WHERE = """[document.activeElement.className, jupyterapp.shell.currentWidget.content.activeCellIndex,
  jupyterapp.shell.currentWidget.content.widgets.length]"""


@pytest.mark.parametrize("at", ["lab/tree/{}.ipynb?reset", "notebooks/{}.ipynb"])
def test_after_a_click_keys_are_the_explorers_in_lab_and_in_notebook_7(server, browser, at):
    """Notebook 7 hears a key before the page's own elements do: an arrow would leave the cell, d twice delete it."""
    with running(server, browser, [SMALL, "2", "3"], ".vx-plane", at) as page:
        page.locator(".vx-plane").click()
        before = page.evaluate(WHERE)
        assert before[0] == "vx-plane"
        page.evaluate(ASK, "explorer.z = [0, 0, 0.5]")
        page.wait_for_function("document.querySelector('.vx-text').textContent.startsWith('z = (0.00, 0.00, 0.50)')")
        for key in ("ArrowDown", "Shift+ArrowRight", "a", "d", "d", "m"):
            page.keyboard.press(key)
        assert page.evaluate(WHERE) == before
        page.get_by_role("slider", name="z 3").press("ArrowRight")  # a native control keeps what it does by itself
        page.wait_for_timeout(1000)
        z = [float(x) for x in page.evaluate(ASK, "print(*explorer.z)").split()]
        assert z == pytest.approx([0.5, -0.05, 0.51])
        assert page.locator(".jp-MarkdownCell").count() == 0
        page.evaluate("jupyterapp.commands.commandExecuted.connect((_, {id}) => (window.last = id))")
        page.keyboard.press("Control+s")  # what is no key of a control stays the notebook's
        page.wait_for_function("window.last === 'docmanager:save'")


def test_a_trainings_bar_leaves_no_widget_and_one_line_in_the_saved_notebook(server, browser):
    """A widget's place would show an error when the notebook is opened again."""
    fit = "import torch, vae_lib as lib\nmodel = lib.VAE(64, 2, (16,))\n"
    fit += "history = lib.fit(model, torch.rand(2000, 64), lib.TrainConfig(epochs=60))\nlen(history.loss)"
    with running(server, browser, [fit], ".jp-OutputArea-executeResult") as page:
        page.evaluate("jupyterapp.commands.execute('docmanager:save')")
        (folder, _), name = server, page.evaluate("jupyterapp.shell.currentWidget.context.path")
        outputs = nbformat.read(folder / name, 4).cells[0].outputs
    assert [output.name for output in outputs if output.output_type == "stream"] == ["stdout"]
    assert max(len(output.text.strip().splitlines()) for output in outputs[:-1]) <= 1
    assert outputs[-1].data == {"text/plain": "60"}
    assert not any("widget" in kind for output in outputs for kind in output.get("data", {}))


def test_no_control_lies_below_the_fold(beyond):
    room = beyond.locator(".jp-WindowedPanel-outer, .jp-Notebook").first.bounding_box()["height"]
    for explorer in beyond.locator(".vx").all():
        assert explorer.bounding_box()["height"] <= room


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
