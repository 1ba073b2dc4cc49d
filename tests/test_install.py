"""The set-up: which Python it takes, what it keeps, and what it does about what was left half done."""

import ast
import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SPEC = importlib.util.spec_from_file_location("install", ROOT / "tools" / "install.py")
install = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(install)

CONSTRAINTS = "# pins\nnumpy==2.0\ntorch==2.14.1 ; python_version < '3.11'\ntorch==2.15.0\ntorchvision==0.29.2\n"


def test_without_a_torch_the_constraints_stay():
    assert install.merge(CONSTRAINTS, {}) == CONSTRAINTS


def test_a_kept_torch_takes_the_place_of_the_pins():
    merged = install.merge(CONSTRAINTS, {"torch": "2.13.0+cpu"})
    assert merged == "# pins\nnumpy==2.0\ntorch==2.13.0+cpu\n"


@pytest.mark.parametrize(
    ("version", "kept"),
    [("2.13.0+cpu", True), ("99.0", True), ("2.5", True), ("2.10.0a0+git1", True), ("2.4.1", False), ("1.13", False)],
)
def test_a_torch_is_kept_if_it_is_new_enough(tmp_path, version, kept):
    for name, number in (("torch", version), ("torchvision", "0.20.0")):
        info = tmp_path / f"{name}-{number}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n")
    found = install.kept_versions(tmp_path)
    assert found == ({"torch": version, "torchvision": "0.20.0"} if kept else {})


def test_a_torchvision_alone_is_not_kept(tmp_path):
    info = tmp_path / "torchvision-0.20.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torchvision\nVersion: 0.20.0\n")
    assert install.kept_versions(tmp_path) == {}


@pytest.fixture
def environment(tmp_path):
    """A bare environment without pip: quick to make."""
    folder = tmp_path / "old" / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return install.Environment(folder, None)


def test_a_half_installed_package_goes(environment):
    for name in ("whole-1.dist-info", "half-1.dist-info"):
        (environment.packages() / name).mkdir()
    (environment.packages() / "whole-1.dist-info" / "RECORD").touch()
    environment.drop_halves()
    assert [path.name for path in environment.packages().glob("*.dist-info")] == ["whole-1.dist-info"]


def test_commands_follow_a_moved_folder(environment, tmp_path):
    command = environment.folder / "bin" / "hello"
    command.write_text(f"#!{environment.python}\nimport sys\nprint(sys.prefix)\n")
    command.chmod(0o755)
    environment.follow_move()
    (tmp_path / "old").rename(tmp_path / "new")
    moved = install.Environment(tmp_path / "new" / ".venv", None)
    moved.follow_move()
    shown = subprocess.run([str(moved.folder / "bin" / "hello")], capture_output=True, text=True)
    assert shown.stdout.strip() == str(tmp_path / "new" / ".venv")
    assert str(tmp_path / "old") not in (moved.folder / "bin" / "activate").read_text()


FAKES = """

def slow(self, extra):
    import time
    log = open(ROOT / "log", "a")
    print("begin", file=log, flush=True)
    time.sleep(0.3)
    print("end", file=log, flush=True)


def create(self):
    self.python.parent.mkdir(parents=True, exist_ok=True)
    self.python.write_text('#!/bin/sh\\necho "$@" >>log\\ncase $* in *at-setup) exit ${STATUS:-0}; esac\\n')
    self.python.chmod(0o755)


Environment.create, Environment.drop_halves, Environment.install = create, lambda self: None, slow


"""


def copy_of_tools(folder):
    """A project whose installing takes a second and writes down when it begins and ends, and what Python is told."""
    (folder / "tools").mkdir(parents=True)
    for name in ("pyproject.toml", "constraints.txt", "start.py"):
        (folder / name).write_text((ROOT / name).read_text())
    for name in (".jupyter/student", "course", "labs", "tests"):
        (folder / name).mkdir(parents=True)
    text, main = (ROOT / "tools/install.py").read_text(), 'if __name__ == "__main__"'
    (folder / "tools/install.py").write_text(text.replace(f"\n\n{main}", FAKES + main))
    return folder


def start(folder, name="venv", **changes):
    environment = {**os.environ, "PYTHON": sys.executable, "VENV": ".venv", **changes}
    command = [sys.executable, "start.py", name]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def test_two_at_once_install_once(tmp_path):
    folder = copy_of_tools(tmp_path / "a project")  # a blank in the name must not matter
    both = [start(folder), start(folder)]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert (folder / "log").read_text() == "begin\nend\n"
    assert sum("Another one is installing" in text for text in said) == 1


def test_a_killed_install_is_done_again_and_leaves_no_lock(tmp_path):
    folder = copy_of_tools(tmp_path / "project")
    first = start(folder)
    deadline = time.monotonic() + 30
    while not (folder / "log").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)  # as when its window is closed
    first.communicate()
    again = start(folder)
    said = again.communicate(timeout=60)[0]
    assert again.returncode == 0
    assert "Another one" not in said
    assert (folder / "log").read_text().splitlines() == ["begin", "begin", "end"]


