"""What a child says of an error, and of one that is the sandbox's doing."""

import errno
import re
import socket
import traceback

from grading.sandbox.inside.lacks import (
    LACKING,
    NO_GPU,
    NO_MEMORY,
    NO_NETWORK,
    NO_PACKAGES,
    NO_PROGRAMS,
    NO_ROOM,
    NOT_CARRIED,
)

LONGEST_MESSAGE = 2000
MOST_GIB = 32  # of memory, which no student's machine has more of
SIZES = re.compile(r"(?:allocate|allocate:?) (?P<many>[\d.]+) ?(?P<unit>bytes|[KMGTPE]iB)")
UNITS = {"bytes": 2**-30, "KiB": 2**-20, "MiB": 2**-10, "GiB": 1.0}
GPU = re.compile(
    "Cannot re-initialize CUDA|NVIDIA driver|not compiled with CUDA|No CUDA GPUs|torch.cuda.is_available\\(\\) is False"
    "|CUDA-capable device|support for mps"
)
MEMORY, WRITING = "can't allocate memory", re.compile("StreamWriter failed writing|inline_container.*unexpected pos")
SKIPPED: list[str] = []  # lines of `!` that have started nothing; a child has its own


class Elsewhere(RuntimeError):
    """An error of the judge's, in a function that a test handed over; called as what it is to a student."""


Elsewhere.__name__ = Elsewhere.__qualname__ = "RuntimeError"


def described(error: BaseException) -> dict:
    """An error as the judge passes it on: type, message, and the line of the student's where it arose."""
    kind, line = type(error).__name__, ""
    if isinstance(error, SyntaxError):
        line = (error.text or "").strip()
        message = f"{error.msg} (line {error.lineno})"
    else:
        message = limit_met(error) or str(error)
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.startswith("<cell "):
                line = frame.line or ""
    base = next((t.__name__ for t in type(error).__mro__ if t.__module__ == "builtins"), "")
    return {"type": kind[:60], "message": message[:LONGEST_MESSAGE], "line": line[:200], "base": base}


def limit_met(error: BaseException | None) -> str:
    """What to say of an error that is the sandbox's doing and not the answer's mistake; else ""."""
    what, cause = lacking(error)
    told = NOT_CARRIED in str(cause)
    return str(cause) if told else f"{what} {NOT_CARRIED} ({cause})" if what else ""


def lacking(error: BaseException | None) -> tuple[str, BaseException | None]:
    """What the sandbox has not, that an error, or what has led to it, asks for; "" where it is nothing."""
    while error is not None:
        if what := _lacking(error):
            return what, error
        error = error.__cause__ or error.__context__
    return "", None


def _lacking(error: BaseException) -> str:
    text = str(error)
    if isinstance(error, Elsewhere):
        return ""
    if said := [what for what in LACKING if f"{what} {NOT_CARRIED}" in text]:
        return said[0]
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and MEMORY in text):
        return "" if beyond_any_machine(text) else NO_MEMORY
    if isinstance(error, RuntimeError | AssertionError) and GPU.search(text):
        return NO_GPU
    if isinstance(error, RuntimeError) and WRITING.search(text):
        return NO_ROOM
    if isinstance(error, ModuleNotFoundError):
        return NO_PACKAGES if any(installs(line) for line in SKIPPED) else ""
    return _lacking_of_the_system(error) if isinstance(error, OSError) else ""


def _lacking_of_the_system(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):  # a program was to make it
        return NO_PROGRAMS if any(not installs(line) for line in SKIPPED) else ""
    if isinstance(error, socket.gaierror) or (error.errno == errno.EACCES and error.filename is None):
        return NO_NETWORK
    return {errno.EPERM: NO_PROGRAMS, errno.EFBIG: NO_ROOM, errno.ENOSPC: NO_ROOM}.get(error.errno, "")


def beyond_any_machine(text: str) -> bool:
    """Whether an error says that it is of more memory than any student's machine has: the answer's mistake."""
    found = SIZES.search(text)
    return found is not None and float(found["many"]) * UNITS.get(found["unit"], 1024.0) > MOST_GIB


def installs(line: str) -> bool:
    """Whether a line of `!` or `%` only installs packages."""
    return bool(re.match(r"\s*(?:\S*python\S* -m )?(?:uv )?(?:pip3?|conda|mamba)\b", line))
