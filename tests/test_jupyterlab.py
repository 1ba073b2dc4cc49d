"""What `make lab` starts: the course's first page, and nbgrader's panels for instructors only."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
import torch
import websocket
from jupyter_server.services.contents.largefilemanager import LargeFileManager

from vae_lib.explore import LatentExplorer

ROOT = Path(__file__).resolve().parent.parent
PANELS = {f"@jupyter/nbgrader:{name}" for name in ("assignment-list", "course-list", "create-assignment", "formgrader")}
SECONDS = 60


class Answer(NamedTuple):
    status: int
    location: str | None
    text: str


class Server:
    """JupyterLab as the Makefile starts it, on a port that is taken, so that it takes the next."""

    def __init__(self, role, home, folder=ROOT):
        self.taken = socket.create_server(("127.0.0.1", 0))
        port = self.taken.getsockname()[1]
        paths = [ROOT / ".jupyter" / name for name in (role, "shared")]
        environment = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_PATH": os.pathsep.join(map(str, paths))}
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
            environment.pop(name, None)
        command = [sys.executable, "-m", "jupyterlab", f"--port={port}", "--IdentityProvider.token=t"]
        command += [] if folder == ROOT else [f"--ServerApp.root_dir={folder}"]
        self.log = home / "log"
        with self.log.open("w") as file:
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=file)
        self.port = None

    def wait_for_port(self):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/", self.log.read_text()):
                self.port = int(found[1])
                return
            time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def get(self, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        connection.request("POST" if body else "GET", path, body, headers={"Authorization": "token t"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return Answer(answer.status, answer.getheader("Location"), text)

    def typed(self, line):
        """What a terminal of the server shows of a command."""
        name = json.loads(self.get("/api/terminals", "{}").text)["name"]
        terminal = websocket.create_connection(
            f"ws://127.0.0.1:{self.port}/terminals/websocket/{name}?token=t", timeout=SECONDS
        )
        terminal.send(json.dumps(["stdin", f"{line}; echo THE END | tr A-Z a-z\r"]))
        shown = ""
        while "the end" not in shown:
            kind, *text = json.loads(terminal.recv())
            shown += text[0] if kind == "stdout" else ""
        terminal.close()
        return re.sub(r"\s+", " ", shown)

    def page(self):
        html = self.get("/lab").text
        return json.loads(re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', html, re.S)[1])

    def stop(self):
        self.process.terminate()
        self.process.wait(SECONDS)
        self.taken.close()


@pytest.fixture(scope="module", params=["student", "instructor"])
def role(request):
    return request.param


@pytest.fixture(scope="module")
def server(role, tmp_path_factory):
    server = Server(role, tmp_path_factory.mktemp(role))
    try:
        server.wait_for_port()
        yield server
    finally:
        server.stop()


@pytest.mark.slow
class TestServer:
    def test_a_taken_port_is_passed_over_and_the_address_printed(self, server):
        assert server.port != server.taken.getsockname()[1]
        assert f"http://localhost:{server.port}/lab" in server.log.read_text()

    def test_it_opens_the_first_page_for_the_role(self, server, role):
        page = {"student": "course/00_start_here.ipynb", "instructor": "course/instructors.md"}[role]
        assert (ROOT / page).exists()
        assert server.get("/").location == f"/lab/tree/{page}?"
        listed = json.loads(server.get("/api/contents").text)["content"]
        assert {"course", "labs", "vae_lib", "README.md"} <= {entry["name"] for entry in listed}

    def test_the_file_browser_shows_students_what_is_theirs(self, server, role):
        listed = [json.loads(server.get(f"/api/contents{folder}").text)["content"] for folder in ("", "/course")]
        others = {"tools", "grading", "solutions", "benchmarks", "tests", "pyproject.toml", "_toc.yml", "ruff.toml"}
        others.add("instructors.md")
        seen = others & {entry["name"] for entries in listed for entry in entries}
        assert seen == (set() if role == "student" else others)

    def test_panels_are_for_instructors_only(self, server, role):
        disabled = set(server.page()["disabledExtensions"])
        assert disabled & PANELS == (PANELS if role == "student" else set())
        assert "@jupyter/nbgrader:validate-assignment" not in disabled

    def test_so_is_what_is_behind_them(self, server, role):
        assert server.get("/formgrader").status == (404 if role == "student" else 302)
        assert server.get("/assignments/validate").status != 404

    def test_formgraders_bolt_grades_as_make_grade_does(self, server, role):
        answer = server.get("/formgrader/api/submission/lab1_pca/nobody/autograde", "{}")
        if role == "student":
            assert answer.status == 404
        else:
            assert json.loads(answer.text)["error"] == "There is no submitted/nobody/lab1_pca to grade."

    def test_the_validate_button_finds_every_exercise_open(self, server):
        lab = ROOT / "labs" / "lab1_pca" / "lab1_pca.ipynb"
        body = json.dumps({"path": str(lab.relative_to(ROOT))})
        answer = json.loads(server.get("/assignments/validate", body).text)
        assert answer["success"], answer
        failed = answer["value"]["failed"]
        assert len(failed) >= 5
        assert all(one["error"].startswith("not answered yet") for one in failed)
        assert failed[0]["source"].startswith("1.1 ")
        assert f"0 of {len(failed)} exercises pass." in failed[-1]["error"]

    def test_the_validate_button_knows_what_it_cannot_check(self, server):
        for path, reason in (("course/05_vae.ipynb", "a lecture"), ("README.md", "no lab"), ("/etc/passwd", "no lab")):
            answer = json.loads(server.get("/assignments/validate", json.dumps({"path": path})).text)
            assert not answer["success"]
            assert reason in answer["value"]
        assert server.get("/assignments/validate", json.dumps({"path": "../x"})).status == 403

    def test_in_its_terminal_a_lab_is_checked_from_any_folder(self, server, tmp_path):
        said = server.typed(f"cd {tmp_path} && python -m grading validate lab99_none")
        assert "There is no lab 'lab99_none'; there are: lab10_semi_supervised, lab11_beyond_pictures," in said

    def test_the_lectures_are_trusted_so_that_films_play_before_a_cell_is_run(self, server):
        untrusted, end = sorted((ROOT / "course").glob("*.ipynb")), time.monotonic() + SECONDS
        while untrusted and time.monotonic() < end:
            answer = json.loads(server.get(f"/api/contents/course/{untrusted[0].name}").text)
            cells = [cell for cell in answer["content"]["cells"] if cell["cell_type"] == "code"]
            if all(cell["metadata"]["trusted"] for cell in cells):
                untrusted.pop(0)
            else:
                time.sleep(0.5)
        assert untrusted == []

    def test_nothing_asks_for_news(self, server):
        page = server.page()
        assert page["news"] == {"disabled": True}
        assert "@jupyterlab/apputils-extension:announcements" in page["disabledExtensions"]

    def test_no_icon_is_fetched_at_each_message(self, server):
        # The busy icon of the tab comes from the server, twice for each of an explorer's sixty messages a second.
        assert "@jupyterlab/application-extension:faviconbusy" in server.page()["disabledExtensions"]


@pytest.fixture
def settings(monkeypatch):
    """The server's settings as they come out with these variables and on this system."""

    def read(system="linux", **variables):
        from traitlets.config import PyFileConfigLoader

        for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "platform", system)
        monkeypatch.setenv("PATH", os.environ["PATH"])  # put back afterwards
        return PyFileConfigLoader("jupyter_server_config.py", path=str(ROOT / ".jupyter/shared")).load_config()

    return read


