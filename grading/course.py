"""Where the course lies, and nbgrader's own machinery set to work on it."""

import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing nbgrader takes two seconds, which packing a hand-in need not pay
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

ROOT = Path(__file__).resolve().parent.parent


class GradingError(Exception):
    """What went wrong, in one sentence for the person at the terminal."""


def lab_names(root: Path = ROOT) -> list[str]:
    """The labs that have a source, solutions/NAME/NAME.ipynb, in order."""
    return sorted(p.parent.name for p in (root / "solutions").glob("*/*.ipynb") if p.stem == p.parent.name)


def chosen(names: list[str], known: list[str]) -> list[str]:
    """The names, or all that are known; GradingError names the known ones if one is not."""
    for name in names:
        if name not in known:
            raise GradingError(f"There is no lab {name!r}; there are: {', '.join(known) or 'none yet'}.")
    return names or known


def configuration(folder: Path = ROOT, **changes: str) -> "Config":
    """nbgrader_config.py of that folder, with some of CourseDirectory's settings changed."""
    from traitlets.config import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
    config.CourseDirectory.update(changes)
    return config


def nbgrader(config: "Config") -> "NbGraderAPI":
    """nbgrader's API; it logs nothing to the terminal, since its results carry the log."""
    from nbgrader.apps import NbGraderAPI

    return NbGraderAPI(config=config, log=silent_log())


def silent_log() -> logging.Logger:
    log = logging.Logger("nbgrader")
    log.addHandler(logging.NullHandler())
    return log


def same_text(old: Path, new: Path) -> bool:
    return old.is_file() and old.read_bytes() == new.read_bytes()


def replace(old: Path, new: Path) -> None:
    """Copy new over old, and only where they differ (times stay, and so do open notebooks)."""
    if not same_text(old, new):
        old.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(new, old)
