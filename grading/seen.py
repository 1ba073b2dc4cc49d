"""What a run need not look at again: a hand-in whose files, lab, grader and marks are what they were when its page was
written. It is known by the files' own bytes, before any notebook is read."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from grading.check import grader_version
from grading.course.folder import lab_names, notebook_place
from grading.course.lab import Release
from grading.intake.archive import Entry as File
from grading.intake.handin import files_of
from grading.intake.names import Student
from grading.intake.sources import Source
from grading.options import Options
from grading.record.ledger import Entry
from grading.record.standing import Standing
from grading.report.pages import feedback_path
from grading.report.tables import write


class Seen:
    """Remembered in a file of the ledger, and written again when the run ends; without it all is looked at anew."""

    def __init__(self, options: Options, releases: Mapping[str, Release], known: Mapping[str, Student], root: Path):
        self.path, self.options, self.known = options.out / "ledger" / "seen.json", options, known
        labs = lab_names(root)
        notebooks = [_bytes(notebook_place(folder, lab, root)) for folder in ("solutions", "labs") for lab in labs]
        releases = {lab: one.digest for lab, one in releases.items()}
        self.about = _name((grader_version(), options.full, releases, notebooks))
        self.before, self.now = _read(self.path), {}

    def files(self, source: Source) -> str:
        """A name for what was handed in, with what the class list says of its author; "" where it cannot be read."""
        try:
            return _name((self.about, self.known.get(source.student), [_named(*one) for one in files_of(source)]))
        except Exception:  # whatever it is, intake meets it, too, and tells
            return ""

    def same(self, source: Source, files: str, entry: Entry | None, standing: Standing) -> bool:
        """Whether nothing is to be done for this hand-in: it was graded, and its page shows its marks of now."""
        if self.options.force or entry is None or not feedback_path(entry, self.options.out).is_file():
            return False
        mark = _mark(files, entry, standing)
        return bool(mark) and self.before.get(f"{source.lab}/{source.student}") == mark

    def note(self, files: str, entry: Entry, standing: Standing) -> None:
        """The page now shows this entry, whose marks are these."""
        if mark := _mark(files, entry, standing):
            self.now[f"{entry.lab}/{entry.student}"] = mark

    def keep(self) -> None:
        """Write what is known by now; of hand-ins that were not in this run, what was known before."""
        known = self.before | self.now
        if known != self.before:
            write(self.path, json.dumps(known))


def _mark(files: str, entry: Entry, standing: Standing) -> str:
    marks = standing.get((entry.student, entry.lab))
    return _name((files, marks, entry.digest)) if files and marks and entry.digest else ""


def _named(file: File, when: datetime | None) -> tuple:
    content = _bytes(file.file) if file.content is None and file.file else _sum(file.content or b"")
    return (*file._replace(content=None, file=None), content, when)


def _bytes(path: Path) -> str:
    try:
        return _sum(path.read_bytes())
    except OSError as error:
        return str(error)


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _name(value: object) -> str:
    """A name for plain data and times, whatever half characters are in it."""
    return _sum(json.dumps(value, default=str).encode())


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
