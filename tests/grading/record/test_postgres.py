"""The gradebook on a PostgreSQL server, where one can be started."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from grading.course.folder import GradingError
from grading.intake.names import Student
from grading.judge.result import GRADED
from grading.record.gradebook import Record, gradebook_url
from tests.grading.record.test_gradebook import ANN, entry, grades, mark
from tests.grading.record.test_gradebook import course as sqlite_course
from tests.tiny_course import LAB

pytestmark = pytest.mark.slow
course = sqlite_course

SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
AS_USER = (
    []
    if not hasattr(os, "geteuid") or os.geteuid()
    else ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a server of our own, which listens on a socket in a folder of ours only."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install '.[postgres]'")
    if not SERVERS or (AS_USER and not shutil.which("setpriv")):
        pytest.skip("there is no PostgreSQL server in /usr/lib/postgresql (Debian's package postgresql)")
    folder, programs = Path("/tmp") / f"pg-{os.getpid()}", SERVERS[-1].parent  # a socket's path must be short
    folder.mkdir(mode=0o700)
    try:
        if AS_USER:
            os.chown(folder, 65534, 65534)
        data = str(folder / "data")
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder}
        subprocess.run([*AS_USER, programs / "initdb", "-D", data, "-U", "grader", "--auth=trust", "-N"], **quiet)
        command = [*AS_USER, programs / "postgres", "-D", data, "-k", str(folder), "-c", "listen_addresses=", "-F"]
        process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
        try:
            ready = [programs / "pg_isready", "-h", str(folder), "-t", "20", "-q"]
            while subprocess.run(ready, check=False).returncode and process.poll() is None:
                pass
            yield f"postgresql+psycopg://grader@/postgres?host={folder}"
        finally:
            process.terminate()
            process.wait(timeout=20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_marks_by_grader_and_by_hand(server, course):
    config = course / "nbgrader_config.py"
    plain = config.read_text()
    config.write_text(f"{plain}\nc.CourseDirectory.db_url = {server!r}\n")
    try:
        url = gradebook_url(course / "out", course)
        assert url == server
        with Record(url, [LAB], course) as record:
            first = record.write(entry(), ANN, None, None)
            mark(url, "question_why", 0.5)
            again = record.write(entry(0.0), ANN, None, first)
            record.write(entry(student="Ünï, “=cmd”"), Student("Ünï, “=cmd”"), None, None)
        assert (again.state, again.score) == (GRADED, 0.5)
        assert grades(url) == {"test_double": (0.0, None, False), "question_why": (None, 0.5, False)}
    finally:
        config.write_text(plain)


def test_a_server_that_is_not_there_is_one_sentence(server, course, tmp_path):
    with pytest.raises(GradingError, match="The gradebook cannot be used"):
        Record(f"postgresql+psycopg://grader@/postgres?host={tmp_path}", [LAB], course)
