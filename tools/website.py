"""`make site`: the lectures and labs, as they are stored, as HTML that needs no server and no network.

Also a Sphinx extension (see course/_config.yml): a picture has the alt text that is stored with it, code that
JupyterLab folds is folded, and where an explorer is stored as a figure the page has the explorer.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build(folder: Path) -> int:
    """Build into folder/_build/html; a warning, such as a broken link, is an error."""
    command = Path(sys.executable).parent / "jupyter-book"
    book = [str(command), "build", ".", "--all", "--warningiserror", "--keep-going", "--quiet"]
    where = ["--config", "course/_config.yml", "--toc", "course/_toc.yml", "--path-output", str(folder)]
    return subprocess.run(book + where, cwd=ROOT, check=False).returncode


def describe(app, doctree):
    """Give each output's picture its alt text."""
    from docutils import nodes

    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    outputs = [node for node in doctree.findall(nodes.container) if "cell_output" in node["classes"]]
    images = [image for output in outputs for image in output.findall(nodes.image)]
    for image, alt in zip(images, stored_alts(path), strict=True):
        image["alt"] = alt


def stored_alts(path):
    """The alt texts of a notebook's pictures, in order; an explorer is no picture on the page."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", []) if not shows_explorer(output)]
    shown = [output for output in outputs if "image/png" in output.get("data", {})]
    return [output["metadata"].get("image/png", {}).get("alt", "") for output in shown]


def prepare(app, docname, source):
    """Before a notebook is read: its folded code, its explorers."""
    path = Path(app.env.doc2path(docname))
    if path.suffix == ".ipynb":
        notebook = json.loads(source[0])
        fold(notebook)
        put_explorers(notebook, path)
        source[0] = json.dumps(notebook)


def fold(notebook):
    """Say in Jupyter Book's words which code JupyterLab folds."""
    for cell in notebook["cells"]:
        if cell["metadata"].get("jupyter", {}).get("source_hidden"):
            cell["metadata"].setdefault("tags", []).append("hide-input")


def put_explorers(notebook, path):
    """Run a notebook that shows explorers, and put them, whole, in the place of the figures stored for them."""
    if any(shows_explorer(output) for cell in notebook["cells"] for output in cell.get("outputs", [])):
        for cell, fresh in zip(notebook["cells"], executed(path).cells, strict=True):
            found = iter([output for output in fresh.get("outputs", []) if shows_explorer(output)])
            for output in filter(shows_explorer, cell.get("outputs", [])):
                output["data"] = {"text/html": next(found)["data"]["text/html"]}


def shows_explorer(output):
    return "vae_explore" in output.get("metadata", {})


def executed(path):
    """The notebook, run, with each explorer as HTML that needs no kernel."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}})
    return client.execute(env={**os.environ, "VAE_EXPLORE": "page"})


def without_thebe(app, pagename, templatename, context, doctree):
    """Take out the scripts that would start a kernel on somebody's server; the theme puts them in twice."""
    kept = [file for file in context.get("script_files", []) if "thebe" not in f"{file} {vars(file)}".lower()]
    context["script_files"] = kept


def setup(app):
    app.connect("source-read", prepare)
    app.connect("doctree-read", describe)
    app.connect("html-page-context", without_thebe, priority=999)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    print("Building the site …", flush=True)
    status = build(ROOT / "site")
    if status == 0:
        print("Open site/_build/html/index.html in a browser.")
    sys.exit(status)
