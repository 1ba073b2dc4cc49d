"""Where the course lies: solutions/LAB/LAB.ipynb is the source of a lab, labs/LAB/LAB.ipynb its release."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class GradingError(Exception):
    """What went wrong, in one sentence for the person at the terminal."""


def lab_names(root: Path = ROOT) -> list[str]:
    """The labs that have a source, in order."""
    return _notebooks(root / "solutions")


def handed_out(root: Path = ROOT) -> list[str]:
    """The labs that one can work on, in order."""
    return _notebooks(root / "labs")


def chosen(names: list[str], known: list[str]) -> list[str]:
    """The names, or all that are known; GradingError names the known ones if one is not."""
    for name in names:
        if name not in known:
            raise GradingError(f"There is no lab {name!r}; there are: {', '.join(known) or 'none yet'}.")
    return names or known


def _notebooks(folder: Path) -> list[str]:
    return sorted(p.parent.name for p in folder.glob("*/*.ipynb") if p.stem == p.parent.name)
