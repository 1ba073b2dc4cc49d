"""What a child says of an error, and of one that is the sandbox's doing."""

import errno
import traceback

from grading.sandbox.wire import NO_PROGRAMS, NOT_CARRIED

LONGEST_MESSAGE = 2000


def described(error: BaseException) -> dict:
    """An error as the judge passes it on: type, message, and the line of the student's where it arose."""
    kind, line = type(error).__name__, ""
    if isinstance(error, SyntaxError):
        line = (error.text or "").strip()
        message = f"{error.msg} (line {error.lineno})"
    else:
        message = without_programs(error) or str(error)
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.startswith("<cell "):
                line = frame.line or ""
    base = next((t.__name__ for t in type(error).__mro__ if t.__module__ == "builtins"), "")
    return {"type": kind[:60], "message": message[:LONGEST_MESSAGE], "line": line[:200], "base": base}


def without_programs(error: BaseException | None) -> str:
    """What to say where no process could be started, which is the sandbox's doing; else ""."""
    while error is not None:
        if isinstance(error, PermissionError) and error.errno == errno.EPERM:
            return f"{NO_PROGRAMS} {NOT_CARRIED} ({error})"
        error = error.__cause__ or error.__context__
    return ""
