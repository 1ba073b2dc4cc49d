"""What a run knows before it looks at any hand-in: the class, and the labs as they were handed out."""

from contextlib import suppress
from pathlib import Path

from grading.course.folder import GradingError, lab_names, notebook_place
from grading.course.lab import notebook_cells
from grading.intake.names import Student
from grading.intake.notebook import Unreadable, read_notebook
from grading.platforms.authors import class_list


def the_class(submitted: Path, named: Path | None, root: Path) -> dict[str, Student]:
    """The list that was named, else students.csv among or beside the hand-ins, else the course's; {} without any."""
    if named:
        return class_list(named)
    near = submitted.parent if submitted.is_file() else submitted
    found = next((path for path in (near / "students.csv", root / "students.csv") if path.is_file()), None)
    return class_list(found) if found else {}


def releases(names: list[str], root: Path) -> dict[str, dict]:
    """These labs as they were handed out, and the course's others, which tell what a notebook is if not one of these;
    of the others those that can be read."""
    found = {lab: released(lab, root) for lab in names}
    for lab in (other for other in lab_names(root) if other not in names):
        with suppress(GradingError, Unreadable):
            found[lab] = released(lab, root)
    return found


def released(lab: str, root: Path) -> dict:
    """The notebook as it was handed out."""
    notebook_cells("labs", lab, root)  # says what to do if there is none
    return read_notebook(notebook_place("labs", lab, root).read_bytes())
