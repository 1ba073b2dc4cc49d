"""What stands in front of nbgrader's Formgrader: our page of a hand-in (`marking`), and its bolt.

The bolt grades as `make grade` does. nbgrader's own would run a student's code with your rights.

A Jupyter server extension, for instructors only. It has to be loaded before nbgrader's, whose route it takes: Jupyter
loads them in the order of their names.
"""

import json
from pathlib import Path

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.ioloop import IOLoop

from grading.commands.leash import leashed
from grading.commands.marking import routes
from grading.course.folder import ROOT, handed_out
from grading.course.settings import configuration

ROUTE = r"/formgrader/api/submission/([^/]+)/([^/]+)/autograde"


def autograde(lab: str, student: str, root: Path = ROOT) -> dict[str, bool | str]:
    """Grade what is new of that lab, in the sandbox, and answer as nbgrader's API does: success, log, error."""
    folders = configuration(root).CourseDirectory
    if lab not in handed_out(root) or not (root / folders.submitted_directory / student / lab).is_dir():
        return {"success": False, "log": "", "error": f"There is no submitted/{student}/{lab} to grade."}
    where = ["--submitted", folders.submitted_directory, "--out", str(Path(folders.autograded_directory).parent)]
    done = leashed(["grade", "--lab", lab, *where], root)
    return {"success": done.returncode == 0, "log": done.stdout, "error": done.stderr}


class Bolt(APIHandler):
    """POST …/LAB/STUDENT/autograde."""

    @web.authenticated
    async def post(self, lab: str, student: str) -> None:
        answer = await IOLoop.current().run_in_executor(None, autograde, lab, student)
        self.finish(json.dumps(answer))


def _load_jupyter_server_extension(server) -> None:
    """Put our routes in front of nbgrader's."""
    base = server.web_app.settings["base_url"]
    ours = [(ROUTE, Bolt), *routes()]
    server.web_app.add_handlers(".*$", [(url_path_join(base, route), *rest) for route, *rest in ours])


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]
