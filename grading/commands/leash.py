"""A `python -m grading` that ends with the process that has started it, also where that one is killed.

The latter holds one end of a pipe, whose other end is the former's standard input.
"""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

LEASHED = "VAE_GRADING_LEASHED"  # in the environment of one that is to end so


def leashed(words: list[str], root: Path) -> subprocess.CompletedProcess:
    """Run `python -m grading` with these words on a leash, and wait for its end."""
    held, holding = os.pipe()
    try:
        with open(held, "rb") as leash:
            kept = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "stdin": leash}
            command = [sys.executable, "-m", "grading", *words]
            return subprocess.run(command, cwd=root, env=os.environ | {LEASHED: "1"}, **kept)
    finally:
        os.close(holding)


def obey() -> None:
    """Where this process is on a leash, see to it that it ends with it."""
    if os.environ.pop(LEASHED, ""):
        Thread(target=end_with_input, daemon=True).start()


def end_with_input() -> None:
    """Wait for the other end to close; then end as after `kill -9`, which a run survives and its workers do not."""
    while os.read(0, 1):
        pass
    os._exit(1)
