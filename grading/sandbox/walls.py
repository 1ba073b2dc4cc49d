"""The walls round the process that runs students' code: bubblewrap's command, and what is seen inside."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from grading.course.folder import ROOT, GradingError

LINUX = sys.platform == "linux"
HOME = "/box"  # where a hand-in may write; /tmp, too, unless Python itself lies there
INSIDE = ("__init__.py", "sandbox/__init__.py", "sandbox/wire.py", "sandbox/inside")  # of grading
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/fonts", "/etc/ld.so.cache", "/etc/alternatives")
REFUSAL = (
    "Grading needs bubblewrap, which shuts a hand-in's code in (on Debian and Ubuntu: apt-get install bubblewrap); "
    "--no-sandbox grades without it, and then that code can read and change all that you can."
)


def unavailable(isolated: bool = True) -> str | None:
    """Why this machine cannot grade, in a sentence; None where it can."""
    if not hasattr(os, "fork"):
        return "Grading forks processes, which Windows cannot do: use WSL 2, Linux or macOS."
    return REFUSAL if isolated and not (LINUX and shutil.which("bwrap")) else None


def required(isolated: bool = True) -> None:
    """GradingError where this machine cannot grade."""
    if reason := unavailable(isolated):
        raise GradingError(reason)


def launch(control: int, isolated: bool) -> tuple[list[str], dict[str, str]]:
    """The command that starts the process, and its environment, which holds nothing of the grader's."""
    mode = "isolated" if isolated else "open"
    code = f"from grading.sandbox.inside.zygote import main; main({control}, {isolated})"
    python = [sys.executable, "-c", code, mode]
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "JOBLIB_MULTIPROCESSING": "0"}
    if not isolated:
        return python, environment | {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= {"HOME": HOME, "TMPDIR": HOME}
    settings = [word for pair in environment.items() for word in ("--setenv", *pair)]
    return [shutil.which("bwrap"), *WALLS, *settings, *mounts(), "--", *python], {}


def fonts() -> list[Path]:
    """Matplotlib's lists of the machine's fonts, as it keeps them for whoever starts the grader."""
    own, home = os.environ.get("MPLCONFIGDIR"), os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return sorted((Path(own) if own else Path(home) / "matplotlib").glob("fontlist-v*.json"))


def make_fonts() -> None:
    """Have Matplotlib make its list once, which takes seconds, and under load a minute: no sandbox can keep its own."""
    if not fonts():
        with suppress(OSError, subprocess.SubprocessError):
            command = [sys.executable, "-c", "import matplotlib.font_manager"]
            subprocess.run(command, capture_output=True, timeout=600, check=False)


WALLS = [
    *("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"),
    *("--uid", "65534", "--gid", "65534", "--hostname", "sandbox"),
]


def mounts() -> list[str]:
    """What the processes see: the system and Python, read only, and of the project `vae_lib` and the sandbox's code.

    Deeper folders come later, so that a project inside Python's own folder, or Python inside the project, is right.
    """
    packages = [p for p in sys.path if Path(p).name in ("site-packages", "dist-packages") and Path(p).is_dir()]
    shown = {Path(p) for p in (sys.prefix, sys.base_prefix, *packages)}
    shown = {p for p in shown if p != ROOT and p not in ROOT.parents}
    shown |= {Path(find_spec("vae_lib").origin).parent, *(ROOT / "grading" / name for name in INSIDE)}
    steps = [(p, ["--ro-bind", str(p), str(p)]) for p in shown]
    steps += [(Path(p), ["--symlink", os.readlink(p), p]) for p in SYSTEM if os.path.islink(p)]
    steps += [(Path(p), ["--ro-bind", p, p]) for p in SYSTEM if os.path.exists(p) and not os.path.islink(p)]
    steps += [(ROOT, ["--tmpfs", str(ROOT)])]
    steps += [(Path("/dev"), ["--dev", "/dev"]), (Path("/proc"), ["--proc", "/proc"])]
    steps += [(Path(HOME), ["--tmpfs", HOME])]
    if not any(Path("/tmp") in p.parents for p, _ in steps):
        steps += [(Path("/tmp"), ["--symlink", HOME, "/tmp"])]
    lists = [(one, Path(HOME, ".cache/matplotlib", one.name)) for one in fonts()]
    steps += [(inside, ["--ro-bind", str(one), str(inside)]) for one, inside in lists]
    steps.sort(key=lambda step: len(step[0].parts))
    closed = [word for p in (ROOT, Path("/dev"), Path("/")) for word in ("--remount-ro", str(p))]
    return [word for _, words in steps for word in words] + closed + ["--chdir", HOME]
