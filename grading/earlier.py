"""What earlier runs have found: it stays where a run has nothing of it, and is read again with marks by hand."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from grading.course.folder import ROOT, GradingError, course, is_nbgraders
from grading.intake.names import Student, names_in_words
from grading.judge.result import MISSING
from grading.platforms.authors import author
from grading.record.alone import alone
from grading.record.gradebook import Record, gradebook_url
from grading.record.ledger import Entry, Ledger
from grading.report.pages import write_class_page, write_feedback
from grading.report.scores import write_tables
from grading.report.works import alike_in

MARKS_STAY = "; what was marked by hand stays with the old name in the gradebook"


def others(ledger: Ledger, lab: str, done: Mapping[str, Entry], known: Mapping[str, Student]) -> Iterator[Entry]:
    """What the ledger has of a lab, but of those that are `done`, and of who was missing and is in the list no more."""
    for entry in ledger.entries(lab, but=done):
        if entry.state != MISSING or not known or entry.student in known:
            yield brief(entry)


def kept(
    ledger: Ledger, lab: str, done: Mapping[str, Entry], known: Mapping[str, Student], where: str
) -> Iterator[str]:
    """Say whose earlier hand-ins stay, as they are not in `where`. One who is called otherwise by now is forgotten."""
    now = {number_of(entry): student for student, entry in done.items()}
    names = []
    for entry in others(ledger, lab, done, known):
        if entry.state == MISSING:
            continue
        number = number_of(entry)
        if number and number in now:
            ledger.forget(entry)
            yield f"{entry.student} is {now[number]} by now{MARKS_STAY if marked(entry) else ''}"
        else:
            names.append(entry.student)
    if names:
        are, they = ("is", "it") if len(names) == 1 else ("are", "they")
        yield f"{lab}: {len(names)} {are} not in {where}; what {they} had is kept: {names_in_words(names)}"


def number_of(entry: Entry) -> tuple[str, str] | None:
    """The platform's number for the author, where the hand-in came from one."""
    place = author(entry.origin)
    return (place.platform, place.number) if place.number else None


def marked(entry: Entry) -> bool:
    """Whether a person has read an answer of it."""
    return bool(entry.comments) or any(one.answered and one.points is not None for one in entry.answers)


def brief(entry: Entry) -> Entry:
    """Without code, what it printed, and pictures, which the tables do not need and a large class could not be held
    with."""
    exercises = tuple(one._replace(output="") for one in entry.exercises)
    return replace(entry, cells=(), exercises=exercises, answers=tuple(replace(a, pictures=()) for a in entry.answers))


def course_of(out: Path, named: Path | None = None) -> Path:
    """The course by which `out` was graded, whose settings and notebooks still count: the named one, else as noted."""
    if named:
        return course(named)
    noted = Ledger(out / "ledger").course()
    if noted is None:
        return out.resolve() if is_nbgraders(out) else ROOT
    if not noted.is_dir():
        raise GradingError(
            f"{out} was graded by the course {noted}, which is not there any more: name it with --course."
        )
    return noted


def refresh(out: Path, root: Path = ROOT) -> list[Entry]:
    """Feedback, tables and class page once more, with what people have marked in Formgrader since."""
    ledger = Ledger(out / "ledger")
    if not ledger.labs():
        raise GradingError(f"Nothing has been graded into {out} yet: python -m grading grade.")
    entries = []
    with alone(out), Record(gradebook_url(out, root), (), root) as record:
        for entry in (found for lab in ledger.labs() for found in ledger.entries(lab)):
            now = record.reread(entry)
            ledger.write(now)
            write_feedback(now, out, root)
            entries.append(brief(now))
        write_tables(entries, out)
        write_class_page(entries, out, alike_in(ledger, entries, root), root)
    return entries
