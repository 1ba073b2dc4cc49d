"""What a run knows before it looks at any hand-in: the class, and the labs as they were handed out."""

from collections.abc import Callable, Iterable
from pathlib import Path

from grading.course.folder import GradingError, assignment_of, is_nbgraders, lab_names, notebook_place
from grading.course.lab import Release, grader, notebook_cells, read_release, text
from grading.intake.names import Student, names_in_words
from grading.intake.notebook import Unreadable, read_notebook
from grading.platforms.authors import class_list


def the_class(submitted: Path, named: Path | None, root: Path, say: Callable[[str], None]) -> dict[str, Student]:
    """The list that was named, else students.csv among or beside the hand-ins, else the course's; {} without any."""
    if named:
        return class_list(named, say)
    near = submitted.parent if submitted.is_file() else submitted
    found = next((path for path in (near / "students.csv", root / "students.csv") if path.is_file()), None)
    return class_list(found, say) if found else {}


def handed_out(root: Path) -> tuple[dict[str, dict], dict[str, str]]:
    """All labs of a course as they were handed out, and why some cannot be read. All, since they tell what a notebook
    is if it is none of the chosen lab."""
    return _each(lab_names(root), lambda lab: released(lab, root))


def tests_of(labs: Iterable[str], root: Path) -> tuple[dict[str, Release], dict[str, str]]:
    """Labs with their tests, and why some cannot be read."""
    return _each(labs, lambda lab: read_release(lab, root))


def _each(labs: Iterable[str], read: Callable) -> tuple[dict, dict[str, str]]:
    found, wrong = {}, {}
    for lab in labs:
        try:
            found[lab] = read(lab)
        except (GradingError, Unreadable) as error:
            wrong[lab] = str(error)
    return found, wrong


def with_siblings(wrong: dict[str, str], labs: Iterable[str]) -> dict[str, str]:
    """The labs that cannot be graded since a notebook of their assignment, whose row they share, cannot be read."""
    reasons = {assignment_of(lab): reason for lab, reason in wrong.items()}
    return {lab: reasons[assignment_of(lab)] for lab in labs if assignment_of(lab) in reasons} | wrong


def stale(release: Release, notebook: dict, root: Path) -> str:
    """A sentence where tests or points are other than they were handed out; "" where the release is up to date."""
    cells = {grader(cell).get("grade_id"): cell for cell in notebook["cells"]}
    now = {one.grade_id: (one.points, lines(one.visible)) for one in release.exercises}
    now |= {name: (points, None) for name, points in release.answers.items()}
    changed = []
    for name, (points, shown) in now.items():
        cell = cells.get(name)
        same = cell and float(grader(cell).get("points", 0)) == points and shown in (None, lines(text(cell)))
        changed += [] if same else [name]
    if not changed:
        return ""
    path = notebook_place("solutions", release.lab, root)
    command = f"nbgrader generate_assignment {path.parent.name}" if is_nbgraders(root) else "make labs"
    named = names_in_words(changed)
    return f"{path.relative_to(root)} has changed since it was released ({named}): run {command}"


def lines(source: str) -> list[str]:
    """What is written in a cell, whatever stands at the ends of its lines."""
    return [line.rstrip() for line in source.splitlines() if line.strip()]


def released(lab: str, root: Path) -> dict:
    """The notebook as it was handed out."""
    notebook_cells("labs", lab, root)  # says what to do if there is none
    return read_notebook(notebook_place("labs", lab, root).read_bytes())
