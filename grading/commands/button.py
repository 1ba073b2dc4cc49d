"""The Validate button in JupyterLab: it says what `make validate` says. nbgrader's own shows the checks' source.

A Jupyter server extension. It has to be loaded before nbgrader's, whose route it takes: Jupyter loads them in the order
of their names.
"""

import html
import json
from pathlib import Path

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.ioloop import IOLoop

from grading.commands.validate import Report, validate
from grading.course.folder import ROOT, GradingError

ROUTE = "/assignments/validate"


def answer(path: Path, root: Path = ROOT) -> dict:
    """What the button shows, as nbgrader's front end takes it: failed cells, or none, or why nothing was checked."""
    try:
        report = validate(str(path), root)
    except GradingError as reason:
        return {"success": False, "value": str(reason)}
    return {"success": True, "value": shown(report)}


def shown(report: Report) -> dict:
    """An entry for each exercise that fails, by its number, and the summary under the last one; {} where all pass."""
    failed = report.failures()
    if not failed:
        return {}
    cells = [{"source": label, "error": html.escape(error)} for label, error in failed.items()]
    cells[-1]["error"] += html.escape("\n\n" + "\n".join([*report.mended, *report.notes(), report.summary()]))
    return {"failed": cells}


class Button(APIHandler):
    """POST with the notebook's path, from the server's folder."""

    @web.authenticated
    async def post(self) -> None:
        path = self.get_argument("path", default=None) or (self.get_json_body() or {}).get("path", "")
        folder = Path(self.settings["server_root_dir"]).expanduser().resolve()
        target = (folder / path.lstrip("/")).resolve()
        if not target.is_relative_to(folder):
            raise web.HTTPError(403, "This notebook is not in the server's folder.")
        self.finish(json.dumps(await IOLoop.current().run_in_executor(None, answer, target)))


def _load_jupyter_server_extension(server) -> None:
    """Put our route in front of nbgrader's."""
    server.web_app.add_handlers(".*$", [(url_path_join(server.web_app.settings["base_url"], ROUTE), Button)])


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]
