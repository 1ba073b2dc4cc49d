"""What grading has found so far: one JSON file for each hand-in, written when its marks are in the gradebook.

It is how a run that was stopped goes on, how an unchanged hand-in is known, and what the reports are made from.
"""

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from grading.course.lab import Part, Release, digest
from grading.intake.handin import Handin
from grading.judge.result import CRASHED, MISSING, UNREADABLE, ExerciseResult, Result

COURSE = "course.json"


@dataclass(frozen=True)
class Answer:
    """A question answered in words: `points` is what a person gave it, None before; `pictures` were pasted into it."""

    grade_id: str
    source: str
    max_points: float
    answered: bool
    points: float | None = None
    comment: str = ""
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A hand-in in the ledger: `score` counts what has been graded, None where nothing could be.

    `origin` is the path that a platform gave to it, `late` whether the platform says so; `comments` are a person's,
    each with the name of the code cell that it is about.
    """

    student: str
    lab: str
    state: str
    max_score: float
    score: float | None = None
    reason: str = ""
    digest: str = ""
    exercises: tuple[ExerciseResult, ...] = ()
    answers: tuple[Answer, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()  # the student's code and what it printed
    repairs: tuple[str, ...] = ()
    penalty: float = 0.0
    cpu_seconds: float = 0.0
    origin: str = ""
    late: bool = False
    comments: tuple[tuple[str, str], ...] = ()


class Ledger:
    """The folder of entries."""

    def __init__(self, folder: Path):
        self.folder = folder

    def path(self, student: str, lab: str) -> Path:
        """A file name that any student's name can be turned into, and no two into the same."""
        plain = re.sub(r"[^\w.-]", "_", student)[:60]
        mark = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return self.folder / lab / f"{plain}-{mark}.json"

    def read(self, student: str, lab: str) -> Entry | None:
        """The entry, or None where there is none or the file is damaged (it is then graded again)."""
        return _read(self.path(student, lab))

    def entries(self, lab: str, but: Collection[str] = ()) -> Iterator[Entry]:
        """All sound entries of a lab, one at a time; but not those of some students."""
        left = {self.path(student, lab) for student in but}
        for path in sorted((self.folder / lab).glob("*.json")):
            found = _read(path) if path not in left else None
            if found:
                yield found

    def labs(self) -> list[str]:
        folders = {path.parent.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.json")}
        return sorted(folders - {"."})

    def remember(self, course: Path) -> None:
        """Note by which course was graded: from here where it lies around this folder, so that both may be moved."""
        within = self.folder.resolve().is_relative_to(course)
        path = os.path.relpath(course, self.folder.resolve()) if within else str(course)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / COURSE).write_text(json.dumps(path), encoding="utf-8")

    def course(self) -> Path | None:
        """The course by which was graded, as far as it is noted."""
        try:
            return (self.folder / json.loads((self.folder / COURSE).read_text(encoding="utf-8"))).resolve()
        except (OSError, ValueError, TypeError):
            return None

    def forget(self, entry: Entry) -> None:
        """Take the entry out."""
        self.path(entry.student, entry.lab).unlink(missing_ok=True)

    def write(self, entry: Entry) -> None:
        """Beside the file, then renamed: a run that is killed here leaves the earlier entry whole."""
        path = self.path(entry.student, entry.lab)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part")
        beside.write_text(json.dumps(asdict(entry)), encoding="utf-8")
        os.replace(beside, path)


def _read(path: Path) -> Entry | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        found["exercises"] = tuple(ExerciseResult(*row) for row in found["exercises"])
        found["answers"] = tuple(Answer(**row | {"pictures": tuple(row["pictures"])}) for row in found["answers"])
        found["comments"] = tuple((name, comment) for name, comment in found["comments"])
        found["cells"] = tuple((source, printed) for source, printed in found["cells"])
        return Entry(**found | {"repairs": tuple(found["repairs"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def key(handin: Handin, release: Release, full: bool) -> str:
    """What a result depends on: the hand-in, the lab with its hidden tests, and how it was run."""
    return digest((handin.digest, release.digest, full))


def enter(result: Result, handin: Handin, release: Release, mark: str) -> Entry:
    """The entry of a graded hand-in; the score is what the exercises earned."""
    earned = [one.points for one in result.exercises if one.points is not None]
    answers = tuple(answers_of(handin, release))
    cells = [(part.source, result.outputs.get(place, "")) for place, part in enumerate(handin.parts) if code(part)]
    return Entry(
        student=handin.student,
        lab=handin.lab,
        state=result.state,
        max_score=highest_score(release),
        score=sum(earned) if earned else None,
        digest=mark,
        exercises=result.exercises,
        answers=answers,
        cells=tuple(cells),
        repairs=handin.repairs,
        cpu_seconds=result.cpu_seconds,
    )


def code(part) -> bool:
    return (part.role in ("code", "solution") or part.by_hand) and not part.explore


def answers_of(handin: Handin, release: Release) -> Iterator[Answer]:
    """The questions with what was answered; an answer as it was handed out is none."""
    blank = {part.grade_id: part.source.strip() for part in release.parts if part.role == "answer"}
    given = {part.grade_id: part for part in handin.parts if part.role == "answer"}
    tasks = {part.grade_id for part in release.parts if part.role == "task"}
    for grade_id, points in release.answers.items():
        if grade_id in tasks:  # answered in cells of the student's own, or not: a person looks
            yield Answer(grade_id, "", points, True)
            continue
        part = given.get(grade_id, Part(grade_id, "answer", ""))
        answered = part.source.strip() not in ("", blank.get(grade_id, "")) or bool(part.pictures)
        yield Answer(grade_id, part.source, points, answered, pictures=part.pictures)


def refused(student: str, release: Release, reason: str) -> Entry:
    """The entry of a hand-in that could not be read."""
    return Entry(student, release.lab, UNREADABLE, highest_score(release), reason=reason)


def absent(student: str, release: Release, reason: str = "") -> Entry:
    """The entry of a student who handed nothing in, or another notebook of the assignment alone."""
    return Entry(student, release.lab, MISSING, highest_score(release), reason=reason)


def lost(student: str, release: Release) -> Entry:
    """The entry of a hand-in whose grader failed or was killed; without a digest, so that the next run tries again."""
    reason = "The grader itself failed while it graded this; grade again."
    return Entry(student, release.lab, CRASHED, highest_score(release), reason=reason)


def highest_score(release: Release) -> float:
    return sum(e.points for e in release.exercises) + sum(release.answers.values())
