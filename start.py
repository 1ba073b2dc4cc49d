"""The course's commands, with nothing but a Python: python start.py lab (on Windows: py start.py lab).

The first one makes the folder .venv complete, once; every later one starts at once. `make` calls this file as well.
PYTHON names the Python to make .venv with, VENV another folder for it, ROLE=instructor opens JupyterLab with the
grading panels, and DATA=none leaves MNIST.
"""

# Until a suitable Python is found, this runs in whichever there is: no syntax here that Python 3.6 cannot read.
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WINDOWS = os.name == "nt"
CALLED = "py start.py" if WINDOWS else "python start.py"
OLDEST, NEWEST = (3, 10), (3, 14)
VERSIONS = [f"3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
MADE_FROM = ("pyproject.toml", "constraints.txt", "tools/install.py")
PYTEST = ["pytest", "-nauto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder", "-pno:nbval"]
LINT = [["ruff", "check", "."], ["ruff", "format", "--check", "."]]
QUICK = ["-m", "not slow and not browser"]

# What is set for all that is started here, unless the user has set it.
SETTINGS = {
    "OMP_WAIT_POLICY": "PASSIVE",  # a thread that spins while it waits starves a busy machine
    "MALLOC_MMAP_THRESHOLD_": str(2**28),  # glibc keeps what a tensor leaves, 256 MB at most: to give it back and to
    "MALLOC_TRIM_THRESHOLD_": str(2**28),  # ask for it again took a fifth of the lectures' time
}

# name: (what it is for, what it needs here, what is installed for it, modules to run: arguments go to the last one)
COMMANDS = {
    "lab": ("open the course in JupyterLab", "course", "lab data", [["jupyterlab"]]),
    "validate": ("run a lab's visible tests: validate lab1_pca", "labs", "lab", [["grading", "validate"]]),
    "submit": ("pack a lab for handing in: submit lab1_pca", "labs", "lab", [["grading", "submit"]]),
    "test": ("check the style, then run the whole suite", "tests", "test", [*LINT, PYTEST]),
    "quick": ("run the quick part of the suite", "tests", "test", [PYTEST + QUICK]),
    "lint": ("check the style with ruff, notebooks too", "tests", "test", LINT),
    "labs": ("regenerate labs/ from solutions/", "solutions", "lab", [["grading", "release"]]),
    "student": ("build the student edition, without solutions", "solutions", "lab", [["grading", "student"]]),
    "grade": ("grade everything in submitted/", "solutions", "lab", [["grading", "grade"]]),
    "demo": ("grade a class of fourteen, made for the purpose", "solutions", "lab", [["grading", "demo"]]),
    "bench": ("measure what the README states", "benchmarks", "test", [["benchmarks"]]),
    "site": ("build the lectures and labs into HTML, in site/", "tools/website.py", "test", [["tools.website"]]),
    "venv": ("create .venv or complete it; the others do this by themselves", "tools", "lab", []),
}
TOLD = {
    "test": "Checking the style, then running the whole suite …",
    "quick": "Running the quick part of the suite …",
    "lint": "Checking the style …",
    "bench": "Measuring; figures need a machine that does nothing else …",
}


def main(arguments):
    """Complete the environment, then run the command in it; its exit status."""
    name, rest = (arguments or ["help"])[0], arguments[1:]
    if name not in available():
        return usage(name)
    _, _, parts, modules = COMMANDS[name]
    if name in ("validate", "submit") and not rest:
        return fail(f"Name the lab: {CALLED} {name} lab1_pca")
    if name == "lab" and not (ROOT / ".jupyter" / role()).is_dir():
        return fail(f"ROLE is student or instructor, not {role()}.")
    status = complete(parts.split())
    if status or not modules:
        return status
    if name == "validate":  # a file is meant from where one stands
        rest = [str(Path(one).resolve()) if Path(one).exists() else one for one in rest]
    say(f"Starting JupyterLab ({role()}); stop it with Ctrl-C here." if name == "lab" else TOLD.get(name))
    return run(modules, rest)


def available():
    """The commands of this copy of the course: a student's has no solutions and no tests."""
    return [name for name, (_, needed, _, _) in COMMANDS.items() if (ROOT / needed).exists()]


def usage(name):
    """List the commands; an error unless that was asked for."""
    asked = name in ("help", "-h", "--help")
    say(None if asked else f"There is no command {name} here.")
    say(f"{CALLED} COMMAND, where COMMAND is:")
    for one in available():
        say(f"  {one:9} {COMMANDS[one][0]}")
    return 0 if asked else 2


def say(text):
    """Print a line at once, on a console of any encoding."""
    if text is not None:
        encoding = sys.stdout.encoding or "ascii"
        print(text.encode(encoding, "replace").decode(encoding), flush=True)


def fail(text):
    """Print a sentence to the error stream; the exit status."""
    print(text, file=sys.stderr, flush=True)
    return 1


def role():
    """Who JupyterLab is opened for."""
    return os.environ.get("ROLE") or "student"


def environment():
    """The environment's folder and its Python."""
    folder = ROOT / (os.environ.get("VENV") or ".venv")
    return folder, folder.joinpath(*(("Scripts", "python.exe") if WINDOWS else ("bin", "python")))


def complete(parts):
    """Install what is missing of `parts` (lab, test, data); the exit status."""
    stamp = fingerprint()
    if all(holds(part, stamp) for part in parts):
        return 0
    candidates = pythons()
    found = next((one for one in candidates if suits(one)), None)
    if found is None:
        tried = ", ".join(" ".join(one) for one in candidates)
        return fail(
            f"No suitable Python (tried: {tried}): install one from {VERSIONS[-1]} to {VERSIONS[0]}, with venv and "
            "ensurepip (on Debian: apt install python3-venv), or name it in the variable PYTHON."
        )
    return call([*found, str(ROOT / "tools" / "install.py"), str(environment()[0]), stamp, *parts])


def fingerprint():
    """What the environment is made from, and where: a change of it completes the environment anew."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in MADE_FROM:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def holds(part, stamp):
    """Whether this part is installed, from the same files in the same place."""
    folder, python = environment()
    if part == "data" and folder.is_dir() and not os.access(str(folder), os.W_OK):
        return True  # somebody else's environment: theirs to decide
    try:
        return os.access(str(python), os.X_OK) and (folder / f".installed-{part}").read_text() == stamp
    except OSError:
        return False


def pythons():
    """Commands that may start a suitable Python, the best one first."""
    if os.environ.get("PYTHON"):
        return [[os.environ["PYTHON"]]]
    named = [["py", f"-{version}"] if WINDOWS else [f"python{version}"] for version in VERSIONS]
    return [[sys.executable], *named, ["python3"], ["python"]]


def suits(python):
    """Whether it runs, is of a version that the course takes, and can make environments.

    A name on PATH proves nothing: pyenv leaves shims that fail, Debian a python3 without ensurepip.
    """
    code = f"import ensurepip, sys, venv; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    try:
        return subprocess.call([*python, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def run(modules, arguments):
    """Run one module after the other in the environment, until one fails; the exit status."""
    os.environ["JUPYTER_CONFIG_PATH"] = jupyter_settings()
    os.environ.update({name: value for name, value in SETTINGS.items() if name not in os.environ})
    os.chdir(str(ROOT))
    *first, last = [[str(environment()[1]), "-m", *module] for module in modules]
    for command in first:
        status = call(command)
        if status:
            return status
    if not WINDOWS:  # whoever stops or kills us stops or kills it
        os.execv(last[0], last + arguments)
    return call(last + arguments)


def jupyter_settings():
    """Where JupyterLab finds its settings: those of the role, those of everybody, and then the user's own."""
    folders = [str(ROOT / ".jupyter" / name) for name in (role(), "shared")]
    return os.pathsep.join([*folders, *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])])


def call(command):
    """Run a command; its exit status. Ctrl-C is the command's to answer, and we wait until it has."""
    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
