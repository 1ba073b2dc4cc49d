"""Run students' code where it can do no harm: `Sandbox` holds a process with torch imported and forks it per hand-in.

Bubblewrap gives the process no network, no file but Python's own and `vae_lib`, and process numbers of its own; each
fork gets a /tmp of its own and may start nothing (sandbox_confine). Without isolation the same processes run without
those walls, for machines that have no bubblewrap; that is for code one trusts.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import vae_lib
from grading.course import ROOT, GradingError
from grading.sandbox_session import Session, Stopped

LINUX = sys.platform == "linux"
HOME = "/box"  # where a hand-in may write; /tmp, too, unless Python itself lies there
START_SECONDS = 120.0
INSIDE = ("__init__", *(f"sandbox_{part}" for part in ("arguments", "confine", "remote", "server", "wire", "zygote")))
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/fonts", "/etc/ld.so.cache", "/etc/alternatives")
REFUSAL = (
    "Grading needs bubblewrap, which shuts a hand-in's code in (on Debian and Ubuntu: apt-get install bubblewrap); "
    "--no-sandbox grades without it, and then that code can read and change all that you can."
)


@dataclass(frozen=True)
class Limits:
    """What one hand-in may use. Seconds are of wall time; `memory_bytes` comes on top of what torch takes."""

    cell_seconds: float = 30.0
    exercise_seconds: float = 30.0
    total_seconds: float = 300.0
    grace_seconds: float = 2.0  # between asking to stop and stopping
    cpu_seconds: int = 600
    memory_bytes: int = 2 << 30
    file_bytes: int = 64 << 20
    disk_bytes: int = 64 << 20
    message_bytes: int = 64 << 20
    output_chars: int = 20_000  # of each cell


class Sandbox:
    """`with Sandbox() as sandbox: session = sandbox.session()`: one session at a time.

    GradingError says why it cannot run. It ends with the thread that started it (bubblewrap's --die-with-parent).
    """

    def __init__(self, limits: Limits | None = None, isolated: bool = True):
        self.limits, self.isolated = limits or Limits(), isolated
        self.process: subprocess.Popen | None = None
        self.control: socket.socket | None = None
        self.log: IO[bytes] | None = None

    def __enter__(self) -> "Sandbox":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process that forks; returns when it has imported everything."""
        if reason := unavailable(self.isolated):
            raise GradingError(reason)
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  (closed in stop)
        self.control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET if LINUX else socket.SOCK_DGRAM)
        with inside:
            command, environment = launch(inside.fileno(), self.isolated)
            options = {"stdin": subprocess.DEVNULL, "stdout": self.log, "stderr": self.log, "start_new_session": True}
            passed = {"pass_fds": [inside.fileno()], "env": environment}
            self.process = subprocess.Popen(command, **options, **passed)
        self.control.settimeout(START_SECONDS)
        try:
            ready = self.control.recv(16)
        except OSError:
            ready = b""
        reason = self.trial() if ready == b"ready" else self.last_words()
        if reason:
            self.stop()
            raise GradingError(f"The sandbox does not start: {reason}")

    def trial(self) -> str:
        """Run one cell; why that cannot be done, or "". A machine that lacks a wall is found out here."""
        session = self._fork()
        session.allow(START_SECONDS)
        try:
            session.request({"op": "run", "number": 0, "source": "pass"})
        except Stopped as end:
            return (session.take_output().strip().splitlines() or [str(end)])[-1]
        finally:
            session.close()
        return ""

    def last_words(self) -> str:
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing."

    def gone(self) -> bool:
        """Whether the process that forks has ended, which no hand-in can bring about."""
        return self.process is None or self.process.poll() is not None

    def stop(self) -> None:
        """End every process; nothing survives (process 1 of the namespace goes, and takes all others with it)."""
        for closing in (self.control, self.log):
            if closing is not None:
                closing.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if not self.isolated:
                end_group(self.process.pid)
        self.process = self.control = self.log = None

    def session(self) -> Session:
        """A fresh child for one hand-in."""
        try:
            return self._fork()
        except OSError:  # the process is gone (the machine was short of memory, say): once more
            self.stop()
            self.start()
            return self._fork()

    def _fork(self) -> Session:
        if self.gone():
            raise ConnectionError("the process that forks is gone")
        pairs = [socket.socketpair() for _ in range(3)]
        order = json.dumps(asdict(self.limits)).encode()
        try:
            socket.send_fds(self.control, [order], [inside.fileno() for _, inside in pairs])
        finally:
            for _, inside in pairs:
                inside.close()
        return Session(*(outside for outside, _ in pairs), self.limits, self.isolated)


def unavailable(isolated: bool = True) -> str | None:
    """Why this machine cannot grade, in a sentence; None where it can."""
    if not hasattr(os, "fork"):
        return "Grading forks processes, which Windows cannot do: use WSL 2, Linux or macOS."
    return REFUSAL if isolated and not (LINUX and shutil.which("bwrap")) else None


def end_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def launch(control: int, isolated: bool) -> tuple[list[str], dict[str, str]]:
    """The command that starts the process, and its environment, which holds nothing of the grader's."""
    mode = "isolated" if isolated else "open"
    code = f"from grading.sandbox_zygote import main; main({control}, {isolated})"
    python = [sys.executable, "-c", code, mode]
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "JOBLIB_MULTIPROCESSING": "0"}
    if not isolated:
        return python, environment | {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= {"HOME": HOME, "TMPDIR": HOME}
    settings = [word for pair in environment.items() for word in ("--setenv", *pair)]
    return [shutil.which("bwrap"), *WALLS, *settings, *mounts(), "--", *python], {}


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
    shown |= {Path(vae_lib.__file__).parent, *(ROOT / "grading" / f"{name}.py" for name in INSIDE)}
    steps = [(p, ["--ro-bind", str(p), str(p)]) for p in shown]
    steps += [(Path(p), ["--symlink", os.readlink(p), p]) for p in SYSTEM if os.path.islink(p)]
    steps += [(Path(p), ["--ro-bind", p, p]) for p in SYSTEM if os.path.exists(p) and not os.path.islink(p)]
    steps += [(ROOT, ["--tmpfs", str(ROOT)])]
    steps += [(Path("/dev"), ["--dev", "/dev"]), (Path("/proc"), ["--proc", "/proc"])]
    steps += [(Path(HOME), ["--tmpfs", HOME])]
    if not any(Path("/tmp") in p.parents for p, _ in steps):
        steps += [(Path("/tmp"), ["--symlink", HOME, "/tmp"])]
    steps.sort(key=lambda step: len(step[0].parts))
    closed = [word for p in (ROOT, Path("/dev"), Path("/")) for word in ("--remount-ro", str(p))]
    return [word for _, words in steps for word in words] + closed + ["--chdir", HOME]
