"""Grade a class: intake → sandbox and judge → record → report, one line a hand-in.

Each hand-in is in the gradebook, in the ledger and in its feedback before its line is printed, so a run that is
stopped has lost nothing, and the next one goes on where it stopped.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tqdm import tqdm

from grading.beforehand import handed_out, stale, tests_of, the_class, with_siblings
from grading.check import MEMORY, in_all, tried
from grading.course.folder import ROOT, GradingError, assignment_of, chosen, lab_names, notebook_of
from grading.course.lab import Release
from grading.earlier import brief, kept, others
from grading.engine import Job, Task, close, default_workers, engine
from grading.intake.handin import Arrival, Intake, Refusal, not_handed_in
from grading.intake.names import Student
from grading.intake.sources import sources, students
from grading.judge.result import MISSING, Result
from grading.options import Options, Unsound, say_now
from grading.platforms import formgrader
from grading.platforms.authors import author
from grading.platforms.nbgrader import keep_notes
from grading.record.alone import alone
from grading.record.gradebook import Record, gradebook_url
from grading.record.ledger import Entry, Ledger, absent, enter, key, lost, refused
from grading.report.pages import feedback_path, write_class_page, write_feedback
from grading.report.points import changes, line
from grading.report.scores import write_tables
from grading.report.tables import write
from grading.report.works import alike_in
from grading.seen import Seen


def grade_class(options: Options, say: Callable[[str], None] = say_now, root: Path = ROOT) -> list[Entry]:
    """Grade everything that was handed in; the entries, by lab and student. KeyboardInterrupt leaves all sound.

    Unsound where a lab of several cannot be graded.
    """
    with alone(options.out):
        try:
            run = Run(options, say, root)
            with run.record:
                try:
                    run.grade()
                finally:
                    run.report()
        finally:
            close()
        if run.unsound:
            raise Unsound(list(run.unsound), run.entries())
        return run.entries()


class Run:
    """One run over a class."""

    def __init__(self, options: Options, say: Callable[[str], None], root: Path):
        self.options, self.say, self.root = options, say, root
        names = chosen(list(options.labs), lab_names(root))
        self.released, self.unsound = handed_out(root)
        readable = [lab for lab in names if lab in self.released]
        if names and not readable:
            raise GradingError(in_all({lab: self.unsound[lab] for lab in names}))
        self.known = the_class(options.submitted, options.students, root, self.note)
        found = sources(options.submitted, readable, self.released, self.known, author, self.note)
        unread = {lab for lab in self.unsound if students(options.submitted, [lab], author)}
        begun = {assignment_of(lab) for lab in unread.union(source.lab for source in found)}
        self.labs = [lab for lab in sorted(names) if options.labs or assignment_of(lab) in begun]
        folders = students(options.submitted, self.released, author) if options.labs else set()
        self.expected = self.known.keys() | folders  # who has no hand-in of a lab is missing
        if not self.labs:
            raise GradingError(
                f"There is nothing to grade: put hand-ins into {options.submitted}/STUDENT/LAB/LAB.ipynb."
            )
        workers = min(options.jobs or default_workers(), max(1, len(found)))
        self.engine = engine(workers, options.scheduler)
        self.releases = self.checked()
        self.labs = list(self.releases)
        self.sources = [source for source in found if source.lab in self.releases]
        self.intake, self.ledger = Intake(self.released), Ledger(options.out / "ledger")
        options.out.mkdir(parents=True, exist_ok=True)
        self.record = Record(gradebook_url(options.out, root), self.labs, root)
        self.ledger.remember(root)
        self.waiting: dict[int, tuple[Arrival, str, str]] = {}
        self.done: dict[tuple[str, str], Entry] = {}
        self.seen = Seen(options, self.releases, self.known, root)

    def note(self, line: str) -> None:
        """What is told of the search."""
        self.say(f"  {line}")

    def checked(self) -> dict[str, Release]:
        """The sound labs with their tests, hidden ones too; what is wrong with others is told. GradingError where no
        lab is sound."""
        found, unread = tests_of((lab for lab in self.labs if lab in self.released), self.root)
        unread |= {lab: reason for lab, reason in self.unsound.items() if lab in self.labs}
        unread = with_siblings(unread, self.labs)
        memory = self.options.out / "ledger" / MEMORY
        found = {lab: release for lab, release in found.items() if lab not in unread}
        sound, unsound = tried(found, memory, self.engine, self.options.isolated, self.root, self.note)
        self.unsound = unread | unsound
        if not sound:
            raise GradingError(in_all(self.unsound))
        if self.unsound:
            self.say(in_all(self.unsound))
        for lab, release in sound.items():
            if told := stale(release, self.released[lab], self.root):
                self.note(told)
        return sound

    def grade(self) -> None:
        """Every hand-in to a state."""
        with tqdm(total=len(self.sources), unit="hand-in", leave=False, dynamic_ncols=True, disable=None) as self.bar:
            for ticket, result in self.engine(self.jobs()):
                self.graded(*self.waiting.pop(ticket), result)
            for lab in self.labs:
                others = self.handed_in(assignment_of(lab))
                for student in sorted((self.expected | others) - self.handed_in(lab)):
                    self.missing(student, lab, not_handed_in(lab) if student in others else "")
                for sentence in kept(self.ledger, lab, self.of(lab), self.known, self.options.submitted.name):
                    self.note(sentence)

    def jobs(self) -> Iterator[Job]:
        """What has to be graded, read when the engine asks for it; the rest is finished on the way."""
        for ticket, source in enumerate(self.sources):
            files, before = self.seen.files(source), self.ledger.read(source.student, source.lab)
            if self.seen.same(source, files, before, self.record.standing):
                self.told(before, " (as before)")
                continue
            found, release = self.intake.take(source), self.releases[source.lab]
            if isinstance(found, Refusal) and found.missing:
                self.missing(source.student, source.lab, found.reason)
                continue
            if isinstance(found, Refusal):
                entry = refused(found.student, release, found.reason)
                self.finish(replace(entry, origin=found.origin, late=found.late), None)
                continue
            keep_notes(source.place, feedback_path(source, self.options.out))
            mark = key(found.handin, release, self.options.full)
            if before and before.digest == mark and not self.options.force and self.record.knows(before):
                self.unchanged(before, found, files)
                continue
            self.waiting[ticket] = (found, mark, files)
            yield Task(ticket, found.handin, self.options.isolated, self.options.full), release

    def handed_in(self, lab: str) -> set[str]:
        """Whose notebook of this lab, or of any of this assignment, is among the hand-ins."""
        return {one.student for one in self.sources if lab in (one.lab, assignment_of(one.lab))}

    def missing(self, student: str, lab: str, reason: str) -> None:
        """Nothing was handed in; what an earlier run had is kept."""
        before = self.ledger.read(student, lab)
        if before is None or before.state == MISSING:
            self.finish(absent(student, self.releases[lab], reason), None)

    def graded(self, arrival: Arrival, mark: str, files: str, result: Result | None) -> None:
        release = self.releases[arrival.handin.lab]
        if result is None:
            self.finish(lost(arrival.handin.student, release), None)
            return
        entry = enter(result, arrival.handin, release, mark)
        self.finish(replace(entry, origin=arrival.origin, late=arrival.late), arrival, files)
        text = json.dumps(formgrader.shown(arrival, result, self.released[result.lab]), indent=1)
        write(self.autograded(result.student, result.lab), text)

    def finish(self, entry: Entry, arrival: Arrival | None, files: str = "") -> None:
        """Gradebook, ledger, feedback, and then the line."""
        before = self.ledger.read(entry.student, entry.lab)
        before = before and self.record.reread(before)  # with what was marked by hand since
        entry = self.record.write(entry, self.person(entry.student), self.when(entry.student, arrival), before)
        if arrival is None:
            self.autograded(entry.student, entry.lab).unlink(missing_ok=True)
        self.ledger.write(entry)
        self.keep(entry, files)
        self.tell(before, entry)

    def tell(self, before: Entry | None, entry: Entry) -> None:
        for change in changes(before, entry):
            self.say(f"    {change}")

    def unchanged(self, before: Entry, arrival: Arrival, files: str) -> None:
        self.record.handed_in(before, self.when(before.student, arrival))
        entry = self.record.reread(replace(before, origin=arrival.origin, late=arrival.late))
        self.ledger.write(entry)
        self.keep(entry, files, " (as before)")
        self.tell(before, entry)

    def when(self, student: str, arrival: Arrival | None) -> datetime | None:
        """The time of handing in: in nbgrader's note beside the notebook, else in Moodle's worksheet."""
        if arrival is None or arrival.when:
            return arrival and arrival.when
        return self.person(student).when

    def person(self, student: str) -> Student:
        return self.known.get(student, Student(student))

    def keep(self, entry: Entry, files: str, note: str = "") -> None:
        write_feedback(entry, self.options.out, self.root)
        self.seen.note(files, entry, self.record.standing)
        self.told(entry, note)

    def told(self, entry: Entry, note: str = "") -> None:
        self.done[entry.lab, entry.student] = brief(entry)
        self.say(f"  {line(entry)}{note}")
        self.bar.update()

    def autograded(self, student: str, lab: str) -> Path:
        """Where Formgrader looks for the notebook."""
        return self.options.out / "autograded" / student / assignment_of(lab) / f"{notebook_of(lab)}.ipynb"

    def report(self) -> None:
        entries = self.entries()
        self.seen.keep()
        if late := sum(entry.late for entry in self.done.values()):
            self.note(f"{late} marked late by the platform, which gives no time: no points are taken off here.")
        write_tables(entries, self.options.out)
        write_class_page(entries, self.options.out, alike_in(self.ledger, entries, self.root), self.root)

    def of(self, lab: str) -> dict[str, Entry]:
        """What this run has found of a lab, by student."""
        return {student: entry for (other, student), entry in self.done.items() if other == lab}

    def entries(self) -> list[Entry]:
        """What this run has found, and what earlier ones had of others."""
        earlier = [entry for lab in self.ledger.labs() for entry in others(self.ledger, lab, self.of(lab), self.known)]
        return sorted([*self.done.values(), *earlier], key=lambda entry: (entry.lab, entry.student))