def test_what_is_complete_is_not_touched_until_a_pin_changes(tmp_path):
    folder = copy_of_tools(tmp_path / "project")
    runs = []
    for name in ("quick", "venv", "quick"):
        start(folder, name).communicate(timeout=60)
        (folder / ".venv/bin/python").touch(mode=0o755)
        runs.append((folder / "log").read_text().count("end"))
    assert runs == [1, 1, 1]
    with (folder / "constraints.txt").open("a") as file:
        file.write("# newer\n")
    start(folder).communicate(timeout=60)
    assert (folder / "log").read_text().count("end") == 2


FETCH = "-m vae_lib.data mnist --at-setup"
LAB = "-m jupyterlab"


@pytest.fixture
def set_up(tmp_path):
    """`set_up("lab")` runs it, must end well, and gives what was written down since and what was said."""
    folder, seen = copy_of_tools(tmp_path / "project"), []

    def run(name, **changes):
        process = start(folder, name, **changes)
        said = process.communicate(timeout=60)[0]
        assert process.returncode == 0, said
        lines = (folder / "log").read_text().splitlines()
        new, seen[:] = lines[len(seen) :], lines
        return new, said

    run.folder = folder
    return run


def test_data_are_fetched_once_after_the_packages(set_up):
    assert set_up("lab")[0] == ["begin", "end", FETCH, LAB]
    assert set_up("lab") == ([LAB], "Starting JupyterLab (student); stop it with Ctrl-C here.\n")


def test_data_are_fetched_for_the_lab_only(set_up):
    assert set_up("lint")[0][:2] == ["begin", "end"]
    assert set_up("venv")[0] == []
    assert set_up("lab")[0] == [FETCH, LAB]


def test_packages_that_are_completed_later_fetch_nothing_again(set_up):
    set_up("lab")
    assert set_up("lint")[0][:2] == ["begin", "end"]
    assert set_up("lab")[0] == [LAB]
    (set_up.folder / ".venv/.installed-lab").unlink()  # as after an interrupted one
    assert set_up("lab")[0] == ["begin", "end", LAB]


def test_with_data_none_nothing_is_fetched_then_or_at_the_next_start(set_up):
    assert set_up("lab", DATA="none")[0] == ["begin", "end", LAB]
    assert set_up("lab")[0] == [LAB]


def test_where_fetching_fails_the_set_up_goes_on(set_up):
    lines, said = set_up("lab", STATUS="7")
    assert lines == ["begin", "end", FETCH, LAB]
    assert "MNIST was not fetched (status 7); the 8×8 digits serve instead.\n" in said
    assert set_up("lab")[0] == [LAB]


def test_the_style_comes_before_the_suite_and_arguments_go_to_the_suite(set_up):
    assert [line[:14] for line in set_up("test")[0]] == [
        "begin",
        "end",
        "-m ruff check ",
        "-m ruff format",
        "-m pytest -nau",
    ]


def run(folder, *arguments, python=sys.executable, **changes):
    """Status, output and errors of a command in a project whose environment is complete."""
    environment = {**os.environ, "PYTHON": sys.executable, "VENV": ".venv", **changes}
    command = [python, "start.py", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_a_copy_lists_the_commands_that_it_has(tmp_path):
    folder = copy_of_tools(tmp_path / "project")
    listed = run(folder).stdout
    assert "  validate " in listed
    assert "  grade " not in listed, "there is no folder solutions/ here"
    wrong = run(folder, "grade")
    assert wrong.returncode == 2
    assert wrong.stdout.startswith("There is no command grade here.\n")
    assert not (folder / ".venv").exists()


def test_a_notebook_is_named_from_the_folder_where_one_stands(tmp_path):
    folder = copy_of_tools(tmp_path / "project")
    (folder / "labs/my copy.ipynb").touch()
    given = {**os.environ, "PYTHON": sys.executable, "VENV": ".venv"}
    for name in ("my copy.ipynb", "lab1_pca"):
        command = [sys.executable, "../start.py", "validate", name]
        subprocess.run(command, cwd=folder / "labs", env=given, check=True, capture_output=True, timeout=60)
    *_, file, lab = (folder / "log").read_text().splitlines()
    assert (file, lab) == (f"-m grading validate {folder / 'labs/my copy.ipynb'}", "-m grading validate lab1_pca")


@pytest.mark.parametrize("name", ["validate", "submit"])
def test_a_command_for_one_lab_asks_for_its_name_before_it_installs(tmp_path, name):
    folder = copy_of_tools(tmp_path / "project")
    done = run(folder, name)
    assert (done.returncode, done.stderr) == (1, f"Name the lab: python start.py {name} lab1_pca\n")
    assert not (folder / ".venv").exists()


def test_a_role_that_is_none_is_said_before_it_installs(tmp_path):
    folder = copy_of_tools(tmp_path / "project")
    done = run(folder, "lab", ROLE="teacher")
    assert (done.returncode, done.stderr) == (1, "ROLE is student or instructor, not teacher.\n")


def test_a_console_without_ellipsis_is_no_error(set_up):
    assert set_up("lint", PYTHONIOENCODING="ascii")[1].count("Checking the style ?") == 1


def test_start_py_can_be_read_by_an_old_python():
    ast.parse((ROOT / "start.py").read_text(encoding="utf-8"), feature_version=(3, 6))


def python_that_says(path, status):
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)


