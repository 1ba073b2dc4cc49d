"""Formgrader's page of a hand-in: model answer and rubric above each answer, and MathJax from this machine.

nbgrader's own page asks a server in the net for MathJax, and shows the student's words alone. The model answers are
read from solutions/ when the page is: no notebook that is kept, and so none that is given back, holds them.
"""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tornado.web import StaticFileHandler

from grading.course.folder import lab_of
from grading.platforms.formgrader import with_models

PAGE, SCRIPTS = r"/formgrader/submissions/([^/]+)/?", "/formgrader/mathjax/"
THEIRS = re.compile(r"<!-- Load mathjax -->.*?<!-- End of mathjax configuration -->", re.DOTALL)
OURS = """<script>
window.MathJax = {
  tex: {inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]], displayMath: [["$$", "$$"], ["\\\\[", "\\\\]"]], tags: "ams"},
  loader: {load: ["ui/safe"]}
};
</script>
<script src="SCRIPTStex-chtml.js"></script>
<script>
window.MathJax = window.MathJax || {};
const typeset = (MathJax.startup && MathJax.startup.promise) || Promise.resolve();
MathJax.Hub = {Startup: {signal: {Interest: (told) => typeset.then(() => told("End"))}}};
</script>"""


def page() -> type:
    """nbgrader's page with our scripts, and what the reader needs. nbgrader is imported here: it takes two seconds."""
    from nbgrader.server_extensions.formgrader.handlers import SubmissionHandler

    class Page(SubmissionHandler):
        """nbgrader's, changed on its way out."""

        @property
        def exporter(self) -> "Exporter":
            """nbgrader's, given the notebook with the model answers in it."""
            return Exporter(super().exporter, Path(self.coursedir.root))

        def write(self, chunk: Any) -> None:
            """The page's text, MathJax taken from this machine."""
            super().write(with_own_mathjax(chunk, self.base_url) if isinstance(chunk, str) else chunk)

    return Page


class Exporter:
    """Exports a hand-in's notebook, whose folder is the lab's, with the model answers."""

    def __init__(self, inner: Any, root: Path):
        self.inner, self.root = inner, root

    def from_filename(self, filename: str, resources: dict) -> tuple[str, dict]:
        """As nbconvert's."""
        import nbformat

        found = nbformat.read(filename, as_version=4)  # joins the lines that nbgrader's own files have
        lab = lab_of(resources["assignment_id"], Path(filename).stem, self.root)
        notebook = with_models(found, lab, self.root)
        return self.inner.from_notebook_node(nbformat.from_dict(notebook), resources=resources)


def with_own_mathjax(page: str, base_url: str = "/") -> str:
    """The page with no script from another server."""
    return THEIRS.sub(lambda _: OURS.replace("SCRIPTS", base_url.rstrip("/") + SCRIPTS), page)


def routes() -> list[tuple]:
    """What stands in front of nbgrader's."""
    found = find_spec("sphinx-mathjax-offline")
    folder = Path(found.origin).parent / "static" / "mathjax" if found else None
    scripts = [(f"{SCRIPTS}(.*)", StaticFileHandler, {"path": str(folder)})] if folder else []
    return [*scripts, (PAGE, page())]
