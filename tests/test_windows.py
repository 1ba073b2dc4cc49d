"""The student's path without the modules that Windows lacks."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from vae_lib import zoo

ROOT = Path(__file__).resolve().parent.parent
LACKING = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog")
BLOCKED = f"""
import sys

class Windows:
    def find_spec(name, path=None, target=None):
        if name in {LACKING}:
            raise ModuleNotFoundError(f"No module named {{name!r}} on Windows")

for name in {LACKING}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Windows)
"""

# The same in every process that is started from there, kernels too, for the course's own files and for cells: what
# others import (IPython's terminal, on a Unix) they do otherwise on Windows.
EVERYWHERE = """
import builtins, os

def imported(name, globals=None, *rest, found=builtins.__import__, **more):
    told = globals or {}
    file = told.get("__file__") or ""
    ours = (file.startswith(ROOT) and "site-packages" not in file) or told.get("__name__") == "__main__"
    if name in LACKING and ours:
        raise ModuleNotFoundError(f"No module named {name!r} on Windows")
    return found(name, globals, *rest, **more)

builtins.__import__ = imported
open(os.path.join(HERE, f"process-{os.getpid()}"), "w").close()
"""


@pytest.fixture
def windows(tmp_path):
    """The surroundings of a process without those modules, and how many processes have had them."""
    here = tmp_path / "windows"
    here.mkdir()
    known = {"ROOT": str(ROOT) + os.sep, "LACKING": LACKING, "HERE": str(here)}
    text = "".join(f"{name} = {value!r}\n" for name, value in known.items()) + EVERYWHERE
    (here / "sitecustomize.py").write_text(text)
    paths = [str(here), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}, lambda: len(list(here.glob("process-*")))


@pytest.fixture
def without(tmp_path):
    """`without(code, *arguments)`: what the code prints where those modules are not to be had."""

    def run(code, *arguments, cwd=ROOT):
        done = subprocess.run(
            [sys.executable, "-c", BLOCKED + code, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_what_is_blocked_is_blocked(without):
    for name in LACKING:
        code = f"try:\n    import {name}\nexcept ModuleNotFoundError:\n    print('gone')"
        assert without(code) == "gone\n", name


def test_the_commands_start(without):
    code = "import runpy; sys.argv = ['start.py', 'help']; runpy.run_path('start.py', run_name='__main__')"
    assert "lab " in without(code)
    without("sys.path.insert(0, 'tools'); import install; install.only_one().__enter__()")


@pytest.mark.slow
def test_the_library_and_its_models_load(without):
    names = [
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        for path in (ROOT / "vae_lib").rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    ]
    code = f"import importlib\nfor name in {names}:\n    importlib.import_module(name)\n"
    code += "from vae_lib import data, zoo\nprint(len(data.load('digits').x_train), len(zoo.names()))"
    assert without(code).split()[1] == str(len(zoo.names()))


@pytest.mark.slow
def test_a_lab_is_packed_and_its_tests_are_run(without, tmp_path):
    lab = "lab1_pca"
    shutil.copytree(ROOT / "labs" / lab, tmp_path / "labs" / lab)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    code = f"""
from pathlib import Path
from grading.commands.submit import submit
packed, warnings = submit("{lab}", Path.cwd())
print(packed.name)
"""
    assert without(code, cwd=tmp_path) == f"{lab}.zip\n"


def test_there_a_file_of_the_course_and_a_cell_find_none_of_them(windows, tmp_path):
    surroundings, _ = windows
    for name in LACKING:
        for code in (
            f"import {name}",
            f"exec('import {name}', {{'__file__': {str(ROOT / 'x.py')!r}, '__name__': 'x'}})",
        ):
            done = subprocess.run([sys.executable, "-c", code], env=surroundings, capture_output=True, text=True)
            assert "on Windows" in done.stderr, code


GRADING = """
import os, runpy, sys
del os.fork  # Windows has none
sys.argv[0] = "grading"
runpy.run_module("grading", run_name="__main__")
"""
FORKS = "Grading forks processes, which Windows cannot do: use WSL 2, Linux or macOS."
NOTHING = "Nothing has been graded into {} yet: python -m grading grade."


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["grade", "--submitted", "{}"], FORKS),
        (["demo", "--out", "{}", "--no-sandbox"], FORKS),
        (["feedback", "--out", "{}"], NOTHING),
        (["export", "--graded", "{}", "--out", "{}/scores.csv"], NOTHING),
    ],
)
def test_what_an_instructor_cannot_do_there_is_one_sentence(windows, tmp_path, command, reason):
    surroundings, _ = windows
    kept = tmp_path / "kept" / "notes.txt"
    kept.parent.mkdir()
    kept.touch()
    told = [sys.executable, "-c", GRADING, *(word.format(kept.parent) for word in command)]
    done = subprocess.run(told, cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr.strip()) == (1, reason.format(kept.parent))
    assert kept.exists()


def test_answers_are_compared_there(windows):
    """What the class page's pairs are found with, in a process of its own."""
    surroundings, _ = windows
    line = json.dumps(["code", "def f(x):\n    return x * 2 + x ** 3"])
    command = [sys.executable, "-m", "grading.report.trees"]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, input=line, capture_output=True, text=True, timeout=300)
    assert done.stderr == ""
    bag, named = json.loads(done.stdout)
    assert bag
    assert named == ["f"]


@pytest.mark.slow
def test_a_lab_is_checked_from_the_command_to_the_kernel(windows, whole):
    surroundings, processes = windows
    command = [sys.executable, "start.py", "validate", "lab1_pca"]
    done = subprocess.run(
        command, cwd=ROOT, env={**surroundings, "VENV": str(whole())}, capture_output=True, text=True, timeout=300
    )
    (number,) = re.findall(r"^0 of (\d+) exercises pass\.$", done.stdout, re.MULTILINE) or [done.stdout + done.stderr]
    assert len(re.findall(r"^  1\.\d+ \w+: not answered yet$", done.stdout, re.MULTILINE)) == int(number) > 5
    assert "on Windows" not in done.stdout + done.stderr
    assert processes() >= 2  # the command, and the kernel


@pytest.mark.slow
def test_a_lab_is_handed_in_from_its_notebook(windows, tmp_path):
    surroundings, _ = windows
    path = tmp_path / "labs" / "lab1_pca" / "lab1_pca.ipynb"
    path.parent.mkdir(parents=True)
    shutil.copy(ROOT / "labs" / "lab1_pca" / "lab1_pca.ipynb", path)
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    first, last = (next(c for c in code if said in c.source) for said in ("lab = Lab(", "lab.hand_in()"))
    client = NotebookClient(nbformat.v4.new_notebook(cells=[first, last]), kernel_name="python3")
    with client.setup_kernel(env={**surroundings, "JPY_SESSION_NAME": str(path)}, cwd=str(path.parent)):
        for place, cell in enumerate([first, last]):
            client.execute_cell(cell, place)
    assert "Hand in this file" in json.dumps(last.outputs)
    assert (tmp_path / "handin" / "lab1_pca.zip").is_file()
