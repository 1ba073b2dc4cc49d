"""The student edition: nothing secret is in it, and what is in it works without the rest."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grading.course.edition import build, require_untouched, student_modules
from grading.course.folder import ROOT, GradingError, lab_names
from grading.course.secrets import leaks

LAB = "lab5_vae"
ABSENT = ("nbgrader", "sqlalchemy", "jinja2", "jupyterlab", "nbconvert", "torchvision", "pytest", "pandas")


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    folder, packed = build(tmp_path_factory.mktemp("edition"))
    assert packed.stat().st_size < 50e6
    return folder


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def between(source, begin, end):
    return re.findall(rf"### BEGIN {begin}\n(.*?)\n *### END {end}", source, re.DOTALL)


@pytest.fixture(scope="module")
def everything(edition):
    """All that is in the edition, as one text; a notebook's JSON is unescaped."""
    texts = []
    for path in edition.rglob("*"):
        if path.suffix == ".ipynb":
            texts += ["".join(cell["source"]) for cell in cells(path)]
        elif path.is_file() and path.suffix != ".safetensors":
            texts.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(texts)


def test_the_dockerfile_uses_what_the_edition_has(edition):
    """Docker itself is not tried: that its paths and commands are the edition's, and its Python one that suits."""
    lines = [line for line in (edition / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]
    steps = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines}
    assert list(steps) == ["FROM", "WORKDIR", "COPY", "RUN", "EXPOSE", "CMD"]
    major, minor = re.fullmatch(r"python:(\d+)\.(\d+)-slim", steps["FROM"]).groups()
    listed = subprocess.run(
        [sys.executable, "start.py", "help"], cwd=edition, capture_output=True, text=True, check=True
    )
    for words in (steps["RUN"].split(), json.loads(steps["CMD"])):
        assert words[0] == "python"
        assert (edition / words[1]).is_file()
        assert re.search(rf"^  {words[2]} ", listed.stdout, re.MULTILINE)
    assert (3, 10) <= (int(major), int(minor)) <= (3, 14)
    assert steps["COPY"] == ". ."


def test_the_pages_commands_are_those_of_the_edition(edition):
    """What the instructors' page says of hubs, Colab and GitHub Classroom."""
    page = (
        (ROOT / "course" / "instructors.md").read_text(encoding="utf-8").split("## Where it runs")[1].split("\n## ")[0]
    )
    listed = subprocess.run(
        [sys.executable, "start.py", "help"], cwd=edition, capture_output=True, text=True, check=True
    )
    said = re.findall(r"python start\.py (\w+)", page)
    assert "validate" in said
    assert all(re.search(rf"^  {name} ", listed.stdout, re.MULTILINE) for name in said)
    start = re.search(r"urlpath=lab/tree/FOLDER/(\S+)", page)[1]
    assert (edition / start).is_file()
    assert (edition.parent / "vae-course.zip").is_file()


class TestSecrets:
    @pytest.mark.parametrize("lab", lab_names())
    def test_no_hidden_half_and_no_model_answer_is_in_it(self, everything, lab):
        for cell in cells(ROOT / "solutions" / lab / f"{lab}.ipynb"):
            source, mark = "".join(cell["source"]), cell["metadata"].get("nbgrader", {})
            for part in between(source, "HIDDEN TESTS", "HIDDEN TESTS"):
                assert part not in everything
            if mark.get("solution") and cell["cell_type"] == "markdown":
                answer = (between(source, "SOLUTION", "SOLUTION") or [source])[0]
                assert answer.strip() not in everything

    @pytest.mark.parametrize("name", ["solutions", "tests", ".git", "grading/judge", "grading/sandbox", "benchmarks"])
    def test_folders_of_the_instructor_are_not_there(self, edition, name):
        assert (ROOT / name).exists()
        assert not (edition / name).exists()

    def test_of_the_grader_it_has_what_checking_and_packing_need(self):
        names = {path.as_posix() for path in student_modules(ROOT)}
        assert {"grading/commands/validate.py", "grading/commands/submit.py", "grading/intake/repair.py"} <= names
        assert not [name for name in names if "secrets" in name or "demo" in name or "release" in name]


def line_of(lab, begin):
    """The longest line of the first such region of a lab that holds it nowhere else."""
    sources = ["".join(cell["source"]) for cell in cells(ROOT / "solutions" / lab / f"{lab}.ipynb")]
    part = next(part for source in sources for part in between(source, begin, begin))
    return max(part.splitlines(), key=len)


