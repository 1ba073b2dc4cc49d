"""What a run over a class is told, and how it tells what it finds."""

import sys
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from grading.course.folder import GradingError
from grading.record.ledger import Entry


@dataclass(frozen=True)
class Options:
    """What `python -m grading grade` was told; `jobs` 0 is one for each core."""

    submitted: Path
    out: Path
    labs: tuple[str, ...] = ()
    jobs: int = 0
    scheduler: str | None = None
    isolated: bool = True
    force: bool = False
    full: bool = False
    students: Path | None = None


def say_now(line: str) -> None:
    """A line above the progress bar, at once also where the output is a pipe or a file."""
    tqdm.write(line)
    sys.stdout.flush()


class Unsound(GradingError):
    """Some labs cannot be graded as they are; the others are, and `entries` are what was found."""

    def __init__(self, labs: list[str], entries: list[Entry]):
        super().__init__(f"Nobody was graded by {', '.join(labs)}: the reasons stand above, before the hand-ins.")
        self.entries = entries
