"""Where a course lies: solutions/LAB/LAB.ipynb is the source of a lab, labs/LAB/LAB.ipynb its release.

Or in nbgrader's own layout: source/ASSIGNMENT/NOTEBOOK.ipynb and release/ASSIGNMENT/NOTEBOOK.ipynb, any number of
notebooks an assignment; the name of such a lab is ASSIGNMENT/NOTEBOOK.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class GradingError(Exception):
    """What went wrong, in one sentence for the person at the terminal."""


def lab_names(root: Path = ROOT) -> list[str]:
    """The labs that have a source, in order."""
    if is_nbgraders(root):
        return sorted(f"{path.parent.name}/{path.stem}" for path in (root / "source").glob("*/*.ipynb"))
    return _notebooks(root / "solutions")


def is_nbgraders(root: Path) -> bool:
    """Whether the course is laid out as nbgrader does it by itself."""
    return (root / "source").is_dir() and not (root / "solutions").is_dir()


def course(folder: Path) -> Path:
    """A course that somebody named; GradingError where there is none."""
    if not any((folder / sources).is_dir() for sources in ("source", "solutions")):
        raise GradingError(f"There is no course {folder}: --course takes a folder with source/.")
    return folder.resolve()


def notebook_place(folder: str, lab: str, root: Path = ROOT) -> Path:
    """A lab's notebook in solutions or labs, whatever these are called there."""
    if "/" in lab:
        return root / {"solutions": "source", "labs": "release"}[folder] / f"{lab}.ipynb"
    return root / folder / lab / f"{lab}.ipynb"


def assignment_of(lab: str) -> str:
    """What nbgrader's gradebook calls it."""
    return lab.partition("/")[0]


def notebook_of(lab: str) -> str:
    """The name of its notebook there."""
    return lab.rpartition("/")[2]


def lab_of(assignment: str, notebook: str, root: Path = ROOT) -> str:
    """The lab that nbgrader's gradebook knows by these two names."""
    return f"{assignment}/{notebook}" if is_nbgraders(root) else assignment


def handed_out(root: Path = ROOT) -> list[str]:
    """The labs that one can work on, in order."""
    return _notebooks(root / "labs")


def chosen(names: list[str], known: list[str]) -> list[str]:
    """The labs of these names, or all that are known; an assignment's name stands for all of its notebooks.

    GradingError names the known ones if one is not.
    """
    found = [lab for name in names for lab in known if name in (lab, assignment_of(lab))]
    for name in names:
        if not any(name in (lab, assignment_of(lab)) for lab in known):
            raise GradingError(f"There is no lab {name!r}; there are: {', '.join(known) or 'none yet'}.")
    return list(dict.fromkeys(found)) or known


def _notebooks(folder: Path) -> list[str]:
    return sorted(p.parent.name for p in folder.glob("*/*.ipynb") if p.stem == p.parent.name)