SECRETS = {
    "a hidden test": lambda: line_of("lab1_pca", "HIDDEN TESTS"),
    "a solution": lambda: "        " + line_of("lab4_variational_inference", "SOLUTION").strip(),
    "a region's mark": lambda: "    ### BEGIN SOLUTION",
    "a model answer": lambda: next(
        "".join(cell["source"]).splitlines()[0]
        for cell in cells(ROOT / f"solutions/{LAB}/{LAB}.ipynb")
        if cell["metadata"].get("nbgrader", {}).get("solution") and cell["cell_type"] == "markdown"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("place", ["a file", "a cell", "an output"])
def test_a_secret_is_found_wherever_it_lies(tmp_path, kind, place):
    secret = SECRETS[kind]()
    shown = {"cell_type": "code", "source": [secret if place == "a cell" else "1 + 1"], "outputs": [], "metadata": {}}
    if place == "an output":
        shown["outputs"] = [{"output_type": "stream", "text": ["before\n", secret]}]
    if place == "a file":
        (tmp_path / "notes.txt").write_text(f"before\n{secret}\n")
    else:
        (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [shown]}))
    (found,) = leaks(tmp_path, ROOT)
    assert secret.strip()[:80] in found


def test_a_folder_of_the_instructors_is_found(tmp_path):
    assert leaks(tmp_path, ROOT) == []
    (tmp_path / "tests").mkdir()
    assert leaks(tmp_path, ROOT) == ["the folder tests"]


def test_an_edition_that_would_give_something_away_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr("grading.course.edition.FOLDERS", ("course", "labs", "vae_lib", "solutions/lab1_pca"))
    with pytest.raises(GradingError, match=r"The student edition would give away:\n  the folder solutions\n"):
        build(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(GradingError, match="holds other files"):
        build(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_lab_that_somebody_worked_in_is_not_handed_out(tmp_path):
    for name in ("labs", "solutions"):
        shutil.copytree(ROOT / name / LAB, tmp_path / name / LAB)
    require_untouched(LAB, tmp_path)
    path = tmp_path / "labs" / LAB / f"{LAB}.ipynb"
    path.write_text(
        path.read_text(encoding="utf-8").replace("raise NotImplementedError()", "return mu"), encoding="utf-8"
    )
    with pytest.raises(GradingError, match=f"labs/{LAB}/{LAB}.ipynb is not what solutions/ gives: run make labs"):
        require_untouched(LAB, tmp_path)


def run(edition, code, *arguments):
    """Python in the edition, without what a plain install does not bring."""
    blocked = f"""
import sys
class Absent:
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] in {ABSENT}:
            raise ModuleNotFoundError(f"No module named {{name!r}}")
sys.meta_path.insert(0, Absent)
sys.path.insert(0, ".")
"""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-c", blocked + code, *arguments]
    return subprocess.run(command, cwd=edition, env=environment, capture_output=True, text=True, timeout=300)


COMMAND = "import runpy; runpy.run_module('grading', run_name='__main__', alter_sys=True)"


def test_the_library_works_with_what_a_plain_install_brings(edition):
    names = [path.relative_to(edition).with_suffix("").as_posix() for path in (edition / "vae_lib").rglob("*.py")]
    names = [name.replace("/", ".") for name in names if not name.endswith("__")]
    code = f"import importlib\nfor name in {names}:\n    importlib.import_module(name)\n"
    done = run(
        edition, code + "import vae_lib\nprint(vae_lib.__file__)\nvae_lib.zoo.load('vae-digits-2d').model.sample(3)"
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(edition)


@pytest.mark.slow
def test_a_lab_is_checked_and_packed(edition):
    checked = run(edition, COMMAND, "validate", LAB)
    assert "  5.2 gaussian_kl: not answered yet\n" in checked.stdout, checked.stderr
    assert checked.stdout.endswith("0 of 7 exercises pass.\n")
    packed = run(edition, COMMAND, "submit", LAB)
    assert packed.stdout == f"Packing {LAB} …\nHand in this file: {Path('handin', LAB + '.zip')}\n"


def test_what_a_student_does_not_have_is_said(edition):
    refused = run(edition, COMMAND, "grade")
    assert (refused.returncode, refused.stderr) == (1, "This copy of the course is a student's: it has no grade.\n")


def test_its_commands_are_a_students(edition):
    listed = subprocess.run([sys.executable, "start.py"], cwd=edition, capture_output=True, text=True).stdout
    commands = {"lab", "validate", "submit", "venv"}
    assert {line.split()[0] for line in listed.splitlines()[1:]} == commands
    listed = subprocess.run(["make", "-s", "help"], cwd=edition, capture_output=True, text=True).stdout
    assert {line.split()[0] for line in listed.splitlines()[1:]} == {
        "help",
        "venv",
        "lab",
        "validate",
        "submit",
        "clean",
    }


def test_every_link_leads_somewhere(edition):
    for path in [*edition.rglob("*.md"), *edition.rglob("*.ipynb")]:
        texts = [path.read_text(encoding="utf-8")] if path.suffix == ".md" else []
        if path.suffix == ".ipynb":
            texts = ["".join(cell["source"]) for cell in cells(path) if cell["cell_type"] == "markdown"]
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", "\n".join(texts)):
            assert (path.parent / target).exists() or path.parts[-2] == ".released", f"{path.name} links to {target}"