@pytest.mark.parametrize(
    ("system", "variables", "opens"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"BROWSER": "firefox"}, True),
        ("darwin", {}, True),
    ],
)
def test_a_browser_opens_where_there_is_a_screen(settings, system, variables, opens):
    assert settings(system, **variables).ServerApp.open_browser is opens


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_only_root_is_allowed_to_be_root(settings, monkeypatch, user, allowed):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert settings().ServerApp.get("allow_root", False) is allowed


def test_a_saved_explorer_is_its_picture_and_other_widgets_stay(settings, tmp_path):
    # Without the kernel JupyterLab would put "Error displaying widget" in the picture's place.
    widget = "application/vnd.jupyter.widget-view+json"
    explorer = LatentExplorer(lambda z: torch.sigmoid(z[:, :1].expand(-1, 4)), latent_dim=2, image_shape=(2, 2))
    explorers, metadata = explorer._repr_mimebundle_()
    assert widget in explorers
    outputs = [
        nbformat.v4.new_output("display_data", explorers, metadata=metadata),
        nbformat.v4.new_output("display_data", {widget: {"model_id": "1"}, "text/plain": "IntSlider()"}),
        nbformat.v4.new_output("stream", text="read"),
    ]
    cells = [nbformat.v4.new_markdown_cell("A slider"), nbformat.v4.new_code_cell("explore()", outputs=outputs)]
    content = json.loads(nbformat.writes(nbformat.v4.new_notebook(cells=cells)))

    manager = LargeFileManager(root_dir=str(tmp_path), config=settings())
    manager.save({"type": "notebook", "format": "json", "content": content}, "lecture.ipynb")
    manager.save({"type": "file", "format": "text", "content": "read"}, "notes.md")

    first, second, _ = nbformat.read(tmp_path / "lecture.ipynb", 4).cells[1].outputs
    assert set(first.data) == {"image/png", "text/plain"}
    assert widget in second.data
