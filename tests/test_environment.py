"""The four places that say what the course needs agree, and so does what is installed here."""

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
KEPT = ("torch", "torchvision")  # make lab keeps those that are already there


def project():
    """pyproject.toml's [project] table; Python 3.10 has no tomllib, but the pin brings tomli."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def needed():
    """Everything that pyproject.toml asks for, extras too, by name."""
    table = project()
    lists = [table["dependencies"], *table["optional-dependencies"].values()]
    found = [Requirement(line) for lines in lists for line in lines]
    return {canonicalize_name(one.name): one for one in found if one.name != table["name"]}


def pins(python=None):
    """constraints.txt by name, for this Python or for another."""
    environment = {"python_version": python, "python_full_version": f"{python}.0"} if python else None
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    kept = [one for one in found if one.marker is None or one.marker.evaluate(environment)]
    assert len({one.name for one in kept}) == len(kept), "a package has two pins"
    return {one.name: one for one in kept}


def version(pin):
    (clause,) = pin.specifier
    assert clause.operator == "==", f"{pin} is not an exact pin"
    return Version(clause.version)


def installed():
    """What lies in site-packages (setuptools puts packages of its own on the path as well)."""
    return list(metadata.distributions(path=[sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]))


def conda():
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    plain = [entry for entry in entries if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    return plain, pip


def test_all_say_the_same_pythons():
    plain, _ = conda()
    allowed = SpecifierSet(project()["requires-python"])
    assert [minor for minor in range(5, 20) if f"3.{minor}.1" in allowed] == [10, 11, 12, 13, 14]
    assert [entry for entry in plain if entry.startswith("python")] == [f"python{allowed_text()}"]
    assert "OLDEST, NEWEST = (3, 10), (3, 14)" in (ROOT / "start.py").read_text()
    assert str(PYTHONS)[1:-1] in (ROOT / "tools/install.py").read_text().replace('"', "'")


def allowed_text():
    return project()["requires-python"].replace(" ", "")


def test_conda_installs_through_pip_what_make_test_installs():
    plain, pip = conda()
    assert {re.split(r"[<>=]", entry)[0] for entry in plain} == {"python", "pip"}
    assert [line.split() for line in pip] == [["--constraint", "constraints.txt"], ["--editable", ".[test]"]]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there the paths are apart by a semicolon")
def test_condas_jupyter_lab_has_the_courses_settings(monkeypatch):
    """As start.py sets them, though `conda activate` knows no absolute path."""
    variables = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["variables"]
    own = variables.pop("JUPYTER_CONFIG_PATH")
    assert variables == runpy.run_path(str(ROOT / "start.py"))["SETTINGS"]
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", own)
    command = [sys.executable, "-m", "jupyterlab", "--show-config-json"]
    said = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    assert said["LabApp"]["default_url"] == "/lab/tree/course/00_start_here.ipynb"
    assert said["ServerApp"]["jpserver_extensions"]["grading.commands.button"] is True


@pytest.mark.parametrize("python", PYTHONS)
def test_every_requirement_has_a_pin_within_its_bounds(python):
    have = pins(python)
    for name, requirement in needed().items():
        assert name in have, f"{name} has no pin for Python {python}"
        assert version(have[name]) in requirement.specifier, f"{have[name]} is not {requirement}"


def test_every_requirement_says_its_least_version_and_no_more():
    """Except Jupyter Book, whose second version is another program (it needs Node.js) under the same name."""
    for name, requirement in needed().items():
        operators = {clause.operator for clause in requirement.specifier}
        assert operators == ({">=", "<"} if name == "jupyter-book" else {">="}), f"{requirement}"


@pytest.mark.parametrize("python", PYTHONS)
def test_pins_are_exact_and_leave_torchs_own_packages_to_torch(python):
    for name, pin in pins(python).items():
        assert version(pin)
        assert not re.match(r"nvidia-|cuda-|triton|vae-course", name)


def test_what_is_installed_is_what_is_pinned():
    found = {canonicalize_name(one.name): one.version for one in installed()}
    assert len(found) > 100
    other = {
        name: (found[name], str(pin))
        for name, pin in pins().items()
        if name in found and name not in KEPT and Version(found[name]) != version(pin)
    }
    assert other == {}


def test_pins_take_the_first_release_of_each_python():
    """Debian's Python stays at 3.11.2: a package that needs 3.11.5 could not be installed there."""
    have = pins()
    first = f"3.{sys.version_info[1]}.0"
    for one in installed():
        asked = one.metadata.get("Requires-Python")
        if asked and canonicalize_name(one.name) in have:
            assert first in SpecifierSet(asked), f"{one.name} {one.version} needs Python {asked}"


@pytest.mark.parametrize("name", KEPT)
def test_a_torch_that_was_kept_is_within_the_bounds(name):
    base = Version(metadata.version(name)).base_version
    assert base in needed()[name].specifier


