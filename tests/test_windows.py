"""The student's path without the modules that Windows lacks."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
