"""Make the environment complete: python tools/install.py FOLDER STAMP lab|test [data].

With data it then fetches MNIST, once: where it cannot be had, the course does without.
Called by start.py with a Python that works. Uses the standard library only. Safe to
interrupt (the next run goes on from there) and to start twice at once (the second one waits).
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("torch", "torchvision")
WINDOWS = os.name == "nt"


def say(text):
    print(text, flush=True)


@contextmanager
def only_one():
    """Hold a lock on pyproject.toml: the system drops it when we end, however we end."""
    try:
        import fcntl
    except ImportError:  # Windows: no lock
        yield None
        return
    with open(ROOT / "pyproject.toml", "rb+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another one is installing; waiting until it is done …")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:  # a file system without locks
            yield None
            return
        yield file


class Environment:
    """One virtual environment, and the commands that complete it."""

    def __init__(self, folder, lock):
        self.folder = Path(folder).absolute()
        self.commands = self.folder / ("Scripts" if WINDOWS else "bin")
        self.python = self.commands / ("python.exe" if WINDOWS else "python")
        self.lock = lock

    def call(self, *command, check=True):
        # What we start holds the lock as well: should we be killed, nobody else begins before
        # pip has ended.
        handed_on = {} if self.lock is None else {"pass_fds": (self.lock.fileno(),)}
        command = [str(part) for part in command]
        return subprocess.run(command, cwd=ROOT, check=check, **handed_on).returncode

    def ask(self, code):
        """What a line of Python prints in the environment, or None where it fails."""
        try:
            done = subprocess.run([str(self.python), "-c", code], capture_output=True, text=True)
        except OSError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    def create(self):
        version = self.ask("import pip, sys; print('%d.%d' % sys.version_info[:2])")
        if version in ("3.10", "3.11", "3.12", "3.13", "3.14"):
            return
        name = ".".join(map(str, sys.version_info[:3]))
        say(f"Creating {self.folder.name} with Python {name} ({sys.executable}) …")
        self.call(sys.executable, "-m", "venv", "--clear", self.folder)

    def packages(self):
        return Path(self.ask("import sysconfig; print(sysconfig.get_path('purelib'))"))

    def drop_halves(self):
        """Remove what an interrupted pip left: it writes RECORD last."""
        for info in self.packages().glob("*.dist-info"):
            if not (info / "RECORD").exists():
                say(f"Removing {info.name}, which was not completely installed …")
                shutil.rmtree(info)

    def follow_move(self):
        """Commands name their Python by its full path: mend them if the folder was moved."""
        record, new = self.folder / ".folder", str(self.folder)
        old = record.read_text() if record.exists() else new
        record.write_text(new)
        if old == new:
            return
        say(f"The project was moved from {Path(old).parent}; mending {self.folder.name} …")
        if WINDOWS:  # commands are programs there, with the path inside
            self.call(sys.executable, "-m", "venv", "--clear", self.folder)
            return
        for script in self.commands.iterdir():
            if script.is_symlink() or not script.is_file():
                continue
            content = script.read_bytes()
            if content.startswith(b"#!") or script.name.lower().startswith("activate"):
                script.write_bytes(content.replace(old.encode(), new.encode()))

    def install(self, extra):
        target = f"{ROOT}[{extras(extra)}]"
        kept = kept_versions(self.packages())
        with tempfile.TemporaryDirectory() as folder:
            constraints = Path(folder) / "constraints.txt"
            constraints.write_text(merge((ROOT / "constraints.txt").read_text(), kept))
            say(f"Installing what the course needs into {self.folder.name}: once, some minutes …")
            for name, version in kept.items():
                say(f"Keeping {name} {version}, which is there already.")
            pip = (self.python, "-m", "pip", "--disable-pip-version-check", "install")
            self.call(*pip, "--constraint", constraints, "--editable", target)

    def fetch_data(self):
        if os.environ.get("DATA") == "none":
            return
        status = self.call(self.python, "-m", "vae_lib.data", "mnist", "--at-setup", check=False)
        if status:  # it says itself where MNIST cannot be had; this is anything else
            say(f"MNIST was not fetched (status {status}); the 8×8 digits serve instead.")


def extras(part):
    """What of pyproject.toml is installed: a student's copy of the course has no grader."""
    return "test" if part == "test" else "lab,grading" if (ROOT / "solutions").exists() else "lab"


def kept_versions(packages):
    """torch (and the torchvision beside it) that is already installed and new enough."""
    found = {}
    for name in KEPT:
        for one in metadata.distributions(name=name, path=[str(packages)]):
            found[name] = one.version
    return found if new_enough(found.get("torch")) else {}


def new_enough(version):
    if version is None:
        return False
    text = (ROOT / "pyproject.toml").read_text()
    least = re.search(r'"torch>=([\d.]+)"', text)[1]
    return numbers(version) >= numbers(least)


def numbers(version):
    return tuple(int(part) for part in re.match(r"\d+(\.\d+)*", version)[0].split("."))


def merge(constraints, kept):
    """The constraints, with the pins of torch and torchvision replaced by what is kept.

    Where torch is kept and torchvision is not there, pip finds the one that goes with it.
    """
    if not kept:
        return constraints
    lines = [line for line in constraints.splitlines() if line.split("==")[0] not in KEPT]
    return "\n".join(lines + [f"{name}=={version}" for name, version in kept.items()]) + "\n"


def complete(folder, stamp, extra, *further):
    stamps = {part: Path(folder) / f".installed-{part}" for part in ("lab", "test", "data")}
    with only_one() as lock:  # whoever waited for it may find all done
        environment = Environment(folder, lock)
        if not holds(stamps[extra], stamp):
            complete_packages(environment, extra, stamps, stamp)
        if "data" in further and not holds(stamps["data"], stamp):
            environment.fetch_data()
            stamps["data"].write_text(stamp)  # come or not: offline, not every start shall wait for it


def holds(file, stamp):
    return file.exists() and file.read_text() == stamp


def complete_packages(environment, extra, stamps, stamp):
    environment.create()
    for part in ("lab", "test"):
        stamps[part].unlink(missing_ok=True)
    environment.follow_move()
    environment.drop_halves()
    environment.install(extra)
    for part in ("lab", "test") if extra == "test" else ("lab",):
        stamps[part].write_text(stamp)
    say(f"{environment.folder.name} is complete.")


def main():
    folder, stamp, *parts = sys.argv[1:]
    try:
        complete(ROOT / folder, stamp, *parts)
    except subprocess.CalledProcessError as error:
        say(f"Not complete: {' '.join(error.cmd[:5])} … failed (see above); start it again.")
        return 1
    except PermissionError as error:
        say(f"Cannot write {error.filename}: the course needs a folder that is yours; copy it there.")
        return 1
    except KeyboardInterrupt:
        say("Interrupted; start it again and it goes on from there.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