def test_everything_installed_has_what_it_needs():
    checked = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    ours = [line for line in checked.stdout.splitlines() if line.split()[0] in pins()]
    assert ours == []


def notebooks():
    folders = ("course", "solutions", "labs")
    paths = [path for name in folders for path in (ROOT / name).rglob("*.ipynb")]
    return sorted(path for path in paths if ".ipynb_checkpoints" not in path.parts)


def test_every_notebook_starts_without_asking_for_a_kernel():
    for path in notebooks():
        kernel = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("kernelspec", {})
        assert kernel.get("name") == "python3", f"{path.relative_to(ROOT)} names kernel {kernel}"


def test_make_help_lists_each_target_with_a_line():
    done = subprocess.run(["make", "-s", "-C", str(ROOT), "help"], capture_output=True, text=True)
    listed = {line.split()[0]: line.split(maxsplit=1)[1] for line in done.stdout.splitlines()[1:]}
    wanted = {"help", "lab", "test", "quick", "lint", "labs", "validate", "grade", "submit", "bench", "clean"}
    assert wanted <= listed.keys()
    rules = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    assert set(rules) == listed.keys()


def test_make_and_start_py_have_the_same_commands():
    rules = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    listed = subprocess.run([sys.executable, str(ROOT / "start.py")], capture_output=True, text=True).stdout
    assert rules - {"help", "clean"} == {line.split()[0] for line in listed.splitlines()[1:]}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from what a clone has, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    left = shutil.ignore_patterns(".*", "*.egg-info", "build", "site", "*.ipynb")
    shutil.copytree(ROOT, folder / "copy", ignore=left)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-index", "--no-deps", "--no-build-isolation", "-w"]
    subprocess.run([*command, str(folder), "."], cwd=folder / "copy", check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_a_wheel_holds_every_module_and_every_model(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if not name.startswith("vae_course-")}
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "vae_lib", "grading"], capture_output=True, text=True)
    assert held == {name for name in listed.stdout.splitlines() if not name.endswith(".md")}


@pytest.fixture(scope="module")
def empty(wheel, tmp_path_factory):
    """The Python of an environment that holds the wheel and nothing else; the dependencies are borrowed from here."""
    folder = tmp_path_factory.mktemp("empty")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    places = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv" if sys.version_info >= (3, 11) else None, places))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target", str(packages)]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")  # the .pth files in there are not read
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


ELSEWHERE = """
import sys
from pathlib import Path
import torch
import grading.report.pages, vae_lib
from vae_lib import zoo
from vae_lib.explore import LatentExplorer

for module in (vae_lib, grading):
    assert Path(module.__file__).is_relative_to(sys.prefix), module.__file__
trained = zoo.load("vae-mnist-2d")
explorer = LatentExplorer(trained.model, trained.codes, trained.labels)
explorer.save_html("plane.html")
grading.report.pages.write_class_page([], Path())
print(len(zoo.names()), float(trained.model.decode_mean(torch.zeros(1, 2)).mean()))
"""


@pytest.mark.slow
def test_installed_from_a_wheel_it_loads_its_models_and_makes_pages_from_any_folder(empty, tmp_path):
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VAE_"))}
    command = [str(empty), "-c", ELSEWHERE]
    done = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    count, brightness = done.stdout.split()
    assert int(count) == len(list((ROOT / "vae_lib/zoo/models").glob("*.safetensors")))
    assert 0 < float(brightness) < 1
    assert "vx-plane" in (tmp_path / "plane.html").read_text(encoding="utf-8")


def test_the_guide_for_contributors_is_short():
    assert len((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()) < 60


BY_CHOICE = {"dask"}  # imported where --scheduler is given; an extra of its own


@pytest.mark.parametrize("package", ["vae_lib", "grading"])
def test_what_is_imported_is_asked_for_without_the_tests(package):
    """`make lab` and `make grade` install the extras lab and grading; what only the tests bring is not there then."""
    table = project()
    asked = [*table["dependencies"], *table["optional-dependencies"]["lab"], *table["optional-dependencies"]["grading"]]
    there, owners = brought({Requirement(line).name for line in asked}), metadata.packages_distributions()
    names = imported(package) - sys.stdlib_module_names - {"vae_lib", "grading"} - BY_CHOICE
    assert names
    missing = {name for name in names if not {canonicalize_name(one) for one in owners[name]} & there}
    assert not missing


def imported(package):
    """First names of all modules that the package's files import, wherever in the file."""
    nodes = [node for path in (ROOT / package).rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    plain = {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
    of = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.split(".")[0] for name in plain | of}


def brought(names):
    """These distributions and all that they ask for, by name."""
    found, left = set(), [canonicalize_name(name) for name in names]
    while left:
        if (name := left.pop()) not in found:
            found.add(name)
            asked = map(Requirement, metadata.requires(name) or [])
            left += [
                canonicalize_name(one.name) for one in asked if not one.marker or one.marker.evaluate({"extra": ""})
            ]
    return found
