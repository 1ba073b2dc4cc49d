"""`make site`: the lectures and labs, as they are stored, as HTML that needs no server and no network.

`SITE_URL=https://… make site` says where it will stand, so that a link to a page shows a picture where it is posted.

Also a Sphinx extension (see course/_config.yml): a picture has the alt text that is stored with it, code that
JupyterLab folds is folded, where an explorer is stored as a figure the page has the explorer, a term links to the
glossary where it is introduced (words), and a symbol to the notation where a page first uses it (symbols).
"""

import ast
import html
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from contextlib import redirect_stdout
from itertools import takewhile
from pathlib import Path

from grading.course import edition
from tools import symbols, words

ROOT = Path(__file__).resolve().parent.parent
GLOSSARY = ROOT / "course" / "glossary.md"
NOTATION = ROOT / "course" / "notation.md"
SIDEBAR = '<div id="pst-primary-sidebar"'
# Jupyter Book without a grammar that jsonschema's import would build for seconds, and no page of the book asks for.
BOOK = "import sys; sys.modules['rfc3987_syntax'] = None; from jupyter_book.cli.main import main; main()"


def build(folder: Path) -> int:
    """Build into folder/_build/html; a warning, such as a broken link, is an error."""
    book = [sys.executable, "-c", BOOK, "build", ".", "--all", "--warningiserror", "--keep-going", "--quiet"]
    where = ["--config", "course/_config.yml", "--toc", "course/_toc.yml", "--path-output", str(folder)]
    environment = {
        **os.environ,
        "VAE_EXPLORE": "page",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }
    status = subprocess.run(book + where, cwd=ROOT, env=environment, check=False).returncode
    if status == 0:
        shutil.copy(PREVIEW, folder / "_build" / "html")
        with tempfile.TemporaryDirectory() as place:
            _, packed = edition.build(Path(place) / "edition")
            shutil.copy(packed, folder / "_build" / "html")
    return status


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
    if docname == "index":
        source[0] = welcome(source[0])
    if path == GLOSSARY:
        source[0] = words.with_anchors(source[0])
    if path == NOTATION:
        source[0] = symbols.with_anchors(source[0])
    if path.suffix == ".ipynb":
        notebook = json.loads(source[0])
        fold(notebook)
        put_explorers(notebook)
        words.link(notebook, path.stem, GLOSSARY)
        symbols.link(notebook, path, NOTATION.read_text(encoding="utf-8"))
        source[0] = json.dumps(notebook)


def welcome(source):
    """The first page, with a plane that moves, and the course itself to take away."""
    from vae_lib import zoo
    from vae_lib.explore import LatentExplorer
    from vae_lib.explore.page import fragment

    trained = zoo.load("vae-mnist-2d")
    plane = LatentExplorer(trained.model, trained.codes, trained.labels, layers=["manifold"], z=[1.5, -1.2])
    link = f'<p><a class="download" href="{edition.NAME}.zip" download>Download the course</a></p>'
    for mark, shown in (("% the plane", f'<div class="welcome">{fragment([plane])}</div>'), ("% the download", link)):
        source = source.replace(mark, f"```{{raw}} html\n{shown}\n```")
    return source


def fold(notebook):
    """Say in Jupyter Book's words which code JupyterLab folds."""
    for cell in notebook["cells"]:
        if cell["metadata"].get("jupyter", {}).get("source_hidden"):
            cell["metadata"].setdefault("tags", []).append("hide-input")


def put_explorers(notebook):
    """Put explorers, whole, in the place of the figures stored for them."""
    if not any(shows_explorer(output) for cell in notebook["cells"] for output in cell.get("outputs", [])):
        return
    from vae_lib.explore.page import fragment  # and torch with it

    codes = ["".join(cell["source"]) if cell["cell_type"] == "code" else "" for cell in notebook["cells"]]
    space = {"__name__": "__main__"}
    done = set()
    for k, cell in enumerate(notebook["cells"]):
        for output in filter(shows_explorer, cell.get("outputs", [])):
            for at in sorted(needed(codes, k) - done):
                with redirect_stdout(io.StringIO()):
                    exec(compile(codes[at], f"cell {at}", "exec"), space)
                done.add(at)
            *_, last = ast.parse(codes[k]).body
            shown = eval(ast.unparse(last), space)
            output["data"] = {"text/html": fragment(shown.parts)}


