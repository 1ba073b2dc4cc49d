"""nbgrader's settings for the course, and nbgrader itself set to work with them."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from grading.course.folder import ROOT, GradingError

if TYPE_CHECKING:  # importing nbgrader takes two seconds, which packing a hand-in need not pay
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config


def configuration(folder: Path = ROOT, **changes: str) -> "Config":
    """nbgrader_config.py of that folder, if it has one, with some of CourseDirectory's settings changed."""
    from traitlets.config import Config, PyFileConfigLoader

    here = (folder / "nbgrader_config.py").exists()
    try:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config() if here else Config()
    except Exception as error:  # whatever the file raises
        reason = f"{type(error).__name__}: {error}"
        raise GradingError(
            f"{folder / 'nbgrader_config.py'} cannot be read ({reason}): mend it, and grade again."
        ) from None
    config.CourseDirectory.update(changes)
    return config


def nbgrader(config: "Config") -> "NbGraderAPI":
    """nbgrader's API; it logs nothing to the terminal, since its results carry the log."""
    from nbgrader.apps import NbGraderAPI

    return NbGraderAPI(config=config, log=silent_log())


def silent_log() -> logging.Logger:
    """A log that goes nowhere."""
    log = logging.Logger("nbgrader")
    log.addHandler(logging.NullHandler())
    return log
