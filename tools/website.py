"""`make site`: the lectures and labs, as they are stored, as HTML that needs no server and no network.

Also a Sphinx extension (see course/_config.yml): the sentence that `show` prints under a figure becomes
the picture's alt text and its caption.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "Figure: "


def build(folder: Path) -> int:
    """Build into folder/_build/html; a warning, such as a broken link, is an error."""
    command = Path(sys.executable).parent / "jupyter-book"
    book = [str(command), "build", ".", "--all", "--warningiserror", "--keep-going", "--quiet"]
    where = ["--config", "course/_config.yml", "--toc", "course/_toc.yml", "--path-output", str(folder)]
    return subprocess.run(book + where, cwd=ROOT, check=False).returncode


def describe(app, doctree):
    """Give each output's picture the words printed below it."""
    from docutils import nodes

    for output in doctree.findall(lambda node: "cell_output" in getattr(node, "attributes", {}).get("classes", [])):
        words = [n for n in output.findall(nodes.literal_block) if n.astext().startswith(PREFIX)]
        for image, line in zip(output.findall(nodes.image), words, strict=False):
            image["alt"] = line.astext().splitlines()[0].removeprefix(PREFIX)


def without_thebe(app, pagename, templatename, context, doctree):
    """Take out the scripts that would start a kernel on somebody's server; the theme puts them in twice."""
    kept = [file for file in context.get("script_files", []) if "thebe" not in f"{file} {vars(file)}".lower()]
    context["script_files"] = kept


def setup(app):
    app.connect("doctree-read", describe)
    app.connect("html-page-context", without_thebe, priority=999)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    print("Building the site …", flush=True)
    status = build(ROOT / "site")
    if status == 0:
        print("Open site/_build/html/index.html in a browser.")
    sys.exit(status)