@pytest.fixture
def shims(tmp_path):
    """A folder first on PATH whose Pythons fail, as pyenv's do; `start.py` itself runs in one that cannot install."""
    folder = tmp_path / "shims"
    folder.mkdir()
    for name in ("python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python3", "python"):
        python_that_says(folder / name, 127)
    return folder


UNFIT = """
import runpy, sys
sys.executable, sys.argv = {!r}, ["start.py", "venv"]
runpy.run_path("start.py", run_name="__main__")
"""


def started_by_an_unfit_python(folder, shims, python=""):
    command = [sys.executable, "-c", UNFIT.format(str(shims / "python"))]
    environment = {**os.environ, "PYTHON": python, "VENV": ".venv", "PATH": f"{shims}:/usr/bin:/bin"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_without_a_suitable_python_there_is_one_clear_sentence(tmp_path, shims):
    done = started_by_an_unfit_python(copy_of_tools(tmp_path / "project"), shims)
    assert done.returncode == 1
    assert done.stderr.startswith(f"No suitable Python (tried: {shims}/python, python3.14, python3.13")
    assert done.stderr.count("\n") == 1


def test_a_python_that_fails_is_passed_over(tmp_path, shims):
    folder = copy_of_tools(tmp_path / "project")
    (shims / "python3.10").unlink()
    (shims / "python3.10").symlink_to(sys.executable)
    assert started_by_an_unfit_python(folder, shims).returncode == 0
    assert (folder / "log").read_text() == "begin\nend\n"


def test_a_named_python_that_will_not_do_is_named_in_the_sentence(tmp_path):
    done = run(copy_of_tools(tmp_path / "project"), "venv", PYTHON="/no/python here")
    assert done.returncode == 1
    assert done.stderr.startswith("No suitable Python (tried: /no/python here)")


@pytest.mark.parametrize("python", ["", "/no/python here"])
def test_make_starts_with_the_first_python_that_works(tmp_path, shims, python):
    folder = copy_of_tools(tmp_path / "project")
    (folder / "Makefile").write_text((ROOT / "Makefile").read_text())
    (shims / "python3.12").unlink()
    (shims / "python3.12").symlink_to(sys.executable)
    environment = {**os.environ, "PATH": f"{shims}:/usr/bin:/bin"}
    command = ["make", "venv", f"PYTHON={python}"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    if python:
        assert "No suitable Python (tried: /no/python here)" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
        assert (folder / "log").read_text() == "begin\nend\n"


def test_make_without_any_python_says_what_to_do(tmp_path, shims):
    folder = copy_of_tools(tmp_path / "project")
    (folder / "Makefile").write_text((ROOT / "Makefile").read_text())
    (shims / "make").symlink_to("/usr/bin/make")
    (shims / "sh").symlink_to("/bin/sh")
    environment = {**os.environ, "PATH": str(shims)}
    done = subprocess.run(["make", "lab"], cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert done.stderr.startswith("There is no Python here that works: install one from 3.10 to 3.14")


WAITS = """
import time, torch
numbers, spent = torch.rand(500, 500), 0.0
for _ in range(40):
    numbers.exp()  # by two threads, one of which then has nothing to do
    begun = time.process_time()
    time.sleep(0.02)
    spent += time.process_time() - begun
print(torch.get_num_threads(), spent)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("policy", "least", "most"), [(None, 0, 0.03), ("ACTIVE", 0.05, 1)])
def test_threads_that_wait_for_work_leave_the_cores_to_others(whole, policy, least, most):
    """Seconds of the processor's time in 0.8 s without work, in what `start.py lab` starts; with a policy of the
    user's own they spin. How long that makes an epoch beside busy processes: python -m benchmarks threads."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    surroundings |= {"OMP_NUM_THREADS": "2", "VENV": str(whole("-c", WAITS))}
    surroundings |= {"OMP_WAIT_POLICY": policy} if policy else {}
    command = [sys.executable, "start.py", "lab"]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=120)
    threads, spent = done.stdout.splitlines()[-1].split()
    assert int(threads) == 2
    assert least <= float(spent) <= most
