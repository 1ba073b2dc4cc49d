"""One run at a time on one folder of results: two would write the same gradebook, ledger and pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grading.course.folder import GradingError

LOCK = "lock"  # beside the ledger's labs; the file stays, what counts is who holds it


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system drops when we end, however we end; GradingError where another has it."""
    try:
        import fcntl
    except ImportError:  # Windows: no lock
        yield
        return
    (out / "ledger").mkdir(parents=True, exist_ok=True)
    with (out / "ledger" / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GradingError(
                f"Another run is at work in {out}: wait until it has ended, or name another folder with --out."
            ) from None
        except OSError:  # a file system without locks
            pass
        yield