def needed(codes, k):
    """The cells that cell k stands on, itself too: those that bind a name that one of them reads."""
    cells, wanted = {k}, names(codes[k], ast.Load)
    for at in reversed(range(k)):
        if names(codes[at], ast.Store) & wanted:
            cells.add(at)
            wanted |= names(codes[at], ast.Load)
    return cells


def names(code, use):
    """The names that a cell reads (ast.Load) or binds (ast.Store), imports, functions and classes among them."""
    nodes = list(ast.walk(ast.parse(code)))
    found = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, use)}
    if use is ast.Store:
        found |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        found |= {(node.asname or node.name).split(".")[0] for node in nodes if isinstance(node, ast.alias)}
    return found


def shows_explorer(output):
    return "vae_explore" in output.get("metadata", {})


def without_thebe(app, pagename, templatename, context, doctree):
    """Take out the scripts that would start a kernel on somebody's server; the theme puts them in twice."""
    kept = [file for file in context.get("script_files", []) if "thebe" not in f"{file} {vars(file)}".lower()]
    context["script_files"] = kept


PREVIEW = ROOT / "course" / "images" / "plane.png"
WHAT = "The plane of a variational autoencoder's codes: digits that nobody wrote, one class going over into the next."


def preview(app, pagename, templatename, context, doctree):
    """What a page that links here shows of this one (Open Graph, https://ogp.me): its title, its first
    words, and a picture, whose address has to be whole: it is left out where nobody says where the site stands."""
    where = os.environ.get("SITE_URL", "").rstrip("/")
    shown = {"og:type": "article", "og:site_name": app.config.project, "og:title": context.get("title", "")}
    own = context.get("metatags", "")
    if words_of_it := opening(doctree):
        shown["og:description"] = words_of_it
        if 'name="description"' not in own:
            own += f'<meta name="description" content="{html.escape(words_of_it)}" />'
    if where:
        shown |= {"og:url": f"{where}/{pagename}.html", "og:image": f"{where}/{PREVIEW.name}", "og:image:alt": WHAT}
    tags = [f'<meta property="{name}" content="{html.escape(plain(text))}" />' for name, text in shown.items()]
    context["metatags"] = "\n".join([own, *tags])


def opening(doctree, most=200):
    """The first paragraph's sentences, up to a formula that needs TeX, as far as a preview shows them; "" where there
    are none. A line in italics (how long the lecture takes) and what introduces a list are no such paragraphs."""
    from docutils import nodes

    own = [p for p in doctree.findall(nodes.paragraph) if isinstance(p.parent, nodes.section)] if doctree else []
    for paragraph in own:
        parts = takewhile(lambda p: not any("\\" in f.astext() for f in p.findall(nodes.math)), paragraph.children)
        text = "".join(part.astext() for part in parts if not isinstance(part, nodes.raw))  # a link's two ends
        whole = re.match(r".*[.?!](?=\s|$)", text, re.DOTALL)
        if whole and not isinstance(paragraph[0], nodes.emphasis):
            return textwrap.shorten(whole[0], most, placeholder=" …")
    return ""


def plain(title):
    """A title without its markup."""
    return html.unescape(re.sub(r"<[^>]*>", "", title))


def name_sidebar(app, exception):
    """The theme's side bar is a part of the page that a screen reader can jump to."""
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace(SIDEBAR, f'{SIDEBAR} role="navigation" aria-label="Course"'), encoding="utf-8")


def setup(app):
    app.connect("source-read", prepare)
    app.connect("doctree-read", describe)
    app.connect("html-page-context", without_thebe, priority=999)
    app.connect("html-page-context", preview)
    app.connect("build-finished", name_sidebar)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    print("Building the site …", flush=True)
    status = build(ROOT / "site")
    if status == 0:
        print("Open site/_build/html/index.html in a browser.")
    sys.exit(status)
